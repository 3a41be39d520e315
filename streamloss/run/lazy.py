"""Dask arrays: a task for each chunk gives its State, a tree of tasks merges them.

Nothing is computed here. A chunk's task is a blockwise one, which dask fuses with those that load
the chunk; the State it returns, a few hundred bytes for a scalar, takes the place of a block.
"""

from __future__ import annotations

import itertools
import uuid
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, NoReturn

import dask.array as da
import numpy as np
from dask.base import tokenize
from dask.delayed import delayed
from dask.highlevelgraph import HighLevelGraph
from dask.layers import ArrayBlockIdDep, ArrayChunkShapeDep

from streamloss.arrays.batch import (
    Batch,
    as_batch,
    check_alignment,
    check_shapes,
    common_dtype,
    is_lazy,
    may_fit,
    name_inputs,
    normalise_axis,
    refuse_alignment,
)
from streamloss.arrays.convert import as_array, as_mask, check_dtype
from streamloss.arrays.device import DeviceArray
from streamloss.exact.counts import ROWS
from streamloss.exact.reductions import Reduction
from streamloss.exact.state import State
from streamloss.kernels.cache import Uncacheable, function_digest, loss_digest, package_digest
from streamloss.kernels.switches import OMIT
from streamloss.losses.base import parts_of
from streamloss.support.maker import Task, check_maker

from . import choose

arrays = da
"""dask's functions of arrays, for who may not import dask."""

ARITY = 16
"""States that one task merges: 100,000 chunks take a quarter less time than with dask's 4."""


class UnknownSizes(ValueError):
    """Raised for arrays of unknown chunk sizes beside arrays with other chunks."""


class How(NamedTuple):
    """What tasks are to know: the rule, whether a NaN raises, the dtype to round to."""

    rule: Any
    strict: bool = False
    compute: Any = None


class Blocks(NamedTuple):
    """The arrays of a call as dask arrays of one rank that are cut at the same places.

    Inputs of rank 1 have a last axis more, the rows, in one piece.
    """

    inputs: tuple[Any, ...]
    weights: Any
    where: Any
    ranks: tuple[int, ...]

    @property
    def arrays(self) -> tuple[Any, ...]:
        """All arrays in order."""
        others = (array for array in (self.weights, self.where) if array is not None)
        return (*self.inputs, *others)

    @property
    def chunks(self) -> tuple[Any, ...]:
        """The chunks of the losses."""
        chunks = self.inputs[0].chunks
        return tuple(chunks[: len(chunks) - self.ranks[0]])

    @property
    def axes(self) -> list[tuple[int, ...]]:
        """The axes of all arrays in order, as blockwise wants to know them."""
        axes = tuple(range(len(self.chunks)))
        return [(*axes, len(axes))[: array.ndim] for array in self.arrays]


def align(
    losses: Sequence[Any], y_true: Any, y_pred: Any, weights: Any, where: Any, compute: Any = None
) -> Blocks:
    """Check what is known of the arrays of a call, and cut them all at the same places.

    Raises
    ------
    TypeError, ValueError
        As `as_batch`, as far as dtypes and shapes are known (of the rest the tasks do); and
        if arrays of unknown chunk sizes have not the same chunks.
    """
    named = name_inputs(losses, y_true, y_pred)
    inputs = [numbers(*pair) for pair in named]
    heavy = None if weights is None else numbers("weights", weights)
    shown = None if where is None else numbers("where", where, mask=True)
    ranks = losses[0].ranks
    shape = check_shapes(inputs, ranks)
    if heavy is not None:
        check_alignment("weights", heavy.shape, shape)
    if shown is not None:
        check_alignment("where", shown.shape, shape)
    if compute is None:
        common_dtype(losses, inputs, heavy)
    given = [array for array in (*inputs, heavy, shown) if array is not None]
    try:
        arrays = _cut(given, len(shape), [*ranks, 0, 0])
    except ValueError as error:
        others = ("weights", weights), ("where", where)
        _refuse_sizes([*named, *others], [*inputs, heavy, shown], error)
    shown = None if shown is None else arrays.pop()
    heavy = None if heavy is None else arrays.pop()
    return Blocks(tuple(arrays), heavy, shown, ranks)


def numbers(name: str, value: Any, mask: bool = False) -> Any:
    """Return an argument as a dask array or, if it is not lazy, a numpy array; or a mask."""
    if not is_lazy(value):
        array, valid = (as_mask(name, value), None) if mask else as_array(name, value)
        if isinstance(array, DeviceArray):
            rule = f"{name} must be a dask array, or an array of the CPU, beside dask arrays"
            raise TypeError(f"{rule}: got one of a GPU")
        return array if valid is None else np.ma.masked_array(array, ~valid)
    # a Delayed has any attribute, and the scalars of a dataframe this method too
    if hasattr(type(value), "to_dask_array") and value.ndim:
        value = _plain_columns(name, value, mask).to_dask_array()
    if not isinstance(value, da.Array):
        raise TypeError(f"{name} must be a dask array or column: got {type(value).__name__}")
    if mask and value.dtype != np.bool_:
        raise TypeError(f"{name} must be boolean: got dtype {value.dtype}")
    check_dtype(name, value.dtype)
    return value


def _plain_columns(name: str, frame: Any, mask: bool) -> Any:
    """Return a dask Series or DataFrame with one dtype of numpy, its parts read as in memory."""
    return frame.map_partitions(_plain, name, mask, meta=_plain(frame._meta, name, mask))


def _plain(part: Any, name: str, mask: bool) -> Any:
    array = as_mask(name, part) if mask else as_array(name, part)[0]
    return part._constructor(array, index=part.index)


def _refuse_sizes(named: list[tuple[str, Any]], arrays: list[Any], error: Exception) -> NoReturn:
    """Raise what says how chunk sizes become known that do not fit others."""
    ways = [
        name + _knowing(name, value)
        for (name, value), array in zip(named, arrays, strict=False)
        if array is not None and any(size != size for size in array.shape)
    ]
    name = ways[0].partition(".")[0]
    rule = f"{name} must have no unknown chunk sizes beside arrays with other chunks"
    raise UnknownSizes(f"{rule}: give {', '.join(ways)}") from error


def _knowing(name: str, value: Any) -> str:
    """Return what to call so that an argument has known chunk sizes, and dtypes of numpy."""
    if not hasattr(type(value), "to_dask_array"):
        return ".compute_chunk_sizes()"
    dtypes = list(value.dtypes) if value.ndim == 2 else [value.dtype]
    plain = len(set(dtypes)) == 1 and isinstance(dtypes[0], np.dtype) and dtypes[0].kind != "O"
    cast = ".fillna(False).astype(bool)" if name == "where" else ".astype(float)"
    return f"{'' if plain else cast}.to_dask_array(lengths=True)"


def _cut(arrays: list[Any], rank: int, ranks: list[int]) -> list[Any]:
    """Return dask arrays of so many axes, and their rows, with the same chunks.

    Raises
    ------
    ValueError
        If sizes of chunks that are not known stand beside others.
    """
    lazy = [array for array in arrays if isinstance(array, da.Array)]
    chunks = [*(_chunks_of(lazy, axis) for axis in range(rank)), None]
    arrays = [_whole(a) if isinstance(a, da.Array) else _wrap(a, chunks) for a in arrays]
    arrays = [a[(..., *[None] * (rank - a.ndim))] if a.ndim < rank else a for a in arrays]
    arrays = [a.rechunk({rank: -1}) if k else a for a, k in zip(arrays, ranks, strict=False)]
    indexed = [item for a in arrays for item in (a, tuple(range(a.ndim)))]
    _, arrays = da.core.unify_chunks(*indexed)
    return list(arrays)


def _chunks_of(arrays: list[Any], axis: int) -> Any:
    """Return the chunks of the first array that is cut along an axis, None if there is none."""
    found = [a.chunks[axis] for a in arrays if a.ndim > axis and not a.shape[axis] <= 1]
    return found[0] if found else None


def _whole(array: Any) -> Any:
    """Return an array with axes of size 0 or 1 in one chunk."""
    cut = [k for k, size in enumerate(array.shape) if size <= 1 < array.numblocks[k]]
    if not cut:
        return array
    if 0 not in array.shape:
        return array.rechunk(dict.fromkeys(cut, -1))
    chunks = tuple((size,) if k in cut else array.chunks[k] for k, size in enumerate(array.shape))
    return da.zeros(array.shape, array.dtype, chunks=chunks)  # dask does not rechunk no elements


def _wrap(array: Any, chunks: list[Any]) -> Any:
    """Return a numpy array as a dask array with these chunks where its size is theirs."""
    sizes = tuple(
        known if known is not None and sum(known) == size else (size,)
        for known, size in zip(chunks, array.shape, strict=False)
    )
    repeated = [
        stride == 0 and size > 1 for stride, size in zip(array.strides, array.shape, strict=True)
    ]
    if not any(repeated):
        return da.from_array(array, chunks=sizes)
    # a graph has the numbers of a broadcast array once, wherever it is sent
    once = array[tuple(slice(0, 1) if again else slice(None) for again in repeated)]
    cut = tuple((1,) if again else size for again, size in zip(repeated, sizes, strict=True))
    return da.broadcast_to(da.from_array(once.copy(), chunks=cut), array.shape, sizes)


class _Chunk:
    """What is done with the blocks of a chunk; an error says of which chunk."""

    def __init__(self, losses: tuple[Any, ...], blocks: Blocks, axis: Any, how: How) -> None:
        self._losses, self._axis, self._how = losses, axis, how
        self._weights, self._where = _broadcast(blocks.weights), _broadcast(blocks.where)
        ends = zip(blocks.inputs, blocks.ranks, strict=True)
        self._rows = [a.shape[a.ndim - rank :] for a, rank in ends]

    def __call__(self, *blocks: Any) -> Any:
        """Return the state of a chunk or, of `_Losses`, its losses; the last block is its place."""
        *arrays, sizes, place = blocks
        try:
            return self._run(self._batch(arrays, sizes), place)
        except Exception as error:
            if type(error) in (TypeError, ValueError):
                raise type(error)(f"chunk {place}: {error}") from error
            error.add_note(f"This was in chunk {place}.")  # others may want other arguments
            raise

    def _batch(self, blocks: list[Any], sizes: tuple[Any, ...]) -> Batch:
        blocks = [block[0] if isinstance(block, list) else block for block in blocks]
        for k, row in enumerate(self._rows):
            _check_block("y_true" if k == 0 else "y_pred", blocks[k], (*sizes, *row))
        shape = blocks[0].shape[: len(sizes)]
        where = _take_last("where", blocks, self._where, shape)
        weights = _take_last("weights", blocks, self._weights, shape)
        y_true, *others = blocks
        y_pred = tuple(others) if len(others) > 1 else others[0] if others else None
        return as_batch(self._losses, y_true, y_pred, weights, where, self._how.compute)

    def _run(self, batch: Batch, place: Any) -> Any:
        rule = self._how.rule
        if self._how.strict:
            choose.check_labels(self._losses, batch)
        state = choose.accumulate(self._losses, batch, self._axis, rule, threads=1)
        if self._how.strict:
            state.refuse_missing()
        reduced = normalise_axis(self._axis, len(batch.shape))
        if any(place[k] for k in reduced if k > 0):
            state.counts[:, ROWS] = 0  # the chunk at the beginning of these axes counts them
        return state


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


class _Losses(_Chunk):
    def _run(self, batch: Batch, place: Any) -> Any:
        if self._how.strict:
            choose.check_labels(self._losses, batch)
            state = choose.accumulate(self._losses, batch, None, OMIT, threads=1)
            state.refuse_missing()
        return choose.map(self._losses[0], batch, self._how.rule, threads=1)


def states(losses: tuple[Any, ...], blocks: Blocks, axis: Any, how: How) -> Any:
    """Return an array, with the axes and chunks kept, that has a State in place of each block."""
    rank = len(blocks.chunks)
    reduced = normalise_axis(axis, rank)
    token = _token(losses, blocks, axis, how)
    chunks = tuple((1,) * len(c) if k in reduced else c for k, c in enumerate(blocks.chunks))
    task = _Chunk(losses, blocks, axis, how)
    parts = _apply(task, blocks, f"streamloss-fold-{token}", chunks, np.empty((), object))
    for level in itertools.count():
        if parts.ndim == rank - len(reduced):
            return parts
        parts = _merged(parts, reduced, f"streamloss-merge-{level}-{token}")


def _apply(task: _Chunk, blocks: Blocks, name: str, chunks: tuple[Any, ...], like: Any) -> Any:
    """Return the array of what a task returns for each chunk, which is like an array.

    It is what `dask.array.map_blocks` does, without a function around the task for its `block_id`:
    that took a fifth of the time to optimise a graph.
    """
    rank = len(chunks)
    arrays = [*zip(blocks.arrays, blocks.axes, strict=True)]
    arrays.append((ArrayChunkShapeDep(blocks.chunks), tuple(range(rank))))
    arrays.append((ArrayBlockIdDep(blocks.chunks), tuple(range(rank))))
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
        tasks[key] = (total, [(parts.name, *block) for block in some])
    graph = HighLevelGraph.from_collections(name, tasks, dependencies=[parts])
    chunks = tuple((1,) * len(groups[k]) if k in reduced else parts.chunks[k] for k in kept)
    return da.Array(graph, name, chunks, meta=np.empty((0,) * len(kept), object))


def _total(parts: list[State]) -> State:
    """Return the sum of the states of other tasks."""
    return State.total([check_state(part) for part in parts])


def check_state(state: State) -> State:
    """Return a state that another process computed.

    Raises
    ------
    ValueError
        If that process has another streamloss.
    """
    maker = getattr(state, "maker", None)
    if maker is not None:
        check_maker(maker, "what a worker computes")
    return state


def _token(losses: tuple[Any, ...], blocks: Blocks, *settings: Any) -> str:
    """Return a name for results that depend on these arrays, settings, and the losses' code."""
    names = [array.name for array in blocks.arrays]
    codes = [(loss.key, tuple(loss), _digest(loss)) for loss in losses]
    parts = blocks.weights is None, blocks.where is None
    return str(tokenize(package_digest(), names, parts, codes, settings))


def _digest(loss: Any) -> Any:
    """Return a digest of a loss's code, a random one where it cannot be known."""
    ends = [end for end in (type(loss).finish, type(loss).combine) if end is not None]
    try:
        codes = [loss_digest(type(part)) for part in parts_of([loss])]
        return codes, [function_digest(end) for end in ends]
    except (Uncacheable, AttributeError):
        return uuid.uuid4().hex


class _Finish:
    """Turns a state into one loss's results."""

    def __init__(self, losses: tuple[Any, ...], k: int, reduction: Reduction) -> None:
        self._losses, self._k, self._reduction = losses, k, reduction

    def __call__(self, state: State) -> Any:
        """Return the results of a block."""
        return np.float64(check_state(state).results(self._losses, self._reduction)[self._k])


def finish(states: Any, losses: tuple[Any, ...], k: int, reduction: Reduction) -> Any:
    """Return the array of the results of loss k."""
    token = tokenize(states.name, k, str(reduction), [_digest(loss) for loss in losses])
    return apply(states, _Finish(losses, k, reduction), token)


def apply(
    states: Any, function: Callable[[State], Any], token: Any, dtype: Any = np.float64
) -> Any:
    """Return the array of what a function makes of each state."""
    return states.map_blocks(
        Task(function),
        name=f"streamloss-finish-{tokenize(states.name, token)}",
        dtype=dtype,
        meta=np.empty((0,) * states.ndim, dtype),
    )


def delay(states: Any, build: Callable[[State], Any] | None = None) -> Any:
    """Return the Delayed State of all blocks, or what a function makes of it."""
    return delayed(Task(_join))(states.to_delayed().tolist(), states.ndim, build)


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


def map(loss: Any, blocks: Blocks, how: How) -> Any:
    """Return the weighted losses, cut like the inputs."""
    task = _Losses((loss,), blocks, None, how)
    name = f"streamloss-map-{_token((loss,), blocks, how)}"
    meta = np.empty_like(blocks.inputs[0]._meta, np.float64)  # of CuPy, where the chunks are
    return _apply(task, blocks, name, blocks.chunks, meta)
