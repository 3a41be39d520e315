"""A batch with its keys, and its table where Python makes it."""

from __future__ import annotations

import itertools
import math
from typing import NamedTuple

import numpy as np

from streamloss.arrays.batch import Batch, axes_with_rows, check_rows
from streamloss.arrays.keys import NOTHING, Keyed, Kind, align, convert
from streamloss.arrays.types import Array
from streamloss.exact.cells import Cells
from streamloss.exact.counts import ROWS
from streamloss.exact.extremes import told
from streamloss.exact.state import State
from streamloss.exact.table import Table
from streamloss.kernels.switches import Omit
from streamloss.losses.base import rows_of
from streamloss.run import python
from streamloss.run.query import Query

from .keys import Keys, Memory


class SlicedBatch(NamedTuple):
    """A batch with its keys.

    Attributes
    ----------
    query : Query
        What is asked.
    batch : Batch
        Its arrays.
    names : tuple of str
        The names of the keys.
    keyeds : list of Keyed
        The keys of all rows.
    kept : tuple of int
        The sizes of the axes kept.
    pattern : int array, optional
        Which of the cells of a slice each element of a row is of; None where there is one.
    first : bool array, optional
        Which elements of a row are the first of their cell; None where each is. Of elements that
        stand alone, but were rows together, it says so of each.
    in_task : bool
        Whether it is of a task of dask's: one thread adds it, for the task has a core already.
    """

    query: Query
    batch: Batch
    names: tuple[str, ...]
    keyeds: list[Keyed]
    kept: tuple[int, ...]
    pattern: Array | None
    first: Array | None
    in_task: bool

    @classmethod
    def of(
        cls,
        query: Query,
        batch: Batch,
        names: tuple[str, ...],
        keyeds: list[Keyed],
        in_task: bool = False,
    ) -> SlicedBatch:
        """Return a batch with its keys.

        Raises
        ------
        ValueError
            If a key has not one value for each row, or axis 0 is kept.
        """
        shape = batch.shape
        for name, keyed in zip(names, keyeds, strict=True):
            check_rows(name, keyed.rows, shape)
        reduced = axes_with_rows(query.axis, len(shape))
        kept = tuple([size for k, size in enumerate(shape) if k not in reduced])
        patterns = patterns_of(shape[1:], reduced, kept)
        return cls(query, batch, names, keyeds, kept, *patterns, in_task)

    @property
    def kinds(self) -> list[Kind]:
        """The kinds of the keys."""
        return [keyed.kind for keyed in self.keyeds]

    @property
    def flags(self) -> tuple[bool, bool, bool]:
        """Whether near rows need weights, elements that do not count, and rows."""
        hiding = self.batch.where is not None or isinstance(self.query.rule, Omit)
        return self.batch.weights is not None, hiding, self.first is not None

    @property
    def rows(self) -> int:
        """How many rows there are."""
        return int(self.batch.shape[0])

    @property
    def inner(self) -> int:
        """How many elements a row has."""
        return math.prod(self.batch.shape[1:])

    def as_kinds(self, kinds: tuple[Kind, ...]) -> SlicedBatch:
        """Return the batch with keys of some kinds, where these hold all that its own kinds do.

        Raises
        ------
        ValueError
            If a key is beyond the range of such a kind.
        """
        named = zip(self.names, self.keyeds, kinds, strict=True)
        return self._replace(keyeds=[_as_kind(*each) for each in named])


def _as_kind(name: str, keyed: Keyed, kind: Kind) -> Keyed:
    """Return keys as those of a kind, if it holds all that their own kind does."""
    if keyed.kind == kind or align(keyed.kind, kind) != kind:
        return keyed
    if keyed.kind == NOTHING:
        return keyed._replace(kind=kind)
    try:
        values = convert(keyed.values.astype(np.int64, copy=False), keyed.kind, kind)
    except ValueError as error:
        raise ValueError(told(name, error)) from None
    return keyed._replace(kind=kind, values=values)


def patterns_of(
    inner: tuple[int, ...], reduced: tuple[int, ...], kept: tuple[int, ...]
) -> tuple[Array | None, Array | None]:
    """Return the pattern of a row, and which of its elements are the first of their cell."""
    if math.prod(inner) == 1 and not kept:
        return None, None
    shown = [1 if k in reduced else size for k, size in enumerate(inner, 1)]
    cells = np.arange(math.prod(kept)).reshape(shown)
    pattern = np.broadcast_to(cells, inner)
    first = np.zeros(inner, np.bool_)
    begins = [slice(0, 1) if k in reduced else slice(None) for k in range(1, len(inner) + 1)]
    first[tuple(begins)] = True
    return (pattern.ravel() if kept else None), (None if first.all() else first)


def in_python(sliced: SlicedBatch) -> Table:
    """Return the table of a small batch, each slice by the runner that is in Python."""
    query, batch, keyeds = sliced.query, sliced.batch, sliced.keyeds
    keys = Keys(sliced.names, tuple(sliced.kinds), 1 << 31)
    known, rows = keys.prepared(keyeds, False), slice(0, sliced.rows)
    codes = keys.codes(keyeds, known, rows, False, Memory())
    order = np.argsort(codes, kind="stable")
    found, starts = np.unique(codes[order], return_index=True)
    states = []
    for first, last in itertools.pairwise([*starts.tolist(), len(order)]):
        some = np.sort(order[first:last])
        part = batch._replace(
            inputs=tuple([array[some] for array in batch.inputs]),
            weights=None if batch.weights is None else batch.weights[some],
            where=None if batch.where is None else batch.where[some],
        )
        state = python.sums(query.parts, part, query.axis, query.rule)
        if sliced.first is not None and sliced.inner == 1:
            state.counts[:, ROWS] = np.count_nonzero(sliced.first[some])
        states.append(State((len(state.counts),), state.sums, state.base, state.counts))
    if not states:
        states = [State.empty((0,), rows_of(query.parts))]
    cells = Cells.of_state(State.concatenated(states, 0))
    return Table.of(sliced.names, sliced.kinds, keys.columns(found), sliced.kept, cells)
