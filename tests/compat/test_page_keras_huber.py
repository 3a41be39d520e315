"""The page of `tf.keras.losses.Huber` (TensorFlow 1.15), sentence by sentence.

Each test quotes in its docstring what it tests. What the page says of `compile` and of
`tf.distribute.Strategy` is about training a model, which is not here.
"""

from __future__ import annotations

import inspect
import json
from typing import Any

import dask.array as da
import numpy as np
import pytest

from streamloss.compat import keras

Huber = keras.losses.Huber
Reduction = keras.losses.Reduction


def rows(y_true: Any, y_pred: Any, d: float = 1.0) -> Any:
    """Return the losses of rows as the page's formula has them, in float64."""
    x = np.asarray(y_true, np.float64) - np.asarray(y_pred, np.float64)
    far = 0.5 * d**2 + d * (np.abs(x) - d)
    return np.where(np.abs(x) <= d, 0.5 * x**2, far).mean(-1)


def near(found: Any, expected: Any) -> bool:
    """Return whether float32 numbers are what float64 arithmetic gives, rounded."""
    return bool(np.all(np.abs(found - expected) <= np.spacing(np.abs(np.float32(expected)))))


def test_computes_the_huber_loss_between_y_true_and_y_pred() -> None:
    """'Computes the Huber loss between `y_true` and `y_pred`.'"""
    assert Huber()([[0.0, 0.0]], [[1.0, 3.0]]) == 1.5


@pytest.mark.parametrize("d", [0.5, 1.0, 2.0])
@pytest.mark.parametrize("x", [-3.0, -2.0, -1.0, -0.5, 0.0, 0.25, 0.5, 1.0, 2.0, 5.0])
def test_its_formula(x: float, d: float) -> None:
    """'For each value x in `error = y_true - y_pred`:'

    'loss = 0.5 * x^2                  if |x| <= d'
    'loss = 0.5 * d^2 + d * (|x| - d)  if |x| > d'
    'where d is `delta`.'
    """
    expected = 0.5 * x**2 if abs(x) <= d else 0.5 * d**2 + d * (abs(x) - d)
    assert Huber(delta=d)([[x]], [[0.0]]) == expected


def test_usage() -> None:
    """The block under 'Usage', which prints 'Loss: 0.333'."""
    l = Huber()  # noqa: E741 - the page's name
    loss = l([0.0, 1.0, 1.0], [1.0, 0.0, 1.0])
    assert f"Loss: {loss:.3f}" == "Loss: 0.333"
    assert loss == np.float32(1 / 3)


def test_delta() -> None:
    """'`delta`: A float, the point where the Huber loss function changes from a quadratic to
    linear.'
    """
    slopes = np.diff(Huber(0.5, reduction="none")(np.zeros((6, 1)), np.arange(6.0)[:, None] / 4))
    assert np.allclose(np.diff(slopes), [0.0625, 0.03125, 0.0, 0.0])
    assert Huber(2)([[0.0]], [[4.0]]) == 6.0


def test_reduction() -> None:
    """'`reduction`: (Optional) Type of `tf.keras.losses.Reduction` to apply to loss.'"""
    y_true, y_pred = np.zeros((2, 2)), np.array([[1.0, 3.0], [0.0, 1.0]])
    losses = [1.5, 0.25]
    assert Huber(reduction=Reduction.NONE)(y_true, y_pred).tolist() == losses
    assert Huber(reduction=Reduction.SUM)(y_true, y_pred) == 1.75
    assert Huber(reduction=Reduction.SUM_OVER_BATCH_SIZE)(y_true, y_pred) == 0.875


def test_auto() -> None:
    """'Default value is `AUTO`.' 'For almost all cases this defaults to `SUM_OVER_BATCH_SIZE`.'

    'reduction option will be determined by the usage context': here there is one context.
    """
    y_true, y_pred = np.zeros((2, 2)), np.array([[1.0, 3.0], [0.0, 1.0]])
    default = Huber()(y_true, y_pred)
    assert default == Huber(reduction=Reduction.AUTO)(y_true, y_pred)
    assert default == Huber(reduction=Reduction.SUM_OVER_BATCH_SIZE)(y_true, y_pred) == 0.875


def test_name() -> None:
    """'`name`: Optional name for the op.' and its default, 'huber_loss'."""
    assert (Huber().name, Huber(name="mine").name) == ("huber_loss", "mine")
    assert Huber(name=None)([[0.0]], [[1.0]]) == 0.5


def test_init() -> None:
    """'__init__(delta=1.0, reduction=losses_utils.ReductionV2.AUTO, name='huber_loss')'."""
    parameters = inspect.signature(Huber).parameters
    assert list(parameters)[:3] == ["delta", "reduction", "name"]
    assert parameters["delta"].default == 1.0
    assert parameters["name"].default == "huber_loss"
    made = Huber(0.5, Reduction.SUM, "third")
    assert (made.delta, made.reduction, made.name) == (0.5, "sum", "third")


def test_call_takes_three_arguments() -> None:
    """'__call__(y_true, y_pred, sample_weight=None)' 'Invokes the `Loss` instance.'"""
    names = list(inspect.signature(Huber()).parameters)
    assert names == ["y_true", "y_pred", "sample_weight"]
    assert Huber()(y_pred=[[2.0]], y_true=[[0.0]], sample_weight=[2.0]) == 3.0


SHAPES = [(4,), (4, 3), (4, 3, 2), (4, 3, 2, 2)]


@pytest.mark.parametrize("lazy", [False, True])
@pytest.mark.parametrize("shape", SHAPES)
def test_shapes_of_y_true_and_y_pred(shape: tuple[int, ...], lazy: bool) -> None:
    """'`y_true`: Ground truth values. shape = `[batch_size, d0, .. dN]`', and `y_pred` the same.

    'Weighted loss float `Tensor`. If `reduction` is `NONE`, this has shape
    `[batch_size, d0, .. dN-1]`; otherwise, it is scalar.'
    """
    y_true, y_pred = np.random.default_rng(0).normal(size=(2, *shape)).astype("f4")
    expected = rows(y_true, y_pred)
    if lazy:
        y_true, y_pred = (da.from_array(a, chunks=3) for a in (y_true, y_pred))
    each, total = (Huber(reduction=r)(y_true, y_pred) for r in ("none", "auto"))
    each, total = (a.compute() if lazy else a for a in (each, total))
    assert each.shape == shape[:-1]
    assert near(each, expected)
    assert total.shape == ()
    assert near(total, expected.mean())
    assert total.dtype.kind == "f"


@pytest.mark.parametrize("scalar", [0.0, 0.5, 2, -3.0])
def test_a_scalar_weight_scales_the_loss(scalar: float) -> None:
    """'If a scalar is provided, then the loss is simply scaled by the given value.'"""
    y_true, y_pred = np.zeros((3, 2)), np.array([[1.0, 3.0], [0.0, 1.0], [0.5, 4.0]])
    for reduction in Reduction.all():
        found = Huber(reduction=reduction)
        scaled = found(y_true, y_pred, scalar)
        assert near(scaled, np.float64(found(y_true, y_pred)) * scalar)


@pytest.mark.parametrize("lazy", [False, True])
@pytest.mark.parametrize("shape", SHAPES[1:])
def test_a_weight_for_each_sample_rescales_its_total_loss(
    shape: tuple[int, ...], lazy: bool
) -> None:
    """'If `sample_weight` is a tensor of size `[batch_size]`, then the total loss for each sample
    of the batch is rescaled by the corresponding element in the `sample_weight` vector.'
    """
    y_true, y_pred = np.random.default_rng(1).normal(size=(2, *shape)).astype("f4")
    weights = np.float32([0.5, 0.0, 2.0, 1.0])
    losses = rows(y_true, y_pred)
    expected = (losses.reshape(4, -1) * weights[:, None]).reshape(losses.shape)
    if lazy:
        y_true, y_pred = (da.from_array(a, chunks=3) for a in (y_true, y_pred))
    for reduction, value in (("none", expected), ("sum", expected.sum())):
        found = Huber(reduction=reduction)(y_true, y_pred, weights)
        assert near(found.compute() if lazy else found, value)


@pytest.mark.parametrize("lazy", [False, True])
@pytest.mark.parametrize("weights", [(4, 3), (4, 1), (1, 3), (1, 1), (3,), (1,), ()])
def test_a_weight_for_each_loss_element(weights: tuple[int, ...], lazy: bool) -> None:
    """'If the shape of `sample_weight` is `[batch_size, d0, .. dN-1]` (or can be broadcasted to
    this shape), then each loss element of `y_pred` is scaled by the corresponding value of
    `sample_weight`.'

    '(Note on`dN-1`: all loss functions reduce by 1 dimension, usually axis=-1.)'
    """
    rng = np.random.default_rng(2)
    y_true, y_pred = rng.normal(size=(2, 4, 3, 2)).astype("f4")
    heavy = rng.random(weights).astype("f4")
    expected = rows(y_true, y_pred) * heavy
    if lazy:
        y_true, y_pred, heavy = (da.from_array(a, chunks=2) for a in (y_true, y_pred, heavy))
    for reduction, value in (("none", expected), ("sum_over_batch_size", expected.mean())):
        found = Huber(reduction=reduction)(y_true, y_pred, heavy)
        assert near(found.compute() if lazy else found, value)


@pytest.mark.parametrize("lazy", [False, True])
@pytest.mark.parametrize("weights", [(2,), (5,), (3, 4), (4, 2), (2, 4, 3), (4, 3, 2)])
def test_raises_where_the_shape_of_sample_weight_is_invalid(
    weights: tuple[int, ...], lazy: bool
) -> None:
    """'ValueError: If the shape of `sample_weight` is invalid.'"""
    y, w = np.zeros((4, 3, 2)), np.ones(weights)
    if lazy:
        y, w = da.from_array(y, chunks=2), da.from_array(w, chunks=2)
    with pytest.raises(ValueError, match="sample_weight"):
        Huber()(y, y, w)


def test_from_config() -> None:
    """'Instantiates a `Loss` from its config (output of `get_config()`).' 'A `Loss` instance.'

    `get_config` has no sentence: what it gives makes an equal loss, `delta` included.
    """
    made = Huber(delta=0.25, reduction=Reduction.SUM, name="mine")
    config = made.get_config()
    assert config == {"name": "mine", "reduction": "sum", "delta": 0.25}
    again = Huber.from_config(json.loads(json.dumps(config)))
    assert isinstance(again, keras.losses.Loss)
    assert again == made
    assert again([[0.0]], [[4.0]]) == made([[0.0]], [[4.0]]) == 0.96875
