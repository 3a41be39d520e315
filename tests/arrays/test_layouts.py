"""Arrays in every layout, of any rank and size, empty ones included."""

import itertools
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import streamloss as sl
from tests.arrays.given import (
    LARGE,
    LAYOUTS,
    NAN,
    RNG,
    P,
    Y,
    errors,
    quotients,
    same,
    spread,
    total,
    unaligned,
)


def odd_mask(odd: Callable[[np.ndarray], np.ndarray], where: np.ndarray) -> np.ndarray:
    return where if odd is unaligned else odd(where)  # a byte is always aligned


@pytest.mark.parametrize("data", [(Y, P), LARGE], ids=["small", "large"])
@pytest.mark.parametrize("dtype", ["f8", "f4"])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_the_layout_changes_no_bit(layout: str, dtype: str, data: Any) -> None:
    y, p = (a.astype(dtype) for a in data)
    want = total(errors(y, p))
    odd = LAYOUTS[layout]
    for pair in ((odd(y), p), (y, odd(p)), (odd(y), odd(p))):
        assert sl.evaluate("mae", *pair, reduction="sum") == want


@pytest.mark.parametrize("layout", LAYOUTS)
def test_the_layout_of_weights_and_mask_changes_no_bit(layout: str) -> None:
    weights, where = abs(P), Y > 0.0
    want = total(errors(Y, P) * weights * where)
    odd = LAYOUTS[layout]
    assert (
        sl.evaluate("mae", Y, P, odd(weights), where=odd_mask(odd, where), reduction="sum") == want
    )


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_any_order_of_axes(order: tuple[int, ...]) -> None:
    y, p, w = RNG.standard_normal((3, 5, 6, 7))
    want = quotients(errors(y, p) * w, w, axis=(0, 2))
    back = np.argsort(order)
    moved = [np.ascontiguousarray(a.transpose(order)).transpose(back) for a in (y, p, w)]
    assert same(sl.evaluate("mae", *moved, axis=(0, 2)), want)


def test_memory_maps(tmp_path: Path) -> None:
    np.save(tmp_path / "y.npy", LARGE[0])
    mapped = np.load(tmp_path / "y.npy", mmap_mode="r")
    assert sl.evaluate("mae", mapped, LARGE[1], reduction="sum") == total(errors(*LARGE))


def test_inputs_stay_as_they_are() -> None:
    arrays = [spread(a) for a in (Y, P, abs(Y))]
    before = [a.tobytes() for a in arrays]
    sl.evaluate("mae", *arrays, where=Y > 0.0, nan="omit")
    assert [a.tobytes() for a in arrays] == before


@pytest.mark.parametrize("rank", range(7))
def test_any_rank(rank: int) -> None:
    y, p = RNG.standard_normal((2, *(3,) * rank))
    got = sl.evaluate("mae", y, p)
    assert same(got, quotients(errors(y, p), np.ones(y.shape)))
    assert sl.evaluate("mae", y, p, reduction="none").tobytes() == errors(y, p).tobytes()


EMPTY = [(0,), (0, 3), (3, 0), (2, 0, 4), (0, 0)]


@pytest.mark.parametrize("shape", EMPTY)
def test_an_empty_mean_is_nan_and_an_empty_sum_zero(shape: tuple[int, ...]) -> None:
    for weights in (None, np.ones(shape), np.ones(shape[:1])):
        assert math.isnan(sl.evaluate("mae", np.ones(shape), np.ones(shape), weights))
        total = sl.evaluate("mae", np.ones(shape), np.ones(shape), weights, reduction="sum")
        assert same(total, 0.0)


@pytest.mark.parametrize(("shape", "axis"), [(s, k) for s in EMPTY[1:] for k in range(len(s))])
@pytest.mark.parametrize(("reduction", "nothing"), [("sum", 0.0), ("mean", NAN)])
def test_axes_of_size_zero(shape: Any, axis: int, reduction: str, nothing: float) -> None:
    ones = np.ones(shape)
    want = np.full(ones.sum(axis).shape, nothing)
    assert same(sl.evaluate("mae", ones, ones, axis=axis, reduction=reduction), want)
