"""Arithmetic that losses and loops share: its meaning in Python.

`_overloads` gives the same names their meaning in compiled code. Python's `math` raises where
IEEE arithmetic gives an infinity or NaN; these functions return what compiled code returns.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np


def exp(x: float) -> float:
    """Return e**x, infinity where it overflows."""
    try:
        return math.exp(x)
    except OverflowError:
        return math.inf


def expm1(x: float) -> float:
    """Return e**x - 1, infinity where it overflows."""
    try:
        return math.expm1(x)
    except OverflowError:
        return math.inf


def log1p(x: float) -> float:
    """Return log(1 + x), -infinity at -1 and NaN below."""
    if x > -1.0:
        return math.log1p(x)
    return -math.inf if x == -1.0 else math.nan


def sqrt(x: float) -> float:
    """Return the square root of x, NaN below zero."""
    return math.sqrt(x) if x >= 0.0 else math.nan


def widen(x: Any) -> Any:
    """Return x as float64, or complex128 if it is complex."""
    return np.complex128(x) if isinstance(x, np.complexfloating) else np.float64(x)


def term(loss: Any, inputs: Any, weights: Any, i: int) -> Any:
    """Return the weighted loss of element i."""
    value = loss.point(*(widen(a[i]) for a in inputs))
    return value if weights is None else value * widen(weights[i])


def present(arrays: Any, i: int) -> bool:
    """Return whether no array has a NaN at i; None is no arrays."""
    return all(a[i] == a[i] for a in arrays or ())


def cut(arrays: Any, start: int, stop: int) -> Any:
    """Return the slice [start, stop) of each array."""
    return tuple(a[start:stop] for a in arrays)


def looked_at(inputs: Any, weights: Any, omit: Any) -> Any:
    """Return the arrays to look for NaN in: inputs and weights, or None without `omit`."""
    if omit is None:
        return None
    return inputs if weights is None else (*inputs, weights)


def eight_at_a_time(narrow: Any, seen: Any) -> Any:
    """Return True if weights are faster counted apart: float32 ones, none of them missing."""
    return True if narrow is not None and seen is None else None


def sift(x: Any, weights: Any, i: int) -> Any:
    """Return term x of element i, or zero where its weight is zero."""
    return x if weights is None or weights[i] != 0 else 0.0


def keep(x: Any, seen: Any, i: int) -> Any:
    """Return x, or zero where one of the arrays seen has a NaN at i; None looks at none."""
    return x if present(seen, i) else 0.0
