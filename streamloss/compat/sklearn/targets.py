"""Labels y_true and y_pred of samples: one each, or rows of indicators."""

from __future__ import annotations

import functools
from typing import Any, NamedTuple

import numpy as np

from streamloss.arrays.batch import is_lazy
from streamloss.arrays.types import ArrayLike, DuckArray, Weights
from streamloss.compat._common.arrays import checked

from .arguments import (
    aligned,
    as_weights,
    check_array_like,
    check_array_likes,
    column,
    refuse,
)
from .cells import Cells, Pairs, count
from .labels import as_labels, classes_of, coded, indicator
from .values import check_integral


class Targets(NamedTuple):
    """The labels of samples, checked, or to be checked with each chunk.

    Attributes
    ----------
    true, pred : array of shape (samples,) or (samples, labels)
        The labels; rows are those of several labels a sample.
    weights : array, optional
        A weight for each sample, not checked.
    """

    true: DuckArray
    pred: DuckArray
    weights: DuckArray | None

    @property
    def are_rows(self) -> bool:
        """Whether there are several labels a sample."""
        return self.true.ndim == 2

    @property
    def is_lazy(self) -> bool:
        """Whether an array is dask's."""
        return any([is_lazy(each) for each in self])

    def marked(self) -> Targets:
        """Return rows of labels as whether each is not zero."""
        return self._replace(true=self.true != 0, pred=self.pred != 0)

    def cells(self) -> Cells:
        """Return the counts of pairs of labels; of rows those of each column."""
        found = self.marked() if self.are_rows else self
        return count(Pairs(), *found, axis=0 if self.are_rows else None)


def targets_of(y_true: ArrayLike, y_pred: ArrayLike, sample_weight: Weights) -> Targets:
    """Return the labels and weights of a call."""
    check_array_likes(sample_weight, y_true=y_true, y_pred=y_pred)
    true, pred = as_labels("y_true", y_true), as_labels("y_pred", y_pred)
    weights = as_weights(sample_weight, np.float64)
    true, pred, weights = aligned(y_true=true, y_pred=pred, sample_weight=weights)
    texts = [array.dtype.kind in "OU" for array in (true, pred)]
    if texts[0] != texts[1]:
        dtypes = f"y_true of dtype {true.dtype}, y_pred of {pred.dtype}"
        raise ValueError(f"Mix of label input types (string and number): got {dtypes}")
    several = any(array.ndim == 2 and array.shape[1] > 1 for array in (true, pred))
    return Targets(*(_rows(true, pred) if several else _flat(true, pred)), weights)


def one_label_each(y_true: ArrayLike, y_pred: ArrayLike, sample_weight: Weights) -> Targets:
    """Return the labels and weights of a call, which has one label for each sample."""
    found = targets_of(y_true, y_pred, sample_weight)
    if found.are_rows:
        raise ValueError(f"multilabel-indicator is not supported: got shape {found.true.shape}")
    return found


def _rows(true: DuckArray, pred: DuckArray) -> tuple[DuckArray, DuckArray]:
    """Return rows of labels, of two values each."""
    if not (true.ndim == pred.ndim == 2 and true.shape[1] == pred.shape[1]):
        raise ValueError(f"y_pred must have the shape of y_true, {true.shape}: got {pred.shape}")
    a, b = (
        coded(array, classes_of(array), functools.partial(indicator, name=name))
        for name, array in (("y_true", true), ("y_pred", pred))
    )
    return a, b


def _flat(true: DuckArray, pred: DuckArray) -> tuple[DuckArray, DuckArray]:
    """Return one label for each sample, as they are: float64 holds not all integers."""
    a, b = (
        checked(column(name, array), functools.partial(check_integral, name=name))
        for name, array in (("y_true", true), ("y_pred", pred))
    )
    return a, b


def given_labels(labels: Any) -> list[Any] | None:
    """Return the argument `labels` as a list, in its order; None if there is none."""
    if labels is None:
        return None
    check_array_like("labels", labels)
    if is_lazy(labels):
        refuse("labels", "an array-like in memory", labels)
    if np.shape(labels) == (0,):
        return []
    array = np.asarray(column("labels", as_labels("labels", labels)))
    check_integral(array, "labels")
    return [each if isinstance(each, str) else int(each) for each in array.tolist()]
