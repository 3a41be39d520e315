"""Quantiles of errors, from the weights in bins of their bits: with a bracket as wide as a bin.

Further passes make it as narrow as a float64, as `within` has them.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from streamloss.exact.counted import Counted
from streamloss.losses.define import loss
from streamloss.losses.domains import Share

from .score_bins import SizeBitCount, SizeBits, size_edges
from .within import Bracket, QuantileWithin, bracket_of, middle_of, refined_of


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
        return middle_of(*bracket_of(self, cells))

    def bracket(self, cells: Counted) -> Bracket:
        """Return the least and the largest float of the bin that the quantile is in."""
        return bracket_of(self, cells)

    def refined(self, cells: Counted) -> QuantileWithin | None:
        """Return the metric of a further pass, None if the quantile is known."""
        return refined_of(self, cells)

    @property
    def halves(self) -> float:
        """That it is an error itself."""
        return 0.0

    def edges(self, keys: dict[str, Any]) -> tuple[Any, Any]:
        """Return the least and the largest float64 of bins."""
        return size_edges(keys["size"], self.bits)


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
        return middle_of(*bracket_of(self, cells))

    def bracket(self, cells: Counted) -> Bracket:
        """Return bounds of the median, rounded outwards; the same if it is known."""
        return bracket_of(self, cells)

    def refined(self, cells: Counted) -> QuantileWithin | None:
        """Return the metric of a further pass, None if the median is known."""
        return refined_of(self, cells)

    @property
    def q(self) -> float:
        """The share of the weights."""
        return 0.5

    @property
    def halves(self) -> float:
        """That it may be the mean of two errors."""
        return 1.0

    def edges(self, keys: dict[str, Any]) -> tuple[Any, Any]:
        """Return the least and the largest float64 of bins."""
        return size_edges(keys["size"], self.bits)
