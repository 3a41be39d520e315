"""Losses of rows: of classes, of vectors, of samples."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from streamloss.arrays.types import ArrayLike, DuckArray
from streamloss.compat import _engine
from streamloss.compat.tf1._arguments import (
    check_classes,
    check_same_shape,
    classified,
    reals,
    squeezed,
    tensor,
    weights_for,
    weights_of_rows,
)
from streamloss.compat.tf1._parameters import smooth
from streamloss.compat.tf1._weighing import LOSSES, Reduction, weigh, weigh_logits
from streamloss.losses import (
    CosineDistance,
    PairwiseSquaredError,
    SoftmaxCrossEntropy,
    SparseSoftmaxCrossEntropy,
    Value,
)
from streamloss.support.brief import brief


def softmax_cross_entropy(
    onehot_labels: ArrayLike,
    logits: ArrayLike,
    weights: ArrayLike = 1.0,
    label_smoothing: float = 0,
    scope: str | None = None,
    loss_collection: str | None = LOSSES,
    reduction: str = Reduction.SUM_BY_NONZERO_WEIGHTS,
) -> Any:
    """Return the cross-entropy of rows of labels and softmax(logits) in nats, weighted and reduced.

    Rows are along the last axis; losses have the other axes, and weights their rank. Other
    parameters, results and errors are those of `sigmoid_cross_entropy`.

    Parameters
    ----------
    onehot_labels, logits : array_like
        Of one shape, at least one axis. Labels need not sum to 1.
    label_smoothing : float
        If positive, labels y become y (1 - label_smoothing) + label_smoothing / classes.

    Examples
    --------
    >>> float(softmax_cross_entropy([[0, 1]], [[1000.0, 0.0]]))
    1000.0
    """
    loss = smooth(SoftmaxCrossEntropy, label_smoothing)
    names = "onehot_labels", "logits"
    return weigh_logits(loss, names, onehot_labels, logits, weights, reduction)


def sparse_softmax_cross_entropy(
    labels: ArrayLike,
    logits: ArrayLike,
    weights: ArrayLike = 1.0,
    scope: str | None = None,
    loss_collection: str | None = LOSSES,
    reduction: str = Reduction.SUM_BY_NONZERO_WEIGHTS,
) -> Any:
    """Return the cross-entropy of indices of classes and softmax(logits), weighted and reduced.

    In nats. A last axis of size 1 is dropped from whichever has a rank one too large: labels,
    logits or weights.

    Parameters
    ----------
    labels : array_like
        int32 or int64 in [0, classes).
    logits : array_like
        float16, bfloat16, float32 or float64, of the shape of the labels and a last axis of
        classes.
    weights, scope, loss_collection, reduction
        As for `compute_weighted_loss`; the losses have the shape of the labels.

    Returns
    -------
    numpy scalar or, if the reduction is NONE, array of the shape of the labels
        Of the dtype of the logits; a lazy dask array if an argument is one.

    Raises
    ------
    ValueError
        If an argument is None, shapes do not fit, a label is no class (labels that are dask
        arrays raise it when they are computed), or the reduction is none.
    TypeError
        If an argument holds no numbers, labels no integers of 32 or 64 bits or logits no floats.

    Examples
    --------
    >>> float(sparse_softmax_cross_entropy([1], [[1000.0, 0.0]]))
    1000.0
    """
    given = tensor("labels", labels), tensor("logits", logits), reals("weights", weights)
    y, x, heavy = squeezed(*given)
    check_classes(y, x)
    y = classified(y, int(x.shape[-1]))
    loss = SparseSoftmaxCrossEntropy()
    return weigh(loss, (y, x), y.shape, heavy, reduction, x.dtype, compute=None)


def cosine_distance(
    labels: ArrayLike,
    predictions: ArrayLike,
    axis: int | tuple[int, ...] | None = None,
    weights: ArrayLike = 1.0,
    scope: str | None = None,
    loss_collection: str | None = LOSSES,
    reduction: str = Reduction.SUM_BY_NONZERO_WEIGHTS,
    dim: int | None = None,
) -> Any:
    """Return 1 - sum of predictions * labels along an axis, weighted and reduced; no unit.

    That is the cosine distance of rows of length 1, which nothing checks.

    Parameters
    ----------
    labels, predictions : array_like
        Of one shape.
    axis : int or tuple of int
        What to sum along. The losses keep it with size 1, so weights have the rank of the labels.
    weights, scope, loss_collection, reduction
        As for `compute_weighted_loss`.
    dim : int
        The old name of `axis`.

    Returns
    -------
    numpy float32 or, if the reduction is NONE, float32 array of the shape of the losses
        A lazy dask array if an argument is one.

    Raises
    ------
    ValueError
        If neither or both of axis and dim are given, or the axis is outside the array; if another
        argument is None, shapes differ, the weights have a shape that does not fit, or the
        reduction is none.
    TypeError
        If the axis is no integer, or another argument holds no numbers.

    Examples
    --------
    >>> float(cosine_distance([[1.0, 0.0]], [[0.0, 1.0]], axis=1))
    1.0
    """
    if axis is not None and dim is not None:
        raise ValueError(
            f"axis and its old name dim exclude each other: got {brief(axis)} and {brief(dim)}"
        )
    axis = dim if axis is None else axis
    if axis is None:
        raise ValueError("axis must be the axis to sum along: got None")
    y, p = reals("labels", labels), reals("predictions", predictions)
    check_same_shape(("labels", "predictions"), y, p)
    axes = np.lib.array_utils.normalize_axis_tuple(axis, y.ndim, "axis")
    shape = tuple([1 if k in axes else size for k, size in enumerate(y.shape)])
    heavy = weights_for(weights, shape)
    if heavy is not None and heavy.ndim:
        heavy = np.squeeze(heavy, axes)
    rows = rows_of(y, axes), rows_of(p, axes)
    given = 1.0 if heavy is None else heavy
    out = weigh(CosineDistance(), rows, rows[0].shape[:-1], given, reduction)
    if reduction != Reduction.NONE:
        return out
    return out[tuple([None if k in axes else slice(None) for k in range(y.ndim)])]


def mean_pairwise_squared_error(
    labels: ArrayLike,
    predictions: ArrayLike,
    weights: ArrayLike = 1.0,
    scope: str | None = None,
    loss_collection: str | None = LOSSES,
) -> Any:
    """Return the sum over rows of the mean squared difference of the errors of two elements.

    In the unit of the labels squared. A row is a sample with all its elements. With d the errors
    of a row and n the number of its nonzero weights, its loss is 2 sum d^2 / (n - 1) -
    2 (sum d)^2 / (n (n - 1)), zero if n <= 1. It is multiplied by each of its weights, and the
    products are summed; a scalar is one weight for each row.

    Parameters
    ----------
    labels, predictions : array_like
        Of one shape, rows along the first axis.
    weights : array_like
        A scalar, one for each row, or an array of the rank of the labels, each axis 1 or theirs.
    scope, loss_collection
        Without effect.

    Returns
    -------
    numpy float32 or lazy dask array of it

    Raises
    ------
    ValueError
        If an argument is None, shapes differ or have no axis, or the weights do not fit.
    TypeError
        If an argument holds no numbers.

    Examples
    --------
    >>> float(mean_pairwise_squared_error([[1.0, 2.0, 4.0]], [[3.0, 1.0, 5.0]]))
    4.666666507720947
    """
    y, p = reals("labels", labels), reals("predictions", predictions)
    check_same_shape(("labels", "predictions"), y, p)
    if not y.ndim:
        raise ValueError("labels must have rows along their first axis: got shape ()")
    heavy = weights_of_rows(weights, y.shape)
    heavy = np.ones((), np.float32) if heavy is None else _engine.as_dtype(heavy, np.float32)
    axes = tuple(range(1, y.ndim))
    rows = [rows_of(a, axes) for a in (y, p, _engine.spread(heavy, y)[0])]
    losses = _engine.each(PairwiseSquaredError(), tuple(rows), None, compute=np.float32)
    if heavy.ndim:
        losses = losses[(..., *[None] * len(axes))]
        losses, _ = _engine.spread(losses, heavy)
    return weigh(Value(), (losses,), losses.shape, heavy, Reduction.SUM, compute=np.float64)


def rows_of(array: DuckArray, axes: tuple[int, ...]) -> DuckArray:
    """Return an array with some of its axes as one last axis, a view where that can be."""
    if len(axes) == 1:
        array = _engine.move_last(array, axes[0])
        return array
    kept = tuple([k for k in range(array.ndim) if k not in axes])
    moved = array.transpose((*kept, *axes))
    if not axes:
        return moved[..., None]
    if not _engine.is_lazy(moved):
        return _flat(moved, len(kept))
    # sizes of axes kept may be unknown, which dask does not reshape
    whole = moved.rechunk(dict.fromkeys(range(len(kept), moved.ndim), -1))
    length = math.prod(moved.shape[len(kept) :])
    chunks = (*whole.chunks[: len(kept)], (length,))
    gone = list(range(len(kept) + 1, moved.ndim))
    return whole.map_blocks(_flat, len(kept), dtype=array.dtype, chunks=chunks, drop_axis=gone)


def _flat(array: DuckArray, kept: int) -> DuckArray:
    """Return an array with all axes but the first few as one."""
    return array.reshape((*array.shape[:kept], math.prod(array.shape[kept:])))
