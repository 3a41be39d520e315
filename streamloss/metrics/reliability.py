"""Bins of probabilities: what lies in each, of exact counts, and tables of it."""

from __future__ import annotations

from importlib import import_module
from itertools import groupby, pairwise
from typing import Any, NamedTuple

import numpy as np

from streamloss.exact.counted import Counted
from streamloss.losses.scores import fine_edge

from .bins import Binned


class Bin(NamedTuple):
    """What lies in a bin."""

    of: int
    """The class, 0 without classes."""

    low: float
    high: float
    elements: int
    weight: int
    """The sum of weights, in units of the cells."""

    predicted: int
    observed: int
    """Sums of weight times probability, and times label, in units of 2**-1074."""

    @property
    def gap(self) -> int:
        """Probabilities minus labels, in units of 2**-1074."""
        return self.predicted - self.observed


class Reliability:
    """A calibration table: a row for each bin that has elements, in the order of probabilities.

    It is what the metric `calibration_table` gives. Columns are arrays that cannot be written to;
    tables are equal if all of them are, NaN being equal to NaN.

    Attributes
    ----------
    closed : {"right", "left"}
        Which edge of a bin belongs to it; 0 and 1 belong to the bins that they are edges of.
    columns : dict of array
        The columns by name, as `pandas.DataFrame` takes them: ``class`` (int64, where each class
        counts by itself), ``low`` and ``high`` (float64, the edges), ``elements`` (int64), and,
        float64 all, each rounded once, ``weights`` (their sum), ``predicted`` (the mean of the
        probabilities), ``observed`` (the mean of the labels, or of hits) and ``gap`` (predicted
        minus observed: above 0 of too large probabilities).

    Examples
    --------
    >>> table = Reliability({"low": [0.0], "high": [1.0], "elements": [4], "gap": [0.25]})
    >>> table
     low  high  elements   gap
       0     1         4  0.25
    >>> table["gap"], len(table)
    (array([0.25]), 1)
    """

    __slots__ = ("closed", "columns")

    def __init__(self, columns: dict[str, Any], closed: str = "right") -> None:
        self.closed = closed
        self.columns = {name: np.array(column) for name, column in columns.items()}
        for column in self.columns.values():
            column.flags.writeable = False

    __iter__ = None
    """Columns come by name, and rows not at all."""

    def __contains__(self, name: object) -> bool:
        return name in self.columns

    def __getitem__(self, name: str) -> Any:
        """Return a column; KeyError if there is none of that name."""
        return self.columns[name]

    def __len__(self) -> int:
        return len(self.columns["low"])

    def to_dict(self) -> dict[str, Any]:
        """Return the columns by their names."""
        return dict(self.columns)

    def to_pandas(self) -> Any:
        """Return a pandas DataFrame of the columns."""
        return import_module("pandas").DataFrame(self.columns)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Reliability):
            return NotImplemented
        mine, theirs = self.columns, other.columns
        return (self.closed, mine.keys()) == (other.closed, theirs.keys()) and all(
            np.array_equal(column, theirs[name], equal_nan=True) for name, column in mine.items()
        )

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        cells = [[name, *map(_shown, column)] for name, column in self.columns.items()]
        wide = [max(map(len, column)) + 1 for column in cells]
        lines = zip(*cells, strict=True)
        return "\n".join(
            " ".join(cell.rjust(width) for cell, width in zip(line, wide, strict=True))
            for line in lines
        )


def _shown(number: Any) -> str:
    """Return a number in as many digits as a table shows."""
    return f"{number:.4g}" if isinstance(number, np.floating) else str(number)


def bins_of(metric: Binned, cells: Counted) -> list[Bin]:
    """Return the bins of cells, those of one class after those of another.

    Raises
    ------
    ValueError
        If bins of equal weight are asked of negative weights.
    """
    keys = cells.keys["bin"].tolist()
    classes = cells.keys["class"].tolist() if "class" in cells.keys else [0] * len(keys)
    sums = [[each.units for each in cells.sums[name]] for name in ("predicted", "observed")]
    counts = cells.elements.tolist(), cells.units.tolist()
    rows = zip(classes, keys, *counts, *sums, strict=True)
    if metric.strategy == "uniform":
        return [Bin(of, k / metric.bins, (k + 1) / metric.bins, *rest) for of, k, *rest in rows]
    if any(unit < 0 for unit in counts[1]):
        raise ValueError("bins of equal weight need weights that are not negative")
    found = [Bin(of, fine_edge(max(k - 1, 0)), fine_edge(k), *rest) for of, k, *rest in rows]
    by_class = groupby(found, lambda each: each.of)
    return [each for _, fine in by_class for each in _of_equal_weight(list(fine), int(metric.bins))]


def _of_equal_weight(fine: list[Bin], bins: int) -> list[Bin]:
    """Return bins of equal weight, as far as fine bins allow: each ends where its share is reached.

    Edges meet: what lies between two fine bins belongs to the later one, and the ends are 0 and 1.
    """
    total, done, stops = sum([each.weight for each in fine]), 0, [0]
    for k, each in enumerate(fine):
        before, done = done, done + each.weight
        if total and done * bins // total > before * bins // total:
            stops.append(k + 1)
    stops[max(len(stops) - 1, 1) :] = [len(fine)]  # with what has no weight after all that has
    merged = [_merged(fine[start:stop]) for start, stop in pairwise(stops)]
    edges = [0.0, *[each.high for each in merged[:-1]], 1.0]
    ends = zip(merged, pairwise(edges), strict=True)
    return [each._replace(low=low, high=high) for each, (low, high) in ends]


def _merged(fine: list[Bin]) -> Bin:
    """Return what lies in any of some bins."""
    sums = [sum(column) for column in list(zip(*fine, strict=True))[3:]]
    return Bin(fine[0].of, fine[0].low, fine[-1].high, *sums)
