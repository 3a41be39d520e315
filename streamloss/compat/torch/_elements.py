"""The functions of PyTorch for errors of an element, with or without weights."""

from __future__ import annotations

import functools
import sys
from typing import Any

from streamloss import losses
from streamloss.arrays.types import ArrayLike, DuckArray, Weights
from streamloss.compat.torch import _calls, _dtypes
from streamloss.compat.torch._calls import arrays, known, legacy
from streamloss.compat.torch._dtypes import Dtype, Kind, kind_of, together
from streamloss.losses.base import LossLike


def l1_loss(
    input: ArrayLike,
    target: ArrayLike,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    weight: Weights = None,
) -> Any:
    """Return |input - target|, the modulus of complex numbers; see `L1Loss`.

    With `weight`, an array of the shape of input, the mean is sum(weight l) / sum(weight).

    Examples
    --------
    >>> from streamloss.compat.torch import functional
    >>> functional.l1_loss([1.0, 2.0], [1.5, 4.0])
    np.float64(1.25)
    >>> functional.l1_loss([1.0, 2.0], [1.5, 4.0], weight=[3.0, 1.0])
    np.float64(0.875)
    """
    input, target = arrays(input=input, target=target)
    pair = _calls.spread_with_warning(input, target)
    reduction = legacy(size_average, reduce, reduction)
    common = together(*map(kind_of, pair)).dtype
    _dtypes.need_numbers("sub", *(a.dtype for a in pair))
    dtype = _dtypes.real_of(common)
    if weight is not None:
        return _weighted(losses.AbsoluteError(), pair, input, weight, reduction, dtype)
    return _calls.reduce(losses.AbsoluteError(), (pair[1], pair[0]), known(reduction), dtype)


def mse_loss(
    input: ArrayLike,
    target: ArrayLike,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    weight: Weights = None,
) -> Any:
    """Return (input - target)**2; see `MSELoss`.

    With `weight`, an array of the shape of input, the mean is sum(weight l) / sum(weight).

    Examples
    --------
    >>> from streamloss.compat.torch import functional
    >>> functional.mse_loss([1.0, 2.0], [1.5, 4.0], reduction="sum")
    np.float64(4.25)
    """
    input, target = arrays(input=input, target=target)
    pair = _calls.spread_with_warning(input, target)
    reduction = legacy(size_average, reduce, reduction)
    dtype = together(*map(kind_of, pair)).dtype
    if weight is not None:
        _dtypes.need_numbers("sub", *(a.dtype for a in pair))
        _dtypes.need_real("mse_loss", dtype)
        return _weighted(losses.SquaredError(), pair, input, weight, reduction, dtype)
    reduction = known(reduction)
    _dtypes.need_float("mse_cpu", dtype)
    return _calls.reduce(losses.SquaredError(), (pair[1], pair[0]), reduction, dtype)


def _weighted(
    loss: LossLike,
    pair: list[DuckArray],
    input: DuckArray,
    weight: ArrayLike,
    reduction: str,
    dtype: Dtype,
) -> Any:
    """Return the losses times weights, or their sum or mean by weights."""
    weight, dtype = _weights(weight, input, pair, dtype)
    wider = not _calls.fit(input.shape, weight.shape) and weight.size
    repeats = weight.size // input.size if wider else 1
    mean = functools.partial(_calls.by_weights, repeats)
    if reduction == "mean":
        dtype = _dtypes.floating(Kind(dtype)).dtype
    return _calls.reduce(
        loss, (pair[1], pair[0]), _mode(reduction), dtype, weights=weight, mean=mean
    )


def _weights(
    weight: ArrayLike, input: DuckArray, pair: list[DuckArray], dtype: Dtype
) -> tuple[DuckArray, Dtype]:
    """Return weights of the shape of the losses, and the dtype of their product.

    Raises
    ------
    ValueError
        If they are not of the shape of input.
    """
    weight = _calls.array("weight", weight)
    if not _calls.fit(weight.shape, input.shape):
        raise ValueError("Weights and input must have the same size.")
    _dtypes.need_real("weight", weight.dtype)
    return _calls.spread_to(weight, pair[0]), _dtypes.promote(dtype, weight.dtype)


def _mode(reduction: object) -> str:
    """Return a reduction as the weighted functions know it.

    Raises
    ------
    ValueError
        If there is none of that name.
    """
    if not isinstance(reduction, str) or reduction not in _calls.REDUCTIONS:
        raise ValueError(
            f"Invalid reduction mode: {reduction}. Expected one of 'none', 'mean', 'sum'."
        )
    return reduction


def huber_loss(
    input: ArrayLike,
    target: ArrayLike,
    reduction: str = "mean",
    delta: float = 1.0,
    weight: Weights = None,
) -> Any:
    """Return 0.5 d**2 where |d| <= delta, else delta (|d| - 0.5 delta); see `HuberLoss`.

    With `weight`, an array of the shape of input, the mean is still over the number of elements.

    Examples
    --------
    >>> from streamloss.compat.torch import functional
    >>> functional.huber_loss([0.0, 2.0], [0.0, 0.0], weight=[1.0, 4.0])
    np.float64(3.0)
    """
    input, target = arrays(input=input, target=target)
    pair = _calls.spread_with_warning(input, target)
    reduction = known(reduction) if weight is None else reduction
    dtype = input.dtype
    common = together(*map(kind_of, pair)).dtype
    if not delta > 0:
        raise RuntimeError("huber_loss does not support non-positive values for delta.")
    _dtypes.need_cast(common, dtype)
    _dtypes.need_float("huber_cpu", common)
    weights = None
    if weight is not None:
        weights, dtype = _weights(weight, input, pair, dtype)
        reduction = _mode(reduction)
    loss = losses.Huber(min(delta, sys.float_info.max))
    return _calls.reduce(loss, (pair[1], pair[0]), reduction, dtype, weights=weights)


def smooth_l1_loss(
    input: ArrayLike,
    target: ArrayLike,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    beta: float = 1.0,
) -> Any:
    """Return 0.5 d**2 / beta where |d| < beta, else |d| - 0.5 beta; see `SmoothL1Loss`.

    Examples
    --------
    >>> from streamloss.compat.torch import functional
    >>> functional.smooth_l1_loss([0.0, 2.0], [0.5, 0.0])
    np.float64(0.8125)
    """
    input, target = arrays(input=input, target=target)
    pair = _calls.spread_with_warning(input, target)
    reduction = known(legacy(size_average, reduce, reduction))
    dtype = together(*map(kind_of, pair)).dtype
    if beta < 0:
        raise RuntimeError("smooth_l1_loss does not support negative values for beta.")
    if beta == 0.0:
        _dtypes.need_numbers("sub", *(a.dtype for a in pair))
        dtype = _dtypes.real_of(dtype)
    else:
        _dtypes.need_float("smooth_l1_cpu", dtype)
    loss = losses.SmoothL1(beta) if beta else losses.AbsoluteError()
    return _calls.reduce(loss, (pair[1], pair[0]), reduction, dtype)
