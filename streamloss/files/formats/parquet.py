"""Parquet files, a batch of rows at a time. The only module that imports pyarrow."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import lru_cache, partial
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from streamloss.files.columns import Columns, Rows, listing
from streamloss.files.foreign import foreign
from streamloss.files.hive import constant, partitions
from streamloss.files.reading import Stamp, explained, stamps

from .footer import check_values, places, read_groups

MAGIC = b"PAR1"
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
        If the file cannot be read as Parquet, its footer contradicts itself, it lacks a column or
        has it twice, or a column is not numeric (for the mask: boolean).
    """

    decoded = True

    def __init__(self, path: str, columns: Columns) -> None:
        self.paths: tuple[str, ...] = (path,)
        self.stamps = stamps(self.paths)
        self._columns = columns
        with _reading(path):
            _check_kind(path)
            with _open(path) as file:
                schema, footer, paths = file.schema_arrow, file.metadata, file.reader.column_paths
                names = schema.names
        self._constants = _constants(path, columns, names)
        for option, name in columns.named().items():
            if name not in self._constants:
                _check(schema, option, name, path)
        inside = [name for name in columns.named().values() if name not in self._constants]
        with _reading(path):
            kinds = {name: schema.field(name).type for name in inside}
            self._dtypes = {n: np.dtype(kind.to_pandas_dtype()) for n, kind in kinds.items()}
            self._places = places(paths, inside)
            self._groups = read_groups(footer)
            check_values(footer, self._groups.empty(), self._places)
        self.rows = self._groups.rows

    def size(self, threads: bool) -> int:
        """Return how many rows a batch best has."""
        return SHARED_ROWS if threads else ROWS

    def read(
        self, start: int, stop: int, size: int, threads: bool
    ) -> Iterator[tuple[int, Iterator[Rows]]]:
        """Yield the rows from `start` to the end of the group before `stop`, by runs of groups."""
        path = self.paths[0]
        with _reading(path), _open(path, _footer(path, self.stamps[0])) as file:
            for run in self._groups.runs(start, stop, size):
                begin, end = self._groups.span(run)
                batches = file.iter_batches(size, run, list(self._dtypes), use_threads=threads)
                check = partial(check_values, file.metadata, run, self._places)
                first = max(start, begin)
                yield end - first, self._rest(batches, first - begin, end - begin, check)

    def _rest(
        self, batches: Iterator[pa.RecordBatch], skipped: int, rows: int, check: Callable[[], None]
    ) -> Iterator[Rows]:
        """Yield what comes after the first of so many rows, of which the last need a check."""
        with _reading(self.paths[0]):
            for batch in batches:
                batch.validate()  # that its columns are as long as it is
                rows -= batch.num_rows
                if not rows:
                    check()
                first = min(skipped, batch.num_rows)
                skipped -= first
                if first < batch.num_rows:
                    yield self._rows(batch.slice(first) if first else batch)

    def _rows(self, batch: pa.RecordBatch) -> Rows:
        """Take the columns of a batch as arrays, without a copy where there are no nulls.

        Decoding leaves nothing of this code in the cache: to look up the types here, for each
        batch, took 4 % of the time.
        """
        arrays: Any = {name: _array(batch.column(name), t) for name, t in self._dtypes.items()}
        for name, value in self._constants.items():
            arrays[name] = np.repeat(value, batch.num_rows)
        true, pred, weights, where = map(arrays.get, self._columns)
        if where is not None and where.dtype != np.bool_:
            where = where == 1.0
        return Rows(true, pred, weights, where)

    def cuts(self, size: int) -> Iterator[int]:
        """Yield the first rows of row groups, at least `size` apart."""
        return self._groups.cuts(size)


def _reading(path: str) -> AbstractContextManager[None]:
    """Say which file it is if it cannot be read."""
    return explained(f"cannot read {path} as Parquet")


def _check_kind(path: str) -> None:
    """Refuse what does not begin like Parquet, and say what it is."""
    with open(path, "rb") as file:
        if file.read(len(MAGIC)) == MAGIC:
            return
    raise ValueError(foreign(path))


@contextmanager
def _open(path: str, footer: pq.FileMetaData | None = None) -> Iterator[pq.ParquetFile]:
    """Open a file, whose footer is read unless it is known.

    pyarrow takes names in UTF-8 alone, but files under any.
    """
    is_utf8 = path.encode(errors="replace") == path.encode(errors="surrogateescape")
    with nullcontext(path) if is_utf8 else open(path, "rb") as source:
        file = pq.ParquetFile(
            source,
            metadata=footer,
            buffer_size=BUFFER,
            pre_buffer=False,
            page_checksum_verification=True,
        )
        with file:
            yield file


@lru_cache(maxsize=4)
def _footer(path: str, stamp: Stamp) -> pq.FileMetaData:
    """Return the footer of a file, of which stretches are read one after another.

    That of 245 row groups of 3 columns takes 0.6 ms to read; those of all files could fill the
    memory.
    """
    with _open(path) as file:
        return file.metadata


def _constants(path: str, columns: Columns, names: list[str]) -> dict[str, NDArray[Any]]:
    """Return the columns that the file lacks and its folders name, each by its only value."""
    found, values = partitions(path), {}
    for option, name in columns.named().items():
        if name in found and name not in names:
            with explained(f"{option}: column {name!r} of {path}"):
                try:
                    values[name] = constant(found[name], option == "--where")
                except ValueError as error:
                    raise ValueError(f"{error}: its folder says {found[name]!r}") from None
    return values


def _check(schema: pa.Schema, option: str, name: str, path: str) -> None:
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


def _is_mask(kind: pa.DataType) -> bool:
    """Return whether a column of this type may be a mask; a type of nulls has no values."""
    return bool(pa.types.is_boolean(kind) or pa.types.is_null(kind))


def _is_number(kind: pa.DataType) -> bool:
    """Return whether this type has an exact meaning as numpy numbers; decimals have none."""
    return bool(_is_mask(kind) or pa.types.is_integer(kind) or pa.types.is_floating(kind))


def _array(column: pa.Array, dtype: np.dtype[Any]) -> NDArray[Any]:
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


def _bits(buffer: pa.Buffer, column: pa.Array) -> NDArray[Any]:
    """Unpack the bits of a column, one for each row."""
    end = column.offset + len(column)
    bits = np.unpackbits(np.frombuffer(buffer, np.uint8), count=end, bitorder="little")
    return bits[column.offset :].view(np.bool_)


def set_num_threads(number: int) -> None:
    """Let pyarrow decode on at most so many threads."""
    pa.set_cpu_count(number)
