"""How large counts may be, and their sums: integers of 64 bits that must not overflow."""

from __future__ import annotations

from typing import Any

import numpy as np

from .digits import Ints

MOST = 1 << 62
"""The largest size of a count, so that two of them can be added: at 1e9 elements a second, more
than a century."""

TOO_MANY = f"an accumulator must count at most 2**{MOST.bit_length() - 1} elements: got more"
NEGATIVE = "this difference has a negative count of elements"


def largest(numbers: Any) -> int:
    """Return the size of the largest of some integers, 0 of none."""
    return max(int(numbers.max()), -int(numbers.min())) if numbers.size else 0


def refuse_many(counts: Ints) -> None:
    """Raise ValueError if the size of a count is larger than MOST."""
    if largest(counts) > MOST:
        raise ValueError(TOO_MANY)


def summed(counts: Ints, order: Any, starts: Ints, kept: int) -> Ints:
    """Return rows of counts added up by groups, as `Column.grouped` has them.

    Raises
    ------
    ValueError
        If a count would exceed MOST.
    """
    rows = counts.reshape(len(counts), -1, kept)
    rows = rows if order is None else rows[:, order]
    if largest(rows) <= MOST // max(rows.shape[1], 1):
        return _added(rows, starts)
    low, high = _added(rows & 0xFFFFFFFF, starts), _added(rows >> 32, starts)
    high += low >> 32
    out = high << 32 | low & 0xFFFFFFFF
    if largest(high) > MOST >> 32 or largest(out) > MOST:
        raise ValueError(TOO_MANY)
    return out


def _added(rows: Ints, starts: Ints) -> Ints:
    added: Ints = np.add.reduceat(rows, starts, axis=1)
    return added.reshape(len(rows), -1)
