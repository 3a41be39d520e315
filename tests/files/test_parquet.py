"""Columns of Parquet: their types and nulls, and what is refused."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from streamloss.files import Columns
from tests.files.rows import ALL, M, N, in_files, table, tables


def test_nulls_are_nan_and_a_null_in_the_mask_is_false(tmp_path: Path) -> None:
    columns = {
        "y": pa.array([1, None, 3], pa.int16()),
        "p": pa.array([True, None, False]),
        "w": pa.nulls(3),
        "m": pa.array([True, False, None]),
    }
    pq.write_table(pa.table(columns), tmp_path / "n.parquet")
    y, p, w, m = next(tables([str(tmp_path / "n.parquet")], ALL).batches()).rows
    np.testing.assert_array_equal(y, [1.0, np.nan, 3.0])
    np.testing.assert_array_equal(p, [1.0, np.nan, 0.0])
    np.testing.assert_array_equal(w, [np.nan] * 3)
    assert m is not None
    assert m.tolist() == [True, False, False]
    assert m.dtype == np.bool_


@pytest.mark.parametrize("kind", ["bool", "int8", "int64", "uint64", "float16", "float", "double"])
def test_nulls_keep_their_place_from_any_row_on(tmp_path: Path, kind: str) -> None:
    values = np.where(M, np.nan, np.arange(N) % 2)
    column = pa.array(values, from_pandas=True).cast("uint8").cast(kind)
    pq.write_table(pa.table({"y": column}), tmp_path / "k.parquet", row_group_size=333)
    data = tables([str(tmp_path / "k.parquet")], Columns("y"))
    for start in (0, 1, 13, 340):
        got = np.concatenate([batch.rows.y_true for batch in data.batches(data.place(start), 100)])
        np.testing.assert_array_equal(got, values[start:])


@pytest.mark.parametrize("kind", ["int8", "uint16", "int64", "uint64", "float16", "float", "bool"])
def test_numbers_keep_their_type(tmp_path: Path, kind: str) -> None:
    column = pa.array([0, 1, 1]).cast("uint8").cast(kind)
    pq.write_table(pa.table({"y": column}), tmp_path / "k.parquet")
    rows = next(tables([str(tmp_path / "k.parquet")], Columns("y")).batches()).rows
    assert rows.y_true.dtype == column.to_numpy(zero_copy_only=False).dtype
    assert rows.y_true.tolist() == [0, 1, 1]
    assert rows[1:] == (None, None, None)


def test_a_column_may_play_two_parts_and_have_a_dot_in_its_name(tmp_path: Path) -> None:
    pq.write_table(pa.table({"a.b": [1.0], "a": [2.0]}), tmp_path / "d.parquet")
    rows = next(tables([str(tmp_path / "d.parquet")], Columns("a", "a.b", "a")).batches()).rows
    assert [column.tolist() for column in rows[:3]] == [[2.0], [1.0], [2.0]]


@pytest.mark.parametrize(
    "column",
    [
        pa.array(["a"]),
        pa.array([1]).cast(pa.decimal128(30, 2)),
        pa.array([0], pa.date32()),
        pa.array([0], pa.timestamp("us")),
        pa.array(["a"]).dictionary_encode(),
        pa.array([["a"]]),
        pa.array([[[1.0]]]),
        pa.array([{"y": 1.0}]),
    ],
    ids=lambda column: str(column.type),
)
def test_a_column_without_numbers_is_refused(tmp_path: Path, column: pa.Array) -> None:
    pq.write_table(pa.table({"y": column}), tmp_path / "s.parquet")
    with pytest.raises(ValueError, match=r"y_true: column 'y' of .* must be numeric: it is "):
        tables([str(tmp_path / "s.parquet")], Columns("y"))


def test_a_mask_must_be_boolean(tmp_path: Path, folder: Path, arrays: Columns) -> None:
    with pytest.raises(ValueError, match=r"where: column 'w' .* must be boolean: it is double"):
        tables([str(folder)], Columns("y", where="w"))
    with pytest.raises(ValueError, match=r"where: .*y.npy must hold booleans: it holds float64"):
        in_files(Columns(arrays.y_true, where=arrays.y_true))


def test_a_column_that_one_file_lacks_is_named_with_what_it_has(folder: Path) -> None:
    pq.write_table(pa.table({"y": [1.0], "pred": [1.0]}), folder / "z.parquet")
    with pytest.raises(ValueError, match=r"y_pred: no column 'p' in .*z.parquet: it has y, pred$"):
        tables([str(folder)], Columns("y", "p"))


def test_a_column_that_is_there_twice_is_refused(tmp_path: Path) -> None:
    twice = pa.Table.from_arrays([pa.array([1.0]), pa.array([2.0])], ["y", "y"])
    pq.write_table(twice, tmp_path / "t.parquet")
    with pytest.raises(ValueError, match="has 2 columns named 'y'"):
        tables([str(tmp_path / "t.parquet")], Columns("y"))


def test_damaged_parquet_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.parquet"
    path.write_bytes(b"y,p\n1,2\n")
    with pytest.raises(ValueError, match=r"cannot read .*x.parquet as Parquet"):
        tables([str(path)], Columns("y"))
    pq.write_table(table(), path, write_page_checksum=True, use_dictionary=False)
    data = bytearray(path.read_bytes())
    data[500] ^= 1
    path.write_bytes(data)
    with pytest.raises(ValueError, match=r"cannot read .*x.parquet as Parquet"):
        list(tables([str(path)], Columns("y")).batches())


def test_a_file_replaced_by_a_shorter_one_is_noticed(folder: Path) -> None:
    data = tables([str(folder / "a.parquet")], ALL)
    pq.write_table(table(slice(0, 200)), folder / "a.parquet")
    with pytest.raises(ValueError, match="changed while it was read"):
        list(data.batches())


def test_no_rows_and_no_files(tmp_path: Path, folder: Path) -> None:
    with pytest.raises(ValueError, match=r"no rows in .*b.parquet"):
        tables([str(folder / "b.parquet")], ALL)
    with pytest.raises(FileNotFoundError, match="no file matches"):
        tables([str(folder / "*.csv")], ALL)
    with pytest.raises(FileNotFoundError, match=r"no file .*: the folder has b.parquet"):
        tables([str(folder / "bb.parquet")], ALL)
    with pytest.raises(FileNotFoundError, match="there is no folder"):
        tables([str(folder / "no" / "b.parquet")], ALL)
    (tmp_path / "bare").mkdir()
    with pytest.raises(FileNotFoundError, match=r"no \*.parquet file in folder .* it has nothing"):
        tables([str(tmp_path / "bare")], ALL)
    np.save(tmp_path / "e.npy", np.empty((0, 3)))
    with pytest.raises(ValueError, match=r"no rows in .*e.npy"):
        in_files(Columns(str(tmp_path / "e.npy")))
