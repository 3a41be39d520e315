"""The near rows of batches of one form, which further ones are added to."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Any, NoReturn, TypeVar

import numpy as np

from streamloss.arrays.types import Array
from streamloss.exact.extremes import MARK
from streamloss.exact.table import Table
from streamloss.losses.base import rows_of
from streamloss.run import threads
from streamloss.run.threads import check_subnormals, share, wanted
from streamloss.support.once import Task, uncut

from .batches import SlicedBatch
from .keys import Keys, Memory
from .layout import Layout, span_of
from .near import Near
from .sources import AT_ONCE, Sources

T = TypeVar("T")

FIRST = 1 << 10
"""Elements whose terms say how near rows are laid out."""

LEAST = 1 << 14
"""Rows that a thread takes at once, at least."""

CELLS = 1 << 31
"""Cells of all slices are fewer: each has a number of 32 bits."""


class Living:
    """Keys and near rows for batches of one kind of keys, and of one form.

    Attributes
    ----------
    names, kinds : tuple
        The names and kinds of the keys.
    shape : tuple of int
        The sizes of the axes kept.
    flags : tuple of three bool
        Whether near rows have weights, elements that do not count, and rows.
    """

    flags: tuple[bool, bool, bool]

    def __init__(self, sliced: SlicedBatch, most: int, before: Living | None) -> None:
        """Begin with what a batch needs, and what batches before needed."""
        self.names, self.kinds = sliced.names, tuple(sliced.kinds)
        self.shape = sliced.kept
        self.flags = sliced.flags if before is None else before.flags_with(sliced)
        self._keys = Keys(self.names, self.kinds, most)
        self._kept = math.prod(self.shape)
        self._near: Near | None = None
        self._memory = Memory()
        self._task: Task[Any] | None = None

    @property
    def count(self) -> int:
        """How many slices there may be."""
        return self._keys.count

    def takes(self, sliced: SlicedBatch) -> bool:
        """Return whether a batch has the same kinds of keys, and there is room for all it has."""
        fits = all([has or not needs for has, needs in zip(self.flags, sliced.flags, strict=True)])
        return fits and self.kinds == tuple(sliced.kinds)

    def flags_with(self, sliced: SlicedBatch) -> tuple[bool, bool, bool]:
        """Return the flags of near rows for these batches and another one."""
        (a, b, c), (d, e, f) = self.flags, sliced.flags
        return a or d, b or e, c or f

    def table(self) -> Table:
        """Return the table of what was added."""
        return self._alone(self._table)

    def _alone(self, work: Callable[[], T]) -> T:
        """Return what work on near rows returns, which a helper does.

        If this thread is interrupted, who comes next waits for the end of that. Only the main
        thread ever is: others need no helper.
        """
        self._wait()
        if threads.is_other():
            return work()
        task = Task(work)
        self._task = task
        found = uncut(task.run)
        self._task = None  # it holds the near rows of other threads
        return found

    def _wait(self) -> None:
        """Wait for a helper that is still at work."""
        if self._task is not None:
            self._task.finish()
            self._task = None

    def _table(self) -> Table:
        assert self._near is not None
        used = self._near.used(self._keys.count * self._kept)
        codes, columns = self._keys.ordered(np.any(used.reshape(-1, self._kept), axis=1))
        some = codes if self._kept == 1 else codes[:, None] * self._kept + np.arange(self._kept)
        cells = self._near.cells(some.ravel())
        return Table.of(self.names, self.kinds, columns, self.shape, cells)

    def add(self, sliced: SlicedBatch) -> None:
        """Add a batch; one that raises changes nothing.

        Raises
        ------
        TooMany
            If there may be more slices than allowed: values of dictionaries count that no row had.
        ValueError
            If a key or an element is refused.
        """
        self._wait()
        before = self._keys.counts
        try:
            added = self._looked_at(sliced)
        except Exception:
            self._keys.forget(before)
            raise
        added()

    def _looked_at(self, sliced: SlicedBatch) -> Callable[[], None]:
        """Return what adds a batch, none of whose keys and elements is refused any more."""
        query, near = sliced.query, self._near
        sources = Sources(query.parts, sliced.batch, query.rule, self.flags[0], sliced.first)
        work = _Work(self._keys, sliced, sources)
        size = sliced.rows * sliced.inner
        small = size < threads.PARALLEL
        if small and near is not None and query.nan != "raise":
            codes = work.codes(slice(0, sliced.rows), self._memory)
            last = int(codes.max(initial=-1)) + 1
            if near.is_ready(len(codes), last):
                return lambda: work.into(near, slice(0, sliced.rows), codes)
            return lambda: self._alone(lambda: work.append(near, codes, last))
        layout = self._layout(sliced, sources) if near is None else near.layout
        parts = work.shared(layout, 1 if sliced.in_task else wanted(size))
        if query.nan == "raise":
            refuse_missing(sum([part.missing() for part in parts]))
        parts += [] if near is None else [near]
        return lambda: self._alone(lambda: self._take(parts))

    def _take(self, parts: list[Near]) -> None:
        """Have what some near rows hold, together."""
        self._near = _together(parts)

    def _layout(self, sliced: SlicedBatch, sources: Sources) -> Layout:
        """Return the layout for terms like the first ones."""
        sums = rows_of(sliced.query.parts) + self.flags[0]
        near = Near(Layout.of([(0, 0)] * sums, self.flags), self._kept)
        some = slice(0, max(1, min(sliced.rows, FIRST // max(sliced.inner, 1))))
        size = min(min(some.stop, sliced.rows) * sliced.inner, FIRST)
        near.add(sources.piece(some), np.zeros(size, np.int32))
        return Layout.of([span_of(terms) for terms in near.terms()], self.flags)


def refuse_missing(missing: int) -> None:
    """Refuse elements with a NaN, if there are any."""
    if missing:
        raise ValueError(f"nan='raise': {missing} elements have a NaN in an input or weight")


def refuse_many(names: tuple[str, ...], most: int, got: int | None) -> NoReturn:
    """Raise what says that there are more slices than allowed."""
    called = " and ".join(map(repr, names))
    rule = f"by {called} must have at most max_slices={most} different keys"
    if any([name.startswith(MARK) for name in names]):
        rule = f"a metric of counts must have at most {most} cells, as many as max_slices if larger"
    error = ValueError(f"{rule}: got {'more' if got is None else got}")
    vars(error).update(of="all")
    raise error from None


class _Work:
    """What threads do with a batch."""

    def __init__(self, keys: Keys, sliced: SlicedBatch, sources: Sources) -> None:
        self._keys, self._sliced, self._sources = keys, sliced, sources
        self._prepared = keys.prepared(sliced.keyeds, True)
        self._kept = math.prod(sliced.kept)

    def codes(self, some: slice, memory: Memory) -> Array:
        """Return the cells of the elements of some rows, in memory that others take again."""
        sliced = self._sliced
        codes = self._keys.codes(sliced.keyeds, self._prepared, some, True, memory)
        if self._keys.count * self._kept >= CELLS:
            rule = f"slices must have less than {CELLS} cells together"
            raise ValueError(f"{rule}: got {self._keys.count} slices of {self._kept}")
        if sliced.pattern is not None:
            codes = (codes[:, None] * np.int32(self._kept) + sliced.pattern).ravel()
            return codes.astype(np.int32, copy=False)
        return np.repeat(codes, sliced.inner) if sliced.inner != 1 else codes

    def append(self, near: Near, codes: Array, last: int) -> None:
        """Add all rows to near rows that there are already, which may have to make room."""
        self.make_room(near, last)
        self.into(near, slice(0, self._sliced.rows), codes)

    def make_room(self, near: Near, last: int) -> None:
        """Have near rows for so many cells, of keys that are expected as well."""
        near.grow(last, self._keys.expected * self._kept)

    def into(self, near: Near, some: slice, codes: Array) -> None:
        """Add some rows to near rows."""
        check_subnormals()
        near.add(self._sources.piece(some), codes)

    def shared(self, layout: Layout, threads: int) -> list[Near]:
        """Return the near rows of threads that share a batch."""
        sliced, parts = self._sliced, list[Near]()
        most = max(LEAST, min(AT_ONCE, sliced.rows // (4 * threads)))
        step = max(1, most // max(sliced.inner, 1))
        pieces = [slice(k, min(k + step, sliced.rows)) for k in range(0, sliced.rows, step)]

        def work(jobs: Iterable[slice]) -> None:
            near = Near(layout, self._keys.count * self._kept)
            memory = Memory()
            for some in jobs:
                codes = self.codes(some, memory)  # another thread may just give codes
                self.make_room(near, int(codes.max(initial=-1)) + 1)
                self.into(near, some, codes)
            parts.append(near)

        share(work, pieces or [slice(0, 0)], threads)
        return parts


def _together(parts: list[Near]) -> Near:
    """Return near rows with all that some hold."""
    first, *others = parts
    for each in others:
        first.absorb(each)
    return first
