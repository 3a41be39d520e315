r"""What groups of scores prove of a ranking: bounds as sums of quotients of integers.

A group has the weights P and N of its elements of label 1 and of others. If its scores are all the
same, every measure is known. Else they may be in any order, with any ties among them, and of each
order a measure lies between bounds that hold group by group, for the groups themselves are ordered.

**Area under the ROC curve.** It is the weighted share of the pairs of one element of each label in
which the positive one has the higher score, a half of which is counted of ties. Pairs of two groups
are known; of the P N pairs in a group none to all count. All are reached, by one order each.

**Kolmogorov and Smirnov.** It is the largest distance between the shares of the two labels up to
any score. At the ends of groups the shares are known, so it is at least the largest of these, and
is that if scores in a group are the same. In a group both shares lie between those at its ends, so
their distance is at most that of one at its start and the other at its end, which an order reaches.

**Average precision.** With the scores descending, each element of label 1 and weight g counts
g A / (A + B), of the weights A and B of both labels from the top down to its score, with all of
that score; the sum is divided by their weight. Let T and F be the weights above a group.

- At most, an element of the group has A = T + P and B = F. So the group counts at most
  P (T + P) / (T + P + F). It does if its elements of label 1 have one score, the highest.
- At least, B = F + N, called G. Put in their order, the k-th has A at least T and the weights of
  the first k, so that with u_k = G + A it counts g_k (1 - G / u_k), and u_k - u_(k-1) = g_k. Of the
  e elements, u_0 = T + G and u = u_e = u_0 + P, the sum is P - G (e - sum u_(k-1) / u_k), and as
  the product of these e ratios is x = u_0 / u, their sum is at least e x**(1/e), by the inequality
  of means. With y = x**(1/e) it remains to bound e (1 - y) from above, by a rational number:

      e (1 - y)  <=  (1 - x) + (1 - 1/e) (1 - x)**2 / (2 x).

  Right minus left is 0 at y = 1. Its derivative is e - (e+1)/2 y**(e-1) - (e-1)/2 y**(-e-1), and
  the two subtracted terms make e or more, by the inequality of weighted means, whose powers of y
  cancel. So it is not below 0 for y <= 1. Therefore a group counts at least

      P (T + P) / u  -  (1 - 1/e) P**2 G / (2 u_0 u).

  Its first part is what it counts if all of its scores are the same, and all that is left of one
  element, or if G = 0. An element of weight 0 among the e makes the bound lower, so it holds.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from streamloss.exact.means import Ratios, nearest
from streamloss.exact.ratios import Units, dot, quotients

from .score_groups import Groups

Floats = NDArray[np.float64]

Bounds = tuple[Ratios, Ratios]
"""What a measure is at least and at most; twice the same if it is known."""

FIXED = 1 << 60
"""The unit of bounds of average precision, inverted: their sum is at most so many, an int64."""

SLACK = 2.0**-48
"""By what part the floats of these bounds may be off: 21 roundings, each of 2**-53, at most."""

LARGE = 1 << 1000
"""What weights are below if floats hold them and their sums."""


def roc_auc_bounds(groups: Groups) -> Bounds | None:
    """Return bounds of the area under the ROC curve; None without elements of both labels."""
    positives, negatives = groups.totals
    if not positives or not negatives:
        return None
    below, tied, pairs = _before(np.cumsum(groups.negatives)), groups.same, positives * negatives
    sure = 2 * dot(groups.positives, below) + dot(groups.positives[tied], groups.negatives[tied])
    within = dot(groups.positives[~tied], groups.negatives[~tied])
    low = Ratios.of(sure, 2 * pairs)
    return (low, Ratios.of(sure + 2 * within, 2 * pairs)) if within else _known(low)


def gini_bounds(groups: Groups) -> Bounds | None:
    """Return bounds of twice the area under the ROC curve, less 1."""
    found = roc_auc_bounds(groups)
    if found is None:
        return None
    low, high = (_twice_less_one(ratios) for ratios in found)
    return _known(low) if found[0] is found[1] else (low, high)


def _twice_less_one(area: Ratios) -> Ratios:
    bottom = int(area.bottoms[0])
    return Ratios.of(2 * int(area.tops[0]) - bottom, bottom)


def kolmogorov_smirnov_bounds(groups: Groups) -> Bounds | None:
    """Return bounds of the largest distance between both labels' shares up to a score."""
    totals = positives, negatives = groups.totals
    if not positives or not negatives:
        return None
    a, b = np.cumsum(groups.positives), np.cumsum(groups.negatives)
    x, y = quotients(a, positives), quotients(b, negatives)
    least = most = farthest((a, b), abs(x - y), totals)
    some = ~groups.same
    if some.any():
        ends = ((a, _before(b)), abs(x - _before(y))), ((_before(a), b), abs(_before(x) - y))
        for (one, other), apart in ends:
            most = max(most, farthest((one[some], other[some]), apart[some], totals))
    low = Ratios.of(least, positives * negatives)
    return _known(low) if most == least else (low, Ratios.of(most, positives * negatives))


def farthest(sums: tuple[Units, Units], apart: Floats, totals: tuple[int, int]) -> int:
    """Return the largest distance of two sums as shares of their totals, times both.

    It is looked for where floats say that it is, or nearly so.
    """
    near = np.flatnonzero(apart >= apart.max() - SLACK)
    pairs = zip(*(each[near].tolist() for each in sums), strict=True)
    return max([int(abs(a * totals[1] - b * totals[0])) for a, b in pairs])


def average_precision_bounds(groups: Groups) -> Bounds | None:
    """Return bounds of the average precision; None without elements of label 1."""
    total = groups.totals[0]
    if not total:
        return None
    ones, others, counts = (each[::-1] for each in groups[1:4])
    true, false, some, tied = np.cumsum(ones), np.cumsum(others), ones > 0, groups.same[::-1]
    if not ((others + (counts > 1) > 0) & (false > 0) & some & ~tied).any():
        return _known(Ratios(ones[some], true[some], (true + false)[some], total))
    of_floats = sum(groups.totals) < LARGE
    if of_floats:
        ones, true, false = (quotients(each, 1) for each in (ones, true, false))
    counts, above = np.where(tied, 1, counts), np.where(tied, false, _before(false))
    each = (ones, true, _before(true), false, above, counts)
    columns = [column[some] for column in each]
    return _of_floats(columns, total) if of_floats else _of_integers(columns, total)


def _of_floats(columns: list[Any], total: int) -> Bounds:
    """Return bounds of average precision from float64; the sums are of integers again.

    Sums of numbers that are not negative keep their relative errors, and of the one difference the
    second term is at most half of the first.
    """
    part, true, true_before, false, false_before, count = columns
    called, share = true + false, part / quotients(np.array([total], object), 1)
    most = share * (true / (true + false_before))
    spread = false / np.maximum(true_before + false, 1.0)
    least = share * (true / called - (0.5 - 0.5 / count) * (part / called) * spread)
    low = np.floor(least * ((1.0 - SLACK) * FIXED)).astype(np.int64).sum()
    high = np.floor(most * ((1.0 + SLACK) * FIXED)).astype(np.int64).sum() + len(part)
    return Ratios.of(int(low), FIXED), Ratios.of(min(int(high), FIXED), FIXED)


def _of_integers(columns: list[Any], total: int) -> Bounds:
    """Return bounds of average precision from Python's integers, for weights of any size."""
    part, true, true_before, false, false_before, count = columns
    start = np.maximum(true_before + false, 1)
    tops = 2 * count * start * true - (count - 1) * part * false
    low = Ratios(part, tops, 2 * count * start * (true + false), total)
    return low, Ratios(part, true, true + false_before, total)


def _before(sums: Any) -> Any:
    """Return sums up to each group without it."""
    return np.concatenate([np.zeros(1, sums.dtype), sums[:-1]])


def _known(ratios: Ratios) -> Bounds:
    return ratios, ratios


def exact_roc_auc(positives: Units, negatives: Units) -> float:
    """Return the area under the ROC curve of groups of equal scores, correctly rounded.

    Parameters
    ----------
    positives, negatives : int64 or object array (groups,)
        The weights of label 1 and of others in each group, integers of any one unit, none below 0;
        the groups in ascending order of their scores, each score in one. Of int64 all together must
        be below 2**62.

    Returns
    -------
    float
        From 0 to 1, without a unit; NaN unless both labels have a weight.

    Examples
    --------
    >>> exact_roc_auc(np.array([0, 1, 2]), np.array([2, 1, 0]))
    0.9444444444444444
    """
    return _exact(roc_auc_bounds(_same(positives, negatives)))


def exact_average_precision(positives: Units, negatives: Units) -> float:
    """Return the average precision of groups of equal scores, correctly rounded.

    Parameters
    ----------
    positives, negatives : int64 or object array (groups,)
        As `exact_roc_auc` takes them.

    Returns
    -------
    float
        From 0 to 1, without a unit; NaN if label 1 has no weight.

    Examples
    --------
    >>> exact_average_precision(np.array([0, 1, 2]), np.array([2, 1, 0]))
    0.9166666666666666
    """
    return _exact(average_precision_bounds(_same(positives, negatives)))


def _same(positives: Units, negatives: Units) -> Groups:
    """Return groups of equal scores."""
    counts = np.ones(len(positives), np.int64)
    return Groups(None, positives, negatives, counts, counts > 0)


def _exact(bounds: Bounds | None) -> float:
    return math.nan if bounds is None else nearest(bounds[:1], [1])
