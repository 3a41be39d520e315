"""Rankings by further passes, each of which tells the scores between two apart and no others.

A further pass takes a stretch of scores of which few enough are different, tells these apart and
adds what they count to what all lower ones counted. Of all higher ones it learns how many different
ones there are in bins, about, so that the next stretch is known. So a result is exact however many
scores there are, and memory does not grow with them. What a stretch counts is exact too:

- of the area under the ROC curve, the pairs whose positive element is in it;
- of Kolmogorov and Smirnov's distance, the largest at one of its scores;
- of average precision, the terms of its positive elements, whose sum is known to 192 bits. Where a
  result is nearer than that to the middle of two float64, its bracket has both.

Of a bin with more scores than one pass may tell apart, a pass counts finer bins first.
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
from .counts import added
from .halves import (
    COARSE,
    HIGHER,
    LOWER,
    MIXES,
    SIZE_BITS,
    AllBits,
    Score,
    ScoreHalf,
    is_above,
    last_scores,
)
from .score_bins import Average, Truth
from .score_groups import Groups, groups_of

FEW = 1 << 20
"""Different scores that a pass tells apart, about: these take 0.45 GB and 1.2 s
(`benchmarks/bench_counts.py`)."""

MORE = 21.0
"""The bits that a pass adds where one bin has more scores: it makes 2**21 bins of it at most."""

MIXED = 6
"""In how many of `MIXES` classes the scores of a bin are if they may all be different."""

SPARE = 8
"""How many different scores a cell may stand for, in bins whose scores are in fewer classes: of 20
different ones so few have five in a thousand, of 40 less than one in a million."""

BITS = 192
"""Bits to which sums of quotients are known, of a result of the least size that it may have."""

Bounds = tuple[Fraction, Fraction]


class Ranking(Protocol):
    """A metric of the order of scores, as this module has them."""

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
        """Return the scores that are told apart, of the groups of keys `ScoreHalf`."""
        start = int((groups.bins == LOWER).sum())
        stop = len(groups.bins) - int(is_above(groups.bins).sum())
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
    """Return bounds of what some positive elements count of the average precision.

    With weights P and N in all, a quotient A / (A + B) is at least A / (P + N), and the sum of g A
    at least P**2 / 2. So all count at least half of P / (P + N), of which `BITS` are taken.
    """
    bits = BITS + sum(some.totals).bit_length() - some.totals[0].bit_length()
    ones, others = some.positives[::-1], some.negatives[::-1]
    true, false = np.cumsum(ones) + some.above[0], np.cumsum(others) + some.above[1]
    has = ones > 0
    terms = Ratios(ones[has], true[has], (true + false)[has], some.totals[0])
    low, high = terms.bounds(bits)
    return Fraction(low, 1 << bits), Fraction(high, 1 << bits)


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
        How many bits of these scores tell bins apart. What they count is known if these are all,
        63; else the pass is only to know how many there are in finer bins.
    known : str
        How many elements there are in all, how many of them below, and for each class bounds of
        what these count: fractions, with a space between any two.
    """

    measure: Annotated[str, Choice(tuple(MEASURES))]
    average: Average = "binary"
    low: Score = -math.inf
    high: Score = math.inf
    bits: AllBits = SIZE_BITS
    known: LabelLike = "0 0"

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
            If not as many elements are there, or below, as were: the data are others.
        """
        score, told = cells.keys["score"], cells.elements
        is_below, above = score == LOWER, is_above(score)
        inside, (total, below, *_) = ~is_below & ~above, str(self.known).split()
        if (told.sum(), told[is_below].sum()) != (int(total), int(below)):
            raise ValueError("exact=True needs the same data in each pass: got other scores")
        if self.bits != SIZE_BITS and inside.any():
            return self._finer(cells, inside)
        bounds = [str(x) for _, *pair in _counted(self, cells) for x in pair]
        known = " ".join([total, str(int(below) + int(told[inside].sum())), *bounds])
        start = math.nextafter(self.high, math.inf)
        return self._replace(low=start, known=known)._coarser(cells, above)

    def _finer(self, cells: Counted, some: Any) -> RankingWithin | None:
        """Return the metric for the first of some bins, of the bits that a pass had."""
        last = last_scores(cells.keys["score"][some], cells.keys["rest"][some], self.bits)
        edges, place = np.unique(last, return_inverse=True)
        return _next(self, edges, added(place, cells.elements[some], len(edges)), self.bits)

    def _coarser(self, cells: Counted, some: Any) -> RankingWithin | None:
        """Return the metric for the first bins of scores above those that are known."""
        upper, mixed = cells.keys["score"][some] - int(HIGHER), cells.keys["rest"][some]
        last = last_scores(upper, np.zeros_like(upper), COARSE)
        edges, place = np.unique(last, return_inverse=True)
        elements, size = added(place, cells.elements[some], len(edges)), len(edges)
        classes = np.bincount(np.unique(place * MIXES + mixed) // MIXES, minlength=size)
        alike = np.minimum(elements, SPARE * np.bincount(place, minlength=size))
        return _next(self, edges, np.where(classes < MIXED, alike, elements), COARSE)


def _counted(metric: RankingWithin, cells: Counted) -> Iterator[tuple[int, Fraction, Fraction]]:
    """Yield of each class the weight of its elements, and bounds of what is known of the result.

    That is what all scores count that were told apart, by this pass or one before.
    """
    before = [Fraction(text) for text in str(metric.known).split()[2:]]
    for k, groups in enumerate(groups_of(cells, type(metric).__name__)):
        some = Stretch.of(groups)
        pair = before[2 * k : 2 * k + 2] or [Fraction(0)] * 2
        if some.totals[0] and metric.bits == SIZE_BITS:
            join = max if metric.measure == "kolmogorov_smirnov" else operator.add
            pair = list(map(join, pair, MEASURES[metric.measure](some)))
        yield some.totals[0], pair[0], pair[1]


def _of_classes(
    metric: RankingWithin, cells: Counted
) -> tuple[list[Ratios], list[Ratios], list[int]]:
    """Return bounds of each class that has a weight, and that weight."""
    score = cells.keys["score"]
    is_done = not is_above(score).any() and (metric.bits == SIZE_BITS or (score == LOWER).all())
    lows, highs, weights = [], [], []
    for weight, low, high in _counted(metric, cells):
        if weight:
            most = high if is_done else Fraction(1)
            pair = [2 * x - 1 if metric.measure == "gini" else x for x in (low, most)]
            lows.append(Ratios.of(*pair[0].as_integer_ratio()))
            highs.append(Ratios.of(*pair[1].as_integer_ratio()))
            weights.append(weight if metric.average == "weighted" else 1)
    return lows, highs, weights


def first_within(measure: str, metric: Ranking, cells: Counted) -> RankingWithin:
    """Return the metric of the first further pass: of few elements it tells all apart.

    Of many it tells only which stretches to take.

    Parameters
    ----------
    measure : str
        The name of the metric.
    metric : Ranking
        The metric that these are cells of.
    cells : Counted
        The cells of the first pass.
    """
    total = int(cells.elements.sum())
    high = math.inf if total <= FEW else -math.inf
    return RankingWithin(measure, metric.average, high=high, known=f"{total} 0")


def _next(metric: RankingWithin, edges: Any, counts: Any, resolved: float) -> RankingWithin | None:
    """Return a metric for as many of some bins as a pass may tell apart, the lowest ones.

    Parameters
    ----------
    metric : RankingWithin
        What is known, and `low`.
    edges : float64 array
        The largest score of each bin, in ascending order.
    counts : int64 array
        How many different scores it has, at most.
    resolved : float
        The bits that tell the bins apart.
    """
    if not len(edges):
        return None
    taken = int(np.searchsorted(np.cumsum(counts), FEW, "right"))
    if taken:
        return metric._replace(high=float(edges[taken - 1]), bits=SIZE_BITS)
    return metric._replace(high=float(edges[0]), bits=min(resolved + MORE, SIZE_BITS))
