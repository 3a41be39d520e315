"""Whether probabilities say how often something comes: tables of bins, and errors made of these.

Sums in bins are exact, for probabilities above 1e-140, and results rounded once. Only where rows of
probabilities have weights the product of a weight and the largest of a row is rounded before: of
float32 it is exact.
"""

from __future__ import annotations

import math
from typing import Annotated, Any, NamedTuple

import numpy as np

from streamloss.exact.counted import Counted
from streamloss.exact.digits import UNIT
from streamloss.exact.means import Ratios, nearest
from streamloss.exact.numbers import Exact
from streamloss.losses.define import loss
from streamloss.losses.domains import Choice

from .bins import (
    Bins,
    Closed,
    Hit,
    Largest,
    Probabilities,
    Strategy,
    keys_of,
    sums_of,
)
from .reliability import Bin, Reliability, bins_of


@loss(
    "calibration_table",
    "calibration_curve",
    "reliability",
    formula="in each bin b: sum w p / sum w, sum w y / sum w",
    perfect=0.0,
)
class CalibrationTable(NamedTuple):
    """The mean probability and the share of what came in each bin of probabilities.

    A `Reliability`: a row for each bin that has elements. Labels are 0 and 1, or shares between.

    Bins are of equal width with strategy "uniform", their edges k / bins as rounded. Those of
    "quantile" are of equal weight, nearly: what comes in a stream is counted in fine bins, less
    than 0.1 % of a probability wide, and a bin ends with the first of these that its share of the
    weights is reached in. Edges are said, and as exact; there are fewer bins where many
    probabilities are alike. Weights must not be negative there.

    A bin has its right edge in it, as in scikit-learn's `calibration_curve` and Guo et al. (2017),
    On calibration of modern neural networks; torchmetrics has the left one, as `closed` may say.

    Of "classes", rows of probabilities, the largest one is the probability, and the label whether
    it is that of the class y_true. With "each_class" there are bins for each class, the label being
    whether y_true is that class: one bin for each is the calibration in the large of each class.
    Where a probability is outside [0, 1], as logits are, the result is NaN.

    Examples
    --------
    >>> import streamloss as sl
    >>> sl.evaluate(sl.CalibrationTable(bins=2), [0, 1, 1, 1], [0.25, 0.5, 0.75, 1.0])
     low  high  elements  weights  predicted  observed     gap
       0   0.5         2        2      0.375       0.5  -0.125
     0.5     1         2        2      0.875         1  -0.125
    """

    bins: Bins = 15.0
    strategy: Strategy = "uniform"
    scores: Probabilities = "probabilities"
    closed: Closed = "right"

    def cells(self) -> dict[str, Any]:
        """Return the keys that tell cells apart."""
        return keys_of(self)

    def sums(self) -> dict[str, Any]:
        """Return the losses that are summed in each cell."""
        return sums_of(self)

    def combine(self, cells: Counted) -> Reliability:
        """Return the table of exact counts."""
        bins = bins_of(self, cells)
        weights = [cells.exact(each.weight) for each in bins]
        columns: dict[str, Any] = {}
        if "class" in cells.keys:
            columns["class"] = np.array([each.of for each in bins], np.int64)
        columns["low"] = np.array([each.low for each in bins], np.float64)
        columns["high"] = np.array([each.high for each in bins], np.float64)
        columns["elements"] = np.array([each.elements for each in bins], np.int64)
        columns["weights"] = np.array([float(weight) for weight in weights], np.float64)
        for name in "predicted", "observed", "gap":
            pairs = zip(bins, weights, strict=True)
            means = [Exact(getattr(each, name)) / weight for each, weight in pairs]
            columns[name] = np.array(means, np.float64)
        return Reliability(columns, self.closed if self.strategy == "uniform" else "right")


@loss(
    "expected_calibration_error",
    "ece",
    "calibration_error",
    formula="sum_b |sum_b w (p - y)| / sum w; with l2 the root of sum_b W_b gap_b^2 / sum w",
)
class ExpectedCalibrationError(NamedTuple):
    """The expected calibration error: the mean gap between probabilities and shares, from 0 to 1.

    Bins as in `CalibrationTable`, of which it is the mean of the gaps as absolute values, weighted
    by the weights in the bins; with norm "l2" the root of the mean of their squares. Naeini et al.
    (2015), Obtaining well calibrated probabilities using Bayesian binning. With "each_class" it is
    the mean over classes (of squares, for l2): the static calibration error of Nixon et al. (2019),
    Measuring calibration in deep learning, and with l2 the marginal calibration error of Kumar et
    al. (2019), Verified uncertainty calibration.

    Examples
    --------
    >>> import streamloss as sl
    >>> sl.evaluate("ece:bins=2", [0, 1, 1, 1], [0.25, 0.5, 0.75, 1.0])
    0.125
    >>> rows = [[0.75, 0.25], [0.75, 0.25], [0.5, 0.5]]
    >>> sl.evaluate(sl.ExpectedCalibrationError(scores="classes"), [0, 1, 0], rows)
    0.3333333333333333
    """

    bins: Bins = 15.0
    strategy: Strategy = "uniform"
    scores: Probabilities = "probabilities"
    closed: Closed = "right"
    norm: Annotated[str, Choice(("l1", "l2"))] = "l1"

    def cells(self) -> dict[str, Any]:
        """Return the keys that tell cells apart."""
        return keys_of(self)

    def sums(self) -> dict[str, Any]:
        """Return the losses that are summed in each cell."""
        return sums_of(self)

    def combine(self, cells: Counted) -> float:
        """Return the result of exact counts."""
        bins = bins_of(self, cells)
        if self.norm == "l2":
            return _root_of_squares(bins, cells)
        return Exact(sum([abs(each.gap) for each in bins])) / cells.exact(cells.total)


@loss(
    "maximum_calibration_error",
    "mce",
    formula="max_b |sum_b w (p - y)| / sum_b w",
)
class MaximumCalibrationError(NamedTuple):
    """The maximum calibration error: the largest gap of a bin, from 0 to 1.

    Of bins with weight, as in `CalibrationTable`, and with "each_class" of all classes. Naeini et
    al. (2015), Obtaining well calibrated probabilities using Bayesian binning.

    Examples
    --------
    >>> import streamloss as sl
    >>> sl.evaluate("mce:bins=2", [0, 1, 1, 1], [0.25, 0.25, 0.75, 1.0])
    0.25
    """

    bins: Bins = 15.0
    strategy: Strategy = "uniform"
    scores: Probabilities = "probabilities"
    closed: Closed = "right"

    def cells(self) -> dict[str, Any]:
        """Return the keys that tell cells apart."""
        return keys_of(self)

    def sums(self) -> dict[str, Any]:
        """Return the losses that are summed in each cell."""
        return sums_of(self)

    def combine(self, cells: Counted) -> float:
        """Return the result of exact counts."""
        heavy = [each for each in bins_of(self, cells) if each.weight]
        gaps = [Exact(each.gap) / cells.exact(each.weight) for each in heavy]
        return max(map(abs, gaps), default=math.nan)


@loss(
    "overconfidence",
    "top_label_calibration_in_the_large",
    formula="sum w max_c p_c / sum w - sum w [the largest is p_y] / sum w",
    perfect=0.0,
)
class Overconfidence(NamedTuple):
    """The mean of the largest probabilities less the share of hits: above 0 of too large ones.

    The calibration in the large of top labels, of rows of probabilities and indices of classes. Of
    probabilities of label 1 that is `MeanError`, and of each class the gap of a `CalibrationTable`
    with one bin.

    Examples
    --------
    >>> import streamloss as sl
    >>> sl.evaluate("overconfidence", [0, 1], [[0.75, 0.25], [0.75, 0.25]])
    0.25
    """

    @staticmethod
    def sums() -> dict[str, Any]:
        """Return the losses whose sums it needs."""
        return {"predicted": Largest(), "observed": Hit()}

    def combine(self, weights: Exact, predicted: Exact, observed: Exact) -> float:
        """Return the result of exact sums."""
        return (predicted - observed) / weights


def _root_of_squares(bins: list[Bin], cells: Counted) -> float:
    """Return the root of a sum of squares of gaps over weights, over all weights, rounded once."""
    squares = Ratios.of_pairs((each.gap**2, each.weight) for each in bins if each.weight)
    return nearest([squares], [1], cells.total << 2 * (cells.exponent - UNIT), _root)


def _root(numerator: int, denominator: int) -> float:
    """Return the correctly rounded root of a quotient; NaN below 0, and of 0 / 0."""
    return Exact(numerator, None, 0).root_over(Exact(denominator, None, 0))
