"""Keras' losses of numbers: functions that return one loss for each row.

What they share: ``y_true`` and ``y_pred`` are array-likes of numbers, numpy or dask arrays among
them, of shape ``[batch_size, d0, .. dN]``. Labels are rounded to the dtype of the predictions, and
losses are of that dtype, or float32 for integers; Python floats are float32. The result has the
shape ``[batch_size, d0, .. dN-1]``, is exact but for one rounding, and lazy where an argument is.

All raise ValueError for shapes that do not fit or parameters out of range, and TypeError for
predictions that are no numbers or, where a loss needs floats, no floats.
"""

from __future__ import annotations

from typing import Any

from streamloss.arrays.types import ArrayLike

from .reductions import losses_of

__all__ = [
    "MAE", "MAPE", "MSE", "MSLE", "huber", "log_cosh", "logcosh", "mae", "mape",
    "mean_absolute_error", "mean_absolute_percentage_error", "mean_squared_error",
    "mean_squared_logarithmic_error", "mse", "msle",
]  # fmt: skip


def mean_absolute_error(y_true: ArrayLike, y_pred: ArrayLike) -> Any:
    """Return ``mean(|y_true - y_pred|, axis=-1)``, in the unit of y_true.

    Examples
    --------
    >>> mean_absolute_error([[0.0, 1.0], [0.0, 0.0]], [[1.0, 1.0], [1.0, 3.0]])
    array([0.5, 2. ], dtype=float32)
    """
    return losses_of("mean_absolute_error", y_true, y_pred)


def mean_squared_error(y_true: ArrayLike, y_pred: ArrayLike) -> Any:
    """Return ``mean((y_true - y_pred)**2, axis=-1)``, in the unit of y_true, squared.

    Examples
    --------
    >>> mean_squared_error([[0.0, 1.0], [0.0, 0.0]], [[1.0, 1.0], [1.0, 3.0]])
    array([0.5, 5. ], dtype=float32)
    """
    return losses_of("mean_squared_error", y_true, y_pred)


def mean_absolute_percentage_error(y_true: ArrayLike, y_pred: ArrayLike) -> Any:
    """Return ``100 * mean(|y_true - y_pred| / max(|y_true|, 1e-7), axis=-1)``, in per cent.

    Examples
    --------
    >>> mean_absolute_percentage_error([[2.0, 4.0]], [[1.0, 5.0]])
    array([37.5], dtype=float32)
    """
    return losses_of("mean_absolute_percentage_error", y_true, y_pred)


def mean_squared_logarithmic_error(y_true: ArrayLike, y_pred: ArrayLike) -> Any:
    """Return ``mean((log(1 + y_true) - log(1 + y_pred))**2, axis=-1)``, values at least 1e-7.

    Examples
    --------
    >>> mean_squared_logarithmic_error([[0.0, 1.0]], [[0.0, 3.0]])
    array([0.2402265], dtype=float32)
    """
    return losses_of("mean_squared_logarithmic_error", y_true, y_pred)


def huber(y_true: ArrayLike, y_pred: ArrayLike, delta: float = 1.0) -> Any:
    """Return the mean over the last axis of ``0.5 e**2`` or, beyond `delta`, of its tangent.

    With e = y_pred - y_true that is ``delta |e| - 0.5 delta**2``; in the unit of y_true, squared.

    Examples
    --------
    >>> huber([[0.0, 1.0], [0.0, 0.0]], [[1.0, 1.0], [0.0, 3.0]])
    array([0.25, 1.25], dtype=float32)
    """
    return losses_of("huber", y_true, y_pred, delta=delta)


def log_cosh(y_true: ArrayLike, y_pred: ArrayLike) -> Any:
    """Return ``mean(log(cosh(y_pred - y_true)), axis=-1)``.

    Examples
    --------
    >>> log_cosh([[0.0, 1.0], [0.0, 0.0]], [[1.0, 1.0], [0.0, 0.0]])
    array([0.21689041, 0.        ], dtype=float32)
    """
    return losses_of("log_cosh", y_true, y_pred)


MAE = mae = mean_absolute_error
MSE = mse = mean_squared_error
MAPE = mape = mean_absolute_percentage_error
MSLE = msle = mean_squared_logarithmic_error
logcosh = log_cosh
