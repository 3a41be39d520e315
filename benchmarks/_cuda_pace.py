"""How fast kernels read, next to a copy on the same GPU and to PyTorch's losses."""

import time

import numpy as np
from numba import cuda

import streamloss as sl
from tests.gpu.behaviour import late

ROUNDS, CALLS = 11, 5
AHEAD = 20_000_000
"""Turns of a slow kernel, behind which calls queue: so that Python's own time is not measured."""

LOSSES = "mae mse huber log_loss".split()
PIECE = 1 << 22


def filled(size, dtype, weighted):
    """Return labels of 0 and 1, probabilities, and weights, on the GPU."""
    rng = np.random.default_rng(1)
    draws = [rng.integers(0, 2, PIECE), rng.random(PIECE), rng.random(PIECE)]
    return [repeated(piece.astype(dtype), size) for piece in draws[: 3 if weighted else 2]]


def repeated(piece, size):
    """Return an array on the GPU that a piece fills again and again."""
    out, piece = cuda.device_array(size, piece.dtype), cuda.to_device(piece)
    for start in range(0, size, PIECE):
        stop = min(start + PIECE, size)
        out[start:stop].copy_to_device(piece[: stop - start])
    return out


def on_gpu(call):
    """Return the seconds that the GPU takes for a call, of several that wait for it to be free."""
    begin, end = cuda.event(), cuda.event()
    late[1, 1](cuda.device_array(1, np.float64), 0.0, AHEAD)
    begin.record()
    for _ in range(CALLS):
        call()
    end.record()
    end.synchronize()
    return cuda.event_elapsed_time(begin, end) / 1e3 / CALLS


def wall(call):
    """Return the seconds from a call to its answer."""
    cuda.synchronize()
    start = time.perf_counter()
    call()
    cuda.synchronize()
    return time.perf_counter() - start


def medians(calls, measure):
    """Return the median of each call, all of them in turn in every round."""
    for call in calls.values():
        call()
    rounds = [[measure(call) for call in calls.values()] for _ in range(ROUNDS)]
    return dict(zip(calls, np.median(rounds, axis=0).tolist(), strict=True))


def torch_call(loss, arrays):
    """Return a call of PyTorch's mean loss on the same memory; None if it is not installed."""
    try:
        import torch
    except ImportError:
        return None
    if not torch.cuda.is_available():
        return None
    y, p, *w = (torch.as_tensor(array, device="cuda") for array in arrays)
    functions = torch.nn.functional
    names = dict(
        zip(LOSSES, "l1_loss mse_loss huber_loss binary_cross_entropy".split(), strict=True)
    )
    function = getattr(functions, names[loss])
    if not w:
        return lambda: function(p, y)
    return lambda: (function(p, y, reduction="none") * w[0]).sum() / w[0].sum()


def measure(loss, dtype, size, weighted):
    """Return the times of one loss, and the share of the copy's bandwidth that its reads have."""
    arrays = filled(size, dtype, weighted)
    spare, acc = cuda.device_array_like(arrays[0]), sl.Accumulator(loss)
    calls = {
        "copy": lambda: spare.copy_to_device(arrays[0]),
        "streamloss": lambda: acc.update(*arrays),
        "torch": torch_call(loss, arrays),
    }
    found = medians({name: call for name, call in calls.items() if call}, on_gpu)
    walls = medians({"streamloss": lambda: sl.evaluate(loss, *arrays)}, wall)
    copied = 2 * spare.nbytes / found["copy"]
    read = len(arrays) * spare.nbytes / found["streamloss"]
    return {
        "loss": loss,
        "dtype": dtype,
        "weighted": weighted,
        "size": size,
        "seconds": found,
        "wall_seconds": walls["streamloss"],
        "copy_bytes_per_second": copied,
        "read_bytes_per_second": read,
        "share_of_copy": read / copied,
    }


def run(sizes):
    """Yield the times of all losses, dtypes and sizes."""
    for size in sizes:
        for dtype in ("float32", "float64"):
            for weighted in (False, True):
                for loss in LOSSES:
                    yield measure(loss, dtype, size, weighted)
