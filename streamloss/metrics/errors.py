"""Metrics of errors beside the size of what is predicted."""

from __future__ import annotations

from typing import Any, NamedTuple

from streamloss.exact.numbers import Exact
from streamloss.losses.define import loss

from .base import Label, LabelSize, Prediction


@loss(
    "mean_error",
    "bias",
    "calibration_in_the_large",
    formula="sum w (y_pred - y_true) / sum w",
    perfect=0.0,
)
class MeanError(NamedTuple):
    """The mean error or bias, in the unit of y_true: above zero if predictions are too large.

    The sums of both are exact, so that none of it is lost where they nearly cancel. Of
    probabilities, and labels 0 and 1, it is their calibration in the large.

    Examples
    --------
    >>> import streamloss as sl
    >>> sl.evaluate("bias", [1.0, 2.0, 1e17], [2.0, 2.0, 1e17])
    0.3333333333333333
    """

    @staticmethod
    def sums() -> dict[str, Any]:
        """Return the losses whose sums it needs."""
        return {"label": Label(), "prediction": Prediction()}

    def combine(self, weights: Exact, label: Exact, prediction: Exact) -> float:
        """Return the result of exact sums."""
        return (prediction - label) / weights


@loss(
    "wape",
    "weighted_absolute_percentage_error",
    formula="sum w |y_pred - y_true| / sum w |y_true|",
)
class WeightedAbsolutePercentageError(NamedTuple):
    """The weighted absolute percentage error: all errors over all labels, a share without a unit.

    Unlike the mean absolute percentage error it stands labels that are zero, as long as not all
    are.

    Examples
    --------
    >>> import streamloss as sl
    >>> sl.evaluate("wape", [1.0, 0.0, 4.0], [1.5, 1.0, 3.0])
    0.5
    """

    @staticmethod
    def sums() -> dict[str, Any]:
        """Return the losses whose sums it needs."""
        return {"errors": "absolute_error", "labels": LabelSize()}

    def combine(self, errors: Exact, labels: Exact) -> float:
        """Return the result of exact sums."""
        return errors / labels
