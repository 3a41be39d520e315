"""Codes of integers: their distance from the lowest if they lie close together, else an index.

Keys of slices are often 0, 1, 2 ... Their codes need no memory: what a row takes is a subtraction,
where to look one up takes 0.5 ns and more, of many keys 2, and of each new one 20
(`benchmarks/bench_slices.py`). Numbers between them that are no key have a code and a near row too.
"""

from __future__ import annotations

import threading
from typing import NamedTuple

import numpy as np

from streamloss.arrays.types import Array
from streamloss.kernels import codes as bodies
from streamloss.kernels.cpu import call

from .index import FARTHEST, NEAR, Index

SPARSE, FEW = 16, 1 << 10
"""Numbers that a span may have for each key that is seen first, and those for which nobody looks:
each has a near row."""


MARGIN = 8
"""The part of a span that it has below the first keys, for others; above it can be made wider."""


class Span(NamedTuple):
    """Integers from the lowest on, with codes from 1 on."""

    lowest: int
    size: int

    def keys(self) -> Array:
        """Return the integers."""
        return np.arange(self.lowest, self.lowest + self.size)

    def wider(self, keys: Array) -> Span | None:
        """Return the span that has these keys too, None if it would be too wide."""
        high = int(keys.max())
        size = high - self.lowest + 1
        fits = int(keys.min()) >= self.lowest and size <= min(NEAR, max(2 * self.size, FEW))
        return Span(self.lowest, size) if fits and high <= FARTHEST else None

    def find(self, keys: Array, out: Array) -> bool:
        """Write the codes of keys, 0 of others; return whether there are none."""
        state = np.zeros(3, np.int64)
        call(bodies.find_within, (), keys, self.lowest, self.size, out, state)
        return not state[bodies.MISSES]


class Integers:
    """The codes of integers. Several threads may ask for codes.

    Parameters
    ----------
    alone : bool
        Whether codes may be given to numbers that are no keys: not where they are paired.
    """

    def __init__(self, alone: bool) -> None:
        self._alone = alone
        self._lock = threading.Lock()
        self._span: Span | None = None
        self._index: Index | None = None if alone else Index()

    @property
    def count(self) -> int:
        """How many codes there are, with 0."""
        if self._span is not None:
            return self._span.size + 1
        return 1 if self._index is None else self._index.count

    @property
    def expected(self) -> int:
        """How many codes there may soon be."""
        return self.count if self._index is None else self._index.expected

    def keys(self) -> Array:
        """Return the keys by their codes, from that of code 1 on."""
        if self._span is not None:
            return self._span.keys()
        return np.zeros(0, np.int64) if self._index is None else self._index.keys()

    def ordered(self) -> Array:
        """Return all codes in the order of their keys."""
        return np.arange(1, self.count) if self._index is None else self._index.ordered()

    def forget(self, count: int) -> None:
        """Forget all keys from a code on: no thread may be looking."""
        if self._span is not None:
            self._span = self._span._replace(size=count - 1) if count > 1 else None
        elif self._index is not None:
            self._index.forget(count)

    def codes(self, keys: Array, out: Array, quick: bool, most: int) -> None:
        """Write the codes of keys; new ones get theirs, as `Index.codes` does.

        Raises
        ------
        TooMany
            If there are more than `most`; some may have been added.
        """
        while keys.size:
            span, index = self._span, self._index
            if span is not None and span.find(keys, out):
                return
            if span is None and index is not None:
                index.codes(keys, out, quick, most)
                return
            with self._lock:
                if self._span is span and self._index is index:
                    self._adapt(span, keys, quick, most)

    def _adapt(self, span: Span | None, keys: Array, quick: bool, most: int) -> None:
        """Have a span that has these keys, or an index."""
        wider = _span_of(keys) if span is None else span.wider(keys)
        if quick and wider is not None and most >= 2 * NEAR:
            self._span = wider
        else:
            self._index = Index() if span is None else Index.of(span.keys())
            self._span = None


def _span_of(keys: Array) -> Span | None:
    """Return the span of the first keys, None if most numbers between them are none."""
    low, high = int(keys.min()), int(keys.max())
    size = high - low + 1
    if size > min(NEAR, max(SPARSE * len(keys), FEW)) or max(high, -low) > FARTHEST:
        return None
    if size > FEW:
        seen = np.zeros(size, np.bool_)
        seen[keys - low] = True
        if size > SPARSE * np.count_nonzero(seen):
            return None
    margin = size // MARGIN
    lowest = 0 if 0 <= low <= margin else low - margin
    return Span(lowest, high - lowest + 1)
