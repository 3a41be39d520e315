"""Keys in arrays of numpy that hold no objects."""

from __future__ import annotations

import numpy as np

from streamloss.support.brief import brief

from .convert import is_numeric
from .key_codes import check_rank, refuse, without
from .kinds import LENGTHS, NOTHING, UNSIGNED, Keyed, Kind, rescaled
from .types import Array, DType


def of_dtype(name: str, array: Array) -> Keyed:
    """Return the keys in an array that holds no objects; of contiguous int64 it is itself.

    Raises
    ------
    TypeError
        If its dtype is one that keys do not have.
    ValueError
        If it has not one axis, or keys have no unit that holds them.
    """
    check_rank(name, array.shape)
    kind = array.dtype.kind
    if kind == "i":
        return Keyed(Kind("int"), np.require(array, np.int64, ["C", "A"]))
    if kind == "b":
        flags = np.require(array, np.bool_, "C")
        return Keyed(Kind("bool"), np.array([0, 1]), flags.view(np.uint8))
    if kind == "u":
        return of_unsigned(np.require(array, np.uint64, ["C", "A"]))
    if kind in "US":
        return Keyed(Kind("text" if kind == "U" else "bytes"), None, words=_words(array))
    if kind in "Mm":
        return _of_times(name, array)
    if kind in "fV" and is_numeric(array.dtype):
        return of_floats(array.astype(np.float64, copy=False))
    refuse(name, f"dtype {str(array.dtype)[:80]}")


def of_unsigned(values: Array) -> Keyed:
    """Return keys of uint64; only values that no int64 has make the kind unsigned."""
    bits = values.view(np.int64)
    return Keyed(UNSIGNED if len(bits) and bits.min() < 0 else Kind("int"), bits)


def of_floats(array: Array) -> Keyed:
    """Return keys of float64: 0.0 for -0.0, and NaN missing."""
    values = array + 0.0
    return without(Keyed(Kind("float"), values.view(np.int64)), np.isnan(values))


def _words(array: Array) -> Array:
    """Return the bytes of fixed-width text or bytes, padded with zeros to int64."""
    letter, size = array.dtype.kind, array.dtype.itemsize
    width = max(-(-size // 8), 1)
    dtype = np.dtype(f"{letter}{width * 8 // (4 if letter == 'U' else 1)}")
    padded = np.require(array, dtype, ["C", "A"])
    return padded.view(np.int64).reshape(len(array), width) if len(array) else _no_words(width)


def _no_words(width: int) -> Array:
    return np.zeros((0, width), np.int64)


def _of_times(name: str, array: Array) -> Keyed:
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
    try:
        kind, values = _in_unit(array.dtype, counts, unit, number)
    except (TypeError, ValueError) as error:
        raise type(error)(f"by {name!r}: {error}") from None
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
