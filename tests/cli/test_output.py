"""What is written to pipes and terminals."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from streamloss.cli import main
from streamloss.losses.groups import GROUPS
from tests.cli.rows import GIVEN, N, P, Y, exact, spawn


def test_it_is_silent_in_pipes_and_shows_progress_on_a_terminal(path: str) -> None:
    pty = pytest.importorskip("pty")
    out, err = spawn("evaluate", path, *GIVEN).communicate()
    assert repr(exact(abs(P - Y), N)) in out
    assert "\x1b" not in out
    assert err == ""
    terminal, end = pty.openpty()
    with spawn("evaluate", path, *GIVEN, stderr=end, env={**os.environ, "TERM": "xterm"}) as shown:
        os.close(end)
        text = drain(terminal)
        assert shown.communicate()[0].splitlines()[1:4] == out.splitlines()[1:4]
    assert "rows/s" in text
    assert "left" in text


def drain(terminal: int) -> str:
    """Read a pseudo-terminal until the other end is closed, which is an error on Linux."""
    text = b""
    try:
        while piece := os.read(terminal, 4096):
            text += piece
    except OSError:
        pass
    os.close(terminal)
    return text.decode()


def test_a_closed_pipe_is_no_error() -> None:
    with spawn("losses") as listing:
        assert listing.stdout is not None
        listing.stdout.close()
        assert listing.stderr is not None
        assert listing.stderr.read() == ""


def test_metrics_are_listed_with_what_they_keep(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["metrics"]) == 0
    out = capsys.readouterr().out
    lines = {line.split()[0]: line for line in out.splitlines() if line.strip()}
    assert "left: SquaredError(), label: Label(), square: LabelSquare()" in lines["r2"]
    assert (
        "cells bin: EvenBin(bins=15.0, left=0.0, logit=0.0)" in lines["maximum_calibration_error"]
    )
    assert lines["mean_error"].rstrip().endswith("yes")
    assert lines["regression"].split(maxsplit=1)[1] == ", ".join(GROUPS["regression"])
    assert "huber" not in lines
    assert main(["losses"]) == 0
    out = capsys.readouterr().out
    assert "bins=15, strategy=uniform, scores=probabilities" in out
    assert "huber" in out


def test_groups_are_evaluated_in_one_pass(path: str, capsys: pytest.CaptureFixture[str]) -> None:
    args = ["evaluate", path, *GIVEN, "--loss", "regression", "--loss", "mae", "--json"]
    assert main(args) == 0
    assert list(json.loads(capsys.readouterr().out)["results"]) == list(GROUPS["regression"])


@pytest.mark.parametrize("redirect", [">&-", "2>&-", "<&- >&- 2>&-", ">/dev/full", "2>/dev/full"])
@pytest.mark.parametrize("file", ["d.parquet", "missing"])
def test_closed_and_full_streams(path: str, redirect: str, file: str) -> None:
    command = f"{sys.executable} -m streamloss evaluate {file} --true y --pred p {redirect}"
    ended = subprocess.run(
        command, shell=True, cwd=Path(path).parent, capture_output=True, text=True
    )
    fails = file == "missing" or not redirect.startswith("2")
    assert ended.returncode == (2 if fails else 0)
    assert ended.stderr.count("\n") == (fails and redirect.startswith(">"))
    assert bool(ended.stdout) == (not fails)


ODD = ["\x1b]0;title\x07", "a\x9b2Jb", "\u202eturned", "two\nlines", "\x7f"]


@pytest.mark.parametrize("name", ODD)
def test_names_in_files_do_not_steer_a_terminal(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "odd.parquet"
    pq.write_table(pa.table({name: [1.0], "p": [1.0]}), path)
    assert main(["evaluate", str(path), "--true", "nope", "--pred", "p"]) == 2
    assert main(["evaluate", str(path), "--true", name, "--pred", "p", "--loss", f"mae{name}"]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert all(line.isprintable() for line in err.splitlines())
    assert err.count("\n") == 2


def test_losses_in_tables_do_not_steer_a_terminal(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    np.save(tmp_path / "y.npy", np.ones(3))
    y = str(tmp_path / "y.npy")
    assert main(["evaluate", "--true", y, "--pred", y, "--loss", "huber:delta=1\x1c"]) == 0
    assert "huber:delta=1\\x1c" in capsys.readouterr().out
