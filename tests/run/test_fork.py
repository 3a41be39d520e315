"""Forks and new processes after use: the same bits in the child and in the parent."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")

PRELUDE = """
import multiprocessing, os, sys, threading, time
import numpy as np
import streamloss as sl

sl.set_num_threads(4)
y, p, w = np.random.default_rng(1).standard_normal((3, 600_000))

def compute(k=0):
    return sl.accumulate("mae", y, p, w)

def part(k):
    return sl.accumulate("mae", y[k::3], p[k::3], w[k::3])

def running():
    return len(sys._current_frames())

def started():
    # a new thread is seen once it has run for the first time, which others can delay
    for _ in range(600):
        if running() > 1:
            return True
        time.sleep(0.1)
    return False

def fork(work):
    pid = os.fork()
    if pid == 0:
        try:
            os._exit(0 if work() else 1)
        except BaseException as error:
            print(error, file=sys.stderr, flush=True)
            os._exit(2)
    return os.waitpid(pid, 0)[1] == 0

def main():
    want = compute()
    assert started()
"""

SCRIPTS = {
    "child": "assert fork(lambda: compute() == want)",
    "parent": "assert fork(lambda: True) and compute() == want",
    "child and parent in turns": """
    for _ in range(10):
        assert fork(lambda: compute() == want) and compute() == want
""",
    "grandchild": "assert fork(lambda: compute() == want and fork(lambda: compute() == want))",
    "child of another thread": """
    thread = threading.Thread(target=lambda: good.append(fork(lambda: compute() == want)))
    good = []
    thread.start()
    compute()
    thread.join()
    assert good == [True]
""",
    "child while threads compute": """
    stop = threading.Event()
    def work():
        while not stop.is_set():
            assert compute() == want
    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    good = [fork(lambda: compute() == want) for _ in range(10)]
    stop.set()
    assert all(good) and compute() == want
""",
    "child that changes the number": """
    def work():
        sl.set_num_threads(8)
        return running() == 1 and compute() == want and started()
    assert fork(work) and sl.get_num_threads() == 4 and compute() == want
""",
    "child goes on with an accumulator": """
    halves = sl.accumulate("mae", y[::2], p[::2], w[::2])
    work = lambda: halves.update(y[1::2], p[1::2], w[1::2]) == want
    assert fork(work) and halves != want and work()
""",
    "first use in the child": """
    assert fork(lambda: sl.evaluate("mse", y.astype("f4"), p.astype("f4")) > 0)
""",
}
POOL = """
    with multiprocessing.get_context(sys.argv[1]).Pool(2) as pool:
        parts = pool.map(part, [2, 0, 1])
        assert sl.merge(parts).to_bytes() == want.to_bytes()
        assert set(a.to_bytes() for a in pool.map(compute, range(4))) == {want.to_bytes()}
    assert compute() == want
"""


def run(path: Path, body: str, *args: str) -> None:
    """Run a script with a fork in a new process, and expect silence."""
    path.write_text(f"{PRELUDE}    {body.strip()}\n\nif __name__ == '__main__':\n    main()\n")
    command = [sys.executable, "-W", "error", "-W", "ignore:.*fork:DeprecationWarning", path, *args]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize("name", SCRIPTS)
def test_forks_compute_the_same_bits(name: str, tmp_path: Path) -> None:
    run(tmp_path / "script.py", SCRIPTS[name])


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_worker_processes_compute_parts_of_the_same_bits(method: str, tmp_path: Path) -> None:
    run(tmp_path / "script.py", POOL, method)
