"""A table in a file, and the command line in this process."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from streamloss.cli import main
from tests.cli.rows import HOLES, M, N, P, W, Y


@pytest.fixture
def path(tmp_path: Path) -> str:
    columns = {"y": Y, "p": P, "w": W, "m": M, "holes": pa.array(HOLES, from_pandas=True)}
    table = pa.table({**columns, "name": ["a"] * N})
    pq.write_table(table, tmp_path / "d.parquet", row_group_size=300)
    return str(tmp_path / "d.parquet")


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Callable[..., Any]:
    """Run the command line in this process and return the object it prints."""

    def evaluate(*args: str) -> Any:
        assert main(["evaluate", *args, "--json"]) == 0
        out, err = capsys.readouterr()
        assert err == ""
        return json.loads(out)

    return evaluate


@pytest.fixture
def refusal(capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """Run the command line in this process and return the one line in which it refuses."""

    def evaluate(*args: str) -> str:
        assert main(args) == 2
        out, err = capsys.readouterr()
        assert out == ""
        assert err.startswith("streamloss: ")
        assert err.count("\n") == 1
        return err.removeprefix("streamloss: ").strip()

    return evaluate
