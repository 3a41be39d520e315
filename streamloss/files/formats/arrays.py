"""Columns that are arrays in files of their own, aligned along axis 0, read in batches of rows."""

from __future__ import annotations

import os
import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import NamedTuple

import numpy as np

from streamloss.arrays.convert import is_numeric
from streamloss.arrays.types import Array
from streamloss.files.columns import Arrays, Columns, KeyRole, KeysIn
from streamloss.files.folders import is_there
from streamloss.files.foreign import elsewhere, foreign
from streamloss.files.paths import missing
from streamloss.files.reading import Refused, explained, stamps
from streamloss.files.source import Reading

from .npy import RowReader, StoredArray, array_names, find_array
from .stream import BATCH_BYTES, PACKED_VALUES, SHORTEST_STRETCH

KEYS = "biufSUMm"
"""The kinds of dtypes that keys may have."""


class Location(NamedTuple):
    """Where an array is: a ``.npy`` file, or an archive and the array's name there.

    Without a name there it is the only array of the archive.
    """

    path: str
    member: str | None

    @classmethod
    def of(cls, name: str) -> Location:
        """Return the location that ``file.npy``, ``file.npz`` or ``file.npz:name`` names."""
        found = re.match(r"(.*\.npz):(.*)", name, re.IGNORECASE | re.DOTALL)
        if found:
            return cls(found[1], found[2])
        return cls(name, "" if name.lower().endswith(".npz") else None)

    def __str__(self) -> str:
        return f"{self.path}:{self.member}" if self.member else self.path


class ArrayFiles:
    """Arrays in ``.npy`` files and in ``.npz`` archives, all of as many rows: a `Source`.

    Weights and masks of one row are repeated.

    Parameters
    ----------
    columns : Columns
        The names of the columns.
    locations : mapping of str to Location
        Where each column is.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If a file cannot be read as an array of numbers (for the mask: of booleans), or the
        lengths differ.
    """

    def __init__(self, columns: Columns, locations: Mapping[str, Location]) -> None:
        self.columns, self._locations = columns, locations
        self._idle: dict[int, deque[dict[str, Array]]] = {}
        named = list(columns.named())
        self._role = {name: role for role, name in reversed(named)}
        self._inputs = columns.numbers()
        self.paths = tuple(dict.fromkeys(_path(role, locations[name]) for role, name in named))
        self.stamps = stamps(self.paths)
        self._arrays = {name: _find(role, locations[name]) for role, name in named}
        self._check_roles(named)
        first = named[0][1]
        self._length = self._arrays[first].shape[0]
        self.rows: int | None = self._length
        self.decoded = any(array.member is not None for array in self._arrays.values())
        self._width = columns.width({name: array.width for name, array in self._arrays.items()})
        for role, name in named:
            rows = self._arrays[name].shape[0]
            repeats = role in ("weights", "where") and rows == 1
            if rows != self._length and not repeats:
                raise Refused(
                    f"{role}: {locations[name]} must have as many rows as {locations[first]},"
                    f" {self._length:,}: it has {rows:,}"
                )

    def _check_roles(self, named: Iterable[tuple[str, str]]) -> None:
        """Refuse arrays that hold something else than their roles need."""
        for role, name in named:
            array = self._arrays[name]
            if (rule := _lacks(role, array)) is not None:
                got = str(array.dtype)
                got += f" of shape {array.shape}" if isinstance(role, KeyRole) else ""
                raise Refused(f"{role}: {self._locations[name]} must {rule}: it holds {got}")

    def best_batch(self, use_threads: bool) -> int:
        """Return how many values of an input a batch should have to be read fastest."""
        widest = max(array.dtype.itemsize for array in self._arrays.values())
        return PACKED_VALUES if self.decoded else BATCH_BYTES // widest

    def read(
        self, start: int, stop: int | None, batch_values: int, use_threads: bool
    ) -> Iterator[tuple[int, Iterator[Arrays]]]:
        """Yield one run, the rows in batches in which no input has over `batch_values` values."""
        assert stop is not None
        yield stop - start, self._batches(start, stop, self._rows_of(batch_values), use_threads)

    def _batches(self, start: int, stop: int, step: int, fresh: bool) -> Iterator[Arrays]:
        """Yield `step` rows at a time, if `fresh` in memory of their own, else all in the same."""
        with ExitStack() as stack:
            buffers = {} if fresh else stack.enter_context(self._lent_buffers(step))
            takes = {name: self._taker(name, stack, buffers) for name in self._arrays}
            for first in range(start, stop, step):
                last = min(first + step, stop)
                found = {name: take(first, last) for name, take in takes.items()}
                yield self._by_roles(found)

    def _by_roles(self, arrays: dict[str, Array]) -> Arrays:
        """Return rows of arrays as inputs and as keys; one that is both is read once."""
        found: Arrays = {name: arrays[name] for name in self._inputs}
        found.update({KeysIn(name): arrays[name] for name in self.columns.by})
        return found

    def cuts(self, values: int) -> Iterable[int]:
        """Return rows at least so many values apart; an archive is read from row 0 alone."""
        if self.decoded:
            return [0]
        return range(0, self._length, self._rows_of(max(values, SHORTEST_STRETCH)))

    @contextmanager
    def _lent_buffers(self, step: int) -> Iterator[dict[str, Array]]:
        """Lend memory for so many rows of each array, which later stretches use again.

        New memory is cleared by the system, which took half of the time of a stretch
        (`benchmarks/bench_files.py`, `Arrays`).
        """
        idle = self._idle.setdefault(step, deque())
        try:
            buffers = idle.pop()
        except IndexError:
            rows = min(step, self._length)
            buffers = {o: np.empty(rows * a.width, a.dtype) for o, a in self._arrays.items()}
        yield buffers
        idle.append(buffers)

    def _rows_of(self, values: int) -> int:
        """Return in how many rows the widest array has so many values; all rows, if it has none."""
        return max(1, values // self._width) if self._width else self._length

    def _taker(
        self, name: str, stack: ExitStack, buffers: dict[str, Array]
    ) -> Callable[[int, int], Array]:
        """Return the function that reads rows of one array, until the stack is closed."""
        array = self._arrays[name]
        reading = explained(f"{self._role[name]}: cannot read {self._locations[name]}")
        reader = reading(RowReader)(array, stack, buffers.get(name))
        take: Callable[[int, int], Array] = reading(reader.take)
        if array.shape[0] == self._length:
            return take
        whole = take(0, 1).copy()
        return lambda start, stop: whole


def open_table(path: str, columns: Columns, reading: Reading) -> ArrayFiles:
    """Open an archive, whose arrays are the columns."""
    return ArrayFiles(columns, {name: Location(path, name) for name in columns.names()})


def column_names(path: str, reading: Reading) -> list[str]:
    """Return the names of the arrays in an archive."""
    with explained(f"cannot read {path}"):
        return array_names(path)


def _path(role: str, location: Location) -> str:
    """Return the file of an array, refused if there is none or it is called like no array."""
    path = location.path
    if location.member is None and not path.lower().endswith(".npy"):
        rule = "where no files hold columns it must be a .npy file, or an array as file.npz:name"
        hint = foreign(path) if os.path.isfile(path) else elsewhere(path)
        raise Refused(f"{role}: {rule}: got {path!r}" + (f"; {hint}" if hint else ""))
    if not is_there(path):
        raise FileNotFoundError(f"{role}: {missing(path)}")
    return path


def _lacks(role: str, array: StoredArray) -> str | None:
    """Return what an array of a role must do, None if it does."""
    if role == "where":
        return None if array.dtype == np.bool_ else "hold booleans"
    if not isinstance(role, KeyRole):
        return None if is_numeric(array.dtype) else "hold numbers"
    if array.dtype.kind not in KEYS:
        return "hold booleans, numbers, text or times"
    return None if len(array.shape) == 1 else "have one axis"


def _find(role: str, location: Location) -> StoredArray:
    """Find an array."""
    with explained(f"{role}: cannot read {location}"):
        return find_array(*location)
