"""The area under a ROC curve and the average precision, of one class, and means of several."""

from __future__ import annotations

import itertools
import math
import warnings
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np

from streamloss.arrays.types import Array
from streamloss.exact.counted import Counted
from streamloss.exact.ratios import dot
from streamloss.metrics.bounds import exact_average_precision, exact_roc_auc

from .arguments import undefined_warning
from .scored import Groups, sorted_cells

ONE_CLASS = "Only one class is present in y_true. ROC AUC score is not defined in that case."

NO_NEGATIVES = "No negative samples in y_true, false positive value should be meaningless"

NO_POSITIVES = "No positive samples in y_true, true positive value should be meaningless"

ALL_RECALLED = "No positive class found in y_true, recall is set to one for all thresholds."


class Area(NamedTuple):
    """The area under the ROC curve.

    Attributes
    ----------
    most : float, optional
        The rate of false positives that it is taken up to, and standardised.
    """

    most: float | None = None

    def of(self, groups: Groups) -> float:
        """Return the area; NaN, with a warning, where only one class has a weight."""
        text = NO_POSITIVES if groups.others.any() else NO_NEGATIVES
        if not groups.both or not groups.ones.any() or not groups.others.any():
            warnings.warn(text if groups.both else ONE_CLASS, undefined_warning(), stacklevel=6)
            return math.nan
        if self.most is None or self.most == 1.0:
            return exact_roc_auc(groups.ones, groups.others)
        return _partial(groups, Fraction(self.most))


def _partial(groups: Groups, most: Fraction) -> float:
    """Return the area up to a rate of false positives, standardised to be 0.5 of chance.

    McClish (1989), Analyzing a portion of the ROC curve. Exact, rounded once.
    """
    ones, others = groups.ones[::-1], groups.others[::-1]
    true, false = np.cumsum(ones), np.cumsum(others)
    positives, negatives = int(true[-1]), int(false[-1])
    bound = most * negatives
    whole = int(np.searchsorted(false, math.floor(bound), "right"))  # groups that lie below it
    tops = 2 * true[:whole] - ones[:whole]  # twice the mean height of each
    start, height = (int(false[whole - 1]), int(true[whole - 1])) if whole else (0, 0)
    width = bound - start
    slope = Fraction(int(ones[whole]), int(others[whole]))
    twice = dot(others[:whole], tops) + width * (2 * height + width * slope)
    area = twice / (2 * positives * negatives)
    least = most * most / 2
    return float((1 + (area - least) / (most - least)) / 2)


class AveragePrecision(NamedTuple):
    """The average precision."""

    def of(self, groups: Groups) -> float:
        """Return the average precision; 0, with a warning, where no positive has a weight."""
        if not groups.ones.any():
            warnings.warn(ALL_RECALLED, UserWarning, stacklevel=6)
            return 0.0
        return exact_average_precision(groups.ones, groups.others)


Measure = Area | AveragePrecision


def mean_of(values: list[float], weights: list[int] | None = None) -> float:
    """Return the weighted mean of values, correctly rounded; NaN of none, or if a value is."""
    heavy = [1] * len(values) if weights is None else weights
    if not values or any([math.isnan(value) for value in values]):
        return math.nan
    sums = sum([Fraction(v) * w for v, w in zip(values, heavy, strict=True)], Fraction(0))
    return float(sums / sum(heavy))


def alone(cells: Counted, measure: Measure) -> float:
    """Return the measure of class 1 against others."""
    return measure.of(Groups.of(cells))


def over_columns(cells: Any, measure: Measure, average: str | None, classes: bool) -> Any:
    """Return the measure of each column of scores, or their mean.

    Parameters
    ----------
    cells : sequence of Counted
        The scores of each column, with classes.
    measure : Measure
        What is asked for.
    average : {"macro", "weighted"}, optional
        The mean, or that weighted by the positives.
    classes : bool
        Whether a column is that of the class of its number, and not of class 1.
    """
    groups = [Groups.of(each, k if classes else 1) for k, each in enumerate(cells)]
    if average != "weighted":
        values = [measure.of(each) for each in groups]
        return np.array(values) if average is None else mean_of(values)
    least = min([each.exponent for each in cells])
    pairs = zip(groups, cells, strict=True)
    weights = [int(group.ones.sum()) << each.exponent - least for group, each in pairs]
    if not any(weights):
        return 0.0
    values = [measure.of(each) for each in groups]
    some = [value if w else 0.0 for value, w in zip(values, weights, strict=True)]
    return mean_of(some, weights)


def over_pairs(cells: Any, measure: Measure, average: str | None) -> float:
    """Return the mean over pairs of classes, each against the other.

    Hand and Till (2001), A simple generalisation of the area under the ROC curve for multiple class
    classification problems.

    Parameters
    ----------
    cells : sequence of Counted
        The scores of each column, with the class of each sample.
    measure : Measure
        What is asked for.
    average : {"macro", "weighted"}
        The mean, or that weighted by how many samples are of either class.
    """
    true, elements = cells[0].keys["true"], cells[0].elements
    sizes = {int(c): int(elements[true == c].sum()) for c in np.unique(true)}
    values, weights = [], []
    for a, b in itertools.combinations(sizes, 2):
        values += [measure.of(Groups.of(cells[p], p, (q,))) for p, q in ((a, b), (b, a))]
        weights += [sizes[a] + sizes[b] if average == "weighted" else 1] * 2
    return mean_of(values, weights)


def of_rows(block: Array, measure: Measure) -> Array:
    """Return the measure of each row of labels, keys of scores and what is hidden of both.

    The block has shape (rows, 3, labels), or (rows, 2, labels) if nothing is hidden. A row of which
    all is hidden is masked.
    """
    hidden = block[:, 2] != 0 if block.shape[1] == 3 else np.zeros_like(block[:, 0], np.bool_)
    absent = hidden.all(axis=1)
    shown = [row[:2, ~some] for row, some in zip(block, hidden, strict=True) if not some.all()]
    values = np.zeros(len(block))
    values[~absent] = [alone(sorted_cells(true, keys), measure) for true, keys in shown]
    return values if block.shape[1] == 2 else np.ma.masked_array(values, mask=absent)
