"""Metrics of pairs of labels: how many are right, and which are taken for which."""

from __future__ import annotations

import math
from typing import Annotated, Any, NamedTuple

import numpy as np

from streamloss.exact.counted import Counted
from streamloss.exact.digits import divide
from streamloss.exact.means import mean_of_ratios
from streamloss.exact.ratios import ratios, scaled
from streamloss.losses.define import loss
from streamloss.losses.domains import Choice, Flag

from .counts import added, agreement, class_counts
from .matrix import Confusion
from .pairs import coded
from .scores import IgnoreIndex, Scores, Threshold, classes_of, label_keys

Normalize = Annotated[str, Choice(("none", "true", "pred", "all"))]
"""What the weight of a pair is divided by: nothing, that of its row, of its column, or of all."""


@loss(
    "confusion_matrix",
    "confusion",
    formula="C_ij = sum w [y_true = i] [y_pred = j]",
)
class ConfusionMatrix(NamedTuple):
    r"""The weight of each pair of labels, a row for each y_true and a column for each y_pred.

    The result is a [`Confusion`][streamloss.metrics.matrix.Confusion]. Labels are of any kind, and
    sorted by value; those of scores of two classes are always 0 and 1. Weights and shares are
    rounded once; with `normalize` a share of nothing is NaN.

    Parameters
    ----------
    normalize : {"none", "true", "pred", "all"}
        What to divide by: nothing, the weight of the row, of the column, or of all pairs.
    ignore_index : label, optional
        The label y_true whose elements are left out. In a name such as "accuracy:ignore_index=-1"
        labels in quotes are text, and "none", without quotes, is no label.
    scores : {"labels", "probabilities", "logits", "classes"}
        What y_pred is: labels; probabilities or logits of label 1, which y_true tells from 0; or
        rows of scores of the classes that y_true is an index of.
    threshold : float, optional
        What a probability (by default 0.5) or a logit (0) is above if the decision is 1.

    Examples
    --------
    >>> import streamloss as sl
    >>> y_true, y_pred = ["cat", "dog", "dog", "dog"], ["cat", "dog", "cat", "dog"]
    >>> sl.evaluate("confusion_matrix", y_true, y_pred)
    true \ pred  cat  dog
            cat    1    0
            dog    1    2
    """

    normalize: Normalize = "none"
    ignore_index: IgnoreIndex = None
    scores: Scores = "labels"
    threshold: Threshold = None

    def cells(self) -> dict[str, Any]:
        """Return the keys of the cells it needs."""
        return label_keys(self)

    def combine(self, cells: Counted) -> Confusion:
        """Return the result of exact counts."""
        labels, true, pred, units = coded(cells, self.ignore_index, classes_of(self))
        if self.normalize == "none":
            return Confusion(labels, true, pred, _weights(units, cells.exponent))
        size = len(labels)
        places, shape = {
            "true": (true, (size, 1)),
            "pred": (pred, (1, size)),
            "all": (np.zeros_like(true), (1, 1)),
        }[self.normalize]
        totals = added(places, units, math.prod(shape))
        rest = np.where(totals == 0, np.nan, 0.0).reshape(shape)
        return Confusion(labels, true, pred, ratios(units, totals[places]), rest)


def _weights(units: Any, exponent: int) -> Any:
    """Return weights, as int64 if all are whole and fit it."""
    whole = [unit << exponent for unit in units.tolist()] if 0 <= exponent < 64 else None
    if whole is not None and all([-(1 << 63) <= number < 1 << 63 for number in whole]):
        return np.array(whole, np.int64)
    return scaled(units, exponent)


@loss(
    "accuracy",
    "accuracy_score",
    formula="sum w [y_true = y_pred] / sum w",
    perfect=math.inf,
)
class Accuracy(NamedTuple):
    """The share of elements whose label is right, without a unit.

    Parameters
    ----------
    ignore_index, scores, threshold
        As those of `ConfusionMatrix`.

    Examples
    --------
    >>> import streamloss as sl
    >>> sl.evaluate("accuracy", ["cat", "dog", "dog"], ["cat", "dog", "cat"])
    0.6666666666666666
    >>> sl.evaluate(sl.Accuracy(scores="probabilities"), [0, 1, 1], [0.2, 0.5, 0.9])
    0.6666666666666666
    >>> sl.evaluate(sl.Accuracy(scores="classes"), [0, 2], [[3.0, 1.0, 2.0], [0.1, 0.2, 0.7]])
    1.0
    """

    ignore_index: IgnoreIndex = None
    scores: Scores = "labels"
    threshold: Threshold = None

    def cells(self) -> dict[str, Any]:
        """Return the keys of the cells it needs."""
        return label_keys(self)

    def combine(self, cells: Counted) -> float:
        """Return the result of exact counts."""
        right, total = agreement(cells, self.ignore_index)
        return divide(right, total)


@loss(
    "hamming",
    "hamming_loss",
    "hamming_distance",
    formula="sum w [y_true != y_pred] / sum w",
)
class Hamming(NamedTuple):
    """The share of elements whose label is wrong, without a unit: one minus the accuracy.

    Of a matrix of indicators it is the share of all of them, and with ``axis=0`` that of each
    output. For the share of rows with a wrong label there is `ZeroOneRow`.

    Parameters
    ----------
    ignore_index, scores, threshold
        As those of `ConfusionMatrix`.

    Examples
    --------
    >>> import streamloss as sl
    >>> sl.evaluate("hamming", [[1, 0], [1, 1]], [[1, 1], [1, 1]])
    0.25
    """

    ignore_index: IgnoreIndex = None
    scores: Scores = "labels"
    threshold: Threshold = None

    def cells(self) -> dict[str, Any]:
        """Return the keys of the cells it needs."""
        return label_keys(self)

    def combine(self, cells: Counted) -> float:
        """Return the result of exact counts."""
        right, total = agreement(cells, self.ignore_index)
        return divide(total - right, total)


@loss(
    "balanced_accuracy",
    "balanced_accuracy_score",
    formula="mean over classes of y_true of sum w [y_true = y_pred = c] / sum w [y_true = c]",
    perfect=math.inf,
)
class BalancedAccuracy(NamedTuple):
    """The mean over classes of the share of their elements whose label is right, without a unit.

    It is over the classes that y_true has, as scikit-learn's; a class that is predicted alone has
    no such share.

    Parameters
    ----------
    adjusted : bool
        Whether it is shifted and scaled so that guessing at random gives 0, and all right 1.
    ignore_index, scores, threshold
        As those of `ConfusionMatrix`.

    Examples
    --------
    >>> import streamloss as sl
    >>> y_true, y_pred = ["cat", "dog", "dog", "dog"], ["cat", "dog", "cat", "dog"]
    >>> sl.evaluate("balanced_accuracy", y_true, y_pred)
    0.8333333333333334
    >>> sl.evaluate(sl.BalancedAccuracy(adjusted=True), y_true, y_pred)
    0.6666666666666666
    """

    adjusted: Annotated[float, Flag()] = 0.0
    ignore_index: IgnoreIndex = None
    scores: Scores = "labels"
    threshold: Threshold = None

    def cells(self) -> dict[str, Any]:
        """Return the keys of the cells it needs."""
        return label_keys(self)

    def combine(self, cells: Counted) -> float:
        """Return the result of exact counts."""
        counts = class_counts(cells, self.ignore_index)
        hits, true = counts.hits.tolist(), counts.true.tolist()
        if self.adjusted == 0.0:
            return mean_of_ratios(hits, true)
        classes = sum([h != 0 or t != 0 for h, t in zip(hits, true, strict=True)])
        if not classes:
            return math.nan
        return mean_of_ratios(
            [*hits, -1], [*true, 1], total=classes - 1
        )  # (mean - 1/C) / (1 - 1/C)
