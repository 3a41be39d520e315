"""Arrays in ``.npy`` files and in ``.npz`` archives, read a few rows at a time."""

from __future__ import annotations

import math
import os
import warnings
import zipfile
from contextlib import ExitStack
from typing import IO, Any, NamedTuple

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from streamloss.files.columns import listing
from streamloss.files.foreign import foreign

MAGIC = {".npy": npy.MAGIC_PREFIX, ".npz": b"PK"}
"""How files begin, by their endings."""
VERSIONS = ((1, 0), (2, 0), (3, 0))
"""Versions of headers. The third is the second with names of fields in UTF-8."""
PIECE = 1 << 20
"""Bytes asked for at a time, since those of a compressed stream are held twice."""


class Array(NamedTuple):
    """An array in a file: what its header announces, and the byte where its numbers begin.

    `member` is its name in an archive, None in a file of its own.
    """

    path: str
    member: str | None
    shape: tuple[int, ...]
    is_fortran: bool
    dtype: np.dtype[Any]
    begin: int

    @property
    def width(self) -> int:
        """Values in a row."""
        return math.prod(self.shape[1:])


def find(path: str, name: str | None) -> Array:
    """Read the header of an array, which in an archive has a name; its only one has an empty one.

    Raises
    ------
    Exception
        Any, where bytes are damaged; ValueError, where more or fewer numbers follow than are
        announced, or cannot be read row by row.
    """
    _check_kind(path)
    member = None if name is None else _full_name(path, name)
    with ExitStack() as stack:
        stream, size = _stream(path, member, stack)
        shape, is_fortran, dtype = _header(stream)
        begin = stream.tell()
    if not dtype.hasobject and math.prod(shape) * dtype.itemsize != size - begin:
        raise ValueError(
            f"its header announces shape {shape} of {dtype}, but {size - begin:,} bytes follow"
        )
    is_fortran = is_fortran and len(shape) > 1
    if is_fortran and member is not None:
        raise ValueError("its rows lie apart (Fortran order): save np.ascontiguousarray of it")
    # An array without axes is one row.
    return Array(path, member, shape or (1,), is_fortran, dtype, begin)


class Reader:
    """Reads rows of an array into memory of our own, until a stack is closed.

    A mapping ends the process where the file is cut meanwhile, and shows what others write into it.

    Parameters
    ----------
    array : Array
        The array.
    stack : ExitStack
        What closes its file.
    room : array, optional
        Where rows are put, until others are taken; by default each time somewhere new.
    """

    def __init__(self, array: Array, stack: ExitStack, room: NDArray[Any] | None = None) -> None:
        self._array, self._room = array, room
        self._stream, _ = _stream(array.path, array.member, stack)
        self._at = 0

    def take(self, start: int, stop: int) -> NDArray[Any]:
        """Return some rows, which in an archive must not come before those taken last."""
        rows, *row = self._array.shape
        length = stop - start
        if not self._array.is_fortran:
            return self._fill(self._empty(length, *row), start * self._array.width)
        columns = self._empty(*reversed(row), length)
        for number, column in enumerate(columns.reshape(-1, length)):
            self._fill(column, number * rows + start)
        return columns.T

    def _empty(self, *shape: int) -> NDArray[Any]:
        """Return an array to be filled."""
        if self._room is None:
            return np.empty(shape, self._array.dtype)
        return self._room[: math.prod(shape)].reshape(shape)

    def _fill(self, values: NDArray[Any], first: int) -> NDArray[Any]:
        """Fill an array with the values from one of the file's on."""
        begin = self._array.begin + first * self._array.dtype.itemsize
        room = values.reshape(-1).view(np.uint8).data
        if begin != self._at:
            self._skip_to(begin)
        self._at = begin + len(room)
        while room:
            came = self._stream.readinto(room[:PIECE])
            if not came:
                raise ValueError("it ends too early")
            room = room[came:]
        return values

    def _skip_to(self, begin: int) -> None:
        """Go to a byte: in an archive by reading, since its checksum is of all that is read."""
        if self._array.member is None:
            self._stream.seek(begin)
            return
        while self._at < begin:
            came = len(self._stream.read(min(PIECE, begin - self._at)))
            if not came:
                raise ValueError("it ends too early")
            self._at += came


def _check_kind(path: str) -> None:
    """Refuse what does not begin as its ending says, and say what it is."""
    magic = MAGIC[os.path.splitext(path)[1].lower()]
    with open(path, "rb") as file:
        if file.read(len(magic)) != magic:
            raise ValueError(foreign(path))


def _full_name(path: str, name: str) -> str:
    """Return the name that an archive has for an array."""
    with zipfile.ZipFile(path) as archive:
        full = archive.namelist()
    names = [entry.removesuffix(".npy") for entry in full]
    if not name and len(names) == 1:
        return full[0]
    if names.count(name) > 1:
        raise ValueError(f"it has {names.count(name)} arrays of this name")
    if name not in names:
        raise ValueError(f"name an array of it, as in {path}:name: it has {listing(names, name)}")
    return full[names.index(name)]


def _stream(path: str, member: str | None, stack: ExitStack) -> tuple[Any, int]:
    """Open the bytes of an array until the stack is closed, and say how many they are."""
    if member is None:
        file = stack.enter_context(open(path, "rb", buffering=0))
        return file, os.fstat(file.fileno()).st_size
    archive = stack.enter_context(zipfile.ZipFile(path))
    return stack.enter_context(archive.open(member)), archive.getinfo(member).file_size


def _header(stream: IO[bytes]) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    """Read shape, order and dtype at the beginning of an array."""
    version = npy.read_magic(stream)
    if version not in VERSIONS:
        raise ValueError(f"its format has version {version[0]}.{version[1]}: 1.0 to 3.0 are known")
    read = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of old and odd spellings, which mean the same
        shape, is_fortran, dtype = read(stream)
    if any(type(length) is not int or length < 0 for length in shape):
        raise ValueError(f"its header announces shape {shape}")
    np.empty((0, *shape[1:]), dtype)  # raises where there can be no such array
    return shape, is_fortran, dtype
