"""A run that was killed goes on to the same bits, and memory is bounded."""

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from streamloss import files
from streamloss.files.checkpoint import MAGIC
from tests.cli.rows import GIVEN, P, Y, exact, spawn

BIG = 150_000


@pytest.fixture(params=["parquet", "npy"])
def job(request: pytest.FixtureRequest, tmp_path: Path) -> list[str]:
    """A job long enough to be killed in the middle, since it saves after each small batch."""
    columns = dict(zip("ypw", np.random.default_rng(7).standard_normal((3, BIG)), strict=True))
    columns["w"] = abs(columns["w"])
    losses = ["--loss", "mae", "--loss", "huber:delta=0.5", "--checkpoint", str(tmp_path / "state")]
    if request.param == "npy":
        for name, column in columns.items():
            np.save(tmp_path / f"{name}.npy", column)
        names = [str(tmp_path / f"{name}.npy") for name in "ypw"]
    else:
        for k in range(3):
            part = {name: column[k::3] for name, column in columns.items()}
            pq.write_table(pa.table(part), tmp_path / f"{k}.parquet", row_group_size=20_000)
        names = [*"ypw", str(tmp_path)]
    options = ["--true", "--pred", "--weights"]
    given = [item for pair in zip(options, names[:3], strict=True) for item in pair]
    return [*names[3:], *given, *losses]


def interrupt(job: list[str], after: int, number: int) -> subprocess.Popen[str]:
    """Start the job and send it a signal once its checkpoint holds more than so many rows."""
    state = Path(job[-1])
    process = spawn("evaluate", *job, "--batch-rows", "50", "--checkpoint-every", "0")
    while process.poll() is None and (not state.exists() or rows_in(state) <= after):
        time.sleep(0.002)
    process.send_signal(number)
    return process


def rows_in(state: Path) -> int:
    line = state.read_bytes()[len(MAGIC) + 32 :].partition(b"\n")[0]
    return int(json.loads(line)["rows"])


def test_a_killed_run_resumes_to_the_same_bits(
    job: list[str], run: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = run(*job[:-2])
    begun: list[int] = []
    for _ in range(2):
        process = interrupt(job, begun[-1] if begun else 1000, signal.SIGKILL)
        assert process.communicate() == ("", "")
        assert process.returncode == -signal.SIGKILL
        begun.append(rows_in(Path(job[-1])))
    assert 1000 < begun[0] < begun[1] < BIG
    plan = files.Scanner.side_by_side

    def note(data: files.Scanner, start: files.Place, threads: int) -> Any:
        begun.append(sum(source.rows or 0 for source in data.sources[: start.source]) + start.row)
        return plan(data, start, threads)

    monkeypatch.setattr(files.Scanner, "side_by_side", note)
    resumed = run(*job)
    again = run(*job)
    assert begun[2:] == [begun[1], BIG]
    assert again == resumed
    for got in (whole, resumed):
        got.pop("seconds")
    assert {k: v.hex() for k, v in resumed.pop("results").items()} == {
        k: v.hex() for k, v in whole.pop("results").items()
    }
    assert resumed == whole


def test_ctrl_c_keeps_the_checkpoint(job: list[str]) -> None:
    process = interrupt(job, 500, signal.SIGINT)
    out, err = process.communicate()
    assert process.returncode == 130
    assert out == ""
    assert err == f"streamloss: interrupted; the same command goes on from {job[-1]}\n"
    assert 500 < rows_in(Path(job[-1])) < BIG


def test_a_checkpoint_of_another_job_is_refused(
    path: str, run: Callable[..., Any], refusal: Callable[..., str], tmp_path: Path
) -> None:
    state = ("--checkpoint", str(tmp_path / "state"))
    run(path, *GIVEN, *state)
    kept = (tmp_path / "state").read_bytes()
    mean = run(path, *GIVEN, *state, "--loss", "l1", "--reduction", "sum")["results"]
    assert mean == {"l1": exact(abs(P - Y), 1)}
    for more, line in [
        (("--weights", "w"), "columns differ: none there, w here"),
        (("--true", "p"), "columns differ: y there, y p here"),
        (("--loss", "mse"), "losses differ: AbsoluteError() there, SquaredError() here"),
        (("--loss", "mae", "--loss", "mse"), "losses differ: none there, SquaredError() here"),
        (("--nan", "omit"), "policies for NaN differ: propagate there, omit here"),
    ]:
        got = refusal("evaluate", path, *GIVEN, *state, *more)
        assert got.endswith(f"belongs to another job, whose {line}; delete it to start over")
    os.utime(path)
    assert "whose files differ" in refusal("evaluate", path, *GIVEN, *state)
    assert (tmp_path / "state").read_bytes() == kept


def test_a_damaged_checkpoint_is_refused(
    path: str, run: Callable[..., Any], refusal: Callable[..., str], tmp_path: Path
) -> None:
    state = tmp_path / "state"
    args = (path, *GIVEN, "--checkpoint", str(state))
    run(*args)
    whole = state.read_bytes()
    for cut in (0, 5, len(MAGIC), len(MAGIC) + 40, len(whole) - 1):
        state.write_bytes(whole[:cut])
        assert "--checkpoint" in refusal("evaluate", *args)
    for at in (0, len(MAGIC), len(MAGIC) + 60, len(whole) - 3):
        damaged = bytearray(whole)
        damaged[at] ^= 1
        state.write_bytes(damaged)
        assert "--checkpoint" in refusal("evaluate", *args)


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="memory is read from /proc")
@pytest.mark.parametrize("kind", ["parquet", "npy", "npz"])
def test_memory_is_bounded(tmp_path: Path, kind: str) -> None:
    """One row group of 128 MB; a pair of maps of 512 MB; thrice an array of 64 MB in an archive."""
    if kind == "parquet":
        columns = dict(zip("yp", np.random.default_rng(3).random((2, 1 << 23)), strict=True))
        name = str(tmp_path / "d.parquet")
        pq.write_table(
            pa.table(columns),
            name,
            row_group_size=1 << 23,
            compression="none",
            use_dictionary=False,
        )
        args = [name, *GIVEN]
    elif kind == "npy":
        for name in "yp":
            np.lib.format.open_memmap(tmp_path / f"{name}.npy", "w+", "f8", (1 << 25,))
        args = ["--true", f"{tmp_path}/y.npy", "--pred", f"{tmp_path}/p.npy"]
    else:
        np.savez(tmp_path / "d.npz", y=np.zeros(1 << 23))
        options = ("--true", "--pred", "--weights")
        args = [item for option in options for item in (option, f"{tmp_path}/d.npz:y")]
    anonymous, resident = peak_memory(*args, "--batch-rows", "65536")
    assert anonymous < 180
    assert resident < 400


def peak_memory(*args: str) -> tuple[int, int]:
    """The most MiB of memory of its own, and of all resident memory, that a run had."""
    process = spawn("evaluate", *args)
    anonymous = resident = 0
    while process.poll() is None:
        lines = Path(f"/proc/{process.pid}/status").read_text().splitlines()
        status = dict(line.split(":", 1) for line in lines)
        anonymous = max(anonymous, int(status.get("RssAnon", "0 kB").split()[0]) >> 10)
        resident = max(resident, int(status.get("VmHWM", "0 kB").split()[0]) >> 10)
        time.sleep(0.005)
    assert process.communicate()[1] == ""
    assert process.returncode == 0
    return anonymous, resident
