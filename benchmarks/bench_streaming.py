"""Updates, merges and results: flat in how much was accumulated, in time and in memory."""

import time

import numpy as np

import streamloss as sl
from benchmarks._measure import QUICK, SIZE, interleaved_medians, pairs, warm

BLOCK = 1 << 22
# More elements than 32 bits count, and 32 GB of them if they were there all at once.
FAR = SIZE * 5 if QUICK else 4_000_000_000
CALLS = 200


def batch(size, seed=1):
    rng = np.random.default_rng(seed)
    return [rng.standard_normal(size, "float32") for _ in range(2)]


def repeated(function, calls=CALLS):
    """Return a call of so many calls, since one is too short for the clock."""

    def call():
        for _ in range(calls):
            function()

    return call


def accumulator_of(updates, losses="mae"):
    """Return an accumulator after so many updates of one batch."""
    accumulator = sl.Accumulator(losses)
    arrays = batch(4096)
    for _ in range(updates):
        accumulator.update(*arrays)
    return accumulator


class Update:
    """One `Accumulator.update` of a batch, as in a training loop."""

    params = (64, 4096)
    param_names = ("pairs",)

    def setup(self, pairs):
        self.batch = batch(pairs)
        self.accumulator = sl.Accumulator("mae")
        # Until the kernel is compiled, small batches are taken in Python.
        for _ in range(max(50, 40_000 // pairs)):
            self.accumulator.update(*self.batch)

    def time_update(self, pairs):
        self.accumulator.update(*self.batch)

    def track_ratio_to_numpy(self, pairs):
        y_true, y_pred = self.batch
        numpy = repeated(lambda: np.abs(y_pred - y_true).sum())
        update = repeated(lambda: self.accumulator.update(y_true, y_pred))
        numpy, update = interleaved_medians(numpy, update)
        return update / numpy

    track_ratio_to_numpy.unit = "ratio"


class Grown:
    """What an accumulator costs after few updates and after many."""

    params = ([20, 2_000] if QUICK else [20, 200_000],)
    param_names = ("updates",)
    timeout = 300

    def setup(self, updates):
        self.fresh, self.grown = accumulator_of(20), accumulator_of(updates)
        self.other = accumulator_of(updates)
        self.batch = batch(64)
        warm(self.grown.result, lambda: self.fresh.copy().merge(self.grown))

    def time_update(self, updates):
        self.grown.update(*self.batch)

    def time_merge(self, updates):
        self.grown.merge(self.other)

    def time_result(self, updates):
        self.grown.result()

    def track_ratio_of_update(self, updates):
        return self.ratio(lambda accumulator: accumulator.update(*self.batch))

    def track_ratio_of_merge(self, updates):
        return self.ratio(lambda accumulator: accumulator.merge(self.other))

    def track_ratio_of_result(self, updates):
        return self.ratio(lambda accumulator: accumulator.result())

    def ratio(self, act):
        """Return the time on the grown accumulator by that on the fresh one."""
        fresh, grown = interleaved_medians(
            *(repeated(lambda each=each: act(each)) for each in (self.fresh, self.grown))
        )
        return grown / fresh

    for track in track_ratio_of_update, track_ratio_of_merge, track_ratio_of_result:
        track.unit = "ratio"
    del track

    def track_saved_bytes(self, updates):
        return len(self.grown.to_bytes())

    def track_held_bytes(self, updates):
        return sum(array.nbytes for array in held(self.grown))

    track_saved_bytes.unit = track_held_bytes.unit = "bytes"


def held(accumulator):
    """Return the arrays of an accumulator's state."""
    state = accumulator.tally.state
    return state.sums, state.counts


class Far:
    """Elements that are never there at once: one block, added again and again."""

    timeout = 600

    def setup(self):
        self.block = pairs("float32", min(BLOCK, SIZE))
        self.accumulator = sl.Accumulator("mae")
        warm(lambda: self.accumulator.update(*self.block))

    def peakmem_updates(self):
        self.add(FAR)

    def track_ratio_of_second_half(self):
        first, second = (self.seconds(FAR // 2) for _ in range(2))
        return second / first

    track_ratio_of_second_half.unit = "ratio"

    def track_nanoseconds_an_element(self):
        return self.seconds(FAR) / FAR * 1e9

    track_nanoseconds_an_element.unit = "ns"

    def seconds(self, elements):
        start = time.perf_counter()
        self.add(elements)
        return time.perf_counter() - start

    def add(self, elements):
        for _ in range(elements // self.block[0].size):
            self.accumulator.update(*self.block)


class Broadcast:
    """One call on arrays of stride 0, which have any size in no memory: linear in the elements."""

    params = ([SIZE // 10, SIZE] if QUICK else [FAR // 100, FAR // 10, FAR],)
    param_names = ("elements",)
    timeout = 600

    def setup(self, elements):
        one, two = np.float32([[1.5], [0.25]])
        self.arrays = [np.broadcast_to(each, (elements,)) for each in (one, two)]
        warm(lambda: sl.evaluate("mae", *(array[:BLOCK] for array in self.arrays)))

    def track_nanoseconds_an_element(self, elements):
        start = time.perf_counter()
        found = sl.evaluate("mae", *self.arrays)
        seconds = time.perf_counter() - start
        if found != 1.25:
            raise AssertionError(f"the mean is 1.25, not {found}")
        return seconds / elements * 1e9

    track_nanoseconds_an_element.unit = "ns"

    def peakmem_evaluate(self, elements):
        sl.evaluate("mae", *self.arrays)
