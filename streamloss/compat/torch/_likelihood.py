"""The functions of PyTorch that are likelihoods of an element, or divergences."""

from __future__ import annotations

import functools
import math
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from streamloss import losses
from streamloss.arrays.types import Array, ArrayLike, DuckArray
from streamloss.compat._engine import Sums
from streamloss.compat.torch import _calls, _dtypes
from streamloss.compat.torch._calls import arrays, known, legacy
from streamloss.compat.torch._dtypes import Dtype, kind_of, together
from streamloss.support.brief import brief


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
    rows = input.shape[0] if input.ndim else 1
    loss = losses.KLDivergence(log_target=log_target)
    x, y = _calls.spread(input, target)
    mean: Callable[[Sums], _calls.Quotient] = functools.partial(_calls.by, rows)
    if math.isnan(rows):  # a dask array of unknown size: its elements are counted
        mean = functools.partial(_calls.by_rows, math.prod(x.shape[1:]))
    return _calls.reduce(loss, (y, x), mode, dtype, mean=mean if batch else _calls.by_number)


def _divergence_dtype(input: DuckArray, target: DuckArray) -> Dtype:
    """Return the dtype of a divergence.

    Raises
    ------
    RuntimeError
        If an array is not one of real floats.
    """
    for array in (input, target):
        if _dtypes.category(array.dtype) != 2:
            kind = "Complex" if array.dtype.kind == "c" else "Integral"
            raise RuntimeError(f"kl_div: {kind} inputs not supported.")
    return together(kind_of(input), kind_of(target)).dtype


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
    reduction = _calls.strict(legacy(size_average, reduce, reduction))
    input, target = arrays(input=input, target=target)
    x, y = kind_of(input), kind_of(target)
    _dtypes.need_real("poisson_nll_loss", x.dtype, y.dtype)
    product = together(x, y) if log_input else together(y, _dtypes.floating(x))
    _dtypes.need_numbers("sub", product.dtype, *([y.dtype] if full else []))
    dtype = together(_dtypes.floating(x) if log_input else x, product).dtype
    loss = losses.PoissonNLL(log_input=log_input, full=full, epsilon=eps)
    input, target = _calls.spread(input, target)
    return _calls.reduce(loss, (target, input), reduction, dtype)


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
    reduction = _calls.strict(reduction)
    x, y, v = kind_of(input), kind_of(target), kind_of(variance)
    _dtypes.need_numbers("sub", x.dtype, y.dtype)
    _dtypes.need_real("gaussian_nll_loss", x.dtype, y.dtype, v.dtype)
    _dtypes.need_cast(_dtypes.FLOAT32, v.dtype)
    dtype = together(v, _dtypes.floating(together(x, y))).dtype
    loss = losses.GaussianNLL(full=full, epsilon=eps)
    input, target, variance = _calls.spread(input, target, variance)
    return _calls.reduce(loss, (target, input, variance), reduction, dtype)


def _variance(var: ArrayLike, input: DuckArray) -> DuckArray:
    """Return variances that broadcast to input.

    Raises
    ------
    TypeError
        If `var` is an integer.
    ValueError
        If one is negative, or there are neither as many as elements nor as rows.
    """
    if isinstance(var, int):
        raise TypeError(f"var must be an array or a float: got {brief(var)}")
    if isinstance(var, float):
        dtype = input.dtype if _dtypes.category(input.dtype) > 1 else _dtypes.FLOAT32
        return np.broadcast_to(
            _calls.checked(np.asarray(var, dtype), _check_variance), (1,) * input.ndim
        )
    variance: DuckArray = _calls.checked(_calls.array("var", var), _check_variance)
    shape, other = input.shape, variance.shape
    if _calls.fit(other, shape):
        return variance
    if _calls.fit(other, shape[:-1]) and shape:
        return variance[..., None]
    odd = [b for a, b in zip(shape, other, strict=False) if not _calls.fit((a,), (b,))]
    if len(shape) == len(other) and sum(odd) == 1:
        return variance
    raise ValueError("var is of incorrect size")


def _check_variance(variance: Array) -> None:
    """Refuse negative variances.

    Raises
    ------
    ValueError
        If there is one.
    """
    if np.any(variance < 0):
        raise ValueError("var has negative entry/entries")
