"""What is passed instead of plain arrays: other dtypes and strides, masks, weights, kept axes."""

from functools import partial

import numpy as np

import streamloss as sl
from benchmarks._measure import QUICK, SIZE, interleaved_medians, warm

LARGE = min(SIZE, 5_000_000)
ROW = 100
BATCH = 64


def given(kind, size, row):
    """Return the arguments of `evaluate` of a kind: arrays, and what it is told by name."""
    rng = np.random.default_rng(1)
    y, p = (rng.standard_normal(size) for _ in "yp")
    labels, rows = rng.integers(0, 100, size), (size // row, row)
    weights, where = rng.random(size // row), rng.random(size) < 0.9
    y_rows, p_rows = y.reshape(rows), p.reshape(rows)
    kinds = {
        "plain": ((y, p), {}),
        "mixed dtypes": ((y, p.astype(np.float32)), {}),
        "integer labels": ((labels, p.astype(np.float32)), {}),
        "float16": ((y.astype(np.float16), p.astype(np.float16)), {}),
        "where": ((y, p), {"where": where}),
        "masked": (tuple(np.ma.array(a, mask=~where) for a in (y, p)), {}),
        "scalar weight": ((y, p, 2.0), {}),
        "weights of rows": ((y_rows, p_rows, weights), {}),
        "reversed": ((y[::-1], p[::-1]), {}),
        "every other": ((y.repeat(2)[::2], p.repeat(2)[::2]), {}),
        "axis=0": ((y_rows, p_rows), {"axis": 0}),
        "axis=1": ((y_rows, p_rows), {"axis": 1}),
    }
    return kinds[kind]


KINDS = [
    "mixed dtypes",
    "integer labels",
    "float16",
    "where",
    "masked",
    "scalar weight",
    "weights of rows",
    "reversed",
    "every other",
    "axis=0",
    "axis=1",
]


class Evaluate:
    """One call of `evaluate` on 5 million pairs, beside that on plain ones."""

    params = (KINDS,)
    param_names = ("kind",)
    timeout = 300

    def setup(self, kind):
        arrays, options = given(kind, LARGE, ROW)
        self.evaluate = partial(sl.evaluate, "mae", *arrays, **options)
        self.plain = partial(sl.evaluate, "mae", *given("plain", LARGE, ROW)[0])
        warm(self.plain, self.evaluate)

    def time_evaluate(self, kind):
        self.evaluate()

    def track_ratio_to_plain(self, kind):
        plain, evaluate = interleaved_medians(self.plain, self.evaluate)
        return evaluate / plain

    track_ratio_to_plain.unit = "ratio"


class Update:
    """One `Accumulator.update` of 64 pairs, beside that of plain ones."""

    params = ([kind for kind in KINDS if kind != "masked"],)
    param_names = ("kind",)

    def setup(self, kind):
        calls = 20 if QUICK else 1000
        self.update, self.plain = (self._repeated(each, calls) for each in (kind, "plain"))
        warm(self.plain, self.update)

    @staticmethod
    def _repeated(kind, calls):
        """Return so many updates in one call, since one is too short for the clock."""
        size, row = (BATCH * 10, 10) if "axis" in kind else (BATCH, 8)
        arrays, options = given(kind, size, row)
        axis = options.pop("axis", None)
        accumulator = sl.Accumulator("mae", axis=axis)
        for _ in range(400):  # until then small batches are taken in Python
            accumulator.update(*arrays, **options)

        def call():
            for _ in range(calls):
                accumulator.update(*arrays, **options)

        return call

    def time_updates(self, kind):
        self.update()

    def track_ratio_to_plain(self, kind):
        plain, update = interleaved_medians(self.plain, self.update)
        return update / plain

    track_ratio_to_plain.unit = "ratio"
