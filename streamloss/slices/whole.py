"""What is computed of a table of slices, once, whichever of them are looked at."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from streamloss.arrays.types import Array
from streamloss.exact.reductions import Reduction
from streamloss.exact.seen import sum_of
from streamloss.exact.table import Table
from streamloss.losses.base import Loss
from streamloss.support.brief import brief

from .sets import Sets, grouping, marked, numbers_of

COUNTS = {
    "elements": "elements",
    "nonzero_weights": "nonzero",
    "nan": "missing",
    "masked": "masked",
    "rows": "rows",
}
"""What counts are called, and what they are called of cells."""


class Origin(NamedTuple):
    """Where slices come from that do not add up to all rows, such as windows and subtotals.

    Attributes
    ----------
    table : Table
        The slices that they are made of, which do.
    told : str
        What they are, in words.
    sets : tuple of tuple of str
        The keys of each grouping set, whose number is the first key then; empty of other slices.
    """

    table: Table
    told: str
    sets: Sets = ()


class Key(NamedTuple):
    """A key of some slices: its distinct values, and codes.

    The code after those of the values is a missing one, and the next is that of `sets.ALL`.
    """

    name: str
    kind: Any
    values: Array
    codes: Array


class Whole:
    """The results and counts of all slices of a table, and of all of them together."""

    def __init__(
        self,
        table: Table,
        losses: tuple[Loss, ...],
        names: tuple[Any, ...],
        reduction: Reduction,
        origin: Origin | None = None,
    ) -> None:
        self.table, self.losses, self.names, self.reduction = table, losses, names, reduction
        self.origin = origin
        self._found: dict[int, Array] = {}
        self._others: dict[int, Array] = {}
        self._overall: dict[int, Any] = {}

    @property
    def source(self) -> Table:
        """The slices that add up to all rows."""
        return self.table if self.origin is None else self.origin.table

    @property
    def sets(self) -> Sets:
        """The keys of each grouping set, if the slices are by such."""
        return () if self.origin is None else self.origin.sets

    @property
    def by(self) -> tuple[str, ...]:
        """The names of the keys."""
        return self.source.names if self.sets else self.table.names

    def results(self, place: int) -> Array:
        """Return the results of a loss, each computed when somebody looks at it.

        Raises
        ------
        ValueError
            If subtraction left a negative count, or the metric refuses its cells.
        """
        if place not in self._found:
            table, losses, own = self.table.of_loss(self.losses, place)
            self._found[place] = fixed(table.results(losses, self.reduction)[own])
        return self._found[place]

    def others(self, place: int) -> Array:
        """Return the results of a loss for the rows that are not in a slice."""
        if place not in self._others:
            table, losses, own = self.table.of_loss(self.losses, place)
            source, _, _ = self.source.of_loss(self.losses, place)
            self._others[place] = fixed(table.rest_results(losses, self.reduction, source)[own])
        return self._others[place]

    def overall(self, place: int) -> Any:
        """Return the result of a loss for all slices together."""
        if place not in self._overall:
            table, losses, own = self.source.of_loss(self.losses, place)
            self._overall[place] = table.overall_results(losses, self.reduction)[own]
        return self._overall[place]

    @cached_property
    def counts(self) -> dict[str, Array]:
        """What the rows of each slice count."""
        return {name: fixed(_counts(self.table, name)) for name in COUNTS}

    def count(self, name: str) -> int:
        """Return what all rows count together."""
        if self.origin is None:
            return sum_of(self.counts[name])
        return sum_of(_counts(self.origin.table, name))

    def numbers(self, place: int) -> Array:
        """Return the results of a loss, refused if they are no numbers.

        Raises
        ------
        ValueError
            If they are matrices, curves or tables.
        """
        found = self.results(place)
        if found.dtype == object and len(found):
            what = type(found.reshape(-1)[0]).__name__
            rule = f"results of {brief(self.names[place])} must be numbers"
            raise ValueError(f"{rule}: got a {what} for each slice")
        return found

    def place(self, loss: Any) -> int:
        """Return which of the losses one is; KeyError if it is none."""
        if loss not in self.names:
            raise KeyError(f"no results of {brief(loss)}: there are those of {self.known}")
        return self.names.index(loss)

    @property
    def known(self) -> str:
        """The losses in words."""
        return ", ".join(map(brief, self.names))

    def keys(self, rows: Array | None) -> list[Key]:
        """Return the keys of some slices."""
        columns = zip(self.table.names, self.table.keys, strict=True)
        found = [Key(name, k.kind, k.values, taken(k.codes, rows)) for name, k in columns]
        if not self.sets:
            return found
        first, *keys = found
        return [marked(key, numbers_of(first), self.sets) for key in keys]

    def groupings(self, rows: Array | None) -> Array:
        """Return which keys the grouping set of each of some slices has, as text."""
        texts = np.array([grouping(names) for names in self.sets], object)
        return texts[taken(numbers_of(self.table.keys[0]), rows)]

    def columns(self) -> Iterator[tuple[str, Array, float]]:
        """Yield a column of results for each loss and place along the axes kept.

        That is what it is called, such as ``mae[0]``, its results, and that of all together.
        """
        for number, name in enumerate(self.names):
            results, overall = self.results(number), self.overall(number)
            label = name if isinstance(name, str) else getattr(name, "__name__", None) or repr(name)
            of_places = results.reshape(len(self.table), self.table.kept).T
            for k, place in enumerate(np.ndindex(self.table.shape)):
                where = f"[{', '.join(map(str, place))}]" if place else ""
                whole = overall.reshape(-1)[k] if self.table.shape else overall
                yield f"{label}{where}", of_places[k], whole


def _counts(table: Table, name: str) -> Array:
    """Return what the cells of each slice count together; its rows are those of any cell."""
    counts = table.cells.counts(COUNTS[name]).reshape(len(table), table.kept)
    over_cells = counts.max if name == "rows" and table.kept else counts.sum
    return np.asarray(over_cells(axis=1))


def taken(array: Array, rows: Array | None) -> Array:
    """Return the items of some slices, in their order; of all without rows."""
    return array if rows is None else fixed(array[rows])


def fixed(array: Array) -> Array:
    """Return an array that cannot be written to."""
    array.flags.writeable = False
    return array
