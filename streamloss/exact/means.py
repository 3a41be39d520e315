r"""Sums of quotients of integers, and what is made of them, rounded once however many there are.

Let q be the floor of 2**B n / d, with B bits below the point, and Q the sum of all q. A floor is
too small by less than 1, and by nothing if no remainder is left: of m remainders

    Q  <=  2**B sum(n / d)  <=  Q + m.

To divide by a number, to take a root and to round to float64 are monotone. So if both ends give the
same float64, the sum of quotients gives it too. It nearly always is the same: of 1e5 quotients the
ends are 2**-79 apart, where their mean is near 1. Else more bits are taken, and of a sum in the
middle of two float64, or zero, no bits suffice: that is made one fraction.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction
from typing import NamedTuple

import numpy as np

from .digits import divide
from .ratios import Units

BITS = 96, 1024
"""Bits below the point that are tried before fractions."""

NARROW = 1 << 50
"""What a sum of parts is below if quotients of arrays are taken 12 or more bits at a time."""

FEW = 16
"""So many ratios of different denominators are added as one fraction at once: of 1,000 bits."""

Pairs = list[tuple[int, int]]
"""Numerators and denominators."""


class Ratios(NamedTuple):
    """The sum of parts * tops / bottoms, over a divisor.

    Bottoms are above 0, parts at least 0; of int64 arrays tops are at least 0, and at most bottoms.

    Attributes
    ----------
    parts, tops, bottoms : int64 or object array
        Integers, one for each quotient; of int64, bottoms are below 2**62 and so are all parts
        together.
    divisor : int
        An integer above 0.
    """

    parts: Units
    tops: Units
    bottoms: Units
    divisor: int

    @classmethod
    def of(cls, top: int, bottom: int) -> Ratios:
        """Return one quotient, of any integers over one above 0."""
        return cls.of_pairs([(top, bottom)])

    @classmethod
    def of_pairs(cls, pairs: Iterable[tuple[int, int]]) -> Ratios:
        """Return quotients of any integers over others than 0."""
        signed = [pair if pair[1] > 0 else (-pair[0], -pair[1]) for pair in pairs]
        integers = np.empty((2, len(signed)), object)
        for k in range(2):
            integers[k] = [pair[k] for pair in signed]
        return cls(np.ones(len(signed), object), integers[0], integers[1], 1)

    def bounds(self, bits: int) -> tuple[int, int]:
        """Return integers that the sum times 2**bits lies between, or is equal to both."""
        total = 0
        if self.tops.dtype != object and (total := int(self.parts.sum())) < NARROW:
            low, high, taken = _bounds_of_arrays(self.parts, self.tops, self.bottoms, total, bits)
        else:
            low, high, taken = _bounds_of_integers(self.parts, self.tops, self.bottoms, bits)
        divisor = self.divisor << (taken - bits)
        return low // divisor, -(-high // divisor)

    def exact(self) -> tuple[int, int]:
        """Return the sum itself, as an integer over one above 0."""
        lists = (self.parts.tolist(), self.tops.tolist(), self.bottoms.tolist())
        pairs = [(part * top, bottom) for part, top, bottom in zip(*lists, strict=True)]
        numerator, denominator = _added(pairs)
        return numerator, denominator * self.divisor

    def fraction(self) -> Fraction:
        """Return the sum itself."""
        return Fraction(*self.exact())


def _added(pairs: Pairs) -> tuple[int, int]:
    """Return a sum of quotients as one; two by two, of like lengths: no common divisor is found."""
    pairs = pairs or [(0, 1)]
    while len(pairs) > 1:
        last = pairs[-1:] if len(pairs) % 2 else []
        twos = zip(pairs[::2], pairs[1::2], strict=False)
        pairs = [(a * d + c * b, b * d) for (a, b), (c, d) in twos] + last
    return pairs[0]


def _bounds_of_integers(
    parts: Units, tops: Units, bottoms: Units, bits: int
) -> tuple[int, int, int]:
    """Return bounds of a sum of quotients, in units of 2**-bits, and these bits."""
    low, missing = 0, 0
    for part, top, bottom in zip(parts.tolist(), tops.tolist(), bottoms.tolist(), strict=True):
        quotient, rest = divmod(part * top << bits, bottom)
        low += quotient
        missing += rest > 0
    return low, low + missing, bits


def _bounds_of_arrays(
    parts: Units, tops: Units, bottoms: Units, total: int, bits: int
) -> tuple[int, int, int]:
    """Return bounds of a sum of quotients, in units of 2**-taken, and taken, which is >= bits.

    It is a long division: each step takes so many bits that the sum of parts times digits fits an
    int64. A digit by floats, of below 2**50, is off by 1 at most, and the rest, which is exact
    though the products before it wrap around, tells.
    """
    step = min(50, 62 - total.bit_length())
    low, taken, rest = 0, 0, tops
    while taken < bits:
        digit = (rest / bottoms * 2.0**step).astype(np.int64)
        rest = (rest << step) - digit * bottoms
        wrong = (rest >= bottoms).astype(np.int64) - (rest < 0)
        digit += wrong
        rest -= wrong * bottoms
        low, taken = (low << step) + int(np.dot(parts, digit)), taken + step
    return low, low + (total if rest.any() else 0), taken


def nearest(
    terms: Sequence[Ratios],
    weights: Sequence[int],
    total: int | None = None,
    rounded: Callable[[int, int], float] = divide,
) -> float:
    """Return the weighted mean of sums of quotients, correctly rounded; of nothing it is NaN.

    Parameters
    ----------
    terms : sequence of Ratios
        The sums.
    weights : sequence of int
        Their weights.
    total : int, optional
        What to divide by in place of the sum of the weights.
    rounded : callable
        What rounds a quotient, given its numerator and its denominator: to it, or to its root.

    Examples
    --------
    >>> nearest([Ratios.of(1, 3), Ratios.of(1, 2)], [1, 1])
    0.4166666666666667
    """
    divisor = sum(weights) if total is None else total
    for bits in BITS if divisor else ():
        low, high = _mean_bounds(terms, weights, bits)
        found = rounded(low, divisor << bits)
        if low == high or found == rounded(high, divisor << bits) != 0.0:  # or its sign is unsure
            return found
    pairs = [term.exact() for term in terms]
    top, bottom = _added([(w * n, d) for (n, d), w in zip(pairs, weights, strict=True)])
    return rounded(top, bottom * divisor)


def below(terms: Sequence[Ratios], weights: Sequence[int]) -> float:
    """Return the weighted mean of sums of quotients rounded down, known to 2**-96 of the parts."""
    bits, total = BITS[0], sum(weights)
    low, _ = _mean_bounds(terms, weights, bits)
    return rounded_down(low, total << bits)


def above(terms: Sequence[Ratios], weights: Sequence[int]) -> float:
    """Return the weighted mean of sums of quotients rounded up, known to 2**-96 of the parts."""
    bits, total = BITS[0], sum(weights)
    _, high = _mean_bounds(terms, weights, bits)
    return -rounded_down(-high, total << bits) + 0.0


def _mean_bounds(terms: Sequence[Ratios], weights: Sequence[int], bits: int) -> tuple[int, int]:
    """Return integers that the weighted sum of the terms times 2**bits lies between."""
    bounds = [term.bounds(bits) for term in terms]
    low = sum([low * w for (low, _), w in zip(bounds, weights, strict=True)])
    return low, sum([high * w for (_, high), w in zip(bounds, weights, strict=True)])


def rounded_down(numerator: int, denominator: int) -> float:
    """Return the largest float that is at most a quotient; the denominator is above 0.

    Examples
    --------
    >>> rounded_down(1, 10), rounded_down(-1, 10), rounded_down(1, 4)
    (0.09999999999999999, -0.1, 0.25)
    """
    found = divide(numerator, denominator)
    if math.isinf(found):
        return found if found < 0.0 else math.nextafter(found, 0.0)
    top, bottom = found.as_integer_ratio()
    return found if top * denominator <= numerator * bottom else math.nextafter(found, -math.inf)


def mean_of_ratios(
    numerators: Iterable[int],
    denominators: Iterable[int],
    weights: Iterable[int] | None = None,
    total: int | None = None,
) -> float:
    """Return the sum of w n / d over that of w, correctly rounded; 0 / 0 and its w are left out.

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
    if len(sums) <= FEW:
        top, bottom = _added([(s, d) if d > 0 else (-s, -d) for d, s in sums.items()])
        return divide(top, bottom * divisor)
    return nearest([Ratios.of_pairs((s, d) for d, s in sums.items())], [1], divisor)


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
