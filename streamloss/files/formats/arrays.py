"""Columns that are arrays in files of their own, aligned along axis 0, read in batches of rows."""

from __future__ import annotations

import os
import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import numpy as np

from streamloss.arrays.convert import is_numeric
from streamloss.arrays.types import Array
from streamloss.files.columns import Columns, Rows
from streamloss.files.folders import is_there
from streamloss.files.foreign import elsewhere, foreign
from streamloss.files.paths import missing
from streamloss.files.reading import explained, stamps

from .npy import RowReader, StoredArray, find_array

BATCH_BYTES = 1 << 20
"""Bytes of the widest array in a batch.

With half of it reading takes longer, and twice of it does not stay in the cache
(`benchmarks/bench_files.py`, `Arrays`).
"""
DECODED_VALUES = 1 << 21
"""Values of an array in a batch where an array is in an archive, decoded by another thread."""
SHORTEST_STRETCH = 1 << 12
"""Values of an array in the shortest stretch: to begin a stretch takes as long as to sum these."""

Buffers = dict[str, Array]
"""Memory that rows of each array are read into, by the option that named the array."""


class Arrays:
    """Arrays in ``.npy`` files and in ``.npz`` archives, all of as many rows.

    Weights and masks of one row are repeated.

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
        self._idle: dict[int, deque[Buffers]] = {}
        named = columns.named()
        self.paths = tuple(dict.fromkeys(_path(*item) for item in named.items()))
        self.stamps = stamps(self.paths)
        self._arrays = {option: _find_numbers(option, name) for option, name in named.items()}
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

    def best_batch(self, use_threads: bool) -> int:
        """Return how many values of an array a batch should have to be read fastest."""
        widest = max(array.dtype.itemsize for array in self._arrays.values())
        return DECODED_VALUES if self.decoded else BATCH_BYTES // widest

    def read(
        self, start: int, stop: int, batch_values: int, use_threads: bool
    ) -> Iterator[tuple[int, Iterator[Rows]]]:
        """Yield one run, the rows in batches in which no array has over `batch_values` values."""
        yield stop - start, self._batches(start, stop, self._rows_of(batch_values), use_threads)

    def _batches(self, start: int, stop: int, step: int, fresh: bool) -> Iterator[Rows]:
        """Yield `step` rows at a time, if `fresh` in memory of their own, else all in the same."""
        with ExitStack() as stack:
            buffers = {} if fresh else stack.enter_context(self._lent_buffers(step))
            takes = [self._taker(f"--{role}", stack, buffers) for role in Columns._fields]
            for first in range(start, stop, step):
                yield Rows(*(take(first, min(first + step, stop)) for take in takes))

    def cuts(self, values: int) -> Iterable[int]:
        """Return rows at least so many values apart; an archive is read from row 0 alone."""
        if self.decoded:
            return [0]
        return range(0, self.rows, self._rows_of(max(values, SHORTEST_STRETCH)))

    @contextmanager
    def _lent_buffers(self, step: int) -> Iterator[Buffers]:
        """Lend memory for so many rows of each array, which later stretches use again.

        New memory is cleared by the system, which took half of the time of a stretch
        (`benchmarks/bench_files.py`, `Arrays`).
        """
        idle = self._idle.setdefault(step, deque())
        try:
            buffers = idle.pop()
        except IndexError:
            rows = min(step, self.rows)
            buffers = {o: np.empty(rows * a.width, a.dtype) for o, a in self._arrays.items()}
        yield buffers
        idle.append(buffers)

    def _rows_of(self, values: int) -> int:
        """Return in how many rows the widest array has so many values; all rows, if it has none."""
        return max(1, values // self._width) if self._width else self.rows

    def _taker(self, option: str, stack: ExitStack, buffers: Buffers) -> Callable[[int, int], Any]:
        """Return the function that reads rows of one array, until the stack is closed.

        The function returns None if the option named no array.
        """
        array = self._arrays.get(option)
        if array is None:
            return lambda start, stop: None
        reading = explained(f"{option}: cannot read {self._columns.named()[option]}")
        reader = reading(RowReader)(array, stack, buffers.get(option))
        take = reading(reader.take)
        if array.shape[0] == self.rows:
            return take
        whole = take(0, 1).copy()
        return lambda start, stop: whole


def _split(name: str) -> tuple[str, str | None]:
    """Split ``file.npz:name`` into file and name; an ``.npz`` file alone has the name ""."""
    found = re.match(r"(.*\.npz):(.*)", name, re.IGNORECASE | re.DOTALL)
    if found:
        return found[1], found[2]
    return name, "" if name.lower().endswith(".npz") else None


def _path(option: str, name: str) -> str:
    """Return the file that an option names, refused if there is none or of another ending."""
    path, _ = _split(name)
    if not path.lower().endswith((".npy", ".npz")):
        rule = "without FILES it must name a .npy file, or an array as file.npz:name"
        hint = foreign(path) if os.path.isfile(path) else elsewhere(path)
        raise ValueError(f"{option}: {rule}: got {name!r}" + (f"; {hint}" if hint else ""))
    if not is_there(path):
        raise FileNotFoundError(f"{option}: {missing(path)}")
    return path


def _find_numbers(option: str, name: str) -> StoredArray:
    """Find an array, refused if it does not hold numbers, for a mask booleans."""
    with explained(f"{option}: cannot read {name}"):
        array = find_array(*_split(name))
    rule = "booleans" if option == "--where" else "numbers"
    if not (is_numeric(array.dtype) if rule == "numbers" else array.dtype == np.bool_):
        raise ValueError(f"{option}: {name} must hold {rule}: it holds {array.dtype}")
    return array
