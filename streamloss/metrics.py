"""Metrics that combine several exact sums: each names its `parts` and what it makes of them.

The parts are losses like any other, summed in the same pass. `combine` takes their exact sums, so
what is subtracted there cancels without loss.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from ._exact import divide
from .losses.arithmetic import product_error
from .losses.base import NonNegative, Positive, Share, loss
from .reductions import Exact, Sums

NAN = float("nan")


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

    def point(self, y_true: Any, y_pred: Any) -> Any:
        """Return the value of one element."""
        x = y_pred - y_true if self.error != 0.0 else y_true
        if self.power == 1.0:
            return x
        return product_error(x, x) if self.rest != 0.0 else x * x


@loss
class _MomentResidue(_Moment):
    """What rounding takes from weight times moment: both sums together are exact."""

    residue = True
    __slots__ = ()


def _moments(error: float) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
    """Return the parts whose sums add up to that of the numbers, and to that of the squares."""
    kinds = _Moment, _MomentResidue
    squares = [kind(error, 2.0, rest) for rest in (0.0, 1.0) for kind in kinds]
    return tuple(kind(error) for kind in kinds), tuple(squares)


LABELS, SQUARES = _moments(0.0)
ERRORS, ERROR_SQUARES = _moments(1.0)


@loss
class _Overlap(NamedTuple):
    """The product of y_true and y_pred, or one of them."""

    true: Share = 1.0
    pred: Share = 1.0

    @property
    def vectorized(self) -> bool:
        """Whether `point` takes arrays as well."""
        return True

    def point(self, y_true: Any, y_pred: Any) -> Any:
        """Return the value of one element."""
        if self.true != 0.0:
            return y_true * y_pred if self.pred != 0.0 else y_true
        return y_pred


OVERLAP = _Overlap(), _Overlap(pred=0.0), _Overlap(true=0.0)


def units(sums: tuple[Exact, ...]) -> int | None:
    """Return the sum of exact sums in their units, None if one is not finite."""
    if any(s.strange is not None for s in sums):
        return None
    return sum(s.units for s in sums)


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
    def parts() -> tuple[Any, ...]:
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
    def parts() -> tuple[Any, ...]:
        """Return the losses whose sums it needs."""
        return *ERRORS, *ERROR_SQUARES, *LABELS, *SQUARES

    def combine(self, sums: Sums) -> float:
        """Return the result of exact sums."""
        slices = slice(2), slice(2, 6), slice(6, 8), slice(8, 12)
        error, error_squares, label, squares = (units(sums.losses[k]) for k in slices)
        weight = units((sums.weights,))
        if None in (error, error_squares, label, squares, weight):
            return NAN
        total = variation(label, squares, weight)  # type: ignore[arg-type]
        return divide(total - variation(error, error_squares, weight), total)  # type: ignore[arg-type]


@loss("dice", "dice_loss", formula="1 - 2 sum w y_true y_pred / (sum w y_true + sum w y_pred + e)")
class Dice(NamedTuple):
    """The Dice loss: one minus the overlap of y_true and y_pred, without a unit.

    Sudre et al. (2017), Generalised Dice overlap, section 2.1, with `epsilon` in the divisor.

    Examples
    --------
    >>> import streamloss as sl
    >>> sl.evaluate(sl.Dice(epsilon=0.0), [1.0, 1.0, 0.0], [1.0, 0.0, 0.0])
    0.3333333333333333
    """

    epsilon: NonNegative = 1e-7

    @staticmethod
    def parts() -> tuple[Any, ...]:
        """Return the losses whose sums it needs."""
        return OVERLAP

    def combine(self, sums: Sums) -> float:
        """Return the result of exact sums."""
        return overlap_loss(sums, 2, 1, 1, 0, self.epsilon)


@loss("tversky", "tversky_loss", formula="1 - I / (I + alpha FP + beta FN + e)")
class Tversky(NamedTuple):
    """The Tversky loss: one minus the overlap, with its own weight for each kind of error.

    I is the sum of w y_true y_pred, FP that of w (1 - y_true) y_pred, FN that of
    w y_true (1 - y_pred). Salehi et al. (2017), Tversky loss function, eq. 3.

    Examples
    --------
    >>> import streamloss as sl
    >>> sl.evaluate(sl.Tversky(0.5, 0.5, 0.0), [1.0, 1.0, 0.0], [1.0, 0.0, 0.0])
    0.3333333333333333
    """

    alpha: NonNegative = 0.5
    beta: NonNegative = 0.5
    epsilon: NonNegative = 1e-7

    @staticmethod
    def parts() -> tuple[Any, ...]:
        """Return the losses whose sums it needs."""
        return OVERLAP

    def combine(self, sums: Sums) -> float:
        """Return the result of exact sums."""
        from fractions import Fraction

        rest = 1 - Fraction(self.alpha) - Fraction(self.beta)
        return overlap_loss(sums, 1, self.beta, self.alpha, rest, self.epsilon)


def overlap_loss(
    sums: Sums, times: int, by_true: Any, by_pred: Any, by_both: Any, epsilon: float
) -> float:
    """Return 1 - times I / (by_true Y + by_pred P + by_both I + epsilon), rounded once."""
    from fractions import Fraction  # which takes a tenth of the time to import numpy

    if units(sums.losses) is None:
        return NAN
    both, true, pred = (Fraction(s.units, 1 << 1074) for s in sums.losses)
    divisor = Fraction(by_true) * true + Fraction(by_pred) * pred + Fraction(by_both) * both
    divisor += Fraction(epsilon)
    rest = divisor - times * both
    return divide(rest.numerator * divisor.denominator, rest.denominator * divisor.numerator)
