"""What the tests of GPUs share: arrays that lie on one, and the comparison with the CPU.

In numba's simulator the memory of the GPU is that of the host.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from numba import cuda

from streamloss.arrays import device
from streamloss.arrays.batch import as_batch
from streamloss.exact.state import State
from streamloss.kernels.switches import SIFT
from streamloss.losses.base import parts_of
from streamloss.losses.names import resolve
from streamloss.run import python
from streamloss.run.gpu import batches as gpu


class OnGpu:
    """An array of a GPU that offers `__cuda_array_interface__` alone, strides and all."""

    def __init__(self, array: Any, **settings: Any) -> None:
        self.array, self.shape, self.dtype = array, array.shape, array.dtype
        self.ndim = array.ndim
        address, _ = array.__array_interface__["data"]
        self.__cuda_array_interface__ = {
            "shape": array.shape,
            "strides": array.strides,
            "typestr": array.dtype.str,
            "data": (address, False),
            "version": 3,
            "stream": None,
            **settings,
        }


class Exported:
    """An array that offers DLPack alone, numpy's own, from a device of a kind."""

    def __init__(self, array: Any, kind: int = device.CUDA) -> None:
        self._array, self._kind, self.shape = array, kind, array.shape

    def __dlpack_device__(self) -> tuple[int, int]:
        return self._kind, 0

    def __dlpack__(self, *, stream: Any = None) -> Any:
        assert stream == 1
        return self._array.__dlpack__()


def put(value: Any) -> Any:
    """Return an array as one of the GPU, as it lies; scalars, None and tuples' items likewise."""
    if isinstance(value, tuple):
        return tuple(map(put, value))
    return OnGpu(value) if isinstance(value, np.ndarray) else value


def states(
    losses: list[Any],
    y_true: Any,
    y_pred: Any = None,
    weights: Any = None,
    *,
    where: Any = None,
    axis: Any = None,
    rule: Any = SIFT,
) -> tuple[State, State]:
    """Return the states of the GPU and of the CPU."""
    parts = parts_of([resolve(loss) for loss in losses])
    arrays = y_true, y_pred, weights, where
    found = gpu.sums(parts, as_batch(parts, *map(put, arrays)), axis, rule)
    return found, python.sums(parts, as_batch(parts, *arrays), axis, rule)


def check(losses: list[Any], *arrays: Any, **settings: Any) -> None:
    """Compare every sum and count of the GPU with the CPU's."""
    found, expected = states(losses, *arrays, **settings)
    assert found.shape == expected.shape
    assert found.counts.tolist() == expected.counts.tolist()
    assert found == expected


def counted(monkeypatch: Any) -> Callable[[], int]:
    """Return what counts how often something was read back from the GPU."""
    reads: list[None] = []
    whole = cuda.devicearray.FakeCUDAArray.copy_to_host

    def copy_to_host(*args: Any, **kwargs: Any) -> Any:
        reads.append(None)
        return whole(*args, **kwargs)

    monkeypatch.setattr(cuda.devicearray.FakeCUDAArray, "copy_to_host", copy_to_host)
    return lambda: len(reads)
