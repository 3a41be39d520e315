"""Which bits of each sum near rows hold, chosen by terms that were seen."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from streamloss.arrays.types import Array
from streamloss.kernels.groups import BOUND, COLUMN, LIMBS, WIDTH

LOWEST, HIGHEST = -900, 1000
"""Bounds of exponents that near rows can have: below, the unit of four integers would be less than
2**-1074, and above, what the first of them holds, up to 2**22 of the bound, would be infinite."""

MOST = 4
"""Integers of a sum: with four, terms from 2**-107 of the largest on leave nothing."""

FEW = 128
"""One of so many terms may be left to the log: there it takes 100 ns, and one more integer for all
of them 0.5 ns and a fourth of the memory."""


class Layout(NamedTuple):
    """How near rows are laid out.

    Attributes
    ----------
    sums : int64 array (sums, 3)
        What `kernels.groups.COLUMN` begins, for each sum and, where there are any, the weights.
    weighted, hiding, starting : bool
        Whether there are weights, elements that do not count, and rows of several elements.
    """

    sums: Array
    weighted: bool
    hiding: bool
    starting: bool

    @classmethod
    def of(cls, spans: list[tuple[int, int]], flags: tuple[bool, bool, bool]) -> Layout:
        """Return the layout of sums with a bound and so many integers each."""
        sums, column = np.zeros((len(spans), 3), np.int64), 0
        for row, (bound, limbs) in zip(sums, spans, strict=True):
            row[[COLUMN, LIMBS, BOUND]] = column, limbs, bound
            column += limbs
        return cls(sums, *flags)

    @property
    def counts(self) -> int:
        """The column of the counts of elements, behind those of the sums."""
        return int(self.sums[:, LIMBS].sum())

    @property
    def hidden(self) -> int:
        """The column of the counts of elements that do not count, -1 if there are none."""
        return self.counts + 1 if self.hiding else -1

    @property
    def starts(self) -> int:
        """The column of the counts of rows, -1 if they follow from the others."""
        return self.counts + 1 + self.hiding if self.starting else -1

    @property
    def width(self) -> int:
        """The integers of a near row: a whole number of vectors."""
        return -(-(self.counts + 1 + self.hiding + self.starting) // 4) * 4

    def is_like(self, other: Layout) -> bool:
        """Return whether near rows of both can be added."""
        return self[1:] == other[1:] and np.array_equal(self.sums, other.sums)

    def spans(self) -> list[tuple[int, int]]:
        """Return the bound of each sum and how many integers it has."""
        return [(int(bound), int(limbs)) for bound, limbs in self.sums[:, [BOUND, LIMBS]]]


def span_of(terms: Array, before: tuple[int, int] = (0, 0)) -> tuple[int, int]:
    """Return the bound for terms like these and integers enough, with those that there were.

    Terms that differ too much are left to the log, as are some outliers.
    """
    terms = terms[np.isfinite(terms) & (terms != 0.0)]
    if not terms.size:
        return before
    fractions, exponents = np.frexp(terms)
    whole = (fractions * 2.0**53).astype(np.int64)
    lowest = exponents - 53 + np.frexp((whole & -whole).astype(np.float64))[1] - 1
    few = terms.size // FEW
    highest = np.sort(exponents)[-1 - few]
    bound = min(max(int(highest) + 2, LOWEST), HIGHEST)
    unit = int(np.sort(lowest)[few])
    old, limbs = before
    if limbs:
        unit, bound = min(unit, old - WIDTH * limbs), max(bound, old)
    limbs = min(-(-(bound - unit) // WIDTH), MOST)
    return bound, max(limbs, 1)
