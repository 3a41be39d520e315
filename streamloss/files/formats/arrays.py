"""Arrays in files of their own, aligned along axis 0, a batch of rows at a time."""

from __future__ import annotations

import os
import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray

from streamloss.arrays.convert import is_numeric
from streamloss.files.columns import Columns, Rows
from streamloss.files.folders import is_there
from streamloss.files.foreign import elsewhere, foreign
from streamloss.files.paths import missing
from streamloss.files.reading import explained, stamps

from .npy import Array, Reader, find

BYTES = 1 << 20
"""Bytes of an array in a batch: half of it took longer, and twice of it leaves the cache."""
STREAMED = 1 << 21
"""Values of a batch of which some come from a compressed stream, in another thread."""
LEAST = 1 << 12
"""Values of the shortest stretch: to begin one takes as long as to fold so many."""


class Arrays:
    """Arrays in ``.npy`` files and members of ``.npz`` files.

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
        self._rooms: dict[int, deque[dict[str, NDArray[Any]]]] = {}
        named = columns.named()
        self.paths = tuple(dict.fromkeys(_path(*item) for item in named.items()))
        self.stamps = stamps(self.paths)
        self._arrays = {option: _find(option, name) for option, name in named.items()}
        self.rows = self._arrays["--true"].shape[0]
        self.decoded = any(array.member is not None for array in self._arrays.values())
        self._width = max(array.width for array in self._arrays.values())
        for option, array in self._arrays.items():
            repeats = option in ("--weights", "--where") and array.shape[0] == 1
            if array.shape[0] != self.rows and not repeats:
                raise ValueError(
                    f"{option}: {named[option]} must have as many rows as {columns.true},"
                    f" {self.rows:,}: it has {array.shape[0]:,}"
                )

    def size(self, threads: bool) -> int:
        """Return how many values a batch best has."""
        widest = max(array.dtype.itemsize for array in self._arrays.values())
        return STREAMED if self.decoded else BYTES // widest

    def read(
        self, start: int, stop: int, size: int, threads: bool
    ) -> Iterator[tuple[int, Iterator[Rows]]]:
        """Yield the rows in one run, so few at a time that no array has over `size` values."""
        yield stop - start, self._batches(start, stop, self._step(size), threads)

    def _batches(self, start: int, stop: int, step: int, kept: bool) -> Iterator[Rows]:
        """Yield the rows, so many at a time, which stay after the next are asked for if `kept`."""
        with ExitStack() as stack:
            rooms = {} if kept else stack.enter_context(self._lent(step))
            takes = [self._taker(f"--{part}", stack, rooms) for part in Columns._fields]
            for first in range(start, stop, step):
                yield Rows(*(take(first, min(first + step, stop)) for take in takes))

    def cuts(self, size: int) -> Iterable[int]:
        """Return rows at least `size` values apart; a stream is only read from its beginning."""
        return [0] if self.decoded else range(0, self.rows, self._step(max(size, LEAST)))

    @contextmanager
    def _lent(self, step: int) -> Iterator[dict[str, NDArray[Any]]]:
        """Lend memory for so many rows of each array, of which the next stretch has use as well.

        The system clears what it gives anew: that took half of the time.
        """
        idle = self._rooms.setdefault(step, deque())
        try:
            rooms = idle.pop()
        except IndexError:
            rows = min(step, self.rows)
            rooms = {o: np.empty(rows * a.width, a.dtype) for o, a in self._arrays.items()}
        yield rooms
        idle.append(rooms)

    def _step(self, size: int) -> int:
        """Return how many rows have so many values; all, if they have none."""
        return max(1, size // self._width) if self._width else self.rows

    def _taker(
        self, option: str, stack: ExitStack, rooms: dict[str, NDArray[Any]]
    ) -> Callable[[int, int], Any]:
        """Return the function that takes rows of one array, until the stack is closed."""
        array = self._arrays.get(option)
        if array is None:
            return lambda start, stop: None
        reading = explained(f"{option}: cannot read {self._columns.named()[option]}")
        reader = reading(Reader)(array, stack, rooms.get(option))
        take = reading(reader.take)
        if array.shape[0] == self.rows:
            return take
        whole = take(0, 1).copy()
        return lambda start, stop: whole


def _split(name: str) -> tuple[str, str | None]:
    """Take ``file.npz:name`` apart."""
    found = re.match(r"(.*\.npz):(.*)", name, re.IGNORECASE | re.DOTALL)
    if found:
        return found[1], found[2]
    return name, "" if name.lower().endswith(".npz") else None


def _path(option: str, name: str) -> str:
    """Return the file of an array, refused if there is none or it cannot be one."""
    path, _ = _split(name)
    if not path.lower().endswith((".npy", ".npz")):
        rule = "without FILES it must name a .npy file, or an array as file.npz:name"
        hint = foreign(path) if os.path.isfile(path) else elsewhere(path)
        raise ValueError(f"{option}: {rule}: got {name!r}" + (f"; {hint}" if hint else ""))
    if not is_there(path):
        raise FileNotFoundError(f"{option}: {missing(path)}")
    return path


def _find(option: str, name: str) -> Array:
    """Find an array, refused if it does not hold numbers."""
    with explained(f"{option}: cannot read {name}"):
        array = find(*_split(name))
    rule = "booleans" if option == "--where" else "numbers"
    if not (is_numeric(array.dtype) if rule == "numbers" else array.dtype == np.bool_):
        raise ValueError(f"{option}: {name} must hold {rule}: it holds {array.dtype}")
    return array
