"""Dask arrays: a task for each chunk gives its State, a tree of tasks merges them.

Nothing is computed here, nor known of queries. A chunk's task is a blockwise one, which dask fuses
with those that load the chunk; the State it returns, a few hundred bytes for a scalar, takes the
place of a block.
"""

from __future__ import annotations

import itertools
import uuid
from collections.abc import Callable
from typing import Any

import dask.array as da
import numpy as np
from dask._task_spec import Task as Node
from dask._task_spec import TaskRef
from dask.base import tokenize
from dask.delayed import delayed
from dask.highlevelgraph import HighLevelGraph
from dask.layers import ArrayBlockwiseDep

from streamloss.arrays.batch import Arguments, may_fit, normalise_axis, refuse_alignment
from streamloss.arrays.types import AxisLike
from streamloss.exact.counts import ROWS
from streamloss.exact.reductions import Reduction
from streamloss.exact.state import State, check_state
from streamloss.kernels.digests import (
    Uncacheable,
    function_digest,
    loss_digest,
    package_digest,
)
from streamloss.losses.base import Loss, parts_of
from streamloss.support.maker import Task

from .blocks import Blocks, align

ARITY = 16
"""States that one task merges: 100,000 chunks take a quarter less time than with dask's 4
(`benchmarks/bench_dask.py`)."""

Work = Callable[[Arguments], Any]
"""What makes something of the arrays of a chunk; it can be pickled."""


def sums(
    work: Work,
    losses: tuple[Loss, ...],
    data: Arguments,
    axis: AxisLike,
    compute: Any,
    settings: Any,
) -> LazyState:
    """Return the State of all chunks, of which `work` gives that of one.

    Parameters
    ----------
    work : callable
        What a chunk's task calls.
    losses : tuple of loss
        What it sums.
    data : Arguments
        The arrays of the call, some of them dask's.
    axis : int or tuple of int, optional
        The axes to reduce.
    compute : dtype, optional
        What inputs are rounded to first.
    settings : tuple
        What the State depends on beside all this, for dask's name of it.
    """
    blocks = align(losses, data, compute)
    rank = len(blocks.chunks)
    reduced = normalise_axis(axis, rank)
    token = _token(losses, blocks, axis, settings)
    chunks = tuple((1,) * len(c) if k in reduced else c for k, c in enumerate(blocks.chunks))
    task = _StateOfChunk(work, blocks, reduced)
    parts = _apply(task, blocks, f"streamloss-fold-{token}", chunks, np.empty((), object))
    for level in itertools.count():
        if parts.ndim == rank - len(reduced):
            break
        parts = _merged(parts, reduced, f"streamloss-merge-{level}-{token}")
    return LazyState(parts)


def values(
    work: Work, losses: tuple[Loss, ...], data: Arguments, compute: Any, settings: Any
) -> Any:
    """Return the array of what `work` makes of each chunk, of the shape of the losses."""
    blocks = align(losses, data, compute)
    name = f"streamloss-map-{_token(losses, blocks, settings)}"
    meta = np.empty_like(blocks.inputs[0]._meta, np.float64)  # an array of CuPy if the chunks are
    return _apply(_Chunk(work, blocks), blocks, name, blocks.chunks, meta)


class LazyState:
    """The State of dask arrays: an array of the axes and chunks kept, a State in each block."""

    def __init__(self, parts: Any) -> None:
        self._parts = parts

    def results(self, losses: tuple[Loss, ...], reduction: Reduction) -> list[Any]:
        """Return the lazy results of all losses, as `State.results` does."""
        codes = [_digest(loss) for loss in losses]
        return [
            self.apply(_Finish(losses, k, reduction), token=(k, str(reduction), codes))
            for k in range(len(losses))
        ]

    def apply(self, function: Callable[..., Any], *others: Any, token: Any = None) -> Any:
        """Return the float64 array of what a function makes of each state, and of other arrays.

        Two functions of one token are one to dask; by default the function is its own.
        """
        names = [other.name for other in (self._parts, *others)]
        token = tokenize(names, function if token is None else token)
        return self._parts.map_blocks(
            Task(function),
            *others,
            name=f"streamloss-finish-{token}",
            dtype=np.float64,
            meta=np.empty((0,) * self._parts.ndim, np.float64),
        )

    def delayed(self, build: Callable[[State], Any] | None = None) -> Any:
        """Return the Delayed State of all blocks, or what a function makes of it."""
        parts = self._parts
        return delayed(Task(_join))(parts.to_delayed().tolist(), parts.ndim, build)

    def compute(self) -> State:
        """Return the State, computed now."""
        state: State = self.delayed().compute()
        return state


class _Chunk:
    """What is done with the blocks of a chunk; an error says of which chunk."""

    def __init__(self, work: Work, blocks: Blocks) -> None:
        self._work = work
        self._weights, self._where = _broadcast(blocks.weights), _broadcast(blocks.where)
        ends = zip(blocks.inputs, blocks.ranks, strict=True)
        self._rows = [a.shape[a.ndim - rank :] for a, rank in ends]

    def __call__(self, *blocks: Any) -> Any:
        """Return what is made of a chunk; the last block is its place, and then its sizes."""
        *arrays, numbers = blocks
        rank = len(numbers) // 2
        place, sizes = numbers[:rank], numbers[rank:]
        try:
            return self._run(self._arguments(arrays, sizes), place)
        except Exception as error:
            if type(error) in (TypeError, ValueError):
                raise type(error)(f"chunk {place}: {error}") from error
            # another class may not be made of a text alone
            error.add_note(f"This was in chunk {place}.")
            raise

    def _arguments(self, blocks: list[Any], sizes: tuple[Any, ...]) -> Arguments:
        blocks = [block[0] if type(block) is list else block for block in blocks]
        for k, row in enumerate(self._rows):
            if getattr(blocks[k], "shape", None) != sizes + row:
                _check_block("y_true" if k == 0 else "y_pred", blocks[k], sizes + row)
        shape = blocks[0].shape[: len(sizes)]
        where = _take_last("where", blocks, self._where, shape)
        weights = _take_last("weights", blocks, self._weights, shape)
        y_true, *others = blocks
        y_pred = tuple(others) if len(others) > 1 else others[0] if others else None
        return y_true, y_pred, weights, where

    def _run(self, data: Arguments, place: Any) -> Any:
        return self._work(data)


class _StateOfChunk(_Chunk):
    """Gives the State of a chunk; one at the beginning of the other axes counts its rows."""

    def __init__(self, work: Work, blocks: Blocks, reduced: tuple[int, ...]) -> None:
        super().__init__(work, blocks)
        self._reduced = reduced

    def _run(self, data: Arguments, place: Any) -> Any:
        state = self._work(data)
        if any(place[k] for k in self._reduced if k > 0):
            state.counts[:, ROWS] = 0
        return state


class _Places(ArrayBlockwiseDep):
    """The place of each chunk, followed by its sizes.

    They are one argument, for dask makes a task anew for each: two took a tenth more time to make
    and optimise a graph (`benchmarks/bench_dask.py`).
    """

    def __init__(self, chunks: tuple[Any, ...], name: str) -> None:
        super().__init__(chunks)
        self._name = name

    def __getitem__(self, place: tuple[int, ...]) -> tuple[Any, ...]:
        """Return the place and the sizes of a chunk."""
        return place + tuple([sizes[k] for k, sizes in zip(place, self.chunks, strict=True)])

    def __dask_tokenize__(self) -> Any:
        """Return what dask names it by: reading a hundred thousand sizes takes longer."""
        return type(self).__name__, self._name


def _broadcast(array: Any) -> tuple[bool, ...] | None:
    """Return which axes of an array are broadcast, None without one."""
    return None if array is None else tuple(size == 1 for size in array.shape)


def _take_last(
    name: str, blocks: list[Any], broadcast: tuple[bool, ...] | None, shape: tuple[int, ...]
) -> Any:
    """Take the last block off a list, unless there is none of that name.

    Raises
    ------
    ValueError
        If it would be broadcast only because it happens to have one row.
    """
    if broadcast is None:
        return None
    block = blocks.pop()
    sizes = zip(np.shape(block), shape, broadcast, strict=False)
    fits = all(size == full or one for size, full, one in sizes)
    if np.ndim(block) != len(broadcast) or not fits:
        refuse_alignment(name, np.shape(block), shape)
    return block


def _check_block(name: str, block: Any, sizes: tuple[Any, ...]) -> None:
    """Refuse a block that is no array of the sizes that were announced for it, rows included.

    Raises
    ------
    ValueError
        If a function that made the array has returned another: its meta or chunks are wrong.
    """
    shape = np.shape(block)
    if not may_fit(shape, sizes):
        rule = f"{name} must have the sizes that its chunks announce"
        raise ValueError(f"{rule}: got {shape} and {sizes}")


def _apply(task: _Chunk, blocks: Blocks, name: str, chunks: tuple[Any, ...], like: Any) -> Any:
    """Return the array of what a task returns for each chunk, which is like an array.

    It is what `dask.array.map_blocks` does, without a function around the task for its `block_id`:
    that took a fifth of the time to optimise a graph.
    """
    rank = len(chunks)
    arrays = [*zip(blocks.arrays, blocks.axes, strict=True)]
    arrays.append((_Places(blocks.chunks, name), tuple(range(rank))))
    return da.blockwise(
        Task(task),
        tuple(range(rank)),
        *(item for pair in arrays for item in pair),
        name=name,
        adjust_chunks=dict(enumerate(chunks)),
        align_arrays=False,
        concatenate=True,
        meta=np.empty_like(like, shape=(0,) * rank),
    )


def _merged(parts: Any, reduced: tuple[int, ...], name: str) -> Any:
    """Return states of which each is the sum of some; of all along the reduced axes, without them.

    `dask.array.reduction` would do it with a further function in each chunk's task, for which
    dask then has to order the functions of the task each time it runs: a fifth of the time.
    """
    few = max(2, int(ARITY ** (1 / max(len(reduced), 1))))
    groups = [
        [range(n)[start : start + step] for start in range(0, n, step)]
        for k, n in enumerate(parts.numblocks)
        for step in [few if k in reduced else 1]
    ]
    done = all(len(groups[k]) == 1 for k in reduced)
    kept = [k for k in range(parts.ndim) if not (done and k in reduced)]
    tasks: dict[Any, Any] = {}
    total = Task(_total)
    for place in itertools.product(*(range(len(group)) for group in groups)):
        some = itertools.product(*(groups[k][i] for k, i in enumerate(place)))
        key = (name, *(place[k] for k in kept))
        tasks[key] = Node(key, total, *[TaskRef((parts.name, *block)) for block in some])
    graph = HighLevelGraph.from_collections(name, tasks, dependencies=[parts])
    chunks = tuple((1,) * len(groups[k]) if k in reduced else parts.chunks[k] for k in kept)
    return da.Array(graph, name, chunks, meta=np.empty((0,) * len(kept), object))


def _total(*parts: State) -> State:
    """Return the sum of the states of other tasks."""
    return State.total([check_state(part) for part in parts])


def _token(losses: tuple[Loss, ...], blocks: Blocks, *settings: Any) -> str:
    """Return a name for results that depend on these arrays, settings, and the losses' code."""
    names = [array.name for array in blocks.arrays]
    codes = [(loss.key, tuple(loss), _digest(loss)) for loss in losses]
    parts = blocks.weights is None, blocks.where is None
    return str(tokenize(package_digest(), names, parts, codes, settings))


def _digest(loss: Loss) -> Any:
    """Return a digest of a loss's code, a random one where it cannot be known."""
    ends = [end for end in (type(loss).finish, type(loss).combine) if end is not None]
    try:
        codes = [loss_digest(type(part)) for part in parts_of([loss])]
        return codes, [function_digest(end) for end in ends]
    except (Uncacheable, AttributeError):
        return uuid.uuid4().hex


class _Finish:
    """Turns a state into one loss's results."""

    def __init__(self, losses: tuple[Loss, ...], k: int, reduction: Reduction) -> None:
        self._losses, self._k, self._reduction = losses, k, reduction

    def __call__(self, state: State) -> Any:
        """Return the results of a block."""
        return np.float64(check_state(state).results(self._losses, self._reduction)[self._k])


def _join(parts: Any, rank: int, build: Callable[[State], Any] | None) -> Any:
    """Return the state of blocks in nested lists of so many axes, or what is made of it."""
    for axis in reversed(range(rank)):
        parts = _join_along(parts, axis)
    return parts if build is None else build(parts)


def _join_along(parts: Any, axis: int, depth: int = 0) -> Any:
    """Put states in nested lists together along their innermost axis."""
    if depth < axis:
        return [_join_along(part, axis, depth + 1) for part in parts]
    return State.concatenated([check_state(part) for part in parts], axis)


def call_later(function: Callable[..., Any], *arguments: Any) -> Any:
    """Return the Delayed result of a function of arguments that hold Delayed values."""
    return delayed(Task(function))(*arguments)
