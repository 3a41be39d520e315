"""Arrays in ``.npy`` files, memory mapped, and in ``.npz`` files, read in pieces."""

from __future__ import annotations

import math
import os
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import IO, Any

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from streamloss._convert import is_numeric

from ._mapped import Mapped
from ._paths import missing
from ._rows import Columns, Rows, listing

VALUES = 1 << 23
"""Values of a batch of mapped arrays, on which each call costs two threads 0.5 ms."""
STREAMED = 1 << 21
"""Values of a batch of which some are copied from a stream."""
PIECE = 1 << 20
"""Bytes taken from a compressed stream at a time."""


class Member:
    """An array in an ``.npz`` file, which can only be read from its beginning to its end."""

    def __init__(self, path: str, name: str) -> None:
        archive = zipfile.ZipFile(path)
        names = [entry.removesuffix(".npy") for entry in archive.namelist()]
        if not name and len(names) == 1:
            name = names[0]
        if name not in names:
            raise ValueError(
                f"name an array of it, as in {path}:name: it has {listing(names, name)}"
            )
        self._stream = archive.open(archive.namelist()[names.index(name)])
        shape, fortran, self.dtype = _header(self._stream)
        if fortran:
            raise ValueError("its rows lie apart (Fortran order): save np.ascontiguousarray of it")
        self.shape = shape or (1,)
        self._data = self._stream.tell()

    def take(self, start: int, stop: int) -> NDArray[Any]:
        """Return a copy of these rows, none of which come before those taken last."""
        array = np.empty((stop - start, *self.shape[1:]), self.dtype)
        begin = self._data + start * self.dtype.itemsize * math.prod(self.shape[1:])
        if self._stream.tell() != begin:
            self._stream.seek(begin)
        buffer = array.reshape(-1).view(np.uint8)
        for first in range(0, buffer.size, PIECE):
            room = buffer[first : first + PIECE]
            data = self._stream.read(room.size)
            if len(data) != room.size:
                raise ValueError("it ends too early")
            room[:] = np.frombuffer(data, np.uint8)
        return array


def _header(stream: IO[bytes]) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    """Read shape, order and dtype at the beginning of an array."""
    version = npy.read_magic(stream)
    if version == (1, 0):
        return npy.read_array_header_1_0(stream)
    return npy.read_array_header_2_0(stream)


class Arrays:
    """Arrays in files of their own, aligned along axis 0.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If a file cannot be read as an array of numbers (for the mask: of booleans), or the
        lengths differ.
    """

    def __init__(self, columns: Columns) -> None:
        self._columns = columns
        named = columns.named()
        arrays = {option: _open(option, name) for option, name in named.items()}
        self._mapped = {option: a for option, a in arrays.items() if isinstance(a, Mapped)}
        self.paths = tuple(dict.fromkeys(_split(name)[0] for name in named.values()))
        self.rows = arrays["--true"].shape[0]
        self.decoded = any(isinstance(array, Member) for array in arrays.values())
        self._width = max(1, *(math.prod(array.shape[1:]) for array in arrays.values()))
        for option, array in arrays.items():
            repeats = option in ("--weights", "--where") and array.shape[0] == 1
            if array.shape[0] != self.rows and not repeats:
                raise ValueError(
                    f"{option}: {named[option]} must have as many rows as {columns.true},"
                    f" {self.rows:,}: it has {array.shape[0]:,}"
                )

    def size(self, threads: bool) -> int:
        """Return how many values a batch best has."""
        return STREAMED if self.decoded else VALUES

    def read(self, start: int, stop: int, size: int, threads: bool) -> Iterator[Rows]:
        """Yield the rows, so few at a time that no array has over `size` values."""
        step = max(1, size // self._width)
        takes = [self._taker(f"--{part}", name) for part, name in self._columns._asdict().items()]
        for first in range(start, stop, step):
            yield Rows(*(take(first, min(first + step, stop)) for take in takes))

    def cuts(self, size: int) -> Iterable[int]:
        """Return rows at least `size` values apart; a stream is only read from its beginning."""
        if any(path.endswith(".npz") for path in self.paths):
            return [0]
        return range(0, self.rows, max(1, size // self._width))

    def _taker(self, option: str, name: str | None) -> Callable[[int, int], Any]:
        """Return the function that takes rows of one array."""
        if name is None:
            return lambda start, stop: None
        array = self._mapped.get(option) or _open(option, name)
        if array.shape[0] != self.rows:
            whole = array.take(0, 1)
            return lambda start, stop: whole

        def take(start: int, stop: int) -> NDArray[Any]:
            with _named(option, name):
                return array.take(start, stop)

        return take


def _split(name: str) -> tuple[str, str | None]:
    """Take ``file.npz:name`` apart."""
    path, found, member = name.rpartition(".npz:")
    if found:
        return path + ".npz", member
    return name, "" if name.endswith(".npz") else None


def _open(option: str, name: str) -> Mapped | Member:
    """Open an array, refused if it does not hold numbers."""
    path, member = _split(name)
    if not path.endswith((".npy", ".npz")):
        rule = "without FILES it must name a .npy file, or an array as file.npz:name"
        raise ValueError(f"{option}: {rule}: got {name!r}")
    if not os.path.isfile(path):
        raise FileNotFoundError(f"{option}: {missing(path)}")
    with _named(option, name):
        array = Mapped(path) if member is None else Member(path, member)
    rule = "booleans" if option == "--where" else "numbers"
    if not (is_numeric(array.dtype) if rule == "numbers" else array.dtype == np.bool_):
        raise ValueError(f"{option}: {name} must hold {rule}: it holds {array.dtype}")
    return array


@contextmanager
def _named(option: str, name: str) -> Iterator[None]:
    """Say which array it is that cannot be read."""
    unreadable = (ValueError, OSError, EOFError, RuntimeError, zipfile.BadZipFile, zlib.error)
    try:
        yield
    except unreadable as error:
        raise ValueError(f"{option}: cannot read {name}: {error}") from error
