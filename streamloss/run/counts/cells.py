"""The cells of one thing that metrics of counts ask for, over any number of batches."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import numpy as np

from streamloss.arrays.batch import Batch
from streamloss.arrays.key_codes import some_rows
from streamloss.arrays.keys import NOTHING, Keyed, Kind
from streamloss.arrays.types import Array, AxisLike, Mask
from streamloss.exact.cells import Cells
from streamloss.exact.extremes import hidden, pruned
from streamloss.exact.ledger import NO_IDS, Ledger
from streamloss.exact.limits import MOST_SLICES
from streamloss.exact.table import Table
from streamloss.kernels.switches import Omit
from streamloss.losses.counting import Counting
from streamloss.run import choose, threads
from streamloss.run.query import Query
from streamloss.run.slices.batches import SlicedBatch, in_python
from streamloss.run.slices.by import By
from streamloss.run.slices.tally import SliceTally

from .dense import BLOCK, STEP, Dense
from .elements import Elements
from .extremes import extremes
from .outputs import Outputs
from .small import in_numpy

INT = Kind("int")

MANY = 1 << 16
"""Values of extreme keys from which those are left out that are no extremes any more."""

AT_ONCE = 1 << 17
"""Elements that a thread counts at once: their keys stay in its cache."""


class CellTally(SliceTally):
    """The table of the cells of one `Counting`, by the keys of slices and those that it asks for.

    Attributes
    ----------
    counting : Counting
        What is asked for.
    """

    def __init__(self, query: Query, counting: Counting, by: By, lock: Any = None) -> None:
        self.counting, self._slices = counting, by
        self._most = max(by.max_slices, MOST_SLICES)
        parts, own = counting.parts, By((), (), "keep", self._most)
        super().__init__(query._replace(losses=parts, parts=parts, axis=None), own, lock)

    def reset(self, query: Query) -> None:
        """Forget every batch."""
        super().reset(query)
        self._dense = Dense()

    @property
    def is_new(self) -> bool:
        """Whether nothing was added."""
        return super().is_new and self._dense.is_empty

    @property
    def most(self) -> int:
        """How many cells there are at most, but for those of numbers that lie close together."""
        table = 0 if self._table is None else len(self._table)
        return table + (0 if self._living is None else self._living.count)

    @property
    def kinds(self) -> tuple[Kind, ...] | None:
        """The kinds of the keys, None before any batch."""
        found = super().kinds
        return found if self._dense.is_empty or found else (INT,) * len(self.counting.keys)

    def _merge(self, table: Table, sign: int = 1, ledger: Ledger = NO_IDS) -> None:
        if table.kinds != self.kinds:  # it may not fit what was counted by whole numbers
            self._table, self._dense = _sum(self._table, self._dense_table()), Dense()
        super()._merge(table, sign, ledger)

    def _total(self) -> Table | None:
        """Return the table of all that was added."""
        table = self._whole()
        return _sum(None if table is None else pruned(table), self._dense_table())

    def _dense_table(self) -> Table | None:
        """Return the table of what was counted where numbers lie close together."""
        if self._dense.is_empty:
            return None
        keys, counts = self._dense.columns()
        cells = Cells(len(counts), (), None, counts)
        columns = [(values, None) for values in keys]
        return Table.of(hidden(self.counting, False), [INT] * len(keys), columns, (), cells)

    def part(self) -> CellTally:
        """Return a tally of the same cells for some batches, with the same lock."""
        return CellTally(self.query, self.counting, self._slices, self.lock)

    def add_elements(
        self,
        elements: Elements,
        names: tuple[str, ...],
        keyeds: list[Keyed],
        axis: AxisLike,
        in_task: bool = False,
    ) -> None:
        """Add elements with the keys of slices; of many, some rows at a time.

        Raises
        ------
        TypeError, ValueError
            As `evaluate`; if they are few, nothing has been added then.
        """
        with self.lock:
            self._known = None  # before: an interrupt may come as soon as something is added
            plain = not names and self._is_plain(elements, axis)
            rest = self._add_dense(elements, in_task) if plain else elements.pieces(axis)
            for rows, some in rest:
                found = [some_rows(keyed, rows) for keyed in keyeds]
                self.add_batch(*self.sliced(some, names, found, axis, in_task))
            if self.counting.extreme is not None and self._living is not None:
                if self._living.count > MANY:  # values that are none of the extremes any more
                    self._table, self._living = self._total(), None

    def _is_plain(self, elements: Elements, axis: AxisLike) -> bool:
        """Return whether elements are only to be counted, by one or two whole numbers."""
        batch, counting = elements.batch, self.counting
        others = counting.parts or counting.spreads or counting.extreme
        few = len(counting.keys) <= 2 and not others
        alone = batch.weights is None and batch.where is None and axis is None
        rows = len(elements.shape) == 1 or math.prod(elements.shape[1:]) == 1
        if not (few and alone and rows) or choose.wait((), elements.size):
            return False
        before = [each for each in (self._table, self._living) if each is not None]
        kinds = [kind for each in before for kind in each.kinds]
        return all([kind in (INT, NOTHING) for kind in kinds])

    def _add_dense(self, elements: Elements, in_task: bool) -> list[tuple[slice, Elements]]:
        """Count elements whose numbers lie close together; return the others, some rows at a time.

        Threads that share the work have counts of their own.
        """
        known = 1 if in_task else threads.wanted(elements.size)
        if elements.size < threads.PARALLEL:
            return self._counted(self._dense, slice(0, elements.size), elements)
        parts, rest = list[Dense](), list[tuple[slice, Elements]]()

        def work(jobs: Iterable[tuple[slice, Elements]]) -> None:
            own = Dense(BLOCK)
            for rows, some in jobs:
                rest.extend(self._counted(own, rows, some, at_once=False))
            parts.append(own)

        threads.share(work, elements.pieces(None, AT_ONCE), known)
        for part in parts:
            if not self._dense.absorb(part):
                self._table = _sum(self._table, self._dense_table())
                self._dense = Dense()  # which looks at a small batch as a whole
                self._dense.absorb(part)
        return rest

    def _counted(
        self, dense: Dense, rows: slice, some: Elements, at_once: bool = True
    ) -> list[tuple[slice, Elements]]:
        """Count elements, in one call if so asked; return those that could not be, in a list."""
        omits = isinstance(self.query.rule, Omit) and bool(self.counting.computed)
        keys = None if omits and some.missing() is not None else some.integers()
        if keys is None or (at_once and len(keys[0]) > STEP and not dense.fit(keys)):
            return [(rows, some)]
        done = dense.add(keys)
        left = slice(done, len(keys[0]))
        return [(rows, some.some(left))] if done < left.stop else []

    def sliced(
        self,
        elements: Elements,
        names: tuple[str, ...],
        keyeds: list[Keyed],
        axis: AxisLike,
        in_task: bool = False,
    ) -> tuple[SlicedBatch, By]:
        """Return elements with the keys of slices and of cells, and how these are called.

        Elements with a NaN or a missing label are NaN in all inputs, where the policy leaves them
        out.
        """
        where = Outputs.of(elements.shape, axis, elements.counting.spreads)
        inner = math.prod(elements.shape[1:])
        own = elements.keys()
        found = [_repeated(keyed, inner) for keyed in keyeds]
        if where.numbers is not None:
            found.append(Keyed(Kind("int"), where.numbers.astype(np.int64)))
        batch, query = elements.flat(), self.query
        missing = elements.missing() if isinstance(query.rule, Omit) else None
        if missing is not None:
            known = batch.inputs if query.parts else [np.zeros(1)]
            batch = batch._replace(inputs=tuple([_without(array, missing) for array in known]))
        if elements.counting.extreme is not None:
            own = [extremes(elements, batch, found, missing)]
        if query.nan == "raise":
            _refuse_lost(own, batch)
        called = (*names, *hidden(elements.counting, bool(where.kept)))
        by = By(called, (None,) * len(called), "keep", self._most)
        keys = [*found, *own]
        return SlicedBatch(query, batch, called, keys, (), None, where.first, in_task), by

    def _in_python(self, sliced: SlicedBatch) -> Table:
        """Return the table of a small batch: of counts alone numpy makes it."""
        return in_python(sliced) if sliced.query.parts else in_numpy(sliced)


def _sum(a: Table | None, b: Table | None) -> Table | None:
    """Return the sum of tables, either of which may be none."""
    if a is None or b is None:
        return b if a is None else a
    return a.combine(b, 1)


def _refuse_lost(keys: list[Keyed], batch: Batch) -> None:
    """Refuse elements with a weight that are in no cell: a label is no class, for instance.

    Raises
    ------
    ValueError
        If there are some.
    """
    lost = np.zeros(batch.shape, np.bool_)
    for keyed in keys:
        absent = keyed.missing if keyed.codes is None else np.asarray(keyed.codes) < 0
        lost |= False if absent is None else absent
    for array in batch.inputs:  # what is missing is refused as such
        lost &= ~np.isnan(array).reshape(len(lost), -1).any(axis=1)
    if batch.where is not None:
        lost &= batch.where
    if batch.weights is not None:
        lost &= batch.weights != 0.0
    if count := int(np.count_nonzero(lost)):
        what = "a label or score that a metric has no cell for"
        raise ValueError(f"nan='raise': {count} elements have {what}")


def _repeated(keyed: Keyed, times: int) -> Keyed:
    """Return the keys of rows as those of their elements."""
    if times == 1:
        return keyed
    if keyed.codes is not None:
        return keyed._replace(codes=np.repeat(np.asarray(keyed.codes), times))
    values, missing, words = (
        None if a is None else np.repeat(a, times, axis=0)
        for a in (keyed.values, keyed.missing, keyed.words)
    )
    return Keyed(keyed.kind, values, None, missing, words)


def _without(array: Array, missing: Mask) -> Array:
    """Return numbers with NaN where an element has one in any input."""
    return np.where(missing.reshape(-1, *[1] * (array.ndim - 1)), np.nan, array)
