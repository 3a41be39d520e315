"""Containers, columns and frames are read as the arrays that they hold, nulls as NaN."""

import array
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

import streamloss as sl
from tests.arrays.given import NAN, RNG, errors, quotients, same


class OnlyArray:
    def __init__(self, values: np.ndarray) -> None:
        self.values = values

    def __array__(self, dtype: Any = None, copy: Any = None) -> np.ndarray:
        return self.values


class OnlyDLPack:
    def __init__(self, values: np.ndarray) -> None:
        self.values = values

    def __dlpack__(self, **options: Any) -> Any:
        return self.values.__dlpack__(**options)

    def __dlpack_device__(self) -> Any:
        return self.values.__dlpack_device__()


CONTAINERS: dict[str, Callable[[np.ndarray], Any]] = {
    "list": np.ndarray.tolist,
    "tuple": lambda a: tuple(a.tolist()),
    "list of scalars": list,
    "array.array": lambda a: array.array("d", a.tolist()),
    "memoryview": memoryview,
    "__array__": OnlyArray,
    "__dlpack__": OnlyDLPack,
    "Series": lambda a: pd.Series(a, index=range(a.size)[::-1]),
    "Index": pd.Index,
    "Float64": lambda a: pd.array(a, "Float64"),
    "Series of Float64": lambda a: pd.Series(a, dtype="Float64"),
    "Series of Arrow": lambda a: pd.Series(a, dtype=pd.ArrowDtype(pa.float64())),
    "column": lambda a: pd.DataFrame({"b": 0, "a": a})["a"],
    "pa.Array": pa.array,
    "sliced pa.Array": lambda a: pa.array([NAN, *a])[1:],
    "pa.ChunkedArray": lambda a: pa.chunked_array([a[:3], a[3:3], a[3:]]),
}


@pytest.mark.parametrize("container", CONTAINERS)
def test_containers_are_read_as_the_array_they_hold(container: str) -> None:
    y, p, w = RNG.random((3, 10))
    odd = CONTAINERS[container]
    want = quotients(errors(y, p) * w, w)
    assert sl.evaluate("mae", odd(y), p, w) == sl.evaluate("mae", y, odd(p), w) == want
    assert sl.evaluate("mae", odd(y), odd(p), odd(w)) == want


@pytest.mark.parametrize(
    ("one", "three"),
    [
        (1, 3),
        (True, 3.0),
        (np.float32(1), np.int8(3)),
        (np.array(1.0), 3),
        ([[1]], [[3]]),
        (1j, 3j),
    ],
)
def test_scalars_and_nested_lists(one: Any, three: Any) -> None:
    assert same(sl.evaluate("mae", one, three), 2.0)


NULLS: dict[str, Callable[[list[Any]], Any]] = {
    "Float64": lambda v: pd.Series(v, dtype="Float64"),
    "Float32": lambda v: pd.array(v, dtype="Float32"),
    "Int64": lambda v: pd.Series(v, dtype="Int64"),
    "UInt8": lambda v: pd.Series(v, dtype="UInt8"),
    "boolean": lambda v: pd.Series(v, dtype="boolean"),
    "pandas int64[pyarrow]": lambda v: pd.Series(v, dtype="int64[pyarrow]"),
    "pandas double[pyarrow]": lambda v: pd.Series(v, dtype="double[pyarrow]"),
    "pandas bool[pyarrow]": lambda v: pd.Series(v, dtype="bool[pyarrow]"),
    "arrow chunks": lambda v: pa.chunked_array([v[:2], v[2:]], pa.int32()),
    **{
        f"arrow {kind}": lambda v, kind=kind: pa.array(v, kind)
        for kind in ("bool", "int8", "uint64", "int64", "halffloat", "float", "double")
    },
}


@pytest.mark.parametrize("kind", NULLS)
def test_nulls_of_columns_are_nan(kind: str) -> None:
    column = NULLS[kind]([True, None, False, True] if "bool" in kind else [1, None, 0, 1])
    assert math.isnan(sl.evaluate("mae", column, [0.0] * 4))
    acc = sl.accumulate("mae", column, [0, 0, 1, 0], column, nan="omit")
    assert acc.result("sum") == 2.0
    assert (acc.counts["elements"], acc.counts["nan"], acc.counts["nonzero_weights"]) == (3, 1, 2)


@pytest.mark.parametrize("kind", NULLS)
def test_columns_that_could_have_nulls_and_have_none(kind: str) -> None:
    column = NULLS[kind]([True, False, True] if "bool" in kind else [1, 0, 1])
    assert sl.evaluate("mae", column, [0, 0, 0], reduction="sum") == 2.0


def test_large_integers_of_columns_are_rounded_once() -> None:
    number = 2**53 + 3
    for column in (pd.array([number, None], "Int64"), pa.array([number, None])):
        assert sl.evaluate("mae", column, [0, 0], nan="omit") == float(number)


def test_the_index_of_pandas_is_ignored() -> None:
    y, p = pd.Series([1.0, 2.0, 4.0], index=[2, 1, 0]), pd.Series([1.0, 2.0, 4.0], index=[0, 1, 2])
    assert sl.evaluate("mae", y, p) == 0.0


def test_frames_are_two_dimensional() -> None:
    y, p = pd.DataFrame({"a": [1.0, 2.0], "b": [3.0, 4.0]}), np.zeros((2, 2))
    assert sl.evaluate("mae", y, p, axis=0).tolist() == [1.5, 3.5]
    assert sl.evaluate("mae", y["a"], p[:, 0]) == 1.5


def test_frames_with_nulls() -> None:
    frame = pd.DataFrame({"a": pd.array([1.5, None], "Float64"), "b": pd.array([3, 4], "Int64")})
    assert sl.evaluate("mae", frame, np.zeros((2, 2)), axis=0, nan="omit").tolist() == [1.5, 3.5]
