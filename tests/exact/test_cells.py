"""Cells: what they count, what may be left out, and results that are those of states."""

import random
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import streamloss as sl
from streamloss.arrays.kinds import Kind
from streamloss.exact.cells import Cells
from streamloss.exact.column import Column
from streamloss.exact.limits import MOST
from streamloss.exact.reductions import Reduction
from streamloss.exact.state import State
from streamloss.exact.table import Table
from tests.exact.tables import LOSSES, Row, relaid, state_of, table_of
from tests.reference import LARGEST, TINY, bits, sprinkle, wild

INF, NAN = float("inf"), float("nan")
INT = Kind("int")
REDUCTIONS = [each for each in Reduction if each is not Reduction.NONE]
COUNTS = "elements", "nonzero", "missing", "masked", "rows"

FLOATS = st.floats() | st.sampled_from([1.0, -1.0, 0.1, TINY, LARGEST, 0.0])
ROWS = st.lists(st.builds(Row, st.just(()), FLOATS, FLOATS | st.just(1.0), st.booleans()))


# What may be left out


@given(st.lists(ROWS, min_size=1, max_size=5), st.integers(0, 99))
def test_cells_are_those_of_states(groups: list[list[Row]], seed: int) -> None:
    states = [state_of(rows) for rows in groups]
    flat = [State((1,), s.sums, s.base, s.counts, s.held) for s in states]
    whole = State.concatenated(flat, 0)
    cells = Cells.of_state(whole)
    other = relaid(cells, random.Random(seed))
    assert cells.state() == other.state() == whole
    assert cells == other == other.canonical()
    assert not cells != other
    for name, column in zip(COUNTS, whole.counts.T, strict=True):
        assert cells.counts(name).tolist() == other.counts(name).tolist() == column.tolist()
    assert cells.is_nothing().tolist() == [state == state.nothing() for state in states]
    places = np.arange(len(states))[::-1]
    assert [cells.take([k]).state(()) for k in places] == states[::-1]
    assert cells.take(places).take(places) == cells


def test_what_follows_from_other_counts_is_left_out() -> None:
    y = np.arange(6.0).reshape(3, 2)
    plain = Cells.of_state(sl.accumulate("value", y, None, np.ones(3), axis=0).tally.state)
    assert [getattr(plain, name) for name in COUNTS[1:]] == [None] * 4
    assert plain.weights is None
    assert plain.heavy == Column.of_counts(plain.elements)
    other = Cells.of_state(sl.accumulate("value", y, None, [1.0, 1.0, 2.0], axis=0).tally.state)
    assert other.weights is not None
    y[0, 0] = NAN
    where = np.array([[True, True], [True, False], [True, True]])
    missing = sl.accumulate("value", y, where=where, axis=0, nan="omit").tally.state
    found = Cells.of_state(missing)
    assert [getattr(found, name) is None for name in COUNTS[1:]] == [True, False, False, True]
    assert found.counts("rows").tolist() == [3, 3]
    assert found != plain


def test_parts_that_leave_out_something_meet_others() -> None:
    y = np.arange(6.0).reshape(3, 2)
    for weights, where in (
        (None, True),
        ([1.0, 0.0, 2.0], True),
        (None, [[True], [False], [True]]),
    ):
        a = sl.accumulate("value", y, axis=0)
        b = sl.accumulate("value", y, None, weights, where=where, axis=0)
        x, z = (Cells.of_state(each.tally.state) for each in (a, b))
        for sign, both in ((1, a + b), (-1, a - b)):
            assert Cells.total([(x, None, 1), (z, None, sign)], 2).state() == both.tally.state
            turned = Cells.total([(z, np.array([1, 0]), sign), (x, np.array([1, 0]), 1)], 2)
            assert turned.take([1, 0]).state() == both.tally.state


def test_sums_without_counts_are_something() -> None:
    cells = Cells(3, (Column.of_counts(np.array([0, 1, 0])),), None, np.zeros(3, int))
    assert cells.is_nothing().tolist() == [True, False, True]
    limbs = np.array([[-(1 << 40), 1 << 40], [1, 1]])
    zero = Cells(2, (Column(0, 40, limbs),), None, np.zeros(2, int))
    assert zero.is_nothing().tolist() == [True, False]
    rows = Cells.nothing(2, 1)
    rows.rows = np.array([0, 2])
    assert rows.is_nothing().tolist() == [True, False]


# Results


def large(rng: np.random.Generator, kind: str, size: int = 500) -> tuple[Any, Any, Any]:
    """Return keys, losses and weights of three rows a slice."""
    keys = rng.permutation(np.repeat(np.arange(size) * 7 - size, 3))
    losses = rng.lognormal(size=3 * size)
    weights = rng.random(3 * size)
    match kind:
        case "wild":
            losses, weights = wild(rng, 3 * size), wild(rng, 3 * size)
        case "subnormal":
            losses, weights = wild(rng, 3 * size, -1074, -1000), np.ones(3 * size)
        case "huge":
            losses, weights = wild(rng, 3 * size, 1000, 1024), np.ones(3 * size)
        case "signed":
            losses, weights = rng.normal(size=(2, 3 * size))
        case "middles":
            losses = 1.0 + 2.0**-52 * rng.integers(0, 4, 3 * size) + 0.0
            weights = rng.choice([1.0, 0.0, 2.0**-53, -(2.0**-53)], 3 * size)
        case "strange":
            losses = sprinkle(rng, losses, 0.1, [NAN, INF, -INF, 0.0])
            weights = sprinkle(rng, weights, 0.1, [0.0, INF, -INF, NAN])
        case "integers":
            losses, weights = rng.integers(-3, 4, (2, 3 * size)).astype("f8")
    return keys, losses, weights


LARGE = "wild", "subnormal", "huge", "signed", "middles", "strange", "integers", "plain"


def many(keys: Any, losses: Any, weights: Any) -> Table:
    """Return the table of rows whose sums are finite products of floats."""
    values, places = np.unique(keys, return_inverse=True)
    cells = len(values)
    with np.errstate(all="ignore"):
        terms = np.where(weights == 0.0, 0.0, weights * losses)
    sums = Column.of_floats(terms, places, cells)
    heavy = Column.of_floats(weights, places, cells)
    counts = [np.bincount(places[some], minlength=cells) for some in (keys == keys, weights != 0.0)]
    found = Cells(cells, (sums,), heavy, *counts)
    return Table.of(("key",), (INT,), [(values, None)], (), found)


@pytest.mark.parametrize("kind", LARGE)
def test_results_are_those_of_states(kind: str, rng: np.random.Generator) -> None:
    keys, losses, weights = large(rng, kind)
    table = many(keys, losses, weights)
    near = Table(table.names, table.keys, (), relaid(table.cells, random.Random(1)))
    want = {reduction: [] for reduction in REDUCTIONS}  # type: dict[Any, list[float]]
    for key in np.unique(keys):
        state = sl.accumulate("value", losses[keys == key], None, weights[keys == key]).tally.state
        for reduction in REDUCTIONS:
            want[reduction] += state.results(LOSSES, reduction)
    for reduction in REDUCTIONS:
        for some in (table, near):
            assert bits(some.results(LOSSES, reduction)[0]) == bits(np.array(want[reduction]))


@pytest.mark.parametrize("kind", LARGE)
def test_any_cut_merges_to_the_same(kind: str, rng: np.random.Generator) -> None:
    keys, losses, weights = large(rng, kind)
    whole = many(keys, losses, weights)
    cuts = [slice(0, 400), slice(400, 401), slice(401, None)]
    parts = [many(keys[cut], losses[cut], weights[cut]) for cut in cuts]
    assert Table.total(parts) == parts[2].combine(parts[0], 1).combine(parts[1], 1) == whole
    assert whole.combine(parts[2], -1) == parts[0].combine(parts[1], 1)


def test_metrics_and_losses_of_several_sums(rng: np.random.Generator) -> None:
    y, p, w = rng.normal(size=(3, 5, 100))
    specs = ["mae", "r2", "rmse", "explained_variance"]
    accumulator = sl.accumulate(specs, y, p, abs(w), axis=0)
    cells = relaid(Cells.of_state(accumulator.tally.state), random.Random(2))
    table = Table.of(["k"], [INT], [(np.arange(100), None)], (), cells)
    want = [accumulator.result()[spec] for spec in specs]
    found = table.results(accumulator.losses, Reduction.MEAN)
    assert [bits(x) for x in found] == [bits(x) for x in want]


# Limits


def counted(elements: list[int], keys: list[int]) -> Table:
    cells = Cells(len(keys), (Column.nothing(len(keys)),), None, np.array(elements))
    return Table.of(["k"], [INT], [(np.array(keys), None)], (), cells)


def test_counts_that_are_too_large_are_refused() -> None:
    table = counted([MOST, MOST - 1, 1, -MOST], [1, 2, 3, 4])
    assert len(table) == 4
    assert table.rollup(()).overall().counts[0, 0] == MOST
    for other in (counted([1], [1]), counted([MOST], [1]), counted([MOST], [2])):
        with pytest.raises(ValueError, match="at most 2"):
            table.combine(other, 1)
    with pytest.raises(ValueError, match="at most 2"):
        table.combine(counted([1], [4]), -1)
    for few in (table.take([0, 1]), table.take([0, 2]), counted([-MOST, -1], [1, 2])):
        with pytest.raises(ValueError, match="at most 2"):
            few.rollup(())


def test_negative_counts_are_kept_until_results() -> None:
    none = table_of([])
    rows = [Row((1, "a"), 2.0), Row((2, "b"), NAN, kept=False)]
    negative = none.combine(table_of(rows), -1)
    assert negative.combine(table_of(rows), 1) == none
    with pytest.raises(ValueError, match="negative count of elements"):
        negative.results(LOSSES, Reduction.MEAN)


def test_negative_counts_of_terms_that_are_not_finite_are_refused() -> None:
    flags = np.array([[0], [1], [0]])
    plain = Cells(1, (Column.nothing(1),), None, np.array([1]))
    strange = Cells(1, (Column.nothing(1)._replace(flags=flags),), None, np.array([1]))
    both = Cells.total([(plain, None, 1), (strange, None, -1)], 1)
    again = Cells.total([(both, None, 1), (plain, None, 1)], 1)
    with pytest.raises(ValueError, match="negative count of NaN or infinite terms"):
        again.results(LOSSES, Reduction.MEAN)
