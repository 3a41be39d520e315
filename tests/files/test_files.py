"""The readers: every row once, in order, from any row on; and what they refuse."""

import os
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from streamloss import files
from streamloss.files import Columns, open_arrays, open_parquet, read_piece, source

N = 1000
ALL = Columns("y", "p", "w", "m")
RNG = np.random.default_rng(5)
Y, P, W = RNG.standard_normal((3, N))
M = RNG.random(N) < 0.7


def table(rows: slice = slice(None)) -> pa.Table:
    return pa.table({"y": Y[rows], "x": Y[rows], "p": P[rows], "w": W[rows], "m": M[rows]})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A thousand rows in three files of small row groups, one of them without rows."""
    (tmp_path / "deep").mkdir()
    pq.write_table(table(slice(0, 300)), tmp_path / "a.parquet", row_group_size=70)
    pq.write_table(table(slice(0, 0)), tmp_path / "b.parquet")
    pq.write_table(table(slice(300, N)), tmp_path / "deep" / "c.parquet", row_group_size=101)
    return tmp_path


@pytest.fixture
def arrays(tmp_path: Path) -> Columns:
    """The same rows: in files of their own, stored and deflated."""
    np.save(tmp_path / "y.npy", Y)
    np.savez(tmp_path / "stored.npz", p=P, other=Y)
    np.savez_compressed(tmp_path / "deflated.npz", w=W)
    np.save(tmp_path / "m.npy", M)
    names = ("y.npy", "stored.npz:p", "deflated.npz", "m.npy")
    return Columns(*(str(tmp_path / name) for name in names))


def gather(data: files.DataSet, start: int, size: int) -> list[np.ndarray]:
    batches = list(data.batches(start, size))
    assert all(0 < batch.length <= size for batch in batches)
    columns = zip(*(b.rows for b in batches), strict=True)
    return [np.concatenate(column) for column in columns if column[0] is not None]


@pytest.mark.parametrize("size", [7, 100, 1 << 20])
@pytest.mark.parametrize("start", [0, 1, 69, 70, 299, 300, 401, N - 1])
def test_parquet_gives_every_row_once_from_any_row_on(folder: Path, start: int, size: int) -> None:
    data = open_parquet([str(folder)], ALL)
    assert data.rows == N
    for got, want in zip(gather(data, start, size), (Y, P, W, M), strict=True):
        np.testing.assert_array_equal(got, want[start:])


@pytest.mark.parametrize("size", [7, 100, 1 << 20])
@pytest.mark.parametrize("start", [0, 1, 512, N - 1])
def test_arrays_give_every_row_once_from_any_row_on(arrays: Columns, start: int, size: int) -> None:
    for got, want in zip(gather(open_arrays(arrays), start, size), (Y, P, W, M), strict=True):
        np.testing.assert_array_equal(got, want[start:])


@pytest.mark.parametrize("size", [1, 70, 100, 1 << 20])
@pytest.mark.parametrize("start", [0, 1, 70, 300, 555, N - 1, N])
@pytest.mark.parametrize("kind", ["parquet", "npy", "npz"])
def test_pieces_hold_every_row_once(
    folder: Path, arrays: Columns, kind: str, start: int, size: int
) -> None:
    mapped = arrays._replace(pred=None, weights=None)
    data = {
        "parquet": lambda: open_parquet([str(folder)], ALL),
        "npy": lambda: open_arrays(mapped),
        "npz": lambda: open_arrays(arrays),
    }[kind]()
    pieces = list(data.pieces(start, size))
    assert sum(piece.stop - piece.start for piece in pieces) == N - start
    batches = (batch for piece in pieces for batch in read_piece(piece, 64))
    got = [batch.rows.y_true.copy() for batch in batches]  # the next are read into the same memory
    np.testing.assert_array_equal(np.concatenate([*got, []]), Y[start:])


def test_a_piece_is_read_from_anywhere(
    arrays: Columns, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    piece = next(open_arrays(Columns("y.npy", "stored.npz:p")).pieces(0, N))
    monkeypatch.chdir("/")
    (batch,) = read_piece(piece, N)
    np.testing.assert_array_equal(batch.rows.y_pred, P)


def test_one_weight_for_all_rows_is_kept_where_a_batch_is_cut(tmp_path: Path) -> None:
    np.save(tmp_path / "y.npy", Y)
    np.save(tmp_path / "w.npy", W[:1])
    columns = Columns(str(tmp_path / "y.npy"), None, str(tmp_path / "w.npy"))
    (batch,) = read_piece(files.Piece(None, columns, 10, 30, (8128, 136)), 64)
    assert (batch.length, batch.rows.weights) == (20, W[:1])


def test_nothing_is_left_at_the_end(folder: Path, arrays: Columns) -> None:
    assert list(open_parquet([str(folder)], ALL).batches(N)) == []
    assert list(open_arrays(arrays).batches(N)) == []


@pytest.mark.parametrize("size", [1, 70, 100, 250, None])
@pytest.mark.parametrize("threads", [False, True])
def test_stretches_side_by_side_hold_every_row_once(
    folder: Path, size: int | None, threads: bool
) -> None:
    data = open_parquet([str(folder)], ALL)
    for start in (0, 1, 70, 299, 300, 555):
        stretches = data.side_by_side(start, 2)
        assert sum(stretch.rows for stretch in stretches) == N - start
        batches = [batch for stretch in stretches for batch in stretch.batches(size, threads)]
        assert all(0 < batch.length <= (size or N) for batch in batches)
        for column, want in enumerate((Y, P, W, M)):
            got = np.concatenate([batch.rows[column] for batch in batches])
            np.testing.assert_array_equal(got, want[start:])


def test_a_lone_row_group_and_arrays_are_for_one_thread(folder: Path, arrays: Columns) -> None:
    data = open_parquet([str(folder)], ALL)
    assert data.side_by_side(N - 50, 2) == []
    assert open_arrays(arrays).side_by_side(0, 2) == []


def test_a_file_replaced_by_one_of_the_same_shape_is_noticed(folder: Path) -> None:
    data = open_parquet([str(folder / "a.parquet")], ALL)
    pq.write_table(table(slice(300, 600)), folder / "new", row_group_size=70)
    (folder / "new").replace(folder / "a.parquet")
    with pytest.raises(ValueError, match="changed while it was read"):
        list(data.batches())


def test_a_batch_says_where_it_stands(folder: Path) -> None:
    batches = open_parquet([str(folder / "a.parquet")], ALL).batches(100, 1000)
    assert next(batches).origin == f"{folder}/a.parquet, rows 100 to 299"
    batches.close()


def test_names_folders_and_globs(folder: Path) -> None:
    a, c = str(folder / "a.parquet"), str(folder / "deep" / "c.parquet")
    b = str(folder / "b.parquet")
    assert open_parquet([str(folder)], ALL).paths == (a, b, c)
    assert open_parquet([c, a], ALL).paths == (c, a)
    assert open_parquet([str(folder / "[ac].parquet")], ALL).paths == (a,)
    assert open_parquet([str(folder / "**")], ALL).paths == (a, b, c)
    assert open_parquet([str(folder / "d*")], ALL).paths == (c,)


def test_unfinished_files_in_a_folder_are_left_out(folder: Path) -> None:
    (folder / "_temporary").mkdir()
    for name in ("_temporary/d.parquet", ".e.parquet", "_metadata.parquet", "notes.txt"):
        (folder / name).write_bytes(b"not parquet")
    assert open_parquet([str(folder)], ALL).rows == N


@pytest.mark.parametrize("kind", ["link", "hard link", "linked folder", "overlap"])
def test_a_file_reached_twice_is_refused_with_both_names(folder: Path, kind: str) -> None:
    names, file = [str(folder)], folder / "deep" / "c.parquet"
    if kind == "link":
        (folder / "z.parquet").symlink_to(file)
    elif kind == "hard link":
        (folder / "z.parquet").hardlink_to(file)
    elif kind == "linked folder":
        (folder / "z").symlink_to(folder / "deep")
    else:
        (folder / "z").symlink_to(folder / "deep")
        names = [str(folder / "deep"), str(folder / "z" / "*")]
    with pytest.raises(ValueError, match=r"z.*parquet came twice and is .*deep/c\.parquet"):
        open_parquet(names, ALL)


@pytest.mark.parametrize("glob", ["", "*", "**", "**/*.parquet", "*/*", "[a-z]*"])
@pytest.mark.parametrize("kind", ["file", "folder", "loop", "unlisted"])
def test_what_cannot_be_looked_at_is_said(
    folder: Path, kind: str, glob: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = os.listdir

    def refuse(path: str) -> list[str]:
        if path.endswith("deep"):
            raise PermissionError(13, "Permission denied", path)
        return plain(path)

    if kind == "file":
        (folder / "deep" / "z.parquet").symlink_to("/gone.parquet")
    elif kind == "folder":
        (folder / "year=2").symlink_to("/gone")
    elif kind == "loop":
        (folder / "deep" / "up").symlink_to(folder)
    else:
        monkeypatch.setattr(os, "listdir", refuse)
    with pytest.raises(ValueError, match=r"(cannot (read|list folder)|twice) .*(z|2|up|deep)"):
        open_parquet([str(folder / glob)], ALL)


def test_linked_folders_partitions_and_endings_are_read(tmp_path: Path) -> None:
    rest = tmp_path / "rest"
    for k, name in enumerate(("x.PARQUET", "x.parq", "x.pq", "_part=1/x.parquet")):
        (rest / name).parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(table(slice(k, k + 1)), rest / name)
    for name in ("_x.parquet", ".x.parquet", "_x/x.parquet", "_k=v.parquet", "x.txt"):
        (rest / name).parent.mkdir(exist_ok=True)
        (rest / name).write_bytes(b"not parquet")
    (tmp_path / "all").mkdir()
    (tmp_path / "all" / "rest").symlink_to(rest)
    for name in ("all", "all/rest", "a*/**/x.[pP]*", "all/rest/**/*[TqQ]"):
        assert open_parquet([str(tmp_path / name)], ALL).rows == 4 - (name[-1] == "]")


TABLES = {
    "Delta": ("_delta_log/0.json", "deltalake"),
    "Iceberg": ("metadata/v1.metadata.json", "pyiceberg"),
    "Hudi": (".hoodie/hoodie.properties", "hudi"),
}


@pytest.mark.parametrize("kind", TABLES)
def test_tables_with_a_log_are_refused_but_their_files_named_are_read(
    folder: Path, kind: str
) -> None:
    name, way = TABLES[kind]
    (folder / name).parent.mkdir()
    (folder / name).touch()
    for inside in ("", "deep", "[ac]*", "deep/*.parquet", f"../{folder.name}/**/*.parquet"):
        with pytest.raises(ValueError, match=f"{kind} table, .*{way}"):
            open_parquet([str(folder / inside)], ALL)
    assert open_parquet([str(folder / "a.parquet")], ALL).rows == 300


def test_columns_of_partitions_are_in_the_names_of_folders(tmp_path: Path) -> None:
    for year, flag in ((2020, "true"), (2021, "__HIVE_DEFAULT_PARTITION__")):
        path = tmp_path / f"year={year}" / f"is%20ok={flag}"
        path.mkdir(parents=True)
        pq.write_table(pa.table({"y": [1.0, 2.0]}), path / "0.parquet")
    data = open_parquet([str(tmp_path)], Columns("y", weights="year", where="is ok"))
    first, second = (batch.rows for batch in data.batches())
    assert (first.weights.tolist(), first.where.tolist()) == ([2020.0] * 2, [True] * 2)
    assert (second.weights.tolist(), second.where.tolist()) == ([2021.0] * 2, [False] * 2)
    rows = [batch.rows for piece in data.pieces(0, 1) for batch in read_piece(piece)]
    assert [row.weights[0] for row in rows] == [2020.0, 2021.0]
    (alone,) = open_parquet([str(tmp_path / "year=2020")], Columns("year")).batches()
    assert alone.rows.y_true.tolist() == [2020.0] * 2


@pytest.mark.parametrize("value", ["2020-01-01", "1_000", "", "a"])
def test_partitions_that_are_no_numbers_are_refused(tmp_path: Path, value: str) -> None:
    path = tmp_path / f"k={value}"
    path.mkdir()
    pq.write_table(pa.table({"y": [1.0]}), path / "0.parquet")
    message = rf"--true: column 'k' of .* must be numeric: its folder says '{value}'"
    with pytest.raises(ValueError, match=message):
        open_parquet([str(path)], Columns("k"))
    with pytest.raises(ValueError, match=r"--where: column 'k' .* must be boolean"):
        open_parquet([str(path)], Columns("y", where="k"))


def test_a_file_named_twice_is_refused(folder: Path) -> None:
    with pytest.raises(ValueError, match=r"a\.parquet came twice"):
        open_parquet([str(folder), str(folder / "deep" / ".." / "a.parquet")], ALL)


def test_nulls_are_nan_and_a_null_in_the_mask_is_false(tmp_path: Path) -> None:
    columns = {
        "y": pa.array([1, None, 3], pa.int16()),
        "p": pa.array([True, None, False]),
        "w": pa.nulls(3),
        "m": pa.array([True, False, None]),
    }
    pq.write_table(pa.table(columns), tmp_path / "n.parquet")
    y, p, w, m = next(open_parquet([str(tmp_path / "n.parquet")], ALL).batches()).rows
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
    data = open_parquet([str(tmp_path / "k.parquet")], Columns("y"))
    for start in (0, 1, 13, 340):
        got = np.concatenate([batch.rows.y_true for batch in data.batches(start, 100)])
        np.testing.assert_array_equal(got, values[start:])


@pytest.mark.parametrize("kind", ["int8", "uint16", "int64", "uint64", "float16", "float", "bool"])
def test_numbers_keep_their_type(tmp_path: Path, kind: str) -> None:
    column = pa.array([0, 1, 1]).cast("uint8").cast(kind)
    pq.write_table(pa.table({"y": column}), tmp_path / "k.parquet")
    rows = next(open_parquet([str(tmp_path / "k.parquet")], Columns("y")).batches()).rows
    assert rows.y_true.dtype == column.to_numpy(zero_copy_only=False).dtype
    assert rows.y_true.tolist() == [0, 1, 1]
    assert rows[1:] == (None, None, None)


def test_a_column_may_play_two_parts_and_have_a_dot_in_its_name(tmp_path: Path) -> None:
    pq.write_table(pa.table({"a.b": [1.0], "a": [2.0]}), tmp_path / "d.parquet")
    rows = next(
        open_parquet([str(tmp_path / "d.parquet")], Columns("a", "a.b", "a")).batches()
    ).rows
    assert [column.tolist() for column in rows[:3]] == [[2.0], [1.0], [2.0]]


@pytest.mark.parametrize(
    "column",
    [
        pa.array(["a"]),
        pa.array([1]).cast(pa.decimal128(30, 2)),
        pa.array([0], pa.date32()),
        pa.array([0], pa.timestamp("us")),
        pa.array(["a"]).dictionary_encode(),
        pa.array([[1.0]]),
        pa.array([{"y": 1.0}]),
    ],
    ids=lambda column: str(column.type),
)
def test_a_column_without_numbers_is_refused(tmp_path: Path, column: pa.Array) -> None:
    pq.write_table(pa.table({"y": column}), tmp_path / "s.parquet")
    with pytest.raises(ValueError, match=r"--true: column 'y' of .* must be numeric: it is "):
        open_parquet([str(tmp_path / "s.parquet")], Columns("y"))


def test_a_mask_must_be_boolean(tmp_path: Path, folder: Path, arrays: Columns) -> None:
    with pytest.raises(ValueError, match=r"--where: column 'w' .* must be boolean: it is double"):
        open_parquet([str(folder)], Columns("y", where="w"))
    with pytest.raises(ValueError, match=r"--where: .*y.npy must hold booleans: it holds float64"):
        open_arrays(Columns(arrays.true, where=arrays.true))


def test_a_column_that_one_file_lacks_is_named_with_what_it_has(folder: Path) -> None:
    pq.write_table(pa.table({"y": [1.0], "pred": [1.0]}), folder / "z.parquet")
    with pytest.raises(ValueError, match=r"--pred: no column 'p' in .*z.parquet: it has y, pred$"):
        open_parquet([str(folder)], Columns("y", "p"))


def test_a_column_that_is_there_twice_is_refused(tmp_path: Path) -> None:
    twice = pa.Table.from_arrays([pa.array([1.0]), pa.array([2.0])], ["y", "y"])
    pq.write_table(twice, tmp_path / "t.parquet")
    with pytest.raises(ValueError, match="has 2 columns named 'y'"):
        open_parquet([str(tmp_path / "t.parquet")], Columns("y"))


def test_damaged_parquet_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.parquet"
    path.write_bytes(b"y,p\n1,2\n")
    with pytest.raises(ValueError, match=r"cannot read .*x.parquet as Parquet"):
        open_parquet([str(path)], Columns("y"))
    pq.write_table(table(), path, write_page_checksum=True, use_dictionary=False)
    data = bytearray(path.read_bytes())
    data[500] ^= 1
    path.write_bytes(data)
    with pytest.raises(ValueError, match=r"cannot read .*x.parquet as Parquet"):
        list(open_parquet([str(path)], Columns("y")).batches())


def test_a_file_replaced_by_a_shorter_one_is_noticed(folder: Path) -> None:
    data = open_parquet([str(folder / "a.parquet")], ALL)
    pq.write_table(table(slice(0, 200)), folder / "a.parquet")
    with pytest.raises(ValueError, match="changed while it was read"):
        list(data.batches())


def test_no_rows_and_no_files(tmp_path: Path, folder: Path) -> None:
    with pytest.raises(ValueError, match=r"no rows in .*b.parquet"):
        open_parquet([str(folder / "b.parquet")], ALL)
    with pytest.raises(FileNotFoundError, match="no file matches"):
        open_parquet([str(folder / "*.csv")], ALL)
    with pytest.raises(FileNotFoundError, match=r"no file .*: the folder has b.parquet"):
        open_parquet([str(folder / "bb.parquet")], ALL)
    with pytest.raises(FileNotFoundError, match="there is no folder"):
        open_parquet([str(folder / "no" / "b.parquet")], ALL)
    (tmp_path / "bare").mkdir()
    with pytest.raises(FileNotFoundError, match=r"no \*.parquet file in folder .* it has nothing"):
        open_parquet([str(tmp_path / "bare")], ALL)
    np.save(tmp_path / "e.npy", np.empty((0, 3)))
    with pytest.raises(ValueError, match=r"no rows in .*e.npy"):
        open_arrays(Columns(str(tmp_path / "e.npy")))


def test_batches_of_matrices_are_cut_by_values(tmp_path: Path) -> None:
    np.save(tmp_path / "y.npy", np.zeros((50, 2, 5)))
    np.save(tmp_path / "w.npy", np.ones(50))
    columns = Columns(str(tmp_path / "y.npy"), weights=str(tmp_path / "w.npy"))
    batches = list(open_arrays(columns).batches(size=45))
    assert [batch.rows.y_true.shape for batch in batches] == [(4, 2, 5)] * 12 + [(2, 2, 5)]
    assert [len(batch.rows.weights) for batch in batches] == [4] * 12 + [2]
    assert next(open_arrays(columns).batches(size=1)).length == 1


@pytest.mark.parametrize("shape", [(), (1,), (1, 3)])
def test_weights_of_one_row_stand_for_all_rows(tmp_path: Path, shape: tuple[int, ...]) -> None:
    np.save(tmp_path / "y.npy", np.zeros((50, 3)))
    np.save(tmp_path / "w.npy", np.full(shape, 2.0))
    columns = Columns(str(tmp_path / "y.npy"), weights=str(tmp_path / "w.npy"))
    for batch in open_arrays(columns).batches(size=30):
        np.testing.assert_array_equal(batch.rows.weights, np.full(shape or 1, 2.0))


def test_fortran_order_is_read_and_refused_where_it_cannot_be_cut(tmp_path: Path) -> None:
    matrix = np.asfortranarray(np.arange(12.0).reshape(4, 3))
    np.save(tmp_path / "f.npy", matrix)
    np.savez(tmp_path / "f.npz", f=matrix)
    batches = open_arrays(Columns(str(tmp_path / "f.npy"))).batches(size=3)
    np.testing.assert_array_equal(np.concatenate([b.rows.y_true for b in batches]), matrix)
    with pytest.raises(ValueError, match="Fortran order"):
        open_arrays(Columns(str(tmp_path / "f.npz")))


def test_an_array_without_axes_is_one_row(tmp_path: Path) -> None:
    np.save(tmp_path / "y.npy", np.array(3.0))
    np.savez(tmp_path / "p.npz", p=np.array(4.0))
    data = open_arrays(Columns(str(tmp_path / "y.npy"), str(tmp_path / "p.npz")))
    rows = next(data.batches()).rows
    assert (rows.y_true.tolist(), rows.y_pred.tolist()) == ([3.0], [4.0])


def test_lengths_must_agree(tmp_path: Path, arrays: Columns) -> None:
    np.save(tmp_path / "short.npy", Y[:900])
    with pytest.raises(ValueError, match=r"--pred: .*short.npy .* rows as .*y.npy, 1,000: .* 900"):
        open_arrays(arrays._replace(pred=str(tmp_path / "short.npy")))
    np.save(tmp_path / "one.npy", Y[:1])
    with pytest.raises(ValueError, match=r"1,000: it has 1$"):
        open_arrays(arrays._replace(pred=str(tmp_path / "one.npy")))


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("arr_delay", "--true: without FILES it must name a .npy file, .*: got '.*arr_delay'"),
        ("z.npy", "--true: no file .*z.npy': the folder has y.npy, m.npy"),
        ("z.npz:p", "--true: no file .*z.npz'"),
        ("stored.npz", r"name an array of it, as in .*stored.npz:name: it has p, other"),
        ("stored.npz:q", "it has p, other"),
        ("text.npy", "must hold numbers: it holds <U1"),
        ("object.npy", "must hold numbers: it holds object"),
        ("object.npz:o", "must hold numbers: it holds object"),
        ("foreign.npy", "--true: cannot read .*foreign.npy: it is text, such as CSV"),
        (
            "truncated.npy",
            "cannot read .*truncated.npy: its header .* of float64, but 7,999 bytes follow",
        ),
        ("foreign.npz:p", "--true: cannot read .*foreign.npz:p: it is text"),
    ],
)
def test_arrays_that_cannot_be_read(
    tmp_path: Path, arrays: Columns, name: str, message: str
) -> None:
    np.save(tmp_path / "text.npy", np.array(["a"]))
    np.save(tmp_path / "object.npy", np.array([None]), allow_pickle=True)
    np.savez(tmp_path / "object.npz", o=np.array([None]), allow_pickle=True)
    for foreign in ("foreign.npy", "foreign.npz"):
        (tmp_path / foreign).write_bytes(b"something else")
    (tmp_path / "truncated.npy").write_bytes((tmp_path / "y.npy").read_bytes()[:-1])
    with pytest.raises((ValueError, OSError), match=message):
        open_arrays(Columns(str(tmp_path / name)))


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_a_damaged_member_is_refused(tmp_path: Path, arrays: Columns, method: int) -> None:
    path = tmp_path / "d.npz"
    with zipfile.ZipFile(path, "w", method) as archive:
        archive.write(tmp_path / "y.npy", "y.npy")
    data = bytearray(path.read_bytes())
    data[4000] ^= 1
    path.write_bytes(data)
    with pytest.raises(ValueError, match=r"--true: cannot read .*d.npz:y"):
        list(open_arrays(Columns(f"{path}:y")).batches())


def test_a_member_that_ends_too_early_is_refused(tmp_path: Path, arrays: Columns) -> None:
    with zipfile.ZipFile(tmp_path / "t.npz", "w") as archive:
        archive.writestr("y.npy", (tmp_path / "y.npy").read_bytes()[:-8])
    with pytest.raises(ValueError, match="but 7,992 bytes follow"):
        list(open_arrays(Columns(str(tmp_path / "t.npz"))).batches())


def test_an_error_of_the_reading_thread_comes_out(folder: Path) -> None:
    data = open_parquet([str(folder)], ALL)
    (folder / "deep" / "c.parquet").unlink()
    got: list[int] = []
    with pytest.raises(ValueError, match=r"cannot read .*c.parquet"):
        got.extend(batch.length for batch in data.batches())
    assert got == [300]


def test_reading_stops_when_the_caller_does(folder: Path) -> None:
    seen: list[int] = []

    def items() -> Iterator[int]:
        for number in range(100):
            seen.append(number)
            yield number

    ahead = source._ahead(items())
    assert [next(ahead) for _ in range(3)] == [0, 1, 2]
    ahead.close()
    assert len(seen) <= 3 + source.AHEAD
