"""Arrays in the memory of a GPU, as where they lie and how: nothing here touches a GPU.

They come from whatever offers `__cuda_array_interface__` or, on a GPU, DLPack: arrays of CuPy,
numba, JAX, tensors of PyTorch. Nothing is copied; broadcasting changes strides.
"""

from __future__ import annotations

import ctypes
import math
from collections.abc import Mapping
from typing import Any

import numpy as np

CUDA, CUDA_MANAGED = 2, 13
"""Kinds of devices, as DLPack numbers them."""


class DeviceArray:
    """An array in the memory of a GPU.

    Attributes
    ----------
    pointer : int
        The address of the first element.
    shape, strides : tuple of int
        Strides are in bytes.
    dtype : numpy.dtype
    stream : int or None
        The stream that writes the array, as `__cuda_array_interface__` has it.
    owner : object
        What keeps the memory.
    device : int or None
        The number of the GPU, None if the array does not tell.
    """

    __slots__ = ("device", "dtype", "owner", "pointer", "shape", "stream", "strides")

    def __init__(
        self,
        pointer: int,
        shape: tuple[int, ...],
        strides: tuple[int, ...],
        dtype: np.dtype[Any],
        stream: int | None,
        owner: Any,
        device: int | None = None,
    ) -> None:
        self.pointer, self.shape, self.strides = pointer, shape, strides
        self.dtype, self.stream, self.owner, self.device = dtype, stream, owner, device

    @property
    def is_lent(self) -> bool:
        """Whether others may write to the memory as soon as the owner is gone."""
        return type(self.owner).__name__ == "PyCapsule"

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return len(self.shape)

    @property
    def size(self) -> int:
        """The number of elements."""
        return math.prod(self.shape)

    def viewed(
        self, shape: tuple[int, ...], strides: tuple[int, ...], offset: int = 0
    ) -> DeviceArray:
        """Return a view of the memory, that begins so many bytes later."""
        pointer = self.pointer + offset
        return DeviceArray(
            pointer, shape, strides, self.dtype, self.stream, self.owner, self.device
        )

    def broadcast(self, shape: tuple[int, ...]) -> DeviceArray:
        """Return a view of a shape whose leading axes are those of the array, or 1 there."""
        strides = [
            stride if size == full else 0
            for size, full, stride in zip(self.shape, shape, self.strides, strict=False)
        ]
        return self.viewed(shape, (*strides, *[0] * (len(shape) - self.ndim)))

    def as_numbers(self) -> DeviceArray:
        """Return booleans as integers, which kernels tell from masks; others as they are."""
        if self.dtype != np.bool_:
            return self
        numbers = self.viewed(self.shape, self.strides)
        numbers.dtype = np.dtype(np.uint8)
        return numbers

    @property
    def __cuda_array_interface__(self) -> dict[str, Any]:
        return {
            "shape": self.shape,
            "strides": self.strides,
            "typestr": self.dtype.str,
            "data": (self.pointer, False),
            "version": 3,
            "stream": None,
        }


def is_device(value: object) -> bool:
    """Return whether a value is an array in the memory of a GPU."""
    if hasattr(value, "__cuda_ndarray__"):
        return True  # of numba, numpy's subclasses of managed and mapped memory too
    if isinstance(value, np.ndarray | np.generic):
        return False
    ask = getattr(value, "__dlpack_device__", None)
    if ask is None:
        return hasattr(value, "__cuda_array_interface__")
    try:  # asked first: tensors with a gradient have no other interface
        return bool(ask()[0] in (CUDA, CUDA_MANAGED))
    except (BufferError, ValueError):
        return False  # JAX's of several devices, or of a TPU


def as_device(name: str, value: Any) -> DeviceArray:
    """Return an array of a GPU as where it lies.

    Raises
    ------
    TypeError
        If the array has a mask of its own, is of a dtype that numpy or the machine has not, or
        lies where a GPU cannot read it.
    """
    interface = getattr(value, "__cuda_array_interface__", None)
    is_numba = hasattr(value, "__cuda_ndarray__")
    if interface is None and is_numba:
        interface = value.__array_interface__  # in numba's simulator it is memory of the host
    # JAX's interface names no stream, so that nothing would wait for what is to be written
    lends = hasattr(value, "__dlpack__") and not is_numba
    if interface is None or (lends and "stream" not in interface):
        return _from_dlpack(name, value)
    return from_interface(name, value, interface)


def from_interface(name: str, value: Any, interface: Any) -> DeviceArray:
    """Return an array as its `__cuda_array_interface__` has it; `as_device` says what it raises."""
    if not isinstance(interface, Mapping) or not {"typestr", "shape", "data"} <= interface.keys():
        kind = type(interface).__name__
        raise TypeError(f"{name} must have a __cuda_array_interface__ that is one: got {kind}")
    if interface.get("mask") is not None:
        raise TypeError(f"{name} must be an array without a mask of its own on a GPU: pass where=")
    dtype, shape = np.dtype(interface["typestr"]), tuple(interface["shape"])
    if not dtype.isnative:
        raise TypeError(
            f"{name} must have the bytes of its numbers in the machine's order on a GPU"
        )
    strides = interface.get("strides") or contiguous(shape, dtype.itemsize)
    pointer, stream = interface["data"][0], interface.get("stream")
    array = DeviceArray(pointer, shape, tuple(strides), dtype, stream, value, _number(value))
    return _aligned(name, array)


def _number(value: object) -> int | None:
    """Return the number of the GPU that an array tells."""
    if hasattr(value, "__dlpack_device__"):
        return int(value.__dlpack_device__()[1])
    context = getattr(getattr(value, "gpu_data", None), "context", None)  # numba's
    return None if context is None else int(context.device.id)


def _aligned(name: str, array: DeviceArray) -> DeviceArray:
    """Return an array if a GPU can read it: elsewhere it faults, and what is on it is lost."""
    steps = [stride for size, stride in zip(array.shape, array.strides, strict=True) if size > 1]
    if any(place % array.dtype.alignment for place in (array.pointer, *steps)):
        raise TypeError(
            f"{name} must lie at multiples of {array.dtype.alignment} bytes on a GPU for its dtype"
            f" {array.dtype}: got the address {array.pointer} and the strides {array.strides}"
        )
    return array


def contiguous(shape: tuple[int, ...], itemsize: int) -> tuple[int, ...]:
    """Return the strides of an array in C order."""
    return tuple([itemsize * math.prod(shape[k + 1 :]) for k in range(len(shape))])


class _Tensor(ctypes.Structure):
    """DLTensor of DLPack's dlpack.h, the head of each managed tensor."""

    _fields_ = (
        ("data", ctypes.c_void_p),
        ("device_type", ctypes.c_int32),
        ("device_id", ctypes.c_int32),
        ("ndim", ctypes.c_int32),
        ("code", ctypes.c_uint8),
        ("bits", ctypes.c_uint8),
        ("lanes", ctypes.c_uint16),
        ("shape", ctypes.POINTER(ctypes.c_int64)),
        ("strides", ctypes.POINTER(ctypes.c_int64)),
        ("byte_offset", ctypes.c_uint64),
    )


_KINDS = {0: "i", 1: "u", 2: "f", 5: "c", 6: "b"}
"""DLPack's codes of dtypes, but for bfloat16, which numpy has not."""


def _from_dlpack(name: str, value: Any) -> DeviceArray:
    """Return an array that offers DLPack alone."""
    capsule = value.__dlpack__(stream=1)  # the legacy default stream is to wait for the array
    get = ctypes.pythonapi.PyCapsule_GetPointer
    get.restype, get.argtypes = ctypes.c_void_p, [ctypes.py_object, ctypes.c_char_p]
    tensor = _Tensor.from_address(get(capsule, b"dltensor"))
    if tensor.code not in _KINDS or tensor.lanes != 1 or tensor.bits % 8:
        kind = f"code {tensor.code} of {tensor.bits} bits"
        raise TypeError(f"{name} must be of a dtype of numpy: got DLPack's {kind}")
    dtype = np.dtype(f"{_KINDS[tensor.code]}{tensor.bits // 8}")
    shape = tuple(tensor.shape[: tensor.ndim])
    strides = contiguous(shape, dtype.itemsize)
    if tensor.strides:
        strides = tuple([dtype.itemsize * step for step in tensor.strides[: tensor.ndim]])
    pointer = (tensor.data or 0) + tensor.byte_offset
    array = DeviceArray(pointer, shape, strides, dtype, 1, capsule, tensor.device_id)
    return _aligned(name, array)
