"""Counted: the cells of a metric of counts in one place, as its `combine` gets them."""

from __future__ import annotations

import functools
import operator
from collections.abc import Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from typing import Any

import numpy as np

from .digits import UNIT
from .numbers import Exact

SMALL = 1 << 62
"""What a total of units is below if int64 holds them all, and each of their sums."""


class Counted:
    """The cells of a metric, in the order of their keys, the first key first, each with a weight.

    Elements of which a key is missing are in no cell. Where one of them has a weight that is not
    zero, or a weight is not finite, a metric is NaN and nobody asks for its `combine`.

    Attributes
    ----------
    keys : dict of array
        The keys by their names, one for each cell: int64, or objects such as text, and Python's
        integers where labels need 64 bits without a sign; of times datetime64.
    elements : int64 array
        How many elements each cell has, also of weight zero.
    units : int64 or object array
        The exact sum of the weights of each cell as integers, in units of 2**exponent. Objects are
        Python's integers, where their total is too large for an int64.
    exponent : int
        What a unit is; 0 without weights.
    sums : dict of list of Exact
        The exact sums of losses in each cell, by the names that `sums` of the metric has.
    """

    __slots__ = ("elements", "exponent", "keys", "sums", "units")

    def __init__(
        self,
        keys: Mapping[str, Any],
        elements: Any,
        units: Any,
        exponent: int = 0,
        sums: Mapping[str, list[Exact]] | None = None,
    ) -> None:
        self.keys, self.elements = dict(keys), elements
        self.units, self.exponent, self.sums = units, exponent, dict(sums or {})

    @classmethod
    def of_units(
        cls, keys: Mapping[str, Any], elements: Any, units: list[int], sums: Any = None
    ) -> Counted:
        """Return the cells of weights as integers in units of 2**-1074."""
        bits = functools.reduce(operator.or_, units, 0)
        spare = (bits & -bits).bit_length() - 1 if bits else 0
        units = [unit >> spare for unit in units]
        small = sum(map(abs, units)) < SMALL
        found = np.array(units, np.int64 if small else object)
        return cls(keys, elements, found, UNIT + spare if bits else 0, sums)

    @classmethod
    def of_rows(
        cls,
        keys: Mapping[str, Sequence[Any]],
        weights: Iterable[float] | None = None,
        sums: Mapping[str, Sequence[float]] | None = None,
    ) -> Counted:
        """Return the cells of rows with their keys, counted in Python: for tests and few rows.

        `sums` are finite values of the rows, of which each cell has the sum of weight times value.

        Examples
        --------
        >>> cells = Counted.of_rows({"true": ["a", "b", "a"], "pred": ["a", "a", "a"]})
        >>> [(key, float(weight)) for key, weight in cells.items()]
        [(('a', 'a'), 2.0), (('b', 'a'), 1.0)]
        """
        rows = list(zip(*keys.values(), strict=True))
        heavy = [Fraction(w) for w in weights] if weights is not None else [Fraction(1)] * len(rows)
        values = list(zip(*(sums or {}).values(), strict=True)) or [()] * len(rows)
        found: dict[Any, list[Any]] = {}
        for row, weight, summed in zip(rows, heavy, values, strict=True):
            cell = found.setdefault(row, [0, Fraction(0), *[Fraction(0) for _ in summed]])
            terms = [1, weight, *[weight * Fraction(value) for value in summed]]
            cell[:] = [a + b for a, b in zip(cell, terms, strict=True)]
        cells = sorted(found)
        columns: dict[str, Any] = {}
        for k, name in enumerate(keys):
            values = [cell[k] for cell in cells]
            whole = all(isinstance(value, int | np.integer) for value in values)
            columns[name] = np.array(values, np.int64 if whole else object)
        elements = np.array([found[cell][0] for cell in cells], np.int64)
        exact = [[int(x * Fraction(2) ** -UNIT) for x in found[cell][1:]] for cell in cells]
        totals = {
            name: [Exact(units[k]) for units in exact] for k, name in enumerate(sums or {}, start=1)
        }
        if weights is None:
            return cls(columns, elements, elements, sums=totals)
        return cls.of_units(columns, elements, [units[0] for units in exact], totals)

    def __len__(self) -> int:
        return len(self.elements)

    @property
    def total(self) -> int:
        """The sum of all units."""
        return int(self.units.sum()) if len(self) else 0

    @property
    def weights(self) -> list[Exact]:
        """The exact sum of the weights of each cell."""
        return [self.exact(unit) for unit in self.units.tolist()]

    def exact(self, units: int) -> Exact:
        """Return so many units as an exact number."""
        if self.exponent == 0:
            return Exact(units, None, 0)
        return Exact(units << self.exponent - UNIT)

    def items(self) -> Iterator[tuple[Any, Exact]]:
        """Yield the key of each cell, of several keys a tuple, and its weight."""
        columns = [column.tolist() for column in self.keys.values()]
        keys = columns[0] if len(columns) == 1 else zip(*columns, strict=True)
        yield from zip(keys, self.weights, strict=True)
