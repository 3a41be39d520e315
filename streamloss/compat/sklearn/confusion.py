"""Which labels are taken for which, and how far labels agree, as in `sklearn.metrics`."""

from __future__ import annotations

import functools
import math
import warnings
from typing import Any

import numpy as np

from streamloss.arrays.types import Array, ArrayLike, DuckArray, Weights
from streamloss.exact.counted import Counted
from streamloss.metrics import BalancedAccuracy, ConfusionMatrix
from streamloss.metrics.pairs import Coded, pairs_of

from .arguments import check_flag, check_spelled
from .cells import SCALAR, Out, check_heavy, finished
from .labels import few
from .targets import given_labels, one_label_each

__all__ = ["balanced_accuracy_score", "confusion_matrix"]

ABSENT = "At least one label specified must be in y_true"

ALONE = (
    "A single label was found in 'y_true' and 'y_pred'. For the confusion matrix to have the "
    "correct shape, use the 'labels' parameter to pass all known labels."
)


def labels_in(cells: Counted) -> list[Any]:
    """Return all labels of cells, also of those without weight, sorted by value."""
    return sorted({*cells.keys["true"].tolist(), *cells.keys["pred"].tolist()})


def indexed(cells: Counted, labels: list[Any] | None, rule: str = ABSENT) -> Coded:
    """Return the pairs of labels as their places among some, all by default; others are left out.

    Raises
    ------
    ValueError
        If y_true has none of the labels, which the rule asks for.
    """
    check_heavy(cells)
    asked = labels_in(cells) if labels is None else labels
    if not asked:
        raise ValueError("'labels' should contain at least one label.")
    place = {label: k for k, label in enumerate(asked)}
    if len(asked) == 1:
        warnings.warn(ALONE, UserWarning, stacklevel=5)
    if place.keys().isdisjoint(cells.keys["true"].tolist()):
        raise ValueError(f"{rule}: got {few(asked)}")
    pairs = pairs_of(cells)
    true, pred = (
        np.array([place.get(label, -1) for label in column.tolist()], np.int64)
        for column in (pairs.true, pairs.pred)
    )
    kept = (true >= 0) & (pred >= 0)
    return Coded(np.arange(len(asked)), true[kept], pred[kept], pairs.units[kept])


def confusion_matrix(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    *,
    labels: ArrayLike | None = None,
    sample_weight: Weights = None,
    normalize: str | None = None,
) -> Any:
    """Return the weights of pairs of labels, as `sklearn.metrics.confusion_matrix`.

    Parameters
    ----------
    y_true, y_pred : array-like of shape (samples,)
        Labels, whole numbers or text; dask arrays make the result lazy.
    labels : array-like, optional
        The labels of rows and columns, in this order; samples with others are left out. By
        default all that y_true or y_pred has, sorted.
    sample_weight : array-like of shape (samples,), optional
        A weight for each sample.
    normalize : {"true", "pred", "all"}, optional
        What to divide by: the sum of the row, of the column, or of all.

    Returns
    -------
    array of shape (labels, labels)
        A row for each label y_true, a column for each y_pred: int64 if weights are, else float64.
        A share of nothing is 0.

    Raises
    ------
    ValueError
        If shapes do not fit, if labels are fractions, NaN, or text for numbers, if y_true has none
        of `labels`, or if weights are NaN, infinite or all zero.
    InvalidParameterError
        If an argument is of another type.

    Examples
    --------
    >>> confusion_matrix([2, 0, 2, 2, 0, 1], [0, 0, 2, 2, 0, 2])
    array([[2, 0, 0],
           [0, 0, 1],
           [1, 0, 2]])
    >>> confusion_matrix(["cat", "ant"], ["cat", "cat"], labels=["cat", "ant"], normalize="true")
    array([[1., 0.],
           [1., 0.]])
    """
    check_spelled("normalize", normalize, ("true", "pred", "all", None))
    targets, asked = one_label_each(y_true, y_pred, sample_weight), given_labels(labels)
    whole = normalize is None and _are_integers(targets.weights)
    dtype = np.dtype(np.int64 if whole else np.float64)
    finish = functools.partial(_matrix, labels=asked, normalize=normalize, dtype=dtype)
    size = math.nan if asked is None else len(asked)
    return finished(targets.cells(), finish, Out((size, size), dtype))


def _are_integers(weights: DuckArray | None) -> bool:
    return weights is None or weights.dtype.kind in "biu"


def _matrix(cells: Counted, labels: list[Any] | None, normalize: str | None, dtype: Any) -> Array:
    """Return the matrix of pairs of labels."""
    pairs = indexed(cells, labels)
    size = len(pairs.labels)
    keys = {"true": pairs.true, "pred": pairs.pred}
    some = Counted(keys, np.ones_like(pairs.true), pairs.units, cells.exponent)
    made = ConfusionMatrix(normalize or "none").combine(some)
    if made.weights.dtype.kind == "f" and dtype.kind == "i" and len(made.weights):
        raise ValueError("sums of sample_weight must be integers of 64 bits: got larger ones")
    found = np.zeros((size, size), dtype)
    found[made.labels[made.true], made.labels[made.pred]] = np.nan_to_num(made.weights)
    return found


def balanced_accuracy_score(
    y_true: ArrayLike, y_pred: ArrayLike, *, sample_weight: Weights = None, adjusted: bool = False
) -> Any:
    """Return the mean recall of the classes, as `sklearn.metrics.balanced_accuracy_score`.

    Parameters and errors are those of `confusion_matrix`, and:

    Parameters
    ----------
    adjusted : bool
        Whether it is shifted and scaled so that guessing at random gives 0, and all right 1.

    Returns
    -------
    float, or lazy array of it
        Without a unit. Classes that y_true does not have are left out, with a warning.

    Examples
    --------
    >>> balanced_accuracy_score([0, 1, 0, 0, 1, 0], [0, 1, 0, 0, 0, 1])
    0.625
    """
    check_flag("adjusted", adjusted)
    cells = one_label_each(y_true, y_pred, sample_weight).cells()
    return finished(cells, functools.partial(_balanced, adjusted=bool(adjusted)), SCALAR)


def _balanced(cells: Counted, adjusted: bool) -> Any:
    """Return the mean recall of the classes that y_true has."""
    pairs = indexed(cells, None)
    if len(np.unique(pairs.true)) < len(pairs.labels):
        warnings.warn("y_pred contains classes not in y_true", UserWarning, stacklevel=4)
    return BalancedAccuracy(float(adjusted)).combine(cells)
