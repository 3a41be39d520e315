"""The bytes of tables: canonical, readable by others, quick, and refused when not whole."""

import math
import random
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import streamloss as sl
from streamloss.arrays.kinds import NOTHING, Kind
from streamloss.exact.bytes import dump, load, load_any
from streamloss.exact.cells import Cells
from streamloss.exact.column import Column
from streamloss.exact.slicing import Slicing
from streamloss.exact.table import Table
from tests.exact.tables import KINDS, LOSSES, Row, relaid, table_of
from tests.exact.test_format import read
from tests.exact.test_table import ROWS

INT, TEXT = KINDS
VALUES: dict[Kind, Any] = {
    Kind("bool"): [0, 1],
    INT: [-(2**63), -1, 0, 2**63 - 1],
    Kind("int", ("unsigned",)): [0, 5, -1, -(2**63)],
    Kind("float"): np.array([-math.inf, -1.5, 0.0, 5e-324, math.inf]).view(np.int64),
    TEXT: ["", "\0", "<script>", "a\nb", "é", "\U0001f600"],
    Kind("bytes"): [b"", b"\0", b"\xff\xfe"],
    Kind("time", ("D",)): [-5, 0, 19_000],
    Kind("time", ("ns",)): [1, 2],
    Kind("duration", ("ms",)): [-1, 10**12],
    Kind("bins", (-math.inf, 0.1, 0.5)): [0, 1, 2, 3],
    Kind("period", ("month",)): [-1, 0, 650],
}


def slicing_of(table: Table, **changes: Any) -> Slicing:
    plain = Slicing(table.names, (None,) * len(table.names), "keep", 2**31 - 1)
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
    nothing = Table.of(
        table.names, [NOTHING], [(np.empty(0), [-1])], (), table.take([len(table) - 1]).cells
    )
    back = nothing.combine(simple(TEXT), 1).combine(simple(TEXT), -1)
    assert write(back) == write(nothing)
    assert load_any(write(back)).state == nothing


def test_settings_are_kept() -> None:
    table = simple(TEXT)
    slicing = Slicing(("a key",), ("text",), "drop", 12)
    saved = load_any(write(table, slicing))
    assert saved.slicing == slicing
    assert load_any(write(None, slicing)) == (saved.header._replace(shape=None), slicing, None)
    for bare in (
        Slicing(("x", "y"), (None, "time"), "raise", 1),
        Slicing((), (), "keep", 2**31 - 1),
    ):
        assert load_any(write(None, bare)).slicing == bare


def test_plain_accumulators_have_no_slices() -> None:
    data = sl.accumulate("mae", [1.0], [3.0]).to_bytes()
    assert load_any(data).slicing is None
    assert load(data)[1] == load_any(data).state
    with pytest.raises(ValueError, match="must have no slices"):
        load(write(simple(INT)))
    assert sl.Accumulator.from_bytes(write(simple(INT))).by.names == ("a key",)


# Another reader, made from the docstring alone


def test_another_reader_recovers_slices() -> None:
    rows = [Row((5, "b"), 0.5, 2.0), Row((5, None), 3.0), Row((2, "a"), 1.0), Row((5, "é"), 4.0)]
    _, header, columns = read(write(table_of(rows)))
    assert header["by"] == [["k0", None, "int", []], ["k1", None, "text", []]]
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
