"""Whole batches on the CPU: cut into boxes, folded in a few threads, the states merged."""

from __future__ import annotations

import functools
import itertools
from typing import Any

import numpy as np

from streamloss import _threads
from streamloss._convert import Array
from streamloss._inputs import Batch
from streamloss._loops import ELEMENTS, MASKED, ROWS, fold_cells, make_room, map_terms
from streamloss._missing import Gaps
from streamloss._threads import Jobs, share
from streamloss.backends._boxes import (
    GATHER,
    Index,
    Plan,
    Reader,
    boxes,
    jobs,
    plan,
)
from streamloss.backends._kernels import call, check_subnormals
from streamloss.state import WIDE_CELLS, State


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
    threads = _threads.wanted(batch.inputs[0].size)
    many = todo.cells > WIDE_CELLS
    run = _many_cells if many else _few_cells
    state = run(losses, todo, omit or None, threads)
    state.counts[:, ROWS] = batch.rows
    return state


def _few_cells(losses: tuple[Any, ...], todo: Plan, omit: Any, threads: int) -> State:
    """Give each thread a state of all cells, and merge them."""
    states: list[State] = []

    def work(jobs: Jobs[tuple[slice, Index]]) -> None:
        check_subnormals()
        state, reader = State.empty(todo.kept, len(losses)), Reader(todo.batch, omit)
        spare = (
            make_room(len(losses)),
            Gaps.of(len(todo.batch.inputs), todo.batch.dtype) if omit else None,
        )
        for cells, index in jobs:
            _add_box(losses, todo, reader, index, _view(state, cells), spare)
        states.append(state)

    share(work, jobs(todo, threads), threads)
    return functools.reduce(lambda a, b: a.combine(b, 1), states)


def _many_cells(losses: tuple[Any, ...], todo: Plan, omit: Any, threads: int) -> State:
    """Fold a few cells at a time, keep the digits in use, and put the parts together."""
    parts: dict[int, State] = {}

    def work(jobs: Jobs[tuple[int, list[tuple[slice, Index]]]]) -> None:
        check_subnormals()
        reader = Reader(todo.batch, omit)
        spare = (
            make_room(len(losses)),
            Gaps.of(len(todo.batch.inputs), todo.batch.dtype) if omit else None,
        )
        for start, items in jobs:
            cells = items[0][0].stop - start
            state = State.empty((cells,), len(losses))
            for _, index in items:
                _add_box(losses, todo, reader, index, state, spare)
            parts[start] = state.trimmed()

    groups = itertools.groupby(jobs(todo, threads), key=lambda job: job[0].start)
    share(work, ((start, list(items)) for start, items in groups), threads)
    return State.joined(todo.kept, [parts[start] for start in sorted(parts)])


def _make_spare(losses: tuple[Any, ...], batch: Batch, omit: Any) -> tuple[Array, Gaps | None]:
    """Return the room and the gaps of a thread."""
    return make_room(len(losses)), Gaps.of(len(batch.inputs), batch.dtype) if omit else None


def _view(state: State, cells: slice) -> State:
    """Return some cells of a state, sharing its memory."""
    return State((), state.sums[cells], state.base, state.counts[cells])


def _add_box(
    losses: tuple[Any, ...],
    todo: Plan,
    reader: Reader,
    index: Index,
    state: State,
    spare: tuple[Array, Gaps | None],
) -> None:
    """Add one box to the cells of a state; `spare` is a thread's room and gaps."""
    rows = len(state.sums)
    inputs, weights, masked = reader.read(index, rows)
    arguments = inputs, weights, state.sums, state.counts, 0, *spare, todo.narrow
    call(fold_cells, losses, losses, *arguments)
    if masked is not None:
        state.counts[:, ELEMENTS] -= masked
        state.counts[:, MASKED] += masked


def map(loss: Any, batch: Batch, omit: bool = False) -> Array:
    """Return the weighted loss of every element as float64, zero where it counts for nothing."""
    check_subnormals()
    out = np.empty(batch.shape, np.float64)
    threads = _threads.wanted(out.size)

    def work(jobs: Jobs[Index]) -> None:
        check_subnormals()
        reader = Reader(batch, omit)
        for index in jobs:
            inputs, weights, _ = reader.read(index, 1)
            target = out[(*index, ...)].reshape(-1)
            call(map_terms, (loss,), loss, inputs, weights, target, omit or None)

    share(work, boxes(batch.shape, GATHER), threads)
    return out
