"""Check and align the arrays of a call once, at the public edge; kernels assume."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from ._convert import Array, Mask, as_array

POLICIES = ("propagate", "omit", "raise")


class Batch(NamedTuple):
    """Arrays of one shape, ready to be cut: weights and mask are broadcast without a copy."""

    inputs: tuple[Array, ...]
    weights: Array | None
    where: Mask | None
    dtype: np.dtype[Any]

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the losses."""
        return self.inputs[0].shape

    @property
    def rows(self) -> int:
        """The size of axis 0; a scalar is one row."""
        return self.shape[0] if self.shape else 1


FLOAT32, FLOAT64, COMPLEX128 = (np.dtype(code) for code in ("f4", "f8", "c16"))


def batch(losses: Sequence[Any], y_true: Any, y_pred: Any, weights: Any, where: Any) -> Batch:
    """Return the arrays of a call as numbers of one shape.

    Raises
    ------
    TypeError
        If an input is missing or too many, or holds no numbers; if an input is complex and a
        loss is not made for that; if weights are not real or `where` is not boolean.
    ValueError
        If shapes differ, or weights or `where` do not align with the leading axes.
    """
    arrays, valid = [], []
    for name, value in _name_inputs(losses, y_true, y_pred):
        array, mask = as_array(name, value)
        arrays.append(array)
        if mask is not None:
            valid.append(mask)
    inputs, shape = tuple(arrays), arrays[0].shape
    for array in arrays:
        if array.shape != shape:
            raise ValueError(f"y_pred must have the shape of y_true: got {array.shape} and {shape}")
    if weights is not None:
        weights, mask = as_array("weights", weights)
        if mask is not None:
            valid.append(_align("weights", mask, shape))
        weights = _align("weights", weights, shape)
    if where is not None:
        valid.append(_align_where(where, shape))
    return Batch(inputs, weights, _all(valid), _common_dtype(losses, inputs, weights))


def _name_inputs(losses: Sequence[Any], y_true: Any, y_pred: Any) -> list[tuple[str, Any]]:
    """Return the inputs with their names, as many as the losses take."""
    count = losses[0].inputs
    if count == 1:
        if y_pred is not None:
            raise TypeError(f"{losses[0]!r} takes one input: y_pred must be None")
        return [("y_true", y_true)]
    if count == 2:
        return [("y_true", y_true), ("y_pred", y_pred)]
    if not isinstance(y_pred, tuple) or len(y_pred) != count - 1:
        raise TypeError(f"y_pred must be a tuple of {count - 1} arrays for {losses[0]!r}")
    return [("y_true", y_true), *((f"y_pred[{k}]", p) for k, p in enumerate(y_pred))]


def check_same_inputs(losses: Sequence[Any]) -> None:
    """Refuse losses that cannot share one pass.

    Raises
    ------
    ValueError
        If there is no loss, or losses take different numbers of inputs.
    """
    if not losses:
        raise ValueError("losses must name at least one loss: got none")
    for loss in losses:
        if loss.inputs != losses[0].inputs:
            raise ValueError(
                f"the losses of one call must take the same inputs: {losses[0]!r} takes"
                f" {losses[0].inputs}, {loss!r} takes {loss.inputs}"
            )


def check_policy(nan: str) -> str:
    """Return the NaN policy if there is one of that name."""
    if nan not in POLICIES:
        raise ValueError(f"nan must be one of {', '.join(map(repr, POLICIES))}: got {nan!r}")
    return nan


def _align(name: str, array: Array, shape: tuple[int, ...]) -> Array:
    """Broadcast an array over the leading axes: strides of zero, never a copy."""
    if array.shape == shape:
        return array
    fits = array.ndim <= len(shape) and all(
        size in (1, full) for size, full in zip(array.shape, shape, strict=False)
    )
    if not fits:
        raise ValueError(
            f"{name} must align with the leading axes of the losses:"
            f" got {array.shape} for losses of shape {shape}"
        )
    return np.broadcast_to(array.reshape(array.shape + (1,) * (len(shape) - array.ndim)), shape)


def _align_where(where: Any, shape: tuple[int, ...]) -> Mask:
    array, mask = as_array("where", where)
    if array.dtype != np.bool_:
        raise TypeError(f"where must be boolean: got dtype {array.dtype}")
    return _align("where", array if mask is None else array & mask, shape)


def _all(masks: list[Mask]) -> Mask | None:
    """Return where all masks hold; one mask alone is not copied."""
    if not masks:
        return None
    out = masks[0]
    for mask in masks[1:]:
        out = out & mask
    return out


def _common_dtype(
    losses: Sequence[Any], inputs: tuple[Array, ...], weights: Array | None
) -> np.dtype[Any]:
    """Return the dtype that kernels see: float32 only if all are, complex128 if an input is."""
    first = inputs[0].dtype
    arrays = inputs if weights is None else (*inputs, weights)
    if (first == FLOAT32 or first == FLOAT64) and all([a.dtype == first for a in arrays]):
        return first
    if weights is not None and weights.dtype.kind == "c":
        raise TypeError(f"weights must be real: got dtype {weights.dtype}")
    if any(array.dtype.kind == "c" for array in inputs):
        for loss in losses:
            if not loss.complex_inputs:
                raise TypeError(f"{loss!r} is not defined for complex numbers")
        return COMPLEX128
    return FLOAT64


def check_axis(axis: Any) -> int | tuple[int, ...] | None:
    """Return the axes as an integer, a sorted tuple of them, or None.

    Raises
    ------
    TypeError
        If an axis is no integer.
    """
    if axis is None:
        return None
    try:
        if isinstance(axis, tuple | list):
            return tuple(sorted(operator.index(item) for item in axis))
        return operator.index(axis)
    except TypeError:
        raise TypeError(f"axis must be an integer or a tuple of them: got {axis!r}") from None


def normalise_axis(axis: int | tuple[int, ...] | None, ndim: int) -> tuple[int, ...]:
    """Return the reduced axes, sorted and not negative; None is all of them.

    Raises
    ------
    ValueError
        If an axis is outside the array (numpy's AxisError) or named twice.
    TypeError
        If an axis is no integer.
    """
    if axis is None:
        return tuple(range(ndim))
    return tuple(sorted(np.lib.array_utils.normalize_axis_tuple(axis, ndim, argname="axis")))
