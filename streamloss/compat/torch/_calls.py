"""What the functions share: arguments, shapes, checks of values, reductions."""

from __future__ import annotations

import functools
import math
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from streamloss.arrays.types import Array, ArrayLike, DuckArray, Shape, Weights
from streamloss.compat import _engine
from streamloss.compat._engine import Exact, Sums
from streamloss.compat._rounding import quotient
from streamloss.compat.torch import _dtypes
from streamloss.compat.torch._dtypes import Dtype
from streamloss.losses.base import LossLike
from streamloss.support.brief import brief

fit, checked = _engine.may_fit, _engine.checked

REDUCTIONS = ("none", "mean", "sum")


def arrays(**values: ArrayLike) -> list[DuckArray]:
    """Return arguments as arrays, tensors on the CPU included.

    Raises
    ------
    TypeError
        If an argument holds no numbers.
    """
    return [array(name, value) for name, value in values.items()]


def optional(name: str, value: Weights) -> DuckArray | None:
    """Return an argument as an array, or None."""
    return None if value is None else array(name, value)


def array(name: str, value: ArrayLike) -> DuckArray:
    """Return an argument as an array of its dtype; a tensor's bfloat16 needs ml_dtypes."""
    found: DuckArray = _engine.array(name, value)
    if str(getattr(value, "dtype", "")) == "torch.bfloat16":
        return found.astype(_dtypes.bfloat16() or np.float32)
    return found


def legacy(size_average: bool | None, reduce: bool | None, reduction: Any, depth: int = 4) -> Any:
    """Return the reduction, which the two deprecated arguments override."""
    if size_average is None and reduce is None:
        return reduction
    found = "mean" if size_average in (None, True) else "sum"
    found = found if reduce in (None, True) else "none"
    warnings.warn(
        f"size_average and reduce args will be deprecated, please use reduction={found!r} instead.",
        stacklevel=depth,
    )
    return found


def known(reduction: object) -> str:
    """Return a reduction if there is one of that name.

    Raises
    ------
    ValueError
        If there is none.
    """
    if isinstance(reduction, str) and reduction == "elementwise_mean":
        warnings.warn(
            "reduction='elementwise_mean' is deprecated. Please use reduction='mean' instead.",
            stacklevel=4,
        )
        return "mean"
    if not isinstance(reduction, str) or reduction not in REDUCTIONS:
        raise ValueError(f"{_spelled(reduction)} is not a valid value for reduction")
    return reduction


def strict(reduction: object) -> str:
    """Return a reduction, spelled without any deprecated name.

    Raises
    ------
    TypeError
        If it is no text.
    ValueError
        If there is none of that name.
    """
    if not isinstance(reduction, str):
        raise TypeError(f"reduction must be text: got {brief(reduction)}")
    if reduction not in REDUCTIONS:
        raise ValueError(f"{_spelled(reduction)} is not a valid value for reduction")
    return reduction


def _spelled(reduction: object) -> str:
    """Return what was given for a reduction, as errors write it."""
    return reduction[:80] if isinstance(reduction, str) else brief(reduction)


def size(shape: Shape) -> str:
    """Return a shape as errors write it."""
    return f"torch.Size({list(shape)})"


def spread(*operands: DuckArray) -> list[DuckArray]:
    """Return arrays broadcast to one shape: views, or lazy arrays beside lazy ones.

    Raises
    ------
    RuntimeError
        If there is none.
    """
    try:
        return _engine.spread(*operands)
    except ValueError:
        shapes = ", ".join(str(list(a.shape)) for a in operands)
        raise RuntimeError(f"The sizes of the arrays must match: got {shapes}") from None


def spread_to(array: DuckArray, like: DuckArray) -> DuckArray:
    """Return an array broadcast to the shape of another, which it must not exceed.

    Raises
    ------
    RuntimeError
        If it does.
    """
    found, whole = spread(array, like)
    if not fit(whole.shape, like.shape):
        raise RuntimeError(
            f"output with shape {list(like.shape)} doesn't match the broadcast shape"
            f" {list(whole.shape)}"
        )
    return found


def spread_with_warning(input: DuckArray, target: DuckArray) -> list[DuckArray]:
    """Return input and target broadcast to one shape, with a warning if they are not of one."""
    if not fit(target.shape, input.shape):
        warnings.warn(
            f"Using a target size ({size(target.shape)}) that is different to the input size"
            f" ({size(input.shape)}). This will likely lead to incorrect results due to"
            " broadcasting. Please ensure they have the same size.",
            stacklevel=3,
        )
    return spread(input, target)


def without_strange(labels: DuckArray) -> DuckArray:
    """Return labels with 0, which is neither of the two labels, for NaN and infinities."""
    if _dtypes.category(labels.dtype) > 1:
        labels = _engine.mapped(labels, _zero_strange)
    return labels


def _zero_strange(labels: Array) -> Array:
    """Return an array with 0 for NaN and infinities; it is not copied if there are none."""
    known = np.isfinite(labels)
    return labels if known.all() else np.where(known, labels, np.zeros((), labels.dtype))


Quotient = tuple[Exact, Exact | int]
"""A dividend and a divisor, to be divided once."""


def by_number(sums: Sums) -> Quotient:
    """Return S / N, NaN of nothing."""
    return sums.losses[0], sums.elements


def by_weights(repeats: int, sums: Sums) -> Quotient:
    """Return S / W, infinite or NaN where W is zero, of weights that were each repeated."""
    total = sums.losses[0]
    return Exact(total.units * repeats, total.strange), sums.weights


def by_second(sums: Sums) -> Quotient:
    """Return the quotient of two sums, infinite or NaN where the second is zero."""
    return sums.losses[0], sums.losses[1]


def by_rows(length: int, sums: Sums) -> Quotient:
    """Return S over the number of rows of so many elements."""
    total = sums.losses[0]
    return Exact(total.units * length, total.strange), sums.elements


def by(divisor: int, sums: Sums) -> Quotient:
    """Return S divided by a number."""
    return sums.losses[0], divisor


def not_a_number(sums: Sums) -> Quotient:
    """Return NaN."""
    return Exact(0, math.nan), 1


def plainly(sums: Sums) -> Quotient:
    """Return S."""
    return sums.losses[0], 1


def _divided(quotient_of: Callable[[Sums], Quotient], dtype: Dtype, sums: Sums) -> float:
    """Return a quotient that is correctly rounded once it is of the dtype."""
    return quotient(*quotient_of(sums), dtype)


def reduce(
    loss: LossLike | tuple[LossLike, ...],
    inputs: tuple[DuckArray, ...],
    reduction: str,
    dtype: Dtype,
    *,
    weights: DuckArray | None = None,
    where: DuckArray | None = None,
    mean: Callable[[Sums], Quotient] = by_number,
) -> Any:
    """Return the losses, or what a reduction makes of their exact sums.

    Parameters
    ----------
    loss : loss or tuple of losses
        The first is what is reduced, others are for `mean`.
    inputs : tuple of arrays
        Of one shape, labels first.
    reduction : {"none", "mean", "sum"}
        What is returned.
    dtype : dtype
        Of the losses; sums and means have that which PyTorch gives them.
    weights, where : array, optional
        Of the shape of the losses.
    mean : callable
        Returns what is divided by what.

    Raises
    ------
    RuntimeError
        For the mean of integers.
    """
    if reduction == "none":
        only = loss[0] if type(loss) is tuple else loss
        return _engine.each(only, inputs, weights, dtype=dtype, where=where)
    chosen, result = (plainly, _dtypes.total) if reduction == "sum" else (mean, _dtypes.average)
    dtype = result(dtype)
    finish = functools.partial(_divided, chosen, dtype)
    return _engine.reduced(loss, inputs, weights, finish, dtype=dtype, where=where)
