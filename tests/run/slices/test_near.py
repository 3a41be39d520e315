"""Near rows: layouts that change, groups with many elements, logs, what several threads have."""

from typing import Any

import numpy as np
import pyarrow as pa
import pytest

import streamloss as sl
from streamloss.run import threads
from streamloss.run.slices import near

from .tables import check

N = 5000


def keys(rng: np.random.Generator, size: int = N, count: int = 7) -> Any:
    """Keys of few values."""
    return {"key": rng.integers(0, count, size)}


def wide(rng: np.random.Generator, size: int = N, digits: int = 12) -> Any:
    """Positive numbers of very different size."""
    return rng.random(size) * 10.0 ** rng.integers(-digits, digits, size)


@pytest.mark.parametrize("mask", [False, True])
@pytest.mark.parametrize("weights", [None, np.full(1, 0.3)])
def test_one_weight_for_all_after_weights_of_many_sizes(
    weights: Any, mask: bool, rng: np.random.Generator
) -> None:
    y, p = rng.standard_normal((2, N))
    where = rng.random(N) < 0.5 if mask else None
    by, heavy = keys(rng), wide(rng)
    acc = sl.Accumulator("mae", by="key").update(y, p, heavy, by=by)
    acc.update(y, p, weights, by=by, where=where)
    second = np.ones(N) if weights is None else np.full(N, 0.3)
    masks = None if where is None else np.r_[np.ones(N, bool), where]
    data = np.tile(y, 2), np.tile(p, 2), np.r_[heavy, second], masks
    check(acc, data, {"key": np.tile(by["key"], 2)}, "mae")


@pytest.mark.parametrize("threads_", [1, 2, 3])
def test_a_batch_that_asks_for_another_layout(
    threads_: int, rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(threads, "PARALLEL", 1000)
    sl.set_num_threads(threads_)
    y, p = rng.standard_normal((2, N))
    size = 1 << 16
    small = rng.standard_normal(size) * np.where(rng.random(size) < 0.2, 1e-30, 1.0)
    first, by = keys(rng), keys(rng, size)
    acc = sl.Accumulator("mae", by="key").update(y, p, by=first)
    acc.update(small, np.zeros(size), by=by)
    data = np.r_[y, small], np.r_[p, np.zeros(size)]
    check(acc, data, {"key": np.r_[first["key"], by["key"]]}, "mae")


@pytest.mark.parametrize("scale", [1.0, 1e-300, 1e301, 1e307])
def test_groups_of_many_elements(
    scale: float, rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(near, "LIGHT", 1 << 9)
    monkeypatch.setattr(near, "ROUND", 1 << 10)
    y, p, w = rng.standard_normal((3, 4 * N))
    where = rng.random(4 * N) < 0.7
    by = {"key": np.where(rng.random(4 * N) < 0.9, 3, rng.integers(0, 200, 4 * N))}
    data = scale * (1 + abs(y)), p, 1 + abs(w), where
    acc = sl.Accumulator(["mae", "mse"], by="key").update(*data[:3], where=where, by=by)
    acc.update(*data[:3], where=where, by=by)
    twice = tuple(np.tile(each, 2) for each in data)
    check(acc, twice, {"key": np.tile(by["key"], 2)}, ["mae", "mse"])


def test_a_nan_in_a_group_of_many_elements_is_refused(
    rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(near, "LIGHT", 1 << 9)
    monkeypatch.setattr(near, "ROUND", 1 << 10)
    y, p = rng.standard_normal((2, N))
    y[5] = np.nan
    with pytest.raises(ValueError, match=r"^nan='raise': 1 elements have a NaN"):
        sl.evaluate("mae", y, p, by=np.zeros(N, int), nan="raise")


def test_groups_of_many_missing_elements_make_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(near, "LIGHT", 1 << 9)
    monkeypatch.setattr(near, "ROUND", 1 << 10)
    y = np.full(N, np.nan)
    acc = sl.Accumulator("mae", nan="omit", by="key").update(y, y, by=np.zeros(N, int))
    acc.update(y, y, by=np.zeros(N, int))
    living = acc.tally._living  # type: ignore[attr-defined]
    assert (living._near._rows[:, living._near.layout.hidden] >> 32).max() < 2 << 10
    assert acc.counts["nan"] == 2 * N


def test_rows_without_a_key_that_are_masked_in_a_group_of_many(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(near, "LIGHT", 1 << 9)
    monkeypatch.setattr(near, "ROUND", 1 << 10)
    y, mask = np.zeros(N), np.zeros(N, bool)
    acc = sl.Accumulator("mae", by="key").update(y, y, where=mask, by=[None] * N)
    acc.update(y, y, where=mask, by=[None] * N).update(y[:1], y[:1], where=mask[:1], by=[None])
    assert acc.result().counts["masked"].tolist() == [2 * N + 1]


def test_a_dictionary_of_nothing_goes_with_any_kind() -> None:
    nothing = pa.array([None, None]).dictionary_encode()
    for keys in (["a", "b"], [1, 2], [b"a", b"b"], [0.5, 0.25]):
        acc = sl.Accumulator("mae", by="key").update([1.0, 2.0], [0.0, 0.0], by=keys)
        acc.update([1.0, 2.0], [0.0, 0.0], by=nothing)
        assert acc.result("sum")["mae"].sum() == 6.0
        assert len(acc.result()) == 3
