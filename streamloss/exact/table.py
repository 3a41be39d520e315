"""Table: the exact sums and counts of slices, which values of some keys tell apart."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from streamloss.arrays.keys import Kind
from streamloss.losses.base import Loss
from streamloss.support.maker import Maker, here

from .cells import Cells
from .extremes import pruned, refuse_difference, told
from .limbs import taken
from .parts import parts_of_rows
from .ranks import KeyColumn, key_column, lone_key, rows_of, united
from .reductions import Reduction
from .seen import sum_of
from .state import State

TEXT = 64
"""Bytes that a short text takes, about."""


class Table:
    """Exact cells of slices that merge by the values of their keys; immutable.

    Slices are in the order of their keys: by value, the first key first, a missing one last. None
    is without any counts and sums, so that what is subtracted again leaves nothing behind.

    Attributes
    ----------
    names : tuple of str
        The names of the keys.
    keys : tuple of KeyColumn
        The keys of the slices.
    shape : tuple of int
        The axes that a slice keeps.
    cells : Cells
        The cells of all slices, those of a slice side by side.
    maker : Maker
        What another process pickled the table with; absent elsewhere.
    """

    __slots__ = ("cells", "keys", "maker", "names", "shape")

    maker: Maker

    def __init__(
        self,
        names: tuple[str, ...],
        keys: tuple[KeyColumn, ...],
        shape: tuple[int, ...],
        cells: Cells,
    ) -> None:
        self.names, self.keys, self.shape, self.cells = names, keys, shape, cells

    @classmethod
    def of_state(cls, state: State) -> Table:
        """Return the table without keys of a state: one slice of its cells."""
        return cls((), (), state.shape, Cells.of_state(state))

    @classmethod
    def of(
        cls,
        names: Sequence[str],
        kinds: Sequence[Kind],
        columns: Sequence[tuple[Any, Any]],
        shape: tuple[int, ...],
        cells: Cells,
    ) -> Table:
        """Return the table of slices in any order; those with the same keys become one.

        Parameters
        ----------
        names, kinds : sequence
            The name and the kind of each key.
        columns : sequence of (array, array)
            Of each key canonical values, in any order and not all in use, and the place of the
            value of each slice, negative for a missing one; None for a value a slice.
        shape : tuple of int
            The axes that a slice keeps.
        cells : Cells
            The cells of all slices.
        """
        if len(columns) == 1 and columns[0][1] is None:
            alone = lone_key(kinds[0], columns[0][0])
            if alone is not None:
                key, places = alone
                table = cls(tuple(names), (key,), shape, cells)
                ordered = cells if places is None else cells.take(table.places(places))
                return cls(table.names, table.keys, shape, ordered).without_nothing()
        found = [key_column(kind, *each) for kind, each in zip(kinds, columns, strict=True)]
        table = cls(tuple(names), tuple(found), shape, cells)
        return table.sorted().without_nothing()

    @classmethod
    def nothing(
        cls, names: Sequence[str], kinds: Sequence[Kind], shape: tuple[int, ...], losses: int
    ) -> Table:
        """Return a table without slices, of so many sums of losses."""
        empty: list[Any] = [np.empty(0, _dtype(kind)) for kind in kinds]
        columns = [(values, None) for values in empty]
        return cls.of(names, kinds, columns, shape, Cells.nothing(0, losses))

    @property
    def kinds(self) -> tuple[Kind, ...]:
        """The kinds of the keys."""
        return tuple([key.kind for key in self.keys])

    @property
    def kept(self) -> int:
        """How many cells a slice has."""
        return math.prod(self.shape)

    def __len__(self) -> int:
        """How many slices there are."""
        if self.keys:
            return len(self.keys[0].codes)
        return self.cells.count // self.kept if self.kept else 0

    def __sizeof__(self) -> int:
        """Return the bytes of its arrays and about those of texts, which dask asks for."""
        size = self.cells.nbytes
        for _, values, codes in self.keys:
            each = TEXT if values.dtype.kind == "O" else values.itemsize
            size += codes.nbytes + each * len(values)
        return size

    @property
    def keyless(self) -> Any:
        """Which slices lack a key."""
        return np.any([key.codes == len(key.values) for key in self.keys], axis=0)

    def rows(self) -> Any:
        """Return how many rows each slice has: as many as the cell with most."""
        rows = self.cells.counts("rows").reshape(len(self), self.kept)
        return rows.max(axis=1) if self.kept else rows.sum(axis=1)

    def keyless_rows(self) -> int:
        """Return how many rows lack a key."""
        return sum_of(self.rows()[self.keyless])

    def sorted(self) -> Table:
        """Return the table with its slices in order, those with the same keys added up."""
        return self._by(self.names, self.keys)

    def _by(self, names: tuple[str, ...], keys: tuple[KeyColumn, ...]) -> Table:
        """Return the slices that these keys of the slices make."""
        ranks, count = rows_of([(key.codes, len(key.values) + 1) for key in keys], len(self))
        if ranks is None:
            return Table(names, keys, self.shape, self.cells)
        if count == len(self):
            places = np.empty(count, np.int64)
            places[ranks] = np.arange(count)
            keys = tuple([key._replace(codes=taken(key.codes, places)) for key in keys])
            return Table(names, keys, self.shape, self.cells.take(self.places(places)))
        order = None if (ranks[1:] >= ranks[:-1]).all() else np.argsort(ranks, kind="stable")
        ranks = ranks if order is None else ranks[order]
        starts = np.flatnonzero(np.diff(ranks, prepend=-1))
        cells = self.cells.grouped(order, starts, self.kept)
        firsts = starts if order is None else order[starts]
        return Table(names, tuple([key.taken(firsts) for key in keys]), self.shape, cells)

    def without_nothing(self) -> Table:
        """Return the table without slices that have neither counts nor sums."""
        idle = self.idle()
        return self.take(np.flatnonzero(~idle)) if idle.any() else self

    def idle(self) -> Any:
        """Return which slices have neither counts nor sums."""
        return self.cells.is_nothing().reshape(len(self), self.kept).all(axis=1)

    def is_nothing(self) -> bool:
        """Return whether all counts and sums are zero."""
        return not len(self.without_nothing())

    def without_rows(self) -> Table:
        """Return the slices of elements whose rows are counted elsewhere."""
        cells = self.cells.without_rows()
        return Table(self.names, self.keys, self.shape, cells).without_nothing()

    def canonical(self) -> Table:
        """Return the same table in the form that equal ones share."""
        return self.sorted().without_nothing().in_canonical_form()

    def in_canonical_form(self) -> Table:
        """Return the same slices, with keys and cells in the form that equal ones share."""
        keys = tuple([key.canonical() for key in self.keys])
        return Table(self.names, keys, self.shape, self.cells.canonical())

    def combine(self, other: Table, sign: int) -> Table:
        """Return self + sign * other, exactly; slices merge by the values of their keys.

        Raises
        ------
        ValueError
            If the tables have other keys or axes, or a count or a sum would be too large.
        TypeError
            If the kinds of a key do not fit.
        """
        return self.added([(self, 1), (other, sign)])

    @staticmethod
    def total(tables: list[Table]) -> Table:
        """Return the sum of one or more tables."""
        first = tables[0]
        return first.added([(table, 1) for table in tables]) if len(tables) > 1 else first

    @classmethod
    def added(cls, parts: Sequence[tuple[Table, int]]) -> Table:
        """Return the sum of tables with their signs."""
        refuse_others([table for table, _ in parts])
        if any([sign < 0 and len(table) for table, sign in parts]):
            refuse_difference(parts[0][0].names)
        found: Table = pruned(added(parts))
        return found.without_nothing()

    def take(self, indices: Any) -> Table:
        """Return some slices, in the order in which they are named."""
        keys = tuple([key.taken(indices) for key in self.keys])
        return Table(self.names, keys, self.shape, self.cells.take(self.places(indices)))

    def split(self, parts: int) -> list[Table]:
        """Return so many tables that are this one together, each with keys of its own.

        In any process equal keys of one kind go to the same.
        """
        found = parts_of_rows(self.keys, len(self), parts)
        return [self.take(np.flatnonzero(found == k)) for k in range(parts)]

    def places(self, indices: Any) -> Any:
        """Return the places of the cells of slices."""
        if self.kept == 1:
            return indices
        return (np.asarray(indices)[:, None] * self.kept + np.arange(self.kept)).ravel()

    def rollup(self, names: Sequence[str]) -> Table:
        """Return the table of some of the keys: what slices by these alone would be.

        Raises
        ------
        ValueError
            If a name is none of a key, or comes twice.
        """
        found: Table = pruned(self.by(names))
        return found.without_nothing()

    def by(self, names: Sequence[str]) -> Table:
        """Return the slices by some of the keys, with those that have nothing.

        Raises
        ------
        ValueError
            If a name is none of a key, or comes twice.
        """
        names = tuple(names)
        if not set(names) <= set(self.names) or len(set(names)) < len(names):
            raise ValueError(f"rollup must name some of the keys {self.names}: got {names}")
        keys = tuple([self.keys[self.names.index(name)] for name in names])
        return self._by(names, keys)

    def whole(self) -> Cells:
        """Return the cells of all slices together."""
        if not len(self):
            return Cells.nothing(self.kept, len(self.cells.sums))
        return self.cells.grouped(None, np.zeros(1, np.int64), self.kept)

    def overall(self) -> State:
        """Return the state of all slices together: that of the data without keys."""
        return self.whole().state(self.shape).fitted()

    def rest(self, source: Table | None = None) -> Cells:
        """Return the cells of all other rows, for each slice: of a source, by default of these."""
        others = (
            (self if source is None else source)
            .whole()
            .take(np.tile(np.arange(self.kept), len(self)))
        )
        return Cells.total([(others, None, 1), (self.cells, None, -1)], self.cells.count)

    def state(self, indices: Any) -> State:
        """Return the state of some slices, of shape (slices, *kept axes)."""
        cells = self.cells.take(self.places(np.asarray(indices)))
        return cells.state((len(indices), *self.shape))

    def results(self, losses: tuple[Loss, ...], reduction: Reduction) -> list[Any]:
        """Return the results of all losses, each an array (slices, *kept axes).

        Raises
        ------
        ValueError
            If subtraction left a negative count.
        """
        found = self.cells.results(losses, reduction)
        return [values.reshape(len(self), *self.shape) for values in found]

    def of_loss(self, losses: tuple[Loss, ...], place: int) -> tuple[Table, tuple[Loss, ...], int]:
        """Return a table with the results of one loss, its losses, and which of them that is."""
        return self, losses, place

    def overall_results(self, losses: tuple[Loss, ...], reduction: Reduction) -> list[Any]:
        """Return the results of all losses for all slices together: numbers if no axes are kept.

        Raises
        ------
        ValueError
            If subtraction left a negative count.
        """
        return self.overall().results(losses, reduction)

    def rest_results(
        self, losses: tuple[Loss, ...], reduction: Reduction, source: Table | None = None
    ) -> list[Any]:
        """Return the results of all other rows, for each slice: arrays as those of `results`.

        Raises
        ------
        ValueError
            If subtraction left a negative count.
        """
        found = self.rest(source).results(losses, reduction)
        return [values.reshape(len(self), *self.shape) for values in found]

    def bracket(self, losses: tuple[Loss, ...], place: int) -> tuple[Any, Any]:
        """Return bounds of the results of one loss, which is exact: both are the results."""
        found = self.results(losses, Reduction.MEAN)[place]
        return found, found

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Table):
            return NotImplemented
        a, b = self.canonical(), other.canonical()
        return (a.names, a.shape, len(a)) == (b.names, b.shape, len(b)) and (
            a.keys == b.keys and a.cells == b.cells
        )

    __hash__ = None  # type: ignore[assignment]

    def __reduce__(self) -> tuple[Any, ...]:
        small = self.canonical()
        fields = small.names, small.keys, small.shape, small.cells
        return _received, (tuple(here()), *fields)


def added(parts: Sequence[tuple[Table, int]]) -> Table:
    """Return the sum of tables of the same keys with their signs, and slices of nothing."""
    first = parts[0][0]
    keys_of_all = zip(first.names, zip(*[t.keys for t, _ in parts], strict=True), strict=True)
    columns = [_united(name, list(keys)) for name, keys in keys_of_all]
    if len({len(t) for t, _ in parts}) == 1 and all([_are_same(column) for column in columns]):
        cells = Cells.total([(t.cells, None, sign) for t, sign in parts], first.cells.count)
        keys = tuple([column[0] for column in columns])
        return Table(first.names, keys, first.shape, cells)
    codes = [np.concatenate([key.codes for key in column]) for column in columns]
    sizes = [len(column[0].values) + 1 for column in columns]
    ends = np.cumsum([len(table) for table, _ in parts])
    ranks, count = rows_of(list(zip(codes, sizes, strict=True)), int(ends[-1]))
    ranks = np.arange(count) if ranks is None else ranks
    placed = [
        (table.cells, table.places(some), sign)
        for (table, sign), some in zip(parts, np.split(ranks, ends[:-1]), strict=True)
    ]
    cells = Cells.total(placed, count * first.kept)
    merged = [_placed(key[0], each, ranks, count) for key, each in zip(columns, codes, strict=True)]
    return Table(first.names, tuple(merged), first.shape, cells)


def _united(name: str, keys: list[KeyColumn]) -> list[KeyColumn]:
    """Return keys with the values of all of them; what is refused names the key."""
    try:
        return united(keys)
    except (TypeError, ValueError) as error:
        raise type(error)(told(name, error)) from None


def refuse_others(tables: list[Table]) -> None:
    """Refuse tables of other keys, other axes or another number of sums than the first has."""
    kinds = [(table.names, table.shape, len(table.cells.sums)) for table in tables]
    for each in kinds:
        if each != kinds[0]:
            what = "keys, axes and sums"
            raise ValueError(f"tables must have the same {what}: got {kinds[0]} and {each}")


def _are_same(columns: list[KeyColumn]) -> bool:
    """Return whether keys with the same values have the same codes."""
    return all([np.array_equal(columns[0].codes, each.codes) for each in columns[1:]])


def _placed(key: KeyColumn, codes: Any, ranks: Any, count: int) -> KeyColumn:
    """Return the key of distinct rows, from the codes and the ranks of rows."""
    out = np.empty(count, np.int32)
    out[ranks] = codes
    return KeyColumn(key.kind, key.values, out).used()


def _dtype(kind: Kind) -> Any:
    return np.dtype(object if kind.name in ("text", "bytes") else np.int64)


def _received(maker: tuple[str, str], *fields: Any) -> Table:
    """Return a pickled table, which remembers the package that computed it if that is another."""
    table = Table(*fields)
    if maker != here():
        table.maker = Maker(*maker)
    return table
