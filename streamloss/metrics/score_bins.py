"""Keys of ranking: which of two classes an element is of, and the bin of its score or error.

A bin holds the numbers whose first bits are the same, as integers that are in the order of the
floats. So bins are the same for all data, whatever these are: cells of them merge exactly.
"""

from __future__ import annotations

from typing import Annotated, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from streamloss.losses.define import loss
from streamloss.losses.domains import Choice, Whole
from streamloss.losses.elementary import TWO_52, number, pattern

Floats = NDArray[np.float64]

Bits = Annotated[float, Whole(1.0, 32.0, closed=True)]
"""How many bits of a float32 tell bins apart: 9 are sign and exponent, each further one halves."""


class BitCount(Whole):
    """How many bits of a score tell bins apart: so many of a float32, or all of a float64."""

    __slots__ = ()

    def admits(self, value: float) -> bool:
        """Return whether there are so many."""
        return value == ALL or super().admits(value)

    def rule(self) -> str:
        """Say what is asked of the value."""
        return f"{super().rule()}, or {ALL:g}"


ALL = 64.0
"""The bits of a float64."""

RankedBits = Annotated[float, BitCount(1.0, 32.0, closed=True)]
"""As `Bits`, or `ALL`: then each float64 is a bin."""

Average = Annotated[str, Choice(("binary", "macro", "weighted"))]
"""Of one number for each element; or the mean of the classes of a row, each against the others."""

SizeBitCount = Annotated[float, Whole(11.0, 52.0, closed=True)]
"""How many bits of a float64 without a sign tell bins apart: 11 are the exponent."""

MOST, LEAST = 2.0**128, 2.0**-126
"""What float32 has no number from, and its smallest number of all 24 bits."""

EXPONENT = 0x7FF0000000000000
"""The bits of a float64's exponent."""

LEAST_EXPONENT = (1023 - 126) << 52
"""The exponent of `LEAST` in the bits of a float64."""

ROUNDS = (29 << 52) | (1 << 51)
"""Added to the bits of 2**e it makes 1.5 * 2**(e + 29), whose last bit is that of a float32."""

WITH_SIGN = 1 << 31
"""How many float32 are below zero, and NaN of that sign."""

INFINITY_BITS, INFINITY_SIZE = 0x7F800000, EXPONENT
"""The bits of infinity as a float32 and as a float64."""


@loss
class Truth(NamedTuple):
    """The label of one of two classes: 0 and 1, or -1 and 1; 2 for what is none of these.

    An infinite one, as the index that is none of a class has for each class, is NaN.
    """

    def point(self, y_true: float, y_pred: float) -> float:
        """Return the key of one element."""
        other = (abs(y_true) != 1.0) & (abs(y_true) > 0.0)
        return 2.0 + (y_true - y_true) if other else y_true + 0.0


@loss
class ScoreBits(NamedTuple):
    """The bin of a score y_pred: twice its first bits as a float32, and 1 more of most scores.

    The integer of a float32 is that of its bits below the sign, negative if the score is, from
    2**31 up: in the order of the scores, with one zero. A bin begins with the number whose other
    bits are zero. Scores that are just that have an even key, for it is known of them that they are
    the same: whole numbers, shares of 256 or float16, for instance. Those above it have the odd key
    that follows. With 32 bits scores are rounded to float32, ties to even, and each has an even
    one. NaN has no bin, the infinities do.

    Examples
    --------
    >>> ScoreBits(32).point(1.0, 0.0), ScoreBits(32).point(1.0, -0.0)
    (4294967296.0, 4294967296.0)
    >>> ScoreBits(20).point(1.0, 0.7) == ScoreBits(20).point(1.0, 0.70001)
    True
    >>> ScoreBits(20).point(1.0, 0.75) % 2, ScoreBits(20).point(1.0, 0.7) % 2
    (0.0, 1.0)
    """

    bits: Bits = 20.0

    def point(self, y_true: float, y_pred: float) -> float:
        """Return the key of one element, as arithmetic that runs in vectors."""
        own = abs(y_pred)
        size = own if own < MOST else MOST
        exponent = pattern(size if size > LEAST else LEAST) & EXPONENT
        magic = number(exponent + ROUNDS)
        digits = pattern(size + magic) - pattern(magic)  # the number in units of its last bit
        rank = (((exponent - LEAST_EXPONENT) >> 29) & INFINITY_BITS) + digits
        rank = (rank if y_pred > 0.0 else -rank) + WITH_SIGN
        width = 1 << (32 - int(self.bits))
        near = (size + magic) - magic  # the size as a float32
        above = near > size if y_pred > 0.0 else near < size  # than the score: it is of a bin below
        rank = rank - (1 if above & (width > 1) else 0)
        place = (number((rank & -width) | TWO_52) - 4503599627370496.0) * (2.0 / width)
        alone = ((rank & (width - 1)) == 0) & (near == own) & (own < MOST)
        place = place if alone | (width == 1) else place + 1.0
        return place if y_pred == y_pred else y_pred


@loss
class SizeBits(NamedTuple):
    """The bin of an error |y_pred - y_true|: 0 for none, else 1 and its first bits as a float64.

    11 of the bits are the exponent, so that a bin of 21 is a part in 2**10 wide. NaN has none,
    infinity one of its own.

    Examples
    --------
    >>> SizeBits(21).point(1.0, 1.0)
    0.0
    >>> SizeBits(21).point(0.0, 1.0) == SizeBits(21).point(0.0, 1.0009)
    True
    """

    bits: SizeBitCount = 21.0

    def point(self, y_true: float, y_pred: float) -> float:
        """Return the key of one element, as arithmetic that runs in vectors."""
        size = abs(y_pred - y_true)
        width = 1 << (52 - int(self.bits))
        first = (pattern(size) >> 11) & 0xFFFFFFFFFFFFF
        place = (number((first & -width) | TWO_52) - 4503599627370496.0) * (1.0 / width) + 1.0
        place = place if size > 0.0 else 0.0
        return place if size == size else size


def score_edges(bins: Any, bits: float) -> tuple[Floats, Floats]:
    """Return the least and the largest float32 of the keys of scores, both of them, as float64.

    Other scores of a key lie between these, but for float64 up to the next float32.

    Parameters
    ----------
    bins : int array
        Values of ``ScoreBits(bits)``.
    bits : float
        How many bits tell them apart.

    Examples
    --------
    >>> low, high = score_edges([int(ScoreBits(12).point(1.0, x)) for x in (0.6875, 0.7)], 12)
    >>> low.tolist(), high.tolist()
    ([0.6875, 0.6875000596046448], [0.6875, 0.7499999403953552])
    """
    keys, drop = np.asarray(bins, np.int64), 32 - int(bits)
    above = keys & 1
    first = ((keys >> 1) << drop) - WITH_SIGN
    return _of_rank(first + above), _of_rank(first + above * ((1 << drop) - 1))


def _of_rank(ranks: NDArray[np.int64]) -> Floats:
    """Return the float32 that have these integers, infinities beyond them."""
    sizes = np.minimum(abs(ranks), INFINITY_BITS).astype(np.uint32).view(np.float32)
    return np.where(ranks < 0, -1.0, 1.0) * sizes


def size_edges(bins: Any, bits: float) -> tuple[Floats, Floats]:
    """Return the least and the largest float64 of bins of errors, both in the bin.

    Parameters
    ----------
    bins : int array
        Values of ``SizeBits(bits)``.
    bits : float
        How many bits tell them apart.

    Examples
    --------
    >>> low, high = size_edges([0, int(SizeBits(12).point(0.0, 1.2))], 12)
    >>> low.tolist(), high.tolist()
    ([0.0, 1.0], [0.0, 1.4999999999999998])
    """
    drop = 63 - int(bits)
    bins = np.asarray(bins, np.int64)
    first = np.maximum(bins - 1, 0) << drop
    last = np.minimum(first + ((1 << drop) - 1), INFINITY_SIZE)
    some = bins > 0
    return np.where(some, np.maximum(first, 1), 0).view(np.float64), np.where(some, last, 0).view(
        np.float64
    )
