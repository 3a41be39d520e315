"""Processes that compute together have one streamloss; what lies on a disk is read by any."""

import os
import pickle
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import dask.array as da
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from distributed import Client, LocalCluster

import streamloss as sl
from streamloss.cli import main
from streamloss.support.maker import Task, here

PACKAGE = Path(sl.__file__).parent


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Another version of the package, in which mean absolute errors are twice as large."""
    folder = tmp_path_factory.mktemp("other")
    copy = folder / "streamloss"
    shutil.copytree(PACKAGE, copy, ignore=shutil.ignore_patterns("__pycache__"))
    edit(
        copy / "losses" / "regression.py",
        "return modulus(y_pred - y_true)",
        "return 2.0 * modulus(y_pred - y_true)",
    )
    edit(copy / "__init__.py", f'__version__ = "{sl.__version__}"', '__version__ = "9.8.7"')
    return folder


def edit(path: Path, before: str, after: str) -> None:
    source = path.read_text()
    assert source.count(before) == 1
    path.write_text(source.replace(before, after))


def there(other: Path, script: str, data: bytes = b"") -> bytes:
    """Run a script with the other package, and return what it prints as hexadecimal digits."""
    command = [sys.executable, "-W", "error", "-c", script, data.hex()]
    text = subprocess.check_output(command, env=with_path(other), cwd=other, text=True)
    return bytes.fromhex(text.strip())


def with_path(other: Path) -> dict[str, str]:
    """Return an environment in which the other package is found first."""
    return os.environ | {"PYTHONPATH": str(other)}


ACCUMULATE = """
import pickle, streamloss as sl
acc = sl.accumulate("mae", [1.0], [2.0])
print({}.hex())
"""


def test_what_lies_on_a_disk_is_read_whoever_wrote_it(other: Path) -> None:
    data = there(other, ACCUMULATE.format("acc.to_bytes()"))
    assert b'"written_by":"9.8.7"' in data
    assert sl.Accumulator.from_bytes(data).result() == 2.0
    found = pickle.loads(there(other, ACCUMULATE.format("pickle.dumps(acc)")))
    assert sl.merge([found, sl.accumulate("mae", [1.0], [2.0])]).result() == 1.5
    assert found.copy().to_bytes() == sl.Accumulator.from_bytes(data).to_bytes()


def names_both(error: object) -> bool:
    """Return whether an error names both versions, in one short line."""
    text = str(error)
    return len(text) < 400 and "9.8.7" in text and str(here()) in text


def test_futures_of_another_version_are_refused(other: Path) -> None:
    future: Future[Any] = Future()
    future.set_result(pickle.loads(there(other, ACCUMULATE.format("pickle.dumps(acc)"))))
    with pytest.raises(ValueError, match="install the same") as caught:
        sl.merge([future])
    assert names_both(caught.value)


def test_tasks_of_another_version_are_refused(other: Path) -> None:
    script = """
import pickle, sys
task = pickle.loads(bytes.fromhex(sys.argv[1]))
try: print(repr(task(3)).encode().hex())
except ValueError as error: print(str(error).encode().hex())
"""
    text = there(other, script, pickle.dumps(Task(abs))).decode()
    assert re.search(r"9\.8\.7.*got " + re.escape(str(here())), text)
    assert pickle.loads(pickle.dumps(Task(abs)))(-3) == 3


@pytest.fixture(scope="module")
def client(other: Path) -> Iterator[Client]:
    """A cluster of one worker, which has the other package."""
    settings = {"n_workers": 0, "threads_per_worker": 1, "dashboard_address": ":0"}
    with LocalCluster(**settings) as cluster, Client(cluster) as client:
        address = cluster.scheduler_address
        options = ["--nthreads", "1", "--no-nanny", "--no-dashboard"]
        command = [sys.executable, "-m", "dask", "worker", address, *options]
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        worker = subprocess.Popen(command, env=with_path(other), cwd=other, **quiet)
        client.wait_for_workers(1, 60)
        yield client
        worker.terminate()
        worker.wait(30)


def test_a_cluster_of_another_version_is_refused(client: Client) -> None:
    y = da.ones(10, chunks=5)
    calls = {
        "result": lambda: sl.evaluate("mae", y, y + 1).compute(),
        "elements": lambda: sl.evaluate("mae", y, y + 1, reduction="none").compute(),
        "accumulator": lambda: sl.accumulate("mae", y, y + 1).compute(),
        "slices": lambda: sl.evaluate("mae", y, y + 1, by=[1, 2] * 5).compute(),
        "futures": lambda: sl.merge(client.map(sl.accumulate, ["mae"], [[1.0]], [[2.0]])),
    }
    for name, call in calls.items():
        with pytest.raises(ValueError, match="install the same") as caught:
            call()
        assert names_both(caught.value), name


def test_a_cluster_of_another_version_is_refused_in_one_line(
    client: Client, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "rows.parquet"
    pq.write_table(pa.table({"y": np.ones(10), "p": np.zeros(10)}), path)
    address = client.scheduler.address
    args = ["evaluate", str(path), "--true", "y", "--pred", "p", "--scheduler", address]
    assert main(args) == 2
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert names_both(err)
