"""Where in a file of Arrow the values are: what its footer and the heads of its batches say.

They are flatbuffers, tables of fields at offsets. pyarrow reads a batch as a whole, so that memory
would grow with the largest one; to know where the buffers of its columns are lets it be read in
parts. The layout is that of https://arrow.apache.org/docs/format/Columnar.html#ipc-file-format.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from itertools import islice
from typing import NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

MAGIC = b"ARROW1"
"""The bytes that a file begins and ends with."""
CODECS = ("lz4", "zstd")
"""Names of compressions, by their numbers in files."""
RECORD_BATCH = 3
"""The number of messages that hold rows."""
VERSION_5 = 4
"""The number of version V5 in files, whose versions are counted from 0."""
CONTINUED = b"\xff\xff\xff\xff"
"""The bytes before the length of a message, since version 0.15 of the format."""


class Buffer(NamedTuple):
    """Bytes of a column of a batch: where they are in the file, and how many."""

    begin: int
    num_bytes: int


class Stored(NamedTuple):
    """A column of a batch, with what it holds if it is one of lists.

    Attributes
    ----------
    kind : DataType
        Its type.
    lengths, nulls : list of int
        How many values it has and how many of them are null, then the same of those within lists.
    buffers : list of Buffer
        Where its bytes are, and those of the values within lists after them.
    """

    kind: pa.DataType
    lengths: list[int]
    nulls: list[int]
    buffers: list[Buffer]


class Batch(NamedTuple):
    """Rows that lie together in a file: how many, their columns by name, how they are packed."""

    rows: int
    columns: dict[str, Stored]
    codec: str | None


class Table:
    """A table of a flatbuffer: fields by their numbers, each of which may be absent.

    It begins with how far before it the offsets of its fields lie; these begin with how many bytes
    they have. The numbers of fields are their places in `File.fbs`, `Message.fbs` and `Schema.fbs`
    of Arrow's repository.
    """

    def __init__(self, data: bytes, at: int) -> None:
        self._data, self._at = data, at
        self._fields = at - self._number("<i", at)
        self._size = self._number("<H", self._fields)

    @classmethod
    def root(cls, data: bytes) -> Table:
        """Return the table that a flatbuffer begins with."""
        (at,) = struct.unpack_from("<I", data)
        return cls(data, at)

    def _number(self, kind: str, at: int) -> int:
        if at < 0:
            raise ValueError("its metadata are damaged")
        (number,) = struct.unpack_from(kind, self._data, at)
        return int(number)

    def _place(self, field: int) -> int | None:
        """Return where a field is, None if it is absent."""
        entry = 4 + 2 * field
        offset = self._number("<H", self._fields + entry) if entry < self._size else 0
        return self._at + offset if offset else None

    def number(self, field: int, kind: str) -> int:
        """Return a number by its type in `struct`; it is 0 where it is absent."""
        place = self._place(field)
        return 0 if place is None else self._number(kind, place)

    def table(self, field: int) -> Table | None:
        """Return a table within this one, None if it is absent."""
        place = self._place(field)
        return None if place is None else Table(self._data, place + self._number("<I", place))

    def structs(self, field: int, width: int) -> NDArray[np.int64]:
        """Return a vector of structures of so many 64-bit integers, a row for each."""
        place = self._place(field)
        if place is None:
            return np.empty((0, width), np.int64)
        place += self._number("<I", place)
        count = self._number("<I", place)
        return np.frombuffer(self._data, "<i8", count * width, place + 4).reshape(count, width)


def read_batches(
    footer: bytes, schema: pa.Schema, names: list[str], read: Callable[[int, int], bytes], end: int
) -> Iterator[Batch]:
    """Yield the batches that the footer of a file tells of.

    Parameters
    ----------
    footer : bytes
        The flatbuffer of the footer.
    schema : Schema
        The types of all columns.
    names : list of str
        The columns that are wanted.
    read : callable
        Takes where bytes begin and how many they are, and returns them.
    end : int
        Where the footer begins: batches end before.

    Raises
    ------
    Exception
        Any, where bytes are damaged.
    """
    root = Table.root(footer)
    table = root.table(1)  # the schema
    if table is not None and table.number(0, "<h"):
        raise ValueError("its numbers are big-endian")
    for begin, head_bytes, body_bytes in root.structs(3, 3).tolist():
        body = begin + (head_bytes & 0xFFFFFFFF)  # of 32 bits, and as many to fill it up
        if not 0 < begin < body <= body + body_bytes <= end:
            raise ValueError("its footer names a batch beyond its end")
        head = read(begin, body - begin)
        yield _read_batch(_message(head), schema, names, body, body_bytes)


def _message(head: bytes) -> Table:
    """Return the message that the head of a batch is, refused if it holds no rows."""
    message = Table.root(head[8:] if head.startswith(CONTINUED) else head[4:])
    if message.number(1, "<B") != RECORD_BATCH:
        raise ValueError("its footer names a message that holds no rows")
    return message


def _read_batch(
    message: Table, schema: pa.Schema, names: list[str], body: int, body_bytes: int
) -> Batch:
    """Return the batch that a message tells of, whose buffers begin at `body`."""
    table = message.table(2)
    if table is None:
        raise ValueError("its metadata are damaged")
    rows, compression = table.number(0, "<q"), table.table(3)
    # lists, as numpy takes longer for a few numbers, and sums of them might be too large for it
    nodes, buffers = table.structs(1, 2).tolist(), table.structs(2, 2).tolist()
    fits = all(begin >= 0 <= size and begin + size <= body_bytes for begin, size in buffers)
    if rows < 0 or any(length < 0 or nulls < 0 for length, nulls in nodes) or not fits:
        raise ValueError("a batch announces what cannot be")
    sizes = _Sizes(message.number(0, "<h"), iter(table.structs(4, 1)[:, 0].tolist()))
    places = (Buffer(body + begin, size) for begin, size in buffers)
    stored = _stored(schema, sizes, iter(nodes), places)
    if any(column.lengths[0] != rows for _, column in stored):
        raise ValueError("columns of a batch are not as long as it is")
    codec = None if compression is None else CODECS[compression.number(0, "<b")]
    return Batch(rows, {name: column for name, column in stored if name in names}, codec)


def _stored(
    schema: pa.Schema, sizes: _Sizes, nodes: Iterator[list[int]], buffers: Iterator[Buffer]
) -> list[tuple[str, Stored]]:
    """Return the columns of a schema, in its order, among which nodes and buffers are dealt out."""
    columns = []
    for field in schema:
        num_nodes, num_buffers = sizes.of(field.type)
        found, places = list(islice(nodes, num_nodes)), list(islice(buffers, num_buffers))
        if (len(found), len(places)) != (num_nodes, num_buffers):
            raise ValueError("a batch has fewer columns than the schema")
        lengths, nulls = map(list, zip(*found, strict=True))
        columns.append((field.name, Stored(field.type, lengths, nulls, places)))
    if next(nodes, None) or next(buffers, None):
        raise ValueError("a batch has more columns than the schema")
    return columns


class _Sizes(NamedTuple):
    """Tells how many nodes and buffers the columns of a batch have, one column after the other.

    Attributes
    ----------
    version : int
        The version of the format.
    views : iterator of int
        How many more buffers each next column of views of text has.
    """

    version: int
    views: Iterator[int]

    def of(self, kind: pa.DataType) -> tuple[int, int]:
        """Return how many a column of a type has, with what it holds."""
        if isinstance(kind, pa.BaseExtensionType):
            return self.of(kind.storage_type)
        types = pa.types
        # Of these the first buffer is always empty. Since version 5 it is not written, of nulls
        # it never was.
        has_no_nulls = types.is_union(kind) or types.is_run_end_encoded(kind)
        is_absent = types.is_null(kind) or (has_no_nulls and self.version >= VERSION_5)
        buffers = kind.num_buffers - is_absent
        if types.is_string_view(kind) or types.is_binary_view(kind):
            buffers += next(self.views)
        held = [self.of(kind.field(number).type) for number in range(kind.num_fields)]
        return 1 + sum(nodes for nodes, _ in held), buffers + sum(more for _, more in held)
