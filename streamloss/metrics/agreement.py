"""Metrics of how far labels and predictions agree beyond chance, from exact integers."""

from __future__ import annotations

import itertools
import math
from typing import Annotated, Any, NamedTuple

import numpy as np

from streamloss.exact.counted import Counted
from streamloss.exact.digits import divide
from streamloss.exact.numbers import Exact
from streamloss.exact.ratios import dot
from streamloss.losses.define import loss
from streamloss.losses.domains import Choice

from .counts import Counts, class_counts, counts_of, total_of
from .pairs import Coded, coded
from .scores import IgnoreIndex, Scores, Threshold, label_keys

Disagreement = Annotated[str, Choice(("none", "linear", "quadratic"))]
"""How much two labels disagree: 1, as many labels as they are apart, or the square of that."""


@loss(
    "matthews",
    "matthews_corrcoef",
    "matthews_correlation",
    "mcc",
    formula="(c s - sum t_k p_k) / root of (s^2 - sum t_k^2) (s^2 - sum p_k^2)",
    perfect=math.inf,
)
class Matthews(NamedTuple):
    """Matthews' coefficient of the correlation of labels, from -1 to 1, without a unit.

    Of s in all, c are right, t_k are of class k, and p_k predicted as such. Gorodkin (2004),
    Comparing two K-category assignments by a K-category correlation coefficient, eq. 8; of two
    classes it is Matthews' own. It is NaN where y_true or y_pred has one class alone.

    Parameters
    ----------
    ignore_index, scores, threshold
        As those of `ConfusionMatrix`.

    Examples
    --------
    >>> import streamloss as sl
    >>> sl.evaluate("matthews", [1, 1, 1, 0], [1, 0, 1, 1])
    -0.3333333333333333
    >>> sl.evaluate("mcc", ["cat", "dog", "fox"], ["cat", "fox", "fox"])
    0.6123724356957945
    """

    ignore_index: IgnoreIndex = None
    scores: Scores = "labels"
    threshold: Threshold = None

    def cells(self) -> dict[str, Any]:
        """Return the keys of the cells it needs."""
        return label_keys(self)

    def combine(self, cells: Counted) -> float:
        """Return the result of exact counts."""
        counts = class_counts(cells, self.ignore_index)
        total, right = counts.total, total_of(counts.hits)
        square = total * total
        true, pred = (square - dot(each, each) for each in (counts.true, counts.pred))
        above = total * right - dot(counts.true, counts.pred)
        return Exact(above, None, 0).over_root(Exact(true * pred, None, 0))


@loss(
    "cohen_kappa",
    "cohen_kappa_score",
    "kappa",
    formula="1 - s sum D_ij C_ij / sum D_ij t_i p_j",
    perfect=math.inf,
)
class CohenKappa(NamedTuple):
    """Cohen's kappa, the agreement of labels beyond that of chance, at most 1, without a unit.

    Of s in all, C_ij are of label i and predicted as j, t_i are of label i, p_j predicted as j.
    D_ij is how much i and j disagree, where labels are numbered in the order of their values. Cohen
    (1968), Weighted kappa, eq. 4. It is NaN where y_true and y_pred have the same one class alone.

    Parameters
    ----------
    weights : {"none", "linear", "quadratic"}
        Whether D_ij is 1 for i != j, |i - j| or (i - j)^2.
    ignore_index, scores, threshold
        As those of `ConfusionMatrix`.

    Examples
    --------
    >>> import streamloss as sl
    >>> sl.evaluate("cohen_kappa", [1, 1, 1, 0], [1, 0, 1, 0])
    0.5
    >>> sl.evaluate(sl.CohenKappa("quadratic"), [1, 2, 3, 3], [1, 2, 2, 3])
    0.8
    """

    weights: Disagreement = "none"
    ignore_index: IgnoreIndex = None
    scores: Scores = "labels"
    threshold: Threshold = None

    def cells(self) -> dict[str, Any]:
        """Return the keys of the cells it needs."""
        return label_keys(self)

    def combine(self, cells: Counted) -> float:
        """Return the result of exact counts."""
        observed, chance = disagreements(self.weights, coded(cells, self.ignore_index))
        return divide(chance - observed, chance)


def disagreements(weights: str, pairs: Coded) -> tuple[int, int]:
    """Return how much pairs of labels disagree, and how much by chance; both times all units."""
    counts = counts_of(pairs)
    return counts.total * _apart(weights, pairs), _CHANCE[weights](counts)


def _apart(weights: str, pairs: Coded) -> int:
    """Return the sum of D_ij C_ij."""
    steps = abs(pairs.true - pairs.pred)
    if weights == "none":
        steps = np.minimum(steps, 1)
    return dot(steps * steps if weights == "quadratic" else steps, pairs.units)


def _of_any(counts: Counts) -> int:
    """Return the sum of t_i p_j over i != j."""
    return int(counts.total * counts.total - dot(counts.true, counts.pred))


def _of_distances(counts: Counts) -> int:
    """Return the sum of |i - j| t_i p_j: of each step, what is on its two sides."""
    s, out = counts.total, 0
    sums = (itertools.accumulate(column.tolist()) for column in (counts.true, counts.pred))
    for t, p in zip(*sums, strict=True):
        out += t * (s - p) + p * (s - t)
    return int(out)


def _of_squares(counts: Counts) -> int:
    """Return the sum of (i - j)^2 t_i p_j."""
    number = np.arange(len(counts.labels))
    first = [dot(number, column) for column in (counts.true, counts.pred)]
    second = dot(number * number, counts.true) + dot(number * number, counts.pred)
    return int(counts.total * second - 2 * first[0] * first[1])


_CHANCE = {"none": _of_any, "linear": _of_distances, "quadratic": _of_squares}
"""The disagreement of chance, s^2 times, by how two labels disagree."""
