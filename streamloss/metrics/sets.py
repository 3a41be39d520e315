"""How far a class and what is predicted as it are the same: F scores, Jaccard's index.

Of true positives TP, false positives FP and false negatives FN, as the rates are.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from streamloss.exact.counted import Counted
from streamloss.losses.define import loss
from streamloss.losses.domains import LabelLike, NonNegative

from .averages import Average, Over, rate, rate_keys, undefined
from .counts import Counts
from .matrix import PerClass
from .rates import Rate
from .scores import IgnoreIndex, Scores, Threshold


@loss(
    "f1",
    "f1_score",
    formula="2 TP / (2 TP + FP + FN)",
    perfect=math.inf,
)
class F1(Rate):
    """The harmonic mean of precision and recall, without a unit.

    The parameters are those of `Precision`. It is 0 / 0 of a class that neither y_true nor y_pred
    has.

    Examples
    --------
    >>> import streamloss as sl
    >>> sl.evaluate("f1", [1, 1, 0, 1], [1, 0, 0, 1])
    0.8
    >>> sl.evaluate(sl.F1("macro"), [0, 1, 2, 2], [0, 2, 2, 2])
    0.6
    """

    __slots__ = ()

    def ratio(self, counts: Counts) -> tuple[Any, Any]:
        """Return numerators and denominators."""
        return counts.hits + counts.hits, counts.true + counts.pred


@loss(
    "jaccard",
    "jaccard_score",
    "jaccard_index",
    "iou",
    formula="TP / (TP + FP + FN)",
    perfect=math.inf,
)
class Jaccard(Rate):
    """The intersection of y_true and y_pred over their union, of a class, without a unit.

    The parameters are those of `Precision`. It is 0 / 0 of a class that neither y_true nor y_pred
    has.

    Examples
    --------
    >>> import streamloss as sl
    >>> sl.evaluate("jaccard", [1, 1, 0, 1], [1, 0, 0, 1])
    0.6666666666666666
    """

    __slots__ = ()

    def ratio(self, counts: Counts) -> tuple[Any, Any]:
        """Return numerators and denominators."""
        return counts.hits, counts.true + counts.pred - counts.hits


@loss(
    "mean_iou",
    "miou",
    formula="mean over classes of TP / (TP + FP + FN)",
    perfect=math.inf,
)
class MeanIoU(NamedTuple):
    """The mean over classes of intersection over union, without a unit: `Jaccard` with "macro".

    It is over the classes that y_true or y_pred has, and of all elements together: an image is not
    averaged by itself.

    Parameters
    ----------
    ignore_index, scores, threshold
        As those of `Precision`.

    Examples
    --------
    >>> import streamloss as sl
    >>> sl.evaluate(sl.MeanIoU(ignore_index=255), [0, 0, 1, 255], [0, 1, 1, 0])
    0.5
    """

    ignore_index: IgnoreIndex = None
    scores: Scores = "labels"
    threshold: Threshold = None

    def cells(self) -> dict[str, Any]:
        """Return the keys of the cells it needs."""
        return self.macro().cells()

    def combine(self, cells: Counted) -> float | PerClass:
        """Return the result of exact counts."""
        return self.macro().combine(cells)

    def undefined(self, cells: Counted) -> int:
        """Return of how many classes it is 0 / 0: the mean leaves them out."""
        return self.macro().undefined(cells)

    def macro(self) -> Jaccard:
        """Return the metric that it is."""
        return Jaccard("macro", 1, self.ignore_index, self.scores, self.threshold)


@loss(
    "f_beta",
    "fbeta",
    "fbeta_score",
    formula="(1 + beta^2) TP / ((1 + beta^2) TP + FP + beta^2 FN)",
    perfect=math.inf,
)
class FBeta(NamedTuple):
    """The harmonic mean of precision and recall, recall counting beta^2 times, without a unit.

    Parameters
    ----------
    beta : float
        How much recall counts: at 0 it is the precision, at 1 `F1`.
    average, positive, ignore_index, scores, threshold, over
        As those of `Precision`.

    Examples
    --------
    >>> import streamloss as sl
    >>> sl.evaluate(sl.FBeta(2.0), [1, 1, 0, 1], [1, 0, 0, 1])
    0.7142857142857143
    """

    beta: NonNegative = 1.0
    average: Average = "binary"
    positive: LabelLike = 1
    ignore_index: IgnoreIndex = None
    scores: Scores = "labels"
    threshold: Threshold = None
    over: Over = "classes"

    def cells(self) -> dict[str, Any]:
        """Return the keys of the cells it needs."""
        return rate_keys(self)

    def combine(self, cells: Counted) -> float | PerClass:
        """Return the result of exact counts."""
        return rate(self, cells)

    def undefined(self, cells: Counted) -> int:
        """Return of how many classes it is 0 / 0: averages leave them out."""
        return undefined(self, cells)

    def ratio(self, counts: Counts) -> tuple[Any, Any]:
        """Return numerators and denominators, as Python's integers."""
        numerator, denominator = self.beta.as_integer_ratio()
        p, q = numerator**2, denominator**2
        hits, true, pred = (_object(count) for count in counts[1:4])
        return (p + q) * hits, p * true + q * pred


def _object(counts: Any) -> Any:
    """Return counts as Python's integers, which no factor is too large for."""
    return counts if isinstance(counts, int) else np.asarray(counts, object)
