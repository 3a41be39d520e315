"""Rates of classes and their averages: precision, recall, F and Jaccard, as `sklearn.metrics`."""

from __future__ import annotations

from typing import Any, Literal

from streamloss.arrays.types import ArrayLike, Weights

from .arguments import Label, check_array_like, check_spelled
from .cells import finished
from .classes import Selection, check_positive
from .rated import EVERY, JACCARD, PRECISION, RECALL, Rate, Rates, f_score, zero_of
from .targets import targets_of

__all__ = [
    "f1_score", "fbeta_score", "jaccard_score", "precision_recall_fscore_support",
    "precision_score", "recall_score",
]  # fmt: skip

Average = Literal["micro", "macro", "samples", "weighted", "binary"] | None

AVERAGES = "micro", "macro", "samples", "weighted", "binary", None


def _asked(
    data: tuple[ArrayLike, ArrayLike, Weights],
    classes: tuple[ArrayLike | None, Label | None, Average],
    rates: tuple[Rate, ...],
    zero: float | None,
    warn_for: tuple[str, ...] = EVERY,
    support: bool = False,
) -> Any:
    """Return the rates of a call."""
    labels, pos_label, average = classes
    check_positive(pos_label)
    check_spelled("average", average, AVERAGES)
    targets = targets_of(*data)
    selection = Selection.of(targets, labels, pos_label, average)
    asked = Rates(rates, selection, warn_for, zero, support)
    return finished(selection.cells(targets), asked.results, asked.outs())


def precision_recall_fscore_support(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    *,
    beta: float = 1.0,
    labels: ArrayLike | None = None,
    pos_label: Label | None = 1,
    average: Average = None,
    warn_for: Any = EVERY,
    sample_weight: Weights = None,
    zero_division: float | str = "warn",
) -> Any:
    """Return precision, recall, F and the weight of y_true in each class.

    As `sklearn.metrics.precision_recall_fscore_support`.

    Parameters
    ----------
    y_true, y_pred : array-like of shape (samples,) or (samples, labels)
        Labels, whole numbers or text, or rows of indicators; dask arrays make results lazy.
    beta : float
        How much more recall counts than precision, from 0 to infinity; taken exactly.
    labels : array-like, optional
        The classes, in this order; by default all that y_true or y_pred has, sorted.
    pos_label : number, str or bool
        The class that ``average="binary"`` is about.
    average : {"binary", "micro", "macro", "weighted", "samples"}, optional
        What becomes of the classes: one of two alone, their counts together, their mean, that
        weighted by y_true, or the mean over samples of rows. By default each has its result.
    warn_for : list, tuple or set
        Of "precision", "recall" and "f-score" those which are warned of where they are 0 / 0.
    sample_weight : array-like of shape (samples,), optional
        A weight for each sample.
    zero_division : {"warn", 0, 1, NaN}
        What 0 / 0 is: 0 with a warning by default. NaN is left out of averages.

    Returns
    -------
    precision, recall, fscore : float, or array of shape (classes,)
        Without a unit; averages are rounded once.
    support : None, or array of shape (classes,)
        The weight of y_true in each class, None of averages.

    Raises
    ------
    ValueError
        If shapes do not fit; if labels are fractions, NaN, or text for numbers; if weights are
        NaN, infinite or all zero; if there are other classes than `average` or `pos_label` need.
    InvalidParameterError
        If an argument is of another type, or no known name.

    Examples
    --------
    >>> y_true, y_pred = ["cat", "dog", "pig", "cat"], ["cat", "pig", "pig", "dog"]
    >>> precision_recall_fscore_support(y_true, y_pred, average="micro")
    (0.5, 0.5, 0.5, None)
    >>> precision_recall_fscore_support(y_true, y_pred, zero_division=0)[3]
    array([2, 1, 1])
    """
    rate = f_score(beta)
    check_array_like("warn_for", warn_for)
    return _asked(
        (y_true, y_pred, sample_weight),
        (labels, pos_label, average),
        (PRECISION, RECALL, rate),
        zero_of(zero_division, nan=True),
        tuple(warn_for),
        support=True,
    )


def precision_score(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    *,
    labels: ArrayLike | None = None,
    pos_label: Label | None = 1,
    average: Average = "binary",
    sample_weight: Weights = None,
    zero_division: float | str = "warn",
) -> Any:
    """Return the share of samples predicted as a class that are of it: TP / (TP + FP).

    As `sklearn.metrics.precision_score`; parameters, results and errors are those of
    `precision_recall_fscore_support`.

    Examples
    --------
    >>> precision_score([0, 1, 1, 0], [0, 1, 1, 1])
    0.6666666666666666
    """
    data, classes = (y_true, y_pred, sample_weight), (labels, pos_label, average)
    return _asked(data, classes, (PRECISION,), zero_of(zero_division, nan=True))


def recall_score(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    *,
    labels: ArrayLike | None = None,
    pos_label: Label | None = 1,
    average: Average = "binary",
    sample_weight: Weights = None,
    zero_division: float | str = "warn",
) -> Any:
    """Return the share of samples of a class that are predicted as it: TP / (TP + FN).

    As `sklearn.metrics.recall_score`; parameters, results and errors are those of
    `precision_recall_fscore_support`.

    Examples
    --------
    >>> recall_score([0, 1, 2, 0, 1, 2], [0, 2, 1, 0, 0, 1], average="macro")
    0.3333333333333333
    """
    data, classes = (y_true, y_pred, sample_weight), (labels, pos_label, average)
    return _asked(data, classes, (RECALL,), zero_of(zero_division, nan=True))


def f1_score(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    *,
    labels: ArrayLike | None = None,
    pos_label: Label | None = 1,
    average: Average = "binary",
    sample_weight: Weights = None,
    zero_division: float | str = "warn",
) -> Any:
    """Return 2 TP / (2 TP + FP + FN) of a class, as `sklearn.metrics.f1_score`.

    Parameters, results and errors are those of `precision_recall_fscore_support`.

    Examples
    --------
    >>> f1_score([0, 1, 1, 0], [0, 1, 1, 1])
    0.8
    """
    data, classes = (y_true, y_pred, sample_weight), (labels, pos_label, average)
    return _asked(data, classes, (f_score(1.0),), zero_of(zero_division, nan=True))


def fbeta_score(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    *,
    beta: float,
    labels: ArrayLike | None = None,
    pos_label: Label | None = 1,
    average: Average = "binary",
    sample_weight: Weights = None,
    zero_division: float | str = "warn",
) -> Any:
    """Return (1 + b^2) TP / ((1 + b^2) TP + b^2 FN + FP), as `sklearn.metrics.fbeta_score`.

    Parameters, results and errors are those of `precision_recall_fscore_support`.

    Examples
    --------
    >>> fbeta_score([0, 1, 1, 0], [0, 1, 1, 1], beta=0.5)
    0.7142857142857143
    """
    rate = f_score(beta)
    data, classes = (y_true, y_pred, sample_weight), (labels, pos_label, average)
    return _asked(data, classes, (rate,), zero_of(zero_division, nan=True), ("f-score",))


def jaccard_score(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    *,
    labels: ArrayLike | None = None,
    pos_label: Label | None = 1,
    average: Average = "binary",
    sample_weight: Weights = None,
    zero_division: float | str = "warn",
) -> Any:
    """Return TP / (TP + FP + FN) of a class, as `sklearn.metrics.jaccard_score`.

    Parameters, results and errors are those of `precision_recall_fscore_support`, but 0 / 0 cannot
    be NaN.

    Examples
    --------
    >>> jaccard_score([0, 1, 1, 0], [0, 1, 1, 1])
    0.6666666666666666
    """
    data, classes = (y_true, y_pred, sample_weight), (labels, pos_label, average)
    return _asked(data, classes, (JACCARD,), zero_of(zero_division, nan=False), ("jaccard",))
