"""The functions of PyTorch for labels of two classes: 0 and 1, or -1 and 1."""

from __future__ import annotations

import functools
import math
from typing import Any

import numpy as np

from streamloss import losses
from streamloss.arrays.types import Array, ArrayLike, DuckArray, Weights
from streamloss.compat.torch import _calls, _dtypes
from streamloss.compat.torch._calls import arrays, known, legacy
from streamloss.losses.base import LossLike


def binary_cross_entropy(
    input: ArrayLike,
    target: ArrayLike,
    weight: Weights = None,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Any:
    """Return -weight (target log input + (1 - target) log(1 - input)), logarithms at least -100.

    The mean is over the number of elements, whatever the weights; see `BCELoss`.

    Raises
    ------
    RuntimeError
        If a number of input or target is not in [0, 1], with the chunk that has it if it is a
        dask array.
    ValueError
        If the shapes differ.

    Examples
    --------
    >>> from streamloss.compat.torch import functional
    >>> functional.binary_cross_entropy([0.5, 0.0], [1.0, 1.0], reduction="none")
    array([  0.69314718, 100.        ])
    """
    reduction = known(legacy(size_average, reduce, reduction))
    input, target = arrays(input=input, target=target)
    if not _calls.fit(target.shape, input.shape):
        raise ValueError(
            f"Using a target size ({_calls.size(target.shape)}) that is different to the input"
            f" size ({_calls.size(input.shape)}) is deprecated. Please ensure they have the same"
            " size."
        )
    if target.dtype != input.dtype:
        raise RuntimeError(f"Found dtype {target.dtype} but expected {input.dtype}")
    _dtypes.need_float("binary_cross_entropy", input.dtype)
    x: DuckArray = _calls.checked(input, functools.partial(_check_probabilities, "input"))
    y: DuckArray = _calls.checked(target, functools.partial(_check_probabilities, "target"))
    loss = losses.BinaryCrossEntropy(low=0.0, high=1.0)
    weights = _weights(weight, x, x.dtype)
    return _calls.reduce(loss, (y, x), reduction, x.dtype, weights=weights)


def _check_probabilities(name: str, array: Array) -> None:
    """Refuse numbers outside [0, 1], NaN too.

    Raises
    ------
    RuntimeError
        If there is one.
    """
    if not np.all((array >= 0) & (array <= 1)):
        raise RuntimeError(f"all elements of {name} should be between 0 and 1")


def binary_cross_entropy_with_logits(
    input: ArrayLike,
    target: ArrayLike,
    weight: Weights = None,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    pos_weight: ArrayLike | None = None,
) -> Any:
    """Return the binary cross-entropy of sigmoid(input), with `pos_weight` for label 1.

    The mean is over the number of elements, whatever the weights; see `BCEWithLogitsLoss`.

    Examples
    --------
    >>> from streamloss.compat.torch import functional
    >>> functional.binary_cross_entropy_with_logits([-100.0, 0.0], [1.0, 0.0], reduction="none")
    array([100.        ,   0.69314718])
    """
    reduction = known(legacy(size_average, reduce, reduction))
    input, target = arrays(input=input, target=target)
    if not _calls.fit(target.shape, input.shape):
        raise ValueError(
            f"Target size ({_calls.size(target.shape)}) must be the same as input size"
            f" ({_calls.size(input.shape)})"
        )
    _dtypes.need_float("log_sigmoid_cpu", input.dtype)
    _dtypes.need_numbers("sub", target.dtype)
    _dtypes.need_cast(input.dtype, target.dtype)
    _dtypes.need_real("log_sigmoid_cpu", target.dtype)
    inputs: tuple[DuckArray, ...] = target, input
    loss: LossLike = losses.BinaryCrossEntropyWithLogits()
    if pos_weight is not None:
        loss = losses.WeightedBinaryCrossEntropyWithLogits()
        positive = _calls.array("pos_weight", pos_weight)
        _dtypes.need_numbers("sub", positive.dtype)
        inputs = (*inputs, _calls.spread_to(positive, input))
    weights = _weights(weight, input, target.dtype)
    return _calls.reduce(loss, inputs, reduction, target.dtype, weights=weights)


def _weights(weight: Weights, like: DuckArray, dtype: _dtypes.Dtype) -> DuckArray | None:
    """Return weights broadcast to the shape of the losses, or None."""
    if weight is None:
        return None
    weights = _calls.array("weight", weight)
    _dtypes.need_cast(weights.dtype, dtype)
    return _calls.spread_to(weights, like)


def soft_margin_loss(
    input: ArrayLike,
    target: ArrayLike,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Any:
    """Return log(1 + exp(-target input)); see `SoftMarginLoss`.

    Examples
    --------
    >>> from streamloss.compat.torch import functional
    >>> functional.soft_margin_loss([0.0, -100.0], [1.0, 1.0], reduction="none")
    array([  0.69314718, 100.        ])
    """
    reduction = known(legacy(size_average, reduce, reduction))
    input, target = arrays(input=input, target=target)
    dtype = input.dtype
    _dtypes.need_numbers("neg", dtype)
    _dtypes.need_real("soft_margin_loss", dtype)
    _dtypes.need_cast(target.dtype, dtype)
    _dtypes.need_cast(_dtypes.FLOAT32, dtype)
    target = _calls.spread_to(target, input)
    return _calls.reduce(losses.SoftMargin(), (target, input), reduction, dtype)


def hinge_embedding_loss(
    input: ArrayLike,
    target: ArrayLike,
    margin: float = 1.0,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Any:
    """Return input where target is 1, max(0, margin - input) where -1; see `HingeEmbeddingLoss`.

    Examples
    --------
    >>> from streamloss.compat.torch import functional
    >>> functional.hinge_embedding_loss([0.25, 0.25], [1.0, -1.0], reduction="none")
    array([0.25, 0.75])
    """
    reduction = known(legacy(size_average, reduce, reduction))
    input, target = arrays(input=input, target=target)
    dtype = input.dtype
    _dtypes.need_numbers("sub", dtype)
    _dtypes.need_real("clamp", dtype)
    if _dtypes.category(dtype) == 1:
        margin = math.trunc(margin)
    loss = losses.HingeEmbedding(margin)
    x, y = _calls.spread(input, _calls.without_strange(target))
    return _calls.reduce(loss, (y, x), reduction, dtype)
