"""Quantiles of errors, from the weights in bins of their bits: with a bracket as wide as a bin."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np

from streamloss.exact.counted import Counted
from streamloss.exact.digits import divide
from streamloss.losses.define import loss
from streamloss.losses.domains import Share

from .rounding import rounded_down
from .score_bins import SizeBitCount, SizeBits, size_edges

Bracket = tuple[float, float]


@loss(
    "error_quantile",
    "absolute_error_quantile",
    formula="least error e with sum of w over |y_true - y_pred| <= e at least q sum of w",
)
class ErrorQuantile(NamedTuple):
    """A quantile of |y_true - y_pred|, in the unit of y_true: the error that a share q is up to.

    It is the least error up to which the weights make up `q` of all, at least: the weighted inverse
    of the distribution function, numpy's ``method="inverted_cdf"``, with `q` taken exactly; for
    ``q=0`` the least error of all with a weight. The result is the middle of the bin that it is in,
    and exact if that is 0 or infinite. Of 21 bits 11 are the exponent, so that a bin, the bracket,
    is a part in 2**10 wide; each further one halves it. Weights may not be negative.

    Parameters
    ----------
    q : float
        The share, from 0 to 1.
    bits : float
        How many bits of the errors tell bins apart, whole, from 11 to 52.

    Examples
    --------
    >>> from streamloss.exact.counted import Counted
    >>> errors = [SizeBits().point(0.0, error) for error in (0.0, 0.0, 1.5)]
    >>> cells = Counted.of_rows({"size": [int(error) for error in errors]})
    >>> ErrorQuantile(0.5).bracket(cells)
    (0.0, 0.0)
    >>> ErrorQuantile(0.9).bracket(cells)
    (1.5, 1.5009765624999998)
    """

    q: Share = 0.5
    bits: SizeBitCount = 21.0

    def cells(self) -> dict[str, Any]:
        """Return the keys that tell cells apart."""
        return {"size": SizeBits(self.bits)}

    def combine(self, cells: Counted) -> float:
        """Return the middle of the bracket, rounded once."""
        return _middle(*self.bracket(cells))

    def bracket(self, cells: Counted) -> Bracket:
        """Return the least and the largest float of the bin that the quantile is in."""
        top, bottom = self.q.as_integer_ratio()
        total = _total(cells, "ErrorQuantile")
        return _bin_at(cells, -(-top * total // bottom), self.bits)


@loss(
    "median_absolute_error",
    formula="median of |y_true - y_pred|",
)
class MedianAbsoluteError(NamedTuple):
    """The median of |y_true - y_pred|, in the unit of y_true.

    Where errors up to one have just half of the weights it is the mean of that error and the next:
    without weights the mean of the two in the middle of an even number, as scikit-learn has it. The
    result is the middle of a bracket, the bin or the mean of two bins, as `ErrorQuantile` has it,
    and exact if these are 0 or infinite.

    Examples
    --------
    >>> from streamloss.exact.counted import Counted
    >>> errors = [SizeBits().point(0.0, error) for error in (0.0, 0.0, 1.5, 1.75)]
    >>> cells = Counted.of_rows({"size": [int(error) for error in errors]})
    >>> MedianAbsoluteError().bracket(cells)
    (0.75, 0.7504882812499999)
    """

    bits: SizeBitCount = 21.0

    def cells(self) -> dict[str, Any]:
        """Return the keys that tell cells apart."""
        return {"size": SizeBits(self.bits)}

    def combine(self, cells: Counted) -> float:
        """Return the middle of the bracket, rounded once."""
        return _middle(*self.bracket(cells))

    def bracket(self, cells: Counted) -> Bracket:
        """Return bounds of the median, rounded outwards; the same if it is known."""
        total = _total(cells, "MedianAbsoluteError")
        low, high = _bin_at(cells, -(-total // 2), self.bits)
        next_low, next_high = _bin_at(cells, total // 2 + 1, self.bits)
        return _mean_below(low, next_low), -_mean_below(-high, -next_high) + 0.0


def _total(cells: Counted, name: str) -> int:
    """Return the units of all cells.

    Raises
    ------
    ValueError
        If a weight is negative.
    """
    if (cells.units < 0).any():
        raise ValueError(
            f"weights of {name} must be at least 0, for with others no error is where they make up"
            f" a share: got a sum of {float(cells.exact(int(cells.units.min()))):g}"
        )
    return cells.total


def _bin_at(cells: Counted, units: int, bits: float) -> Bracket:
    """Return the edges of the first bin up to which there are so many units, and more than none."""
    sums = np.cumsum(cells.units)
    place = int(np.searchsorted(sums, max(units, 1)))
    if place == len(sums):
        return math.nan, math.nan
    low, high = size_edges(cells.keys["size"][place : place + 1], bits)
    return float(low[0]), float(high[0])


def _middle(low: float, high: float) -> float:
    """Return the mean of two numbers, correctly rounded."""
    total = _doubled(low, high)
    return low + high if total is None else divide(total.numerator, 2 * total.denominator)


def _mean_below(a: float, b: float) -> float:
    """Return the mean of two numbers, rounded down."""
    total = _doubled(a, b)
    return a + b if total is None else rounded_down(total.numerator, 2 * total.denominator)


def _doubled(a: float, b: float) -> Fraction | None:
    """Return twice the mean of two numbers; None if one is not finite."""
    return Fraction(a) + Fraction(b) if math.isfinite(a) and math.isfinite(b) else None
