"""Windows of a million panes, in one series and in a thousand, and of a stream of batches."""

import numpy as np

import streamloss as sl
from benchmarks.bench_tables import SLICES, near
from streamloss.arrays.kinds import Kind
from streamloss.exact.table import Table
from streamloss.exact.windows import windows

SERIES = round(SLICES**0.5)
MINUTE = Kind("period", ("minute",))


class Windows:
    """A million minutes, and a thousand in each slice of another key that is before or behind."""

    params = (["one", "time last", "time first"], [60, None])
    param_names = ("series", "length")
    timeout = 300

    def setup(self, series, length):
        cells, panes, numbers = near(1), np.arange(SLICES), np.arange(SERIES)
        if series == "one":
            self.table = Table.of(["time"], [MINUTE], [(60 * panes, None)], (), cells)
            return
        slow, fast = panes // SERIES, panes % SERIES
        columns = [(numbers, slow), (60 * numbers, fast)]
        names, kinds = ["other", "time"], [Kind("int"), MINUTE]
        if series == "time first":
            columns = [(60 * numbers, slow), (numbers, fast)]
            names, kinds = names[::-1], kinds[::-1]
        self.table = Table.of(names, kinds, columns, (), cells)

    def time_windows(self, series, length):
        windows(self.table, "time", length)


class Updates:
    """A batch of 64 in a window of the last updates, beside an accumulator of all."""

    params = (["rolling", "all"], [None, 0])
    param_names = ("kind", "axis")

    def setup(self, kind, axis):
        self.arrays = np.random.default_rng(1).standard_normal((2, 64, 8))
        new = sl.Accumulator("mae", axis) if kind == "all" else sl.Rolling("mae", 100, axis=axis)
        self.update = new.update
        for _ in range(200):
            self.update(*self.arrays)

    def time_update(self, kind, axis):
        self.update(*self.arrays)
