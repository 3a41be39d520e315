"""Limbs of many cells: integers in rows of cells, which carry, spread and gather by numpy alone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from .digits import DIGITS, LIMBS, PIECE, Ints

DIGIT = 32
"""Bits of a digit: the width at rest."""

_LOW = (1 << DIGIT) - 1

DENSE = 1 << 22
"""Digits of all cells that floats are added to at once: 32 MB."""

HELD = 1 << 29
"""Floats whose parts, each below 2**33, a digit takes without carrying."""


def pieces(cells: int, size: int = PIECE) -> Iterator[slice]:
    """Yield all cells, so many at a time."""
    for start in range(0, cells, size):
        yield slice(start, min(start + size, cells))


def carry(limbs: Ints, width: int) -> None:
    """Balance rows of limbs in place, but for the last, which takes what the others leave."""
    half = 1 << width - 1
    for k in range(len(limbs) - 1):
        over = limbs[k] + half
        over >>= width
        limbs[k + 1] += over
        over <<= width
        limbs[k] -= over


def as_digits(limbs: Any, position: int, width: int, count: int) -> Ints:
    """Return so many balanced digits of limbs, the lowest of which begins at a bit of the first."""
    out = np.zeros((count, limbs.shape[1]), np.int64)
    for k, limb in enumerate(limbs.astype(np.int64)):
        j, shift = divmod(position + width * k, DIGIT)
        out[j] += (limb & (1 << DIGIT - shift) - 1) << shift
        out[j + 1] += limb >> DIGIT - shift
    carry(out, DIGIT)
    return out


def taken(row: Any, places: Any, out: Any = None) -> Any:
    """Return the items of a row at places, which are not negative.

    Of a million that takes 1.4 ms, an index 2.2 (`benchmarks/bench_tables.py`, of tables in order).
    """
    if row.dtype == object or not isinstance(places, np.ndarray) or places.dtype != np.int64:
        found = row[places]
        if out is None:
            return found
        out[...] = found
        return out
    if places.size and not 0 <= int(places.min()) <= int(places.max()) < len(row):
        raise IndexError("a slice must be one of the table's")
    return np.take(row, places, out=out, mode="clip")


def add_to(row: Any, places: Any, values: Any, sign: int, fresh: bool = False) -> None:
    """Add values, or subtract them, to places of a row, each of which comes once.

    Where the row is fresh, of zeros, they are put there: to add to a million takes 6 ms, that 2.
    """
    values = values if sign > 0 else -values.astype(row.dtype)
    if places is None:
        np.add(row, values, out=row)
    elif fresh:
        row[places] = values
    else:
        row[places] += values


def digits_of_floats(values: Any, places: Any, cells: int) -> tuple[int, Any, Ints | None]:
    """Return the sums of float64 at places of many cells: the first digit, digits, and flags.

    Parameters
    ----------
    values : float64 array (values,)
        Any; those that are not finite are counted.
    places : integer array (values,)
        The cell of each.
    cells : int
        How many cells there are.
    """
    finite = np.isfinite(values)
    flags = None
    if not finite.all():
        flags = _flags(values[~finite], places[~finite], cells)
        values, places = values[finite], places[finite]
    fields = values.view(np.int64) >> 52 & 0x7FF
    if not len(values):
        return 0, np.zeros((0, cells), np.int32), flags
    base = max(int(fields.min()) - 1, 0) // DIGIT
    count = min((int(fields.max()) >> 5) + 4, LIMBS) - base
    out = np.empty((count, cells), np.int32)
    step = max(DENSE // count, 1)
    if step >= cells:
        out[...] = _scattered(values, places, base, count, cells)
        return base, out, flags
    order = np.argsort(places, kind="stable")
    values, places = values[order], places[order]
    for some in pieces(cells, step):
        start, stop = np.searchsorted(places, (some.start, some.stop))
        near = values[start:stop], places[start:stop] - some.start
        out[:, some] = _scattered(*near, base, count, some.stop - some.start)
    return base, out, flags


def _scattered(values: Any, places: Any, base: int, count: int, cells: int) -> Ints:
    """Return the balanced digits of sums of finite float64 at places of some cells."""
    out = np.zeros(count * cells, np.int64)
    rows = out.reshape(count, cells)
    for n, some in enumerate(pieces(len(values), 1 << 14)):
        if n % (HELD >> 14) == (HELD >> 14) - 1:
            carry(rows, DIGIT)
        bits = values[some].view(np.int64)
        field = bits >> 52 & 0x7FF
        mantissa = bits & 0xFFFFFFFFFFFFF
        mantissa |= (field > 0).astype(np.int64) << 52
        np.negative(mantissa, out=mantissa, where=bits < 0)
        position = np.maximum(field, 1) - (1 + DIGIT * base)
        at, shift = (position >> 5) * cells + places[some], position & 31
        low, high = (mantissa & _LOW) << shift, (mantissa >> DIGIT) << shift
        np.add.at(out, at, low & _LOW)
        np.add.at(out, at + cells, (low >> DIGIT) + (high & _LOW))
        np.add.at(out, at + 2 * cells, high >> DIGIT)
    carry(rows, DIGIT)
    return rows


def _flags(values: Any, places: Any, cells: int) -> Ints:
    """Return the counts of NaN, +inf and -inf at places of many cells."""
    out = np.zeros((DIGITS, cells), np.int64)
    for row, some in zip(out, (np.isnan(values), values > 0, values < 0), strict=True):
        row += np.bincount(places[some], minlength=cells)
    return out
