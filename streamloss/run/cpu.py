"""Whole batches on the CPU: cut into boxes, folded in a few threads, the states merged."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np

from streamloss.arrays.batch import Batch
from streamloss.arrays.types import Array, AxisLike
from streamloss.exact.counts import COLUMNS, ELEMENTS, MASKED, MISSING, ROWS
from streamloss.exact.digits import DIGITS
from streamloss.exact.state import WIDE_CELLS, State
from streamloss.kernels.columns import write_rows
from streamloss.kernels.cpu import call, fold_entry
from streamloss.kernels.fold import Workspace, make_workspace
from streamloss.kernels.maps import map_terms
from streamloss.kernels.switches import NARROW, SIFT, WIDE, Multiply, Omit, Rule
from streamloss.losses.arithmetic import product_error
from streamloss.losses.base import Loss, together, values_first
from streamloss.losses.names import resolve

from .cut import GATHER, Index, Plan, Reader, boxes, jobs, plan
from .threads import Jobs, check_subnormals, share, wanted

VALUE = resolve("value")
"""The loss that is its input: kernels fold with it what was computed before."""

PIECE = 1 << 12
"""Elements that numpy computes at once, of parts of metrics. Larger temporaries are new memory each
time: with 2**15, 57 ns an element went to page faults (`benchmarks/bench_losses.py`, r2)."""


def sums(
    losses: tuple[Loss, ...],
    batch: Batch,
    axis: AxisLike = None,
    rule: Rule = SIFT,
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
    rule : {SIFT, OMIT, MULTIPLY}
        What `kernels.switches` says of them.
    threads : int, optional
        How many threads share the work.

    Raises
    ------
    RuntimeError
        If the thread flushes subnormal numbers to zero.
    """
    check_subnormals()
    todo = plan(batch, axis)
    threads = threads or wanted(max([array.size for array in batch.inputs]))
    state = State.joined([_pass(some, todo, rule, threads) for some in together(losses)])
    state.counts[:, ROWS] = batch.rows(axis)
    return state


def _pass(losses: tuple[Loss, ...], todo: Plan, rule: Rule, threads: int) -> State:
    """Return the state of losses that are taken in one pass."""
    first = losses[0]
    if first.residue and todo.batch.weights is None:  # without weights no product is rounded
        sums = np.zeros((todo.cells, 2, DIGITS), np.int64)
        return State(todo.kept, sums, 0, np.zeros((todo.cells, COLUMNS), np.int64))
    if first.vectorized:
        todo = todo._replace(in_place=False)  # gathered boxes fit the cache, those in place do not
    run = _many_cells if todo.cells > WIDE_CELLS else _few_cells
    # numpy holds the GIL between its loops: two threads took a third longer than one
    return run(losses, todo, rule, 1 if first.vectorized else threads)


def _few_cells(losses: tuple[Loss, ...], todo: Plan, rule: Rule, threads: int) -> State:
    """Give each thread a state of all cells, and merge them."""
    states: list[State] = []

    def work(jobs: Jobs[tuple[slice, Index]]) -> None:
        check_subnormals()
        state, reader = State.empty(todo.kept, len(losses)), Reader(todo.batch, rule)
        workspace = make_workspace(len(losses))
        for cells, index in jobs:
            _add_box(losses, todo, reader, index, _view(state, cells), workspace, rule)
        states.append(state)

    share(work, jobs(todo, threads, rule), threads)
    return State.total(states)


def _many_cells(losses: tuple[Loss, ...], todo: Plan, rule: Rule, threads: int) -> State:
    """Fold a few cells at a time, keep the digits in use, and put the parts together."""
    parts: dict[int, State] = {}

    def work(jobs: Jobs[tuple[int, list[tuple[slice, Index]]]]) -> None:
        check_subnormals()
        reader = Reader(todo.batch, rule)
        workspace = make_workspace(len(losses))
        for start, items in jobs:
            cells = items[0][0].stop - start
            state = State.empty((cells,), len(losses))
            for _, index in items:
                _add_box(losses, todo, reader, index, state, workspace, rule)
            parts[start] = state.trimmed()

    groups = itertools.groupby(jobs(todo, threads, rule), key=lambda job: job[0].start)
    share(work, ((start, list(items)) for start, items in groups), threads)
    state = State.concatenated([parts[start] for start in sorted(parts)], 0)
    return State(todo.kept, state.sums, state.base, state.counts)


def _view(state: State, cells: slice) -> State:
    """Return some cells of a state, sharing its memory."""
    return State((), state.sums[cells], state.base, state.counts[cells])


def _add_box(
    losses: tuple[Loss, ...],
    todo: Plan,
    reader: Reader,
    index: Index,
    state: State,
    workspace: Workspace,
    rule: Rule,
) -> None:
    """Add one box to the cells of a state."""
    cells = len(state.sums)
    inputs, weights, masked = reader.read(index, cells)
    if values_first(losses[0]):
        inputs, weights = _box_values(losses[0], inputs, weights, state.counts, rule)
        losses, rule = (VALUE,), _without_omission(rule)
    width = NARROW if inputs[0].dtype == np.float32 else WIDE
    arguments = inputs, weights, state.sums, state.counts, 0, workspace, width, rule
    fold_entry(losses, *arguments)(losses, *arguments)
    if masked is not None:
        state.counts[:, MASKED] += masked
        if not isinstance(rule, Multiply):
            state.counts[:, ELEMENTS] -= masked


def _box_values(
    loss: Loss, inputs: tuple[Array, ...], weights: Array | None, counts: Array, rule: Rule
) -> tuple[tuple[Array], Array | None]:
    """Return the losses of a box, to be folded like values given, and their weights.

    An element or row with a NaN, where such do not count, gets weight zero and is counted here.
    """
    values = _map_rows(loss, inputs) if any(loss.ranks) else _vectorized(loss, inputs)
    if weights is not None:
        weights = weights.astype(np.float64)
    if isinstance(rule, Omit):
        weights = _without_missing(inputs, weights, values.size, counts)
    if loss.residue:
        values = _residues(values, weights, rule)
        return (values,), None
    return (values,), weights


def _without_missing(
    inputs: tuple[Array, ...], weights: Array | None, size: int, counts: Array
) -> Array | None:
    """Return the weights, zero where an element has a NaN; those are counted."""
    missing = np.zeros(size, np.bool_) if weights is None else np.isnan(weights)
    for array in inputs:
        missing |= np.isnan(array).any(axis=tuple(range(1, array.ndim)))
    if not missing.any():
        return weights
    missed = np.count_nonzero(missing.reshape(len(counts), size // max(len(counts), 1)), axis=1)
    counts[:, ELEMENTS] -= missed
    counts[:, MISSING] += missed
    return np.where(missing, 0.0, 1.0 if weights is None else weights)


def _residues(values: Array, weights: Array | None, rule: Rule) -> Array:
    """Return what rounding takes from each weighted value."""
    if weights is None:
        return np.zeros_like(values)
    residues = _in_pieces(product_error, weights, values)
    return residues if isinstance(rule, Multiply) else np.where(weights == 0.0, 0.0, residues)


def _vectorized(loss: Loss, inputs: tuple[Array, ...]) -> Array:
    """Return the loss of each element of flat arrays."""
    return _in_pieces(loss.point, *[array.astype(np.float64) for array in inputs])


def _in_pieces(function: Any, *arrays: Array) -> Array:
    """Return a function of flat arrays; large temporaries would be new memory each time."""
    out = np.empty(arrays[0].size)
    with np.errstate(all="ignore"):
        for start in range(0, out.size, PIECE):
            stop = start + PIECE
            out[start:stop] = function(*[array[start:stop] for array in arrays])
    return out


def _without_omission(rule: Rule) -> Rule:
    """Return the rule for terms of which none is missing."""
    return SIFT if isinstance(rule, Omit) else rule


def _map_rows(loss: Loss, inputs: tuple[Array, ...]) -> Array:
    """Return the loss of each row as float64."""
    values = np.empty(len(inputs[0]), np.float64)
    write_rows(loss, inputs, values)
    return values


def values(loss: Loss, batch: Batch, rule: Rule = SIFT, threads: int | None = None) -> Array:
    """Return the weighted loss of every element as float64, zero where it counts for nothing."""
    check_subnormals()
    out = np.empty(batch.shape, np.float64)
    threads = threads or wanted(max([array.size for array in batch.inputs]))
    masked_last = batch.where is not None and isinstance(rule, Multiply)
    source = batch._replace(where=None) if masked_last else batch

    def work(jobs: Jobs[Index]) -> None:
        check_subnormals()
        reader = Reader(source, rule)
        for index in jobs:
            inputs, weights, _ = reader.read(index, 1)
            target = out[(*index, ...)].reshape(-1)
            _map_box(loss, inputs, weights, target, rule)

    share(work, boxes(batch.shape, max(1, GATHER // max(batch.row or 1, 1))), threads)
    if masked_last:
        out[~np.asarray(batch.where)] = 0.0
    return out


def _map_box(
    loss: Loss, inputs: tuple[Array, ...], weights: Array | None, out: Array, rule: Rule
) -> None:
    """Write the weighted losses of a box."""
    if values_first(loss):
        values, weights = _box_values(loss, inputs, weights, np.zeros((1, COLUMNS), np.int64), rule)
        loss, inputs, rule = VALUE, values, _without_omission(rule)
    call(map_terms, (loss,), loss, inputs, weights, (), out, rule)
