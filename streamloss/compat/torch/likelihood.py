"""The functions of PyTorch that are likelihoods of an element, or divergences."""

from __future__ import annotations

import math
import warnings
from typing import Any

import numpy as np

from streamloss import losses
from streamloss.arrays.batch import may_fit
from streamloss.arrays.types import Array, ArrayLike, DType, DuckArray
from streamloss.compat._common.arrays import broadcast, checked
from streamloss.compat._common.finish import Ratio
from streamloss.support.brief import brief

from . import dtypes
from .arguments import array, arrays, spread
from .dtypes import common, floating, kind_of, together
from .reductions import MEAN, finish, known, legacy, strict

__all__ = ["gaussian_nll_loss", "kl_div", "poisson_nll_loss"]


def kl_div(
    input: ArrayLike,
    target: ArrayLike,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    log_target: bool = False,
) -> Any:
    """Return target (log target - input); see `KLDivLoss`.

    Examples
    --------
    >>> from streamloss.compat.torch import functional
    >>> functional.kl_div([[-1.0, -2.0]], [[1.0, 0.0]], reduction="batchmean")
    np.float64(1.0)
    """
    given = legacy(size_average, reduce, reduction)
    if given == "mean" and given is reduction:
        warnings.warn(
            "reduction: 'mean' divides the total loss by both the batch size and the support"
            " size. 'batchmean' divides only by the batch size, and aligns with the KL div math"
            " definition. 'mean' will be changed to behave the same as 'batchmean' in the next"
            " major release.",
            stacklevel=2,
        )
    batch = given == "batchmean"
    mode = "mean" if batch else known(given)
    input, target = arrays(input=input, target=target)
    dtype = _divergence_dtype(input, target)
    x, y = spread(input, target)
    mean = _over_rows(input, x) if batch else MEAN
    return finish(losses.KLDivergence(log_target=log_target), (y, x), mode, dtype, mean=mean)


def _over_rows(input: DuckArray, whole: DuckArray) -> Ratio:
    """Return the mean over the rows of input: of unknown size, as a dask array's, by elements."""
    rows = input.shape[0] if input.ndim else 1
    return Ratio("elements", times=math.prod(whole.shape[1:])) if rows != rows else Ratio(rows)


def _divergence_dtype(input: DuckArray, target: DuckArray) -> DType:
    """Return the dtype of a divergence; arrays that are not of real floats have none."""
    for dtype in (input.dtype, target.dtype):
        if dtypes.category(dtype) != 2:
            kind = "Complex" if dtype.kind == "c" else "Integral"
            raise RuntimeError(f"kl_div: {kind} inputs not supported.")
    return common(input, target)


def poisson_nll_loss(
    input: ArrayLike,
    target: ArrayLike,
    log_input: bool = True,
    full: bool = False,
    size_average: bool | None = None,
    eps: float = 1e-8,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Any:
    """Return exp(input) - target input or, of rates, input - target log(input + eps).

    See `PoissonNLLLoss`.

    Examples
    --------
    >>> from streamloss.compat.torch import functional
    >>> functional.poisson_nll_loss([0.0, 0.0], [2.0, 3.0])
    np.float64(1.0)
    """
    reduction = strict(legacy(size_average, reduce, reduction))
    input, target = arrays(input=input, target=target)
    x, y = kind_of(input), kind_of(target)
    dtypes.need_real("poisson_nll_loss", x.dtype, y.dtype)
    product = together(x, y) if log_input else together(y, floating(x))
    dtypes.need_numbers("sub", product.dtype, *([y.dtype] if full else []))
    dtype = together(floating(x) if log_input else x, product).dtype
    loss = losses.PoissonNLL(log_input=log_input, full=full, epsilon=eps)
    input, target = spread(input, target)
    return finish(loss, (target, input), reduction, dtype)


def gaussian_nll_loss(
    input: ArrayLike,
    target: ArrayLike,
    var: ArrayLike,
    full: bool = False,
    eps: float = 1e-6,
    reduction: str = "mean",
) -> Any:
    """Return 0.5 (log v + (input - target)**2 / v) with v = max(var, eps).

    `var` may be a float, one an element, or one a row; see `GaussianNLLLoss`.

    Raises
    ------
    ValueError
        If a variance is negative, with the chunk that has it if `var` is a dask array, or `var`
        is of another shape.

    Examples
    --------
    >>> from streamloss.compat.torch import functional
    >>> functional.gaussian_nll_loss([[1.0, 2.0]], [[1.0, 4.0]], [1.0], reduction="none")
    array([[0., 2.]])
    """
    input, target = arrays(input=input, target=target)
    variance = _variance(var, input)
    reduction = strict(reduction)
    x, y, v = kind_of(input), kind_of(target), kind_of(variance)
    dtypes.need_numbers("sub", x.dtype, y.dtype)
    dtypes.need_real("gaussian_nll_loss", x.dtype, y.dtype, v.dtype)
    dtypes.need_cast(dtypes.FLOAT32, v.dtype)
    dtype = together(v, floating(together(x, y))).dtype
    loss = losses.GaussianNLL(full=full, epsilon=eps)
    input, target, variance = spread(input, target, variance)
    return finish(loss, (target, input, variance), reduction, dtype)


def _variance(var: ArrayLike, input: DuckArray) -> DuckArray:
    """Return variances that broadcast to input, one an element or a row, none negative."""
    if isinstance(var, int):
        raise TypeError(f"var must be an array or a float: got {brief(var)}")
    if isinstance(var, float):
        dtype = input.dtype if dtypes.category(input.dtype) > 1 else dtypes.FLOAT32
        variance = checked(np.asarray(var, dtype), _check_variance)
        return broadcast(variance, (1,) * input.ndim)
    variance = checked(array("var", var), _check_variance)
    shape, other = input.shape, variance.shape
    if may_fit(other, shape):
        return variance
    if may_fit(other, shape[:-1]) and shape:
        return variance[..., None]
    odd = [b for a, b in zip(shape, other, strict=False) if not may_fit((a,), (b,))]
    if len(shape) == len(other) and sum(odd) == 1:
        return variance
    raise ValueError("var is of incorrect size")


def _check_variance(variance: Array) -> None:
    """Refuse negative variances by a ValueError."""
    if np.any(variance < 0):
        raise ValueError("var has negative entry/entries")
