"""CSV files, plain or compressed, read by pyarrow one block of lines after another.

Nothing in the file says how many rows it has or what its columns hold. The types are those of the
first block: columns of numbers are float64, whatever numbers follow, and columns of booleans stay
so; what does not fit later is an error. Reading begins at the first line, so that a run that goes
on from a checkpoint reads past the rows that are done. A file that ends within quotes is refused:
the rows after an open quote would be part of one value (`Ending`).
"""

from __future__ import annotations

import atexit
import io
import re
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any
from weakref import WeakSet

import numpy as np
import pyarrow as pa
from pyarrow import csv

from streamloss.files.columns import Arrays, Columns, KeyRole, KeysIn, listing
from streamloss.files.foreign import HEAD_BYTES, foreign, is_text
from streamloss.files.reading import Refused, explained, for_arrow, stamps
from streamloss.files.source import Reading
from streamloss.files.table import asked

from .columnar import as_array, dtype_of, is_coded, is_key, kind_of

BLOCK_BYTES = 1 << 20
"""Bytes of text that are read at a time, of which a line may not have more.

Blocks of 4 MB took as long (`benchmarks/bench_files.py`, `Text`).
"""
PACKED = {b"\x1f\x8b": "gzip", b"\x28\xb5\x2f\xfd": "zstd"}
"""Compressions by the bytes that they begin with."""
PATIENCE = 0.5
"""Seconds that the end of the process waits for threads of pyarrow that read ahead."""
END = "streamloss has read the last line"
"""A line that is read after the last one of a file. See `Ending`."""
OPEN_QUOTE = "a quote in its last row has no end"
"""What is said where the line has become a part of a value."""
UTF_16 = b"\xff\xfe", b"\xfe\xff"
"""The bytes that a text in UTF-16 begins with."""
EXACT = 2.0**53
"""Below this size no two integers are one float64."""
ANY_NUMBER = (pa.int64(), pa.float64(), pa.null())
"""Types of a first block that are read as float64: any number may follow."""


class CSV:
    """An opened CSV file, a `Source`.

    Raises
    ------
    ValueError
        If the file cannot be read as CSV, lacks a column or has it twice, a column is not numeric
        (for the mask: boolean) in the first block, or a type is none.
    """

    decoded = True
    rows: int | None = None

    def __init__(self, path: str, columns: Columns, reading: Reading) -> None:
        self.paths: tuple[str, ...] = (path,)
        self.stamps = stamps(self.paths)
        self.columns = columns
        schema = _schema(path)
        given = {name: _type(name, kind) for name, kind in reading.types.items()}
        for name, kind in given.items():
            if name in columns.numbers() and not kind_of(kind).is_number:
                rule = "types must be numbers or bool by Arrow's names, such as float32"
                raise Refused(f"{rule}: got {str(kind)[:50]!r} for {name!r}")
            if name not in schema.names:
                has = listing(schema.names, name)
                raise Refused(f"types: no column {name!r} in {path}: it has {has}")
        kinds = {field.name: _kind(field, columns, given.get(field.name)) for field in schema}
        self._names = list(schema.names)
        self._asked = asked(path, columns, schema.names, lambda name: kind_of(kinds[name]), reading)
        self._types = {name: kinds[name] for name in self._asked.columns}
        self._dtypes = {name: dtype_of(kinds[name]) for name in self._asked.inside}

    def best_batch(self, use_threads: bool) -> int:
        """Return how many values of an input a batch should have to be read fastest."""
        return BLOCK_BYTES

    def read(
        self, start: int, stop: int | None, batch_values: int, use_threads: bool
    ) -> Iterator[tuple[None, Iterator[Arrays]]]:
        """Yield one run, the rows from `start` to the end of the file."""
        rows = max(1, batch_values // self.columns.width({}))
        yield None, self._batches(start, rows)

    def _batches(self, start: int, most: int) -> Iterator[Arrays]:
        """Yield the rows from `start` on, at most so many at a time."""
        path = self.paths[0]
        end = Ending(len(self._names))
        # pyarrow would read all columns where none is named: then the first one counts the rows
        types = self._types or {self._names[0]: pa.binary()}
        with _reading(path), self._naming(), _open(path, types, end) as blocks:
            for block in blocks:
                first, start = min(start, block.num_rows), max(start - block.num_rows, 0)
                for row in range(first, block.num_rows, most):
                    batch = block.slice(row, most)
                    arrays: Arrays = {
                        name: as_array(name, batch.column(name), dtype, {})
                        for name, dtype in self._dtypes.items()
                    }
                    for name in self._asked.keys:
                        arrays[KeysIn(name)] = _key(batch.column(name))
                    yield self._asked.complete(arrays, batch.num_rows)
            end.check()

    @contextmanager
    def _naming(self) -> Iterator[None]:
        """Have an error of pyarrow name the column where it numbers it."""
        try:
            yield
        except pa.ArrowInvalid as error:
            if END in str(error):
                raise ValueError(OPEN_QUOTE) from error
            found = re.fullmatch(r"In CSV column #(\d+): (.*)", str(error), re.DOTALL)
            if found is None:
                raise
            raise ValueError(f"column {self._names[int(found[1])]!r}, {found[2]}") from error

    def cuts(self, values: int) -> list[int]:
        """Return the first row, from which alone reading can begin."""
        return [0]


_read: WeakSet[Ending] = WeakSet()
"""What threads of pyarrow may still hold, after an error for instance."""


@atexit.register
def _wait_for_threads() -> None:
    """Wait until no thread of pyarrow holds a file of Python.

    One that needs Python once that has ended never ends, or aborts the process: so it did in one of
    twenty runs that failed for a number in CSV, four at a time.
    """
    begun = time.monotonic()
    while _read and time.monotonic() - begun < PATIENCE:
        time.sleep(0.001)


class Ending(io.RawIOBase):
    """The text of a file and a line after it, which pyarrow must find to have other columns.

    Where it does not, a quote is open at the end of the file: after it pyarrow takes all lines that
    follow for one value of the last column, without an error.

    Parameters
    ----------
    width : int
        How many columns the file has.
    """

    def __init__(self, width: int) -> None:
        self._line = END if width > 1 else f"{END}{{delimiter}}"
        self._rest, self._is_found = b"", False
        _read.add(self)

    def after(self, file: Any, delimiter: str) -> Ending:
        """Read a file, then the line."""
        self._file, self._line = file, self._line.format(delimiter=delimiter)
        self._rest = f"\n{self._line}\n".encode()
        return self

    def readable(self) -> bool:
        """Return that there are bytes to read."""
        return True

    def read(self, size: int = -1) -> bytes:
        """Return at most so many bytes."""
        data: bytes = self._file.read(size)
        if not data:
            size = len(self._rest) if size < 0 else size
            data, self._rest = self._rest[:size], self._rest[size:]
        return data

    def found(self, row: csv.InvalidRow) -> str:
        """Return what to do about a row of too few or too many columns."""
        if row.text != self._line:
            return "error"
        self._is_found = True
        return "skip"

    def check(self) -> None:
        """Refuse a file after which the line did not come.

        Raises
        ------
        ValueError
            If it has not come.
        """
        if not self._is_found:
            raise ValueError(OPEN_QUOTE)


def open_table(path: str, columns: Columns, reading: Reading) -> CSV:
    """Open a file."""
    return CSV(path, columns, reading)


def column_names(path: str, reading: Reading) -> list[str]:
    """Return the names in the first line of a file."""
    return list(_schema(path).names)


def _schema(path: str) -> pa.Schema:
    """Return the names of all columns, and their types in the first block."""
    with _reading(path), _open(path) as blocks:
        return blocks.schema


def _reading(path: str) -> AbstractContextManager[None]:
    """Have errors in the block say which file cannot be read."""
    return explained(f"cannot read {path} as CSV")


@contextmanager
def _open(
    path: str, types: dict[str, pa.DataType] | None = None, end: Ending | None = None
) -> Iterator[csv.CSVStreamingReader]:
    """Open a file and give its blocks, of all columns or of those of which types are given."""
    codec = _codec(path)
    name = path.lower().removesuffix(".gz").removesuffix(".zst")
    delimiter = "\t" if name.endswith(".tsv") else ","
    chosen = {} if types is None else {"include_columns": list(types), "column_types": types}
    with for_arrow(path) as source:
        stream = pa.input_stream(source, compression=codec)
        blocks = csv.open_csv(
            stream if end is None else end.after(stream, delimiter),
            # with threads it takes as long, and an error does not tell the row
            csv.ReadOptions(use_threads=False, block_size=BLOCK_BYTES),
            csv.ParseOptions(
                delimiter=delimiter,
                newlines_in_values=True,
                invalid_row_handler=None if end is None else end.found,
            ),
            csv.ConvertOptions(**chosen),
        )
        with blocks:
            yield blocks


def _codec(path: str) -> str | None:
    """Return how a file is compressed, as its bytes say, refused if it is no text then."""
    with open(path, "rb") as file:
        head = file.read(HEAD_BYTES)
    codec = next((codec for begin, codec in PACKED.items() if head.startswith(begin)), None)
    if head.startswith(UTF_16):
        raise ValueError("it is text in UTF-16: convert it to UTF-8")
    if codec is None and not is_text(head) and "does not begin" not in (what := foreign(path)):
        raise ValueError(what)
    return codec


def _key(column: pa.Array) -> pa.Array:
    """Return a column of keys, of which a text without characters is none: CSV has no nulls.

    Raises
    ------
    ValueError
        If floats, which may have been integers, are so large that others are equal to them.
    """
    if pa.types.is_float64(column.type):
        values = as_array("", column, np.dtype(np.float64), {})
        if (np.isfinite(values) & (abs(values) >= EXACT)).any():
            raise ValueError("keys must be below 2**53: give their type, such as uint64 or string")
    if not pa.types.is_dictionary(column.type) or all(words := column.dictionary.to_pylist()):
        return column
    words = pa.array([word or None for word in words], column.type.value_type)
    return pa.DictionaryArray.from_arrays(column.indices, words)


def _type(name: str, text: str) -> pa.DataType:
    """Return the type that a text names, refused if a column of it has neither numbers nor keys."""
    try:
        kind = pa.type_for_alias(text)
    except (TypeError, ValueError):
        kind = None
    if kind is None or not is_key(kind):
        rule = "types must be those of numbers or keys by Arrow's names, such as float32 or string"
        raise Refused(f"{rule}: got {str(text)[:50]!r} for {name!r}")
    return kind


def _kind(field: pa.Field, columns: Columns, given: pa.DataType | None) -> pa.DataType:
    """Return the type that a column is read as: the one given, else by that of its first block.

    A mask alone may be spelled 0 and 1, which are integers elsewhere. Keys stay integers; text, and
    what the first block lacks, comes as codes.
    """
    roles = {role for role, name in columns.named() if name == field.name}
    keyed = {role for role in roles if isinstance(role, KeyRole)}
    is_keys = bool(keyed) and keyed == roles
    if given is not None and not (is_keys and is_coded(given)):
        return given
    if roles == {"where"} and field.type in (pa.int64(), pa.null()):
        return pa.bool_()
    if is_keys:
        kind = given or (pa.string() if field.type == pa.null() else field.type)
        return pa.dictionary(pa.int32(), kind) if is_coded(kind) else kind
    integers = bool(keyed) and field.type == pa.int64()
    return pa.float64() if field.type in ANY_NUMBER and not integers else field.type
