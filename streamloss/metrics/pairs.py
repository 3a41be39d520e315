"""Pairs of labels y_true and y_pred, from the cells of a metric of counts.

Cells whose weight is zero are left out: an element of weight zero counts for nothing, whatever its
label.
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
    found = Pairs(cells.keys["true"], cells.keys["pred"], roomy(cells.units))
    kept = counting(cells, ignore)
    return found if kept.all() else Pairs(*[column[kept] for column in found])


def counting(cells: Counted, ignore: Any) -> Any:
    """Return which cells count: their weights are not zero, nor is y_true ignored."""
    kept = cells.units != 0
    if ignore is not None:
        kept &= ~is_label("ignore_index", cells.keys["true"], ignore)
    return kept


def roomy(units: Any) -> Any:
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
