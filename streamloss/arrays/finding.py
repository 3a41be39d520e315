"""Slices by what users call them: objects and text become canonical values of keys."""

from __future__ import annotations

import datetime
from typing import Any

import numpy as np

from streamloss.support.brief import brief

from . import calendar, edges
from .key_objects import family_of, is_absent
from .key_times import as_array, of_times
from .kinds import Keyed, Kind, convert


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
    return of_times("", as_array(obj))


def _bin(kind: Kind, obj: Any) -> int:
    """Return the number of a bin by its text."""
    return edges.texts(kind.detail).index(obj)


def _period(kind: Kind, obj: Any) -> int:
    """Return a period by its text, or by the time when it starts."""
    frequency = kind.detail[0]
    if isinstance(obj, str) and frequency == "quarter" and "-Q" in obj:
        year, _, number = obj.rpartition("-Q")
        period = (int(year) - 1970) * 12 + int(number) * 3 - 3
        if calendar.text(period, frequency) != obj:
            raise ValueError
        return period
    keyed = _timed(obj)
    found = calendar.floor(keyed.values, keyed.kind.detail[0], frequency)
    start = of_times("", calendar.start(found, frequency))
    if keyed.kind.name != "time" or convert(keyed.values, keyed.kind, start.kind) != start.values:
        raise ValueError
    return int(found[0])


_FOUND = {
    **dict.fromkeys(("bool", "int", "float"), _number),
    **dict.fromkeys(("text", "bytes"), _string),
    **dict.fromkeys(("time", "duration"), _time),
    **{"bins": _bin, "period": _period},
}
"""What finds the canonical value of an object that is there."""
