"""The exact counts of the classes that a rate is asked of, and which classes those are."""

from __future__ import annotations

import numbers
import warnings
from typing import Any, NamedTuple

import numpy as np

from streamloss.arrays.batch import FLOAT64
from streamloss.arrays.types import Array, ArrayLike, DType
from streamloss.exact.counted import Counted
from streamloss.exact.ratios import scaled
from streamloss.metrics.counts import class_counts, label_counts

from .arguments import Label, refuse
from .cells import Cells, Pairs, check_heavy, count
from .confusion import labels_in
from .labels import in_brackets
from .targets import Targets, given_labels

AVERAGES = [None, "micro", "macro", "weighted", "samples"]
"""What other averages than that of one class there are, as scikit-learn lists them."""


def check_positive(pos_label: object) -> None:
    """Refuse what is no label."""
    if not isinstance(pos_label, numbers.Real | str | np.bool_ | None):
        refuse("pos_label", "a number, text or None", pos_label)


class ClassCounts(NamedTuple):
    """The exact counts of classes, each against the rest, or of rows of indicators.

    Attributes
    ----------
    hits, true, pred : list of int
        The units where the class is both, y_true, and y_pred.
    exponent : int
        What a unit is: 2**exponent.
    heavy : list of int, optional
        The weights of rows.
    dtype : dtype
        That of the weights of classes.
    rows : int
        How many rows there are, of which some are counted together.
    """

    hits: list[int]
    true: list[int]
    pred: list[int]
    exponent: int = 0
    heavy: list[int] | None = None
    dtype: DType = FLOAT64
    rows: int = 0

    @property
    def size(self) -> int:
        """How many classes or rows there are."""
        return self.rows or len(self.hits)

    def together(self) -> ClassCounts:
        """Return the counts of all classes together."""
        hits, true, pred = ([sum(each)] for each in self[:3])
        return ClassCounts(hits, true, pred, self.exponent)

    def weights(self, average: str) -> list[int] | None:
        """Return what the values of classes or rows are weighted by, None if by nothing."""
        return self.true if average == "weighted" else self.heavy

    def support(self) -> Array:
        """Return the weight of y_true in each class."""
        found: Array = scaled(np.array(self.true, object), self.exponent).astype(self.dtype)
        return found


class Selection(NamedTuple):
    """Which classes are asked for.

    Attributes
    ----------
    labels : list, optional
        The classes, in order.
    pos_label : label
        The class of the average "binary".
    average : str, optional
        What becomes of the classes.
    columns : int
        How many labels a sample has, 0 if that is one.
    support : dtype
        Of the weights of classes.
    """

    labels: list[Any] | None
    pos_label: Label | None
    average: str | None
    columns: int
    support: DType

    @classmethod
    def of(
        cls, targets: Targets, labels: ArrayLike | None, pos_label: Label | None, average: Any
    ) -> Selection:
        """Return what a call asks for.

        Raises
        ------
        ValueError
            If the average is one of other labels than there are.
        """
        columns = targets.true.shape[1] if targets.are_rows else 0
        if average == "binary" and columns:
            raise ValueError(_not_binary("multilabel-indicator", AVERAGES))
        if average == "samples" and not columns:
            raise ValueError(
                "Samplewise metrics are not available outside of multilabel classification."
            )
        if average != "binary" and pos_label not in (None, 1):
            warnings.warn(
                f"Note that pos_label (set to {pos_label!r}) is ignored when average != 'binary' "
                f"(got {average!r}). You may use labels=[pos_label] to specify a single positive "
                "class.",
                UserWarning,
                stacklevel=5,
            )
        asked = given_labels(labels)
        if columns and asked is not None:
            _check_columns(asked, columns)
        dtype = np.dtype(np.int64) if targets.weights is None else FLOAT64
        return cls(asked, pos_label, average, columns, dtype)

    def cells(self, targets: Targets) -> Cells:
        """Return the cells to be counted: pairs of labels, those of columns, or rows."""
        if not self.columns:
            return targets.cells()
        if self.labels is not None:
            true, pred = (each[:, self.labels] for each in targets[:2])
            targets = targets._replace(true=true, pred=pred)
        if self.average != "samples":
            return targets.cells()
        true, pred, weights = targets.marked()
        if weights is not None:  # rows without weight have nothing
            some = (weights != 0)[:, None]
            true, pred = true & some, pred & some
        hits, of_true, of_pred = (each.sum(axis=1) for each in (true & pred, true, pred))
        return count(Pairs(), hits * (self.columns + 1) + of_true, of_pred, weights, None)

    def of_cells(self, cells: Any) -> ClassCounts:
        """Return the counts of the classes asked for.

        Raises
        ------
        ValueError
            If there are other classes than were asked for, or no weights.
        """
        if self.average == "samples":
            return self._of_rows(cells)
        return self._of_columns(cells) if self.columns else self._of_labels(cells)

    def _of_rows(self, cells: Counted) -> ClassCounts:
        check_heavy(cells)
        keys = cells.keys
        hits, true = (each.tolist() for each in np.divmod(keys["true"], self.columns + 1))
        heavy, rows = cells.units.tolist(), int(cells.elements.sum())
        return ClassCounts(hits, true, keys["pred"].tolist(), heavy=heavy, rows=rows)

    def _of_columns(self, cells: Any) -> ClassCounts:
        check_heavy(*cells)
        least = min([each.exponent for each in cells])
        columns = []
        for each in cells:
            found = label_counts(each, 1)
            units = found.hits, found.true, found.pred
            columns.append([unit << each.exponent - least for unit in units])
        hits, true, pred = (list(column) for column in zip(*columns, strict=True))
        return ClassCounts(hits, true, pred, least, dtype=self.support)

    def _of_labels(self, cells: Counted) -> ClassCounts:
        check_heavy(cells)
        present = labels_in(cells)
        asked = present if self.labels is None else self.labels
        if self.average == "binary":
            self._check_binary(present)
            asked = [self.pos_label]
        known = class_counts(cells, also=present)
        places = {label: k for k, label in enumerate(known.labels.tolist())}
        some = [places.get(label, -1) for label in asked]
        columns = ([*each.tolist(), 0] for each in (known.hits, known.true, known.pred))
        hits, true, pred = ([column[place] for place in some] for column in columns)
        return ClassCounts(hits, true, pred, cells.exponent, dtype=self.support)

    def _check_binary(self, present: list[Any]) -> None:
        """Refuse labels that one class of two cannot be picked from."""
        if len(present) > 2:
            raise ValueError(_not_binary("multiclass", AVERAGES[:-1]))
        if len(present) == 2 and self.pos_label not in present:
            raise ValueError(
                f"pos_label={self.pos_label} is not a valid label. It should be one of "
                f"{in_brackets(present)}"
            )


def _not_binary(kind: str, averages: list[Any]) -> str:
    return (
        f"Target is {kind} but average='binary'. Please choose another average setting, one of "
        f"{averages!r}."
    )


def _check_columns(labels: list[Any], columns: int) -> None:
    """Refuse labels that are no columns, and none of them."""
    if not labels:
        raise ValueError("labels must be at least one column of y_true: got none")
    for label in labels:
        if isinstance(label, str) or not 0 <= label < columns:
            rule = "All labels must be in [0, n labels) for multilabel targets."
            bound = "< 0" if isinstance(label, str) or label < 0 else f"> {columns - 1}"
            raise ValueError(f"{rule} Got {label} {bound}")
