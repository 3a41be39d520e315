"""The integers of format version 1, which streamloss wrote up to 0.1: it is still read.

They follow cell by cell: five counts (elements, nonzero weights, omitted, masked, sizes of axis 0),
then for each loss and at last for the weights the counts of NaN, +inf and -inf terms and the sum
in units of 2**-1074. An integer is two lengths (2 bytes each) and m: it is m * 2**e, m odd and in
as few bytes as two's complement needs; the first "length" is e, the second the number of bytes of
m; zero has neither.
"""

from __future__ import annotations

import math
import re
import struct
from typing import Any

import numpy as np

from . import digits
from .counts import COLUMNS
from .digits import DIGITS
from .header import Header, corrupt
from .limits import MOST
from .state import State

STEP = 1 << 10
"""Integers that are read at once: their wide rows take 200 kB."""


def read_state(header: Header, data: memoryview) -> State | None:
    """Return the state whose integers the data hold, a few cells at a time."""
    cells = 0 if header.shape is None else math.prod(header.shape)
    width = COLUMNS + 4 * (header.rows + 1)
    if len(data) < 4 * cells * width or (data and not cells):
        raise corrupt(f"it holds too few or too many integers for {cells} cells")
    if header.shape is None:
        return None
    step, at, parts = max(1, STEP // width), 0, []
    for start in range(0, cells, step):
        part, at = _cells(data, at, min(step, cells - start), width)
        parts.append(part)
    if at != len(data):
        raise corrupt(f"it has {len(data) - at} bytes after its last integer")
    if not parts:
        return State.empty(header.shape, (width - COLUMNS) // 4 - 1)
    state = State.concatenated(parts, 0)
    return State(header.shape, state.sums, state.base, state.counts)


def _cells(data: memoryview, at: int, cells: int, width: int) -> tuple[State, int]:
    """Return the state of some cells, and where the data go on."""
    found, at = _unpack(data, at, cells * width)
    sums = width // 4 - 1
    counts = _counts([found[k::width] for k in range(COLUMNS)])
    starts = [COLUMNS + (DIGITS + 1) * k for k in range(sums)]
    flags = _counts([found[start + j :: width] for start in starts for j in range(DIGITS)])
    columns = np.array([found[start + DIGITS :: width] for start in starts], object)
    totals = columns.T.ravel().tolist()
    if any(total.bit_length() > digits.BITS for total in totals):
        raise corrupt("it has a sum that no data have")
    rows, base = digits.from_integers(totals, flags.reshape(-1, DIGITS))
    return State((cells,), rows.reshape(cells, sums, -1), base, counts), at


def _counts(columns: list[list[int]]) -> Any:
    """Return counts as rows of an array."""
    try:
        counts = np.array(columns, np.int64).T.copy()
    except OverflowError:
        counts = np.array([MOST + 1])
    if ((counts > MOST) | (counts < -MOST)).any():
        raise corrupt("it has a count that no data have")
    return counts


def _unpack(data: memoryview, at: int, number: int) -> tuple[list[int], int]:
    """Read so many integers from a place on; return them, and where the data go on."""
    found: list[int] = []
    while len(found) < number:
        if at + 4 > len(data):
            raise corrupt("it ends within an integer")
        twos, length = _lengths(data, at)
        if twos == length == 0:  # zero, as most integers are: many at a time
            zeros = len(_zeros(data, at, at + 4 * (number - len(found)))[0]) // 4
            found.extend([0] * zeros)
            at += 4 * zeros
            continue
        at += 4 + length
        odd = int.from_bytes(data[at - length : at], "little", signed=True)
        if not odd & 1 or length != odd.bit_length() // 8 + 1 or twos > digits.BITS:
            raise corrupt("it has an integer that is not written in the shortest way")
        found.append(odd << twos)
    return found, at


_lengths = struct.Struct("<HH").unpack_from
_zeros: Any = re.compile(rb"\0*").match
