"""What y_pred holds, as it is declared: labels, or scores that labels are decided from."""

from __future__ import annotations

from typing import Annotated, Any, Protocol

from streamloss.losses.counting import EachOutput, Given
from streamloss.losses.domains import Choice, Maybe, MaybeLabel
from streamloss.support.brief import brief

from .decisions import (
    NOTHING,
    BinaryLabel,
    BinaryPrediction,
    ClassLabel,
    ClassOrIgnored,
    Decision,
    Largest,
    Marked,
)

Scores = Annotated[str, Choice(("labels", "probabilities", "logits", "classes"))]
"""What y_pred holds: labels, the probability or logit of label 1, or a row of scores of classes."""

Threshold = Annotated[float | None, Maybe()]
"""What a score is above if the decision is label 1; None is 0.5, of logits 0."""

IgnoreIndex = MaybeLabel
"""The label y_true whose elements are left out, as if masked; None leaves out nothing."""

MIDDLE = {"probabilities": 0.5, "logits": 0.0}
"""The thresholds by default, of the scores that have one."""


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
