"""What the emulator is there to find is found: each of these faults, and each missing order."""

import ctypes
import inspect
import re
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from numba import cuda, int64

import streamloss as sl
from streamloss.kernels import gpu, registry
from streamloss.run.gpu import launch
from tests.gpu import behaviour, emulator
from tests.gpu.emulated.errors import FAULT, REFUSALS, WRONG_PTX


def refused(kernel: Any, lanes: int, *arguments: Any) -> str:
    """Return the fault of a kernel, which stops the GPU for what comes after, too."""
    kernel[1, lanes](*arguments)
    with pytest.raises(REFUSALS, match=FAULT):
        cuda.synchronize()
    with pytest.raises(REFUSALS, match=FAULT):
        cuda.device_array(1)
    return emulator.fault()


@cuda.jit  # type: ignore[untyped-decorator]
def read(array: Any, out: Any, place: int) -> None:
    out[0] = array[place]


@pytest.mark.parametrize("place", [8, 1 << 40])
def test_memory_that_is_not_there(place: int) -> None:
    array, out = cuda.to_device(np.ones(8)), cuda.device_array(1)
    read[1, 1](array, out, 7)
    assert out.copy_to_host()[0] == 1.0
    assert "no such memory" in refused(read, 1, array, out, place)


def test_memory_that_was_given_back() -> None:
    address, out = ctypes.c_uint64(), cuda.device_array(1)
    cuda.current_context()
    assert emulator.library().cuMemAlloc(ctypes.byref(address), ctypes.c_size_t(8)) == 0
    interface = {"data": (address.value, False), "shape": (1,), "typestr": "<f8", "version": 3}
    array = cuda.as_cuda_array(SimpleNamespace(__cuda_array_interface__=interface))
    read[1, 1](array, out, 0)
    cuda.synchronize()
    assert emulator.library().cuMemFree(address) == 0
    assert "or none any more" in refused(read, 1, array, out, 0)


def test_memory_of_the_other_gpu() -> None:
    out = cuda.device_array(1)
    with cuda.gpus[1]:
        array = cuda.to_device(np.ones(8))
    assert "no such memory" in refused(read, 1, array, out, 0)


def test_memory_that_nobody_wrote() -> None:
    assert cuda.device_array(4, np.uint8).copy_to_host().tolist() == [0xA5] * 4


def test_barriers_that_not_all_lanes_reach() -> None:
    @cuda.jit  # type: ignore[untyped-decorator]
    def some(out: Any) -> None:
        if cuda.threadIdx.x < 3:
            cuda.syncthreads()
        out[0] = 1.0

    assert "never reach" in refused(some, 8, cuda.device_array(1))


def test_two_barriers_at_a_time() -> None:
    @cuda.jit  # type: ignore[untyped-decorator]
    def either(out: Any) -> None:
        if cuda.threadIdx.x < 3:
            cuda.syncthreads()
            out[0] = 1.0
        else:
            cuda.syncthreads()
            out[1] = 2.0

    assert "different barriers" in refused(either, 8, cuda.device_array(2))


@cuda.jit  # type: ignore[untyped-decorator]
def turned(out: Any, waits: bool, adds: bool) -> None:
    """Write each lane's number, by way of shared memory that a neighbour reads."""
    shared = cuda.shared.array(32, int64)
    lane = cuda.threadIdx.x
    if adds:
        cuda.atomic.add(shared, lane, lane)
    else:
        shared[lane] = lane
    if waits:
        cuda.syncthreads()
    out[lane] = shared[(lane + 1) % 32]


def test_lanes_that_race() -> None:
    out = cuda.device_array(32, np.int64)
    turned[1, 32](out, True, False)
    assert out.copy_to_host().tolist() == [*range(1, 32), 0]
    for adds in (False, True):
        assert "without a barrier" in refused(turned, 32, out, False, adds)


def test_kernels_of_the_package_that_leave_out_a_barrier(monkeypatch: pytest.MonkeyPatch) -> None:
    fold = gpu.fold_grid
    namespace: dict[str, Any] = {}
    source = inspect.getsource(fold)
    head, _, rest = source.partition("        cuda.syncthreads()\n")
    exec(head + rest, fold.__globals__, namespace)
    y, p = np.random.default_rng(0).random((2, 300))
    moved = cuda.to_device(y), cuda.to_device(p)
    assert sl.accumulate("mae", *moved) == sl.accumulate("mae", y, p)
    monkeypatch.setattr(gpu, "fold_grid", namespace["fold_grid"])
    with pytest.raises(REFUSALS, match=FAULT):
        sl.accumulate("mae", *moved).result()
    assert "without a barrier" in emulator.fault()


def test_kernels_of_the_package_that_add_in_several_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    y, p = np.random.default_rng(0).random((2, 300))
    moved, keys = (cuda.to_device(y), cuda.to_device(p)), np.arange(300) % 2
    want = sl.accumulate("mae", y, p, by=keys)

    def is_right(seed: int) -> bool:
        with emulator.orders(seed, streams_block=True):
            return sl.accumulate("mae", *moved, by=keys) == want

    assert all(map(is_right, range(4)))
    namespace = dict(vars(gpu))
    atomic, plain = "digits.increase(counts[own], k, tally[k])", "counts[own, k] += tally[k]"
    source = inspect.getsource(gpu.scatter)
    assert atomic in source
    exec(source.replace(atomic, plain) + inspect.getsource(gpu.scatter_grid), namespace)
    registry.compiled(namespace["scatter"], {})
    monkeypatch.setattr(gpu, "scatter_grid", namespace["scatter_grid"])
    assert not all(map(is_right, range(4)))


@pytest.mark.parametrize("name", ["follow", "release", "mark"])
def test_streams_that_do_not_wait(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def holds_in(orders: int) -> bool:
        for seed in range(orders):
            with emulator.orders(seed, streams_block=False):
                if not (holds(behaviour.written_again) and holds(behaviour.callers_stream)):
                    return False
        return True

    assert holds_in(8)
    if name == "mark":
        monkeypatch.setattr(launch, "event", NoMark)
    else:
        monkeypatch.setattr(launch, name, lambda *arguments: None)
    assert not holds_in(64)  # of eight, all were right in one run of five


class NoMark:
    def record(self, stream: Any) -> None: ...
    def wait(self, stream: Any) -> None: ...
    def synchronize(self) -> None: ...


def holds(check: Callable[[], str]) -> bool:
    try:
        check()
    except (AssertionError, ValueError):  # of counts that nobody wrote, results complain
        return False
    return True


def test_products_and_sums_that_may_become_one(monkeypatch: pytest.MonkeyPatch) -> None:
    moved = [cuda.to_device(a) for a in np.random.default_rng(0).random((3, 10))]
    monkeypatch.setattr(gpu, "round_apart", cuda.jit(device=True)(lambda: None))
    launch._kernel.cache_clear()
    launch._configured.cache_clear()
    try:
        with pytest.raises(REFUSALS, match=WRONG_PTX):
            sl.accumulate("mae", *moved)
    finally:
        launch._kernel.cache_clear()
        launch._configured.cache_clear()
    assert re.search(r"an instruction that the emulator has not: (add|mul)\.f64", emulator.fault())
