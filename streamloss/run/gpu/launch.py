"""Launching the kernels of `kernels.gpu`, and the memory and streams of GPUs."""

# numba.cuda has types in part, and others in the package numba-cuda
# mypy: disable-error-code="no-untyped-def, no-untyped-call, attr-defined, call-arg"

from __future__ import annotations

import contextlib
import functools
import math
import sys
import warnings
from collections.abc import Iterable
from types import SimpleNamespace
from typing import Any, NamedTuple

import numba
import numpy as np

from streamloss.arrays.convert import is_tensor
from streamloss.arrays.device import DeviceArray, as_device, contiguous
from streamloss.kernels import gpu, internals
from streamloss.kernels.gpu import STEP, cuda
from streamloss.kernels.internals import NumbaError
from streamloss.kernels.switches import Rule, Width

LANES = 128
"""Lanes of a team: the threads of a block."""

TEAMS = 8
"""Teams for each multiprocessor of a GPU."""

SCRATCH = 1 << 23
"""Numbers in the copies of rows that lanes work on: 64 MiB."""


class Views(NamedTuple):
    """What a kernel gets of a batch: tuples of arrays of five axes, empty for what it has not."""

    inputs: tuple[DeviceArray, ...]
    weights: tuple[DeviceArray, ...]
    where: tuple[DeviceArray, ...]
    complete: tuple[DeviceArray, ...]
    others: tuple[DeviceArray, ...]


def check() -> None:
    """Refuse arrays of a GPU where numba cannot use it.

    Raises
    ------
    RuntimeError
        If there is no driver or no GPU that numba can use, or numba compiles other arithmetic.
    """
    if cuda.is_available():
        if not _rounds_apart():
            rule = "arrays of a GPU need a numba that rounds products and sums apart"
            raise RuntimeError(f"{rule}: got numba {numba.__version__}, with other private names")
        return
    error = cuda.cuda_error() if hasattr(cuda, "cuda_error") else None
    words = " ".join(str(error or "found none").split())
    raise RuntimeError(f"arrays of a GPU need a CUDA driver and GPU that numba can use: {words}")


@functools.cache
def _rounds_apart() -> bool:
    """Return whether kernels round each operation, which is tried out where no test of ours has."""
    if internals.is_tested() and "numba_cuda" not in sys.modules:
        return True
    x = 1.0 + 2.0**-30
    numbers = cuda.to_device(np.array([1.0, x, x * x]))
    try:
        _launch(gpu.multiply_add, 1, 1, 0, numbers)
    except (TypeError, AttributeError):
        return False
    return bool(numbers.copy_to_host()[0] == 0.0)


def gpu_of(arrays: Iterable[Any]) -> int | None:
    """Return the number of the GPU that arrays lie on: the current one if none of them tells.

    Raises
    ------
    ValueError
        If there are several.
    """
    told = [array.device for array in arrays if isinstance(array, DeviceArray)]
    devices = {device for device in told if device is not None}
    if len(devices) > 1:
        raise ValueError(f"the arrays of a call must be on one GPU: got GPUs {sorted(devices)}")
    if devices or numba.config.ENABLE_CUDASIM:
        return devices.pop() if devices else None
    return int(cuda.get_current_device().id)


def on(device: int | None) -> contextlib.AbstractContextManager[Any]:
    """Return a context in which a GPU is the current one; None changes nothing."""
    manager: contextlib.AbstractContextManager[Any] = contextlib.nullcontext()
    return manager if device is None else cuda.gpus[device]


def fold(
    losses: tuple[Any, ...],
    views: Views,
    sums: Any,
    counts: Any,
    width: Width,
    rule: Rule,
    stream: Any,
) -> None:
    """Have a part of a batch added to the sums and counts of its cells."""
    shape = views.inputs[0].shape
    cells, length = shape[0] * shape[1], math.prod(shape[2:])
    teams, lanes, step = _size(cells * length)
    blocks = shape[2] * shape[3] * -(-shape[4] // (lanes * step))
    per_cell = min(blocks, max(1, teams // cells))
    arrays = [_arrays(some) for some in views[:4]]
    arguments = losses, *arrays, sums, counts, step, per_cell, width, rule
    _launch(gpu.fold_grid, cells * per_cell, lanes, stream, *arguments)


def scatter(
    losses: tuple[Any, ...],
    views: Views,
    sums: Any,
    counts: Any,
    cells: tuple[int, int],
    width: Width,
    rule: Rule,
    stream: Any,
) -> None:
    """Have a part of a batch added to the sums and counts of the cells of its groups.

    The other array of the views has the group of each element; of the cells it is the first that
    the part has of a group, and how many a group has.
    """
    (codes,) = views.others
    _, lanes, step = _size(codes.size)
    teams = -(-codes.size // (lanes * step))
    arrays = [_arrays(some) for some in views[:4]]
    arguments = losses, *arrays, _array(codes), sums, counts, *cells, step, width, rule
    _launch(gpu.scatter_grid, teams, lanes, stream, *arguments)


def map_terms(loss: Any, views: Views, rule: Rule, stream: Any) -> None:
    """Have the weighted loss of every element written."""
    (out,) = views.others
    _, lanes, step = _size(out.size)
    masks = _arrays((*views.complete, *views.where))
    arrays = _arrays(views.inputs), _arrays(views.weights), masks, _array(out)
    teams = -(-out.size // (lanes * step))
    _launch(gpu.map_grid, teams, lanes, stream, loss, *arrays, step, rule)


def map_rows(
    loss: Any, inputs: tuple[DeviceArray, ...], out: DeviceArray, scratch: Scratch, stream: Any
) -> None:
    """Have the loss of each row written."""
    longest = max(1, *[math.prod(array.shape[1:]) for array in inputs])
    teams, lanes, _ = _size(out.size)
    lanes = max(1, min(lanes, SCRATCH // longest))
    teams = min(teams, -(-out.size // lanes), max(1, SCRATCH // longest // lanes))
    sizes = [array.shape[1] if array.ndim == 2 else 1 for array in inputs]
    shapes = [(max(size, 1), teams * lanes) for size in sizes]
    rows = [scratch.empty(f"row {k}", shape, np.float64) for k, shape in enumerate(shapes)]
    arrays = _arrays(inputs), _array(out), _arrays(rows)
    _launch(gpu.rows_grid, teams, lanes, stream, loss, *arrays)


def find_missing(array: DeviceArray, out: DeviceArray, stream: Any) -> None:
    """Have False written for each element or row with a NaN."""
    if array.ndim == 1:
        array = array.viewed((*array.shape, 1), (*array.strides, 0))
    teams, lanes, _ = _size(out.size)
    _launch(gpu.find_missing, teams, lanes, stream, _array(array), _array(out))


def _size(elements: int) -> tuple[int, int, int]:
    """Return the most teams, their lanes, and the elements of a lane's block."""
    if numba.config.ENABLE_CUDASIM:
        teams, lanes = 3, 4  # each lane is a thread of Python
    else:
        teams, lanes = TEAMS * cuda.get_current_device().MULTIPROCESSOR_COUNT, LANES
    return teams, lanes, min(STEP, max(1, -(-elements // (teams * lanes))))


def _launch(body: Any, teams: int, lanes: int, stream: Any, *arguments: Any) -> None:
    """Launch a kernel; more teams than the most that are wanted take turns."""
    most, *_ = _size(0)
    try:
        if numba.config.ENABLE_CUDASIM:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", RuntimeWarning)  # of overflows, which are meant
                _kernel(body)[min(teams, most), lanes, stream](*arguments)
        else:
            _configured(body, min(teams, most), lanes, stream)(*arguments)
    except NumbaError as error:
        losses = arguments[0] if isinstance(arguments[0], tuple) else ()
        line = next(line for line in reversed(str(error).splitlines()) if line.strip())
        raise TypeError(f"{losses!r} cannot be compiled for a GPU: {line}") from error


@functools.lru_cache(256)
def _configured(body: Any, teams: int, lanes: int, stream: Any) -> Any:
    """Return a kernel for a launch, without a word about small arrays."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Grid size .* under-utilization")
        return _kernel(body)[teams, lanes, stream]


@functools.cache
def _kernel(body: Any) -> Any:
    return cuda.jit(body, **gpu.OPTIONS)


def _arrays(arrays: Iterable[DeviceArray]) -> tuple[Any, ...]:
    return tuple([_array(array) for array in arrays])


def _array(array: DeviceArray) -> Any:
    """Return an array of the GPU as one of numba's."""
    if numba.config.ENABLE_CUDASIM:
        memory = SimpleNamespace(__array_interface__=array.__cuda_array_interface__, owner=array)
        return cuda.devicearray.FakeCUDAArray(np.asarray(memory))
    return cuda.as_cuda_array(array, sync=False)


class Scratch:
    """Memory on a GPU that one launch after another uses: to give it back, a GPU waits."""

    def __init__(self) -> None:
        self._held: dict[str, Any] = {}

    def empty(self, name: str, shape: tuple[int, ...], dtype: Any) -> DeviceArray:
        """Return the memory of a name, always of one dtype, which holds what was left in it."""
        size, held = max(1, math.prod(shape)), self._held.get(name)
        if held is None or held.size < size:
            held = self._held[name] = cuda.device_array(size, dtype)
        array = as_device(name, held)
        return array.viewed(shape, contiguous(shape, array.dtype.itemsize))


def zeros(shape: tuple[int, ...], stream: Any) -> Any:
    """Return integers on the GPU that are zero for what comes next in a stream."""
    out = cuda.device_array(shape, np.int64)
    if out.size:
        fill(as_device("out", out), 0, stream)
    return out


def fill(out: DeviceArray, value: Any, stream: Any) -> None:
    """Have a value written everywhere, by a kernel, which keeps to the order of the stream.

    A copy from the host may wait for the GPU, or come at any time.
    """
    teams, lanes, _ = _size(out.size)
    whole = out.viewed((out.size,), (out.dtype.itemsize,))
    _launch(gpu.fill, teams, lanes, stream, _array(whole), value)


def empty(shape: tuple[int, ...], dtype: Any) -> DeviceArray:
    """Return new memory on the GPU."""
    return as_device("out", cuda.device_array(shape, dtype))


def copied(array: Any) -> DeviceArray:
    """Return a copy on the GPU of an array of the CPU, in a dtype that the GPU has."""
    dtype = np.float32 if array.dtype.kind == "V" else array.dtype.newbyteorder("=")
    return as_device("array", cuda.to_device(np.ascontiguousarray(array, dtype)))


def on_host(array: DeviceArray) -> Any:
    """Return a copy on the CPU of an array of the GPU; what writes to it is waited for.

    Numba copies no strides below zero: along such axes the copy is turned round.
    """
    turned = tuple([slice(None, None, -1 if step < 0 else None) for step in array.strides])
    steps = [*zip(array.shape, array.strides, strict=True)]
    first = sum([(size - 1) * step for size, step in steps if size and step < 0])
    with on(array.device):
        wait(stream_of([array.stream]))
        ahead = array.viewed(array.shape, tuple([abs(step) for step in array.strides]), first)
        return _array(ahead).copy_to_host()[turned]


def spare(array: Any) -> Any:
    """Return memory on the GPU for a copy of an array."""
    return cuda.device_array(array.shape, array.dtype)


def stream_of(streams: Iterable[int | None]) -> Any:
    """Return a stream in which all that these streams hold comes first."""
    if numba.config.ENABLE_CUDASIM:
        return 0
    found = sorted({stream or 1 for stream in streams}, reverse=True)
    first, *others = [_stream(pointer) for pointer in found]
    follow(first, others)
    return first


def follow(stream: Any, others: Iterable[Any]) -> None:
    """Have what comes next in a stream wait for what others hold."""
    for other in others:
        if other is not stream:
            mark = event()
            mark.record(other)
            mark.wait(stream)


def event() -> Any:
    """Return what marks a place in a stream: streams may wait for it when that one is gone."""
    return cuda.event() if numba.config.ENABLE_CUDASIM else cuda.event(timing=False)


def has_come(mark: Any) -> bool:
    """Return whether a stream has come to its mark."""
    return numba.config.ENABLE_CUDASIM or bool(mark.query())


def release(mark: Any, streams: Iterable[int | None]) -> None:
    """Have these streams wait for a mark, lest they overwrite what is read before it."""
    if not numba.config.ENABLE_CUDASIM:
        for pointer in {other or 1 for other in streams}:
            mark.wait(_stream(pointer))


@functools.lru_cache(256)
def _stream(pointer: int) -> Any:
    return cuda.external_stream(pointer)


def wait(stream: Any) -> None:
    """Wait until the GPU has done what is in a stream."""
    if stream:
        stream.synchronize()


def like(owner: Any, out: DeviceArray) -> Any:
    """Return an array of the GPU as one of the library that another is from."""
    if is_tensor(owner):
        import torch

        return torch.as_tensor(out.owner, device=owner.device)
    if type(owner).__module__.partition(".")[0] == "cupy":
        import cupy

        return cupy.asarray(out.owner)
    return out.owner
