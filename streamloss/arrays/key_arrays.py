"""Keys in arrays of numpy that hold no objects."""

from __future__ import annotations

import numpy as np

from .convert import is_numeric
from .key_codes import check_rank, refuse, without
from .key_times import of_times
from .kinds import UNSIGNED, Keyed, Kind
from .types import Array


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
        return of_times(name, array)
    if kind in "fV" and is_numeric(array.dtype):
        return of_floats(array if kind == "f" else array.astype(np.float64))
    refuse(name, f"dtype {str(array.dtype)[:80]}")


def of_unsigned(values: Array) -> Keyed:
    """Return keys of uint64; only values that no int64 has make the kind unsigned."""
    bits = values.view(np.int64)
    return Keyed(UNSIGNED if len(bits) and bits.min() < 0 else Kind("int"), bits)


def of_floats(array: Array) -> Keyed:
    """Return keys of floats: 0.0 for -0.0, and NaN missing."""
    values: Array = np.add(array, 0.0, dtype=np.float64)
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
