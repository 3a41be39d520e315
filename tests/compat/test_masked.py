"""Masked arrays in the interfaces of the frameworks: what is masked is as if it were not there."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import dask.array as da
import numpy as np
import pytest

import streamloss.compat.sklearn as sk
from streamloss.compat import keras, tf1
from streamloss.compat.torch import functional as torch

RNG = np.random.default_rng(11)
N, CLASSES = 23, 4
HIDDEN = np.arange(N) % 5 == 2
Y = (RNG.random(N) < 0.5).astype(np.float32)
P = RNG.uniform(0.1, 0.9, N).astype(np.float32)
W = RNG.uniform(0.5, 2.0, N).astype(np.float32)
K = np.arange(N) % CLASSES
X = RNG.dirichlet(np.ones(CLASSES), N).astype(np.float32)
H = np.eye(CLASSES, dtype=np.float32)[K]

Call = Callable[..., Any]

ELEMENTS: dict[str, Call] = {
    **{
        f"tf1.{name}": getattr(tf1, name)
        for name in (
            "absolute_difference mean_squared_error huber_loss log_loss hinge_loss"
            " sigmoid_cross_entropy"
        ).split()
    },
    **{
        f"torch.{name}": lambda y, p, name=name: getattr(torch, name)(p, y)
        for name in (
            "l1_loss mse_loss huber_loss smooth_l1_loss binary_cross_entropy kl_div"
            " binary_cross_entropy_with_logits poisson_nll_loss soft_margin_loss"
            " hinge_embedding_loss"
        ).split()
    },
    **{
        f"keras.{name}": getattr(keras.losses, name)()
        for name in (
            "MeanAbsoluteError MeanSquaredError MeanAbsolutePercentageError Huber LogCosh Hinge"
            " MeanSquaredLogarithmicError SquaredHinge Poisson BinaryCrossentropy"
            " BinaryFocalCrossentropy Dice Tversky"
        ).split()
    },
    **{
        f"sklearn.{name}": getattr(sk, name)
        for name in (
            "mean_absolute_error mean_squared_error root_mean_squared_error mean_pinball_loss"
            " mean_squared_log_error log_loss brier_score_loss r2_score"
            " explained_variance_score mean_poisson_deviance hinge_loss"
        ).split()
    },
}

WEIGHTED: dict[str, Call] = {
    "tf1.absolute_difference": tf1.absolute_difference,
    "torch.l1_loss": lambda y, p, w: torch.l1_loss(p, y, weight=w),
    "keras.metrics.MeanAbsoluteError": lambda y, p, w: keras.metrics.MeanAbsoluteError()(y, p, w),
    "sklearn.mean_absolute_error": lambda y, p, w: sk.mean_absolute_error(y, p, sample_weight=w),
    "sklearn.accuracy_score": lambda y, p, w: sk.accuracy_score(y > 0, p > 0.5, sample_weight=w),
}

ROWS: dict[str, tuple[Call, Any]] = {
    "tf1.softmax_cross_entropy": (tf1.softmax_cross_entropy, H),
    "tf1.sparse_softmax_cross_entropy": (tf1.sparse_softmax_cross_entropy, K),
    "torch.cross_entropy": (lambda y, x: torch.cross_entropy(x, y), K),
    "torch.nll_loss": (lambda y, x: torch.nll_loss(x, y), K),
    "torch.multi_margin_loss": (lambda y, x: torch.multi_margin_loss(x, y), K),
    "keras.CategoricalCrossentropy": (keras.losses.CategoricalCrossentropy(), H),
    "keras.SparseCategoricalCrossentropy": (keras.losses.SparseCategoricalCrossentropy(), K),
    "keras.CosineSimilarity": (keras.losses.CosineSimilarity(), H),
    "sklearn.log_loss": (sk.log_loss, K),
    "sklearn.brier_score_loss": (sk.brier_score_loss, K),
}


def hide(array: Any, mask: Any = HIDDEN, garbage: float = 1e6) -> Any:
    """Return an array with garbage under a mask."""
    shape = (-1, *[1] * (array.ndim - 1))
    mask = np.broadcast_to(mask.reshape(shape), array.shape)
    return np.ma.masked_array(np.where(mask, array.dtype.type(garbage), array), mask=mask)


def bits(value: Any) -> bytes:
    value = value.compute(scheduler="sync") if hasattr(value, "compute") else value
    return np.asarray(value, np.float64).tobytes()


def lazy(array: Any) -> Any:
    return da.from_array(array, chunks=(7, *[-1] * (array.ndim - 1)))


def check(call: Call, arrays: tuple[Any, ...], at: int) -> None:
    """Assert that a call with array `at` masked gives the bits of one without these elements."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        want = bits(call(*(a[~HIDDEN] for a in arrays)))
        masked = [hide(a) if k == at else a for k, a in enumerate(arrays)]
        assert bits(call(*masked)) == want
        assert bits(call(*map(lazy, masked))) == want


@pytest.mark.parametrize("at", [0, 1], ids=["labels", "predictions"])
@pytest.mark.parametrize("name", ELEMENTS)
def test_masked_elements_are_left_out(name: str, at: int) -> None:
    check(ELEMENTS[name], (Y, P), at)


@pytest.mark.parametrize("at", [0, 1, 2], ids=["labels", "predictions", "weights"])
@pytest.mark.parametrize("name", WEIGHTED)
def test_masked_elements_are_left_out_of_weighted_sums(name: str, at: int) -> None:
    check(WEIGHTED[name], (Y, P, W), at)


@pytest.mark.parametrize("at", [0, 1], ids=["labels", "predictions"])
@pytest.mark.parametrize("name", ROWS)
def test_masked_rows_are_left_out(name: str, at: int) -> None:
    call, labels = ROWS[name]
    check(call, (labels, X), at)


def test_masked_text_is_left_out() -> None:
    text = np.array(["ham", "spam"])[Y.astype(int)]
    masked = np.ma.masked_array(np.where(HIDDEN, "eggs", text), mask=HIDDEN)
    want = sk.log_loss(text[~HIDDEN], P[~HIDDEN])
    assert sk.log_loss(masked, P) == want
    assert float(sk.log_loss(lazy(masked), lazy(P)).compute()) == want


@pytest.mark.parametrize("kind", ["loss", "metric"])
@pytest.mark.parametrize("as_dask", [False, True])
def test_rows_of_keras_are_means_of_what_they_have(kind: str, as_dask: bool) -> None:
    values = np.array([[1.0, 2.0, 9.0], [4.0, 9.0, 9.0], [9.0, 9.0, 9.0]], np.float32)
    masked = np.ma.masked_array(values, mask=values == 9.0)  # means 1.5 and 4, and none
    y, p = np.zeros((3, 3), np.float32), da.from_array(masked, 2) if as_dask else masked
    call = {"loss": keras.losses.MeanAbsoluteError(), "metric": keras.metrics.MeanAbsoluteError()}
    assert float(call[kind](y, p)) == (1.5 + 4.0) / 2.0
    assert (
        float(call[kind].__class__()(y, p, np.float32([1.0, 3.0, 5.0])))
        == {
            "loss": (1.5 + 3.0 * 4.0) / 2.0,
            "metric": (1.5 + 3.0 * 4.0) / 4.0,
        }[kind]
    )
