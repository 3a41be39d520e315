"""Parquet is decoded by one class of pyarrow's, and as well where that is not as expected."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import streamloss as sl
from streamloss.files.formats import decoder

NESTED = pa.table(
    {
        "y": [1.0, 2.0, None],
        "z": [3.0, 4.0, 5.0],
        "a.b": [3.0, 4.0, 5.0],
        "a": [{"b": 1.0, "c": [1.0]}, {"b": 2.0, "c": []}, None],
        "list": [[1.0, 2.0], None, []],
    }
)
COLUMNS = [None, ["y"], ["list", "y"], ["a"], ["a.b"], ["a", "y", "a.b"], ["none"], []]


@pytest.fixture
def path(tmp_path: Path) -> str:
    pq.write_table(NESTED, tmp_path / "nested.parquet", row_group_size=2)
    return str(tmp_path / "nested.parquet")


@pytest.mark.parametrize("columns", COLUMNS)
@pytest.mark.parametrize("groups", [None, range(1), [1], [1, 0]])
@pytest.mark.parametrize("use_threads", [False, True])
def test_a_file_has_what_pyarrow_says_of_it(
    path: str, columns: list[str] | None, groups: Any, use_threads: bool
) -> None:
    with open(path, "rb") as source, decoder.opened(source) as ours, pq.ParquetFile(path) as file:
        assert isinstance(ours, decoder.Opened)
        assert ours.metadata == file.metadata
        assert ours.schema_arrow == file.schema_arrow
        found = list(ours.iter_batches(2, groups, columns, use_threads))
        assert found == list(file.iter_batches(2, groups, columns, use_threads))


def test_a_file_is_closed_after_the_block(path: str) -> None:
    with decoder.opened(path) as file:
        assert not file.reader.closed
    assert file.reader.closed


class Renamed:
    """A reader whose arguments have other names."""

    def open(self, source: object, *, footer: object) -> None:
        raise AssertionError


def gone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow._parquet", None)


def renamed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pyarrow._parquet.ParquetReader", Renamed)


@pytest.mark.parametrize("change", [gone, renamed])
def test_a_pyarrow_without_that_class_gives_the_same(
    path: str, monkeypatch: pytest.MonkeyPatch, change: Callable[[pytest.MonkeyPatch], None]
) -> None:
    losses = ["mae", "rmse"]

    def results() -> Any:
        columns = sl.scan(path).columns
        return columns, sl.evaluate(losses, "y", "z", data=sl.scan(path), nan="omit")

    wanted = results()
    change(monkeypatch)
    with decoder.opened(path) as file:
        assert isinstance(file, pq.ParquetFile)
    assert results() == wanted
