"""Deviances of Tweedie's family and the share of one that is explained, as in `sklearn.metrics`."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from streamloss.arrays.batch import is_lazy
from streamloss.arrays.types import ArrayLike, DuckArray, Weights
from streamloss.compat._common.arrays import filled
from streamloss.losses import TweedieDeviance, Value

from .arguments import check_real
from .calls import FINITE, Call, Rules, call_of, is_undefined, scalar, total
from .reductions import mean, undefined
from .values import Bounds

__all__ = [
    "d2_tweedie_score", "mean_gamma_deviance", "mean_poisson_deviance", "mean_tweedie_deviance",
]  # fmt: skip

HALF_LINE = (-math.inf, 0.0), (1.0, math.inf)


def _domain(power: float) -> Rules:
    """Return the rules for labels and predictions of a deviance."""
    if power == 0.0:
        return FINITE
    asked = "strictly positive y_pred."
    if power > 0.0:
        asked = "strictly positive y and y_pred."
    if 0.0 < power < 2.0:
        asked = "non-negative y and strictly positive y_pred."
    rule = f"Mean Tweedie deviance error with power={power:g} can only be used on {asked} "
    positive = Bounds(above=0.0, rule=rule)
    true = Bounds(low=0.0, rule=rule) if power < 2.0 else positive
    return Rules(true if power > 0.0 else Bounds(), positive)


def _one_output(y_true: ArrayLike, y_pred: ArrayLike, sample_weight: Weights, power: float) -> Call:
    """Return the arrays of a call of a deviance."""
    call = call_of(y_true, y_pred, sample_weight, _domain(power))
    if call.inputs[0].ndim == 2:
        rule = "Multioutput not supported in a deviance"
        raise ValueError(f"{rule}: got y_true of shape {call.inputs[0].shape}")
    return call


def mean_tweedie_deviance(
    y_true: ArrayLike, y_pred: ArrayLike, *, sample_weight: Weights = None, power: float = 0
) -> Any:
    """Return the mean Tweedie deviance, as `sklearn.metrics.mean_tweedie_deviance`.

    Parameters
    ----------
    y_true, y_pred : array-like of shape (samples,)
        Numbers; dask arrays make the result lazy.
    sample_weight : array-like of shape (samples,), optional
        A weight for each sample.
    power : float, at most 0 or at least 1
        0 is the squared error, 1 the Poisson deviance, 2 the gamma deviance.

    Returns
    -------
    float
        In the unit of y_true to the power 2 - `power`.

    Raises
    ------
    ValueError
        As `mean_absolute_error`; if there is more than one output; and if y_pred is not positive
        (for powers other than 0), y_true negative (from 1 on) or zero (from 2 on).
    ZeroDivisionError, InvalidParameterError
        As `mean_absolute_error`.

    Examples
    --------
    >>> round(mean_tweedie_deviance([2, 0, 1, 4], [0.5, 0.5, 2.0, 2.0], power=1), 9)
    1.426015132
    """
    power = check_real("power", power, *HALF_LINE)
    call = _one_output(y_true, y_pred, sample_weight, power)
    return scalar(total(TweedieDeviance(power), call, mean(call.out)))


def mean_poisson_deviance(
    y_true: ArrayLike, y_pred: ArrayLike, *, sample_weight: Weights = None
) -> Any:
    """Return the mean Poisson deviance: `mean_tweedie_deviance` of power 1.

    Examples
    --------
    >>> round(mean_poisson_deviance([2, 0, 1, 4], [0.5, 0.5, 2.0, 2.0]), 9)
    1.426015132
    """
    return mean_tweedie_deviance(y_true, y_pred, sample_weight=sample_weight, power=1)


def mean_gamma_deviance(
    y_true: ArrayLike, y_pred: ArrayLike, *, sample_weight: Weights = None
) -> Any:
    """Return the mean gamma deviance: `mean_tweedie_deviance` of power 2.

    Examples
    --------
    >>> round(mean_gamma_deviance([2, 0.5, 1, 4], [0.5, 0.5, 2.0, 2.0]), 9)
    1.056852819
    """
    return mean_tweedie_deviance(y_true, y_pred, sample_weight=sample_weight, power=2)


def d2_tweedie_score(
    y_true: ArrayLike, y_pred: ArrayLike, *, sample_weight: Weights = None, power: float = 0
) -> Any:
    """Return the share of the Tweedie deviance explained, as `sklearn.metrics.d2_tweedie_score`.

    Parameters, and errors, are those of `mean_tweedie_deviance`. Labels of dask arrays are used
    twice, first for their mean; dask may keep them in memory in between.

    Returns
    -------
    float
        1 is perfect, 0 what the mean of y_true gives; NaN for a single sample.

    Raises
    ------
    ZeroDivisionError
        Also if all labels are equal.

    Examples
    --------
    >>> round(d2_tweedie_score([0.5, 1, 2.5, 7], [1, 1, 5, 3.5], power=1), 9)
    0.487915135
    """
    power = check_real("power", power, *HALF_LINE)
    call = _one_output(y_true, y_pred, sample_weight, power)
    if is_undefined(call, "D^2"):
        return scalar(total(Value(), _labels(call), undefined))
    loss, finish = TweedieDeviance(power), mean(call.out)
    centre = filled(call.inputs[0], total(Value(), _labels(call), finish))
    flat = call._replace(inputs=(call.inputs[0], centre), checks=(None,) * len(call.checks))
    return _one_minus(total(loss, call, finish), total(loss, flat, finish))


def _labels(call: Call) -> Call:
    """Return the call of the labels alone."""
    return call._replace(inputs=call.inputs[:1], checks=(call.checks[0], *call.checks[2:]))


def _one_minus(explained: DuckArray, whole: DuckArray) -> Any:
    """Return 1 - explained / whole; what is explained is lazy if anything is."""
    if not is_lazy(explained):
        return float(_share(explained, whole))
    return explained.map_blocks(_share, whole, dtype=np.float64, meta=np.empty((), np.float64))


def _share(explained: DuckArray, whole: DuckArray) -> np.float64:
    if whole == 0.0:
        raise ZeroDivisionError("y_true must not be all equal: its deviance from its mean is zero")
    return np.float64(1.0 - float(explained) / float(whole))
