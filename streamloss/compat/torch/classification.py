"""The functions of PyTorch that are cross-entropies: of classes, labels and probabilities.

The axis of classes is axis 1, or the only one.
"""

from __future__ import annotations

import functools
import math
from typing import Any

import numpy as np

from streamloss import losses
from streamloss.arrays.batch import may_fit
from streamloss.arrays.types import Array, ArrayLike, DuckArray, Shape, Weights
from streamloss.compat._common.arrays import checked, move_last
from streamloss.compat._common.finish import Ratio
from streamloss.losses.base import LossLike

from . import dtypes
from .arguments import array, arrays, size, spread_to
from .dtypes import common
from .reductions import MEAN, finish, known, legacy
from .weights import as_weights, class_weights, loss_weights, need_one_a_class

__all__ = ["binary_cross_entropy", "binary_cross_entropy_with_logits", "cross_entropy", "nll_loss"]


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
    if not may_fit(target.shape, input.shape):
        raise ValueError(
            f"Using a target size ({size(target.shape)}) that is different to the input"
            f" size ({size(input.shape)}) is deprecated. Please ensure they have the same"
            " size."
        )
    if target.dtype != input.dtype:
        raise RuntimeError(f"Found dtype {target.dtype} but expected {input.dtype}")
    dtypes.need_float("binary_cross_entropy", input.dtype)
    x = checked(input, functools.partial(_check_probabilities, "input"))
    y = checked(target, functools.partial(_check_probabilities, "target"))
    loss = losses.BinaryCrossEntropy(low=0.0, high=1.0)
    weights = loss_weights(weight, x, x.dtype)
    return finish(loss, (y, x), reduction, x.dtype, weights=weights)


def _check_probabilities(name: str, array: Array) -> None:
    """Refuse numbers outside [0, 1], NaN too, by a RuntimeError."""
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
    if not may_fit(target.shape, input.shape):
        raise ValueError(
            f"Target size ({size(target.shape)}) must be the same as input size"
            f" ({size(input.shape)})"
        )
    dtypes.need_float("log_sigmoid_cpu", input.dtype)
    dtypes.need_numbers("sub", target.dtype)
    dtypes.need_cast(input.dtype, target.dtype)
    dtypes.need_real("log_sigmoid_cpu", target.dtype)
    inputs: tuple[DuckArray, ...] = target, input
    loss: LossLike = losses.BinaryCrossEntropyWithLogits()
    if pos_weight is not None:
        loss = losses.WeightedBinaryCrossEntropyWithLogits()
        positive = array("pos_weight", pos_weight)
        dtypes.need_numbers("sub", positive.dtype)
        inputs = (*inputs, spread_to(positive, input))
    weights = loss_weights(weight, input, target.dtype)
    return finish(loss, inputs, reduction, target.dtype, weights=weights)


def cross_entropy(
    input: ArrayLike,
    target: ArrayLike,
    weight: Weights = None,
    size_average: bool | None = None,
    ignore_index: int = -100,
    reduce: bool | None = None,
    reduction: str = "mean",
    label_smoothing: float = 0.0,
) -> Any:
    """Return the cross-entropy of logits and classes or their probabilities.

    Of classes the mean is over the weights of those not ignored, of probabilities over the
    number of rows; see `CrossEntropyLoss`.

    Raises
    ------
    IndexError
        If there is no such class, with the chunk that has it if target is a dask array.
    ValueError, RuntimeError
        If shapes or dtypes don't fit.

    Examples
    --------
    >>> from streamloss.compat.torch import functional
    >>> functional.cross_entropy([[100.0, 0.0], [0.0, 0.0]], [1, 0], reduction="none")
    array([100.        ,   0.69314718])
    >>> functional.cross_entropy([[100.0, 0.0], [0.0, 0.0]], [1, -100])
    np.float64(100.0)
    """
    reduction = known(legacy(size_average, reduce, reduction))
    x, y = arrays(input=input, target=target)
    weight = as_weights(weight)
    _check_index(ignore_index)
    smoothing = _smoothing(label_smoothing)
    if may_fit(x.shape, y.shape):
        return _probabilities(x, y, weight, reduction, ignore_index, smoothing)
    if x.ndim == 0:
        raise IndexError("Dimension specified as 1 but tensor has no dimensions")
    dtypes.need_float("log_softmax_lastdim_kernel_impl", x.dtype)
    if smoothing and x.ndim == y.ndim == 1:
        raise RuntimeError("output with shape [] doesn't match the broadcast shape [1]")
    plain = losses.SparseSoftmaxCrossEntropy(smoothing)
    weighted = losses.WeightedSparseSoftmaxCrossEntropy(smoothing)
    return _classes(plain, weighted, x, y, weight, ignore_index, reduction)


def _smoothing(value: float) -> float:
    """Return the share by which labels are smoothed: at most 1, none if it is negative."""
    if value > 1.0:
        raise RuntimeError(f"label_smoothing must be between 0.0 and 1.0. Got: {value}")
    return max(float(value), 0.0)


def _check_index(ignore_index: object) -> None:
    """Refuse what is no integer by a TypeError."""
    if not isinstance(ignore_index, int | np.integer):
        raise TypeError(f"ignore_index must be int, not {type(ignore_index).__name__}")


def nll_loss(
    input: ArrayLike,
    target: ArrayLike,
    weight: Weights = None,
    size_average: bool | None = None,
    ignore_index: int = -100,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Any:
    """Return the negative of the log-probability of each class of target.

    The mean is over the weights of the classes not ignored; see `NLLLoss`.

    Raises
    ------
    IndexError
        If there is no such class, with the chunk that has it if target is a dask array.
    ValueError, RuntimeError
        If shapes or dtypes don't fit.

    Examples
    --------
    >>> from streamloss.compat.torch import functional
    >>> functional.nll_loss([[-1.0, -2.0], [-4.0, -8.0]], [1, 0], weight=[1.0, 3.0])
    np.float64(2.5)
    """
    reduction = known(legacy(size_average, reduce, reduction))
    x, y = arrays(input=input, target=target)
    weight = as_weights(weight)
    _check_index(ignore_index)
    return _classes(losses.NLL(), losses.WeightedNLL(), x, y, weight, ignore_index, reduction)


def _classes(
    plain: LossLike,
    weighted: LossLike,
    input: DuckArray,
    target: DuckArray,
    weight: DuckArray | None,
    ignored: int,
    reduction: str,
) -> Any:
    """Return the losses of indices of classes that are not ignored, or their sum or mean."""
    dtype = input.dtype
    _check_shapes(input.shape, target.shape)
    rows = move_last(input, 1 if input.ndim > 1 else 0)
    classes = rows.shape[-1]
    need_one_a_class(weight, classes)
    dtypes.need_labels(target, "int64", "uint8")
    dtypes.need_float("nll_loss_out_frame", dtype)
    dtypes.need_same(dtype, weight)
    target = checked(target, functools.partial(_check_classes, classes, ignored))
    target = target.reshape(()) if rows.ndim == 1 else target
    shown = target != ignored
    if weight is None:
        return finish(plain, (target, rows), reduction, dtype, where=shown)
    inputs = target, rows, *class_weights(weight, rows)
    both, mean = (weighted, losses.ClassWeight()), Ratio("second")
    return finish(both, inputs, reduction, dtype, where=shown, mean=mean)


def _check_shapes(shape: Shape, other: Shape) -> None:
    """Refuse labels that are not one a row (ValueError), or have other spatial axes."""
    if not shape:
        raise ValueError("Expected 1 or more dimensions (got 0)")
    if len(shape) == 1:
        if len(other) == 1 and other[0] != 1:
            raise ValueError(f"For 1D input, 1D target must have size 1, but got {other[0]}")
        if len(other) > 1:
            raise RuntimeError("0D or 1D target tensor expected, multi-target not supported")
        return
    if not may_fit(shape[:1], other[:1]):
        got = other[0] if other else 0
        raise ValueError(
            f"Expected input batch_size ({shape[0]}) to match target batch_size ({got})."
        )
    expected = (shape[0], *shape[2:])
    if not may_fit(other, expected):
        raise RuntimeError(f"Expected target size {list(expected)}, got {list(other)}")


def _check_classes(classes: int, ignored: int, target: Array) -> None:
    """Refuse labels that are neither a class nor ignored by an IndexError."""
    bad = ((target < 0) | (target >= classes)) & (target != ignored)
    if np.any(bad):
        raise IndexError(f"Target {np.asarray(target)[np.asarray(bad)].flat[0]} is out of bounds.")


def _probabilities(
    input: DuckArray,
    target: DuckArray,
    weight: DuckArray | None,
    reduction: str,
    ignore_index: int,
    smoothing: float,
) -> Any:
    """Return the cross-entropy of logits and probabilities; its mean is over the rows."""
    if dtypes.category(target.dtype) != 2:
        raise RuntimeError(
            f"Expected floating point type for target with class probabilities, got {target.dtype}"
        )
    if ignore_index >= 0:
        raise RuntimeError("ignore_index is not supported for floating point target")
    if input.ndim == 0:
        raise IndexError("Dimension specified as 1 but tensor has no dimensions")
    axis = 1 if input.ndim > 1 else 0
    classes = input.shape[axis]
    need_one_a_class(weight, classes)
    dtypes.need_float("log_softmax_lastdim_kernel_impl", input.dtype)
    x, y = (move_last(array, axis) for array in (input, target))
    last = class_weights(weight, x)
    make = losses.WeightedSoftmaxCrossEntropy if last else losses.SoftmaxCrossEntropy
    dtype = common(input, target, *(() if weight is None else (weight,)))
    mean = MEAN if classes else Ratio(0, zero=math.nan)
    return finish(make(smoothing), (y, x, *last), reduction, dtype, mean=mean)
