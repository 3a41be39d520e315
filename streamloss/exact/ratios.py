"""Means of ratios of integers rounded once, such as macro averages, and many ratios at once."""

from __future__ import annotations

import math
import operator
from collections.abc import Iterable
from typing import Any

import numpy as np

from .digits import divide

FLOAT = 1 << 53
"""Integers up to it are float64."""

ROOM = 1 << 62
"""What a sum of magnitudes is below if int64 holds it."""

FEW = 16
"""So many ratios of different denominators are added as one fraction at once: of 1,000 bits."""

BITS = 128, 1152
"""How many bits below one the floors of `mean_of_ratios` have: mostly the first are enough."""


def mean_of_ratios(
    numerators: Iterable[int],
    denominators: Iterable[int],
    weights: Iterable[int] | None = None,
    total: int | None = None,
) -> float:
    """Return the sum of w n / d over that of w, correctly rounded; 0 / 0 and its w are left out.

    The numerators of equal denominators are added first, s of d. Then, with B bits, let q be the
    floor of 2**B s / d and Q the sum of all q. A floor is too small by less than 1, and by nothing
    if no remainder is left: of m remainders Q <= 2**B sum(s / d) <= Q + m. To divide by the sum of
    the weights and to round to float64 are monotone, so that if both ends give the same float64,
    the sum of ratios gives it too. It nearly always is the same: the ends are 2**-100 apart where
    the mean is near 1, for 1e5 denominators. Else more bits are taken, and of a sum in the middle
    of two float64, or zero, no bits suffice: that is made one fraction, as is a sum of `FEW` terms.

    Parameters
    ----------
    numerators, denominators : iterable of int
        The ratios n / d.
    weights : iterable of int, optional
        The weight w of each, which may be negative; 1 by default.
    total : int, optional
        What to divide by in place of the sum of w.

    Returns
    -------
    float
        NaN of no ratios; n / 0 is infinite, unless its weight is zero.

    Examples
    --------
    >>> mean_of_ratios([1, 2, 0], [3, 3, 0]), mean_of_ratios([1, 1], [2, 3], [2, 3])
    (0.5, 0.4)
    """
    sums, heavy, infinite = _grouped(numerators, denominators, weights)
    divisor = heavy if total is None else total
    if infinite:
        both = min(infinite) < 0 < max(infinite)
        return math.nan if both else divide(infinite[0], 0) * (-1.0 if divisor < 0 else 1.0)
    for bits in BITS if len(sums) > FEW and divisor else ():
        floors = [divmod(s << bits, d) for d, s in sums.items()]
        low = sum([floor for floor, _ in floors])
        high = low + sum([rest != 0 for _, rest in floors])
        found = divide(low, divisor << bits)
        if low == high or found == divide(high, divisor << bits) != 0.0:  # of 0 the sign is unsure
            return found
    numerator, denominator = _added(sums)
    return divide(numerator, denominator * divisor)


def _grouped(
    numerators: Iterable[int], denominators: Iterable[int], weights: Iterable[int] | None
) -> tuple[dict[int, int], int, list[int]]:
    """Return the sum of w n of each d, that of w, and each w n that is over zero."""
    over, under = list(numerators), list(denominators)
    heavy = [1] * len(over) if weights is None else list(weights)
    terms = over if weights is None else list(map(operator.mul, heavy, over))
    sums: dict[int, int] = {}
    total, infinite = 0, []
    for s, d, w in zip(terms, under, heavy, strict=True):
        if d != 0:
            sums[d] = sums.get(d, 0) + s
            total += w
        elif s != 0:
            infinite.append(s)
            total += w
    return sums, total, infinite


def _added(sums: dict[int, int]) -> tuple[int, int]:
    """Return the sum of ratios as one, above a positive divisor; two by two, of like lengths."""
    terms = [(s, d) if d > 0 else (-s, -d) for d, s in sums.items()] or [(0, 1)]
    while len(terms) > 1:
        last = terms[-1:] if len(terms) % 2 else []
        pairs = zip(terms[::2], terms[1::2], strict=False)
        terms = [(a * d + c * b, b * d) for (a, b), (c, d) in pairs] + last
    return terms[0]


def ratios(numerators: Any, denominators: Any) -> Any:
    """Return quotients of integers as float64, each correctly rounded; 0 / 0 is NaN.

    Parameters
    ----------
    numerators, denominators : int64 or object array (n,)
        Objects are Python's integers.

    Examples
    --------
    >>> ratios(np.array([1, 0]), np.array([3, 0]))
    array([0.33333333,        nan])
    """
    if _magnitude(numerators) <= FLOAT and _magnitude(denominators) <= FLOAT:
        with np.errstate(all="ignore"):
            found = numerators.astype(np.float64) / denominators.astype(np.float64)
        found[np.isnan(found)] = np.nan  # without the sign that x86 gives to 0 / 0
        return found
    pairs = zip(numerators.tolist(), denominators.tolist(), strict=True)
    return np.array([divide(n, d) for n, d in pairs], np.float64)


def scaled(units: Any, exponent: int) -> Any:
    """Return integers times 2**exponent as float64, each correctly rounded.

    Examples
    --------
    >>> scaled(np.array([1, 3]), -2)
    array([0.25, 0.75])
    """
    up, down = 1 << max(exponent, 0), 1 << max(-exponent, 0)
    return np.array([divide(unit * up, down) for unit in units.tolist()], np.float64)


def dot(a: Any, b: Any) -> int:
    """Return the exact sum of the products of two arrays of integers.

    Examples
    --------
    >>> dot(np.array([2, 3]), np.array([5, 1 << 62]))
    13835058055282163722
    """
    if _magnitude(a) * _magnitude(b) * len(a) < ROOM:
        return int((a * b).sum())
    return sum(map(operator.mul, a.tolist(), b.tolist()))


def _magnitude(numbers: Any) -> int:
    """Return the largest absolute value of an array of integers, 0 of none."""
    return max(int(numbers.max()), -int(numbers.min())) if len(numbers) else 0
