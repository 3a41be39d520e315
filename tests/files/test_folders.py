"""Names, folders, globs and partitions: which files are read."""

import os
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from streamloss.files import Columns
from streamloss.files.scanner import START
from tests.files.rows import ALL, N, table, tables


def test_names_folders_and_globs(folder: Path) -> None:
    a, c = str(folder / "a.parquet"), str(folder / "deep" / "c.parquet")
    b = str(folder / "b.parquet")
    assert tables([str(folder)], ALL).paths == (a, b, c)
    assert tables([c, a], ALL).paths == (c, a)
    assert tables([str(folder / "[ac].parquet")], ALL).paths == (a,)
    assert tables([str(folder / "**")], ALL).paths == (a, b, c)
    assert tables([str(folder / "d*")], ALL).paths == (c,)


def test_unfinished_files_in_a_folder_are_left_out(folder: Path) -> None:
    (folder / "_temporary").mkdir()
    for name in ("_temporary/d.parquet", ".e.parquet", "_metadata.parquet", "notes.txt"):
        (folder / name).write_bytes(b"not parquet")
    assert tables([str(folder)], ALL).rows == N


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
        tables(names, ALL)


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
        tables([str(folder / glob)], ALL)


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
        assert tables([str(tmp_path / name)], ALL).rows == 4 - (name[-1] == "]")


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
            tables([str(folder / inside)], ALL)
    assert tables([str(folder / "a.parquet")], ALL).rows == 300


def test_columns_of_partitions_are_in_the_names_of_folders(tmp_path: Path) -> None:
    for year, flag in ((2020, "true"), (2021, "__HIVE_DEFAULT_PARTITION__")):
        path = tmp_path / f"year={year}" / f"is%20ok={flag}"
        path.mkdir(parents=True)
        pq.write_table(pa.table({"y": [1.0, 2.0]}), path / "0.parquet")
    data = tables([str(tmp_path)], Columns("y", weights="year", where="is ok"))
    first, second = (batch.rows for batch in data.batches())
    assert (first.weights.tolist(), first.where.tolist()) == ([2020.0] * 2, [True] * 2)
    assert (second.weights.tolist(), second.where.tolist()) == ([2021.0] * 2, [False] * 2)
    rows = [batch.rows for piece in data.remote_stretches(START, 1) for batch in piece.batches()]
    assert [row.weights[0] for row in rows] == [2020.0, 2021.0]
    (alone,) = tables([str(tmp_path / "year=2020")], Columns("year")).batches()
    assert alone.rows.y_true.tolist() == [2020.0] * 2


@pytest.mark.parametrize("value", ["2020-01-01", "1_000", "", "a"])
def test_partitions_that_are_no_numbers_are_refused(tmp_path: Path, value: str) -> None:
    path = tmp_path / f"k={value}"
    path.mkdir()
    pq.write_table(pa.table({"y": [1.0]}), path / "0.parquet")
    message = rf"y_true: column 'k' of .* must be numeric: its folder says '{value}'"
    with pytest.raises(ValueError, match=message):
        tables([str(path)], Columns("k"))
    with pytest.raises(ValueError, match=r"where: column 'k' .* must be boolean"):
        tables([str(path)], Columns("y", where="k"))


def test_a_file_named_twice_is_refused(folder: Path) -> None:
    with pytest.raises(ValueError, match=r"a\.parquet came twice"):
        tables([str(folder), str(folder / "deep" / ".." / "a.parquet")], ALL)
