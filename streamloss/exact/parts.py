"""Parts of tables, to which slices go by hashes of their keys: the same in every process."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from typing import Any

import numpy as np

from .ranks import KeyColumn

FIRST, SECOND = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
"""The multipliers of the finaliser of SplitMix64: of two numbers that differ in one bit it gives
such that differ in half of them."""


def parts_of_rows(keys: Sequence[KeyColumn], rows: int, parts: int) -> Any:
    """Return for each row the part that it goes to, of so many."""
    found = np.zeros(rows, np.uint64)
    for key in keys:
        hashes = np.append(_hashes(key.values), np.uint64(0))  # the last of a missing key
        found = _mixed(found ^ hashes[key.codes])
    return found % np.uint64(parts)


def _hashes(values: Any) -> Any:
    """Return a hash of each canonical value; Python's own differ from process to process."""
    if values.dtype != object:
        return _mixed(values.view(np.uint64))
    texts = [each.encode() if isinstance(each, str) else each for each in values.tolist()]
    return _mixed(np.array([zlib.crc32(text) for text in texts], np.uint64))


def _mixed(numbers: Any) -> Any:
    """Return 64-bit numbers with their bits mixed."""
    numbers = (numbers ^ (numbers >> np.uint64(30))) * FIRST
    numbers = (numbers ^ (numbers >> np.uint64(27))) * SECOND
    return numbers ^ (numbers >> np.uint64(31))
