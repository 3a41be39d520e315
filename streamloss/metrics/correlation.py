"""Metrics of how labels and predictions vary together: of their moments, all exact.

The sums are exact for values of magnitudes between 1e-140 and 1e150, so that nothing cancels
however far the means are from zero, and the result is rounded once.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

from streamloss.exact.numbers import Exact
from streamloss.losses.define import loss
from streamloss.losses.domains import NonNegative

from .base import Label, LabelSquare, Prediction, PredictionSquare, Product, variation

FIRST = {"y": Label(), "p": Prediction()}
"""The sums of w y_true and of w y_pred."""


@loss(
    "covariance",
    formula="sum w (y_true - mean) (y_pred - mean) / (sum w - ddof)",
    perfect=math.inf,
)
class Covariance(NamedTuple):
    """The covariance of y_true and y_pred, in the unit of y_true squared.

    `ddof` is taken from the sum of the weights: with 1 it is the estimate of a sample, weights
    being counts of equal elements, as `numpy.cov` has it of `fweights`.

    Examples
    --------
    >>> import streamloss as sl
    >>> sl.evaluate("covariance", [1.0, 2.0, 3.0], [2.0, 4.0, 6.0])
    1.3333333333333333
    >>> sl.evaluate(sl.Covariance(ddof=1), [1e9, 1e9 + 1, 1e9 + 2], [2.0, 4.0, 6.0])
    2.0
    """

    ddof: NonNegative = 0.0

    @staticmethod
    def sums() -> dict[str, Any]:
        """Return the losses whose sums it needs."""
        return {**FIRST, "yp": Product()}

    def combine(self, weights: Exact, y: Exact, p: Exact, yp: Exact) -> float:
        """Return the result of exact sums."""
        free = weights - Exact.of(self.ddof)
        return (weights * yp - y * p) / (weights * (free if free.units > 0 else 0))


@loss(
    "pearson",
    "pearsonr",
    "correlation",
    formula="covariance of y_true and y_pred / root of the product of their variances",
    perfect=1.0,
)
class Pearson(NamedTuple):
    """Pearson's coefficient of correlation, from -1 to 1, without a unit.

    It is NaN where y_true or y_pred is constant.

    Examples
    --------
    >>> import streamloss as sl
    >>> sl.evaluate("pearson", [1.0, 2.0, 3.0], [3.0, 5.0, 7.0])
    1.0
    >>> sl.evaluate("pearson", [1.0, 2.0, 3.0], [1e8, 1e8 + 1, 1e8], [1.0, 1.0, 2.0])
    -0.17407765595569785
    """

    @staticmethod
    def sums() -> dict[str, Any]:
        """Return the losses whose sums it needs."""
        return {**FIRST, "yy": LabelSquare(), "pp": PredictionSquare(), "yp": Product()}

    def combine(self, weights: Exact, y: Exact, p: Exact, yy: Exact, pp: Exact, yp: Exact) -> float:
        """Return the result of exact sums."""
        both = variation(weights, y, yy) * variation(weights, p, pp)
        return (weights * yp - y * p).over_root(both)


@loss(
    "concordance",
    "concordance_correlation",
    "ccc",
    formula="2 covariance / (variance of y_true + variance of y_pred + difference of means ^2)",
    perfect=1.0,
)
class Concordance(NamedTuple):
    """Lin's coefficient of concordance, from -1 to 1, without a unit: 1 if all are equal.

    Unlike `Pearson` it does not forgive another mean or scale. Lin (1989), A concordance
    correlation coefficient to evaluate reproducibility, with the variances of populations. It is
    NaN where y_true and y_pred are the same constant.

    Examples
    --------
    >>> import streamloss as sl
    >>> sl.evaluate("concordance", [1.0, 2.0, 3.0], [2.0, 3.0, 4.0])
    0.5714285714285714
    """

    @staticmethod
    def sums() -> dict[str, Any]:
        """Return the losses whose sums it needs."""
        return Pearson.sums()

    def combine(self, weights: Exact, y: Exact, p: Exact, yy: Exact, pp: Exact, yp: Exact) -> float:
        """Return the result of exact sums."""
        spread = variation(weights, y, yy) + variation(weights, p, pp)
        return 2 * (weights * yp - y * p) / (spread + (y - p) * (y - p))


@loss(
    "slope",
    "calibration_slope",
    formula="covariance of y_true and y_pred / variance of y_pred",
    perfect=1.0,
)
class Slope(NamedTuple):
    """The slope of the line of least squares that gives y_true of y_pred, without a unit.

    It is 1 if predictions are neither too far from their mean, as those below 1 are, nor too
    close to it. Where y_pred is constant it is NaN.

    Examples
    --------
    >>> import streamloss as sl
    >>> sl.evaluate("slope", [1.0, 2.0, 3.0], [3.0, 5.0, 7.0])
    0.5
    """

    @staticmethod
    def sums() -> dict[str, Any]:
        """Return the losses whose sums it needs."""
        return {**FIRST, "pp": PredictionSquare(), "yp": Product()}

    def combine(self, weights: Exact, y: Exact, p: Exact, pp: Exact, yp: Exact) -> float:
        """Return the result of exact sums."""
        return (weights * yp - y * p) / variation(weights, p, pp)
