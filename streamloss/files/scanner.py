"""The rows of files, in a fixed order, and the two ways of reading them: one thread or several.

A source is an opened file, a stretch some rows of it that one thread reads, and a row batch what
the thread has in memory at a time.
"""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Generator, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple, Protocol, TypeVar

from .columns import Rows
from .reading import Refused, Stamp, check_same
from .source import Source

BATCHES_AHEAD = 2
"""Batches that are decoded in another thread ahead of the one in use."""
STRETCH_VALUES = 1 << 22
"""A stretch ends at the first cut at which it has this many values of an input, or more.

They are 50 ms of work. Where the rows are too few for it, stretches are shorter: 16 a thread of
what is decoded, since these differ in the time they take, and 4 of plain arrays, which do not
differ. With 16 of those 25 million rows took 1.4 times as long (`benchmarks/bench_files.py`).
Half of these values take as long (`Constants` there).
"""

T = TypeVar("T")


class Place(NamedTuple):
    """How far rows are done: all of the sources before one, and the first rows of that."""

    source: int = 0
    row: int = 0


START = Place()
"""Before the first row."""


class RowBatch(NamedTuple):
    """Some rows in memory, how many they are, where they stand in a file, and what is done then.

    Keys are what `arrays.keys.read_key` takes, one for each column that has some.
    """

    rows: Rows
    keys: tuple[Any, ...]
    length: int
    path: str
    first: int
    done: Place

    @property
    def origin(self) -> str:
        """Where the rows stand, in words."""
        return f"{self.path}, rows {self.first:,} to {self.first + self.length - 1:,}"

    def refusal(self, error: Exception) -> str:
        """Return what an error says of these rows, and of which row if it knows that.

        `refuse_labels` gives its error the attributes `place`, the index among these rows, and
        `rule`, what is wrong there. What is wrong with the keys of a file, or of all rows, has the
        attribute `of`: threads find it in any of the rows.
        """
        known = vars(error)
        if "of" in known:
            return str(error) if known["of"] == "all" else f"{self.path}: {error}"
        if "place" in known:
            return f"{self.path}, row {self.first + known['place'][0]:,}: {known['rule']}"
        return f"{self.origin}: {error}"


class Stretch(NamedTuple):
    """The rows from `start` to `stop` of a source; to its end, however far, if `stop` is None."""

    source: Source
    number: int
    start: int
    stop: int | None

    @property
    def path(self) -> str:
        """The first file."""
        return self.source.paths[0]

    @property
    def done(self) -> Place:
        """How far rows are done once these are."""
        if self.stop is None or self.stop == self.source.rows:
            return Place(self.number + 1)
        return Place(self.number, self.stop)

    def batches(
        self, batch_values: int | None = None, use_threads: bool = False
    ) -> Iterator[RowBatch]:
        """Yield the rows in batches, each read when it is asked for.

        Parameters
        ----------
        batch_values : int, optional
            Most values of an input in a batch; by default what is read fastest.
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
            end = None if announced is None else row + announced
            for arrays in run:
                rows, keys = source.columns.rows(arrays), source.columns.keys(arrays)
                first, row = row, row + len(rows.y_true)
                if end is not None and row > end:
                    break
                place = source.paths[0], first, Place(self.number, row)
                yield RowBatch(rows, keys, row - first, *place)
            self._check_end(row, end)
        self._check_end(row, self.stop)
        check_same(source.paths, source.stamps)

    def _check_end(self, row: int, end: int | None) -> None:
        """Refuse a file of which other rows came than were announced."""
        if end is not None and row != end:
            what = "more" if row > end else f"{end - row:,} fewer"
            raise Refused(
                f"cannot read {self.source.paths[0]}: up to row {end:,} {what} rows come than it"
                " announces"
            )


class Opener(Protocol):
    """How a source is opened; it can be pickled."""

    def open(self) -> Source:
        """Return the opened source."""
        ...

    def absolute(self) -> Opener:
        """Return the same under absolute paths."""
        ...


class RemoteStretch(NamedTuple):
    """The rows from `start` to `stop` of a source that another process can open.

    Attributes
    ----------
    opener : Opener
        How the source is opened.
    path : str
        Its first file.
    number : int
        Which of the sources it is.
    start, stop : int
        The first row, and the one after the last, None for all that follow.
    done : Place
        How far rows are done once these are.
    file_bytes : tuple of int
        The bytes of each file, as many as the other process must see.
    """

    opener: Opener
    path: str
    number: int
    start: int
    stop: int | None
    done: Place
    file_bytes: tuple[int, ...]

    def __str__(self) -> str:
        end = "the end" if self.stop is None else f"{self.stop - 1:,}"
        return f"{self.path}, rows {self.start:,} to {end}"

    def batches(self, batch_values: int | None = None) -> Iterator[RowBatch]:
        """Open the source and yield the rows, at most so many values of an input at a time.

        Raises
        ------
        FileNotFoundError, ValueError
            If a file is not there, has another size here or cannot be read.
        """
        source = self.opener.open()
        file_bytes = tuple(stamp.num_bytes for stamp in source.stamps)
        if file_bytes != self.file_bytes:
            raise Refused(f"cannot read {source.paths[0]}: a worker sees {file_bytes} bytes of it")
        return Stretch(source, self.number, self.start, self.stop).batches(batch_values)


class Scanner:
    """The rows of some columns of files, in a fixed order.

    Parameters
    ----------
    openers : sequence of Opener
        How the files are opened, which is done at once.

    Attributes
    ----------
    sources : list of Source
        The opened files.
    columns : Columns
        The columns that are read.
    rows : int or None
        How many rows the files announce together; None if one announces none.
    paths : tuple of str
        All files.

    Raises
    ------
    OSError, ValueError
        If a file cannot be read or lacks a column, or the files announce no rows.
    """

    def __init__(self, openers: Sequence[Opener]) -> None:
        self._openers = openers
        self.sources = [opener.open() for opener in openers]
        self.columns = self.sources[0].columns
        self.rows = _total(self.sources)
        self.paths = tuple(path for source in self.sources for path in source.paths)
        if self.rows == 0:
            raise self.nothing()

    def nothing(self) -> ValueError:
        """Return the error of files without rows."""
        return ValueError(f"there are no rows in {', '.join(self.paths[:5])}")

    @property
    def end(self) -> Place:
        """After the last row."""
        return Place(len(self.sources))

    def place(self, rows: int) -> Place:
        """Return how far rows are done once the first so many of all are.

        Raises
        ------
        ValueError
            If they end beyond the rows that sources announce.
        """
        for number, source in enumerate(self.sources):
            if source.rows is None:
                break
            if rows < source.rows:
                return Place(number, rows)
            rows -= source.rows
        if rows:
            raise ValueError(f"{rows:,} rows are more than there are")
        return self.end

    @property
    def _is_decoded(self) -> bool:
        """Whether the bytes of a source are decoded."""
        return any(source.decoded for source in self.sources)

    def batches(
        self, start: Place = START, batch_values: int | None = None
    ) -> Generator[RowBatch, None, None]:
        """Yield the rows from a place on in batches, for one thread that computes.

        Other threads decode what must be decoded, ahead of the batch in use.

        Parameters
        ----------
        start : Place
            Which rows are done.
        batch_values : int, optional
            Most values of an input in a batch; by default what is read fastest.

        Raises
        ------
        ValueError
            If a file cannot be read.
        """
        stretches = self.stretches(start, sys.maxsize)
        batches = (batch for stretch in stretches for batch in stretch.batches(batch_values, True))
        return _ahead(batches) if self._is_decoded else batches

    def side_by_side(self, start: Place, threads: int) -> list[Stretch]:
        """Return the rows from a place on in stretches that so many threads may read at once.

        The list is empty where there is only one stretch: then `batches` is faster.
        """
        shares = 16 if self._is_decoded else 4
        rows = _total(self.sources[start.source :])
        values = STRETCH_VALUES
        if rows is not None:
            values = max(1, min(values, (rows - start.row) // (shares * threads)))
        stretches = list(self.stretches(start, values))
        return stretches if len(stretches) > 1 else []

    def stretches(self, start: Place, values: int) -> Iterator[Stretch]:
        """Yield the rows from a place on in stretches, cut where a source can be.

        The last stretch of a source, and the first, may have fewer values of an input than asked.
        """
        for number, source in enumerate(self.sources[start.source :], start.source):
            first = start.row if number == start.source else 0
            if source.rows is None:
                yield Stretch(source, number, first, None)
                continue
            cuts = [*(row for row in source.cuts(values) if row > first), source.rows]
            for stop in cuts if first < source.rows else []:
                yield Stretch(source, number, first, stop)
                first = stop

    def remote_stretches(self, start: Place, values: int) -> Iterator[RemoteStretch]:
        """Yield what `stretches` does, under absolute paths, for other processes to read."""
        for stretch in self.stretches(start, values):
            source, number, first, stop = stretch
            file_bytes = tuple(stamp.num_bytes for stamp in source.stamps)
            opener = self._openers[number].absolute()
            path = source.paths[0]
            yield RemoteStretch(opener, path, number, first, stop, stretch.done, file_bytes)

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


def _total(sources: Iterable[Source]) -> int | None:
    """Return how many rows sources announce together, None if one announces none."""
    rows = [source.rows for source in sources]
    return None if None in rows else sum(filter(None, rows))


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
