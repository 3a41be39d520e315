"""Columns as they are saved: named and typed planes of integers, one number after another.

A *plane* is an array of integers, each of 1, 2, 4 or 8 bytes, little-endian in two's complement:
as few as all of its numbers need. A column is one plane or several.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from .header import corrupt

_ENTRY = struct.Struct("<BHQH")

_BOUNDS = (("<i1", 1 << 7), ("<i2", 1 << 15), ("<i4", 1 << 31))


class Stored(NamedTuple):
    """A column as it is saved.

    Attributes
    ----------
    name : str
        What it is called.
    type : str
        A letter that says what the planes are.
    place : int
        Of a sum the number of the lowest digit.
    planes : list of integer array (numbers,)
        The numbers; as few bytes each as they need.
    """

    name: str
    type: str
    place: int
    planes: list[Any]

    def entry(self) -> bytes:
        """Return what the directory says of it."""
        name = self.name.encode("ascii")
        numbers, widths = len(self.planes[0]), bytes([p.dtype.itemsize for p in self.planes])
        head = _ENTRY.pack(ord(self.type), self.place, numbers, len(widths))
        return bytes([len(name)]) + name + head + widths


def stored(name: str, letter: str, planes: Any, place: int = 0) -> Stored:
    """Return a column of planes."""
    return Stored(name, letter, place, [_narrow(plane) for plane in planes])


def _narrow(plane: Any) -> Any:
    """Return numbers in as few bytes as all of them need."""
    low, high = (int(plane.min()), int(plane.max())) if len(plane) else (0, 0)
    for dtype, bound in _BOUNDS:
        if -bound <= low and high < bound:
            return np.ascontiguousarray(plane, dtype)
    return np.ascontiguousarray(plane, "<i8")


def write(columns: list[Stored]) -> Iterator[Any]:
    """Yield the directory of columns, and then their planes."""
    yield struct.pack("<I", len(columns))
    yield b"".join([column.entry() for column in columns])
    for column in columns:
        yield from [plane.view(np.uint8) for plane in column.planes]


def read(data: memoryview, most: int) -> dict[str, Stored]:
    """Return the columns that data hold, no more than so many; nothing is copied.

    Raises
    ------
    ValueError
        If the data are not just as long as their directory says, or it says nonsense.
    """
    found: dict[str, Stored] = {}
    entries, at = _directory(data, most)
    if at + sum([numbers * sum(widths) for *_, numbers, widths in entries]) != len(data):
        raise corrupt("it is not as long as its directory says")
    for name, letter, place, numbers, widths in entries:
        planes = []
        for width in widths:
            planes.append(np.frombuffer(data, f"<i{width}", numbers, at))
            at += numbers * width
        found[name] = Stored(name, letter, place, planes)
    return found


def _directory(data: memoryview, most: int) -> tuple[list[tuple[str, str, int, int, bytes]], int]:
    """Return what the directory says, and where it ends."""
    entries, at = [], 4
    try:
        (count,) = struct.unpack_from("<I", data)
        if count > most:
            raise corrupt(f"it has {count} columns")
        for _ in range(count):
            start = at + 1 + data[at]
            name = bytes(data[at + 1 : start]).decode("ascii")
            letter, place, numbers, size = _ENTRY.unpack_from(data, start)
            at = start + _ENTRY.size + size
            widths = bytes(data[at - size : at])
            if len(widths) < size or not size or set(widths) - {1, 2, 4, 8}:
                raise corrupt("a column of its directory cannot be")
            entries.append((name, chr(letter), place, numbers, widths))
    except (struct.error, IndexError, UnicodeDecodeError):
        raise corrupt("its directory ends within a column") from None
    return entries, at


def are_written(columns: list[Stored], data: memoryview) -> bool:
    """Return whether data are just what columns are written as."""
    at = 0
    for part in write(columns):
        stop = at + len(part)
        if stop > len(data):
            return False
        ours = np.frombuffer(part, np.uint8)
        if not np.array_equal(ours, np.frombuffer(data[at:stop], np.uint8)):
            return False
        at = stop
    return at == len(data)
