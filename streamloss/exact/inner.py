"""Tables of slices with the cells that metrics of counts tell apart in each.

Those cells are tables themselves, one for each thing that metrics ask for: by the keys of the
slices, by the number of an axis kept where there are such, and by the keys that metrics have. So
cells merge, roll up and leave as slices do.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from streamloss.losses.base import Loss, countings_of
from streamloss.losses.counting import Counting
from streamloss.support.maker import Maker, here

from . import counting
from .cells import Cells
from .counting import numbers_of, slices_of
from .extremes import MARK, OWN
from .reductions import Reduction
from .table import Table, added, refuse_others


class CountedTable(Table):
    """A table with inner ones; immutable.

    Attributes
    ----------
    inner : tuple of Table
        The cells of the slices, for each thing that metrics of counts ask for.
    """

    __slots__ = ("inner",)

    def __init__(self, outer: Table, inner: tuple[Table, ...]) -> None:
        super().__init__(outer.names, outer.keys, outer.shape, outer.cells)
        self.inner = inner

    @property
    def outer(self) -> Table:
        """The slices without their cells."""
        return Table(self.names, self.keys, self.shape, self.cells)

    def __sizeof__(self) -> int:
        """Return the bytes of its arrays and about those of texts, which dask asks for."""
        return self.outer.__sizeof__() + sum([one.__sizeof__() for one in self.inner])

    def sorted(self) -> CountedTable:
        """Return the table with its slices in order, those with the same keys added up."""
        return CountedTable(self.outer.sorted(), self.inner)

    def without_nothing(self) -> CountedTable:
        """Return the table without slices that have neither counts nor sums, nor cells."""
        idle = self.idle()
        if idle.any():  # what was never added may have been taken out
            for one in self.inner:
                idle[slices_of(self, one)] = False
        return self.take(np.flatnonzero(~idle)) if idle.any() else self

    def without_rows(self) -> CountedTable:
        """Return the slices of elements whose rows are counted elsewhere."""
        outer = Table(self.names, self.keys, self.shape, self.cells.without_rows())
        inner = tuple([one.without_rows() for one in self.inner])
        return CountedTable(outer, inner).without_nothing()

    def canonical(self) -> CountedTable:
        """Return the same table in the form that equal ones share."""
        some = self.sorted().without_nothing()
        inner = tuple([one.canonical() for one in some.inner])
        return CountedTable(some.outer.in_canonical_form(), inner)

    @classmethod
    def added(cls, parts: Sequence[tuple[Any, int]]) -> Table:
        """Return the sum of tables with their signs."""
        refuse_others([table for table, _ in parts])
        each = zip(*[[(one, sign) for one in table.inner] for table, sign in parts], strict=True)
        inner = tuple([Table.added(list(some)) for some in each])
        return CountedTable(added([(t.outer, sign) for t, sign in parts]), inner).without_nothing()

    def take(self, indices: Any) -> CountedTable:
        """Return some slices, in the order in which they are named."""
        chosen = np.zeros(len(self) + 1, np.bool_)
        chosen[indices] = True
        inner = [one.take(np.flatnonzero(chosen[slices_of(self, one)])) for one in self.inner]
        return CountedTable(self.outer.take(indices), tuple(inner))

    def rollup(self, names: Sequence[str]) -> CountedTable:
        """Return the table of some of the keys: what slices by these alone would be.

        Raises
        ------
        ValueError
            If a name is none of a key, or comes twice.
        """
        found = self.outer.by(names)
        own = [[name for name in one.names if name.startswith(MARK)] for one in self.inner]
        pairs = zip(self.inner, own, strict=True)
        inner = tuple([one.rollup((*names, *hidden)) for one, hidden in pairs])
        return CountedTable(found, inner).without_nothing()

    def alone(self) -> CountedTable:
        """Return the table without keys of all slices together: one slice."""
        outer = Table((), (), self.shape, self.whole())
        return CountedTable(outer, self.rollup(()).inner)

    def results(self, losses: tuple[Loss, ...], reduction: Reduction) -> list[Any]:
        """Return the results of all losses, each an array (slices, *kept axes).

        Of metrics whose results are no numbers they are arrays of objects.

        Raises
        ------
        ValueError
            If subtraction left a negative count, or a metric refuses weights.
        """
        counts = counting.results(self, self.inner, losses)
        plain = tuple([loss for loss in losses if loss not in counts])
        sums = iter(self.cells.results(plain, reduction))
        found = [counts[loss] if loss in counts else next(sums) for loss in losses]
        return [values.reshape(len(self), *self.shape) for values in found]

    def of_loss(self, losses: tuple[Loss, ...], place: int) -> tuple[Table, tuple[Loss, ...], int]:
        """Return a table without what only other losses need: these may refuse what it has."""
        loss = losses[place]
        if loss.counting is None:
            plain = tuple([each for each in losses if each.counting is None])
            return self.outer, plain, plain.index(loss)
        own = self.inner[countings_of(losses).index(loss.counting)]
        bare = Table(self.names, self.keys, self.shape, self.cells.without_sums())
        return CountedTable(bare, (own,)), (loss,), 0

    def lost(self, losses: tuple[Loss, ...]) -> list[int]:
        """Return how many elements with a weight have a label or a score that no cell is of.

        Of losses that are no metrics of counts it is 0.
        """
        asked = countings_of(losses)
        found = [counting.lost(*pair) for pair in zip(self.inner, asked, strict=True)]
        known = dict(zip(asked, found, strict=True))
        return [0 if loss.counting is None else known[loss.counting] for loss in losses]

    def overall_results(self, losses: tuple[Loss, ...], reduction: Reduction) -> list[Any]:
        """Return the results of all losses for all slices together: numbers if no axes are kept."""
        found = self.alone().results(losses, reduction)
        return [values.reshape(self.shape) if self.shape else values.item() for values in found]

    def rest_results(
        self, losses: tuple[Loss, ...], reduction: Reduction, source: Table | None = None
    ) -> list[Any]:
        """Return the results of all other rows, for each slice, as `Table.rest_results`."""
        assert source is None or isinstance(source, CountedTable)
        whole = (self if source is None else source).alone()
        rests = [whole.combine(self.take(np.array([k])).alone(), -1) for k in range(len(self))]
        each = [rest.overall_results(losses, reduction) for rest in rests]
        if self.shape and each:
            return [np.stack(column) for column in zip(*each, strict=True)]
        columns = zip(*each, strict=True) if each else [()] * len(losses)
        found = [counting.as_array(list(column)) for column in columns]
        return [values.reshape(len(self), *self.shape) for values in found]

    def bracket(self, losses: tuple[Loss, ...], place: int) -> tuple[Any, Any]:
        """Return bounds of the results of one loss: arrays, of a table without keys numbers too.

        Raises
        ------
        ValueError
            If results are no numbers.
        """
        found = counting.brackets(self, self.inner, losses, place)
        shape = (len(self), *self.shape) if self.names else self.shape
        low, high = (found[:, k].reshape(shape) for k in range(2))
        return (low, high) if shape else (low.item(), high.item())

    def refined(self, losses: tuple[Loss, ...], loss: Any) -> list[Loss | None]:
        """Return what one loss asks a further pass for, for each cell; None of nothing."""
        cells = counting.counted_for(self, self.inner, losses, loss)
        return [None if each is None else loss.refined(each) for each in cells]

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, CountedTable):
            return NotImplemented
        a, b = self.canonical(), other.canonical()
        return a.outer == b.outer and a.inner == b.inner

    __hash__ = None

    def __reduce__(self) -> tuple[Any, ...]:
        small = self.canonical()
        return _received, (tuple(here()), small.outer, small.inner)


def _received(maker: tuple[str, str], *fields: Any) -> CountedTable:
    """Return a pickled table, which remembers the package that computed it if that is another."""
    table = CountedTable(*fields)
    if maker != here():
        table.maker = Maker(*maker)
    return table


def outer_of(one: Table, asked: Counting, names: tuple[str, ...], shape: tuple[int, ...]) -> Table:
    """Return the slices of an inner table, with what their elements count and no sums.

    Where classes or outputs come in turn the first of them has every element.
    """
    if asked.turning is not None:
        name = f"{OWN}{asked.names[asked.turning]}"
        key = one.keys[one.names.index(name)]
        one = one.take(np.flatnonzero((key.codes == 0) & (key.values[:1] == 0).any()))
    one = Table(one.names, one.keys, (), one.cells.without_sums())
    slices = one.rollup(names)
    if not shape:
        return slices
    places = numbers_of(Table(slices.names, slices.keys, shape, slices.cells), one)
    count = len(slices) * math.prod(shape)
    order = np.argsort(places, kind="stable")
    starts = np.flatnonzero(np.diff(places[order], prepend=-1))
    summed = one.cells.grouped(order, starts, 1)
    cells = Cells.total([(summed, places[order][starts], 1)], count)
    return Table(names, slices.keys, shape, cells)
