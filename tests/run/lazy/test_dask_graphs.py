"""Building graphs loads nothing; they have one small task a chunk, under every scheduler."""

import pickle
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock

import dask
import dask.array as da
import numpy as np
import pytest

import streamloss as sl
from streamloss.exact.state import State
from streamloss.run import threads
from streamloss.run.lazy import states
from tests.reference import REDUCTIONS, bits
from tests.run.lazy.cuts import LAZY_P, LAZY_Y, P, W, Y, assert_equal, building, lazily


class Counter:
    """A function of blocks that counts its calls."""

    def __init__(self) -> None:
        self.calls = 0

    def __call__(self, block: np.ndarray) -> np.ndarray:
        self.calls += 1
        return block

    def over(self, array: da.Array) -> da.Array:
        return array.map_blocks(self, dtype=array.dtype, meta=array._meta)


@contextmanager
def folds() -> Iterator[list[State]]:
    """Collect the states of chunks."""
    found: list[State] = []
    original = states._StateOfChunk._run

    def run(task: Any, *arguments: Any) -> State:
        found.append(original(task, *arguments))
        return found[-1]

    with mock.patch.object(states._StateOfChunk, "_run", run):
        yield found


def test_building_loads_and_folds_nothing() -> None:
    load = Counter()
    y = load.over(LAZY_Y)
    with folds() as fold, building():
        results: list[Any] = [
            sl.evaluate(["mae", "mse"], y, P, nan="raise"),
            sl.evaluate("mae", P, y, axis=0),
            sl.evaluate("mae", P, P, y, reduction="none", nan="raise"),
            sl.evaluate("mae", P, P, where=y > 0),
            sl.reduce(y),
            sl.merge([sl.accumulate("mae", y, P), sl.accumulate("mae", P, y)]),
        ]
    assert (load.calls, len(fold)) == (0, 0)
    dask.compute(results)
    assert load.calls > 0


def test_several_losses_and_reductions_take_one_task_a_chunk() -> None:
    load = Counter()
    y = load.over(LAZY_Y)
    p = LAZY_P.rechunk(LAZY_Y.chunks)
    losses = ["mae", "mse", sl.Huber(0.5)]
    with building():
        results = [sl.evaluate(losses, y, p, reduction=reduction) for reduction in REDUCTIONS]
    with folds() as fold:
        found = dask.compute(*results)
    assert (load.calls, len(fold)) == (LAZY_Y.npartitions, LAZY_Y.npartitions)
    for values, reduction in zip(found, REDUCTIONS, strict=True):
        assert bits(values) == bits(sl.evaluate(losses, Y, P, reduction=reduction))


def test_loading_is_fused_with_folding() -> None:
    # A chunk that is loaded and folded in one task need not be kept.
    y = LAZY_Y.map_blocks(np.negative).map_blocks(np.exp)
    graph = dask.optimize(sl.evaluate("mae", y, LAZY_Y))[0].__dask_graph__()
    assert not any(str(key).startswith(("('negative", "('exp")) for key in dict(graph))


SCHEDULERS = {
    "synchronous": {},
    "threads": {"num_workers": 8},
    "processes": {"num_workers": 2},
}


@pytest.mark.parametrize("scheduler", SCHEDULERS)
def test_schedulers_give_the_same_bits(scheduler: str) -> None:
    results = [
        sl.evaluate("mae", LAZY_Y, LAZY_P, W),
        sl.evaluate("mae", LAZY_Y, LAZY_P, axis=1),
        sl.evaluate("mae", LAZY_Y, LAZY_P, reduction="none"),
        sl.accumulate(["mae", "mse"], LAZY_Y, LAZY_P),
    ]
    found = dask.compute(*results, scheduler=scheduler, **SCHEDULERS[scheduler])
    wants = [
        sl.evaluate("mae", Y, P, W),
        sl.evaluate("mae", Y, P, axis=1),
        sl.evaluate("mae", Y, P, reduction="none"),
    ]
    assert [bits(np.asarray(v)) for v in found[:3]] == [bits(np.asarray(want)) for want in wants]
    assert_equal(found[3], sl.accumulate(["mae", "mse"], Y, P))


def test_threads_that_fold_at_once_give_the_same_bits() -> None:
    rng = np.random.default_rng(10)
    y, p, w = rng.normal(size=(3, 200_000))
    cuts = [da.from_array(array, chunks=n) for array, n in ((y, 1999), (p, 5000), (w, 777))]
    found = lazily(sl.accumulate, "mae", *cuts).compute(scheduler="threads", num_workers=8)
    assert_equal(found, sl.accumulate("mae", y, p, w))


def test_a_graph_that_was_computed_can_be_sent() -> None:
    y = np.arange(6000.0)
    found = sl.evaluate("mae", da.from_array(y, chunks=2000), y + 1.0)
    assert found.compute() == 1.0  # threads keep what kernels need: it stays here
    assert pickle.loads(pickle.dumps(found)).compute() == 1.0


@pytest.mark.parametrize("stride", [1, 2])
def test_a_large_chunk_is_folded_in_the_thread_of_its_task(stride: int) -> None:
    y = np.arange(2.0 * threads.PARALLEL)[::stride]
    found = sl.evaluate("mae", da.from_array(y, chunks=-1), y + 1.0)
    with mock.patch.object(threads, "_start_helpers") as start:
        assert found.compute(scheduler="synchronous") == 1.0
    assert [call for call in start.mock_calls if call.args != (0,)] == []


def tasks(array: Any) -> int:
    return len(dict(dask.optimize(array)[0].__dask_graph__()))


def test_ten_thousand_chunks_take_no_more_tasks_than_the_mean_of_dask() -> None:
    a, b = da.zeros(20_000, chunks=2), da.ones(20_000, chunks=2)
    ours = lazily(sl.evaluate, "mae", a, b)
    theirs = tasks(abs(a - b).mean())
    assert 10_000 < tasks(ours) <= theirs
    several = lazily(sl.evaluate, ["mae", "mse"], a, b)
    assert len(dict(dask.optimize(several)[0]["mae"].__dask_graph__())) <= theirs + 1
    with folds() as fold:
        assert ours.compute() == 1.0
    assert len(fold) == 10_000


@pytest.mark.parametrize("size", [1, 100_000])
def test_what_a_chunk_sends_is_small(size: int) -> None:
    rng = np.random.default_rng(12)
    arrays = [
        da.from_array(array, chunks=size)
        for array in (
            rng.normal(size=3 * size),
            rng.normal(size=3 * size) * 1e6,
            rng.random(3 * size),
        )
    ]
    with folds() as fold:
        lazily(sl.evaluate, "mae", *arrays).compute()
    assert len(fold) == 3
    assert max(len(pickle.dumps(state)) for state in fold) <= 2048
