"""Accumulators merge, are subtracted and compared."""

import itertools
import pickle
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

import streamloss as sl
from tests.api.streams import MAKERS, P, W, Y, batches, state, streamed


def pair() -> tuple[sl.Accumulator, sl.Accumulator]:
    return sl.accumulate("mae", Y[:23], P[:23], W[:23]), sl.accumulate(
        "mae", Y[23:], P[23:], W[23:]
    )


@pytest.mark.parametrize("operation", ["merge", "+", "-", "sl.merge"])
def test_merging_leaves_the_others_unchanged(operation: str) -> None:
    a, b = pair()
    before = state(a), state(b)
    both = {
        "merge": lambda: a.copy().merge(b),
        "+": lambda: a + b,
        "-": lambda: a - b,
        "sl.merge": lambda: sl.merge([a, b]),
    }[operation]()
    both.update([1.0], [2.0]).reset()
    assert (state(a), state(b)) == before


def test_merging_into_an_empty_one_does_not_alias() -> None:
    other = sl.accumulate("mae", *np.ones((2, 4, 3)), axis=0)
    before = state(other)
    acc = sl.Accumulator("mae", axis=0).merge(other)
    acc.update(np.ones((1, 3)), np.zeros((1, 3))).merge(other)
    assert state(other) == before


def test_merging_returns_the_accumulator() -> None:
    a, b = pair()
    assert a.merge(b) is a
    assert state(a) == state(streamed())


@pytest.mark.parametrize("kind", MAKERS)
def test_an_empty_one_is_neutral(kind: str) -> None:
    acc = MAKERS[kind]()
    empty = sl.Accumulator(
        acc.losses[0] if len(acc.losses) == 1 else [*acc.losses], acc.axis, acc.nan
    )
    assert acc + empty == empty + acc == acc - empty == acc


@pytest.mark.parametrize("kind", MAKERS)
def test_subtraction_undoes_addition(kind: str) -> None:
    a = MAKERS[kind]()
    b = a.copy() + a
    assert (a + b) - b == a
    assert (a - b) + b == a


def test_subtracting_from_an_empty_one_and_adding_again() -> None:
    empty, b = sl.Accumulator("mae"), streamed()
    assert (empty + b) - b == empty
    assert b - b == empty
    assert b - b == sl.Accumulator("mae").update([], [])


def test_a_sliding_window_does_not_drift() -> None:
    window, parts = sl.Accumulator("mae"), [sl.accumulate("mae", *b) for b in batches()]
    for k, part in enumerate(parts):
        window = window + part if k < 2 else window + part - parts[k - 2]
    assert window == sl.merge(parts[-2:])


def test_results_of_a_difference_with_negative_counts_are_refused() -> None:
    difference = sl.Accumulator("mae") - streamed()
    assert difference.counts["elements"] == -60
    with pytest.raises(ValueError, match="negative"):
        difference.result()


def test_results_of_a_metric_with_negative_counts_are_refused() -> None:
    few, many = ([1.0, 2.0], [1.0, 2.5]), ([1.0, 2.0, 4.0], [1.0, 2.0, 5.0])
    with pytest.raises(ValueError, match="negative"):
        (sl.accumulate("r2", *few) - sl.accumulate("r2", *many)).result()


def test_merging_with_itself_doubles() -> None:
    acc = streamed()
    assert acc.copy().merge(acc) == acc + acc
    doubled = acc.copy()
    assert doubled.merge(doubled) == acc + acc


def test_merge_takes_any_iterable_in_any_order() -> None:
    parts = [sl.accumulate("mae", *b) for b in batches()]
    for order in itertools.permutations(parts):
        assert sl.merge(iter(order)).to_bytes() == streamed().to_bytes()
    tree = (parts[4] + parts[0]) + ((parts[3] + parts[1]) + parts[2])
    assert tree.to_bytes() == streamed().to_bytes()


def test_sum_works_from_an_empty_one() -> None:
    parts = [sl.accumulate("mae", *b) for b in batches()]
    assert sum(parts, sl.Accumulator("mae")) == streamed()


DIFFERENT = {
    "losses": (sl.Accumulator("mae"), sl.Accumulator("mse")),
    "parameters": (sl.Accumulator(sl.Huber(1)), sl.Accumulator(sl.Huber(2))),
    "equal tuples": (sl.Accumulator(sl.Huber(0.5)), sl.Accumulator(sl.Quantile(0.5))),
    "order of losses": (sl.Accumulator(["mae", "mse"]), sl.Accumulator(["mse", "mae"])),
    "number of losses": (sl.Accumulator("mae"), sl.Accumulator(["mae", "mse"])),
    "axis": (sl.Accumulator("mae"), sl.Accumulator("mae", axis=0)),
    "nan": (sl.Accumulator("mae"), sl.Accumulator("mae", nan="omit")),
    "sizes": tuple(sl.accumulate("mae", *np.ones((2, 3, n)), axis=0) for n in (2, 3)),
    "one size": tuple(sl.accumulate("mae", *np.ones((2, 3, n)), axis=0) for n in (1, 3)),
    "rank": tuple(sl.accumulate("mae", *np.ones((2, 3, *s)), axis=0) for s in ((4,), (2, 2))),
}


@pytest.mark.parametrize("kind", DIFFERENT)
@pytest.mark.parametrize("swap", [False, True])
def test_what_measures_something_else_is_not_merged(kind: str, swap: bool) -> None:
    a, b = DIFFERENT[kind][::-1] if swap else DIFFERENT[kind]
    before = state(a), state(b)
    for merge in (lambda: a.merge(b), lambda: a + b, lambda: a - b, lambda: sl.merge([a, b])):
        with pytest.raises(ValueError, match=r"the same .*got .* (and|after) "):
            merge()
    assert (state(a), state(b)) == before
    assert a != b


@pytest.mark.parametrize("other", [None, 1, "mae", {}, np.ones(3)])
def test_only_accumulators_are_merged(other: Any) -> None:
    with pytest.raises(TypeError, match="Accumulator"):
        streamed().merge(other)
    with pytest.raises(TypeError, match="Accumulator"):
        sl.merge([streamed(), other])
    with pytest.raises(TypeError):
        streamed() + other
    with pytest.raises(TypeError):
        streamed() - other


@pytest.mark.parametrize("other", [None, 1, "mae", sl.AbsoluteError(), object()])
def test_nothing_else_is_equal(other: Any) -> None:
    assert streamed() != other
    assert not streamed() == other  # that is another method


def test_merging_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one"):
        sl.merge([])


def test_equality_is_of_what_was_seen() -> None:
    a, b = streamed(), sl.accumulate("mae", Y, P, W)
    assert a == b
    assert b.update([1.0], [1.0]) != a
    assert a.update([2.0], [2.0]) == b
    assert sl.accumulate("mae", [1.0], [2.0], [2.0]) != sl.accumulate("mae", [1.0], [3.0])
    assert sl.accumulate("mae", [1.0], [2.0]) != sl.accumulate("mae", [[1.0, 1.0]], [[2.0, 1.0]])


def test_equality_sees_the_last_bit() -> None:
    a = sl.accumulate("mae", [1e300, 0.0], [0.0, 0.0])
    assert a != sl.accumulate("mae", [1e300, 5e-324], [0.0, 0.0])


def test_accumulators_have_no_hash() -> None:
    with pytest.raises(TypeError, match="unhashable"):
        hash(streamed())


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ("mae", sl.AbsoluteError()),
        ("mae", ["mae"]),
        (["mae"], ["l1"]),
        (["mae"], [sl.AbsoluteError()]),
    ],
)
def test_equality_does_not_go_by_the_spelling(one: Any, two: Any) -> None:
    assert streamed(one) == streamed(two)
    assert (streamed(one) + streamed(two)).result() == (streamed(one) + streamed(one)).result()


def test_merges_that_carry_late_are_exact() -> None:
    terms = [0.1, -3e200, 3.5e200, 5e-324, -1e-300]
    late = sl.accumulate("value", terms)
    soon = late.copy()
    for _ in range(40):  # rows are added without carrying up to 2**30 of them
        late.merge(late)
        soon.merge(sl.Accumulator.from_bytes(soon.to_bytes()))
    total = 2**40 * sum(map(Fraction, terms))
    assert late.result("sum") == soon.result("sum") == float(total)
    assert late == soon
    assert late.to_bytes() == soon.to_bytes()
    assert pickle.loads(pickle.dumps(late)) == soon
    assert (late - soon).result("sum") == 0.0
    late.update(np.ones(2000), None)
    assert late.result("sum") == float(total + 2000)
    assert late - sl.accumulate("value", np.ones(2000)) == soon
