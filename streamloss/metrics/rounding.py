"""Sums of quotients of integers, known as finely as their rounding needs: up, down or to nearest.

A quotient is taken to so many bits below the point, as integers; what is left out is bounded. Where
the bounds round to different floats more bits are taken, and at last fractions: a result is rounded
once, however many quotients it is made of.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Sequence
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from streamloss.exact.digits import divide

Units = NDArray[Any]
"""Integers: of int64, whose sum is below 2**62, or Python's as objects."""

BITS = 96, 1024
"""Bits below the point that are tried before fractions."""

NARROW = 1 << 50
"""What a sum of parts is below if quotients of arrays are taken 12 or more bits at a time."""

FITS = 1 << 63
"""What an int64 is below."""


class Ratios(NamedTuple):
    """The sum of parts * tops / bottoms, over a divisor.

    Parts are at least 0, bottoms above 0; tops are at most bottoms, and of arrays at least 0.

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
        one, integers = np.ones(1, object), np.empty((2, 1), object)
        integers[:, 0] = top, bottom
        return cls(one, integers[0], integers[1], 1)

    def bounds(self, bits: int) -> tuple[int, int]:
        """Return integers that the sum times 2**bits lies between, or is equal to both."""
        total = 0
        if self.tops.dtype != object and (total := int(self.parts.sum())) < NARROW:
            low, high, taken = _bounds_of_arrays(self.parts, self.tops, self.bottoms, total, bits)
        else:
            low, high, taken = _bounds_of_integers(self.parts, self.tops, self.bottoms, bits)
        divisor = self.divisor << (taken - bits)
        return low // divisor, -(-high // divisor)

    def fraction(self) -> Fraction:
        """Return the sum itself, of neighbours first, whose fractions are short."""
        lists = (self.parts.tolist(), self.tops.tolist(), self.bottoms.tolist())
        terms = [Fraction(part * top, bottom) for part, top, bottom in zip(*lists, strict=True)]
        while len(terms) > 1:
            terms = [sum(terms[k : k + 2], Fraction(0)) for k in range(0, len(terms), 2)]
        return sum(terms, Fraction(0)) / self.divisor


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


def nearest(terms: Sequence[Ratios], weights: Sequence[int]) -> float:
    """Return the weighted mean of sums of quotients, correctly rounded; of nothing it is NaN.

    Examples
    --------
    >>> nearest([Ratios.of(1, 3), Ratios.of(1, 2)], [1, 1])
    0.4166666666666667
    """
    total = sum(weights)
    if total == 0:
        return math.nan
    for bits in BITS:
        low, high = _mean_bounds(terms, weights, bits)
        if (found := divide(low, total << bits)) == divide(high, total << bits):
            return found
    mean = sum([w * term.fraction() for term, w in zip(terms, weights, strict=True)], Fraction(0))
    return divide(mean.numerator, mean.denominator * total)


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


def dot(a: Units, b: Units) -> int:
    """Return the sum of the products of integers, none below 0.

    int64 too large for their products are halved, down to digits that are not.

    Examples
    --------
    >>> dot(np.array([1 << 61, 3]), np.array([1 << 61, 5])) - (1 << 122)
    15
    """
    if a.dtype == object or b.dtype == object:
        return sum(map(operator.mul, a.tolist(), b.tolist()))
    small, large = sorted((int(a.max(initial=0)), int(b.max(initial=0))))
    if small * large * len(a) < FITS:
        return int(np.dot(a, b))
    if int(a.max()) == large:
        a, b = b, a
    half = large.bit_length() // 2
    return dot(a, b & ((1 << half) - 1)) + (dot(a, b >> half) << half)


def quotients(tops: Units, bottoms: Any) -> NDArray[np.float64]:
    """Return quotients of integers as float64, off by less than 2**-51 of each.

    Below 2**-1022 they may be off by 2**-1074. Integers too large for floats are divided by Python.
    """
    largest = max(int(tops.max(initial=0)), int(np.max(bottoms, initial=0)))
    if largest.bit_length() <= 1000:
        found: NDArray[np.float64] = tops.astype(np.float64) / np.asarray(bottoms, np.float64)
        return found
    pairs = zip(tops.tolist(), np.broadcast_to(bottoms, tops.shape).tolist(), strict=True)
    return np.array([top / bottom for top, bottom in pairs], np.float64)


def rounded(tops: Units, bottoms: Any) -> NDArray[np.float64]:
    """Return quotients of integers, none below 0 or above 1, correctly rounded; 0/0 is NaN."""
    if int(np.max(bottoms, initial=0)) < 1 << 53:
        with np.errstate(invalid="ignore"):
            found: NDArray[np.float64] = tops.astype(np.float64) / np.asarray(bottoms, np.float64)
        return found
    pairs = zip(tops.tolist(), np.broadcast_to(bottoms, tops.shape).tolist(), strict=True)
    return np.array([divide(top, bottom) for top, bottom in pairs], np.float64)
