"""Metrics of labels are what fractions of rows give, rounded once, from cells and from arrays."""

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

import streamloss as sl
from streamloss.exact.counted import Counted
from tests.metrics import label_truth as truth
from tests.metrics.label_rows import Labelled, drawn
from tests.metrics.label_truth import Rows
from tests.reference import bits

CASES = list(drawn(np.random.default_rng(0)))


@pytest.fixture(params=CASES)
def rows(request: pytest.FixtureRequest) -> Labelled:
    """Labels that are hard in one way."""
    return drawn(np.random.default_rng(7))[request.param]


def cells_of(rows: Labelled) -> Counted:
    return Counted.of_rows({"true": rows.true, "pred": rows.pred}, rows.weights)


def both(metric: Any, rows: Labelled) -> list[Any]:
    """Return what a metric is of cells, and what `evaluate` returns of the rows."""
    arrays = (rows.true, rows.pred, rows.weights)
    return [metric.combine(cells_of(rows)), *([sl.evaluate(metric, *arrays)] if rows.true else [])]


AVERAGES = "micro", "macro", "weighted", "none"
RATES: list[Callable[..., Any]] = [sl.Precision, sl.Recall, sl.Specificity, sl.F1, sl.Jaccard]


@pytest.mark.parametrize("average", AVERAGES)
@pytest.mark.parametrize("make", [*RATES, *[lambda a, b=b: sl.FBeta(b, a) for b in (0.0, 0.3, 2)]])
def test_rates_of_classes(rows: Labelled, make: Callable[..., Any], average: str) -> None:
    metric = make(average)
    expected = truth.rate(metric, Rows.of(*rows))
    for found in both(metric, rows):
        if average != "none":
            assert bits(found) == bits(expected)
        else:
            assert found.keys() == list(expected)
            assert [bits(x) for x in found.values.tolist()] == [bits(x) for x in expected.values()]


@pytest.mark.parametrize("make", RATES)
def test_the_rate_of_one_label(rows: Labelled, make: Callable[..., Any]) -> None:
    kept = Rows.of(*rows)
    if len(kept.labels) > 2 or not kept.labels:
        return
    for positive in kept.labels:
        metric = make(positive=positive)
        for found in both(metric, rows):
            assert bits(found) == bits(truth.rate(metric, kept))


@pytest.mark.parametrize("average", AVERAGES)
@pytest.mark.parametrize("make", [sl.F1, sl.Precision, sl.Jaccard])
def test_an_ignored_label_is_no_class(
    rows: Labelled, make: Callable[..., Any], average: str
) -> None:
    for label in Rows.of(*rows).labels[:2]:
        metric = make(average, ignore_index=label)
        expected = truth.rate(metric, Rows.of(*rows, ignore=label))
        for found in both(metric, rows):
            if average == "none":
                assert bits(dict(found)) == bits(expected)
            else:
                assert bits(found) == bits(expected)


@pytest.mark.parametrize("make", RATES)
def test_how_many_classes_are_left_out(rows: Labelled, make: Callable[..., Any]) -> None:
    metric, kept = make("macro"), Rows.of(*rows)
    parts = [truth.parts_of(metric)(truth.counts(kept, label)) for label in kept.labels]
    assert metric.undefined(cells_of(rows)) == sum(under == 0 for _, under in parts)


def test_shares_of_right_labels(rows: Labelled) -> None:
    kept = Rows.of(*rows)
    for found in both(sl.Accuracy(), rows):
        assert bits(found) == bits(truth.accuracy(kept))
    wrong = truth.over(kept.weight(lambda t, p: t != p), sum(kept.weights))
    for found in both(sl.Hamming(), rows):
        assert bits(found) == bits(truth.rounded(wrong))
    for adjusted in (False, True):
        for found in both(sl.BalancedAccuracy(adjusted=adjusted), rows):
            if adjusted and len(set(kept.true)) == 1:  # of one class chance is always right
                assert found == -np.inf or found != found
            else:
                assert bits(found) == bits(truth.balanced(kept, adjusted))


def test_an_ignored_label_counts_for_nothing(rows: Labelled) -> None:
    for label in Rows.of(*rows).labels[:2]:
        kept = Rows.of(*rows, ignore=label)
        for found in both(sl.Accuracy(ignore_index=label), rows):
            assert bits(found) == bits(truth.accuracy(kept))
        for found in both(sl.BalancedAccuracy(ignore_index=label), rows):
            assert bits(found) == bits(truth.balanced(kept))
        for found in both(sl.CohenKappa("linear", label), rows):
            assert bits(found) == bits(truth.kappa(kept, "linear"))


@pytest.mark.parametrize("weights", ["none", "linear", "quadratic"])
def test_cohens_kappa(rows: Labelled, weights: str) -> None:
    kept = Rows.of(*rows)
    kept = kept if len(kept.labels) < 50 else Rows.of(rows.true[:50], rows.pred[:50])
    if len(kept.true) != len(Rows.of(*rows).true):
        rows = Labelled(kept.true, kept.pred, None)
    for found in both(sl.CohenKappa(weights), rows):
        assert bits(found) == bits(truth.kappa(kept, weights))


def test_matthews_correlation(rows: Labelled) -> None:
    above, square = truth.matthews(Rows.of(*rows))
    for found in both(sl.Matthews(), rows):
        assert truth.is_root(found, above, square) if square else found != found


@pytest.mark.parametrize("normalize", ["none", "true", "pred", "all"])
def test_confusion_matrices(rows: Labelled, normalize: str) -> None:
    kept = Rows.of(*rows)
    if len(kept.labels) > 20:
        return
    expected = truth.confusion(kept, normalize)
    for found in both(sl.ConfusionMatrix(normalize), rows):
        assert found.labels.tolist() == kept.labels
        array = np.asarray(found)
        for (a, b), value in expected.items():
            assert bits(found[a, b]) == bits(value)
            assert bits(array[kept.labels.index(a), kept.labels.index(b)]) == bits(value)
        whole = all(weight.denominator == 1 and abs(weight) < 1 << 63 for weight in kept.weights)
        assert array.dtype == (np.int64 if whole and normalize == "none" else np.float64)


def test_weights_of_one_are_no_weights(rng: np.random.Generator) -> None:
    true, pred = rng.integers(0, 3, (2, 40))
    for metric in (sl.ConfusionMatrix(), sl.F1("none"), sl.CohenKappa()):
        assert sl.evaluate(metric, true, pred) == sl.evaluate(metric, true, pred, np.ones(40))


@pytest.mark.parametrize("scale", [2.0, 2.0**-1000, 2.0**900, 3.0])
def test_rates_do_not_depend_on_the_unit_of_weights(rng: np.random.Generator, scale: float) -> None:
    true, pred, weights = *rng.integers(0, 4, (2, 60)), rng.integers(0, 9, 60).astype(float)
    for metric in (sl.F1("macro"), sl.Matthews(), sl.CohenKappa("linear"), sl.Accuracy()):
        assert sl.evaluate(metric, true, pred, weights) == sl.evaluate(
            metric, true, pred, weights * scale
        )


def test_negative_weights_take_rows_away(rng: np.random.Generator) -> None:
    true, pred = rng.integers(0, 4, (2, 80)).tolist()
    weights = [1.0] * 60 + [-1.0] * 20
    true[60:], pred[60:] = true[:20], pred[:20]
    for metric in (sl.F1("macro"), sl.ConfusionMatrix(), sl.CohenKappa("quadratic"), sl.Matthews()):
        left = sl.evaluate(metric, true[20:60], pred[20:60])
        assert sl.evaluate(metric, true, pred, weights) == left
    minus = {"true": [0, 1], "pred": [0, 0]}
    assert sl.Precision("micro").combine(Counted.of_rows(minus, [3.0, -1.0])) == 1.5
    assert (
        sl.Recall("macro").combine(Counted.of_rows({"true": [0, 0], "pred": [0, 1]}, [1, -1]))
        == np.inf
    )


def test_a_hundred_thousand_sparse_classes(rng: np.random.Generator) -> None:
    true = np.sort(rng.integers(0, 100_000, 200_000)) * 7 - 300_000
    pred = np.where(rng.random(200_000) < 0.7, true, rng.permutation(true))
    hits, actual, found = ({} for _ in range(3))
    for t, p in zip(true.tolist(), pred.tolist(), strict=True):
        actual[t] = actual.get(t, 0) + 1
        found[p] = found.get(p, 0) + 1
        hits[t] = hits.get(t, 0) + (t == p)
    labels = sorted({*actual, *found})
    parts = [(hits.get(c, 0), actual.get(c, 0), found.get(c, 0)) for c in labels]
    f1 = sum((Fraction(2 * h, a + b) for h, a, b in parts), Fraction(0)) / len(parts)
    assert sl.evaluate(sl.F1("macro"), true, pred) == float(f1)
    recalls = [Fraction(h, a) for h, a, _ in parts if a]
    assert sl.evaluate("balanced_accuracy", true, pred) == float(sum(recalls) / len(recalls))
    weighted = sum(Fraction(h * a, b) for h, a, b in parts if b) / sum(a for _, a, b in parts if b)
    assert sl.evaluate(sl.Precision("weighted"), true, pred) == float(weighted)
    chance = 200_000**2 - sum(a * b for _, a, b in parts)
    right = sum(h for h, _, _ in parts)
    kappa = Fraction(chance - 200_000 * (200_000 - right), chance)
    assert sl.evaluate("cohen_kappa", true, pred) == float(kappa)
    matrix = sl.evaluate("confusion_matrix", true, pred)
    assert int(matrix.weights.sum()) == 200_000
    assert repr(matrix).startswith(f"<Confusion of {len(labels):,} labels, ")
    with pytest.raises(ValueError, match="an array has at most 16,384 labels"):
        np.asarray(matrix)


def test_the_order_of_arrival_has_no_effect(rng: np.random.Generator) -> None:
    true, pred = np.array(["b", "a", "c"])[rng.integers(0, 3, (2, 50))]
    metrics = [sl.ConfusionMatrix("true"), sl.F1("none"), sl.CohenKappa("linear")]
    whole = sl.accumulate(metrics, true, pred)
    order = rng.permutation(50)
    assert sl.accumulate(metrics, true[order], pred[order]) == whole
    parts = [sl.accumulate(metrics, true[k : k + 9], pred[k : k + 9]) for k in range(0, 50, 9)]
    for merged in (sl.merge(parts), sl.merge(parts[::-1])):
        assert merged == whole
        assert merged.result() == whole.result()
    assert (whole - parts[0]).result() == sl.evaluate(metrics, true[9:], pred[9:])


def test_each_slice_and_each_output_has_its_own(rng: np.random.Generator) -> None:
    true, pred = rng.integers(0, 3, (2, 40, 2))
    by = rng.integers(0, 4, 40)
    metrics = [sl.F1("macro"), sl.Accuracy()]
    columns = sl.evaluate(metrics, true, pred, axis=0)
    slices = sl.evaluate(metrics, true[:, 0], pred[:, 0], by={"by": by})
    for metric in metrics:
        alone = [sl.evaluate(metric, true[:, k], pred[:, k]) for k in range(2)]
        assert columns[metric].tolist() == alone
        for key in range(4):
            chosen = by == key
            expected = sl.evaluate(metric, true[chosen, 0], pred[chosen, 0])
            assert slices.to_pandas()[repr(metric)][key] == expected


@pytest.mark.parametrize("name", ["accuracy", "f1", "f1:average=macro", "cohen_kappa", "matthews"])
def test_of_nothing_nothing_is_known(name: str) -> None:
    assert np.isnan(sl.Accumulator(name).result())
    assert np.isnan(sl.evaluate(name, [0, 1], [0, 1], [0.0, 0.0]))
    assert sl.evaluate("f1:average=none", [], []).keys() == []
    ignoring = sl.F1(positive="a", ignore_index="b")
    assert np.isnan(sl.Accumulator(ignoring).result())
    assert np.isnan(ignoring.combine(Counted.of_rows({"true": [], "pred": []})))
