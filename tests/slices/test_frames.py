"""Slices as columns of Arrow, pandas and polars."""

import datetime
import importlib
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

import streamloss as sl
from streamloss.arrays.keys import bins, period
from tests.arrays.kinds import polars
from tests.slices.tables import BY, RNG, slices_of

LOSSES = ["mae", sl.Huber(0.5)]
COUNTS = ["elements", "nonzero_weights", "nan", "masked", "rows"]
BOTH = slices_of(LOSSES, BY)


def of_keys(*keys: Any) -> Any:
    """Slices of one row each with these keys."""
    ones = (np.ones(len(keys)),) * 3
    return slices_of("mae", {"key": list(keys)}, ones)


@pytest.mark.parametrize("res", [BOTH, BOTH.worst(4, "mae")], ids=["all", "worst"])
def test_the_columns_of_a_table(res: Any) -> None:
    table = pa.table(res)
    assert table.column_names == ["carrier", "hour", "mae", "Huber(delta=0.5)", *COUNTS]
    types = [pa.string(), pa.int64(), pa.float64(), pa.float64(), *[pa.int64()] * 5]
    assert table.schema.types == types
    assert table["carrier"].to_pylist() == res.by["carrier"].tolist()
    assert table["hour"].to_pylist() == res.by["hour"].tolist()
    for name, column in zip(LOSSES, ("mae", "Huber(delta=0.5)"), strict=True):
        assert table[column].to_numpy().tobytes() == res[name].tobytes()
    for name in COUNTS:
        assert table[name].to_pylist() == res.counts[name].tolist()


@pytest.mark.skipif(polars is None, reason="needs polars")
def test_polars_takes_them() -> None:
    frame = BOTH.to_polars()
    assert frame.columns == polars.DataFrame(BOTH).columns == pa.table(BOTH).column_names
    assert frame["mae"].to_numpy().tobytes() == BOTH["mae"].tobytes()
    assert frame["carrier"].to_list() == BOTH.by["carrier"].tolist()


def test_pandas_takes_them() -> None:
    frame = BOTH.to_pandas()
    assert frame["mae"].to_numpy().tobytes() == BOTH["mae"].tobytes()
    assert frame["hour"].dtype == np.int64
    assert frame["carrier"].isna().tolist() == [key is None for key in BOTH.by["carrier"]]
    assert pd.DataFrame.from_arrow(BOTH).columns.tolist() == frame.columns.tolist()


DAY, TIME = np.datetime64("2024-02-29"), np.datetime64("2024-02-29T05:06:07", "us")
KEYS: dict[str, tuple[list[Any], Any, str]] = {
    "bool": ([True, False], pa.bool_(), "bool"),
    "int": ([3, -5], pa.int64(), "int64"),
    "unsigned": ([2**64 - 1, 1], pa.uint64(), "uint64"),
    "float": ([0.5, -0.0], pa.float64(), "float64"),
    "text": (["b", "a"], pa.string(), "str"),
    "bytes": ([b"b", b"a\x00"], pa.binary(), "object"),
    "day": ([DAY, DAY + 1], pa.date32(), "datetime64[ms]"),
    "time": ([TIME, TIME + 1], pa.timestamp("us"), "datetime64[us]"),
    "duration": ([TIME - DAY, DAY - TIME], pa.duration("us"), "timedelta64[us]"),
}


@pytest.mark.parametrize("missing", [False, True], ids=["all", "missing"])
@pytest.mark.parametrize("kind", KEYS)
def test_keys_have_types(kind: str, missing: bool) -> None:
    keys, arrow, pandas = KEYS[kind]
    res = of_keys(*keys, *[None] * missing)
    column = pa.table(res)["key"]
    assert column.type == arrow
    assert column.null_count == missing
    frame = res.to_pandas()["key"]
    nullable = {"bool": "boolean", "int64": "Int64", "uint64": "UInt64"}
    assert str(frame.dtype) == (nullable.get(pandas, pandas) if missing else pandas)
    expected = np.sort(np.array(keys))
    assert np.array_equal(np.array(frame[: len(keys)].tolist(), expected.dtype), expected)
    assert frame.isna().tolist() == [False] * len(keys) + [True] * missing
    if polars:
        assert res.to_polars()["key"].null_count() == missing


def test_keys_that_are_all_missing() -> None:
    res = of_keys(None, None)
    assert pa.table(res)["key"].to_pylist() == [None]
    assert res.to_pandas()["key"].isna().all()
    assert res.loc[None] == {"mae": 0.0}
    assert res.by["key"].tolist() == [None]


def test_bins_are_in_the_order_of_numbers() -> None:
    y = np.ones(4)
    keyed = {"miles": bins(np.array([1500.0, 5.0, 700.0, np.nan]), [0, 500, 1000, 2500])}
    res = slices_of("mae", keyed, (y, y, y))
    texts = ["[0, 500)", "[500, 1000)", "[1000, 2500]"]
    assert pa.table(res)["miles"].type == pa.dictionary(pa.int32(), pa.string(), ordered=True)
    frame = res.to_pandas()["miles"]
    assert frame.cat.categories.tolist() == texts
    assert frame.cat.ordered
    assert frame[:3].tolist() == texts
    if polars:
        assert res.to_polars()["miles"].to_list() == [*texts, None]
    assert res.loc["[500, 1000)"] == {"mae": 0.0}
    assert [key for key, _ in res] == [*texts, None]
    assert list(res.by["miles"]) == [*texts, None]


def test_periods_are_text() -> None:
    y = np.ones(3)
    days = np.array(["2024-03-05", "2023-12-31", "NaT"], "M8[D]")
    res = slices_of("mae", {"month": period(days, "month")}, (y, y, y))
    assert pa.table(res)["month"].to_pylist() == ["2023-12", "2024-03", None]
    assert res.loc["2024-03"] == res.loc[datetime.date(2024, 3, 1)]


def test_axes_kept_are_columns() -> None:
    y, p = RNG.standard_normal((2, 60, 2, 2))
    res = slices_of("mae", {"hour": BY["hour"]}, (y, p), axis=0)
    frame = res.to_pandas()
    assert list(frame)[:5] == ["hour", "mae[0, 0]", "mae[0, 1]", "mae[1, 0]", "mae[1, 1]"]
    assert frame["mae[1, 0]"].tolist() == res["mae"][:, 1, 0].tolist()
    assert frame["elements"].tolist() == res.counts["elements"].tolist()


def test_names_that_are_there_already() -> None:
    y = np.ones(1)
    res = slices_of(["mae"], {"mae": [1], "rows": [2], "mae_": [3]}, (y, y, y))
    names = ["mae", "rows", "mae_", "mae__", *COUNTS[:-1], "rows_"]
    assert list(res.to_pandas()) == names
    if polars:
        assert res.to_polars().columns == names


@pytest.mark.parametrize("absent", ["pyarrow", "pandas", "polars"])
def test_what_is_not_installed_is_named(absent: str, monkeypatch: pytest.MonkeyPatch) -> None:
    real = importlib.import_module

    def refusing(name: str) -> Any:
        if name == absent:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
        return real(name)

    monkeypatch.setattr("streamloss.slices.frames.import_module", refusing)
    calls = {
        "pyarrow": [BOTH.to_pandas, BOTH.__arrow_c_stream__, *([BOTH.to_polars] if polars else [])],
        "pandas": [BOTH.to_pandas],
        "polars": [BOTH.to_polars],
    }
    for call in calls[absent]:
        with pytest.raises(ImportError, match=f"needs {absent}, which is not installed: pip"):
            call()
