"""How an accumulator is written as bytes.

=========  =====  ==========================================================================
offset     bytes  content
=========  =====  ==========================================================================
0          8      magic, ``b"strmloss"``
8          4      version of the format, 1
12         8      length of the body
20         16     BLAKE2b checksum (16 bytes) of everything else
36         body   length of the header (4 bytes), header, integers
=========  =====  ==========================================================================

Numbers are little-endian. The header is JSON: for each loss its name (or ``module:Class`` for a
user's) and its parameters as hexadecimal floats; how a list of losses was spelled (null for one
that was no text, and for a single loss); axis, nan, shape (null without any update), and the
version of streamloss that wrote it, which readers ignore and the first writers left out.

The integers follow cell by cell: five counts (elements, nonzero weights, omitted, masked, sizes
of axis 0), then for each loss and at last for the weights the counts of NaN, +inf and -inf terms
and the sum in units of 2**-1074. An integer is two lengths (2 bytes each) and m: it is m * 2**e,
m odd and in as few bytes as two's complement needs; the first "length" is e, the second the
number of bytes of m; zero has neither. So equal accumulators, spelled alike, give equal bytes,
however their sums are held. Only such bytes are read: whoever wrote them, what `dump` would not
write is refused, and before it is known how long the data are nothing of that size is built.
"""

from __future__ import annotations

import math
import re
import struct
from collections.abc import Iterator
from hashlib import blake2b
from typing import Any

import numpy as np

from streamloss.losses.base import Loss
from streamloss.support.maker import version

from . import digits
from .counts import COLUMNS
from .digits import DIGITS
from .header import LONGEST, Header, read_header, write_header
from .limits import MOST
from .state import State

MAGIC, VERSION = b"strmloss", 1
_HEAD = struct.Struct("<8sIQ16s")

STEP = 1 << 10
"""Integers that are read at once: their wide rows take 200 kB."""

_corrupt = "data is corrupt: {}".format


def dump(losses: tuple[Loss, ...], specs: Any, axis: Any, nan: str, state: State | None) -> bytes:
    """Return the bytes of an accumulator.

    Raises
    ------
    ValueError
        If the losses are more than what can be read again.
    """
    shape = None if state is None else state.shape
    text = write_header(Header(losses, specs, axis, nan, shape), version())
    parts = [struct.pack("<I", len(text)), text]
    if state is not None:
        parts.extend(map(_pack, _integers(state)))
    body = b"".join(parts)
    return _HEAD.pack(MAGIC, VERSION, len(body), _checksum(body)) + body


def _checksum(body: Any) -> bytes:
    digest = blake2b(struct.pack("<8sIQ", MAGIC, VERSION, len(body)), digest_size=16)
    digest.update(body)
    return digest.digest()


def _integers(state: State) -> Iterator[int]:
    """Yield the integers of a state in the order of the format."""
    sums = iter(digits.integers(state.sums, state.base))
    flags = state.sums[..., :DIGITS].tolist()
    for counts, rows in zip(state.counts.tolist(), flags, strict=True):
        yield from counts
        for row in rows:
            yield from row
            yield next(sums)


def _pack(value: int) -> bytes:
    """Write one integer."""
    if value == 0:
        return b"\0\0\0\0"
    twos = (value & -value).bit_length() - 1
    odd = value >> twos
    length = odd.bit_length() // 8 + 1
    return struct.pack("<HH", twos, length) + odd.to_bytes(length, "little", signed=True)


def load(data: Any) -> tuple[Header, State | None]:
    """Return the header and the state.

    Raises
    ------
    ValueError
        If the data is no whole, unchanged accumulator of a known version.
    """
    data = memoryview(data).cast("B")
    if len(data) < _HEAD.size or data[:8] != MAGIC:
        raise ValueError("data must be written by Accumulator.to_bytes: it does not begin like it")
    _, version, length, checksum = _HEAD.unpack_from(data)
    if version != VERSION:
        raise ValueError(f"data must have format version {VERSION}: got {version}")
    body = data[_HEAD.size :]
    if len(body) != length:
        raise ValueError(f"data must have a body of {length} bytes: got {len(body)}")
    if _checksum(body) != checksum:
        raise ValueError(_corrupt("its checksum does not match"))
    size = int.from_bytes(body[:4], "little")
    if len(body) < 4 or size > min(len(body) - 4, LONGEST):
        raise ValueError(_corrupt(f"its header cannot have {size} bytes"))
    header = read_header(bytes(body[4 : 4 + size]))
    return header, _state(header, body[4 + size :])


def _state(header: Header, data: memoryview) -> State | None:
    """Return the state whose integers the data hold, a few cells at a time."""
    cells = 0 if header.shape is None else math.prod(header.shape)
    if len(data) < 4 * cells * header.width or (data and not cells):
        raise ValueError(_corrupt(f"it holds too few or too many integers for {cells} cells"))
    if header.shape is None:
        return None
    step, at, parts = max(1, STEP // header.width), 0, []
    for start in range(0, cells, step):
        part, at = _cells(data, at, min(step, cells - start), header.width)
        parts.append(part)
    if at != len(data):
        raise ValueError(_corrupt(f"it has {len(data) - at} bytes after its last integer"))
    if not parts:
        return State.empty(header.shape, (header.width - COLUMNS) // 4 - 1)
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
        raise ValueError(_corrupt("it has a sum that no data have"))
    rows, base = digits.from_integers(totals, flags.reshape(-1, DIGITS))
    return State((cells,), rows.reshape(cells, sums, -1), base, counts), at


def _counts(columns: list[list[int]]) -> Any:
    """Return counts as rows of an array."""
    try:
        counts = np.array(columns, np.int64).T.copy()
    except OverflowError:
        counts = np.array([MOST + 1])
    if ((counts > MOST) | (counts < -MOST)).any():
        raise ValueError(_corrupt("it has a count that no data have"))
    return counts


def _unpack(data: memoryview, at: int, number: int) -> tuple[list[int], int]:
    """Read so many integers from a place on; return them, and where the data go on."""
    found: list[int] = []
    while len(found) < number:
        if at + 4 > len(data):
            raise ValueError(_corrupt("it ends within an integer"))
        twos, length = _lengths(data, at)
        if twos == length == 0:  # zero, as most integers are: many at a time
            zeros = len(_zeros(data, at, at + 4 * (number - len(found)))[0]) // 4
            found.extend([0] * zeros)
            at += 4 * zeros
            continue
        at += 4 + length
        odd = int.from_bytes(data[at - length : at], "little", signed=True)
        if not odd & 1 or length != odd.bit_length() // 8 + 1 or twos > digits.BITS:
            raise ValueError(_corrupt("it has an integer that is not written in the shortest way"))
        found.append(odd << twos)
    return found, at


_lengths = struct.Struct("<HH").unpack_from
_zeros: Any = re.compile(rb"\0*").match
