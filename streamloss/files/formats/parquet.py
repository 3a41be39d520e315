"""Parquet files, read in batches of rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from functools import lru_cache, partial

import pyarrow as pa

from streamloss.files.columns import Arrays, Columns
from streamloss.files.foreign import foreign
from streamloss.files.reading import Stamp, explained, for_arrow, stamps
from streamloss.files.source import Reading
from streamloss.files.table import asked

from .columnar import (
    FIRST_ROWS,
    as_array,
    count_values,
    dtype_of,
    is_coded,
    is_list,
    keys_of,
    kind_of,
    note_widths,
    unknown_lists,
)
from .decoder import Decoder, opened
from .footer import Footer, check_lists, check_values, list_places, places, read_groups

MAGIC = b"PAR1"
"""The bytes that a Parquet file begins with."""
BATCH_ROWS = 3 << 15
"""Rows of a batch that one thread decodes and sums, small enough to stay in the cache in between.

It is no power of two: Arrow allocates memory for one, and grows or copies what nearly fills it.
Batches of 2**15 and of 2**16 rows took 1.1 to 1.3 times as long, of 2**17 1.1, of 3 * 2**16 and
of whole row groups as long, with more memory (`benchmarks/bench_files.py`, `Constants`).
"""
KEYED_BATCH_ROWS = 3 << 17
"""Rows of a batch with keys, which takes 0.3 ms of Python: threads wait for each other there.

By two keys, batches of a quarter of it took 1.2 times the time of the processor.
"""
SHARED_BATCH_ROWS = 1 << 21
"""Rows of a batch that several threads decode and others sum.

Batches of half as many took 1.15 times as long (`benchmarks/bench_files.py`).
"""


Check = Callable[[dict[str, int]], None]


class Parquet:
    """An opened Parquet file, a `Source`.

    Raises
    ------
    ValueError
        If the file cannot be read as Parquet, its footer contradicts itself, it lacks a column or
        has it twice, or a column is not numeric (for the mask: boolean).
    """

    decoded = True

    def __init__(self, path: str, columns: Columns, reading: Reading) -> None:
        self.paths: tuple[str, ...] = (path,)
        self.stamps = stamps(self.paths)
        self.columns = columns
        self._widths = reading.widths
        with _reading(path):
            _check_kind(path)
            with _open(path) as file:
                schema, footer, paths = file.schema_arrow, file.metadata, file.reader.column_paths
        self._asked = asked(
            path, columns, schema.names, lambda n: kind_of(schema.field(n).type), reading
        )
        with _reading(path):
            kinds = {name: schema.field(name).type for name in self._asked.inside}
            self._dtypes = {name: dtype_of(kind) for name, kind in kinds.items()}
            self._coded = [n for n in self._asked.keys if is_coded(schema.field(n).type)]
            self._places = places(paths, self._asked.columns)
            self._groups = read_groups(footer)
            check_values(footer, self._groups.empty(), self._places)
        self.rows: int | None = self._groups.rows
        self._list_places = list_places(paths, [n for n, kind in kinds.items() if is_list(kind)])
        if self.rows and (unknown := unknown_lists(kinds, self._widths)):
            with _reading(path), _open(path) as file:
                batches = file.iter_batches(FIRST_ROWS, columns=unknown)
                note_widths(path, unknown, map(self._numbers, batches), reading)

    def best_batch(self, use_threads: bool) -> int:
        """Return how many values of an input a batch should have to be read fastest."""
        if use_threads:
            return SHARED_BATCH_ROWS
        return KEYED_BATCH_ROWS if self.columns.by else BATCH_ROWS

    def read(
        self, start: int, stop: int | None, batch_values: int, use_threads: bool
    ) -> Iterator[tuple[int, Iterator[Arrays]]]:
        """Yield runs of row groups from `start` on; `stop` must be the end of a group."""
        path, names = self.paths[0], self._asked.columns
        assert stop is not None
        batch_rows, footer = self._rows_of(batch_values), _footer(path, self.stamps[0])
        with _reading(path), _open(path, footer, self._coded) as file:
            for run in self._groups.runs(start, stop, batch_rows):
                begin, end = self._groups.span(run)
                batches = file.iter_batches(batch_rows, run, names, use_threads=use_threads)
                check = partial(self._check, file.metadata, run)
                first = max(start, begin)
                yield end - first, self._rest(batches, first - begin, end - begin, check)

    def _rest(
        self, batches: Iterator[pa.RecordBatch], skipped: int, rows: int, check: Check
    ) -> Iterator[Arrays]:
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
            Takes how many values were decoded of each column of lists, and raises if the footer
            contradicts what was decoded.
        """
        values = dict.fromkeys(self._list_places.values(), 0)
        with _reading(self.paths[0]):
            for batch in batches:
                batch.validate()  # its columns must be as long as it is
                for name in values:
                    values[name] += count_values(batch.column(name))
                rows -= batch.num_rows
                if not rows:
                    check(values)
                first = min(skipped, batch.num_rows)
                skipped -= first
                if first < batch.num_rows:
                    rest = batch.slice(first) if first else batch
                    yield self._asked.complete(self._arrays(rest), rest.num_rows)

    def _arrays(self, batch: pa.RecordBatch) -> Arrays:
        """Return the columns of a batch: arrays of numbers, and keys as they came."""
        numbers = self._numbers(batch)
        return numbers | keys_of(batch, self._asked.keys) if self._asked.keys else numbers

    def _numbers(self, batch: pa.RecordBatch) -> Arrays:
        """Return the numbers of a batch as arrays, without a copy where there are no nulls."""
        return {
            name: as_array(name, column, self._dtypes[name], self._widths)
            for name, column in zip(batch.schema.names, batch.columns, strict=True)
            if name in self._dtypes
        }

    def _check(self, footer: Footer, run: range, values: dict[str, int]) -> None:
        """Refuse a footer that contradicts what was decoded of a run of row groups."""
        check_values(footer, run, self._places)
        check_lists(footer, run, self._list_places, values)

    def _rows_of(self, values: int) -> int:
        """Return in how many rows the widest input has so many values."""
        return max(1, values // max(1, self.columns.width(self._widths)))

    def cuts(self, values: int) -> Iterator[int]:
        """Yield first rows of row groups, at least so many values of an input apart."""
        return self._groups.cuts(self._rows_of(values))


def open_table(path: str, columns: Columns, reading: Reading) -> Parquet:
    """Open a file."""
    return Parquet(path, columns, reading)


def column_names(path: str, reading: Reading) -> list[str]:
    """Return the names of the columns in the schema of a file."""
    with _reading(path):
        _check_kind(path)
        with _open(path) as file:
            return list(file.schema_arrow.names)


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
def _open(path: str, footer: Footer | None = None, coded: Sequence[str] = ()) -> Iterator[Decoder]:
    """Open a file, whose footer is read unless it is known; some columns come as codes of texts."""
    with for_arrow(path) as source, opened(source, footer, coded) as file:
        yield file


@lru_cache(maxsize=4)
def _footer(path: str, stamp: Stamp) -> Footer:
    """Return the footer of a file, kept for the next stretch of the file.

    To read that of 245 row groups of 3 columns takes 0.6 ms (`benchmarks/bench_files.py`, "small
    row groups"). Only a few are kept, since those of many files could fill the memory.
    """
    with _open(path) as file:
        found: Footer = file.metadata
        return found


def set_num_threads(number: int) -> None:
    """Have pyarrow decode in at most so many threads."""
    pa.set_cpu_count(number)
