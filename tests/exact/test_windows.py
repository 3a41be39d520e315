"""Windows of a table: the sums of the rows of successive periods, whatever else there is."""

import itertools
import tracemalloc
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamloss.arrays.keys import Kind
from streamloss.exact import windows as module
from streamloss.exact.cells import Cells
from streamloss.exact.column import Column
from streamloss.exact.limits import MOST
from streamloss.exact.table import Table
from streamloss.exact.windows import windows
from tests.exact.tables import Row, integers, state_of, table_of
from tests.reference import LARGEST, TINY

INF, NAN = float("inf"), float("nan")
QUARTER, DAY, TEXT = Kind("period", ("quarter",)), Kind("period", ("day",)), Kind("text")

FLOATS = st.floats() | st.sampled_from([1.0, -1.0, 0.1, 1e300, -1e300, TINY, LARGEST, 0.0])
TIMES = st.none() | st.integers(-3, 3).map(lambda n: 3 * n) | st.sampled_from([30, -33])
OTHER = st.none() | st.sampled_from(["", "a", "b"])
WEIGHTS = FLOATS | st.just(1.0)
ROWS = st.lists(st.builds(Row, st.tuples(TIMES, OTHER), FLOATS, WEIGHTS, st.booleans()), max_size=9)


def slices(table: Table) -> list[tuple[Any, ...]]:
    """Return the keys of all slices, in their order."""
    columns = [[*key.values.tolist(), None] for key in table.keys]
    places = [key.codes.tolist() for key in table.keys]
    return list(
        zip(*[[c[k] for k in p] for c, p in zip(columns, places, strict=True)], strict=True)
    )


def truth(rows: list[Row], size: int | None, time: int = 0, step: int = 3) -> dict[Any, list[Row]]:
    """Return the rows of each window, from the plain reading of what windows are."""
    timed = [row for row in rows if row.keys[time] is not None]
    last = max([row.keys[time] for row in timed], default=0)
    found = {}
    for other in {(*row.keys[:time], *row.keys[time + 1 :]) for row in timed}:
        own = [row for row in timed if (*row.keys[:time], *row.keys[time + 1 :]) == other]
        for end in range(min(row.keys[time] for row in own), last + 1, step):
            start = -(10**9) if size is None else end - step * (size - 1)
            inside = [row for row in own if start <= row.keys[time] <= end]
            if inside:
                found[(*other[:time], end, *other[time:])] = inside
    order = sorted(found, key=lambda key: [(item is None, item) for item in key])
    return {key: found[key] for key in order}


def swapped(rows: list[Row]) -> list[Row]:
    """Return rows with their two keys in the other order."""
    return [row._replace(keys=row.keys[::-1]) for row in rows]


@given(ROWS, st.integers(0, 99), st.sampled_from([1, 2, 3, 7, 10**30, None]), st.booleans())
def test_windows_are_those_of_their_rows(rows: list[Row], seed: int, size: Any, last: bool) -> None:
    rows = swapped(rows) if last else rows
    kinds = (TEXT, QUARTER) if last else (QUARTER, TEXT)
    expected = truth(rows, size, int(last))
    found = windows(table_of(rows, kinds, seed), f"k{int(last)}", size)
    assert (found.names, found.shape, slices(found)) == (("k0", "k1"), (), list(expected))
    for k, inside in enumerate(expected.values()):
        assert found.take([k]).overall() == state_of(inside)


@given(ROWS, st.integers(0, 99))
def test_windows_of_one_period_are_its_panes(rows: list[Row], seed: int) -> None:
    table = table_of(rows, (QUARTER, TEXT), seed)
    there = np.flatnonzero(table.keys[0].codes < len(table.keys[0].values))
    assert windows(table, "k0", 1) == table.take(there)


@given(ROWS, ROWS, st.sampled_from([2, None]))
def test_windows_are_linear(a: list[Row], b: list[Row], size: Any) -> None:
    ends = [Row((first, other), 1.0) for first in (-33, 30) for other in (None, "", "a", "b")]
    x, y = table_of(a + ends, (QUARTER, TEXT)), table_of(b + ends, (QUARTER, TEXT), 1)
    assert windows(x, "k0", size).combine(windows(y, "k0", size), 1) == windows(
        x.combine(y, 1), "k0", size
    )


@pytest.mark.parametrize("time", [0, 1, 2])
def test_each_slice_of_several_other_keys_has_its_own(time: int) -> None:
    rows = []
    for k, (t, others) in enumerate(itertools.product((0, 3, 12), ("xx", "xy", "yy", "zx"))):
        keys = list(others)
        keys.insert(time, t)
        rows.append(Row(tuple(keys), float(k)))
    kinds = [TEXT, TEXT]
    kinds.insert(time, QUARTER)
    for size in (2, None):
        expected = truth(rows, size, time)
        found = windows(table_of(rows, tuple(kinds)), f"k{time}", size)
        assert slices(found) == list(expected)
        sums = [sum(int(row.value) for row in inside) << 1074 for inside in expected.values()]
        assert integers(found.cells.sums[0]) == sums


def test_gaps_are_periods_without_rows() -> None:
    rows = [Row((t, "a"), float(t)) for t in (0, 3, 15, 30)] + [Row((3, "b"), 1.0)]
    found = windows(table_of(rows, (QUARTER, TEXT)), "k0", 2)
    assert slices(found) == [
        *[(0, "a"), (3, "a"), (3, "b"), (6, "a"), (6, "b"), (15, "a"), (18, "a"), (30, "a")]
    ]
    assert integers(found.cells.sums[0]) == [x << 1074 for x in (0, 3, 1, 3, 1, 15, 15, 30)]


def test_the_last_period_of_all_ends_windows() -> None:
    rows = [Row((0, "a"), 1.0), Row((9, "b"), 1.0), Row((None, "b"), 1.0)]
    assert slices(windows(table_of(rows, (QUARTER, TEXT)), "k0", 9)) == [
        *[(0, "a"), (3, "a"), (6, "a"), (9, "a"), (9, "b")]
    ]


@pytest.mark.parametrize("strange", [NAN, INF, -INF, LARGEST, TINY, 1e300, -1e-300])
def test_nothing_stays_behind(strange: float) -> None:
    values = [1.0, 2.0, strange, 0.1, -strange, 4.0, 0.7, 0.9]
    rows = [Row((3 * k, "a"), value) for k, value in enumerate(values)]
    found = windows(table_of(rows, (QUARTER, TEXT)), "k0", 2)
    for k in range(len(rows)):
        assert found.take([k]).overall() == state_of(rows[max(k - 1, 0) : k + 1])
    clean = found.take([0, 1, 7]).canonical().cells
    assert clean.sums[0].flags is None
    assert len(clean.sums[0].limbs) <= 3


def test_axes_that_are_kept() -> None:
    rows = [[Row((3 * t, "a"), t + n / 10) for t in (0, 1, 4)] for n in range(2)]
    one, other = [table_of(each, (QUARTER, TEXT)) for each in rows]
    places = [(one.cells, np.array([0, 2, 4]), 1), (other.cells, np.array([1, 3, 5]), 1)]
    table = Table(one.names, one.keys, (2,), Cells.total(places, 6))
    found = windows(table, "k0", 2)
    assert slices(found) == [(0, "a"), (3, "a"), (6, "a"), (12, "a")]
    for k, (end, _) in enumerate(slices(found)):
        for n in range(2):
            inside = [row for row in rows[n] if end - 3 <= row.keys[0] <= end]
            assert found.cells.take([2 * k + n]).state(()) == state_of(inside)


def counted(elements: list[int], others: list[int] | None = None) -> Table:
    """Return a table of successive days that count so much."""
    zeros = Column.nothing(len(elements))
    counts = [np.array(elements), None, None if others is None else np.array(others)]
    cells = Cells(len(elements), (zeros,), zeros, *counts)
    return Table.of(["t"], [DAY], [(np.arange(len(elements)), None)], (), cells)


def test_counts_of_any_size() -> None:
    found = windows(counted([MOST] * 9, [-MOST, MOST] * 4 + [5]), "t", 1)
    assert found.cells.counts("elements").tolist() == [MOST] * 9
    assert found.cells.counts("missing").tolist() == [-MOST, MOST] * 4 + [5]
    assert windows(counted([MOST // 2] * 9), "t", 2).cells.counts("elements").max() == MOST
    with pytest.raises(ValueError, match=r"at most 2\*\*62 elements"):
        windows(counted([MOST // 3] * 9), "t", 4)


def test_counts_of_terms_that_are_not_finite_of_any_size() -> None:
    table = counted([1] * 9)
    flags = np.zeros((3, 9), np.int64)
    flags[1] = MOST
    sums = (Column.nothing(9)._replace(flags=flags),)
    table = Table(table.names, table.keys, (), Cells(9, sums, None, table.cells.elements))
    found = windows(table, "t", 1).cells.sums[0].flags
    assert found is not None
    assert found.tolist() == flags.tolist()
    with pytest.raises(ValueError, match="at most"):
        windows(table, "t", 2)


def test_a_sum_that_is_too_large() -> None:
    limbs = np.full((1, 4), 2**31 - 1, np.int32)
    column = Column(32 * 69, 32, limbs)
    table = counted([1] * 4)
    table = Table(table.names, table.keys, (), Cells(4, (column,), None, table.cells.elements))
    assert windows(table, "t", 1) == table
    with pytest.raises(ValueError, match="a sum is larger than that of any data"):
        windows(table, "t", 2)


def test_windows_in_which_nothing_is_left() -> None:
    table = counted([1, -1, 0, 5, -5], [0, 0, 3, 0, 0])
    assert slices(windows(table, "t", 2)) == [(0,), (2,), (3,)]
    assert slices(windows(table, "t", None)) == [(0,), (2,), (3,), (4,)]


def test_times_as_far_apart_as_there_are() -> None:
    ends = [-(2**63) + 1, -5, 2**63 - 1]
    table = Table.of(["t"], [DAY], [(np.array(ends), None)], (), counted([1, 1, 1]).cells)
    found = windows(table, "t", 3)
    assert [t for (t,) in slices(found)] == [ends[0] + k for k in range(3)] + [-5, -4, -3, ends[2]]
    for size in (None, 10**8, 10**30):
        with pytest.raises(ValueError, match="at most 10,000,000 windows"):
            windows(table, "t", size)


def test_as_many_windows_as_there_may_be(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [Row((0, "a"), 1.0), Row((3, "b"), 1.0), Row((12, None), 1.0)]
    table = table_of(rows, (QUARTER, TEXT))
    monkeypatch.setattr(module, "MOST_SLICES", 5 + 4 + 1)
    assert len(windows(table, "k0", None)) == len(windows(table, "k0", 99)) == 10
    monkeypatch.setattr(module, "MOST_SLICES", 9)
    assert len(windows(table, "k0", 4)) == 9
    for size in (5, None):
        with pytest.raises(ValueError, match="must have at most 9 windows"):
            windows(table, "k0", size)


def test_too_many_windows_are_refused_before_they_are_made() -> None:
    table = Table.of(["t"], [DAY], [(np.array([0, 10**7]), None)], (), counted([1, 1]).cells)
    tracemalloc.start()
    with pytest.raises(ValueError, match="at most 10,000,000 windows"):
        windows(table, "t", None)
    assert tracemalloc.get_traced_memory()[1] < 100_000
    tracemalloc.stop()


@pytest.mark.parametrize("size", [2, None])
def test_no_panes(size: Any) -> None:
    for rows in ([], [Row((None, "a"), 1.0)]):
        found = windows(table_of(rows, (QUARTER, TEXT)), "k0", size)
        assert (len(found), found.names, found.shape) == (0, ("k0", "k1"), ())
        assert windows(table_of(rows, (QUARTER, TEXT)).canonical(), "k0", size) == found


def small_integers(column: Column) -> np.ndarray:
    """Return sums of less than 63 bits, in their unit."""
    digits = [limb.astype(np.int64) << 32 * k for k, limb in enumerate(column.canonical().limbs)]
    return np.sum(digits, axis=0)


@pytest.mark.parametrize("last", [True, False])
def test_a_million_panes(last: bool, rng: np.random.Generator) -> None:
    """Sums of integers of 50 bits, of which numpy adds up as many as a window has."""
    sizes = 1000, 1000
    count = sizes[0] * sizes[1]
    sums = Column(96, 32, rng.integers(-(1 << 50), 1 << 50, (1, count)))
    cells = Cells(count, (sums,), None, rng.integers(1, 9, count))
    codes = [np.arange(count) // 1000, np.arange(count) % 1000]
    columns = list(zip([np.arange(1000), 60 * np.arange(1000)], codes, strict=True))
    kinds = [Kind("int"), Kind("period", ("minute",))]
    order = slice(None) if last else slice(None, None, -1)
    table = Table.of(["k0", "k1"], kinds[order], columns[order], (), cells)
    panes = np.array([small_integers(table.cells.sums[0]), table.cells.elements])
    panes = panes.reshape(2, *sizes) if last else panes.reshape(2, *sizes).swapaxes(1, 2)
    for size in (60, None):
        found = windows(table, "k1" if last else "k0", size)
        assert found.keys == table.keys
        expected = np.cumsum(panes, axis=2)
        if size is not None:
            expected[:, :, size:] = expected[:, :, size:] - expected[:, :, :-size]
        expected = expected if last else expected.swapaxes(1, 2)
        assert np.array_equal(small_integers(found.cells.sums[0]), expected[0].ravel())
        assert np.array_equal(found.cells.elements, expected[1].ravel())
