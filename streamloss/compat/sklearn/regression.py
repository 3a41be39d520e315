"""Mean errors of numbers, as in `sklearn.metrics`."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from streamloss.arrays.batch import FLOAT64
from streamloss.arrays.types import ArrayLike, DTypeLike, Weights
from streamloss.losses import (
    AbsoluteError,
    AbsolutePercentageError,
    Quantile,
    SquaredError,
    SquaredLogError,
)
from streamloss.losses.arithmetic import larger
from streamloss.losses.base import LossLike
from streamloss.losses.define import loss

from .arguments import check_real
from .calls import FINITE, Rules, call_of, scalar, total
from .outputs import Outputs, check_outputs, check_spelling, is_raw, over_outputs
from .reductions import mean
from .values import Bounds

__all__ = [
    "mean_absolute_error", "mean_absolute_percentage_error", "mean_pinball_loss",
    "mean_squared_error", "mean_squared_log_error", "root_mean_squared_error",
    "root_mean_squared_log_error",
]  # fmt: skip


@loss
class OneSided(NamedTuple):
    """The pinball loss of quantile 1 for a sign of 1, of quantile 0 for a sign of -1."""

    sign: float = 1.0

    def point(self, y_true: Any, y_pred: Any) -> Any:
        """Return the loss of one element."""
        return larger(self.sign * (y_true - y_pred), 0.0)


def _averaged(
    loss: LossLike,
    data: tuple[ArrayLike, ArrayLike, Weights],
    multioutput: Outputs,
    rules: Rules = FINITE,
    dtype: DTypeLike | None = None,
    root: bool = False,
    strict: bool = True,
) -> Any:
    """Return the mean of a loss for each output, or their average."""
    check_spelling(multioutput, ("raw_values", "uniform_average"))
    call = call_of(*data, rules)
    check_outputs(multioutput, call.inputs[0], strict)
    out = call.out if dtype is None else np.result_type(call.dtype, dtype)
    several, raw = call.inputs[0].ndim == 2, is_raw(multioutput)
    if isinstance(multioutput, str) and not raw and not (root and several):
        return scalar(total(loss, call, mean(out, root=root)))
    finish = mean(out if raw else FLOAT64, root=root)
    found = total(loss, call, finish, axis=0 if several else None)
    return over_outputs(found, multioutput, out)


def mean_absolute_error(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    *,
    sample_weight: Weights = None,
    multioutput: Outputs = "uniform_average",
) -> Any:
    """Return the mean absolute error, as `sklearn.metrics.mean_absolute_error`.

    Parameters
    ----------
    y_true, y_pred : array-like of shape (samples,) or (samples, outputs)
        Numbers; dask arrays make the result lazy.
    sample_weight : array-like of shape (samples,), optional
        A weight for each sample.
    multioutput : {"raw_values", "uniform_average"} or array-like of shape (outputs,)
        Each output's result, or the average of them.

    Returns
    -------
    float, or array of the results of the outputs
        In the unit of y_true.

    Raises
    ------
    ValueError
        If shapes do not fit, if a number is NaN or infinite, or if all weights are zero.
    ZeroDivisionError
        If weights sum to zero.
    InvalidParameterError
        If an argument is of another type or is no known name.

    Examples
    --------
    >>> mean_absolute_error([3.0, -0.5, 2.0, 7.0], [2.5, 0.0, 2.0, 8.0])
    0.5
    >>> mean_absolute_error([[0.5, 1], [-1, 1]], [[0, 2], [-1, 2]], multioutput="raw_values")
    array([0.25, 1.  ])
    """
    return _averaged(AbsoluteError(), (y_true, y_pred, sample_weight), multioutput)


def mean_squared_error(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    *,
    sample_weight: Weights = None,
    multioutput: Outputs = "uniform_average",
) -> Any:
    """Return the mean squared error, as `sklearn.metrics.mean_squared_error`.

    Parameters, result and errors are those of `mean_absolute_error`; the unit is squared.

    Examples
    --------
    >>> mean_squared_error([3.0, -0.5, 2.0, 7.0], [2.5, 0.0, 2.0, 8.0])
    0.375
    """
    return _averaged(SquaredError(), (y_true, y_pred, sample_weight), multioutput)


def root_mean_squared_error(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    *,
    sample_weight: Weights = None,
    multioutput: Outputs = "uniform_average",
) -> Any:
    """Return the average over outputs of the root of the mean squared error.

    As `sklearn.metrics.root_mean_squared_error`. Parameters, result and errors are those of
    `mean_absolute_error`, but one output may have a weight and weights of outputs may be NaN.

    Examples
    --------
    >>> root_mean_squared_error([3.0, 1.0], [0.0, 5.0])
    3.5355339059327378
    """
    data = y_true, y_pred, sample_weight
    return _averaged(SquaredError(), data, multioutput, root=True, strict=False)


def _logarithms(name: str) -> Rules:
    """Return the rules for labels and predictions of an error of logarithms."""
    rule = (
        f"{name} Logarithmic Error cannot be used when targets contain values "
        "less than or equal to -1. "
    )
    bounds = Bounds(above=-1.0, rule=rule)
    return Rules(bounds, bounds, late=True)


def mean_squared_log_error(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    *,
    sample_weight: Weights = None,
    multioutput: Outputs = "uniform_average",
) -> Any:
    """Return the mean squared error of log(1 + y), as `sklearn.metrics.mean_squared_log_error`.

    Parameters and result are those of `mean_absolute_error`, without a unit.

    Raises
    ------
    ValueError
        As `mean_absolute_error`, and if a number is -1 or less.
    ZeroDivisionError, InvalidParameterError
        As `mean_absolute_error`.

    Examples
    --------
    >>> round(mean_squared_log_error([3, 5, 2.5, 7], [2.5, 5, 4, 8]), 9)
    0.039730123
    """
    data = y_true, y_pred, sample_weight
    return _averaged(SquaredLogError(), data, multioutput, _logarithms("Mean Squared"))


def root_mean_squared_log_error(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    *,
    sample_weight: Weights = None,
    multioutput: Outputs = "uniform_average",
) -> Any:
    """Return the average over outputs of the root of `mean_squared_log_error`.

    As `sklearn.metrics.root_mean_squared_log_error`.

    Examples
    --------
    >>> round(root_mean_squared_log_error([3, 5, 2.5, 7], [2.5, 5, 4, 8]), 9)
    0.199324166
    """
    data, rules = (y_true, y_pred, sample_weight), _logarithms("Root Mean Squared")
    return _averaged(SquaredLogError(), data, multioutput, rules, root=True)


def mean_absolute_percentage_error(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    *,
    sample_weight: Weights = None,
    multioutput: Outputs = "uniform_average",
) -> Any:
    """Return the mean of |y_pred - y_true| / max(|y_true|, 2**-52), a share and not per cent.

    As `sklearn.metrics.mean_absolute_percentage_error`. Parameters and errors are those of
    `mean_absolute_error`; the result has no unit.

    Examples
    --------
    >>> mean_absolute_percentage_error([4.0, -2.0], [3.0, -3.0])
    0.375
    """
    return _averaged(AbsolutePercentageError(), (y_true, y_pred, sample_weight), multioutput)


def mean_pinball_loss(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    *,
    sample_weight: Weights = None,
    alpha: float | np.floating[Any] = 0.5,
    multioutput: Outputs = "uniform_average",
) -> Any:
    """Return the mean pinball loss of a quantile, as `sklearn.metrics.mean_pinball_loss`.

    Parameters, result and errors are those of `mean_absolute_error`, and:

    Parameters
    ----------
    alpha : float in [0, 1]
        The quantile predicted.

    Examples
    --------
    >>> mean_pinball_loss([1, 2, 3], [0, 2, 3], alpha=0.75)
    0.25
    """
    q = check_real("alpha", alpha, (0.0, 1.0))
    dtype = alpha.dtype if isinstance(alpha, np.floating) else None
    pinball = Quantile(q) if 0.0 < q < 1.0 else OneSided(2.0 * q - 1.0)
    return _averaged(pinball, (y_true, y_pred, sample_weight), multioutput, dtype=dtype)
