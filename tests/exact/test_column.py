"""Columns: exact sums of many cells in limbs of any width, compared with Python's integers."""

import random
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamloss.exact import limbs
from streamloss.exact.column import Column
from streamloss.exact.digits import divide
from streamloss.exact.finishing import finish_column
from streamloss.exact.limbs import pieces
from streamloss.exact.reductions import Reduction
from tests.exact.tables import column_of, integers
from tests.reference import LARGEST, TINY, bits, sprinkle, wild

ONE = 1 << 1074
UNITS = st.integers(-(1 << 2150), 1 << 2150) | st.integers(-(2**64), 2**64).map(lambda x: x << 1000)
LISTS = st.lists(UNITS | st.just(0), min_size=1, max_size=6)
RANDOM = st.integers(0, 999).map(random.Random)
WIDTHS = st.integers(32, 40)


@given(LISTS, WIDTHS, RANDOM)
def test_the_canonical_form_is_one(units: list[int], width: int, rng: random.Random) -> None:
    column = column_of(units, width, rng)
    small = column.canonical()
    assert integers(column) == integers(small) == units
    assert (small.unit % 32, small.width, small.limbs.dtype) == (0, 32, np.int32)
    assert small.flags is None
    assert all([row.any() for row in small.limbs[[0, -1]]]) if len(small.limbs) else not any(units)
    other = column_of(units, 32, rng)
    assert other == column == small
    assert not other != column
    assert other.canonical().limbs.tolist() == small.limbs.tolist()
    assert column.is_zero().tolist() == [x == 0 for x in units]


@given(LISTS, WIDTHS, RANDOM)
def test_balanced_limbs(units: list[int], width: int, rng: random.Random) -> None:
    column = column_of(units, width, rng)
    found = column.balanced(slice(None))
    assert integers(column._replace(limbs=found)) == units
    assert (abs(found[:-1]) <= 1 << width - 1).all()


@given(LISTS, st.data(), RANDOM)
def test_sums(units: list[int], data: st.DataObject, rng: random.Random) -> None:
    columns, want = [], [0] * len(units)
    for _ in range(data.draw(st.integers(1, 4))):
        sign = data.draw(st.sampled_from([1, -1]))
        new = data.draw(st.lists(UNITS, min_size=len(units), max_size=len(units)))
        columns.append((column_of(new, data.draw(WIDTHS), rng), None, sign))
        want = [a + sign * b for a, b in zip(want, new, strict=True)]
    assert integers(Column.total(columns, len(units))) == want


@pytest.mark.parametrize("width", [32, 36, 40])
def test_limbs_up_to_their_limit_are_added(width: int) -> None:
    limit = (1 << 62) - 1
    rows = np.array([[limit, -limit, limit, 1], [limit, -limit, -limit, -1]])
    column = Column(70, width, rows)
    for sign in (1, -1):
        both = Column.total([(column, None, 1), (column, None, sign)], 4)
        assert integers(both) == [x + sign * x for x in integers(column)]
        assert integers(Column.total([(both, None, 1), (both, None, 1)], 4)) == [
            2 * x for x in integers(both)
        ]
    many = Column.total([(column, None, 1)] * 5, 4)
    assert integers(many) == [5 * x for x in integers(column)]
    group = column.grouped(None, np.array([0, 1]), 1)
    assert integers(group) == [integers(column)[0], sum(integers(column)[1:])]


def test_columns_of_one_layout_keep_it() -> None:
    a, b = Column(70, 40, np.ones((2, 3), np.int64)), Column(110, 40, np.ones((2, 3), np.int64))
    both = Column.total([(a, None, 1), (b, None, 1)], 3)
    assert (both.unit, both.width, both.limbs.tolist()) == (70, 40, [[1] * 3, [2] * 3, [1] * 3])


def test_sums_are_placed() -> None:
    a, b = column_of([1 << 50, 2 << 90]), column_of([3 << 900])
    both = Column.total([(a, np.array([2, 0]), 1), (b, np.array([0]), -1)], 4)
    assert integers(both) == [(2 << 90) - (3 << 900), 0, 1 << 50, 0]
    assert integers(both.take(np.array([2, 2, 0]))) == [integers(both)[k] for k in (2, 2, 0)]


@given(st.lists(UNITS, min_size=1, max_size=12), st.data(), RANDOM)
def test_groups(units: list[int], data: st.DataObject, rng: random.Random) -> None:
    groups = data.draw(st.lists(st.integers(0, 3), min_size=len(units), max_size=len(units)))
    ranks = np.unique(groups, return_inverse=True)[1]
    order = np.argsort(ranks, kind="stable")
    starts = np.flatnonzero(np.diff(ranks[order], prepend=-1))
    found = column_of(units, 40, rng).grouped(order, starts, 1)
    pairs = list(zip(units, ranks.tolist(), strict=True))
    want = [sum([u for u, rank in pairs if rank == k]) for k in range(len(starts))]
    assert integers(found) == want


def test_sums_larger_than_any_are_refused() -> None:
    top = column_of([1 << 2238])
    assert integers(top.canonical()) == [1 << 2238]
    with pytest.raises(ValueError, match="larger than that of any data"):
        Column.total([(top, None, 1), (top, None, 1)], 1).canonical()
    with pytest.raises(ValueError, match="larger than that of any data"):
        column_of([1 << 2300]).canonical()


def test_flags_are_added() -> None:
    flags = np.array([[1, 0], [0, 0], [0, 2]])
    a, b = column_of([5, 6], flags=flags), column_of([7, 8])
    both = Column.total([(a, None, 1), (b, None, 1)], 2)
    assert both.flags is not None
    assert both.flags.tolist() == flags.tolist()
    assert Column.total([(both, None, 1), (a, None, -1)], 2) == b
    assert a != column_of([5, 6])
    assert a.is_zero().tolist() == [False, False]
    assert (a.take([1]).flags == [[0], [0], [2]]).all()
    whole = a.grouped(None, np.array([0]), 1)
    assert whole.flags is not None
    assert whole.flags.tolist() == [[1], [0], [2]]
    assert Column.summed((b, a)).flags is None


def test_counts_are_sums_of_ones() -> None:
    counts = np.array([0, 1, -1, 2**31, 2**53 + 1, 1 << 62, -(1 << 62)])
    assert integers(Column.of_counts(counts)) == [int(n) * ONE for n in counts]


# Floats


def sums_of(values: list[float], places: list[int], cells: int) -> list[int]:
    out = [0] * cells
    for value, place in zip(values, places, strict=True):
        out[place] += int(Fraction(value) * ONE)
    return out


@given(st.lists(st.tuples(st.floats(allow_nan=False, allow_infinity=False), st.integers(0, 4))))
def test_floats_of_any_size(entries: list[tuple[float, int]]) -> None:
    values, places = [x for x, _ in entries], [k for _, k in entries]
    column = Column.of_floats(np.array(values, "f8"), np.array(places, np.int64), 5)
    assert integers(column) == sums_of(values, places, 5)
    assert column == column.canonical()


@pytest.mark.parametrize("dense", [limbs.DENSE, 64, 1])
def test_many_floats(dense: int, rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limbs, "DENSE", dense)
    values = sprinkle(rng, wild(rng, 3000), 0.1, [0.0, -0.0, LARGEST, -LARGEST, TINY, -TINY])
    places = rng.integers(0, 40, 3000).astype(np.int32)
    found = Column.of_floats(values, places, 41)
    assert integers(found) == sums_of(values.tolist(), places.tolist(), 41)
    strange = sprinkle(rng, values, 0.1, [np.nan, np.inf, -np.inf])
    found = Column.of_floats(strange, places, 41)
    finite = np.isfinite(strange)
    assert integers(found) == sums_of(strange[finite].tolist(), places[finite].tolist(), 41)
    assert found.flags is not None
    kinds = np.isnan(strange), strange == np.inf, strange == -np.inf
    for row, wanted in zip(found.flags, kinds, strict=True):
        assert row.tolist() == np.bincount(places[wanted], minlength=41).tolist()


def test_many_large_floats_of_one_cell(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limbs, "HELD", 1 << 16)
    values = np.full(1 << 18, LARGEST)
    found = Column.of_floats(values, np.zeros(1 << 18, np.int64), 1)
    assert integers(found) == [int(Fraction(LARGEST) * ONE) << 18]


def test_no_floats() -> None:
    assert Column.of_floats(np.empty(0), np.empty(0, np.int64), 3) == Column.nothing(3)


# Finish


@given(LISTS, st.data(), RANDOM)
def test_quotients(units: list[int], data: st.DataObject, rng: random.Random) -> None:
    heavy = data.draw(st.lists(UNITS, min_size=len(units), max_size=len(units)))
    check(units, heavy, data.draw(WIDTHS), data.draw(WIDTHS), rng)


def check(units: list[int], heavy: list[int], width: int, other: int, rng: random.Random) -> float:
    """Compare what is certain with Python's integers; return how much is."""
    losses, weights = column_of(units, width, rng), column_of(heavy, other, rng)
    counts = np.array([rng.randrange(1, 1 << rng.randrange(1, 62)) for _ in units])
    divisors = {
        Reduction.MEAN: heavy,
        Reduction.SUM: [ONE] * len(units),
        Reduction.SUM_OVER_BATCH_SIZE: [int(n) * ONE for n in counts],
    }
    shares = []
    for reduction, below in divisors.items():
        found, certain = finish_column(reduction, losses, weights, counts, counts)
        want = np.array([divide(a, b) for a, b in zip(units, below, strict=True)])
        assert bits(found[certain]) == bits(want[certain])
        shares.append(certain.mean())
    found, certain = finish_column(Reduction.MEAN, losses, None, counts, counts)
    want = np.array([divide(a, int(n) * ONE) for a, n in zip(units, counts, strict=True)])
    assert bits(found[certain]) == bits(want[certain])
    return float(min(shares))


@pytest.mark.parametrize("width", [32, 35, 40])
@pytest.mark.parametrize("size", [1, 2, 24, 39, 40, 41, 79, 80, 81, 119, 120, 121, 200])
def test_quotients_beside_a_middle(size: int, width: int) -> None:
    rng = random.Random(size)
    for parts in (54, 60, 75, 90, 97, 99, 101, 104, 106, 120, 160, 200, 300):
        below = [rng.choice((1, -1)) * (1 << size - 1 | rng.getrandbits(size)) for _ in range(40)]
        middles = [((1 << 53) + rng.getrandbits(53) | 1) << 400 for _ in below]
        near = [m + (m >> parts) * rng.choice((-1, 0, 1)) for m in middles]
        sums = [m * d << 700 for m, d in zip(near, below, strict=True)]
        check(sums, [d << 900 for d in below], width, 40, rng)


@pytest.mark.parametrize("width", [32, 35, 40])
@pytest.mark.parametrize("low", [0, 1, -1])
def test_limbs_of_the_extremes(width: int, low: int) -> None:
    rng = random.Random(width)
    half = 1 << width - 1
    ends = half, -half, half - 1, 0, 0, 1, -1

    def draw() -> int:
        count = rng.randrange(1, 14)
        limbs = [rng.choice(ends) for _ in range(count)]
        return (sum(x << width * k for k, x in enumerate(limbs)) << 1000) + low

    for _ in range(20):
        check([draw() for _ in range(40)], [draw() for _ in range(40)], width, width, rng)


def test_usual_cells_are_certain(rng: np.random.Generator) -> None:
    values = rng.lognormal(size=(2, 20_000)).astype("f4").astype("f8")
    places = np.arange(20_000) % 3000
    losses, weights = (Column.of_floats(each, places, 3000) for each in values)
    units, heavy = integers(losses), integers(weights)
    assert check(units, heavy, 40, 40, random.Random(1)) > 0.99


def test_pieces() -> None:
    assert list(pieces(5, 2)) == [slice(0, 2), slice(2, 4), slice(4, 5)]
    assert list(pieces(0)) == []
