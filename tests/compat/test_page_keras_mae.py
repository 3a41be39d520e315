"""The page of `tf.keras.losses.MAE` (TensorFlow 2.4), sentence by sentence.

Each test quotes in its docstring what it tests. Beyond its sentences the page has links and markup.
"""

from __future__ import annotations

import inspect
from fractions import Fraction
from typing import Any

import dask.array as da
import numpy as np
import pytest

from streamloss.compat import keras


def exact_means(y_true: Any, y_pred: Any) -> Any:
    """Return the exact row means of absolute errors of float32, each rounded once."""
    rows = zip(y_true.astype("f4").tolist(), y_pred.astype("f4").tolist(), strict=True)
    sums = [sum(abs(Fraction(a) - Fraction(b)) for a, b in zip(*row, strict=True)) for row in rows]
    return np.array([np.float32(float(s / y_true.shape[1])) for s in sums])


def test_computes_the_mean_absolute_error_between_labels_and_predictions() -> None:
    """'Computes the mean absolute error between labels and predictions.'"""
    found = keras.losses.MAE([[1.0, 2.0], [3.0, 4.0]], [[1.5, 2.0], [3.0, 2.0]])
    assert found.tolist() == [0.25, 1.0]


@pytest.mark.parametrize(
    "alias",
    [
        # tf.keras.losses.mae, .mean_absolute_error and tf.losses.MAE, .mae, .mean_absolute_error
        "losses.MAE",
        "losses.mae",
        "losses.mean_absolute_error",
        # tf.keras.metrics.MAE, .mae, .mean_absolute_error and the same of tf.metrics
        "metrics.MAE",
        "metrics.mae",
        "metrics.mean_absolute_error",
    ],
)
def test_main_aliases(alias: str) -> None:
    """'Main aliases': one function under each of its names, in losses and metrics."""
    module, _, name = alias.partition(".")
    assert getattr(getattr(keras, module), name) is keras.MAE


def test_its_signature() -> None:
    """'tf.keras.losses.MAE(y_true, y_pred)'."""
    assert list(inspect.signature(keras.MAE).parameters) == ["y_true", "y_pred"]
    found = keras.MAE(y_pred=[[1.0, 4.0]], y_true=[[0.0, 0.0]])
    assert found.tolist() == [2.5]


def test_its_formula() -> None:
    """'loss = mean(abs(y_true - y_pred), axis=-1)'."""
    rng = np.random.default_rng(0)
    y_true, y_pred = rng.normal(size=(2, 6, 5)).astype("f4")
    assert np.array_equal(keras.MAE(y_true, y_pred), exact_means(y_true, y_pred))


def test_standalone_usage() -> None:
    """The block under 'Standalone usage'.

    Its last line asks for np.mean's bits: of float64, of which a mean has more than one rounding.
    Ours has one, so that the two are within an ulp or two of each other; where all is exact, of
    dyadic predictions, they are equal.
    """
    rng = np.random.default_rng(1)
    y_true = rng.integers(0, 2, size=(2, 3))
    y_pred = rng.random(size=(2, 3))
    loss = keras.losses.mean_absolute_error(y_true, y_pred)
    assert loss.shape == (2,)
    np.testing.assert_array_max_ulp(loss, np.mean(np.abs(y_true - y_pred), axis=-1), maxulp=2)
    y_pred = rng.integers(0, 64, size=(2, 3)) * 3 / 64
    loss = keras.losses.mean_absolute_error(y_true, y_pred)
    assert np.array_equal(loss, np.mean(np.abs(y_true - y_pred), axis=-1))


@pytest.mark.parametrize("shape", [(4, 3), (4, 2, 3), (4, 2, 2, 3), (1, 1), (5,)])
@pytest.mark.parametrize("lazy", [False, True])
def test_shapes_of_arguments_and_values(shape: tuple[int, ...], lazy: bool) -> None:
    """'y_true: Ground truth values. shape = `[batch_size, d0, .. dN]`.'

    'y_pred: The predicted values. shape = `[batch_size, d0, .. dN]`.' 'Returns: Mean absolute error
    values. shape = `[batch_size, d0, .. dN-1]`.'
    """
    rng = np.random.default_rng(2)
    y_true, y_pred = rng.random((2, *shape))
    expected = np.mean(np.abs(y_true - y_pred), axis=-1)
    if lazy:
        y_true, y_pred = (da.from_array(a, chunks=2) for a in (y_true, y_pred))
    found = keras.MAE(y_true, y_pred)
    found = found.compute() if lazy else found
    assert found.shape == shape[:-1]
    np.testing.assert_array_max_ulp(np.asarray(found), np.asarray(expected), maxulp=4)
