"""Rankings of float64 scores by further passes: what fractions give, rounded once."""

from fractions import Fraction
from typing import Any

import dask.array as da
import numpy as np
import pytest

import streamloss as sl
from streamloss.exact.counted import Counted
from streamloss.metrics import ranking_within
from streamloss.metrics.halves import SIZE_BITS
from streamloss.metrics.ranking_within import RankingWithin
from tests.metrics import rankings
from tests.passes import counted_passes

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


# Passes of few scores each


@pytest.mark.parametrize("more", [1.0, 3.0, 21.0])
@pytest.mark.parametrize("few", [0, 1, 3])
def test_passes_tell_few_scores_apart_each(
    few: int, more: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ranking_within, "FEW", few)
    monkeypatch.setattr(ranking_within, "MORE", more)
    passes, rng = counted_passes(monkeypatch), np.random.default_rng(8)
    cases = 5 if more > 1 else 1
    for _ in range(cases):
        labels, scores, weights = drawn(rng, int(rng.integers(2, 14)))
        scores[rng.random(len(scores)) < 0.2] = rng.choice([0.0, -0.0, np.inf, -np.inf, 1e39])
        for heavy in (None, weights):
            found = sl.evaluate(list(TRUTHS), labels, scores, heavy, exact=True)
            np.testing.assert_array_equal(
                list(found.values()), list(truths(labels, scores, heavy).values())
            )
    assert len(passes) > 3 * 2 * cases


def test_many_scores_in_stretches_are_those_of_one_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    labels, scores, weights = drawn(np.random.default_rng(9), 3_000)
    scores[:1_000] = np.random.default_rng(9).normal(size=1_000)
    scores[1_000:1_500] = 0.25
    for heavy in (None, weights, np.where(weights > 1, 1e300, 1e-300)):
        want = {m: sl.evaluate(m(64), labels, scores, heavy) for m in (sl.ROCAUC, sl.Gini)}
        want[sl.AveragePrecision] = sl.evaluate(sl.AveragePrecision(64), labels, scores, heavy)
        want[sl.KolmogorovSmirnov] = sl.evaluate(sl.KolmogorovSmirnov(64), labels, scores, heavy)
        monkeypatch.setattr(ranking_within, "FEW", 400)
        passes = counted_passes(monkeypatch)
        for metric, result in want.items():
            assert sl.evaluate(metric(), labels, scores, heavy, exact=True) == result
            assert sl.evaluate(metric(3), labels, scores, heavy, exact=True) == result
        assert len(passes) > 8 * 6
        monkeypatch.undo()


def test_rounded_scores_take_few_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(13)
    scores = np.round(rng.random(20_000), 2)
    labels = rng.random(20_000) < scores
    want = sl.evaluate(sl.ROCAUC(64), labels, scores)
    monkeypatch.setattr(ranking_within, "FEW", 250)
    passes = counted_passes(monkeypatch)
    assert sl.evaluate("roc_auc", labels, scores, exact=True) == want
    assert len(passes) <= 10  # with 80 stretches of 250


LAYOUTS = {
    "zeros": lambda rng: np.append(np.zeros(10_000), rng.random(20_000)),
    "rounded": lambda rng: np.append(np.round(rng.random(9_000), 2) - 1, rng.random(20_000)),
    "rounded above": lambda rng: np.append(rng.random(20_000), np.round(rng.random(9_000), 2) + 1),
    "near one": lambda rng: 1.0 + rng.integers(0, 2**40, 20_000) * 2.0**-52,
    "few near one": lambda rng: 1.0 + rng.integers(0, 9, 30_000) * 2.0**-52,
    "wide": lambda rng: rng.normal(size=20_000) * 10.0 ** rng.integers(-300, 300, 20_000),
    "float32": lambda rng: rng.normal(size=20_000).astype(np.float32),
}


@pytest.mark.parametrize("name", LAYOUTS)
def test_no_pass_tells_many_more_scores_apart_than_it_may(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    scores = LAYOUTS[name](np.random.default_rng(14))
    labels = np.random.default_rng(15).random(len(scores)) < 0.4
    want = sl.evaluate(sl.ROCAUC(64), labels, scores)
    sizes: list[int] = []
    of = ranking_within.Stretch.of

    def counted(groups: Any) -> Any:
        some = of(groups)
        sizes.append(len(some.positives))
        return some

    monkeypatch.setattr(ranking_within.Stretch, "of", counted)
    monkeypatch.setattr(ranking_within, "FEW", 1_500)
    passes = counted_passes(monkeypatch)
    assert sl.evaluate("roc_auc", labels, scores, exact=True) == want
    assert max(sizes) <= 1_500
    assert len(passes) <= 9 + 2 * len(np.unique(scores)) // 750


def test_small_average_precisions_are_as_precise_as_others(monkeypatch: pytest.MonkeyPatch) -> None:
    labels = np.array([0, 1, 0, 1])
    scores = 0.7 + np.array([3e-12, 2e-12, 1e-12, 0.0])
    for few in (1, 1 << 20):
        monkeypatch.setattr(ranking_within, "FEW", few)
        for tiny in (1e-45, 1e-60, 1e-300):
            weights = np.array([1.0, tiny, tiny, tiny])
            want = truths(labels, scores, weights)["average_precision"]
            assert sl.evaluate("average_precision", labels, scores, weights, exact=True) == want


@pytest.mark.parametrize("average", ["macro", "weighted"])
def test_classes_in_stretches(average: str, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(10)
    index, weights = rng.integers(0, 3, 90), rng.integers(0, 3, 90).astype(float)
    index[index == 2] = 1  # a class that y_true lacks
    scores = rng.normal(size=(90, 3))
    metrics = [sl.ROCAUC, sl.AveragePrecision, sl.KolmogorovSmirnov, sl.Gini]
    want = [sl.evaluate(m(64, average), index, scores, weights) for m in metrics]
    monkeypatch.setattr(ranking_within, "FEW", 50)
    asked = [metric(average=average) for metric in metrics]
    found = sl.evaluate(asked, index, scores, weights, exact=True)
    assert list(found.values()) == want


def test_a_pass_that_is_not_the_last_has_a_bracket() -> None:
    labels, scores, weights = drawn(np.random.default_rng(11), 60)
    for name, want in truths(labels, scores, weights).items():
        for high in np.sort(scores)[::7].tolist():
            for bits in (30.0, SIZE_BITS):
                metric = RankingWithin(name, high=high, bits=bits)
                acc = sl.accumulate(metric, labels, scores, weights)
                low, most = acc.bracket()
                assert low <= want <= most
                assert low <= acc.result() <= most


def test_scores_that_are_others_in_the_next_pass_are_refused() -> None:
    keys = {"score": [5, 6], "rest": [0, 0], "true": [0, 1]}
    with pytest.raises(ValueError, match=r"the same data in each pass: got other scores"):
        RankingWithin("roc_auc", low=1.0, known="2 1 1/2 1/2").refined(Counted.of_rows(keys))
