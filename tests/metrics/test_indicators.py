"""Metrics of matrices of indicators: over outputs, and over rows."""

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import dask.array as da
import numpy as np
import pytest

import streamloss as sl
from streamloss.exact.counted import Counted
from tests.metrics import label_truth as truth
from tests.metrics.label_truth import Rows
from tests.reference import bits

RATES: list[Callable[..., Any]] = [sl.Precision, sl.Recall, sl.Specificity, sl.F1, sl.Jaccard]
SCORES = ["labels", "probabilities", "logits"]


class Matrices:
    """Indicators with outputs that are never there, and rows without any."""

    def __init__(self, rng: np.random.Generator, scores: str, n: int = 30) -> None:
        self.true = (rng.random((n, 5)) < [0.5, 0.1, 0.0, 0.9, 0.3]).astype(int)
        self.decided = (rng.random((n, 5)) < [0.5, 0.1, 0.0, 0.9, 0.1]).astype(int)
        self.true[:4] = 0
        self.decided[2:6] = 0
        self.weights = rng.integers(0, 4, n) / 2
        shifts = {"labels": (0, 1), "probabilities": (0.5, 0.25), "logits": (0.0, 2.0)}[scores]
        self.pred = self.decided * shifts[1] + shifts[0]

    def asked(self, metric: Any, **given: Any) -> Any:
        return sl.evaluate(metric, self.true, self.pred, self.weights, **given)

    def output(self, k: int) -> Rows:
        columns = (each[:, k].tolist() for each in (self.true, self.decided))
        return Rows.of(*columns, self.weights.tolist())


@pytest.fixture(params=SCORES)
def matrices(request: pytest.FixtureRequest, rng: np.random.Generator) -> Matrices:
    """Labels, probabilities or logits of indicators."""
    found = Matrices(rng, request.param)
    found.scores = request.param
    return found


@pytest.mark.parametrize("positive", [0, 1])
@pytest.mark.parametrize("average", ["micro", "macro", "weighted", "none"])
@pytest.mark.parametrize("make", RATES)
def test_averages_over_outputs(
    matrices: Any, make: Callable[..., Any], average: str, positive: int
) -> None:
    metric = make(average, positive, scores=matrices.scores, over="outputs")
    outputs = [matrices.output(k) for k in range(5)]
    parts = [truth.parts_of(metric)(truth.counts(rows, positive)) for rows in outputs]
    found = matrices.asked(metric)
    if average == "none":
        expected = [truth.rounded(truth.over(*each)) for each in parts]
        assert found.labels.tolist() == [0, 1, 2, 3, 4]
        assert bits(found.values) == bits(np.array(expected))
        alone = [make(positive=positive, scores=matrices.scores)]
        columns = matrices.asked(alone, axis=0)[alone[0]]
        assert bits(columns) == bits(np.array(expected))
    else:
        true = [rows.weight(lambda t, _: t == positive) for rows in outputs]
        assert bits(found) == bits(truth.rounded(truth.averaged(average, parts, true)))


@pytest.mark.parametrize("make", [*RATES, *[lambda a, b=b, **k: sl.FBeta(b, a, **k) for b in (2,)]])
def test_averages_over_rows(matrices: Any, make: Callable[..., Any]) -> None:
    metric = make("samples", scores=matrices.scores)
    parts, heavy = [], []
    for y, p, w in zip(matrices.true, matrices.decided, matrices.weights.tolist(), strict=True):
        if w:
            row = Rows.of(y.tolist(), p.tolist())
            parts.append(truth.parts_of(metric)(truth.counts(row, 1)))
            heavy.append(Fraction(w))
    assert bits(matrices.asked(metric)) == bits(
        truth.rounded(truth.averaged("samples", parts, heavy))
    )


def test_rows_that_are_left_out_are_told() -> None:

    cells = Counted.of_rows(
        {"hits": [0, 0, 1], "true": [0, 0, 1], "pred": [0, 0, 2], "width": [3] * 3}
    )
    assert sl.F1("samples").undefined(cells) == 2
    assert sl.F1("samples").combine(cells) == 2 / 3
    outputs = Counted.of_rows({"place": [0, 1, 1], "true": [0, 1, 0], "pred": [0, 0, 1]})
    assert sl.Precision("macro", over="outputs").undefined(outputs) == 1


@pytest.mark.parametrize("average", ["macro", "samples"])
def test_outputs_are_cut_as_rows_are(rng: np.random.Generator, average: str) -> None:
    data = Matrices(rng, "probabilities", 90)
    metric = sl.F1(average, scores="probabilities", over="outputs")
    whole = data.asked(metric)
    arrays = data.true, data.pred, data.weights
    lazy = [da.from_array(a, chunks=(20, 2)[: a.ndim]) for a in arrays]
    assert float(sl.evaluate(metric, *lazy).compute()) == whole
    parts = [sl.accumulate(metric, *(a[k : k + 17] for a in arrays)) for k in range(0, 90, 17)]
    assert sl.merge(parts[::-1]).result() == whole
    assert sl.Accumulator.from_bytes(sl.merge(parts).to_bytes()).result() == whole
    by = rng.integers(0, 3, 90)
    slices = sl.evaluate(metric, *arrays, by={"by": by}).to_pandas()
    for key in range(3):
        assert slices.iloc[key, 1] == sl.evaluate(metric, *(a[by == key] for a in arrays))


@pytest.mark.parametrize("over", ["outputs", "classes"])
def test_what_is_no_indicator_is_missing(over: str) -> None:
    average = "macro" if over == "outputs" else "samples"
    for true, pred in ([2, 1], [1, 1]), ([1, 0], [1, 2]), ([1, 0], [1, np.nan]):
        metric = sl.F1(average, over=over)
        assert np.isnan(sl.evaluate(metric, [true, [0, 1]], [pred, [0, 1]]))
        assert sl.evaluate(metric, [true, [0, 1]], [pred, [0, 1]], [0, 1]) == 1.0


def test_ignored_indicators() -> None:
    true, pred = [[1, -1], [0, 1], [1, 0]], [[1.0, np.nan], [0.0, 1.0], [0.0, 1.0]]
    metric = sl.F1("none", ignore_index=-1, scores="probabilities", over="outputs")
    assert dict(sl.evaluate(metric, true, pred)) == {0: 2 / 3, 1: 2 / 3}
