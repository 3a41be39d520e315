"""Reduction "none": the arrays of weighted losses on the GPU have the bits of the CPU's."""

from typing import Any

import numpy as np
import pytest

import streamloss as sl
from streamloss.arrays.batch import as_batch
from streamloss.arrays.device import is_device
from streamloss.kernels.switches import OMIT, SIFT
from streamloss.run import python
from streamloss.run.gpu import batches as gpu
from streamloss.run.gpu import launch
from tests.gpu.simulator.devices import put
from tests.gpu.simulator.test_cuda_losses import DRAWN, inputs_of
from tests.reference import WEIGHTS, wild


def check(
    loss: Any, y_true: Any, y_pred: Any, weights: Any = None, where: Any = None, rule: Any = None
) -> None:
    """Compare every bit with the CPU's, but not those of NaNs."""
    arrays = y_true, y_pred, weights, where
    batch = as_batch([loss], *map(put, arrays))
    found = gpu.values(loss, batch, rule)
    expected = python.values(loss, as_batch([loss], *arrays), rule)
    assert is_device(found)
    values = found.copy_to_host()
    assert (values.shape, values.dtype) == (expected.shape, np.float64)
    same = values.view("i8") == expected.view("i8")
    assert (same | (np.isnan(values) & np.isnan(expected))).all()


@pytest.mark.parametrize("name", [name for name in DRAWN if not DRAWN[name][0].combine])
def test_every_loss(rng: np.random.Generator, name: str) -> None:
    y_true, y_pred = inputs_of(name, rng, 7)
    weights = rng.normal(size=7) * (np.arange(7) > 1)
    check(DRAWN[name][0], y_true, y_pred, weights)


@pytest.mark.parametrize("rule", [SIFT, OMIT])
@pytest.mark.parametrize("kind", WEIGHTS)
def test_weights_and_masks(rng: np.random.Generator, kind: str, rule: Any) -> None:
    y_true, y_pred = wild(rng, (2, 4, 3))
    y_true[1, 1], y_pred[2] = np.nan, [np.inf, -np.inf, 0.0]
    weights = WEIGHTS[kind](rng, (4, 3))
    check(sl.AbsoluteError(), y_true, y_pred, weights, rule=rule)
    check(sl.Huber(), y_true, y_pred, weights, rule=rule, where=rng.random((4, 1)) < 0.7)


@pytest.mark.parametrize("rule", [SIFT, OMIT])
def test_rows(rng: np.random.Generator, rule: Any) -> None:
    labels, logits = rng.integers(0, 3, (5, 2)), rng.normal(size=(5, 2, 3))
    logits[2, 1, 1] = np.nan
    where = rng.random(5) < 0.8
    check(sl.SparseSoftmaxCrossEntropy(), labels, logits, rng.random(5), rule=rule, where=where)


SHAPES = [(), (0,), (1,), (3, 0), (2, 3, 2), (2, 1, 2, 1, 2, 3)]


@pytest.mark.parametrize("shape", SHAPES)
def test_shapes(rng: np.random.Generator, shape: tuple[int, ...]) -> None:
    check(sl.AbsoluteError(), rng.normal(size=shape), np.array(rng.normal(size=shape)))
    wide = rng.normal(size=tuple(2 * size for size in shape))
    y_true = wide[(slice(None, None, -2),) * len(shape)]
    check(sl.AbsoluteError(), y_true.T, rng.normal(size=shape).T.astype("f2"))


@pytest.mark.parametrize("size", [(1, 1, 1), (2, 7, 2), (1, 30, 64)])
def test_it_does_not_matter_how_many_lanes_there_are(
    rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch, size: tuple[int, int, int]
) -> None:
    monkeypatch.setattr(launch, "_size", lambda elements: size)
    y_true, y_pred = rng.normal(size=(2, 3, 17))
    check(sl.AbsoluteError(), y_true, y_pred, rng.random(3))
    labels, logits = rng.integers(0, 3, 17), rng.normal(size=(17, 3))
    check(sl.SparseSoftmaxCrossEntropy(), labels, logits)


def test_several_losses_by_name(rng: np.random.Generator) -> None:
    y_true, y_pred, weights = rng.normal(size=(3, 10))
    found = sl.evaluate(["mae", "mse"], *map(put, (y_true, y_pred, weights)), reduction="none")
    expected = sl.evaluate(["mae", "mse"], y_true, y_pred, weights, reduction="none")
    assert list(found) == ["mae", "mse"]
    for name, values in found.items():
        assert values.copy_to_host().tobytes() == expected[name].tobytes()


def test_a_nan_raises_before_anything_is_written() -> None:
    y = put(np.array([1.0, np.nan]))
    with pytest.raises(ValueError, match="1 elements have a NaN"):
        sl.evaluate("mae", y, y, nan="raise", reduction="none")
