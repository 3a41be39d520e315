"""Outputs of many cells, as maps have: their results, and what is done with their sums."""

import pickle
from functools import partial

import numpy as np

import streamloss as sl
from benchmarks._measure import QUICK, interleaved_medians

CELLS = 2592 if QUICK else 259_200
"""A map of half degrees."""

STEPS = 60


def cells(size):
    """Return an accumulator of so many cells, of float32 with a weight for each step."""
    rng = np.random.default_rng(1)
    y_true, y_pred = rng.standard_normal((2, STEPS, size), "float32")
    return sl.accumulate("mae", y_true, y_pred, rng.random(STEPS, "float32"), axis=0)


class Results:
    """One call of `result`; a few cells have Python's integers, many numpy's floats."""

    params = ([1, 10, 64, 65, 1000, 10_000, CELLS], ["mean", "sum", "sum_over_batch_size"])
    param_names = ("cells", "reduction")
    timeout = 300

    def setup(self, size, reduction):
        self.result = partial(cells(size).result, reduction)

    def time_result(self, size, reduction):
        self.result()

    def track_nanoseconds_a_cell(self, size, reduction):
        (seconds,) = interleaved_medians(self.result)
        return 1e9 * seconds / size

    track_nanoseconds_a_cell.unit = "ns"


class States:
    """What is done with the sums of many cells between updates and results."""

    timeout = 300

    def setup(self):
        self.one, self.other = cells(CELLS), cells(CELLS)
        self.data = pickle.dumps(self.one)
        self.bytes = self.one.to_bytes()

    def time_merge(self):
        self.one.copy().merge(self.other)

    def time_subtract(self):
        self.one - self.other

    def time_merge_many(self):
        sl.merge([self.other] * 8)

    def time_equal(self):
        assert self.one == self.other

    def time_pickle(self):
        pickle.loads(pickle.dumps(self.one))

    def time_to_bytes(self):
        self.one.to_bytes()

    def time_from_bytes(self):
        sl.Accumulator.from_bytes(self.bytes)
