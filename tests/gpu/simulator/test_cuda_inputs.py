"""What is taken for an array of a GPU, how it is read, and what is refused."""

import sys
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from numba import cuda

import streamloss as sl
from streamloss.arrays import convert
from streamloss.arrays import device as device_module
from streamloss.arrays.device import DeviceArray, as_device, is_device
from streamloss.run.gpu import launch
from tests.gpu.simulator.devices import Exported, OnGpu, check, put

DTYPES = ["f2", "f4", "f8", "i1", "u2", "i4", "u8", "?", "c8", "c16"]


@pytest.mark.parametrize("kind", [device_module.CUDA, device_module.CUDA_MANAGED])
@pytest.mark.parametrize("dtype", DTYPES)
def test_dlpack(rng: np.random.Generator, dtype: str, kind: int) -> None:
    y_true, y_pred = (rng.normal(size=(2, 3, 5)) * 9.0).astype(dtype)
    found = as_device("y_true", Exported(y_true, kind))
    assert (found.shape, found.strides, found.dtype) == (y_true.shape, y_true.strides, y_true.dtype)
    assert found.pointer == y_true.ctypes.data
    assert sl.accumulate("mae", Exported(y_true, kind), Exported(y_pred, kind)) == sl.accumulate(
        "mae", y_true, y_pred
    )


@pytest.mark.parametrize("view", [np.s_[::2, ::-1], np.s_[1:, 2], np.s_[1, 1], np.s_[:0], np.s_[:]])
def test_dlpack_with_strides(rng: np.random.Generator, view: Any) -> None:
    y_true, y_pred = rng.normal(size=(2, 4, 6))
    arrays = y_true[view], y_pred[view]
    if not all(isinstance(array, np.ndarray) for array in arrays):
        arrays = np.array(arrays[0]), np.array(arrays[1])
    assert sl.accumulate("mae", *map(Exported, arrays)) == sl.accumulate("mae", *arrays)


def test_dlpack_keeps_the_memory() -> None:
    found = as_device("y_true", Exported(np.arange(1000.0)))
    others = [np.full(1000, -1.0) for _ in range(100)]
    assert np.array_equal(launch._array(found).copy_to_host(), np.arange(1000.0)), others


def test_dlpack_of_other_devices_is_read_on_the_cpu(rng: np.random.Generator) -> None:
    class OnCpu(Exported):
        def __dlpack__(self, **how: Any) -> Any:
            return self._array.__dlpack__()

    y_true, y_pred = rng.normal(size=(2, 5))
    assert not is_device(OnCpu(y_true, 1))
    assert sl.evaluate("mae", OnCpu(y_true, 1), y_pred) == sl.evaluate("mae", y_true, y_pred)


def test_dtypes_of_dlpack_that_numpy_has_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(device_module, "_KINDS", {0: "i"})
    with pytest.raises(TypeError, match="y_true must be of a dtype of numpy: got DLPack's code 2"):
        sl.evaluate("mae", Exported(np.ones(2)), Exported(np.ones(2)))


INTERFACES: dict[str, dict[str, Any]] = {
    "no strides": {"strides": None},
    "the default stream": {"stream": 1},
    "a stream of each thread": {"stream": 2},
    "another stream": {"stream": 1 << 40},
    "no mask": {"mask": None},
    "version 2": {"version": 2},
}


@pytest.mark.parametrize("interface", INTERFACES)
def test_the_interface_of_cuda_arrays(rng: np.random.Generator, interface: str) -> None:
    arrays = rng.normal(size=(3, 2, 6))
    found = [OnGpu(array, **INTERFACES[interface]) for array in arrays]
    assert as_device("y_true", found[0]).stream == INTERFACES[interface].get("stream")
    assert as_device("y_true", found[0]).strides == (48, 8)
    assert sl.accumulate("mae", *found) == sl.accumulate("mae", *arrays)


def test_strides_may_be_left_out(rng: np.random.Generator) -> None:
    y_true, y_pred = OnGpu(rng.normal(size=(2, 3))), OnGpu(rng.normal(size=(2, 3)))
    for array in (y_true, y_pred):
        del array.__cuda_array_interface__["strides"], array.__cuda_array_interface__["stream"]
    expected = sl.accumulate("mae", y_true.array, y_pred.array)
    assert sl.accumulate("mae", y_true, y_pred) == expected


def test_arrays_of_numba(rng: np.random.Generator) -> None:
    arrays = rng.normal(size=(3, 2, 6))
    found = sl.accumulate("mae", *map(cuda.to_device, arrays))
    assert found == sl.accumulate("mae", *arrays)


def test_inputs_of_several_losses_and_weights_of_numbers(rng: np.random.Generator) -> None:
    arrays = rng.choice([-1.0, 1.0], 8), (rng.normal(size=8), rng.normal(size=8))
    check([sl.MarginRanking()], *arrays, 2.0)
    check([sl.MarginRanking()], *arrays, np.float32(0.1), where=np.array([True]))
    check([sl.Value()], arrays[0], None, [0.0] * 3 + [1.5] * 5)


def test_a_view_is_no_array_of_the_host() -> None:
    array = as_device("y_true", put(np.ones(3)))
    assert np.asarray(array).dtype == object  # numpy would read the GPU's memory as the host's
    assert is_device(array)


Y = np.arange(6.0).reshape(2, 3)


def test_what_is_an_array_of_a_gpu() -> None:
    assert all(map(is_device, [put(Y), Exported(Y), cuda.to_device(Y), as_device("y", put(Y))]))
    others = [Y, Y[0, 0], 1.0, [Y], None, np.ma.masked_array(Y), Exported(Y, 1)]
    assert not any(map(is_device, others))
    assert isinstance(as_device("y", put(Y)), DeviceArray)


def test_arrays_that_a_gpu_cannot_read() -> None:
    odd = np.frombuffer(bytes(9), np.uint8)[1:].view("f4")
    wide = np.lib.stride_tricks.as_strided(np.zeros(4, "f4"), (2,), (6,))
    for array in (odd, wide):
        with pytest.raises(TypeError, match="y_pred must lie at multiples of 4 bytes on a GPU"):
            sl.evaluate("mae", np.zeros(2, "f4"), OnGpu(array))
    assert sl.evaluate("mae", OnGpu(wide[:1]), OnGpu(wide[:1])) == 0.0  # one element takes no step


def test_an_interface_that_names_no_stream_is_left_for_dlpack(rng: np.random.Generator) -> None:
    class Both(Exported):
        """An array as JAX has it."""

        def __init__(self, array: Any) -> None:
            super().__init__(array)
            self.__cuda_array_interface__ = OnGpu(array).__cuda_array_interface__ | {"version": 2}
            del self.__cuda_array_interface__["stream"]

    y_true, y_pred = rng.normal(size=(2, 5))
    assert as_device("y_true", Both(y_true)).is_lent
    assert sl.accumulate("mae", Both(y_true), Both(y_pred)) == sl.accumulate("mae", y_true, y_pred)


def test_memory_that_both_places_have_is_of_the_gpu() -> None:
    class Managed(np.ndarray):
        __cuda_ndarray__ = True

    assert is_device(np.zeros(3).view(Managed))


class Tensor:
    """A tensor as PyTorch has it on a GPU."""

    device, dtype, requires_grad = SimpleNamespace(type="cuda", index=0), "torch.float64", True

    def __init__(self, array: Any) -> None:
        self.array = array

    def detach(self) -> Any:
        other = type(self)(self.array)
        other.requires_grad = False
        return other

    def resolve_conj(self) -> Any:
        return self

    resolve_neg = resolve_conj

    @property
    def __cuda_array_interface__(self) -> Any:
        if self.requires_grad:
            raise RuntimeError("Can't get __cuda_array_interface__ on Variable that requires grad")
        if self.dtype == "torch.float8_e5m2":
            raise KeyError(self.dtype)
        return OnGpu(self.array).__cuda_array_interface__


class Image(Tensor):
    """A tensor of a class that another package derives from PyTorch's."""


@pytest.fixture
def torch(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Have tensors of this module taken for those of PyTorch."""
    module = SimpleNamespace(
        Tensor=Tensor,
        cuda=SimpleNamespace(current_stream=lambda device: SimpleNamespace(cuda_stream=7)),
        as_tensor=lambda array, device: (array.copy_to_host().tolist(), device),
    )
    monkeypatch.setitem(sys.modules, "torch", module)
    return module


@pytest.mark.usefixtures("torch")
@pytest.mark.parametrize("kind", [Tensor, Image])
def test_tensors_of_torch(rng: np.random.Generator, kind: Any) -> None:
    y_true, y_pred = rng.normal(size=(2, 5))
    found, _ = convert.as_array("y_true", kind(y_true))
    assert (found.pointer, found.stream) == (y_true.ctypes.data, 7)
    assert sl.accumulate("mae", kind(y_true), kind(y_pred)) == sl.accumulate("mae", y_true, y_pred)
    losses = sl.evaluate("mae", kind(y_true), kind(y_pred), reduction="none")
    assert losses == (abs(y_pred - y_true).tolist(), Tensor.device)


@pytest.mark.usefixtures("torch")
def test_tensors_of_a_dtype_that_numpy_has_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Tensor, "dtype", "torch.float8_e5m2")
    with pytest.raises(TypeError, match=r"y_true must be of a dtype of numpy: got torch\.float8"):
        sl.evaluate("mae", Tensor(np.ones(2)), Tensor(np.ones(2)))
