"""Dask arrays: the pace next to dask's own mean, what the graphs cost, and trees of tables."""

import functools
import sys
import time
import tracemalloc

import dask
import dask.array as da
import numpy as np

import streamloss as sl
from benchmarks._measure import SIZE, interleaved_medians
from streamloss.exact.table import Table

CHUNK = max(1, SIZE // 25)
MANY = max(1, min(100_000, SIZE // 500))


def dask_mean(y_true, y_pred, weights=None):
    """Return the mean absolute error as one would write it with dask.array, lazily."""
    errors = abs(y_pred - y_true)
    if weights is None:
        return errors.mean()
    return (errors * weights).sum() / (weights != 0).sum()


class Chunks:
    """Float32 arrays in memory in 25 chunks, on the threads of this machine."""

    params = ("unweighted", "weighted")
    param_names = ("weights",)
    timeout = 300

    def setup(self, weights):
        rng = np.random.default_rng(1)
        arrays = [rng.standard_normal(SIZE, "float32") for _ in range(2)]
        if weights == "weighted":
            arrays.append(rng.random(SIZE, "float32"))
        lazy = [da.from_array(array, chunks=CHUNK, name=False) for array in arrays]
        self.ours = sl.evaluate("mae", *lazy, reduction="sum_by_nonzero_weights").compute
        self.dask = dask_mean(*lazy).compute
        for function in (self.ours, self.dask) * 2:
            function()

    def time_evaluate(self, weights):
        self.ours()

    def track_ratio_of_dask(self, weights):
        ours, theirs = interleaved_medians(self.ours, self.dask)
        return theirs / ours

    track_ratio_of_dask.unit = "ratio"


class Graphs:
    """The graph of a hundred thousand chunks, next to that of dask's own mean."""

    timeout = 300

    def setup(self):
        arrays = [make(MANY * 10, chunks=10) for make in (da.zeros, da.ones)]
        self.ours = lambda: sl.evaluate("mae", *arrays)
        self.dask = lambda: dask_mean(*arrays)
        key = da.full(MANY * 10, 7, chunks=10)
        self.sliced = lambda: sl.evaluate("mae", *arrays, by=key)
        self.ours()

    def track_ratio_of_building(self):
        made = [functools.partial(self.optimise, make) for make in (self.ours, self.dask)]
        ours, theirs = interleaved_medians(*made)
        return ours / theirs

    def track_ratio_of_building_slices(self):
        made = [functools.partial(self.optimise, make) for make in (self.sliced, self.ours)]
        ours, theirs = interleaved_medians(*made)
        return ours / theirs

    def track_ratio_of_tasks(self):
        ours, theirs = (self.count_tasks(make) for make in (self.ours, self.dask))
        return ours / theirs

    def track_ratio_of_tasks_of_slices(self):
        ours, theirs = (self.count_tasks(make) for make in (self.sliced, self.ours))
        return ours / theirs

    def track_ratio_of_seconds(self):
        start = time.perf_counter()
        self.ours().compute()
        middle = time.perf_counter()
        self.dask().compute()
        return (middle - start) / (time.perf_counter() - middle)

    @staticmethod
    def optimise(make):
        return dict(dask.optimize(make())[0].__dask_graph__())

    @classmethod
    def count_tasks(cls, make):
        return len(cls.optimise(make))


class Trees:
    """Sixteen tables of a million slices each, most of them of their own, merged as a tree."""

    params = (4, 8, 16)
    param_names = ("arity",)
    timeout = 300

    def setup(self, arity):
        rng, slices = np.random.default_rng(1), max(1, SIZE // 50)
        self.tables = [
            sl.accumulate(
                "mae", *rng.normal(size=(2, slices)), by=rng.integers(0, 8 * slices, slices)
            ).tally.known
            for _ in range(16)
        ]

    def time_tree(self, arity):
        tables = self.tables
        while len(tables) > 1:
            starts = range(0, len(tables), arity)
            tables = [Table.total(tables[start : start + arity]) for start in starts]

    def track_bytes_of_a_merge(self, arity):
        some = self.tables[:arity]
        tracemalloc.start()
        Table.total(some)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return peak + sum(map(sys.getsizeof, some))

    track_bytes_of_a_merge.unit = "bytes"

    def time_split(self, arity):
        self.tables[0].split(arity)
