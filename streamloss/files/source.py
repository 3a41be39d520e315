"""Rows in files, in a fixed order, and the two ways of reading them: one thread or several.

A source is an opened file, a stretch some rows of it that one thread reads, and a row batch what
the thread has in memory at a time.
"""

from __future__ import annotations

import os
import sys
from collections import deque
from collections.abc import Generator, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple, Protocol, TypeVar

from .columns import Columns, Rows
from .reading import Refused, Stamp, check_same

BATCHES_AHEAD = 2
"""Batches that are decoded in another thread ahead of the one in use."""
STRETCH_VALUES = 1 << 22
"""A stretch ends at the first cut at which it has this many values of a column, or more.

They are 50 ms of work. Where the rows are too few for it, stretches are shorter: 16 a thread of
what is decoded, since these differ in the time they take, and 4 of plain arrays, which do not
differ. With 16 of those 25 million rows took 1.4 times as long (`benchmarks/bench_files.py`).
"""

T = TypeVar("T")


class Source(Protocol):
    """An opened file, or arrays in several files, whose rows can be read from any row on."""

    paths: tuple[str, ...]
    """Its files."""
    stamps: tuple[Stamp, ...]
    """The stamps of its files when it was opened."""
    rows: int
    """How many rows it announces."""
    decoded: bool
    """Whether its bytes are decoded, work that another thread can do ahead."""

    def best_batch(self, use_threads: bool) -> int:
        """Return how many values of a column a batch should have to be read fastest."""
        ...

    def read(
        self, start: int, stop: int, batch_values: int, use_threads: bool
    ) -> Iterator[tuple[int, Iterator[Rows]]]:
        """Yield the rows from `start` to `stop` in runs: how many rows are announced, and the rows.

        All rows that are found must be handed on, be they too many or too few: `Stretch` counts
        them and refuses the file where they are not as many as announced.

        Parameters
        ----------
        start, stop : int
            The first row, and the one after the last.
        batch_values : int
            Most values of a column in one of the `Rows`.
        use_threads : bool
            Whether other threads may decode. If not, the next `Rows` may be read into the memory
            of those before.
        """
        ...

    def cuts(self, values: int) -> Iterable[int]:
        """Return rows from which reading can begin as fast as from row 0.

        A column has at least so many values from one of them to the next.
        """
        ...


class RowBatch(NamedTuple):
    """Some rows in memory, how many they are, and where they stand in a file."""

    rows: Rows
    length: int
    path: str
    first: int

    @property
    def origin(self) -> str:
        """Where the rows stand, in words."""
        return f"{self.path}, rows {self.first:,} to {self.first + self.length - 1:,}"

    def refusal(self, error: Exception) -> str:
        """Return what an error says of these rows, and of which row if it knows that.

        `refuse_labels` gives its error the attributes `place`, the index among these rows, and
        `rule`, what is wrong there.
        """
        known = vars(error)
        if "place" in known:
            return f"{self.path}, row {self.first + known['place'][0]:,}: {known['rule']}"
        return f"{self.origin}: {error}"


class Stretch(NamedTuple):
    """The rows from `start` to `stop` of a source."""

    source: Source
    start: int
    stop: int

    @property
    def rows(self) -> int:
        """How many rows it has."""
        return self.stop - self.start

    def batches(
        self, batch_values: int | None = None, use_threads: bool = False
    ) -> Iterator[RowBatch]:
        """Yield the rows in batches, each read when it is asked for.

        Parameters
        ----------
        batch_values : int, optional
            Most values of a column in a batch; by default what is read fastest.
        use_threads : bool
            Whether other threads may decode.

        Raises
        ------
        ValueError
            If a file cannot be read, changes, or holds more or fewer rows than it announces.
        """
        source, row = self.source, self.start
        most = batch_values or source.best_batch(use_threads)
        check_same(source.paths, source.stamps)
        for announced, run in source.read(row, self.stop, most, use_threads):
            end = row + announced
            for rows in run:
                first, row = row, row + len(rows.y_true)
                if row > end:
                    break
                yield RowBatch(rows, row - first, source.paths[0], first)
            self._check_end(row, end)
        self._check_end(row, self.stop)
        check_same(source.paths, source.stamps)

    def _check_end(self, row: int, end: int) -> None:
        """Refuse a file of which other rows came than were announced."""
        if row != end:
            what = "more" if row > end else f"{end - row:,} fewer"
            raise Refused(
                f"cannot read {self.source.paths[0]}: up to row {end:,} {what} rows come than it"
                " announces"
            )


class RemoteStretch(NamedTuple):
    """The rows from `start` to `stop` of a source, under names that another process can open.

    Attributes
    ----------
    path : str, optional
        The file that holds all columns; None if the columns are arrays in files of their own.
    columns : Columns
        The names of the columns, or the files of the arrays.
    start, stop : int
        The first row, and the one after the last.
    file_bytes : tuple of int
        The bytes of each file, as many as the other process must see.
    """

    path: str | None
    columns: Columns
    start: int
    stop: int
    file_bytes: tuple[int, ...]

    def __str__(self) -> str:
        return f"{self.path or self.columns.true}, rows {self.start:,} to {self.stop - 1:,}"


class DataSet:
    """Rows in files, in a fixed order.

    Parameters
    ----------
    sources : sequence of Source
        The opened files.
    columns : Columns
        The names of the columns.
    are_tables : bool
        Whether each source is one file that holds all columns.

    Attributes
    ----------
    sources : sequence of Source
        The opened files.
    rows : int
        How many rows they announce together.
    paths : tuple of str
        All files.

    Raises
    ------
    ValueError
        If there are no rows.
    """

    def __init__(self, sources: Sequence[Source], columns: Columns, are_tables: bool) -> None:
        self.sources, self._columns, self._are_tables = sources, columns, are_tables
        self.rows = sum(source.rows for source in sources)
        self.paths = tuple(path for source in sources for path in source.paths)
        if not self.rows:
            raise ValueError(f"there are no rows in {', '.join(self.paths[:5])}")

    @property
    def _is_decoded(self) -> bool:
        """Whether the bytes of a source are decoded."""
        return any(source.decoded for source in self.sources)

    def batches(
        self, start: int = 0, batch_values: int | None = None
    ) -> Generator[RowBatch, None, None]:
        """Yield the rows from `start` on in batches, for one thread that computes.

        Other threads decode what must be decoded, ahead of the batch in use.

        Parameters
        ----------
        start : int
            The first row.
        batch_values : int, optional
            Most values of a column in a batch; by default what is read fastest.

        Raises
        ------
        ValueError
            If a file cannot be read.
        """
        stretches = self.stretches(start, sys.maxsize)
        batches = (batch for stretch in stretches for batch in stretch.batches(batch_values, True))
        return _ahead(batches) if self._is_decoded else batches

    def side_by_side(self, start: int, threads: int) -> list[Stretch]:
        """Return the rows from `start` on in stretches that so many threads may read at once.

        The list is empty where there is only one stretch: then `batches` is faster.
        """
        shares = 16 if self._is_decoded else 4
        values = max(1, min(STRETCH_VALUES, (self.rows - start) // (shares * threads)))
        stretches = list(self.stretches(start, values))
        return stretches if len(stretches) > 1 else []

    def stretches(self, start: int, values: int) -> Iterator[Stretch]:
        """Yield the rows from `start` on in stretches, cut where a source can be.

        The last stretch of a source, and the first, may have fewer values of a column than asked.
        """
        for source in self.sources:
            first, start = min(start, source.rows), max(start - source.rows, 0)
            cuts = [*(row for row in source.cuts(values) if row > first), source.rows]
            for stop in cuts if first < source.rows else []:
                yield Stretch(source, first, stop)
                first = stop

    def remote_stretches(self, start: int, values: int) -> Iterator[RemoteStretch]:
        """Yield what `stretches` does, under absolute paths, for other processes to read."""
        for source, first, stop in self.stretches(start, values):
            file_bytes = tuple(stamp.num_bytes for stamp in source.stamps)
            if self._are_tables:
                path = os.path.abspath(source.paths[0])
                yield RemoteStretch(path, self._columns, first, stop, file_bytes)
            else:
                named = {
                    role: os.path.abspath(name)
                    for role, name in self._columns._asdict().items()
                    if name is not None
                }
                yield RemoteStretch(None, Columns(**named), first, stop, file_bytes)

    def stamps(self) -> Iterator[tuple[str, Stamp]]:
        """Yield each file and its stamp of when it was opened."""
        for source in self.sources:
            yield from zip(source.paths, source.stamps, strict=True)

    def check_same(self) -> None:
        """Refuse files that have changed since they were opened.

        Raises
        ------
        ValueError
            If one has changed or is gone.
        """
        for source in self.sources:
            check_same(source.paths, source.stamps)


def _ahead(items: Iterator[T]) -> Generator[T, None, None]:
    """Yield the items, of which none is None, made in another thread before they are asked for."""
    with ThreadPoolExecutor(1, thread_name_prefix="streamloss-read") as reader:
        waiting = deque(reader.submit(next, items, None) for _ in range(BATCHES_AHEAD))
        try:
            while (item := waiting.popleft().result()) is not None:
                waiting.append(reader.submit(next, items, None))
                yield item
        finally:
            reader.shutdown(cancel_futures=True)
