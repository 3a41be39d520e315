"""The row groups of a Parquet file, and which of them to read together."""

from __future__ import annotations

import itertools
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator


class Groups:
    """The row groups of a file, by their sizes.

    Examples
    --------
    >>> groups = Groups([10, 10, 100])
    >>> groups.rows, list(groups.cuts(15)), groups.span(range(1, 3)), list(groups.runs(15, 120, 20))
    (120, [0, 20], (10, 120), [range(1, 2), range(2, 3)])
    """

    def __init__(self, sizes: Iterable[int]) -> None:
        self._ends = list(itertools.accumulate(sizes))
        self.rows = self._ends[-1] if self._ends else 0

    def empty(self) -> list[int]:
        """Return the groups without rows."""
        return [k for k, end in enumerate(self._ends) if end == self._first(k)]

    def span(self, run: range) -> tuple[int, int]:
        """Return the first row of some groups, and the one after their last."""
        return self._first(run.start), self._ends[run.stop - 1]

    def cuts(self, size: int) -> Iterator[int]:
        """Yield the first rows of groups, at least `size` apart."""
        last = -size
        for row in (0, *self._ends[:-1]):
            if row - last >= size:
                yield row
                last = row

    def runs(self, start: int, stop: int, size: int) -> Iterator[range]:
        """Yield the groups that hold these rows: one alone, or several of `size` rows together.

        Where a batch goes on into another group Arrow copies what it has decoded; where groups
        are small, a call for each would take longer.
        """
        first, last = bisect_right(self._ends, start), bisect_left(self._ends, stop)
        for group in range(first, last + 1):
            if group == last or self._ends[group + 1] - self._first(first) > size:
                yield range(first, group + 1)
                first = group + 1

    def _first(self, group: int) -> int:
        return self._ends[group - 1] if group else 0
