"""One array in a ``.npy`` file or an ``.npz`` archive: its header, and some rows at a time."""

from __future__ import annotations

import math
import os
import warnings
from contextlib import ExitStack
from typing import IO, Any, NamedTuple

import numpy as np
from numpy.lib import format as npy

from streamloss.arrays.types import Array, DType, Shape
from streamloss.files.columns import listing
from streamloss.files.foreign import foreign

from .stream import Stream

ARCHIVE = b"PK"
"""The bytes that archives begin with."""
VERSIONS = ((1, 0), (2, 0), (3, 0))
"""Versions of the header; 3.0 is read as 2.0, from which it differs only in names of fields."""


class StoredArray(NamedTuple):
    """An array in a file: what its header announces, and where its values begin.

    Attributes
    ----------
    path : str
        The file.
    member : str, optional
        Its name in an archive, None in a file of its own.
    shape : tuple of int
        The sizes of its axes, at least one.
    is_fortran : bool
        Whether its columns are stored one after another, and not its rows.
    dtype : dtype
        The type of its values.
    begin : int
        The byte at which they begin.
    """

    path: str
    member: str | None
    shape: Shape
    is_fortran: bool
    dtype: DType
    begin: int

    @property
    def width(self) -> int:
        """How many values a row has."""
        return math.prod(self.shape[1:])


def find_array(path: str, name: str | None) -> StoredArray:
    """Read the header of an array.

    Parameters
    ----------
    path : str
        The file.
    name : str, optional
        Its name in an archive; "" stands for the only one there. None in a file of its own.

    Raises
    ------
    Exception
        Any, where bytes are damaged; ValueError, where more or fewer values follow than the header
        announces, or an archive does not hold them row by row.
    """
    _check_kind(path, is_archive=name is not None)
    member = None if name is None else _full_name(path, name)
    with ExitStack() as stack:
        stream, num_bytes = _stream(path, member, stack)
        shape, is_fortran, dtype = _header(stream)
        begin = stream.tell()
    if not dtype.hasobject and math.prod(shape) * dtype.itemsize != num_bytes - begin:
        raise ValueError(
            f"its header announces shape {shape} of {dtype}, but {num_bytes - begin:,} bytes follow"
        )
    is_fortran = is_fortran and len(shape) > 1
    if is_fortran and member is not None:
        raise ValueError("its rows lie apart (Fortran order): save np.ascontiguousarray of it")
    # An array without axes is one row.
    return StoredArray(path, member, shape or (1,), is_fortran, dtype, begin)


class RowReader:
    """Reads rows of a stored array into memory of this process, until a stack is closed.

    Parameters
    ----------
    array : StoredArray
        The array.
    stack : ExitStack
        Closes the file.
    buffer : array, optional
        Flat memory for as many rows as are read at a time, filled anew each time; by default
        rows that are read together have memory of their own.
    """

    def __init__(self, array: StoredArray, stack: ExitStack, buffer: Array | None = None) -> None:
        self._array, self._buffer = array, buffer
        file, _ = _stream(array.path, array.member, stack)
        self._stream = Stream(file, 0, is_packed=array.member is not None)

    def take(self, start: int, stop: int) -> Array:
        """Return some rows, which in an archive must come after those taken before."""
        rows, *row = self._array.shape
        length = stop - start
        if not self._array.is_fortran:
            return self._fill(self._empty(length, *row), start * self._array.width)
        columns = self._empty(*reversed(row), length)
        for number, column in enumerate(columns.reshape(-1, length)):
            self._fill(column, number * rows + start)
        return columns.T

    def _empty(self, *shape: int) -> Array:
        """Return an array to be filled: a view of the buffer, if there is one."""
        if self._buffer is None:
            return np.empty(shape, self._array.dtype)
        return self._buffer[: math.prod(shape)].reshape(shape)

    def _fill(self, values: Array, first: int) -> Array:
        """Fill an array with values of the file, from the one with index `first` on."""
        return self._stream.fill(values, self._array.begin + first * self._array.dtype.itemsize)


def _check_kind(path: str, is_archive: bool) -> None:
    """Refuse a file that is no archive or no array, and say what it is."""
    magic = ARCHIVE if is_archive else npy.MAGIC_PREFIX
    with open(path, "rb") as file:
        if file.read(len(magic)) != magic:
            raise ValueError(foreign(path))


def array_names(path: str) -> list[str]:
    """Return the names of the arrays in an archive."""
    _check_kind(path, is_archive=True)
    return [entry.removesuffix(".npy") for entry in _entries(path)]


def _entries(path: str) -> list[str]:
    """Return the names in an archive, of arrays with their ending."""
    import zipfile

    with zipfile.ZipFile(path) as archive:
        return archive.namelist()


def _full_name(path: str, name: str) -> str:
    """Return the name of an array with its ending, as the archive lists it."""
    full = _entries(path)
    names = [entry.removesuffix(".npy") for entry in full]
    if not name and len(names) == 1:
        return full[0]
    if names.count(name) > 1:
        raise ValueError(f"it has {names.count(name)} arrays of this name")
    if name not in names:
        raise ValueError(f"name an array of it, as in {path}:name: it has {listing(names, name)}")
    return full[names.index(name)]


def _stream(path: str, member: str | None, stack: ExitStack) -> tuple[Any, int]:
    """Open the bytes of an array until the stack is closed; return them and how many they are."""
    if member is None:
        file = stack.enter_context(open(path, "rb", buffering=0))
        return file, os.fstat(file.fileno()).st_size
    import zipfile

    archive = stack.enter_context(zipfile.ZipFile(path))
    return stack.enter_context(archive.open(member)), archive.getinfo(member).file_size


def _header(stream: IO[bytes]) -> tuple[Shape, bool, DType]:
    """Read shape, order and dtype at the beginning of an array."""
    version = npy.read_magic(stream)
    if version not in VERSIONS:
        raise ValueError(f"its format has version {version[0]}.{version[1]}: 1.0 to 3.0 are known")
    read = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of spellings of old versions, which mean the same
        shape, is_fortran, dtype = read(stream)
    if any(type(length) is not int or length < 0 for length in shape):
        raise ValueError(f"its header announces shape {shape}")
    np.empty((0, *shape[1:]), dtype)  # raises where there can be no such array
    return shape, is_fortran, dtype
