"""Peak memory: inputs of every kind are read where they lie, a small box at a time."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(
    not Path("/proc/self/clear_refs").exists(), reason="there is no peak to be reset here"
)

ROWS, COLUMNS = 4096, 1024
FULL = 8 * ROWS * COLUMNS
"""Bytes of a float64 array of the shape of the losses, which nobody may make."""

SCRIPT = """
import json, sys
import numpy as np
import streamloss as sl

ROWS, COLUMNS = map(int, sys.argv[1:])
y = np.ones((ROWS, COLUMNS), np.float64)
p = np.full((ROWS, COLUMNS), 2.0, np.float64)
narrow, mask = y.astype(np.float16), np.zeros((ROWS, COLUMNS), bool)
bytes_, wide = mask.view(np.uint8), np.ones((ROWS, 2 * COLUMNS), np.float32)
row, column = np.full(ROWS, 0.5), np.full((1, COLUMNS), 0.5)

KINDS = {
    "plain": ((y, p), {}),
    "weights for rows": ((y, p, row), {}),
    "weights for rows, kept": ((y, p, row[:, None]), {}),
    "weights for columns": ((y, p, column), {}),
    "scalar weight": ((y, p, 0.5), {}),
    "full weights": ((y, p, p), {}),
    "where for rows": ((y, p), {"where": row > 0}),
    "where for rows and weights": ((y, p, row), {"where": row > 0}),
    "full where": ((y, p), {"where": ~mask}),
    "full where and weights": ((y, p, row), {"where": ~mask}),
    "float16": ((narrow, narrow), {}),
    "float16 with weights": ((narrow, narrow, row), {}),
    "integers": ((bytes_, bytes_), {}),
    "mixed": ((y, narrow), {}),
    "byte-swapped": ((y.view(">f8"), p.view(">f8")), {}),
    "every second": ((wide[:, ::2], wide[:, ::2]), {}),
    "backwards": ((y[::-1, ::-1], p), {}),
    "transposed": ((y.T, p.T), {}),
    "one transposed": ((y, p.reshape(COLUMNS, ROWS).T), {}),
    "one number": ((y, np.broadcast_to(2.0, y.shape)), {}),
    "omit": ((y, p), {"nan": "omit"}),
    "omit float16": ((narrow, narrow), {"nan": "omit"}),
    "raise": ((y, p, row), {"nan": "raise"}),
    "rows": ((y.reshape(64, -1), p.reshape(64, -1), row[:64]), {"axis": 1}),
    "columns": ((y, p, row), {"axis": 0}),
}

def peak():
    with open("/proc/self/status") as status:
        return next(1024 * int(line.split()[1]) for line in status if line.startswith("VmHWM"))

def corner(a):
    return a[tuple(slice(300) for _ in np.shape(a))] if np.ndim(a) else a

def growth(args, options):
    few = {k: v if isinstance(v, (int, str)) else corner(v) for k, v in options.items()}
    sl.accumulate("mae", *map(corner, args), **few)  # compiles
    with open("/proc/self/clear_refs", "w") as file:
        file.write("5")
    before = peak()
    sl.accumulate("mae", *args, **options)
    return peak() - before

print(json.dumps({kind: growth(*call) for kind, call in KINDS.items()}))
"""
KINDS = [line.split('"')[1] for line in SCRIPT.splitlines() if line.startswith('    "')]


@pytest.fixture(scope="module")
def growths() -> dict[str, int]:
    """By how many bytes a call on large arrays raised the memory in use, at its peak."""
    command = [sys.executable, "-c", SCRIPT, str(ROWS), str(COLUMNS)]
    # a fixed threshold makes malloc give large arrays back when they are freed
    settings = {"STREAMLOSS_NUM_THREADS": "2", "MALLOC_MMAP_THRESHOLD_": "65536"}
    printed = subprocess.check_output(command, env=os.environ | settings, text=True)
    found = json.loads(printed)
    assert list(found) == KINDS
    return found


@pytest.mark.parametrize("kind", KINDS)
def test_no_temporary_of_the_size_of_the_losses_is_made(kind: str, growths: dict[str, int]) -> None:
    assert growths[kind] < FULL / 10
