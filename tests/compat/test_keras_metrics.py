"""`compat.keras.metrics` as streams: cut anywhere, merged in any order, the same bits."""

from __future__ import annotations

import itertools
import pickle
from fractions import Fraction
from typing import Any

import dask.array as da
import numpy as np
import pytest
from golden.keras_cases import bits
from hypothesis import given, settings
from hypothesis import strategies as st

from streamloss.compat import keras
from streamloss.compat.keras import metrics

METRICS: dict[str, tuple[Any, dict[str, Any]]] = {
    "MeanAbsoluteError": (metrics.MeanAbsoluteError, {}),
    "MeanSquaredError": (metrics.MeanSquaredError, {}),
    "RootMeanSquaredError": (metrics.RootMeanSquaredError, {}),
    "MeanAbsolutePercentageError": (metrics.MeanAbsolutePercentageError, {}),
    "MeanSquaredLogarithmicError": (metrics.MeanSquaredLogarithmicError, {}),
    "LogCoshError": (metrics.LogCoshError, {"dtype": "float64"}),
    "CosineSimilarity": (metrics.CosineSimilarity, {}),
    "Hinge": (metrics.Hinge, {}),
    "SquaredHinge": (metrics.SquaredHinge, {}),
    "CategoricalHinge": (metrics.CategoricalHinge, {}),
    "KLDivergence": (metrics.KLDivergence, {}),
    "Poisson": (metrics.Poisson, {}),
    "BinaryCrossentropy": (metrics.BinaryCrossentropy, {"label_smoothing": 0.1}),
    "CategoricalCrossentropy": (metrics.CategoricalCrossentropy, {"from_logits": True}),
    "SparseCategoricalCrossentropy": (metrics.SparseCategoricalCrossentropy, {"ignore_class": 1}),
    "R2Score": (metrics.R2Score, {"class_aggregation": None}),
}

Data = tuple[Any, Any, Any]


def made(name: str) -> Any:
    """Return a metric of a name."""
    cls, given = METRICS[name]
    return cls(**given)


def data(name: str, rows: int, weighted: bool = True) -> Data:
    """Return labels, predictions and weights that suit a metric."""
    rng = np.random.default_rng([rows, *map(ord, name)])
    y_pred = rng.random((rows, 3)).astype("f4")
    if "Sparse" in name:
        y_true = rng.integers(0, 3, rows)
    else:
        y_true = rng.integers(0, 2, (rows, 3)).astype("f4")
    return y_true, y_pred, rng.random(rows) if weighted else None


def cut(arrays: Data, start: int, stop: int) -> list[Any]:
    """Return some rows of the arrays."""
    return [None if a is None else a[start:stop] for a in arrays]


def streamed(name: str, arrays: Data, edges: list[int]) -> Any:
    """Return a metric that has seen the arrays in batches that end at these rows."""
    metric = made(name)
    for start, stop in itertools.pairwise(edges):
        metric.update_state(*cut(arrays, start, stop))
    return metric


def edges_of(rows: int) -> st.SearchStrategy[list[int]]:
    inner = st.lists(st.integers(0, rows), max_size=5)
    return inner.map(lambda some: [0, *sorted(some), rows])


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("name", METRICS)
def test_the_cut_into_batches_changes_no_bit(name: str, weighted: bool) -> None:
    arrays = data(name, 12, weighted)
    whole = streamed(name, arrays, [0, 12])

    @given(edges_of(12))
    @settings(max_examples=8, database=None)
    def check(edges: list[int]) -> None:
        found = streamed(name, arrays, edges)
        assert bits(found.result()) == bits(whole.result())
        assert found == whole

    check()


@pytest.mark.parametrize("name", METRICS)
def test_the_order_of_merging_changes_no_bit(name: str) -> None:
    arrays = data(name, 9)
    whole = streamed(name, arrays, [0, 9])
    parts = [streamed(name, cut(arrays, k, k + 3), [0, 3]) for k in (0, 3, 6)]  # type: ignore[arg-type]
    for order in ([0, 1, 2], [2, 0, 1], [1, 2, 0]):
        found = made(name).merge_state([parts[k] for k in order])
        assert bits(found.result()) == bits(whole.result())
        assert found == whole
    assert pickle.loads(pickle.dumps(parts[0])).merge(parts[2]).merge(parts[1]) == whole
    assert parts[1] == streamed(name, cut(arrays, 3, 6), [0, 3])  # type: ignore[arg-type]


@pytest.mark.parametrize("name", METRICS)
def test_dask_arrays_give_the_same_bits(name: str) -> None:
    arrays = data(name, 11)
    chunks = [(4, 2), (3, 3), (5,)]
    lazily = [da.from_array(a, chunks=c[: a.ndim]) for a, c in zip(arrays, chunks, strict=True)]
    found = made(name)
    found.update_state(*lazily)
    assert found == streamed(name, arrays, [0, 11])


@pytest.mark.parametrize("name", METRICS)
def test_reset_and_call(name: str) -> None:
    arrays = data(name, 5)
    metric = streamed(name, arrays, [0, 5])
    value = metric.result()
    metric.reset_state()
    assert metric == made(name)
    assert bits(metric(*arrays)) == bits(value)


def test_before_any_batch_means_are_zero_and_the_score_is_nan() -> None:
    for name in METRICS:
        value = made(name).result()
        assert np.isnan(value) if name == "R2Score" else value == 0.0


def test_batches_of_rank_one_count_their_elements() -> None:
    metric = metrics.MeanAbsoluteError()
    for _ in range(32):
        metric.update_state([0.0], [1.0])
    metric.update_state([0.0], [33.0])
    assert metric.result() == np.float32(65 / 33)  # Keras' batches of 32 and 1 give 17
    once = metrics.MeanAbsoluteError()
    once.update_state(np.zeros(33, "f4"), np.float32([1.0] * 32 + [33.0]))
    assert once == metric


def test_weights_of_rank_one_are_of_samples() -> None:
    metric = metrics.MeanSquaredError()
    metric.update_state([0.0, 0.0], [1.0, 2.0], [3.0, 1.0])
    assert metric.result() == np.float32(7 / 4)


def test_a_scalar_weight_is_that_of_each_sample() -> None:
    one, two = metrics.Mean(), metrics.Mean()
    one.update_state([1.0, 2.0], 3.0)
    one.update_state([5.0], 2.0)
    two.update_state([1.0, 2.0, 5.0], [3.0, 3.0, 2.0])
    assert one == two
    assert one.result() == np.float32(19 / 8)


@pytest.mark.parametrize("name", ["Hinge", "SquaredHinge"])
def test_labels_are_binary_only_if_those_of_all_batches_are(name: str) -> None:
    p = np.float32([[0.5, -0.25], [0.75, 2.0]])
    metric = getattr(metrics, name)()
    metric.update_state([[0.0, 1.0]], p[:1])
    signed = np.float32([[-1.0, 1.0]])
    assert bits(metric.result()) == bits(getattr(keras, name)()(signed, p[:1]))
    other = getattr(metrics, name)()
    other.update_state([[-1.0, 1.0]], p[1:])
    y = np.float32([[0.0, 1.0], [-1.0, 1.0]])
    assert bits(metric.merge(other).result()) == bits(getattr(keras, name)()(y, p))


def test_samples_of_other_lengths_count_the_same() -> None:
    parts = []
    for length in (1, 3, 7):
        part = metrics.MeanAbsoluteError()
        part.update_state(np.zeros((2, length, 2), "f4"), np.full((2, length, 2), length, "f4"))
        parts.append(part)
    for order in ([0, 1, 2], [2, 1, 0], [1, 2, 0]):
        found = metrics.MeanAbsoluteError().merge_state([parts[k] for k in order])
        assert found.result() == np.float32(11 / 3)


def test_the_score_of_labels_far_from_zero_is_exact() -> None:
    rng = np.random.default_rng(4)
    y = (1e4 + rng.normal(size=(500, 1))).astype("f4")
    p = (y + rng.normal(size=(500, 1)) / 2).astype("f4")
    metric = metrics.R2Score(dtype="float64")
    metric.update_state(y, p)
    true, error = ([Fraction(float(x)) for x in a.ravel()] for a in (y, np.float64(y) - p))
    mean = sum(true) / len(true)
    exact = 1 - sum(e * e for e in error) / sum((t - mean) ** 2 for t in true)
    assert metric.result() == float(exact)


def test_the_adjusted_score_warns_where_there_are_too_few_samples() -> None:
    metric = metrics.R2Score(num_regressors=2)
    metric.update_state([[1.0], [4.0], [3.0]], [[2.0], [4.0], [4.0]])
    with pytest.warns(UserWarning, match="Division by zero in Adjusted R2 score"):
        assert metric.result() == np.float32(4 / 7)
    metric = metrics.R2Score(num_regressors=3)
    metric.update_state([[1.0], [4.0], [3.0]], [[2.0], [4.0], [4.0]])
    with pytest.warns(UserWarning, match="More independent predictors than datapoints"):
        assert metric.result() == np.float32(4 / 7)


def test_what_differs_is_not_merged() -> None:
    metric = metrics.BinaryCrossentropy()
    with pytest.raises(TypeError, match="only a BinaryCrossentropy can be merged: got Mean"):
        metric.merge(metrics.Mean())
    with pytest.raises(ValueError, match="metrics must be configured alike"):
        metric.merge(metrics.BinaryCrossentropy(label_smoothing=0.5))
    metric.merge(metrics.BinaryCrossentropy(name="other"))


@pytest.mark.parametrize("name", ["MeanAbsoluteError", "RootMeanSquaredError", "Mean"])
def test_an_update_that_raises_changes_nothing(name: str) -> None:
    metric, y = getattr(metrics, name)(), np.ones((2, 3), "f4")
    arrays = (y,) if name == "Mean" else (y, y + 1)
    metric.update_state(*arrays)
    before = pickle.dumps(metric)
    for weights in (np.ones(3), np.ones((3, 2)), np.ones((1, 2, 3, 1))):
        with pytest.raises(ValueError, match="sample_weight"):
            metric.update_state(*arrays, sample_weight=weights)
    assert pickle.dumps(metric) == before


def test_masks_are_weights() -> None:
    y, p = np.float32([[0.0], [0.0], [0.0]]), np.float32([[1.0], [2.0], [9.0]])
    kept = [True, True, False]
    masked = metrics.MeanAbsoluteError()
    masked.update_state(y, keras.masked(p, kept), [1.0, 3.0, 1.0])
    assert masked.result() == np.float32(7 / 4)
    lazily = metrics.MeanAbsoluteError()
    lazily.update_state(y, keras.masked(da.from_array(p, chunks=2), kept), [1.0, 3.0, 1.0])
    assert lazily == masked


def test_any_function_has_a_mean() -> None:
    def share(y_true: Any, y_pred: Any, level: float) -> Any:
        return (np.abs(y_true - y_pred) > level).astype("f4")

    metric = metrics.MeanMetricWrapper(share, name="share", level=0.5)
    metric.update_state(np.zeros(4, "f4"), np.float32([0.0, 0.2, 0.6, 1.0]))
    assert (metric.name, metric.result()) == ("share", np.float32(0.5))
    assert metric.get_config()["level"] == 0.5
    assert metrics.MeanMetricWrapper.from_config(metric.get_config()).name == "share"


def test_what_a_metric_of_your_own_lacks_says_so() -> None:
    metric = metrics.Metric()
    for call in (metric.update_state, metric.result, metric.reset_state):
        with pytest.raises(NotImplementedError, match="Metric defines no"):
            call()
    with pytest.raises(NotImplementedError, match="Metric defines no merge"):
        metric.merge(metrics.Metric())
    assert repr(metric) == "<Metric name=metric>"
