"""Parquet files, a batch of rows at a time. The only module that imports pyarrow."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from ._groups import Groups
from ._rows import Columns, Rows, listing

BUFFER = 1 << 18
"""Bytes of a column chunk read at a time.

A buffered column is decoded page by page, so that memory does not grow with the row group: for
1 GB row groups 140 MB where pyarrow's defaults took 2.0 GB, and 0.9 s where they took 8.7 s.
"""

ROWS = 3 << 15
"""Rows of a batch that is decoded and folded in one thread, between which it stays in the cache.

Arrow makes room for a power of two of rows and grows or copies what nearly fills it: 2**16 and
2**17 rows took 1.2 to 1.3 times as long.
"""
SHARED_ROWS = 1 << 21
"""Rows of a batch that several threads decode and others fold. Half of it was 1.15 times slower."""


class Parquet:
    """One Parquet file.

    Raises
    ------
    ValueError
        If the file cannot be read as Parquet, lacks a column or has it twice, or a column is not
        numeric (for the mask: boolean).
    """

    decoded = True

    def __init__(self, path: str, columns: Columns) -> None:
        self.paths: tuple[str, ...] = (path,)
        self._columns = columns
        with _explained(path):
            self._stamp = _stamp(path)
            with _open(path) as file:
                schema, metadata = file.schema_arrow, file.metadata
                for option, name in columns.named().items():
                    _check(schema, option, name, path)
                kinds = {name: schema.field(name).type for name in columns.named().values()}
                self._dtypes = {n: np.dtype(kind.to_pandas_dtype()) for n, kind in kinds.items()}
                groups = range(file.num_row_groups)
                self._groups = Groups(metadata.row_group(i).num_rows for i in groups)
        self.rows = self._groups.rows

    def size(self, threads: bool) -> int:
        """Return how many rows a batch best has."""
        return SHARED_ROWS if threads else ROWS

    def read(self, start: int, stop: int, size: int, threads: bool) -> Iterator[Rows]:
        """Yield the rows from `start` to `stop`, at most `size` at a time."""
        at = self._groups.begin(start)
        path, names = self.paths[0], list(self._dtypes)
        with _explained(path):
            self._check_same()
            with _open(path, _footer(path, self._stamp)) as file:
                runs = self._groups.runs(start, stop, size)
                each = (file.iter_batches(size, run, names, use_threads=threads) for run in runs)
                for batch in itertools.chain.from_iterable(each):
                    begin, end = max(start - at, 0), min(stop - at, batch.num_rows)
                    at += batch.num_rows
                    if begin < end:
                        yield self._rows(batch.slice(begin, end - begin))
            self._check_same()

    def _rows(self, batch: Any) -> Rows:
        """Take the columns of a batch as arrays, without a copy where there are no nulls.

        Decoding leaves nothing of this code in the cache: to look up the types here, for each
        batch, took 4 % of the time.
        """
        arrays: Any = {name: _array(batch.column(name), t) for name, t in self._dtypes.items()}
        true, pred, weights, where = map(arrays.get, self._columns)
        if where is not None and where.dtype != np.bool_:
            where = where == 1.0
        return Rows(true, pred, weights, where)

    def _check_same(self) -> None:
        """Refuse a file that is not the one that was opened."""
        if _stamp(self.paths[0]) != self._stamp:
            raise ValueError(f"{self.paths[0]} changed while it was read")

    def cuts(self, size: int) -> Iterator[int]:
        """Yield the first rows of row groups, at least `size` apart."""
        return self._groups.cuts(size)


@contextmanager
def _explained(path: str) -> Iterator[None]:
    """Say which file it is if it cannot be read."""
    try:
        yield
    except (pa.ArrowException, OSError) as error:
        raise ValueError(f"cannot read {path} as Parquet: {error}") from error


def _open(path: str, footer: Any = None) -> Any:
    """Open a file, whose footer is read unless it is known."""
    return pq.ParquetFile(
        path,
        metadata=footer,
        buffer_size=BUFFER,
        pre_buffer=False,
        page_checksum_verification=True,
    )


def _stamp(path: str) -> tuple[int, ...]:
    """Return what tells a file from a changed one."""
    info = os.stat(path)
    return info.st_ino, info.st_size, info.st_mtime_ns


@lru_cache(maxsize=4)
def _footer(path: str, stamp: tuple[int, ...]) -> Any:
    """Return the footer of a file, of which stretches are read one after another.

    That of 245 row groups of 3 columns takes 0.6 ms to read; those of all files could fill the
    memory.
    """
    return pq.read_metadata(path)


def _check(schema: Any, option: str, name: str, path: str) -> None:
    """Refuse a column that is not there, is there twice or has no numbers."""
    count = schema.names.count(name)
    if count == 0:
        has = listing(schema.names, name)
        raise ValueError(f"{option}: no column {name!r} in {path}: it has {has}")
    if count > 1:
        raise ValueError(f"{option}: {path} has {count} columns named {name!r}")
    kind = schema.field(name).type
    if not (_is_mask(kind) if option == "--where" else _is_number(kind)):
        rule = "boolean" if option == "--where" else "numeric"
        raise ValueError(f"{option}: column {name!r} of {path} must be {rule}: it is {kind}")


def _is_mask(kind: Any) -> bool:
    """Return whether a column of this type may be a mask; a type of nulls has no values."""
    return bool(pa.types.is_boolean(kind) or pa.types.is_null(kind))


def _is_number(kind: Any) -> bool:
    """Return whether this type has an exact meaning as numpy numbers; decimals have none."""
    return bool(_is_mask(kind) or pa.types.is_integer(kind) or pa.types.is_floating(kind))


def _array(column: Any, dtype: np.dtype[Any]) -> NDArray[Any]:
    """Return a column as an array in which nulls are NaN.

    It reads Arrow's buffers itself: `to_numpy` imports pandas, which takes 0.6 s.
    """
    if dtype == np.object_:  # a column of the type of nulls, which has no buffers
        return np.full(len(column), np.nan)
    valid, data = column.buffers()
    if dtype == np.bool_:
        values = _bits(data, column)
    else:
        values = np.frombuffer(data, dtype, len(column), column.offset * dtype.itemsize)
    if not column.null_count:
        return values
    if values.dtype.kind != "f" or not values.flags.writeable:
        values = values.astype(np.result_type(values, np.nan))
    # Written where Arrow decoded it, for us alone: np.where took twice as long or longer.
    values[(~_bits(valid, column)).nonzero()] = np.nan
    return values


def _bits(buffer: Any, column: Any) -> NDArray[Any]:
    """Unpack the bits of a column, one for each row."""
    end = column.offset + len(column)
    bits = np.unpackbits(np.frombuffer(buffer, np.uint8), count=end, bitorder="little")
    return bits[column.offset :].view(np.bool_)


def set_num_threads(number: int) -> None:
    """Let pyarrow decode on at most so many threads."""
    pa.set_cpu_count(number)
