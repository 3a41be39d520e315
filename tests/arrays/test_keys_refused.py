"""What is no key is refused in one short line that names the key."""

from __future__ import annotations

import datetime as dt
import decimal
import threading
from typing import Any

import dask.array as da
import dask.dataframe as dd
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

import streamloss as sl
from streamloss.arrays.keys import read_key, text_of_words
from tests.arrays.kinds import polars, torch

ONE = decimal.Decimal(1)
MONEY = pd.ArrowDtype(pa.decimal128(3, 1))
NAN = float("nan")
STAMP, TODAY = np.datetime64("2024-01-01", "s"), dt.date(2024, 1, 1)

MIXED: dict[str, tuple[list[Any], str]] = {
    "text beside a number": (["a", 1], "int and text"),
    "text beside a float": (["a", 0.5, NAN], "float and text"),
    "bool beside int": ([True, 1], "bool and int"),
    "bool beside int of numpy": ([np.bool_(True), np.int8(1)], "bool and int"),
    "int beside float": ([1, 1.0], "float and int"),
    "text beside bytes": (["a", b"a", None], "bytes and text"),
    "times beside text": ([TODAY, "2024-01-01"], "text and time"),
    "times beside durations": ([STAMP, dt.timedelta(1)], "duration and time"),
    "durations beside integers": ([np.timedelta64(1, "s"), 1], "duration and int"),
    "three": ([1, "a", b"a"], "bytes and int and text"),
}


@pytest.mark.parametrize("kind", MIXED)
def test_keys_of_several_kinds(kind: str) -> None:
    values, names = MIXED[kind]
    message = f"^by 'carrier' must hold keys of one kind: got {names}$"
    columns = [np.array([*values, None], object)[:-1], pd.Series(values, dtype=object)]
    columns += [pd.Categorical(values)] if "int" not in names else []  # pandas takes 1 for True
    for given in (values, values[::-1], tuple(values), *columns):
        with pytest.raises(TypeError, match=message):
            read_key("carrier", given)


OTHERS: dict[str, tuple[Any, str]] = {
    "complex": (np.zeros(2, complex), "got dtype complex128"),
    "complex objects": ([1j], "got an object of type complex"),
    "structured": (np.zeros(2, "i4,f8"), "got dtype"),
    "structured and masked": (np.ma.array(np.zeros(2, "i4,f8"), mask=[(1, 0)] * 2), "got dtype"),
    "longdouble": (np.zeros(2, np.longdouble), "got dtype float128"),
    "longdouble objects": ([np.longdouble(1)], "got an object of type longdouble"),
    "decimals": ([ONE], "got an object of type Decimal"),
    "arrow decimals": (pa.array([ONE]), "got a pyarrow column of decimal128"),
    "pandas decimals": (
        pd.Series(pa.array([ONE]), dtype=pd.ArrowDtype(pa.decimal128(3, 1))),
        "dec",
    ),
    "nested": ([[1], [2]], "got an object of type list"),
    "dicts": ([{"a": 1}], "got an object of type dict"),
    "arrow lists": (pa.array([[1]]), "got a pyarrow column of list"),
    "arrow times of day": (pa.array([dt.time(1)]), "got a pyarrow column of time64"),
    "times of day": ([dt.time(1)], "got an object of type time"),
    "arrow scalars": (pa.scalar(1), "got pyarrow's Int64Scalar"),
    "arrow tables": (pa.table({"a": [1]}), "got pyarrow's Table"),
    "intervals": (pd.Series(pd.interval_range(0, 2)), "got an object of type Interval"),
    "interval categories": (pd.cut([1, 2], 2), "got an object of type Interval"),
    "pandas periods": (pd.period_range("2024", periods=2, freq="M"), "of type Period"),
    "several levels": (pd.MultiIndex.from_tuples([(1, 2)]), "got an object of type tuple"),
    "frames": (pd.DataFrame({"a": [1]}), "got pandas' DataFrame"),
    "long names": ([type("x" * 10**4, (), {})()], "got an object of type x"),
}
if polars:
    OTHERS |= {
        "polars decimals": (polars.Series([ONE]), "got a polars column of Decimal"),
        "polars lists": (polars.Series([[1]]), "got a polars column of List"),
        "polars times of day": (polars.Series([dt.time(1)]), "got a polars column of Time"),
        "polars wide": (polars.Series([1], dtype=polars.Int128), "got a polars column of Int128"),
    }


@pytest.mark.parametrize("kind", OTHERS)
def test_what_is_no_key(kind: str) -> None:
    value, got = OTHERS[kind]
    message = rf"^by 'carrier' must hold booleans, integers, .* or times: .*{got}"
    with pytest.raises(TypeError, match=message) as caught:
        read_key("carrier", value)
    assert len(str(caught.value)) < 200
    assert "\n" not in str(caught.value)


SHAPES: dict[str, Any] = {
    "rank 2": np.zeros((2, 1)),
    "rank 0": np.array(1),
    "rank 2 of objects": np.zeros((2, 1), object),
    "rank 2 of text": np.zeros((2, 1), "U3"),
    "rank 2 of times": np.zeros((2, 1), "M8[s]"),
    "rank 2 masked": np.ma.zeros((2, 1)),
}
if torch:
    SHAPES["tensor"] = torch.zeros(2, 2)
if polars:
    SHAPES["polars frame"] = polars.DataFrame({"a": [1], "b": [2]})


@pytest.mark.parametrize("kind", SHAPES)
def test_keys_have_one_axis(kind: str) -> None:
    message = r"^by 'carrier' must have one axis: got shape \("
    with pytest.raises(ValueError, match=message):
        read_key("carrier", SHAPES[kind])


@pytest.mark.parametrize(
    ("value", "got"),
    [
        (None, "NoneType"),
        (3, "int"),
        (np.int64(3), "int64"),
        ("carrier", "the name of a column"),
        (b"carrier", "bytes"),
        ({1, 2}, "set"),
        ({"a": [1]}, "dict"),
        (range(3).__iter__(), "range_iterator"),
        (object(), "object"),
        (threading.Lock(), "lock"),
    ],
)
def test_keys_are_arrays(value: Any, got: str) -> None:
    with pytest.raises(TypeError, match=f"^by 'carrier' must be an array: got {got}$"):
        read_key("carrier", value)


def test_lazy_arrays_are_refused() -> None:
    frame = dd.from_pandas(pd.DataFrame({"a": [1, 2]}), npartitions=1)
    for value in (da.zeros(3), frame.a, frame):
        with pytest.raises(TypeError, match=r"^by 'k' must be an array in memory: got a lazy one"):
            read_key("k", value)


@pytest.mark.skipif(torch is None, reason="needs torch")
def test_tensors_elsewhere_are_refused() -> None:
    with pytest.raises(TypeError, match=r"^by 'k' must be an array of the CPU: got one on meta"):
        read_key("k", torch.zeros(3, device="meta"))
    with pytest.raises(TypeError, match=r"^by 'k'"):
        read_key("k", torch.zeros(3).to_sparse())


def test_ranges_are_arrays() -> None:
    assert read_key("k", list(range(3))).values.tolist() == [0, 1, 2]


@pytest.mark.parametrize("value", [2**64, -(2**63) - 1, 10**4000], ids=["high", "low", "long"])
def test_integers_of_more_bits(value: int) -> None:
    for given in ([value], [value, None], np.array([value], object)):
        with pytest.raises(
            ValueError, match=r"^by 'k' must hold integers of 64 bits: got "
        ) as caught:
            read_key("k", given)
        assert len(str(caught.value)) < 120
    with pytest.raises(ValueError, match=r"^by 'k' must hold integers of 64 bits"):
        read_key("k", [-1, 2**63])


DECLARED: list[tuple[Any, str, type[Exception], str]] = [
    (np.array([1.0, 2.5]), "int", ValueError, "keys must be ints: got 2.5"),
    (np.array([1.0, np.inf]), "int", ValueError, "keys must be ints: got inf"),
    (np.array([2.0**63]), "int", ValueError, "keys must be ints: got 9.2"),
    (np.array([2**53 + 1]), "float", ValueError, "keys must be floats: got 9007199254740993"),
    (np.array([2**64 - 1], "u8"), "float", ValueError, "keys must be floats: got 184"),
    (np.array([2**63 - 1]), "float", ValueError, "keys must be floats: got 92"),
    (["a"], "int", TypeError, "keys must be int: got text"),
    (np.array(["a"]), "int", TypeError, "keys must be int: got text"),
    ([1], "text", TypeError, "keys must be text: got int"),
    ([True], "int", TypeError, "keys must be int: got bool"),
    ([1], "bool", TypeError, "keys must be bool: got int"),
    ([TODAY], "text", TypeError, "keys must be text: got time"),
    (sl.bins([1], [0, 2]), "int", TypeError, r"keys must be int: got bins \[0.0, 2.0\]"),
    (sl.period([TODAY], "day"), "time", TypeError, "keys must be time: got period day"),
]


@pytest.mark.parametrize(("value", "kind", "error", "message"), DECLARED)
def test_what_is_not_of_the_declared_kind(
    value: Any, kind: str, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=f"^by 'k': {message}"):
        read_key("k", value, kind)


def test_kinds_that_do_not_exist() -> None:
    with pytest.raises(ValueError, match=r"^the kind of 'k' must be one of bool, int"):
        read_key("k", [1], "number")


def test_times_without_a_unit_that_holds_them() -> None:
    for array in (
        np.array([1], "m8[M]"),
        np.array([2**60], "M8[Y]"),
        np.array([2**62], "M8[W]"),
        np.array([5], "M8[as]"),
        np.array([1], "m8"),
    ):
        with pytest.raises((TypeError, ValueError), match=r"^by 'k'"):
            read_key("k", array)
    late = [np.datetime64("9999-12-31"), np.datetime64(0, "ns")]
    with pytest.raises(ValueError, match=r"^by 'k': keys must fit into the range of times in ns"):
        read_key("k", late)


def test_errors_of_libraries_name_the_key() -> None:
    broken = pa.Array.from_buffers(
        pa.string(), 1, [None, pa.py_buffer(np.array([0, 1], "i4")), pa.py_buffer(b"\xff")]
    )
    with pytest.raises((TypeError, ValueError), match=r"^by 'k': 'utf-8' codec can't decode"):
        read_key("k", broken)


def test_half_characters_are_refused() -> None:
    for value in (["a", "b\ud800"], ["\ud800", "\udc00"], np.array(["\udfff"], object)):
        with pytest.raises(
            ValueError, match=r"^by 'k': keys must be text of whole characters: got"
        ):
            read_key("k", value)
    keyed = read_key("k", np.array(["a", "\ud800"]))
    with pytest.raises(ValueError, match=r"^keys must be text of whole characters"):
        text_of_words(keyed.kind, keyed.words)


def test_keys_with_odd_names() -> None:
    with pytest.raises(TypeError) as caught:
        read_key("<script>\n", [1j])
    assert str(caught.value).startswith("by '<script>\\n' must hold")
