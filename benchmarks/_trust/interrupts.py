"""Interrupts at random moments: of first calls, of the command line, and two in a row."""

from __future__ import annotations

import random
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

FIRST = """
import signal, sys
import numpy as np, streamloss as sl
y = np.ones(5000)
if "lazy" in {call!r}:
    import dask.array  # the user's own import
    lazy = dask.array.ones(5000, chunks=1000)
signal.signal(signal.SIGALRM, signal.default_int_handler)
signal.setitimer(signal.ITIMER_REAL, float(sys.argv[1]))
try:
    {call}
    signal.setitimer(signal.ITIMER_REAL, 0)
except KeyboardInterrupt:
    pass
print(sl.evaluate("mae", y, y + 1), len(sl.Accumulator("mae").to_bytes()) > 0)
{again}
"""

CALLS = {
    "arrays": ("sl.evaluate('mae', y, y)", ""),
    "every element": ("sl.evaluate('mae', y, y, reduction='none')", ""),
    "dask": (
        "sl.evaluate('mae', lazy, y)",
        "assert sl.evaluate('mae', lazy, y + 1).compute() == 1.0",
    ),
}
"""What is interrupted, and what must work afterwards besides."""


def first_call(kind: str, seconds: float) -> str | None:
    """Interrupt a first call after so many seconds; return what is wrong afterwards."""
    script = FIRST.format(call=CALLS[kind][0], again=CALLS[kind][1])
    command = [sys.executable, "-c", script, str(seconds)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    if done.stdout.split() == ["1.0", "True"] and done.returncode == 0:
        return None
    return f"{kind} after {seconds:.3f} s: {done.stdout} {done.stderr[-300:]}"


def command_line(args: list[str], seconds: float, signals: int = 1) -> str | None:
    """Interrupt a command after so many seconds; return what it does wrong."""
    command = [sys.executable, "-m", "streamloss", *args]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(command, text=True, **pipes) as process:  # type: ignore[call-overload]
        time.sleep(seconds)
        for _ in range(signals):
            process.send_signal(signal.SIGINT)
            time.sleep(random.random() * 0.01)
        try:
            _, err = process.communicate(timeout=60)
        except subprocess.TimeoutExpired:
            process.kill()
            return f"{args[0]} after {seconds:.3f} s: hangs"
    # while Python starts, before the first line of `main`, and ends, the interrupt is not ours
    early = "Traceback" in err and not re.search(r'cli.__init__.py", line \d+, in main', err)
    early = early or (process.returncode == -signal.SIGINT and not err)
    right = process.returncode in (0, 130) and "Traceback" not in err and err.count("\n") <= 1
    if early or right:
        return None
    return f"{args[0]} after {seconds:.3f} s: exit {process.returncode}, {err[-300:]}"


def make_file(folder: Path) -> str:
    """Write a file for the command line to evaluate, and return its path."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.parquet as pq

    columns = np.random.default_rng(0).random((2, 300_000))
    path = str(folder / "rows.parquet")
    pq.write_table(pa.table({"y": columns[0], "p": columns[1]}), path, row_group_size=30_000)
    return path


TWICE = """
import random, signal, sys, time
import numpy as np, streamloss as sl
sl.set_num_threads(4)
y, few = np.broadcast_to(np.ones(1), (10**15,)), np.ones(1000)
sl.evaluate("mae", few, few)
sl.evaluate("mae", np.ones(600_000), np.ones(600_000))

def work(gap):
    signal.setitimer(signal.ITIMER_REAL, 0.001 + random.random() * 0.05, gap)
    sl.evaluate("mae", y, y)

def rest():
    # in a function: what Python 3.13 raises at the end of a loop passes the try around the loop
    while left:  # the second is to come, if it has not
        pass

def attempt(gap):
    global left
    left = 2
    try:
        try:
            work(gap)
        finally:
            rest()
    except KeyboardInterrupt:
        pass

def interrupt(*_):
    global left
    if left:  # a third may have come at once with the second
        left -= 1
        if not left:
            signal.setitimer(signal.ITIMER_REAL, 0)
        raise KeyboardInterrupt

signal.signal(signal.SIGALRM, interrupt)
random.seed(int(sys.argv[2]))
bad = 0
for k in range(int(sys.argv[1])):
    attempt(10.0 ** random.uniform(-6, -2))
    time.sleep(0.02)  # for the jobs under way
    for _ in range(100):
        before = time.process_time()
        time.sleep(0.02)
        if time.process_time() - before < 0.01:
            break
    else:
        bad += 1
print(bad, sl.evaluate("mae", few, few + 1))
"""


def twice(count: int, seed: int) -> str | None:
    """Interrupt calls twice in a row; return what is wrong: helpers that go on, calls that fail."""
    command = [sys.executable, "-c", TWICE, str(count), str(seed)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60 + 3 * count)
    return None if done.stdout.split() == ["0", "1.0"] else f"{done.stdout} {done.stderr[-500:]}"
