"""CSV: what columns hold, how it is packed, where it goes on, and what is refused."""

import gzip
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

import streamloss as sl
from streamloss.files import Columns, Place

N = 60_000
RNG = np.random.default_rng(9)
Y, P = RNG.standard_normal((2, N))
KEEP = RNG.random(N) < 0.5
LINES = "y,p,keep,bit,name\n" + "".join(
    f'{y!r},{p!r},{str(k).lower()},{int(k)},"a,\n{y!r}"\n'
    for y, p, k in zip(Y.tolist(), P.tolist(), KEEP.tolist(), strict=True)
)


def pack(path: Path, text: str) -> Path:
    """Write text as the ending of the path says, gzip in two members."""
    data = text.encode()
    if path.suffix == ".gz":
        data = gzip.compress(data[:1000]) + gzip.compress(data[1000:])
    elif path.suffix == ".zst":
        data = pa.compress(data, "zstd", asbytes=True)
    path.write_bytes(data)
    return path


@pytest.mark.parametrize("name", ["a.csv", "a.csv.gz", "a.CSV.zst", "a.tsv", "a.tsv.gz"])
def test_files_give_what_arrays_give(tmp_path: Path, name: str) -> None:
    text = LINES.replace(",", "\t").replace('"a\t', '"a,') if "tsv" in name else LINES
    data = sl.scan(pack(tmp_path / name, text))
    assert data.columns == ("y", "p", "keep", "bit", "name")
    for where in ("keep", "bit"):
        got = sl.evaluate("mae", data=data, y_true="y", y_pred="p", where=where)
        assert got == sl.evaluate("mae", Y, P, where=KEEP)


def columns_of(tmp_path: Path, text: str, columns: Columns, **options: Any) -> Any:
    """The columns that are read of a text."""
    data = sl.scan(pack(tmp_path / "t.csv", text), **options)
    return next(iter(data.opened(columns).batches())).rows


def test_numbers_are_float64_unless_a_type_is_given(tmp_path: Path) -> None:
    text = "a,b,c\n1,0.1,true\n2,,false\nnan,-inf,\n"
    a, b, c, _ = columns_of(tmp_path, text, Columns("a", "b", "c"))
    np.testing.assert_array_equal(a, [1.0, 2.0, np.nan])
    np.testing.assert_array_equal(b, [0.1, np.nan, -np.inf])
    np.testing.assert_array_equal(c, [1.0, 0.0, np.nan])
    types = {"a": "float32", "b": "float32"}
    a, b, *_ = columns_of(tmp_path, text, Columns("a", "b"), types=types)
    assert (a.dtype, b.dtype) == (np.float32, np.float32)
    assert b[0] == np.float32(0.1)


def test_numbers_that_become_others_after_the_first_block(tmp_path: Path) -> None:
    text = "y,p\n" + "1,2\n" * 400_000 + "0.5,1e300\n"
    data = sl.scan(pack(tmp_path / "late.csv", text))
    assert sl.evaluate("mae", "y", "p", data=data, reduction="sum") == 1e300 + 400_000


def test_rows_are_counted_by_lines_that_are_none(tmp_path: Path) -> None:
    data = sl.scan(pack(tmp_path / "a.csv", LINES)).opened(Columns("y"))
    assert data.rows is None
    for start, size in [(0, 7), (25_000, 1000), (N - 1, 10)]:
        batches = list(data.batches(Place(0, start), size))
        assert all(batch.length <= size for batch in batches)
        got = np.concatenate([batch.rows.y_true for batch in batches])
        np.testing.assert_array_equal(got, Y[start:])
        assert batches[-1].done == Place(0, N)


def test_a_run_goes_on_within_a_file_and_between_files(tmp_path: Path) -> None:
    files = [pack(tmp_path / f"{k}.csv", LINES) for k in range(3)]
    want = sl.evaluate("mae", np.tile(Y, 3), np.tile(P, 3))
    names: dict[str, Any] = {"y_true": "y", "y_pred": "p", "checkpoint": tmp_path / "kept"}
    for given in (files[:1], files):
        begun: list[int] = []

        def stop(done: int, rows: int | None, begun: list[int] = begun) -> None:
            assert rows is None
            begun.append(done)
            if len(begun) == 2:
                raise InterruptedError

        with pytest.raises(InterruptedError):
            sl.evaluate("mae", data=sl.scan(given), progress=stop, checkpoint_every=0, **names)
        steps: list[int] = []
        data = sl.scan(given)
        got = sl.evaluate("mae", data=data, progress=lambda n, _, s=steps: s.append(n), **names)
        assert got == want
        assert steps[0] >= begun[1]
        assert steps[-1] == N * len(given)
        assert sl.evaluate("mae", data=data, **names) == want
        (tmp_path / "kept").unlink()


def test_files_without_rows(tmp_path: Path) -> None:
    empty = pack(tmp_path / "empty.csv", "y,p\n")
    with pytest.raises(ValueError, match=r"there are no rows in .*empty.csv"):
        sl.evaluate("mae", "y", "p", data=sl.scan(empty))
    one = pack(tmp_path / "one.csv", "y,p\n1,3\n")
    for files in ([empty, one], [one, empty]):
        data = sl.scan(files)
        assert sl.evaluate("mae", "y", "p", data=data) == 2.0
        assert sl.evaluate("mae", ["y", "y"], ["p", "p"], data=data, axis=0).tolist() == [2, 2]


@pytest.mark.parametrize("end", ["", "\n", "\r\n"])
def test_a_quote_without_end_takes_in_no_rows(tmp_path: Path, end: str) -> None:
    for head, row, bad in [("y,n", "1,a", '1,"a'), ("y", "1", '"1'), ("y,n", "1,a", '1,"')]:
        whole = pack(tmp_path / "whole.csv", f"{head}\n{row}\n{row}{end}")
        assert sl.accumulate("value", "y", data=sl.scan(whole)).counts["rows"] == 2
        damaged = pack(tmp_path / "open.csv.gz", f"{head}\n{row}\n{bad}\n{row}\n{row}{end}")
        with pytest.raises(ValueError, match=r"open.csv.gz as CSV: a quote in its last row has no"):
            sl.evaluate("value", "y", data=sl.scan(damaged, types={"y": "float64"}))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "as CSV: Empty CSV file"),
        ("y,p\n1,2\n3\n", r"as CSV: CSV parse error: Row #3: Expected 2 columns, got 1: 3$"),
        ("y,p\n1,2\n" * 1 + "1,2\n" * 400_000 + "x,2\n", r"column 'y', Row #400003: .* value 'x'"),
        ("y,y,p\n1,2,3\n", "y_true: .*t.csv has 2 columns named 'y'"),
        ("yy,p\n1,2\n", "y_true: no column 'y' in .*t.csv: it has yy, p"),
        ("y,p\na,2\n", "y_true: column 'y' of .* must be numeric: it is string"),
        ("y,p\n2020-01-01,2\n", "must be numeric: it is date32"),
    ],
)
def test_what_is_refused(tmp_path: Path, text: str, message: str) -> None:
    data = sl.scan(pack(tmp_path / "t.csv", text))
    with pytest.raises(ValueError, match=message):
        sl.evaluate("mae", "y", "p", data=data)


def test_columns_that_are_not_asked_for_may_hold_anything(tmp_path: Path) -> None:
    folder = tmp_path / "a=3" / "b=5"
    folder.mkdir(parents=True)
    pack(folder / "x.csv", "n,n,y\n" + "1,1,1\n" * 300_000 + "z,,q\n")
    assert sl.accumulate("mae", "a", "b", data=sl.scan(folder)).counts["rows"] == 300_001
    assert sl.evaluate("mae", "a", "b", data=sl.scan(folder)) == 2.0


def test_masks_and_types_that_are_refused(tmp_path: Path) -> None:
    path = pack(tmp_path / "t.csv", "y,p,m\n1,2,1\n1,2,2\n")
    with pytest.raises(ValueError, match=r"column 'm', Row #3: .* to bool: invalid value '2'"):
        sl.evaluate("mae", "y", "p", where="m", data=sl.scan(path))
    with pytest.raises(ValueError, match=r"where: column 'p' of .* must be boolean: it is double"):
        sl.evaluate("mae", "y", "p", where="p", data=sl.scan(path))
    for types, message in [
        ({"y": "string"}, "types must be numbers or bool .*: got 'string' for 'y'"),
        ({"y": "number"}, "types must be those of numbers or keys .*: got 'number' for 'y'"),
        ({"z": "float32"}, "types: no column 'z' in .*t.csv: it has y, p, m"),
    ]:
        with pytest.raises(ValueError, match=message):
            sl.evaluate("mae", "y", "p", data=sl.scan(path, types=types))


@pytest.mark.parametrize("name", ["a.csv.gz", "a.csv.zst"])
def test_damaged_compression_is_refused(tmp_path: Path, name: str) -> None:
    path = pack(tmp_path / name, LINES)
    whole = path.read_bytes()
    for damaged in (whole[: len(whole) // 2], whole[:-9]):
        path.write_bytes(damaged)
        with pytest.raises(ValueError, match=rf"cannot read .*{name} as CSV: "):
            sl.evaluate("mae", "y", "p", data=sl.scan(path))


def test_a_file_that_changes_while_it_is_read_is_noticed(tmp_path: Path) -> None:
    path = pack(tmp_path / "a.csv", LINES)
    batches = sl.scan(path).opened(Columns("y")).batches(batch_values=1000)
    next(batches)
    with path.open("a") as file:
        file.write("1,2,true,1,x\n")
    with pytest.raises(ValueError, match="changed while it was read"):
        list(batches)


def test_other_files_are_told(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b"PAR1\0\x01\x02\x93PAR1")
    with pytest.raises(ValueError, match="as CSV: it is Parquet"):
        sl.scan(path).opened(Columns("y"))
    path.write_text("y,p\n1,2\n", encoding="utf-16")
    with pytest.raises(ValueError, match="as CSV: it is text in UTF-16: convert it to UTF-8"):
        sl.scan(path).opened(Columns("y"))
