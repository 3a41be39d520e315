"""Keys as users see them: text, objects and columns, found again by what users write."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import streamloss as sl
from streamloss.arrays.keys import (
    NOTHING,
    Keyed,
    Kind,
    align,
    column,
    convert,
    find,
    item,
    order,
    read_key,
    shown,
    text_of_words,
)
from tests.arrays.keys import column_of, items_of, rows_of

INT, UNSIGNED, FLOAT = Kind("int"), Kind("int", ("unsigned",)), Kind("float")
UNITS = ("D", "s", "ms", "us", "ns")
NAN = float("nan")

SHOWN: list[tuple[Any, list[str]]] = [
    ([True, False], ["True", "False"]),
    ([-3, 2**63 - 1], ["-3", "9223372036854775807"]),
    ([2**64 - 1], ["18446744073709551615"]),
    ([-0.0, 0.1, 1e300, np.inf], ["0.0", "0.1", "1e+300", "inf"]),
    (["é", "", "a\nb"], ["é", "", "a\nb"]),
    ([b"a\xff"], [r"b'a\xff'"]),
    (np.array(["2024-03-04", "-0044-03-15"], "M8[D]"), ["2024-03-04", "-044-03-15"]),
    (np.array(["2024-03-04", "2024-03-04T05:00"], "M8[ns]"), ["2024-03-04", "2024-03-04T05:00:00"]),
    (
        np.array(["2024-03-04T00:00:00.500", "1969-12-31T23:59:59.999"], "M8[us]"),
        ["2024-03-04T00:00:00.5", "1969-12-31T23:59:59.999"],
    ),
    (np.array([90, -1], "m8[s]"), ["90 s", "-1 s"]),
    (sl.bins([1, 9, -1, 5], [0, 5, 8]), ["[0, 5)", "(8, inf)", "(-inf, 0)", "[5, 8]"]),
    (sl.period([dt.date(2024, 12, 31)], "quarter"), ["2024-Q4"]),
]


@pytest.mark.parametrize(("value", "texts"), SHOWN)
def test_text_of_keys(value: Any, texts: list[str]) -> None:
    keyed = read_key("k", value)
    rows = rows_of(keyed)
    assert [shown(keyed.kind, row) for row in rows] == texts
    assert shown(keyed.kind, None) == "missing"
    assert item(keyed.kind, None) is None
    for row, text in zip(rows, texts, strict=True):
        assert find(keyed.kind, item(keyed.kind, row)) == row
        if keyed.kind.name in ("text", "time", "bins", "period"):
            assert find(keyed.kind, text) == row


@pytest.mark.parametrize(
    "null", [None, NAN, np.float32("nan"), pd.NA, pd.NaT, np.datetime64("NaT")]
)
def test_a_missing_key_is_found_by_all_that_is_missing(null: Any) -> None:
    for value, _ in SHOWN:
        assert find(read_key("k", value).kind, null) is None


FOUND: list[tuple[Any, list[Any], list[Any]]] = [
    (True, [True, np.bool_(True)], [1, 1.0, "True", [True], np.array([True])]),
    (
        3,
        [3, 3.0, np.int8(3), np.float32(3), np.uint64(3)],
        ["3", True, 3.5, 2**63, 2**70, np.inf, b"3"],
    ),
    (2**63, [2**63, 2.0**63, np.uint64(2**63)], [-1, -(2**63), 2**64, 0.5]),
    (0.5, [0.5, np.float16(0.5)], ["0.5", True, 10**400, np.longdouble(0.5)]),
    (2.0, [2, 2.0, np.int8(2)], [2**53 + 1, (2**53) * 2 + 1]),
    (0.0, [-0.0, 0], [False]),
    ("a", ["a", np.str_("a")], [b"a", 1, ["a"], ("a",)]),
    (b"a", [b"a", np.bytes_(b"a")], ["a", bytearray(b"a"), 97]),
]


@pytest.mark.parametrize(("key", "same", "others"), FOUND)
def test_keys_are_found_by_value(key: Any, same: list[Any], others: list[Any]) -> None:
    keyed = read_key("k", [key])
    for obj in same:
        assert find(keyed.kind, obj) == rows_of(keyed)[0]
        assert type(find(keyed.kind, obj)) is type(rows_of(keyed)[0])
    for obj in others:
        with pytest.raises(KeyError, match="is no key of kind"):
            find(keyed.kind, obj)


def test_times_are_found_by_all_that_is_a_time() -> None:
    zone = dt.timezone(dt.timedelta(hours=-3, minutes=-30))
    same = [dt.datetime(2024, 3, 4, 5), pd.Timestamp("2024-03-04 05:00"), "2024-03-04T05"]
    same += ["2024-03-04 05:00:00.000", "2024-03-04T05:00Z", "2024-03-04T06:00+01:00"]
    same += ["2024-03-04T01:30-03:30", dt.datetime(2024, 3, 4, 1, 30, tzinfo=zone)]
    same += [np.datetime64("2024-03-04T05", unit) for unit in ("h", *UNITS[1:])]
    for unit in UNITS[1:]:
        kind = Kind("time", (unit,))
        want = int(np.datetime64("2024-03-04T05", unit).astype(np.int64))
        assert [find(kind, obj) for obj in same] == [want] * len(same)
        assert find(kind, dt.date(2024, 3, 4)) == find(kind, "2024-03-04")
    for obj in (*same, "2024-03", "now", "today", "NaT", "", "x", 5, dt.timedelta(1), dt.time(5)):
        if obj == "2024-03":
            assert find(Kind("time", ("D",)), obj) == find(Kind("time", ("D",)), "2024-03-01")
            continue
        with pytest.raises(KeyError, match="is no key of kind time"):
            find(Kind("time", ("D",)), obj)
    spans = [dt.timedelta(0, 90), np.timedelta64(90, "s"), pd.Timedelta("90s")]
    assert [find(Kind("duration", ("ms",)), obj) for obj in spans] == [90_000] * 3
    for obj in ("90 s", 90, dt.date(2024, 1, 1), dt.timedelta(microseconds=1)):
        with pytest.raises(KeyError):
            find(Kind("duration", ("ms",)), obj)


def test_periods_are_found_by_when_they_start() -> None:
    kind = Kind("period", ("quarter",))
    for obj in ("2024-Q2", dt.date(2024, 4, 1), "2024-04", np.datetime64("2024-04")):
        assert find(kind, obj) == (2024 - 1970) * 12 + 3
    for obj in ("2024-Q5", "2024-Q0", "2024-05", dt.date(2024, 4, 2), "Q2", 2024, "2024-Q", "-Q1"):
        with pytest.raises(KeyError):
            find(kind, obj)
    assert find(Kind("period", ("week",)), "2024-03-04") == 19786
    for obj in ("2024-03-05", "2024-03-04T01", dt.timedelta(0), "[0, 1)"):
        with pytest.raises(KeyError):
            find(Kind("period", ("week",)), obj)
    for obj in ("[0, 2)", 0.5, 1, ["[0, 2]"], "[0,2]"):
        with pytest.raises(KeyError):
            find(Kind("bins", (0.0, 2.0)), obj)


def test_keys_that_cannot_be_found_are_shown_briefly() -> None:
    with pytest.raises(KeyError) as caught:
        find(INT, "x" * 10**6)
    assert len(str(caught.value)) < 200


COLUMNS: list[tuple[Any, str, list[Any]]] = [
    ([True, False], "?", [True, False]),
    (pd.array([True, None, False]), "O", [True, None, False]),
    ([3, -1], "i8", [3, -1]),
    ([3, None], "O", [3, None]),
    ([2**64 - 1, 0], "u8", [2**64 - 1, 0]),
    ([0.5, -0.0], "f8", [0.5, 0.0]),
    (["a", None, "é"], "O", ["a", None, "é"]),
    ([b"a", b""], "O", [b"a", b""]),
    (np.array(["ab", "c"]), "O", ["ab", "c"]),
    (sl.bins([1.0, NAN, 9.0], [0, 5]), "O", ["[0, 5]", None, "(5, inf)"]),
    (sl.period([dt.date(2024, 1, 31), None], "month"), "O", ["2024-01", None]),
    ([None, None], "O", [None, None]),
]


@pytest.mark.parametrize(("value", "dtype", "want"), COLUMNS)
def test_columns_of_keys(value: Any, dtype: str, want: list[Any]) -> None:
    got = column_of(read_key("k", value))
    assert (got.dtype, got.tolist()) == (np.dtype(dtype), want)


def test_columns_of_numbers_and_times_that_are_missing() -> None:
    got = column_of(read_key("k", [0.5, NAN, None]))
    assert (got.dtype, str(got.tolist())) == (np.dtype("f8"), "[0.5, nan, nan]")
    for unit in UNITS:
        got = column_of(read_key("k", np.array([7, "NaT"], f"M8[{unit}]")))
        assert (got.dtype, got[0], np.isnat(got[1])) == (
            f"M8[{unit}]",
            np.datetime64(7, unit),
            True,
        )
    got = column_of(read_key("k", [dt.timedelta(1), None]))
    assert (got.dtype, got[0], np.isnat(got[1])) == ("m8[us]", np.timedelta64(1, "D"), True)


def test_codes_beyond_the_last_are_missing() -> None:
    codes = np.array([1, 2, 0, -1])
    assert column(INT, np.array([5, 6]), codes).tolist() == [6, None, 5, None]
    text = np.array(["a", "b"], object)
    assert column(Kind("text"), text, codes).tolist() == ["b", None, "a", None]
    assert column(INT, np.array([5, 6]), codes[:1]).dtype == np.int64
    assert column(Kind("text"), text[:0], codes[:0]).tolist() == []
    assert column(INT, np.zeros(0, np.int64), np.array([0, 0])).tolist() == [None, None]


ORDERED: list[list[Any]] = [
    [False, True],
    [-(2**63), -1, 0, 2**63 - 1],
    [0, 2**63 - 1, 2**63, 2**64 - 1],
    [-np.inf, -1e300, -5e-324, 0.0, 5e-324, 1.0, np.inf],
    ["", "A", "Z", "a", "a\0", "aa", "é", "\uffff", "\U0001f600"],
    [b"", b"\0", b"a", b"a\0", b"aa", b"\xff"],
    [dt.date(1, 1, 1), dt.datetime(1969, 12, 31, 23), dt.date(1970, 1, 1), dt.date(9999, 1, 1)],
    [dt.timedelta(-1), dt.timedelta(0), dt.timedelta(microseconds=1)],
]


@pytest.mark.parametrize("values", ORDERED)
def test_keys_are_ordered_by_value(values: list[Any]) -> None:
    shuffled = [*values[::-2], *values[::-1][1::2]]
    keyed = read_key("k", shuffled)
    rows = rows_of(keyed)
    canonical = np.array(rows, object if isinstance(rows[0], str | bytes) else np.int64)
    places = np.argsort(order(keyed.kind, canonical), kind="stable")
    want = items_of(read_key("k", values))
    assert [item(keyed.kind, rows[k]) for k in places] == want


def test_the_kind_of_both() -> None:
    every = [INT, FLOAT, *map(Kind, ("bool", "text", "bytes")), Kind("time", ("s",))]
    every += [Kind("duration", ("s",)), Kind("bins", (0.0, 1.0)), Kind("period", ("day",))]
    for a in every:
        for b in every:
            if a == b:
                assert align(a, b) == a
                continue
            with pytest.raises(
                TypeError, match=f"must be of one kind: got {a.name}.* and {b.name}"
            ):
                align(a, b)
        assert align(a, NOTHING) == align(NOTHING, a) == a
    assert align(INT, UNSIGNED) == align(UNSIGNED, INT) == UNSIGNED
    for j, a in enumerate(UNITS):
        for k, b in enumerate(UNITS):
            assert align(Kind("time", (a,)), Kind("time", (b,))) == Kind(
                "time", (UNITS[max(j, k)],)
            )
    for name, one, other in (("bins", (0.0, 1.0), (0.0, 2.0)), ("period", ("day",), ("week",))):
        with pytest.raises(ValueError, match=f"keys must be of the same {name}: got {name} "):
            align(Kind(name, one), Kind(name, other))
    many = Kind("bins", tuple(map(float, range(1000))))
    with pytest.raises(ValueError, match="keys must be of the same bins") as caught:
        align(many, Kind("bins", (0.0, 1.0)))
    assert len(str(caught.value)) < 200


SIZES = {"D": 86400 * 10**9, "s": 10**9, "ms": 10**6, "us": 10**3, "ns": 1}


@given(
    st.lists(st.integers(-(2**63) + 1, 2**63 - 1)), st.sampled_from(UNITS), st.sampled_from(UNITS)
)
def test_times_become_others_exactly_or_not_at_all(counts: list[int], old: str, new: str) -> None:
    array = np.array(counts, np.int64)
    exact = [count * SIZES[old] for count in counts]
    want = [count // SIZES[new] for count in exact]
    possible = all(count % SIZES[new] == 0 for count in exact) and all(abs(w) < 2**63 for w in want)
    kinds = Kind("time", (old,)), Kind("time", (new,))
    if possible:
        assert convert(array, *kinds).tolist() == want
    else:
        with pytest.raises(ValueError, match=r"^keys must (be whole|fit)"):
            convert(array, *kinds)
    assert array.tolist() == counts


@given(st.lists(st.integers(-(2**63), 2**63 - 1) | st.integers(-(2**53), 2**53)))
def test_integers_become_floats_exactly_or_not_at_all(values: list[int]) -> None:
    array = np.array(values, np.int64)
    if all(int(float(value)) == value for value in values):
        floats = convert(array, INT, FLOAT)
        assert floats.view(np.float64).tolist() == values
        assert convert(floats, FLOAT, INT).tolist() == values
    else:
        with pytest.raises(ValueError, match=r"^keys must be floats: got -?\d+"):
            convert(array, INT, FLOAT)
    if all(value >= 0 for value in values):
        assert convert(array, INT, UNSIGNED).tolist() == values
        assert convert(array, UNSIGNED, INT).tolist() == values
    else:
        with pytest.raises(ValueError, match=r"^keys must be unsigned ints: got -\d+"):
            convert(array, INT, UNSIGNED)
        with pytest.raises(ValueError, match=r"^keys must be ints: got \d{19,20}$"):
            convert(array, UNSIGNED, INT)


def test_unsigned_integers_and_floats() -> None:
    big = np.array([2**64 - 2048, 2**63, 3], np.uint64)
    floats = convert(big.view(np.int64), UNSIGNED, FLOAT)
    assert floats.view(np.float64).tolist() == [2.0**64 - 2048, 2.0**63, 3.0]
    assert convert(floats, FLOAT, UNSIGNED).view(np.uint64).tolist() == big.tolist()
    with pytest.raises(ValueError, match="floats"):
        convert(np.array([-1]), UNSIGNED, FLOAT)


TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)


@given(st.lists(TEXT, max_size=8), st.integers(0, 3), st.booleans())
def test_fixed_width_text_comes_back(values: list[str], wider: int, swapped: bool) -> None:
    width = max([1, *map(len, values)]) + wider
    array = np.array(values, f"U{width}")
    array = array.astype(array.dtype.newbyteorder()) if swapped else array
    for given_ in (array, np.repeat(array, 2)[::2], array[::-1]):
        keyed = read_key("k", given_)
        check_words(keyed, len(array))
        assert text_of_words(keyed.kind, keyed.words).tolist() == given_.tolist()


@given(st.lists(st.binary(max_size=20), max_size=8), st.integers(0, 9))
def test_fixed_width_bytes_come_back(values: list[bytes], wider: int) -> None:
    array = np.array(values, f"S{max([1, *map(len, values)]) + wider}")
    for given_ in (array, np.repeat(array, 2)[::2]):
        keyed = read_key("k", given_)
        check_words(keyed, len(array))
        assert text_of_words(keyed.kind, keyed.words).tolist() == array.tolist()


def check_words(keyed: Keyed, rows: int) -> None:
    assert keyed.words.dtype == np.int64
    assert keyed.words.ndim == 2
    assert len(keyed.words) == rows
    assert keyed.words.flags.c_contiguous
    assert keyed.words.flags.aligned


def test_equal_text_has_equal_words() -> None:
    words = [read_key("k", np.array(["ab", "b"], f"U{k}")).words for k in range(2, 9)]
    for found in words:
        size = found.shape[1]
        assert (found[:, : min(size, 1)] == words[0]).all()
        assert not found[:, 1:].any()


def test_words_are_where_they_lie_if_they_fit() -> None:
    array = np.array(["abcd", "é"], "U4")
    assert np.shares_memory(read_key("k", array).words, array)
    gone = np.ma.array(array, mask=[True, False])
    keyed = read_key("k", gone)
    assert rows_of(keyed) == [None, "é"]
    unaligned = np.frombuffer(b"\0" + array.tobytes(), "U4", offset=1)
    assert rows_of(read_key("k", unaligned)) == ["abcd", "é"]
    assert read_key("k", unaligned).words.flags.aligned
    assert rows_of(read_key("k", np.zeros(2, "U0"))) == ["", ""]
    assert rows_of(read_key("k", np.zeros(0, "S3"))) == []
    some = read_key("k", array).words[::-1]
    assert text_of_words(Kind("text"), some).tolist() == ["é", "abcd"]


def test_text_of_numpy_of_any_length() -> None:
    strings = np.array(["é" * 30, "a\0b", ""], np.dtypes.StringDType())
    assert items_of(read_key("k", strings)) == ["é" * 30, "a\0b", ""]
    holes = np.array(["a", None], np.dtypes.StringDType(na_object=None))
    assert items_of(read_key("k", holes)) == ["a", None]
