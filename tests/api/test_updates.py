"""Updates of an accumulator, its results, and what it counts."""

import math
from typing import Any, NamedTuple

import numpy as np
import pytest

import streamloss as sl
from tests.api.streams import NAN, RNG, P, Tilted, W, Y, batches, state, streamed
from tests.reference import REDUCTIONS, bits, results, truths


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
