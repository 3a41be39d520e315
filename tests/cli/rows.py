"""Rows of a table, and the command line in a process of its own."""

import subprocess
import sys
from fractions import Fraction
from typing import Any

import numpy as np

N = 2000
RNG = np.random.default_rng(11)
Y = RNG.standard_normal(N) * 10.0 ** RNG.integers(-8, 9, N)
P = Y + RNG.standard_normal(N)
W = RNG.integers(0, 4, N) * RNG.random(N)
M = RNG.random(N) < 0.6
HOLES = np.where(RNG.random(N) < 0.1, np.nan, P)


def spawn(*args: str, **options: Any) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "streamloss", *args]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    return subprocess.Popen(command, text=True, **{**pipes, **options})


def exact(terms: np.ndarray, by: Any) -> float:
    """The correctly rounded sum of the terms divided by a number or by a sum of numbers."""
    divisor = sum(map(Fraction, by.tolist())) if isinstance(by, np.ndarray) else by
    return float(sum(map(Fraction, terms.tolist())) / divisor)


GIVEN = ("--true", "y", "--pred", "p")
