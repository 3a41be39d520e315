"""Reductions share one state: which one is asked for, and over which axes, should cost nothing."""

from functools import partial

import numpy as np

import streamloss as sl
from benchmarks._measure import SIZE, interleaved_medians, pairs, read_sweep, warm
from streamloss.compat.keras import reductions
from streamloss.compat.keras.losses import mean_absolute_error

REDUCTIONS = ["mean", "sum", "sum_over_batch_size", "sum_by_nonzero_weights", "none"]
ROW = 100


class Reductions:
    """One call of `evaluate` with weights. `"none"` writes an array of float64 besides."""

    params = (REDUCTIONS,)
    param_names = ("reduction",)
    timeout = 300

    def setup(self, reduction):
        arrays = pairs("float32", weighted=True)
        self.read = read_sweep(*arrays)
        self.evaluate = partial(sl.evaluate, "mae", *arrays, reduction=reduction)
        warm(self.read, self.evaluate)

    def time_evaluate(self, reduction):
        self.evaluate()

    def peakmem_evaluate(self, reduction):
        self.evaluate()

    def track_ratio_to_read_sweep(self, reduction):
        read, evaluate = interleaved_medians(self.read, self.evaluate)
        return evaluate / read

    track_ratio_to_read_sweep.unit = "ratio"


class Axes:
    """Rows of a hundred reduced along either axis, to a result a row or a hundred results."""

    params = ([None, 0, 1],)
    param_names = ("axis",)
    timeout = 300

    def setup(self, axis):
        arrays = [array.reshape(-1, ROW) for array in pairs("float32")]
        self.read = read_sweep(*arrays)
        self.evaluate = partial(sl.evaluate, "mae", *arrays, axis=axis)
        warm(self.read, self.evaluate)

    def time_evaluate(self, axis):
        self.evaluate()

    def peakmem_evaluate(self, axis):
        self.evaluate()

    def track_ratio_to_read_sweep(self, axis):
        read, evaluate = interleaved_medians(self.read, self.evaluate)
        return evaluate / read

    track_ratio_to_read_sweep.unit = "ratio"


SHAPES = {  # of the arrays and of the weights, the axis, and the dtype
    "100 columns": ((50_000, 100), None, 0, "float64"),
    "rows of 100": ((50_000, 100), None, 1, "float64"),
    "rows of 100, weights for rows": ((50_000, 100), (50_000, 1), 1, "float64"),
    "rows of 10": ((500_000, 10), None, 1, "float64"),
    "1024 columns": ((10_000, 1024), None, 0, "float64"),
    "3 columns": ((1_666_666, 3), None, 0, "float64"),
    "map": ((60, 259_200), None, 0, "float32"),
    "map, weights for rows": ((60, 259_200), (60, 1), 0, "float32"),
}


class Cells:
    """Sums of many cells, without their results, and numpy's expression of the results."""

    params = (list(SHAPES),)
    param_names = ("cells",)
    timeout = 300

    def setup(self, cells):
        shape, of_weights, axis, dtype = SHAPES[cells]
        rng = np.random.default_rng(0)
        y_true, y_pred = (rng.standard_normal(shape, dtype) for _ in range(2))
        weights = None if of_weights is None else rng.random(of_weights, dtype)
        self.sums = partial(sl.accumulate, "mae", y_true, y_pred, weights, axis=axis)
        self.numpy = partial(_mean, y_true, y_pred, weights, axis)
        warm(self.sums, self.numpy)

    def time_sums(self, cells):
        self.sums()

    def peakmem_sums(self, cells):
        self.sums()

    def track_ratio_to_numpy(self, cells):
        numpy, sums = interleaved_medians(self.numpy, self.sums)
        return sums / numpy

    track_ratio_to_numpy.unit = "ratio"


def _mean(y_true, y_pred, weights, axis):
    losses = np.abs(y_true - y_pred)
    if weights is None:
        return losses.mean(axis)
    return (losses * weights).sum(axis) / np.broadcast_to(weights, losses.shape).sum(axis)


class KerasRows:
    """Keras' mean of each row: below `reductions.LONG` by pairs of floats, beyond by exact sums."""

    params = ([64, 256, 512, 1024], ["pairs", "sums"])
    param_names = ("elements of a row", "by")
    timeout = 300

    def setup(self, row, by):
        self.long, reductions.LONG = reductions.LONG, row if by == "pairs" else 0
        y_true, y_pred = pairs("float32", min(SIZE, 2_000_000))
        rows = [array[: array.size // row * row].reshape(-1, row) for array in (y_true, y_pred)]
        self.means = partial(mean_absolute_error, *rows)
        warm(self.means)

    def teardown(self, row, by):
        reductions.LONG = self.long

    def time_means(self, row, by):
        self.means()
