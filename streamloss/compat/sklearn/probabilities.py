"""Losses of probabilities of classes, as in `sklearn.metrics`."""

from __future__ import annotations

import functools
import numbers
import warnings
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np

from streamloss.arrays.batch import is_lazy
from streamloss.arrays.types import Array, ArrayLike, DType, DuckArray, Weights
from streamloss.compat._common.arrays import is_masked, meta_of
from streamloss.losses import (
    BinaryCrossEntropy,
    Brier,
    CategoricalCrossEntropy,
    SparseCategoricalCrossEntropy,
    SquaredError,
)
from streamloss.losses.base import LossLike

from .arguments import (
    FLOATS,
    Label,
    aligned,
    as_numbers,
    as_weights,
    check_array_like,
    check_array_likes,
    check_flag,
    column,
    refuse,
)
from .calls import Call, scalar, total, weights_check
from .labels import as_labels, classes_of, coded, few, index, indicator, positive
from .reductions import mean, weighted_sum
from .values import Bounds, Check, check_integral

__all__ = ["brier_score_loss", "log_loss"]


class Probabilities(NamedTuple):
    """Asks that numbers are in [0, 1]; warns if rows do not sum to one."""

    dtype: str

    def __call__(self, block: Array) -> None:
        """Raise ValueError for a number outside [0, 1]."""
        Check("y_proba", self.dtype, Bounds(low=0.0, high=1.0))(block)
        if block.ndim == 2 and block.shape[1] > 1 and block.size:
            near = np.isclose(block.sum(axis=1), 1.0, rtol=np.finfo(self.dtype).eps ** 0.5)
            if not near.all():
                warnings.warn(
                    "The y_prob values do not sum to one. Make sure to pass probabilities.",
                    UserWarning,
                    stacklevel=2,
                )


def predicted(y_true: ArrayLike, y_proba: ArrayLike, sample_weight: Weights) -> Call:
    """Return labels as they were given, and probabilities, whole rows of them in each chunk."""
    check_array_likes(sample_weight, y_true=y_true, y_proba=y_proba)
    proba = as_numbers("y_proba", y_proba, np.float64)
    if proba.dtype not in FLOATS:
        proba = proba.astype(np.float64)
    labels, weights = as_labels("y_true", y_true), as_weights(sample_weight, np.float64)
    proba, labels, weights = aligned(y_proba=proba, y_true=labels, sample_weight=weights)
    if proba.ndim == 2 and proba.shape[1] == 1:
        proba = proba[:, 0]
    elif proba.ndim == 2 and is_lazy(proba):
        proba = proba.rechunk({1: -1})
    checks = None, Probabilities(str(proba.dtype)), *weights_check(weights)
    return Call((labels, proba), weights, checks)


def _dtype(call: Call) -> DType:
    """Return the dtype that results are rounded to: that of probabilities and weights."""
    return np.result_type(*[array.dtype for array in call.arrays[1:]])


def _given(labels: ArrayLike | None) -> Array | None:
    """Return the classes of the argument `labels`, sorted; None if there is none."""
    if labels is None:
        return None
    check_array_like("labels", labels)
    if is_lazy(labels):
        refuse("labels", "an array-like in memory", labels)
    array = np.asarray(column("labels", as_labels("labels", labels)))
    check_integral(array, "labels")
    classes = np.unique(array)
    if len(classes) < 2:
        raise ValueError(
            f"The labels array needs to contain at least two labels, got {few(classes)}."
        )
    if len(classes) < len(array):
        raise ValueError(f"labels must differ from each other: got {few(array)}")
    if (classes != array).any():
        warnings.warn(
            f"Labels passed were {few(array)}. But this function assumes labels are ordered "
            f"lexicographically. Pass the ordered labels={few(classes)} and ensure that "
            "the columns of y_prob correspond to this ordering.",
            UserWarning,
            stacklevel=4,
        )
    return classes


def classified(given: DuckArray, proba: DuckArray, labels: ArrayLike | None) -> DuckArray:
    """Return the index of the class of each sample, or rows of labels as they are."""
    count = proba.shape[1] if proba.ndim == 2 else 2
    known = _given(labels)
    if given.ndim == 2 and given.shape[1] > 1:
        return _rows(given, count, known)
    flat = column("y_true", given)
    finish = functools.partial(index, count=count, given=known is not None)
    return coded(flat, classes_of(flat) if known is None else known, finish)


def _rows(labels: DuckArray, count: int, given: Array | None) -> DuckArray:
    """Return rows of labels of as many classes as there are probabilities."""
    if given is not None:
        raise ValueError("labels must be None where y_true has several columns")
    if labels.shape[1] != count:
        raise ValueError(f"y_true must have {count} columns: got shape {labels.shape}")
    return coded(labels, classes_of(labels), functools.partial(indicator, name="y_true"))


def log_loss(
    y_true: ArrayLike,
    y_proba: ArrayLike | None = None,
    *,
    normalize: bool = True,
    sample_weight: Weights = None,
    labels: ArrayLike | None = None,
    y_pred: ArrayLike = "deprecated",
) -> Any:
    """Return the cross-entropy of predicted probabilities, as `sklearn.metrics.log_loss`.

    Parameters
    ----------
    y_true : array-like of shape (samples,) or (samples, classes)
        Labels, whole numbers or text, or rows that are 1 where a class applies.
    y_proba : array-like of shape (samples,) or (samples, classes)
        Probabilities of the larger of two labels, or of all in sorted order. They are clipped to
        [eps, 1 - eps] of their dtype.
    normalize : bool
        Whether to return the mean or the sum.
    sample_weight : array-like of shape (samples,), optional
        A weight for each sample.
    labels : array-like, optional
        All classes there are; those in y_true by default.
    y_pred : array-like
        The former name of `y_proba`.

    Returns
    -------
    float, or lazy array of it
        In nats.

    Raises
    ------
    ValueError
        If shapes do not fit, if probabilities are NaN or outside [0, 1], if y_true has other
        labels than `labels` or not as many as there are columns, if weights are NaN, infinite or
        all zero.
    ZeroDivisionError
        If weights sum to zero and a mean is asked for.
    InvalidParameterError
        If an argument is of another type.

    Examples
    --------
    >>> round(log_loss(["spam", "ham", "ham"], [[0.1, 0.9], [0.9, 0.1], [0.8, 0.2]]), 9)
    0.144621528
    >>> round(log_loss([0, 1], [0.5, 0.5], normalize=False), 9)
    1.386294361
    """
    check_flag("normalize", normalize)
    call = predicted(y_true, by_new_name(y_proba, y_pred), sample_weight)
    given, proba = call.inputs
    codes = classified(given, proba, labels)
    eps = float(np.finfo(proba.dtype).eps)
    clip = {"low": eps, "high": 1.0 - eps}
    loss: LossLike
    if codes.ndim == 2:
        proba, loss = two_columns(proba), CategoricalCrossEntropy(**clip, normalize=0.0)
    elif proba.ndim == 2:
        loss = SparseCategoricalCrossEntropy(**clip, normalize=0.0)
    else:
        loss = BinaryCrossEntropy(**clip)
    finish = mean(_dtype(call)) if normalize else weighted_sum(_dtype(call))
    return scalar(total(loss, call._replace(inputs=(codes, proba)), finish))


def by_new_name(y_proba: ArrayLike | None, y_pred: ArrayLike) -> ArrayLike:
    """Return the probabilities, warn if they were given by their former name."""
    if isinstance(y_pred, str) and y_pred == "deprecated":
        return y_proba
    if y_proba is not None:
        raise ValueError(
            "Cannot use both `y_pred` and `y_proba`. `y_pred` is deprecated, use `y_proba` instead."
        )
    warnings.warn(
        "`y_pred` was renamed to `y_proba` in version 1.9 and will be removed in 1.11. "
        "Use `y_proba` instead.",
        FutureWarning,
        stacklevel=3,
    )
    return y_pred


def two_columns(proba: DuckArray) -> DuckArray:
    """Return the probabilities of both classes."""
    if proba.ndim == 2:
        return proba
    proba = proba[:, None]
    if not is_lazy(proba):
        return _with_complement(proba)
    meta, chunks = meta_of(proba, proba.dtype), (proba.chunks[0], (2,))
    return proba.map_blocks(_with_complement, chunks=chunks, meta=meta)


def _with_complement(block: DuckArray) -> Array:
    module = np.ma if is_masked(block) else np
    both: Array = module.concatenate([1.0 - block, block], axis=1)
    return both


def brier_score_loss(
    y_true: ArrayLike,
    y_proba: ArrayLike,
    *,
    sample_weight: Weights = None,
    pos_label: Label | None = None,
    labels: ArrayLike | None = None,
    scale_by_half: bool | str = "auto",
) -> Any:
    """Return the mean squared error of probabilities, as `sklearn.metrics.brier_score_loss`.

    Parameters
    ----------
    y_true : array-like of shape (samples,) or (samples, classes)
        Labels, whole numbers or text, or rows that are 1 for the class that applies.
    y_proba : array-like of shape (samples,) or (samples, classes)
        Probabilities of the positive class, or of all classes in sorted order.
    sample_weight : array-like of shape (samples,), optional
        A weight for each sample.
    pos_label : number, str or bool, optional
        The positive class where `y_proba` has one axis: by default 1 if labels are 0 and 1, or -1
        and 1, else the larger of two numbers.
    labels : array-like, optional
        All classes there are, where `y_proba` has several columns; those in y_true by default.
    scale_by_half : bool or "auto"
        Whether the sum over classes is halved: by default if there are two.

    Returns
    -------
    float, or lazy array of it
        Without a unit: up to 1 if halved, else to 2.

    Raises
    ------
    ValueError, ZeroDivisionError, InvalidParameterError
        As `log_loss`, and if classes are text and `pos_label` is not given.

    Examples
    --------
    >>> brier_score_loss([0, 1, 1, 0], [0.0, 1.0, 0.5, 0.5])
    0.125
    >>> brier_score_loss([0, 1, 2], [[1.0, 0.0, 0.0], [0.0, 0.5, 0.5], [0.0, 0.0, 1.0]])
    0.16666666666666666
    """
    _check_brier(pos_label, scale_by_half)
    if labels is not None:
        check_array_like("labels", labels)
    call = predicted(y_true, y_proba, sample_weight)
    given, proba = call.inputs
    several = proba.ndim == 2
    if several:
        codes = classified(given, proba, labels)
    else:
        flat = column("y_true", given)
        codes = coded(flat, classes_of(flat), functools.partial(positive, pos_label=pos_label))
    half = (proba.shape[1] if several else 2) < 3
    if not isinstance(scale_by_half, str):
        half = bool(scale_by_half)
    times = Fraction(1 if half else 2, 2 if several else 1)
    if codes.ndim == 2:
        times *= codes.shape[1]  # the mean is over samples and classes; the score sums over these
    loss = Brier() if several and codes.ndim == 1 else SquaredError()
    call = call._replace(inputs=(codes, proba))
    return scalar(total(loss, call, mean(_dtype(call), times)))


def _check_brier(pos_label: Label | None, scale_by_half: bool | str) -> None:
    """Refuse arguments of other types."""
    if not isinstance(pos_label, numbers.Real | str | np.bool_ | None):
        refuse("pos_label", "a number, text or None", pos_label)
    if not (isinstance(scale_by_half, str) and scale_by_half == "auto"):
        if not isinstance(scale_by_half, bool | np.bool_):
            refuse("scale_by_half", "a bool or 'auto'", scale_by_half)
