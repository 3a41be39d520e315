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
that was no text, and for a single loss); axis, nan, and shape (null without any update).

The integers follow cell by cell: five counts (elements, nonzero weights, omitted, masked, sizes
of axis 0), then for each loss and at last for the weights the counts of NaN, +inf and -inf terms
and the sum in units of 2**-1074. An integer is two lengths (2 bytes each) and m: it is m * 2**e,
m odd and in as few bytes as two's complement needs; the first "length" is e, the second the
number of bytes of m; zero has neither. So equal accumulators, spelled alike, give equal bytes,
however their sums are held.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator
from hashlib import blake2b
from typing import Any

import numpy as np

from . import _exact
from ._exact import DIGITS
from ._registry import LOSSES, by_key, parts_of
from .state import State

MAGIC, VERSION = b"strmloss", 1
_HEAD = struct.Struct("<8sIQ16s")


def dump(losses: tuple[Any, ...], specs: Any, axis: Any, nan: str, state: State | None) -> bytes:
    """Return the bytes of an accumulator."""
    header = {
        "losses": [[_key(loss), [float(x).hex() for x in loss]] for loss in losses],
        "specs": [s if isinstance(s, str) else None for s in specs]
        if isinstance(specs, list)
        else None,
        "axis": axis,
        "nan": nan,
        "shape": None if state is None else state.shape,
    }
    text = json.dumps(header, separators=(",", ":")).encode()
    parts = [struct.pack("<I", len(text)), text]
    if state is not None:
        parts.extend(map(_pack, _integers(state)))
    body = b"".join(parts)
    return _HEAD.pack(MAGIC, VERSION, len(body), _checksum(body)) + body


def _key(loss: Any) -> str:
    """Return the name of one of our losses, module and class of a user's."""
    name = getattr(loss, "name", "")
    ours = type(loss).__module__.startswith("streamloss.") and LOSSES.get(name) is type(loss)
    return str(name if ours else loss.key)


def _checksum(body: bytes) -> bytes:
    seal = struct.pack("<8sIQ", MAGIC, VERSION, len(body))
    return blake2b(seal + body, digest_size=16).digest()


def _integers(state: State) -> Iterator[int]:
    """Yield the integers of a state in the order of the format."""
    sums = iter(_exact.integers(state.sums, state.base))
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


def load(data: bytes) -> tuple[Any, Any, str, State | None]:
    """Return losses as given, axis, nan and state.

    Raises
    ------
    ValueError
        If the data is no whole, unchanged accumulator of a known version.
    """
    data = bytes(data)
    if len(data) < _HEAD.size or data[:8] != MAGIC:
        raise ValueError("data must be written by Accumulator.to_bytes: it does not begin like it")
    _, version, length, checksum = _HEAD.unpack_from(data)
    if version != VERSION:
        raise ValueError(f"data must have format version {VERSION}: got {version}")
    body = data[_HEAD.size :]
    if len(body) != length:
        raise ValueError(f"data must have a body of {length} bytes: got {len(body)}")
    if _checksum(body) != checksum:
        raise ValueError("data is corrupt: its checksum does not match")
    (size,) = struct.unpack_from("<I", body)
    try:
        return _read(json.loads(body[4 : 4 + size]), body[4 + size :])
    except (KeyError, IndexError, TypeError, struct.error) as error:
        raise ValueError(f"data is corrupt: its header does not fit it: {error!r}") from error


def _read(header: dict[str, Any], data: bytes) -> tuple[Any, Any, str, State | None]:
    """Return what a header and the integers after it say."""
    losses = [_loss(key, values) for key, values in header["losses"]]
    specs: Any = losses[0]
    if header["specs"] is not None:
        specs = [loss if s is None else s for s, loss in zip(header["specs"], losses, strict=True)]
    axis = tuple(header["axis"]) if isinstance(header["axis"], list) else header["axis"]
    if header["shape"] is not None:
        state = _state(tuple(header["shape"]), len(parts_of(losses)), data)
        return specs, axis, header["nan"], state
    if data:
        raise ValueError("data is corrupt: it has integers, but its header no shape")
    return specs, axis, header["nan"], None


def _loss(key: str, values: list[str]) -> Any:
    cls: Any = LOSSES.get(key)
    numbers = [float.fromhex(value) for value in values]
    return cls(*numbers) if cls is not None else by_key(key, numbers)


def _state(shape: tuple[int, ...], losses: int, data: bytes) -> State:
    """Read the integers of a state."""
    cells = int(np.prod(shape, dtype=np.int64))
    width = 5 + (losses + 1) * 4
    numbers = list(_unpack(data))
    table = [numbers[k * width : (k + 1) * width] for k in range(cells)]
    if len(numbers) != cells * width:
        raise ValueError("data is corrupt: it does not hold the integers that its header says")
    counts = np.array([row[:5] for row in table], np.int64).reshape(cells, 5)
    sums = [row[5 + 4 * k : 9 + 4 * k] for row in table for k in range(losses + 1)]
    flags = np.array([s[:DIGITS] for s in sums], np.int64).reshape(-1, DIGITS)
    digits, base = _exact.from_integers([s[DIGITS] for s in sums], flags)
    return State(shape, digits.reshape(cells, losses + 1, digits.shape[-1]), base, counts)


def _unpack(data: bytes) -> Iterator[int]:
    """Read integers to the end of the data."""
    at = 0
    while at < len(data):
        twos, length = struct.unpack_from("<HH", data, at)
        at += 4 + length
        yield int.from_bytes(data[at - length : at], "little", signed=True) << twos
