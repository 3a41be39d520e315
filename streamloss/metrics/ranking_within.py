"""Rankings by further passes, each of which tells the scores between two apart and no others.

The first pass says how many elements there are in bins of scores. A further one takes a stretch of
scores that holds few enough, tells each different one apart and adds what these count to what all
lower ones counted. So a result is exact however many scores there are, and memory does not grow
with them. What a stretch counts is exact too:

- of the area under the ROC curve, the pairs whose positive element is in it;
- of Kolmogorov and Smirnov's distance, the largest at one of its scores;
- of average precision, the terms of its positive elements, whose sum is known to 2**-192. Where a
  result is nearer than that to the middle of two float64, its bracket has both.

Of a bin with more elements than one pass may tell apart, a pass counts finer bins first.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import Annotated, Any, NamedTuple, Protocol

import numpy as np

from streamloss.exact.counted import Counted
from streamloss.exact.means import Ratios, nearest
from streamloss.exact.ratios import Units, dot, quotients
from streamloss.losses.counting import EachClass
from streamloss.losses.define import loss
from streamloss.losses.domains import Choice, LabelLike

from .bounds import farthest
from .halves import ALL, COARSE, HIGHER, LOWER, AllBits, Score, ScoreHalf, last_scores
from .score_bins import Average, Truth, score_edges
from .score_groups import Groups, groups_of

FEW = 1 << 20
"""Elements that a pass tells apart: 0.5 GB of cells while tables are merged."""

GROWTH = 4
"""By what factor a pass may take more elements than the one before, if many of those had the same
score, as rounded ones have: 100 million of 100 different scores take 6 passes, and not 100."""

MORE = 21.0
"""The bits that a pass adds where one bin has more elements: it makes 2**21 bins of it at most."""

BITS = 192
"""Bits below the point to which sums of quotients are known: passes add up, results have 53."""

Bounds = tuple[Fraction, Fraction]


class Ranking(Protocol):
    """A metric of the order of scores, as this module has them."""

    @property
    def bits(self) -> float:
        """How many bits of a score tell bins apart."""

    @property
    def average(self) -> str:
        """Of which classes it is the mean."""


class Stretch(NamedTuple):
    """The weights of both labels at each of some scores, in ascending order, and around them.

    Attributes
    ----------
    positives, negatives : int64 or object array
        The weights at each score.
    below, above, totals : tuple of int
        Those of both labels below and above them, and in all.
    """

    positives: Units
    negatives: Units
    below: tuple[int, int]
    above: tuple[int, int]
    totals: tuple[int, int]

    @classmethod
    def of(cls, groups: Groups) -> Stretch:
        """Return the scores that are told apart, of groups of these and of all others."""
        start = int(np.searchsorted(groups.bins, int(LOWER), "right"))
        stop = int(np.searchsorted(groups.bins, int(HIGHER) // 2))
        each = groups.positives, groups.negatives
        inside = [column[start:stop] for column in each]
        below, above = (
            (int(each[0][part].sum()), int(each[1][part].sum()))
            for part in (slice(start), slice(stop, None))
        )
        return cls(inside[0], inside[1], below, above, groups.totals)


def _area(some: Stretch) -> Bounds:
    """Return the share of pairs that are in order and whose positive element is one of some."""
    before = np.cumsum(some.negatives) - some.negatives + some.below[1]
    twice = 2 * dot(some.positives, before) + dot(some.positives, some.negatives)
    found = Fraction(twice, 2 * some.totals[0] * some.totals[1])
    return found, found


def _distance(some: Stretch) -> Bounds:
    """Return the largest distance of the shares of both labels up to one of some scores."""
    if not len(some.positives):
        return Fraction(0), Fraction(0)
    sums = (
        np.cumsum(some.positives) + some.below[0],
        np.cumsum(some.negatives) + some.below[1],
    )
    shares = [quotients(*pair) for pair in zip(sums, some.totals, strict=True)]
    far = farthest(sums, abs(shares[0] - shares[1]), some.totals)
    found = Fraction(far, some.totals[0] * some.totals[1])
    return found, found


def _precision(some: Stretch) -> Bounds:
    """Return bounds of what some positive elements count of the average precision."""
    ones, others = some.positives[::-1], some.negatives[::-1]
    true, false = np.cumsum(ones) + some.above[0], np.cumsum(others) + some.above[1]
    has = ones > 0
    terms = Ratios(ones[has], true[has], (true + false)[has], some.totals[0])
    low, high = terms.bounds(BITS)
    return Fraction(low, 1 << BITS), Fraction(high, 1 << BITS)


MEASURES: dict[str, Callable[[Stretch], Bounds]] = {
    "roc_auc": _area,
    "gini": _area,
    "kolmogorov_smirnov": _distance,
    "average_precision": _precision,
}


@loss
class RankingWithin(NamedTuple):
    """A ranking of which it is known what all scores below some count: what a further pass takes.

    Parameters
    ----------
    measure : str
        ``"roc_auc"``, ``"gini"``, ``"kolmogorov_smirnov"`` or ``"average_precision"``.
    average : str
        As the metric of this name has it.
    low, high : float
        The scores that are told apart lie between these, both of them.
    bits : float
        How many bits of these scores tell bins apart; they count if these are all, 63.
    known : str
        How many elements are below, and bounds of what these count for each class: fractions.
    """

    measure: Annotated[str, Choice(tuple(MEASURES))]
    average: Average = "binary"
    low: Score = -math.inf
    high: Score = math.inf
    bits: AllBits = ALL
    known: LabelLike = "0"

    def cells(self) -> dict[str, Any]:
        """Return the keys that tell cells apart."""
        each: dict[str, Any] = {} if self.average == "binary" else {"class": EachClass()}
        within = self.low, self.high, self.bits
        halves = {"score": ScoreHalf(0.0, *within), "rest": ScoreHalf(1.0, *within)}
        return each | halves | {"true": Truth()}

    def combine(self, cells: Counted) -> float:
        """Return the middle of the bracket, rounded once."""
        lows, highs, weights = _of_classes(self, cells)
        return nearest(lows + highs, weights + weights)

    def bracket(self, cells: Counted) -> tuple[float, float]:
        """Return bounds of the result: the same if it is known."""
        lows, highs, weights = _of_classes(self, cells)
        return nearest(lows, weights), nearest(highs, weights)

    def refined(self, cells: Counted) -> RankingWithin | None:
        """Return the metric of a further pass, None if the result is known.

        Raises
        ------
        ValueError
            If not as many elements are below as were: the data are others.
        """
        score, rest, told = cells.keys["score"], cells.keys["rest"], cells.elements
        below, above = score == LOWER, score > HIGHER / 2
        inside, before = ~below & ~above, int(str(self.known).split()[0])
        if int(told[below].sum()) != before:
            raise ValueError("exact=True needs the same data in each pass: got other scores")
        if self.bits != ALL and inside.any():
            last = last_scores(score[inside], rest[inside], self.bits)
            return _next(self, last, told[inside], self.bits, FEW)
        some, found = int(told[inside].sum()), int(inside.sum())
        bounds = [str(x) for _, *pair in _counted(self, cells) for x in pair]
        known = " ".join([str(before + some), *bounds])
        start = math.nextafter(self.high, math.inf)
        last = last_scores(score[above] - int(HIGHER), rest[above], COARSE)
        alike = min(some * FEW // max(found, 1), GROWTH * some)
        further = self._replace(low=start, known=known)
        return _next(further, last, told[above], COARSE, max(FEW, alike))


def _counted(metric: RankingWithin, cells: Counted) -> Iterator[tuple[int, Fraction, Fraction]]:
    """Yield of each class the weight of its elements, and bounds of what is known to count.

    That are all scores up to those that a pass has told apart.
    """
    before = [Fraction(text) for text in str(metric.known).split()[1:]]
    for k, groups in enumerate(groups_of(cells, type(metric).__name__)):
        some = Stretch.of(groups)
        pair = before[2 * k : 2 * k + 2] or [Fraction(0)] * 2
        if some.totals[0] and metric.bits == ALL:
            join = max if metric.measure == "kolmogorov_smirnov" else operator.add
            pair = list(map(join, pair, MEASURES[metric.measure](some)))
        yield some.totals[0], pair[0], pair[1]


def _of_classes(
    metric: RankingWithin, cells: Counted
) -> tuple[list[Ratios], list[Ratios], list[int]]:
    """Return bounds of each class that has a weight, and that weight."""
    score = cells.keys["score"]
    is_done = not (score > HIGHER / 2).any() and (metric.bits == ALL or (score == LOWER).all())
    lows, highs, weights = [], [], []
    for weight, low, high in _counted(metric, cells):
        if weight:
            most = high if is_done else Fraction(1)
            pair = [2 * x - 1 if metric.measure == "gini" else x for x in (low, most)]
            lows.append(Ratios.of(*pair[0].as_integer_ratio()))
            highs.append(Ratios.of(*pair[1].as_integer_ratio()))
            weights.append(weight if metric.average == "weighted" else 1)
    return lows, highs, weights


def first_within(measure: str, metric: Ranking, cells: Counted) -> RankingWithin | None:
    """Return the metric of the first further pass, from cells of bins of scores.

    Parameters
    ----------
    measure : str
        The name of the metric.
    metric : Ranking
        The metric that these are cells of.
    cells : Counted
        The cells of the first pass.
    """
    last = score_edges(cells.keys["score"], metric.bits)[1]
    # of the 63 bits of a score two more are of the exponent, and none is the sign
    resolved = max(metric.bits + 2.0, 11.0)
    begun = RankingWithin(measure, metric.average)
    return _next(begun, last, cells.elements, resolved, FEW)


def _next(
    metric: RankingWithin, last: Any, elements: Any, resolved: float, few: int
) -> RankingWithin | None:
    """Return a metric for as many of some bins as a pass may tell apart, the lowest ones.

    Parameters
    ----------
    metric : RankingWithin
        What is known, and `low`.
    last : float64 array
        The largest score of each bin: of a bin of several cells as often.
    elements : int64 array
        How many elements each cell has.
    resolved : float
        The bits that tell the bins apart.
    few : int
        How many elements a pass may tell apart.
    """
    if not len(last):
        return None
    edges, place = np.unique(last, return_inverse=True)
    counts = np.zeros(len(edges), np.int64)
    np.add.at(counts, place, elements)
    taken = int(np.searchsorted(np.cumsum(counts), few, "right"))
    if taken == len(edges) and metric.high == math.inf:
        return metric._replace(high=math.inf, bits=ALL)
    if taken:
        return metric._replace(high=float(edges[taken - 1]), bits=ALL)
    return metric._replace(high=float(edges[0]), bits=min(resolved + MORE, ALL))
