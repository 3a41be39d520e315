"""Rates of the positive label or of each class, and their averages: precision, recall, specificity.

A rate is a ratio of counts: true positives TP, of which the class is y_true and y_pred, false
positives FP, false negatives FN and true negatives TN.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

from streamloss.exact.counted import Counted
from streamloss.losses.define import loss
from streamloss.losses.domains import LabelLike

from .averages import Average, Over, rate, rate_keys, undefined
from .counts import Counts
from .matrix import PerClass
from .scores import IgnoreIndex, Scores, Threshold


class Rate(NamedTuple):
    """What the rates have in common: their parameters, and what becomes of a ratio."""

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
        """Return numerators and denominators."""
        raise NotImplementedError


@loss(
    "precision",
    "precision_score",
    "positive_predictive_value",
    "ppv",
    formula="TP / (TP + FP)",
    perfect=math.inf,
)
class Precision(Rate):
    """The share of the elements predicted as a class that are of it, without a unit.

    Parameters
    ----------
    average : {"binary", "micro", "macro", "weighted", "none", "samples"}
        The precision of the label `positive`; that of the counts of all classes together; the mean
        over classes; their mean weighted by y_true; one for each class, as a
        [`PerClass`][streamloss.metrics.matrix.PerClass]; or the mean over rows of indicators. Means
        leave out what is 0 / 0, and are rounded once.
    positive : label
        The label that "binary" is about; that of indicators. In a name such as
        "precision:positive=cat" labels in quotes are text, as '1' is.
    ignore_index : label, optional
        The label y_true whose elements are left out, and no class of an average.
    scores, threshold
        As those of `ConfusionMatrix`.
    over : {"classes", "outputs"}
        What is averaged: the classes of labels, or the outputs of rows of indicators 0 and 1 (or of
        their scores), along the last axis.

    Examples
    --------
    >>> import streamloss as sl
    >>> y_true, y_pred = ["cat", "dog", "dog", "cat"], ["cat", "dog", "cat", "cat"]
    >>> sl.evaluate(sl.Precision(positive="cat"), y_true, y_pred)
    0.6666666666666666
    >>> sl.evaluate(sl.Precision("macro"), y_true, y_pred)
    0.8333333333333334
    >>> sl.evaluate(sl.Precision("none"), y_true, y_pred)
    <PerClass cat: 0.666667, dog: 1>
    """

    __slots__ = ()

    def ratio(self, counts: Counts) -> tuple[Any, Any]:
        """Return numerators and denominators."""
        return counts.hits, counts.pred


@loss(
    "recall",
    "recall_score",
    "sensitivity",
    "true_positive_rate",
    "tpr",
    formula="TP / (TP + FN)",
    perfect=math.inf,
)
class Recall(Rate):
    """The share of the elements of a class that are predicted as it, without a unit.

    The parameters are those of `Precision`.

    Examples
    --------
    >>> import streamloss as sl
    >>> sl.evaluate("recall", [1, 1, 0, 1], [1, 0, 0, 1])
    0.6666666666666666
    >>> sl.evaluate(sl.Recall(scores="logits"), [1, 1, 0], [2.5, 0.1, -3.0])
    1.0
    """

    __slots__ = ()

    def ratio(self, counts: Counts) -> tuple[Any, Any]:
        """Return numerators and denominators."""
        return counts.hits, counts.true


@loss(
    "specificity",
    "true_negative_rate",
    "tnr",
    formula="TN / (TN + FP)",
    perfect=math.inf,
)
class Specificity(Rate):
    """The share of the elements of other classes that are not predicted as one, without a unit.

    The parameters are those of `Precision`.

    Examples
    --------
    >>> import streamloss as sl
    >>> sl.evaluate("specificity", [0, 0, 0, 1], [0, 1, 0, 1])
    0.6666666666666666
    """

    __slots__ = ()

    def ratio(self, counts: Counts) -> tuple[Any, Any]:
        """Return numerators and denominators."""
        return counts.rejected, counts.false
