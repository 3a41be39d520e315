"""The largest error and the median of errors, as in `sklearn.metrics`."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np

from streamloss.arrays.batch import FLOAT64, is_lazy
from streamloss.arrays.types import Array, ArrayLike, DuckArray, Weights
from streamloss.compat._common.arrays import as_dtype, is_masked
from streamloss.exact.counted import Counted

from .arguments import floating
from .calls import FINITE, Call, call_of, scalar
from .cells import SCALAR, Out, check_heavy, finished
from .outputs import Outputs, check_outputs, check_spelling, over_outputs
from .scored import check_positive_weights, count_scores, values_of

__all__ = ["max_error", "median_absolute_error"]


def max_error(y_true: ArrayLike, y_pred: ArrayLike) -> Any:
    """Return the largest absolute error, as `sklearn.metrics.max_error`.

    Parameters and errors are those of `mean_absolute_error`, but there is one output.

    Returns
    -------
    float, or lazy array of it
        In the unit of y_true.

    Examples
    --------
    >>> max_error([3, 2, 7, 1], [4, 2, 7, 1])
    1.0
    """
    call = call_of(y_true, y_pred, None, FINITE)
    sizes = _sizes(call)
    if sizes.ndim == 2:
        raise ValueError(f"Multioutput not supported in max_error: got shape {sizes.shape}")
    return scalar(as_dtype(as_dtype(sizes.max(), call.dtype), np.float64))


def _sizes(call: Call) -> DuckArray:
    """Return the absolute errors of a call, float64."""
    true, pred = (as_dtype(each, np.float64) for each in call.checked().inputs)
    sizes: DuckArray = abs(true - pred)
    return sizes


def median_absolute_error(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    *,
    multioutput: Outputs = "uniform_average",
    sample_weight: Weights = None,
) -> Any:
    """Return the median of absolute errors, as `sklearn.metrics.median_absolute_error`.

    Parameters, result and errors are those of `mean_absolute_error`. Where errors up to one have
    half of the weights, it is the mean of that and the next. Of dask arrays each different error
    takes some 250 bytes.

    Raises
    ------
    ValueError
        As `mean_absolute_error`, and if a weight is negative.
    ZeroDivisionError, InvalidParameterError
        As `mean_absolute_error`.

    Examples
    --------
    >>> median_absolute_error([3.0, -0.5, 2.0, 7.0], [2.5, 0.0, 2.0, 8.0])
    0.5
    """
    check_spelling(multioutput, ("raw_values", "uniform_average"))
    call = call_of(y_true, y_pred, sample_weight, FINITE)
    check_outputs(multioutput, call.inputs[0])
    sizes = _sizes(call)
    if call.weights is None and not is_lazy(sizes) and not is_masked(sizes):
        found: DuckArray = _middles(np.asarray(sizes))
    else:
        cells = count_scores(sizes < 0, sizes, call.weights)
        several = sizes.ndim == 2
        out = Out((sizes.shape[1],)) if several else SCALAR
        found = finished(cells, _medians if several else _median, out)
    return over_outputs(found, multioutput, floating(y_true, y_pred))  # whatever weights are


def _middles(sizes: Array) -> Array:
    """Return the medians of columns, or the median."""
    places = [(len(sizes) - 1) // 2, len(sizes) // 2]
    low, high = np.partition(sizes, places, axis=0)[places]
    with np.errstate(over="ignore"):
        total = low + high
    found: Array = np.where(np.isinf(total), low / 2 + high / 2, total / 2)
    return found


def _medians(cells: Any) -> Array:
    """Return the median of each output."""
    return np.array([_median(each) for each in cells])


def _median(cells: Counted) -> Any:
    """Return the median of sizes with weights."""
    check_heavy(cells)
    check_positive_weights(cells)
    sums, total = np.cumsum(cells.units), cells.total
    places = [np.searchsorted(sums, units) for units in (-(-total // 2), total // 2 + 1)]
    low, high = values_of(cells.keys["score"][places], FLOAT64).tolist()
    return np.float64((Fraction(low) + Fraction(high)) / 2)
