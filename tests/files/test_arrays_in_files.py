"""Arrays in npy and npz: their shapes and order, and what is refused."""

import zipfile
from pathlib import Path

import numpy as np
import pytest

from streamloss.files import Columns
from tests.files.rows import Y, in_files


def test_batches_of_matrices_are_cut_by_values(tmp_path: Path) -> None:
    np.save(tmp_path / "y.npy", np.zeros((50, 2, 5)))
    np.save(tmp_path / "w.npy", np.ones(50))
    columns = Columns(str(tmp_path / "y.npy"), weights=str(tmp_path / "w.npy"))
    batches = list(in_files(columns).batches(batch_values=45))
    assert [batch.rows.y_true.shape for batch in batches] == [(4, 2, 5)] * 12 + [(2, 2, 5)]
    assert [len(batch.rows.weights) for batch in batches] == [4] * 12 + [2]
    assert next(in_files(columns).batches(batch_values=1)).length == 1


@pytest.mark.parametrize("shape", [(), (1,), (1, 3)])
def test_weights_of_one_row_stand_for_all_rows(tmp_path: Path, shape: tuple[int, ...]) -> None:
    np.save(tmp_path / "y.npy", np.zeros((50, 3)))
    np.save(tmp_path / "w.npy", np.full(shape, 2.0))
    columns = Columns(str(tmp_path / "y.npy"), weights=str(tmp_path / "w.npy"))
    for batch in in_files(columns).batches(batch_values=30):
        np.testing.assert_array_equal(batch.rows.weights, np.full(shape or 1, 2.0))


def test_fortran_order_is_read_and_refused_where_it_cannot_be_cut(tmp_path: Path) -> None:
    matrix = np.asfortranarray(np.arange(12.0).reshape(4, 3))
    np.save(tmp_path / "f.npy", matrix)
    np.savez(tmp_path / "f.npz", f=matrix)
    batches = in_files(Columns(str(tmp_path / "f.npy"))).batches(batch_values=3)
    np.testing.assert_array_equal(np.concatenate([b.rows.y_true for b in batches]), matrix)
    with pytest.raises(ValueError, match="Fortran order"):
        in_files(Columns(str(tmp_path / "f.npz")))


def test_an_array_without_axes_is_one_row(tmp_path: Path) -> None:
    np.save(tmp_path / "y.npy", np.array(3.0))
    np.savez(tmp_path / "p.npz", p=np.array(4.0))
    data = in_files(Columns(str(tmp_path / "y.npy"), str(tmp_path / "p.npz")))
    rows = next(data.batches()).rows
    assert (rows.y_true.tolist(), rows.y_pred.tolist()) == ([3.0], [4.0])


def test_lengths_must_agree(tmp_path: Path, arrays: Columns) -> None:
    np.save(tmp_path / "short.npy", Y[:900])
    with pytest.raises(ValueError, match=r"y_pred: .*short.npy .* rows as .*y.npy, 1,000: .* 900"):
        in_files(arrays._replace(y_pred=str(tmp_path / "short.npy")))
    np.save(tmp_path / "one.npy", Y[:1])
    with pytest.raises(ValueError, match=r"1,000: it has 1$"):
        in_files(arrays._replace(y_pred=str(tmp_path / "one.npy")))


@pytest.mark.parametrize(
    ("name", "message"),
    [
        (
            "arr_delay",
            "y_true: where no files hold .* must be a .npy file, .*: got '.*arr_delay'",
        ),
        ("z.npy", "y_true: no file .*z.npy': the folder has y.npy, m.npy"),
        ("z.npz:p", "y_true: no file .*z.npz'"),
        ("stored.npz", r"name an array of it, as in .*stored.npz:name: it has p, other"),
        ("stored.npz:q", "it has p, other"),
        ("text.npy", "must hold numbers: it holds <U1"),
        ("object.npy", "must hold numbers: it holds object"),
        ("object.npz:o", "must hold numbers: it holds object"),
        ("foreign.npy", "y_true: cannot read .*foreign.npy: it is text, such as CSV"),
        (
            "truncated.npy",
            "cannot read .*truncated.npy: its header .* of float64, but 7,999 bytes follow",
        ),
        ("foreign.npz:p", "y_true: cannot read .*foreign.npz:p: it is text"),
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
        in_files(Columns(str(tmp_path / name)))


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_a_damaged_member_is_refused(tmp_path: Path, arrays: Columns, method: int) -> None:
    path = tmp_path / "d.npz"
    with zipfile.ZipFile(path, "w", method) as archive:
        archive.write(tmp_path / "y.npy", "y.npy")
    data = bytearray(path.read_bytes())
    data[4000] ^= 1
    path.write_bytes(data)
    with pytest.raises(ValueError, match=r"y_true: cannot read .*d.npz:y"):
        list(in_files(Columns(f"{path}:y")).batches())


def test_a_member_that_ends_too_early_is_refused(tmp_path: Path, arrays: Columns) -> None:
    with zipfile.ZipFile(tmp_path / "t.npz", "w") as archive:
        archive.writestr("y.npy", (tmp_path / "y.npy").read_bytes()[:-8])
    with pytest.raises(ValueError, match="but 7,992 bytes follow"):
        list(in_files(Columns(str(tmp_path / "t.npz"))).batches())
