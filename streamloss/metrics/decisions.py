"""What labels are read from: given as they are, or decided from scores. Keys of metrics of counts.

A label that no class is, and a score that is NaN, give NaN: the key is missing.
"""

from __future__ import annotations

from typing import Annotated, Any, NamedTuple, Protocol

from streamloss.losses.arithmetic import NAN
from streamloss.losses.counting import EachOutput, Given
from streamloss.losses.define import loss
from streamloss.losses.domains import Choice, Class, LabelLike, Maybe, Real, Row, Share
from streamloss.losses.formulas import label
from streamloss.support.brief import brief

Scores = Annotated[str, Choice(("labels", "probabilities", "logits", "classes"))]
"""What y_pred holds: labels, the probability or logit of label 1, or a row of scores of classes."""

Threshold = Annotated[float | None, Maybe()]
"""What a score is above if the decision is label 1; None is 0.5, of logits 0."""

Number = Annotated[float, Real]

IgnoreIndex = LabelLike
"""The label y_true whose elements are left out, as if masked; None leaves out nothing."""

NOTHING = 0.5
"""What is ignored by keys that ignore no label: labels are whole numbers."""

MIDDLE = {"probabilities": 0.5, "logits": 0.0}
"""The thresholds by default, of the scores that have one."""


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


class Decided(Protocol):
    """A metric of labels that are given or decided from scores."""

    @property
    def ignore_index(self) -> Any:
        """The label y_true whose elements are left out, if any."""

    @property
    def scores(self) -> str:
        """What y_pred holds."""

    @property
    def threshold(self) -> float | None:
        """What a score is above if the decision is 1."""


def label_keys(metric: Decided) -> dict[str, Any]:
    """Return the keys "true" and "pred" of a metric: pairs of labels.

    Raises
    ------
    ValueError
        If there is a threshold, and nothing to compare with it.
    TypeError
        If an ignored label is text, and labels are numbers.
    """
    cut = threshold_of(metric)
    if metric.scores == "labels":
        return {"true": Given(0), "pred": Given(1)}
    ignored = ignored_by(metric)
    if metric.scores != "classes":
        return {"true": BinaryLabel(ignored), "pred": Decision(cut, ignored)}
    if metric.ignore_index is None:
        return {"true": ClassLabel(), "pred": Largest()}
    return {"true": ClassOrIgnored(ignored), "pred": Largest(ignored)}


def output_keys(metric: Decided) -> dict[str, Any]:
    """Return the keys of indicators, with that of their output; raises as `label_keys`."""
    cut, ignored = threshold_of(metric), ignored_by(metric)
    decided = BinaryPrediction(ignored) if metric.scores == "labels" else Decision(cut, ignored)
    return {"place": EachOutput(), "true": BinaryLabel(ignored), "pred": decided}


def ignored_by(metric: Decided) -> float:
    """Return the label that keys ignore."""
    ignored = metric.ignore_index
    if isinstance(ignored, str):
        rule = "must be a number, as labels are"
        raise TypeError(f"ignore_index of {type(metric).__name__} {rule}: got {brief(ignored)}")
    return NOTHING if ignored is None else float(ignored)


def row_keys(metric: Decided) -> dict[str, Any]:
    """Return the keys of a row of indicators: what is 1 in both, in either, and all there is."""
    given = {"threshold": threshold_of(metric), "labels": float(metric.scores == "labels")}
    return {
        "hits": Marked(**given),
        "true": Marked(pred=0.0, **given),
        "pred": Marked(true=0.0, **given),
        "width": Marked(true=0.0, pred=0.0, **given),
    }


def threshold_of(metric: Decided) -> float:
    """Return what scores are compared with; of others that is never looked at."""
    if metric.threshold is None:
        return MIDDLE.get(metric.scores, NOTHING)
    if metric.scores not in MIDDLE:
        rule = "is that of scores='probabilities' or 'logits'"
        raise ValueError(f"threshold of {type(metric).__name__} {rule}: got {metric.scores!r}")
    return metric.threshold


def classes_of(metric: Decided) -> tuple[int, ...]:
    """Return the classes that are there even if no element is of them: those of two by scores."""
    return (0, 1) if metric.scores in MIDDLE else ()
