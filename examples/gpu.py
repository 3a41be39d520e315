"""Exact weighted losses of arrays on a GPU: read where they lie, and the same bits as on the CPU.

Without a GPU it runs in numba's simulator, where threads of Python take the place of the GPU's.
"""

import os
import sys

if os.environ.get("NUMBA_ENABLE_CUDASIM") != "1":
    from numba import cuda

    if not cuda.is_available():
        print("No GPU that numba can use: this is numba's simulator, on small arrays.", flush=True)
        os.environ["NUMBA_ENABLE_CUDASIM"] = "1"  # which numba reads as it is imported
        os.execv(sys.executable, [sys.executable, os.path.abspath(__file__)])

import numpy as np
from numba import config, cuda

import streamloss as sl

SIZE, BATCHES = (200, 5) if config.ENABLE_CUDASIM else (5_000_000, 20)


def to_gpu():
    """Return a function that copies an array to the GPU: CuPy's, PyTorch's or else numba's."""
    if config.ENABLE_CUDASIM:
        return cuda.to_device
    try:
        import cupy

        return cupy.asarray
    except ImportError:
        pass
    try:
        import torch
    except ImportError:
        return cuda.to_device
    if not torch.cuda.is_available():
        return cuda.to_device
    return lambda array: torch.as_tensor(array, device="cuda")


def to_cpu(array):
    """Return an array of the GPU as one of numpy: each library has another name for it."""
    for name in ("get", "cpu", "copy_to_host"):
        if hasattr(array, name):
            return np.asarray(getattr(array, name)())
    raise TypeError(f"got no array of a GPU: {type(array)}")


def main():
    """Evaluate, add up batches, merge with the CPU's, keep every loss."""
    rng = np.random.default_rng(0)
    y_true, noise, weights = rng.standard_normal((3, SIZE))
    y_pred, weights = y_true + 0.1 * noise, np.abs(weights)
    move = to_gpu()
    on_gpu = [move(array) for array in (y_true, y_pred, weights)]
    print("arrays:", f"{type(on_gpu[0]).__module__}.{type(on_gpu[0]).__name__}")

    # The arrays choose where it runs; nothing is copied back but a few sums.
    losses = ["mae", "rmse", sl.Huber(delta=0.1)]
    found = sl.evaluate(losses, *on_gpu)
    for loss, value in found.items():
        print(f"{loss!s:>20} {value}")
    assert found == sl.evaluate(losses, y_true, y_pred, weights)
    print("on the CPU: the same bits")

    # An update puts its work in the arrays' stream and returns; result() waits for the GPU.
    acc = sl.Accumulator("mae")
    for part in np.array_split(np.arange(SIZE), BATCHES):
        batch = slice(part[0], part[-1] + 1)
        acc.update(*(array[batch] for array in on_gpu))
    print("in batches:", acc.result())
    assert acc.result() == found["mae"]

    # Sums of the GPU and of the CPU are the same integers: they merge, and subtract exactly.
    other = sl.accumulate("mae", 2.0 * y_true, y_pred, weights)
    assert sl.merge([acc, other]) - other == acc
    print("with more from the CPU:", (acc + other).result())

    # Every weighted loss, as an array on the GPU.
    kept = sl.evaluate("mae", *on_gpu, reduction="none")
    print("none:", type(kept).__name__, tuple(kept.shape))
    expected = sl.evaluate("mae", y_true, y_pred, weights, reduction="none")
    assert np.array_equal(to_cpu(kept), expected)


if __name__ == "__main__":
    main()
