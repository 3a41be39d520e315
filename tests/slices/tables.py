"""Slices of arrays, made group by group in plain Python, and what they should be."""

from collections.abc import Iterator
from typing import Any

import numpy as np

import streamloss as sl
from streamloss.arrays.keys import read_key
from streamloss.exact.cells import Cells
from streamloss.exact.state import State
from streamloss.exact.table import Table
from streamloss.slices import Slices

RNG = np.random.default_rng(22)
N = 60
Y, P = RNG.standard_normal((2, N)) * 10.0 ** RNG.integers(-3, 4, (2, N))
W = RNG.integers(0, 4, N) * 0.37
CARRIER = [["AA", "UA", None, "DL"][k] for k in RNG.integers(0, 4, N)]
HOUR = [int(k) for k in RNG.integers(-2, 3, N)]
BY = {"carrier": CARRIER, "hour": HOUR}

Arrays = tuple[np.ndarray, ...]


def groups(by: dict[str, list[Any]]) -> dict[Any, list[int]]:
    """The rows of each key: sorted, a missing one last."""
    rows: dict[Any, list[int]] = {}
    for row, key in enumerate(zip(*by.values(), strict=True)):
        rows.setdefault(key, []).append(row)
    order = sorted(
        rows, key=lambda key: tuple((item is None, 0 if item is None else item) for item in key)
    )
    return {key if len(key) > 1 else key[0]: rows[key] for key in order}


def part(arrays: Arrays, rows: list[int]) -> dict[str, np.ndarray]:
    """Some rows of labels, predictions, weights and a mask."""
    names = "y_true", "y_pred", "weights", "where"
    return {name: array[rows] for name, array in zip(names, arrays, strict=False)}


def truth(
    losses: Any, by: dict[str, list[Any]], arrays: Arrays = (Y, P, W), **options: Any
) -> Iterator[Any]:
    """Yield what `evaluate` gives for the rows of each slice."""
    for rows in groups(by).values():
        yield sl.evaluate(losses, **part(arrays, rows), **options)


def slices_of(
    losses: Any,
    by: dict[str, list[Any]],
    arrays: Arrays = (Y, P, W),
    reduction: str = "mean",
    counts: dict[str, int] | None = None,
    **options: Any,
) -> Slices:
    """The slices of arrays by keys."""
    keyed = [read_key(name, values) for name, values in by.items()]
    rows: dict[Any, list[int]] = {}
    for row, key in enumerate(zip(*map(canonical, keyed), strict=True)):
        rows.setdefault(key, []).append(row)
    accs = [sl.accumulate(losses, **part(arrays, r), **options) for r in rows.values()]
    states = [acc.tally.state for acc in accs]
    shape = states[0].shape
    parts = [State((1, *s.shape), s.sums, s.base, s.counts, s.held) for s in states]
    cells = Cells.of_state(State.concatenated(parts, 0))
    kinds = [each.kind for each in keyed]
    columns = [
        column(kind, each) for kind, each in zip(kinds, zip(*rows, strict=True), strict=True)
    ]
    table = Table.of(tuple(by), kinds, columns, shape, cells)
    return Slices(table, accs[0].losses, losses, reduction, counts)


def canonical(keyed: Any) -> list[Any]:
    """The canonical value of each row of a key, None where it is missing."""
    values = keyed.values.tolist()
    if keyed.codes is not None:
        return [values[code] if code >= 0 else None for code in keyed.codes.tolist()]
    if keyed.missing is None:
        return values
    return [None if gone else v for v, gone in zip(values, keyed.missing.tolist(), strict=True)]


def column(kind: Any, values: tuple[Any, ...]) -> tuple[np.ndarray, np.ndarray]:
    """The values and codes of canonical values, None where one is missing."""
    there = [value for value in values if value is not None]
    dtype = object if kind.name in ("text", "bytes") else np.int64
    codes = np.cumsum([value is not None for value in values]) - 1
    return np.array(there, dtype), np.where([v is None for v in values], -1, codes)
