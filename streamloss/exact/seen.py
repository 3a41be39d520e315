"""What a state has seen over all cells: elements, rows, and terms that are no finite numbers."""

from __future__ import annotations

import itertools

from streamloss.arrays.batch import normalise_axis
from streamloss.arrays.types import AxisLike

from .counts import ROWS
from .digits import MINUS_INFS, NANS, PLUS_INFS, Ints
from .state import State


def sum_of(counts: Ints) -> int:
    """Return the sum of counts, which may be beyond an int64."""
    return (int((counts >> 32).sum()) << 32) + int((counts & 0xFFFFFFFF).sum())


def count_terms(state: State, parts: list[int]) -> tuple[list[int], list[int]]:
    """Return how many terms are NaN and how many infinite, of so many parts for each loss.

    Of a metric of several sums it is that of the part that has most.
    """
    flags = state.sums[:, :-1].sum(axis=0).reshape(sum(parts), -1)
    nan, infinite = flags[:, NANS], flags[:, PLUS_INFS] + flags[:, MINUS_INFS]
    stops = itertools.accumulate(parts, initial=0)
    slices = [slice(*pair) for pair in itertools.pairwise(stops)]
    return [int(nan[s].max()) for s in slices], [int(infinite[s].max()) for s in slices]


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
