"""Margins between the scores of classes in a row."""

from __future__ import annotations

from typing import Annotated, NamedTuple

from .arithmetic import INFINITY, NAN, divide, larger, product
from .define import loss
from .domains import Class, Classes, Interval, Row
from .formulas import among, has_nan, label, multi_margin, soft_margin

Power = Annotated[float, Interval(1.0, 2.0, closed=True)]


@loss(
    "multi_margin",
    "multi_margin_loss",
    formula="sum over i != y of max(0, margin - x_y + x_i)^p / C",
)
class MultiMargin(NamedTuple):
    """The mean over classes of the hinge of the score of a label's class over each other's.

    PyTorch's `MultiMarginLoss`; in the unit of the scores to the power `p`. Crammer and Singer
    (2001), On the algorithmic implementation of multiclass kernel-based vector machines.

    Examples
    --------
    >>> MultiMargin().row(0.0, [1.0, 0.5, 3.0, 0.0])
    0.875
    """

    p: Power = 1.0
    margin: float = 1.0

    def row(self, y_true: Class, y_pred: Row) -> float:
        """Return the loss of one row."""
        y = label(y_true, len(y_pred))
        return NAN if y < 0 else multi_margin(y, y_pred, self.margin, self.p) / len(y_pred)


@loss(
    "weighted_multi_margin",
    formula="sum over i != y of w_y max(0, margin - x_y + x_i)^p / C",
)
class WeightedMultiMargin(NamedTuple):
    """`MultiMargin` with a weight of each class, as ``y_pred=(scores, weights)``.

    PyTorch's `MultiMarginLoss(weight=...)`.

    Examples
    --------
    >>> WeightedMultiMargin().row(0.0, [1.0, 0.5, 3.0, 0.0], [2.0, 0.0, 0.0, 0.0])
    1.75
    """

    p: Power = 1.0
    margin: float = 1.0

    def row(self, y_true: Class, y_pred: Row, class_weights: Row) -> float:
        """Return the loss of one row."""
        y = label(y_true, len(y_pred))
        if y < 0:
            return NAN
        weight: float = class_weights[y]
        if weight == 0.0:
            return NAN if has_nan(y_pred) else 0.0
        return weight * multi_margin(y, y_pred, self.margin, self.p) / len(y_pred)


@loss(
    "multi_label_margin",
    "multilabel_margin",
    "multilabel_margin_loss",
    formula="sum over labels y and over i that is no label of max(0, 1 - (x_y - x_i)) / C",
)
class MultiLabelMargin(NamedTuple):
    """The mean over classes of the hinges of the scores of the labels' classes over the others'.

    A row of labels has indices of classes up to the first negative number, what follows does not
    count. PyTorch's `MultiLabelMarginLoss`; in the unit of the scores.

    Examples
    --------
    >>> MultiLabelMargin().row([3.0, 0.0, -1.0, 1.0], [0.0, 0.5, 0.25, 0.5])
    1.125
    """

    def row(self, y_true: Classes, y_pred: Row) -> float:
        """Return the loss of one row."""
        count = 0
        while count < len(y_true) and not y_true[count] < 0.0:
            if label(y_true[count], len(y_pred)) < 0:
                return NAN
            count += 1
        value = 0.0
        for i in range(len(y_pred)):
            if not among(i, y_true, count):
                for k in range(count):
                    value += larger(1.0 - (y_pred[int(y_true[k])] - y_pred[i]), 0.0)
        if value != value and not has_nan(y_pred):
            for k in range(count):
                for i in range(len(y_pred)):
                    y = int(y_true[k])
                    endless = y_pred[y] == -INFINITY or y_pred[i] == INFINITY
                    if endless and y_pred[i] > y_pred[y] and not among(i, y_true, count):
                        return INFINITY
        return divide(value, len(y_pred))


@loss(
    "multi_label_soft_margin",
    "multilabel_soft_margin",
    "multilabel_soft_margin_loss",
    formula="mean over c of y_c log(1 + e^-x_c) + (1 - y_c) log(1 + e^x_c)",
)
class MultiLabelSoftMargin(NamedTuple):
    """The mean over classes of the cross-entropies of labels 0 and 1 and logits, in nats.

    PyTorch's `MultiLabelSoftMarginLoss`. No logit is too large.

    Error at most 4 ulp.

    Examples
    --------
    >>> MultiLabelSoftMargin().row([0.0, 1.0], [1000.0, 1000.0])
    500.0
    """

    def row(self, y_true: Row, y_pred: Row) -> float:
        """Return the loss of one row."""
        value = 0.0
        for c in range(len(y_pred)):
            value += soft_margin(y_true[c], y_pred[c])
        return divide(value, len(y_pred))


@loss(
    "weighted_multi_label_soft_margin",
    formula="mean over c of w_c (y_c log(1 + e^-x_c) + (1 - y_c) log(1 + e^x_c))",
)
class WeightedMultiLabelSoftMargin(NamedTuple):
    """`MultiLabelSoftMargin` with a weight of each class, as ``y_pred=(logits, weights)``.

    PyTorch's `MultiLabelSoftMarginLoss(weight=...)`.

    Error at most 4 ulp.

    Examples
    --------
    >>> WeightedMultiLabelSoftMargin().row([0.0, 1.0], [1000.0, 1000.0], [3.0, 1.0])
    1500.0
    """

    def row(self, y_true: Row, y_pred: Row, class_weights: Row) -> float:
        """Return the loss of one row."""
        value = 0.0
        for c in range(len(y_pred)):
            value += product(class_weights[c], soft_margin(y_true[c], y_pred[c]))
        return divide(value, len(y_pred))
