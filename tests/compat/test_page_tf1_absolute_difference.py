"""The page of `tf.compat.v1.losses.absolute_difference`, sentence by sentence.

Each test's docstring quotes what it shows. Results are compared bit for bit with fractions, on
numpy arrays and on dask arrays of uneven chunks.
"""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np
import pytest
from tf1_truth import KINDS, Reduction, absolute_difference, as_dask, call, grid, same

from streamloss.compat import tf1

NAME = "absolute_difference"
SHAPES = [(), (1,), (7,), (4, 3), (3, 1, 5), (2, 3, 2, 2)]
both = pytest.mark.parametrize("kind", KINDS)
rng = np.random.default_rng(20)
Y, P = grid(rng, (4, 3)), grid(rng, (4, 3))


def weights_of(shape: tuple[int, ...]) -> list[Any]:
    """Return weights of every kind that the Args allow for losses of a shape."""
    full = grid(rng, shape)
    holes = np.where(rng.random(shape) < 0.5, np.float32(0), full)
    flat = [full.take([0], axis) for axis in range(len(shape))]
    rows = full[(slice(None), *[slice(0, 1)] * (len(shape) - 1))] if shape else full
    return [1.0, full, rows, 2.5, holes, 0, -3, *flat, True, np.float64(0.75), full * 0]


@both
@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("reduction", sorted(set(Reduction.all())))
def test_every_result_is_the_rounded_truth(kind: Any, shape: Any, reduction: str) -> None:
    """ "Adds an Absolute Difference loss to the training procedure." """
    for weights in weights_of(shape)[: 3 if kind is as_dask else None]:
        y, p = grid(rng, shape), grid(rng, shape)
        ours = call(kind, NAME, y, p, weights, reduction=reduction)
        expected = absolute_difference(y, p, weights, reduction)
        assert same(ours + np.float32(0.0), expected), weights  # fractions have no -0


def test_nothing_is_added_to_a_collection() -> None:
    """ "The `loss_collection` argument is ignored when executing eagerly." """
    before = tf1.absolute_difference(Y, P)
    for collection in ("losses", "mine", None, object()):
        assert same(tf1.absolute_difference(Y, P, loss_collection=collection), before)
        assert tf1.get_losses() == []
        assert tf1.get_losses(loss_collection=collection) == []


def test_the_return_value_is_what_there_is_to_hold_on_to() -> None:
    """ "Consider holding on to the return value or collecting losses via a tf.keras.Model." """
    losses = [tf1.absolute_difference(Y, P), tf1.absolute_difference(P, Y, 2.0)]
    assert float(sum(losses)) == float(losses[0]) * 3
    with pytest.raises(ValueError, match="add up what the losses returned"):
        tf1.get_total_loss()


def test_signature() -> None:
    """The names, order and defaults that the page shows."""
    parameters = inspect.signature(tf1.absolute_difference).parameters.values()
    assert {p.name: p.default for p in parameters} == {
        "labels": inspect.Parameter.empty,
        "predictions": inspect.Parameter.empty,
        "weights": 1.0,
        "scope": None,
        "loss_collection": "losses",
        "reduction": "weighted_sum_by_nonzero_weights",
    }
    positional = tf1.absolute_difference(Y, P, 2.0, "scope", "mine", "weighted_sum")
    named = {"labels": Y, "predictions": P, "weights": 2.0, "reduction": "weighted_sum"}
    assert same(positional, tf1.absolute_difference(**named))


@both
@pytest.mark.parametrize("factor", [2.0, 0.25, -1.0, 3.0, 0.1])
def test_a_scalar_scales(kind: Any, factor: float) -> None:
    """ "`weights` acts as a coefficient for the loss. If a scalar is provided, then the loss is
    simply scaled by the given value."
    """
    for reduction in {*Reduction.all()} - {Reduction.MEAN}:
        expected = absolute_difference(Y, P, np.float32(factor), reduction)
        assert same(call(kind, NAME, Y, P, factor, reduction=reduction), expected)
        if factor in (2.0, 0.25, -1.0):
            assert same(expected, np.float32(factor) * absolute_difference(Y, P, 1.0, reduction))


@both
def test_a_scalar_cancels_in_a_mean(kind: Any) -> None:
    """The code divides MEAN by the sum of weights, so there a scalar does not scale."""
    plain = call(kind, NAME, Y, P, reduction=Reduction.MEAN)
    assert same(call(kind, NAME, Y, P, 4.0, reduction=Reduction.MEAN), plain)


@both
def test_weights_of_shape_batch_size_are_refused(kind: Any) -> None:
    """ "If `weights` is a `Tensor` of shape `[batch_size]`, then the total loss for each sample of
    the batch is rescaled by the corresponding element in the `weights` vector."

    The Args contradict this for losses of more than one axis; the code sides with them.
    """
    for shape in [(4, 3), (4, 4), (4, 1), (4, 2, 2)]:
        y, p = grid(rng, shape), grid(rng, shape)
        with pytest.raises(ValueError, match=r"weights must be a scalar or have the rank"):
            call(kind, NAME, y, p, np.float32([1, 2, 3, 4]))


@both
def test_weights_rescale_samples(kind: Any) -> None:
    """The same sentence with what the code takes: [batch_size], 1, ... or losses of one axis."""
    weights = np.float32([1.5, 0.0, -2.0, 4.0])
    for shape in [(4,), (4, 3), (4, 2, 2)]:
        y, p = grid(rng, shape), grid(rng, shape)
        aligned = weights.reshape(4, *[1] * (len(shape) - 1))
        for reduction in Reduction.all():
            ours = call(kind, NAME, y, p, aligned, reduction=reduction)
            assert same(ours, absolute_difference(y, p, aligned, reduction))
        samples = [absolute_difference(y[k], p[k], 1.0, Reduction.SUM) for k in range(4)]
        total = call(kind, NAME, y, p, aligned, reduction=Reduction.SUM)
        assert float(total) == float(np.dot(np.float64(samples), weights))


@both
def test_weights_of_the_shape_of_predictions(kind: Any) -> None:
    """ "If the shape of `weights` matches the shape of `predictions`, then the loss of each
    measurable element of `predictions` is scaled by the corresponding value of `weights`."
    """
    weights = grid(rng, (4, 3))
    ours = call(kind, NAME, Y, P, weights, reduction=Reduction.NONE)
    assert same(ours, np.abs(P - Y) * weights)  # exact for such numbers


@both
def test_an_element_of_weight_zero_is_not_counted_but_multiplied(kind: Any) -> None:
    """ "measurable": elements of nonzero weight count; yet zero times NaN stays NaN."""
    weights = np.float32([[1.0], [0.0], [2.0], [0.0]])
    present = np.broadcast_to(weights != 0, (4, 3))
    total = np.sum(np.abs(np.float64(P) - Y) * weights)
    ours = call(kind, NAME, Y, P, weights)
    assert float(ours) == float(np.float32(total / present.sum()))
    holed = np.where(present, P, np.float32(np.nan))
    assert np.isnan(call(kind, NAME, Y, holed, weights))


@both
def test_labels_and_predictions_have_the_same_dimensions(kind: Any) -> None:
    """ "The ground truth output tensor, same dimensions as 'predictions'." "The predicted outputs."

    ValueError: "If the shape of `predictions` doesn't match that of `labels`"
    """
    for shape in [(4, 1), (1, 3), (3,), (), (4, 3, 1), (3, 4), (12,)]:
        with pytest.raises(ValueError, match="predictions must have the shape of labels"):
            call(kind, NAME, Y, np.ones(shape, np.float32))
    assert same(call(kind, NAME, Y, P), call(kind, NAME, P, Y))


@both
def test_weights_have_rank_zero_or_that_of_labels(kind: Any) -> None:
    """ "Optional `Tensor` whose rank is either 0, or the same rank as `labels`, and must be
    broadcastable to `labels` (i.e., all dimensions must be either `1`, or the same as the
    corresponding `losses` dimension)."

    ValueError: "if the shape of `weights` is invalid"
    """
    for shape in [(), (1, 1), (4, 1), (1, 3), (4, 3)]:
        weights = grid(rng, shape)
        ours = call(kind, NAME, Y, P, weights)
        assert same(ours, absolute_difference(Y, P, weights, Reduction.SUM_BY_NONZERO_WEIGHTS))
    for shape in [(1,), (3,), (4,), (12,), (2, 3), (4, 2), (3, 4), (4, 3, 1), (1, 4, 3), (0, 3)]:
        with pytest.raises(ValueError, match="weights must be a scalar or have the rank"):
            call(kind, NAME, Y, P, np.ones(shape, np.float32))


@both
def test_weights_are_optional_but_none_is_no_weights(kind: Any) -> None:
    """ "Optional": left out they are 1.0; None is an error, as `compute_weighted_loss` says."""
    assert same(call(kind, NAME, Y, P), call(kind, NAME, Y, P, 1.0))
    assert same(call(kind, NAME, Y, P), call(kind, NAME, Y, P, np.ones((4, 3), np.float32)))
    with pytest.raises(ValueError, match="weights must be an array of numbers: got None"):
        call(kind, NAME, Y, P, None)


@both
def test_scope_has_no_effect(kind: Any) -> None:
    """ "The scope for the operations performed in computing the loss." """
    assert same(call(kind, NAME, Y, P, scope="a/b"), call(kind, NAME, Y, P))


@both
def test_loss_collection_has_no_effect(kind: Any) -> None:
    """ "collection to which this loss will be added." """
    assert same(call(kind, NAME, Y, P, loss_collection="mine"), call(kind, NAME, Y, P))


def test_reduction_is_one_of_tensorflows() -> None:
    """ "Type of reduction to apply to loss." """
    for key in ("mean", "sum", "SUM", "sum_over_batch_size", "", None, 3):
        with pytest.raises(ValueError, match="reduction must be one of 'none', 'weighted_sum'"):
            tf1.absolute_difference(Y, P, reduction=key)
    with pytest.raises(ValueError, match="did you mean 'weighted_mean'"):
        tf1.absolute_difference(Y, P, reduction="mean")


@both
@pytest.mark.parametrize("dtype", "float16 float32 float64 int8 uint8 int32 int64 bool".split())
def test_the_result_is_float32_of_the_right_shape(kind: Any, dtype: str) -> None:
    """ "Weighted loss float `Tensor`. If `reduction` is `NONE`, this has the same shape as
    `labels`; otherwise, it is scalar."
    """
    y, p = np.abs(Y).astype(dtype), np.abs(P).astype(dtype)
    for reduction in Reduction.all():
        ours = call(kind, NAME, y, p, reduction=reduction)
        assert ours.dtype == np.float32
        assert ours.shape == (y.shape if reduction == Reduction.NONE else ())
        assert same(ours, absolute_difference(y, p, 1.0, reduction))


@both
@pytest.mark.parametrize("missing", [0, 1])
def test_none_is_refused(kind: Any, missing: int) -> None:
    """ValueError: "if `labels` or `predictions` is None." """
    name = ("labels", "predictions")[missing]
    given: list[Any] = [Y, P]
    given[missing] = None
    with pytest.raises(ValueError, match=f"{name} must be an array of numbers: got None"):
        call(kind, NAME, *given)


@both
def test_nothing_over_nothing_is_zero(kind: Any) -> None:
    """What the page does not say and the code does: 0/0 is 0, whatever the sum."""
    for reduction in set(Reduction.all()) - {Reduction.NONE}:
        assert same(call(kind, NAME, Y[:0], P[:0], reduction=reduction), np.float32(0.0))
    for reduction in (Reduction.MEAN, Reduction.SUM_BY_NONZERO_WEIGHTS):
        assert same(
            call(kind, NAME, Y, P * np.float32(np.nan), 0.0, reduction=reduction), np.float32(0)
        )
        cancelled = np.float32([[1, -1, 0]])
        if reduction == Reduction.MEAN:
            assert same(call(kind, NAME, Y, P, cancelled, reduction=reduction), np.float32(0.0))
    assert np.isnan(call(kind, NAME, Y, P * np.float32(np.nan), 0.0, reduction=Reduction.SUM))


@both
def test_inputs_are_rounded_to_float32_first(kind: Any) -> None:
    """What the code does first: labels, predictions and weights become float32."""
    y, p = np.float64([1.0, 16777217.0]), np.float64([1.0 + 2.0**-30, 16777216.0])
    assert same(call(kind, NAME, y, p), np.float32(0.0))
    tiny = np.float64([1e-50, 1.0])
    ours = call(kind, NAME, np.zeros(2), np.ones(2), tiny)
    assert same(ours, np.float32(1.0))  # a weight that rounds to zero does not count


@both
def test_a_result_is_rounded_once(kind: Any) -> None:
    """Exact sums that float64 would round to the middle between two float32."""
    y = np.zeros(3, np.float32)
    p = np.float32([1.0, 2.0**-24, 2.0**-70])
    assert same(call(kind, NAME, y, p, reduction=Reduction.SUM), np.float32(1.0 + 2.0**-23))
    p = np.float32([1.0 + 2.0**-23, 2.0**-24, 2.0**-70])
    weights = np.float32([1.0, 1.0, -1.0])
    ours = call(kind, NAME, y, p, weights, reduction=Reduction.SUM)
    assert same(ours, np.float32(1.0 + 2.0**-23))
