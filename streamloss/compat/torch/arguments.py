"""Arguments as PyTorch reads them: arrays of their dtypes, brought to one shape."""

from __future__ import annotations

import warnings

import numpy as np

from streamloss.arrays.batch import may_fit
from streamloss.arrays.types import Array, ArrayLike, DuckArray, Shape
from streamloss.compat._common import arrays as common

from . import dtypes


def array(name: str, value: ArrayLike) -> DuckArray:
    """Return an argument as an array of its dtype; a tensor's bfloat16 needs ml_dtypes."""
    found = common.array(name, value)
    if str(getattr(value, "dtype", "")) == "torch.bfloat16":
        return found.astype(dtypes.bfloat16() or np.float32)
    return found


def arrays(**values: ArrayLike) -> list[DuckArray]:
    """Return arguments as arrays, tensors on the CPU included."""
    return [array(name, value) for name, value in values.items()]


def size(shape: Shape) -> str:
    """Return a shape as errors write it."""
    return f"torch.Size({list(shape)})"


def spread(*operands: DuckArray) -> list[DuckArray]:
    """Return arrays broadcast to one shape; a RuntimeError if there is none."""
    try:
        return common.spread(*operands)
    except ValueError:
        shapes = ", ".join(str(list(a.shape)) for a in operands)
        raise RuntimeError(f"The sizes of the arrays must match: got {shapes}") from None


def spread_to(array: DuckArray, like: DuckArray) -> DuckArray:
    """Return an array broadcast to the shape of another; a RuntimeError if it exceeds that."""
    found, whole = spread(array, like)
    if not may_fit(whole.shape, like.shape):
        raise RuntimeError(
            f"output with shape {list(like.shape)} doesn't match the broadcast shape"
            f" {list(whole.shape)}"
        )
    return found


def spread_with_warning(input: DuckArray, target: DuckArray) -> tuple[DuckArray, DuckArray]:
    """Return target and input broadcast to one shape, with a warning if they are not of one."""
    if not may_fit(target.shape, input.shape):
        warnings.warn(
            f"Using a target size ({size(target.shape)}) that is different to the input size"
            f" ({size(input.shape)}). This will likely lead to incorrect results due to"
            " broadcasting. Please ensure they have the same size.",
            stacklevel=3,
        )
    x, y = spread(input, target)
    return y, x


def without_strange(labels: DuckArray) -> DuckArray:
    """Return labels with 0, which is neither of the two labels, for NaN and infinities."""
    if dtypes.category(labels.dtype) > 1:
        labels = common.mapped(labels, _zero_strange)
    return labels


def _zero_strange(labels: Array) -> Array:
    """Return an array with 0 for NaN and infinities; it is not copied if there are none."""
    known = np.isfinite(labels)
    return labels if known.all() else np.where(known, labels, np.zeros((), labels.dtype))
