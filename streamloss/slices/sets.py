"""Grouping sets: slices by several choices of their keys in one table, as subtotals are.

A table of sets has the number of its set for a first key, without a name, and lacks the keys that
are not of the set. So it is a table like any other, sorted, and the number tells a key that is
missing from one that a subtotal does not have.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from streamloss.arrays.keys import Kind
from streamloss.arrays.types import Array
from streamloss.exact.inner import CountedTable
from streamloss.exact.ranks import KeyColumn
from streamloss.exact.table import Table
from streamloss.support.brief import brief

Sets = tuple[tuple[str, ...], ...]
"""The names of the keys of each set."""


class All:
    """What `ALL` is: all values of a key together, in the subtotals of grouping sets."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "ALL"

    def __reduce__(self) -> str:
        """Have it pickled and copied as itself."""
        return "ALL"


ALL = All()
"""The key of a subtotal over all values of that key; neither a value nor a missing key (None)."""


def stacked(table: Table, sets: Sets) -> Table:
    """Return the slices by each of some sets, one set after another: exact sums are added up."""
    return Table.total([_by_set(table, number, names) for number, names in enumerate(sets)])


def _by_set(table: Table, number: int, names: tuple[str, ...]) -> Table:
    """Return the slices by one set, with its number for a first key."""
    part = table.rollup(names)
    found = _numbered(table, part, number)
    if not isinstance(table, CountedTable) or not isinstance(part, CountedTable):
        return found
    pairs = zip(table.inner, part.inner, strict=True)
    return CountedTable(found, tuple([_numbered(one, some, number) for one, some in pairs]))


def _numbered(table: Table, part: Table, number: int) -> Table:
    """Return slices by some of the keys of a table with all of them, and the number of the set."""
    zeros = np.zeros(len(part), np.int32)
    own = dict(zip(part.names, part.keys, strict=True))
    keys = [KeyColumn(Kind("int"), np.array([number]), zeros).used()]
    for name, key in zip(table.names, table.keys, strict=True):
        keys.append(own.get(name, KeyColumn(key.kind, key.values[:0], zeros)))
    return Table(("", *table.names), tuple(keys), part.shape, part.cells)


def numbers_of(first: Any) -> Array:
    """Return the number of the set of each slice, of the first key of a table of sets."""
    return np.asarray(first.values[first.codes])


def marked(key: Any, numbers: Array, sets: Sets) -> Any:
    """Return a key with another code, after that of a missing one, where its set lacks it."""
    lacking = np.array([key.name not in names for names in sets])[numbers]
    return key._replace(codes=np.where(lacking, len(key.values) + 1, key.codes))


def span(first: KeyColumn, names: tuple[str, ...], sets: Sets) -> tuple[int, int]:
    """Return where the slices by the set of some keys begin and end.

    Raises
    ------
    KeyError
        If there is no such set, or none of its slices.
    """
    if names not in sets:
        told = ", ".join([f"({grouping(some)})" for some in sets])
        raise KeyError(f"no grouping set is {brief(list(names))}: there are {told[:200]}")
    number = sets.index(names)
    below, above = np.searchsorted(numbers_of(first), [number, number + 1])
    if below == above:
        raise KeyError(f"the grouping set {brief(list(names))} has no slices: there are no rows")
    return int(below), int(above)


def grouping(names: tuple[str, ...]) -> str:
    """Return the keys of a set as one text, in quotes where one would look like two.

    Examples
    --------
    >>> grouping(("carrier", "origin")), grouping(("a, b",)), grouping(())
    ('carrier, origin', '"a, b"', '')
    """
    return ", ".join([_quoted(name) if {*name} & {*',"'} else name for name in names])


def _quoted(name: str) -> str:
    """Return a name in quotes, and those that it has doubled."""
    return '"{}"'.format(name.replace('"', '""'))
