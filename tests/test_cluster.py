"""The command line on a cluster: the same output, whatever the pieces and workers."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from distributed import LocalCluster

from streamloss.cli import main

N = 30_000


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three files of small row groups, and arrays."""
    path = tmp_path_factory.mktemp("data")
    rng = np.random.default_rng(3)
    for k in range(3):
        columns = dict(zip("ypw", rng.standard_normal((3, N)), strict=True))
        columns["y"][::100] = np.nan
        pq.write_table(pa.table(columns), path / f"{k}.parquet", row_group_size=1000)
    np.save(path / "y.npy", columns["y"])
    np.savez(path / "p.npz", p=columns["p"])
    return path


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """The address of two workers in processes of their own."""
    with LocalCluster(2, threads_per_worker=1, dashboard_address=None) as cluster:
        yield cluster.scheduler_address


COLUMNS = ("--true", "y", "--pred", "p", "--weights", "w", "--nan", "omit")


def evaluate(*args: str, capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    """Run the command line here, and return what it prints as JSON but for the time."""
    assert main(["evaluate", *args, "--json"]) == 0
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    assert found.pop("seconds") > 0
    return found


@pytest.mark.parametrize("rows", ["1000", "7000", "10000000"])
def test_files_give_the_same_bits_on_a_cluster(
    folder: Path, address: str, rows: str, capsys: pytest.CaptureFixture[str]
) -> None:
    args = str(folder), *COLUMNS, "--loss", "mae", "--loss", "rmse"
    here = evaluate(*args, capsys=capsys)
    assert here["rows"] == 3 * N
    there = evaluate(*args, "--scheduler", address, "--batch-rows", rows, capsys=capsys)
    assert there == here


def test_arrays_give_the_same_bits_on_a_cluster(
    folder: Path,
    address: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(folder)  # the workers have another folder, and must be told where this is
    args = "--true", "y.npy", "--pred", "p.npz:p", "--nan", "omit"
    there = evaluate(*args, "--scheduler", address, capsys=capsys)
    assert there == evaluate(*args, capsys=capsys)


def test_a_checkpoint_is_good_on_a_cluster_and_here(
    folder: Path, address: str, tmp_path: Path
) -> None:
    checkpoint = tmp_path / "saved"
    args = [str(folder), *COLUMNS, "--checkpoint", str(checkpoint), "--json"]
    each = [*args, "--checkpoint-every", "0", "--batch-rows", "1000", "--scheduler", address]
    command = [sys.executable, "-m", "streamloss", "evaluate"]
    with subprocess.Popen([*command, *each], stdout=subprocess.PIPE) as running:
        while not checkpoint.exists() and running.poll() is None:
            pass
        running.send_signal(signal.SIGKILL)
    done = subprocess.run([*command, *args], capture_output=True, text=True, check=True)
    fresh = subprocess.run(
        [*command, *args[:-3], "--json"], capture_output=True, text=True, check=True
    )
    first, second = (json.loads(run.stdout) for run in (done, fresh))
    assert first.pop("seconds") > 0
    assert second.pop("seconds") > 0
    assert first == second


def refused(*args: str, capsys: pytest.CaptureFixture[str]) -> str:
    """Run the command line, and return the one line it says."""
    assert main(["evaluate", *args]) == 2
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    return err


def test_what_a_worker_meets_is_one_line(
    folder: Path, address: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    raising = [*COLUMNS[:-1], "raise", "--scheduler", address]
    error = refused(str(folder / "1.parquet"), *raising, capsys=capsys)
    assert "1.parquet, rows 0 to 29,999: nan='raise': 300 elements" in error
    broken = tmp_path / "broken.parquet"
    data = bytearray((folder / "0.parquet").read_bytes())
    data[10_000:40_000] = os.urandom(30_000)
    broken.write_bytes(data)
    error = refused(str(broken), *COLUMNS, "--scheduler", address, capsys=capsys)
    assert f"cannot read {broken} as Parquet" in error


@pytest.mark.parametrize("address", ["nonsense", "tcp://127.0.0.1:9"])
def test_no_scheduler_is_one_line(
    folder: Path, address: str, capsys: pytest.CaptureFixture[str]
) -> None:
    error = refused(str(folder), *COLUMNS, "--scheduler", address, capsys=capsys)
    assert error.startswith(f"streamloss: --scheduler: cannot connect to {address}: ")
