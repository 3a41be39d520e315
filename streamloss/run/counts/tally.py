"""The sums and the cells of a query with metrics of counts, over any number of batches."""

from __future__ import annotations

from typing import Any

import numpy as np

from streamloss.arrays.batch import Arguments
from streamloss.arrays.keys import NOTHING, Kind, LastDictionary, align
from streamloss.arrays.types import AxisLike
from streamloss.exact.cells import Cells
from streamloss.exact.counts import ROWS
from streamloss.exact.extremes import hidden
from streamloss.exact.inner import CountedTable, outer_of
from streamloss.exact.ledger import NO_IDS, Ledger
from streamloss.exact.seen import sum_of
from streamloss.exact.state import State
from streamloss.exact.table import Table
from streamloss.losses.base import parts_of, rows_of
from streamloss.run import threads
from streamloss.run.query import Query, Tally
from streamloss.run.slices.by import By
from streamloss.run.slices.tally import SliceTally, check_cells, check_slices
from streamloss.support.once import uncut

from .batch import CountedBatch, Sums, plain_of
from .cells import CellTally

OBJECTS = "text", "bytes"
"""Kinds of keys that are objects."""

NO_KEYS = By((), (), "keep", 1)
"""How slices are made where nobody asks for any: there is one."""


class CountTally:
    """The table of a query with metrics of counts: slices, with the cells of each.

    It is made of tallies: one for the losses that are no metrics of counts, if there are any, and
    one for each thing that such metrics ask for. A batch is read once for each, and added to all
    or to none.

    Attributes
    ----------
    query : Query
        What is asked.
    by : By, optional
        How slices are made; None of no keys.
    lock : lock
        Held while something is added.
    ledger : Ledger
        The ids of the batches that were added.
    shape : tuple of int, optional
        The sizes of the axes kept; None where they are not known yet.
    """

    def __init__(self, query: Query, by: By | None, lock: Any = None) -> None:
        self.lock = lock or threads.lock(awaited=True)
        self.by, self.ledger = by, NO_IDS
        self.reset(query)

    def part(self) -> CountTally:
        """Return a tally of the same query for some batches, with the same lock."""
        return CountTally(self.query, self.by, self.lock)

    def reset(self, query: Query) -> None:
        """Forget every batch."""
        self.query, self.ledger = query, self.ledger.without_ids()
        self.shape: tuple[int, ...] | None = () if query.axis is None else None
        self._words: dict[str, LastDictionary] = {}
        self._known: Table | None = None
        self._sums = self._fresh(None)

    def _fresh(self, table: Table | None) -> Sums:
        """Return a table with tallies that have seen nothing."""
        query, by = self.query, self.by or NO_KEYS
        plain: Any = None
        if losses := plain_of(query.losses):
            alone = query._replace(losses=losses)
            plain = Tally(alone) if self.by is None else SliceTally(alone, by)
        return Sums(table, plain, tuple([CellTally(query, c, by) for c in query.countings]))

    @property
    def known(self) -> Table | None:
        """The table of all that was added, None before any batch: keys and axes are not known.

        Raises
        ------
        ValueError
            If there are too many slices.
        """
        with self.lock:
            if self._known is None:
                found = self._whole()
                if found is not None and self.by is not None:
                    check_slices(found, self.by)
                elif found is None and self.by is None and self.shape is not None:
                    found = self.nothing()
                self._known = found
            return self._known

    @property
    def kinds(self) -> tuple[Kind, ...] | None:
        """The kinds of the keys of slices, None before any batch."""
        if self.by is None:
            return None
        with self.lock:
            table, _, cells = self._sums
            found = [each.kinds for each in (table, cells[0]) if each is not None]
        some = [kinds[: len(self.by.names)] for kinds in found if kinds is not None]
        if len(some) == 2:
            return tuple([align(*pair) for pair in zip(*some, strict=True)])
        return some[0] if some else None

    @property
    def state(self) -> State:
        """The state of all slices together, without their cells."""
        table = self.known
        return (self.nothing() if table is None else table).overall()

    def nothing(self) -> Table:
        """Return the table of no batch."""
        sums, by = self._fresh(None), self.by or NO_KEYS
        empty, tables = np.empty(0, np.int64), []
        for each in sums.cells:
            names = (*by.names, *hidden(each.counting, bool(self.shape)))
            kinds = [Kind(name) if name else NOTHING for name in by.declared]
            kinds += [NOTHING] * (len(names) - len(kinds))
            tables.append(Table.nothing(names, kinds, (), rows_of(each.counting.parts)))
        kinds = [Kind(name) if name else NOTHING for name in by.declared]
        cells, shape = Cells.nothing(0, rows_of(parts_of(self.query.losses))), self.shape or ()
        if not by.names:
            return CountedTable(Table((), (), shape, cells), tuple(tables))
        columns = [
            (empty if kind.name not in OBJECTS else empty.astype(object), None) for kind in kinds
        ]
        return CountedTable(Table.of(by.names, kinds, columns, shape, cells), tuple(tables))

    def _whole(self) -> Table | None:
        """Return the table of all that was added."""
        table, plain, cells = self._sums
        found = [each.known for each in cells]
        living = None
        if all([one is not None for one in found]):
            living = self._joined(plain, [one for one in found if one is not None])
        parts = [part for part in (table, living) if part is not None]
        return Table.total(parts) if parts else None

    def _joined(self, plain: Any, found: list[Table]) -> Table:
        """Return the slices of tables of cells, with the sums of other losses."""
        names, shape = (self.by or NO_KEYS).names, self.shape or ()
        if plain is None:
            place = next((k for k, c in enumerate(self.query.countings) if not c.spreads), 0)
            outer = outer_of(found[place], self.query.countings[place], names, shape)
        else:
            outer = plain.known if self.by is not None else Table.of_state(plain.state)
        return CountedTable(outer, tuple(found))

    def add_direct(self, *data: Any) -> bool:
        """Return that nothing is added where it lies."""
        return False

    def add(
        self, data: Arguments, keys: Any = None, axis: AxisLike = None, in_task: bool = False
    ) -> CountTally:
        """Add a batch in memory with its keys; one that raises changes nothing.

        `in_task` says that it is of a task of dask's, in one thread: the task has a core already.

        Raises
        ------
        TypeError, ValueError
            As `evaluate`.
        """
        query = self.query if axis is None else self.query._replace(axis=axis)
        batch = CountedBatch.of(query, data, self.by, keys, self._words, in_task)
        with self.lock:
            if self.shape is not None and self.shape != batch.kept:
                rule = "the axes kept must have the same sizes"
                raise ValueError(f"{rule}: got {batch.kept} after {self.shape}")
            self._known = None  # before: an interrupt may come as soon as something is added
            if self._stands_alone(batch):
                part = self.part()
                part.by, part.shape = batch.by, batch.kept
                part._put(batch)
                self._take(part)
            else:
                self._put_all_or_none(batch)
        return self

    def _stands_alone(self, batch: CountedBatch) -> bool:
        """Return whether a batch is summed alone, and then added in one step, or refused.

        So is the first one, if it tells the names of keys or the axes kept, one of many elements or
        none, or of other kinds of keys than the table has, and one that may have too many slices.
        """
        table, by = self._sums.table, batch.by
        if self.ledger.sets or self.shape is None or not 0 < batch.size < threads.PARALLEL:
            return True
        if table is not None and not batch.fits(table):
            return True
        if by is None:
            return False
        slices = batch.rows + self._sums.cells[0].most + (0 if table is None else len(table))
        return self.by is not by or slices > by.max_slices

    def _take(self, part: CountTally) -> None:
        """Have what a part has added, whose tallies are kept where there is nothing else."""
        found = part.known  # which is refused if it has too many slices
        if found is None:  # of no elements
            found = part.nothing()
            part._sums = part._fresh(found)
        if self._sums.is_new and not self.ledger.sets:
            what = part.by, part.shape, part._sums, found
            self.by, self.shape, self._sums, self._known = what
        else:
            self._merge(found)

    def _put(self, batch: CountedBatch) -> None:
        """Add a batch to all tallies."""
        for step in batch.steps():
            step.add(self._sums)

    def _put_all_or_none(self, batch: CountedBatch) -> None:
        """Add a batch to all tallies; if one refuses it, or an interrupt comes, to none or all."""
        try:
            self._put(batch)
        except BaseException:
            uncut(lambda: self._even_out(batch))  # no interrupt reaches the helper
            raise

    def _even_out(self, batch: CountedBatch) -> None:
        """Take a batch out of those tallies that have it, where others have not.

        Each has all of a batch or nothing, and all count the same rows. Of extremes nothing can be
        taken out: where one has the batch, all others have it but for an interrupt, and get it.
        """
        tallies, steps = self._sums.tallies, list(batch.steps())
        rows = [_rows_of(tally.known) for tally in tallies]
        done = [step for step in steps if rows[step.place] > min(rows)]
        if any([step.is_extreme for step in done]):
            for step in steps:
                if step not in done:
                    step.add(self._sums)
            return
        part = self._fresh(None)
        for step in done:
            step.add(part)
            tallies[step.place].merge(part.tallies[step.place].known, -1)

    def merge(self, table: Table | None, sign: int = 1, ledger: Ledger = NO_IDS) -> CountTally:
        """Add a table, or take it out, with the ids of its batches.

        Raises
        ------
        TypeError, ValueError
            If it has other keys or axes, or a count would be too large; as `Ledger.merged`.
        """
        if table is not None:
            with self.lock:
                self._merge(table, sign, ledger)
        return self

    def _merge(self, table: Table, sign: int = 1, ledger: Ledger = NO_IDS) -> None:
        if self.shape is not None and self.shape != table.shape:
            rule = "the axes kept must have the same sizes"
            raise ValueError(f"{rule}: got {table.shape} after {self.shape}")
        before, ids = self._whole(), self.ledger
        if ids.sets or ledger.sets:
            ids, old, new = ids.merged(before, ledger, table, sign)
            if not new:
                return
            before = before if old else None
        if before is None and sign < 0:
            before = table.take(np.empty(0, np.int64))
        found = table if before is None else before.combine(table, sign)
        check_cells(found, self.by)
        if self.by is not None:
            check_slices(found, self.by)
            if not self.by.names:
                self.by = self.by._replace(names=found.names, declared=(None,) * len(found.names))
        sums = self._fresh(found)
        self._known, self.shape, self._sums, self.ledger = None, found.shape, sums, ids


def _rows_of(sums: State | Table | None) -> int:
    """Return how many rows all cells of some sums have together."""
    if sums is None:
        return 0
    return sum_of(sums.counts[:, ROWS] if isinstance(sums, State) else sums.cells.counts("rows"))
