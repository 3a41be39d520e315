"""Curves of the thresholds of a score, as in `sklearn.metrics`."""

from __future__ import annotations

import functools
import warnings
from typing import Any, NamedTuple

import numpy as np

from streamloss.arrays.batch import FLOAT64
from streamloss.arrays.types import Array, ArrayLike, DType, Weights
from streamloss.exact.counted import Counted
from streamloss.exact.ratios import ratios

from .areas import ALL_RECALLED, NO_NEGATIVES, NO_POSITIVES
from .arguments import Label, check_flag, undefined_warning
from .cells import VECTOR, Out, finished
from .classes import check_positive
from .labels import classes_of, coded
from .positives import chosen
from .scored import Groups, count_scores, scores_of, values_of

__all__ = ["precision_recall_curve", "roc_curve"]


class Points(NamedTuple):
    """The weights of both labels of scores from each threshold up, these descending.

    Attributes
    ----------
    true, false : int64 or object array
        The weights of positives and of negatives, in one unit.
    thresholds : array
        The scores that there are.
    """

    true: Array
    false: Array
    thresholds: Array

    @classmethod
    def of(cls, cells: Counted, dtype: DType) -> Points:
        """Return the points of the cells of scores of a dtype."""
        groups = Groups.of(cells)
        thresholds = values_of(groups.keys[::-1], dtype)
        return cls(np.cumsum(groups.ones[::-1]), np.cumsum(groups.others[::-1]), thresholds)

    def where(self, turns: Array) -> Points:
        """Return the first point, the last, and those between that are said to be turns."""
        kept = np.flatnonzero(np.concatenate([[True], turns, [True]]))
        return Points(*[column[kept] for column in self])


def _curve(
    finish: Any, data: tuple[ArrayLike, ArrayLike, Weights], pos_label: Label | None, drop: bool
) -> Any:
    """Return the columns of a curve, of which the last are thresholds."""
    check_positive(pos_label)
    check_flag("drop_intermediate", drop)
    given = scores_of(*data)
    if given.are_rows or given.columns > 1:
        raise ValueError(
            "multilabel-indicator format is not supported: y_true and y_score must have one axis: "
            f"got shapes {given.true.shape} and {given.score.shape}"
        )
    codes = coded(
        given.true, classes_of(given.true), functools.partial(chosen, pos_label=pos_label)
    )
    cells = count_scores(codes, given.score, given.weights)
    dtype = given.score.dtype
    made = functools.partial(finish, dtype=dtype, drop=drop)
    thresholds = Out(VECTOR.shape, FLOAT64 if finish is _roc else dtype)
    return finished(cells, made, (VECTOR, VECTOR, thresholds))


def roc_curve(
    y_true: ArrayLike,
    y_score: ArrayLike,
    *,
    pos_label: Label | None = None,
    sample_weight: Weights = None,
    drop_intermediate: bool = True,
) -> Any:
    """Return the rates of false and true positives of each threshold.

    As `sklearn.metrics.roc_curve`.

    Parameters
    ----------
    y_true : array-like of shape (samples,)
        Labels, whole numbers or text.
    y_score : array-like of shape (samples,)
        Scores; dask arrays make results lazy, of a length not known.
    pos_label : number, str or bool, optional
        The positive label: by default 1 of 0 and 1, or of -1 and 1.
    sample_weight : array-like of shape (samples,), optional
        A weight for each sample, at least 0.
    drop_intermediate : bool
        Whether to leave out points on a line between their neighbours.

    Returns
    -------
    false, true : array of shape (points,)
        The shares of negatives and of positives of a score >= threshold, correctly rounded. NaN,
        with a warning, where there are none.
    thresholds : array of shape (points,)
        The scores, descending from infinity; float64.

    Raises
    ------
    ValueError
        If shapes do not fit; if labels are fractions, NaN or none that `pos_label` goes with; if
        scores are NaN or infinite; if weights are NaN, infinite, below 0 or all zero.
    InvalidParameterError
        If an argument is of another type.

    Examples
    --------
    >>> false, true, thresholds = roc_curve([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8])
    >>> false.tolist(), true.tolist(), thresholds.tolist()
    ([0.0, 0.0, 0.5, 0.5, 1.0], [0.0, 0.5, 0.5, 1.0, 1.0], [inf, 0.8, 0.4, 0.35, 0.1])
    """
    return _curve(_roc, (y_true, y_score, sample_weight), pos_label, drop_intermediate)


def _roc(cells: Counted, dtype: DType, drop: bool) -> tuple[Array, Array, Array]:
    """Return the points of a ROC curve."""
    points = Points.of(cells, dtype)
    if drop and len(points.thresholds) > 2:
        bends = [np.diff(each, 2) != 0 for each in points[:2]]
        points = points.where(bends[0] | bends[1])
    rates = []
    for column, text in ((points.false, NO_NEGATIVES), (points.true, NO_POSITIVES)):
        last = int(column[-1])
        if not last:
            warnings.warn(text, undefined_warning(), stacklevel=6)
        column = np.concatenate([np.zeros(1, column.dtype), column])
        rates.append(ratios(column, last) if last else np.full(len(column), np.nan))
    thresholds = np.concatenate([[np.inf], points.thresholds.astype(np.float64)])
    return rates[0], rates[1], thresholds


def precision_recall_curve(
    y_true: ArrayLike,
    y_score: ArrayLike,
    *,
    pos_label: Label | None = None,
    sample_weight: Weights = None,
    drop_intermediate: bool = False,
) -> Any:
    """Return precision and recall of each threshold, as `sklearn.metrics.precision_recall_curve`.

    Parameters and errors are those of `roc_curve`; points dropped have the recall of their
    neighbours.

    Returns
    -------
    precision, recall : array of shape (thresholds + 1,)
        Of a score >= threshold, correctly rounded; the last ones are 1 and 0. Without positives
        recall is 1, with a warning.
    thresholds : array of shape (thresholds,)
        The scores, ascending, in their dtype.

    Examples
    --------
    >>> precision, recall, thresholds = precision_recall_curve([0, 1, 1], [0.25, 0.5, 0.75])
    >>> precision.round(3).tolist(), recall.tolist(), thresholds.tolist()
    ([0.667, 1.0, 1.0, 1.0], [1.0, 1.0, 0.5, 0.0], [0.25, 0.5, 0.75])
    """
    return _curve(_precisions, (y_true, y_score, sample_weight), pos_label, drop_intermediate)


def _precisions(cells: Counted, dtype: DType, drop: bool) -> tuple[Array, Array, Array]:
    """Return the points of a curve of precision and recall."""
    points = Points.of(cells, dtype)
    if drop and len(points.thresholds) > 2:
        steps = np.diff(points.true) != 0
        points = points.where(steps[:-1] | steps[1:])
    true, false, thresholds = (column[::-1] for column in points)
    if not true[0]:
        warnings.warn(ALL_RECALLED, UserWarning, stacklevel=6)
    recall = ratios(true, int(true[0])) if true[0] else np.ones(len(true))
    precision = ratios(true, true + false)
    return np.append(precision, 1.0), np.append(recall, 0.0), thresholds
