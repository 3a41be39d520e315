"""The functions of PyTorch for labels that are indices of classes; the class axis is axis 1."""

from __future__ import annotations

import functools
from typing import Any, NamedTuple

import numpy as np

from streamloss import losses
from streamloss.arrays.types import Array, ArrayLike, DTypeLike, DuckArray, Shape, Weights
from streamloss.compat import _engine
from streamloss.compat.torch import _calls, _dtypes
from streamloss.compat.torch._calls import arrays, known, legacy, optional
from streamloss.compat.torch._dtypes import kind_of, together
from streamloss.losses.base import LossLike


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
    input, target = arrays(input=input, target=target)
    weight = optional("weight", weight)
    _check_index(ignore_index)
    smoothing = _smoothing(label_smoothing)
    if _calls.fit(input.shape, target.shape):
        return _probabilities(input, target, weight, reduction, ignore_index, smoothing)
    if input.ndim == 0:
        raise IndexError("Dimension specified as 1 but tensor has no dimensions")
    _dtypes.need_float("log_softmax_lastdim_kernel_impl", input.dtype)
    if smoothing and input.ndim == target.ndim == 1:
        raise RuntimeError("output with shape [] doesn't match the broadcast shape [1]")
    labels = _Labels(input, target, weight, ignore_index)
    plain = losses.SparseSoftmaxCrossEntropy(smoothing)
    weighted = losses.WeightedSparseSoftmaxCrossEntropy(smoothing)
    return labels.reduce(plain, weighted, reduction)


def _smoothing(value: float) -> float:
    """Return the share by which labels are smoothed; a negative one is none.

    Raises
    ------
    RuntimeError
        If it is more than 1.
    """
    if value > 1.0:
        raise RuntimeError(f"label_smoothing must be between 0.0 and 1.0. Got: {value}")
    return max(float(value), 0.0)


def _check_index(ignore_index: object) -> None:
    """Refuse what is no index.

    Raises
    ------
    TypeError
        If it is no integer.
    """
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
    input, target = arrays(input=input, target=target)
    weight = optional("weight", weight)
    _check_index(ignore_index)
    labels = _Labels(input, target, weight, ignore_index)
    return labels.reduce(losses.NLL(), losses.WeightedNLL(), reduction)


class _Labels(NamedTuple):
    """A call of a loss of class indices, not yet checked."""

    input: DuckArray
    target: DuckArray
    weight: DuckArray | None
    ignore_index: int

    def reduce(self, plain: LossLike, weighted: LossLike, reduction: str) -> Any:
        """Return the losses of the labels that are not ignored, or their sum or mean."""
        dtype = self.input.dtype
        _check_shapes(self.input.shape, self.target.shape)
        rows = _engine.move_last(self.input, 1 if self.input.ndim > 1 else 0)
        classes = rows.shape[-1]
        _check_classes_of(self.weight, classes)
        check_labels(self.target, np.int64, np.uint8)
        _dtypes.need_float("nll_loss_out_frame", dtype)
        if self.weight is not None and self.weight.dtype != dtype:
            raise RuntimeError(f"expected scalar type {dtype} but found {self.weight.dtype}")
        check = functools.partial(_check_classes, classes, self.ignore_index)
        target = _calls.checked(self.target, check)
        target = target.reshape(()) if rows.ndim == 1 else target
        shown = target != self.ignore_index
        if self.weight is None:
            return _calls.reduce(plain, (target, rows), reduction, dtype, where=shown)
        inputs = target, rows, _calls.spread_to(self.weight, rows)
        both = weighted, losses.ClassWeight()
        mean = _calls.by_second
        return _calls.reduce(both, inputs, reduction, dtype, where=shown, mean=mean)


def _check_shapes(shape: Shape, other: Shape) -> None:
    """Refuse labels that are not one a row.

    Raises
    ------
    ValueError
        If there are no rows, or not as many as labels.
    RuntimeError
        If the spatial axes differ.
    """
    if not shape:
        raise ValueError("Expected 1 or more dimensions (got 0)")
    if len(shape) == 1:
        if len(other) == 1 and other[0] != 1:
            raise ValueError(f"For 1D input, 1D target must have size 1, but got {other[0]}")
        if len(other) > 1:
            raise RuntimeError("0D or 1D target tensor expected, multi-target not supported")
        return
    if not _calls.fit(shape[:1], other[:1]):
        got = other[0] if other else 0
        raise ValueError(
            f"Expected input batch_size ({shape[0]}) to match target batch_size ({got})."
        )
    expected = (shape[0], *shape[2:])
    if not _calls.fit(other, expected):
        raise RuntimeError(f"Expected target size {list(expected)}, got {list(other)}")


def _check_classes_of(weight: DuckArray | None, classes: int) -> None:
    """Refuse class weights that are not one a class.

    Raises
    ------
    RuntimeError
        If they are others.
    """
    if weight is not None and not _calls.fit(weight.shape, (classes,)):
        raise RuntimeError(
            f"weight tensor should be defined either for all {classes} classes or no classes but"
            f" got weight tensor of shape: {list(weight.shape)}"
        )


def check_labels(target: DuckArray, *dtypes: DTypeLike) -> None:
    """Refuse labels of other dtypes.

    Raises
    ------
    RuntimeError
        If they are of another.
    """
    if target.dtype not in [np.dtype(dtype) for dtype in dtypes]:
        names = " or ".join(np.dtype(dtype).name for dtype in dtypes)
        raise RuntimeError(f"expected target dtype to be {names}, but got {target.dtype}")


def _check_classes(classes: int, ignored: int, target: Array) -> None:
    """Refuse labels that are neither a class nor ignored.

    Raises
    ------
    IndexError
        If there is one.
    """
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
    if _dtypes.category(target.dtype) != 2:
        raise RuntimeError(
            f"Expected floating point type for target with class probabilities, got {target.dtype}"
        )
    if ignore_index >= 0:
        raise RuntimeError("ignore_index is not supported for floating point target")
    if input.ndim == 0:
        raise IndexError("Dimension specified as 1 but tensor has no dimensions")
    axis = 1 if input.ndim > 1 else 0
    classes = input.shape[axis]
    _check_classes_of(weight, classes)
    _dtypes.need_float("log_softmax_lastdim_kernel_impl", input.dtype)
    mean = _calls.by_number if classes else _calls.not_a_number
    logits, labels = (_engine.move_last(array, axis) for array in (input, target))
    loss: LossLike = losses.SoftmaxCrossEntropy(smoothing)
    inputs: tuple[DuckArray, ...] = labels, logits
    given = [input, target]
    if weight is not None:
        loss = losses.WeightedSoftmaxCrossEntropy(smoothing)
        inputs, given = (*inputs, _calls.spread_to(weight, logits)), [*given, weight]
    dtype = together(*map(kind_of, given)).dtype
    return _calls.reduce(loss, inputs, reduction, dtype, mean=mean)
