"""Formulas of scores for metrics of counts: which class is the largest, and in which bin one lies.

Bins are numbered by value. `formulas` lists them among those that the compiler gets.
"""

from __future__ import annotations

from .arithmetic import NAN, Numbers
from .elementary import number, pattern

FINE = 10
"""Bits of the fraction that numbers of one fine bin share: its edges are a part in 1024 apart, at
most, and 1024 bins hold the numbers within a factor of two."""

SHIFT = 52 - FINE
"""The bits of the pattern of a float64 that they need not share."""


def first_largest(x: Numbers) -> int:
    """Return the index of the largest number of a row, the first of equal ones; -1 if one is NaN.

    So it is of a row without numbers.
    """
    best = -1
    for c in range(len(x)):
        if x[c] != x[c]:
            return -1
        if best < 0 or x[c] > x[best]:
            best = c
    return best


def even_bin(p: float, bins: float, left: float) -> float:
    """Return which of the even bins of [0, 1] a number lies in, from 0; NaN if in none.

    Bin k is (k / bins, (k + 1) / bins], the first with 0 in it; if `left` it is closed at its left
    end, the last with 1 in it. Edges are correctly rounded quotients, and compared as such: p is
    next to an edge, at most, where p * bins is rounded.
    """
    if not ((p >= 0.0) & (p <= 1.0)):
        return NAN
    k = float(int(p * bins))
    if left != 0.0:
        k = k + 1.0 if p >= (k + 1.0) / bins else k
        k = k - 1.0 if (p < k / bins) | (k == bins) else k
        return k
    k = k - 1.0 if (p <= k / bins) & (k > 0.0) else k
    return k


def fine_bin(p: float) -> float:
    """Return which fine bin of [0, 1] a number lies in; NaN if in none.

    Bin k is (`fine_edge` of k - 1, `fine_edge` of k], and bin 0 is 0.
    """
    if not ((p >= 0.0) & (p <= 1.0)):
        return NAN
    return float((pattern(p + 0.0) + ((1 << SHIFT) - 1)) >> SHIFT)  # -0.0 is 0.0


def fine_edge(k: int) -> float:
    """Return the last number that lies in a fine bin: its pattern is k in front of zeros."""
    return number(k << SHIFT)


FUNCTIONS = first_largest, even_bin, fine_bin
