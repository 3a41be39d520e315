"""Canonical values of keys as text, as objects and columns of users, and back."""

from __future__ import annotations

from typing import Any

import numpy as np

from . import calendar, edges
from .kinds import Kind
from .types import Array

_DTYPES = {"bool": "?", "int": "i8", "float": "d", "time": "M8", "duration": "m8"}
"""The dtypes that canonical values are looked at as, but for text and cuts."""


def shown(kind: Kind, value: Any) -> str:
    """Return the text of a canonical value, "missing" for None.

    Examples
    --------
    >>> shown(Kind("bins", (0.0, 500.0, 2500.0)), 2), shown(Kind("period", ("month",)), 2)
    ('[500, 2500]', '1970-03')
    """
    if value is None:
        return "missing"
    found = item(kind, value)
    if kind.name == "duration":
        return f"{int(value)} {kind.detail[0]}"
    if kind.name == "time":  # its fraction and its hour are left out where they are zero
        text = str(found)
        text = text.rstrip("0").rstrip(".") if "." in text else text
        return text.removesuffix("T00:00:00")
    return str(found) if kind.name != "bytes" else repr(found)


def item(kind: Kind, value: Any) -> Any:
    """Return a canonical value as the object that users get, None for None.

    That is a bool, int, float, str, bytes, or datetime64 or timedelta64 in the unit of the kind;
    of bins and periods their text.
    """
    if value is None:
        return None
    if kind.name == "bins":
        return edges.texts(kind.detail)[int(value)]
    if kind.name == "period":
        return calendar.text(int(value), kind.detail[0])
    if kind.name in ("text", "bytes"):
        return value
    found = looked_at(kind, np.array([value]))[0]
    return found if kind.name in ("time", "duration") else found.item()


def looked_at(kind: Kind, values: Array) -> Array:
    """Return canonical values, int64, as numbers or times of what they are."""
    dtype = _DTYPES.get(kind.name)
    if dtype is None or values.dtype.kind == "O":
        return values
    if kind.name == "bool":
        return np.asarray(values != 0)
    if kind.name == "int" and kind.detail:
        dtype = "u8"
    dtype = f"{dtype}[{kind.detail[0]}]" if dtype in ("M8", "m8") else dtype
    return np.asarray(values.view(dtype))


def column(kind: Kind, values: Array, codes: Array) -> Array:
    """Return the keys of slices as a column for users.

    Parameters
    ----------
    kind : Kind
        The kind of the keys.
    values : array
        Canonical values.
    codes : array of integers
        The place in `values` of each slice; negative or beyond the last is missing.

    Returns
    -------
    array
        int64 or uint64, float64, bool, datetime64 or timedelta64; of text, bytes, bins and periods
        objects. What is missing is NaN or NaT, else None among objects.
    """
    missing = (codes < 0) | (codes >= len(values))
    found = looked_at(kind, values)
    if kind.name in ("bins", "period"):
        found = np.array([item(kind, value) for value in values.tolist()], object)
    lacking = bool(missing.any())
    if lacking:
        codes = np.where(missing, len(values), codes)
        none = {"f": np.nan, "M": "NaT", "m": "NaT"}.get(found.dtype.kind)
        found = np.append(
            found.astype(object) if none is None else found,
            np.array([none], object if none is None else found.dtype),
        )
    return found.take(codes)


def order(kind: Kind, values: Array) -> Array:
    """Return what sorts canonical values by value: numbers, text by code point, times by time."""
    if kind.name in ("bool", "time", "duration"):
        return values
    return looked_at(kind, values)
