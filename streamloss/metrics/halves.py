"""Both halves of the bits of errors and scores, as keys that tell all of them apart.

A float64 has 64 bits, and a key is a whole number below 2**53: so there are two keys.
"""

from __future__ import annotations

import math
from typing import Annotated, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from streamloss.losses.define import loss
from streamloss.losses.domains import Interval, NonNegative, Share, Whole
from streamloss.losses.elementary import TWO_52, number, pattern

from .score_bins import INFINITY_SIZE

AllBits = Annotated[float, Whole(11.0, 63.0, closed=True)]
"""How many bits of an error, or of a score without its sign, tell bins apart; 63 are all."""

SIZE_BITS = 63.0
"""The bits of a float64 without its sign."""

BELOW, ABOVE = -1.0, 2147483648.0
"""The upper half of errors below and above those that are looked at: no error has these."""

LOWER, HIGHER = -4294967296.0, 8589934592.0
"""The upper half of scores below those that are looked at, and what is added to that of scores
above. A half is less than 2**31 in size, so that both are apart from it: see `is_above`."""

COARSE = 20.0
"""The first bits by which scores above are told apart: 11 of the exponent, and 43 are dropped."""

MIXES = 8
"""Into how many classes the bits of scores above are mixed, in the place of their lower half: if
few of them are there in a bin, it has few different scores."""


class AnyNumber(Interval):
    """All numbers but NaN, the infinities too."""

    __slots__ = ()

    def admits(self, value: float) -> bool:
        """Return whether the value is one."""
        return value == value

    def rule(self) -> str:
        """Say what is asked of the value."""
        return "a number, not NaN"


Score = Annotated[float, AnyNumber(-math.inf, math.inf)]


@loss
class SizeHalf(NamedTuple):
    """A half of the first bits of an error |y_pred - y_true| between two others, these included.

    The upper half is -1 of errors below and 2**31 of those above, whose lower one is 0. NaN has
    none.

    Examples
    --------
    >>> SizeHalf(1.0, 2.0).point(0.0, 1.5) == (0x3FF8 << 16)
    True
    >>> SizeHalf(1.0, 2.0).point(0.0, 0.5), SizeHalf(1.0, 2.0).point(0.0, 3.0)
    (-1.0, 2147483648.0)
    """

    low: NonNegative
    high: NonNegative
    bits: AllBits = 63.0
    lower: Share = 0.0

    def point(self, y_true: float, y_pred: float) -> float:
        """Return the key of one element, as arithmetic that runs in vectors."""
        size = abs(y_pred - y_true)
        first = pattern(size) & -(1 << (63 - int(self.bits)))
        half = first & 0xFFFFFFFF if self.lower != 0.0 else first >> 32
        place = number(half | TWO_52) - 4503599627370496.0
        outside = BELOW if size < self.low else ABOVE
        outside = outside if self.lower == 0.0 else 0.0
        place = place if (size >= self.low) & (size <= self.high) else outside
        return place if size == size else size


@loss
class ScoreHalf(NamedTuple):
    """A half of the bits of a score y_pred, negative if that is: both are in the order of scores.

    There is one zero. NaN has none. Scores between `low` and `high`, both included, are told apart
    by their first `bits` below the sign. Those below have `LOWER` and 0. Those above have `HIGHER`
    and their first `COARSE` bits, and which of `MIXES` classes all of their bits are mixed into.

    Examples
    --------
    >>> ScoreHalf().point(1.0, 1.5) == 0x3FF80000, ScoreHalf(1.0).point(1.0, -5e-324)
    (True, -1.0)
    >>> ScoreHalf(0.0, 1.0, 2.0).point(1.0, 0.5) == LOWER
    True
    >>> ScoreHalf(0.0, 1.0, 2.0).point(1.0, 3.00001) == HIGHER + 0x40080000
    True
    """

    lower: Share = 0.0
    low: Score = -math.inf
    high: Score = math.inf
    bits: AllBits = 63.0

    def point(self, y_true: float, y_pred: float) -> float:
        """Return the key of one element, as arithmetic that runs in vectors."""
        size = pattern(abs(y_pred))
        first = size & -(1 << (63 - int(self.bits)))
        half = first & 0xFFFFFFFF if self.lower != 0.0 else first >> 32
        place = number(half | TWO_52) - 4503599627370496.0
        place = place if y_pred > 0.0 else -place
        rest = number((size & -(1 << (63 - int(COARSE)))) >> 32 | TWO_52) - 4503599627370496.0
        rest = HIGHER + (rest if y_pred > 0.0 else -rest)
        product = ((size ^ size >> 31) & 0x7FFFFFFF) * 1540483477  # as in MurmurHash
        mixed = number(product >> 28 & (MIXES - 1) | TWO_52) - 4503599627370496.0
        above = mixed if self.lower != 0.0 else rest
        below = 0.0 if self.lower != 0.0 else LOWER
        outside = below if y_pred < self.low else above
        place = place if (y_pred >= self.low) & (y_pred <= self.high) else outside
        return place if y_pred == y_pred else y_pred


def halves(low: float, high: float, bits: float) -> dict[str, Any]:
    """Return the keys of errors between two: the upper half first, so that they are in order."""
    return {
        "upper": SizeHalf(low, high, bits, 0.0),
        "lower": SizeHalf(low, high, bits, 1.0),
    }


def edges_of_halves(
    upper: Any, lower: Any, bits: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the least and the largest float64 of bins of errors, both in the bin.

    Parameters
    ----------
    upper, lower : int64 array
        Values of both keys that `halves` returns, of errors between the two.
    bits : float
        How many bits tell the bins apart.

    Examples
    --------
    >>> low, high = edges_of_halves(np.array([0x3FF8 << 16]), np.array([0]), 62)
    >>> low.tolist(), high.tolist()
    ([1.5], [1.5000000000000002])
    """
    first = upper << 32 | lower
    last = np.minimum(first + ((1 << (63 - int(bits))) - 1), INFINITY_SIZE)
    return first.view(np.float64), last.view(np.float64)


def is_above(upper: Any) -> Any:
    """Return which upper halves are of scores above those that are looked at."""
    return upper > HIGHER / 2


def last_scores(upper: Any, lower: Any, bits: float) -> NDArray[np.float64]:
    """Return the largest float64 of bins of scores.

    Parameters
    ----------
    upper, lower : int64 array
        Values of both keys `ScoreHalf`, without what marks scores above.
    bits : float
        How many bits tell the bins apart.

    Examples
    --------
    >>> last_scores(np.array([0x3FF80000, -0x3FF80000]), np.array([0, 0]), 62).tolist()
    [1.5000000000000002, -1.5]
    """
    size = abs(upper) << 32 | abs(lower)
    last = np.minimum(size + ((1 << (63 - int(bits))) - 1), INFINITY_SIZE)
    is_negative = (upper < 0) | (lower < 0)
    found: NDArray[np.float64] = np.where(
        is_negative, -size.view(np.float64), last.view(np.float64)
    )
    return found
