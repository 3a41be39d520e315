"""Tables of many slices: how they are put in order, added, rounded, rolled up and saved."""

import pickle

import numpy as np

from benchmarks._measure import QUICK
from streamloss.arrays.kinds import Kind
from streamloss.exact.bytes import dump, load_any
from streamloss.exact.cells import Cells
from streamloss.exact.column import Column
from streamloss.exact.reductions import Reduction
from streamloss.exact.slicing import Slicing
from streamloss.exact.table import Table
from streamloss.losses.names import resolve

SLICES = 10_000 if QUICK else 1_000_000
LOSSES = (resolve("mae"),)
INT = Kind("int")
ALL = Slicing(("key",), (None,), "keep", (1 << 31) - 1)


def near(seed):
    """Return the cells of weighted float32, in limbs of 40 bits as they come from near rows."""
    rng = np.random.default_rng(seed)
    high, low, weights = rng.integers(0, 1 << 43, (3, SLICES))
    sums = Column(1004, 40, np.array([low, high]))
    heavy = Column(1044, 40, weights[None])
    return Cells(SLICES, (sums,), heavy, rng.integers(1, 40, SLICES))


def keys(seed):
    """Return a tenth of the keys that there are, in any order."""
    return np.random.default_rng(seed).permutation(10 * SLICES)[:SLICES]


def table(values, cells):
    """Return the table of cells with one key."""
    return Table.of(["key"], [INT], [(values, None)], (), cells)


class Tables:
    """Everything that is done with a million slices of one key of integers."""

    timeout = 300

    def setup(self):
        self.keys, self.near = keys(1), near(1)
        self.one, self.other = table(self.keys, self.near), table(keys(2), near(2))
        self.same = table(self.keys, near(3))
        self.small, self.digits = self.one.canonical(), self.other.canonical()
        self.data = dump(LOSSES, "mae", None, "propagate", self.one, ALL)
        self.pickle = pickle.dumps(self.one)
        first, second = np.arange(SLICES) // 1000, np.arange(SLICES) % 1000
        columns = [(np.arange(1000), codes) for codes in (first, second)]
        self.crossed = Table.of(["a", "b"], [INT, INT], columns, (), near(4))

    def time_results(self):
        self.one.results(LOSSES, Reduction.MEAN)

    def time_results_of_digits(self):
        self.small.results(LOSSES, Reduction.MEAN)

    def time_canonical(self):
        self.one.canonical()

    def time_put_in_order(self):
        table(self.keys, self.near)

    def time_add_same_keys(self):
        self.one.combine(self.same, 1)

    def time_add_other_keys(self):
        self.one.combine(self.other, 1)

    def time_add_digits(self):
        self.small.combine(self.digits, 1)

    def time_rest(self):
        self.one.rest()

    def time_overall(self):
        self.one.overall()

    def time_rollup_to_the_first_key(self):
        self.crossed.rollup(("a",))

    def time_rollup_to_the_second_key(self):
        self.crossed.rollup(("b",))

    def time_to_bytes(self):
        dump(LOSSES, "mae", None, "propagate", self.one, ALL)

    def time_from_bytes(self):
        load_any(self.data)

    def time_pickle(self):
        pickle.dumps(self.one)

    def time_unpickle(self):
        pickle.loads(self.pickle)

    def track_bytes_a_slice(self):
        return len(self.data) / SLICES

    track_bytes_a_slice.unit = "bytes"


class Floats:
    """Exact sums of floats of any size, each of one of many cells."""

    params = (1000, 100_000)
    param_names = ("cells",)

    def setup(self, cells):
        rng = np.random.default_rng(5)
        self.values = rng.normal(size=SLICES) * 10.0 ** rng.integers(-3, 4, SLICES)
        self.places = rng.integers(0, cells, SLICES)

    def time_of_floats(self, cells):
        Column.of_floats(self.values, self.places, cells)
