"""Rates of classes, such as precision, and their averages over classes, outputs or rows.

A rate 0 / 0 is NaN, and averages leave its class out. Nothing is rounded before the average.
"""

from __future__ import annotations

from typing import Annotated, Any, Protocol

import numpy as np

from streamloss.exact.counted import Counted
from streamloss.exact.digits import divide
from streamloss.exact.means import mean_of_ratios
from streamloss.exact.ratios import ratios
from streamloss.losses.domains import Choice
from streamloss.support.brief import brief

from .counts import (
    Counts,
    class_counts,
    label_counts,
    output_counts,
    row_counts,
    without,
)
from .matrix import PerClass
from .pairs import coded
from .scores import MIDDLE, Decided, classes_of, label_keys, output_keys, row_keys

Average = Annotated[str, Choice(("binary", "micro", "macro", "weighted", "none", "samples"))]
"""How the rates of classes become one: of the positive label alone; of the counts of all classes
together; their mean; their mean weighted by how much of y_true they are; not at all; or the mean
over rows of indicators."""

Over = Annotated[str, Choice(("classes", "outputs"))]
"""What is averaged over: the labels, or the last axis of a matrix of indicators."""


class Rated(Decided, Protocol):
    """A metric whose value for a class is a ratio of its counts."""

    @property
    def average(self) -> str:
        """How the values of classes become one."""

    @property
    def positive(self) -> Any:
        """The label that counts, where there is one."""

    @property
    def over(self) -> str:
        """What is averaged over."""

    def ratio(self, counts: Counts) -> tuple[Any, Any]:
        """Return numerators and denominators, which are linear in the counts."""


def rate_keys(metric: Rated) -> dict[str, Any]:
    """Return the keys of a metric of rates; errors where its parameters contradict each other."""
    _check(metric)
    if metric.average == "samples":
        return row_keys(metric)
    return output_keys(metric) if metric.over == "outputs" else label_keys(metric)


def _check(metric: Rated) -> None:
    """Refuse parameters that contradict each other."""
    called, positive = type(metric).__name__, metric.positive
    if (metric.scores in MIDDLE or metric.over == "outputs") and positive not in (0, 1):
        rule = "0 or 1, as labels of two classes are"
        raise ValueError(f"positive of {called} must be {rule}: got {brief(positive)}")
    if metric.average == "samples":
        if positive != 1 or metric.ignore_index is not None:
            raise ValueError(f"average='samples' of {called} is of 1 in rows of 0 and 1 alone")
    elif metric.over == "classes":
        return
    elif metric.average == "binary":
        raise ValueError(f"average of {called} over outputs must be another than 'binary'")
    if metric.scores == "classes":
        raise ValueError(f"scores='classes' of {called} are no rows of indicators")


def rate(metric: Rated, cells: Counted) -> float | PerClass:
    """Return the value of a metric of rates, of exact counts."""
    counts = _counts(metric, cells)
    over, under = metric.ratio(counts)
    if metric.average == "binary":
        return divide(over, under)
    if metric.average == "none":
        return PerClass(counts.labels, ratios(over, under))
    over, under = over.tolist(), under.tolist()
    if metric.average == "micro":
        return divide(sum(over), sum(under))
    return mean_of_ratios(over, under, _weights(metric, counts, cells))


def undefined(metric: Rated, cells: Counted) -> int:
    """Return of how many classes, outputs or rows the value is 0 / 0."""
    over, under = metric.ratio(_counts(metric, cells))
    missing = np.atleast_1d((over == 0) & (under == 0))
    if metric.average == "samples":
        return int(cells.elements[cells.units != 0][missing].sum())
    return int(missing.sum())


def _counts(metric: Rated, cells: Counted) -> Counts:
    """Return the counts of what is averaged over, or of the positive label."""
    ignore = metric.ignore_index
    if metric.average == "samples":
        return row_counts(cells)
    if metric.over == "outputs":
        return output_counts(cells, metric.positive, ignore)
    if metric.average == "binary":
        counts = label_counts(cells, metric.positive, ignore)
        _check_two(metric, cells)
        return counts
    counts = class_counts(cells, ignore, classes_of(metric))
    return counts if ignore is None else without(counts, ignore)


def _check_two(metric: Rated, cells: Counted) -> None:
    """Refuse labels of more than two classes, of which one alone would be looked at."""
    labels = coded(cells, metric.ignore_index).labels
    others = [label for label in labels.tolist() if label != metric.positive]
    if len(others) > 1:
        raise ValueError(
            f"average='binary' of {type(metric).__name__} takes two classes, one of them"
            f" {brief(metric.positive)}; 'macro', 'micro', 'weighted' and 'none' take all:"
            f" got labels {brief(labels.tolist())}"
        )


def _weights(metric: Rated, counts: Counts, cells: Counted) -> list[int] | None:
    """Return what the values of classes or rows are weighted by, None if by nothing."""
    if metric.average == "samples":
        return list(cells.units[cells.units != 0].tolist())
    return list(counts.true.tolist()) if metric.average == "weighted" else None
