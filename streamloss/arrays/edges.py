"""Bins: intervals between edges, what they are called, and which of them numbers are in."""

from __future__ import annotations

import math
import operator
from itertools import pairwise
from typing import Any

import numpy as np

from streamloss.support.brief import brief

from .kinds import Keyed
from .types import Array

FEW = 127
"""Up to this many edges are compared with each value, 0.2 ns an edge, and counted in an int8;
beyond it values are searched for among them, 40 ns (1M float64)."""

BLOCK = 32768
"""How many values are compared at a time: they stay in the cache for all edges."""


def texts(edges: tuple[float, ...]) -> list[str]:
    """Return what bins are called, by their numbers.

    Examples
    --------
    >>> texts((0.0, 0.5, 2.0))
    ['(-inf, 0)', '[0, 0.5)', '[0.5, 2]', '(2, inf)']
    """
    shown = [str(plain(edge)) for edge in edges]
    inner = [f"[{a}, {b})" for a, b in pairwise(shown)]
    inner[-1] = f"{inner[-1][:-1]}]"
    return [f"(-inf, {shown[0]})", *inner, f"({shown[-1]}, inf)"]


def plain(edge: float) -> int | float:
    """Return an integer where that is shorter."""
    return int(edge) if edge.is_integer() and abs(edge) < 1e16 else edge


def checked(edges: Any) -> tuple[float, ...]:
    """Return edges as floats if they are some."""
    try:
        given = [operator.index(e) if hasattr(e, "__index__") else e for e in edges]
        found = tuple([float(edge) + 0.0 for edge in given])
    except (TypeError, ValueError, OverflowError):
        raise TypeError(f"edges must be numbers: got {brief(edges)}") from None
    if any(isinstance(edge, str | bytes) for edge in given):
        raise TypeError(f"edges must be numbers: got {brief(edges)}")
    if len(found) < 2 or not all(a < b for a, b in pairwise(found)):
        raise ValueError(f"edges must be two numbers or more that increase: got {brief(edges)}")
    for edge, number in zip(given, found, strict=True):
        if edge != number:
            raise ValueError(f"edges must be numbers of float64: got {brief(edge)}")
    return found


def places(keyed: Keyed, edges: tuple[float, ...]) -> Array:
    """Return the bins of values that are integers or floats."""
    if keyed.kind.name == "float":
        return _places(keyed.values.view(np.float64), _above(edges))
    values = keyed.values.view(np.uint64 if keyed.kind.detail else np.int64)
    return _places_of_integers(values, edges)


def _above(edges: tuple[float, ...]) -> list[float]:
    """Return the least number of each bin but the first; the last is above the last edge."""
    last = math.nextafter(edges[-1], math.inf)
    return [*edges[:-1], *([last] if last > edges[-1] else [])]


def _places_of_integers(values: Array, edges: tuple[float, ...]) -> Array:
    """Return the bins of integers, which are compared with integers."""
    info = np.iinfo(values.dtype)
    firsts = [edge if math.isinf(edge) else math.ceil(edge) for edge in edges[:-1]]
    firsts += [] if math.isinf(edges[-1]) else [math.floor(edges[-1]) + 1]
    below = sum(first <= info.min for first in firsts)
    return _places(values, [int(f) for f in firsts[below:] if f <= info.max], below)


def _places(values: Array, firsts: list[Any], below: int = 0) -> Array:
    """Return how many of some ascending numbers each value is not less than, and `below` more."""
    if below + len(firsts) > FEW:
        found = np.searchsorted(np.array(firsts, values.dtype), values, side="right")
        return np.asarray(found + below)
    places = np.full(len(values), below, np.int8)
    room = np.empty(min(BLOCK, len(values)), np.bool_)
    for k in range(0, len(values), BLOCK):
        block, into = values[k : k + BLOCK], places[k : k + BLOCK]
        reached = room[: len(block)]
        for first in firsts:
            np.greater_equal(block, first, out=reached)
            into += reached.view(np.int8)
    return places
