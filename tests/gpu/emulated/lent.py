"""Arrays of a library that lends its memory by DLPack, and writes in a stream of its own."""

import ctypes
from typing import Any

from numba import cuda

from streamloss.arrays.device import _Tensor

NEW = ctypes.pythonapi.PyCapsule_New
NEW.restype, NEW.argtypes = ctypes.py_object, [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p]
RELEASE = ctypes.CFUNCTYPE(None, ctypes.c_void_p)


class Lent:
    """An array as JAX has it: its `__cuda_array_interface__` tells of no stream, DLPack waits."""

    lent = 0

    def __init__(self, array: Any, stream: Any) -> None:
        self.array, self.stream = array, stream
        self.shape, self.dtype, self.ndim = array.shape, array.dtype, array.ndim
        whole = array.__cuda_array_interface__
        self.__cuda_array_interface__ = {k: v for k, v in whole.items() if k != "stream"}

    def __dlpack_device__(self) -> tuple[int, int]:
        return 2, 0

    def __dlpack__(self, stream: int) -> Any:
        assert stream == 1
        mark = cuda.event(timing=False)
        mark.record(self.stream)
        mark.wait(cuda.external_stream(stream))
        pointer, _ = self.__cuda_array_interface__["data"]
        shape = (ctypes.c_int64 * 1)(*self.shape)
        tensor = _Tensor(pointer, 2, 0, 1, 2, 64, 1, shape, None, 0)
        Lent.lent += 1

        def release(capsule: int) -> None:
            Lent.lent -= 1

        given = RELEASE(release)
        KEPT.append((given, tensor, shape))
        return NEW(ctypes.addressof(tensor), b"dltensor", given)


KEPT: list[Any] = []
"""What C refers to."""
