"""The functions of PyTorch for errors of an element, with or without weights."""

from __future__ import annotations

import sys
from typing import Any

from streamloss import losses
from streamloss.arrays.batch import may_fit
from streamloss.arrays.types import ArrayLike, DType, DuckArray, Weights
from streamloss.compat._common.finish import Ratio
from streamloss.losses.base import LossLike

from . import dtypes
from .arguments import arrays, spread_with_warning
from .dtypes import Kind, common
from .reductions import finish, known, legacy, of_weighted
from .weights import element_weights

__all__ = ["huber_loss", "l1_loss", "mse_loss", "smooth_l1_loss"]


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
    pair = spread_with_warning(input, target)
    reduction = legacy(size_average, reduce, reduction)
    dtypes.need_numbers("sub", input.dtype, target.dtype)
    dtype = dtypes.real_of(common(*pair))
    if weight is not None:
        return _weighted(losses.AbsoluteError(), pair, input, weight, reduction, dtype)
    return finish(losses.AbsoluteError(), pair, known(reduction), dtype)


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
    pair = spread_with_warning(input, target)
    reduction = legacy(size_average, reduce, reduction)
    dtype = common(*pair)
    if weight is not None:
        dtypes.need_numbers("sub", input.dtype, target.dtype)
        dtypes.need_real("mse_loss", dtype)
        return _weighted(losses.SquaredError(), pair, input, weight, reduction, dtype)
    reduction = known(reduction)
    dtypes.need_float("mse_cpu", dtype)
    return finish(losses.SquaredError(), pair, reduction, dtype)


def _weighted(
    loss: LossLike,
    pair: tuple[DuckArray, DuckArray],
    input: DuckArray,
    weight: ArrayLike,
    reduction: str,
    dtype: DType,
) -> Any:
    """Return the losses times weights, or their sum, or their mean over the weights of input."""
    weights, dtype = element_weights(weight, input, pair[0], dtype)
    wider = not may_fit(input.shape, weights.shape) and weights.size
    mean = Ratio("weights", times=weights.size // input.size if wider else 1)
    if reduction == "mean":
        dtype = dtypes.floating(Kind(dtype)).dtype
    return finish(loss, pair, of_weighted(reduction), dtype, weights=weights, mean=mean)


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
    pair = spread_with_warning(input, target)
    reduction = known(reduction) if weight is None else reduction
    dtype, both = input.dtype, common(*pair)
    if not delta > 0:
        raise RuntimeError("huber_loss does not support non-positive values for delta.")
    dtypes.need_cast(both, dtype)
    dtypes.need_float("huber_cpu", both)
    weights = None
    if weight is not None:
        weights, dtype = element_weights(weight, input, pair[0], dtype)
        reduction = of_weighted(reduction)
    loss = losses.Huber(min(delta, sys.float_info.max))
    return finish(loss, pair, reduction, dtype, weights=weights)


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
    pair = spread_with_warning(input, target)
    reduction = known(legacy(size_average, reduce, reduction))
    dtype = common(*pair)
    if beta < 0:
        raise RuntimeError("smooth_l1_loss does not support negative values for beta.")
    if beta == 0.0:
        dtypes.need_numbers("sub", input.dtype, target.dtype)
        return finish(losses.AbsoluteError(), pair, reduction, dtypes.real_of(dtype))
    dtypes.need_float("smooth_l1_cpu", dtype)
    return finish(losses.SmoothL1(beta), pair, reduction, dtype)
