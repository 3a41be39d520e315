"""Whole batches on the CPU: cut into boxes, folded in a few threads, the states merged."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np

from streamloss import _threads
from streamloss._convert import Array
from streamloss._inputs import Batch, normalise_axis
from streamloss._loops import ELEMENTS, MASKED, ROWS, fold_cells, make_room, map_terms
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
        How many threads share the work.

    Raises
    ------
    RuntimeError
        If the thread flushes subnormal numbers to zero.
    """
    check_subnormals()
    todo = plan(batch, axis)
    threads = threads or _threads.wanted(batch.inputs[0].size)
    many = todo.cells > WIDE_CELLS
    run = _many_cells if many else _few_cells
    state = run(losses, todo, omit or None, threads)
    reduces_rows = axis is None or 0 in normalise_axis(axis, len(batch.shape))
    state.counts[:, ROWS] = batch.rows if reduces_rows else 1
    return state


def _few_cells(losses: tuple[Any, ...], todo: Plan, omit: Any, threads: int) -> State:
    """Give each thread a state of all cells, and merge them."""
    states: list[State] = []

    def work(jobs: Jobs[tuple[slice, Index]]) -> None:
        check_subnormals()
        state, reader = State.empty(todo.kept, len(losses)), Reader(todo.batch, omit)
        room = make_room(len(losses))
        for cells, index in jobs:
            _add_box(losses, todo, reader, index, _view(state, cells), room, omit)
        states.append(state)

    share(work, jobs(todo, threads), threads)
    return State.total(states)


def _many_cells(losses: tuple[Any, ...], todo: Plan, omit: Any, threads: int) -> State:
    """Fold a few cells at a time, keep the digits in use, and put the parts together."""
    parts: dict[int, State] = {}

    def work(jobs: Jobs[tuple[int, list[tuple[slice, Index]]]]) -> None:
        check_subnormals()
        reader = Reader(todo.batch, omit)
        room = make_room(len(losses))
        for start, items in jobs:
            cells = items[0][0].stop - start
            state = State.empty((cells,), len(losses))
            for _, index in items:
                _add_box(losses, todo, reader, index, state, room, omit)
            parts[start] = state.trimmed()

    groups = itertools.groupby(jobs(todo, threads), key=lambda job: job[0].start)
    share(work, ((start, list(items)) for start, items in groups), threads)
    state = State.concatenated([parts[start] for start in sorted(parts)], 0)
    return State(todo.kept, state.sums, state.base, state.counts)


def _view(state: State, cells: slice) -> State:
    """Return some cells of a state, sharing its memory."""
    return State((), state.sums[cells], state.base, state.counts[cells])


def _add_box(
    losses: tuple[Any, ...],
    todo: Plan,
    reader: Reader,
    index: Index,
    state: State,
    room: Array,
    omit: Any,
) -> None:
    """Add one box to the cells of a state."""
    rows = len(state.sums)
    inputs, weights, masked = reader.read(index, rows)
    arguments = inputs, weights, state.sums, state.counts, 0, room, todo.narrow, omit
    call(fold_cells, losses, losses, *arguments)
    if masked is not None:
        state.counts[:, ELEMENTS] -= masked
        state.counts[:, MASKED] += masked


def map(loss: Any, batch: Batch, omit: bool = False, threads: int | None = None) -> Array:
    """Return the weighted loss of every element as float64, zero where it counts for nothing."""
    check_subnormals()
    out = np.empty(batch.shape, np.float64)
    threads = threads or _threads.wanted(out.size)

    def work(jobs: Jobs[Index]) -> None:
        check_subnormals()
        reader = Reader(batch, omit)
        for index in jobs:
            inputs, weights, _ = reader.read(index, 1)
            target = out[(*index, ...)].reshape(-1)
            call(map_terms, (loss,), loss, inputs, weights, target, omit or None)

    share(work, boxes(batch.shape, GATHER), threads)
    return out
