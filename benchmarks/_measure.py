"""What benchmarks share: the size of the data, interleaved medians, and a plain read to compare."""

import os
import time

# The threads of a sweep would else spin for 5 ms after it, and what comes next have their core.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import numpy as np
from numba import njit, prange

# 50 million pairs are far beyond any cache. A quick run sets a smaller size.
SIZE = int(os.environ.get("STREAMLOSS_BENCH_SIZE", 50_000_000))
QUICK = SIZE < 1_000_000
ROUNDS = 15


# fastmath, so that the sum may be taken in any order and memory alone sets the pace.
@njit(parallel=True, fastmath=True)
def _sweep_one(a, zero):
    total = zero
    for i in prange(a.size):
        total += a[i]
    return total


@njit(parallel=True, fastmath=True)
def _sweep_two(a, b, zero):
    total = zero
    for i in prange(a.size):
        total += a[i] + b[i]
    return total


@njit(parallel=True, fastmath=True)
def _sweep_three(a, b, c, zero):
    total = zero
    for i in prange(a.size):
        total += a[i] + b[i] + c[i]
    return total


def read_sweep(*arrays):
    """Return a call that reads arrays of one size and dtype on all cores, at the pace of memory."""
    sweep = (_sweep_one, _sweep_two, _sweep_three)[len(arrays) - 1]
    zero = arrays[0].dtype.type(0)
    flat = [array.reshape(-1) for array in arrays]
    return lambda: sweep(*flat, zero)


def warm(*functions):
    """Call functions twice: the first calls compile, the second ones find their threads awake."""
    for function in functions * 2:
        function()


def interleaved_medians(*functions, rounds=ROUNDS, rng=None):
    """Return the median seconds of each function, as `interleaved_seconds` measures them."""
    return np.median(interleaved_seconds(*functions, rounds=rounds, rng=rng), axis=0)


def interleaved_seconds(*functions, rounds=ROUNDS, rng=None):
    """Return the seconds of each function in each round, called in turn to see the same machine.

    With a random generator the order is another one in each round: what one leaves behind (warm
    caches, threads that still spin) then falls to each of the others.
    """
    seconds = np.empty((rounds, len(functions)))
    for row in seconds:
        for k in range(len(functions)) if rng is None else rng.permutation(len(functions)):
            start = time.perf_counter()
            functions[k]()
            row[k] = time.perf_counter() - start
    return seconds


def pairs(dtype, size=SIZE, weighted=False):
    """Return y_true and y_pred, and weights of which a tenth is zero."""
    rng = np.random.default_rng(1)
    arrays = [rng.standard_normal(size, dtype) for _ in range(2)]
    if weighted:
        arrays.append(rng.random(size, dtype))
        arrays[2][rng.random(size, "float32") < 0.1] = 0
    return arrays
