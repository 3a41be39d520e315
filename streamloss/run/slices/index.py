"""Codes of keys that stay the same for all batches: 1, 2, 3 ... in order of arrival; 0 is missing.

An `Index` knows 64-bit integers, which keys of all kinds are made of (`keys`).
"""

from __future__ import annotations

import threading
from typing import Any

import numpy as np

from streamloss.arrays.types import Array
from streamloss.exact.ranks import places_of
from streamloss.kernels import codes as bodies
from streamloss.kernels.cpu import call

NEAR = 1 << 22
"""The distance of the lowest and the highest key up to which each has a slot: 16 MiB, of which a
lookup reads one, where a hash takes four times as long (`benchmarks/bench_slices.py`)."""

FARTHEST = 1 << 62
"""Keys beyond it have no near slots: their distance from others might be beyond 2**64."""

FEWEST, ROOMY, CROWDED = 64, 16, 4
"""Keys that there is room for at first; and slots of a hash for each of few keys, and of more than
2**18: a place that is taken costs a branch that the CPU does not foresee."""


class TooMany(Exception):
    """Raised for more keys than are allowed."""


def written(shape: int | tuple[int, ...], dtype: Any) -> Array:
    """Return zeros that are written: for those that are not the system gives small pages."""
    out = np.empty(shape, dtype)
    out[...] = 0
    return out


class Index:
    """The codes of 64-bit integers. Threads may look keys up while one of them adds some."""

    def __init__(self) -> None:
        self.known = np.zeros(FEWEST, np.int64)
        self.count = 1
        self._lock = threading.Lock()
        self._look: tuple[int, int, Array, Array] | None = None
        self._ids: dict[int, int] = {}

    @classmethod
    def of(cls, keys: Array) -> Index:
        """Return an index that has some keys, in the order of their codes."""
        out = cls()
        out.known = np.append(np.zeros(1, np.int64), keys)
        out.count = out.known.size
        return out

    def keys(self) -> Array:
        """Return the keys by their codes, from that of code 1 on."""
        return self.known[1 : self.count]

    @property
    def expected(self) -> int:
        """How many codes there may soon be: all that have a slot, or room."""
        if self._look is not None and self._look[1] < 0:
            return min(self._look[2].size + 1, 16 * self.count)
        return self.known.size

    def ordered(self) -> Array:
        """Return all codes in the order of their keys."""
        if self._look is not None and self._look[1] < 0:
            slots = self._look[2]
            return np.asarray(slots[slots != 0], np.int64)
        return np.asarray(places_of(self.keys()) + 1, np.int64)

    def codes(self, keys: Array, out: Array, quick: bool, most: int = 1 << 31) -> None:
        """Write the codes of keys; new ones get theirs, at most so many in all.

        Parameters
        ----------
        keys : int64 or int32 array
            Contiguous.
        out : int32 array
            Where codes are written.
        quick : bool
            Whether kernels are worth loading: of few keys, a dictionary of Python is quicker.
        most : int
            How many keys there may be.

        Raises
        ------
        TooMany
            If there are more; some may have been added.
        """
        if not keys.size:
            return
        if not quick:
            with self._lock:
                self._by_dictionary(keys, out, most)
            return
        state = np.zeros(3, np.int64)
        look = self._look
        if look is None:
            out[:] = 0
        elif not self._find(look, keys, out, state):
            return
        with self._lock:
            self._add(keys, out, state, most)

    def forget(self, count: int) -> None:
        """Forget all keys from a code on: no thread may be looking."""
        if count < self.count:
            self.count, self._look = count, None
            self._ids.clear()

    def _by_dictionary(self, keys: Array, out: Array, most: int) -> None:
        ids = self._ids
        for code in range(len(ids) + 1, self.count):
            ids[int(self.known[code])] = code
        for key in dict.fromkeys(keys.tolist()):
            if key not in ids:
                if self.count > most:
                    raise TooMany
                if self.count == self.known.size:
                    self._grow(self.count + 1)
                self.known[self.count] = key
                ids[key] = self.count
                self.count, self._look = self.count + 1, None
        out[:] = [ids[key] for key in keys.tolist()]

    def _find(self, look: Any, keys: Array, out: Array, state: Array) -> bool:
        """Write the codes of keys, 0 of those that are not known; return whether there are such."""
        lowest, shift, slots, known = look
        if shift < 0:
            call(bodies.find_near, (), keys, lowest, slots, out, state)
        else:
            homes = np.empty(bodies.STEP + bodies.SOONER, np.int64)
            call(bodies.find_hashed, (), keys, shift, slots, known, out, homes, state)
        return bool(state[bodies.MISSES])

    def _add(self, keys: Array, out: Array, state: Array, most: int) -> None:
        """Give codes to keys that have none."""
        lost = keys[out == 0]
        self._make_room(int(lost.min()), int(lost.max()))
        state[bodies.COUNT], state[bodies.DONE] = self.count, 0
        while True:
            assert self._look is not None
            try:
                call(bodies.add_keys, (), keys, *self._look, out, state)
                self.count = int(state[bodies.COUNT])
            except BaseException:  # an interrupt: slots have codes that nobody knows of
                self._look = None
                raise
            if self.count - 1 > most:
                raise TooMany
            if state[bodies.DONE] == keys.size:
                return
            self._grow(2 * self.known.size)

    def _make_room(self, low: int, high: int) -> None:
        """Have slots for keys from a lowest to a highest one."""
        if self._look is not None:
            lowest, shift, slots, _ = self._look
            if shift >= 0 or (low >= lowest and high < lowest + slots.size - 1):
                return
        some = self.keys()
        low, high = min(low, int(some.min(initial=low))), max(high, int(some.max(initial=high)))
        self._lay(low, high)

    def _grow(self, size: int) -> None:
        """Have room for so many keys."""
        known = written(size, np.int64)
        known[: self.count] = self.known[: self.count]
        self.known = known
        if self._look is not None:
            lowest, shift, slots, _ = self._look
            if shift < 0:
                self._look = lowest, shift, slots, known
            else:
                self._hash()

    def _lay(self, low: int, high: int) -> None:
        """Lay slots out for all keys, and others between the lowest and the highest."""
        if high - low >= NEAR or max(high, -low) >= FARTHEST:
            self._hash()
            return
        margin = min((high - low) // 8, NEAR - (high - low) - 1)
        low -= margin // 2
        slots = written(max(high - low + 2 + margin // 2, FEWEST), np.int32)
        self._fill(low, -1, slots)

    def _hash(self) -> None:
        """Lay slots out by a hash."""
        each = ROOMY if self.known.size <= 1 << 18 else CROWDED
        bits = (each * self.known.size - 1).bit_length()
        self._fill(0, 64 - bits, written(1 << bits, np.int32))

    def _fill(self, lowest: int, shift: int, slots: Array) -> None:
        call(bodies.fill_slots, (), lowest, shift, slots, self.known, 1, self.count)
        self._look = lowest, shift, slots, self.known
