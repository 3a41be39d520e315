"""Bytes of cells that are damaged, or made up, are refused by one line, before they are built."""

import json
import tracemalloc
from typing import Any

import numpy as np
import pytest

import streamloss as sl
from tests.exact.test_bytes2_refused import with_header
from tests.exact.test_format import seal

from .metrics import Decisions, Largest, OneVsRest, Pairs

Y, P = np.array([1, 0, 1, 1]), np.array([1, 1, 0, 1])
KEYS = [1, 2, 1, 2]
MADE: dict[str, sl.Accumulator] = {
    "labels": sl.accumulate([Pairs(), "mae"], Y, P),
    "slices": sl.accumulate([Pairs(), Decisions()], Y, P, by=KEYS),
    "axes kept": sl.accumulate(Pairs(), Y.reshape(2, 2), P.reshape(2, 2), axis=0),
    "extremes": sl.accumulate(Largest(), Y, P, by=KEYS),
    "rows": sl.accumulate(OneVsRest(), Y, np.eye(4)[:, :2]),
}


def fields(data: bytes) -> dict[str, Any]:
    """The header of bytes."""
    found: dict[str, Any] = json.loads(data[40 : 40 + int.from_bytes(data[36:40], "little")])
    return found


def cells_in(told: Any) -> list[Any]:
    """What a header might say of cells in place of what it says."""
    (kinds, rows), *others = told
    sizes = [10**12, -1, True, 0, rows + 1, 2.0, None]
    return [
        *(..., None, [], {}, "x", [None], told * 2, [[[], rows], *others]),
        *([[kinds, size], *others] for size in sizes),
        *([[kinds[:-1], rows], *others], [[*kinds, kinds[0]], rows]),
        *([[[[name, []]] * len(kinds), rows], *others] for name in ("text", "float", "missing")),
        *([[["int"] * len(kinds), rows], *others], [[[["time", ["h"]]] * len(kinds), rows]]),
    ]


@pytest.mark.parametrize("kind", MADE)
def test_headers_that_do_not_fit_are_refused(kind: str) -> None:
    data = MADE[kind].to_bytes()
    assert sl.Accumulator.from_bytes(with_header(data)) == MADE[kind]
    other = [{"shape": shape} for shape in ([10**8], [0], None, [3], [2, 2])]
    more = [{"slices": size} for size in (5, 10**12, None, 0)] if "by" in fields(data) else []
    losses: dict[str, Any] = {"losses": [["absolute_error", []]], "specs": ["mae"]}
    wrong = [{"cells": told} for told in cells_in(fields(data)["cells"])]
    for changes in [*wrong, *other, *more, losses]:
        tracemalloc.start()
        with pytest.raises(ValueError, match="data") as info:
            sl.Accumulator.from_bytes(with_header(data, **changes))
        assert tracemalloc.get_traced_memory()[1] < 1e6
        tracemalloc.stop()
        assert len(str(info.value)) < 300


@pytest.mark.parametrize(
    ("kind", "column", "value"),
    [("axes kept", "cells0.key0", 2), ("axes kept", "cells0.key0", 255), ("slices", "key0", 3)],
)
def test_cells_of_no_slice_are_refused(kind: str, column: str, value: int) -> None:
    data = MADE[kind].to_bytes()
    start = 40 + int.from_bytes(data[36:40], "little")
    at, count = start + 4, int.from_bytes(data[start : start + 4], "little")
    sizes: list[tuple[str, int]] = []
    for _ in range(count):
        length = data[at]
        name = data[at + 1 : at + 1 + length].decode()
        rows = int.from_bytes(data[at + length + 4 : at + length + 12], "little")
        planes = int.from_bytes(data[at + length + 12 : at + length + 14], "little")
        widths = data[at + length + 14 : at + length + 14 + planes]
        sizes.append((name, rows * sum(widths)))
        at += length + 14 + planes
    names = [name for name, _ in sizes]
    place = at + sum(size for _, size in sizes[: names.index(column)])
    last = place + sizes[names.index(column)][1] - 1
    wrong = seal(data[36:last] + bytes([value]) + data[last + 1 :])
    with pytest.raises(ValueError, match="data is corrupt"):
        sl.Accumulator.from_bytes(wrong)
