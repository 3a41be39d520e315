"""Forks while other threads update an accumulator: the child's is one from between updates."""

from __future__ import annotations

import subprocess
import sys

SCRIPT = """
import os, signal, sys, threading
import numpy as np, streamloss as sl

acc, y = sl.Accumulator("mae"), np.ones(64)
acc.update(y, y + 1.0)

def update_for_ever():
    while True:
        acc.update(y, y + 1.0)

for _ in range(3):
    threading.Thread(target=update_for_ever, daemon=True).start()

def works():
    before = acc.counts["elements"]
    acc.update(y, y + 1.0).merge(sl.accumulate("mae", y, y + 1.0))
    after = acc.counts
    return (
        before % 64 == 0
        and after["elements"] == after["nonzero_weights"] == after["rows"] == before + 128
        and acc.result() == 1.0
        and sl.Accumulator.from_bytes(acc.to_bytes()) == acc
    )

bad = 0
for _ in range(int(sys.argv[1])):
    pid = os.fork()
    if pid == 0:
        signal.alarm(10)
        try:
            os._exit(0 if works() else 1)
        except BaseException:
            os._exit(2)
    bad += os.waitpid(pid, 0)[1] != 0
print(bad, flush=True)
os._exit(0)
"""


def busy(count: int) -> str | None:
    """Fork so often under three busy threads; return how many children did not work."""
    command = [sys.executable, "-W", "ignore", "-c", SCRIPT, str(count)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120 + count)
    return None if done.stdout.strip() == "0" else f"{done.stdout} {done.stderr[-300:]}"
