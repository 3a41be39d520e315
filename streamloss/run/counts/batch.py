"""A batch for metrics of counts, read and checked, and what adds it to tallies, part by part."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np

from streamloss.arrays.batch import Arguments, Batch, axes_with_rows, check_rows, normalise_axis
from streamloss.arrays.keys import NOTHING, Keyed, LastDictionary
from streamloss.exact.inner import CountedTable
from streamloss.exact.table import Table
from streamloss.losses.base import Loss
from streamloss.run.query import Query
from streamloss.run.slices.by import By

from .cells import CellTally
from .elements import Elements


class Sums(NamedTuple):
    """What a tally has: what was merged, and tallies of batches; replaced at once."""

    table: Table | None
    plain: Any
    cells: tuple[CellTally, ...]

    @property
    def tallies(self) -> list[Any]:
        """All tallies."""
        return [*([] if self.plain is None else [self.plain]), *self.cells]

    @property
    def is_new(self) -> bool:
        """Whether nothing was added."""
        return self.table is None and all([each.is_new for each in self.cells])


class Step(NamedTuple):
    """What adds a batch to a tally: to the one of that place, and whether that keeps extremes."""

    place: int
    add: Callable[[Sums], object]
    is_extreme: bool


def plain_of(losses: tuple[Loss, ...]) -> tuple[Loss, ...]:
    """Return the losses that are no metrics of counts."""
    return tuple([loss for loss in losses if loss.counting is None])


def check_weights(loss: Loss, batch: Batch) -> None:
    """Refuse negative weights of elements that are not masked: no bracket of a loss holds then.

    They might cancel within a cell, whose weight would not tell. It takes 0.3 ns an element.

    Raises
    ------
    ValueError
        If there is one.
    """
    weights = batch.weights
    with np.errstate(invalid="ignore"):  # of NaN that signal
        if weights is None or not weights.size or weights.min() >= 0.0:
            return
        negative = (weights < 0.0) if batch.where is None else (weights < 0.0) & batch.where
    if negative.any():
        rule = f"weights of {type(loss).__name__} must be at least 0, for else no bracket holds"
        raise ValueError(f"{rule}: got {weights[negative].min():g}")


class CountedBatch(NamedTuple):
    """A batch that is read and checked, as far as it alone tells.

    Attributes
    ----------
    query : Query
        What is asked.
    data : Arguments
        The arrays of the call.
    by : By, optional
        How slices are made, with the names of keys.
    given : object
        The keys of the call.
    keyeds : list of Keyed
        The keys of slices.
    elements : list of Elements
        The arrays of each thing that metrics of counts ask for.
    kept : tuple of int
        The sizes of the axes kept.
    in_task : bool
        Whether it is of a task of dask's.
    """

    query: Query
    data: Arguments
    by: By | None
    given: Any
    keyeds: list[Keyed]
    elements: list[Elements]
    kept: tuple[int, ...]
    in_task: bool

    @classmethod
    def of(
        cls, query: Query, data: Arguments, by: By | None, keys: Any, words: Any, in_task: bool
    ) -> CountedBatch:
        """Return the batch of a call.

        Raises
        ------
        TypeError, ValueError
            As `evaluate`.
        """
        asked, keyeds = by, list[Keyed]()
        if by is not None:
            asked, keyeds = by.read(keys, words)
            asked.check_missing(keyeds)
            for name in asked.names:
                words.setdefault(name, LastDictionary())
        elements = [Elements.of(each, data, query.compute) for each in query.countings]
        shape = elements[0].losses
        for name, keyed in zip(asked.names if asked else (), keyeds, strict=True):
            check_rows(name, keyed.rows, shape)
        reduced = axes_with_rows if asked else normalise_axis
        axes = reduced(query.axis, len(shape))
        kept = tuple([size for k, size in enumerate(shape) if k not in axes])
        if query.nan == "raise":
            for each in elements:
                each.check_labels()
        for loss in query.losses:
            if loss.counting is not None and loss.bracket is not None:
                check_weights(loss, elements[query.countings.index(loss.counting)].batch)
        return cls(query, data, asked, keys, keyeds, elements, kept, in_task)

    @property
    def size(self) -> int:
        """How many elements there are at most for one thing that is asked for."""
        return max([each.size for each in self.elements])

    @property
    def rows(self) -> int:
        """How many rows there are."""
        return next(iter(self.elements[0].losses), 1)

    def fits(self, table: Table) -> bool:
        """Return whether its keys, of slices and cells, are of the kinds that a table has."""
        assert isinstance(table, CountedTable)
        kinds = [keyed.kind for keyed in self.keyeds]
        pairs = list(zip(table.kinds, kinds, strict=True))
        for one, each in zip(table.inner, self.elements, strict=True):
            pairs += zip(one.kinds[-len(each.kinds) :], each.kinds, strict=True)
        return all([a == b or NOTHING in (a, b) for a, b in pairs])

    def steps(self) -> Iterator[Step]:
        """Yield what adds the batch to each tally; nothing if there is no element.

        Those that keep extremes come last: nothing can be taken out of them.
        """
        if not self.size:
            return
        before = int(bool(plain_of(self.query.losses)))
        if before:
            yield Step(0, self._add_plain, False)
        last = [each.counting.extreme is not None for each in self.elements]
        for k in sorted(range(len(last)), key=last.__getitem__):
            yield Step(k + before, functools.partial(self._add_cells, k), last[k])

    def _add_plain(self, sums: Sums) -> None:
        """Add what other losses take."""
        axis = self.query.axis
        if self.by is None:
            sums.plain.add_other(self.data, axis)
        else:
            sums.plain.add(self.data, self.given, axis, self.in_task)

    def _add_cells(self, k: int, sums: Sums) -> None:
        """Add all elements to a tally of cells."""
        names, axis = self.by.names if self.by else (), self.query.axis
        sums.cells[k].add_elements(self.elements[k], names, self.keyeds, axis, self.in_task)
