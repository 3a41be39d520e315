"""Columns in the names of folders, such as ``year=2020/``, as Hive and Spark write partitions."""

from __future__ import annotations

import math
import os

import numpy as np

from streamloss.arrays.types import Array

MISSING = "__HIVE_DEFAULT_PARTITION__"
"""The value in the name of a folder that stands for a null."""
BOOLEANS = {"true": True, "false": False}
"""Values that stand for booleans, in lower case."""


def partitions(path: str) -> dict[str, str]:
    """Return the columns that the folders of a path name, and their values.

    Examples
    --------
    >>> partitions("data/year=2020/part%20of=a%2Fb/0.parquet")
    {'year': '2020', 'part of': 'a/b'}
    """
    folders = os.path.dirname(path).split(os.sep)
    split = (folder.partition("=") for folder in folders)
    pairs = [(name, value) for name, is_pair, value in split if is_pair and name]
    if not pairs:
        return {}
    from urllib.parse import unquote

    return {unquote(name): unquote(value) for name, value in pairs}


def constant(text: str, is_mask: bool) -> Array:
    """Return the value of a partition as an array of one element, float64 or boolean.

    A null is NaN, in a mask False, as in columns of files.

    Raises
    ------
    ValueError
        If the value is no number, in a mask no boolean.

    Examples
    --------
    >>> (
    ...     constant("2020", False),
    ...     constant("true", True),
    ...     constant("__HIVE_DEFAULT_PARTITION__", True),
    ... )
    (array([2020.]), array([ True]), array([False]))
    """
    is_null, flag = text == MISSING, BOOLEANS.get(text.lower())
    if is_mask and flag is None and not is_null:
        raise ValueError("must be boolean")
    if is_mask or flag is not None:
        return np.array([bool(flag)])
    return np.array([math.nan if is_null else _number(text)])


def _number(text: str) -> float:
    """Return the number that a text spells; `float` would take ``1_000`` and spaces as well."""
    try:
        if text.isascii() and "_" not in text and text == text.strip():
            return float(text)
    except ValueError:
        pass
    raise ValueError("must be numeric")
