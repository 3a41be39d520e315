"""Metrics that combine several exact sums: each names its `parts` and what it makes of them.

The parts are losses like any other, summed in the same pass. `combine` takes their exact sums, so
what is subtracted there cancels without loss.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any, NamedTuple

from ._exact import divide
from ._generic import product_error
from ._registry import NonNegative, loss
from .losses import SquaredError
from .reductions import Exact, Sums

NAN = float("nan")


@loss
class _True(NamedTuple):
    """y_true itself."""

    def point(self, y_true: Any, y_pred: Any) -> Any:
        """Return the value of one element."""
        return y_true


@loss
class _Pred(NamedTuple):
    """y_pred itself."""

    def point(self, y_true: Any, y_pred: Any) -> Any:
        """Return the value of one element."""
        return y_pred


@loss
class _Error(NamedTuple):
    """y_pred - y_true."""

    def point(self, y_true: Any, y_pred: Any) -> Any:
        """Return the value of one element."""
        return y_pred - y_true


@loss
class _Product(NamedTuple):
    """y_true * y_pred."""

    def point(self, y_true: Any, y_pred: Any) -> Any:
        """Return the value of one element."""
        return y_true * y_pred


@loss
class _Square(NamedTuple):
    """The square of y_true, rounded."""

    def point(self, y_true: Any, y_pred: Any) -> Any:
        """Return the value of one element."""
        return y_true * y_true


@loss
class _SquareRest(NamedTuple):
    """What rounding takes from the square of y_true."""

    def point(self, y_true: Any, y_pred: Any) -> Any:
        """Return the value of one element."""
        return product_error(y_true, y_true)


@loss
class _ErrorSquareRest(NamedTuple):
    """What rounding takes from the square of y_pred - y_true."""

    def point(self, y_true: Any, y_pred: Any) -> Any:
        """Return the value of one element."""
        error = y_pred - y_true
        return product_error(error, error)


# The same once more for what rounding takes from weight times value: both sums together are exact.


@loss
class _TrueResidue(_True):
    residue = True
    __slots__ = ()


@loss
class _ErrorResidue(_Error):
    residue = True
    __slots__ = ()


@loss
class _SquareResidue(_Square):
    residue = True
    __slots__ = ()


@loss
class _SquareRestResidue(_SquareRest):
    residue = True
    __slots__ = ()


@loss
class _ErrorSquareResidue(SquaredError):
    residue = True
    __slots__ = ()


@loss
class _ErrorSquareRestResidue(_ErrorSquareRest):
    residue = True
    __slots__ = ()


LABELS = _True(), _TrueResidue()
SQUARES = _Square(), _SquareResidue(), _SquareRest(), _SquareRestResidue()
ERRORS = _Error(), _ErrorResidue()
OVERLAP = _Product(), _True(), _Pred()
ERROR_SQUARES = (
    SquaredError(),
    _ErrorSquareResidue(),
    _ErrorSquareRest(),
    _ErrorSquareRestResidue(),
)


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
        return (SquaredError(), *LABELS, *SQUARES)

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
        return (*ERRORS, *ERROR_SQUARES, *LABELS, *SQUARES)

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
        rest = 1 - Fraction(self.alpha) - Fraction(self.beta)
        return overlap_loss(sums, 1, self.beta, self.alpha, rest, self.epsilon)


def overlap_loss(
    sums: Sums, times: int, by_true: Any, by_pred: Any, by_both: Any, epsilon: float
) -> float:
    """Return 1 - times I / (by_true Y + by_pred P + by_both I + epsilon), rounded once."""
    if units(sums.losses) is None:
        return NAN
    both, true, pred = (Fraction(s.units, 1 << 1074) for s in sums.losses)
    divisor = Fraction(by_true) * true + Fraction(by_pred) * pred + Fraction(by_both) * both
    divisor += Fraction(epsilon)
    rest = divisor - times * both
    return divide(rest.numerator * divisor.denominator, rest.denominator * divisor.numerator)
