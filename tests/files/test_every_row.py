"""Every row comes once, in order, from any row on, in any pieces."""

from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from streamloss import files
from streamloss.files import Columns, Place
from streamloss.files.scanner import START
from tests.files.rows import ALL, M, N, P, W, Y, in_files, table, tables


def gather(data: files.Scanner, start: int, size: int) -> list[np.ndarray]:
    batches = list(data.batches(data.place(start), size))
    assert all(0 < batch.length <= size for batch in batches)
    columns = zip(*(b.rows for b in batches), strict=True)
    return [np.concatenate(column) for column in columns if column[0] is not None]


@pytest.mark.parametrize("size", [7, 100, 1 << 20])
@pytest.mark.parametrize("start", [0, 1, 69, 70, 299, 300, 401, N - 1])
def test_parquet_gives_every_row_once_from_any_row_on(folder: Path, start: int, size: int) -> None:
    data = tables([str(folder)], ALL)
    assert data.rows == N
    for got, want in zip(gather(data, start, size), (Y, P, W, M), strict=True):
        np.testing.assert_array_equal(got, want[start:])


@pytest.mark.parametrize("size", [7, 100, 1 << 20])
@pytest.mark.parametrize("start", [0, 1, 512, N - 1])
def test_arrays_give_every_row_once_from_any_row_on(arrays: Columns, start: int, size: int) -> None:
    for got, want in zip(gather(in_files(arrays), start, size), (Y, P, W, M), strict=True):
        np.testing.assert_array_equal(got, want[start:])


@pytest.mark.parametrize("size", [1, 70, 100, 1 << 20])
@pytest.mark.parametrize("start", [0, 1, 70, 300, 555, N - 1, N])
@pytest.mark.parametrize("kind", ["parquet", "npy", "npz"])
def test_pieces_hold_every_row_once(
    folder: Path, arrays: Columns, kind: str, start: int, size: int
) -> None:
    mapped = arrays._replace(y_pred=None, weights=None)
    data = {
        "parquet": lambda: tables([str(folder)], ALL),
        "npy": lambda: in_files(mapped),
        "npz": lambda: in_files(arrays),
    }[kind]()
    pieces = list(data.remote_stretches(data.place(start), size))
    assert sum(piece.stop - piece.start for piece in pieces) == N - start
    batches = (batch for piece in pieces for batch in piece.batches(64))
    got = [batch.rows.y_true.copy() for batch in batches]  # the next are read into the same memory
    np.testing.assert_array_equal(np.concatenate([*got, []]), Y[start:])


def test_a_piece_is_read_from_anywhere(
    arrays: Columns, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    piece = next(in_files(Columns("y.npy", "stored.npz:p")).remote_stretches(START, N))
    monkeypatch.chdir("/")
    (batch,) = piece.batches(N)
    np.testing.assert_array_equal(batch.rows.y_pred, P)


def test_one_weight_for_all_rows_is_kept_where_a_batch_is_cut(tmp_path: Path) -> None:
    np.save(tmp_path / "y.npy", Y)
    np.save(tmp_path / "w.npy", W[:1])
    columns = Columns(str(tmp_path / "y.npy"), None, str(tmp_path / "w.npy"))
    (batch,) = files.Stretch(in_files(columns).sources[0], 0, 10, 30).batches(64)
    assert (batch.length, batch.rows.weights) == (20, W[:1])


def test_nothing_is_left_at_the_end(folder: Path, arrays: Columns) -> None:
    data = tables([str(folder)], ALL)
    assert list(data.batches(data.place(N))) == []
    assert list(in_files(arrays).batches(Place(0, N))) == []


@pytest.mark.parametrize("size", [1, 70, 100, 250, None])
@pytest.mark.parametrize("threads", [False, True])
def test_stretches_side_by_side_hold_every_row_once(
    folder: Path, size: int | None, threads: bool
) -> None:
    data = tables([str(folder)], ALL)
    for start in (0, 1, 70, 299, 300, 555):
        stretches = data.side_by_side(data.place(start), 2)
        assert sum(stretch.stop - stretch.start for stretch in stretches) == N - start
        batches = [batch for stretch in stretches for batch in stretch.batches(size, threads)]
        assert all(0 < batch.length <= (size or N) for batch in batches)
        for column, want in enumerate((Y, P, W, M)):
            got = np.concatenate([batch.rows[column] for batch in batches])
            np.testing.assert_array_equal(got, want[start:])


def test_a_lone_row_group_and_arrays_are_for_one_thread(folder: Path, arrays: Columns) -> None:
    data = tables([str(folder)], ALL)
    assert data.side_by_side(data.place(N - 50), 2) == []
    assert in_files(arrays).side_by_side(START, 2) == []


def test_a_file_replaced_by_one_of_the_same_shape_is_noticed(folder: Path) -> None:
    data = tables([str(folder / "a.parquet")], ALL)
    pq.write_table(table(slice(300, 600)), folder / "new", row_group_size=70)
    (folder / "new").replace(folder / "a.parquet")
    with pytest.raises(ValueError, match="changed while it was read"):
        list(data.batches())


def test_a_batch_says_where_it_stands(folder: Path) -> None:
    batches = tables([str(folder / "a.parquet")], ALL).batches(Place(0, 100), 1000)
    assert next(batches).origin == f"{folder}/a.parquet, rows 100 to 299"
    batches.close()
