"""Losses of predicted labels, and of a row of probabilities or scores for the label's class."""

from __future__ import annotations

from typing import NamedTuple

from .arithmetic import INFINITY, NAN, larger
from .define import loss
from .domains import Class, Row
from .formulas import label


@loss("zero_one", "zero_one_loss", formula="0 if y_pred = y_true else 1")
class ZeroOne(NamedTuple):
    """Whether a predicted label is wrong: its mean is the share of errors, without a unit.

    scikit-learn's `zero_one_loss`; NaN if a label is.

    Examples
    --------
    >>> ZeroOne().point(2.0, 2.0), ZeroOne().point(2.0, 3.0)
    (0.0, 1.0)
    """

    def point(self, y_true: float, y_pred: float) -> float:
        """Return the loss of one element."""
        if y_pred == y_true:
            return 0.0
        return NAN if (y_true != y_true) | (y_pred != y_pred) else 1.0


@loss("zero_one_row", formula="0 if y_pred_c = y_true_c for every c else 1")
class ZeroOneRow(NamedTuple):
    """Whether one of the labels in a row is wrong, without a unit.

    scikit-learn's `zero_one_loss` of several labels a sample; NaN if a label is.

    Examples
    --------
    >>> ZeroOneRow().row([0.0, 1.0], [0.0, 1.0]), ZeroOneRow().row([0.0, 1.0], [1.0, 1.0])
    (0.0, 1.0)
    """

    def row(self, y_true: Row, y_pred: Row) -> float:
        """Return the loss of one row."""
        missing = wrong = False
        for c in range(len(y_pred)):  # to the end, in vectors
            missing |= (y_true[c] != y_true[c]) | (y_pred[c] != y_pred[c])
            wrong |= y_pred[c] != y_true[c]
        if missing:
            return NAN
        return 1.0 if wrong else 0.0


@loss("brier", "brier_score", formula="sum_c ([c = y] - p_c)^2")
class Brier(NamedTuple):
    """The Brier score of the index of a class and a row of probabilities, without a unit.

    From 0 to 2. Brier (1950), Verification of forecasts expressed in terms of probability, eq. 2.

    Examples
    --------
    >>> Brier().row(1.0, [0.5, 0.5])
    0.5
    """

    def row(self, y_true: Class, y_pred: Row) -> float:
        """Return the loss of one row."""
        y = label(y_true, len(y_pred))
        if y < 0:
            return NAN
        value = 0.0
        for c in range(len(y_pred)):
            gap = 1.0 - y_pred[c] if c == y else y_pred[c]
            value += gap * gap
        return value


@loss("class_hinge", "crammer_singer", formula="max(0, 1 - x_y + max over i != y of x_i)")
class ClassHinge(NamedTuple):
    """The hinge of the score of a label's class over the best other one, in the scores' unit.

    scikit-learn's `hinge_loss` of several classes. Crammer and Singer (2001), On the algorithmic
    implementation of multiclass kernel-based vector machines, eq. 5.

    Examples
    --------
    >>> ClassHinge().row(1.0, [0.5, 0.25, -1.0])
    1.25
    """

    def row(self, y_true: Class, y_pred: Row) -> float:
        """Return the loss of one row."""
        y = label(y_true, len(y_pred))
        if y < 0:
            return NAN
        other = -INFINITY
        for c in range(len(y_pred)):
            if c != y:
                other = larger(other, y_pred[c])
        return larger(1.0 - (y_pred[y] - other), 0.0)
