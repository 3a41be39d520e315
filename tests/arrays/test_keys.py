"""Keys are read from every container, by value: what is missing, and what kind they are."""

from __future__ import annotations

import datetime as dt
import enum
import subprocess
import sys
import threading
import zoneinfo
from collections.abc import Callable
from typing import Any

import ml_dtypes
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from streamloss.arrays.keys import NOTHING, Kind, read_key
from tests.arrays.keys import items_of, read, rows_of
from tests.arrays.kinds import polars, torch

NAN = float("nan")
DAY, NEXT = dt.date(2024, 2, 29), dt.date(1969, 12, 31)
NOON, ODD = dt.datetime(2024, 2, 29, 12), dt.datetime(1, 1, 1, 0, 0, 0, 1)
SPAN, BACK = dt.timedelta(days=1, microseconds=1), dt.timedelta(seconds=-1)


def times(values: list[Any], unit: str, letter: str = "M") -> list[Any]:
    return [None if v is None else np.array(v, f"{letter}8[{unit}]")[()] for v in values]


KINDS: dict[str, tuple[str, list[Any], list[Any]]] = {
    "bool": ("bool", [True, None, False, True], [True, None, False, True]),
    "int": ("int", [2**63 - 1, None, -(2**63), 0, 0], [2**63 - 1, None, -(2**63), 0, 0]),
    "float": ("float", [0.5, None, -0.0, 1e300, 0.0], [0.5, None, 0.0, 1e300, 0.0]),
    "text": ("text", ["é", None, "", "nan", "a\0b", "é"], ["é", None, "", "nan", "a\0b", "é"]),
    "bytes": ("bytes", [b"\xff", None, b"", b"a\0", b""], [b"\xff", None, b"", b"a\0", b""]),
    "date": ("time", [DAY, None, NEXT, DAY], times([DAY, None, NEXT, DAY], "D")),
    "datetime": ("time", [NOON, None, ODD, NOON], times([NOON, None, ODD, NOON], "us")),
    "timedelta": ("duration", [SPAN, None, BACK], times([SPAN, None, BACK], "us", "m")),
}
"""Objects of each kind, and what they come back as."""

ARROW = {
    "bool": pa.bool_(),
    "int": pa.int64(),
    "float": pa.float64(),
    "text": pa.string(),
    "bytes": pa.binary(),
    "date": pa.date32(),
    "datetime": pa.timestamp("us"),
    "timedelta": pa.duration("us"),
}

DTYPES = {
    "bool": "?",
    "int": "i8",
    "float": "f8",
    "text": "U4",
    "bytes": "S3",
    "date": "M8[D]",
    "datetime": "M8[us]",
    "timedelta": "m8[us]",
}


def masked(values: list[Any], dtype: Any) -> Any:
    gone = [v is None for v in values]
    some = next(v for v in values if v is not None)
    return np.ma.array(np.array([some if v is None else v for v in values], dtype), mask=gone)


def arrow_chunks(values: list[Any], kind: str) -> Any:
    typed = ARROW[kind]
    return pa.chunked_array([pa.array(v, typed) for v in (values[:1], values[1:], [])], typed)


def arrow_slices(values: list[Any], kind: str) -> Any:
    return pa.array([*values * 3, *values, values[0]], ARROW[kind])[3 * len(values) : -1]


def dictionaries(values: list[Any], kind: str) -> Any:
    typed = pa.dictionary(pa.int8(), ARROW[kind])
    halves = (pa.array(v, ARROW[kind]).dictionary_encode() for v in (values[::2], values[1::2]))
    return pa.chunked_array([half.cast(typed) for half in halves], typed)


CONTAINERS: dict[str, Callable[[list[Any], str], Any]] = {
    "list": lambda v, kind: v,
    "tuple": lambda v, kind: tuple(v),
    "list with NaN": lambda v, kind: [NAN if x is None else x for x in v],
    "list with NA": lambda v, kind: [pd.NA if x is None else x for x in v],
    "list with NaT": lambda v, kind: [pd.NaT if x is None else x for x in v],
    "list with masked": lambda v, kind: [np.ma.masked if x is None else x for x in v],
    "objects": lambda v, kind: np.array([*v, "end"], object)[:-1],
    "strided objects": lambda v, kind: np.array([x for y in v for x in (y, 1j)], object)[::2],
    "masked": lambda v, kind: masked(v, DTYPES[kind]),
    "masked objects": lambda v, kind: masked(v, object),
    "pandas objects": lambda v, kind: pd.Series(v, dtype=object),
    "pandas index": lambda v, kind: pd.Index(v, dtype=object),
    "pandas arrow": lambda v, kind: pd.Series(v, dtype=pd.ArrowDtype(ARROW[kind])),
    "pandas categories": lambda v, kind: pd.Series(pd.array(v, object)).astype("category"),
    "pandas categorical": lambda v, kind: pd.Categorical(v),
    "pandas categorical index": lambda v, kind: pd.CategoricalIndex(v),
    "arrow": lambda v, kind: pa.array(v, ARROW[kind]),
    "arrow slices": arrow_slices,
    "arrow chunks": arrow_chunks,
    "arrow dictionary": lambda v, kind: pa.array(v, ARROW[kind]).dictionary_encode(),
}
if polars:
    CONTAINERS |= {
        "polars": lambda v, kind: polars.Series(v),
        "polars chunks": lambda v, kind: polars.concat(
            [polars.Series(v[:2]), polars.Series(v[2:])], rechunk=False
        ),
    }

STRIPPED = [("masked", "bytes")]
"""numpy takes zeros off the end of text and bytes of fixed width."""


@pytest.mark.parametrize("container", CONTAINERS)
@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_in_every_container(kind: str, container: str) -> None:
    name, values, want = KINDS[kind]
    if (container, kind) in STRIPPED:
        values, want = ([x and x.rstrip(b"\0") for x in v] for v in (values, want))
    found, items = read(CONTAINERS[container](values, kind))
    assert (found, items) == (name, want)
    assert [type(i) for i in items] == [type(w) for w in want]
    if kind == "float":
        assert all(str(i) != "-0.0" for i in items)


@pytest.mark.parametrize("kind", KINDS)
def test_dictionaries_that_differ_between_chunks(kind: str) -> None:
    name, values, want = KINDS[kind]
    both = (name, [*want[::2], *want[1::2]])
    assert read(dictionaries(values, kind)) == both


@pytest.mark.parametrize("container", CONTAINERS)
@pytest.mark.parametrize("kind", KINDS)
def test_without_a_missing_key(kind: str, container: str) -> None:
    name, values, want = KINDS[kind]
    values, want = ([x for x in v if x is not None] for v in (values, want))
    if (container, kind) in STRIPPED:
        want = [x.rstrip(b"\0") for x in want]
    keyed = read_key("k", CONTAINERS[container](values, kind))
    assert (keyed.kind.name, items_of(keyed)) == (name, want)
    assert keyed.missing is None
    assert keyed.codes is None or (keyed.codes >= 0).all()


@pytest.mark.parametrize("dtype", ["i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8"])
@pytest.mark.parametrize("swapped", [False, True])
def test_integers_of_every_size(dtype: str, swapped: bool) -> None:
    info = np.iinfo(dtype)
    array = np.array([info.min, info.max, 7], dtype)
    array = array.astype(array.dtype.newbyteorder()) if swapped else array
    want = [int(info.min), int(info.max), 7]
    for given in (array, np.repeat(array, 2)[::2], array[::-1][::-1], pd.Series(array)):
        keyed = read_key("k", given)
        assert keyed.kind == Kind("int", ("unsigned",) if dtype == "u8" else ())
        assert items_of(keyed) == want
    name = np.dtype(dtype).name
    nullable = pd.array([*want, None], name.replace("i", "I").replace("uI", "UI"))
    assert read(nullable) == ("int", [*want, None])
    if polars:
        found = polars.Series([*want, None], dtype=getattr(polars, nullable.dtype.name))
        assert read(found) == ("int", [*want, None])


def test_unsigned_only_where_a_value_needs_it() -> None:
    assert read_key("k", np.array([2**63 - 1], "u8")).kind == Kind("int")
    assert read_key("k", np.zeros(0, "u8")).kind == Kind("int")
    assert read_key("k", [2**64 - 1, None]).kind == Kind("int", ("unsigned",))
    assert read([2**64 - 1, None, 3]) == ("int", [2**64 - 1, None, 3])
    assert read(np.ma.array(np.array([2**63, 1], "u8"), mask=[1, 0])) == ("int", [None, 1])
    assert read_key("k", np.ma.array(np.array([2**63, 1], "u8"), mask=[1, 0])).kind == Kind("int")


@pytest.mark.parametrize("dtype", ["f2", "f4", "f8", ">f8", ml_dtypes.bfloat16])
def test_floats_of_every_size(dtype: Any) -> None:
    array = np.array([0.5, -0.0, 0.0, NAN, np.inf, -np.inf], dtype)
    keyed = read_key("k", array)
    assert items_of(keyed) == [0.5, 0.0, 0.0, None, np.inf, -np.inf]
    assert rows_of(keyed)[1] == 0
    assert np.signbit(array.astype("f8")[1])  # what came is as it was


def test_contiguous_integers_come_back_as_themselves() -> None:
    array = np.arange(5)
    array.flags.writeable = False
    assert read_key("k", array).values is array
    times = array.view("M8[us]")
    assert np.shares_memory(read_key("k", times).values, array)
    for column in (
        pd.Series(array),
        pa.array(array),
        *([torch.from_numpy(array.copy())] if torch else []),
    ):
        assert np.shares_memory(read_key("k", column).values, np.asarray(column))


def test_codes_come_back_as_they_are() -> None:
    column = pd.Categorical(["b", None, "a"], categories=["b", "unused", "a"])
    assert np.shares_memory(read_key("k", column).codes, column.codes)
    encoded = pa.array(["b", "a", "b"]).dictionary_encode()
    assert np.shares_memory(read_key("k", encoded).codes, np.asarray(encoded.indices))
    flags = np.array([True, False])
    assert np.shares_memory(read_key("k", flags).codes, flags)


@pytest.mark.skipif(polars is None, reason="needs polars")
def test_categories_of_polars() -> None:
    text = polars.Series(["b", None, "a", "b"])
    for dtype in (polars.Categorical, polars.Enum(["z", "a", "b"])):
        assert read(text.cast(dtype)) == ("text", ["b", None, "a", "b"])
        assert read(text.cast(dtype)[1:3]) == ("text", [None, "a"])


@pytest.mark.skipif(torch is None, reason="needs torch")
def test_tensors() -> None:
    assert read(torch.tensor([3, -1])) == ("int", [3, -1])
    assert read(torch.tensor([True, False])) == ("bool", [True, False])
    for dtype in (torch.float32, torch.float64, torch.bfloat16, torch.float16):
        tensor = torch.tensor([0.5, NAN], dtype=dtype, requires_grad=True)
        assert read(tensor) == ("float", [0.5, None])


def test_other_columns_of_pandas() -> None:
    assert read(pd.Series([1, None], dtype="Int64")) == ("int", [1, None])
    assert read(pd.Series([True, None], dtype="boolean")) == ("bool", [True, None])
    assert read(pd.Series([0.5, None], dtype="Float32")) == ("float", [0.5, None])
    assert read(pd.Series([0, 1, 0], dtype=pd.SparseDtype(int))) == ("int", [0, 1, 0])
    for storage in ("python", "pyarrow"):
        for null in (pd.NA, np.nan):
            column = pd.Series(["a", None, "é"], dtype=pd.StringDtype(storage, null))
            assert read(column) == ("text", ["a", None, "é"])
            assert read(pd.Index(column)) == ("text", ["a", None, "é"])
            assert read(column.astype("category")) == ("text", ["a", None, "é"])
    days = pd.to_datetime(["2024-02-29", None]).tz_localize("Europe/Berlin")
    want = ("time", times([dt.datetime(2024, 2, 28, 23), None], "us"))
    assert read(days) == want
    assert read(pd.Series(days)) == want
    assert read(pd.Categorical(days)) == want
    assert read(pd.Series(days).astype(object)) == want


def test_other_types_of_arrow() -> None:
    for typed in (pa.large_string(), pa.string_view()):
        assert read(pa.array(["a", None, "a"], typed)) == ("text", ["a", None, "a"])
    for typed in (pa.large_binary(), pa.binary(2), pa.binary_view()):
        assert read(pa.array([b"ab", None], typed)) == ("bytes", [b"ab", None])
    for unit in ("s", "ms", "us", "ns"):
        for zone in (None, "Europe/Berlin"):
            column = pa.array([3, None], pa.timestamp(unit, zone))
            assert read(column) == ("time", [np.datetime64(3, unit), None])
        assert read(pa.array([3, None], pa.duration(unit)))[1] == [np.timedelta64(3, unit), None]
    assert read(pa.array([DAY, None], pa.date64())) == ("time", times([DAY, None], "D"))
    assert read(pa.array([1.5, None], pa.float16())) == ("float", [1.5, None])
    for typed in (pa.int8(), pa.uint64(), pa.uint16()):
        assert read(pa.array([3, None, 0], typed)) == ("int", [3, None, 0])
    holes = pa.DictionaryArray.from_arrays(pa.array([1, 0, None, 2]), pa.array(["a", None, "a"]))
    assert read(holes) == ("text", [None, "a", None, "a"])
    for indices in ("uint8", "uint32", "int64"):
        codes = pa.array([1, None, 0], indices)
        assert read(pa.DictionaryArray.from_arrays(codes, ["a", "b"])) == ("text", ["b", None, "a"])


def test_no_row_has_a_key() -> None:
    nothing = [[], [None], [NAN], [NAN, None], [pd.NaT], [np.datetime64("NaT")], pa.nulls(2)]
    nothing += [np.array([None]), pd.Series([None], dtype=object), np.array(["NaT"], "M8")]
    nothing += [polars.Series([None, None])] if polars else []
    for value in nothing:
        keyed = read_key("k", value)
        assert keyed.kind == NOTHING
        assert rows_of(keyed) == [None] * len(value)
    assert read_key("k", np.full(2, NAN)).kind == Kind("float")
    assert read_key("k", np.zeros(0, "M8[s]")).kind == Kind("time", ("s",))


def test_empty_columns_keep_their_kind() -> None:
    for kind, (name, _, _) in KINDS.items():
        for value in (pa.array([], ARROW[kind]), np.zeros(0, DTYPES[kind])):
            assert read(value) == (name, [])
        assert read(pa.chunked_array([], ARROW[kind])) == (name, [])
    assert read(pd.Categorical([], categories=["a"])) == ("text", [])
    assert read(pd.Categorical([])) == ("missing", [])


class Colour(enum.StrEnum):
    RED = "red"


class Size(enum.IntEnum):
    LARGE = 3


def test_subclasses_are_what_they_derive_from() -> None:
    name, items = read([Colour.RED, np.str_("red"), "red"])
    assert (name, items, {type(i) for i in items}) == ("text", ["red"] * 3, {str})
    assert read([Size.LARGE, np.int8(3), 3]) == ("int", [3] * 3)
    assert read([np.float32(0.5), np.float64(0.5), 0.5]) == ("float", [0.5] * 3)
    assert read([np.bool_(True), False]) == ("bool", [True, False])
    assert read([np.bytes_(b"a"), b"a"]) == ("bytes", [b"a"] * 2)
    assert len(read_key("k", [Colour.RED, np.str_("red"), "red"]).values) == 1


def test_times_of_several_units_are_one_key_where_they_are_equal() -> None:
    zone = dt.timezone(dt.timedelta(hours=2))
    equal = [
        DAY,
        dt.datetime(2024, 2, 29),
        dt.datetime(2024, 2, 29, 2, tzinfo=zone),
        np.datetime64("2024-02-29"),
        pd.Timestamp("2024-02-29 02:00", tz=zone),
    ]
    keyed = read_key("k", [*equal, None, pd.Timestamp("2024-02-29").as_unit("ns")])
    assert keyed.kind == Kind("time", ("ns",))
    assert set(items_of(keyed)) == {np.datetime64("2024-02-29", "ns"), None}
    for values in ([equal[0], pd.Timestamp(DAY).as_unit("ns")], [dt.datetime(2024, 2, 29)] * 2):
        assert read_key("k", values).kind == read_key("k", values[::-1]).kind
    spans = [dt.timedelta(1), np.timedelta64(1, "D"), pd.Timedelta("1D"), np.timedelta64(24, "h")]
    assert len(set(items_of(read_key("k", spans)))) == 1


def test_an_hour_that_comes_twice_is_two() -> None:
    zone = zoneinfo.ZoneInfo("Europe/Berlin")
    twice = [dt.datetime(2024, 10, 27, 2, 30, tzinfo=zone, fold=fold) for fold in (0, 1)]
    assert twice[0] == twice[1]
    assert np.diff(rows_of(read_key("k", twice))).tolist() == [3600 * 10**6]


@pytest.mark.parametrize("unit", ["Y", "M", "W", "D", "h", "m", "s", "ms", "us", "ns", "25s", "7D"])
def test_times_of_every_unit_of_numpy(unit: str) -> None:
    array = np.array([-3, 0, 5, "NaT"], f"M8[{unit}]")
    fine = "s" if unit not in ("ms", "us", "ns") else unit
    want = [None if np.isnat(t) else t for t in array.astype(f"M8[{fine}]")]
    assert items_of(read_key("k", array)) == want
    if unit not in "YM":
        spans = array.view(np.int64).view(f"m8[{unit}]")
        want = [None if np.isnat(t) else t for t in spans.astype(f"m8[{fine}]")]
        assert items_of(read_key("k", spans.astype(spans.dtype.newbyteorder()))) == want


def test_declared_kinds() -> None:
    assert read([1.0, NAN, -(2.0**63)], "int") == ("int", [1, None, -(2**63)])
    assert read(np.array([3, 2**53]), "float") == ("float", [3.0, 2.0**53])
    assert read(np.array([2**63, 2**64 - 2**11], "u8"), "float")[1] == [2.0**63, 2.0**64 - 2**11]
    assert read(pd.Categorical([1.0, None, 3.0]), "int") == ("int", [1, None, 3])
    assert read(np.full(2, NAN), "text") == ("missing", [None, None])
    assert read([None], "time") == ("missing", [None])
    for kind, (name, values, want) in KINDS.items():
        assert read(CONTAINERS["arrow"](values, kind), name) == (name, want)


def test_reading_changes_nothing_of_what_came() -> None:
    array = np.ma.array([1.0, 2.0], mask=[True, False])
    stamps = np.array(["2024", "NaT"], "M8[s]")
    for given, want in ((array, [1.0, 2.0]), (stamps, [1704067200, np.iinfo("i8").min])):
        read_key("k", given)
        data = np.asarray(given.data if given is array else given.view("i8"))
        assert data.tolist() == want


def test_threads_read_the_same() -> None:
    values = [f"k{i % 50}" for i in range(5000)]
    found: list[Any] = [None] * 4

    def work(k: int) -> None:
        found[k] = rows_of(read_key("k", values))

    threads = [threading.Thread(target=work, args=(k,)) for k in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(rows == values for rows in found)


def test_no_library_is_imported_to_read_arrays() -> None:
    script = (
        "import sys, streamloss as sl, numpy as np\n"
        "assert 'streamloss.arrays.cuts' not in sys.modules\n"
        "from streamloss.arrays.keys import read_key\n"
        "read_key('k', ['a', None]); read_key('k', np.arange(3)); sl.bins([1.0], [0, 1])\n"
        "print(sorted({'pandas', 'polars', 'pyarrow', 'torch', 'numpy.ma', 'fractions'}"
        " & set(sys.modules)))"
    )
    assert subprocess.check_output([sys.executable, "-c", script], text=True).strip() == "[]"
