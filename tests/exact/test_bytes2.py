"""The bytes of tables: canonical, readable by others, quick, and refused when not whole."""

import itertools
import json
import math
import random
import struct
import time
import tracemalloc
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import streamloss as sl
from streamloss.arrays.kinds import NOTHING, Kind
from streamloss.exact.bytes import Saved, dump, load, load_any
from streamloss.exact.cells import Cells
from streamloss.exact.column import Column
from streamloss.exact.slicing import Slicing
from streamloss.exact.table import Table
from tests.exact.tables import KINDS, LOSSES, Row, relaid, table_of
from tests.exact.test_format import read, seal
from tests.exact.test_table import ROWS

INT, TEXT = KINDS
VALUES: dict[Kind, Any] = {
    Kind("bool"): [0, 1],
    INT: [-(2**63), -1, 0, 2**63 - 1],
    Kind("int", ("unsigned",)): [0, 5, -1, -(2**63)],
    Kind("float"): np.array([-math.inf, -1.5, 0.0, 5e-324, math.inf]).view(np.int64),
    TEXT: ["", "\0", "<script>", "a\nb", "é", "\ud800", "\U0001f600"],
    Kind("bytes"): [b"", b"\0", b"\xff\xfe"],
    Kind("time", ("D",)): [-5, 0, 19_000],
    Kind("time", ("ns",)): [1, 2],
    Kind("duration", ("ms",)): [-1, 10**12],
    Kind("bins", (-math.inf, 0.1, 0.5)): [0, 1, 2, 3],
    Kind("period", ("month",)): [-1, 0, 650],
}


def slicing_of(table: Table, **changes: Any) -> Slicing:
    plain = Slicing(table.names, table.kinds, (False,) * len(table.names))
    return plain._replace(**changes)


def write(table: Table | None, slicing: Slicing | None = None, axis: Any = None) -> bytes:
    if slicing is None:
        assert table is not None
        slicing = slicing_of(table)
    return dump(LOSSES, "value", axis, "omit", table, slicing)


def cells_of(count: int) -> Cells:
    elements = np.arange(1, count + 1)
    return Cells(count, (Column.of_counts(elements * 3),), None, elements)


def simple(kind: Kind, missing: bool = False) -> Table:
    dtype = object if kind.name in ("text", "bytes") else np.int64
    values = np.empty(len(VALUES[kind]), dtype)
    values[:] = VALUES[kind]
    codes = np.array([*range(len(values)), *([-1] if missing else [])])
    return Table.of(["a key"], [kind], [(values, codes)], (), cells_of(len(codes)))


def kept() -> Table:
    state = sl.accumulate("value", np.arange(24.0).reshape(2, 4, 3), axis=0).tally.state
    return Table.of(["k"], [INT], [(np.array([4, 4, 1, 2]), None)], (3,), Cells.of_state(state))


MAKERS: dict[str, Callable[[], Table]] = {
    **{repr(kind): lambda kind=kind: simple(kind) for kind in VALUES},
    **{f"{kind!r} missing": lambda kind=kind: simple(kind, True) for kind in VALUES},
    "crossed": lambda: table_of([Row((k % 3, "ab"[k % 2]), k + 0.1, 0.3 * k) for k in range(9)]),
    "missing alone": lambda: table_of([Row((None, None), 1.0)]),
    "no slices": lambda: table_of([]),
    "not finite": lambda: table_of([Row((1, "a"), math.nan), Row((2, "b"), math.inf, -math.inf)]),
    "masked": lambda: table_of([Row((1, "a"), 1.0, kept=False), Row((1, "b"), 1.0)]),
    "negative": lambda: table_of([]).combine(table_of([Row((1, "a"), 0.1)]), -1),
    "kept axes": kept,
    "no keys": lambda: kept().rollup(()),
}


# Round trips


@pytest.mark.parametrize("kind", MAKERS)
def test_what_is_written_can_be_read(kind: str) -> None:
    table = MAKERS[kind]()
    axis = 0 if table.shape else None
    data = write(table, axis=axis)
    for form in (bytes, bytearray, memoryview):
        header, slicing, back = load_any(form(data))
        assert isinstance(back, Table)
        assert slicing is not None
        assert back == table
        assert (header.losses, header.axis, header.shape) == (LOSSES, axis, table.shape)
        assert slicing.names == table.names
        assert write(back, slicing, axis) == data
        assert [k.values.dtype for k in back.keys] == [
            k.values.dtype for k in table.canonical().keys
        ]


@given(ROWS, st.integers(1, 99))
def test_bytes_do_not_depend_on_the_way(rows: list[Row], seed: int) -> None:
    data, half = write(table_of(rows)), len(rows) // 2
    parts = [table_of(rows[:half], seed=seed), table_of(rows[half:], seed=seed + 1)]
    assert write(parts[0].combine(parts[1], 1)) == data
    assert write(Table.total(parts[::-1])) == data
    assert write(table_of(rows[::-1], seed=seed)) == data
    back = load_any(data).state
    assert isinstance(back, Table)
    more = table_of([Row((77, "new"), 1e300), *rows])
    assert write(back.combine(more, 1).combine(more, -1)) == data


def test_keys_without_values_are_of_no_kind() -> None:
    table = simple(TEXT, missing=True)
    text = table.combine(simple(TEXT), -1)
    assert text.kinds == (TEXT,)
    nothing = Table.of(table.names, [NOTHING], [(np.empty(0), [-1])], (), table.take([7]).cells)
    back = nothing.combine(simple(TEXT), 1).combine(simple(TEXT), -1)
    assert write(back) == write(nothing)
    assert load_any(write(back)).state == nothing


def test_settings_are_kept() -> None:
    table = simple(TEXT)
    slicing = Slicing(("a key",), (TEXT,), (True,), "drop", 12, 34)
    saved = load_any(write(table, slicing))
    assert saved.slicing == slicing
    assert load_any(write(None, slicing)) == (saved.header._replace(shape=None), slicing, None)
    bare = Slicing(
        ("x", "y"), (NOTHING, Kind("bins", (0.0, 0.1))), (False, True), "raise", None, -1
    )
    assert load_any(write(None, bare)).slicing == bare


def test_kinds_are_those_of_the_table_if_none_was_declared() -> None:
    table = simple(INT)
    for kind in (NOTHING, Kind("int", ("unsigned",)), TEXT):
        saved = load_any(write(table, slicing_of(table, kinds=(kind,))))
        assert saved.slicing == slicing_of(table)
    with pytest.raises(TypeError, match="one kind"):
        write(table, slicing_of(table, kinds=(TEXT,), declared=(True,)))


def test_plain_accumulators_have_no_slices() -> None:
    data = sl.accumulate("mae", [1.0], [3.0]).to_bytes()
    assert load_any(data).slicing is None
    assert load(data)[1] == load_any(data).state
    with pytest.raises(ValueError, match="must have no slices"):
        load(write(simple(INT)))
    with pytest.raises(ValueError, match="must have no slices"):
        sl.Accumulator.from_bytes(write(simple(INT)))


# Another reader, made from the docstring alone


def test_another_reader_recovers_slices() -> None:
    rows = [Row((5, "b"), 0.5, 2.0), Row((5, None), 3.0), Row((2, "a"), 1.0), Row((5, "é"), 4.0)]
    _, header, columns = read(write(table_of(rows)))
    assert header["by"] == [["k0", "int", [], False], ["k1", "text", [], False]]
    assert (header["slices"], header["shape"], header["missing"]) == (4, [], "keep")
    kinds = {name: column.type for name, column in columns.items()}
    assert kinds["key1"] == "t"
    assert columns["key0"].planes == [[2, 5]]
    assert columns["key0.codes"].planes == [[0, 1, 1, 1]]
    assert bytes([x % 256 for x in columns["key1"].planes[0]]).decode() == "abé"
    assert columns["key1.ends"].planes == [[1, 1, 1]]
    assert "key1.codes" not in columns
    assert [x / 2**1074 for x in columns["sum0"].sums] == [1.0, 1.0, 4.0, 3.0]
    assert [x / 2**1074 for x in columns["weights"].sums] == [1.0, 2.0, 1.0, 1.0]
    assert columns["elements"].planes == [[1, 1, 1, 1]]


def test_small_counts_take_a_byte() -> None:
    count = 1000
    cells = Cells(count, (Column.of_counts(np.ones(count, int)),), None, np.ones(count, int))
    table = Table.of(["k"], [INT], [(np.arange(count), None)], (), cells)
    assert len(write(table)) < 500 + count * (2 + 4 + 1)


# Refusals

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
    {"max_slices": -1},
    {"max_slices": 1e3},
    {"max_slices": 10**30},
    {"missing_keys": None},
    {"missing_keys": 2**63},
    {"losses": [["absolute_error", []]] * 2, "specs": ["mae", "mae"]},
    {"by": [], "more": 1},
    *[{"by": by} for by in ([], {}, None, [[]], [["k", "int", [], False]] * 2, "int", [1])],
    *[
        {"by": [["a key", *rest]]}
        for rest in [
            ("int", [], 0),
            ("int", ["signed"], False),
            ("int", [5], False),
            ("text", [], False),
            ("bytes", [], False),
            ("missing", [], False),
            ("bool", [], False),
            ("nothing", [], False),
            ("time", [], False),
            ("time", ["h"], False),
            ("duration", ["D"], False),
            ("period", ["weekly"], False),
            ("bins", ["0x0.0p+0"], False),
            ("bins", ["0x1.0p+0", "0x0.0p+0"], False),
            ("bins", ["nan", "0x0.0p+0"], False),
            ("bins", ["0", "1"], False),
            ("bins", ["-0x0.0p+0", "0x1.0000000000000p+0"], False),
            ("bins", ["x", "y"], False),
            ("bins", ["0x1.0000000000000p+0", "0x1.0000000000000p+1"], False),
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


# Size and time


def many(count: int) -> Table:
    rng = np.random.default_rng(3)
    cells = np.arange(count)
    sums, weights = (Column.of_floats(rng.lognormal(size=count), cells, count) for _ in "ab")
    keys = rng.permutation(count * 10)[:count]
    found = Cells(count, (sums,), weights, rng.integers(1, 100, count))
    return Table.of(["k"], [INT], [(keys, None)], (), found)


def test_many_slices_are_written_and_read_quickly() -> None:
    table, count = many(100_000), 100_000
    begun = time.process_time()
    data = write(table)
    back = load_any(data).state
    assert time.process_time() - begun < 0.2  # 1e6 take 60 to 80 ms each
    assert back == table
    assert len(data) < 40 * count


def test_bytes_do_not_depend_on_the_layout() -> None:
    table = many(300)
    near = relaid(table.cells, random.Random(4))
    assert write(Table(table.names, table.keys, (), near)) == write(table)
