"""How slices compare: added up, against all others, the worst, and how far they are apart."""

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import streamloss as sl
from tests.slices.tables import BY, CARRIER, HOUR, P, W, Y, groups, part, slices_of
from tests.slices.test_results import bits

LOSSES = ["mae", "rmse", "r2"]
BOTH = slices_of(LOSSES, BY)
NAN = math.nan


def of_errors(errors: list[float], losses: Any = "mae", **options: Any) -> Any:
    """Slices of one row each, with keys 0, 1, ... and these absolute errors."""
    arrays = np.zeros(len(errors)), np.array(errors), np.ones(len(errors))
    return slices_of(losses, {"key": [*range(len(errors))]}, arrays, **options)


def test_fewer_keys_are_what_they_would_be_by_themselves() -> None:
    for names in (["carrier"], ["hour"], ["hour", "carrier"], ["carrier", "hour"]):
        rolled = BOTH.rollup(*names)
        assert rolled == slices_of(LOSSES, {name: BY[name] for name in names})
        assert list(rolled.by) == names
    assert BOTH.rollup("hour", "carrier") != BOTH
    assert BOTH.rollup("hour").overall == BOTH.overall


def test_rows_without_a_key_are_counted_again() -> None:
    keyless = CARRIER.count(None)
    dropped = 4
    res = slices_of("mae", BY, counts={"missing_keys": keyless + dropped, "more": 1})
    assert res.rollup("carrier").counts["missing_keys"] == keyless + dropped
    assert res.rollup("hour").counts["missing_keys"] == dropped
    assert res.counts["missing_keys"] == keyless + dropped
    assert res.rollup("hour").counts["more"] == 1


EXTREME = st.floats() | st.sampled_from([1e300, -1e300, 2.0**-1074, 1.0, NAN, math.inf])
ROWS = st.tuples(st.integers(0, 2), st.sampled_from(["a", "b", None]), EXTREME, EXTREME, EXTREME)


@given(st.lists(ROWS, min_size=1, max_size=12), st.sampled_from(["sum", "mean"]))
def test_slices_of_any_numbers_add_up(rows: list[tuple[Any, ...]], reduction: str) -> None:
    first, second, *columns = zip(*rows, strict=True)
    by, arrays = {"first": list(first), "second": list(second)}, tuple(map(np.array, columns))
    res = slices_of(["mae", "mse"], by, arrays, reduction)
    options = {"losses": ["mae", "mse"], "reduction": reduction}
    assert bits(res.overall) == bits(sl.evaluate(**options, **part(arrays, [*range(len(rows))])))
    expected = list(groups(by).items())
    for (key, found), rest, (own, kept) in zip(
        res, zip(*res.rest().values(), strict=True), expected, strict=True
    ):
        others = [k for k in range(len(rows)) if k not in kept]
        assert key == own
        assert bits(found) == bits(sl.evaluate(**options, **part(arrays, kept)))
        remaining = sl.evaluate(**options, **part(arrays, others))
        assert bits(rest) == bits(list(remaining.values()))
    for names in (["first"], ["second", "first"]):
        rolled = res.rollup(*names)
        assert rolled == slices_of(["mae", "mse"], {n: by[n] for n in names}, arrays, reduction)
        assert bits(rolled.overall) == bits(res.overall)


@pytest.mark.parametrize("names", [(), ("airline",), ("hour", "hour"), (1,)])
def test_a_rollup_needs_keys(names: tuple[Any, ...]) -> None:
    with pytest.raises(ValueError, match="one or more of the keys 'carrier', 'hour'"):
        BOTH.rollup(*names)


def test_the_rest_is_exact() -> None:
    for by in (BY, {"hour": HOUR}):
        res = slices_of(LOSSES, by)
        for rows, *found in zip(groups(by).values(), *res.rest().values(), strict=True):
            others = [k for k in range(len(Y)) if k not in rows]
            expected = sl.evaluate(LOSSES, Y[others], P[others], W[others])
            assert bits(found) == bits(list(expected.values()))


def test_the_rest_of_huge_terms_nothing_and_what_is_not_finite() -> None:
    res = of_errors([1e300, 1.0, 2.0**-1074, NAN], reduction="sum")
    assert bits(res.rest("mae")[3:]) == bits([math.fsum([1e300, 1.0])])
    assert np.isnan(res.rest("mae")[:3]).all()
    assert math.isnan(of_errors([1.0]).rest("mae")[0])
    assert of_errors([math.inf, 1.0]).rest("mae").tolist() == [1.0, math.inf]


def test_the_worst_come_first() -> None:
    res = of_errors([2.0, NAN, 5.0, 0.0, 5.0, math.inf])
    worst = res.worst(4)
    assert worst.by["key"].tolist() == [5, 2, 4, 0]
    assert worst.values.tolist() == [math.inf, 5.0, 5.0, 2.0]
    assert res.worst(99, "mae").by["key"].tolist() == [5, 2, 4, 0, 3, 1]
    assert [key for key, _ in worst] == [5, 2, 4, 0]
    assert worst.loc[4] == {"mae": 5.0}
    with pytest.raises(KeyError, match="slice 3 is not among the 4"):
        worst.loc[3]
    assert (len(res.worst(0)), len(res.worst(0).values)) == (0, 0)


def of_truth(metric: str) -> Callable[[float], float]:
    """How bad a result is."""
    if metric in ("r2", "explained_variance", "pearson", "concordance", "slope"):
        return lambda value: abs(1.0 - value)
    return {"bias": abs, "covariance": lambda value: -value}.get(metric, lambda value: value)


METRICS = "r2", "explained_variance", "pearson", "concordance", "slope", "bias", "covariance", "mse"


@pytest.mark.parametrize("metric", METRICS)
def test_of_metrics_what_is_far_from_perfect_is_worst(metric: str) -> None:
    pairs = [(key, each[metric]) for key, each in slices_of([metric], BY)]
    numbers = [pair for pair in pairs if pair[1] == pair[1]]
    key = of_truth(metric)
    expected = sorted(numbers, key=lambda pair: -key(pair[1]))
    expected += [pair for pair in pairs if pair[1] != pair[1]]
    found = [(k, each[metric]) for k, each in slices_of([metric], BY).worst(99)]
    assert [k for k, _ in found] == [k for k, _ in expected]


def test_who_writes_a_loss_says_what_is_perfect() -> None:
    @sl.loss("near_enough", formula="1 if |e| < 2, else 0", perfect=1.0)
    class NearEnough(NamedTuple):
        def point(self, y_true: float, y_pred: float) -> float:
            return 1.0 if abs(y_pred - y_true) < 2.0 else 0.0

    res = of_errors([1.0, 3.0, 0.0, 4.0], ["near_enough"])
    assert (NearEnough().perfect, sl.Huber().perfect) == (1.0, None)
    assert res.worst(3).by["key"].tolist() == [1, 3, 0]


def test_the_worst_have_elements_enough() -> None:
    worst = BOTH.worst(99, "mae", min_elements=4)
    assert worst.counts["elements"].min() >= 4
    assert len(worst) == (BOTH.counts["elements"] >= 4).sum()
    again = worst.worst(2, "rmse")
    assert [key for key, _ in again] == [key for key, _ in BOTH.worst(99, "rmse", min_elements=4)][
        :2
    ]


def test_the_worst_are_of_the_same_whole() -> None:
    worst = BOTH.worst(3, "mae")
    assert worst.overall == BOTH.overall
    for key, rest in zip(dict(worst), worst.rest("rmse"), strict=True):
        assert rest == dict(zip(dict(BOTH), BOTH.rest("rmse"), strict=True))[key]
    assert [*worst.result("mean")] == [*worst]
    with pytest.raises(ValueError, match="ask for it before worst"):
        worst.rollup("hour")


def test_what_worst_needs() -> None:
    with pytest.raises(ValueError, match="several losses"):
        BOTH.worst(3)
    with pytest.raises(ValueError, match="not be negative"):
        BOTH.worst(-1, "mae")
    with pytest.raises(TypeError, match="integer"):
        BOTH.worst(1.5, "mae")  # type: ignore[arg-type]
    with pytest.raises(KeyError, match="no results of 'mse'"):
        BOTH.worst(3, "mse")
    y = np.ones((60, 2))
    with pytest.raises(ValueError, match=r"one result a slice: got axes kept \(2,\)"):
        slices_of("mae", BY, (y, y, y), axis=0).worst(3)


def test_how_far_slices_are_apart() -> None:
    res = of_errors([2.0, NAN, 8.0, 4.0])
    assert (res.difference("mae"), res.ratio("mae")) == (6.0, 0.25)
    res = of_errors([2.0, 8.0, 4.0, 6.0])  # the whole has 5
    assert res.difference("mae", to="overall") == 3.0
    assert res.ratio("mae", to="overall") == min(2 / 5, 1 / (8 / 5))
    assert (res.difference(), res.ratio(to="overall")) == ({"mae": 6.0}, {"mae": 0.4})
    assert type(res.difference("mae")) is float


def test_how_far_slices_are_from_the_whole() -> None:
    for name in LOSSES:
        values, whole = BOTH[name].tolist(), BOTH.overall[name]
        numbers = [value for value in values if value == value]
        assert BOTH.difference(name) == max(numbers) - min(numbers)
        assert BOTH.difference(name, to="overall") == max(abs(v - whole) for v in numbers)
        ratios = [v / whole for v in numbers]
        assert BOTH.ratio(name, to="overall") == min(1 / r if r > 1 else r for r in ratios)


def test_nothing_to_compare() -> None:
    for res in (of_errors([NAN, NAN]), of_errors([1.0]).worst(0)):
        for to in ("slices", "overall"):
            assert math.isnan(res.difference("mae", to=to))
            assert math.isnan(res.ratio("mae", to=to))
    assert math.isnan(of_errors([0.0, 0.0]).ratio("mae"))
    assert math.isnan(of_errors([math.inf, math.inf]).difference("mae"))
    with pytest.raises(ValueError, match="must be 'slices' or 'overall': got 'all'"):
        BOTH.difference("mae", to="all")
