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


def missing(arrays: Any, i: int) -> bool:
    """Return whether any of the arrays has a NaN at i."""
    return any(a[i] != a[i] for a in arrays)


def cut(arrays: Any, start: int, stop: int) -> Any:
    """Return the slice [start, stop) of each array."""
    return tuple(a[start:stop] for a in arrays)


def together(inputs: Any, weights: Any) -> Any:
    """Return inputs and weights as one tuple of arrays."""
    return inputs if weights is None else (*inputs, weights)


def sift(x: Any, weights: Any, i: int) -> Any:
    """Return term x of element i, or zero where its weight is zero."""
    return x if weights is None or weights[i] != 0 else 0.0


def weight_at(weights: Any, i: int) -> Any:
    """Return the weight of element i, one without any weights."""
    return np.float64(1.0) if weights is None else np.float64(weights[i])
