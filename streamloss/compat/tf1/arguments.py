"""Arguments as TensorFlow reads and checks them: arrays, their dtypes and shapes, parameters."""

from __future__ import annotations

import functools
import math
import warnings
from collections.abc import Callable, Iterator

import numpy as np

from streamloss.arrays.batch import FLOAT32, is_lazy, may_fit
from streamloss.arrays.types import Array, ArrayLike, DuckArray
from streamloss.compat._common import arrays
from streamloss.compat._common.anyfloat import with_parameter
from streamloss.compat._common.arrays import as_dtype, checked
from streamloss.losses.base import LossLike
from streamloss.support.brief import brief

LOGITS = ("float16", "bfloat16", "float32", "float64")
"""Dtypes that TensorFlow has cross-entropies for."""


def tensor(name: str, value: ArrayLike) -> DuckArray:
    """Return an argument as an array of the dtype that it has in TensorFlow.

    Python's floats are float32 and its integers int32 if they fit. None is a ValueError, what
    holds no numbers a TypeError.
    """
    if value is None:
        raise ValueError(f"{name} must be an array of numbers: got None")
    array = arrays.array(name, value)
    if isinstance(value, list | tuple | int | float) and not isinstance(value, np.generic):
        return _from_python(array, value)
    return array


def _from_python(array: DuckArray, value: ArrayLike) -> DuckArray:
    """Return the array of Python numbers in 32 bits, unless one of them has a dtype of 64."""
    if array.dtype not in (np.float64, np.int64):
        return array
    if any(str(getattr(leaf, "dtype", "")) == array.dtype.name for leaf in _leaves(value)):
        return array
    if array.dtype == np.float64:
        return as_dtype(array, FLOAT32)
    narrow = array.astype(np.int32)
    return narrow if (array == narrow).all() else array


def _leaves(value: object) -> Iterator[object]:
    """Yield what lists hold that is no list."""
    if isinstance(value, list | tuple):
        for item in value:
            yield from _leaves(item)
    else:
        yield value


def reals(name: str, value: ArrayLike) -> DuckArray:
    """Return an argument as a `tensor` of real numbers; complex ones lose the other part."""
    return real(name, tensor(name, value))


def real(name: str, array: DuckArray) -> DuckArray:
    """Return the real part of an array, with a warning if there is another."""
    if array.dtype.kind != "c":
        return array
    message = f"{name} should be real: the imaginary part is discarded"
    warnings.warn(message, np.exceptions.ComplexWarning, stacklevel=5)
    return array.real


def check_same_shape(names: tuple[str, str], labels: DuckArray, predictions: DuckArray) -> None:
    """Refuse labels and predictions of different shapes by a ValueError."""
    if not may_fit(labels.shape, predictions.shape):
        raise ValueError(
            f"{names[1]} must have the shape of {names[0]}:"
            f" got {predictions.shape} and {labels.shape}"
        )


def check_logits(logits: DuckArray) -> None:
    """Refuse logits of a dtype that TensorFlow has no cross-entropies for by a TypeError."""
    if logits.dtype.name not in LOGITS:
        dtypes = ", ".join(LOGITS)
        raise TypeError(f"logits must have one of the dtypes {dtypes}: got {logits.dtype}")


def squeezed(
    labels: DuckArray, logits: DuckArray, weights: DuckArray
) -> tuple[DuckArray, DuckArray, DuckArray]:
    """Return them without a last axis of size 1 where ranks are one too large.

    Logits are to have one axis more than labels, weights none; a ValueError if they have one, not
    of size 1.
    """
    surplus = logits.ndim - labels.ndim - 1
    if surplus == 1 and logits.shape[-1] == 1:
        logits = logits[..., 0]
    elif surplus == -1 and labels.ndim and labels.shape[-1] == 1:
        labels = labels[..., 0]
    if weights.ndim - labels.ndim == 1:
        if weights.shape[-1] != 1:
            raise ValueError(
                "weights of one axis more than labels must have size 1 along the last:"
                f" got {weights.shape} for labels of shape {labels.shape}"
            )
        weights = weights[..., 0]
    return labels, logits, weights


def check_classes(labels: DuckArray, logits: DuckArray) -> None:
    """Refuse labels of wrong dtypes by a TypeError, logits of wrong shapes by a ValueError."""
    if labels.dtype.name not in ("int32", "int64"):
        raise TypeError(f"labels must have the dtype int32 or int64: got {labels.dtype}")
    check_logits(logits)
    rows = logits.ndim and may_fit(labels.shape, logits.shape[:-1])
    if not rows or not logits.shape[-1]:
        raise ValueError(
            "logits must have the shape of labels and one axis more, of at least one class:"
            f" got {logits.shape} for labels of shape {labels.shape}"
        )


def classified(labels: DuckArray, classes: int) -> DuckArray:
    """Return labels that are indices of classes; dask arrays check theirs when computed."""
    return checked(labels, functools.partial(_check_labels, classes))


def _check_labels(classes: int, labels: Array) -> None:
    """Refuse labels that are no class by a ValueError."""
    bad = labels[(labels < 0) | (labels >= classes)]
    if bad.size:
        raise ValueError(f"labels must be in [0, {classes}): got {bad.flat[0]}")


def rows_of(array: DuckArray, axes: tuple[int, ...]) -> DuckArray:
    """Return an array with some of its axes as one last axis, a view where that can be."""
    if len(axes) == 1:
        return arrays.move_last(array, axes[0])
    kept = tuple([k for k in range(array.ndim) if k not in axes])
    moved = array.transpose((*kept, *axes))
    if not axes:
        return moved[..., None]
    if not is_lazy(moved):
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


def smooth(cls: Callable[..., LossLike], label_smoothing: float) -> LossLike:
    """Return a loss with its smoothing; TensorFlow takes what is not positive for 0."""
    return with_parameter(cls, label_smoothing) if label_smoothing > 0 else cls()


def number(name: str, value: object) -> float:
    """Return a parameter as a float32; None is a ValueError, what is no number a TypeError."""
    if value is None:
        raise ValueError(f"{name} must be a number: got None")
    array = np.asarray(value)
    if array.ndim or array.dtype.kind not in "biuf":
        raise TypeError(f"{name} must be a number: got {brief(value)}")
    with np.errstate(over="ignore"):
        return float(array.astype(np.float32))
