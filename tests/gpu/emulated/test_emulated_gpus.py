"""What a GPU makes of the compiled kernels: the CPU's bits, in any order, and no harm done."""

import ctypes
import itertools
import warnings
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import dask.array as da
import numpy as np
import pytest
from numba import cuda

import streamloss as sl
from streamloss.arrays.device import as_device
from streamloss.losses import SoftmaxCrossEntropy, SparseSoftmaxCrossEntropy
from tests.gpu import behaviour, emulator
from tests.gpu.emulated.errors import NO_MEMORY, REFUSALS
from tests.gpu.emulated.lent import Lent

BEHAVIOUR = [
    check for check, _ in behaviour.CHECKS if not check.__name__.endswith(("cupy", "torch"))
]
ORDERS = [(0, True), (0, False), (1, False)]


@pytest.mark.filterwarnings("ignore:__int__ returned non-int")  # of numba-cuda's streams
@pytest.mark.parametrize(("seed", "streams_block"), ORDERS)
@pytest.mark.parametrize("check", BEHAVIOUR, ids=lambda check: check.__name__)
def test_behaviour(check: Callable[[], str], seed: int, streams_block: bool) -> None:
    if seed and check is behaviour.no_waiting:
        pytest.skip("what is done at once takes its time")
    with emulator.orders(seed, streams_block):
        check()


@pytest.fixture
def memory() -> Any:
    """Have memory refused after some allocations, and then no more."""
    yield emulator.library().emulator_refuse_after
    emulator.library().emulator_refuse_after(-1)


BATCHES = {
    "one loss": (["mae"], (300,)),
    "two launches": (["mae", "r2"], (300,)),
    "rows": ([SoftmaxCrossEntropy()], (30, 5)),
    "many axes": (["mse"], (3, 4, 5, 6)),
}


@pytest.mark.parametrize("name", BATCHES)
@pytest.mark.parametrize("on_gpu", [True, False], ids=["arrays of the GPU", "one of the CPU"])
def test_memory_runs_out(name: str, on_gpu: bool, memory: Callable[[int], None]) -> None:
    losses, shape = BATCHES[name]
    rng = np.random.default_rng(0)
    y, p = rng.random((2, *shape)) / shape[-1]
    moved = cuda.to_device(y), cuda.to_device(p) if on_gpu else p
    both = sl.Accumulator(losses).update(y, p).update(y, p)
    once, acc = (sl.Accumulator(losses).update(y, p) for _ in range(2))
    for refused in itertools.count():
        memory(refused)
        done = updated(acc, *moved)
        memory(-1)
        if done:
            break
        assert acc == once
    assert refused > 0
    assert acc == both


def updated(acc: sl.Accumulator, *arrays: Any, **options: Any) -> bool:
    """Return whether there was memory enough for an update."""
    try:
        acc.update(*arrays, **options)
    except REFUSALS as error:
        if NO_MEMORY not in str(error):
            raise
        return False
    return True


@pytest.mark.parametrize("name", BATCHES)
def test_memory_runs_out_for_slices(name: str, memory: Callable[[int], None]) -> None:
    losses, shape = BATCHES[name]
    rng, keys = np.random.default_rng(0), np.arange(shape[0]) % 3
    y, p = rng.random((2, *shape)) / shape[-1]
    moved = cuda.to_device(y), cuda.to_device(p)
    once, acc = (sl.Accumulator(losses, by="k").update(*moved, by=keys) for _ in range(2))
    for refused in itertools.count():
        memory(refused)
        done = updated(acc, *moved, by=keys + 1)
        memory(-1)
        if done:
            break
        assert acc == once
    assert refused > 0
    both = sl.Accumulator(losses, by="k").update(y, p, by=keys).update(y, p, by=keys + 1)
    assert acc == both


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("losses", [["mae", "r2"], [SoftmaxCrossEntropy()]], ids=["mae", "rows"])
def test_slices_in_any_order(losses: list[Any], seed: int) -> None:
    rng = np.random.default_rng(0)
    y, p = rng.random((2, 90, 4)) * (1.0 if losses[0] == "mae" else 0.25)
    p[::7, 1], keys = np.nan, rng.integers(0, 5, 90)
    want = sl.accumulate(losses, y, p, by=keys, nan="omit")
    with emulator.orders(seed, streams_block=False):
        streams = cuda.stream(), cuda.stream(), cuda.stream()
        held = [cuda.to_device(a, stream=s) for a, s in zip((y, p, keys), streams, strict=True)]
        assert sl.accumulate(losses, *held[:2], by=held[2], nan="omit") == want
        assert sl.accumulate(losses, *held[:2], by=keys, nan="omit") == want


def test_slices_of_another_gpu() -> None:
    y, p, w = np.random.default_rng(0).random((3, 200))
    keys = np.arange(200) % 7
    with cuda.gpus[1]:
        there = [Told(cuda.to_device(a), 1) for a in (y, p, w)]
    acc = sl.Accumulator("mae", by="k").update(*there, by=keys)
    assert acc == sl.Accumulator("mae", by="k").update(y, p, w, by=keys)
    keys_there = Told(there[0].array, 1)
    assert sl.accumulate("mae", p, w, by=keys_there) == sl.accumulate("mae", p, w, by=y)


@pytest.mark.parametrize("steps", [(-1, 1), (1, -2), (-3, -1)])
def test_keys_and_labels_that_lie_backwards(steps: tuple[int, int]) -> None:
    rng = np.random.default_rng(0)
    labels, logits = rng.integers(0, 3, (12, 4)), rng.random((12, 4, 3))
    view = tuple([slice(None, None, step) for step in steps])
    moved = as_device("labels", cuda.to_device(labels))
    strides = [step * size for step, size in zip(steps, moved.strides, strict=True)]
    starts = [
        (size - 1) * stride if step < 0 else 0
        for size, stride, step in zip(moved.shape, moved.strides, steps, strict=True)
    ]
    turned = moved.viewed(labels[view].shape, tuple(strides), sum(starts))
    loss, chosen = SparseSoftmaxCrossEntropy(), logits[view]
    found = sl.evaluate(loss, turned, chosen, nan="raise")
    assert found == sl.evaluate(loss, labels[view], chosen, nan="raise")


class Told:
    """An array that tells its GPU, as those of CuPy and PyTorch do."""

    def __init__(self, array: Any, gpu: int) -> None:
        self.__cuda_array_interface__, self.gpu = array.__cuda_array_interface__, gpu
        self.array, self.shape, self.ndim, self.dtype = array, array.shape, array.ndim, array.dtype

    def __dlpack_device__(self) -> tuple[int, int]:
        return 2, self.gpu


def test_two_gpus() -> None:
    y, p, w = np.random.default_rng(0).random((3, 1000))
    want = sl.accumulate("mae", y, p, w)
    here = [cuda.to_device(a) for a in (y, p, w)]
    with cuda.gpus[1]:
        there = [cuda.to_device(a) for a in (y, p, w)]
        acc = sl.Accumulator("mae").update(*there)
    assert acc == want  # asked for on another GPU than it was updated on
    assert sl.accumulate("mae", *there) == want
    told = [Told(array, 1) for array in there]
    assert sl.accumulate("mae", *told) == want
    assert sl.accumulate("mae", told[0], p, w) == want
    with cuda.gpus[1]:
        losses = sl.evaluate("mae", *told, reduction="none").copy_to_host()
    assert losses.tolist() == sl.evaluate("mae", y, p, w, reduction="none").tolist()
    assert acc.update(*here).update(*told) == sl.merge([want] * 3)
    with pytest.raises(ValueError, match="must be on one GPU"):
        acc.update(told[0], Told(here[0], 0))
    assert acc == sl.merge([want] * 3)


def test_streams_of_two_gpus() -> None:
    acc, want = sl.Accumulator("mae"), sl.Accumulator("mae")
    with emulator.orders(0, streams_block=False):
        for k in range(6):
            y, p = np.random.default_rng(k).random((2, 100))
            with cuda.gpus[k % 2]:
                streams = cuda.stream(), cuda.stream()
                arrays = [cuda.to_device(a, stream=s) for a, s in zip((y, p), streams, strict=True)]
            acc.update(*[Told(array, k % 2) for array in arrays])
            want.update(y, p)
        assert acc == want


def test_streams_that_are_gone_before_the_result() -> None:
    acc, want, libcuda = sl.Accumulator("mae"), sl.Accumulator("mae"), emulator.library()
    cuda.current_context()
    for k in range(10):
        y, p = np.random.default_rng(k).random((2, 100))
        handle = ctypes.c_void_p()
        assert libcuda.cuStreamCreate(ctypes.byref(handle), 1) == 0
        stream = cuda.external_stream(handle.value)
        acc.update(cuda.to_device(y, stream=stream), cuda.to_device(p, stream=stream))
        want.update(y, p)
        assert libcuda.cuStreamDestroy(handle) == 0
    assert acc == want


@pytest.mark.parametrize("seed", range(4))
def test_memory_that_is_lent(seed: int) -> None:
    with emulator.orders(seed, streams_block=False):
        stream = cuda.stream()
        out = behaviour.busy(stream)
        acc = sl.Accumulator("mae").update(*[Lent(out, stream)] * 2)
        assert acc.result() == 0.0
        behaviour.late[1, 1, stream](out, 3.0, 1000)
        zeros = Lent(cuda.to_device(np.zeros(behaviour.N)), stream)
        for _ in range(20):
            acc.update(Lent(out, stream), zeros)
        assert acc.result("sum") == 60.0 * behaviour.N
        assert Lent.lent == 0


def test_lent_memory_is_given_back_when_it_was_read() -> None:
    stream = cuda.stream()
    out, acc = Lent(behaviour.busy(stream), stream), sl.Accumulator("mae")
    for _ in range(50):
        acc.update(out, out)
        cuda.synchronize()
        assert Lent.lent <= 4
    assert acc.result() == 0.0
    assert Lent.lent == 0


@pytest.mark.parametrize("seed", range(6))
def test_rows_with_a_nan_in_a_stream_of_their_own(seed: int) -> None:
    y, p = np.random.default_rng(0).random((2, 60, 5))
    p[::3, 1] = np.nan
    want = sl.Accumulator(SoftmaxCrossEntropy(), nan="omit").update(y, p).update(y, p)
    with emulator.orders(seed, streams_block=False):
        stream = cuda.stream()
        acc = sl.Accumulator(SoftmaxCrossEntropy(), nan="omit")
        for _ in range(2):
            acc.update(*[cuda.to_device(a, stream=stream) for a in (y, p)])
        assert acc == want


def test_warnings_of_others_are_shown_as_often_as_without() -> None:
    arrays = [cuda.to_device(a) for a in np.random.default_rng(0).random((2, 100))]
    acc = sl.Accumulator("mae").update(*arrays)
    with warnings.catch_warnings(record=True) as shown:
        warnings.simplefilter("default")
        for _ in range(5):
            acc.update(*arrays)
            warnings.warn("once", UserWarning, stacklevel=1)
    assert len(shown) == 1


def test_dask_chunks_on_two_gpus() -> None:
    def placed(block: Any, block_info: Any = None) -> Any:
        (k,) = block_info[0]["chunk-location"] if block_info else (0,)
        with cuda.gpus[k % 2]:
            return Told(cuda.to_device(block), k % 2)

    y, p, w = np.random.default_rng(0).random((3, 1200))
    arrays = [
        da.from_array(a, chunks=200).map_blocks(placed, dtype=a.dtype, meta=a[:0])
        for a in (y, p, w)
    ]
    found = sl.accumulate("mae", *arrays).compute(scheduler="threads")
    assert found == sl.accumulate("mae", y, p, w)


def test_threads() -> None:
    def added(k: int) -> Any:
        batch = np.random.default_rng(k).random((3, 200))
        return sl.accumulate("mae", *[cuda.to_device(a) for a in batch])

    with ThreadPoolExecutor(4) as pool:
        found = sl.merge(pool.map(added, range(24)))
    batches = [np.random.default_rng(k).random((3, 200)) for k in range(24)]
    assert found == sl.merge([sl.accumulate("mae", *batch) for batch in batches])
