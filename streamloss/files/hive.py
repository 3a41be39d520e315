"""Columns in the names of folders, such as ``year=2020/``, as Hive and Spark write partitions."""

from __future__ import annotations

import math
import os
import re
from collections.abc import Iterable

import numpy as np

from streamloss.arrays.kinds import NOTHING, Keyed
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

    # bytes that are no UTF-8 stay what they are: two of them are not one value
    return {unquote(name): unquote(value, errors="surrogateescape") for name, value in pairs}


def kind_of_keys(texts: Iterable[str]) -> str:
    """Return the kind of the keys that the folders of all files name: "int", "time" or "text".

    Nothing tells it but how they are spelled, as other readers have it: integers, else dates, if
    all are that, else text.

    Examples
    --------
    >>> kind_of_keys(["06", "12"]), kind_of_keys(["2020-02-29"]), kind_of_keys(["6", "AA"])
    ('int', 'time', 'text')
    """
    known = [text for text in texts if text != MISSING]
    if all(re.fullmatch(r"-?[0-9]{1,18}", text, re.ASCII) for text in known):
        return "int"
    return "time" if all(map(_is_date, known)) else "text"


def _is_date(text: str) -> bool:
    """Return whether a text is a date as ISO 8601 has it."""
    if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text, re.ASCII):
        return False
    try:
        np.datetime64(text)
    except ValueError:
        return False
    return True


def key(name: str, text: str, kind: str) -> Keyed:
    """Return the key of a name that a partition gives to each row, for one row.

    Examples
    --------
    >>> key("hour", "06", "int").values, key("hour", "__HIVE_DEFAULT_PARTITION__", "int").codes
    (array([6]), array([-1], dtype=int8))
    """
    if text == MISSING:
        return Keyed(NOTHING, np.empty(0, np.int64), np.full(1, -1, np.int8))
    from streamloss.arrays.keys import read_key  # which no other column needs

    known = {"int": int, "time": np.datetime64, "text": str}[kind](text)
    values = np.array([known]) if kind != "text" else [known]
    found = read_key(name, values)
    if found.codes is not None:
        return found._replace(codes=np.asarray(found.codes, np.int8))
    return Keyed(found.kind, found.values, np.zeros(1, np.int8))


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
