"""The sums of slices over any number of batches: near rows that grow, and the table of all."""

from __future__ import annotations

from typing import Any

from streamloss.arrays.batch import Arguments, as_batch
from streamloss.arrays.keys import NOTHING, Kind, LastDictionary, align
from streamloss.exact.extremes import told
from streamloss.exact.inner import CountedTable
from streamloss.exact.ledger import NO_IDS, Ledger
from streamloss.exact.limits import MOST_SLICES
from streamloss.exact.state import State
from streamloss.exact.table import Table
from streamloss.losses.base import rows_of
from streamloss.run import choose, threads
from streamloss.run.query import Query

from .batches import SlicedBatch, in_python
from .by import By
from .device import on_gpu
from .index import TooMany
from .living import Living, refuse_many, refuse_missing


class SliceTally:
    """The table of a query by keys, over any number of batches. Several threads may add.

    Attributes
    ----------
    query : Query
        What is asked.
    by : By
        How slices are made.
    lock : lock
        Held while something is added.
    ledger : Ledger
        The ids of the batches that were added; it is replaced together with the table.
    """

    def __init__(self, query: Query, by: By, lock: Any = None) -> None:
        self.lock = lock or threads.lock(awaited=True)  # near rows are added to in place
        self.by, self.ledger = by, NO_IDS
        self.reset(query)

    def part(self) -> SliceTally:
        """Return a tally of the same query for some batches, with the same lock."""
        return SliceTally(self.query, self.by, self.lock)

    def reset(self, query: Query) -> None:
        """Forget every batch."""
        self.query, self.ledger = query, self.ledger.without_ids()
        self._table: Table | None = None
        self._known: Table | None = None
        self._living: Living | None = None
        self._words: dict[str, LastDictionary] = {}

    @property
    def known(self) -> Table | None:
        """The table of all that was added, None before any batch: keys and axes are not known."""
        with self.lock:
            if self._known is None:
                self._known = self._total()
            return self._known

    @property
    def is_new(self) -> bool:
        """Whether nothing was added."""
        return self._table is None and self._living is None

    @property
    def shape(self) -> tuple[int, ...] | None:
        """The sizes of the axes that a slice keeps, None where they are not known yet."""
        before = self._living or self._table
        if before is None:
            return () if self.query.axis is None else None
        return before.shape

    @property
    def kinds(self) -> tuple[Kind, ...] | None:
        """The kinds of the keys, None before any batch."""
        with self.lock:
            found = [each.kinds for each in (self._table, self._living) if each is not None]
        if len(found) == 2:
            return tuple([align(*pair) for pair in zip(*found, strict=True)])
        return found[0] if found else None

    @property
    def state(self) -> State:
        """The state of all slices together."""
        table = self.known
        return self.nothing().overall() if table is None else table.overall()

    def nothing(self) -> Table:
        """Return the table of no batch."""
        kinds = [Kind(name) if name else NOTHING for name in self.by.declared]
        return Table.nothing(self.by.names, kinds, (), rows_of(self.query.parts))

    def add_direct(self, *data: Any) -> bool:
        """Return that nothing is added without keys."""
        return False

    def _total(self) -> Table | None:
        """Return the table of all that was added."""
        return self._whole()

    def _whole(self) -> Table | None:
        """Return the table of all that is in near rows and in a table."""
        living = None if self._living is None else self._living.table()
        parts = [part for part in (self._table, living) if part is not None]
        return Table.total(parts) if parts else None

    def add(self, data: Arguments, by: Any, axis: Any = None, in_task: bool = False) -> SliceTally:
        """Add a batch in memory with its keys; one that raises changes nothing.

        `in_task` says that it is of a task of dask's, in one thread: the task has a core already.

        Raises
        ------
        TypeError, ValueError
            As `evaluate`.
        """
        query = self.query if axis is None else self.query._replace(axis=axis)
        asked, keyeds = self.by.read(by, self._words)
        for name in asked.names:
            self._words.setdefault(name, LastDictionary())
        batch = as_batch(query.parts, *data, query.compute)
        sliced = SlicedBatch.of(query, batch, asked.names, keyeds, in_task)
        asked.check_missing(keyeds)
        if query.nan == "raise":
            choose.check_labels(query.parts, batch)
        return self.add_batch(sliced, asked)

    def add_batch(self, sliced: SlicedBatch, asked: By) -> SliceTally:
        """Add a batch with its keys, which are named; one that raises changes nothing.

        Raises
        ------
        TypeError, ValueError
            If keys are of other kinds than before, or there are too many slices.
        """
        with self.lock:
            self._check(sliced)
            self._known = None  # before: an interrupt may come as soon as something is added
            if self.ledger.sets:  # which have to be told what was added
                part = self.part()
                part._add(sliced, asked)
                found = part._whole()
                self._merge(self.nothing() if found is None else found)
            else:
                self._add(sliced, asked)
            self.by = asked
        return self

    def _check(self, sliced: SlicedBatch) -> None:
        """Refuse a batch with other keys or other axes than before."""
        for before in (self._table, self._living):
            if before is None:
                continue
            if before.shape != sliced.kept:
                rule = "the axes kept must have the same sizes"
                raise ValueError(f"{rule}: got {sliced.kept} after {before.shape}")
        pairs = zip(self.kinds or tuple(sliced.kinds), sliced.kinds, strict=True)
        for name, (kind, new) in zip(sliced.names, pairs, strict=True):
            as_one_kind(name, kind, new)

    def _add(self, sliced: SlicedBatch, by: By) -> None:
        """Add a batch by kernels, or a small one in Python."""
        if sliced.batch.on_device:
            found = on_gpu(sliced, self._table) if self._living is None else None
            if found is not None:
                self._merge(found)
                return
            sliced = sliced._replace(batch=choose.batch_on_host(sliced.batch))
        query, batch = sliced.query, sliced.batch
        size = sum([array.size for array in batch.inputs])
        waits = self._living is None and choose.wait(query.parts, size)
        if waits or not size:  # of rows without elements near rows know nothing
            choose.runner(query.parts, batch)  # counts what Python takes
            table = self._in_python(sliced)
            if query.nan == "raise":
                refuse_missing(int(table.cells.counts("missing").sum()))
            self._merge(table)
            return
        known = self.kinds or tuple(sliced.kinds)
        sliced = sliced.as_kinds(known)
        pairs = zip(known, sliced.kinds, strict=True)
        if any([kind not in (NOTHING, new) for kind, new in pairs]):
            # keys that are known may be beyond the range of the new kind
            self._merge(_alone(sliced, by.max_slices))
            return
        try:
            self._add_by_kernels(sliced, by.max_slices)
        except TooMany:  # or some are counted twice
            self._merge(_alone(sliced, by.max_slices))

    def _in_python(self, sliced: SlicedBatch) -> Table:
        """Return the table of a small batch."""
        return in_python(sliced)

    def _add_by_kernels(self, sliced: SlicedBatch, most: int) -> None:
        """Add a batch to near rows; those in the table are of other keys, for what is counted."""
        living = self._living
        if living is not None and living.takes(sliced):
            living.add(sliced)
            return
        table = self._table if living is None else self._whole()
        new = Living(sliced, most - (0 if table is None else _slices(table)), living)
        new.add(sliced)
        self._table, self._living = table, new

    def merge(self, table: Table | None, sign: int = 1, ledger: Ledger = NO_IDS) -> SliceTally:
        """Add a table, or take it out, with the ids of its batches.

        Raises
        ------
        TypeError, ValueError
            If it has other keys or axes, or a count would be too large; as `Ledger.merged`.
        """
        if table is not None:
            with self.lock:
                self._known = None
                self._merge(table, sign, ledger)
        return self

    def _merge(self, table: Table, sign: int = 1, ledger: Ledger = NO_IDS) -> None:
        before, ids = self._table if self._living is None else self._whole(), self.ledger
        if ids.sets or ledger.sets:
            ids, old, new = ids.merged(before, ledger, table, sign)
            if not new:
                return
            before = before if old else None
        if before is None:
            empty = table.names, table.kinds, table.shape, len(table.cells.sums)
            found = table if sign > 0 else Table.nothing(*empty).combine(table, sign)
        else:
            found = before.combine(table, sign)
        check_slices(found, self.by)
        if not self.by.names:
            self.by = self.by._replace(names=found.names, declared=(None,) * len(found.names))
        self._table, self._living, self.ledger = found, None, ids


def _alone(sliced: SlicedBatch, most: int) -> Table:
    """Return the table of a batch alone, which is refused if that has too many slices."""
    living = Living(sliced, most, None)
    try:
        living.add(sliced)
    except TooMany:
        refuse_many(sliced.names, most, None)
    return living.table()


def check_slices(table: Table, by: By) -> None:
    """Refuse a table with more slices than allowed."""
    if _slices(table) > by.max_slices:
        refuse_many(table.names, by.max_slices, _slices(table))


def check_cells(table: Table, by: By | None) -> None:
    """Refuse a table with more cells of metrics of counts than allowed."""
    most = max(MOST_SLICES, 0 if by is None else by.max_slices)
    for one in table.inner if isinstance(table, CountedTable) else ():
        if len(one) > most:
            refuse_many(one.names, most, len(one))


def _slices(table: Table) -> int:
    """Return how many slices of a table count: of one key, not that of rows without one."""
    key = table.keys[0]
    absent = len(table.keys) == 1 and len(table) and key.codes[-1] == len(key.values)
    return len(table) - bool(absent)


def as_one_kind(name: str, before: Kind, kind: Kind) -> Kind:
    """Return the kind that has keys of two kinds.

    Raises
    ------
    TypeError, ValueError
        If there is none.
    """
    try:
        return align(before, kind)
    except (TypeError, ValueError) as error:
        found = type(error)(told(name, error))
        vars(found).update(of="file")
        raise found from None
