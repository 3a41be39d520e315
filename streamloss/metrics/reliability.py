"""What a calibration table is: bins of probabilities, and what came of those in each."""

from __future__ import annotations

from typing import Any

import numpy as np

HEADS = "low", "high", "elements", "weights", "predicted", "observed", "gap"
"""What the columns of a table without classes are called."""


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

    def __getitem__(self, name: str) -> Any:
        """Return a column; KeyError if there is none of that name."""
        return self.columns[name]

    def __len__(self) -> int:
        return len(self.columns["low"])

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
