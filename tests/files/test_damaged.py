"""Files that are not what they seem: all rows that they announce come, or one line says why not."""

import os
import subprocess
import sys
import zipfile
from collections import Counter
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from streamloss.files import Columns, Refused
from streamloss.files.formats import decoder
from streamloss.files.scanner import START
from tests.files.mutants import SOUND, attempt
from tests.files.rows import in_files, tables

VALUES = np.arange(60.0)


@pytest.mark.parametrize("name", SOUND)
def test_damaged_files_give_all_rows_or_one_line(name: str, tmp_path: Path) -> None:
    ends = Counter(attempt(name, seed, tmp_path) for seed in range(60))
    assert ends["refused"] > 20
    assert ends["refused"] + ends["all rows"] == 60


@pytest.fixture
def sound(tmp_path: Path) -> Path:
    """Sixty rows in three row groups, whose footer holds nothing but numbers and names."""
    path = tmp_path / "sound.parquet"
    pq.write_table(
        pa.table({"y": VALUES, "p": np.zeros(60)}),
        path,
        row_group_size=20,
        use_dictionary=False,
        write_statistics=False,
        compression="none",
        store_schema=False,
    )
    return path


def announce(path: Path, old: int, new: int, which: list[int]) -> Path:
    """Replace a number in the footer, where it comes, by another of one byte."""
    data = bytearray(path.read_bytes())
    begin = len(data) - 8 - int.from_bytes(data[-8:-4], "little")
    found = [k for k in range(begin, len(data)) if data[k : k + 2] == bytes((0x16, 2 * old))]
    for k in which:
        data[found[k] + 1] = ((new << 1) ^ (new >> 63)) & 0xFF
    path.write_bytes(data)
    return path


@pytest.mark.parametrize(
    ("old", "new", "which", "message"),
    [
        (60, 50, [0], "announces 50 rows, and 60 in row groups"),
        (60, -1, [0], "announces -1 rows, and 60"),
        (20, 30, [2], "announces 60 rows, and 70 in row groups"),
        (20, 10, [5], "announces 60 rows, and 50 in row groups"),
        (20, -5, [8], "announces -5 rows in row group 2"),
        (20, 0, [0], "columns do not have the same size"),
        (20, 19, [1], "announces 20 rows in row group 0, and 19 values of 'p'"),
        (20, 19, [6, 7], "announces 20 rows in row group 2, and 19 values of 'y'"),
    ],
)
def test_a_footer_that_contradicts_itself_is_refused(
    sound: Path, old: int, new: int, which: list[int], message: str
) -> None:
    announce(sound, old, new, which)
    with pytest.raises(Refused, match=rf"cannot read .*sound\.parquet.*: .*({message})"):
        list(tables([str(sound)], Columns("y", "p")).batches())


@pytest.mark.parametrize("group", [0, 1, 2])
def test_groups_that_hide_their_rows_are_refused(sound: Path, group: int) -> None:
    announce(announce(sound, 60, 40, [0]), 20, 0, [3 * group + 2])
    with pytest.raises(ValueError, match=r"announces 0 rows in row group .*and 20 values of 'y'"):
        list(tables([str(sound)], Columns("y", "p", None, None)).batches())


def test_groups_without_rows_are_sound(tmp_path: Path) -> None:
    empty = pa.table({"y": VALUES[:0], "p": VALUES[:0]})
    with pq.ParquetWriter(tmp_path / "e.parquet", empty.schema) as writer:
        for part in (empty, pa.table({"y": VALUES, "p": VALUES}), empty):
            writer.write_table(part)
    data = tables([str(tmp_path / "e.parquet")], Columns("y", "p", None, None))
    assert sum(batch.length for batch in data.batches()) == 60


def test_archives_are_read_without_a_jump(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Python 3.12 and later check no checksum of what is stored once there was a seek."""
    path = tmp_path / "İ.npz"  # of which a lower case name has another length
    np.savez(path, y=VALUES)
    monkeypatch.setattr(zipfile.ZipExtFile, "seek", None)
    data = in_files(Columns(f"{path}:y", f"{path}:y", None, None))
    rows = [batch.rows.y_true.copy() for batch in data.batches(batch_values=7)]
    assert np.concatenate(rows).tolist() == VALUES.tolist()


@pytest.mark.parametrize("number", [10, 30, -3])
def test_columns_that_are_not_used_may_be_damaged(sound: Path, number: int) -> None:
    announce(sound, 20, number, [1])
    (batch,) = tables([str(sound)], Columns("y")).batches()
    np.testing.assert_array_equal(batch.rows.y_true, VALUES)


@pytest.mark.parametrize("start", [0, 5, 20, 35])
def test_rows_that_do_not_come_are_missed_from_any_row_on(sound: Path, start: int) -> None:
    """The second group and its columns agree on two rows more than there are."""
    announce(sound, 20, 22, [3, 4, 5])
    announce(sound, 60, 62, [0])
    data = tables([str(sound)], Columns("y", "p"))
    assert data.rows == 62
    with pytest.raises(Refused, match=r"cannot read .*sound\.parquet"):
        list(data.batches(data.place(start)))


def test_groups_that_make_up_for_each_other_are_missed(
    sound: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Shifted:
        """Ten rows fewer come of the first group, and ten more of the next."""

        def __init__(self, reader: Any) -> None:
            self._rows, self.schema_arrow = pq.read_table(sound), reader.schema_arrow
            self.metadata, self.reader = reader.metadata, reader

        def iter_batches(self, size: int, run: range, names: list[str], **more: object) -> object:
            cuts = (0, 10, 40, 60)
            begin, end = cuts[run.start], cuts[run.stop]
            return iter(self._rows.select(names)[begin:end].to_batches())

    monkeypatch.setattr(decoder, "Opened", Shifted)
    data = tables([str(sound)], Columns("y", "p"))
    for start in (0, 10, 15, 20):
        with pytest.raises(Refused, match=r"up to row (20|40) .* rows come than it announces"):
            list(data.batches(data.place(start), batch_values=20))


def header(shape: str, descr: str = "'<f8'", order: str = "False") -> bytes:
    return f"{{'descr': {descr}, 'fortran_order': {order}, 'shape': {shape}, }}\n".encode()


def array(head: bytes, version: bytes = b"\x01\0", numbers: int = 8) -> bytes:
    length = len(head).to_bytes(2 if version == b"\x01\0" else 4, "little")
    return b"\x93NUMPY" + version + length + head + np.arange(float(numbers)).tobytes()


DAMAGED = {
    "nothing": b"",
    "the magic alone": b"\x93NUMPY",
    "no header": b"\x93NUMPY\x01\0\xff\xff",
    "a header cut": array(header("(8,")[:-4]),
    "a huge header": array(b" " * 20000 + header("(8,)")),
    "an unknown version": array(header("(8,)"), b"\x09\x09"),
    "nested brackets": array(b"(" * 3000),
    "an expression": array(header("(1e999,)")),
    "a name": array(header("(x,)")),
    "bytes that are no text": array(header("(8,)").replace(b"f8", b"\xff8"), b"\x03\0"),
    "a null byte": array(header("(8,)").replace(b"f8", b"f\0")),
    "an odd escape": array(header("(8,)", r"'\d'")),
    "a shape beyond memory": array(header(f"({10**30},)")),
    "rows beyond memory": array(header(f"(0, {10**30})")),
    "a product beyond memory": array(header(f"({2**32}, {2**32})")),
    "a negative shape": array(header("(-8,)")),
    "two negative lengths": array(header("(-2, -4)")),
    "a shape of booleans": array(header("(True, 8)")),
    "a shape that is none": array(header("8")),
    "too many axes": array(header("(" + "1," * 99 + "8)")),
    "numbers missing": array(header("(9,)")),
    "numbers left over": array(header("(7,)")),
    "numbers cut": array(header("(8,)"))[:-1],
    "no dtype": array(header("(8,)", "'zz'")),
    "an old dtype": array(header("(8,)", "'a8'")),
    "objects": array(header("(8,)", "'|O'")),
    "fields": array(header("(8,)", "[('a', '<f8')]")),
    "a huge dtype": array(header("(1,)", "'V99999999999999'")),
    "no order": array(header("(8,)", order="7")),
}


@pytest.mark.parametrize("where", ["npy", "stored", "deflated"])
@pytest.mark.parametrize("kind", DAMAGED)
def test_damaged_arrays_are_one_line(tmp_path: Path, kind: str, where: str) -> None:
    path = tmp_path / ("a.npy" if where == "npy" else "a.npz")
    if where == "npy":
        path.write_bytes(DAMAGED[kind])
    else:
        method = zipfile.ZIP_STORED if where == "stored" else zipfile.ZIP_DEFLATED
        with zipfile.ZipFile(path, "w", method) as archive:
            archive.writestr("a.npy", DAMAGED[kind])
    with pytest.raises(ValueError, match=r"^y_true: (cannot read )?\S*a\.np[yz]") as raised:
        in_files(Columns(str(path)))
    assert len(str(raised.value)) < 500
    assert "\n" not in str(raised.value)


def test_rows_without_values_do_not_take_forever(tmp_path: Path) -> None:
    path = tmp_path / "empty.npy"
    path.write_bytes(array(header(f"({10**15}, 0)"), numbers=0))
    (batch,) = in_files(Columns(str(path))).batches()
    assert batch.rows.y_true.shape == (10**15, 0)


@pytest.mark.parametrize("method", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_damaged_streams_are_one_line(tmp_path: Path, method: int) -> None:
    path = tmp_path / "a.npz"
    np.save(tmp_path / "a.npy", np.random.default_rng(0).standard_normal(500))
    with zipfile.ZipFile(path, "w", method) as archive:
        archive.write(tmp_path / "a.npy", "a.npy")
    data = path.read_bytes()
    for at in range(60, len(data) - 100, 200):
        path.write_bytes(data[:at] + bytes((data[at] ^ 255,)) + data[at + 1 :])
        with pytest.raises(Refused, match=r"^y_true: cannot read .*a\.npz"):
            list(in_files(Columns(str(path))).batches())


def overwrite(path: Path) -> None:
    with open(path, "r+b") as file:
        file.seek(-8, os.SEEK_END)
        file.write(b"\0" * 8)


def replace(path: Path) -> None:
    before = path.stat()
    copy = path.with_name("copy")
    copy.write_bytes(path.read_bytes())
    os.utime(copy, ns=(before.st_atime_ns, before.st_mtime_ns))
    copy.replace(path)


def put_time_back(path: Path) -> None:
    before = path.stat()
    overwrite(path)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


CHANGES: list[Callable[[Path], None]] = [
    overwrite,
    replace,
    put_time_back,
    lambda path: os.truncate(path, path.stat().st_size - 8),
    lambda path: path.unlink(),
]


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("kind", ["npy", "npz", "parquet"])
def test_a_file_that_changes_while_it_is_read_is_noticed(
    tmp_path: Path, kind: str, change: Callable[[Path], None]
) -> None:
    path = tmp_path / f"a.{kind}"
    if kind == "parquet":
        pq.write_table(pa.table({"y": VALUES}), path, row_group_size=10)
        data = tables([str(path)], Columns("y"))
    else:
        (np.save if kind == "npy" else np.savez)(path, VALUES)
        data = in_files(Columns(str(path)))
    (stretch,) = data.stretches(START, sys.maxsize)
    batches = stretch.batches(batch_values=10)
    next(batches)
    change(path)
    with pytest.raises(Refused, match=rf"cannot read {path}"):
        list(batches)


FOREIGN = {
    "CSV": (b"y,p\n1,2\n", "text, such as CSV: give csv as"),
    "CSV of another alphabet": ("größe,p\n1,2\n".encode(), "text, such as CSV"),
    "CSV in UTF-16": ("y,p\n1,2\n".encode("utf-16"), "text, such as CSV"),
    "text that breaks off within a letter": (b"a" * 4095 + "ü".encode(), "text, such as CSV"),
    "JSON lines": (b'{"y": 1}\n{"y": 2}\n', "JSON"),
    "Arrow IPC": (b"ARROW1\0\0\xff\xff", "Arrow IPC"),
    "an Arrow stream": (b"\xff\xff\xff\xff\x10", "an Arrow IPC stream"),
    "HDF5": (b"\x89HDF\r\n\x1a\n\0", "HDF5"),
    "a zip archive": (b"PK\x03\x04\0", "a zip archive"),
    "gzip": (b"\x1f\x8b\x08", "compressed by gzip"),
    "a page of an error": (b"<!DOCTYPE html><html>", "HTML"),
    "a pointer of LFS": (b"version https://git-lfs.github.com/spec/v1\n", "git lfs pull"),
    "nothing": (b"", "it is empty"),
    "noise": (bytes(range(128, 256)), "does not begin like one|a pickle, perhaps"),
}


@pytest.mark.parametrize("ending", ["parquet", "npy", "npz"])
@pytest.mark.parametrize("kind", FOREIGN)
def test_what_is_of_another_kind_is_told(tmp_path: Path, kind: str, ending: str) -> None:
    data, says = FOREIGN[kind]
    path = tmp_path / f"a.{ending}"
    path.write_bytes(data)
    if (kind, ending) == ("a zip archive", "npz"):
        says = "not a zip file"
    call = partial(tables, [str(path)], Columns("y"))
    if ending != "parquet":
        call = partial(in_files, Columns(str(path)))
    with pytest.raises(Refused, match=f"cannot read .*{says}"):
        call()


@pytest.mark.parametrize("name", ["s3://b/x.parquet", "https://a/b?c=*", "hf://d/*/*.parquet", "-"])
def test_what_is_no_file_is_told(name: str) -> None:
    for call in (lambda: tables([name], Columns("y")), lambda: in_files(Columns(name))):
        with pytest.raises((ValueError, OSError), match=r"is a URL|stands for no file"):
            call()


def test_pipes_and_zarr_are_told(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.parquet")
    os.mkfifo(tmp_path / "a.npy")
    for call in (
        lambda: tables([str(tmp_path / "a.parquet")], Columns("y")),
        lambda: tables([str(tmp_path)], Columns("y")),
        lambda: in_files(Columns(str(tmp_path / "a.npy"))),
    ):
        with pytest.raises(Refused, match="it is a pipe"):
            call()
    (tmp_path / "b.zarr").mkdir()
    (tmp_path / "b.zarr" / "zarr.json").touch()
    with pytest.raises(FileNotFoundError, match="a Zarr store"):
        tables([str(tmp_path / "b.zarr")], Columns("y"))


def test_names_that_are_not_utf8(tmp_path: Path) -> None:
    path = os.path.join(os.fsencode(tmp_path), b"\xff.parquet")
    pq.write_table(pa.table({"y": VALUES}), tmp_path / "a.parquet")
    os.rename(tmp_path / "a.parquet", path)
    (batch,) = tables([os.fsdecode(path)], Columns("y")).batches()
    np.testing.assert_array_equal(batch.rows.y_true, VALUES)
    code = "import sys; from streamloss.cli import main; sys.exit(main(sys.argv[1:]))"
    args = [sys.executable, "-c", code, "evaluate", path, "--true", b"\xfe", "--pred", "y"]
    ended = subprocess.run(args, capture_output=True)
    assert (ended.returncode, ended.stdout, ended.stderr.count(b"\n")) == (2, b"", 1)
    assert b"no column" in ended.stderr
