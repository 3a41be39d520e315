"""Columns that are in the names of folders, as ``year=2020/``: the partitions of Hive and Spark."""

from __future__ import annotations

import math
import os
from urllib.parse import unquote

import numpy as np
from numpy.typing import NDArray

MISSING = "__HIVE_DEFAULT_PARTITION__"
"""What a folder is named after a null."""
BOOLEANS = {"true": True, "false": False}


def partitions(path: str) -> dict[str, str]:
    """Return the columns that the folders of a path name, and their values.

    Examples
    --------
    >>> partitions("data/year=2020/part%20of=a%2Fb/0.parquet")
    {'year': '2020', 'part of': 'a/b'}
    """
    folders = os.path.dirname(path).split(os.sep)
    pairs = (folder.partition("=") for folder in folders)
    return {unquote(name): unquote(value) for name, is_pair, value in pairs if is_pair and name}


def constant(text: str, mask: bool) -> NDArray[np.float64 | np.bool_]:
    """Return the value of a partition as an array of one element.

    A null is NaN, in a mask False, as it is in files.

    Raises
    ------
    ValueError
        If it is no number, for a mask no boolean.

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
    if mask and flag is None and not is_null:
        raise ValueError("must be boolean")
    if mask or flag is not None:
        return np.array([bool(flag)])
    return np.array([math.nan if is_null else _number(text)])


def _number(text: str) -> float:
    """Return the number that a text spells; Python's own would take ``1_000`` as well."""
    try:
        if text.isascii() and "_" not in text and text == text.strip():
            return float(text)
    except ValueError:
        pass
    raise ValueError("must be numeric")
