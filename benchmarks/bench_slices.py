"""Sums of many slices: by any number of keys, of any kind, in one call and in small batches."""

import pickle
import tracemalloc
from functools import partial

import numpy as np
import pandas as pd
import pyarrow as pa

import streamloss as sl
from benchmarks._measure import QUICK, interleaved_medians, warm
from streamloss.run.slices import index, integers, near

ROWS = 200_000 if QUICK else 20_000_000
MANY = 10_000 if QUICK else 1_000_000
GROUPS = [10, 1000] if QUICK else [10, 1000, 10_000, 100_000, 1_000_000]
ROUNDS = 5


def data(rows=ROWS):
    """Return labels, predictions and weights of float32."""
    rng = np.random.default_rng(1)
    y_true = rng.standard_normal(rows, np.float32)
    y_pred = y_true + np.float32(0.1) * rng.standard_normal(rows, np.float32)
    return y_true, y_pred, rng.random(rows, np.float32)


def dense(groups, rows=ROWS):
    """Return int32 keys from 0 on."""
    return np.random.default_rng(2).integers(0, groups, rows, np.int32)


def sparse(groups, rows=ROWS):
    """Return int64 keys that lie far apart."""
    some = np.random.default_rng(3).integers(-(1 << 62), 1 << 62, groups)
    return some[dense(groups, rows)]


def ordered(order, groups):
    """Return int32 keys: of one group, of many in their order, or of many as they come."""
    keys = dense(1 if order == "one" else groups)
    return np.sort(keys) if order == "sorted" else keys


def nanoseconds(function, rows=ROWS):
    """Return the median time of a call by its rows, after two that compile."""
    warm(function)
    (seconds,) = interleaved_medians(function, rounds=ROUNDS)
    return 1e9 * seconds / rows


class _Rows:
    """A call of many rows; what is tracked is its time for each."""

    timeout = 600

    def track_nanoseconds_a_row(self, *case):
        return nanoseconds(self.call)

    track_nanoseconds_a_row.unit = "ns"


class Evaluate(_Rows):
    """A weighted absolute error by integers, found by their distance or by a hash."""

    params = (["dense", "sparse"], GROUPS)
    param_names = ("keys", "groups")

    def setup(self, keys, groups):
        by = {"dense": dense, "sparse": sparse}[keys](groups)
        self.call = partial(sl.evaluate, "mae", *data(), by=by)


class Orders(_Rows):
    """Keys of which many in succession are the same: one group, and sorted ones."""

    params = (["one", "sorted", "random"], [10, 1000, MANY])
    param_names = ("order", "groups")

    def setup(self, order, groups):
        self.call = partial(sl.evaluate, "mae", *data(), by=ordered(order, groups))


class Losses(_Rows):
    """What is asked beside the weighted error: nothing, more losses, a metric of moments, NaN."""

    params = (["unweighted", "weighted", "two losses", "r2", "omit", "float64"], [1000, MANY])
    param_names = ("asked", "groups")

    def setup(self, asked, groups):
        arrays = data()
        if asked == "float64":
            arrays = [array.astype(np.float64) for array in arrays]
        losses = {"two losses": ["mae", "mse"], "r2": "r2"}.get(asked, "mae")
        arrays = arrays[:2] if asked == "unweighted" else arrays
        nan = "omit" if asked == "omit" else "propagate"
        self.call = partial(sl.evaluate, losses, *arrays, nan=nan, by=dense(groups))


class Copies(_Rows):
    """Near rows of few cells, once and in copies: `COPIES` of `run/slices/near.py`."""

    params = (["one", "sorted", "random"], [10, 100, 1000], [1, 4])
    param_names = ("order", "groups", "copies")

    def setup(self, order, groups, copies):
        self.before = near.COPIED, near.COPIES
        near.COPIED, near.COPIES = 1 << 16, copies
        self.call = partial(sl.evaluate, "mae", *data(), by=ordered(order, groups))

    def teardown(self, order, groups, copies):
        near.COPIED, near.COPIES = self.before


class Ahead(_Rows):
    """Near rows of many cells, asked for ahead or not: `LARGE` of `run/slices/near.py`.

    How far ahead is `FAR` of `kernels/groups.py`, and elements of a block `STEP` of
    `kernels/values.py`: edit them, and this and `Evaluate` tell. A kernel is compiled anew.
    """

    params = (GROUPS, [False, True])
    param_names = ("groups", "ahead")

    def setup(self, groups, ahead):
        self.before, near.LARGE = near.LARGE, -1 if ahead else 1 << 62
        self.call = partial(sl.evaluate, "mae", *data(), by=dense(groups))

    def teardown(self, groups, ahead):
        near.LARGE = self.before


class Lookups:
    """The codes of integers alone, in one thread: their distance, a slot for each, or a hash.

    `NEAR` of `run/slices/index.py` is the distance up to which keys have slots, and
    `run/slices/integers.py` says when that itself is the code. Keys that are asked
    for ahead are `AHEAD` and `SOONER` of `kernels/codes.py`: edit them, and this tells.
    """

    params = (["distance", "slots", "hash"], ["known", "new"], GROUPS)
    param_names = ("places", "keys", "groups")
    timeout = 300
    rows = min(ROWS, 2_000_000)

    def setup(self, places, keys, groups):
        rows = (sparse if places == "hash" else dense)(groups, self.rows)
        given = rows, np.empty(self.rows, np.int32), True, 1 << 31
        new = partial(integers.Integers, True) if places == "distance" else index.Index
        self.call = new().codes if keys == "known" else lambda *given: new().codes(*given)
        self.call = partial(self.call, *given)

    def track_nanoseconds_a_key(self, places, keys, groups):
        """Return the time of a row; of new keys that of giving them codes is a part."""
        return nanoseconds(self.call, self.rows)

    track_nanoseconds_a_key.unit = "ns"


KEYS = {
    "int32": lambda codes: codes,
    "boolean": lambda codes: codes % 2 == 0,
    "dictionary": lambda codes: pa.array(text(codes)).dictionary_encode(),
    "categorical": lambda codes: pd.Categorical(text(codes)),
    "text of numpy": lambda codes: text(codes),
    "text of pyarrow": lambda codes: pa.array(text(codes)),
    "time": lambda codes: np.datetime64("2024-01-01T00:00") + codes,
    "period": lambda codes: sl.period(np.datetime64("2024-01-01T00:00") + codes, "hour"),
    "bins": lambda codes: sl.bins(codes, list(range(0, 1000, 100))),
    "float64": lambda codes: codes.astype(np.float64),
    "two keys": lambda codes: (codes % 30, codes // 30),
    "three keys": lambda codes: (codes % 10, codes // 10 % 10, codes // 100),
}
"""Keys of every kind, made of codes."""


def text(codes):
    """Return codes as text of numpy."""
    return np.array([f"key {k:06}" for k in range(codes.max() + 1)])[codes]


class Kinds(_Rows):
    """Keys of every kind, and crossed ones."""

    params = (list(KEYS), [1000] if QUICK else [1000, 100_000])
    param_names = ("keys", "groups")

    def setup(self, keys, groups):
        codes = dense(groups, ROWS // 4)
        self.call = partial(sl.evaluate, "mae", *data(ROWS // 4), by=KEYS[keys](codes))

    def track_nanoseconds_a_row(self, keys, groups):
        return nanoseconds(self.call, ROWS // 4)

    track_nanoseconds_a_row.unit = "ns"


def grown(groups=MANY):
    """Return an accumulator of so many slices, each with a few rows."""
    rows = 4 * groups
    keys = np.random.default_rng(4).permutation(np.arange(rows, dtype=np.int32) % groups)
    return sl.Accumulator("mae", by="key").update(*data(rows), by=keys)


class Updates:
    """Small batches of a stream, into few slices and into many."""

    params = ([64, 4096], [10, MANY])
    param_names = ("rows", "slices")
    timeout = 300

    def setup(self, rows, slices):
        self.accumulator, self.batch = grown(slices), data(rows)
        self.by = dense(slices, rows)
        for _ in range(max(50, 40_000 // rows)):
            self.time_update(rows, slices)

    def time_update(self, rows, slices):
        self.accumulator.update(*self.batch, by=self.by)


class Tables:
    """What is done with the sums of many slices between updates and results."""

    params = ([MANY // 100, MANY],)
    param_names = ("slices",)
    timeout = 300

    def setup(self, slices):
        self.one, self.other = grown(slices), grown(slices)
        self.result, self.bytes = self.one.result(), self.one.to_bytes()
        keys = np.arange(slices)
        by = {"a": keys % 100, "b": keys // 100}
        self.crossed = sl.evaluate("mae", *data(slices), by=by)

    def time_result(self, slices):
        self.one.result()["mae"]

    def time_result_after_an_update(self, slices):
        """Return the results of sums that are not known as a table yet."""
        self.one.update(*data(64), by=dense(slices, 64)).result()["mae"]

    def time_merge(self, slices):
        self.one.copy().merge(self.other)

    def time_subtract(self, slices):
        self.one - self.other

    def time_equal(self, slices):
        assert self.one == self.other

    def time_to_bytes(self, slices):
        self.one.to_bytes()

    def time_from_bytes(self, slices):
        sl.Accumulator.from_bytes(self.bytes)

    def time_pickle(self, slices):
        pickle.loads(pickle.dumps(self.one))

    def time_rollup(self, slices):
        self.crossed.rollup("a")["mae"]

    def time_rest(self, slices):
        self.one.result().rest("mae")

    def time_worst(self, slices):
        self.result.worst(10, "mae", min_elements=2)

    def time_find(self, slices):
        self.result.loc[slices // 2]

    def time_to_pandas(self, slices):
        self.result.to_pandas()

    def time_shown(self, slices):
        repr(self.result)

    def track_megabytes(self, slices):
        tracemalloc.start()
        accumulator = grown(slices)
        found, _ = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert accumulator.by
        return found / 1e6

    track_megabytes.unit = "MB"

    def track_megabytes_of_bytes(self, slices):
        return len(self.bytes) / 1e6

    track_megabytes_of_bytes.unit = "MB"
