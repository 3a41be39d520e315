"""Frames and files as data: whatever holds the columns, the sums and the bytes are the same."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv
import pyarrow.dataset
import pyarrow.feather as feather
import pyarrow.parquet as pq
import pytest

import streamloss as sl

N = 5_000
GIVEN: dict[str, Any] = {"y_true": "y", "y_pred": "p", "weights": "w", "where": "keep"}
BY = ["carrier", sl.bins("distance", [0, 500, 1000, 2500]), sl.period("time", "month")]
LOSSES = ["mae", "r2"]


def columns() -> dict[str, Any]:
    rng = np.random.default_rng(7)
    y = rng.normal(size=N).astype(np.float32)
    return {
        "y": y,
        "p": (y + rng.normal(size=N) * 0.1).astype(np.float32),
        "w": rng.random(N),
        "keep": rng.random(N) > 0.1,
        "carrier": np.array(["AA", "UA", "DL", None, "été"], object)[rng.integers(0, 5, N)],
        "distance": rng.integers(0, 3000, N),
        "time": np.datetime64("2023-01-01", "s") + rng.integers(0, 60_000_000, N).astype("m8[s]"),
    }


COLUMNS = columns()
FRAME = pd.DataFrame(COLUMNS)
TABLE = pa.Table.from_pandas(FRAME, preserve_index=False)
KEYS = {
    "carrier": COLUMNS["carrier"],
    "distance": sl.bins(COLUMNS["distance"], [0, 500, 1000, 2500]),
    "time": sl.period(COLUMNS["time"], "month"),
}


def of_arrays() -> sl.Accumulator:
    y, p, w, keep = (COLUMNS[name] for name in GIVEN.values())
    return sl.accumulate(LOSSES, y, p, w, where=keep, by=KEYS)


def truth() -> dict[Any, float]:
    """Return the weighted mean absolute error of each slice, by fractions."""
    sums: dict[Any, list[Fraction]] = {}
    of_bin = np.searchsorted([0, 500, 1000, 2500], COLUMNS["distance"], "right")
    of_bin[COLUMNS["distance"] == 2500] = 3
    months = COLUMNS["time"].astype("M8[M]").astype(str)
    for y, p, w, keep, *key in zip(
        *(COLUMNS[name].tolist() for name in GIVEN.values()),
        COLUMNS["carrier"],
        of_bin.tolist(),
        months.tolist(),
        strict=True,
    ):
        if keep:
            found = sums.setdefault(tuple(key), [Fraction(), Fraction()])
            found[0] += Fraction(w * abs(p - y))
            found[1] += Fraction(w)
    return {key: float(s / w) for key, (s, w) in sums.items()}


def chunked() -> pa.Table:
    return pa.concat_tables([TABLE.slice(k, 700) for k in range(0, N, 700)])


def coded() -> pa.Table:
    place = TABLE.schema.names.index("carrier")
    return TABLE.set_column(place, "carrier", TABLE["carrier"].dictionary_encode())


class Capsule:
    """Something of a library that nobody here knows, with a stream of Arrow."""

    def __init__(self, table: pa.Table) -> None:
        self._table = table

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        return self._table.__arrow_c_stream__(requested_schema)


def with_polars(make: Callable[[Any, Any], Any]) -> Callable[[], Any]:
    def made() -> Any:
        pl = pytest.importorskip("polars")
        return make(pl, pl.DataFrame(TABLE))

    return made


def of_duckdb() -> Any:
    duckdb = pytest.importorskip("duckdb")
    connection = duckdb.connect()
    connection.register("rows", TABLE)
    return connection.sql('select *, 1 as "more" from rows')


FRAMES: dict[str, Callable[[], Any]] = {
    "pandas": lambda: FRAME,
    "pandas categories": lambda: FRAME.assign(carrier=FRAME["carrier"].astype("category")),
    "pandas of arrow": lambda: FRAME.convert_dtypes(dtype_backend="pyarrow"),
    "table": lambda: TABLE,
    "chunks": chunked,
    "codes": coded,
    "batch": lambda: TABLE.combine_chunks().to_batches()[0],
    "reader": lambda: TABLE.to_reader(max_chunksize=900),
    "data set": lambda: pyarrow.dataset.dataset(chunked()),
    "scanner": lambda: pyarrow.dataset.dataset(TABLE).scanner(batch_size=333),
    "capsule": lambda: Capsule(chunked()),
    "mapping": lambda: COLUMNS,
    "polars": with_polars(lambda pl, frame: frame),
    "polars chunks": with_polars(lambda pl, f: pl.concat([f[:999], f[999:]], rechunk=False)),
    "polars categories": with_polars(
        lambda pl, f: f.with_columns(pl.col("carrier").cast(pl.Categorical))
    ),
    "polars lazy": with_polars(lambda pl, frame: frame.lazy()),
    "duckdb": of_duckdb,
    "narwhals": lambda: pytest.importorskip("narwhals").from_native(TABLE),
}


@pytest.mark.parametrize("name", FRAMES)
def test_frames_give_the_sums_of_their_arrays(name: str) -> None:
    found = sl.accumulate(LOSSES, **GIVEN, data=FRAMES[name](), by=BY)
    assert found == of_arrays()
    assert found.to_bytes() == of_arrays().to_bytes()
    means = found.result()
    for key, mean in truth().items():
        of_bin = ["(-inf, 0)", "[0, 500)", "[500, 1000)", "[1000, 2500]", "(2500, inf)"][key[1]]
        assert means.loc[key[0], of_bin, key[2]]["mae"] == mean


def test_dask_frames_are_lazy() -> None:
    dd = pytest.importorskip("dask.dataframe")
    frame = dd.from_pandas(FRAME.drop(columns="keep"), npartitions=7)
    given = {name: column for name, column in GIVEN.items() if name != "where"}
    found = sl.accumulate(LOSSES, **given, data=frame, by=BY)
    y, p, w, _ = (COLUMNS[name] for name in GIVEN.values())
    expected = sl.accumulate(LOSSES, y, p, w, by=KEYS)
    assert not isinstance(found, sl.Accumulator)
    assert found.compute(scheduler="sync").to_bytes() == expected.to_bytes()
    assert sl.Accumulator(LOSSES, by=tuple(KEYS)).update(**given, data=frame, by=BY) == expected
    once = sl.evaluate("mae", "y", "p", data=frame)
    assert float(once.compute(scheduler="sync")) == sl.evaluate("mae", "y", "p", data=FRAME)


@pytest.mark.parametrize("name", FRAMES)
def test_without_keys_they_are_those_of_arrays_too(name: str) -> None:
    found = sl.accumulate("mae", **GIVEN, data=FRAMES[name]())
    y, p, w, keep = (COLUMNS[column] for column in GIVEN.values())
    assert found == sl.accumulate("mae", y, p, w, where=keep)


def write(table: pa.Table, folder: Path) -> Mapping[str, Callable[[], None]]:
    """Return what writes a table in each format."""
    return {
        "a.parquet": lambda: pq.write_table(table, folder / "a.parquet", row_group_size=700),
        "b.parquet": lambda: pq.write_table(coded(), folder / "b.parquet", row_group_size=900),
        "c.parquet": lambda: pq.write_table(table, folder / "c.parquet", use_dictionary=False),
        "a.arrow": lambda: feather.write_feather(
            table, folder / "a.arrow", compression="uncompressed", chunksize=700
        ),
        "b.arrow": lambda: feather.write_feather(coded(), folder / "b.arrow", compression="zstd"),
        "c.arrow": lambda: feather.write_feather(
            table.cast(_with(table, pa.string_view())), folder / "c.arrow", compression="lz4"
        ),
        "d.arrow": lambda: feather.write_feather(
            table.cast(_with(table, pa.large_string())), folder / "d.arrow", chunksize=700
        ),
        "a.csv": lambda: pyarrow.csv.write_csv(table, folder / "a.csv"),
        "a.csv.gz": lambda: pyarrow.csv.write_csv(
            table, pa.CompressedOutputStream(str(folder / "a.csv.gz"), "gzip")
        ),
    }


def _with(table: pa.Table, text: pa.DataType) -> pa.Schema:
    place = table.schema.names.index("carrier")
    return table.schema.set(place, pa.field("carrier", text))


@pytest.mark.parametrize("rows", [None, 97])
@pytest.mark.parametrize("name", list(write(TABLE, Path())))
def test_files_give_the_sums_of_their_arrays(tmp_path: Path, name: str, rows: int | None) -> None:
    write(TABLE, tmp_path)[name]()
    types = {"y": "float32", "p": "float32"} if "csv" in name else None
    data = sl.scan(tmp_path / name, batch_rows=rows, types=types)
    found = sl.accumulate(LOSSES, **GIVEN, data=data, by=BY)
    assert found == of_arrays()
    assert found.to_bytes() == of_arrays().to_bytes()


def test_arrays_in_files_and_archives_have_keys(tmp_path: Path) -> None:
    text = COLUMNS["carrier"].copy()
    text[text == np.array(None)] = "none"
    keys = {"carrier": text.astype(str), "time": COLUMNS["time"], "distance": COLUMNS["distance"]}
    by = ["carrier", sl.period("time", "year"), sl.bins("distance", [0, 1000, 3000])]
    arrays = {"y": COLUMNS["y"], "p": COLUMNS["p"], **keys}
    np.savez(tmp_path / "a.npz", **arrays)
    for name, array in arrays.items():
        np.save(tmp_path / f"{name}.npy", array)
    expected = sl.accumulate("mse", "y", "p", data=arrays, by=by)
    locations = {name: str(tmp_path / f"{name}.npy") for name in arrays}
    for data in (sl.scan(tmp_path / "a.npz"), sl.scan(locations), sl.scan(locations, batch_rows=7)):
        assert sl.accumulate("mse", "y", "p", data=data, by=by) == expected


def test_names_of_folders_are_keys(tmp_path: Path) -> None:
    halves = {
        "year=2023/c=AA": slice(0, 2000),
        "year=2024/c=__HIVE_DEFAULT_PARTITION__": slice(2000, N),
    }
    for name, some in halves.items():
        (tmp_path / name).mkdir(parents=True)
        pq.write_table(
            TABLE.slice(some.start, some.stop - some.start), tmp_path / name / "0.parquet"
        )
    res = sl.evaluate("mae", "y", "p", data=sl.scan(tmp_path), by=["year", "c"])
    assert res.by["year"].tolist() == [2023, 2024]
    assert res.by["c"].tolist() == ["AA", None]
    for some, mean in zip(halves.values(), res["mae"], strict=True):
        assert mean == sl.evaluate("mae", COLUMNS["y"][some], COLUMNS["p"][some])


def test_folders_are_dates_or_text_if_one_is_no_number(tmp_path: Path) -> None:
    for day, name in (("2024-02-29", "7"), ("2024-03-01", "AA")):
        folder = tmp_path / f"day={day}" / f"name={name}"
        folder.mkdir(parents=True)
        pq.write_table(TABLE.slice(0, 9), folder / "0.parquet")
    res = sl.evaluate(
        "mae", "y", "p", data=sl.scan(tmp_path), by=[sl.period("day", "month"), "name"]
    )
    assert res.by["day"].tolist() == ["2024-02", "2024-03"]
    assert res.by["name"].tolist() == ["7", "AA"]


def test_an_accumulator_takes_frames_by_the_names_of_its_keys() -> None:
    acc = sl.Accumulator("mae", by=("carrier", "place"))
    frame = FRAME.rename(columns={"distance": "place"})
    acc.update("y", "p", data=frame[:1000])
    acc.update("y", "p", data=pa.Table.from_pandas(frame[1000:]), by=["carrier", "place"])
    by = {"carrier": COLUMNS["carrier"], "place": COLUMNS["distance"]}
    assert acc == sl.Accumulator("mae", by=("carrier", "place")).update(
        COLUMNS["y"], COLUMNS["p"], by=by
    )
    other = sl.Accumulator("mae", by=("carrier", "place"))
    other.update("y", "p", data=FRAME, by={"place": "distance", "carrier": "carrier"})
    assert other == acc


def test_a_failed_update_of_a_stream_changes_nothing() -> None:
    acc = sl.Accumulator("mae", by="carrier", nan="raise").update("y", "p", data=FRAME)
    before = acc.to_bytes()
    broken = FRAME.assign(p=FRAME["p"].where(FRAME.index != N - 1))
    for data in (broken, pa.Table.from_pandas(broken).to_reader(max_chunksize=500)):
        with pytest.raises(ValueError, match="NaN"):
            acc.update("y", "p", data=data)
        assert acc.to_bytes() == before


def test_a_frame_in_memory_gives_every_loss_and_kept_axes() -> None:
    frame = FRAME.assign(q=FRAME["p"] * 2)
    none = sl.evaluate("mae", "y", "p", "w", data=frame, reduction="none")
    assert none.tolist() == (abs(COLUMNS["p"].astype(float) - COLUMNS["y"]) * COLUMNS["w"]).tolist()
    found = sl.evaluate("mae", ["y", "y"], ["p", "q"], data=frame, axis=0)
    both = [sl.evaluate("mae", "y", name, data=frame) for name in ("p", "q")]
    assert found.tolist() == both
    for data in (frame, pa.Table.from_pandas(frame).to_reader(max_chunksize=512), dict(frame)):
        sliced = sl.evaluate("mae", ["y", "y"], ["p", "q"], data=data, axis=0, by="carrier")
        assert sliced.overall["mae"].tolist() == both


def test_one_column_may_be_an_input_and_a_key(tmp_path: Path) -> None:
    table = pa.table({"y": [1, 2, 2], "p": [1.0, 2.5, 4.0]})
    pq.write_table(table, tmp_path / "a.parquet")
    pyarrow.csv.write_csv(table, tmp_path / "a.csv")
    for data in (table, sl.scan(tmp_path / "a.parquet"), sl.scan(tmp_path / "a.csv")):
        res = sl.evaluate("mae", "y", "p", data=data, by="y")
        assert res.by["y"].tolist() == [1, 2]
        assert res.by["y"].dtype == np.int64
        assert res["mae"].tolist() == [0.0, 1.25]


def test_csv_has_no_key_where_nothing_is(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text('y,p,c,k\n1,2,x,3\n1,3,,\n1,4,NA,3\n1,5,"",\n')
    data = sl.scan(tmp_path / "a.csv")
    res = sl.evaluate("mae", "y", "p", data=data, by=["c", "k"])
    assert list(res) == [
        (("NA", 3), {"mae": 3.0}),
        (("x", 3), {"mae": 1.0}),
        ((None, None), {"mae": 3.0}),
    ]
    typed = sl.scan(tmp_path / "a.csv", types={"k": "string"})
    assert sl.evaluate("mae", "y", "p", data=typed, by="k").by["k"].tolist() == ["3", None]


def test_kinds_of_keys_that_differ_between_files_are_refused(tmp_path: Path) -> None:
    for name, keys in (("a", [1, 2]), ("b", ["1", "2"])):
        table = pa.table({"y": [1.0, 2.0], "p": [1.0, 2.0], "k": keys})
        pq.write_table(table, tmp_path / f"{name}.parquet")
    data = sl.scan([tmp_path / "a.parquet", tmp_path / "b.parquet"])
    message = r"^\S*b\.parquet: by 'k': keys must be of one kind: got int and text$"
    for threads in (1, 2):
        sl.set_num_threads(threads)
        with pytest.raises(ValueError, match=message):
            sl.evaluate("mae", "y", "p", data=data, by="k")
    sl.set_num_threads(None)


@pytest.mark.parametrize(
    ("given", "error", "message"),
    [
        ({"by": "carriers"}, ValueError, "by: no column 'carriers' in data: it has carrier"),
        ({"y_pred": "pp"}, ValueError, "y_pred: no column 'pp' in data: it has p"),
        ({"by": ["carrier", 3]}, TypeError, "by must name columns where data is given: got 3"),
        ({"by": np.arange(3)}, TypeError, "by must name columns where data is given: got array"),
        ({"by": ["carrier", "carrier"]}, ValueError, "by must have keys, each of its own name"),
        ({"by": sl.bins(np.arange(3.0), [0, 1])}, TypeError, "by must name columns"),
        ({"data": 5}, TypeError, "data must be a frame, or a data set as streamloss.scan gives"),
        ({"y_true": "carrier"}, (TypeError, ValueError), "y_true.*(numbers|numeric)"),
        ({"checkpoint": "x"}, ValueError, "checkpoint is for files that streamloss.scan gives"),
    ],
)
@pytest.mark.parametrize("frame", [FRAME, TABLE])
def test_refusals(frame: Any, given: dict[str, Any], error: type[Exception], message: str) -> None:
    call = {"y_true": "y", "y_pred": "p", "data": frame, "by": "carrier"} | given
    with pytest.raises(error, match=message):
        sl.evaluate("mae", **call)


def test_a_name_that_comes_twice_is_refused() -> None:
    twice = pd.DataFrame([[1.0, 2.0, 3.0]], columns=["y", "p", "p"])
    table = pa.Table.from_arrays([pa.array([1.0])] * 3, names=["y", "p", "p"])
    for data in (twice, table):
        with pytest.raises(ValueError, match="y_pred: data has 2 columns named 'p'"):
            sl.evaluate("mae", "y", "p", data=data)


@pytest.mark.parametrize("data", [FRAME[:0], TABLE.slice(0, 0), TABLE.schema.empty_table()])
def test_frames_without_rows_have_no_slices(data: Any) -> None:
    assert len(sl.evaluate("mae", "y", "p", data=data, by="carrier")) == 0
    assert math.isnan(sl.evaluate("mae", "y", "p", data=data))
    acc = sl.Accumulator("mae", by="carrier").update("y", "p", data=FRAME)
    before = acc.to_bytes()
    assert acc.update("y", "p", data=data).to_bytes() == before


def test_what_a_frame_may_do_does_not_depend_on_its_pieces() -> None:
    expected = abs(COLUMNS["p"].astype(float) - COLUMNS["y"]).tolist()
    for name in ("table", "chunks", "batch", "polars", "polars chunks"):
        found = sl.evaluate("mae", "y", "p", data=FRAMES[name](), reduction="none")
        assert found.tolist() == expected
    with pytest.raises(ValueError, match="reduction 'none' keeps every element"):
        sl.evaluate("mae", "y", "p", data=TABLE.to_reader(), reduction="none")


def test_keys_in_another_order_are_those_of_their_names() -> None:
    acc = sl.Accumulator("mae", by=("carrier", "distance"))
    acc.update("y", "p", data=FRAME, by=["distance", "carrier"])
    assert acc == sl.Accumulator("mae", by=("carrier", "distance")).update("y", "p", data=FRAME)


def test_large_integers_of_csv_are_keys_of_their_own(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("k,p\n9007199254740993,1\n9007199254740992,1\n")
    res = sl.evaluate("mae", "k", "p", data=sl.scan(tmp_path / "a.csv"), by="k")
    assert res.by["k"].tolist() == [9007199254740992, 9007199254740993]


def test_batches_of_other_types_are_refused() -> None:
    schema = pa.schema([("y", pa.float64()), ("p", pa.float64())])
    first = pa.record_batch({"y": [1.0, 2.0, 4.0], "p": [1.5, 2.0, 2.0]})
    turned = first.select(["p", "y"])
    whole = pa.record_batch({"y": [1, 2, 4], "p": [2, 2, 2]})
    narrow = pa.record_batch(first.columns[:1], names=["y"])

    def evaluate(*batches: Any) -> float:
        reader = pa.RecordBatchReader.from_batches(schema, batches)
        return float(sl.evaluate("bias", "y", "p", data=reader))

    assert evaluate(first, turned) == evaluate(first) == -0.5
    with pytest.raises(ValueError, match="column 'y' must be of double in all batches: got int64"):
        evaluate(first, whole)
    with pytest.raises(ValueError, match="column 'p' must be of double in all batches: got none"):
        evaluate(first, narrow)


def test_columns_of_lists_are_rows_in_any_frame() -> None:
    table = pa.table({"y": [0, 1], "s": [[3.0, 0.1, 0.2], [0.5, 1.0, 4.0]]})
    expected = sl.evaluate("cross_entropy", [0, 1], [[3.0, 0.1, 0.2], [0.5, 1.0, 4.0]])
    frames = [table, table.to_pandas(types_mapper=pd.ArrowDtype)]
    for frame in frames:
        assert sl.evaluate("cross_entropy", "y", "s", data=frame) == expected
    pl = pytest.importorskip("polars")
    for frame in (pl.DataFrame(table), pl.DataFrame(table).lazy()):
        assert sl.evaluate("cross_entropy", "y", "s", data=frame) == expected
        assert sl.evaluate("mae", ["y", "y"], ["y", "y"], data=frame) == 0.0


@pytest.mark.parametrize("data", [FRAME["y"], TABLE["y"]])
def test_a_column_is_no_frame(data: Any) -> None:
    with pytest.raises(TypeError, match="data must be a frame, or a data set"):
        sl.evaluate("mae", "y", "p", data=data)


def test_integers_of_csv_that_floats_do_not_tell_apart_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("y,p,k\n1,2,12345678901234567890\n1,4,12345678901234567891\n")
    with pytest.raises(ValueError, match=r"a\.csv as CSV: keys must be below 2\*\*53: give their"):
        sl.evaluate("mae", "y", "p", data=sl.scan(tmp_path / "a.csv"), by="k")
    typed = sl.scan(tmp_path / "a.csv", types={"k": "uint64"})
    assert len(sl.evaluate("mae", "y", "p", data=typed, by="k")) == 2


def test_folders_that_are_no_text_are_refused(tmp_path: Path) -> None:
    for name in ("%FF", "%FE"):
        (tmp_path / f"k={name}").mkdir()
        pq.write_table(TABLE.slice(0, 3), tmp_path / f"k={name}" / "a.parquet")
    with pytest.raises(ValueError, match="by 'k': keys must be text of whole characters"):
        sl.evaluate("mae", "y", "p", data=sl.scan(tmp_path), by="k")
