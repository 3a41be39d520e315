"""Ranks: where rows of keys come in their order, without a loop over rows."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from streamloss.arrays import keys
from streamloss.arrays.kinds import NOTHING, Kind

from .digits import Ints
from .limbs import taken

DENSE = 8
"""How many possible combinations of keys a row may have so that all of them are looked at in place
of sorting the rows."""


RUNS, MANY = 64, 1 << 12
"""Sorted runs up to which, and values below which, they are not sorted by their bits."""


class KeyColumn(NamedTuple):
    """One key of the slices of a table.

    Attributes
    ----------
    kind : Kind
        What its values are.
    values : int64 or object array (values,)
        The distinct canonical values that slices have, in order.
    codes : int32 array (slices,)
        The place of each slice's value in `values`; their number for a missing one.
    """

    kind: Kind
    values: Any
    codes: Any

    def taken(self, places: Any) -> KeyColumn:
        """Return the key of some slices, with only the values that these have."""
        return self._replace(codes=taken(self.codes, places)).used()

    def used(self) -> KeyColumn:
        """Return the key without values that no slice has."""
        size = len(self.values)
        used = np.zeros(size + 1, np.bool_)
        used[self.codes] = True
        used[-1] = True
        kind, values, codes = self
        if not used.all():
            values, codes = values[used[:-1]], (np.cumsum(used, dtype=np.int32) - 1)[codes]
        return KeyColumn(_shortest(kind, values), values, codes)

    def canonical(self) -> KeyColumn:
        """Return the same key, of no kind where it has no values."""
        return self if len(self.values) else KeyColumn(NOTHING, np.empty(0, np.int64), self.codes)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, KeyColumn):
            return NotImplemented
        if not np.array_equal(self.codes, other.codes):
            return False
        try:
            kind = keys.align(self.kind, other.kind)
        except (TypeError, ValueError):
            return False
        return np.array_equal(self.as_kind(kind).values, other.as_kind(kind).values)

    def __ne__(self, other: object) -> bool:
        return not self == other

    def as_kind(self, kind: Kind) -> KeyColumn:
        """Return the same key as another kind."""
        if kind == self.kind:
            return self
        return KeyColumn(kind, keys.convert(self.values, self.kind, kind), self.codes)


def _shortest(kind: Kind, values: Any) -> Kind:
    """Return the kind of values: integers are unsigned only where one does not fit otherwise."""
    if kind == Kind("int", ("unsigned",)) and (values >= 0).all():
        return Kind("int")
    return kind


def key_column(kind: Kind, values: Any, codes: Any) -> KeyColumn:
    """Return a key of values in any order, with duplicates and values that no row has.

    Parameters
    ----------
    kind : Kind
        What the values are.
    values : int64 or object array
        Canonical values.
    codes : integer array, optional
        The place of each row's value, negative for a missing one; None: a value a row.
    """
    values, ranks = distinct(kind, np.asarray(values))
    if codes is None:
        size = len(values) if ranks is None else len(ranks)
        codes = np.arange(size, dtype=np.int32) if ranks is None else ranks
        return KeyColumn(kind, values, codes)
    codes = np.asarray(codes)
    absent = codes < 0
    missing = bool(absent.any())
    if ranks is None:
        codes = np.asarray(codes, np.int32)
    else:
        codes = np.append(ranks, len(values)).astype(np.int32)[codes]
    if missing:
        codes = np.where(absent, np.int32(len(values)), codes)
    return KeyColumn(kind, values, codes).used()


def lone_key(kind: Kind, values: Any) -> tuple[KeyColumn, Any] | None:
    """Return the key of slices that have one, and the slices in its order; None of duplicates.

    The order is None if they are in it.
    """
    values, places = np.asarray(values), None
    order = keys.order(kind, values)
    if not _increase(order):
        places = places_of(order)
        ordered = taken(order, places)
        if not _increase(ordered):
            return None
        values = ordered if order is values else taken(values, places)
    key = KeyColumn(_shortest(kind, values), values, np.arange(len(values), dtype=np.int32))
    return key, places


def distinct(kind: Kind, values: Any) -> tuple[Any, Any]:
    """Return the distinct values in order, and the rank of each; None if they are so already."""
    if len(values) < 2:
        return values, None
    order = keys.order(kind, values)
    if _increase(order):
        return values, None
    ranks, firsts = _sorted(order)
    return taken(values, firsts), ranks


def united(columns: list[KeyColumn]) -> list[KeyColumn]:
    """Return keys of several tables with the values of all of them, of one kind."""
    kind = columns[0].kind
    for column in columns[1:]:
        kind = keys.align(kind, column.kind)
    columns = [column.as_kind(kind) for column in columns]
    first, *others = columns
    if all([np.array_equal(first.values, each.values) for each in others]):
        return columns
    values, ranks = distinct(kind, np.concatenate([column.values for column in columns]))
    if ranks is None:
        ranks = np.arange(len(values), dtype=np.int32)
    out, start = [], 0
    for column in columns:
        stop = start + len(column.values)
        codes = np.append(ranks[start:stop], np.int32(len(values)))[column.codes]
        out.append(KeyColumn(kind, values, codes))
        start = stop
    return out


def rows_of(columns: list[tuple[Any, int]], rows: int) -> tuple[Any, int]:
    """Return the rank of each row among the distinct rows, and how many these are.

    Ranks are None if the rows are in order and distinct.

    Parameters
    ----------
    columns : list of (integer array (rows,), int)
        The codes of each key, and how many there are with that of a missing one; all others come.
    rows : int
        How many rows there are: without keys all are one.
    """
    if len(columns) == 1 and columns[0][1] == rows + 1:  # as many values as rows: each comes once
        codes = columns[0][0]
        return None if _increase(codes) else codes, rows
    line, size = np.zeros(rows, np.int64), 1
    for codes, sizes in columns:
        if size * sizes >= 1 << 62:
            ranks, size = _ranked(line, size)
            line = np.arange(rows) if ranks is None else ranks.astype(np.int64)
        line = codes.astype(np.int64) if size == 1 else line * sizes + codes
        size *= sizes
    return _ranked(line, size)


def _ranked(line: Ints, size: int) -> tuple[Any, int]:
    """Return the rank of each number from 0 to below a size; None if they increase."""
    if _increase(line):
        return None, len(line)
    if size <= DENSE * len(line):
        used = np.zeros(size, np.bool_)
        used[line] = True
        ranks = np.cumsum(used, dtype=np.int32) - 1
        return ranks[line], int(ranks[-1]) + 1
    ranks, firsts = _sorted(line)
    return ranks, len(firsts)


def _increase(values: Any) -> bool:
    """Return whether each value is larger than the one before."""
    return bool((values[1:] > values[:-1]).all())


def _sorted(values: Any) -> tuple[Any, Any]:
    """Return the rank of each value among the distinct ones, and where one of each is."""
    places = places_of(values)
    ordered = taken(values, places)
    new = np.empty(len(values), np.bool_)
    new[0], new[1:] = True, ordered[1:] != ordered[:-1]
    ranks = np.empty(len(values), np.int32)
    ranks[places] = np.cumsum(new, dtype=np.int32) - 1
    return ranks, places[new]


def places_of(values: Any) -> Any:
    """Return the places of values in their order.

    Sorted arrays one after another are merged by numpy. Other integers are sorted by 16 bits at a
    time, for which numpy counts them: 1e6 take 25 to 45 ms in place of 76
    (`benchmarks/bench_tables.py`).
    """
    runs = np.count_nonzero(values[1:] < values[:-1])
    if values.dtype != np.int64 or runs <= RUNS or len(values) < MANY:
        return np.argsort(values, kind="stable")
    least, top = int(values.min()), int(values.max())
    rest = (values - np.int64(least)).view(np.uint64)  # modulo 2**64
    places: Any = None
    for shift in range(0, (top - least).bit_length(), 16):
        part = (rest >> np.uint64(shift)).astype(np.uint16)
        if places is None:
            places = np.argsort(part, kind="stable")
        else:
            places = places[np.argsort(part[places], kind="stable")]
    return places
