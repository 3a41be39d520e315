"""How large counts may be, and their sums: integers of 64 bits that must not overflow."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .digits import Ints

MOST = 1 << 62
"""The largest size of a count, so that two of them can be added: at 1e9 elements a second, more
than a century."""

MOST_SLICES = 10_000_000
"""Slices that there may be by default: somebody will take the number of a row for a key."""

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
    return added(rows, lambda some: np.add.reduceat(some, starts, axis=1)).reshape(len(rows), -1)


def added(counts: Ints, add: Callable[[Ints], Ints]) -> Ints:
    """Return sums of counts, which a function adds up along the second axis.

    Raises
    ------
    ValueError
        If a count would exceed MOST.
    """
    if largest(counts) <= MOST // max(counts.shape[1], 1):
        return add(counts)
    low, high = add(counts & 0xFFFFFFFF), add(counts >> 32)
    high += low >> 32
    out = high << 32 | low & 0xFFFFFFFF
    if largest(high) > MOST >> 32 or largest(out) > MOST:
        raise ValueError(TOO_MANY)
    return out
