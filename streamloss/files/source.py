"""Rows in files, in a fixed order, and the two ways of reading them: one thread or several."""

from __future__ import annotations

import os
import sys
from collections import deque
from collections.abc import Generator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple, TypeVar

from .columns import Columns, Part, Rows
from .reading import Refused, Stamp, check_same

AHEAD = 2
"""Batches read ahead of the one in use."""
STRETCH = 1 << 22
"""Rows of a stretch from which on it is cut where that is possible: 50 ms of work or more.

Fewer make 16 stretches a thread, which differ in what they take to decode, and 4 of arrays, which
do not: 16 of these took 1.4 times as long, of 25 million rows.
"""

T = TypeVar("T")


class Batch(NamedTuple):
    """Some rows, how many they are, and where they stand."""

    rows: Rows
    length: int
    path: str
    first: int

    @property
    def origin(self) -> str:
        """Where they stand, in words."""
        return f"{self.path}, rows {self.first:,} to {self.first + self.length - 1:,}"

    def refusal(self, error: Exception) -> str:
        """Return what an error says of these rows, and of which row if it tells that."""
        label = vars(error)  # of `refuse_labels`: which, and what is wrong with it
        if "place" in label:
            return f"{self.path}, row {self.first + label['place'][0]:,}: {label['rule']}"
        return f"{self.origin}: {error}"


class Piece(NamedTuple):
    """The rows from `start` to `stop` of a file, or of arrays if `path` is None; for a worker.

    The sizes are those of the files, which must be the same for a worker.
    """

    path: str | None
    columns: Columns
    start: int
    stop: int
    sizes: tuple[int, ...]


class Stretch(NamedTuple):
    """The rows from `start` to `stop` of a part."""

    part: Part
    start: int
    stop: int

    @property
    def rows(self) -> int:
        """How many rows it has."""
        return self.stop - self.start

    def batches(self, size: int | None = None, threads: bool = False) -> Iterator[Batch]:
        """Yield the rows, at most `size` values a column, each batch when it is asked for.

        Raises
        ------
        ValueError
            If a file cannot be read, changes, or holds more or fewer rows than it announces.
        """
        part, at = self.part, self.start
        check_same(part.paths, part.stamps)
        for announced, batches in part.read(at, self.stop, size or part.size(threads), threads):
            end = at + announced
            for rows in batches:
                first, at = at, at + len(rows.y_true)
                if at > end:
                    break
                yield Batch(rows, at - first, part.paths[0], first)
            self._check_end(at, end)
        self._check_end(at, self.stop)
        check_same(part.paths, part.stamps)

    def _check_end(self, at: int, end: int) -> None:
        """Refuse a file of which other rows came than were announced."""
        if at != end:
            what = "more" if at > end else f"{end - at:,} fewer"
            raise Refused(
                f"cannot read {self.part.paths[0]}: up to row {end:,} {what} rows come than it"
                " announces"
            )


class DataSet:
    """Rows in files, in a fixed order.

    Parameters
    ----------
    parts : sequence of Part
        The files, opened.
    columns : Columns
        What they were opened with.
    files : bool
        Whether each part is a file that holds all columns.

    Attributes
    ----------
    parts : sequence of Part
        The same.
    rows : int
        Rows in all files.
    paths : tuple of str
        The files.

    Raises
    ------
    ValueError
        If there are no rows.
    """

    def __init__(self, parts: Sequence[Part], columns: Columns, files: bool) -> None:
        self.parts, self._columns, self._files = parts, columns, files
        self.rows = sum(part.rows for part in parts)
        self.paths = tuple(path for part in parts for path in part.paths)
        if not self.rows:
            raise ValueError(f"there are no rows in {', '.join(self.paths[:5])}")

    def batches(self, start: int = 0, size: int | None = None) -> Generator[Batch, None, None]:
        """Yield the rows from `start` on, at most `size` values a column, for one thread.

        What takes work to read is read ahead in other threads.

        Raises
        ------
        ValueError
            If a file cannot be read.
        """
        stretches = self.stretches(start, sys.maxsize)
        batches = (batch for some in stretches for batch in some.batches(size, True))
        return _ahead(batches) if any(part.decoded for part in self.parts) else batches

    def side_by_side(self, start: int, threads: int) -> list[Stretch]:
        """Return the rows from `start` on in stretches that so many threads may read at once.

        There are none where there is only one, whose batches are shared out instead.
        """
        shares = 16 if any(part.decoded for part in self.parts) else 4
        size = max(1, min(STRETCH, (self.rows - start) // (shares * threads)))
        stretches = list(self.stretches(start, size))
        return stretches if len(stretches) > 1 else []

    def stretches(self, start: int, size: int) -> Iterator[Stretch]:
        """Yield the rows from `start` on in stretches of at least `size` where that is possible."""
        for part in self.parts:
            first, start = min(start, part.rows), max(start - part.rows, 0)
            cuts = [*(row for row in part.cuts(size) if row > first), part.rows]
            for stop in cuts if first < part.rows else []:
                yield Stretch(part, first, stop)
                first = stop

    def pieces(self, start: int, size: int) -> Iterator[Piece]:
        """Yield stretches under names that mean the same wherever they are read."""
        for part, first, stop in self.stretches(start, size):
            sizes = tuple(stamp.size for stamp in part.stamps)
            if self._files:
                yield Piece(os.path.abspath(part.paths[0]), self._columns, first, stop, sizes)
            else:
                names: list[Any] = [name and os.path.abspath(name) for name in self._columns]
                yield Piece(None, Columns(*names), first, stop, sizes)

    def stamps(self) -> Iterator[tuple[str, Stamp]]:
        """Yield the files and what they were stamped with when they were opened."""
        for part in self.parts:
            yield from zip(part.paths, part.stamps, strict=True)

    def check_same(self) -> None:
        """Refuse files that are not those that were opened.

        Raises
        ------
        ValueError
            If one has changed or is gone.
        """
        for part in self.parts:
            check_same(part.paths, part.stamps)


def _ahead(items: Iterator[T]) -> Generator[T, None, None]:
    """Yield the items, of which none is None, made in another thread before they are asked for."""
    with ThreadPoolExecutor(1, thread_name_prefix="streamloss-read") as reader:
        waiting = deque(reader.submit(next, items, None) for _ in range(AHEAD))
        try:
            while (item := waiting.popleft().result()) is not None:
                waiting.append(reader.submit(next, items, None))
                yield item
        finally:
            reader.shutdown(cancel_futures=True)
