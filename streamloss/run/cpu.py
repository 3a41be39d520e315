"""Whole batches on the CPU: cut into boxes, folded in a few threads, the states merged."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from typing import Any

import numpy as np

from streamloss.arrays.batch import Batch
from streamloss.arrays.types import Array, AxisLike
from streamloss.exact.counts import COLUMNS, ELEMENTS, MASKED, MISSING, ROWS
from streamloss.exact.digits import BLOCK
from streamloss.exact.state import WIDE_CELLS, State
from streamloss.kernels.cpu import call
from streamloss.kernels.fold import make_workspace
from streamloss.kernels.folds import fold_entry
from streamloss.kernels.maps import map_terms
from streamloss.kernels.rows import write_rows
from streamloss.kernels.switches import NARROW, SIFT, WIDE, Multiply, Omit, Rule
from streamloss.losses.base import Loss, rows_of, together, values_first
from streamloss.losses.names import resolve

from .beside import Beside, is_beside, turned
from .cells import few, many
from .cut import GATHER, Index, Plan, Reader, boxes, is_in_place, jobs, length_of, plan
from .threads import Jobs, check_subnormals, share, wanted
from .views import Views, sum_views, views_of

VALUE = resolve("value")
"""The loss that is its input: kernels fold with it what was computed before."""

MOST_WIDE, MANY_ROWS = 1 << 8, 1 << 11
"""Cells up to which threads share the elements of each, in wide rows, if there are so many."""


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
    views = _views(todo, losses[0])
    if views is not None:
        return sum_views(losses, views, rule, threads)
    way: Any = Along
    if is_beside(losses, todo, rule):
        way, todo = Beside, turned(todo)
    wide = todo.cells <= (MOST_WIDE if todo.length >= MANY_ROWS else WIDE_CELLS)
    run = few if wide else many
    return run(functools.partial(way, losses, todo, rule), todo.kept, rows_of(losses), threads)


def _views(todo: Plan, loss: Loss) -> Views | None:
    """Return the views that one cell is read by, None if it is read in place or by boxes.

    Where weights alone are to be copied, numpy's boxes of these take 0.65 of the time.
    """
    if todo.in_place or todo.kept or values_first(loss):
        return None
    if todo.batch.where is None and is_in_place(todo.batch._replace(weights=None)):
        return None
    return views_of(todo.batch)


class Along:
    """Adds cells whose elements follow one another, in one thread."""

    def __init__(self, losses: tuple[Loss, ...], todo: Plan, rule: Rule, base: int = 0) -> None:
        self._losses, self._todo, self._rule = losses, todo, rule
        self._reader, self._workspace = (
            Reader(todo.batch, rule),
            make_workspace(rows_of(losses), base),
        )
        self.guesses, self.window = self._workspace[0], self._workspace[-1]
        self._runs: dict[bool, Any] = {}

    def add(self, index: Index, state: State) -> None:
        """Add one box to the cells of a state."""
        losses, rule = self._losses, self._rule
        inputs, weights, masked = self._reader.read(index, len(state.sums))
        if values_first(losses[0]):
            inputs, weights = _box_values(losses[0], inputs, weights, state.counts, rule)
            losses, rule = (VALUE,), _without_omission(rule)
        width = NARROW if inputs[0].dtype == np.float32 else WIDE
        arguments = inputs, weights, state.sums, state.counts, 0, self._workspace, width, rule
        if (weights is None) not in self._runs:
            self._runs[weights is None] = fold_entry(losses, *arguments)
        run, given = self._runs[weights is None]
        run(given, *arguments)
        if masked is not None:
            state.counts[:, MASKED] += masked
            if not isinstance(rule, Multiply):
                state.counts[:, ELEMENTS] -= masked

    def jobs(self, threads: int, many: bool) -> Iterator[tuple[slice, Index]]:
        """Yield boxes with the cells they belong to, those of the same cells together."""
        return jobs(self._todo, threads, self._rule)

    def first(self) -> tuple[slice, Index]:
        """Return a few elements of a few cells."""
        kept, reduced = self._todo.kept, self._todo.reduced
        row = self._todo.batch.row or 1
        index, inner = next(boxes(kept, 1)), next(boxes(reduced, max(1, BLOCK // row)))
        rest = (slice(None),) * (len(kept) - len(index))
        return slice(0, length_of(kept, index)), (*index, *rest, *inner)


def _box_values(
    loss: Loss, inputs: tuple[Array, ...], weights: Array | None, counts: Array, rule: Rule
) -> tuple[tuple[Array], Array | None]:
    """Return the losses of a box, to be folded like values given, and their weights.

    An element or row with a NaN, where such do not count, gets weight zero and is counted here.
    """
    values = _map_rows(loss, inputs)
    if weights is not None:
        weights = weights.astype(np.float64)
    if isinstance(rule, Omit):
        weights = _without_missing(inputs, weights, values.size, counts)
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
