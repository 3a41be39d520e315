"""What weights, masks and NaN cost, against a plain read of all that has to be read."""

from functools import partial

import numpy as np

import streamloss as sl
from benchmarks._measure import (
    QUICK,
    SIZE,
    interleaved_medians,
    pairs,
    read_sweep,
    warm,
)

ROW = 100
DTYPES = ["float32"] if QUICK else ["float32", "float64"]
# The reduction that needs all there is: the sums of losses and of weights, and a count.
ALL = {"reduction": "sum_by_nonzero_weights"}


def numpy_mean(y_true, y_pred, weights=None):
    """Return the mean absolute error as one would write it in NumPy."""
    errors = np.abs(y_pred - y_true)
    if weights is None:
        return errors.mean()
    return (errors * weights).sum() / np.count_nonzero(weights)


class Weights:
    """One call of `evaluate` on two large arrays of rows, with weights of every kind."""

    params = (DTYPES, ["none", "scalar", "full", "rows", "where"])
    param_names = ("dtype", "weights")
    timeout = 300

    def setup(self, dtype, weights):
        *arrays, full = [array.reshape(-1, ROW) for array in pairs(dtype, weighted=True)]
        given = {
            "none": {},
            "scalar": {"weights": 0.5},
            "full": {"weights": full},
            "rows": {"weights": full[:, 0].copy()},
            "where": {"where": full > 0},
        }[weights]
        self.read = read_sweep(*arrays, *([full] if weights == "full" else []))
        self.numpy = partial(numpy_mean, *arrays, *([full] if weights == "full" else []))
        self.evaluate = partial(sl.evaluate, "mae", *arrays, **given, **ALL)
        warm(self.read, self.evaluate)

    def time_evaluate(self, dtype, weights):
        self.evaluate()

    def peakmem_evaluate(self, dtype, weights):
        self.evaluate()

    def track_ratio_to_read_sweep(self, dtype, weights):
        read, evaluate = interleaved_medians(self.read, self.evaluate)
        return evaluate / read

    def track_ratio_of_numpy(self, dtype, weights):
        numpy, evaluate = interleaved_medians(self.numpy, self.evaluate)
        return numpy / evaluate

    track_ratio_to_read_sweep.unit = track_ratio_of_numpy.unit = "ratio"


class Missing:
    """The same with 0.2 % NaN, under both policies."""

    params = (
        DTYPES,
        ["unweighted"] if QUICK else ["unweighted", "weighted"],
        ["propagate", "omit"],
    )
    param_names = ("dtype", "weights", "nan")
    timeout = 300

    def setup(self, dtype, weights, nan):
        arrays = pairs(dtype, weighted=weights == "weighted")
        rng = np.random.default_rng(2)
        for array in arrays[:2]:
            array[rng.random(SIZE, "float32") < 0.001] = np.nan
        self.read = read_sweep(*arrays)
        self.evaluate = partial(sl.evaluate, "mae", *arrays, nan=nan, **ALL)
        warm(self.read, self.evaluate)

    def time_evaluate(self, dtype, weights, nan):
        self.evaluate()

    def track_ratio_to_read_sweep(self, dtype, weights, nan):
        read, evaluate = interleaved_medians(self.read, self.evaluate)
        return evaluate / read

    track_ratio_to_read_sweep.unit = "ratio"
