"""Keys beside dask arrays: columns of dask's frames, bins and periods, and keys in memory."""

from collections.abc import Callable
from typing import Any

import dask.array as da
import dask.dataframe as dd
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

import streamloss as sl
from tests.run.lazy.cuts import assert_equal, building, lazily

N = 47
RNG = np.random.default_rng(3)
TEXT = RNG.choice(np.array(["JFK", "LGA", "a rather long name", ""]), N)
FRAME = pd.DataFrame(
    {
        "y": RNG.normal(size=N),
        "p": RNG.normal(size=N),
        "w": RNG.random(N),
        "text": TEXT,
        "objects": pd.Series(TEXT, dtype=object).where(RNG.random(N) < 0.8, None),
        "category": pd.Categorical(TEXT, categories=[*np.unique(TEXT)[::-1], "unused"]),
        "number": pd.Categorical(RNG.integers(0, 3, N) * 10),
        "integer": RNG.integers(0, 3, N),
        "nullable": pd.array(RNG.integers(0, 3, N), "Int64"),
        "flag": RNG.random(N) < 0.5,
        "time": pd.Timestamp("2024-01-30T22") + pd.to_timedelta(RNG.integers(0, 99, N), "D"),
        "zoned": pd.date_range("2024-03-30T22", periods=N, freq="h", tz="Europe/Berlin"),
    },
    index=range(N, 0, -1),
)
FRAME.loc[FRAME.index[3], "nullable"] = pd.NA
LAZY = dd.from_pandas(FRAME, npartitions=5, sort=False)
COLUMNS = [name for name in FRAME if len(name) > 1]


def slices(frame: Any, by: Any, **options: Any) -> Any:
    return sl.accumulate("mae", frame.y, frame.p, frame.w, by=by, **options)


@pytest.mark.parametrize("name", COLUMNS)
def test_columns_of_a_frame_are_keys(name: str) -> None:
    found, want = lazily(slices, LAZY, LAZY[name]).compute(), slices(FRAME, FRAME[name])
    assert found.by.names == (name,)
    assert len(want.result()) > 1
    assert_equal(found, want)


def test_several_columns_are_crossed() -> None:
    names = ["category", "flag", "objects"]
    found = lazily(slices, LAZY, tuple(LAZY[name] for name in names))
    assert_equal(found.compute(), slices(FRAME, tuple(FRAME[name] for name in names)))


def test_text_of_arrow_and_an_index() -> None:
    column = LAZY.text.astype("string[pyarrow]")
    assert_equal(lazily(slices, LAZY, column).compute(), slices(FRAME, FRAME.text))
    found = lazily(slices, LAZY, {"row": LAZY.index})
    assert_equal(found.compute(), slices(FRAME, {"row": FRAME.index}))


def test_categories_that_dask_does_not_know_or_that_differ() -> None:
    unknown = LAZY.text.astype("category")
    assert not unknown.cat.known
    assert_equal(lazily(slices, LAZY, unknown).compute(), slices(FRAME, FRAME.text))

    def differently(part: Any) -> Any:
        words = sorted(set(part), key=lambda text: hash((text, len(part))))
        return pd.Series(pd.Categorical(part, categories=["not here", *words]), part.index)

    meta = pd.Series(pd.Categorical([], categories=["not here"]), name="text")
    differing = LAZY.text.map_partitions(differently, meta=meta)
    assert_equal(lazily(slices, LAZY, differing).compute(), slices(FRAME, FRAME.text))


@pytest.mark.parametrize("kind", ["rows", "columns"])
def test_chosen_rows_have_their_keys(kind: str) -> None:
    chosen, some = LAZY[LAZY.y > 1.2], FRAME[FRAME.y > 1.2]  # no row in some partitions
    assert 0 in chosen.map_partitions(len).compute().tolist()
    if kind == "rows":
        found = lazily(slices, chosen, chosen.category)
    else:
        y, p, w, key = (
            da.from_array(FRAME[c].to_numpy(), chunks=9) for c in "y p w integer".split()
        )
        rows = y > 1.2
        found = lazily(sl.accumulate, "mae", y[rows], p[rows], w[rows], by={"k": key[rows]})
    by = some.category if kind == "rows" else {"k": some.integer}
    assert_equal(found.compute(), slices(some, by))


@pytest.mark.parametrize("frequency", ["month", "week", "hour"])
@pytest.mark.parametrize("name", ["time", "zoned"])
def test_periods_of_lazy_times(name: str, frequency: str) -> None:
    found = lazily(slices, LAZY, sl.period(LAZY[name], frequency))
    assert_equal(found.compute(), slices(FRAME, sl.period(FRAME[name], frequency)))
    y, times = da.from_array(FRAME.y.to_numpy(), chunks=10), FRAME.time.to_numpy()
    key = sl.period(da.from_array(times, chunks=7), frequency)
    want = sl.accumulate("value", FRAME.y, by={"t": sl.period(times, frequency)})
    assert_equal(lazily(sl.accumulate, "value", y, by={"t": key}).compute(), want)


def test_bins_of_lazy_numbers() -> None:
    edges = [-1.0, 0.0, 0.5]
    found = lazily(
        slices, LAZY, {"bin": sl.bins(LAZY.y, edges), "i": sl.bins(LAZY.integer, [0, 2])}
    )
    by = {"bin": sl.bins(FRAME.y, edges), "i": sl.bins(FRAME.integer, [0, 2])}
    assert_equal(found.compute(), slices(FRAME, by))


IN_MEMORY: dict[str, Callable[[], Any]] = {
    "numpy": lambda: FRAME.integer.to_numpy(),
    "text of one width": lambda: TEXT,
    "masked": lambda: np.ma.masked_array(FRAME.integer.to_numpy(), FRAME.flag),
    "list": lambda: [None if k == 3 else text for k, text in enumerate(TEXT.tolist())],
    "list of which some chunks seem smaller": lambda: [1] * 20 + [2**64 - 1] * (N - 20),
    "list of which some chunks have none": lambda: [None] * 25 + ["a"] * (N - 25),
    "pandas": lambda: FRAME.category,
    "pandas, many categories": lambda: pd.Categorical(TEXT, np.append(np.unique(TEXT), range(99))),
    "polars": lambda: categories(pytest.importorskip("polars")),
    "arrow": lambda: pa.array(TEXT.tolist()).dictionary_encode(),
    "times": lambda: FRAME.time,
    "period": lambda: sl.period(FRAME.time, "month"),
    "bins": lambda: sl.bins(FRAME.y, [-0.5, 0.5]),
    "xarray": lambda: pytest.importorskip("xarray").DataArray(FRAME.integer.to_numpy(), dims="row"),
}


def categories(pl: Any) -> Any:
    return pl.Series(TEXT).cast(pl.Categorical)


@pytest.mark.parametrize("name", IN_MEMORY)
def test_keys_in_memory_are_cut_to_the_chunks(name: str) -> None:
    key = {"k": IN_MEMORY[name]()}
    y = da.from_array(FRAME.y.to_numpy(), chunks=(10,))
    found = lazily(sl.accumulate, "mae", y, FRAME.p.to_numpy(), by=key)
    assert_equal(found.compute(), sl.accumulate("mae", FRAME.y, FRAME.p, by=key))


def test_only_the_keys_are_lazy() -> None:
    y, key = FRAME.y.to_numpy(), FRAME.integer.to_numpy()
    found = lazily(sl.accumulate, "value", y, by=da.from_array(key, chunks=10))
    assert_equal(found.compute(), sl.accumulate("value", y, by=key))


def test_lazy_arrays_have_no_names_and_columns_have() -> None:
    y = da.from_array(FRAME.y.to_numpy(), chunks=10)
    key = da.from_array(FRAME.integer.to_numpy(), chunks=10)
    named = pytest.importorskip("xarray").DataArray(key, dims="row")
    for by, names in (
        (key, ["key"]),
        ((key, sl.bins(key, [0, 1])), ["key_0", "key_1"]),
        (named, ["key"]),
        (named.rename("airport"), ["airport"]),
    ):
        assert list(lazily(sl.evaluate, "value", y, by=by).compute().by) == names


@pytest.mark.parametrize("axis", [None, "time", ("time", "x")])
def test_arrays_with_named_axes(axis: Any) -> None:
    xr = pytest.importorskip("xarray")
    values = RNG.normal(size=(2, 12, 5))
    y, p = (xr.DataArray(v, dims=("time", "x"), coords={"x": range(5)}) for v in values)
    by = {"k": RNG.integers(0, 3, 12)}
    want = sl.Accumulator("mae", axis=axis, by="k").update(y, p, by=by)
    cut, key = p.T.chunk(time=5, x=2), da.from_array(by["k"], chunks=5)
    found = lazily(sl.accumulate, "mae", y.chunk(time=3), cut, axis=axis, by={"k": key}).compute()
    assert found.tally.known == want.tally.known
    assert found.axis == want.axis
    if axis is None:
        assert_equal(found, want)
    assert (found + want).counts["rows"] == 24
    with building():
        other = sl.evaluate("mae", y.chunk(time=3), p, axis=axis, by={"k": named_key(by["k"])})
    assert other.compute() == want.result()


def named_key(key: np.ndarray) -> Any:
    return pytest.importorskip("xarray").DataArray(da.from_array(key, chunks=6), dims="time")
