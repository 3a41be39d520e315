"""Keys that are times or durations: numpy's of any unit, and objects of Python and pandas."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from typing import Any

import numpy as np

from streamloss.support.brief import brief

from .key_codes import without
from .kinds import LENGTHS, NOTHING, Keyed, Kind, align, convert, rescaled
from .types import Array, DType


def of_times(name: str, array: Array) -> Keyed:
    """Return keys of datetime64 or timedelta64 in a unit that holds them."""
    counts = np.require(array, array.dtype.newbyteorder("="), ["C", "A"]).view(np.int64)
    missing = np.isnat(array)
    unit, number = np.datetime_data(array.dtype)
    if missing.any():
        counts = np.where(missing, 0, counts)
    if unit == "generic":
        if not missing.all():
            raise ValueError(f"by {name!r} must hold times with a unit: got {array.dtype}")
        return without(Keyed(NOTHING, counts), missing)
    kind, values = _in_unit(array.dtype, counts, unit, number)
    return without(Keyed(kind, values), missing)


def _in_unit(dtype: DType, counts: Array, unit: str, number: int) -> tuple[Kind, Array]:
    """Return counts of any unit as counts of one that keys have."""
    name = "time" if dtype.kind == "M" else "duration"
    if unit in "YM":
        if name == "duration":
            raise TypeError(f"durations must be in weeks or less: got {dtype}")
        days = counts.view(dtype).astype("M8[D]")
        if (days.astype(dtype).view(np.int64) != counts).any():
            raise ValueError(f"times must fit into days: got {brief(counts.view(dtype)[0])}")
        return Kind("time", ("D",)), days.view(np.int64)
    usual = {"W": "D", "D": "D", "h": "s", "m": "s"}.get(unit, unit)
    usual = "ns" if usual in ("ps", "fs", "as") else usual
    kind = Kind(name, ("s" if (usual, name) == ("D", "duration") else usual,))
    return kind, rescaled(counts, number * LENGTHS[unit], kind)


def of_moments(name: str, items: Sequence[Any]) -> tuple[Kind, Array]:
    """Return plain times or durations in the finest of their units."""
    places: dict[str, list[int]] = {}
    for k, item in enumerate(items):
        places.setdefault(_dtype(item), []).append(k)
    kind = NOTHING
    values: Array = np.zeros(len(items), np.int64)
    for dtype, at in places.items():
        keyed = of_times(name, np.array([items[k] for k in at], dtype))
        finest = align(kind, keyed.kind)
        values, kind = convert(values, kind, finest), finest
        values[at] = convert(keyed.values, keyed.kind, kind)
    return kind, values


def kind_of_scalars(name: str, items: Sequence[Any]) -> Kind:
    """Return the kind that the scalars of numpy among plain times need, equal ones as well.

    Which of some equal ones came first must not matter.
    """
    kind = NOTHING
    for dtype in {item.dtype for item in items if isinstance(item, np.generic) and item == item}:
        kind = align(kind, of_times(name, np.zeros(0, dtype)).kind)
    return kind


def as_plain(item: Any) -> Any:
    """Return a date, time or duration as numpy reads it: pandas' as numpy's, times in UTC.

    Then equal ones are equal keys: in a zone of Python an hour that comes twice equals itself.
    """
    if type(item) is datetime.date or (type(item) is datetime.datetime and item.tzinfo is None):
        return item
    for method in ("to_datetime64", "to_timedelta64"):  # pandas' have nanoseconds
        if hasattr(item, method):
            return getattr(item, method)()
    if isinstance(item, datetime.datetime) and item.tzinfo is not None:
        return item.astimezone(datetime.UTC).replace(tzinfo=None)
    return item


def _dtype(item: Any) -> str:
    """Return the dtype for a plain date, time or duration."""
    if isinstance(item, np.generic):
        return item.dtype.str
    if isinstance(item, datetime.timedelta):
        return "m8[us]"
    return "M8[us]" if isinstance(item, datetime.datetime) else "M8[D]"


def as_array(item: Any) -> Array:
    """Return an array of one date, time or duration."""
    item = as_plain(item)
    return np.array([item], _dtype(item))
