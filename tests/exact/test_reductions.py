"""Every reduction, with its edge cases on scalars; how reductions are spelled; `none`."""

import math
import pickle
import re
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

import streamloss as sl
from streamloss import Reduction
from tests.reference import (
    LARGEST,
    REDUCTIONS,
    TINY,
    WEIGHTS,
    absent,
    bits,
    results,
    sprinkle,
    terms,
    truths,
)

INF, NAN = math.inf, math.nan

# losses, weights; then S, S / W, S / N and S / K
TABLE: dict[str, tuple[list[float], Any, float, float, float, float]] = {
    "no weights": ([1.0, 2.0, 6.0], None, 9.0, 3.0, 3.0, 3.0),
    "ones": ([1.0, 2.0, 6.0], [1.0, 1.0, 1.0], 9.0, 3.0, 3.0, 3.0),
    "weights": ([1.0, 2.0, 4.0], [2.0, 1.0, 0.5], 6.0, 6 / 3.5, 2.0, 2.0),
    "a scalar weight": ([1.0, 2.0, 6.0], 0.5, 4.5, 4.5 / 1.5, 1.5, 1.5),
    "a zero weight": ([1.0, 2.0, 6.0], [1.0, 0.0, 3.0], 19.0, 19 / 4, 19 / 3, 19 / 2),
    "a zero weight of either sign": ([1.0, 2.0], [-0.0, 1.0], 2.0, 2.0, 1.0, 2.0),
    "a negative weight": ([1.0, 2.0, 3.0], [1.0, -2.0, 3.0], 6.0, 3.0, 2.0, 2.0),
    "a negative sum of weights": ([1.0, 2.0], [1.0, -3.0], -5.0, 2.5, -2.5, -2.5),
    "the least weight": ([1.0, 2.0], [TINY, 0.0], TINY, 1.0, 0.0, TINY),
    "nothing": ([], None, 0.0, NAN, NAN, NAN),
    "nothing, weighted": ([], [], 0.0, NAN, NAN, NAN),
    "only zero weights": ([1.0, 2.0], [0.0, 0.0], 0.0, NAN, 0.0, NAN),
    "a scalar weight of zero": ([1.0, 2.0], 0.0, 0.0, NAN, 0.0, NAN),
    "weights that cancel": ([3.0, 1.0], [1.0, -1.0], 2.0, INF, 1.0, 1.0),
    "weights that cancel, S < 0": ([1.0, 3.0], [1.0, -1.0], -2.0, -INF, -1.0, -1.0),
    "weights and losses that cancel": ([1.0, 1.0], [1.0, -1.0], 0.0, NAN, 0.0, 0.0),
    "an infinity": ([1.0, INF], None, INF, INF, INF, INF),
    "minus infinity": ([1.0, -INF], [1.0, 2.0], -INF, -INF, -INF, -INF),
    "both infinities": ([INF, -INF, 1.0], None, NAN, NAN, NAN, NAN),
    "an infinity, negative weight": ([INF, 1.0], [-1.0, 2.0], -INF, -INF, -INF, -INF),
    "an infinity, W < 0": ([INF, 1.0], [-1.0, -1.0], -INF, INF, -INF, -INF),
    "an infinity, W = 0": ([INF, 1.0], [1.0, -1.0], INF, INF, INF, INF),
    "an infinity of weight zero": ([INF, 1.0], [0.0, 2.0], 2.0, 1.0, 1.0, 2.0),
    "NaN": ([NAN, 1.0], None, NAN, NAN, NAN, NAN),
    "NaN and an infinity": ([NAN, INF], [1.0, 1.0], NAN, NAN, NAN, NAN),
    "NaN of weight zero": ([NAN, 1.0], [0.0, 2.0], 2.0, 1.0, 1.0, 2.0),
    "only NaN of weight zero": ([NAN, NAN], [0.0, 0.0], 0.0, NAN, 0.0, NAN),
    "a NaN weight": ([1.0, 2.0], [NAN, 1.0], NAN, NAN, NAN, NAN),
    "a NaN weight of a zero": ([0.0, 2.0], [NAN, 1.0], NAN, NAN, NAN, NAN),
    "an infinite weight": ([1.0, 2.0], [INF, 1.0], INF, NAN, INF, INF),
    "an infinite weight of a zero": ([0.0, 2.0], [INF, 1.0], NAN, NAN, NAN, NAN),
    "a product that overflows": ([1e300, 1.0], [1e300, 1.0], INF, INF, INF, INF),
    "a product that underflows": ([1e-300, 1.0], [1e-300, 1.0], 1.0, 1.0, 0.5, 0.5),
    "a sum that overflows": ([LARGEST, LARGEST], None, INF, LARGEST, LARGEST, LARGEST),
    "weights whose sum overflows": ([1.0, 1.0], [LARGEST, LARGEST], INF, 1.0, LARGEST, LARGEST),
}


@pytest.mark.parametrize(
    ("losses", "weights", "s", "mean", "by_n", "by_k"), TABLE.values(), ids=TABLE
)
def test_reductions_of_scalars(
    losses: list[float], weights: Any, s: float, mean: float, by_n: float, by_k: float
) -> None:
    found = results(sl.accumulate("value", losses, None, weights))
    assert bits(found) == bits(dict(zip(REDUCTIONS, (s, mean, by_n, by_k), strict=True)))


@pytest.mark.parametrize("row", TABLE.values(), ids=TABLE)
def test_the_reference_agrees_with_the_table(row: tuple[Any, ...]) -> None:
    losses, weights, *values = row
    found = truths(np.array(losses), weights)
    assert bits(found) == bits(dict(zip(REDUCTIONS, values, strict=True)))


# The table again with NaN omitted: losses, weights; then S, S / W, S / N, S / K and the NaN count
OMITTED: dict[str, tuple[list[float], Any, float, float, float, float, int]] = {
    "NaN": ([NAN, 1.0], None, 1.0, 1.0, 1.0, 1.0, 1),
    "only NaN": ([NAN, NAN], None, 0.0, NAN, NAN, NAN, 2),
    "NaN of weight zero": ([NAN, 1.0], [0.0, 2.0], 2.0, 1.0, 2.0, 2.0, 1),
    "a NaN weight": ([1.0, 2.0], [NAN, 3.0], 6.0, 2.0, 6.0, 6.0, 1),
    "a NaN weight of NaN": ([NAN, 2.0], [NAN, 3.0], 6.0, 2.0, 6.0, 6.0, 1),
    "only NaN weights": ([1.0, 2.0], NAN, 0.0, NAN, NAN, NAN, 2),
    "an infinity": ([INF, 1.0], None, INF, INF, INF, INF, 0),
    "a zero times infinity": ([0.0, 1.0], [INF, 1.0], NAN, NAN, NAN, NAN, 0),
}


@pytest.mark.parametrize("row", OMITTED.values(), ids=OMITTED)
def test_omit_takes_an_element_out_of_every_sum_and_count(row: tuple[Any, ...]) -> None:
    losses, weights, *values, count = row
    accumulator = sl.accumulate("value", losses, None, weights, nan="omit")
    assert bits(results(accumulator)) == bits(dict(zip(REDUCTIONS, values, strict=True)))
    assert accumulator.counts["elements"] == len(losses) - count


@pytest.mark.parametrize(
    ("losses", "weights"), [([NAN], None), ([NAN], [0.0]), ([1.0], [NAN]), ([1.0], NAN)]
)
@pytest.mark.parametrize("reduction", ["mean", "none"])
def test_raise_refuses_a_nan_in_an_input_or_weight(
    losses: list[float], weights: Any, reduction: str
) -> None:
    with pytest.raises(ValueError, match="nan='raise': 1 elements have a NaN"):
        sl.reduce(losses, weights, nan="raise", reduction=reduction)


def test_raise_takes_a_nan_that_is_masked_or_made_by_the_loss() -> None:
    assert sl.reduce([NAN, 2.0], where=[False, True], nan="raise") == 2.0
    assert math.isnan(sl.evaluate("mae", [INF], [INF], nan="raise"))


def test_an_element_is_counted_once() -> None:
    losses = [NAN, NAN, NAN, 1.0, 1.0, INF]
    weights = [0.0, 0.0, 1.0, 0.0, NAN, 2.0]
    where = [False, True, True, True, True, True]
    part = sl.accumulate("value", losses, None, weights, where=where, nan="omit")
    assert part.counts == {
        "elements": 2,  # 1.0 of weight 0 and inf
        "nonzero_weights": 1,
        "nan": 3,
        "infinite": 1,
        "masked": 1,
        "rows": 6,
    }


@pytest.mark.parametrize("nan", ["propagate", "omit"])
@pytest.mark.parametrize("kind", WEIGHTS)
def test_where_takes_elements_out(kind: str, nan: str) -> None:
    rng = np.random.default_rng(21)
    shape = (60, 50)
    losses = sprinkle(rng, rng.normal(size=shape), 0.01, [NAN, INF])
    weights, where = WEIGHTS[kind](rng, shape), rng.random(shape) < 0.7
    found = sl.accumulate("value", losses, None, weights, where=where, nan=nan)
    gone = absent(weights, losses) if nan == "omit" else False
    want = truths(losses, weights, where=where, absent=gone)
    assert bits(results(found)) == bits(want)
    assert found.counts["masked"] == np.count_nonzero(~where)


# Spellings.


# of the losses 1 and 2 with weights 0 and 3
SPELLINGS = [
    ("none", Reduction.NONE, [0.0, 6.0]),
    ("sum", Reduction.SUM, 6.0),
    ("weighted_sum", Reduction.SUM, 6.0),
    ("mean", Reduction.MEAN, 6 / 3),
    ("weighted_mean", Reduction.MEAN, 6 / 3),
    ("sum_over_batch_size", Reduction.SUM_OVER_BATCH_SIZE, 6 / 2),
    ("weighted_sum_over_batch_size", Reduction.SUM_OVER_BATCH_SIZE, 6 / 2),
    ("sum_by_nonzero_weights", Reduction.SUM_BY_NONZERO_WEIGHTS, 6 / 1),
    ("weighted_sum_by_nonzero_weights", Reduction.SUM_BY_NONZERO_WEIGHTS, 6 / 1),
    ("sum_over_nonzero_weights", Reduction.SUM_BY_NONZERO_WEIGHTS, 6 / 1),
]


@pytest.mark.parametrize(("spelling", "member", "value"), SPELLINGS)
def test_a_reduction_is_spelled_plainly_or_as_in_tensorflow_1(
    spelling: str, member: Reduction, value: Any
) -> None:
    assert Reduction(spelling) is member
    for reduction in (spelling, member):
        found = sl.reduce([1.0, 2.0], [0.0, 3.0], reduction=reduction)
        np.testing.assert_array_equal(found, value)


def test_the_values_are_those_of_tensorflow_1() -> None:
    assert {name: member.value for name, member in Reduction.__members__.items()} == {
        "NONE": "none",
        "SUM": "weighted_sum",
        "MEAN": "weighted_mean",
        "SUM_OVER_BATCH_SIZE": "weighted_sum_over_batch_size",
        "SUM_BY_NONZERO_WEIGHTS": "weighted_sum_by_nonzero_weights",
        "SUM_OVER_NONZERO_WEIGHTS": "weighted_sum_by_nonzero_weights",
    }


def test_an_alias_is_the_same_member_after_a_pickle_too() -> None:
    assert Reduction.SUM_OVER_NONZERO_WEIGHTS is Reduction.SUM_BY_NONZERO_WEIGHTS
    for member in Reduction:
        assert pickle.loads(pickle.dumps(member)) is member


@pytest.mark.parametrize("reduction", ["average", "", "weighted", None, 3])
def test_an_unknown_reduction_names_those_that_exist(reduction: Any) -> None:
    names = ", ".join(repr(name.lower()) for name in Reduction.__members__)
    message = re.escape(f"reduction must be one of {names}: got {reduction!r}")
    with pytest.raises(ValueError, match=f"^{message}$"):
        sl.reduce([1.0], reduction=reduction)


# None: the weighted losses themselves.


@pytest.mark.parametrize("dtype", ["f4", "f8", "i4", "?"])
@pytest.mark.parametrize("shape", [(), (0,), (3,), (2, 0, 3), (4, 5), (3, 2, 70)])
def test_none_returns_float64_of_the_shape_of_the_losses(shape: Any, dtype: str) -> None:
    y = np.arange(math.prod(shape)).reshape(shape).astype(dtype)
    found = sl.evaluate("mse", y, np.ones(shape), reduction="none")
    assert type(found) is np.ndarray
    assert found.dtype == np.float64
    np.testing.assert_array_equal(found, (1.0 - y.astype("f8")) ** 2, strict=True)


@pytest.mark.parametrize("nan", ["propagate", "omit"])
@pytest.mark.parametrize("kind", WEIGHTS)
def test_none_returns_zero_where_an_element_counts_for_nothing(kind: str, nan: str) -> None:
    rng = np.random.default_rng(22)
    shape = (40, 30)
    losses = sprinkle(rng, rng.normal(size=shape), 0.2, [NAN, INF])
    weights, where = WEIGHTS[kind](rng, shape), rng.random(shape) < 0.7
    want = np.where(where, terms(losses, weights), 0.0)
    if nan == "omit":
        want[absent(weights, losses)] = 0.0
    found = sl.reduce(losses, weights, where=where, nan=nan, reduction="none")
    assert bits(found) == bits(want)


def test_none_adds_up_to_the_sum() -> None:
    rng = np.random.default_rng(23)
    y, p, w = rng.normal(size=(3, 3000))
    found = sl.evaluate("huber", y, p, w, reduction="none")
    assert sl.reduce(found, reduction="sum") == sl.evaluate("huber", y, p, w, reduction="sum")


def test_none_of_several_losses_is_a_dict() -> None:
    found = sl.evaluate(["mae", "mse"], [1.0, 2.0], [2.0, 5.0], reduction="none")
    assert {key: array.tolist() for key, array in found.items()} == {
        "mae": [1.0, 3.0],
        "mse": [1.0, 9.0],
    }


def test_none_takes_no_axis() -> None:
    with pytest.raises(ValueError, match="reduction 'none' keeps every element: got axis=0"):
        sl.evaluate("mae", [1.0], [2.0], axis=0, reduction="none")


def test_an_accumulator_has_no_none() -> None:
    with pytest.raises(ValueError, match="an Accumulator keeps sums, not losses"):
        sl.accumulate("mae", [1.0], [2.0]).result("none")


# The finish of a loss.


@pytest.mark.parametrize("reduction", ["sum", "none", Reduction.SUM])
@pytest.mark.parametrize("losses", ["rmse", ["mae", "rmse"]])
def test_a_loss_with_a_root_needs_a_mean(losses: Any, reduction: str) -> None:
    with pytest.raises(
        ValueError, match=r"does not fit RootMeanSquaredError\(\), which needs a mean"
    ):
        sl.evaluate(losses, [1.0], [2.0], reduction=reduction)


@pytest.mark.parametrize("reduction", REDUCTIONS[1:])
@pytest.mark.parametrize("kind", ["none", "row", "full", "zeros", "integers"])
def test_rmse_is_the_root_of_the_correctly_rounded_mean(kind: str, reduction: str) -> None:
    rng = np.random.default_rng(24)
    y, p = rng.normal(size=(2, 70, 40))
    weights = WEIGHTS[kind](rng, (70, 40))
    mean = truths((p - y) * (p - y), weights)[reduction]
    assert sl.evaluate("rmse", y, p, weights, reduction=reduction) == math.sqrt(mean)


def test_the_mean_of_a_hundred_tenths_is_a_tenth() -> None:
    assert np.mean(np.full(100, 0.1)) != 0.1
    assert sl.reduce(np.full(100, 0.1)) == 0.1
    assert sl.reduce(np.full(100, 0.1), reduction="sum") == float(100 * Fraction(0.1))
