"""Rankings, curves and median errors asked of arrays, streams and slices."""

import pickle
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from golden._format import decode, read

import streamloss as sl
from streamloss.exact.counted import Counted
from streamloss.metrics.bounds import exact_average_precision, exact_roc_auc

from . import rankings
from .rankings import nearest, rows

_, CASES = read(Path(__file__).parents[1] / "golden" / "sklearn_rankings.jsonl")

METRICS: dict[str, Callable[..., Any]] = {
    "roc_auc_score": sl.ROCAUC,
    "average_precision_score": sl.AveragePrecision,
    "roc_curve": sl.ROCCurve,
    "precision_recall_curve": sl.PrecisionRecallCurve,
    "median_absolute_error": sl.MedianAbsoluteError,
}

TRUTHS = {
    sl.ROCAUC: rankings.roc_auc,
    sl.Gini: rankings.gini,
    sl.KolmogorovSmirnov: rankings.kolmogorov_smirnov,
    sl.AveragePrecision: rankings.average_precision,
}
KINDS = [*TRUTHS]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
def test_scikit_learns_answers(case: dict[str, Any]) -> None:
    args, want = decode(case["args"]), decode(case["outcome"])
    bits = 52 if case["call"] == "median_absolute_error" else 32
    extra = {"average": str(args["average"])} if "average" in args else {}
    scores = args.get("y_score", args.get("y_pred"))
    metric = METRICS[case["call"]](bits=bits, **extra)
    found = sl.evaluate(metric, args["y_true"], scores, args.get("sample_weight"))
    if case["call"] == "precision_recall_curve":
        found = [found.precision, found.recall, found.thresholds[:-1]]
    if isinstance(want, list):
        assert_same_points(found, want)
    else:
        assert found == pytest.approx(want, rel=1e-11, abs=1e-15, nan_ok=True)


def assert_same_points(found: Any, want: list[Any]) -> None:
    """Compare curves, of which scikit-learn's have points for scores without a weight too."""
    kept = np.isin(want[2], found.thresholds if hasattr(found, "thresholds") else found[2])
    kept = np.append(kept, True) if len(kept) < len(want[0]) else kept
    for ours, theirs in zip(found, want, strict=True):
        np.testing.assert_allclose(ours, theirs[kept[: len(theirs)]], rtol=1e-12, atol=1e-15)


SEVERAL = {
    "ties": ([1, 0, 1, 0], [2.0, 2.0, 2.0, 2.0], None),
    "zeros": ([1, 0, 1, 0], [0.0, -0.0, 1.0, -1.0], None),
    "infinite": ([1, 0, 1, 0, 1], [np.inf, np.inf, -np.inf, -np.inf, 1e308], None),
    "weightless": ([1, 0, 1, 1], [1.0, 2.0, 3.0, 0.0], [1.0, 2.0, 0.0, 0.0]),
    "huge": ([1, 0, 1, 0], [1.0, 2.0, 3.0, 4.0], [1.7e308, 1.7e308, 1e300, 1e308]),
    "subnormal": ([1, 0, 1, 0], [1.0, 2.0, 3.0, 4.0], [5e-324, 1e-320, 1e-310, 5e-324]),
    "far": ([1, 0, 1, 0, 0], [1.0, 2.0, 3.0, 4.0, 1.0], [5e-324, 1.7e308, 1e308, 1e-300, 1.0]),
    "one": ([1, 1], [1.0, 2.0], None),
    "other": ([0, 0], [1.0, 2.0], None),
    "none": ([], [], None),
}

TRUTH = {
    sl.ROCAUC: rankings.roc_auc,
    sl.Gini: rankings.gini,
    sl.KolmogorovSmirnov: rankings.kolmogorov_smirnov,
    sl.AveragePrecision: rankings.average_precision,
}


@pytest.mark.parametrize("cls", KINDS)
@pytest.mark.parametrize("name", SEVERAL)
def test_particular_cases_are_rounded_once(name: str, cls: Any) -> None:
    labels, scores, weights = SEVERAL[name]
    with np.errstate(over="ignore"):
        narrow = np.array(scores, np.float32)
    want = TRUTH[cls](rows(narrow, labels, weights))
    arrays = [np.array(x, float) for x in (labels, scores)]
    given = None if weights is None else np.array(weights)
    found = sl.evaluate(cls(32), *arrays, given)
    assert found == nearest(want) or (want is None and np.isnan(found))
    acc = sl.Accumulator([cls(32), cls(10)])
    acc.update(*arrays, given)
    assert acc.bracket(cls(32)) == (found, found) or np.isnan(acc.bracket(cls(32))).all()
    true = TRUTH[cls](rows(arrays[1], labels, weights))
    low, high = acc.bracket(cls(10))
    assert true is None or Fraction(low) <= true <= Fraction(high) or low == high == nearest(true)


def test_float64_scores_that_collide_in_float32_are_in_the_bracket_of_fewer_bits() -> None:
    labels, scores = np.array([0, 1, 1]), np.array([1.0 + 1e-12, 1.0, 0.5])
    acc = sl.Accumulator([sl.ROCAUC(32), sl.ROCAUC(31)])
    acc.update(labels, scores)
    assert acc.bracket(sl.ROCAUC(32)) == (0.25, 0.25)
    assert acc.bracket(sl.ROCAUC(31)) == (0.0, 0.0)  # one of them is a float32, and the other above


def test_scores_of_few_bits_are_known_to_be_equal() -> None:
    rng = np.random.default_rng(8)
    for kind in (np.float16, np.int8, np.uint8):
        scores, labels = rng.integers(-100, 100, 300).astype(kind), rng.integers(0, 2, 300)
        some = rankings.rows(scores.astype(float), labels)
        for cls in KINDS:
            truth = TRUTHS[cls]
            acc = sl.Accumulator(cls()).update(labels, scores)
            want = nearest(truth(some))
            assert (acc.result(), *acc.bracket()) == (want,) * 3


@pytest.mark.parametrize("cls", [*KINDS, sl.ROCCurve, sl.PrecisionRecallCurve])
def test_negative_weights_have_no_bracket(cls: Any) -> None:
    with pytest.raises(ValueError, match=f"weights of {cls.__name__} must be at least 0"):
        sl.evaluate(cls(), [0, 1, 1], [1.0, 2.0, 3.0], [1.0, -2.0, 1.0])


@pytest.mark.parametrize("labels", [[0, 1, 2], [0, 1, 0.5], [-1, 0, 1]])
def test_other_labels_are_refused(labels: Any) -> None:
    with pytest.raises(ValueError, match=r"y_true of ROCAUC must be 0 and 1, or -1 and 1: got"):
        sl.evaluate("roc_auc", np.array(labels, float), [1.0, 2.0, 3.0])
    assert sl.evaluate("roc_auc", np.array(labels, float), [1.0, 2.0, 3.0], [0, 1, 0]) != 0.5


def test_missing_scores_make_it_nan_and_are_omitted() -> None:
    labels, scores = np.array([0, 1, 1]), np.array([1.0, 2.0, np.nan])
    assert np.isnan(sl.evaluate("roc_auc", labels, scores))
    assert sl.evaluate("roc_auc", labels, scores, nan="omit") == 1.0
    assert sl.evaluate("roc_auc", labels, scores, [1.0, 1.0, 0.0]) == 1.0


def drawn(n: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(8)
    labels = rng.integers(0, 2, n)
    return labels, rng.standard_normal(n) + labels, rng.random(n)


def test_any_cut_gives_the_same_bits_and_what_leaves_is_gone() -> None:
    labels, scores, weights = drawn(3000)
    metrics = [cls() for cls in KINDS] + [sl.ErrorQuantile(0.9), sl.MedianAbsoluteError()]
    whole = sl.accumulate(metrics, labels, scores, weights)
    parts = []
    for cut in np.array_split(np.arange(3000), 7):
        part = sl.Accumulator(metrics)
        part.update(labels[cut], scores[cut], weights[cut])
        parts.append(part)
    merged = sl.merge(parts[::-1])
    assert merged == whole
    assert merged.result() == whole.result()
    assert pickle.loads(pickle.dumps(whole)).result() == whole.result()
    first = sl.accumulate(metrics, labels[:429], scores[:429], weights[:429])
    rest = sl.accumulate(metrics, labels[429:], scores[429:], weights[429:])
    assert (whole - first).result() == rest.result()


def test_slices_have_the_results_and_brackets_of_their_rows() -> None:
    labels, scores, weights = drawn(2000)
    key = np.arange(2000) % 3
    slices = sl.evaluate(["roc_auc", "average_precision"], labels, scores, weights, by={"k": key})
    low, high = slices.bracket("average_precision")
    for k in range(3):
        some = key == k
        part = sl.accumulate(
            ["roc_auc", "average_precision"], labels[some], scores[some], weights[some]
        )
        assert slices["roc_auc"][k] == part.result()["roc_auc"]
        assert (low[k], high[k]) == part.bracket("average_precision")


@pytest.mark.parametrize("cls", KINDS)
@pytest.mark.parametrize("average", ["macro", "weighted"])
@pytest.mark.parametrize("weighted", [False, True])
def test_means_of_classes_are_of_fractions(cls: Any, average: str, weighted: bool) -> None:
    rng = np.random.default_rng(9)
    labels, scores = rng.choice([0, 1, 4], 60), np.round(rng.random((60, 5)), 1)
    weights = rng.random(60) if weighted else None
    each = {
        k: rows(scores[:, k].astype(np.float32), (labels == k).astype(int), weights)
        for k in (0, 1, 4)
    }
    share = {
        k: rankings.weight(some, 1) if average == "weighted" else 1 for k, some in each.items()
    }
    total = sum(share.values())
    want = sum((TRUTH[cls](some) or 0) * share[k] for k, some in each.items()) / total
    acc = sl.Accumulator([cls(32, average=average), cls(10, average=average)])
    acc.update(labels, scores, weights)
    assert acc.result()[cls(32, average=average)] == nearest(want)
    exact = sum((TRUTH[cls](some64(scores, labels, weights, k)) or 0) * share[k] for k in each)
    low, high = acc.bracket(cls(10, average=average))
    assert low < high
    assert Fraction(low) <= exact / total <= Fraction(high)


def some64(scores: Any, labels: Any, weights: Any, k: int) -> Any:
    return rows(scores[:, k], (labels == k).astype(int), weights)


def test_one_class_alone_has_no_mean() -> None:
    scores = np.random.default_rng(0).random((5, 3))
    assert np.isnan(sl.evaluate(sl.ROCAUC(average="macro"), [1] * 5, scores))
    assert sl.evaluate(sl.AveragePrecision(32, average="macro"), [1] * 5, scores) == 1.0


def test_groups_of_equal_scores_in_memory_are_exact() -> None:
    rng = np.random.default_rng(10)
    for kind, size in ((np.int64, 9), (np.int64, 1 << 55), (object, 1 << 60)):
        ones, others = (rng.integers(0, size, 30).astype(kind) for _ in range(2))
        if kind is object:
            ones, others = ones << 40, others << 40
        pairs = list(zip(ones.tolist(), others.tolist(), strict=True))
        some = [(s, y, Fraction(p[1 - y])) for s, p in enumerate(pairs) for y in (0, 1)]
        assert exact_roc_auc(ones, others) == nearest(rankings.roc_auc(some))
        assert exact_average_precision(ones, others) == nearest(rankings.average_precision(some))
    nothing = np.zeros(0, np.int64)
    assert np.isnan(
        [exact_roc_auc(nothing, nothing), exact_average_precision(nothing, nothing)]
    ).all()


def test_no_cells_have_no_result() -> None:
    empty = Counted.of_rows({"score": [], "true": []})
    for cls in KINDS:
        assert np.isnan([cls().combine(empty), *cls().bracket(empty)]).all()
