"""Metrics of counts of `compat.sklearn` against fractions, and what cuts and order do to them."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import dask
import dask.array as da
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamloss.compat import sklearn

LABELS = st.lists(
    st.tuples(st.integers(0, 2), st.integers(0, 2), st.sampled_from([0.1, 0.3, 1.7, 2.0**-30])),
    min_size=1,
    max_size=12,
)
SCORES = st.lists(
    st.tuples(
        st.booleans(), st.sampled_from([-1.5, -0.0, 0.0, 0.1, 0.3]), st.sampled_from([0.1, 3.0])
    ),
    min_size=2,
    max_size=12,
).filter(lambda rows: len({label for label, *_ in rows}) == 2)


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    with dask.config.set(scheduler="synchronous"):
        yield


def rates(rows: list[tuple[int, int, float]]) -> dict[int, tuple[Fraction, Fraction, Fraction]]:
    """The weights of each class where it is both, y_true, and y_pred."""
    classes = sorted({label for true, pred, _ in rows for label in (true, pred)})
    terms = [(true, pred, Fraction(w)) for true, pred, w in rows]
    return {
        c: (
            sum((w for t, p, w in terms if t == p == c), Fraction(0)),
            sum((w for t, _, w in terms if t == c), Fraction(0)),
            sum((w for _, p, w in terms if p == c), Fraction(0)),
        )
        for c in classes
    }


@given(LABELS)
def test_rates_are_rounded_once(rows: list[tuple[int, int, float]]) -> None:
    true, pred, w = map(np.array, zip(*rows, strict=True))
    found = rates(rows)
    f1 = [2 * h / (t + p) for h, t, p in found.values()]
    asked = {"sample_weight": w, "zero_division": 0.0}
    each = sklearn.f1_score(true, pred, average=None, **asked)
    assert each.tolist() == [float(x) for x in f1]
    assert sklearn.f1_score(true, pred, average="macro", **asked) == float(sum(f1) / len(f1))
    heavy = [t for _, t, _ in found.values()]
    weighted = sum(x * t for x, t in zip(f1, heavy, strict=True)) / sum(heavy)
    assert sklearn.f1_score(true, pred, average="weighted", **asked) == float(weighted)
    recalls = [h / t for h, t, _ in found.values() if t]
    if len(recalls) == len(found) > 1:
        score = sklearn.balanced_accuracy_score(true, pred, sample_weight=w)
        assert score == float(sum(recalls) / len(recalls))


@given(LABELS)
def test_a_matrix_has_the_weight_of_each_pair(rows: list[tuple[int, int, float]]) -> None:
    true, pred, w = map(np.array, zip(*rows, strict=True))
    found = sklearn.confusion_matrix(true, pred, labels=[2, 0, 1, 5], sample_weight=w)
    for (i, a), (j, b) in itertools.product(enumerate([2, 0, 1, 5]), repeat=2):
        exact = sum((Fraction(x) for t, p, x in rows if (t, p) == (a, b)), Fraction(0))
        assert found[i, j] == float(exact)


def area(rows: list[tuple[bool, float, float]]) -> Fraction:
    """The weighted share of pairs that are in order, ties by halves."""
    ones = [(s, Fraction(w)) for label, s, w in rows if label]
    others = [(s, Fraction(w)) for label, s, w in rows if not label]
    right, total = Fraction(0), Fraction(0)
    for (a, v), (b, w) in itertools.product(ones, others):
        right += v * w * (1 if a > b else Fraction(1, 2) if a == b else 0)
        total += v * w
    return right / total


def precision(rows: list[tuple[bool, float, float]]) -> Fraction:
    """The average precision of its definition."""
    positives = sum(Fraction(w) for label, _, w in rows if label)
    total, before = Fraction(0), Fraction(0)
    for threshold in sorted({s for _, s, _ in rows}, reverse=True):
        above = [(label, Fraction(w)) for label, s, w in rows if s >= threshold]
        hits = sum((w for label, w in above if label), Fraction(0))
        total += (hits - before) / positives * hits / sum(w for _, w in above)
        before = hits
    return total


@given(SCORES)
def test_rankings_are_rounded_once(rows: list[tuple[bool, float, float]]) -> None:
    true, score, w = map(np.array, zip(*rows, strict=True))
    found = sklearn.roc_auc_score(true, score, sample_weight=w)
    assert found == float(area(rows))
    assert sklearn.roc_auc_score(true, -score, sample_weight=w) == float(1 - area(rows))
    found = sklearn.average_precision_score(true, score, sample_weight=w)
    assert found == float(precision(rows))


@given(SCORES, st.sampled_from([0.1, 0.25, 0.7]))
def test_a_part_of_the_area_is_rounded_once(
    rows: list[tuple[bool, float, float]], most: float
) -> None:
    true, score, w = map(np.array, zip(*rows, strict=True))
    totals = [sum(Fraction(x) for t, _, x in rows if t == label) for label in (False, True)]
    points = [(Fraction(0), Fraction(0))]
    for threshold in sorted({s for _, s, _ in rows}, reverse=True):
        sums = [
            sum((Fraction(x) for t, s, x in rows if t == label and s >= threshold), Fraction(0))
            for label in (False, True)
        ]
        points.append((sums[0] / totals[0], sums[1] / totals[1]))
    bound, part = Fraction(most), Fraction(0)
    for (a, b), (c, d) in itertools.pairwise(points):
        if a < c and a < bound:
            end = min(c, bound)
            top = b + (d - b) * (end - a) / (c - a)
            part += (end - a) * (b + top) / 2
    least = bound**2 / 2
    expected = (1 + (part - least) / (bound - least)) / 2
    assert sklearn.roc_auc_score(true, score, sample_weight=w, max_fpr=most) == float(expected)


@given(
    st.lists(
        st.tuples(st.sampled_from([0.0, 0.1, 0.5, 1.5]), st.integers(0, 3)), min_size=1
    ).filter(lambda rows: any(w for _, w in rows))
)
def test_a_median_is_that_of_repeated_errors(rows: list[tuple[float, int]]) -> None:
    sizes, times = map(np.array, zip(*rows, strict=True))
    every = sorted(np.repeat(sizes, times).tolist())
    middle = every[(len(every) - 1) // 2], every[len(every) // 2]
    found = sklearn.median_absolute_error(np.zeros(len(sizes)), sizes, sample_weight=times)
    assert found == float(sum(map(Fraction, middle)) / 2)


RNG = np.random.default_rng(3)
MANY = RNG.integers(0, 4, (2, 200))
VALUES, HEAVY = RNG.integers(0, 50, 200) / 8 - 3, RNG.random(200)


@pytest.mark.parametrize("chunks", [1, 7, 64, 200])
def test_cuts_and_order_are_without_effect(chunks: int) -> None:
    order = RNG.permutation(200)
    calls: list[tuple[Any, tuple[Any, ...], dict[str, Any]]] = [
        (sklearn.confusion_matrix, (MANY[0], MANY[1]), {"normalize": "true"}),
        (sklearn.f1_score, (MANY[0], MANY[1]), {"average": None}),
        (sklearn.roc_auc_score, (MANY[0] > 1, VALUES), {}),
        (sklearn.average_precision_score, (MANY[0] > 1, VALUES), {}),
        (sklearn.median_absolute_error, (MANY[0], VALUES), {}),
    ]
    for function, arrays, settings in calls:
        expected = function(*arrays, **settings, sample_weight=HEAVY)
        lazy = [da.from_array(each[order], chunks=chunks) for each in (*arrays, HEAVY)]
        found = function(*lazy[:2], **settings, sample_weight=lazy[2])
        assert np.asarray(found.compute()).tobytes() == np.asarray(expected).tobytes()
    with_curve = sklearn.roc_curve(MANY[0] > 1, VALUES, sample_weight=HEAVY)
    lazy = [da.from_array(each[order], chunks=chunks) for each in (MANY[0] > 1, VALUES, HEAVY)]
    found = dask.compute(*sklearn.roc_curve(lazy[0], lazy[1], sample_weight=lazy[2]))
    assert all(a.tobytes() == b.tobytes() for a, b in zip(found, with_curve, strict=True))


def test_weights_of_any_size_are_exact() -> None:
    y, s = np.array([0, 1, 0, 1]), np.array([0.1, 0.1, 0.2, 0.3])
    w = np.array([2.0**-1074, 1e300, 3.0, 0.1])
    rows = list(zip(y.astype(bool).tolist(), s.tolist(), w.tolist(), strict=True))
    assert sklearn.roc_auc_score(y, s, sample_weight=w) == float(area(rows))
    assert sklearn.average_precision_score(y, s, sample_weight=w) == float(precision(rows))


def test_scores_that_float32_cannot_tell_apart_are_told_apart() -> None:
    y, s = np.array([0, 1, 0, 1]), 1.0 + np.array([0, 1, 2, 3]) * 2.0**-52
    assert sklearn.roc_auc_score(y, s) == 0.75
    assert sklearn.roc_auc_score(da.from_array(y, chunks=1), s).compute() == 0.75
    big = 2**53 + np.array([0, 1, 2, 3])
    assert sklearn.roc_auc_score(y, big) == 0.75


@pytest.mark.parametrize("lazy", [False, True])
def test_negative_weights_are_refused_where_order_counts(lazy: bool) -> None:
    y, s, w = np.array([0, 1, 1]), np.array([0.1, 0.2, 0.3]), np.array([1.0, -1.0, 2.0])
    if lazy:
        y, s, w = (da.from_array(each, chunks=2) for each in (y, s, w))
    for function in (sklearn.roc_auc_score, sklearn.median_absolute_error):
        with pytest.raises(ValueError, match="sample_weight must be at least 0 where order counts"):
            float(function(y, s, sample_weight=w))
    assert float(sklearn.f1_score(y, y, sample_weight=w)) == 1.0


def test_integer_weights_beyond_64_bits_are_refused() -> None:
    w = np.array([2**62, 2**62, 5])
    with pytest.raises(ValueError, match="sums of sample_weight must be integers of 64 bits"):
        sklearn.confusion_matrix([0, 0, 1], [0, 0, 1], sample_weight=w)
    found = sklearn.confusion_matrix([0, 0], [0, 0], labels=[0, 1], sample_weight=w[1:])
    assert found[0, 0] == 2**62 + 5
