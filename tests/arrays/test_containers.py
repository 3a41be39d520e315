"""What a container holds decides, not the container: columns, frames, lists and masks."""

from __future__ import annotations

import datetime
import decimal
import math
from collections.abc import Callable
from typing import Any

import dask.array as da
import dask.dataframe as dd
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

import streamloss as sl
import streamloss.compat.sklearn as sk
from tests.arrays.kinds import polars, torch

MASKS: dict[str, Callable[[list[Any]], Any]] = {
    "pandas boolean": lambda v: pd.Series(v, dtype="boolean"),
    "pandas array": lambda v: pd.array(v, dtype="boolean"),
    "pandas arrow": lambda v: pd.Series(v, dtype=pd.ArrowDtype(pa.bool_())),
    "pandas objects": lambda v: pd.Series(v, dtype=object),
    "pandas objects with NA": lambda v: pd.Series([pd.NA if x is None else x for x in v]),
    "pandas objects with NaN": lambda v: pd.Series(v, dtype=object).fillna(np.nan),
    "pandas frame": lambda v: pd.DataFrame({"a": pd.Series(v, dtype="boolean")})["a"],
    "arrow": pa.array,
    "arrow chunks": lambda v: pa.chunked_array([v[:2], v[2:]], pa.bool_()),
    "masked": lambda v: np.ma.array([x is True for x in v], mask=[x is None for x in v]),
    "dask masked": lambda v: da.from_array(
        np.ma.array([bool(x) for x in v], mask=[x is None for x in v]), chunks=3
    ),
}
if polars:
    MASKS["polars"] = lambda v: polars.Series(v, dtype=polars.Boolean)


@pytest.mark.parametrize("kind", MASKS)
def test_a_null_in_a_mask_leaves_the_row_out(kind: str) -> None:
    y = np.array([1.0, 5.0, 7.0, 2.0])
    for values, want in (([True, None, False, True], 1.5), ([True, False, True, False], 4.0)):
        got = sl.evaluate("mae", y, y * 0, where=MASKS[kind](values))
        assert float(got.compute() if hasattr(got, "compute") else got) == want


@pytest.mark.parametrize("dtype", ["boolean", "bool[pyarrow]"])
def test_a_null_in_a_mask_of_a_dask_frame_leaves_the_row_out(dtype: str) -> None:
    y, mask = pd.Series([1.0, 5.0, 7.0, 2.0]), pd.Series([True, None, False, True], dtype=dtype)
    frame = dd.from_pandas(pd.DataFrame({"y": y, "zero": y * 0, "mask": mask}), npartitions=2)
    assert float(sl.evaluate("mae", frame.y, frame.zero, where=frame["mask"]).compute()) == 1.5


@pytest.mark.parametrize("kind", ["pandas objects", "pandas frame", "arrow", "categories"])
def test_a_mask_of_anything_else_is_refused(kind: str) -> None:
    value = {
        "pandas objects": pd.Series([True, "yes", None, False], dtype=object),
        "pandas frame": pd.Series([1, 0, None, 1], dtype="Int64"),
        "arrow": pa.array([1.0, None, 0.0, 1.0]),
        "categories": pd.Series([True, None, False, True], dtype="category"),
    }[kind]
    with pytest.raises(TypeError, match=r"^where must be boolean"):
        sl.evaluate("mae", [1.0, 5.0, 7.0, 2.0], [0.0] * 4, where=value)


FRAME = {"a": [True, False, True], "b": [1, 2, 3], "c": [0.5, 1.5, 2.5]}
SUM = 2 + 6 + 4.5


def frames() -> dict[str, Any]:
    nulls = pd.DataFrame(
        {k: pd.array(v, dtype=t) for (k, v), t in zip(FRAME.items(), NULLABLE, strict=True)}
    )
    found = {
        "pandas": pd.DataFrame(FRAME),
        "pandas nullable": nulls,
        "pandas sparse": pd.DataFrame({k: pd.arrays.SparseArray(v) for k, v in FRAME.items()}),
        "pandas arrow": pd.DataFrame(FRAME).astype(
            {"a": "bool[pyarrow]", "b": "int64[pyarrow]", "c": "double[pyarrow]"}
        ),
        "dask": dd.from_pandas(pd.DataFrame(FRAME), npartitions=2),
    }
    if polars:
        found["polars"] = polars.DataFrame(FRAME)
    return found


NULLABLE = ("boolean", "Int64", "Float64")


@pytest.mark.parametrize("kind", frames())
def test_frames_of_booleans_beside_numbers(kind: str) -> None:
    frame = frames()[kind]
    zeros = frame * 0 if kind == "dask" else np.zeros((3, 3))
    got = sl.evaluate("mae", frame, zeros, reduction="sum")
    assert float(got) == SUM


def test_a_column_that_holds_no_numbers_is_named() -> None:
    with pytest.raises(TypeError, match=r"^y_true column 'name' must be a column of numbers"):
        sl.evaluate("mae", pd.DataFrame({"x": [1.0], "name": ["a"]}), [[0.0, 0.0]])


DAYS = [datetime.date(2020, 1, 1), datetime.date(2020, 1, 2)]
MONEY = [decimal.Decimal("1.5"), decimal.Decimal("2.5")]
REFUSED: dict[str, Callable[[bool], Any]] = {
    "pandas decimals": lambda null: pd.Series(
        [MONEY[0], None if null else MONEY[1]], dtype=pd.ArrowDtype(pa.decimal128(9, 2))
    ),
    "arrow decimals": lambda null: pa.array([MONEY[0], None if null else MONEY[1]]),
    "pandas objects": lambda null: pd.Series([MONEY[0], None if null else MONEY[1]]),
    "pandas dates": lambda null: pd.Series(
        [DAYS[0], None if null else DAYS[1]], dtype=pd.ArrowDtype(pa.date32())
    ),
    "sparse dates": lambda null: pd.Series(
        pd.arrays.SparseArray(
            np.array(["2020-01-01", "NaT" if null else "2020-01-02"], "M8[ns]"),
            fill_value=np.datetime64("NaT", "ns"),
        )
    ),
    "intervals": lambda null: pd.Series(pd.interval_range(0, 2)),
    "durations": lambda null: pd.Series(pd.to_timedelta([1, None if null else 2], unit="s")),
}
if polars:
    REFUSED["polars decimals"] = lambda null: polars.Series([MONEY[0], None if null else MONEY[1]])
    REFUSED["polars dates"] = lambda null: polars.Series([DAYS[0], None if null else DAYS[1]])
    REFUSED["polars text"] = lambda null: polars.Series(["a", None if null else "b"])


@pytest.mark.parametrize("null", [False, True])
@pytest.mark.parametrize("kind", REFUSED)
def test_what_is_no_number_is_refused_with_and_without_null(kind: str, null: bool) -> None:
    value = REFUSED[kind](null)
    for arguments in ((value, [0, 0]), ([0, 0], value), ([0, 0], [0, 0], value)):
        with pytest.raises(TypeError, match=r"^(y_true|y_pred|weights) must") as caught:
            sl.evaluate("mae", *arguments, nan="omit")
        assert len(str(caught.value)) < 250
    if kind.startswith("pandas"):
        frame = dd.from_pandas(value, npartitions=1)
        with pytest.raises((TypeError, NotImplementedError), match=r"^y_true must"):
            sl.evaluate("mae", frame, frame).compute()


POLARS_KINDS = ["Int8", "Int64", "UInt16", "UInt64", "Float32", "Float64", "Boolean"]


@pytest.mark.skipif(polars is None, reason="needs polars")
@pytest.mark.parametrize("kind", POLARS_KINDS)
def test_columns_of_polars_with_nulls(kind: str) -> None:
    column = polars.Series([1, None, 0, 1]).cast(getattr(polars, kind))
    acc = sl.accumulate("mae", column, [0, 0, 1, 0], column, nan="omit")
    assert acc.result("sum") == 2.0
    assert (acc.counts["elements"], acc.counts["nan"]) == (3, 1)
    assert math.isnan(sl.evaluate("mae", column, [0.0] * 4))


LISTS: dict[str, Callable[[list[float]], Any]] = {
    "numbers": list,
    "arrays of rank 0": lambda v: [np.array(x) for x in v],
    "masked constants": lambda v: [np.ma.array(x) for x in v],
    "arrow scalars' arrays": lambda v: [pa.array([x]) for x in v],
    "columns": lambda v: [pd.Series([x]) for x in v],
    "booleans beside numbers": lambda v: [True, *v[1:]],
}
if torch:
    LISTS |= {
        "tensors": lambda v: [torch.tensor(x) for x in v],
        "tensors with gradients": lambda v: [torch.tensor(x, requires_grad=True) for x in v],
        "bfloat16": lambda v: [torch.tensor(x, dtype=torch.bfloat16) for x in v],
        "tuples of tensors": lambda v: tuple(torch.tensor([x], requires_grad=True) for x in v),
        "a tensor beside a number": lambda v: [torch.tensor(v[0]), *v[1:]],
    }


@pytest.mark.parametrize("kind", LISTS)
def test_lists_are_read_by_element(kind: str) -> None:
    y = LISTS[kind]([1.0, 2.0, 4.0])
    shape = np.shape(np.zeros(3) if kind not in ("columns", "arrow scalars' arrays") else [[0]] * 3)
    if kind == "tuples of tensors":
        shape = (3, 1)
    assert sl.reduce(y, [3, 1, 2]) == 13.0 / 6.0
    assert sl.evaluate("mae", y, np.zeros(shape), [3, 1, 2]) == 13.0 / 6.0


@pytest.mark.parametrize("mask", [True, False])
def test_masked_arrays_without_axes(mask: bool) -> None:
    one = np.ma.array(1.0, mask=mask)
    for arguments in ((one, 0.0), (0.0, one), (1.0, 0.0, one)):
        acc = sl.accumulate("mae", *arguments)
        assert acc.counts["masked"] == mask
        assert acc.result("sum") == (0.0 if mask else 1.0)
    assert sl.reduce(1.0, where=np.ma.array(True, mask=mask), reduction="sum") == 1.0 - mask


def test_masks_in_lists_are_kept() -> None:
    rows = [np.ma.array([1.0, 9.0], mask=[0, 1]), np.array([2.0, 3.0])]
    assert sl.evaluate("mae", rows, np.zeros((2, 2))) == 2.0


def test_an_element_that_is_no_number_is_named() -> None:
    with pytest.raises((TypeError, ValueError), match=r"^y_true\[1\] must"):
        sl.evaluate("mae", [np.ma.array([1.0]), {"a": 1}], [[0.0], [0.0]])


@pytest.mark.parametrize("item", [pd.NA, pd.Timestamp("2020"), None, "a", {"a": 1}])
def test_a_list_of_something_else_is_refused_in_words(item: Any) -> None:
    with pytest.raises(TypeError, match=r"^y_true.* must ") as caught:
        sl.evaluate("mae", [1.0, item], [0.0, 0.0])
    assert "attribute" not in str(caught.value)


@pytest.mark.skipif(torch is None, reason="needs torch")
@pytest.mark.parametrize("call", ["accuracy_score", "zero_one_loss", "hinge_loss"])
def test_labels_of_tensors(call: str) -> None:
    labels, scores = np.array([0.0, 1.0, 1.0]), np.array([0.25, 0.5, 1.0])
    other = labels if call in ("accuracy_score", "zero_one_loss") else scores
    want = getattr(sk, call)(labels, other)
    for cast in (torch.bfloat16, torch.float32):
        tensors = [torch.tensor(a, requires_grad=True).to(cast) for a in (labels, other)]
        assert getattr(sk, call)(*tensors) == want


@pytest.mark.skipif(torch is None, reason="needs torch")
def test_bfloat16_in_the_interface_of_scikit_learn() -> None:
    y, p = torch.tensor([1.0, 2.0]), torch.tensor([1.5, 2.0], requires_grad=True)
    for cast in (torch.bfloat16, torch.float16, torch.float32):
        assert float(sk.mean_absolute_error(y.to(cast), p.to(cast))) == 0.25
