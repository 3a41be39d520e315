"""Whether the label is among the highest scores, as in `sklearn.metrics`."""

from __future__ import annotations

import functools
import warnings
from typing import Any

import numpy as np

from streamloss.arrays.batch import FLOAT64
from streamloss.arrays.types import ArrayLike, DuckArray, Weights
from streamloss.compat._common.arrays import bare, hidden, hide, is_masked
from streamloss.losses import Value

from .arguments import check_count, check_flag, column, undefined_warning
from .calls import Call, scalar, total
from .labels import classes_of, coded
from .positives import SHAPE, places_among
from .reductions import lenient_mean, lenient_sum
from .scored import scores_of
from .targets import given_labels

__all__ = ["top_k_accuracy_score"]


def top_k_accuracy_score(
    y_true: ArrayLike,
    y_score: ArrayLike,
    *,
    k: int = 2,
    normalize: bool = True,
    sample_weight: Weights = None,
    labels: ArrayLike | None = None,
) -> Any:
    """Return the share of labels among the k highest scores.

    As `sklearn.metrics.top_k_accuracy_score`.

    Parameters
    ----------
    y_true : array-like of shape (samples,)
        Labels, whole numbers or text.
    y_score : array-like of shape (samples,) or (samples, classes)
        Scores of the larger of two labels, or of all in sorted order; dask arrays make the result
        lazy. Of equal ones that of the later class counts as higher. One score is of the larger
        label if it is above 0.5 where all are in [0, 1], else above 0.
    k : int
        How many scores are looked at.
    normalize : bool
        Whether to return the share or the sum of the weights.
    sample_weight : array-like of shape (samples,), optional
        A weight for each sample.
    labels : array-like, optional
        All classes there are, sorted; those in y_true by default.

    Returns
    -------
    float, or lazy array of it

    Raises
    ------
    ValueError
        If shapes do not fit, if labels are fractions or NaN, if scores are NaN or infinite, or if
        there are other classes than scores.
    ZeroDivisionError
        If weights sum to zero and a share is asked for.
    InvalidParameterError
        If an argument is of another type.

    Examples
    --------
    >>> rows = [[0.5, 0.2, 0.2], [0.3, 0.4, 0.2], [0.2, 0.4, 0.3], [0.7, 0.2, 0.1]]
    >>> top_k_accuracy_score([0, 1, 2, 2], rows, k=2)
    0.75
    """
    highest = check_count("k", k)
    check_flag("normalize", normalize)
    true, score, weights = scores_of(y_true, y_score, sample_weight)
    true = column("y_true", true)
    hits = _hits(true, score, highest, given_labels(labels))
    checks = (None,) if weights is None else (None, None)
    finish = lenient_mean(FLOAT64) if normalize else lenient_sum(FLOAT64)
    return scalar(total(Value(), Call((hits,), weights, checks), finish))


def _hits(true: DuckArray, score: DuckArray, k: int, labels: list[Any] | None) -> DuckArray:
    """Return which labels are among the k highest scores."""
    size = score.shape[1] if score.ndim == 2 else 2
    if labels is not None and labels != sorted(set(labels)):
        rule = "ordered" if len(set(labels)) == len(labels) else "unique"
        raise ValueError(f"Parameter 'labels' must be {rule}.")
    if labels is not None and len(labels) > 2 and score.ndim == 1:
        raise ValueError(f"{SHAPE}classes. Got `y_score.shape={score.shape}`.")
    classes = classes_of(true) if labels is None else np.array(labels)
    finish = functools.partial(places_among, shape=score.shape, given=labels is not None)
    codes = coded(true, classes, finish)
    if k >= size:
        warnings.warn(
            f"'k' ({k}) greater than or equal to 'n_classes' ({size}) will result in a perfect "
            "score and is therefore meaningless.",
            undefined_warning(),
            stacklevel=3,
        )
    if score.ndim == 1:
        inside = (score.min() >= 0) & (score.max() <= 1)
        right: DuckArray = (score > np.where(inside, 0.5, 0.0)) == (codes == 1)
        return right | (k > 1)
    return _among(codes, score, k)


def _among(codes: DuckArray, score: DuckArray, k: int) -> DuckArray:
    """Return which classes are among the k highest scores of their rows."""
    index, rows = np.arange(score.shape[1]), bare(score)
    own = bare(codes)[:, None]
    height = np.where(own == index, rows, -np.inf).max(axis=1)[:, None]
    above = (rows > height) | ((rows == height) & (index > own))
    found: DuckArray = above.sum(axis=1) < k
    return hide(found, hidden(codes)) if is_masked(codes) else found
