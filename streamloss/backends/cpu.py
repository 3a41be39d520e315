"""Kernels on the CPU: cut the arrays into boxes, fold them in a few threads, merge the states.

A box is read where it lies if it is contiguous and has the kernel's dtype; anything else
(strides, other dtypes, broadcast weights, masks) is copied by numpy, without the GIL, into
buffers that fit the cache. So two dtypes times weights or not is all that is ever compiled.
"""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from numba import njit
from numba.core.errors import NumbaError

from streamloss import _loops, _overloads  # noqa: F401  # the overloads register themselves
from streamloss._cache import KernelCache, Uncacheable
from streamloss._convert import Array
from streamloss._inputs import FLOAT32, FLOAT64, Batch, normalise_axis
from streamloss._loops import ELEMENTS, MASKED
from streamloss._threads import Jobs, get_num_threads, share
from streamloss.state import WIDE_CELLS, State

DIRECT = 1 << 20
"""Elements of a box that is read in place: long enough to hide the 5 us of a call."""

GATHER = 1 << 15
"""Elements of a box that is copied: three float64 buffers of it are 768 KiB."""

PARALLEL = 1 << 18
"""Elements from which helper threads pay: waking them takes 50 us, folding this many 100."""

CELLS = 256
"""Most cells of a box: their wide rows are 300 KiB for one loss."""

_TINY = 5e-324

Index = tuple[Any, ...]


@functools.cache
def _kernel(body: Any, classes: tuple[type, ...]) -> Any:
    """Return the body compiled for losses of these classes, from disk where possible."""
    dispatcher = njit(nogil=True, error_model="numpy")(body)
    try:
        cache = KernelCache(body, classes)
    except Uncacheable:
        return dispatcher
    dispatcher._cache = cache  # type: ignore[attr-defined]  # numba offers no other way
    return dispatcher


def _call(body: Any, losses: Any, classes: tuple[type, ...], *args: Any) -> None:
    """Run a kernel; a loss that does not compile is the caller's error, said in one line."""
    try:
        with np.errstate(all="ignore"):  # without JIT the bodies run on numpy scalars
            _kernel(body, classes)(losses, *args)
    except NumbaError as error:
        names = ", ".join(cls.__qualname__ for cls in classes)
        reason = str(error).strip().splitlines()
        raise TypeError(f"point of {names} cannot be compiled: {' '.join(reason[:6])}") from error


def check_subnormals() -> None:
    """Refuse to run in a thread that flushes subnormal numbers to zero.

    Raises
    ------
    RuntimeError
        If it does, as `torch.set_flush_denormal(True)` makes it.
    """
    if _TINY * 1.0 == 0.0:
        raise RuntimeError(
            "this thread flushes subnormal numbers to zero, which falsifies sums: turn it off,"
            " for instance by torch.set_flush_denormal(False)"
        )


class Plan(NamedTuple):
    """The arrays of a batch with the kept axes first and the reduced axes after them."""

    batch: Batch
    kept: tuple[int, ...]
    reduced: tuple[int, ...]
    in_place: bool

    @property
    def cells(self) -> int:
        """The number of output cells."""
        return math.prod(self.kept)

    @property
    def length(self) -> int:
        """The number of elements of a cell."""
        return math.prod(self.reduced)

    @property
    def dtype(self) -> np.dtype[Any]:
        """The dtype that the kernel sees."""
        narrow = self.batch.where is not None and self.batch.dtype == FLOAT32
        return FLOAT64 if narrow else self.batch.dtype

    @property
    def narrow(self) -> bool | None:
        """Whether the kernel sees float32 alone, as it wants to be told."""
        return True if self.dtype == FLOAT32 else None


def plan(batch: Batch, axis: int | tuple[int, ...] | None) -> Plan:
    """Order the axes of a batch: kept ones, then reduced ones as they lie in memory."""
    reduced = normalise_axis(axis, len(batch.shape))
    kept = [k for k in range(len(batch.shape)) if k not in reduced]
    strides = batch.inputs[0].strides
    order = [*kept, *sorted(reduced, key=lambda k: -abs(strides[k]))]
    if order != list(range(len(order))):
        batch = batch._replace(
            inputs=tuple(a.transpose(order) for a in batch.inputs),
            weights=None if batch.weights is None else batch.weights.transpose(order),
            where=None if batch.where is None else batch.where.transpose(order),
        )
    arrays = batch.inputs if batch.weights is None else (*batch.inputs, batch.weights)
    in_place = batch.where is None and all(
        a.flags.c_contiguous and a.flags.aligned and a.dtype == batch.dtype for a in arrays
    )
    shape, split = batch.shape, len(kept)
    if in_place and not kept and len(shape) != 1:
        batch = batch._replace(
            inputs=tuple(a.reshape(-1) for a in batch.inputs),
            weights=None if batch.weights is None else batch.weights.reshape(-1),
        )
        shape = batch.shape
    return Plan(batch, shape[:split], shape[split:], in_place)


def boxes(shape: tuple[int, ...], limit: int) -> Iterator[Index]:
    """Cut a shape into indices of at most `limit` elements, each a range in C order."""
    axis, inner = 0, math.prod(shape)
    while axis < len(shape) and inner > limit:
        inner //= shape[axis]
        axis += 1
    if axis == 0:
        yield ()
        return
    step = max(1, limit // max(inner, 1))
    for prefix in itertools.product(*(range(size) for size in shape[: axis - 1])):
        for start in range(0, shape[axis - 1], step):
            yield (*prefix, slice(start, start + step))


class Reader:
    """Reads boxes of a plan, in place or through buffers of its own: one for each thread."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._buffers: list[Array] = []

    def read(self, index: Index, rows: int) -> tuple[tuple[Array, ...], Array | None, Any]:
        """Return inputs and weights of a box as (rows, n), and the masked elements of each row."""
        batch, dtype = self._plan.batch, self._plan.dtype
        index = (*index, ...)  # an array even where every axis is indexed
        inputs = [a[index] for a in batch.inputs]
        weights = None if batch.weights is None else batch.weights[index]
        if batch.where is None:
            found = tuple(self._fit(k, a, dtype, rows) for k, a in enumerate(inputs))
            if weights is not None:
                real = FLOAT32 if dtype == FLOAT32 else FLOAT64
                weights = self._fit(len(inputs), weights, real, rows)
            return found, weights, 0
        masked = ~batch.where[index]
        found = tuple(_as_rows(self._copy(k, a, dtype, masked), rows) for k, a in enumerate(inputs))
        ones = np.broadcast_to(np.float64(1.0), masked.shape) if weights is None else weights
        weights = _as_rows(self._copy(len(inputs), ones, FLOAT64, masked), rows)
        return found, weights, _as_rows(masked, rows).sum(axis=1)

    def _fit(self, k: int, array: Array, dtype: np.dtype[Any], rows: int) -> Array:
        """Return a box as the kernel needs it, itself if it can be."""
        if not (array.flags.c_contiguous and array.flags.aligned and array.dtype == dtype):
            array = self._copy(k, array, dtype, None)
        return _as_rows(array, rows)

    def _copy(self, k: int, array: Array, dtype: np.dtype[Any], masked: Array | None) -> Array:
        """Copy a box into buffer k, with zeros where it is masked."""
        while len(self._buffers) <= k:
            self._buffers.append(np.empty(0, dtype))
        if self._buffers[k].size < array.size:
            self._buffers[k] = np.empty(array.size, dtype)
        out = self._buffers[k][: array.size].reshape(array.shape)
        np.copyto(out, array, casting="unsafe")
        if masked is not None:
            np.copyto(out, 0.0, where=masked)
        return out


def _as_rows(array: Array, rows: int) -> Array:
    return array.reshape(rows, array.size // rows if rows else 0)


def add(state: State, losses: tuple[Any, ...], batch: Batch, omit: bool) -> bool:
    """Add a small batch that needs no copy to a state of one cell; False if it is none such."""
    arrays = batch.inputs if batch.weights is None else (*batch.inputs, batch.weights)
    if batch.where is not None or batch.inputs[0].size > PARALLEL:
        return False
    for a in arrays:
        if not (a.flags.c_contiguous and a.flags.aligned and a.dtype == batch.dtype):
            return False
    check_subnormals()
    inputs = tuple([a.reshape(1, -1) for a in batch.inputs])
    weights = None if batch.weights is None else batch.weights.reshape(1, -1)
    _fold(losses, inputs, weights, state, batch.dtype == FLOAT32 or None, omit or None)
    state.rows += _rows(batch)
    return True


def _fold(
    losses: tuple[Any, ...], inputs: Any, weights: Any, state: State, narrow: Any, omit: Any
) -> None:
    classes = tuple([type(loss) for loss in losses])
    _call(
        _loops.fold_rows, losses, classes, inputs, weights, state.sums, state.counts, narrow, omit
    )


def _rows(batch: Batch) -> int:
    """Return the size of axis 0 before any reordering; a scalar is one row."""
    return batch.shape[0] if batch.shape else 1


def accumulate(
    losses: tuple[Any, ...],
    batch: Batch,
    axis: int | tuple[int, ...] | None = None,
    omit: bool = False,
    threads: int | None = None,
) -> State:
    """Return the state of a batch.

    Parameters
    ----------
    losses : tuple of loss
        At least one.
    batch : Batch
        Arrays of one shape.
    axis : int, tuple of int or None
        The reduced axes.
    omit : bool
        Whether elements with a NaN are taken out.
    threads : int, optional
        At most so many threads; by default `get_num_threads()` where the arrays are large.
    """
    check_subnormals()
    todo = plan(batch, axis)
    if batch.inputs[0].size < PARALLEL:
        threads = 1
    many = todo.cells > WIDE_CELLS
    run = _many_cells if many else _few_cells
    state = run(losses, todo, omit or None, threads or get_num_threads())
    state.rows = _rows(batch)
    return state


def _few_cells(losses: tuple[Any, ...], todo: Plan, omit: Any, threads: int) -> State:
    """Give each thread a state of all cells, and merge them."""
    states: list[State] = []

    def work(jobs: Jobs[tuple[slice, Index]]) -> None:
        check_subnormals()
        state, reader = State.empty(todo.kept, len(losses)), Reader(todo)
        for cells, index in jobs:
            _add_box(losses, todo, reader, index, _view(state, cells), omit)
        states.append(state)

    share(work, _jobs(todo, threads), threads)
    return functools.reduce(lambda a, b: a.combine(b, 1), states)


def _many_cells(losses: tuple[Any, ...], todo: Plan, omit: Any, threads: int) -> State:
    """Fold a few cells at a time, keep the digits in use, and put the parts together."""
    parts: dict[int, State] = {}

    def work(jobs: Jobs[tuple[int, list[tuple[slice, Index]]]]) -> None:
        check_subnormals()
        reader = Reader(todo)
        for start, items in jobs:
            cells = items[0][0].stop - start
            state = State.empty((cells,), len(losses))
            for _, index in items:
                _add_box(losses, todo, reader, index, state, omit)
            parts[start] = state.trimmed()

    groups = itertools.groupby(_jobs(todo, threads), key=lambda job: job[0].start)
    share(work, ((start, list(items)) for start, items in groups), threads)
    return State.joined(todo.kept, [parts[start] for start in sorted(parts)])


def _view(state: State, cells: slice) -> State:
    """Return some cells of a state, sharing its memory."""
    return State((), state.sums[cells], state.base, state.counts[cells], 0)


def _jobs(todo: Plan, threads: int) -> Iterator[tuple[slice, Index]]:
    """Yield boxes with the cells they belong to, those of the same cells together."""
    limit = DIRECT if todo.in_place else GATHER
    limit = min(limit, max(GATHER, todo.cells * todo.length // (4 * threads)))
    whole = limit // max(todo.length, 1)  # cells that one box can hold entirely
    most = max(1, min(CELLS, whole if todo.in_place else max(whole, CELLS)))
    start = 0
    for outer in boxes(todo.kept, most):
        cells = _size(todo.kept, outer)
        for inner in boxes(todo.reduced, max(1, limit // max(cells, 1))):
            full = (*outer, *(slice(None),) * (len(todo.kept) - len(outer)), *inner)
            yield slice(start, start + cells), full
        start += cells


def _size(shape: tuple[int, ...], index: Index) -> int:
    """Return how many elements an index of `boxes` selects."""
    size = math.prod(shape[len(index) :])
    if index:
        size *= len(range(*index[-1].indices(shape[len(index) - 1])))
    return size


def _add_box(
    losses: tuple[Any, ...], todo: Plan, reader: Reader, index: Index, state: State, omit: Any
) -> None:
    rows = len(state.sums)
    inputs, weights, masked = reader.read(index, rows)
    _fold(losses, inputs, weights, state, todo.narrow, omit)
    state.counts[:, ELEMENTS] -= masked
    state.counts[:, MASKED] += masked


def map(loss: Any, batch: Batch, omit: bool = False) -> Array:
    """Return the weighted loss of every element as float64, zero where it counts for nothing."""
    check_subnormals()
    out = np.empty(batch.shape, np.float64)
    todo = Plan(batch, (), batch.shape, batch.where is None)
    threads = get_num_threads() if out.size >= PARALLEL else 1

    def work(jobs: Jobs[Index]) -> None:
        check_subnormals()
        reader = Reader(todo)
        for index in jobs:
            inputs, weights, _ = reader.read(index, 1)
            target = out[(*index, ...)].reshape(1, -1)
            _call(_loops.map_rows, loss, (type(loss),), inputs, weights, target, omit or None)

    share(work, boxes(batch.shape, GATHER), threads)
    return out
