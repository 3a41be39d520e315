"""What an accumulator with keys needs beside one without."""

from __future__ import annotations

from typing import Any

import numpy as np

from .arrays.batch import Arguments
from .arrays.types import AxisLike
from .exact.reductions import Reduction
from .exact.table import Table
from .run.slices.by import By
from .run.slices.tally import SliceTally
from .slices import Slices

__all__ = ["By", "SliceTally", "add", "limit", "slices_of", "totals_of"]


def limit(tally: SliceTally, missing: str, max_slices: int) -> None:
    """Say what becomes of rows with a missing key, and how many slices there may be."""
    tally.by = tally.by.limited(missing, max_slices)


def add(tally: SliceTally, given: Arguments, by: Any, axis: AxisLike) -> None:
    """Add arrays with their keys."""
    tally.add(given, by, axis)


def slices_of(tally: SliceTally, specs: Any, reduction: Reduction) -> Slices:
    """Return the results of a tally."""
    table, by = tally.known or tally.nothing(), tally.by
    counts = totals_of(tally)
    if by.missing == "drop" and counts["missing_keys"]:
        table = table.take(np.flatnonzero(~_is_missing(table)))
    return Slices(table, tally.query.losses, specs, reduction, counts)


def totals_of(tally: SliceTally) -> dict[str, int]:
    """Return how many rows have a missing key."""
    table = tally.known
    if table is None:
        return {"missing_keys": 0}
    rows = table.cells.counts("rows").reshape(len(table), table.kept)
    return {"missing_keys": int(rows.max(axis=1, initial=0)[_is_missing(table)].sum())}


def _is_missing(table: Table) -> Any:
    """Return which slices have a missing key."""
    return np.any([key.codes == len(key.values) for key in table.keys], axis=0)
