"""Bytes of a file, or of what is unpacked from it, read into memory of this process.

Files are not mapped into memory: then the system would end the process where a file is made
shorter meanwhile, and arrays would change where others write into the file.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from streamloss.arrays.types import Array

BATCH_BYTES = 1 << 20
"""Bytes of the widest input in a batch of what is read as it lies.

With half of it reading takes longer, and twice of it does not stay in the cache
(`benchmarks/bench_files.py`, `Arrays`, `Arrow`).
"""
PACKED_VALUES = 1 << 21
"""Values of an input in a batch of what is unpacked, by another thread."""
SHORTEST_STRETCH = 1 << 12
"""Values of an input in the shortest stretch: to begin a stretch takes as long as to sum these."""
READ_BYTES = 1 << 20
"""Most bytes asked for in one read: a compressed file holds as many once more while it unpacks."""


class Stream:
    """Bytes that are read from any one on; where they are unpacked, onwards alone.

    Parameters
    ----------
    file : binary file
        What they are read from; it stands at the byte `at`.
    at : int
        The byte that comes next.
    is_packed : bool
        Whether they are unpacked: then others are skipped by reading them.
    """

    def __init__(self, file: Any, at: int, is_packed: bool) -> None:
        self._file, self._at, self._is_packed = file, at, is_packed

    def fill(self, values: Array, begin: int) -> Array:
        """Fill an array with the bytes from one on, and return it.

        Raises
        ------
        ValueError
            If they end too early.
        """
        rest = values.reshape(-1).view(np.uint8).data
        if begin != self._at:
            self._skip_to(begin)
        self._at = begin + len(rest)
        while rest:
            rest = rest[self._came(self._file.readinto(rest[:READ_BYTES])) :]
        return values

    def _skip_to(self, begin: int) -> None:
        """Go to a byte: of an archive by reading, since its checksum covers the bytes before."""
        if not self._is_packed:
            self._file.seek(begin)
            return
        while self._at < begin:
            self._at += self._came(len(self._file.read(min(READ_BYTES, begin - self._at))))

    @staticmethod
    def _came(number: int) -> int:
        """Return how many bytes came, refused if there are none."""
        if not number:
            raise ValueError("it ends too early")
        return number
