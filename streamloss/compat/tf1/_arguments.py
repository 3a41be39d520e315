"""Arguments as TensorFlow reads and checks them."""

from __future__ import annotations

import functools
import warnings
from collections.abc import Iterator

import numpy as np

from streamloss.arrays.types import Array, ArrayLike, DuckArray, Shape
from streamloss.compat import _engine

FLOAT32 = np.dtype(np.float32)
LOGITS = ("float16", "bfloat16", "float32", "float64")
"""Dtypes that TensorFlow has cross-entropies for."""


def tensor(name: str, value: ArrayLike) -> DuckArray:
    """Return an argument as an array of the dtype that it has in TensorFlow.

    Python's floats are float32 and its integers int32 if they fit.

    Raises
    ------
    ValueError
        If it is None.
    TypeError
        If it holds no numbers.
    """
    if value is None:
        raise ValueError(f"{name} must be an array of numbers: got None")
    array: DuckArray = _engine.array(name, value)
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
        array = _engine.as_dtype(array, FLOAT32)
        return array
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
    """Return an argument as an array of real numbers; complex ones lose the other part.

    Raises
    ------
    ValueError, TypeError
        As `tensor`.
    """
    return real(name, tensor(name, value))


def real(name: str, array: DuckArray) -> DuckArray:
    """Return the real part of an array, with a warning if there is another."""
    if array.dtype.kind != "c":
        return array
    message = f"{name} should be real: the imaginary part is discarded"
    warnings.warn(message, np.exceptions.ComplexWarning, stacklevel=5)
    return array.real


def check_same_shape(names: tuple[str, str], labels: DuckArray, predictions: DuckArray) -> None:
    """Refuse labels and predictions of different shapes.

    Raises
    ------
    ValueError
        If they differ.
    """
    if not _engine.may_fit(labels.shape, predictions.shape):
        raise ValueError(
            f"{names[1]} must have the shape of {names[0]}:"
            f" got {predictions.shape} and {labels.shape}"
        )


def weights_for(value: ArrayLike, shape: Shape) -> DuckArray | None:
    """Return weights of the rank of the losses, or scalar; None for the number 1.

    Raises
    ------
    ValueError
        If they are None, or their shape is another.
    TypeError
        If they are no numbers.
    """
    weights = reals("weights", value)
    sizes = tuple([n if m == 1 else m for m, n in zip(weights.shape, shape, strict=False)])
    if weights.ndim and not (weights.ndim == len(shape) and _engine.may_fit(sizes, shape)):
        raise ValueError(
            "weights must be a scalar or have the rank of the losses, each axis 1 or the losses':"
            f" got {weights.shape} for losses of shape {shape}"
        )
    if weights.ndim == 0 and not _engine.is_lazy(weights) and weights == 1:
        return None
    return weights


def weights_of_rows(value: ArrayLike, shape: Shape) -> DuckArray | None:
    """Return weights as `weights_for`, and those that are one for each row too.

    Raises
    ------
    ValueError, TypeError
        As `weights_for`.
    """
    weights = reals("weights", value)
    if weights.ndim == 1 < len(shape) and _engine.may_fit(weights.shape, shape[:1]):
        weights = weights[(..., *[None] * (len(shape) - 1))]
    return weights_for(weights, shape)


def check_logits(name: str, array: DuckArray) -> None:
    """Refuse logits of a dtype that TensorFlow has no cross-entropies for.

    Raises
    ------
    TypeError
        If it is none of float16, bfloat16, float32, float64.
    """
    if array.dtype.name not in LOGITS:
        raise TypeError(
            f"{name} must have one of the dtypes {', '.join(LOGITS)}: got {array.dtype}"
        )


def squeezed(
    labels: DuckArray, logits: DuckArray, weights: DuckArray
) -> tuple[DuckArray, DuckArray, DuckArray]:
    """Return them without a last axis of size 1 where ranks are one too large.

    Logits are to have one axis more than labels, weights none.

    Raises
    ------
    ValueError
        If weights have one axis more than labels, and not of size 1.
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
    """Check dtypes and shapes of labels that are indices of classes, and of logits.

    Raises
    ------
    TypeError
        If labels are neither int32 nor int64, or logits no floats.
    ValueError
        If logits have not the shape of labels and one axis more, of at least one class.
    """
    if labels.dtype.name not in ("int32", "int64"):
        raise TypeError(f"labels must have the dtype int32 or int64: got {labels.dtype}")
    check_logits("logits", logits)
    rows = logits.ndim and _engine.may_fit(labels.shape, logits.shape[:-1])
    if not rows or not logits.shape[-1]:
        raise ValueError(
            "logits must have the shape of labels and one axis more, of at least one class:"
            f" got {logits.shape} for labels of shape {labels.shape}"
        )


def classified(labels: DuckArray, classes: int) -> DuckArray:
    """Return labels that are indices of classes; dask arrays check theirs when computed.

    Raises
    ------
    ValueError
        If one is not in [0, classes).
    """
    labels = _engine.checked(labels, functools.partial(_check_labels, classes))
    return labels


def _check_labels(classes: int, labels: Array) -> None:
    """Refuse labels that are no class."""
    bad = labels[(labels < 0) | (labels >= classes)]
    if bad.size:
        raise ValueError(f"labels must be in [0, {classes}): got {bad.flat[0]}")
