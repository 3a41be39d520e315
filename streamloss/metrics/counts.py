"""Exact counts of labels: what metrics of classes make of the cells of pairs of labels.

Cells whose weight is zero are left out: an element of weight zero counts for nothing, whatever its
label. All counts are integers, in the unit of the weights, which every ratio of them cancels.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np

from streamloss.exact.counted import Counted
from streamloss.support.brief import brief

FEW = 256
"""Cells whose labels are told apart by a dict: numpy takes longer to sort few."""

ROOM = 1 << 60
"""What the sum of magnitudes is below if int64 holds four of them, as in N - T - P + TP."""


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


class Pairs(NamedTuple):
    """Labels y_true and y_pred of cells whose weight is not zero, and their weights in units."""

    true: Any
    pred: Any
    units: Any


class Coded(NamedTuple):
    """Pairs of labels, each as its index among all labels, which are sorted by value."""

    labels: Any
    true: Any
    pred: Any
    units: Any


def pairs_of(cells: Counted, ignore: Any = None) -> Pairs:
    """Return the pairs of labels of cells with the keys "true" and "pred".

    Parameters
    ----------
    cells : Counted
        Of weights that may be negative.
    ignore : label, optional
        The label y_true whose elements are left out.

    Raises
    ------
    TypeError
        If `ignore` is text and labels are numbers, or the reverse.
    """
    found = Pairs(cells.keys["true"], cells.keys["pred"], _roomy(cells.units))
    kept = _counting(cells, ignore)
    return found if kept.all() else Pairs(*[column[kept] for column in found])


def _counting(cells: Counted, ignore: Any) -> Any:
    """Return which cells count: their weights are not zero, nor is y_true ignored."""
    kept = cells.units != 0
    if ignore is not None:
        kept &= ~is_label("ignore_index", cells.keys["true"], ignore)
    return kept


def _roomy(units: Any) -> Any:
    """Return units of which int64 holds any four sums, or Python's integers."""
    if units.dtype == object or int(abs(units).sum()) < ROOM:
        return units
    return units.astype(object)


def is_label(name: str, column: Any, label: Any) -> Any:
    """Return which labels of a column are one label.

    Raises
    ------
    TypeError
        If one is text and the others are numbers; `name` says what it is the parameter of.
    """
    if len(column) and isinstance(column[0], str) != isinstance(label, str):
        rule = "text" if isinstance(column[0], str) else "a number"
        raise TypeError(f"{name} must be {rule}, as the labels are: got {brief(label)}")
    return column == label


def coded(cells: Counted, ignore: Any = None, also: Iterable[Any] = ()) -> Coded:
    """Return the pairs of labels of cells, each as its index among all labels.

    Parameters
    ----------
    cells : Counted
        With the keys "true" and "pred", labels of one kind.
    ignore : label, optional
        The label y_true whose elements are left out.
    also : iterable of label
        Labels that are there even if no pair has them.

    Examples
    --------
    >>> found = coded(Counted.of_rows({"true": ["b", "a"], "pred": ["b", "c"]}))
    >>> found.labels.tolist(), found.true.tolist(), found.pred.tolist()
    (['a', 'b', 'c'], [0, 1], [2, 1])
    """
    true, pred, units = pairs_of(cells, ignore)
    if len(units) > FEW and true.dtype == pred.dtype == np.int64:
        both = np.concatenate([true, pred, np.array([*also], np.int64)])
        labels, places = np.unique(both, return_inverse=True)
        return Coded(labels, places[: len(units)], places[len(units) : 2 * len(units)], units)
    found = true.tolist(), pred.tolist()
    known = sorted({*found[0], *found[1], *also})
    place = {label: k for k, label in enumerate(known)}
    codes = [np.array([place[label] for label in column], np.intp) for column in found]
    return Coded(_column(known), codes[0], codes[1], units)


def _column(labels: list[Any]) -> Any:
    """Return labels as an array, int64 if it holds them all."""
    if all([isinstance(label, int) and -(1 << 63) <= label < 1 << 63 for label in labels]):
        return np.array(labels, np.int64)
    column = np.empty(len(labels), object)
    column[:] = labels
    return column


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
    kept = _counting(cells, ignore)
    outputs, true, pred = (cells.keys[name][kept] for name in ("place", "true", "pred"))
    units = _roomy(cells.units)[kept]
    labels, places = np.unique(outputs, return_inverse=True)
    masks = (true == positive) & (pred == positive), true == positive, pred == positive
    hits, of_true, of_pred = (added(places[m], units[m], len(labels)) for m in masks)
    return Counts(labels, hits, of_true, of_pred, added(places, units, len(labels)))


def row_counts(cells: Counted) -> Counts:
    """Return the counts in a row of indicators of each cell, which are its keys."""
    kept = _counting(cells, None)
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
