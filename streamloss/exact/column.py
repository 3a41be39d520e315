"""Column: one exact sum of each of many cells, as limbs of a common unit and width.

A limb is an integer below 2**62 in size; the k-th of a cell counts units of 2**(unit + width * k),
in units of 2**-1074. What adds to many cells writes limbs of 40 bits that leave room for carries;
at rest they are the balanced digits of 32 bits that `digits` tells of. That form, the canonical
one, is unique, so that equal sums have equal digits however they were held.

All that is done to a limb is integer arithmetic on whole rows of cells, in pieces that stay in a
cache.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from .digits import DIGITS, LIMBS, UNIT, Ints, split
from .limbs import DIGIT, add_to, as_digits, carry, digits_of_floats, pieces, taken
from .limits import largest, refuse_many, summed

ROOM = 1 << 62
"""What a limb is below in size."""

Part = tuple["Column", Any, int]
"""A column, the cells that it is added to (None: all in their order), and a sign."""


class Column(NamedTuple):
    """The exact sums of one row of a `State` for many cells; immutable.

    Attributes
    ----------
    unit : int
        Where the lowest limb's lowest bit is, in units of 2**-1074; not negative.
    width : int
        Bits from a limb to the next, 32 to 50.
    limbs : integer array (limbs, cells)
        The lowest first, each below 2**62 in size.
    flags : int64 array (3, cells), optional
        The counts of NaN, +inf and -inf terms; None without any.
    """

    unit: int
    width: int
    limbs: Any
    flags: Ints | None = None

    @classmethod
    def nothing(cls, cells: int) -> Column:
        """Return sums that are zero."""
        return cls(0, DIGIT, np.zeros((0, cells), np.int32))

    @classmethod
    def of_counts(cls, counts: Ints) -> Column:
        """Return the sums of so many ones."""
        return cls(-UNIT, DIGIT, split(counts)).canonical()

    @classmethod
    def of_floats(cls, values: Any, places: Any, cells: int) -> Column:
        """Return the sums of float64, of any size or not finite, each of which is of one cell.

        Any number of them come in any order: 1e6 take 20 ms (`benchmarks/bench_tables.py`).

        Parameters
        ----------
        values : float64 array (values,)
            What is added up.
        places : integer array (values,)
            The cell of each.
        cells : int
            How many cells there are.
        """
        base, digits, flags = digits_of_floats(values, places, cells)
        return cls(DIGIT * base, DIGIT, digits, flags).canonical()

    @property
    def cells(self) -> int:
        """How many cells the column has."""
        return int(self.limbs.shape[1])

    @property
    def is_digits(self) -> bool:
        """Whether the limbs are balanced digits in their places; there may be zeros at the ends."""
        return self.width == DIGIT and self.unit % DIGIT == 0 and self.limbs.dtype == np.int32

    def canonical(self) -> Column:
        """Return the same sums as digits, those at the ends in use.

        Raises
        ------
        ValueError
            If a sum is larger than that of any data.
        """
        flags = self.flags if self.flags is not None and self.flags.any() else None
        if self.is_digits:
            return _trimmed(self.unit, self.limbs, flags)
        out = np.empty((self.digits, self.cells), np.int32)
        for some in pieces(self.cells):
            out[:, some] = self.in_digits(some)
        return _trimmed(self.unit // DIGIT * DIGIT, out, flags)

    @property
    def digits(self) -> int:
        """How many digits the sums can have, from the unit's on."""
        if self.is_digits or not len(self.limbs):
            return len(self.limbs)
        return (self.unit % DIGIT + self.width * (len(self.limbs) - 1)) // DIGIT + 3

    def in_digits(self, some: slice) -> Any:
        """Return the balanced digits of some cells, from the one that the unit is in."""
        limbs = self.limbs[:, some]
        if self.is_digits:
            return limbs
        return as_digits(limbs, self.unit % DIGIT, self.width, self.digits)

    def balanced(self, some: slice) -> Any:
        """Return the limbs of some cells, each at most half a unit of the next, as many or more."""
        limbs = self.limbs[:, some]
        if limbs.dtype == np.int32 and self.width == DIGIT:
            return limbs
        out = np.empty((len(limbs) + 1, limbs.shape[1]), np.int64)
        out[:-1], out[-1] = limbs, 0
        carry(out, self.width)
        return out

    def take(self, places: Any) -> Column:
        """Return the sums of some cells."""
        flags = None if self.flags is None else self.flags[:, places]
        limbs = np.empty((len(self.limbs), len(places)), self.limbs.dtype)
        for row, new in zip(self.limbs, limbs, strict=True):
            taken(row, places, new)
        return self._replace(limbs=limbs, flags=flags)

    def is_zero(self) -> Any:
        """Return of which cells the sum is zero, without any term that is not finite."""
        small = self.canonical()
        flagged = False if small.flags is None else small.flags.any(axis=0)
        return ~(small.limbs.any(axis=0) | flagged)

    @classmethod
    def total(cls, parts: list[Part], cells: int) -> Column:
        """Return the sum of columns for so many cells: each names another one once."""
        parts = [(c, None if _is_all(places, cells) else places, sign) for c, places, sign in parts]
        flags = _flags_of(parts, cells)
        alike = len(parts) == 2 and _are_alike([column for column, _, _ in parts])
        if not alike and all([places is None for _, places, _ in parts]):
            return _added([(column, sign) for column, _, sign in parts], cells, flags)
        if not alike:
            parts = [(column.canonical(), *rest) for column, *rest in parts]
        used = [column for column, _, _ in parts if len(column.limbs)]
        if not used:
            return cls.nothing(cells)._replace(flags=flags)
        unit, width = min([column.unit for column in used]), used[0].width
        ends = [(column.unit - unit) // width + len(column.limbs) for column in used]
        out = np.zeros((max(ends), cells), np.int64)
        for n, (column, places, sign) in enumerate(parts):
            first = (column.unit - unit) // width
            for k, limb in enumerate(column.limbs, first):
                add_to(out[k], places, limb, sign, n == 0)
        return cls(unit, width, out, flags).settled()

    @classmethod
    def summed(cls, streams: tuple[Column, ...]) -> Column:
        """Return the sum of streams, of which the first tells of the terms that are not finite."""
        first, *others = streams
        if not others:
            return first
        parts: list[Part] = [(each._replace(flags=None), None, 1) for each in streams]
        return cls.total(parts, first.cells)._replace(flags=first.flags)

    def settled(self) -> Column:
        """Return the same sums in limbs below their limit, for here they may be twice as large."""
        near = self.width != DIGIT and largest(self.limbs) < ROOM
        return self if near else self.canonical()

    def grouped(self, order: Any, starts: Ints, kept: int) -> Column:
        """Return the sums of groups of `kept` cells side by side.

        Parameters
        ----------
        order : int array, optional
            The order of the slices in which those of a group follow each other; None: as they are.
        starts : int array
            Where in that order each group begins; none is empty.
        kept : int
            How many cells a slice has.
        """
        small = self.canonical()
        out = np.empty((len(small.limbs), len(starts) * kept), np.int64)
        for k, digit in enumerate(small.limbs):
            rows = digit.reshape(-1, kept)
            rows = rows if order is None else rows[order]
            out[k] = np.add.reduceat(rows, starts, axis=0, dtype=np.int64).ravel()
        flags = None if small.flags is None else summed(small.flags, order, starts, kept)
        return Column(small.unit, DIGIT, out, flags).canonical()

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Column):
            return NotImplemented
        a, b = self.canonical(), other.canonical()
        same = (a.unit, a.limbs.shape) == (b.unit, b.limbs.shape)
        return same and equal(a.flags, b.flags) and np.array_equal(a.limbs, b.limbs)

    def __ne__(self, other: object) -> bool:
        return not self == other


def _is_all(places: Any, cells: int) -> bool:
    """Return whether places are those of all cells in their order."""
    return places is None or (len(places) == cells and bool((places == np.arange(cells)).all()))


def _added(parts: list[tuple[Column, int]], cells: int, flags: Ints | None) -> Column:
    """Return the sum of columns of any layout with their signs, as digits."""
    parts = [(column, sign) for column, sign in parts if len(column.limbs)]
    base = min([column.unit // DIGIT for column, _ in parts], default=0)
    ends = [column.unit // DIGIT + column.digits for column, _ in parts]
    out = np.empty((max(ends, default=base - 1) + 1 - base, cells), np.int32)
    for some in pieces(cells):
        sums = np.zeros((len(out), some.stop - some.start), np.int64)
        for column, sign in parts:
            digits = column.in_digits(some)
            rows = sums[column.unit // DIGIT - base :][: len(digits)]
            (np.add if sign > 0 else np.subtract)(rows, digits, out=rows)
        carry(sums, DIGIT)
        out[:, some] = sums
    return _trimmed(DIGIT * base, out, flags)


def _trimmed(unit: int, limbs: Any, flags: Ints | None) -> Column:
    """Return digits without those at the ends that are zero in all cells."""
    first, stop = 0, len(limbs)
    while stop and not limbs[stop - 1].any():
        stop -= 1
    while first < stop and not limbs[first].any():
        first += 1
    if unit // DIGIT + stop > LIMBS and first < stop:
        raise ValueError("a sum is larger than that of any data")
    return Column(unit + DIGIT * first if first < stop else 0, DIGIT, limbs[first:stop], flags)


def _are_alike(columns: list[Column]) -> bool:
    """Return whether the limbs of one are in the places of another's."""
    layouts = {(c.width, c.unit % c.width) for c in columns if len(c.limbs)}
    return len(layouts) < 2


def _flags_of(parts: list[Part], cells: int) -> Ints | None:
    """Return the sum of the flags of columns.

    Raises
    ------
    ValueError
        If a count would exceed what a count can be.
    """
    if all([column.flags is None for column, _, _ in parts]):
        return None
    out = np.zeros((DIGITS, cells), np.int64)
    for column, places, sign in parts:
        if column.flags is not None:
            for row, flags in zip(out, column.flags, strict=True):
                add_to(row, places, flags, sign)
            refuse_many(out)
    return out if out.any() else None


def equal(a: Any, b: Any) -> bool:
    """Return whether two arrays are equal, or both absent."""
    if a is None or b is None:
        return a is b
    return np.array_equal(a, b)
