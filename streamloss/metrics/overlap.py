"""Losses of the overlap of y_true and y_pred, from the sums of both and of their product."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

from streamloss.exact.digits import divide
from streamloss.exact.numbers import Exact
from streamloss.losses.define import loss
from streamloss.losses.domains import NonNegative, Share

if TYPE_CHECKING:
    from fractions import Fraction

    Factor = float | Fraction


@loss
class _Overlap(NamedTuple):
    """The product of y_true and y_pred, or one of them."""

    true: Share = 1.0
    pred: Share = 1.0

    def point(self, y_true: float, y_pred: float) -> float:
        """Return the value of one element."""
        both = y_true if self.pred == 0.0 else y_true * y_pred
        return y_pred if self.true == 0.0 else both


OVERLAP = {"both": _Overlap(), "true": _Overlap(pred=0.0), "pred": _Overlap(true=0.0)}
"""The losses of the sums of products, of labels and of predictions."""


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
    def sums() -> dict[str, Any]:
        """Return the losses whose sums it needs."""
        return dict(OVERLAP)

    def combine(self, both: Exact, true: Exact, pred: Exact) -> float:
        """Return the result of exact sums."""
        return overlap_loss((both, true, pred), 2, 1, 1, 0, self.epsilon)


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
    def sums() -> dict[str, Any]:
        """Return the losses whose sums it needs."""
        return dict(OVERLAP)

    def combine(self, both: Exact, true: Exact, pred: Exact) -> float:
        """Return the result of exact sums."""
        from fractions import Fraction

        rest = 1 - Fraction(self.alpha) - Fraction(self.beta)
        return overlap_loss((both, true, pred), 1, self.beta, self.alpha, rest, self.epsilon)


def overlap_loss(
    sums: tuple[Exact, ...],
    times: int,
    by_true: Factor,
    by_pred: Factor,
    by_both: Factor,
    epsilon: Factor,
) -> float:
    """Return 1 - times I / (by_true Y + by_pred P + by_both I + epsilon), rounded once."""
    from fractions import Fraction  # late: it takes a tenth of the time of importing numpy

    if any(s.strange is not None for s in sums):
        return math.nan
    both, true, pred = (Fraction(s.units, 1 << 1074) for s in sums)
    divisor = Fraction(by_true) * true + Fraction(by_pred) * pred + Fraction(by_both) * both
    divisor += Fraction(epsilon)
    rest = divisor - times * both
    return divide(rest.numerator * divisor.denominator, rest.denominator * divisor.numerator)
