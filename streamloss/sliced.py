"""What an accumulator with keys needs beside one without."""

from __future__ import annotations

from typing import Any

import numpy as np

from .arrays import named_keys
from .arrays.batch import Arguments
from .arrays.named_keys import as_rows
from .arrays.sets import GroupingSets
from .arrays.types import AxisLike
from .exact.reductions import Reduction
from .exact.slicing import Slicing
from .run.slices.by import By
from .run.slices.lazily import are_lazy, lazy_table
from .run.slices.tally import SliceTally
from .slices import Slices

__all__ = [
    "SliceTally",
    "add",
    "are_lazy",
    "as_rows",
    "by_of",
    "check_keys",
    "compared",
    "keys_of",
    "lazy_table",
    "order_with",
    "slices_of",
    "totals_of",
]


def by_of(slicing: Slicing) -> By:
    """Return how slices are made, of what bytes say."""
    return By(*slicing)


def keys_of(by: Any, missing: str, max_slices: int, named: bool) -> By:
    """Return how slices are made: of keys that are named, or of those that come."""
    if by is None:
        raise ValueError("missing and max_slices are for slices: got no by")
    found = (By.of(by) if named else By.any()).limited(missing, max_slices)
    return found._replace(sets=by.sets) if isinstance(by, GroupingSets) else found


def check_keys(known: By | None, by: Any, data: Any) -> None:
    """Refuse keys without names for them, and the other way round."""
    if known is None:
        raise ValueError("by must be named when an Accumulator is made: this one has no keys")
    if by is None and data is None:
        names = ", ".join(known.names) or "its keys"
        raise ValueError(f"by must give the keys of an update: got none of {names}")


def compared(a: By | None, b: By | None) -> tuple[Any, Any]:
    """Return what must be equal of two to merge; one whose keys have no names yet takes all."""
    if a is None or b is None:
        return (a and a.names,), (b and b.names,)
    names = (a.names, b.names) if a.names and b.names else ((), ())
    return (names[0], a.missing), (names[1], b.missing)


def order_with(loss: Any, given: Arguments, by: Any, *known: Any) -> Any:
    """Return the order of named axes, those of keys first, and the axes to reduce."""
    y_true, y_pred, *_ = given
    inputs = (y_true, *(y_pred if isinstance(y_pred, tuple) else (y_pred,)))
    return named_keys.order_with(loss, inputs, by, *known)


def add(tally: SliceTally, given: Arguments, by: Any, axis: AxisLike) -> None:
    """Add arrays with their keys, or without to metrics of counts; dask's are computed."""
    if not are_lazy(given, by):
        tally.add(given, by, axis)
        return
    query = tally.query if axis is None else tally.query._replace(axis=axis)
    tally.merge(lazy_table(query, tally.by, given, by)[0].compute())


def slices_of(tally: SliceTally, specs: Any, reduction: Reduction) -> Slices:
    """Return the results of a tally."""
    known, by = tally.known, tally.by
    table = tally.nothing() if known is None else known
    counts = totals_of(tally)
    if by.missing == "drop" and counts["missing_keys"]:
        table = table.take(np.flatnonzero(~table.keyless))
    found = Slices(table, tally.query.losses, specs, reduction, counts)
    return found.grouping_sets(*by.sets) if by.sets else found


def totals_of(tally: SliceTally) -> dict[str, int]:
    """Return how many rows have a missing key."""
    table = tally.known
    return {"missing_keys": 0 if table is None else table.keyless_rows()}
