"""Losses of decisions and labels of classes, as in `sklearn.metrics`."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

from streamloss.arrays.batch import FLOAT64, is_lazy
from streamloss.arrays.types import ArrayLike, DType, DuckArray, Weights
from streamloss.compat._common.arrays import as_dtype
from streamloss.losses import ClassHinge, Hinge, Value

from .arguments import (
    FLOATS,
    aligned,
    as_numbers,
    check_array_like,
    check_array_likes,
    check_flag,
    column,
    kind_of,
    unlisted,
)
from .calls import Call, scalar, total, weights_check
from .labels import ONE_AXIS, as_labels, classes_of, coded, decided, misshapen, sign
from .reductions import lenient_mean, mean, weighted_sum
from .targets import targets_of
from .values import Check

__all__ = ["accuracy_score", "hamming_loss", "hinge_loss", "zero_one_loss"]


def hinge_loss(
    y_true: ArrayLike,
    pred_decision: ArrayLike,
    *,
    labels: ArrayLike | None = None,
    sample_weight: Weights = None,
) -> Any:
    """Return the mean hinge loss of decisions, as `sklearn.metrics.hinge_loss`.

    Parameters
    ----------
    y_true : array-like of shape (samples,)
        Labels, numbers or text.
    pred_decision : array-like of shape (samples,) or (samples, classes)
        Decisions for the larger of two labels, or for each class in sorted order.
    labels : array-like, optional
        All classes there are; those in y_true by default.
    sample_weight : array-like of shape (samples,), optional
        A weight for each sample.

    Returns
    -------
    float, or lazy array of it
        In the unit of the decisions. NaN if a weight is.

    Raises
    ------
    ValueError
        If shapes do not fit, if decisions are NaN, infinite or text, or if y_true has other
        labels than `labels` or not as many as there are columns.
    TypeError
        If weights do not have one axis.
    ZeroDivisionError
        If weights sum to zero.
    InvalidParameterError
        If an argument is of another type.

    Examples
    --------
    >>> hinge_loss([-1, 1, 1], [-2.0, 2.5, 0.25])
    0.25
    >>> hinge_loss([0, 1, 2], [[1.0, 0.5, 0.0], [0.0, 2.0, 0.5], [0.0, 1.0, 0.5]])
    0.6666666666666666
    """
    decision, true, weights = _decided(y_true, pred_decision, sample_weight)
    several = decision.ndim == 2 and decision.shape[1] > 1
    if not several:
        decision = column("pred_decision", decision)
    codes = _codes(true, labels, decision)
    dtype = decision.dtype if several and decision.dtype in FLOATS else FLOAT64
    checks = [None, Check("pred_decision", "float64")]
    if weights is not None:
        dtype, checks = np.result_type(dtype, weights.dtype), [*checks, None]
    call = Call((codes, decision), weights, tuple(checks))
    return scalar(total(ClassHinge() if several else Hinge(), call, lenient_mean(dtype)))


def _codes(true: DuckArray, labels: ArrayLike | None, decision: DuckArray) -> DuckArray:
    """Return the indices of the classes of labels or, for one decision each, -1 and 1."""
    count = decision.shape[1] if decision.ndim == 2 else 1
    given = None
    if labels is not None:
        check_array_like("labels", labels)
        given = np.unique(as_labels("labels", labels))
    if count == 1:
        if given is not None and len(given) > 2:
            raise ValueError(misshapen(ONE_AXIS, given, decision.shape))
        finish = functools.partial(sign, shape=decision.shape, given=given is not None)
        return coded(true, classes_of(true), finish)
    classes = classes_of(true) if given is None else given
    if count == 2 and (is_lazy(classes) or len(classes) < 3):
        raise ValueError("pred_decision must have one column for two classes: got 2")
    finish = functools.partial(decided, shape=decision.shape, given=given is not None)
    return coded(true, classes, finish)


def _decided(
    y_true: ArrayLike, pred_decision: ArrayLike, sample_weight: Weights
) -> tuple[DuckArray, DuckArray, DuckArray | None]:
    """Return decisions, labels and weights of as many rows as each other."""
    check_array_likes(y_true=y_true, pred_decision=pred_decision)
    pred_decision = unlisted(pred_decision)
    if kind_of(pred_decision) in ("S", "U"):
        raise ValueError("pred_decision must hold numbers: got text")
    decision = as_numbers("pred_decision", pred_decision, np.float64)
    true = column("y_true", as_labels("y_true", y_true))
    weights = None
    if sample_weight is not None:
        weights = as_numbers("sample_weight", sample_weight, np.float64)
    if weights is not None and weights.ndim != 1:
        raise TypeError(f"sample_weight must have one axis: got shape {weights.shape}")
    true, decision, weights = aligned(y_true=true, pred_decision=decision, sample_weight=weights)
    return decision, true, weights


def accuracy_score(
    y_true: ArrayLike, y_pred: ArrayLike, *, normalize: bool = True, sample_weight: Weights = None
) -> Any:
    """Return the share of right labels, as `sklearn.metrics.accuracy_score`.

    Parameters
    ----------
    y_true, y_pred : array-like of shape (samples,) or (samples, labels)
        Labels, whole numbers or text; several a sample, of two values, must all be right.
    normalize : bool
        Whether to return the share or the sum of the weights.
    sample_weight : array-like of shape (samples,), optional
        A weight for each sample.

    Returns
    -------
    float, or lazy array of it

    Raises
    ------
    ValueError
        If shapes do not fit, if labels are fractions, NaN, or text for numbers, or if weights
        are NaN, infinite or all zero.
    ZeroDivisionError
        If weights sum to zero and a share is asked for.
    InvalidParameterError
        If an argument is of another type.

    Examples
    --------
    >>> accuracy_score([0, 1, 2, 3], [0, 2, 1, 3])
    0.5
    >>> accuracy_score(["a", "b"], ["a", "a"], normalize=False)
    1.0
    """
    check_flag("normalize", normalize)
    call = _guessed(y_true, y_pred, sample_weight)
    right = call._replace(inputs=(~call.inputs[0],))
    return scalar(total(Value(), right, mean() if normalize else weighted_sum(_weight_dtype(call))))


def zero_one_loss(
    y_true: ArrayLike, y_pred: ArrayLike, *, normalize: bool = True, sample_weight: Weights = None
) -> Any:
    """Return the share of wrong labels, as `sklearn.metrics.zero_one_loss`.

    Parameters, result and errors are those of `accuracy_score`.

    Examples
    --------
    >>> zero_one_loss([1, 2, 3, 4], [2, 2, 3, 4])
    0.25
    >>> zero_one_loss([[0, 1], [1, 1]], [[1, 1], [1, 1]], normalize=False)
    1.0
    """
    check_flag("normalize", normalize)
    call = _guessed(y_true, y_pred, sample_weight)
    if normalize:
        return scalar(total(Value(), call, mean()))
    dtype = _weight_dtype(call)
    found = total(Value(), call, weighted_sum(dtype))
    return scalar(found) if call.weights is None else as_dtype(found, dtype)


def hamming_loss(y_true: ArrayLike, y_pred: ArrayLike, *, sample_weight: Weights = None) -> Any:
    """Return the share of wrong labels, also within rows, as `sklearn.metrics.hamming_loss`.

    Parameters, result and errors are those of `accuracy_score`, but each label of a row counts.

    Examples
    --------
    >>> hamming_loss([1, 2, 3, 4], [2, 2, 3, 4])
    0.25
    >>> hamming_loss([[0, 1], [1, 1]], [[0, 0], [0, 0]])
    0.75
    """
    found = targets_of(y_true, y_pred, sample_weight)
    checks = None, *weights_check(found.weights)
    return scalar(total(Value(), Call((found.true != found.pred,), found.weights, checks), mean()))


def _weight_dtype(call: Call) -> DType:
    """Return the dtype of a sum of weights."""
    if call.weights is None or call.weights.dtype.kind != "f":
        return FLOAT64
    return call.weights.dtype


def _guessed(y_true: ArrayLike, y_pred: ArrayLike, sample_weight: Weights) -> Call:
    """Return the call of whether labels are wrong, or one of several of a sample is."""
    found = targets_of(y_true, y_pred, sample_weight)
    wrong = found.true != found.pred
    if found.are_rows:
        wrong = wrong.any(axis=1)
    return Call((wrong,), found.weights, (None, *weights_check(found.weights)))
