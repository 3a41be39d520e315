"""Labels that are decided from scores, and ranks in rows of them: keys of metrics of counts.

A label that no class is, and a score that is NaN, give NaN: the key is missing.
"""

from __future__ import annotations

from typing import Annotated, NamedTuple

from streamloss.losses.arithmetic import NAN
from streamloss.losses.define import loss
from streamloss.losses.domains import Class, Real, Row, Share
from streamloss.losses.formulas import label

Number = Annotated[float, Real]

NOTHING = 0.5
"""What is ignored by keys that ignore no label: labels are whole numbers."""


@loss
class Decision(NamedTuple):
    """The label 1 where a score is above a threshold, else 0."""

    threshold: Number = 0.5
    ignored: Number = NOTHING

    def point(self, y_true: float, y_pred: float) -> float:
        """Return the decision of one element, any number where its label is ignored."""
        if y_true == self.ignored:
            return 0.0
        return NAN if y_pred != y_pred else 1.0 if y_pred > self.threshold else 0.0


@loss
class BinaryLabel(NamedTuple):
    """The label y_true, which is 0, 1 or ignored."""

    ignored: Number = NOTHING

    def point(self, y_true: float, y_pred: float) -> float:
        """Return the label of one element."""
        known = (y_true == 0.0) | (y_true == 1.0) | (y_true == self.ignored)
        return y_true if known & (y_true != NOTHING) else NAN


@loss
class BinaryPrediction(NamedTuple):
    """The label y_pred, which is 0 or 1."""

    ignored: Number = NOTHING

    def point(self, y_true: float, y_pred: float) -> float:
        """Return the label of one element, any number where y_true is ignored."""
        if y_true == self.ignored:
            return 0.0
        return y_pred if (y_pred == 0.0) | (y_pred == 1.0) else NAN


@loss
class ClassLabel(NamedTuple):
    """The label y_true, an index of a class of the row y_pred."""

    def row(self, y_true: Class, y_pred: Row) -> float:
        """Return the label of one row."""
        return y_true if label(y_true, len(y_pred)) >= 0 else NAN


@loss
class ClassOrIgnored(NamedTuple):
    """The label y_true, an index of a class of the row y_pred, or ignored."""

    ignored: Number = -1.0

    def row(self, y_true: float, y_pred: Row) -> float:
        """Return the label of one row."""
        known = (y_true == self.ignored) | (label(y_true, len(y_pred)) >= 0)
        return y_true if known else NAN


@loss
class Largest(NamedTuple):
    """The index of the first of the largest scores of a row."""

    ignored: Number = NOTHING

    def row(self, y_true: float, y_pred: Row) -> float:
        """Return the decision of one row, any number where its label is ignored."""
        if y_true == self.ignored:
            return 0.0
        best, missing = 0, False
        for c in range(len(y_pred)):
            missing |= y_pred[c] != y_pred[c]
            best = c if y_pred[c] > y_pred[best] else best
        return NAN if missing else float(best)


@loss
class Above(NamedTuple):
    """How many scores of a row are greater than that of the label's class."""

    def row(self, y_true: Class, y_pred: Row) -> float:
        """Return the number of one row."""
        y = label(y_true, len(y_pred))
        if y < 0:
            return NAN
        above, missing = 0.0, False
        for c in range(len(y_pred)):
            missing |= y_pred[c] != y_pred[c]
            above += 1.0 if y_pred[c] > y_pred[y] else 0.0
        return NAN if missing else above


@loss
class Ties(NamedTuple):
    """How many scores of a row equal that of the label's class, itself among them."""

    def row(self, y_true: Class, y_pred: Row) -> float:
        """Return the number of one row."""
        y = label(y_true, len(y_pred))
        if y < 0:
            return NAN
        ties = 0.0
        for c in range(len(y_pred)):
            ties += 1.0 if y_pred[c] == y_pred[y] else 0.0
        return ties


@loss
class Rank(NamedTuple):
    """How many scores of a row come before the label's: greater ones, and equal ones before it."""

    def row(self, y_true: Class, y_pred: Row) -> float:
        """Return the number of one row."""
        y = label(y_true, len(y_pred))
        if y < 0:
            return NAN
        before, missing = 0.0, False
        for c in range(len(y_pred)):
            missing |= y_pred[c] != y_pred[c]
            tie = (y_pred[c] == y_pred[y]) & (c < y)
            before += 1.0 if (y_pred[c] > y_pred[y]) | tie else 0.0
        return NAN if missing else before


@loss
class Marked(NamedTuple):
    """How many outputs of a row of indicators are 1 in y_true, in y_pred, in both; or all of them.

    With `labels` y_pred is 0 or 1, else it is decided by the threshold.
    """

    true: Share = 1.0
    pred: Share = 1.0
    threshold: Number = 0.5
    labels: Share = 1.0

    def row(self, y_true: Row, y_pred: Row) -> float:
        """Return the number of one row."""
        marked, wrong = 0.0, False
        for c in range(len(y_pred)):
            y, p = y_true[c], y_pred[c]
            wrong |= (y != 0.0) & (y != 1.0)
            wrong |= (p != p) | ((self.labels != 0.0) & (p != 0.0) & (p != 1.0))
            both = ((y == 1.0) | (self.true == 0.0)) & ((p > self.threshold) | (self.pred == 0.0))
            marked += 1.0 if both else 0.0
        return NAN if wrong else marked
