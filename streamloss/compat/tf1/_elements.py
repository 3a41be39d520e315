"""Losses of single elements."""

from __future__ import annotations

import math
from typing import Any

from streamloss.arrays.types import ArrayLike
from streamloss.compat._unchecked import with_parameter
from streamloss.compat.tf1._parameters import number, smooth
from streamloss.compat.tf1._weighing import LOSSES, Reduction, weigh_elements, weigh_logits
from streamloss.losses import (
    AbsoluteError,
    BinaryCrossEntropyWithLogits,
    Hinge,
    Huber,
    LogLoss,
    SquaredError,
)


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
    names = "labels", "predictions"
    return weigh_elements(AbsoluteError(), names, labels, predictions, weights, reduction)


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
    names = "labels", "predictions"
    return weigh_elements(SquaredError(), names, labels, predictions, weights, reduction)


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
    names = "labels", "predictions"
    return weigh_elements(loss, names, labels, predictions, weights, reduction)


def log_loss(
    labels: ArrayLike,
    predictions: ArrayLike,
    weights: ArrayLike = 1.0,
    epsilon: float = 1e-7,
    scope: str | None = None,
    loss_collection: str | None = LOSSES,
    reduction: str = Reduction.SUM_BY_NONZERO_WEIGHTS,
) -> Any:
    """Return the cross-entropy of probabilities in nats, weighted and reduced.

    It is -y log(p + epsilon) - (1 - y) log(1 - p + epsilon) for a label y and a prediction p,
    slightly negative where p = y, NaN where p is well outside [0, 1]. Other parameters, results
    and errors are those of `absolute_difference`.

    Parameters
    ----------
    epsilon : float
        Keeps the logarithms finite.

    Raises
    ------
    ValueError
        If epsilon is None.
    TypeError
        If epsilon is no number.

    Examples
    --------
    >>> round(float(log_loss([1.0, 0.0], [0.5, 0.5])), 6)
    0.693147
    """
    loss = with_parameter(LogLoss, number("epsilon", epsilon))
    names = "labels", "predictions"
    return weigh_elements(loss, names, labels, predictions, weights, reduction)


def hinge_loss(
    labels: ArrayLike,
    logits: ArrayLike,
    weights: ArrayLike = 1.0,
    scope: str | None = None,
    loss_collection: str | None = LOSSES,
    reduction: str = Reduction.SUM_BY_NONZERO_WEIGHTS,
) -> Any:
    """Return max(0, 1 - (2 y - 1) x) for a label y of 0 or 1 and a logit x, weighted and reduced.

    Parameters, results and errors are those of `absolute_difference`; labels are not checked.

    Examples
    --------
    >>> float(hinge_loss([0, 1], [0.5, 0.25]))
    1.125
    """
    names = "labels", "logits"
    return weigh_elements(Hinge(1.0), names, labels, logits, weights, reduction)


def sigmoid_cross_entropy(
    multi_class_labels: ArrayLike,
    logits: ArrayLike,
    weights: ArrayLike = 1.0,
    label_smoothing: float = 0,
    scope: str | None = None,
    loss_collection: str | None = LOSSES,
    reduction: str = Reduction.SUM_BY_NONZERO_WEIGHTS,
) -> Any:
    """Return the cross-entropy of labels and sigmoid(logits) in nats, weighted and reduced.

    Parameters
    ----------
    multi_class_labels : array_like
        Probabilities, mostly 0 and 1. They are rounded to the dtype of the logits.
    logits : array_like
        float16, bfloat16, float32 or float64, of the shape of the labels.
    label_smoothing : float
        If positive, labels y become y (1 - label_smoothing) + label_smoothing / 2.
    weights, scope, loss_collection, reduction
        As for `compute_weighted_loss`.

    Returns
    -------
    numpy scalar or, if the reduction is NONE, array of the shape of the logits
        Of the dtype of the logits; a lazy dask array if an argument is one.

    Raises
    ------
    ValueError
        If an argument is None, shapes differ, the weights have a shape that does not fit, or the
        reduction is none.
    TypeError
        If an argument holds no numbers, or logits no floats.

    Examples
    --------
    >>> round(float(sigmoid_cross_entropy([[0, 1]], [[0.0, 1000.0]])), 6)
    0.346574
    """
    loss = smooth(BinaryCrossEntropyWithLogits, label_smoothing)
    names = "multi_class_labels", "logits"
    return weigh_logits(loss, names, multi_class_labels, logits, weights, reduction)
