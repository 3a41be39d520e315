"""What near rows leave of terms: most of it are integers of one more unit, below those of the rows.

A few terms in a million leave something. As one more limb of what near rows hold, they cost a
million cells 10 ms; as sums in a layout of their own it was 90 (`benchmarks/bench_slices.py`).
"""

from __future__ import annotations

import numpy as np

from streamloss.arrays.types import Array
from streamloss.exact.digits import UNIT
from streamloss.kernels.groups import WIDTH

from .layout import Layout

FULL = 1 << 21
"""Numbers that are taken: of 2**40 each, they stay below 2**62."""


class Remainders:
    """Numbers for the cells of near rows, of one more unit for each sum."""

    def __init__(self, layout: Layout) -> None:
        self._units = [bound - WIDTH * (limbs + 1) for bound, limbs in layout.spans()]
        self._numbers: list[Array | None] = [None] * len(self._units)
        self._count = 0

    def take(self, row: int, cells: Array, terms: Array, size: int) -> Array:
        """Add those of some terms of a sum that are such numbers; return which are not.

        Parameters
        ----------
        row : int
            Which sum it is.
        cells : int array
            The cell of each term.
        terms : float64 array
            The terms, which may be infinite or NaN.
        size : int
            How many cells there are.
        """
        unit = self._units[row]
        if unit < UNIT or self._count + len(terms) > FULL:
            return np.ones(len(terms), np.bool_)
        with np.errstate(over="ignore"):
            numbers = np.ldexp(terms, -unit)
        fits = (abs(numbers) < 2.0**WIDTH) & (numbers == np.rint(numbers)) & (numbers != 0.0)
        np.add.at(self._of(row, size), cells[fits], numbers[fits].astype(np.int64))
        self._count += len(terms)
        return np.asarray(~fits & (terms != 0.0))

    def _of(self, row: int, size: int) -> Array:
        """Return the numbers of a sum, for so many cells at least."""
        before = self._numbers[row]
        if before is None or len(before) < size:
            found = np.zeros(size, np.int64)
            if before is not None:
                found[: len(before)] = before
            self._numbers[row] = before = found
        return before

    def any(self) -> bool:
        """Return whether there are any."""
        return self._count > 0

    def limb(self, row: int, some: Array) -> Array | None:
        """Return the numbers of a sum of some cells, None if there are none."""
        if self._numbers[row] is None:
            return None
        found: Array = self._of(row, int(some.max(initial=-1)) + 1)[some]
        return found

    def absorb(self, other: Remainders) -> bool:
        """Take over what others of the same layout are; return whether there was room."""
        if self._count + other._count > FULL:
            return False
        for row, numbers in enumerate(other._numbers):
            if numbers is not None:
                self._of(row, len(numbers))[: len(numbers)] += numbers
        self._count += other._count
        return True
