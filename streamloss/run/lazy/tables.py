"""Slices of dask arrays: a task for each chunk gives its Table, trees of tasks merge them.

As with states, nothing is computed here, nor known of queries. But tables may be large. Fewer of
them are merged at once, and where there may be many slices, tables are split by their keys as soon
as there are few of them: each part then has a tree of its own, whose tasks several workers share.
Sums are exact, so that no bit depends on which part a slice goes to.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from dask._task_spec import Task as Node
from dask._task_spec import TaskRef
from dask.base import tokenize
from dask.delayed import delayed

from streamloss.arrays.batch import Arguments, UnknownSizes, axes_with_rows
from streamloss.arrays.kinds import Kind
from streamloss.arrays.types import ArrayLike, AxisLike
from streamloss.exact.state import check_state
from streamloss.exact.table import Table
from streamloss.losses.base import Loss
from streamloss.support.maker import Task

from .blocks import Blocks, align
from .chunks import Chunk, apply
from .keys import Key, as_cut
from .names import digest_of, token_of
from .trees import merged, objects, reduced_to_one

ARITY = 8
"""Tables that one task merges. It holds these and their sum: of a million slices each, mostly other
ones, that is 1 GB, where 16 take 1.8 and 4 half of one. A tree of 4 takes a third longer
(`benchmarks/bench_dask.py`)."""

PARTS = 8
"""Parts that tables are split into: a task that merges `ARITY` of them has the slices of one table
in its memory."""

LISTS = 256
"""Tables that are split, at most: each makes a task for each of its parts."""

MANY_ROWS, MANY_CHUNKS = 1 << 24, 64
"""Rows from which tables may be worth splitting, and chunks of rows nobody knows the number of."""

MANY_SLICES = 1 << 16
"""Slices up to which a table is not split: to merge eight such takes 0.2 s."""

Work = Callable[[Arguments, tuple[Any, ...]], Table]
"""What makes a table of the arrays and the keys of a chunk; it can be pickled."""


def table(
    work: Work,
    total: Callable[..., Table],
    losses: tuple[Loss, ...],
    data: Arguments,
    keys: Sequence[tuple[str, ArrayLike, str | None]],
    axis: AxisLike,
    compute: Any,
    settings: Any,
    are_labels: bool = False,
) -> LazyTable:
    """Return the Table of all chunks, of which `work` gives that of one.

    Parameters
    ----------
    work : callable
        What a chunk's task calls.
    total : callable
        What makes the sum of tables, which are its arguments; it can be pickled.
    losses : tuple of loss
        What is summed.
    data : Arguments
        The arrays of the call.
    keys : sequence of tuple
        The names of the keys, the keys, and the kinds that they must have: dask's or in memory.
    axis : int or tuple of int, optional
        The axes to reduce.
    compute : dtype, optional
        What inputs are rounded to first.
    settings : tuple
        What the Table depends on beside all this, for dask's name of it.
    are_labels : bool
        Whether inputs are labels, of any kind.
    """
    found = [Key.of(*key) for key in keys]
    blocks = align(losses, data, compute, found, are_labels)
    reduced = axes_with_rows(axis, len(blocks.chunks))
    blocks = _with_whole_cells(blocks, reduced)
    cuts = [key.cuts for key in found]
    token = token_of(losses, blocks, cuts, settings)
    task = _TableOfChunk(work, blocks, cuts)
    ones = tuple((1,) * len(sizes) for sizes in blocks.chunks)
    parts = apply(task, blocks, f"streamloss-table-{token}", ones, np.empty((), object))
    return LazyTable(_joined(parts, token, total, _are_many(blocks.chunks[0])))


def _with_whole_cells(blocks: Blocks, reduced: tuple[int, ...]) -> Blocks:
    """Return blocks that are not cut along the axes kept: their tables have the same cells."""
    cut = [k for k, c in enumerate(blocks.chunks) if k not in reduced and len(c) > 1]
    if any(size != size for k in cut for size in blocks.chunks[k]):
        raise UnknownSizes(f"axis must keep axes with chunks of known sizes: got axis {cut[0]}")
    return blocks.whole(cut) if cut else blocks


def _are_many(sizes: tuple[Any, ...]) -> bool:
    """Return whether chunks of rows may have many slices together."""
    rows = sum(sizes)
    return len(sizes) >= MANY_CHUNKS if rows != rows else rows >= MANY_ROWS


def _joined(parts: Any, token: str, total: Callable[..., Table], many: bool) -> Any:
    """Return the sum of an array of tables, of those with many slices part by part."""
    axes, level = tuple(range(parts.ndim)), 0
    while parts.npartitions > (LISTS if many else 1) * ARITY:
        parts = merged(parts, axes, f"streamloss-join-{level}-{token}", total, ARITY)
        level += 1
    if parts.npartitions <= ARITY:
        name = f"streamloss-join-{level}-{{}}-{token}"
        return reduced_to_one(parts, axes, name, total, ARITY)
    lists = merged(parts, axes, f"streamloss-split-{token}", _Split(total), ARITY)
    names = [f"streamloss-part-{k}-{{}}-{token}" for k in range(PARTS)]
    some = [
        reduced_to_one(_items(lists, k, name), axes, name, total, ARITY)
        for k, name in enumerate(names)
    ]
    name = f"streamloss-whole-{token}"
    node = Node((name,), Task(total), *[TaskRef((each.name,)) for each in some])
    return objects({(name,): node}, name, (), some)


def _items(lists: Any, k: int, name: str) -> Any:
    """Return the array of one item of each list in an array."""
    name = name.format("of")
    nodes = {
        (name, *place): Node((name, *place), operator.getitem, TaskRef((lists.name, *place)), k)
        for place in np.ndindex(*lists.numblocks)
    }
    return objects(nodes, name, lists.chunks, [lists])


class _Split:
    """Makes the sum of tables, in parts if there are many slices, all in the first if not."""

    def __init__(self, total: Callable[..., Table]) -> None:
        self._total = total

    def __call__(self, *tables: Table) -> list[Table]:
        """Return the parts of the sum."""
        table = self._total(*tables)
        if len(table) > MANY_SLICES:
            return table.split(PARTS)
        return [table, *[table.take(np.empty(0, np.int64))] * (PARTS - 1)]


class _TableOfChunk(Chunk):
    """Gives the Table of a chunk; one at the beginning of the other axes counts its rows."""

    def __init__(self, work: Any, blocks: Blocks, cuts: list[tuple[Kind, ...]]) -> None:
        super().__init__(work, blocks)
        self._cuts = cuts

    def _arguments(self, blocks: list[Any], sizes: tuple[Any, ...]) -> Any:
        """Return the arrays of a chunk, and its keys."""
        count = len(blocks) - len(self._cuts)
        pairs = zip(blocks[count:], self._cuts, strict=True)
        keys = tuple([as_cut(block, kinds) for block, kinds in pairs])
        return super()._arguments(blocks[:count], sizes), keys

    def _run(self, data: Any, place: Any) -> Table:
        table: Table = self._work(*data)
        return table.without_rows() if any(place[1:]) else table


class LazyTable:
    """The Table of dask arrays: an array without axes, and a Table in its block."""

    def __init__(self, parts: Any) -> None:
        self._parts = parts

    def delayed(self, build: Callable[[Table], Any], losses: Sequence[Loss], *token: Any) -> Any:
        """Return the Delayed of what a function makes of the table, by losses and a token."""
        codes = [(loss.key, tuple(loss), digest_of(loss)) for loss in losses]
        name = f"streamloss-slices-{tokenize(self._parts.name, codes, token)}"
        part = self._parts.to_delayed().item()
        return delayed(Task(_made))(part, build, dask_key_name=name)

    def compute(self) -> Table:
        """Return the Table, computed now."""
        table: Table = check_state(self._parts.compute())
        return table


def _made(table: Table, build: Callable[[Table], Any]) -> Any:
    """Return what a function makes of a table of another task."""
    return build(check_state(table))
