"""Kernels on the CPU: cut the arrays into boxes, fold them in a few threads, merge the states."""

from __future__ import annotations

import functools
import itertools
from typing import Any

import numba
import numpy as np
from numba import njit
from numba.core.errors import NumbaError

from streamloss import _loops, _overloads  # noqa: F401  # the overloads register themselves
from streamloss._cache import KernelCache, Uncacheable
from streamloss._convert import Array
from streamloss._inputs import FLOAT32, Batch
from streamloss._loops import ELEMENTS, MASKED, ROWS
from streamloss._threads import Jobs, get_num_threads, share
from streamloss.backends._boxes import (
    GATHER,
    Index,
    Plan,
    Reader,
    boxes,
    jobs,
    plan,
    unlock,
)
from streamloss.state import WIDE_CELLS, State

PARALLEL = 1 << 18
"""Elements from which helper threads pay: waking them takes 50 us, folding this many 100."""

_TINY = 5e-324


@functools.cache
def _kernel(body: Any, classes: tuple[type, ...]) -> Any:
    """Return the body compiled for losses of these classes, from disk where possible."""
    if numba.config.DISABLE_JIT:  # type: ignore[attr-defined]
        # numpy scalars warn of overflows, which are meant
        return np.errstate(all="ignore")(body)
    dispatcher = njit(nogil=True, error_model="numpy")(body)
    try:
        cache = KernelCache(body, classes)
    except Uncacheable:
        return dispatcher
    dispatcher._cache = cache  # type: ignore[attr-defined]  # numba offers no other way
    return dispatcher


def _explain(error: NumbaError, classes: tuple[type, ...]) -> TypeError:
    """Return what to raise for a loss that does not compile: one line that names it."""
    found = {cls.__qualname__: why for cls in classes if (why := _why_not(cls))}
    names = ", ".join(found or [cls.__qualname__ for cls in classes])
    return TypeError(f"point of {names} cannot be compiled: {'; '.join(found.values()) or error}")


def _why_not(cls: Any) -> str:
    """Return why numba does not compile the `point` of a loss class, empty if it does."""
    loss = tuple.__new__(cls, [1.0] * len(cls._fields))
    try:
        value = njit(cls.point)(loss, *[1.0] * cls.inputs)
    except NumbaError as error:
        lines = [line for line in str(error).splitlines() if line.strip()]
        return lines[1] if lines[0].startswith("Failed in") else lines[0]
    except Exception:  # it compiles, whatever it thinks of these numbers
        return ""
    return "" if isinstance(value, int | float) else f"it returns {value!r}, which is no number"


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


def add(state: State, losses: tuple[Any, ...], batch: Batch, omit: bool) -> bool:
    """Add a small batch that needs no copy to a state of one cell; False if it is none such."""
    inputs, weights, where, dtype = batch
    if where is not None or inputs[0].size > PARALLEL:
        return False
    rows = []
    for a in inputs if weights is None else (*inputs, weights):
        if a.dtype != dtype or not a.flags.c_contiguous or not a.flags.aligned:
            return False
        rows.append((a if a.flags.writeable else unlock(a)).reshape(1, -1))
    check_subnormals()
    heavy = None if weights is None else rows.pop()
    narrow = True if dtype == FLOAT32 else None
    _fold(losses, tuple(rows), heavy, state, _count_rows(batch), narrow, omit or None)
    return True


def _fold(losses: Any, inputs: Any, weights: Any, state: State, *options: Any) -> None:
    """Add arrays (cells, n) to a state in one call; the options are those of `fold_rows`."""
    classes = tuple([type(loss) for loss in losses])
    try:
        kernel = _kernel(_loops.fold_rows, classes)
        kernel(losses, inputs, weights, state.sums, state.counts, *options)
    except NumbaError as error:
        raise _explain(error, classes) from error


def _count_rows(batch: Batch) -> int:
    """Return the size of axis 0; a scalar is one row."""
    shape = batch.inputs[0].shape
    return shape[0] if shape else 1


def accumulate(
    losses: tuple[Any, ...],
    batch: Batch,
    axis: int | tuple[int, ...] | None = None,
    omit: bool = False,
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

    Raises
    ------
    RuntimeError
        If the thread flushes subnormal numbers to zero.
    """
    check_subnormals()
    todo = plan(batch, axis)
    threads = 1 if batch.inputs[0].size < PARALLEL else get_num_threads()
    many = todo.cells > WIDE_CELLS
    run = _many_cells if many else _few_cells
    state = run(losses, todo, omit or None, threads)
    state.counts[:, ROWS] = _count_rows(batch)
    return state


def _few_cells(losses: tuple[Any, ...], todo: Plan, omit: Any, threads: int) -> State:
    """Give each thread a state of all cells, and merge them."""
    states: list[State] = []

    def work(jobs: Jobs[tuple[slice, Index]]) -> None:
        check_subnormals()
        state, reader = State.empty(todo.kept, len(losses)), Reader(todo.batch, omit)
        for cells, index in jobs:
            _add_box(losses, todo, reader, index, _view(state, cells), omit)
        states.append(state)

    share(work, jobs(todo, threads), threads)
    return functools.reduce(lambda a, b: a.combine(b, 1), states)


def _many_cells(losses: tuple[Any, ...], todo: Plan, omit: Any, threads: int) -> State:
    """Fold a few cells at a time, keep the digits in use, and put the parts together."""
    parts: dict[int, State] = {}

    def work(jobs: Jobs[tuple[int, list[tuple[slice, Index]]]]) -> None:
        check_subnormals()
        reader = Reader(todo.batch, omit)
        for start, items in jobs:
            cells = items[0][0].stop - start
            state = State.empty((cells,), len(losses))
            for _, index in items:
                _add_box(losses, todo, reader, index, state, omit)
            parts[start] = state.trimmed()

    groups = itertools.groupby(jobs(todo, threads), key=lambda job: job[0].start)
    share(work, ((start, list(items)) for start, items in groups), threads)
    return State.joined(todo.kept, [parts[start] for start in sorted(parts)])


def _view(state: State, cells: slice) -> State:
    """Return some cells of a state, sharing its memory."""
    return State((), state.sums[cells], state.base, state.counts[cells])


def _add_box(
    losses: tuple[Any, ...],
    todo: Plan,
    reader: Reader,
    index: Index,
    state: State,
    omit: Any,
) -> None:
    rows = len(state.sums)
    inputs, weights, masked = reader.read(index, rows)
    _fold(losses, inputs, weights, state, 0, todo.narrow, omit)
    if masked is not None:
        state.counts[:, ELEMENTS] -= masked
        state.counts[:, MASKED] += masked


def map(loss: Any, batch: Batch, omit: bool = False) -> Array:
    """Return the weighted loss of every element as float64, zero where it counts for nothing."""
    check_subnormals()
    out = np.empty(batch.shape, np.float64)
    threads = get_num_threads() if out.size >= PARALLEL else 1

    kernel = _kernel(_loops.map_rows, (type(loss),))

    def work(jobs: Jobs[Index]) -> None:
        check_subnormals()
        reader = Reader(batch, omit)
        for index in jobs:
            inputs, weights, _ = reader.read(index, 1)
            target = out[(*index, ...)].reshape(1, -1)
            try:
                kernel(loss, inputs, weights, target, omit or None)
            except NumbaError as error:
                raise _explain(error, (type(loss),)) from error

    share(work, boxes(batch.shape, GATHER), threads)
    return out
