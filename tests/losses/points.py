"""Losses of one element or row, in plain Python as the engine takes small batches."""

import math
from typing import Any

import numpy as np

from streamloss import losses as sl

OURS = [getattr(sl, name) for name in sl.__all__]
INF, NAN = math.inf, math.nan


def one(loss: Any, *inputs: Any) -> float:
    """Return the loss of one element or row."""
    given = (np.asarray(x, np.float64)[()] for x in inputs)
    with np.errstate(all="ignore"):
        return float(type(loss).body(loss, *given))


def all_of(loss: Any, *inputs: np.ndarray) -> np.ndarray:
    """Return the loss of each element or row."""
    body = type(loss).body
    with np.errstate(all="ignore"):
        return np.array([body(loss, *items) for items in zip(*inputs, strict=True)], np.float64)


def near(found: float, want: float, ulps: float = 4) -> bool:
    return abs(found - want) <= ulps * math.ulp(want)


def in_ulps(got: np.ndarray, want: np.ndarray) -> float:
    """Return the largest distance, in the spacing of floats at what is wanted."""
    return float(np.max(np.abs(got - want) / np.spacing(np.abs(want))))
