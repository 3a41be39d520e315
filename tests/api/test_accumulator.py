"""The accumulator: every method, what it counts, and that a failed update changes nothing."""

import copy
import html
import itertools
import math
import pickle
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction
from html.parser import HTMLParser
from typing import Any, NamedTuple

import numpy as np
import pytest

import streamloss as sl
from tests.reference import REDUCTIONS, bits, results, truths

RNG = np.random.default_rng(3)
Y, P, W = RNG.standard_normal((3, 60)) * 10.0 ** RNG.integers(-6, 7, (3, 60))
W = abs(W)  # so that roots are of positive means
CUTS = [0, 1, 1, 17, 40, 60]
NAN = math.nan


@sl.loss
class Tilted(NamedTuple):
    """A user's loss."""

    tilt: float = 2.0

    def point(self, y_true: Any, y_pred: Any) -> Any:
        return self.tilt * abs(y_true - y_pred)


def batches() -> Iterator[tuple[np.ndarray, ...]]:
    for start, stop in itertools.pairwise(CUTS):
        yield Y[start:stop], P[start:stop], W[start:stop]


def streamed(losses: Any = "mae", **options: Any) -> sl.Accumulator:
    acc = sl.Accumulator(losses, **options)
    for batch in batches():
        acc.update(*batch)
    return acc


def state(acc: sl.Accumulator) -> tuple[bytes, dict[str, int]]:
    return acc.to_bytes(), acc.counts


MAKERS: dict[str, Callable[[], sl.Accumulator]] = {
    "new": lambda: sl.Accumulator("mae"),
    "scalar": streamed,
    "many losses": lambda: streamed(["mae", "huber:delta=0.5", sl.Quantile(0.9)]),
    "user": lambda: streamed(Tilted(3.0)),
    "omit": lambda: streamed(nan="omit"),
    "raise": lambda: streamed(nan="raise"),
    "cells": lambda: sl.accumulate("mae", Y.reshape(12, 5), P.reshape(12, 5), axis=0),
    "many cells": lambda: sl.accumulate("mae", *np.ones((2, 100, 3)), axis=(1,)),
    "not finite": lambda: sl.accumulate("mae", [NAN, math.inf, -math.inf], [0, 0, 0]),
    "no cells": lambda: sl.accumulate("mae", np.ones((3, 0)), np.ones((3, 0)), axis=0),
    "negative": lambda: sl.Accumulator("mae") - streamed(),
}
COPIES: dict[str, Callable[[sl.Accumulator], sl.Accumulator]] = {
    "copy": sl.Accumulator.copy,
    "copy.copy": copy.copy,
    "copy.deepcopy": copy.deepcopy,
    "pickle": lambda acc: pickle.loads(pickle.dumps(acc)),
    "pickle 2": lambda acc: pickle.loads(pickle.dumps(acc, protocol=2)),
    "bytes": lambda acc: sl.Accumulator.from_bytes(acc.to_bytes()),
    "merge": lambda acc: sl.merge([acc]),
    "into empty": lambda acc: sl.Accumulator(list(acc.losses), acc.axis, acc.nan).merge(acc),
}


# Updates and results


@pytest.mark.parametrize("weighted", [False, True])
def test_batches_give_the_result_of_the_whole(weighted: bool) -> None:
    acc = sl.Accumulator("mae")
    for y, p, w in batches():
        acc.update(y, p, w if weighted else None)
    assert results(acc) == truths(abs(P - Y), W if weighted else None)


def test_updates_chain_and_come_from_any_iterable() -> None:
    acc = sl.Accumulator("mae")
    assert acc.update([1.0], [2.0]).update([1.0], [4.0]) is acc
    assert acc.result() == 2.0
    for batch in ((k, 2 * k, 0.5) for k in range(4)):
        acc.update(*batch)
    assert acc.result("sum") == 4.0 + 0.5 * 6.0


@pytest.mark.parametrize("reduction", [*REDUCTIONS, sl.Reduction.SUM_OVER_NONZERO_WEIGHTS])
def test_results_may_be_asked_for_any_number_of_times(reduction: str) -> None:
    acc = streamed()
    before = state(acc)
    first = acc.result(reduction)
    assert acc.result(reduction) == first == acc.result(reduction=reduction)
    assert state(acc) == before


def test_updates_go_on_after_a_result() -> None:
    acc = sl.Accumulator("mae")
    for batch in batches():
        acc.update(*batch).result()
    assert acc == streamed()


@pytest.mark.parametrize("losses", ["mae", ["mae"], Tilted()])
def test_without_updates_the_mean_is_nan_and_the_sum_zero(losses: Any) -> None:
    acc = sl.Accumulator(losses)
    values = [acc.result(r) for r in REDUCTIONS]
    flat = [next(iter(v.values())) if isinstance(v, dict) else v for v in values]
    assert [str(v) for v in flat] == ["0.0", "nan", "nan", "nan"]
    assert set(acc.counts.values()) == {0}


def test_none_is_refused() -> None:
    with pytest.raises(ValueError, match="none"):
        streamed().result("none")


def test_keys_of_the_result_are_as_the_caller_spelled_them() -> None:
    spelled = ["mae", "huber:delta=0.5", sl.Quantile]
    values = [sl.AbsoluteError(), sl.Huber(0.5), sl.Quantile(0.5)]
    assert list(streamed(spelled).result()) == spelled
    assert list(streamed(values).result()) == values
    assert [*streamed(spelled).result().values()] == [*streamed(values).result().values()]


def test_a_list_of_one_loss_gives_a_dict() -> None:
    assert streamed(["mae"]).result() == {"mae": streamed("mae").result()}


def test_the_caller_keeps_the_list() -> None:
    spelled = ["mae"]
    acc = streamed(spelled)
    spelled.clear()
    assert list(acc.result()) == ["mae"]


def test_finish_is_applied_to_the_rounded_mean() -> None:
    assert streamed("rmse").result() == math.sqrt(streamed("mse").result())


@pytest.mark.parametrize(
    ("axis", "along"),
    [(0, 0), (-1, 2), ((0,), 0), ((0, 2), 0), ((0, 2), 2), ([2, 0], 2), (np.int64(1), 1)],
)
def test_results_with_an_axis(axis: Any, along: int) -> None:
    y, p, w = RNG.random((3, 6, 4, 5))
    acc = sl.Accumulator("mae", axis=axis).update(y, p, w).update(p, w, y)
    both = (np.concatenate(pair, axis=along) for pair in ((y, p), (p, w), (w, y)))
    want = sl.evaluate("mae", *both, axis=axis)
    assert acc.shape == want.shape
    assert bits(acc.result()) == bits(want)


def test_shape_is_known_from_the_first_update_on() -> None:
    assert sl.Accumulator("mae").shape == ()
    acc = sl.Accumulator("mae", axis=0)
    assert acc.shape is None
    assert acc.update(np.ones((2, 3)), np.ones((2, 3))).shape == (3,)


def test_settings_can_be_read() -> None:
    acc = sl.Accumulator(["mae", sl.Huber(2)], axis=(0, 1), nan="omit")
    assert acc.losses == (sl.AbsoluteError(), sl.Huber(2.0))
    assert (acc.axis, acc.nan) == ((0, 1), "omit")


# Counts


@pytest.mark.parametrize(
    ("nan", "counted"),
    [
        ("propagate", {"elements": 7, "nonzero_weights": 5, "nan": 2, "infinite": 1, "masked": 1}),
        ("omit", {"elements": 4, "nonzero_weights": 3, "nan": 3, "infinite": 1, "masked": 1}),
    ],
)
@pytest.mark.parametrize("size", [1, 3, 8])
def test_counts_of_each_policy(nan: str, counted: dict[str, int], size: int) -> None:
    y = np.array([1.0, NAN, 2.0, 3.0, NAN, NAN, math.inf, 5.0])
    w = np.array([1.0, 1.0, 0.0, 1.0, 0.0, 1.0, 2.0, 3.0])
    where = np.arange(8) != 7
    acc = sl.Accumulator("mae", nan=nan)
    for k in range(0, 8, size):
        part = slice(k, k + size)
        acc.update(y[part], np.zeros(8)[part], w[part], where=where[part])
    assert acc.counts == counted | {"rows": 8}


def test_under_raise_there_is_no_nan_to_count() -> None:
    acc = sl.Accumulator("mae", nan="raise").update([1.0, 2.0], [0, 0], [0.0, 1.0])
    assert (acc.counts["elements"], acc.counts["nonzero_weights"], acc.counts["nan"]) == (2, 1, 0)


def test_counts_of_terms_say_which_of_several_losses_they_are_of() -> None:
    losses = ["mae", "tweedie_deviance:power=1.5", sl.Huber(), "mse"]
    acc = sl.accumulate(losses, [1e200, -1.0, 1.0, NAN], [-1e200, 2.0, 1.0, 1.0], nan="omit")
    assert acc.counts["nan"] == 1
    assert acc.counts["nan_terms"] == {losses[0]: 0, losses[1]: 2, losses[2]: 0, losses[3]: 0}
    assert acc.counts["infinite_terms"] == {losses[0]: 0, losses[1]: 0, losses[2]: 0, losses[3]: 1}
    assert "2 nan_terms of tweedie_deviance:power=1.5" in repr(acc)


def test_accumulators_add_up_as_numbers_do() -> None:
    parts = [sl.accumulate("mae", [float(k)], [0.5]) for k in range(4)]
    before = parts[0].to_bytes()
    assert sum(parts) == sl.merge(parts)
    assert sum(parts[:1]) == parts[0]
    assert parts[0].to_bytes() == before
    for other in (1, None, "a"):
        with pytest.raises(TypeError, match=r"unsupported operand|concatenate"):
            other + parts[0]


def test_counts_are_over_all_cells() -> None:
    acc = sl.accumulate("mae", np.ones((4, 5)), np.ones((4, 5)), axis=0, where=np.arange(4) > 0)
    assert (acc.counts["elements"], acc.counts["masked"], acc.counts["rows"]) == (15, 5, 4)


def test_a_nan_that_the_loss_makes_propagates_under_omit() -> None:
    acc = sl.accumulate("mae", [math.inf, 1.0], [math.inf, 1.0], nan="omit")
    assert (math.isnan(acc.result()), acc.counts["nan"]) == (True, 1)


# Copies, reset


@pytest.mark.parametrize("how", COPIES)
@pytest.mark.parametrize("kind", MAKERS)
def test_a_copy_is_equal(kind: str, how: str) -> None:
    acc = MAKERS[kind]()
    other = COPIES[how](acc)
    assert other == acc
    assert other is not acc
    assert (other._shown_counts(), other.shape) == (acc._shown_counts(), acc.shape)


@pytest.mark.parametrize("how", COPIES)
@pytest.mark.parametrize("kind", ["new", "scalar", "many losses", "user"])
def test_a_copy_shares_nothing(kind: str, how: str) -> None:
    acc = MAKERS[kind]()
    before = state(acc)
    other = COPIES[how](acc).update([1.0], [2.0])
    assert state(acc) == before
    kept = state(other)
    acc.update([5.0], [9.0])
    acc.reset()
    assert state(other) == kept


@pytest.mark.parametrize("how", ["copy", "copy.copy", "copy.deepcopy", "pickle", "bytes", "merge"])
def test_a_copy_keeps_the_spelling_of_losses(how: str) -> None:
    acc = streamed(["mae", "huber:delta=0.5", sl.Quantile(0.9)])
    assert list(COPIES[how](acc).result()) == ["mae", "huber:delta=0.5", sl.Quantile(0.9)]


@pytest.mark.parametrize("kind", MAKERS)
def test_reset_forgets_everything(kind: str) -> None:
    acc = MAKERS[kind]()
    fresh = sl.Accumulator(
        acc.losses[0] if len(acc.losses) == 1 else [*acc.losses], acc.axis, acc.nan
    )
    assert acc.reset() is acc
    assert acc == fresh
    assert acc._shown_counts() == fresh._shown_counts()


def test_reset_allows_another_shape() -> None:
    acc = sl.Accumulator("mae", axis=0).update(np.ones((2, 3)), np.ones((2, 3)))
    assert acc.reset().update(np.ones((2, 4)), np.zeros((2, 4))).result().tolist() == [1.0] * 4


# Merging


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


# Equality


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


# A failed update changes nothing


class Interrupting:
    """An array-like whose conversion does not come to an end."""

    def __init__(self, error: type[BaseException]) -> None:
        self.error = error

    def __array__(self, dtype: Any = None, copy: Any = None) -> np.ndarray:
        raise self.error


ONES = np.ones((4, 3))
FAILURES: dict[str, tuple[type[BaseException], Any, dict[str, Any]]] = {
    "missing y_pred": (TypeError, (ONES,), {}),
    "shapes": (ValueError, (ONES, ONES[:3]), {}),
    "object": (TypeError, (ONES, ONES.astype(object)), {}),
    "complex": (TypeError, (ONES, ONES * 1j), {}),
    "text": (TypeError, (ONES, ONES.astype(str)), {}),
    "longdouble": (TypeError, (ONES.astype(np.longdouble), ONES), {}),
    "weights trailing": (ValueError, (ONES, ONES, ONES[0]), {}),
    "weights complex": (TypeError, (ONES, ONES, ONES * 1j), {}),
    "where of numbers": (TypeError, (ONES, ONES), {"where": ONES}),
    "where trailing": (ValueError, (ONES, ONES), {"where": ONES[0] > 0}),
    "ragged": (ValueError, (ONES, [[1.0], [1.0, 2.0]]), {}),
    "axis outside": (ValueError, (1.0, 1.0), {}),
    "other size": (ValueError, (np.ones((4, 2)), np.ones((4, 2))), {}),
    "other rank": (ValueError, (np.ones((4, 3, 2)), np.ones((4, 3, 2))), {}),
    "interrupt in y_true": (KeyboardInterrupt, (Interrupting(KeyboardInterrupt), ONES), {}),
    "interrupt in y_pred": (KeyboardInterrupt, (ONES, Interrupting(KeyboardInterrupt)), {}),
    "interrupt in weights": (KeyboardInterrupt, (ONES, ONES, Interrupting(KeyboardInterrupt)), {}),
    "exit in where": (SystemExit, (ONES, ONES), {"where": Interrupting(SystemExit)}),
    "memory": (MemoryError, (ONES, Interrupting(MemoryError)), {}),
}
ONLY_WITH_AXIS = {"axis outside", "other size", "other rank"}


@pytest.mark.parametrize("nan", ["propagate", "omit", "raise"])
@pytest.mark.parametrize("axis", [None, 0])
@pytest.mark.parametrize("failure", FAILURES)
def test_a_failed_update_changes_nothing(failure: str, axis: Any, nan: str) -> None:
    error, args, options = FAILURES[failure]
    acc = sl.Accumulator([Tilted()], axis, nan).update(ONES, ONES * 3)
    before = state(acc)
    if axis is None and failure in ONLY_WITH_AXIS:
        acc.update(*args, **options)
        assert state(acc) != before
        return
    with pytest.raises(error):
        acc.update(*args, **options)
    assert state(acc) == before


@pytest.mark.parametrize("size", [6, 300_000])
@pytest.mark.parametrize("position", range(3))
def test_a_refused_nan_changes_nothing(position: int, size: int) -> None:
    acc = sl.Accumulator("mae", nan="raise").update([1.0], [2.0])
    before = state(acc)
    arrays = np.ones((3, size))
    arrays[position, -2] = NAN
    with pytest.raises(ValueError, match=r"nan='raise'.* 1 element"):
        acc.update(*arrays)
    assert state(acc) == before


@pytest.fixture
def interrupted() -> Iterator[None]:
    """Turn alarms into KeyboardInterrupt."""

    def interrupt(*args: Any) -> None:
        raise KeyboardInterrupt

    previous = signal.signal(signal.SIGALRM, interrupt)
    yield
    signal.signal(signal.SIGALRM, previous)


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="there are no alarms here")
@pytest.mark.parametrize("size", [64, 100_000, 400_000])
def test_an_interrupted_update_counts_whole_or_not_at_all(size: int, interrupted: None) -> None:
    y, p = RNG.standard_normal((2, size))
    one = sl.accumulate("mae", y, p)
    for delay in np.linspace(1e-4, 3e-3, 30):
        acc, done = sl.Accumulator("mae"), 0
        with pytest.raises(KeyboardInterrupt):  # noqa: PT012  # it may come anywhere in the loop
            signal.setitimer(signal.ITIMER_REAL, delay)
            while True:
                acc.update(y, p)
                done += 1
        counted = acc.counts["elements"] // size
        assert counted in (done, done + 1)
        assert acc == sum([one] * counted, sl.Accumulator("mae"))


def test_a_loss_that_does_not_compile_changes_nothing() -> None:
    @sl.loss
    class Broken(NamedTuple):
        def point(self, y_true: Any, y_pred: Any) -> Any:
            return y_true.no_such_method(y_pred)

    acc = sl.Accumulator(Broken())
    before = state(acc)
    with pytest.raises(TypeError, match="Broken"):
        acc.update([1.0], [2.0])
    assert state(acc) == before


# Threads


@pytest.mark.parametrize("size", [1, 64, 20_000])
@pytest.mark.parametrize("axis", [None, 0])
def test_updates_from_several_threads_lose_nothing(size: int, axis: Any) -> None:
    data = RNG.standard_normal((40, 2, size, 2))
    acc = sl.Accumulator("mae", axis=axis)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda pair: acc.update(*pair), data))
    whole = np.concatenate(data, axis=1)
    assert acc == sl.accumulate("mae", *whole, axis=axis)


def test_every_method_while_others_update() -> None:
    acc, other, stop = sl.Accumulator("mae"), sl.accumulate("mae", [1.0], [2.0]), threading.Event()

    def look() -> int:
        seen = 0
        while not stop.is_set() or not seen:
            assert str(acc.result()) in ("1.0", "nan")
            copies = [acc.copy(), pickle.loads(pickle.dumps(acc)), acc + other]
            assert all(c.result("sum") == c.counts["elements"] for c in copies)
            seen += 1
        return seen

    with ThreadPoolExecutor(3) as pool:
        watching = pool.submit(look)
        try:
            list(pool.map(lambda k: acc.update([k], [k + 1]).merge(other), range(300)))
        finally:
            stop.set()
        assert watching.result() > 0
    assert acc.counts["elements"] == 600


def test_accumulators_merge_into_each_other_without_a_deadlock() -> None:
    parts = streamed(), streamed(), sl.Accumulator("mae") - streamed()
    pairs = list(itertools.permutations(parts, 2)) * 3
    with ThreadPoolExecutor(6) as pool:
        done = [pool.submit(one.merge, two) for one, two in pairs]
        assert all(future.result(60) in parts for future in done)


# What is shown


def test_repr_reads_well() -> None:
    assert (
        repr(sl.Accumulator("mae"))
        == "Accumulator(AbsoluteError(), axis=None, nan='propagate': empty)"
    )
    acc = sl.accumulate(["mae", sl.Huber(0.5)], [[1.0, NAN]], [[2.0, 3.0]], axis=0, nan="omit")
    text = repr(acc)
    for part in ("'mae'", "Huber(delta=0.5)", "axis=0", "nan='omit'", "1 elements", "1 nan"):
        assert part in text
    assert "\n" not in text


class Cells(HTMLParser):
    """Collects the text of a table's cells, and refuses what is not closed."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.cells: list[str] = []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.cells.append(data)


@pytest.mark.parametrize("kind", sorted(set(MAKERS) - {"negative"}))
def test_the_html_shows_losses_means_and_counts(kind: str) -> None:
    acc = MAKERS[kind]()
    means = acc.result().values() if isinstance(acc.result(), dict) else [acc.result()]
    counts = [(k, v) for k, v in acc.counts.items() if not isinstance(v, dict)]
    shown = [*zip(map(repr, acc.losses), means, strict=True), *counts]
    cells = Cells(acc._repr_html_()).cells
    assert cells[1:] == [text for k, v in shown for text in (k.replace("_", " "), str(v))]


def test_a_difference_can_be_shown() -> None:
    difference = MAKERS["negative"]()
    assert "-60 elements" in repr(difference)
    assert "-60" in Cells(difference._repr_html_()).cells
    nan = sl.accumulate("mae", [1.0, 2.0], [2.0, 1.0]) - sl.accumulate("mae", [np.nan], [2.0])
    assert "-1" in Cells(nan._repr_html_()).cells


def test_the_html_escapes_what_a_user_wrote() -> None:
    class Hostile(Tilted):
        def __repr__(self) -> str:
            return "<script>alert('&')</script>"

    acc = sl.Accumulator(sl.loss(Hostile)())
    assert "<script>" not in acc._repr_html_()
    assert html.escape("<script>alert('&')</script>") in acc._repr_html_()


def test_the_html_of_many_cells_is_short() -> None:
    acc = sl.accumulate("mae", *np.ones((2, 2, 100_000)), axis=0)
    assert len(acc._repr_html_()) < 5000


def test_a_tuple_of_one_array_is_no_array_of_its_shape() -> None:
    y = np.arange(3.0)
    acc = sl.Accumulator("mae")
    with pytest.raises(ValueError, match=r"y_pred must have the shape of y_true: got \(1, 3\)"):
        acc.update(y, (y,))
    with pytest.raises(TypeError, match="takes one input"):
        sl.Accumulator("value").update(y, ())
    assert acc == sl.Accumulator("mae")


def test_small_updates_of_losses_of_one_and_of_three_inputs() -> None:
    @sl.loss
    class Middle(NamedTuple):
        def point(self, a: Any, b: Any, c: Any) -> Any:
            return abs(a - b) + abs(b - c)

    y = np.arange(3.0)
    assert sl.Accumulator("value").update(y).result("sum") == 3.0
    assert sl.Accumulator(Middle()).update(y, (y + 1, y + 3)).result() == 3.0


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
