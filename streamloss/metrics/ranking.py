"""Metrics of how well scores rank the elements of two classes, or of each class and the others.

They are made of the weights of both labels in bins of scores, which are the same for all data: so
they are streamed, merged and sliced as sums are, in memory that does not grow with the data. What
the order within a bin could change is the width of a bracket that holds the result, as `bounds`
proves.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

from streamloss.exact.counted import Counted
from streamloss.exact.means import above, below, nearest
from streamloss.losses.counting import EachClass
from streamloss.losses.define import loss

from .bounds import (
    Bounds,
    average_precision_bounds,
    gini_bounds,
    kolmogorov_smirnov_bounds,
    roc_auc_bounds,
)
from .halves import ScoreHalf
from .ranking_within import Ranking, RankingWithin, first_within
from .score_bins import ALL, Average, RankedBits, ScoreBits, Truth
from .score_groups import Groups, groups_of


def ranking_cells(bits: float, average: str = "binary") -> dict[str, Any]:
    """Return the keys that tell cells apart: those of rankings with equal ones are shared."""
    each: dict[str, Any] = {} if average == "binary" else {"class": EachClass()}
    score = {"score": ScoreHalf(), "rest": ScoreHalf(1.0)}
    return each | (score if bits == ALL else {"score": ScoreBits(bits)}) | {"true": Truth()}


@loss(
    "roc_auc",
    "auc",
    "auroc",
    "roc_auc_score",
    "binary_auroc",
    formula="share of pairs of a positive and a negative in which it has the higher score,"
    " ties by halves",
    perfect=math.inf,
)
class ROCAUC(NamedTuple):
    """The area under the ROC curve, from 0 to 1, without a unit: 0.5 of scores without use.

    y_true is 0 or 1 (or -1 or 1) and y_pred any score, such as a probability or a logit. The result
    is the middle of a bracket, `bracket`, that is as wide as the weighted share of the pairs that
    fall into one bin: with 20 bits scores of a part in 2**11 or less apart. It is exact, correctly
    rounded, if no bin has both labels, if scores have no more bits than bins (whole numbers below
    2**12, float16, shares of 256), and always with ``bits=32``, of the scores as float32.
    Weights may not be negative. It is NaN unless both labels have a weight.

    With an `average` y_pred is a row of scores, one for each class, and y_true the index of one.
    The result is the mean over the classes that y_true has, each against all others, and of
    ``"weighted"`` by their weights.

    Parameters
    ----------
    bits : float
        How many bits of the scores tell bins apart, whole, up to 32; 9 are sign and exponent. Or
        64, so that each float64 is a bin: exact, in memory that grows with the different scores.
        Less than these and ``evaluate(..., exact=True)`` are exact too, in bounded memory.
    average : str
        ``"binary"``, ``"macro"`` or ``"weighted"``.

    Examples
    --------
    >>> from streamloss.exact.counted import Counted
    >>> cells = Counted.of_rows({"score": [3, 5, 7, 7], "true": [0, 1, 0, 1]})
    >>> ROCAUC().combine(cells), ROCAUC().bracket(cells)
    (0.625, (0.5, 0.75))
    >>> import streamloss as sl
    >>> acc = sl.Accumulator("roc_auc").update([0, 1, 0, 1], [0.25, 0.5, 0.75, 0.75])
    >>> acc.result(), acc.bracket()
    (0.625, (0.625, 0.625))
    """

    bits: RankedBits = 20.0
    average: Average = "binary"

    def cells(self) -> dict[str, Any]:
        """Return the keys that tell cells apart."""
        return ranking_cells(self.bits, self.average)

    def combine(self, cells: Counted) -> float:
        """Return the middle of the bracket, rounded once."""
        return _middle(self, cells, roc_auc_bounds)

    def bracket(self, cells: Counted) -> tuple[float, float]:
        """Return bounds of the result, rounded outwards; both are the result if that is known."""
        return _bracket(self, cells, roc_auc_bounds)

    def refined(self, cells: Counted) -> RankingWithin | None:
        """Return the metric of a further pass, None if the result is known."""
        known = _is_known(self, cells, roc_auc_bounds)
        return None if known else first_within("roc_auc", self, cells)


@loss(
    "gini",
    "gini_coefficient",
    formula="2 ROC AUC - 1",
    perfect=math.inf,
)
class Gini(NamedTuple):
    """The Gini coefficient of a ranking or Somers' D, from -1 to 1, without a unit.

    It is twice the area under the ROC curve less 1, and all else is as `ROCAUC` has it.

    Examples
    --------
    >>> from streamloss.exact.counted import Counted
    >>> cells = Counted.of_rows({"score": [3, 5, 7, 7], "true": [0, 1, 0, 1]})
    >>> Gini().combine(cells), Gini().bracket(cells)
    (0.25, (0.0, 0.5))
    """

    bits: RankedBits = 20.0
    average: Average = "binary"

    def cells(self) -> dict[str, Any]:
        """Return the keys that tell cells apart."""
        return ranking_cells(self.bits, self.average)

    def combine(self, cells: Counted) -> float:
        """Return the middle of the bracket, rounded once."""
        return _middle(self, cells, gini_bounds)

    def bracket(self, cells: Counted) -> tuple[float, float]:
        """Return bounds of the result, rounded outwards; both are the result if that is known."""
        return _bracket(self, cells, gini_bounds)

    def refined(self, cells: Counted) -> RankingWithin | None:
        """Return the metric of a further pass, None if the result is known."""
        known = _is_known(self, cells, gini_bounds)
        return None if known else first_within("gini", self, cells)


@loss(
    "kolmogorov_smirnov",
    "ks",
    "ks_statistic",
    formula="max over s of |share of positives with a score <= s - that of negatives|",
    perfect=math.inf,
)
class KolmogorovSmirnov(NamedTuple):
    """The statistic of Kolmogorov and Smirnov, from 0 to 1, without a unit.

    It is the largest distance between the distributions of the scores of both labels: the largest
    difference, in size, of the rates of true and false positives at one threshold. Its bracket is
    at most as wide as the largest share of one label's weight in a bin that has both. All else is
    as `ROCAUC` has it.

    Examples
    --------
    >>> from streamloss.exact.counted import Counted
    >>> cells = Counted.of_rows({"score": [3, 5, 7, 7], "true": [0, 1, 0, 1]})
    >>> KolmogorovSmirnov().combine(cells), KolmogorovSmirnov().bracket(cells)
    (0.5, (0.5, 0.5))
    """

    bits: RankedBits = 20.0
    average: Average = "binary"

    def cells(self) -> dict[str, Any]:
        """Return the keys that tell cells apart."""
        return ranking_cells(self.bits, self.average)

    def combine(self, cells: Counted) -> float:
        """Return the middle of the bracket, rounded once."""
        return _middle(self, cells, kolmogorov_smirnov_bounds)

    def bracket(self, cells: Counted) -> tuple[float, float]:
        """Return bounds of the result, rounded outwards; both are the result if that is known."""
        return _bracket(self, cells, kolmogorov_smirnov_bounds)

    def refined(self, cells: Counted) -> RankingWithin | None:
        """Return the metric of a further pass, None if the result is known."""
        known = _is_known(self, cells, kolmogorov_smirnov_bounds)
        return None if known else first_within("kolmogorov_smirnov", self, cells)


@loss(
    "average_precision",
    "average_precision_score",
    "binary_average_precision",
    formula="sum over thresholds of (recall - recall at the one above) precision",
    perfect=math.inf,
)
class AveragePrecision(NamedTuple):
    """The average precision, from 0 to 1, without a unit: by steps, not the trapezoids' area.

    scikit-learn's `average_precision_score`. In a bin its bracket allows for any order and ties, of
    one label too: the result is exact if each bin has one element, or with ``bits=32``, of scores
    as float32. It is NaN where label 1 has no weight. All else is as `ROCAUC` has it.

    Examples
    --------
    >>> from streamloss.exact.counted import Counted
    >>> cells = Counted.of_rows({"score": [3, 5, 6, 7], "true": [0, 1, 0, 1]})
    >>> AveragePrecision().combine(cells), AveragePrecision().bracket(cells)
    (0.8333333333333334, (0.8333333333333334, 0.8333333333333334))
    """

    bits: RankedBits = 20.0
    average: Average = "binary"

    def cells(self) -> dict[str, Any]:
        """Return the keys that tell cells apart."""
        return ranking_cells(self.bits, self.average)

    def combine(self, cells: Counted) -> float:
        """Return the middle of the bracket, rounded once."""
        return _middle(self, cells, average_precision_bounds)

    def bracket(self, cells: Counted) -> tuple[float, float]:
        """Return bounds of the result, rounded outwards; both are the result if that is known."""
        return _bracket(self, cells, average_precision_bounds)

    def refined(self, cells: Counted) -> RankingWithin | None:
        """Return the metric of a further pass, None if the result is known."""
        known = _is_known(self, cells, average_precision_bounds)
        return None if known else first_within("average_precision", self, cells)


Measure = Callable[[Groups], Bounds | None]


def _middle(metric: Ranking, cells: Counted, measure: Measure) -> float:
    """Return the middle of the bounds of a metric, correctly rounded."""
    bounds, weights = _of_classes(metric, cells, measure)
    lows, highs = [low for low, _ in bounds], [high for _, high in bounds]
    if _are_known(bounds):
        return nearest(lows, weights)
    return nearest(lows + highs, weights + weights)


def _bracket(metric: Ranking, cells: Counted, measure: Measure) -> tuple[float, float]:
    """Return the bounds of a metric, the lower rounded down and the upper up."""
    bounds, weights = _of_classes(metric, cells, measure)
    if _are_known(bounds):
        known = nearest([low for low, _ in bounds], weights)
        return known, known
    lows, highs = [low for low, _ in bounds], [high for _, high in bounds]
    return below(lows, weights), above(highs, weights)


def _is_known(metric: Ranking, cells: Counted, measure: Measure) -> bool:
    """Return whether the bounds of a metric are its result."""
    return _are_known(_of_classes(metric, cells, measure)[0])


def _are_known(bounds: list[Bounds]) -> bool:
    return all(low is high for low, high in bounds)


def _of_classes(
    metric: Ranking, cells: Counted, measure: Measure
) -> tuple[list[Bounds], list[int]]:
    """Return the bounds of each class that has a weight, and that; none if one has no result."""
    bounds, weights = [], []
    for groups in groups_of(cells, type(metric).__name__):
        weight = groups.totals[0]
        if not weight and metric.average != "binary":
            continue
        if (found := measure(groups)) is None:
            return [], []
        bounds.append(found)
        weights.append(weight if metric.average == "weighted" else 1)
    return bounds, weights
