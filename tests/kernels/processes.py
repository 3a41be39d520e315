"""New processes that evaluate losses, with a folder of kernels, and say what they compiled."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

import streamloss as sl

PACKAGE = Path(sl.__file__).parent

EVALUATE = """
import importlib, json, sys
from numba.core import event

def find(name):
    return getattr(importlib.import_module("mine"), name[5:])() if name[:5] == "mine." else name

with event.install_recorder("numba:compile") as compiled:
    import streamloss as sl
    reduction, *names = sys.argv[1:]
    values = [sl.evaluate(find(n), 1.0, 2.0, reduction=reduction) for n in names]
print(json.dumps([[float(value) for value in values], len(compiled.buffer) // 2]))
"""


class Run(NamedTuple):
    """What a process computed, and how many functions it compiled for that."""

    values: list[float]
    compiled: int


def evaluate(
    cache: Path, *names: str, reduction: str = "none", path: Path = PACKAGE.parent, **env: str
) -> Run:
    """Evaluate losses by name, `mine.Class` for those of a user, in a new process."""
    settings = {
        "STREAMLOSS_CACHE_DIR": str(cache),
        "PYTHONPATH": os.pathsep.join([str(path), str(PACKAGE.parent)]),
        "PYTHONDONTWRITEBYTECODE": "1",  # it would go by seconds whether a source is newer
    }
    done = subprocess.run(
        [sys.executable, "-P", "-W", "error", "-c", EVALUATE, reduction, *names],
        env=os.environ | settings | env,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return Run(*json.loads(done.stdout))


@sl.loss
class Sine(NamedTuple):
    """A loss of a user that calls a function of C."""

    factor: float = 1.0

    def point(self, y_true: Any, y_pred: Any) -> Any:
        return self.factor * abs(np.sin(y_pred) - np.sin(y_true))
