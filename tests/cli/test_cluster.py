"""The command line on a cluster: the same output, whatever the pieces and workers."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from distributed import Client, LocalCluster

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
        columns["k"] = np.array(["AA", "UA", None], object)[rng.integers(0, 3, N)]
        columns["n"] = rng.integers(0, 5000, N)
        pq.write_table(pa.table(columns), path / f"{k}.parquet", row_group_size=1000)
    (path / "_arrays").mkdir()
    np.save(path / "_arrays" / "y.npy", columns["y"])
    np.savez(path / "_arrays" / "p.npz", p=columns["p"])
    return path


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """The address of two workers in processes of their own."""
    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=":0") as cluster:
        yield cluster.scheduler_address


COLUMNS = ("--true", "y", "--pred", "p", "--weights", "w", "--nan", "omit")


def evaluate(*args: str, capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    """Run the command line here, and return what it prints as JSON but for the time."""
    assert main(["evaluate", *args, "--json"]) == 0
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    assert found.pop("seconds") > 0
    found.pop("most_memory_bytes", None)
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


@pytest.mark.parametrize("rows", ["1000", "10000000"])
def test_slices_have_the_same_bits_on_a_cluster(
    folder: Path, address: str, rows: str, capsys: pytest.CaptureFixture[str]
) -> None:
    args = str(folder), *COLUMNS, "--by", "k", "--by", "n", "--loss", "r2"
    here = evaluate(*args, capsys=capsys)
    assert len(here["slices"]) > 14_000
    there = evaluate(*args, "--scheduler", address, "--batch-rows", rows, capsys=capsys)
    assert there == here


def test_slices_survive_the_death_of_a_worker(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    args = str(folder), *COLUMNS, "--by", "k", "--by", "n"
    here = evaluate(*args, capsys=capsys)
    died = tmp_path / "died"
    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=":0") as cluster:
        with Client(cluster) as client:
            client.run(once_dying(str(died)))
        address = cluster.scheduler_address
        there = evaluate(*args, "--scheduler", address, "--batch-rows", "900", capsys=capsys)
    assert died.exists()
    assert there == here


def once_dying(path: str) -> Callable[[], None]:
    """Return what has the first worker die that sums a tenth stretch."""

    def prepare() -> None:
        from streamloss.run import cluster

        known, seen = cluster.sum_batches, []

        def sum_batches(*args: Any) -> Any:
            seen.append(1)
            if len(seen) == 10:
                with suppress(FileExistsError):
                    os.close(os.open(path, os.O_CREAT | os.O_EXCL))
                    os.kill(os.getpid(), signal.SIGKILL)
            return known(*args)

        cluster.sum_batches = sum_batches

    return prepare


def test_arrays_give_the_same_bits_on_a_cluster(
    folder: Path,
    address: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(folder)  # the workers have another folder, and must be told where this is
    args = "--true", "_arrays/y.npy", "--pred", "_arrays/p.npz:p", "--nan", "omit"
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
    where = ["--scheduler", address, "--timeout", "1"]
    error = refused(str(folder), *COLUMNS, *where, capsys=capsys)
    assert error.startswith(f"streamloss: --scheduler: cannot connect to {address}: ")


def run_on(address: str, folder: Path, *more: str) -> subprocess.CompletedProcess[str]:
    """Run the command line in a process of its own."""
    command = [sys.executable, "-m", "streamloss", "evaluate", str(folder / "1.parquet"), *COLUMNS]
    where = ["--scheduler", address, "--json", "--batch-rows", "1000", *more]
    return subprocess.run([*command, *where], capture_output=True, text=True, timeout=60)


def fails(error: BaseException) -> Callable[[], None]:
    """Return what makes workers fail with an error."""

    def prepare() -> None:
        import streamloss.run.cluster

        def sum_batches(*args: object) -> None:
            raise error

        streamloss.run.cluster.sum_batches = sum_batches  # type: ignore[assignment]

    return prepare


def lacks_streamloss() -> None:
    """Make a worker one without streamloss."""

    class Block:
        def find_spec(self, name: str, path: object = None, target: object = None) -> None:
            if name.partition(".")[0] == "streamloss":
                raise ModuleNotFoundError(f"No module named {name!r}", name=name)

    for name in [name for name in sys.modules if name.partition(".")[0] == "streamloss"]:
        del sys.modules[name]
    sys.meta_path.insert(0, Block())


def dies() -> None:
    """End a worker, which its nanny brings back."""
    os._exit(9)


@pytest.mark.parametrize(
    ("prepare", "message"),
    [
        (fails(MemoryError("8 GiB")), "a worker has not enough memory for .*, rows 0 to 999"),
        (fails(KeyError("x")), "a worker failed on .*1.parquet, rows 0 to 999: KeyError: 'x'"),
        (fails(TimeoutError("slow")), "a worker failed on .*: slow"),
        (fails(RecursionError("deep")), "a worker failed on .*: deep"),
        (lacks_streamloss, "a worker lacks what this process has: .*'streamloss'"),
        (dies, None),
    ],
)
def test_what_fails_on_a_worker_is_one_line(
    folder: Path, prepare: Callable[[], None], message: str | None
) -> None:
    with (
        LocalCluster(n_workers=1, threads_per_worker=1, dashboard_address=":0") as cluster,
        Client(cluster, set_as_default=False) as client,
    ):
        with suppress(Exception):
            client.run(prepare)
        ended = run_on(cluster.scheduler_address, folder)
    if message is None:
        assert (ended.returncode, ended.stderr) == (0, "")
    else:
        assert (ended.returncode, ended.stdout, ended.stderr.count("\n")) == (2, "", 1)
        assert re.match(f"streamloss: --scheduler: {message}", ended.stderr)


def test_a_cluster_without_workers_is_waited_for_as_long_as_is_said(folder: Path) -> None:
    with LocalCluster(n_workers=0, dashboard_address=":0") as cluster:
        ended = run_on(cluster.scheduler_address, folder, "--timeout", "3")
        waiting, line = ended.stderr.splitlines()
        assert waiting == f"streamloss: waiting for workers: {cluster.scheduler_address} has none"
        assert line.startswith("streamloss: --timeout: nothing came for 3 s from tcp://")
        assert (ended.returncode, ended.stdout) == (2, "")
        cluster.adapt(minimum=0, maximum=1, interval="100 ms")
        ended = run_on(cluster.scheduler_address, folder)
    assert json.loads(ended.stdout)["rows"] == N
    assert ended.stderr.count("\n") <= 1


def test_a_scheduler_that_goes_away_leaves_the_checkpoint(folder: Path, tmp_path: Path) -> None:
    saved = tmp_path / "saved"
    command = [sys.executable, "-m", "streamloss", "evaluate", str(folder), *COLUMNS, "--json"]
    kept = ["--checkpoint", str(saved), "--checkpoint-every", "0", "--batch-rows", "100"]
    with LocalCluster(n_workers=1, dashboard_address=":0") as cluster:
        where = ["--scheduler", cluster.scheduler_address]
        running = subprocess.Popen([*command, *kept, *where], stderr=subprocess.PIPE, text=True)
        while not saved.exists() and running.poll() is None:
            time.sleep(0.01)
    _, err = running.communicate(timeout=60)
    assert (running.returncode, err.count("\n")) == (2, 1)
    assert err.startswith("streamloss: --scheduler: ")
    runs = [subprocess.check_output([*command, *more], text=True) for more in (kept, ())]
    first, second = (json.loads(out) for out in runs)
    del first["seconds"], second["seconds"]
    assert first == second


def test_a_timeout_is_for_a_cluster(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    error = refused(str(folder), *COLUMNS, "--timeout", "3", capsys=capsys)
    assert error.startswith("streamloss: --timeout is for a scheduler")
