"""Counts without weights of whole numbers that lie close together: an array with a cell for each.

A row takes 0.8 ns, where its cell has to be looked up and may have weights 4 to 8
(`benchmarks/bench_counts.py`).
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from streamloss.arrays.types import Array
from streamloss.kernels import counting as bodies
from streamloss.kernels.cpu import call

MOST = 1 << 22
"""Cells that there are at most: 32 MB of them."""

FEW, COPIES = 1 << 12, 4
"""Cells up to which there are several copies, and how many: one waits for what was just written."""

STEP, BLOCK = 1 << 12, 1 << 10
"""Elements that are looked at before any of them is counted: a small batch as a whole, and of large
ones as many as stay in the first cache."""

FARTHEST = 1 << 62
"""Numbers beyond it have no cells: their distance from others might be beyond 2**63."""


class Spans(NamedTuple):
    """The numbers that have cells: of each key from the lowest one on, so many."""

    lowest: tuple[int, ...]
    sizes: tuple[int, ...]

    @classmethod
    def of(cls, arrays: list[Array]) -> Spans:
        """Return the spans of some keys."""
        pairs = [(int(array.min()), int(array.max())) for array in arrays]
        return cls(tuple([a for a, _ in pairs]), tuple([b - a + 1 for a, b in pairs]))

    def united(self, other: Spans) -> Spans:
        """Return the spans that have the numbers of both."""
        lowest = [min(pair) for pair in zip(self.lowest, other.lowest, strict=True)]
        stops = [
            max(a + m, b + n)
            for a, m, b, n in zip(self.lowest, self.sizes, other.lowest, other.sizes, strict=True)
        ]
        return Spans(tuple(lowest), tuple([b - a for a, b in zip(lowest, stops, strict=True)]))

    @property
    def fits(self) -> bool:
        """Whether there may be as many cells."""
        ends = zip(self.lowest, self.sizes, strict=True)
        near = all([-FARTHEST <= a and a + n <= FARTHEST for a, n in ends])
        return near and math.prod(self.sizes) <= MOST


class Dense:
    """The counts of one or two keys, whole numbers. One thread adds to it.

    Parameters
    ----------
    step : int
        How many elements are looked at before any of them is counted.
    """

    def __init__(self, step: int = STEP) -> None:
        self._held: tuple[Spans, Array] | None = None
        self._places = np.empty(step, np.int64)

    @property
    def is_empty(self) -> bool:
        """Whether nothing was counted."""
        return self._held is None

    def add(self, arrays: list[Array]) -> int:
        """Count elements by their keys; return how many of the first were counted.

        The rest has keys too far away. If there are no more than a step, it is all or none.

        Parameters
        ----------
        arrays : list of integer array
            One or two keys of each element, contiguous.
        """
        state, size = np.zeros(2, np.int64), len(arrays[0])
        while state[bodies.DONE] < size:
            if self._held is not None:
                self._count(*self._held, arrays, state)
            done = int(state[bodies.DONE])
            if done < size and not self._widen(Spans.of([array[done:] for array in arrays])):
                return done
        return size

    def fit(self, arrays: list[Array]) -> bool:
        """Have cells for all of some keys, so that one call counts them; return whether it can."""
        return self._widen(Spans.of(arrays))

    def _count(self, spans: Spans, counts: Array, arrays: list[Array], state: Array) -> None:
        """Count elements from the first that is not done, up to one that has no cell."""
        if len(arrays) == 1:
            how = spans.lowest[0], spans.sizes[0]
            call(bodies.count_keys, (), arrays[0], *how, counts, self._places, state)
        else:
            call(bodies.count_pairs, (), *arrays, *spans, counts, self._places, state)

    def _widen(self, more: Spans) -> bool:
        """Have cells for further numbers; return whether they are not too many."""
        if self._held is None:
            spans, old = more, None
        else:
            spans, old = self._held[0].united(more), self.counts()
            if spans == self._held[0]:
                return True
        if not spans.fits:
            return False
        cells = math.prod(spans.sizes)
        counts = np.zeros((COPIES if cells <= FEW else 1, *spans.sizes), np.int64)
        if old is not None and self._held is not None:
            pairs = zip(self._held[0].lowest, spans.lowest, old.shape, strict=True)
            counts[0][tuple([slice(a - b, a - b + n) for a, b, n in pairs])] = old
        self._held = spans, counts.reshape(-1)
        return True

    def counts(self) -> Array:
        """Return the counts, an axis for each key."""
        assert self._held is not None
        spans, counts = self._held
        found: Array = counts.reshape(-1, *spans.sizes).sum(axis=0)
        return found

    def absorb(self, other: Dense) -> bool:
        """Take over what another one has counted; return whether there is room for all."""
        if other._held is None:
            return True
        if not self._widen(other._held[0]):
            return False
        assert self._held is not None
        spans, counts = self._held
        pairs = zip(other._held[0].lowest, spans.lowest, other._held[0].sizes, strict=True)
        first = counts.reshape(-1, *spans.sizes)[0]
        first[tuple([slice(a - b, a - b + n) for a, b, n in pairs])] += other.counts()
        return True

    def columns(self) -> tuple[list[Array], Array]:
        """Return the keys of all cells in use, and their counts."""
        assert self._held is not None
        counts = self.counts()
        places = np.nonzero(counts)
        pairs = zip(places, self._held[0].lowest, strict=True)
        return [place + lowest for place, lowest in pairs], counts[places]
