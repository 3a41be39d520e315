"""How well scores rank the samples of classes, as in `sklearn.metrics`."""

from __future__ import annotations

import functools
import math
from typing import Any

import numpy as np

from streamloss.arrays.types import Array, ArrayLike, DuckArray, Weights
from streamloss.compat._common.arrays import checked

from .areas import Area, AveragePrecision, over_pairs
from .arguments import Label, check_real, check_spelled
from .averages import AVERAGES, Average, of_columns, of_indicators, of_one, of_samples
from .cells import SCALAR, finished
from .classes import check_positive
from .labels import classes_of, coded
from .positives import of_two, picked, placed
from .scored import Scores, count_scores, scores_of
from .targets import given_labels

__all__ = ["average_precision_score", "roc_auc_score"]


def roc_auc_score(
    y_true: ArrayLike,
    y_score: ArrayLike,
    *,
    average: Average = "macro",
    sample_weight: Weights = None,
    max_fpr: float | None = None,
    multi_class: str = "raise",
    labels: ArrayLike | None = None,
) -> Any:
    """Return the area under the ROC curve, as `sklearn.metrics.roc_auc_score`.

    Parameters
    ----------
    y_true : array-like of shape (samples,) or (samples, classes)
        Labels, whole numbers or text, or rows of indicators.
    y_score : array-like of shape (samples,) or (samples, classes)
        Scores: of the larger of two labels, or of all classes in sorted order, which sum to 1 but
        for indicators. Dask arrays make the result lazy.
    average : {"macro", "micro", "weighted", "samples"}, optional
        Of several classes the mean, that of all scores together, that weighted by y_true, that over
        rows of indicators, or the area of each.
    sample_weight : array-like of shape (samples,), optional
        A weight for each sample, at least 0.
    max_fpr : float, optional
        Up to which rate of false positives the area is taken, and standardised; of two classes.
    multi_class : {"raise", "ovr", "ovo"}
        Of several classes, whether each is against all others or each other one.
    labels : array-like, optional
        All classes there are, sorted; those in y_true by default.

    Returns
    -------
    float, or array of shape (classes,)
        From 0 to 1, without a unit, correctly rounded for each class; NaN, with a warning, where
        y_true has one class only.

    Raises
    ------
    ValueError
        If shapes do not fit; if labels are fractions or NaN; if scores are NaN or infinite, or rows
        of them do not sum to 1; if weights are NaN, infinite, below 0 or all zero; if there are
        other classes than scores.
    InvalidParameterError
        If an argument is of another type, or no known name.

    Examples
    --------
    >>> roc_auc_score([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8])
    0.75
    >>> rows = [[0.5, 0.25, 0.25], [0.25, 0.5, 0.25], [0.25, 0.25, 0.5], [0.25, 0.5, 0.25]]
    >>> roc_auc_score(["a", "b", "c", "a"], rows, multi_class="ovr")
    0.8611111111111112
    """
    check_spelled("average", average, AVERAGES)
    check_spelled("multi_class", multi_class, ("raise", "ovr", "ovo"))
    if max_fpr is not None:
        check_real("max_fpr", max_fpr, (math.ulp(0.0), 1.0))
    given, area = scores_of(y_true, y_score, sample_weight), Area(max_fpr)
    if given.are_rows:
        return of_indicators(given, area, average)
    if given.columns > 1:
        return _of_classes(given, area, average, multi_class, labels)
    codes = coded(given.true, classes_of(given.true), functools.partial(of_two, how=multi_class))
    return of_one(given._replace(true=codes), area)


def _of_classes(
    given: Scores, area: Area, average: Average, multi_class: str, labels: ArrayLike | None
) -> Any:
    """Return the area of several classes."""
    if area.most not in (None, 1.0):
        raise ValueError(
            "Partial AUC computation not available in multiclass setting, 'max_fpr' must be set to "
            f"`None`, received `max_fpr={area.most}` instead"
        )
    if multi_class == "raise":
        raise ValueError("multi_class must be in ('ovo', 'ovr')")
    averages = () if multi_class == "ovo" else ("micro",)
    averages = (*averages, "macro", "weighted", None)
    if average not in averages:
        raise ValueError(f"average must be one of {averages} for multiclass problems")
    if multi_class == "ovo" and average is None:
        raise NotImplementedError("average=None is not implemented for multi_class='ovo'.")
    if multi_class == "ovo" and given.weights is not None:
        raise ValueError(
            "sample_weight is not supported for multiclass one-vs-one ROC AUC, 'sample_weight' "
            "must be None in this case."
        )
    given = _classified(given, labels)
    if multi_class == "ovr":
        return of_columns(given, area, average, classes=True)
    made = functools.partial(over_pairs, measure=area, average=average)
    return finished(count_scores(*given), made, SCALAR)


def _classified(given: Scores, labels: ArrayLike | None) -> Scores:
    """Return scores, which sum to 1, with the index of the class of each sample."""
    score = checked(given.score, _check_sums)
    asked = given_labels(labels)
    if asked is not None and asked != sorted(set(asked)):
        rule = "ordered" if len(set(asked)) == len(asked) else "unique"
        raise ValueError(f"Parameter 'labels' must be {rule}")
    if asked is not None and len(asked) != given.columns:
        raise ValueError(
            f"Number of given labels, {len(asked)}, not equal to the number of columns in "
            f"'y_score', {given.columns}"
        )
    classes = classes_of(given.true) if asked is None else np.array(asked)
    finish = functools.partial(placed, count=given.columns, given=asked is not None)
    return Scores(coded(given.true, classes, finish), score, given.weights)


def _check_sums(block: Array) -> None:
    """Refuse rows that do not sum to 1."""
    if not np.allclose(1, block.sum(axis=1)):
        raise ValueError(
            "Target scores need to be probabilities for multiclass roc_auc, i.e. they should sum "
            "up to 1.0 over classes"
        )


def average_precision_score(
    y_true: ArrayLike,
    y_score: ArrayLike,
    *,
    average: Average = "macro",
    pos_label: Label = 1,
    sample_weight: Weights = None,
) -> Any:
    """Return the average precision, as `sklearn.metrics.average_precision_score`.

    Parameters
    ----------
    y_true, y_score, average, sample_weight
        As for `roc_auc_score`; scores of several classes may be any.
    pos_label : number, str or bool
        The positive one of two labels.

    Returns
    -------
    float, or array of shape (classes,)
        From 0 to 1, without a unit, correctly rounded for each class; 0, with a warning, where
        y_true has no positive label.

    Raises
    ------
    ValueError, InvalidParameterError
        As `roc_auc_score`, and if `pos_label` is no label.

    Examples
    --------
    >>> average_precision_score([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8])
    0.8333333333333334
    """
    check_spelled("average", average, AVERAGES)
    check_positive(pos_label)
    given, measure = scores_of(y_true, y_score, sample_weight), AveragePrecision()
    several = given.are_rows or given.columns > 1
    if several and pos_label != 1:
        kind = "multilabel-indicator" if given.are_rows else "multiclass"
        raise ValueError(
            f"Parameter pos_label is fixed to 1 for {kind} y_true. Do not set pos_label or set "
            "pos_label to 1."
        )
    if given.are_rows:
        return of_indicators(given, measure, average)
    classes = classes_of(given.true)
    if not several:
        codes = coded(given.true, classes, functools.partial(picked, pos_label=pos_label))
        return of_one(given._replace(true=codes), measure)
    codes = coded(given.true, classes, functools.partial(placed, count=given.columns, given=False))
    given = given._replace(true=codes)
    if average == "samples":
        hits: DuckArray = codes[:, None] == np.arange(given.columns)
        return of_samples(given._replace(true=hits), measure)
    return of_columns(given, measure, average, classes=True)
