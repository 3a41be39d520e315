"""Which weight belongs to which loss: sample weights and masks, of losses and of metrics.

The losses that are weighed are those of Keras' functions, of shape ``[batch_size, d0, .. dN-1]``.
There are four rules, and all of them are here:

- Weights of a loss class broadcast *to* the losses as in numpy, whose last axes are aligned, once a
  last axis of size 1 that one rank has more is taken away or added: `fitted`. One weight for each
  sample is aligned with axis 0 before, where it would not broadcast: `of_losses`.
- Weights of a metric belong to the *leading* axes of the losses: each is the weight of the mean of
  the losses that it is given for, however many those are: `leading`.
- Weights of the R2 score broadcast to labels of shape ``[batch_size, outputs]``, those of rank 1 as
  one for each sample: `of_outputs`.
- A mask is zeros and ones that weights are multiplied by, both broadcast as in numpy: `times_mask`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from streamloss.arrays.batch import is_lazy
from streamloss.arrays.types import ArrayLike, DType, DuckArray, Shape, Weights
from streamloss.compat._common import arrays

from .arguments import (
    KEPT,
    alike,
    broadcast,
    cast,
    fits,
    last_axes,
    real,
    shape_of,
    squeeze_or_expand,
)
from .terms import Terms


def weights_of(sample_weight: Weights, dtype: DType | None = None) -> DuckArray | None:
    """Return sample weights as an array, of a dtype if it is given; None without any."""
    if sample_weight is None:
        return None
    weights = real("sample_weight", arrays.array("sample_weight", sample_weight))
    return weights if dtype is None else cast("sample_weight", weights, dtype)


def of_losses(
    terms: Terms, sample_weight: Weights, mask: DuckArray | None, dtype: DType
) -> DuckArray | None:
    """Return the sample weights of a loss class times a mask, None without either."""
    # to float32 weights are rounded with the inputs when they are summed: no copy of all is made
    weights = weights_of(sample_weight, dtype if terms.compute is None else None)
    if weights is not None:
        weights = by_sample(weights, terms.shape)
    return times_mask(weights, mask, dtype, "the mask of y_pred and sample_weight")


def by_sample(weights: DuckArray, shape: Shape) -> DuckArray:
    """Return weights, aligned with axis 0 if they are one for each sample of losses of a shape.

    Keras documents weights of shape [batch_size], but fails where they do not broadcast.
    """
    if weights.ndim == 1 < len(shape) and weights.shape[0] == shape[0] != 1:
        if shape[-1] not in (1, shape[0]):
            return weights[(slice(None), *(None,) * (len(shape) - 1))]
    return weights


def fitted(terms: Terms, weights: DuckArray) -> tuple[Terms, DuckArray]:
    """Return losses broadcast with the weights of a loss class, and weights of their rank.

    Raises
    ------
    ValueError
        If weights do not broadcast to the losses. To one loss, of arrays of rank 1, they may be
        many: it is repeated.
    """
    terms, weights = _of_one_rank(terms, weights)
    shape = shape_of("the losses and sample_weight", terms.shape, weights.shape)
    if not terms.shape:
        inputs = tuple(broadcast(a, shape + a.shape) for a in terms.inputs)
        where = None if terms.where is None else broadcast(terms.where, shape)
        terms = terms._replace(inputs=inputs, shape=shape, where=where)
    elif not alike(shape, terms.shape):
        rule = "sample_weight and mask must broadcast to the shape of the losses"
        raise ValueError(f"{rule}: got {weights.shape} for losses of shape {terms.shape}")
    before = (None,) * (len(shape) - weights.ndim)
    return terms, weights[(*before, ..., *(None,) * len(terms.row))]


def _of_one_rank(terms: Terms, weights: DuckArray) -> tuple[Terms, DuckArray]:
    """Return losses and weights whose ranks differ by a last axis of size 1 in one rank."""
    item, other = last_axes(terms.shape, weights.shape)
    weights = weights if other == KEPT else weights[..., other]
    if item == KEPT:
        return terms, weights
    rank = len(terms.shape)
    shape = (*terms.shape, 1) if item is None else terms.shape[:-1]
    inputs = tuple(a[(..., item, *(slice(None),) * (a.ndim - rank))] for a in terms.inputs)
    where = None if terms.where is None else terms.where[..., item]
    return terms._replace(inputs=inputs, shape=shape, where=where), weights


def leading(terms: Terms, weights: DuckArray) -> DuckArray:
    """Return weights of a metric, of the leading axes of losses, as an array of their rank.

    Raises
    ------
    ValueError
        If they are of no leading axes.
    """
    rank = len(terms.shape)
    if weights.ndim == rank + 1 and weights.shape[-1] == 1:
        weights = weights[..., 0]
    elif weights.ndim == 1 and rank == 2 and terms.shape[-1] == 1:
        weights = weights[..., None]
    if weights.ndim > rank or not fits(weights.shape, terms.shape[: weights.ndim]):
        rule = "sample_weight must have the leading axes of the losses, or 1 in their place"
        raise ValueError(f"{rule}: got {weights.shape} for losses of shape {terms.shape}")
    after = rank + len(terms.row) - weights.ndim
    return weights[(..., *(None,) * after)]


def of_outputs(weights: DuckArray, shape: Shape) -> DuckArray:
    """Return weights of labels of samples and outputs as an array of rank 2.

    Raises
    ------
    ValueError
        If they do not broadcast to the labels.
    """
    if weights.ndim == 1:
        weights = weights[:, None]
    if not alike(shape_of("y_true and sample_weight", shape, weights.shape), shape):
        raise ValueError(f"sample_weight must broadcast to y_true: got {weights.shape} and {shape}")
    return weights[(None,) * (2 - weights.ndim)]


def times_mask(
    weights: DuckArray | None,
    mask: DuckArray | None,
    dtype: DType,
    names: str = "mask and sample_weight",
) -> DuckArray | None:
    """Return weights that are zero where a mask is, None without either.

    Raises
    ------
    ValueError
        If they do not broadcast; the text begins with their names.
    """
    if mask is None:
        return weights
    kept = mask.astype(dtype)
    if weights is None:
        return kept
    kept, weights = squeeze_or_expand(kept, weights)
    shape_of(names, kept.shape, weights.shape)
    return kept * weights


def mask_of(value: ArrayLike) -> DuckArray | None:
    """Return the mask that an argument carries as `_keras_mask`, None without one."""
    mask = getattr(value, "_keras_mask", None)
    if mask is None:
        return None
    found = arrays.array("mask", mask)
    return found if found.dtype == np.bool_ else found != 0


class Masked(np.ndarray[Any, Any]):
    """A numpy array that carries a mask, as a tensor of Keras does."""

    _keras_mask: Any = None


def masked(y_pred: ArrayLike, mask: ArrayLike) -> Any:
    """Return predictions that carry a mask: False takes the losses there out.

    A dask array is returned as it is, with the mask upon it.

    Parameters
    ----------
    y_pred : array_like
        Predictions.
    mask : array_like of bool
        Of the shape of the losses, or one that broadcasts to it.

    Examples
    --------
    >>> from streamloss.compat import keras
    >>> y_pred = keras.masked([[1.0], [5.0]], [True, False])
    >>> keras.losses.MeanAbsoluteError()([[0.0], [0.0]], y_pred)
    np.float32(1.0)
    """
    array: Any = arrays.array("y_pred", y_pred)
    if not is_lazy(array):
        array = array.view(Masked)
    array._keras_mask = mask
    return array
