"""Parquet files, read in batches of rows. The only module that imports pyarrow."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import lru_cache, partial

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from streamloss.arrays.types import Array, DType, Mask
from streamloss.files.columns import Columns, Rows, listing
from streamloss.files.foreign import foreign
from streamloss.files.hive import constant, partitions
from streamloss.files.reading import Stamp, explained, stamps

from .footer import check_values, places, read_groups

MAGIC = b"PAR1"
"""The bytes that a Parquet file begins with."""
BUFFER_BYTES = 1 << 18
"""Bytes of a column chunk that are read at a time.

With a buffer columns are decoded page by page, so that memory does not grow with the row group: row
groups of 1 GB took 140 MB and 0.9 s, with pyarrow's defaults 2.0 GB and 8.7 s
(`benchmarks/bench_files.py`, `Parquet`, with `SIZE` and `CHUNK` large enough for such groups).
"""

BATCH_ROWS = 3 << 15
"""Rows of a batch that one thread decodes and sums, small enough to stay in the cache in between.

It is no power of two: Arrow allocates memory for one, and grows or copies what nearly fills it.
Batches of 2**16 and of 2**17 rows took 1.2 to 1.3 times as long (`benchmarks/bench_files.py`).
"""
SHARED_BATCH_ROWS = 1 << 21
"""Rows of a batch that several threads decode and others sum.

Batches of half as many took 1.15 times as long (`benchmarks/bench_files.py`).
"""


class Parquet:
    """An opened Parquet file, a `Source`.

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

    def best_batch(self, use_threads: bool) -> int:
        """Return how many rows a batch should have to be read fastest."""
        return SHARED_BATCH_ROWS if use_threads else BATCH_ROWS

    def read(
        self, start: int, stop: int, batch_rows: int, use_threads: bool
    ) -> Iterator[tuple[int, Iterator[Rows]]]:
        """Yield runs of row groups from `start` on; `stop` must be the end of a group."""
        path, names = self.paths[0], list(self._dtypes)
        with _reading(path), _open(path, _footer(path, self.stamps[0])) as file:
            for run in self._groups.runs(start, stop, batch_rows):
                begin, end = self._groups.span(run)
                batches = file.iter_batches(batch_rows, run, names, use_threads=use_threads)
                check = partial(check_values, file.metadata, run, self._places)
                first = max(start, begin)
                yield end - first, self._rest(batches, first - begin, end - begin, check)

    def _rest(
        self, batches: Iterator[pa.RecordBatch], skipped: int, rows: int, check: Callable[[], None]
    ) -> Iterator[Rows]:
        """Yield the rows of a run after the first `skipped`, checked before the last are yielded.

        Parameters
        ----------
        batches : iterator of RecordBatch
            What pyarrow decodes of the run.
        skipped : int
            Rows at the beginning that are not wanted.
        rows : int
            All rows of the run, as the footer announces them.
        check : callable
            Raises if the footer contradicts what was decoded.
        """
        with _reading(self.paths[0]):
            for batch in batches:
                batch.validate()  # its columns must be as long as it is
                rows -= batch.num_rows
                if not rows:
                    check()
                first = min(skipped, batch.num_rows)
                skipped -= first
                if first < batch.num_rows:
                    yield self._rows(batch.slice(first) if first else batch)

    def _rows(self, batch: pa.RecordBatch) -> Rows:
        """Return the columns of a batch as arrays, without a copy where there are no nulls.

        The dtypes were looked up when the file was opened: to do so for each batch took 4 % of the
        time, as decoding displaces this code from the cache (`benchmarks/bench_files.py`).
        """
        arrays: dict[str | None, Array]
        arrays = {name: _array(batch.column(name), t) for name, t in self._dtypes.items()}
        for name, value in self._constants.items():
            arrays[name] = np.repeat(value, batch.num_rows)
        pred, weights, where = map(arrays.get, self._columns[1:])
        if where is not None and where.dtype != np.bool_:
            where = where == 1.0
        return Rows(arrays[self._columns.true], pred, weights, where)

    def cuts(self, rows: int) -> Iterator[int]:
        """Yield first rows of row groups, at least so many rows apart."""
        return self._groups.cuts(rows)


def _reading(path: str) -> AbstractContextManager[None]:
    """Have errors in the block say which file cannot be read."""
    return explained(f"cannot read {path} as Parquet")


def _check_kind(path: str) -> None:
    """Refuse a file that does not begin like Parquet, and say what it is."""
    with open(path, "rb") as file:
        if file.read(len(MAGIC)) == MAGIC:
            return
    raise ValueError(foreign(path))


@contextmanager
def _open(path: str, footer: pq.FileMetaData | None = None) -> Iterator[pq.ParquetFile]:
    """Open a file, whose footer is read unless it is known.

    pyarrow takes names in UTF-8 alone; a file under another name it is given opened.
    """
    is_utf8 = path.encode(errors="replace") == path.encode(errors="surrogateescape")
    with nullcontext(path) if is_utf8 else open(path, "rb") as source:
        file = pq.ParquetFile(
            source,
            metadata=footer,
            buffer_size=BUFFER_BYTES,
            pre_buffer=False,
            page_checksum_verification=True,
        )
        with file:
            yield file


@lru_cache(maxsize=4)
def _footer(path: str, stamp: Stamp) -> pq.FileMetaData:
    """Return the footer of a file, kept for the next stretch of the file.

    To read that of 245 row groups of 3 columns takes 0.6 ms (`benchmarks/bench_files.py`, "small
    row groups"). Only a few are kept, since those of many files could fill the memory.
    """
    with _open(path) as file:
        return file.metadata


def _constants(path: str, columns: Columns, names: list[str]) -> dict[str, Array]:
    """Return the columns that are in the names of folders alone, as arrays of their one value."""
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
    """Refuse a column that is missing, is there twice or holds no numbers (a mask: no booleans)."""
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
    """Return whether a column of this type may be a mask: booleans, or nulls alone."""
    return bool(pa.types.is_boolean(kind) or pa.types.is_null(kind))


def _is_number(kind: pa.DataType) -> bool:
    """Return whether numpy has numbers for the values of this type; it has none for decimals."""
    return bool(_is_mask(kind) or pa.types.is_integer(kind) or pa.types.is_floating(kind))


def _array(column: pa.Array, dtype: DType) -> Array:
    """Return a column as an array in which nulls are NaN.

    It reads Arrow's buffers and does not call `to_numpy`, which imports pandas: 0.6 s more, as
    ``python -X importtime`` shows.
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
    # In place, as nobody else has what Arrow decoded: np.where took twice as long or longer
    # (benchmarks/bench_files.py, "nulls").
    values[(~_bits(valid, column)).nonzero()] = np.nan
    return values


def _bits(buffer: pa.Buffer, column: pa.Array) -> Mask:
    """Unpack a buffer of a column that has one bit for each row."""
    end = column.offset + len(column)
    bits = np.unpackbits(np.frombuffer(buffer, np.uint8), count=end, bitorder="little")
    return bits[column.offset :].view(np.bool_)


def set_num_threads(number: int) -> None:
    """Have pyarrow decode in at most so many threads."""
    pa.set_cpu_count(number)
