"""Files of Arrow (IPC, also called Feather), read in parts of their batches, packed or not."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager
from functools import partial
from typing import Any, NamedTuple

import pyarrow as pa

from streamloss.files.columns import Arrays, Columns, KeysIn
from streamloss.files.foreign import foreign
from streamloss.files.reading import explained, stamps
from streamloss.files.source import Reading
from streamloss.files.table import asked

from .buffers import Access, Lists, Take, keys_in, lies_apart, read_at, values_of
from .columnar import FIRST_ROWS, dtype_of, is_list, kind_of, note_widths, unknown_lists
from .messages import MAGIC, Batch, read_batches
from .rowgroups import Groups
from .stream import BATCH_BYTES, PACKED_VALUES, SHORTEST_STRETCH


class Opened(NamedTuple):
    """What is read of a file when it is opened.

    Attributes
    ----------
    names : list of str
        The names of all columns.
    schema : Schema
        Their types.
    footer : bytes
        The flatbuffer that tells where the batches are.
    end : int
        The byte at which it begins.
    """

    names: list[str]
    schema: pa.Schema
    footer: bytes
    end: int


class Arrow:
    """An opened file of Arrow, a `Source`.

    Raises
    ------
    ValueError
        If the file cannot be read as Arrow, its parts contradict each other, it lacks a column or
        has it twice, or a column is not numeric (for the mask: boolean).
    """

    def __init__(self, path: str, columns: Columns, reading: Reading) -> None:
        self.paths: tuple[str, ...] = (path,)
        self.stamps = stamps(self.paths)
        self.columns = columns
        self._widths = reading.widths
        with _reading(path), open(path, "rb", buffering=0) as file:
            opened = _open(file, path)
        schema = opened.schema
        self._asked = asked(
            path, columns, opened.names, lambda n: kind_of(schema.field(n).type), reading
        )
        inside = self._asked.columns
        with _reading(path), open(path, "rb", buffering=0) as file:
            read = partial(read_at, file.fileno())
            self._batches = list(read_batches(opened.footer, schema, inside, read, opened.end))
            kinds = {name: schema.field(name).type for name in self._asked.inside}
            self._dtypes = {name: dtype_of(kind) for name, kind in kinds.items()}
            self._groups = Groups(batch.rows for batch in self._batches)
            self.rows: int | None = self._groups.rows
            if self.rows and (unknown := unknown_lists(kinds, self._widths)):
                note_widths(path, unknown, self._first_rows(file.fileno(), unknown), reading)
            self._dictionaries = self._read_dictionaries(file, schema)
        self._names = opened.names
        self._whole = any([lies_apart(schema.field(name).type) for name in self._asked.keys])
        self.decoded = any(batch.codec is not None for batch in self._batches)

    def _read_dictionaries(self, file: Any, schema: pa.Schema) -> dict[str, pa.Array]:
        """Return the dictionaries of columns of keys, which all batches share."""
        kinds = [(name, schema.field(name).type) for name in self._asked.keys]
        coded = [name for name, kind in kinds if pa.types.is_dictionary(kind)]
        if not coded or not self._batches:
            return {}
        shortest = min(range(len(self._batches)), key=lambda k: self._batches[k].rows)
        batch = _decoded(file, [schema.names.index(name) for name in coded], shortest)
        return {name: batch.column(name).dictionary for name in coded}

    def _first_rows(self, handle: int, names: list[str]) -> Iterator[Arrays]:
        """Yield the first rows of columns in each batch of an open file that has any."""
        for batch in (batch for batch in self._batches if batch.rows):
            access, rows = Access(handle, batch.codec, fresh=True), min(batch.rows, FIRST_ROWS)
            yield {name: self._taker(access, batch, name)(0, rows) for name in names}

    def best_batch(self, use_threads: bool) -> int:
        """Return how many values of an input a batch should have to be read fastest."""
        widest = max((dtype.itemsize for dtype in self._dtypes.values()), default=8)
        return PACKED_VALUES if self.decoded else BATCH_BYTES // widest

    def read(
        self, start: int, stop: int | None, batch_values: int, use_threads: bool
    ) -> Iterator[tuple[int, Iterator[Arrays]]]:
        """Yield the rows of each batch of the file that are from `start` to `stop`."""
        assert stop is not None
        path, step = self.paths[0], self._rows_of(batch_values)
        with _reading(path), open(path, "rb", buffering=0) as file:
            for number in self._groups.between(start, stop):
                begin, end = self._groups.span(range(number, number + 1))
                first, last = max(start, begin), min(stop, end)
                rows = range(first - begin, last - begin, step)
                access = Access(file.fileno(), self._batches[number].codec, use_threads)
                yield last - first, self._parts(access, number, rows)

    def _parts(self, access: Access, number: int, rows: range) -> Iterator[Arrays]:
        """Yield rows of a batch, as many at a time as the range of them steps."""
        batch = self._batches[number]
        with _reading(self.paths[0]):
            takes: dict[str | KeysIn, Take] = {
                name: self._taker(access, batch, name) for name in self._dtypes
            }
            for name in self._asked.keys:
                takes[KeysIn(name)] = self._key_taker(access, number, name)
            for first in rows:
                last = min(first + rows.step, rows.stop)
                arrays: Arrays = {name: take(first, last) for name, take in takes.items()}
                yield self._asked.complete(arrays, last - first)

    def _taker(self, access: Access, batch: Batch, name: str) -> Take:
        """Return the function that reads rows of a column, one part after the other."""
        column, dtype = batch.columns[name], self._dtypes[name]
        if not is_list(column.kind):
            return values_of(access, column, 0, dtype)
        return Lists(access, column, dtype, name, self._widths).take

    def _key_taker(self, access: Access, number: int, name: str) -> Take:
        """Return the function that reads keys of a column, one part after the other.

        If their rows lie apart the column of the batch is in memory as a whole.
        """
        stored = self._batches[number].columns[name]
        if not lies_apart(stored.kind):
            return keys_in(access, stored, self._dictionaries.get(name))
        with open(self.paths[0], "rb") as file:
            (column,) = _decoded(file, [self._names.index(name)], number).columns
        return lambda first, last: column.slice(first, last - first)

    def cuts(self, values: int) -> Iterable[int]:
        """Return rows from which reading begins at once: any, but if packed those of batches."""
        rows = self._rows_of(max(values, SHORTEST_STRETCH))
        if self.decoded or self._whole:
            return self._groups.cuts(rows)
        return range(0, self._groups.rows, rows)

    def _rows_of(self, values: int) -> int:
        """Return in how many rows the widest input has so many values."""
        return max(1, values // max(1, self.columns.width(self._widths)))


def open_table(path: str, columns: Columns, reading: Reading) -> Arrow:
    """Open a file."""
    return Arrow(path, columns, reading)


def column_names(path: str, reading: Reading) -> list[str]:
    """Return the names of the columns in the schema of a file."""
    with _reading(path), open(path, "rb", buffering=0) as file:
        return _open(file, path).names


def _reading(path: str) -> AbstractContextManager[None]:
    """Have errors in the block say which file cannot be read."""
    return explained(f"cannot read {path} as Arrow IPC")


def _decoded(file: Any, places: list[int], number: int) -> pa.RecordBatch:
    """Return a batch of a file with the columns at some places alone, as pyarrow reads them."""
    file.seek(0)
    options = pa.ipc.IpcReadOptions(included_fields=sorted(places))
    return pa.ipc.open_file(file, options=options).get_batch(number)


def _open(file: Any, path: str) -> Opened:
    """Read schema and footer of a file."""
    if file.read(len(MAGIC)) != MAGIC:
        raise ValueError(foreign(path))
    size = os.fstat(file.fileno()).st_size
    tail = read_at(file.fileno(), size - len(MAGIC) - 4, len(MAGIC) + 4)
    if tail[4:] != MAGIC:
        raise ValueError("it ends too early")
    length = int.from_bytes(tail[:4], "little")
    end = size - len(tail) - length
    file.seek(0)
    schema = pa.ipc.open_file(file).schema
    return Opened(list(schema.names), schema, read_at(file.fileno(), end, length), end)
