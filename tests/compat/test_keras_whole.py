"""Integer dtypes of losses and metrics: values are truncated towards zero, means are float32.

Keras' own answers are in `golden/keras.jsonl`.
"""

from __future__ import annotations

from typing import Any

import dask.array as da
import numpy as np
import pytest

from streamloss.compat.keras import losses, metrics

Y = np.array([[0.0, 0.0], [0.0, 0.0], [0.0, 0.0]])
P = np.array([[1.5, 2.75], [-3.5, 0.25], [9.0, -0.75]])
"""Rows of absolute errors with the means 2.125, 1.875 and 4.875."""


def chunked(array: Any) -> Any:
    """Return an array as a dask array, cut along both axes."""
    return da.from_array(array, chunks=1)


@pytest.mark.parametrize("wrap", [np.asarray, chunked])
@pytest.mark.parametrize("dtype", ["int8", "uint8", "int32", "int64", np.int16, np.dtype("u4")])
def test_metrics_truncate_the_loss_of_each_sample(dtype: Any, wrap: Any) -> None:
    metric = metrics.MeanAbsoluteError(dtype=dtype)
    metric.update_state(wrap(Y), wrap(P))
    assert metric.result() == np.float32(7 / 3)  # of 2, 1 and 4
    metric.update_state(wrap(Y), wrap(P), sample_weight=[2.9, 0.5, 1.0])
    assert metric.result() == np.float32(15 / 6)  # of 2, 0 and 1 of them more
    assert metric.result().dtype == np.float32
    assert metric.dtype == np.dtype(dtype).name


def test_sums_are_integers() -> None:
    metric = metrics.Sum(dtype="int32")
    metric.update_state([1.75, -2.5, 3.0], sample_weight=[1.0, 1.5, 2.0])
    assert metric.result() == 5
    assert metric.result().dtype == np.int32


@pytest.mark.parametrize("wrap", [np.asarray, chunked])
@pytest.mark.parametrize(
    ("reduction", "expected"),
    [("sum", np.int32(6)), ("none", np.int32([1, 1, 4])), ("mean", np.float32(2.0))],
)
def test_losses_truncate_arrays_and_losses(reduction: str, expected: Any, wrap: Any) -> None:
    """Of errors 1 and 2, 3 and 0, 9 and 0 the means are truncated too."""
    found = losses.MeanAbsoluteError(reduction=reduction, dtype="int32")(wrap(Y), wrap(P))
    found = found.compute() if hasattr(found, "compute") else found
    assert found.dtype == expected.dtype
    assert np.array_equal(found, expected)


def test_losses_of_your_own_take_and_give_integers() -> None:
    class Half(losses.Loss):
        def call(self, y_true: Any, y_pred: Any) -> Any:
            assert y_true.dtype == y_pred.dtype == np.int32
            return y_pred / 2

    found = Half(reduction="none", dtype="int32")(Y, P)
    assert (found.dtype, found.tolist()) == (np.int32, [[0, 1], [-1, 0], [4, 0]])


@pytest.mark.parametrize("wrap", [np.asarray, chunked])
@pytest.mark.parametrize(
    ("name", "dtype", "y", "p", "error"),
    [
        ("MeanAbsoluteError", "int8", 0.0, 127.0, None),
        ("MeanAbsoluteError", "int8", 0.0, 128.0, "losses must fit int8: got 128.0"),
        ("MeanSquaredError", "uint8", 0.0, 16.0, "losses must fit uint8: got 256.0"),
        ("RootMeanSquaredError", "uint8", 0.0, -1.0, "y_true and y_pred must fit uint8: got -1.0"),
        ("MeanAbsoluteError", "int64", 0.0, 2.0**63, r"losses must fit int64: got 9\.22"),
        ("MeanAbsoluteError", "int32", 0.0, np.nan, "losses must fit int32: got nan"),
        ("MeanSquaredError", "int32", np.inf, 0.0, "losses must fit int32: got inf"),
    ],
)
def test_what_does_not_fit_is_refused(
    name: str, dtype: str, y: float, p: float, error: str | None, wrap: Any
) -> None:
    metric = getattr(metrics, name)(dtype=dtype)
    arrays = (wrap(np.full((2, 1), a)) for a in (y, p))
    if error is None:
        metric.update_state(*arrays)
        assert metric.result() == p
        return
    with pytest.raises(ValueError, match=f"^{error}"):
        metric.update_state(*arrays)
    assert metric == getattr(metrics, name)(dtype=dtype)


@pytest.mark.parametrize(
    ("metric", "total"),
    [
        (metrics.MeanAbsoluteError(), 2 * 1.5 + 0.5 * 2.5),
        (metrics.MeanAbsoluteError(dtype="int32"), 2 * 1),
        (metrics.RootMeanSquaredError(dtype="float64"), 2 * 2.5 + 0.5 * 10.25),
        (metrics.Mean(), 0.0),
    ],
)
def test_variables_are_the_total_and_the_count(metric: Any, total: float) -> None:
    assert metric.variables == [0.0, 0.0]
    rows = np.array([[1.0, 2.0], [-0.5, 4.5]])
    arrays = (0 * rows, rows) if type(metric) is not metrics.Mean else (0 * rows,)
    metric.update_state(*arrays, sample_weight=[2.0, 0.5])
    assert metric.variables == [total, 2.0 if metric.dtype == "int32" else 2.5]


def test_the_variable_of_a_sum_is_the_total() -> None:
    metric = metrics.Sum()
    metric.update_state([1.0, 2.5])
    assert metric.variables == [3.5]


@pytest.mark.parametrize("wrap", [np.asarray, chunked])
@pytest.mark.parametrize(
    ("reduction", "weights", "error"),
    [
        ("sum", [100.0], "the sum of losses must fit int8: got 200.0"),
        ("none", [100.0], "losses must fit int8: got 200.0"),
        ("sum", [300.0], "sample_weight must fit int8: got 300.0"),
        ("mean", [np.nan], "sample_weight must fit int8: got nan"),
    ],
)
def test_losses_that_do_not_fit_are_refused(
    reduction: str, weights: Any, error: str, wrap: Any
) -> None:
    loss, one = losses.MeanAbsoluteError(reduction=reduction, dtype="int8"), wrap([[0.0]])
    with pytest.raises(ValueError, match=f"^{error}"):
        np.asarray(loss(one, one + 2.0, weights))


def test_a_sum_that_does_not_fit_is_refused() -> None:
    metric = metrics.Sum(dtype="uint8")
    metric.update_state([200.0, 100.0])
    with pytest.raises(ValueError, match=r"^the result must fit uint8: got 300"):
        metric.result()
