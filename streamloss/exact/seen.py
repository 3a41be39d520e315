"""What a state has seen over all cells: elements, rows, and terms that are no finite numbers."""

from __future__ import annotations

import itertools
from typing import Any

from streamloss.arrays.batch import normalise_axis
from streamloss.arrays.types import AxisLike

from .counts import ELEMENTS, MASKED, MISSING, NONZERO, ROWS
from .digits import MINUS_INFS, NANS, PLUS_INFS, Ints
from .state import State


def counts_of(state: State, losses: list[Any], parts: list[int], axis: AxisLike) -> dict[str, Any]:
    """Return what a state has seen, by names; `Accumulator.counts` says what they mean.

    Parameters
    ----------
    state : State
        The state.
    losses : list
        The losses as they were spelled.
    parts : list of int
        How many rows of the state each of them has.
    axis : int or tuple of int, optional
        The axes that were reduced.
    """
    totals = [sum_of(column) for column in state.counts.T]
    nan, infinite = count_terms(state, parts)
    several = len(losses) > 1
    counts: dict[str, Any] = {
        "elements": totals[ELEMENTS],
        "nonzero_weights": totals[NONZERO],
        "nan": totals[MISSING] + (0 if several else nan[0]),
    }
    if several:
        counts["nan_terms"] = dict(zip(losses, nan, strict=True))
        counts["infinite_terms"] = dict(zip(losses, infinite, strict=True))
    else:
        counts["infinite"] = infinite[0]
    return counts | {"masked": totals[MASKED], "rows": count_rows(state, axis)}


def sum_of(counts: Ints) -> int:
    """Return the sum of counts, which may be beyond an int64."""
    return (int((counts >> 32).sum()) << 32) + int((counts & 0xFFFFFFFF).sum())


def count_terms(state: State, parts: list[int]) -> tuple[list[int], list[int]]:
    """Return how many terms are NaN and how many infinite, of so many rows for each loss.

    Of a metric of several sums it is that of the row that has most, of one of counts none.
    """
    flags = state.sums[:, :-1].sum(axis=0)
    nan, infinite = flags[:, NANS], flags[:, PLUS_INFS] + flags[:, MINUS_INFS]
    stops = itertools.accumulate(parts, initial=0)
    slices = [slice(*pair) for pair in itertools.pairwise(stops)]
    both = [[int(max(each[s], default=0)) for s in slices] for each in (nan, infinite)]
    return both[0], both[1]


def count_rows(state: State, axis: AxisLike) -> int:
    """Return the rows that all cells together cover; each counts one if axis 0 is kept."""
    rows = state.counts[:, ROWS]
    if axis is None or not state.shape:
        return int(rows.max(initial=0))
    reduced = len(axis) if isinstance(axis, tuple) else 1
    if 0 in normalise_axis(axis, len(state.shape) + reduced):
        return int(rows.max(initial=0))
    others = tuple(range(1, len(state.shape)))
    return int(rows.reshape(state.shape).max(axis=others, initial=0).sum())
