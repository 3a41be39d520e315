"""The cells of one thing that metrics of counts ask for, over any number of batches."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from streamloss.arrays.batch import normalise_axis
from streamloss.arrays.keys import Keyed, Kind
from streamloss.arrays.types import Array, AxisLike, Mask
from streamloss.exact.cells import Cells
from streamloss.exact.column import Column
from streamloss.exact.inner import hidden
from streamloss.exact.limits import MOST_SLICES
from streamloss.exact.table import Table
from streamloss.kernels.switches import Omit
from streamloss.losses.counting import Counting
from streamloss.run.query import Query
from streamloss.run.slices.batches import SlicedBatch, in_python, patterns_of
from streamloss.run.slices.by import By
from streamloss.run.slices.keys import Keys, Memory
from streamloss.run.slices.tally import SliceTally

from .elements import Elements


class Outputs(NamedTuple):
    """Which element of a batch goes to which of the cells kept.

    Attributes
    ----------
    kept : tuple of int
        The sizes of the axes kept.
    numbers : int array, optional
        The cell of each element; None where there is one.
    first : bool array, optional
        Which elements are the first of a row in their cell; None where each is.
    """

    kept: tuple[int, ...]
    numbers: Array | None
    first: Mask | None

    @classmethod
    def of(cls, shape: tuple[int, ...], axis: AxisLike, spreads: bool) -> Outputs:
        """Return where the elements of a shape go, whose last axis is reduced if it spreads."""
        losses = len(shape) - spreads
        reduced = (*normalise_axis(axis, losses), *([losses] if spreads else []))
        kept = tuple([size for k, size in enumerate(shape) if k not in reduced])
        if not shape:
            return cls(kept, None, None)
        if 0 in reduced:
            pattern, first = patterns_of(shape[1:], reduced, kept)
            return cls(
                kept,
                None if pattern is None else np.tile(pattern, shape[0]),
                None if first is None else np.tile(first.reshape(-1), shape[0]),
            )
        below = tuple([k + 1 for k in reduced])
        pattern, first = patterns_of(shape, below, kept)
        return cls(kept, pattern, None if first is None else first.reshape(-1))


class CellTally(SliceTally):
    """The table of the cells of one `Counting`, by the keys of slices and those that it asks for.

    Attributes
    ----------
    counting : Counting
        What is asked for.
    """

    def __init__(self, query: Query, counting: Counting, by: By, lock: Any = None) -> None:
        self.counting, self._slices = counting, by
        self._most = max(by.max_slices, MOST_SLICES)
        parts, own = counting.parts, By((), (), "keep", self._most)
        super().__init__(query._replace(losses=parts, parts=parts, axis=None), own, lock)

    def part(self) -> CellTally:
        """Return a tally of the same cells for some batches, with the same lock."""
        return CellTally(self.query, self.counting, self._slices, self.lock)

    def sliced(
        self,
        elements: Elements,
        names: tuple[str, ...],
        keyeds: list[Keyed],
        axis: AxisLike,
        in_task: bool = False,
    ) -> tuple[SlicedBatch, By]:
        """Return elements with the keys of slices and of cells, and how these are called.

        Elements with a NaN or a missing label are NaN in all inputs, where the policy leaves them
        out.
        """
        where = Outputs.of(elements.shape, axis, elements.counting.spreads)
        inner = math.prod(elements.shape[1:])
        own = elements.keys()
        found = [_repeated(keyed, inner) for keyed in keyeds]
        if where.numbers is not None:
            found.append(Keyed(Kind("int"), where.numbers.astype(np.int64)))
        batch, query = elements.flat(), self.query
        missing = elements.missing() if isinstance(query.rule, Omit) else None
        if missing is not None:
            known = batch.inputs if query.parts else [np.zeros(1)]
            batch = batch._replace(inputs=tuple([_without(array, missing) for array in known]))
        called = (*names, *hidden(elements.counting, bool(where.kept)))
        by = By(called, (None,) * len(called), "keep", self._most)
        keys = [*found, *own]
        return SlicedBatch(query, batch, called, keys, (), None, where.first, in_task), by

    def _in_python(self, sliced: SlicedBatch) -> Table:
        """Return the table of a small batch: of counts alone numpy makes it."""
        return in_python(sliced) if sliced.query.parts else in_numpy(sliced)


def _repeated(keyed: Keyed, times: int) -> Keyed:
    """Return the keys of rows as those of their elements."""
    if times == 1:
        return keyed
    if keyed.codes is not None:
        return keyed._replace(codes=np.repeat(np.asarray(keyed.codes), times))
    values, missing, words = (
        None if a is None else np.repeat(a, times, axis=0)
        for a in (keyed.values, keyed.missing, keyed.words)
    )
    return Keyed(keyed.kind, values, None, missing, words)


def _without(array: Array, missing: Mask) -> Array:
    """Return numbers with NaN where an element has one in any input."""
    return np.where(missing.reshape(-1, *[1] * (array.ndim - 1)), np.nan, array)


def in_numpy(sliced: SlicedBatch) -> Table:
    """Return the table of what elements count, without sums of losses."""
    batch, keyeds = sliced.batch, sliced.keyeds
    keys = Keys(sliced.names, tuple(sliced.kinds), 1 << 31)
    known, rows = keys.prepared(keyeds, False), slice(0, sliced.rows)
    codes = keys.codes(keyeds, known, rows, False, Memory())
    found, places = np.unique(codes, return_inverse=True)

    def count(some: Any) -> Any:
        return np.bincount(places[some], minlength=len(found)).astype(np.int64)

    here = np.ones(sliced.rows, np.bool_) if batch.where is None else batch.where.copy()
    masked, missing, weights, nonzero = count(~here), None, None, None
    if isinstance(sliced.query.rule, Omit):
        lost = here & np.isnan(batch.inputs[0])
        if batch.weights is not None:
            lost |= here & np.isnan(batch.weights)
        here, missing = here & ~lost, count(lost)
    if batch.weights is not None:
        heavy = np.asarray(batch.weights, np.float64)
        nonzero = count(here & (heavy != 0.0))
        weights = Column.of_floats(heavy[here], places[here], len(found))
    starts = None if sliced.first is None else count(sliced.first)
    cells = Cells(len(found), (), weights, count(here), nonzero, missing, masked, starts)
    return Table.of(sliced.names, sliced.kinds, keys.columns(found), (), cells)
