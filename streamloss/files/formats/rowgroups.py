"""The row groups of a Parquet file, and which of them to read together."""

from __future__ import annotations

import itertools
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator


class Groups:
    """The row groups of a file, by how many rows each has.

    Examples
    --------
    >>> groups = Groups([10, 10, 100])
    >>> groups.rows, list(groups.cuts(15)), groups.span(range(1, 3)), list(groups.runs(15, 120, 20))
    (120, [0, 20], (10, 120), [range(1, 2), range(2, 3)])
    """

    def __init__(self, group_rows: Iterable[int]) -> None:
        self._ends = list(itertools.accumulate(group_rows))
        self.rows = self._ends[-1] if self._ends else 0

    def empty(self) -> list[int]:
        """Return the numbers of the groups without rows."""
        return [k for k, end in enumerate(self._ends) if end == self._first(k)]

    def span(self, run: range) -> tuple[int, int]:
        """Return the first row of a run of groups, and the one after its last."""
        return self._first(run.start), self._ends[run.stop - 1]

    def cuts(self, rows: int) -> Iterator[int]:
        """Yield first rows of groups, at least so many rows apart."""
        last = -rows
        for row in (0, *self._ends[:-1]):
            if row - last >= rows:
                yield row
                last = row

    def between(self, start: int, stop: int) -> range:
        """Return the numbers of the groups that hold some rows, without those that have none."""
        return range(bisect_right(self._ends, start), bisect_left(self._ends, stop) + 1)

    def runs(self, start: int, stop: int, batch_rows: int) -> Iterator[range]:
        """Yield the groups that hold these rows in runs, to be decoded by one call each.

        A run is one group, or several that have at most `batch_rows` rows together: of a batch that
        goes on into another group Arrow copies what it has decoded, and of small groups a call for
        each would take longer (`benchmarks/bench_files.py`, "small row groups").
        """
        groups = self.between(start, stop)
        first, last = groups.start, groups.stop - 1
        for group in groups:
            if group == last or self._ends[group + 1] - self._first(first) > batch_rows:
                yield range(first, group + 1)
                first = group + 1

    def _first(self, group: int) -> int:
        return self._ends[group - 1] if group else 0
