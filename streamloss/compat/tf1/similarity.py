"""The loss of TensorFlow for vectors: the cosine distance."""

from __future__ import annotations

from typing import Any

import numpy as np

from streamloss.arrays.types import ArrayLike
from streamloss.losses import CosineDistance
from streamloss.support.brief import brief

from .arguments import check_same_shape, reals, rows_of
from .reductions import LOSSES, Reduction, weigh
from .weights import loss_weights

__all__ = ["cosine_distance"]


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
    given = loss_weights(weights, shape)
    if given is not None and given.ndim:
        given = np.squeeze(given, axes)
    rows, weights = (rows_of(y, axes), rows_of(p, axes)), 1.0 if given is None else given
    out = weigh(CosineDistance(), rows, rows[0].shape[:-1], weights, reduction)
    if reduction != Reduction.NONE:
        return out
    return out[tuple([None if k in axes else slice(None) for k in range(y.ndim)])]
