"""What a quantile of errors lies between, and further passes that tell more.

They tell the errors in its bracket apart, by all of their bits if these are not too many, and of
all others know the weights on either side. So memory does not grow with the data.
"""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any, NamedTuple, Protocol

import numpy as np

from streamloss.exact.counted import Counted
from streamloss.exact.digits import divide
from streamloss.exact.means import rounded_down
from streamloss.losses.define import loss
from streamloss.losses.domains import NonNegative, Share

from .halves import SIZE_BITS, AllBits, edges_of_halves, halves

Bracket = tuple[float, float]

MORE = 21.0
"""The bits that a further pass adds, if it cannot have all: of a bin it makes 2**21 at most."""

FEW = 1 << 21
"""Elements in a bracket up to which all their bits are told apart at once."""


class Quantile(Protocol):
    """A metric that is a quantile, as this module has them."""

    @property
    def q(self) -> float:
        """The share of the weights."""

    @property
    def halves(self) -> float:
        """Whether it is a mean, 1, where errors up to one have just that share."""

    @property
    def bits(self) -> float:
        """How many bits of an error tell bins apart."""

    def edges(self, keys: dict[str, Any]) -> tuple[Any, Any]:
        """Return the least and the largest float64 of bins."""


@loss
class QuantileWithin(NamedTuple):
    """A quantile of errors that is known to lie between two: what a further pass takes.

    Parameters
    ----------
    q, halves : float
        As `Quantile` has them.
    low, high : float
        The errors that it lies between, both of them.
    bits : float
        How many bits of an error tell bins apart.
    """

    q: Share
    halves: Share
    low: NonNegative
    high: NonNegative
    bits: AllBits = SIZE_BITS

    def cells(self) -> dict[str, Any]:
        """Return the keys that tell cells apart."""
        return halves(self.low, self.high, self.bits)

    def combine(self, cells: Counted) -> float:
        """Return the middle of the bracket, rounded once."""
        return middle_of(*bracket_of(self, cells))

    def bracket(self, cells: Counted) -> Bracket:
        """Return bounds of the quantile, rounded outwards; the same if it is known."""
        return bracket_of(self, cells)

    def refined(self, cells: Counted) -> QuantileWithin | None:
        """Return the metric of a further pass, None if the quantile is known."""
        return refined_of(self, cells)

    def edges(self, keys: dict[str, Any]) -> tuple[Any, Any]:
        """Return the least and the largest float64 of bins.

        Raises
        ------
        ValueError
            If they are not between the two: the data are others.
        """
        low, high = edges_of_halves(keys["upper"], keys["lower"], self.bits)
        if (high < self.low).any() or (low > self.high).any():
            raise ValueError("exact=True needs the same data in each pass: got other errors")
        return low, high


def bracket_of(metric: Quantile, cells: Counted) -> Bracket:
    """Return what a quantile lies between, rounded outwards; the same if it is known."""
    places = _places(metric, cells)
    if places is None:
        return math.nan, math.nan
    return _mean(*_edges(metric, cells, places))


def refined_of(metric: Quantile, cells: Counted) -> QuantileWithin | None:
    """Return the metric that tells the errors in the bracket of a quantile apart, if any."""
    places = _places(metric, cells)
    if places is None:
        return None
    low, high = _edges(metric, cells, places)
    least, most = _mean(low, high)
    if least == most:  # which it is of an infinite error and any other one
        return None
    few = int(cells.elements[places[0] : places[-1] + 1].sum()) <= FEW
    bits = SIZE_BITS if few else min(metric.bits + MORE, SIZE_BITS)
    return QuantileWithin(metric.q, metric.halves, low[0], high[-1], bits)


def _places(metric: Quantile, cells: Counted) -> list[int] | None:
    """Return which bins a quantile is the mean of, one or two; None without weights.

    Raises
    ------
    ValueError
        If a weight is negative.
    """
    if (cells.units < 0).any():
        raise ValueError(
            f"weights of {type(metric).__name__} must be at least 0, for with others no error is"
            " where they make up a share:"
            f" got a sum of {float(cells.exact(int(cells.units.min()))):g}"
        )
    top, bottom = metric.q.as_integer_ratio()
    units = [-(-top * cells.total // bottom)]
    if metric.halves != 0.0:
        units.append(top * cells.total // bottom + 1)
    sums = np.cumsum(cells.units)
    found = [int(np.searchsorted(sums, min(max(unit, 1), cells.total))) for unit in units]
    return found if cells.total else None


def _mean(low: list[float], high: list[float]) -> Bracket:
    """Return what the mean of one or two bins lies between, rounded outwards; the same if known."""
    if low == high:
        return (middle_of(low[0], low[-1]),) * 2
    return _mean_below(low[0], low[-1]), -_mean_below(-high[0], -high[-1]) + 0.0


def _edges(metric: Quantile, cells: Counted, places: list[int]) -> tuple[list[float], list[float]]:
    """Return the least and the largest float64 of some bins."""
    low, high = metric.edges({name: key[places] for name, key in cells.keys.items()})
    return low.tolist(), high.tolist()


def middle_of(low: float, high: float) -> float:
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
