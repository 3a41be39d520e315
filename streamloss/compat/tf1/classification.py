"""The losses of TensorFlow for labels: hinges and cross-entropies."""

from __future__ import annotations

from typing import Any

from streamloss.arrays.types import ArrayLike
from streamloss.compat._common.anyfloat import with_parameter
from streamloss.losses import (
    BinaryCrossEntropyWithLogits,
    Hinge,
    LogLoss,
    SoftmaxCrossEntropy,
    SparseSoftmaxCrossEntropy,
)

from .arguments import check_classes, classified, number, reals, smooth, squeezed, tensor
from .reductions import LOSSES, Reduction, weigh, weigh_elements, weigh_logits

__all__ = [
    "hinge_loss", "log_loss", "sigmoid_cross_entropy", "softmax_cross_entropy",
    "sparse_softmax_cross_entropy",
]  # fmt: skip


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
    return weigh_elements(Hinge(1.0), labels, logits, weights, reduction, "logits")


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
    return weigh_elements(loss, labels, predictions, weights, reduction)


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
    return weigh_logits(loss, "multi_class_labels", multi_class_labels, logits, weights, reduction)


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
    return weigh_logits(loss, "onehot_labels", onehot_labels, logits, weights, reduction)


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
    y, x, weights = squeezed(*given)
    check_classes(y, x)
    y = classified(y, int(x.shape[-1]))
    loss = SparseSoftmaxCrossEntropy()
    return weigh(loss, (y, x), y.shape, weights, reduction, x.dtype, compute=None)
