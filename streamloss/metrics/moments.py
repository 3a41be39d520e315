"""Metrics of the variance that predictions explain: of moments of labels and errors, all exact."""

from __future__ import annotations

from typing import Any, NamedTuple

from streamloss.exact.numbers import Exact
from streamloss.losses.define import loss

from .base import Error, ErrorSquare, Label, LabelSquare, variation


@loss(
    "r2",
    "r2_score",
    formula="1 - sum w (y_true - y_pred)^2 / sum w (y_true - mean)^2",
    perfect=1.0,
)
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
    def sums() -> dict[str, Any]:
        """Return the losses whose sums it needs."""
        return {"left": "squared_error", "label": Label(), "square": LabelSquare()}

    def combine(self, weights: Exact, left: Exact, label: Exact, square: Exact) -> float:
        """Return the result of exact sums."""
        total = variation(weights, label, square)
        return (total - left * weights) / total


@loss(
    "explained_variance",
    "explained_variance_score",
    formula="1 - variance of y_true - y_pred / variance of y_true",
    perfect=1.0,
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
    def sums() -> dict[str, Any]:
        """Return the losses whose sums it needs."""
        errors = {"error": Error(), "error_square": ErrorSquare()}
        return {**errors, "label": Label(), "square": LabelSquare()}

    def combine(
        self, weights: Exact, error: Exact, error_square: Exact, label: Exact, square: Exact
    ) -> float:
        """Return the result of exact sums."""
        total = variation(weights, label, square)
        return (total - variation(weights, error, error_square)) / total
