"""Measures of rankings by their definitions, pair by pair and threshold by threshold."""

from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Any

import numpy as np

from streamloss.exact.counted import Counted

Rows = Sequence[tuple[Any, int, Fraction]]
"""Elements, each with a score, a label of 0 or 1, and a weight."""


def rows(scores: Any, labels: Any, weights: Any = None) -> Rows:
    heavy = np.ones(len(scores)) if weights is None else weights
    each = zip(scores, labels, heavy, strict=True)
    return [(s.item(), int(y), Fraction(float(w))) for s, y, w in each]


def weight(some: Rows, label: int) -> Fraction:
    return sum((w for _, y, w in some if y == label), Fraction(0))


def roc_auc(some: Rows) -> Fraction | None:
    pairs = weight(some, 0) * weight(some, 1)
    if not pairs:
        return None
    won = Fraction(0)
    for s, y, w in some:
        for t, z, v in some:
            if y == 1 and z == 0:
                won += w * v * (Fraction(1) if s > t else Fraction(1, 2) if s == t else 0)
    return won / pairs


def gini(some: Rows) -> Fraction | None:
    found = roc_auc(some)
    return None if found is None else 2 * found - 1


def kolmogorov_smirnov(some: Rows) -> Fraction | None:
    one, other = weight(some, 1), weight(some, 0)
    if not one or not other:
        return None
    below = [[row for row in some if row[0] <= s] for s, _, _ in some]
    return max(abs(weight(each, 1) / one - weight(each, 0) / other) for each in below)


def average_precision(some: Rows) -> Fraction | None:
    total = weight(some, 1)
    if not total:
        return None
    found = Fraction(0)
    for s, y, w in some:
        if y == 1 and w:
            above = [row for row in some if row[0] >= s]
            true = weight(above, 1)
            found += w * true / (true + weight(above, 0))
    return found / total


def orders(n: int) -> Iterator[list[int]]:
    """Yield each order of n elements with ties, as their places: 0 the lowest."""
    if n == 0:
        yield []
        return
    for rest in orders(n - 1):
        levels = max(rest, default=-1) + 1
        for tie in range(levels):
            yield [*rest, tie]
        for new in range(levels + 1):
            yield [*(place + (place >= new) for place in rest), new]


def counted(some: Rows, bins: Any) -> Counted:
    """Return the cells of elements whose bins are given."""
    keys = {"score": [int(b) for b in bins], "true": [y for _, y, _ in some]}
    return Counted.of_rows(keys, [float(w) for _, _, w in some])


def exactly(x: float) -> Any:
    """Return a float as it is compared with fractions."""
    return Fraction(x) if np.isfinite(x) else x


def nearest(x: Fraction | None) -> float:
    return float("nan") if x is None else x.numerator / x.denominator
