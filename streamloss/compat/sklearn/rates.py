"""Rates of classes and their averages: precision, recall, F and Jaccard, as `sklearn.metrics`."""

from __future__ import annotations

import math
import numbers
import warnings
from fractions import Fraction
from typing import Any, Literal, NamedTuple

import numpy as np

from streamloss.arrays.types import Array, ArrayLike, Weights
from streamloss.exact.ratios import mean_of_ratios, ratios

from .arguments import Label, check_array_like, check_spelled, refuse, undefined_warning
from .cells import SCALAR, VECTOR, Out, finished
from .classes import ClassCounts, Selection, check_positive
from .targets import targets_of

__all__ = [
    "f1_score", "fbeta_score", "jaccard_score", "precision_recall_fscore_support",
    "precision_score", "recall_score",
]  # fmt: skip

Average = Literal["micro", "macro", "samples", "weighted", "binary"] | None

AVERAGES = "micro", "macro", "samples", "weighted", "binary", None

EVERY = "precision", "recall", "f-score"


class Rate(NamedTuple):
    """A ratio of counts of classes, and what it is where that is 0 / 0.

    Attributes
    ----------
    name : str
        What it is called: one of `EVERY`, or "jaccard".
    lacks : str
        Which samples there are none of where it is not defined.
    beta : float
        That of an F score.
    """

    name: str
    lacks: str
    beta: float = 1.0

    def terms(self, counts: ClassCounts) -> tuple[list[int], list[int]]:
        """Return numerators and denominators."""
        hits, true, pred = counts.hits, counts.true, counts.pred
        if self.name == "precision":
            return hits, pred
        if self.name == "recall":
            return hits, true
        pairs = list(zip(true, pred, strict=True))
        if self.name == "jaccard":
            return hits, [t + p - h for h, (t, p) in zip(hits, pairs, strict=True)]
        n, d = (Fraction(self.beta) ** 2).as_integer_ratio()
        return [(n + d) * h for h in hits], [n * t + d * p for t, p in pairs]


PRECISION, RECALL = Rate("precision", "predicted"), Rate("recall", "true")

JACCARD = Rate("jaccard", "true or predicted")


def _f_score(beta: object) -> Rate:
    """Return the rate that an F score is: precision for 0, recall for infinity."""
    number = float(beta) if isinstance(beta, numbers.Real) else math.nan
    if not number >= 0.0:
        refuse("beta", "a number of at least 0", beta)
    if number in (0.0, math.inf):
        return RECALL if number else PRECISION
    return Rate("f-score", "true nor predicted", number)


class Rates(NamedTuple):
    """What is asked: rates, of which classes, and what becomes of those.

    Attributes
    ----------
    rates : tuple of Rate
        What is asked for.
    selection : Selection
        Of which classes.
    warn_for : tuple of str
        The names of the rates that are warned of where they are 0 / 0.
    zero : float, optional
        What 0 / 0 is; None is 0 with a warning.
    support : bool
        Whether results are a tuple, with the weights of classes.
    """

    rates: tuple[Rate, ...]
    selection: Selection
    warn_for: tuple[str, ...]
    zero: float | None
    support: bool = False

    def results(self, cells: Any) -> Any:
        """Return the results of cells."""
        average = self.selection.average
        counts = self.selection.of_cells(cells)
        if average == "micro":
            counts = counts.together()
        found: list[Any] = [self._rate(rate, counts) for rate in self.rates]
        if not self.support:
            return found[0]
        return (*found, counts.support() if average is None else None)

    def _rate(self, rate: Rate, counts: ClassCounts) -> float | Array:
        """Return the values of a rate, or their average."""
        over, under = rate.terms(counts)
        empty = [d == 0 for d in under]
        if any(empty) and self.zero is None and rate.name in self.warn_for:
            _warn(rate, self.selection.average, counts.size)
        instead = {None: (0, 1), 0.0: (0, 1), 1.0: (1, 1)}.get(self.zero, (0, 0))
        pairs = [
            instead if none else pair
            for none, pair in zip(empty, zip(over, under, strict=True), strict=True)
        ]
        over, under = [n for n, _ in pairs], [d for _, d in pairs]
        if self.selection.average is None:
            found: Array = ratios(np.array(over, object), np.array(under, object))
            return found
        weights = counts.weights(self.selection.average)
        known = [w for w, d in zip(weights or [], under, strict=False) if d]
        return mean_of_ratios(over, under, weights if sum(known) else None)

    def outs(self) -> Any:
        """Return what the results of dask arrays are known to be."""
        each = VECTOR if self.selection.average is None else SCALAR
        if not self.support:
            return each
        integers = Out((math.nan,), self.selection.support)
        return (*[each] * len(self.rates), integers if self.selection.average is None else None)


def _warn(rate: Rate, average: str | None, size: int) -> None:
    """Warn that a rate is not defined for some classes, or samples."""
    sample, label = ("label", "sample") if average == "samples" else ("sample", "label")
    where = "due to" if size == 1 else f"in {label}s with"
    warnings.warn(
        f"{rate.name.capitalize()} is ill-defined and being set to 0.0 {where} no {rate.lacks} "
        f"{sample}s. Use `zero_division` parameter to control this behavior.",
        undefined_warning(),
        stacklevel=6,
    )


def _zero(value: object, nan: bool) -> float | None:
    """Return what 0 / 0 is, None for 0 with a warning."""
    if isinstance(value, str) and value == "warn":
        return None
    if isinstance(value, int | float) and (value in (0, 1) or (nan and value != value)):
        return float(value)
    refuse("zero_division", "'warn', 0, 1 or NaN" if nan else "'warn', 0 or 1", value)


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
    f_score = _f_score(beta)
    check_array_like("warn_for", warn_for)
    return _asked(
        (y_true, y_pred, sample_weight),
        (labels, pos_label, average),
        (PRECISION, RECALL, f_score),
        _zero(zero_division, nan=True),
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
    return _asked(data, classes, (PRECISION,), _zero(zero_division, nan=True))


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
    return _asked(data, classes, (RECALL,), _zero(zero_division, nan=True))


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
    return _asked(data, classes, (_f_score(1.0),), _zero(zero_division, nan=True))


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
    f_score = _f_score(beta)
    data, classes = (y_true, y_pred, sample_weight), (labels, pos_label, average)
    return _asked(data, classes, (f_score,), _zero(zero_division, nan=True), ("f-score",))


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
    return _asked(data, classes, (JACCARD,), _zero(zero_division, nan=False), ("jaccard",))
