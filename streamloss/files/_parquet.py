"""Parquet files, a batch of rows at a time. The only module that imports pyarrow."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from ._rows import Columns, Rows, listing

BUFFER = 1 << 20
"""Bytes of a column chunk read at a time.

A buffered column is decoded page by page, so that memory does not grow with the row group: for
1 GB row groups 140 MB where pyarrow's defaults took 2.0 GB, and 0.9 s where they took 8.7 s.
"""

FLOATS = {"halffloat": "float16", "float": "float32", "double": "float64"}
"""What numpy calls the types that Arrow names otherwise."""


class Parquet:
    """One Parquet file.

    Raises
    ------
    ValueError
        If the file cannot be read as Parquet, lacks a column or has it twice, or a column is not
        numeric (for the mask: boolean).
    """

    def __init__(self, path: str, columns: Columns) -> None:
        self.paths: tuple[str, ...] = (path,)
        self._columns = columns
        with _open(path) as file:
            for option, name in columns.named().items():
                _check(file.schema_arrow, option, name, path)
            metadata = file.metadata
            self._groups = [metadata.row_group(i).num_rows for i in range(file.num_row_groups)]
        self.rows = sum(self._groups)

    def read(self, start: int, size: int) -> Iterator[Rows]:
        """Yield the rows from `start` on, at most `size` at a time."""
        group, at = self._group_of(start)
        names = list(dict.fromkeys(self._columns.named().values()))
        with _open(self.paths[0]) as file:
            groups = range(group, file.num_row_groups)
            for batch in file.iter_batches(size, groups, names):
                fresh = batch.slice(min(max(start - at, 0), batch.num_rows))
                at += batch.num_rows
                if fresh.num_rows:
                    yield _rows(fresh, self._columns)
        if at != self.rows:
            raise ValueError(f"{self.paths[0]} changed while it was read")

    def cuts(self, size: int) -> Iterator[int]:
        """Yield the first rows of row groups, at least `size` apart."""
        row, last = 0, -size
        for rows in self._groups:
            if row - last >= size:
                yield row
                last = row
            row += rows

    def _group_of(self, row: int) -> tuple[int, int]:
        """Return the row group that holds a row, and the first row of that group."""
        group, first = 0, 0
        while group < len(self._groups) and first + self._groups[group] <= row:
            first += self._groups[group]
            group += 1
        return group, first


@contextmanager
def _open(path: str) -> Iterator[Any]:
    """Open a file, and say which file it is if it cannot be read."""
    try:
        with pq.ParquetFile(
            path, buffer_size=BUFFER, pre_buffer=False, page_checksum_verification=True
        ) as file:
            yield file
    except (pa.ArrowException, OSError) as error:
        raise ValueError(f"cannot read {path} as Parquet: {error}") from error


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


def _rows(batch: Any, columns: Columns) -> Rows:
    """Take the columns of a batch as arrays, without a copy where there are no nulls."""
    pred, weights, where = (
        None if name is None else _array(batch.column(name)) for name in columns[1:]
    )
    if where is not None and where.dtype != np.bool_:
        where = where == 1.0
    return Rows(_array(batch.column(columns.true)), pred, weights, where)


def _array(column: Any) -> NDArray[Any]:
    """Return a column as an array in which nulls are NaN.

    It reads Arrow's buffers itself: `to_numpy` imports pandas, which takes 0.6 s.
    """
    if pa.types.is_null(column.type):
        return np.full(len(column), np.nan)
    valid, data = column.buffers()
    if pa.types.is_boolean(column.type):
        values = _bits(data, column)
    else:
        kind = str(column.type)
        dtype = np.dtype(FLOATS.get(kind, kind))
        values = np.frombuffer(data, dtype, len(column), column.offset * dtype.itemsize)
    return np.where(_bits(valid, column), values, np.nan) if column.null_count else values


def _bits(buffer: Any, column: Any) -> NDArray[Any]:
    """Unpack the bits of a column, one for each row."""
    end = column.offset + len(column)
    bits = np.unpackbits(np.frombuffer(buffer, np.uint8), count=end, bitorder="little")
    return bits[column.offset :].view(np.bool_)


def set_num_threads(number: int) -> None:
    """Let pyarrow decode on at most so many threads."""
    pa.set_cpu_count(number)
