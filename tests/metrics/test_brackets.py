"""Brackets of rankings hold whatever the scores within a bin are, and are as wide as stated."""

from fractions import Fraction
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

import streamloss as sl
from streamloss.metrics import bounds
from streamloss.metrics.score_bins import ScoreBits
from streamloss.metrics.score_groups import Groups, groups_of

from . import rankings
from .rankings import Rows, counted, exactly, nearest, orders, rows, weight

MEASURES = [
    (sl.ROCAUC, rankings.roc_auc),
    (sl.Gini, rankings.gini),
    (sl.KolmogorovSmirnov, rankings.kolmogorov_smirnov),
    (sl.AveragePrecision, rankings.average_precision),
]
NAMES = [cls.__name__ for cls, _ in MEASURES]


def drawn(rng: np.random.Generator) -> tuple[Rows, float]:
    """Return a few random elements, many of them near to each other, and bits."""
    n = int(rng.integers(1, 8))
    near = rng.choice([-3.0, -0.1, 0.0, 0.5, 0.75, 1e-30], 3)
    scores = rng.choice(near, n) * (1.0 + rng.integers(-2, 3, n) * rng.choice([1e-2, 1e-5, 1e-9]))
    if rng.random() < 0.1:
        scores[rng.integers(n)] = rng.choice([-np.inf, np.inf, -0.0])
    weights = [None, rng.integers(0, 4, n).astype(float), rng.random(n)][rng.integers(3)]
    return rows(scores, rng.integers(0, 2, n), weights), float(rng.integers(8, 32))


def bins_of(some: Rows, bits: float) -> list[float]:
    return [ScoreBits(bits).point(0.0, s) for s, _, _ in some]


@pytest.mark.parametrize(("cls", "truth"), MEASURES, ids=NAMES)
def test_brackets_hold_in_ten_thousand_random_cases(cls: Any, truth: Any) -> None:
    rng = np.random.default_rng(1)
    wide = 0
    for _ in range(2500):  # of each of four measures
        some, bits = drawn(rng)
        cells, want = counted(some, bins_of(some, bits)), truth(some)
        low, high = cls(bits).bracket(cells)
        found = cls(bits).combine(cells)
        if want is None:
            assert np.isnan([low, high, found]).all()
            continue
        assert Fraction(low) <= want <= Fraction(high) or (low == high == nearest(want))
        assert low <= found <= high
        wide += low < high
    assert wide > 500


@pytest.mark.parametrize(("cls", "truth"), MEASURES, ids=NAMES)
def test_with_32_bits_the_result_is_that_of_float32_rounded_once(cls: Any, truth: Any) -> None:
    rng = np.random.default_rng(2)
    for _ in range(500):
        some, _ = drawn(rng)
        with np.errstate(over="ignore"):
            narrow = [(float(np.float32(s)), y, w) for s, y, w in some]
        cells = counted(some, bins_of(some, 32.0))
        want = np.array([nearest(truth(narrow))] * 3)
        found = [cls(32).combine(cells), *cls(32).bracket(cells)]
        np.testing.assert_array_equal(np.array(found), want)


CONTEXTS = [
    ([], []),
    ([(0, 1, 1)], [(9, 0, 1)]),
    ([(0, 0, 2)], [(9, 1, 3)]),
    ([(0, 1, 1), (-1, 0, 5)], [(9, 1, 1), (10, 0, 2)]),
]
"""What is below a bin and above it."""

WITHIN = [
    [(1, 1), (0, 1)],
    [(1, 1), (1, 1)],
    [(1, 1), (1, 1), (0, 1)],
    [(1, 3), (1, 1), (0, 2), (0, 1)],
    [(1, 1), (1, 1), (0, 1), (0, 1), (1, 1)],
    [(1, 1), (1, 2), (1, 4), (0, 1)],
    [(0, 1), (0, 2), (0, 3)],
]
"""Labels and weights of a bin."""


def every_order(below: Any, within: Any, above: Any) -> list[Rows]:
    """Return the elements with the bin's in each of their orders."""
    around = [(Fraction(s), y, Fraction(w)) for s, y, w in [*below, *above]]
    return [
        [*around, *((Fraction(1 + p), y, Fraction(w)) for p, (y, w) in zip(o, within, strict=True))]
        for o in orders(len(within))
    ]


@pytest.mark.parametrize("within", WITHIN, ids=str)
@pytest.mark.parametrize(("below", "above"), CONTEXTS, ids=range(len(CONTEXTS)))
def test_bounds_are_what_the_orders_of_a_bin_reach(below: Any, above: Any, within: Any) -> None:
    cases = every_order(below, within, above)
    bins = [2 * (s if s < 1 or s > 8 else 1) + 1 for s, _, _ in cases[0]]
    (groups,) = groups_of(counted(cases[0], bins), "it")
    for name in ("roc_auc", "gini", "kolmogorov_smirnov", "average_precision"):
        reached = [getattr(rankings, name)(case) for case in cases]
        found = getattr(bounds, f"{name}_bounds")(groups)
        if reached[0] is None:
            assert found is None
            continue
        low, high = (each.fraction() for each in found)
        slack = 0
        if name == "average_precision":
            slack = Fraction(1, 1 << 45) * (found[0] is not found[1])
            assert low <= min(reached)
        else:
            assert low == min(reached)
        assert 0 <= high - max(reached) <= slack


def test_a_bin_of_one_positive_bounds_its_precision_by_what_it_can_be() -> None:
    for n in range(5):
        some = [(0, 1, Fraction(2)), *[(0, 0, Fraction(1))] * n, (9, 0, Fraction(1))]
        (groups,) = groups_of(counted(some, [2 * s + 1 for s, _, _ in some]), "it")
        low, high = (each.fraction() for each in bounds.average_precision_bounds(groups) or ())
        assert abs(low - Fraction(2, 3 + n)) < Fraction(1, 1 << 45)
        assert abs(high - Fraction(2, 3)) < Fraction(1, 1 << 45)


def test_the_least_average_precision_is_neared_by_weights_in_a_geometric_row() -> None:
    shapes = [(0, 1, 1, 2), (5, 3, 2, 3), (1, 7, 3, 6), (1000, 500, 9, 9), (10, 900, 5, 2)]
    for true, false, part, count in shapes:
        start, stop = true + false, true + false + part
        exact = 1 - (false / part) * count * (1 - (start / stop) ** (1 / count))
        steps = [start * (stop / start) ** (k / count) for k in range(count + 1)]
        some = [(30 - k, 1, Fraction(b - a)) for k, (a, b) in enumerate(pairwise(steps))]
        some += [(40, 1, Fraction(true)), (40, 0, Fraction(false))]
        (groups,) = groups_of(counted(some, [2 * min(s, 31) + 1 for s, _, _ in some]), "it")
        low, _ = (each.fraction() for each in bounds.average_precision_bounds(groups) or ())
        reached = rankings.average_precision(some)
        assert reached is not None
        at_top = Fraction(true * true, true + false) if true else Fraction(0)
        want = (at_top + Fraction(exact) * part) / (true + part)
        assert abs(reached - want) < 1e-12
        assert 0 <= reached - low < 0.3 * (part / start) ** 3 * stop / (true + part)


@pytest.mark.parametrize("weighted", [False, True])
def test_the_bracket_is_as_wide_as_the_share_of_pairs_in_a_bin(weighted: bool) -> None:
    rng = np.random.default_rng(3)
    n = 400
    labels, scores = rng.integers(0, 2, n), rng.standard_normal(n)
    some = rows(scores, labels, rng.random(n) if weighted else None)
    bins = bins_of(some, 12.0)
    within = sum(
        v * w
        for (_, y, v), a in zip(some, bins, strict=True)
        for (_, z, w), b in zip(some, bins, strict=True)
        if y == 1 and z == 0 and a == b
    )
    share = within / (weight(some, 0) * weight(some, 1))
    low, high = (exactly(x) for x in sl.ROCAUC(12).bracket(counted(some, bins)))
    assert 0 < share < Fraction(1, 50)
    assert 0 <= (high - low) - share <= Fraction(1, 1 << 51)


def test_weights_too_large_for_floats_have_the_same_bounds() -> None:
    rng = np.random.default_rng(13)
    for _ in range(50):
        ones, others = rng.integers(0, 9, 6).astype(object), rng.integers(0, 9, 6).astype(object)
        counts = np.minimum(rng.integers(1, 4, 6), np.maximum(ones.astype(np.int64), 1))
        same = rng.random(6) < 0.3
        small = Groups(np.arange(6), ones, others, counts, same)
        large = small._replace(positives=ones << 1100, negatives=others << 1100)
        found = [bounds.average_precision_bounds(groups) for groups in (small, large)]
        if None not in found:
            for a, b in zip(*found, strict=True):
                assert abs(a.fraction() - b.fraction()) < Fraction(1, 1 << 45)
