"""Tables of cells: exact whatever the order, the layout and the keys."""

import pickle
import random
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import streamloss as sl
from streamloss.arrays.keys import NOTHING, Kind
from streamloss.exact import state as states
from streamloss.exact.cells import Cells
from streamloss.exact.column import Column
from streamloss.exact.reductions import Reduction
from streamloss.exact.state import State
from streamloss.exact.table import Table
from tests.exact.tables import KINDS, LOSSES, Row, relaid, state_of, table_of
from tests.reference import LARGEST, TINY, bits

INF, NAN = float("inf"), float("nan")
REDUCTIONS = [each for each in Reduction if each is not Reduction.NONE]
INT, TEXT = KINDS

KEYS = st.tuples(
    st.none() | st.integers(-2, 2) | st.sampled_from([2**63 - 1, -(2**63)]),
    st.none() | st.sampled_from(["", "a", "b", "é", "\0", "missing", "<script>"]),
)
FLOATS = st.floats() | st.sampled_from([1.0, -1.0, 0.1, 1e300, -1e300, TINY, LARGEST, 0.0])
ROW = st.builds(Row, KEYS, FLOATS, FLOATS | st.just(1.0), st.booleans() | st.just(True))
ROWS = st.lists(ROW, max_size=12)


def slices(table: Table) -> list[tuple[Any, ...]]:
    """Return the keys of all slices, in their order."""
    columns = [[*key.values.tolist(), None] for key in table.keys]
    places = [key.codes.tolist() for key in table.keys]
    found = zip(*[[c[k] for k in p] for c, p in zip(columns, places, strict=True)], strict=True)
    return list(found) if places else [()] * len(table)


def of_slices(rows: list[Row]) -> dict[tuple[Any, ...], State]:
    """Return the states of all slices that are something, in the order of their keys."""
    keys = sorted({row.keys for row in rows}, key=lambda k: [(x is None, x) for x in k])
    found = {key: state_of([row for row in rows if row.keys == key]) for key in keys}
    return {key: state for key, state in found.items() if state != state.nothing()}


# Every slice is what its rows are


@given(ROWS, st.integers(0, 99))
def test_slices_are_those_of_their_rows(rows: list[Row], seed: int) -> None:
    table, want = table_of(rows, seed=seed), of_slices(rows)
    assert slices(table) == list(want)
    for reduction in REDUCTIONS:
        (found,) = table.results(LOSSES, reduction)
        assert found.shape == (len(table),)
        assert bits(found) == [bits(s.results(LOSSES, reduction)[0]) for s in want.values()]
    for k, state in enumerate(want.values()):
        assert table.state([k]) == State((1,), state.sums, state.base, state.counts, state.held)


@given(ROWS, st.integers(0, 99))
def test_all_slices_together_are_the_data(rows: list[Row], seed: int) -> None:
    table = table_of(rows, seed=seed)
    assert table.overall() == state_of(rows)
    assert table.rollup(()).overall() == state_of(rows)


@given(ROWS, st.integers(0, 99), st.sampled_from([(), ("k0",), ("k1",), ("k1", "k0")]))
def test_a_rollup_is_what_fewer_keys_give(rows: list[Row], seed: int, names: Any) -> None:
    places = [int(name[1]) for name in names]
    fewer = [row._replace(keys=tuple(row.keys[k] for k in places)) for row in rows]
    want = of_slices(fewer)
    found = table_of(rows, seed=seed).rollup(names)
    assert (found.names, slices(found)) == (names, list(want))
    for k, state in enumerate(want.values()):
        assert found.take([k]).overall() == state


@given(ROWS, st.integers(0, 99))
def test_the_rest_is_all_other_rows(rows: list[Row], seed: int) -> None:
    table = table_of(rows, seed=seed)
    rest = table.rest()
    for k, key in enumerate(slices(table)):
        assert rest.take([k]).state(()) == state_of([row for row in rows if row.keys != key])


# Laws


@given(ROWS, ROWS, ROWS, st.integers(0, 99))
def test_sums_of_tables(a: list[Row], b: list[Row], c: list[Row], seed: int) -> None:
    x, y, z = table_of(a, seed=seed), table_of(b, seed=seed + 1), table_of(c)
    whole = table_of(a + b + c)
    assert x.combine(y, 1).combine(z, 1) == x.combine(y.combine(z, 1), 1) == whole
    assert y.combine(x, 1) == x.combine(y, 1) == table_of(a + b, seed=seed)
    assert Table.total([x, y, z]) == Table.total([z, x, y]) == whole
    assert Table.total([x]) == x
    back = whole.combine(z, -1)
    assert back == x.combine(y, 1)
    assert slices(back) == list(of_slices(a + b))
    assert len(x.combine(x, -1)) == 0


@given(ROWS, ROWS)
def test_the_canonical_form_is_one(a: list[Row], b: list[Row]) -> None:
    want = pickle.dumps(table_of(a))
    ways = [
        table_of(a[::-1], seed=3),
        table_of(a, seed=4).canonical(),
        table_of(a + b, seed=5).combine(table_of(b), -1),
        pickle.loads(want),
    ]
    for way in ways:
        small, whole = way.canonical(), table_of(a).canonical()
        assert way == table_of(a)
        for key, other in zip(small.keys, whole.keys, strict=True):
            assert key == other
            assert key.codes.tolist() == other.codes.tolist()
        names = ("nonzero", "missing", "masked", "rows", "weights")
        for name in names:
            mine, theirs = getattr(small.cells, name), getattr(whole.cells, name)
            assert (mine is None) == (theirs is None), name
        for column, other in zip(small.cells.sums, whole.cells.sums, strict=True):
            assert (column.unit, column.limbs.dtype) == (other.unit, np.int32)
            assert column.limbs.tolist() == other.limbs.tolist()


def test_tables_differ_by_what_they_hold() -> None:
    rows = [Row((1, "a"), 2.0), Row((2, None), 3.0)]
    table = table_of(rows)
    others = [
        rows[:1],
        [Row((1, "a"), 2.0), Row((2, "b"), 3.0)],
        [Row((1, "a"), 2.0), Row((3, None), 3.0)],
        [Row((1, "a"), 3.0), Row((2, None), 2.0)],
        [*rows, Row((1, "a"), 0.0)],
        [*rows, Row((1, "a"), 9.0, kept=False)],
    ]
    assert all([table != table_of(other) for other in others])
    assert table == table_of(rows[::-1])
    assert table != "table"


# Kept axes


def test_kept_axes(rng: np.random.Generator) -> None:
    y, w = rng.normal(size=(2, 4, 6, 2, 3))
    state = sl.accumulate("value", y, None, w, axis=0).tally.state
    keys = np.array([5, 3, 5, 4, 3, 9])
    cells = relaid(Cells.of_state(state), random.Random(5))
    table = Table.of(["k"], [INT], [(keys, None)], (2, 3), cells)
    assert slices(table) == [(3,), (4,), (5,), (9,)]
    (found,) = table.results(LOSSES, Reduction.MEAN)
    assert found.shape == (4, 2, 3)
    want = [
        sl.evaluate("value", y[:, keys == k], None, w[:, keys == k], axis=(0, 1))
        for k in (3, 4, 5, 9)
    ]
    assert bits(found) == bits(np.array(want))
    assert table.overall().shape == (2, 3)
    assert bits(table.overall().results(LOSSES, Reduction.MEAN)[0]) == bits(
        sl.evaluate("value", y, None, w, axis=(0, 1))
    )
    assert table.state([2, 0]).shape == (2, 2, 3)
    assert table.rollup(()).combine(table.take([1, 3]).rollup(()), -1) == table.take([0, 2]).rollup(
        ()
    )
    rest = table.rest()
    assert rest.take(np.arange(6, 12)).state((2, 3)) == table.take([0, 2, 3]).overall()
    assert table.combine(table.take([1, 2]), -1) == table.take([0, 3])


def test_kept_axes_without_cells() -> None:
    table = Table.of(["k"], [INT], [(np.arange(3), None)], (0,), Cells.nothing(0, 1))
    assert len(table) == 0
    assert table.results(LOSSES, Reduction.MEAN)[0].shape == (0, 0)
    assert table.overall().shape == (0,)


# Keys


def simple(values: Any, kind: Kind, codes: Any = None) -> Table:
    count = len(values if codes is None else codes)
    cells = Cells(count, (Column.of_counts(np.arange(1, count + 1)),), None, np.ones(count, int))
    return Table.of(["k"], [kind], [(values, codes)], (), cells)


def test_floats_sort_by_value() -> None:
    values = np.array([0.0, -1.5, INF, -INF, 2.0, TINY]).view(np.int64)
    table = simple(values, Kind("float"))
    assert table.keys[0].values.view("f8").tolist() == [-INF, -1.5, 0.0, TINY, 2.0, INF]


def test_unsigned_keys_sort_by_value_and_meet_signed_ones() -> None:
    unsigned = Kind("int", ("unsigned",))
    values = np.array([2**64 - 1, 5, 2**63], np.uint64).view(np.int64)
    a, b = simple(values, unsigned), simple(np.array([5, 7]), INT)
    both = a.combine(b, 1)
    assert both.keys[0].values.view(np.uint64).tolist() == [5, 7, 2**63, 2**64 - 1]
    assert both.kinds == (unsigned,)
    back = both.combine(a, -1)
    assert back == b
    assert back.kinds == (INT,)
    with pytest.raises(ValueError, match="keys must be"):
        a.combine(simple(np.array([-1]), INT), 1)


def test_times_of_several_units_are_one_key() -> None:
    days, seconds = Kind("time", ("D",)), Kind("time", ("s",))
    a = simple(np.array([0, 3]), days)
    b = simple(np.array([3 * 86400, 1]), seconds)
    both = a.combine(b, 1)
    assert slices(both) == [(0,), (1,), (3 * 86400,)]
    assert both.combine(b, -1) == a == b.combine(a, 1).combine(b, -1)


def test_missing_keys_alone_go_with_any_kind() -> None:
    nothing = simple(np.empty(0, np.int64), NOTHING, np.array([-1, -1]))
    assert len(nothing) == 1
    text = simple(np.array(["b", "a"], object), TEXT)
    both = nothing.combine(text, 1)
    assert slices(both) == [("a",), ("b",), (None,)]
    assert text.combine(nothing, 1) == both
    assert both.combine(text, -1) == nothing
    assert both.combine(nothing, -1) == text


def test_keys_of_other_kinds_are_refused() -> None:
    a = simple(np.array([1]), INT)
    with pytest.raises(TypeError, match="one kind"):
        a.combine(simple(np.array(["1"], object), TEXT), 1)
    with pytest.raises(ValueError, match="same keys, axes and sums"):
        a.combine(table_of([Row((1, "a"), 1.0)]), 1)
    with pytest.raises(ValueError, match="rollup must name"):
        a.rollup(("x",))
    with pytest.raises(ValueError, match="rollup must name"):
        a.rollup(("k", "k"))
    assert a != simple(np.array(["1"], object), TEXT)


def test_many_keys_whose_combinations_do_not_fit_an_integer(rng: np.random.Generator) -> None:
    names, rows = [f"k{n}" for n in range(5)], 20_000
    values = rng.integers(-(2**62), 2**62, (5, rows))
    columns: Any = [(each, None) for each in values]
    elements = np.arange(1, rows + 1)
    cells = Cells(rows, (Column.of_counts(elements),), None, elements)
    table = Table.of(names, [INT] * 5, columns, (), cells)
    order = np.lexsort(values[::-1])
    assert table.cells.elements.tolist() == elements[order].tolist()
    for name, key, each in zip(names, table.keys, values, strict=True):
        assert key.values[key.codes].tolist() == each[order].tolist()
        assert table.rollup((name,)).cells.elements.tolist() == elements[np.argsort(each)].tolist()
    half = Table.of(
        names, [INT] * 5, [(v[:9000], None) for v, _ in columns], (), cells.take(np.arange(9000))
    )
    assert table.combine(half, -1).combine(half, 1) == table
    assert len(table.combine(half, -1)) == 11_000


@pytest.mark.parametrize("low", [-(2**63), -5, 0])
@pytest.mark.parametrize("high", [2**15, 2**33, 2**49, 2**63 - 1])
def test_many_integers_are_sorted(low: int, high: int, rng: np.random.Generator) -> None:
    values = rng.integers(low, high, 9000)
    values[:3] = low, high, low
    table = simple(values, INT)
    assert table.keys[0].values.tolist() == np.unique(values).tolist()
    assert table.cells.elements.sum() == 9000


# Pickles


@settings(max_examples=20)
@given(ROWS)
def test_pickles(rows: list[Row]) -> None:
    table = table_of(rows, seed=1)
    back = pickle.loads(pickle.dumps(table))
    assert back == table
    assert not hasattr(back, "maker")
    assert states.check_state(back) is back


def test_a_pickle_of_another_package_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    table = table_of([Row((1, "a"), 2.0)])
    with monkeypatch.context() as patch:
        patch.setattr("streamloss.exact.table.here", lambda: ("0.0.0", "other"))
        data = pickle.dumps(table)
    with pytest.raises(ValueError, match="worker"):
        states.check_state(pickle.loads(data))
