"""Buffers of columns in a file of Arrow, read in parts, packed or not.

Columns of inputs become arrays of numpy, and those of keys arrays of Arrow of the same rows.

What is packed is unpacked from its beginning on, so that parts of it are read one after the other.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from streamloss.arrays.types import Array, DType, Mask

from .columnar import Widths, is_coded, rows_of, unpacked, with_nulls
from .messages import Buffer, Stored
from .stream import Stream

Take = Callable[[int, int], Any]
"""Takes the first row of some in a batch and the one after the last, and returns these rows."""


def read_at(handle: int, begin: int, num_bytes: int) -> bytes:
    """Return so many bytes of an open file, from one on."""
    if begin < 0:
        raise ValueError("it is too short")
    data = os.pread(handle, num_bytes, begin)
    if len(data) != num_bytes:
        raise ValueError("it ends too early")
    return data


class Segment:
    """Some bytes of an open file, as what is unpacked is read from."""

    closed = False

    def __init__(self, handle: int, begin: int, end: int) -> None:
        self._handle, self._at, self._end = handle, begin, end

    def read(self, size: int = -1) -> bytes:
        """Return at most so many bytes."""
        size = self._end - self._at if size < 0 else min(size, self._end - self._at)
        data = os.pread(self._handle, size, self._at)
        self._at += len(data)
        return data

    def readinto(self, memory: memoryview) -> int:
        """Read into memory, and return how many bytes came."""
        data = self.read(len(memory))
        memory[: len(data)] = data
        return len(data)

    def seek(self, at: int) -> None:
        """Go to a byte of the file."""
        self._at = at

    def close(self) -> None:
        """Leave the file open: it is others'."""


class Bytes:
    """The bytes of a buffer, unpacked."""

    def __init__(self, handle: int, buffer: Buffer, codec: str | None) -> None:
        begin, end = buffer.begin, buffer.begin + buffer.num_bytes
        size = -1
        if codec is not None and buffer.num_bytes:
            # first of all how many bytes it has unpacked, or -1 if it is not packed after all
            size = int.from_bytes(read_at(handle, begin, 8), "little", signed=True)
            begin += 8
        file: Any = Segment(handle, begin, end)
        self._begin, self._size = begin, end - begin
        if size >= 0:
            file = pa.CompressedInputStream(file, codec)
            self._begin, self._size = 0, size
        self._stream = Stream(file, self._begin, is_packed=size >= 0)

    def fill(self, values: Array, first: int) -> Array:
        """Fill an array with the bytes from the `first` on, and return it."""
        if first + values.nbytes > self._size:
            raise ValueError("a column has fewer values than announced")
        return self._stream.fill(values, self._begin + first)


class Bits:
    """A buffer that has one bit for each row."""

    def __init__(self, data: Bytes) -> None:
        self._data = data
        # Where the last byte lies that was read, and its bits: the next rows may begin within it,
        # and what is unpacked cannot be read again.
        self._known = -1, 0

    def take(self, first: int, last: int) -> Mask:
        """Return the bits of rows, which come after those taken before."""
        begin, end = first // 8, (last + 7) // 8
        packed = np.empty(end - begin, np.uint8)
        place, byte = self._known
        known = int(place == begin and begin < end)
        packed[:known] = byte
        self._data.fill(packed[known:], begin + known)
        if begin < end:
            self._known = end - 1, int(packed[-1])
        return unpacked(packed, first % 8, last - first)


class _Memory:
    """Memory for values, the same each time unless fresh.

    New memory is cleared by the system, which took half of the time of a large batch
    (`benchmarks/bench_files.py`, `Arrow`).
    """

    def __init__(self, dtype: DType, fresh: bool) -> None:
        self._dtype, self._fresh, self._kept = dtype, fresh, np.empty(0, dtype)

    def empty(self, number: int) -> Array:
        """Return an array of so many values, which are any."""
        if self._fresh:
            return np.empty(number, self._dtype)
        if number > self._kept.size:
            self._kept = np.empty(number, self._dtype)
        return self._kept[:number]


class Access(NamedTuple):
    """How the buffers of a batch are read.

    Attributes
    ----------
    handle : int
        The open file.
    codec : str or None
        How they are packed.
    fresh : bool
        Whether rows that are read together have memory of their own.
    """

    handle: int
    codec: str | None
    fresh: bool

    def bytes_of(self, buffer: Buffer) -> Bytes:
        """Return the bytes of a buffer."""
        return Bytes(self.handle, buffer, self.codec)


def values_of(access: Access, column: Stored, level: int, dtype: DType) -> Take:
    """Return the function that reads values of a column, or at level 1 those within its lists."""
    if dtype == np.object_:  # of the type of nulls, which has no buffers
        return lambda first, last: np.full(last - first, np.nan)
    valid, data = map(access.bytes_of, column.buffers[-2:])  # of lists those of their values
    memory = _Memory(dtype, access.fresh)
    nulls = Bits(valid) if column.nulls[level] else None
    bits = Bits(data) if dtype == np.bool_ else None

    def take(first: int, last: int) -> Array:
        if bits is not None:
            values: Array = bits.take(first, last)
        else:
            values = data.fill(memory.empty(last - first), first * dtype.itemsize)
        return values if nulls is None else with_nulls(values, nulls.take(first, last))

    return take


class Ends:
    """Where the lists or texts of rows end among the values of all, one part after the other."""

    def __init__(self, access: Access, column: Stored) -> None:
        kind, types = column.kind, pa.types
        large = types.is_large_list(kind) or types.is_large_string(kind)
        self._dtype = np.dtype(np.int64 if large or types.is_large_binary(kind) else np.int32)
        self._data = access.bytes_of(column.buffers[1])
        # Of which row the last offset is that was read, and the offset: the next rows begin there.
        self._known: tuple[int, int] = -1, 0

    def take(self, first: int, last: int) -> Array:
        """Return where rows begin, each of which ends where the next one begins."""
        ends = np.empty(last + 1 - first, self._dtype)
        place, end = self._known
        known = int(place == first)
        ends[:known] = end
        self._data.fill(ends[known:], (first + known) * self._dtype.itemsize)
        self._known = last, int(ends[-1])
        if (np.diff(ends) < 0).any() or ends[0] < 0:
            raise ValueError("a column has lists or texts of negative lengths")
        return ends


class Lists:
    """Reads rows of a column of lists, one part after the other."""

    def __init__(
        self, access: Access, column: Stored, dtype: DType, name: str, widths: Widths
    ) -> None:
        self._name, self._widths = name, widths
        self._size: int | None = getattr(column.kind, "list_size", None)
        self._nulls = Bits(access.bytes_of(column.buffers[0])) if column.nulls[0] else None
        self._ends = None if self._size is not None else Ends(access, column)
        self._values = values_of(access, column, 1, dtype)

    def take(self, first: int, last: int) -> Array:
        """Return rows."""
        if self._ends is None:
            ends = np.arange(first, last + 1) * (self._size or 0)
        else:
            ends = self._ends.take(first, last)
        lengths = np.diff(ends)
        values = self._values(int(ends[0]), int(ends[-1]))
        valid = None if self._nulls is None else self._nulls.take(first, last)
        if valid is not None and lengths[~valid].any():
            values = values[np.repeat(valid, lengths)]
        return rows_of(self._name, values, lengths, valid, self._widths)


def lies_apart(kind: pa.DataType) -> bool:
    """Return whether the rows of a type do not lie one after another: those of views of text."""
    return bool(pa.types.is_string_view(kind) or pa.types.is_binary_view(kind))


def keys_in(access: Access, column: Stored, dictionary: pa.Array | None) -> Take:
    """Return the function that reads keys of a column as an array of Arrow."""
    kind, types = column.kind, pa.types
    if types.is_dictionary(kind):
        codes = keys_in(access, column._replace(kind=kind.index_type), None)
        return lambda first, last: pa.DictionaryArray.from_arrays(codes(first, last), dictionary)
    if types.is_null(kind):
        return lambda first, last: pa.nulls(last - first)
    return (Texts if is_coded(kind) else Plain)(access, column).take


class Plain:
    """Reads keys of a fixed width, one part after the other."""

    def __init__(self, access: Access, column: Stored) -> None:
        self._kind, (valid, data) = column.kind, map(access.bytes_of, column.buffers)
        self._nulls = Bits(valid) if column.nulls[0] else None
        self._bits = Bits(data) if pa.types.is_boolean(column.kind) else None
        self._data, self._bytes = data, column.kind.bit_width // 8

    def take(self, first: int, last: int) -> pa.Array:
        """Return rows."""
        if self._bits is not None:
            values = _packed(self._bits.take(first, last))
        else:
            values = np.empty((last - first) * self._bytes, np.uint8)
            self._data.fill(values, first * self._bytes)
        return _array(self._kind, last - first, self._nulls, first, [values])


class Texts:
    """Reads keys that are text or bytes, one part after the other."""

    def __init__(self, access: Access, column: Stored) -> None:
        self._kind, self._ends = column.kind, Ends(access, column)
        self._nulls = Bits(access.bytes_of(column.buffers[0])) if column.nulls[0] else None
        self._data = access.bytes_of(column.buffers[2])

    def take(self, first: int, last: int) -> pa.Array:
        """Return rows."""
        ends = self._ends.take(first, last)
        begin = int(ends[0])
        text = self._data.fill(np.empty(int(ends[-1]) - begin, np.uint8), begin)
        return _array(self._kind, last - first, self._nulls, first, [ends - begin, text])


def _array(
    kind: pa.DataType, rows: int, nulls: Bits | None, first: int, buffers: list[Array]
) -> pa.Array:
    """Return an array of Arrow of some rows, with bits that say which of them are not null."""
    valid = None if nulls is None else pa.py_buffer(_packed(nulls.take(first, first + rows)))
    return pa.Array.from_buffers(kind, rows, [valid, *map(pa.py_buffer, buffers)])


def _packed(bits: Mask) -> Array:
    """Return bits as Arrow packs them."""
    return np.packbits(bits, bitorder="little")
