"""The pace of the losses against a plain read of memory, and the cost of small updates."""

import os
import time
from functools import partial

# The threads of a sweep would else spin for 5 ms after it, and what comes next have their core.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import numpy as np
from numba import njit, prange

import streamloss as sl

# 50 million pairs are far beyond any cache. A quick run sets a smaller size.
SIZE = int(os.environ.get("STREAMLOSS_BENCH_SIZE", 50_000_000))
ROUNDS = 15


# fastmath, so that the sum may be taken in any order and memory alone sets the pace.
@njit(parallel=True, fastmath=True)
def sweep(a, b, zero):
    total = zero
    for i in prange(a.size):
        total += a[i] + b[i]
    return total


@njit(parallel=True, fastmath=True)
def weighted_sweep(a, b, c, zero):
    total = zero
    for i in prange(a.size):
        total += a[i] + b[i] + c[i]
    return total


def interleaved_medians(*functions):
    """Return the median seconds of each function, called in turn to see the same machine."""
    seconds = np.empty((ROUNDS, len(functions)))
    for row in seconds:
        for k, function in enumerate(functions):
            start = time.perf_counter()
            function()
            row[k] = time.perf_counter() - start
    return np.median(seconds, axis=0)


def numpy_mean(y_true, y_pred, weights=None):
    """Return the mean absolute error as one would write it in NumPy."""
    errors = np.abs(y_pred - y_true)
    if weights is None:
        return errors.mean()
    return (errors * weights).sum() / np.count_nonzero(weights)


class Evaluate:
    """One call of `evaluate` on two large arrays, or three with weights."""

    params = (["float32", "float64"], ["unweighted", "weighted"], ["none", "propagate", "omit"])
    param_names = ("dtype", "weights", "nan")
    timeout = 300

    def setup(self, dtype, weights, nan):
        rng = np.random.default_rng(1)
        arrays = [rng.standard_normal(SIZE, dtype) for _ in range(2)]
        zero = np.dtype(dtype).type(0)
        if nan != "none":
            for array in arrays:
                array[rng.random(SIZE, "float32") < 0.001] = np.nan
        if weights == "weighted":
            arrays.append(rng.random(SIZE, dtype))
            arrays[2][rng.random(SIZE, "float32") < 0.1] = 0
        self.read = partial(weighted_sweep if weights == "weighted" else sweep, *arrays, zero)
        self.numpy = partial(numpy_mean, *arrays)
        # The reduction that needs all there is: the sums of losses and of weights, and a count.
        options = {"nan": "omit" if nan == "omit" else "propagate"}
        self.evaluate = partial(
            sl.evaluate, "mae", *arrays, reduction="sum_by_nonzero_weights", **options
        )
        # The first calls compile; the second ones find their threads awake.
        for function in (self.read, self.evaluate) * 2:
            function()

    def time_evaluate(self, dtype, weights, nan):
        self.evaluate()

    def track_ratio_to_read_sweep(self, dtype, weights, nan):
        read, evaluate = interleaved_medians(self.read, self.evaluate)
        return evaluate / read

    track_ratio_to_read_sweep.unit = "ratio"

    def track_ratio_of_numpy(self, dtype, weights, nan):
        numpy, evaluate = interleaved_medians(self.numpy, self.evaluate)
        return numpy / evaluate

    track_ratio_of_numpy.unit = "ratio"


class Update:
    """One `Accumulator.update` of a batch, as in a training loop."""

    params = (64, 4096)
    param_names = ("pairs",)

    def setup(self, pairs):
        rng = np.random.default_rng(1)
        self.batch = [rng.standard_normal(pairs, "float32") for _ in range(2)]
        self.accumulator = sl.Accumulator("mae")
        for _ in range(50):
            self.accumulator.update(*self.batch)

    def time_update(self, pairs):
        self.accumulator.update(*self.batch)

    def track_saved_bytes(self, pairs):
        return len(self.accumulator.to_bytes())

    track_saved_bytes.unit = "bytes"
