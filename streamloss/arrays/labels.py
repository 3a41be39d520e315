"""Canonical values of keys as text, as objects and columns of users, and back."""

from __future__ import annotations

import datetime
from typing import Any

import numpy as np

from streamloss.support.brief import brief

from . import calendar, edges
from .key_arrays import of_dtype
from .key_objects import as_scalar, family_of, is_absent
from .kinds import Keyed, Kind, convert
from .types import Array

_DTYPES = {"bool": "?", "int": "q", "float": "d", "time": "M8", "duration": "m8"}
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
        dtype = "Q"
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


def find(kind: Kind, obj: Any) -> Any:
    """Return the canonical value that an object of a user names, None for one that is missing.

    Times may also be text as ``2024-03-04T05``, dates and those of Python and pandas, and name a
    period that starts then; integers may be floats that equal them, and the other way.

    Raises
    ------
    KeyError
        If no key of the kind is called so.
    """
    if is_none(obj):
        return None
    try:
        return _FOUND[kind.name](kind, obj)
    except (TypeError, ValueError, LookupError, OverflowError):
        raise KeyError(f"{brief(obj)} is no key of kind {kind}") from None


def is_none(obj: Any) -> bool:
    """Return whether an object stands for a missing key."""
    try:
        return is_absent(obj)
    except (TypeError, ValueError):
        return False


def _number(kind: Kind, obj: Any) -> int:
    """Return the canonical value of a bool, int or float."""
    family = family_of(type(obj))
    if kind.name == "bool" or family == "bool":
        if kind.name != family:
            raise TypeError
        return int(obj)
    if family not in ("int", "float"):
        raise TypeError
    number = int(obj) if kind.name == "int" else float(obj) + 0.0
    if number != obj:
        raise ValueError
    dtype = "d" if kind.name == "float" else "Q" if kind.detail else "q"
    return int(np.array([number], dtype).view(np.int64)[0])


def _string(kind: Kind, obj: Any) -> Any:
    """Return text or bytes."""
    if family_of(type(obj)) != kind.name:
        raise TypeError
    return str.__str__(obj) if kind.name == "text" else bytes(obj)


def _time(kind: Kind, obj: Any) -> int:
    """Return the count of a time or duration in the unit of a kind."""
    keyed = _timed(obj)
    if keyed.kind.name != kind.name:
        raise TypeError
    return int(convert(keyed.values, keyed.kind, kind)[0])


def _timed(obj: Any) -> Keyed:
    """Return a time or duration, or the text of a time, as a key."""
    if isinstance(obj, str):
        if not obj.lstrip("-")[:1].isdigit():  # numpy reads "now" and "NaT" too
            raise ValueError
        zoned = obj.endswith("Z") or "+" in obj or obj.count("-", 10) > 0
        obj = datetime.datetime.fromisoformat(obj) if zoned else np.datetime64(obj)
    if family_of(type(obj)) not in ("time", "duration"):
        raise TypeError
    return of_dtype("", np.array([as_scalar(obj)]))


def _bin(kind: Kind, obj: Any) -> int:
    """Return the number of a bin by its text."""
    return edges.texts(kind.detail).index(obj)


def _period(kind: Kind, obj: Any) -> int:
    """Return a period by its text, or by the time when it starts."""
    frequency = kind.detail[0]
    if isinstance(obj, str) and frequency == "quarter" and obj[-3:-1] == "-Q":
        obj = np.datetime64(f"{obj[:-3]}-{int(obj[-1]) * 3 - 2:02}")
    keyed = _timed(obj)
    found = calendar.floor(keyed.values, keyed.kind.detail[0], frequency)
    start = of_dtype("", calendar.start(found, frequency))
    if keyed.kind.name != "time" or start.values[0] != convert(*keyed[1::-1], start.kind)[0]:
        raise ValueError
    return int(found[0])


_FOUND = {
    **dict.fromkeys(("bool", "int", "float"), _number),
    **dict.fromkeys(("text", "bytes"), _string),
    **dict.fromkeys(("time", "duration"), _time),
    **{"bins": _bin, "period": _period},
}
"""What finds the canonical value of an object that is there."""
