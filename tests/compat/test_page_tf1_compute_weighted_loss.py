"""The page of `tf.compat.v1.losses.compute_weighted_loss`, sentence by sentence.

Each test's docstring quotes what it shows. Results are compared bit for bit with fractions, on
numpy arrays and on dask arrays of uneven chunks.
"""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np
import pytest
from golden._format import dtype_of
from tf1_truth import KINDS, Reduction, as_dask, call, fractions, grid, nearest, reduced, same

from streamloss.compat import tf1

NAME = "compute_weighted_loss"
both = pytest.mark.parametrize("kind", KINDS)
rng = np.random.default_rng(21)
LOSSES = grid(rng, (4, 3))


def truth(losses: Any, weights: Any, reduction: str) -> Any:
    """Return what a call must."""
    return reduced(fractions(losses), weights, np.shape(losses), reduction)


@both
@pytest.mark.parametrize("reduction", sorted(set(Reduction.all())))
@pytest.mark.parametrize("shape", [(), (6,), (4, 3), (2, 1, 3), (0, 3), (2, 2, 2, 2)], ids=str)
def test_every_result_is_the_rounded_truth(kind: Any, shape: Any, reduction: str) -> None:
    """ "Computes the weighted loss." "`Tensor` of shape `[batch_size, d1, ... dN]`." """
    losses = grid(rng, shape)
    one = np.float32(rng.integers(1, 9, (1,) * len(shape)))
    rows = grid(rng, (*shape[:1], *(1,) * (len(shape) - 1)))
    for weights in [1.0, -2, grid(rng, shape), one, rows, grid(rng, shape) * 0]:
        ours = call(kind, NAME, losses, weights, reduction=reduction)
        assert same(ours + np.float32(0.0), truth(losses, weights, reduction)), weights


def test_signature() -> None:
    """The names, order and defaults that the page shows."""
    parameters = inspect.signature(tf1.compute_weighted_loss).parameters.values()
    assert {p.name: p.default for p in parameters} == {
        "losses": inspect.Parameter.empty,
        "weights": 1.0,
        "scope": None,
        "loss_collection": "losses",
        "reduction": "weighted_sum_by_nonzero_weights",
    }
    positional = tf1.compute_weighted_loss(LOSSES, 2.0, "scope", "mine", "weighted_sum")
    named = {"losses": LOSSES, "weights": 2.0, "reduction": "weighted_sum"}
    assert same(positional, tf1.compute_weighted_loss(**named))


@both
def test_weights_have_rank_zero_or_that_of_losses(kind: Any) -> None:
    """ "Optional `Tensor` whose rank is either 0, or the same rank as `losses`, and must be
    broadcastable to `losses` (i.e., all dimensions must be either `1`, or the same as the
    corresponding `losses` dimension)."

    ValueError: "If `weights` is `None` or the shape is not compatible with `losses`"
    """
    for shape in [(), (1, 1), (4, 1), (1, 3), (4, 3)]:
        weights = grid(rng, shape)
        for reduction in Reduction.all():
            ours = call(kind, NAME, LOSSES, weights, reduction=reduction)
            assert same(ours + np.float32(0.0), truth(LOSSES, weights, reduction))
    for shape in [(1,), (3,), (4,), (12,), (2, 3), (4, 2), (3, 4), (4, 3, 1), (1, 4, 3), (0, 3)]:
        for reduction in Reduction.all():
            with pytest.raises(ValueError, match="weights must be a scalar or have the rank"):
                call(kind, NAME, LOSSES, np.ones(shape, np.float32), reduction=reduction)
    with pytest.raises(ValueError, match="weights must be an array of numbers: got None"):
        call(kind, NAME, LOSSES, None)


def test_every_array_has_a_rank() -> None:
    """ValueError: "if the number of dimensions (rank) of either `losses` or `weights` is missing."

    No array lacks its rank; of dask arrays whose sizes are not known it is.
    """
    losses = as_dask(LOSSES)
    unknown = losses[losses[:, 0] > -1e9]
    assert np.isnan(unknown.shape[0])
    ours = tf1.compute_weighted_loss(unknown, 2.0).compute()
    assert same(ours, tf1.compute_weighted_loss(LOSSES, 2.0))
    with pytest.raises(ValueError, match="weights must be a scalar or have the rank"):
        tf1.compute_weighted_loss(unknown, np.ones(4))
    with pytest.raises(ValueError, match="losses must be an array of numbers: got None"):
        tf1.compute_weighted_loss(None)


@both
def test_scope_and_loss_collection_have_no_effect(kind: Any) -> None:
    """ "the scope for the operations performed in computing the loss." "the loss will be added to
    these collections." "The `loss_collection` argument is ignored when executing eagerly."
    "Consider holding on to the return value or collecting losses via a tf.keras.Model."
    """
    plain = call(kind, NAME, LOSSES, 0.5)
    for collection in ("losses", "mine", None, ["a", "b"]):
        assert same(call(kind, NAME, LOSSES, 0.5, scope="a", loss_collection=collection), plain)
        assert tf1.get_losses(loss_collection=collection) == []


def test_reduction_is_one_of_tensorflows() -> None:
    """ "Type of reduction to apply to loss." """
    for key in Reduction.all():
        Reduction.validate(key)
        tf1.compute_weighted_loss(LOSSES, reduction=key)
    for key in ("mean", "sum", "NONE", "", None, 0):
        with pytest.raises(ValueError, match="reduction must be one of 'none', 'weighted_sum'"):
            Reduction.validate(key)  # type: ignore[arg-type]
        with pytest.raises(ValueError, match="reduction must be one of 'none', 'weighted_sum'"):
            tf1.compute_weighted_loss(LOSSES, reduction=key)


@both
@pytest.mark.parametrize("dtype", "float16 bfloat16 float32 float64".split())
def test_the_type_is_that_of_losses(kind: Any, dtype: str) -> None:
    """ "Weighted loss `Tensor` of the same type as `losses`. If `reduction` is `NONE`, this has
    the same shape as `losses`; otherwise, it is scalar."
    """
    losses = (LOSSES / 8).astype(dtype_of(dtype))
    weights = np.float32([[0.5], [1.0], [3.0], [0.0]])
    for reduction in Reduction.all():
        ours = call(kind, NAME, losses, weights, reduction=reduction)
        assert ours.dtype == losses.dtype
        assert ours.shape == (losses.shape if reduction == Reduction.NONE else ())
    if dtype != "bfloat16":
        mean = sum(fractions(losses * weights)) / 9
        assert same(call(kind, NAME, losses, weights), nearest(mean, dtype_of(dtype)))


@both
@pytest.mark.parametrize("dtype", "int8 int16 int32 int64 uint8 uint16 uint32 uint64 bool".split())
def test_integers_are_what_a_cast_leaves(kind: Any, dtype: str) -> None:
    """The same sentence for integers, which the code casts the float32 result to."""
    losses = rng.integers(0, 30, (4, 3)).astype(dtype)
    for reduction in Reduction.all():
        ours = call(kind, NAME, losses, 0.3, reduction=reduction)
        assert ours.dtype == losses.dtype
        assert same(ours, truth(losses, 0.3, reduction).astype(dtype))


@pytest.mark.filterwarnings("ignore:.*imaginary part is discarded")
@both
def test_complex_losses_lose_their_imaginary_part(kind: Any) -> None:
    """The same sentence for complex numbers, of which the code takes the real part."""
    losses = (LOSSES + 1j * LOSSES).astype(np.complex64)
    ours = call(kind, NAME, losses)
    assert same(ours, np.complex64(truth(LOSSES, 1.0, Reduction.SUM_BY_NONZERO_WEIGHTS)))


def test_complex_losses_warn() -> None:
    """TensorFlow logs a warning, here it is Python's."""
    with pytest.warns(np.exceptions.ComplexWarning, match="losses should be real"):
        tf1.compute_weighted_loss(np.complex64([1 + 2j]))
    with pytest.warns(np.exceptions.ComplexWarning, match="weights should be real"):
        tf1.compute_weighted_loss([1.0], np.complex64([1 + 2j]))


def test_python_numbers_have_32_bits() -> None:
    """The same sentence for lists, which become tensors of 32 bits if they fit."""
    for values, dtype in [
        ([1.0, 2.0], "float32"),
        ([1, 2.5], "float32"),
        ([], "float32"),
        (2.5, "float32"),
        ([1, 2], "int32"),
        ([True, False], "bool"),
        ([2**40], "int64"),
        ([np.float64(1.0), 2.0], "float64"),
        (np.float64(1.0), "float64"),
    ]:
        assert tf1.compute_weighted_loss(values).dtype == dtype


@both
def test_no_gradient_is_taken(kind: Any) -> None:
    """ "When calculating the gradient of a weighted loss contributions from both `losses` and
    `weights` are considered." "If your `weights` depend on some model parameters but you do not
    want this to affect the loss gradient, you need to apply tf.stop_gradient to `weights` before
    passing them to `compute_weighted_loss`."

    Results are numbers, of which there is no gradient, so nothing has to be stopped. The
    derivatives are those of the formula: weights over the divisor by the losses, and by a weight
    its loss over the divisor, which a change of exact sums shows.
    """
    weights = np.float32(rng.integers(1, 9, (4, 3)))
    key = Reduction.SUM
    start = call(kind, NAME, LOSSES, weights, reduction=key)
    step = np.zeros((4, 3), np.float32)
    step[1, 2] = 1.0
    by_loss = call(kind, NAME, LOSSES + step, weights, reduction=key) - start
    by_weight = call(kind, NAME, LOSSES, weights + step, reduction=key) - start
    assert (by_loss, by_weight) == (weights[1, 2], LOSSES[1, 2])


@both
def test_weights_multiply(kind: Any) -> None:
    """What the page does not say and the code does: zero times NaN is NaN, 0/0 is 0."""
    losses = np.float32([[np.nan, 1.0], [np.inf, 2.0]])
    weights = np.float32([[0.0, 1.0], [0.0, 1.0]])
    assert np.isnan(call(kind, NAME, losses, weights))
    each = call(kind, NAME, losses, weights, reduction=Reduction.NONE)
    assert same(np.isnan(each), np.array([[True, False], [True, False]]))
    for key in (Reduction.MEAN, Reduction.SUM_BY_NONZERO_WEIGHTS):
        assert same(call(kind, NAME, losses, 0.0, reduction=key), np.float32(0.0))
    for key in (Reduction.SUM, Reduction.SUM_OVER_BATCH_SIZE):
        assert np.isnan(call(kind, NAME, losses, 0.0, reduction=key))


@both
def test_negative_and_nan_weights_are_present(kind: Any) -> None:
    """SUM_BY_NONZERO_WEIGHTS divides by the number of all weights that are not zero."""
    losses, weights = np.float32([8.0, 4.0, 2.0, 1.0]), np.float32([-1.0, 0.0, -0.0, 3.0])
    assert same(call(kind, NAME, losses, weights), np.float32(-2.5))
    ours = call(kind, NAME, losses, weights, reduction=Reduction.MEAN)
    assert same(ours, np.float32(-2.5))
    assert np.isnan(call(kind, NAME, losses, np.float32([1.0, np.nan, 0.0, 0.0])))
