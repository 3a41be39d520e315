"""The losses of TensorFlow for numbers: of each element, or of all pairs of a row."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from streamloss.arrays.batch import FLOAT32
from streamloss.arrays.types import ArrayLike
from streamloss.compat._common.anyfloat import with_parameter
from streamloss.compat._common.arrays import as_dtype, spread
from streamloss.compat._common.sums import each
from streamloss.losses import AbsoluteError, Huber, PairwiseSquaredError, SquaredError, Value

from .arguments import check_same_shape, number, reals, rows_of
from .reductions import LOSSES, Reduction, weigh, weigh_elements
from .weights import row_weights

__all__ = ["absolute_difference", "huber_loss", "mean_pairwise_squared_error", "mean_squared_error"]


def absolute_difference(
    labels: ArrayLike,
    predictions: ArrayLike,
    weights: ArrayLike = 1.0,
    scope: str | None = None,
    loss_collection: str | None = LOSSES,
    reduction: str = Reduction.SUM_BY_NONZERO_WEIGHTS,
) -> Any:
    """Return |predictions - labels|, in the unit of the labels, weighted and reduced.

    Parameters
    ----------
    labels, predictions : array_like
        Of one shape.
    weights, scope, loss_collection, reduction
        As for `compute_weighted_loss`.

    Returns
    -------
    numpy float32 or, if the reduction is NONE, float32 array of the shape of the labels
        A lazy dask array if an argument is one.

    Raises
    ------
    ValueError
        If an argument is None, shapes differ, the weights have a shape that does not fit, or the
        reduction is none.
    TypeError
        If an argument holds no numbers.

    Examples
    --------
    >>> float(
    ...     absolute_difference([[1.0, 2.0], [3.0, 4.0]], [[2.0, 4.0], [3.0, 4.0]], [[1.0], [0.0]])
    ... )
    1.5
    """
    return weigh_elements(AbsoluteError(), labels, predictions, weights, reduction)


def mean_squared_error(
    labels: ArrayLike,
    predictions: ArrayLike,
    weights: ArrayLike = 1.0,
    scope: str | None = None,
    loss_collection: str | None = LOSSES,
    reduction: str = Reduction.SUM_BY_NONZERO_WEIGHTS,
) -> Any:
    """Return (predictions - labels)^2, in the unit of the labels squared, weighted and reduced.

    Parameters, results and errors are those of `absolute_difference`.

    Examples
    --------
    >>> float(mean_squared_error([1, 2, 3], [1, 3, 5], weights=[0, 1, 0.25]))
    1.0
    """
    return weigh_elements(SquaredError(), labels, predictions, weights, reduction)


def huber_loss(
    labels: ArrayLike,
    predictions: ArrayLike,
    weights: ArrayLike = 1.0,
    delta: float = 1.0,
    scope: str | None = None,
    loss_collection: str | None = LOSSES,
    reduction: str = Reduction.SUM_BY_NONZERO_WEIGHTS,
) -> Any:
    """Return the Huber loss, in the unit of the labels squared, weighted and reduced.

    It is 0.5 e^2 if |e| <= delta, else delta (|e| - 0.5 delta), with e = predictions - labels.
    Other parameters, results and errors are those of `absolute_difference`.

    Parameters
    ----------
    delta : float
        Where the loss becomes linear. Infinity gives NaN, as in TensorFlow.

    Raises
    ------
    ValueError
        If delta is None.
    TypeError
        If delta is no number.

    Examples
    --------
    >>> float(huber_loss([0.0, 0.0], [0.5, 3.0], delta=1.0))
    1.3125
    """
    at = number("delta", delta)
    loss = with_parameter(Huber, at if at < math.inf else math.nan)
    return weigh_elements(loss, labels, predictions, weights, reduction)


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
    given = row_weights(weights, y.shape)
    given = np.ones((), FLOAT32) if given is None else as_dtype(given, FLOAT32)
    axes = tuple(range(1, y.ndim))
    rows = [rows_of(a, axes) for a in (y, p, spread(given, y)[0])]
    losses = each(PairwiseSquaredError(), tuple(rows), None, compute=FLOAT32)
    if given.ndim:
        losses, _ = spread(losses[(..., *[None] * len(axes))], given)
    return weigh(Value(), (losses,), losses.shape, given, Reduction.SUM, compute=np.float64)
