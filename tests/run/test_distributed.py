"""A cluster of processes: the bits of numpy arrays, whatever happens to workers and tasks."""

import functools
import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import dask
import dask.array as da
import numpy as np
import pytest

import streamloss as sl
from streamloss.run.lazy import LazyTable
from tests.reference import bits

distributed = pytest.importorskip("distributed")

# Sockets and loops that a cluster leaves behind are its own; so is the noise of a worker killed.
pytestmark = pytest.mark.filterwarnings("ignore")

Y, P, W = np.random.default_rng(1).normal(size=(3, 24, 5))
CHUNKS = (2, 5)
KEYS = {
    "integer": np.random.default_rng(2).integers(0, 3, 24),
    "text": np.random.default_rng(3).choice(np.array(["a", "b"]), 24),
}


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    settings = {
        "distributed.worker.daemon": False,
        "distributed.scheduler.allowed-failures": 10,
        "distributed.comm.timeouts.connect": "10s",
    }
    with (
        dask.config.set(settings),
        distributed.LocalCluster(
            n_workers=2,
            threads_per_worker=1,
            processes=True,
            dashboard_address=None,
            silence_logs=50,
        ) as found,
    ):
        yield found


@pytest.fixture
def client(cluster: Any) -> Iterator[Any]:
    """Return a client of a cluster of two workers that hold nothing."""
    with distributed.Client(cluster) as found:
        cluster.scale(2)
        found.wait_for_workers(2, timeout=60)
        yield found


def lazy(*arrays: np.ndarray) -> list[da.Array]:
    return [da.from_array(array, chunks=CHUNKS) for array in arrays]


def assert_equal(found: sl.Accumulator, want: sl.Accumulator) -> None:
    assert found == want
    assert found.to_bytes() == want.to_bytes()
    assert found.counts == want.counts


def changed(array: np.ndarray, change: Callable[..., Any], **options: Any) -> da.Array:
    """Return an array whose chunks go through a function on the workers.

    A function defined in a test goes there by value; this module is not known there.
    """
    lazy_array = da.from_array(array, chunks=CHUNKS)
    return lazy_array.map_blocks(change, dtype="f8", meta=np.empty((0, 0)), **options)


def slow(seconds: float) -> Callable[[np.ndarray], np.ndarray]:
    """Return a function that takes its time over a chunk."""

    def load(block: np.ndarray) -> np.ndarray:
        time.sleep(seconds)
        return block

    return load


# Bits


def test_results_have_the_same_bits(client: Any) -> None:
    y, p, w = lazy(Y, P, W)
    losses = ["mae", sl.Huber(0.5)]
    found = client.gather(
        client.compute(
            [
                sl.evaluate("mae", y, p),
                sl.evaluate("mae", y, p, w),
                sl.evaluate("mae", y, p, w, axis=1, where=w > 0.0),
                sl.evaluate("mae", y, p, W[:, 0], axis=0),
                sl.evaluate("mae", y, P, w, reduction="none"),
            ]
        )
    )
    want = [
        sl.evaluate("mae", Y, P),
        sl.evaluate("mae", Y, P, W),
        sl.evaluate("mae", Y, P, W, axis=1, where=W > 0.0),
        sl.evaluate("mae", Y, P, W[:, 0], axis=0),
        sl.evaluate("mae", Y, P, W, reduction="none"),
    ]
    assert [bits(np.asarray(v)) for v in found] == [bits(np.asarray(v)) for v in want]
    (several,) = dask.compute(sl.evaluate(losses, y, p))
    assert bits(several) == bits(sl.evaluate(losses, Y, P))


@pytest.mark.parametrize("axis", [None, 0, 1, ()])
def test_accumulators_are_equal(client: Any, axis: Any) -> None:
    delayed = sl.accumulate(["mae", "mse"], *lazy(Y, P, W), axis=axis)
    want = sl.accumulate(["mae", "mse"], Y, P, W, axis=axis)
    assert_equal(client.compute(delayed).result(), want)
    assert_equal(delayed.compute(), want)


@pytest.mark.parametrize("split", [False, True])
def test_slices_are_equal(client: Any, monkeypatch: pytest.MonkeyPatch, split: bool) -> None:
    if split:
        monkeypatch.setattr(f"{LazyTable.__module__}.MANY_ROWS", 0)
    by = {"integer": da.from_array(KEYS["integer"], chunks=2), "text": KEYS["text"]}
    delayed = sl.accumulate(["mae", "mse"], *lazy(Y, P, W), by=by)
    assert_equal(delayed.compute(), sl.accumulate(["mae", "mse"], Y, P, W, by=KEYS))
    loss = make_loss(3.0)(0.25)
    found = client.compute(sl.evaluate(loss, *lazy(Y, P), axis=0, by=by)).result()
    want = sl.evaluate(loss, Y, P, axis=0, by=KEYS)
    for (key, ours), (wanted, theirs) in zip(found, want, strict=True):
        assert key == wanted
        assert [*map(bits, ours.values())] == [*map(bits, theirs.values())]
    assert found.counts["rows"].tolist() == want.counts["rows"].tolist()


def test_an_update_is_computed_by_the_workers(client: Any) -> None:
    def stamp(block: np.ndarray) -> np.ndarray:
        return block + os.getpid()

    # Each element is the number of the process that loaded it.
    found = sl.Accumulator("value", axis=1).update(changed(np.zeros_like(Y), stamp)).result()
    assert set(found.tolist()) <= set(client.run(os.getpid).values())


def test_arrays_that_the_cluster_holds(client: Any) -> None:
    y, p = client.persist(lazy(Y, P))
    assert bits(sl.evaluate("mae", y, p).compute()) == bits(sl.evaluate("mae", Y, P))
    persisted = sl.evaluate("mae", y, p, axis=0).persist()
    assert bits(persisted.compute()) == bits(sl.evaluate("mae", Y, P, axis=0))


def make_loss(power: float) -> Any:
    """Return a loss of a class that no worker can import."""

    @sl.loss
    class Powered(NamedTuple):
        factor: float = 1.0

        def point(self, y_true: Any, y_pred: Any) -> Any:
            return self.factor * abs(y_true - y_pred) ** power

    return Powered


def test_a_loss_of_the_user_goes_to_the_workers(client: Any) -> None:
    loss = make_loss(3.0)(0.25)
    y, p = lazy(Y, P)
    assert_equal(sl.accumulate(loss, y, p).compute(), sl.accumulate(loss, Y, P))
    assert bits(sl.evaluate(loss, y, p).compute()) == bits(sl.evaluate(loss, Y, P))


def test_an_edited_loss_gives_no_old_number(client: Any) -> None:
    y, p = client.persist(lazy(Y, P))
    losses = [make_loss(power)() for power in (1.0, 2.0)]
    found = [sl.evaluate(loss, y, p, reduction="none").persist() for loss in losses]
    wants = [sl.evaluate(loss, Y, P, reduction="none") for loss in losses]
    assert bits(wants[0]) != bits(wants[1])
    assert [bits(values.compute()) for values in found] == [bits(want) for want in wants]


# Futures


def parts_of(client: Any, count: int) -> list[Any]:
    ys, ps, ws = (np.array_split(array, count) for array in (Y, P, W))
    return client.map(functools.partial(sl.accumulate, "mae"), ys, ps, ws)


def test_futures_of_accumulators_merge_here_and_there(client: Any) -> None:
    want = sl.accumulate("mae", Y, P, W)
    futures = parts_of(client, 5)
    assert_equal(sl.merge(futures), want)
    assert_equal(sl.merge(reversed(futures)), want)
    assert_equal(sl.merge(distributed.as_completed(parts_of(client, 7))), want)
    assert_equal(client.submit(sl.merge, futures).result(), want)
    assert_equal(sl.merge([client.submit(sl.merge, futures[:2]), *futures[2:]]), want)


def test_futures_and_lazy_parts_merge(client: Any) -> None:
    lazy_part = sl.accumulate("mae", *lazy(Y, P, W))
    futures = parts_of(client, 3)
    want = sl.accumulate("mae", Y, P, W)
    merged = sl.merge([lazy_part, client.submit(sl.merge, futures).result()])
    assert_equal(merged.compute(), want + want)


# What goes wrong


@pytest.mark.parametrize("by", [None, KEYS], ids=["whole", "slices"])
def test_a_worker_that_is_killed_changes_no_bit(client: Any, tmp_path: Path, by: Any) -> None:
    folder = str(tmp_path)

    def load(block: np.ndarray, block_id: Any = None) -> np.ndarray:
        with open(os.path.join(folder, f"{block_id[0]} by {os.getpid()}"), "w"):
            time.sleep(0.25)
        return block

    y = changed(Y, load)
    future = client.compute(sl.accumulate("mae", y, *lazy(P, W), by=by))
    done: list[str] = []
    while len(done) < 5:  # some chunks are folded and some are not
        assert not future.done()
        time.sleep(0.02)
        done = os.listdir(folder)
    victim = int(done[0].rpartition(" ")[2])
    os.kill(victim, signal.SIGKILL)
    found = future.result(timeout=60)
    loads = os.listdir(folder)
    assert any(not name.endswith(f" {victim}") for name in loads)
    assert len(loads) > len(Y) // CHUNKS[0]  # chunks were lost, and done again
    assert_equal(found, sl.accumulate("mae", Y, P, W, by=by))
    assert found.counts["elements"] == Y.size
    assert found.counts["rows"] == len(Y)


def test_workers_that_join_in_the_middle_change_no_bit(client: Any, cluster: Any) -> None:
    future = client.compute(sl.evaluate("mae", changed(Y, slow(0.3)), P, W, axis=0))
    time.sleep(0.3)
    cluster.scale(3)
    client.wait_for_workers(3, timeout=60)
    assert bits(future.result(timeout=60)) == bits(sl.evaluate("mae", Y, P, W, axis=0))


def test_an_error_in_a_chunk_comes_back_with_the_chunk(client: Any) -> None:
    y = Y.copy()
    y[7, 3] = np.nan
    found = sl.evaluate("mae", *lazy(y, P), nan="raise")
    with pytest.raises(ValueError, match=r"^chunk \(3, 0\): nan='raise': 1 elements have a NaN"):
        found.compute()

    def fail(block: np.ndarray, block_id: Any = None) -> np.ndarray:
        if block_id == (4, 0):
            raise OSError("the disk is gone")
        return block

    delayed = sl.accumulate("mae", changed(Y, fail), P)
    with pytest.raises(OSError, match=r"^the disk is gone$"):
        delayed.compute()
    assert_equal(sl.accumulate("mae", *lazy(Y, P)).compute(), sl.accumulate("mae", Y, P))


def test_a_chunk_that_is_tried_again_is_counted_once(client: Any, tmp_path: Path) -> None:
    flag = str(tmp_path / "failed once")

    def load(block: np.ndarray, block_id: Any = None) -> np.ndarray:
        if block_id == (5, 0) and not os.path.exists(flag):
            with open(flag, "w"):
                raise OSError("try again")
        return block

    delayed = sl.accumulate("mae", changed(Y, load), P, W)
    assert_equal(client.compute(delayed, retries=2).result(), sl.accumulate("mae", Y, P, W))
    assert os.path.exists(flag)


def test_a_good_computation_after_one_that_was_cancelled(client: Any) -> None:
    y = changed(Y, slow(0.1))
    future = client.compute(sl.accumulate("mae", y, P, W))
    time.sleep(0.2)
    future.cancel()
    assert future.cancelled()
    assert_equal(sl.accumulate("mae", y, P, W).compute(), sl.accumulate("mae", Y, P, W))
