"""Near rows of one thread: what kernels add to, and what did not fit there."""

from __future__ import annotations

import sys
from typing import Any, NamedTuple

import numpy as np

from streamloss.arrays.types import Array
from streamloss.exact.cells import COUNTS, Cells
from streamloss.exact.column import Column
from streamloss.exact.digits import UNIT
from streamloss.kernels import groups as bodies
from streamloss.kernels.cpu import call
from streamloss.kernels.groups import BOUND, BYTES, COLUMN, DONE, LIMBS, MEMORY, PLACE, USED, WIDTH
from streamloss.kernels.values import STEP

from .index import written
from .layout import Layout, span_of
from .remainders import Remainders

COPIED, COPIES = 128, 4
"""Cells up to which there are several copies of all rows, and how many: an element need not wait
for the row that the one before it was added to (`benchmarks/bench_slices.py`)."""

LARGE = 1 << 20
"""Bytes of near rows from which memory is asked for ahead: half of a second cache."""

LOG = 1 << 16
"""Numbers that the log of a thread has room for, at least."""

MANY = 1 << 14
"""Rows from which a kernel copies some: a million take 20 ms, where numpy takes 60."""

PENDING = 1 << 21
"""Numbers of logs that are kept before they are added up: 32 MiB."""

OFTEN = 16
"""If one of so many terms of a sum goes to the log, another layout is tried."""

LIGHT, ROUND = 1 << 20, 1 << 21
"""Elements of a cell that its integers are sure to hold, with as many as are added until somebody
looks again: each adds at most 2**40 to an integer, which is to stay below 2**62."""


class Source(NamedTuple):
    """Elements as kernels read them.

    Attributes
    ----------
    plan : int64 array
        The losses, as `kernels.groups.ADDRESS` begins.
    arrays : int64 array
        Where they are, as `kernels.groups.PLACE` begins.
    told : tuple of int
        Which of them are what, as `kernels.groups.INPUTS` begins, up to `OMIT`.
    kept : object
        What owns the memory of the arrays.
    """

    plan: Array
    arrays: Array
    told: tuple[int, ...]
    kept: Any

    def after(self, elements: int) -> Source:
        """Return the source without so many of its first elements."""
        moved = self.arrays.copy()
        moved[:, PLACE] += elements * moved[:, BYTES]
        return self._replace(arrays=moved)


class Near:
    """Near rows for cells, of one layout after another, and what did not fit there.

    Attributes
    ----------
    layout : Layout
        Which bits rows hold.
    """

    def __init__(self, layout: Layout, cells: int) -> None:
        self._cells = max(cells, 1)
        self._far: list[Column | None] = [None] * len(layout.sums)
        self._counted: Array | None = None
        self._pending: list[tuple[Array, Array]] = []
        self._waiting, self._logged, self._tries = 0, 0, 8
        self._state = np.zeros(2, np.int64)
        room = max(LOG, 4 * STEP * len(layout.sums))
        self._log = np.empty(room, np.int64), np.empty(room, np.float64)
        self._lay(layout)

    def _lay(self, layout: Layout) -> None:
        """Begin with rows of a layout that are zero."""
        copies = COPIES if self._cells <= COPIED else 1
        self._rows = written(
            (copies * self._cells, layout.width), np.int64
        )  # first: there may be no memory
        self._copies, self.layout, self._since = copies, layout, 0
        self._left = Remainders(layout)
        self._block = np.zeros((MEMORY, STEP)), np.zeros((layout.width, STEP), np.int64)

    def grow(self, cells: int, most: int) -> None:
        """Have rows for so many cells, and for more if there were fewer, but not beyond the most.

        To write a row for the first time takes as long as to add to it twice.
        """
        if cells > self._cells:
            self._resize(max(cells, min(4 * cells, most)))

    def used(self, cells: int) -> Array:
        """Return which of the first cells have counts; no other has a sum."""
        self._resize(cells)
        rows, found = self._joined()[:cells], np.zeros(cells, np.bool_)
        for column in range(self.layout.counts, rows.shape[1]):
            found |= rows[:, column] != 0
        if self._counted is not None:
            some = self._counted[:, :cells]
            found[: some.shape[1]] |= some.any(axis=0)
        return found

    def _resize(self, cells: int) -> None:
        """Have rows for just so many cells, not fewer than before."""
        if cells > self._cells:
            copies = COPIES if cells <= COPIED else 1
            rows = written(
                (copies * cells, self.layout.width), np.int64
            )  # first: there may be no memory
            rows[: self._cells] = self._joined()
            self._cells, self._copies, self._rows = cells, copies, rows

    def _joined(self) -> Array:
        """Return the row of each cell, after the copies were added to the first."""
        if self._copies > 1:
            copies = self._rows.reshape(self._copies, self._cells, -1)
            copies[0] += copies[1:].sum(axis=0)
            copies[1:] = 0
        return self._rows[: self._cells]

    def is_ready(self, elements: int, cells: int) -> bool:
        """Return whether one call of a kernel adds so many elements to so many cells.

        Nothing else is left to do then.
        """
        room = int(self._state[USED]) + (elements + STEP) * len(self.layout.sums)
        fits = self._since + elements <= ROUND and room <= len(self._log[0])
        return fits and cells <= self._cells

    def make_ready(self) -> None:
        """Make room in the log and in rows."""
        self._drain()
        self._relieve()

    def add(self, source: Source, codes: Array) -> None:
        """Add elements to the cells that their codes name.

        Where it `is_ready` that is one call of a kernel: it cannot be cut in the middle.
        """
        while len(codes):
            count = min(len(codes), ROUND // 4)
            if self._since + count > ROUND:
                self._relieve()
            self._since += count
            self._logged += count
            done = self._call(source, count, codes)
            codes = codes[done:]
            if len(codes):
                source = source.after(done)
                self._drain()

    def _call(self, source: Source, count: int, codes: Array) -> int:
        """Have a kernel add elements; return how many it has."""
        layout = self.layout
        places = layout.counts, layout.hidden, layout.starts
        ahead = 2 + (self._rows.nbytes > LARGE)
        told = np.array([*source.told, *places, self._copies, ahead], np.int64)
        block = *self._block, np.empty(len(source.arrays), np.int64)
        fixed = source.plan, layout.sums, told, source.arrays, count, codes, block
        rows = self._rows.reshape(-1)
        call(bodies.add_groups, (), *fixed, rows, self._log, self._state)
        return int(self._state[DONE])

    def terms(self) -> list[Array]:
        """Return what is in the log, of each sum."""
        places, terms = (array[: self._state[USED]] for array in self._log)
        rows = places % len(self.layout.sums)
        return [terms[rows == k] for k in range(len(self.layout.sums))]

    def _drain(self) -> None:
        """Keep what is in the log, and try another layout if that is much of what was added."""
        used, done = int(self._state[USED]), self._logged
        spans = self.layout.spans()
        if used * OFTEN >= done and self._tries and done >= STEP:
            for k, terms in enumerate(self.terms()):
                if terms.size * OFTEN > done:
                    spans[k] = span_of(terms, spans[k])
        self._pending.append((self._log[0][:used].copy(), self._log[1][:used].copy()))
        self._state[USED], self._logged = 0, 0
        self._waiting += used
        if self._waiting > PENDING:
            self._settle()
        if spans != self.layout.spans():
            self._tries -= 1
            self._relay(spans)

    def _relay(self, spans: list[tuple[int, int]]) -> None:
        """Go on with another layout."""
        self._drain()
        cells, flags = self.cells(np.arange(self._cells)), self.layout[1:]
        far = [*cells.sums, *([cells.heavy] if self.layout.weighted else [])]
        counted = np.array([cells.counts(name) for name in COUNTS])
        self._lay(Layout.of(spans, flags))
        self._far, self._counted = [*far], counted

    def _relieve(self) -> None:
        """Move what cells with many elements hold to where there is room for more."""
        rows, layout = self._joined(), self.layout
        self._since = 0
        counts = [_half(rows, layout.counts)]
        if layout.hiding:
            counts += [_half(rows, layout.hidden), _half(rows, layout.hidden, True)]
        if max([int(count.max()) for count in counts]) < LIGHT:
            return
        many = np.max(counts, axis=0)
        heavy = np.flatnonzero(many >= LIGHT)
        for row, (bound, limbs) in enumerate(layout.spans()):
            for k in range(limbs):
                numbers = rows[heavy, layout.sums[row, COLUMN] + k]
                self._set_aside(row, heavy, numbers, bound - WIDTH * (k + 1))
        self._count(heavy, rows[heavy])
        rows[heavy] = 0

    def _set_aside(self, row: int, cells: Array, numbers: Array, unit: int) -> None:
        """Add integers of a unit to what is pending, as two floats each."""
        places = cells * len(self.layout.sums) + row
        for part, shift in ((numbers >> 32, 32), (numbers & 0xFFFFFFFF, 0)):
            self._pending.append((places, np.ldexp(part.astype(np.float64), unit + shift)))
            self._waiting += len(places)

    def _count(self, cells: Array, rows: Array) -> None:
        """Add what rows count to integers of 64 bits."""
        if self._counted is None or self._counted.shape[1] < self._cells:
            before, self._counted = self._counted, np.zeros((len(COUNTS), self._cells), np.int64)
            if before is not None:
                self._counted[:, : before.shape[1]] = before
        self._counted[:, cells] += np.array(_counts_of(rows.T, self.layout))

    def _settle(self) -> None:
        """Add up what is pending."""
        if not self._waiting:
            return
        places, terms = (np.concatenate(each) for each in zip(*self._pending, strict=True))
        cells, rows = np.divmod(places, len(self.layout.sums))
        for k in range(len(self._far)):
            some = np.flatnonzero(rows == k)
            some = some[self._left.take(k, cells[some], terms[some], self._cells)]
            if some.size:
                new = Column.of_floats(terms[some], cells[some], self._cells)
                self._far[k] = _plus(self._far[k], new, np.arange(self._cells))
        self._pending, self._waiting = [], 0

    def absorb(self, other: Near) -> None:
        """Take over what another one holds, of the same losses."""
        self._resize(other._cells)
        other._resize(self._cells)
        for each in (self, other):
            each.make_ready()  # which may change its layout
        if self.layout.is_like(other.layout) and self._left.absorb(other._left):
            self._joined()[...] += other._joined()
            self._since = LIGHT
            self._pending += other._pending
            self._waiting += other._waiting
        else:
            other._relay(other.layout.spans())
        for k, far in enumerate(other._far):
            if far is not None:
                far = _plus(far, Column.nothing(self._cells), np.arange(self._cells))
                self._far[k] = _plus(self._far[k], far, np.arange(self._cells))
        if other._counted is not None:
            self._count(np.zeros(0, np.int64), self._rows[:0])
            assert self._counted is not None
            self._counted[:, : other._counted.shape[1]] += other._counted

    def missing(self) -> int:
        """Return how many elements have a NaN, where those do not count."""
        known = 0 if self._counted is None else self._counted[COUNTS.index("missing")].sum()
        return int((self._joined()[:, self.layout.hidden] >> 32).sum() + known)

    def cells(self, some: Array) -> Cells:
        """Return what some cells hold."""
        if self._state[USED]:
            self._drain()
        self._settle()
        self._resize(int(some.max(initial=-1)) + 1)
        columns, layout = self._columns(some), self.layout
        sums: list[Column] = []
        for row, far in zip(layout.sums, self._far, strict=True):
            limbs = columns[row[COLUMN] : row[COLUMN] + row[LIMBS]][::-1]
            unit = int(row[BOUND] - WIDTH * row[LIMBS]) - UNIT
            left = self._left.limb(len(sums), some)
            if left is not None:
                limbs, unit = np.concatenate([left[None], limbs]), unit - WIDTH
            near = Column(unit, WIDTH, limbs)
            sums.append(near if far is None else _plus(far, near, some))
        counts = _counts_of(columns, layout)
        if self._counted is not None:
            known = some < self._counted.shape[1]
            for own, more in zip(counts, self._counted, strict=True):
                own[known] += more[some[known]]
        weights = sums.pop() if layout.weighted else None
        return Cells(len(some), tuple(sums), weights, *counts)

    def _columns(self, some: Array) -> Array:
        """Return the columns of some rows; of many, a kernel asks for memory ahead."""
        rows = self._joined()
        if len(some) < MANY:
            return np.ascontiguousarray(rows[some].T)
        out = np.empty((rows.shape[1], len(some)), np.int64)
        call(bodies.take_rows, (), self._rows.reshape(-1), some, out)
        return out


def _low(numbers: Array) -> Array:
    """Return the low 32 bits of numbers."""
    return numbers & 0xFFFFFFFF


def _half(rows: Array, column: int, high: bool = False) -> Array:
    """Return the low or the high 32 bits of a column, which are below 2**31."""
    return rows.view(np.int32)[:, 2 * column + (high != (sys.byteorder == "big"))]


def _counts_of(columns: Array, layout: Layout) -> list[Array]:
    """Return what the columns of near rows count, in the order of `COUNTS`."""
    both = columns[layout.counts]
    elements = _low(both)
    nonzero = both >> 32 if layout.weighted else elements.copy()
    missing, masked = np.zeros_like(elements), np.zeros_like(elements)
    if layout.hiding:
        hidden = columns[layout.hidden]
        missing, masked = hidden >> 32, _low(hidden)
    starts = columns[layout.starts].copy() if layout.starting else elements + missing + masked
    return [elements, nonzero, missing, masked, starts]


def _plus(far: Column | None, more: Column, some: Array) -> Column:
    """Return the sum of some cells of a column, which may have fewer, and those of another."""
    if far is None:
        return more
    there = np.flatnonzero(some < far.cells)
    known = far.take(some[there])
    return Column.total([(known, there, 1), (more, None, 1)], len(some))
