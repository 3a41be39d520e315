"""Rankings of float64 scores by a second pass: what fractions give, rounded once."""

from fractions import Fraction
from typing import Any

import dask.array as da
import numpy as np
import pytest

import streamloss as sl
from tests.metrics import rankings

TRUTHS = {
    "roc_auc": rankings.roc_auc,
    "gini": rankings.gini,
    "kolmogorov_smirnov": rankings.kolmogorov_smirnov,
    "average_precision": rankings.average_precision,
}


def drawn(rng: np.random.Generator, n: int) -> tuple[Any, Any, Any]:
    """Return labels, scores that share bins and float32, and weights."""
    scores = 1.0 + rng.integers(-9, 9, n) * 10.0 ** rng.integers(-15, -3, n)
    scores *= rng.choice([1.0, -1.0, 1e300, -1e-310], n)
    return rng.integers(0, 2, n), scores, rng.integers(0, 3, n) * rng.random(n)


def truths(labels: Any, scores: Any, weights: Any = None) -> dict[str, float]:
    some = rankings.rows(scores, labels, weights)
    exact = {name: truth(some) for name, truth in TRUTHS.items()}
    return {name: float("nan") if x is None else float(x) for name, x in exact.items()}


def test_float64_scores_in_random_cases() -> None:
    rng = np.random.default_rng(3)
    for _ in range(150):
        labels, scores, weights = drawn(rng, int(rng.integers(1, 14)))
        for heavy in (None, weights):
            found = sl.evaluate(list(TRUTHS), labels, scores, heavy, exact=True)
            np.testing.assert_array_equal(
                list(found.values()), list(truths(labels, scores, heavy).values())
            )


def test_one_pass_of_all_bits_says_the_same() -> None:
    labels, scores, weights = drawn(np.random.default_rng(4), 300)
    want = truths(labels, scores, weights)
    known = {sl.ROCAUC: "roc_auc", sl.AveragePrecision: "average_precision"}
    for metric, name in known.items():
        acc = sl.accumulate(metric(64), labels, scores, weights)
        assert (acc.result(), *acc.bracket()) == (want[name],) * 3
        halves = [
            sl.accumulate(metric(64), *[x[k::2] for x in (labels, scores, weights)]) for k in (0, 1)
        ]
        assert sl.merge(halves) == acc
        assert sl.Accumulator.from_bytes(acc.to_bytes()).result() == want[name]


def test_a_second_pass_is_made_for_all_that_need_one_and_of_dask_arrays() -> None:
    labels, scores, weights = drawn(np.random.default_rng(5), 400)
    errors = {
        "median_absolute_error": sl.evaluate(
            "median_absolute_error", labels, scores, weights, exact=True
        )
    }
    want = truths(labels, scores, weights) | errors
    lazy = [da.from_array(each, chunks=77) for each in (labels, scores, weights)]
    assert sl.evaluate(list(want), *lazy, exact=True) == want


@pytest.mark.parametrize("average", ["macro", "weighted"])
def test_classes_each_against_the_others(average: str) -> None:
    rng = np.random.default_rng(6)
    index, weights = rng.integers(0, 3, 60), rng.integers(0, 3, 60).astype(float)
    scores = 0.5 + rng.integers(-9, 9, (60, 3)) * 1e-12
    heavy = [Fraction(float(weights[index == c].sum())) for c in range(3)]
    each = [rankings.roc_auc(rankings.rows(scores[:, c], index == c, weights)) for c in range(3)]
    shares = heavy if average == "weighted" else [Fraction(1)] * 3
    want = sum(a * b for a, b in zip(each, shares, strict=True)) / sum(shares)
    metric = sl.ROCAUC(average=average)
    assert sl.evaluate(metric, index, scores, weights, exact=True) == float(want)
    low, high = sl.accumulate(metric, index, scores, weights).bracket()
    assert low < want < high


@pytest.mark.parametrize("bits", [0, 33, 63, 65, 20.5])
def test_bits_that_there_are_not(bits: float) -> None:
    with pytest.raises(
        ValueError, match=r"bits of ROCAUC must be whole, .* at most 32, or 64: got"
    ):
        sl.ROCAUC(bits)
    with pytest.raises(ValueError, match=r"bits of ROCCurve must be whole, .* at most 32: got"):
        sl.ROCCurve(64)
