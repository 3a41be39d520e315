"""Exact counts of labels: what metrics of classes make of the cells of pairs of labels.

Cells whose weight is zero are left out: an element of weight zero counts for nothing, whatever its
label. All counts are integers, in the unit of the weights, which every ratio of them cancels.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np

from streamloss.exact.counted import Counted

from .pairs import Coded, coded, counting, is_label, pairs_of, roomy


class Counts(NamedTuple):
    """The exact counts of labels, each against the rest: arrays, or integers of one label.

    Attributes
    ----------
    labels : array or label
        The labels, sorted by value: int64, or objects such as text.
    hits, true, pred : int64 or object array, or int
        The units of the elements of which the label is both, y_true, and y_pred.
    total : int64 or object array, or int
        The units of all elements. Sums of any four of these fit.
    """

    labels: Any
    hits: Any
    true: Any
    pred: Any
    total: Any

    @property
    def false(self) -> Any:
        """The units of the elements of which y_true is not the label."""
        return self.total - self.true

    @property
    def rejected(self) -> Any:
        """The units of the elements of which neither is the label: true negatives."""
        return self.total - self.true - self.pred + self.hits


def class_counts(cells: Counted, ignore: Any = None, also: Iterable[Any] = ()) -> Counts:
    """Return the counts of each class against the rest, of cells of pairs of labels.

    An ignored label, whose elements are left out, is among the classes where it is predicted.

    Parameters
    ----------
    cells : Counted
        With the keys "true" and "pred".
    ignore : label, optional
        The label y_true whose elements are left out.
    also : iterable of label
        Classes that are there even if no cell has them.

    Examples
    --------
    >>> cells = Counted.of_rows({"true": [0, 0, 2], "pred": [0, 1, 2]})
    >>> counts = class_counts(cells)
    >>> counts.labels.tolist(), counts.hits.tolist(), counts.true.tolist(), counts.pred.tolist()
    ([0, 1, 2], [1, 0, 1], [2, 0, 1], [1, 1, 1])
    """
    return counts_of(coded(cells, ignore, also))


def counts_of(pairs: Coded) -> Counts:
    """Return the counts of each class against the rest."""
    labels, true, pred, units = pairs
    same, size = true == pred, len(labels)
    hits = added(true[same], units[same], size)
    of_true, of_pred = (added(places, units, size) for places in (true, pred))
    return Counts(labels, hits, of_true, of_pred, total_of(units))


def without(counts: Counts, label: Any) -> Counts:
    """Return the counts of all classes but one."""
    kept = counts.labels != label
    labels, hits, true, pred, total = counts
    return Counts(labels[kept], hits[kept], true[kept], pred[kept], total)


def label_counts(cells: Counted, positive: Any = 1, ignore: Any = None) -> Counts:
    """Return the counts of one label against the rest, as integers.

    Parameters
    ----------
    cells : Counted
        With the keys "true" and "pred".
    positive, ignore : label
        The label, and that y_true whose elements are left out.

    Raises
    ------
    TypeError
        If one is text and labels are numbers, or the reverse.

    Examples
    --------
    >>> cells = Counted.of_rows({"true": [0, 1, 1], "pred": [1, 1, 0]})
    >>> label_counts(cells)
    Counts(labels=1, hits=1, true=2, pred=2, total=3)
    """
    pairs = pairs_of(cells, ignore)
    true = is_label("positive", pairs.true, positive)
    pred = is_label("positive", pairs.pred, positive)
    hits, of_true, of_pred = (total_of(pairs.units[which]) for which in (true & pred, true, pred))
    return Counts(positive, hits, of_true, of_pred, total_of(pairs.units))


def output_counts(cells: Counted, positive: Any = 1, ignore: Any = None) -> Counts:
    """Return the counts of a label in each output, of cells with the key "place" as well.

    The labels of these counts are the indices of outputs, and `total` is an array.

    Examples
    --------
    >>> cells = Counted.of_rows({"place": [0, 0, 1], "true": [1, 0, 1], "pred": [1, 1, 0]})
    >>> counts = output_counts(cells)
    >>> counts.hits.tolist(), counts.true.tolist(), counts.total.tolist()
    ([1, 0], [1, 1], [2, 1])
    """
    kept = counting(cells, ignore)
    outputs, true, pred = (cells.keys[name][kept] for name in ("place", "true", "pred"))
    units = roomy(cells.units)[kept]
    labels, places = np.unique(outputs, return_inverse=True)
    masks = (true == positive) & (pred == positive), true == positive, pred == positive
    hits, of_true, of_pred = (added(places[m], units[m], len(labels)) for m in masks)
    return Counts(labels, hits, of_true, of_pred, added(places, units, len(labels)))


def row_counts(cells: Counted) -> Counts:
    """Return the counts in a row of indicators of each cell, which are its keys."""
    kept = counting(cells, None)
    hits, true, pred, width = (cells.keys[k][kept] for k in ("hits", "true", "pred", "width"))
    return Counts(None, hits, true, pred, width)


def agreement(cells: Counted, ignore: Any = None) -> tuple[int, int]:
    """Return the units of pairs of equal labels, and of all pairs.

    Examples
    --------
    >>> agreement(Counted.of_rows({"true": [0, 1, 1], "pred": [1, 1, 0]}))
    (1, 3)
    """
    pairs = pairs_of(cells, ignore)
    return total_of(pairs.units[pairs.true == pairs.pred]), total_of(pairs.units)


def added(places: Any, units: Any, size: int) -> Any:
    """Return the sums of units at each of so many places."""
    sums = np.zeros(size, units.dtype)
    np.add.at(sums, places, units)
    return sums


def total_of(units: Any) -> int:
    """Return the sum of units."""
    return int(units.sum())
