"""Cells: the exact sums and counts of many cells, a column for each."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from streamloss.losses.base import Loss, parts_of, rows_of

from .column import Column, equal
from .counts import COLUMNS, ELEMENTS, MASKED, MISSING, NONZERO, ROWS
from .digits import DIGITS, Ints
from .finishing import finish_column
from .limbs import DIGIT, add_to, pieces, taken
from .limits import NEGATIVE, refuse_many, summed
from .reductions import Reduction, combined, finish
from .state import State

MANY = 1 << 14
"""Cells that become one state at a time, for Python's integers."""

COUNTS = "elements", "nonzero", "missing", "masked", "rows"
"""The names of the counts, in the order of the columns of `State.counts`."""


Part = tuple["Cells", Any, int]
"""Cells, those that they are added to (None: all in their order; another one for each), a sign."""


class Cells:
    """Exact sums and counts of cells; immutable.

    Attributes
    ----------
    count : int
        How many cells there are.
    sums : tuple of Column
        The sums of the losses, as the rows of `State.sums`.
    weights : Column, optional
        The sums of the weights; None where each is the number of elements.
    elements : int64 array (cells,)
        The elements that count.
    nonzero, missing, masked, rows : int64 array (cells,), optional
        The other counts of `State`. None is: as many nonzero as elements, none missing, none
        masked, as many rows as these and the elements together.
    """

    __slots__ = ("count", "sums", "weights", *COUNTS)

    count: int
    sums: tuple[Column, ...]
    weights: Column | None
    elements: Ints
    nonzero: Ints | None
    missing: Ints | None
    masked: Ints | None
    rows: Ints | None

    def __init__(
        self,
        count: int,
        sums: tuple[Column, ...],
        weights: Column | None,
        elements: Ints,
        nonzero: Ints | None = None,
        missing: Ints | None = None,
        masked: Ints | None = None,
        rows: Ints | None = None,
    ) -> None:
        self.count, self.sums, self.weights = count, sums, weights
        self.elements, self.nonzero = elements, nonzero
        self.missing, self.masked, self.rows = missing, masked, rows

    @classmethod
    def nothing(cls, cells: int, losses: int) -> Cells:
        """Return cells of nothing, with so many sums of losses."""
        sums = tuple([Column.nothing(cells)] * losses)
        return cls(cells, sums, None, np.zeros(cells, np.int64))

    @classmethod
    def of_state(cls, state: State) -> Cells:
        """Return the cells of a state."""
        state = state.trimmed()  # whose digits are balanced
        rows, unit = np.ascontiguousarray(state.sums.T), DIGIT * state.base
        digits, flags = rows[DIGITS:].astype(np.int32), rows[:DIGITS]
        columns = [
            Column(unit, DIGIT, digits[:, k], flags[:, k]).canonical() for k in range(rows.shape[1])
        ]
        counts = np.ascontiguousarray(state.counts.T)
        return cls(len(state.counts), tuple(columns[:-1]), columns[-1], *counts).canonical()

    def counts(self, name: str) -> Ints:
        """Return counts by name, also those that follow from others."""
        found: Ints | None = getattr(self, name)
        if found is not None:
            return found
        if name == "nonzero":
            return self.elements
        if name == "rows":
            return self.elements + self.counts("missing") + self.counts("masked")
        return np.zeros(self.count, np.int64)

    @property
    def nbytes(self) -> int:
        """How many bytes sums and counts take."""
        columns = (*self.sums, *filter(None, [self.weights]))
        arrays = [array for column in columns for array in (column.limbs, column.flags)]
        arrays += [getattr(self, name) for name in COUNTS]
        return sum([int(array.nbytes) for array in arrays if array is not None])

    @property
    def heavy(self) -> Column:
        """The sums of the weights, also where they follow from the counts."""
        return Column.of_counts(self.elements) if self.weights is None else self.weights

    def canonical(self) -> Cells:
        """Return the same cells with digits and without what follows from other counts."""
        empty = Cells(self.count, (), None, self.elements)
        for name in ("missing", "masked", "nonzero", "rows"):
            own = getattr(self, name)
            if own is not None and not equal(own, empty.counts(name)):
                setattr(empty, name, own)
        empty.sums = tuple([column.canonical() for column in self.sums])
        if self.weights is not None:
            weights = self.weights.canonical()
            empty.weights = None if _are_counts(weights, self.elements) else weights
        return empty

    def take(self, places: Any) -> Cells:
        """Return some cells."""
        return self.made(
            len(places), lambda each: taken(each, places), lambda each: each.take(places)
        )

    def made(
        self, count: int, counts: Callable[[Ints], Ints], sums: Callable[[Column], Column]
    ) -> Cells:
        """Return so many other cells, whose counts and sums are made of each of these."""
        own: list[Any] = [getattr(self, name) for name in COUNTS]
        own = [None if each is None else counts(each) for each in own]
        weights = None if self.weights is None else sums(self.weights)
        return Cells(count, tuple([sums(column) for column in self.sums]), weights, *own)

    def without_sums(self) -> Cells:
        """Return the same cells without the sums of losses."""
        own = [getattr(self, name) for name in COUNTS]
        return Cells(self.count, (), self.weights, *own)

    def without_rows(self) -> Cells:
        """Return the same cells with no rows, for these are counted elsewhere."""
        counts = self.elements, self.nonzero, self.missing, self.masked
        return Cells(self.count, self.sums, self.weights, *counts, np.zeros(self.count, np.int64))

    @classmethod
    def total(cls, parts: list[Part], count: int) -> Cells:
        """Return the sum of parts for so many cells.

        Raises
        ------
        ValueError
            If a count would exceed what a count can be, or a sum what a sum can be.
        """
        sums = [
            Column.total([(cells.sums[k], places, sign) for cells, places, sign in parts], count)
            for k in range(len(parts[0][0].sums))
        ]
        weights = None
        if any([cells.weights is not None for cells, _, _ in parts]):
            heavy = [(cells.heavy, places, sign) for cells, places, sign in parts]
            weights = Column.total(heavy, count)
        return cls(count, tuple(sums), weights, *_counts_of(parts, count))

    def grouped(self, order: Any, starts: Ints, kept: int) -> Cells:
        """Return the sums of groups of slices of `kept` cells, as `Column.grouped` does."""
        return self.made(
            len(starts) * kept,
            lambda each: summed(each[None], order, starts, kept)[0],
            lambda each: each.grouped(order, starts, kept),
        )

    def is_nothing(self) -> Any:
        """Return which cells have neither counts nor sums."""
        busy = self.elements != 0
        idle = np.flatnonzero(~busy)
        if idle.size:
            few = self.take(idle)
            left = np.zeros(len(idle), np.bool_)
            for name in COUNTS:
                left |= few.counts(name) != 0
            for column in (*few.sums, *filter(None, [few.weights])):
                left |= ~column.is_zero()
            busy[idle] = left
        return ~busy

    def state(self, shape: tuple[int, ...] | None = None) -> State:
        """Return all cells as a state of a shape, flat without one."""
        columns = [column.canonical() for column in (*self.sums, self.heavy)]
        used = [column for column in columns if len(column.limbs)]
        base = min([column.unit for column in used], default=0) // DIGIT
        stop = max([column.unit // DIGIT + len(column.limbs) for column in used], default=base)
        sums = np.zeros((self.count, len(columns), DIGITS + stop - base), np.int64)
        for k, column in enumerate(columns):
            first = DIGITS + column.unit // DIGIT - base
            sums[:, k, first : first + len(column.limbs)] = column.limbs.T
            if column.flags is not None:
                sums[:, k, :DIGITS] = column.flags.T
        counts = np.empty((self.count, COLUMNS), np.int64)
        for place, name in zip((ELEMENTS, NONZERO, MISSING, MASKED, ROWS), COUNTS, strict=True):
            counts[:, place] = self.counts(name)
        return State((self.count,) if shape is None else shape, sums, base, counts)

    def results(self, losses: tuple[Loss, ...], reduction: Reduction) -> list[Any]:
        """Return the results of all losses for each cell: what a state of it would give.

        Raises
        ------
        ValueError
            If subtraction left a negative count.
        """
        out, start = [], 0
        for loss in losses:
            stop = start + rows_of(parts_of([loss]))
            part = Cells(self.count, self.sums[start:stop], self.weights, self.elements)
            part.nonzero, start = self.nonzero, stop
            out.append(part.finished(loss, reduction))
        return out

    def finished(self, loss: Loss, reduction: Reduction) -> Any:
        """Return the result of one loss, whose sums these are, for each cell."""
        if loss.combine is not None:
            return self._combined(loss)
        total = Column.summed(self.sums)
        values, certain = finish_column(
            reduction, total, self.weights, self.elements, self.counts("nonzero")
        )
        if any([(self.counts(name) < 0).any() for name in ("elements", "nonzero")]):
            raise ValueError(NEGATIVE)
        rest = np.flatnonzero(~certain)
        for some in pieces(len(rest), MANY):
            few = self.take(rest[some]).state()
            values[rest[some]] = finish(reduction, few.summed(0, loss.streams).totals(0))
        if loss.finish is not None:
            return np.array([loss.finish(value) for value in values.tolist()], np.float64)
        return values

    def _combined(self, metric: Loss) -> Any:
        """Return what a metric makes of the sums of each cell."""
        values = np.empty(self.count)
        for some in pieces(self.count, MANY):
            few = self.take(np.arange(some.start, some.stop)).state()
            values[some] = [combined(metric, sums) for sums in few.sums_of(metric.parts)]
        return values

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Cells):
            return NotImplemented
        a, b = self.canonical(), other.canonical()
        alike = (a.count, len(a.sums)) == (b.count, len(b.sums))
        names = ("sums", "weights")
        return (
            alike
            and all(getattr(a, name) == getattr(b, name) for name in names)
            and all(equal(getattr(a, name), getattr(b, name)) for name in COUNTS)
        )

    __hash__ = None  # type: ignore[assignment]


def _are_counts(weights: Column, elements: Ints) -> bool:
    """Return whether sums of weights are numbers of elements; of most data the first are not."""
    few = np.arange(min(64, weights.cells))
    return weights.take(few) == Column.of_counts(elements[few]) and (
        weights == Column.of_counts(elements)
    )


def _counts_of(parts: list[Part], count: int) -> list[Any]:
    """Return the sums of the counts of parts, None of those that follow from others in all."""
    out: list[Any] = []
    for name in COUNTS:
        if all([getattr(cells, name) is None for cells, _, _ in parts]):
            out.append(None)
            continue
        sums = np.zeros(count, np.int64)
        for n, (cells, places, sign) in enumerate(parts):
            add_to(sums, places, cells.counts(name), sign, n == 0)
            refuse_many(sums)
        out.append(sums)
    return out
