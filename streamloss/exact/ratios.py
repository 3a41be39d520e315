"""Arrays of integers, of int64 or Python's: quotients of them, and exact sums of products."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .digits import divide

Units = NDArray[Any]
"""Integers: of int64, or Python's as objects."""

FLOAT = 1 << 53
"""Integers up to it are float64."""

ROOM = 1 << 62
"""What a sum of magnitudes is below if int64 holds it."""


def ratios(numerators: Units, denominators: Any) -> NDArray[np.float64]:
    """Return quotients of integers as float64, each correctly rounded; 0 / 0 is NaN.

    Parameters
    ----------
    numerators : int64 or object array (n,)
        Objects are Python's integers.
    denominators : int64 or object array (n,), or int
        Those of all, or the same of each.

    Examples
    --------
    >>> ratios(np.array([1, 0]), np.array([3, 0]))
    array([0.33333333,        nan])
    """
    under = np.asarray(denominators)
    if _magnitude(numerators) <= FLOAT and _magnitude(under) <= FLOAT:
        with np.errstate(all="ignore"):
            found: NDArray[np.float64] = numerators.astype(np.float64) / under.astype(np.float64)
        found[np.isnan(found)] = np.nan  # without the sign that x86 gives to 0 / 0
        return found
    pairs = zip(numerators.tolist(), np.broadcast_to(under, numerators.shape).tolist(), strict=True)
    return np.array([divide(n, d) for n, d in pairs], np.float64)


def quotients(tops: Units, bottoms: Any) -> NDArray[np.float64]:
    """Return quotients of integers, none below 0, as float64, off by less than 2**-51 of each.

    Below 2**-1022 they may be off by 2**-1074. Integers too large for floats are divided by Python.
    """
    if max(_magnitude(tops), _magnitude(np.asarray(bottoms))).bit_length() > 1000:
        return ratios(tops, bottoms)
    found: NDArray[np.float64] = tops.astype(np.float64) / np.asarray(bottoms, np.float64)
    return found


def scaled(units: Units, exponent: int) -> NDArray[np.float64]:
    """Return integers times 2**exponent as float64, each correctly rounded.

    Examples
    --------
    >>> scaled(np.array([1, 3]), -2)
    array([0.25, 0.75])
    """
    up, down = 1 << max(exponent, 0), 1 << max(-exponent, 0)
    return np.array([divide(unit * up, down) for unit in units.tolist()], np.float64)


def dot(a: Units, b: Units) -> int:
    """Return the exact sum of the products of two arrays of integers.

    int64 too large for their products are halved, down to digits that are not.

    Examples
    --------
    >>> dot(np.array([1 << 61, 3]), np.array([1 << 61, -5])) - (1 << 122)
    -15
    """
    if a.dtype == object or b.dtype == object:
        return sum(map(operator.mul, a.tolist(), b.tolist()))
    small, large = _magnitude(a), _magnitude(b)
    if small * large * len(a) < ROOM:
        return int(np.dot(a, b))
    if small > large:
        return dot(b, a)
    half = large.bit_length() // 2
    return dot(a, b & ((1 << half) - 1)) + (dot(a, b >> half) << half)


def _magnitude(numbers: Units) -> int:
    """Return the largest absolute value of an array of integers, 0 of none."""
    return max(int(numbers.max()), -int(numbers.min())) if numbers.size else 0
