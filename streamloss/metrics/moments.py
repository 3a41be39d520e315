"""Metrics of the first two moments: sums of numbers and of their squares, both exact."""

from __future__ import annotations

from typing import NamedTuple

from streamloss.exact.digits import divide
from streamloss.exact.reductions import Sums
from streamloss.losses.arithmetic import product_error
from streamloss.losses.base import Loss
from streamloss.losses.define import loss
from streamloss.losses.domains import Positive, Share

from .base import NAN, parts_from, units


@loss
class _Moment(NamedTuple):
    """A number, its square as rounded, or what rounding took from that, of labels or errors."""

    error: Share = 0.0
    power: Positive = 1.0
    rest: Share = 0.0

    @property
    def vectorized(self) -> bool:
        """Whether `point` takes arrays as well."""
        return True

    def point(self, y_true: float, y_pred: float) -> float:
        """Return the value of one element."""
        x = y_pred - y_true if self.error != 0.0 else y_true
        if self.power == 1.0:
            return x
        square: float = product_error(x, x) if self.rest != 0.0 else x * x
        return square


@loss
class _MomentResidue(_Moment):
    """What rounding takes from weight times moment: both sums together are exact."""

    residue = True
    __slots__ = ()


def _moments(error: float) -> tuple[tuple[Loss, ...], tuple[Loss, ...]]:
    """Return the parts whose sums add up to that of the numbers, and to that of the squares."""
    kinds = _Moment, _MomentResidue
    squares = [kind(error, 2.0, rest) for rest in (0.0, 1.0) for kind in kinds]
    return parts_from(*[kind(error) for kind in kinds]), parts_from(*squares)


LABELS, SQUARES = _moments(0.0)


ERRORS, ERROR_SQUARES = _moments(1.0)


def variation(first: int, second: int, weight: int) -> int:
    """Return W * sum w (x - mean)^2 in squared units, of the sums of w x and w x^2."""
    return weight * second - first * first


@loss("r2", "r2_score", formula="1 - sum w (y_true - y_pred)^2 / sum w (y_true - mean)^2")
class R2(NamedTuple):
    """The coefficient of determination, without a unit: 1 is perfect, 0 what the mean gives.

    All sums are exact, also of squares (for values of magnitudes between 1e-140 and 1e150), so
    that nothing cancels however far the mean is from zero. It is NaN where y_true is constant
    and predicted exactly, -infinity where it is constant and not.

    Examples
    --------
    >>> import streamloss as sl
    >>> sl.evaluate("r2", [1.0, 2.0, 3.0], [1.0, 2.0, 5.0])
    -1.0
    >>> sl.evaluate("r2", [1e8 - 1, 1e8, 1e8 + 1], [1e8 - 1, 1e8, 1e8 + 2])
    0.5
    """

    @staticmethod
    def parts() -> tuple[Loss, ...]:
        """Return the losses whose sums it needs."""
        return ERROR_SQUARES[0], *LABELS, *SQUARES

    def combine(self, sums: Sums) -> float:
        """Return the result of exact sums."""
        left, first, second = (units(sums.losses[k]) for k in (slice(1), slice(1, 3), slice(3, 7)))
        weight = units((sums.weights,))
        if left is None or first is None or second is None or weight is None:
            return NAN
        total = variation(first, second, weight)
        return divide(total - left * weight, total)


@loss(
    "explained_variance",
    "explained_variance_score",
    formula="1 - variance of y_true - y_pred / variance of y_true",
)
class ExplainedVariance(NamedTuple):
    """The share of the variance of y_true that y_pred explains, without a unit.

    Unlike `R2` it forgives an error that is the same everywhere. Exact as that is.

    Examples
    --------
    >>> import streamloss as sl
    >>> sl.evaluate("explained_variance", [1.0, 2.0, 3.0], [2.0, 3.0, 4.0])
    1.0
    """

    @staticmethod
    def parts() -> tuple[Loss, ...]:
        """Return the losses whose sums it needs."""
        return *ERRORS, *ERROR_SQUARES, *LABELS, *SQUARES

    def combine(self, sums: Sums) -> float:
        """Return the result of exact sums."""
        slices = slice(2), slice(2, 6), slice(6, 8), slice(8, 12)
        error, error_squares, label, squares = (units(sums.losses[k]) for k in slices)
        weight = units((sums.weights,))
        if error is None or error_squares is None or label is None or squares is None:
            return NAN
        if weight is None:
            return NAN
        total = variation(label, squares, weight)
        return divide(total - variation(error, error_squares, weight), total)
