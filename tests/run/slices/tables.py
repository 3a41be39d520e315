"""What slices should be: each from `accumulate` on its rows alone, without keys."""

from __future__ import annotations

from typing import Any

import numpy as np

import streamloss as sl
from streamloss.exact.state import State


def some(array: Any, rows: Any, shape: tuple[int, ...] = ()) -> Any:
    """Some rows of an array, or of a tuple of them; weights and masks are broadcast first."""
    if array is None:
        return None
    if isinstance(array, tuple):
        return tuple(some(each, rows) for each in array)
    return (np.broadcast_to(array, shape) if shape else array)[rows]


def rows_by(by: dict[str, Any]) -> dict[Any, Any]:
    """The rows of each combination of keys, in the order of the keys, a missing one last."""
    found: dict[Any, list[int]] = {}
    for row, key in enumerate(zip(*[list(column) for column in by.values()], strict=True)):
        plain = tuple(None if k is None or k != k else k for k in key)
        found.setdefault(plain, []).append(row)
    order = sorted(found, key=lambda key: tuple((k is None, 0 if k is None else k) for k in key))
    return {key: np.array(found[key]) for key in order}


def state_of(acc: sl.Accumulator, k: int) -> State:
    """The state of slice `k`."""
    table = acc.tally.known
    assert table is not None
    found = table.state([k])
    return State(found.shape[1:], found.sums, found.base, found.counts)


def check(acc: sl.Accumulator, data: Any, by: dict[str, Any], losses: Any, **options: Any) -> None:
    """Check that slices, and all of them together, are what `accumulate` gives of their rows.

    `data` are y_true, y_pred, weights and a mask.
    """
    y, p, w, where = (*data, None, None)[:4]
    shape = options.pop("shape", ())
    rows = rows_by(by)
    assert len(acc.tally.known) == len(rows)
    for k, each in enumerate(rows.values()):
        parts = some(y, each), some(p, each), some(w, each, shape)
        want = sl.accumulate(losses, *parts, where=some(where, each, shape), **options)
        assert state_of(acc, k) == want.tally.state
    whole = sl.accumulate(losses, y, p, w, where=where, **options)
    assert acc.tally.state == whole.tally.state
