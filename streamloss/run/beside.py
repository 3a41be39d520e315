"""Cells that lie side by side: rows of a batch, of which each element goes to another cell."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from streamloss.arrays.types import Array
from streamloss.exact.counts import ELEMENTS, MASKED
from streamloss.exact.state import State
from streamloss.kernels.columns import fold_columns, make_grids
from streamloss.kernels.cpu import entry
from streamloss.kernels.switches import NARROW, WIDE, Multiply, Rule
from streamloss.kernels.tiles import STEP
from streamloss.losses.base import Loss, rows_of, values_first

from .cut import (
    DIRECT,
    FEW_CELLS,
    GATHER,
    LEAST,
    MOST_CELLS,
    Index,
    Plan,
    Reader,
    boxes,
    is_in_place,
    length_of,
    real,
    unlock,
)

SHORT = 24
"""Elements of a cell up to which they are gathered as columns: a loop along fewer is all ends."""

COLUMNS = 1 << 7
"""Least columns of a job that is read in place, so that memory is read in stretches."""

LINE = 64
"""Columns of which the first rows tell how large terms are."""


class Steps(NamedTuple):
    """Arrays as they lie: flat, with the distances of the weights of a row and a column."""

    inputs: tuple[Array, ...]
    weights: Array | None
    row: int
    column: int


def is_beside(losses: tuple[Loss, ...], todo: Plan, rule: Rule) -> bool:
    """Return whether a pass takes its cells side by side: as they lie, or where they are short."""
    if (
        todo.cells < 2
        or todo.length < 1
        or values_first(losses[0])
        or rows_of(losses) > len(losses)
    ):
        return False
    if todo.batch.where is not None and isinstance(rule, Multiply):
        return False
    first = todo.batch.inputs[0]
    steps = [(abs(s), -k) for k, s in enumerate(first.strides) if first.shape[k] > 1]
    return todo.length <= SHORT or -min(steps)[1] < len(todo.kept)


def turned(todo: Plan) -> Plan:
    """Return a plan with the reduced axes first."""
    split, rank = len(todo.kept), len(todo.kept) + len(todo.reduced)
    order = [*range(split, rank), *range(split)]
    inputs, weights, where, _, _ = todo.batch
    batch = todo.batch._replace(
        inputs=tuple([a.transpose(order) for a in inputs]),
        weights=None if weights is None else weights.transpose(order),
        where=None if where is None else where.transpose(order),
    )
    return todo._replace(batch=batch, in_place=is_in_place(batch._replace(weights=None)))


def as_they_lie(todo: Plan) -> Steps | None:
    """Return the arrays of a plan that `turned` made if a kernel can read them in place."""
    batch = todo.batch
    weights, split = batch.weights, len(todo.reduced)
    if not todo.in_place:
        return None
    inputs = tuple([unlock(a).reshape(-1) for a in batch.inputs])
    dtype = real(batch.dtype)
    if weights is None:
        return Steps(inputs, None, 0, 0)
    steps = [s if size > 1 else 0 for s, size in zip(weights.strides, weights.shape, strict=True)]
    if not any(steps[split:]):  # one of each row
        return Steps(inputs, _flat(weights[(..., *[0] * len(todo.kept))], dtype), 1, 0)
    if not any(steps[:split]):  # one of each cell
        return Steps(inputs, _flat(weights[(*[0] * split, ...)], dtype), 0, 1)
    if is_in_place(batch):
        return Steps(inputs, unlock(weights).reshape(-1), todo.cells, 1)
    return None


def _flat(weights: Array, dtype: np.dtype[Any]) -> Array:
    """Return a few weights as a kernel reads them."""
    with np.errstate(over="ignore"):
        return unlock(np.ascontiguousarray(weights, dtype)).reshape(-1)


class Beside:
    """Adds cells that lie side by side, in one thread."""

    def __init__(self, losses: tuple[Loss, ...], todo: Plan, rule: Rule, base: int = 0) -> None:
        self._losses, self._todo, self._rule = losses, todo, rule
        self._reader, self._steps = Reader(todo.batch, rule), as_they_lie(todo)
        self._width = NARROW if real(todo.batch.dtype) == np.float32 else WIDE
        grids = make_grids(len(losses), real(todo.batch.dtype), base)
        self._grids, self.guesses, self.window = grids, grids[0], grids[-1]

    def add(self, index: Index, state: State) -> None:
        """Add the elements of some rows to the cells of a state."""
        steps, cells = self._steps, self._todo.cells
        if steps is not None:
            (rows, columns) = index
            first, of_row, of_column = rows.start * cells + columns.start, steps.row, steps.column
            weight = rows.start * of_row + columns.start * of_column
            place = first, cells, rows.stop - rows.start, weight, of_row, of_column
            self._fold(steps.inputs, steps.weights, place, state)
            return
        columns = len(state.counts)
        inputs, weights, masked = self._reader.read(index, columns, 0)
        place = 0, columns, inputs[0].size // columns, 0, columns, 1
        self._fold(inputs, weights, place, state)
        if masked is not None:
            state.counts[:, MASKED] += masked
            state.counts[:, ELEMENTS] -= masked

    def _fold(
        self, inputs: tuple[Array, ...], weights: Array | None, place: tuple[int, ...], state: State
    ) -> None:
        arguments = inputs, weights, state.sums, state.counts, 0, self._grids, place
        switches = self._rule, self._width
        run = entry(fold_columns, self._losses, self._losses, *arguments, *switches)
        run(self._losses, *arguments, *switches)

    def jobs(self, threads: int, many: bool) -> Iterator[tuple[slice, Index]]:
        """Yield cells and the index of rows of them: of all cells, or if `many` of some."""
        cells, length = self._todo.cells, self._todo.length
        if self._steps is None:
            most = min(MOST_CELLS, max(FEW_CELLS, GATHER // length))
            yield from self._boxes(most, GATHER)
            return
        limit = min(DIRECT, max(LEAST, cells * length // (4 * threads)))
        columns = min(MOST_CELLS, max(COLUMNS, limit // length)) if many else cells
        yield from self._ranges(columns, length if many else max(1, limit // cells))

    def first(self) -> tuple[slice, Index]:
        """Return a few cells, and the index of a few rows of them."""
        some = self._boxes(LINE, LINE * STEP) if self._steps is None else self._ranges(LINE, STEP)
        return next(some)

    def _ranges(self, columns: int, rows: int) -> Iterator[tuple[slice, Index]]:
        """Yield ranges of cells, and the ranges of rows and of these cells."""
        cells, length = self._todo.cells, self._todo.length
        for column in range(0, cells, columns):
            some = slice(column, min(column + columns, cells))
            for row in range(0, length, rows):
                yield some, (slice(row, min(row + rows, length)), some)

    def _boxes(self, most: int, limit: int) -> Iterator[tuple[slice, Index]]:
        """Yield ranges of cells, and the indices of boxes of these."""
        kept, reduced = self._todo.kept, self._todo.reduced
        start = 0
        for inner in boxes(kept, most):
            cells = length_of(kept, inner)
            for outer in boxes(reduced, max(1, limit // cells)):
                rest = (slice(None),) * (len(reduced) - len(outer))
                yield slice(start, start + cells), (*outer, *rest, *inner)
            start += cells
