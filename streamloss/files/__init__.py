"""Read labels, predictions, weights and masks from files, in batches of bounded memory.

A thread reads ahead while the caller computes. Whatever the size of the files and of their row
groups, `AHEAD` + 1 batches of at most `BATCH_ROWS` values a column are in memory, one more while
it is decoded, and for Parquet a buffer and a page of each column. Of `.npy` files only mapped pages
are, which are page cache and are let go after use. Peaks of a whole `streamloss evaluate`, MiB:

==============================================================  =========  ==================
input                                                           anonymous  with mapped pages
==============================================================  =========  ==================
2 GB of Parquet in 10 files, 2 columns of float64                     223                 338
2 GB of Parquet in a file of 1 GB row groups, 2 columns               262                 381
1 GB of Parquet in one row group, 3 columns with nulls, a mask        376                 497
4 GB of ``.npy``, 2 arrays of float64                                  57                 303
==============================================================  =========  ==================

Nulls are NaN; in a mask they are False, so that a row whose mask is unknown is left out.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Generator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import Any, NamedTuple, TypeVar

from ._paths import expand
from ._rows import Columns, Part, Rows

__all__ = [
    "BATCH_ROWS",
    "Batch",
    "Columns",
    "DataSet",
    "Piece",
    "Rows",
    "open_arrays",
    "open_parquet",
    "read_piece",
]

AHEAD = 2
"""Batches read ahead of the one in use."""
BATCH_ROWS = 1 << 21
"""Rows in a batch: 16 MiB of float64. Half of it read Parquet 1.15 times slower."""

T = TypeVar("T")


class Batch(NamedTuple):
    """Some rows, how many they are, and where they stand."""

    rows: Rows
    length: int
    origin: str


class Piece(NamedTuple):
    """The rows from `start` to `stop` of a file, or of arrays if `path` is None; for a worker."""

    path: str | None
    columns: Columns
    start: int
    stop: int


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
        self._parts, self._columns, self._files = parts, columns, files
        self.rows = sum(part.rows for part in parts)
        self.paths = tuple(path for part in parts for path in part.paths)
        if not self.rows:
            raise ValueError(f"there are no rows in {', '.join(self.paths[:5])}")

    def batches(self, start: int = 0, size: int = BATCH_ROWS) -> Generator[Batch, None, None]:
        """Yield the rows from `start` on, at most `size` values a column, and read ahead.

        Raises
        ------
        ValueError
            If a file cannot be read.
        """
        return _ahead(self._read(start, size))

    def pieces(self, start: int, size: int) -> Iterator[Piece]:
        """Yield the rows from `start` on in pieces of at least `size` where that is possible."""
        for part in self._parts:
            first, start = min(start, part.rows), max(start - part.rows, 0)
            cuts = [*(row for row in part.cuts(size) if row > first), part.rows]
            for stop in cuts if first < part.rows else []:
                yield self._piece(part, first, stop)
                first = stop

    def _piece(self, part: Part, first: int, stop: int) -> Piece:
        """Return a piece whose names mean the same wherever they are read."""
        if self._files:
            return Piece(os.path.abspath(part.paths[0]), self._columns, first, stop)
        names: list[Any] = [name and os.path.abspath(name) for name in self._columns]
        return Piece(None, Columns(*names), first, stop)

    def _read(self, start: int, size: int) -> Iterator[Batch]:
        """Yield the batches, each when it is asked for."""
        for part in self._parts:
            at = min(start, part.rows)
            start -= at
            if at < part.rows:
                for rows in part.read(at, size):
                    length = len(rows.y_true)
                    where = f"{part.paths[0]}, rows {at:,} to {at + length - 1:,}"
                    yield Batch(rows, length, where)
                    at += length


def open_parquet(names: Sequence[str], columns: Columns, threads: int | None = None) -> DataSet:
    """Open Parquet files, given as files, folders and globs, and check all their schemas.

    Parameters
    ----------
    names : sequence of str
        Files, folders (every ``*.parquet`` below them) and globs.
    columns : Columns
        The names of the columns.
    threads : int, optional
        Threads that decode; all cores by default.

    Raises
    ------
    FileNotFoundError
        If a name stands for no file.
    ValueError
        If a file is named twice or cannot be read, lacks a column or has no numbers in it, or
        there are no rows.
    """
    from ._parquet import Parquet, set_num_threads

    if threads is not None:
        set_num_threads(threads)
    return DataSet([Parquet(path, columns) for path in expand(names)], columns, True)


def open_arrays(columns: Columns) -> DataSet:
    """Open arrays given as ``.npy`` files and members of ``.npz`` files, ``file.npz:name``.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If a file cannot be read or has no numbers, the lengths differ, or there are no rows.
    """
    from ._npy import Arrays

    return DataSet([Arrays(columns)], columns, False)


def read_piece(piece: Piece, size: int) -> Iterator[Batch]:
    """Yield the rows of a piece, at most `size` values a column, and read ahead.

    Raises
    ------
    FileNotFoundError, ValueError
        If a file is not there or cannot be read.
    """
    if piece.path is None:
        data = open_arrays(piece.columns)
    else:
        data = open_parquet((piece.path,), piece.columns)
    left = piece.stop - piece.start
    with closing(data.batches(piece.start, size)) as batches:
        for batch in batches:
            yield batch if batch.length <= left else _shortened(batch, left)
            left -= batch.length
            if left <= 0:
                return


def _shortened(batch: Batch, length: int) -> Batch:
    """Return the first rows of a batch; what has one row for all keeps it."""
    rows: list[Any] = [a if a is None or len(a) != batch.length else a[:length] for a in batch.rows]
    return Batch(Rows(*rows), length, batch.origin)


def _ahead(items: Iterator[T]) -> Generator[T, None, None]:
    """Yield the items, made in another thread before they are asked for."""
    end = object()
    with ThreadPoolExecutor(1, thread_name_prefix="streamloss-read") as reader:
        waiting = deque(reader.submit(next, items, end) for _ in range(AHEAD))
        try:
            while (item := waiting.popleft().result()) is not end:
                waiting.append(reader.submit(next, items, end))
                yield item  # type: ignore[misc]
        finally:
            reader.shutdown(cancel_futures=True)
