"""Shares of the variance that are explained, as in `sklearn.metrics`."""

from __future__ import annotations

import functools
import math
from typing import Any

import numpy as np

from streamloss.arrays.batch import is_lazy
from streamloss.arrays.types import ArrayLike, DuckArray, Weights
from streamloss.exact.reductions import Sums, combined
from streamloss.losses import SquaredError
from streamloss.metrics import R2, ExplainedVariance
from streamloss.metrics.base import variation

from .arguments import check_flag
from .calls import Call, call_of, is_undefined, scalar, total
from .outputs import Outputs, check_outputs, check_spelling, over_outputs
from .reductions import check_divisor, check_weights, undefined

__all__ = ["explained_variance_score", "r2_score"]

Metric = R2 | ExplainedVariance

SCORE_AVERAGES = ("raw_values", "uniform_average", "variance_weighted")


def determination(sums: Sums, metric: Metric, finite: bool, least: int) -> float:
    """Return the score of exact sums; where labels are constant, 1 or 0 if it is to be finite."""
    check_weights(sums)
    if sums.elements < least:
        return math.nan
    check_divisor(sums)
    made: Any = metric
    score = combined(made, sums)
    if not finite or math.isfinite(score) or any(s.strange is not None for s in sums.losses):
        return score
    return 1.0 if math.isnan(score) else 0.0


def variance(sums: Sums, first: int) -> float:
    """Return sum w (y - mean)^2, given which is the sum of the labels; next is that of squares."""
    label, squares = sums.losses[first : first + 2]
    return variation(sums.weights, label, squares) / sums.weights


def _scored(
    metric: Metric, first: int, call: Call, multioutput: Outputs | None, finite: bool, least: int
) -> Any:
    """Return the scores of outputs, or their average."""
    finish = functools.partial(determination, metric=metric, finite=bool(finite), least=least)
    several = call.inputs[0].ndim == 2
    found = total(metric, call, finish, axis=0 if several else None)
    weights = None
    if isinstance(multioutput, str) and multioutput == "variance_weighted" and several:
        spread = functools.partial(variance, first=first)
        weights = _or_ones(total(metric, call, spread, axis=0))
    return over_outputs(found, multioutput, call.out, weights)


def _or_ones(weights: DuckArray) -> DuckArray:
    """Return weights, or ones if all are zero."""
    if is_lazy(weights):
        return weights.rechunk(-1).map_blocks(_or_ones, dtype=np.float64)
    return weights if weights.any() else np.ones_like(weights)


def r2_score(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    *,
    sample_weight: Weights = None,
    multioutput: Outputs | None = "uniform_average",
    force_finite: bool = True,
) -> Any:
    """Return the coefficient of determination, as `sklearn.metrics.r2_score`.

    Parameters
    ----------
    y_true, y_pred : array-like of shape (samples,) or (samples, outputs)
        Numbers; dask arrays make the result lazy.
    sample_weight : array-like of shape (samples,), optional
        A weight for each sample.
    multioutput : {"raw_values", "uniform_average", "variance_weighted"}, array-like or None
        Each output's score, or the average of them; None is uniform.
    force_finite : bool
        Whether labels that are all equal give 1 if predicted exactly and 0 if not, in place of
        NaN and -infinity.

    Returns
    -------
    float, or array of the results of the outputs
        1 is perfect, 0 what the mean of y_true gives; NaN for a single sample. All sums are
        exact: labels are equal if they are, and nothing cancels.

    Raises
    ------
    ValueError, ZeroDivisionError, InvalidParameterError
        As `mean_absolute_error`.

    Examples
    --------
    >>> r2_score([3.0, -0.5, 2.0, 7.0], [2.5, 0.0, 2.0, 8.0])
    0.9486081370449678
    >>> r2_score([0.1, 0.1, 0.1], [0.1, 0.1, 0.2])
    0.0
    """
    if multioutput is not None:
        check_spelling(multioutput, SCORE_AVERAGES)
    check_flag("force_finite", force_finite)
    call = call_of(y_true, y_pred, sample_weight)
    if multioutput is not None:
        check_outputs(multioutput, call.inputs[0])
    if is_undefined(call, "R^2"):
        return scalar(total(SquaredError(), call, undefined))
    return _scored(R2(), 1, call, multioutput, force_finite, 2)


def explained_variance_score(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    *,
    sample_weight: Weights = None,
    multioutput: Outputs = "uniform_average",
    force_finite: bool = True,
) -> Any:
    """Return the share of variance explained, as `sklearn.metrics.explained_variance_score`.

    Parameters, result and errors are those of `r2_score`, but `multioutput` cannot be None and a
    single sample is constant. An error that is the same everywhere does not count.

    Examples
    --------
    >>> explained_variance_score([3.0, -0.5, 2.0, 7.0], [4.0, 0.5, 3.0, 8.0])
    1.0
    """
    check_spelling(multioutput, SCORE_AVERAGES)
    check_flag("force_finite", force_finite)
    call = call_of(y_true, y_pred, sample_weight)
    check_outputs(multioutput, call.inputs[0])
    return _scored(ExplainedVariance(), 2, call, multioutput, force_finite, 1)
