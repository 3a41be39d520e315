"""Bytes of tables that are damaged, cut, foreign or made up are refused, before they are built."""

import itertools
import json
import random
import struct
import tracemalloc
from typing import Any

import numpy as np
import pytest

from streamloss.arrays.kinds import Kind
from streamloss.exact.bytes import Saved, dump, load_any
from streamloss.exact.cells import Cells
from streamloss.exact.column import Column
from streamloss.exact.table import Table
from tests.exact.tables import KINDS
from tests.exact.test_bytes2 import MAKERS, cells_of, simple, write
from tests.exact.test_format import seal

INT, TEXT = KINDS

SMALL = {
    kind: MAKERS[kind] for kind in ("crossed", "not finite", repr(TEXT), "kept axes", "no slices")
}


@pytest.mark.parametrize("kind", SMALL)
def test_every_changed_byte_is_refused(kind: str) -> None:
    table = SMALL[kind]()
    data = write(table, axis=0 if table.shape else None)
    for at, change in itertools.product(range(len(data)), (0x01, 0x80, 0xFF)):
        damaged = bytearray(data)
        damaged[at] ^= change
        with pytest.raises(ValueError, match="data"):
            load_any(damaged)
    for wrong in (*(data[:stop] for stop in range(len(data))), data + b"\0", data[1:]):
        with pytest.raises(ValueError, match="data"):
            load_any(wrong)


def again(saved: Saved) -> bytes:
    """What was read, as it would be written."""
    header, slicing, state = saved
    return dump(header.losses, header.specs, header.axis, header.nan, state, slicing)


@pytest.mark.parametrize("kind", SMALL)
def test_changed_bytes_with_a_right_checksum_are_refused_or_read_whole(kind: str) -> None:
    table, rng = SMALL[kind](), random.Random(7)
    body = write(table, axis=0 if table.shape else None)[36:]
    version = body.index(b"written_by"), body.index(b"}", body.index(b"written_by"))
    whole, longest = 0, 0
    for at in range(len(body)):
        if version[0] <= at <= version[1]:  # which readers ignore
            continue
        for value in {body[at] ^ 1, body[at] ^ 0x80, 0, 255, rng.randrange(256)} - {body[at]}:
            data = seal(body[:at] + bytes([value]) + body[at + 1 :])
            try:
                saved = load_any(data)
            except ValueError as error:
                longest = max(longest, len(str(error)))
            else:
                whole += 1
                assert again(saved) == data
    assert longest < 400
    assert whole > 2  # another setting, another key, another count


def with_header(data: bytes, **changes: Any) -> bytes:
    size = int.from_bytes(data[36:40], "little")
    fields = json.loads(data[40 : 40 + size]) | changes
    text = json.dumps({k: v for k, v in fields.items() if v is not ...}, separators=(",", ":"))
    return seal(struct.pack("<I", len(text)) + text.encode() + data[40 + size :])


HEADERS: list[dict[str, Any]] = [
    {"slices": 3},
    {"slices": None},
    {"slices": True},
    {"slices": 10**12},
    {"slices": -1},
    {"shape": [10**8]},
    {"shape": [0]},
    {"shape": None},
    {"by": ...},
    {"missing": "skip"},
    {"missing": None},
    {"max_slices": 0},
    {"max_slices": 1e3},
    {"max_slices": True},
    {"max_slices": 2**31},
    {"max_slices": None},
    {"losses": [["absolute_error", []]] * 2, "specs": ["mae", "mae"]},
    {"by": [], "more": 1},
    {"by": [["\0output", None, "int", []]]},
    *[{"by": by} for by in ([], {}, None, [[]], [["k", None, "int", []]] * 2, "int", [1])],
    *[
        {"by": [["a key", *rest]]}
        for rest in [
            (None, "int", [], 0),
            (False, "int", []),
            ("text", "int", []),
            ("integer", "int", []),
            ("missing", "missing", []),
            ("period", "period", ["month"]),
            (None, "int", ["signed"]),
            (None, "int", ["unsigned"]),
            (None, "int", [5]),
            (None, "int", None),
            (None, "text", []),
            (None, "bytes", []),
            (None, "missing", []),
            (None, "bool", []),
            (None, "nothing", []),
            (None, None, []),
            (None, "time", []),
            (None, "time", ["h"]),
            (None, "duration", ["D"]),
            (None, "period", ["weekly"]),
            (None, "bins", ["0x0.0p+0"]),
            (None, "bins", ["0x1.0000000000000p+0", "0x0.0p+0"]),
            (None, "bins", ["nan", "0x0.0p+0"]),
            (None, "bins", ["0", "1"]),
            (None, "bins", ["-0x0.0p+0", "0x1.0000000000000p+0"]),
            (None, "bins", ["x", "y"]),
            (None, "bins", ["0x1.0000000000000p+0", "0x1.0000000000000p+1"]),
        ]
    ],
]


@pytest.mark.parametrize("changes", HEADERS, ids=str)
def test_headers_that_do_not_fit_are_refused(changes: Any) -> None:
    data = write(simple(INT))
    assert again(load_any(with_header(data))) == data
    tracemalloc.start()
    with pytest.raises(ValueError, match="data is corrupt"):
        load_any(with_header(data, **changes))
    assert tracemalloc.get_traced_memory()[1] < 1e6
    tracemalloc.stop()


def entry(name: str, letter: str, planes: list[Any], place: int = 0) -> tuple[bytes, bytes]:
    arrays = [np.asarray(plane) for plane in planes]
    head = struct.pack("<BHQH", ord(letter), place, len(arrays[0]), len(arrays))
    widths = bytes([a.dtype.itemsize for a in arrays])
    data = b"".join([array.tobytes() for array in arrays])
    return bytes([len(name)]) + name.encode() + head + widths, data


def columns(*some: tuple[bytes, bytes]) -> bytes:
    entries, data = zip(*some, strict=True) if some else ((), ())
    return struct.pack("<I", len(some)) + b"".join(entries) + b"".join(data)


I1, I2 = np.int8, np.int16
ONES = np.ones(2, I1)
SUM0, ELEMENTS = entry("sum0", "s", [ONES], 34), entry("elements", "c", [ONES])
KEYS = entry("key0", "k", [np.array([1, 2], I1)])
ONES_AS_WEIGHTS = entry("weights", "s", [np.full(2, 1 << 1074 - 32 * 33, np.int32)], 33)

COLUMNS: dict[str, bytes] = {
    "none": columns(),
    "no elements": columns(KEYS, SUM0),
    "no sum": columns(KEYS, ELEMENTS),
    "no key": columns(SUM0, ELEMENTS),
    "another order": columns(KEYS, ELEMENTS, SUM0),
    "twice": columns(KEYS, KEYS, SUM0, ELEMENTS),
    "one more": columns(KEYS, SUM0, ELEMENTS, entry("more", "c", [ONES])),
    "another type": columns(KEYS, entry("sum0", "c", [ONES]), ELEMENTS),
    "fewer cells": columns(KEYS, entry("sum0", "s", [ONES[:1]], 34), ELEMENTS),
    "wide planes": columns(KEYS, SUM0, entry("elements", "c", [ONES.astype(I2)])),
    "planes of zeros": columns(KEYS, entry("sum0", "s", [ONES, 0 * ONES], 34), ELEMENTS),
    "planes of 8 bytes": columns(KEYS, entry("sum0", "s", [ONES.astype("i8")], 34), ELEMENTS),
    "digits beyond the last": columns(KEYS, entry("sum0", "s", [ONES], 70), ELEMENTS),
    "a place of a count": columns(KEYS, SUM0, entry("elements", "c", [ONES], 1)),
    "weights that follow": columns(KEYS, SUM0, ONES_AS_WEIGHTS, ELEMENTS),
    "counts that follow": columns(KEYS, SUM0, ELEMENTS, entry("nonzero", "c", [ONES])),
    "counts of zero": columns(KEYS, SUM0, ELEMENTS, entry("masked", "c", [0 * ONES])),
    "large counts": columns(KEYS, SUM0, entry("elements", "c", [np.full(2, 2**62 + 1)])),
    "flags of zero": columns(KEYS, SUM0, entry("sum0.flags", "f", [0 * ONES] * 3), ELEMENTS),
    "two flags": columns(KEYS, SUM0, entry("sum0.flags", "f", [ONES] * 2), ELEMENTS),
    "keys in disorder": columns(entry("key0", "k", [np.array([2, 1], I1)]), SUM0, ELEMENTS),
    "equal keys": columns(entry("key0", "k", [ONES]), SUM0, ELEMENTS),
    "an unused key": columns(
        entry("key0", "k", [np.array([1, 2, 3], I1)]),
        entry("key0.codes", "k", [np.array([0, 1], I1)]),
        SUM0,
        ELEMENTS,
    ),
    "codes that follow": columns(
        KEYS, entry("key0.codes", "k", [np.array([0, 1], I1)]), SUM0, ELEMENTS
    ),
    "codes beyond": columns(KEYS, entry("key0.codes", "k", [np.array([0, 3], I1)]), SUM0, ELEMENTS),
    "codes below": columns(KEYS, entry("key0.codes", "k", [np.array([0, -1], I1)]), SUM0, ELEMENTS),
    "nothing": columns(KEYS, entry("sum0", "s", [0 * ONES]), entry("elements", "c", [0 * ONES])),
    "a directory of many": struct.pack("<I", 2**32 - 1) + bytes(1000),
    "a column of many": columns(
        KEYS, SUM0, (ELEMENTS[0][:-11] + struct.pack("<QHB", 2**63, 1, 1), bytes(2))
    ),
    "no planes": columns(KEYS, SUM0, (ELEMENTS[0][:-3] + bytes(2), b"")),
    "planes of 3 bytes": columns(KEYS, SUM0, (ELEMENTS[0][:-1] + b"\3", bytes(6))),
    "a name of no letters": columns(KEYS, SUM0, (b"\1\xff" + ELEMENTS[0][9:], ELEMENTS[1])),
    "cut": columns(KEYS, SUM0, ELEMENTS)[:50],
    "longer": columns(KEYS, SUM0, ELEMENTS) + b"\0",
}


def two() -> Table:
    cells = Cells(2, (Column(34 * 32, 32, np.ones((1, 2), np.int32)),), None, np.ones(2, int))
    return Table.of(["k"], [INT], [(np.array([1, 2]), None)], (), cells)


def test_the_columns_that_are_changed_are_right() -> None:
    data = write(two())
    size = int.from_bytes(data[36:40], "little")
    assert data[40 + size :] == columns(KEYS, SUM0, ELEMENTS)


@pytest.mark.parametrize("what", COLUMNS)
def test_columns_that_cannot_be_are_refused(what: str) -> None:
    data = write(two())
    size = int.from_bytes(data[36:40], "little")
    with pytest.raises(ValueError, match="data is corrupt"):
        load_any(seal(data[36 : 40 + size] + COLUMNS[what]))


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        (Kind("bool"), [0, 2]),
        (Kind("float"), [float("nan")]),
        (Kind("float"), [-0.0]),
        (Kind("time", ("s",)), [-(2**63)]),
        (Kind("duration", ("s",)), [-(2**63)]),
        (Kind("bins", (0.0, 1.0)), [3]),
        (Kind("bins", (0.0, 1.0)), [-1]),
    ],
)
def test_values_that_no_key_has_are_refused(kind: Kind, values: list[Any]) -> None:
    found = np.array(values, "f8").view("i8") if kind.name == "float" else np.array(values)
    table = Table.of(["k"], [kind], [(found, None)], (), cells_of(len(found)))
    with pytest.raises(ValueError, match="key of no such kind"):
        load_any(write(table))


@pytest.mark.parametrize("lengths", [[1, 1], [4, -1], [2], [3, 1, 0], [127, 127]])
def test_text_that_is_not_as_long_as_it_says_is_refused(lengths: list[int]) -> None:
    table = Table.of(["k"], [TEXT], [(np.array(["ab", "c"], object), None)], (), two().cells)
    data = write(table)
    size = int.from_bytes(data[36:40], "little")
    for line in (b"abc", b"ab\xff"):
        text = entry("key0", "t", [np.frombuffer(line, I1)])
        ends = entry("key0.ends", "k", [np.array(lengths, I1)])
        wrong = columns(text, ends, SUM0, ELEMENTS)
        with pytest.raises(ValueError, match="data is corrupt"):
            load_any(seal(data[36 : 40 + size] + wrong))
