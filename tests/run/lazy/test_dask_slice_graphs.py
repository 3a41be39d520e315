"""Graphs of slices: one task a chunk, few beside them, and names that tell calls apart."""

import pickle
import subprocess
import sys
from collections.abc import Callable
from typing import Any, NamedTuple
from unittest import mock

import dask
import dask.array as da
import numpy as np
import pytest

import streamloss as sl
from streamloss.run import threads
from streamloss.run.lazy import LazyTable
from tests.run.lazy.cuts import assert_equal, lazily
from tests.run.lazy.test_dask_graphs import SCHEDULERS, Counter

tables = sys.modules[LazyTable.__module__]
RNG = np.random.default_rng(2)
Y, P, W = RNG.normal(size=(3, 300))
KEY, TEXT = RNG.integers(0, 40, 300), RNG.choice(np.array(["a", "b", "c"]), 300)
LAZY_Y, LAZY_P, LAZY_KEY = (da.from_array(a, chunks=n) for a, n in ((Y, 30), (P, 70), (KEY, 45)))
BY = {"key": KEY, "text": TEXT}
WANT = sl.accumulate(["mae", "r2"], Y, P, W, by=BY)


def build(**options: Any) -> Any:
    by = {"key": LAZY_KEY, "text": TEXT}
    return lazily(sl.accumulate, ["mae", "r2"], LAZY_Y, LAZY_P, W, by=by, **options)


@pytest.mark.parametrize("scheduler", SCHEDULERS)
def test_schedulers_give_the_same_bits(scheduler: str) -> None:
    found = build().compute(scheduler=scheduler, **SCHEDULERS[scheduler])
    assert_equal(found, WANT)


def test_building_loads_nothing_and_each_chunk_is_loaded_once() -> None:
    load = Counter()
    y, key = load.over(LAZY_Y), load.over(LAZY_KEY.rechunk(30))
    with dask.config.set(scheduler=None):
        calls = [lazily(sl.evaluate, "mae", y, P, by=key, reduction=r) for r in ("sum", "mean")]
        calls.append(lazily(sl.accumulate, "mae", y, P, by=key))
    assert load.calls == 0
    *found, _ = dask.compute(*calls, scheduler="synchronous")
    assert load.calls == 2 * LAZY_Y.npartitions
    assert found == [sl.evaluate("mae", Y, P, by=KEY, reduction=r) for r in ("sum", "mean")]


def test_a_graph_can_be_sent() -> None:
    found = build()
    assert_equal(found.compute(), WANT)
    assert_equal(pickle.loads(pickle.dumps(found)).compute(), WANT)


def test_a_large_chunk_is_added_in_the_thread_of_its_task() -> None:
    y = np.arange(2.0 * threads.PARALLEL)
    found = lazily(sl.accumulate, "value", da.from_array(y, chunks=-1), by=y.astype(int) % 5)
    with mock.patch.object(threads, "_start_helpers") as start:
        result = found.compute(scheduler="synchronous")
    assert [call for call in start.mock_calls if call.args != (0,)] == []
    assert result == sl.accumulate("value", y, by=y.astype(int) % 5)


def tasks(delayed: Any) -> list[Any]:
    return list(dict(delayed.__dask_graph__()))


def test_few_tasks_come_on_top_of_one_a_chunk() -> None:
    y = da.zeros(4000, chunks=2)
    key = da.zeros(4000, chunks=2, dtype=int)
    assert len(tasks(lazily(sl.evaluate, "value", y, by=key))) < 1.16 * 2000
    with mock.patch.object(tables, "MANY_ROWS", 0):
        assert len(tasks(lazily(sl.evaluate, "value", y, by=key))) < 2.5 * 2000


def split(monkeypatch: pytest.MonkeyPatch, slices: int = 0) -> None:
    """Split all tables that have more slices."""
    monkeypatch.setattr(tables, "MANY_ROWS", 0)
    monkeypatch.setattr(tables, "MANY_CHUNKS", 0)
    monkeypatch.setattr(tables, "MANY_SLICES", slices)
    monkeypatch.setattr(tables, "ARITY", 2)


@pytest.mark.parametrize("slices", [0, 8, 10**6])
@pytest.mark.parametrize("lists", [2, 4, 256])
def test_many_slices_split_over_tasks_give_the_same_bytes(
    monkeypatch: pytest.MonkeyPatch, lists: int, slices: int
) -> None:
    split(monkeypatch, slices)
    monkeypatch.setattr(tables, "LISTS", lists)
    found = build()
    assert any("streamloss-part-3-" in str(key) for key in tasks(found))
    assert_equal(found.compute(), WANT)
    with pytest.raises(ValueError, match="by 'key' and 'text' must have at most max_slices=30 "):
        build(max_slices=30).compute()


def test_parts_of_tables_with_several_axes(monkeypatch: pytest.MonkeyPatch) -> None:
    split(monkeypatch)
    y, p = RNG.normal(size=(2, 60, 4, 3))
    by = da.from_array(KEY[:60], chunks=7)
    found = lazily(sl.accumulate, "mae", da.from_array(y, chunks=(5, 2, 2)), p, axis=(0, 2), by=by)
    assert_equal(found.compute(), sl.accumulate("mae", y, p, axis=(0, 2), by=KEY[:60]))


@sl.loss
class Plain(NamedTuple):
    def point(self, y_true: Any, y_pred: Any) -> Any:
        return abs(y_true - y_pred)


def test_the_same_call_has_the_same_name_and_no_other_has() -> None:
    y, w = (lambda: da.from_array(Y, chunks=30)), (lambda: da.from_array(W, chunks=30))
    key = lambda: da.from_array(KEY, chunks=30)  # noqa: E731
    calls: list[Callable[[], Any]] = [
        lambda: sl.evaluate("mae", y(), P, by=key()),
        lambda: sl.evaluate("mae", y(), P, by=KEY),
        lambda: sl.evaluate("mae", y(), P, by=KEY.tolist()),
        lambda: sl.evaluate("mae", y(), P, by=KEY + 1),
        lambda: sl.evaluate("mae", y(), P, by=KEY.astype(float)),
        lambda: sl.evaluate("mae", y(), P, by={"k": key()}),
        lambda: sl.evaluate("mae", y(), P, by={"k": key(), "t": TEXT}),
        lambda: sl.evaluate("mae", y(), P, by={"t": TEXT, "k": key()}),
        lambda: sl.evaluate("mae", y(), P, by=sl.bins(key(), [0, 20])),
        lambda: sl.evaluate("mae", y(), P, by=sl.bins(key(), [0, 10])),
        lambda: sl.evaluate("mae", y(), P, by=sl.bins(KEY, [0, 10])),
        lambda: sl.evaluate("mae", y(), P, by=key(), missing="drop"),
        lambda: sl.evaluate("mae", y(), P, by=key(), max_slices=100),
        lambda: sl.evaluate("mae", y(), P, by=key(), reduction="sum"),
        lambda: sl.evaluate("mae", y(), P, by=key(), nan="omit"),
        lambda: sl.evaluate("mae", y(), P, by=key(), axis=0),
        lambda: sl.evaluate("mae", y(), P, w(), by=key()),
        lambda: sl.evaluate("mae", y(), P, where=w() > 0, by=key()),
        lambda: sl.evaluate(["mae"], y(), P, by=key()),
        lambda: sl.evaluate(["mae", "mse"], y(), P, by=key()),
        lambda: sl.evaluate("rmse", y(), P, by=key()),
        lambda: sl.evaluate("mse", y(), P, by=key()),
        lambda: sl.evaluate(sl.Huber(1.0), y(), P, by=key()),
        lambda: sl.evaluate(sl.SmoothL1(1.0), y(), P, by=key()),
        lambda: sl.evaluate(Plain(), y(), P, by=key()),
        lambda: sl.evaluate(scaled(2.0), y(), P, by=key()),
        lambda: sl.evaluate(scaled(3.0), y(), P, by=key()),
        lambda: sl.accumulate("mae", y(), P, by=key()),
    ]
    names = [lazily(call).key for call in calls]
    assert names[1] == names[2]  # a list is read as an array
    assert len(set(names)) == len(calls) - 1
    for _ in range(2):
        again = [lazily(call) for call in calls]
        assert [each.key for each in again] == names
    one, other = (next(iter(dict(each).values())) for each in dask.compute(*again[25:27])[:2])
    assert list(other.values()) == [1.5 * value for value in one.values()]


def scaled(factor: float) -> Any:
    @sl.loss
    class Scaled(NamedTuple):
        def point(self, y_true: Any, y_pred: Any) -> Any:
            return abs(y_true - y_pred)

        def finish(self, mean: float) -> float:
            return mean * factor

    return Scaled()


SCRIPT = """
import dask.array as da, numpy as np, streamloss as sl
y = da.from_array(np.arange(9.0), chunks=2)
print(sl.evaluate("mae", y, -y, by={"k": ["b", None, "a"] * 3, "t": sl.bins(y, [0, 4])}).key)
"""


def test_names_are_the_same_in_another_process() -> None:
    y = da.from_array(np.arange(9.0), chunks=2)
    by = {"k": ["b", None, "a"] * 3, "t": sl.bins(y, [0, 4])}
    name = lazily(sl.evaluate, "mae", y, -y, by=by).key
    assert subprocess.check_output([sys.executable, "-c", SCRIPT], text=True).strip() == name
