"""Slices as files: each format reads back to the same, and a crash leaves all or nothing."""

import csv
import importlib
import json
import math
import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.feather
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import streamloss as sl
from tests.slices.tables import BY, RNG, P, Y, slices_of

BOTH = slices_of(["mae", sl.Huber(0.5)], BY, (Y, P))
SUBTOTALS = BOTH.grouping_sets(["carrier"], [], ["carrier", "hour"])
SOME = {"all": BOTH, "worst": BOTH.worst(4, "mae"), "sets": SUBTOTALS}


def of_keys(keys: list[Any], values: Any = None, name: str = "key") -> sl.Slices:
    """Slices of one row each with these keys, whose absolute errors are these."""
    values = np.arange(1.0, len(keys) + 1) if values is None else np.array(values)
    return slices_of("mae", {name: keys}, (np.zeros(len(keys)), values))


def read_csv(path: Path) -> pa.Table:
    """What pyarrow reads."""
    options = pa.csv.ParseOptions(newlines_in_values=True)
    missing = pa.csv.ConvertOptions(
        null_values=[""], strings_can_be_null=True, quoted_strings_can_be_null=False
    )
    return pa.csv.read_csv(path, parse_options=options, convert_options=missing)


def read_json(path: Path) -> dict[str, list[Any]]:
    """What Python reads, as columns."""
    records = json.loads(path.read_text("ascii"))
    return {name: [record[name] for record in records] for name in records[0]}


def read_arrow(path: Path) -> pa.Table:
    """What an Arrow file has."""
    with pa.ipc.open_file(path) as file:
        return file.read_all()


TYPED: dict[str, Callable[[Path], pa.Table]] = {
    ".parquet": lambda path: pq.read_table(path),
    ".arrow": read_arrow,
    ".feather": lambda path: pa.feather.read_table(path),
}


@pytest.mark.parametrize("some", SOME)
@pytest.mark.parametrize("ending", TYPED)
def test_files_with_types_have_the_columns_of_frames(
    ending: str, some: str, tmp_path: Path
) -> None:
    path = tmp_path / f"slices{ending}"
    SOME[some].save(path)
    assert TYPED[ending](path).equals(pa.table(SOME[some]))


@pytest.mark.parametrize("some", SOME)
def test_csv_reads_back(some: str, tmp_path: Path) -> None:
    path = tmp_path / "slices.csv"
    SOME[some].save(path)
    table, expected = read_csv(path), pa.table(SOME[some])
    assert table.column_names == expected.column_names
    assert table.to_pydict() == expected.to_pydict()
    assert table["mae"].to_numpy().tobytes() == SOME[some]["mae"].tobytes()


@pytest.mark.parametrize("some", SOME)
def test_json_reads_back(some: str, tmp_path: Path) -> None:
    path = tmp_path / "slices.json"
    SOME[some].save(path)
    table, expected = read_json(path), pa.table(SOME[some]).to_pydict()
    assert list(table) == list(expected)
    assert table == expected
    lines = path.read_text().splitlines()
    assert (lines[0], lines[-1], len(lines)) == ("[", "]", len(SOME[some]) + 2)


NUMBERS = st.floats(0, allow_nan=False) | st.sampled_from(
    [0.1, 5e-324, 1.7976931348623157e308, 2.0**53, 1e22, 123456789012345680.0, math.inf]
)


@given(st.lists(NUMBERS, min_size=1, max_size=20))
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_numbers_read_back_to_the_same_bits(tmp_path: Path, values: list[float]) -> None:
    res = of_keys([*range(len(values))], values)
    assert res["mae"].tolist() == values
    res.save(tmp_path / "a.csv")
    res.save(tmp_path / "a.json")
    with open(tmp_path / "a.csv", newline="") as file:
        texts = [row["mae"] for row in csv.DictReader(file)]
    for found in (texts, read_json(tmp_path / "a.json")["mae"]):
        assert np.array(list(map(float, found))).tobytes() == res["mae"].tobytes()


def test_numbers_that_are_not_finite(tmp_path: Path) -> None:
    values = [math.nan, math.inf, 1.5]
    res = slices_of("bias", {"key": [0.5, math.inf, -math.inf]}, (np.zeros(3), np.array(values)))
    for name in ("a.json", "a.csv", "a.parquet"):
        res.save(tmp_path / name)
    found = read_json(tmp_path / "a.json")
    assert found["key"] == ["-Infinity", 0.5, "Infinity"]
    assert found["bias"] == [1.5, "NaN", "Infinity"]
    table = read_csv(tmp_path / "a.csv")
    assert table["key"].to_pylist() == [-math.inf, 0.5, math.inf]
    assert repr(table["bias"].to_pylist()) == "[1.5, nan, inf]"
    assert repr(pq.read_table(tmp_path / "a.parquet")["bias"].to_pylist()) == "[1.5, nan, inf]"


HOSTILE = ["", "missing", "all", "ALL", "None", "null", "NaN", "0", 'q"', "a,b", "a;b\t", "é東"]
HOSTILE += ["two\nlines", "\r", "\r\n", "\x00", "\x1b[31m", "\u202e", "\u2028", "'", "\\", " x "]
HOSTILE += ["=1+1", "<script>", "true", "2024-01-01", "[", "{"]


@pytest.mark.parametrize("name", ["key", 'q"\n,\x00', "mae"])
def test_keys_that_would_break_a_file(name: str, tmp_path: Path) -> None:
    res = of_keys([*HOSTILE, None], name=name).grouping_sets([name], [])
    expected = [*sorted(HOSTILE), None, None]
    for path in (tmp_path / "a.csv", tmp_path / "a.json", tmp_path / "a.parquet"):
        res.save(path)
    tables = read_json(tmp_path / "a.json"), read_csv(tmp_path / "a.csv").to_pydict()
    for table in (*tables, pq.read_table(tmp_path / "a.parquet").to_pydict()):
        assert list(table)[:2] == [name, "grouping"]
        assert table[name] == expected
        groupings = {*table["grouping"][:-1]}
        assert len(groupings) == 1
        assert groupings != {""} == {table["grouping"][-1]}


DAY, TIME = np.datetime64("2024-02-29"), np.datetime64("2024-02-29T05:06:07.000001")
KINDS: dict[str, tuple[list[Any], list[Any], list[str]]] = {
    "bool": ([False, True], [False, True], ["false", "true"]),
    "int": ([-5, 3], [-5, 3], ["-5", "3"]),
    "unsigned": ([1, 2**64 - 1], [1, 2**64 - 1], ["1", "18446744073709551615"]),
    "bytes": ([b"\x00\xff", b"a"], [r"b'\x00\xff'", "b'a'"], [r"b'\x00\xff'", "b'a'"]),
    "day": ([DAY, DAY + 1], ["2024-02-29", "2024-03-01"], ["2024-02-29", "2024-03-01"]),
    "time": (
        [DAY.astype("M8[us]"), TIME],
        ["2024-02-29T00:00:00.000000", "2024-02-29T05:06:07.000001"],
        ["2024-02-29 00:00:00.000000", "2024-02-29 05:06:07.000001"],
    ),
    "duration": (
        [DAY - DAY.astype("M8[us]"), TIME - DAY],
        ["0 us", "18367000001 us"],
        ["0 us", "18367000001 us"],
    ),
}


@pytest.mark.parametrize("kind", KINDS)
def test_keys_of_every_kind(kind: str, tmp_path: Path) -> None:
    keys, in_json, in_csv = KINDS[kind]
    res = of_keys([*keys, None]).grouping_sets("key", [])
    for ending, read in TYPED.items():
        res.save(tmp_path / f"a{ending}")
        assert read(tmp_path / f"a{ending}").equals(pa.table(res))
    res.save(tmp_path / "a.json")
    assert read_json(tmp_path / "a.json")["key"] == [*in_json, None, None]
    res.save(tmp_path / "a.csv")
    with open(tmp_path / "a.csv", newline="") as file:
        assert [row["key"] for row in csv.DictReader(file)] == [*in_csv, "", ""]


def test_cuts_are_text(tmp_path: Path) -> None:
    days = np.array(["2024-03-05", "2023-12-31"], "M8[D]")
    by = {"miles": sl.bins([5.0, 700.0], [0, 500, 1000]), "month": sl.period(days, "month")}
    res = sl.evaluate("mae", [1.0, 2.0], [1.0, 2.0], by=by)
    for name in ("a.json", "a.csv", "a.parquet"):
        res.save(tmp_path / name)
    tables = read_json(tmp_path / "a.json"), read_csv(tmp_path / "a.csv").to_pydict()
    for table in (*tables, pq.read_table(tmp_path / "a.parquet").to_pydict()):
        assert table["miles"] == ["[0, 500)", "[500, 1000]"]
        assert table["month"] == ["2024-03", "2023-12"]


def test_axes_kept_are_columns(tmp_path: Path) -> None:
    y, p = RNG.standard_normal((2, 60, 2))
    res = slices_of("mae", {"hour": BY["hour"]}, (y, p), axis=0)
    res.save(tmp_path / "a.json")
    assert read_json(tmp_path / "a.json")["mae[1]"] == res["mae"][:, 1].tolist()


def test_no_slices(tmp_path: Path) -> None:
    res = BOTH.worst(0, "mae")
    for ending in (".json", ".csv", *TYPED):
        res.save(tmp_path / f"a{ending}")
    assert json.loads((tmp_path / "a.json").read_text()) == []
    assert read_csv(tmp_path / "a.csv").num_rows == 0
    assert pq.read_table(tmp_path / "a.parquet").equals(pa.table(res))


# Where it is written, and as what


def test_the_ending_or_the_format_says_what(tmp_path: Path) -> None:
    BOTH.save(str(tmp_path / "A.CSV"))
    BOTH.save(tmp_path / "b", format="csv")
    BOTH.save(tmp_path / "c.json", format="csv")
    texts = {path.read_text() for path in tmp_path.iterdir()}
    assert len(texts) == 1
    assert texts.pop().startswith('"carrier","hour","mae"')


@pytest.mark.parametrize(
    ("path", "options", "error", "told"),
    [
        ("a.xlsx", {}, ValueError, r"must end in .parquet, .csv, .json, .arrow, .feather: got 'a"),
        ("a", {}, ValueError, "path must end in .parquet"),
        (".csv", {}, ValueError, "path must end in .parquet"),
        ("a.csv", {"format": "xml"}, ValueError, "one of parquet, csv, json, arrow: got 'xml'"),
        ("a.csv", {"format": "CSV"}, ValueError, "format must be one of"),
        (b"a.csv", {}, TypeError, "path must be text or a path: got b'a.csv'"),
        (7, {}, TypeError, "expected str, bytes or os.PathLike"),
        ("none/a.csv", {}, FileNotFoundError, "No such file or directory: 'none/a.csv'"),
        (".", {"format": "csv"}, ValueError, "path must be that of a file: got '.'"),
    ],
)
def test_what_cannot_be_written_is_refused(
    path: Any,
    options: Any,
    error: type[Exception],
    told: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(error, match=told):
        BOTH.save(path, **options)
    assert list(tmp_path.iterdir()) == []


def test_a_device_is_not_replaced(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.csv")
    with pytest.raises(ValueError, match="path must be that of a file"):
        BOTH.save(tmp_path / "a.csv")
    assert stat.S_ISFIFO((tmp_path / "a.csv").stat().st_mode)


def test_what_a_link_leads_to_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "real.csv").write_text("old")
    (tmp_path / "link.csv").symlink_to("real.csv")
    BOTH.save(tmp_path / "link.csv")
    assert (tmp_path / "link.csv").is_symlink()
    assert read_csv(tmp_path / "real.csv").num_rows == len(BOTH)


def test_files_have_the_usual_permissions(tmp_path: Path) -> None:
    (tmp_path / "usual").write_text("")
    BOTH.save(tmp_path / "a.json")
    assert (tmp_path / "a.json").stat().st_mode == (tmp_path / "usual").stat().st_mode


class Killed(BaseException):
    """What ends a process."""


@pytest.mark.parametrize("old", [True, False])
@pytest.mark.parametrize("call", ["os.fsync", "os.replace", "json.JSONEncoder.encode"])
@pytest.mark.parametrize("error", [Killed, OSError])
def test_a_crash_leaves_the_old_file(
    call: str,
    old: bool,
    error: type[BaseException],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    path = tmp_path / "a.json"
    if old:
        path.write_text("old")
    real, count = json.JSONEncoder.encode, iter(range(99))

    def failing(*args: Any, **options: Any) -> Any:
        if call == "json.JSONEncoder.encode" and next(count) < 3:
            return real(*args, **options)
        raise error("no space")

    monkeypatch.setattr(call, failing)
    with pytest.raises(error, match="no space"):
        BOTH.save(path)
    assert [each.name for each in tmp_path.iterdir()] == ["a.json"] * old
    assert not old or path.read_text() == "old"


def test_a_difference_without_results_writes_nothing(tmp_path: Path) -> None:
    a, b = of_keys([1, 2]), of_keys([2, 3])
    res = sl.Slices(a._whole.table.combine(b._whole.table, -1), a.losses, "mae", "mean")
    with pytest.raises(ValueError, match="negative count"):
        res.save(tmp_path / "a.json")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("format", ["parquet", "csv", "arrow"])
def test_what_is_not_installed_is_named(
    format: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = importlib.import_module

    def refusing(name: str) -> Any:
        if name.startswith("pyarrow"):
            raise ModuleNotFoundError("No module named 'pyarrow'", name="pyarrow")
        return real(name)

    monkeypatch.setattr("streamloss.slices.frames.import_module", refusing)
    told = f"save as {format} needs pyarrow, which is not installed: pip install pyarrow"
    with pytest.raises(ModuleNotFoundError, match=told):
        BOTH.save(tmp_path / "a", format=format)
    assert list(tmp_path.iterdir()) == []
    BOTH.save(tmp_path / "a.json")
