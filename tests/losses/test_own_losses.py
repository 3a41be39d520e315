"""A user's own losses: what they may be, and what is refused."""

import math
from typing import Any, NamedTuple

import numpy as np
import pytest

import streamloss as sl
from streamloss.losses import names
from tests.reference import bits, results, sprinkle, truths


@sl.loss
class Asymmetric(NamedTuple):
    under: sl.Positive = 2.0
    over: float = 1.0

    def point(self, y_true: Any, y_pred: Any) -> Any:
        error = y_pred - y_true
        return self.over * error if error > 0.0 else -self.under * error


@sl.loss
class ScaledSquare(NamedTuple):
    """Of three inputs: the square of the error in units of a variance."""

    def point(self, y_true: Any, y_pred: Any, variance: Any) -> Any:
        error = y_pred - y_true
        return error * error / variance


@sl.loss
class Unequal(NamedTuple):
    """The zero-one loss, which turns NaN into 1."""

    def point(self, y_true: Any, y_pred: Any) -> Any:
        return 1.0 if y_true != y_pred else 0.0


@sl.loss
class Decibel(NamedTuple):
    def point(self, y_true: Any, y_pred: Any) -> Any:
        return (y_pred - y_true) ** 2

    def finish(self, mean: float) -> float:
        return 10.0 * math.log10(mean)


@sl.loss
class Uncompilable(NamedTuple):
    def point(self, y_true: Any, y_pred: Any) -> Any:
        return y_true.no_such_method(y_pred)


def test_a_users_loss_has_all_reductions() -> None:
    y, p, w = np.array([1.0, 2.0, 3.0]), np.array([2.0, 0.0, 3.0]), np.array([1.0, 3.0, 0.0])
    found = results(sl.accumulate(Asymmetric(under=3.0, over=0.5), y, p, w))
    assert found == {  # 1 * 0.5 + 3 * 3 * 2 = 18.5
        "sum": 18.5,
        "mean": 18.5 / 4.0,
        "sum_over_batch_size": 18.5 / 3.0,
        "sum_by_nonzero_weights": 18.5 / 2.0,
    }


def test_a_users_parameters_are_checked() -> None:
    with pytest.raises(ValueError, match="under of Asymmetric must be greater than 0 and finite"):
        Asymmetric(under=0.0)
    with pytest.raises(ValueError, match="over of Asymmetric must be finite: got inf"):
        Asymmetric(over=math.inf)


@pytest.mark.parametrize("weights", [None, [2.0, 1.0, 0.0]])
def test_a_loss_may_take_three_inputs(weights: Any) -> None:
    y, p, v = [0.0, 0.0, 0.0], [1.0, 4.0, 9.0], [2.0, 4.0, 0.0]
    want = truths([0.5, 4.0, math.inf], weights)  # 1 / 2, 16 / 4, 81 / 0
    assert bits(results(sl.accumulate(ScaledSquare(), y, (p, v), weights))) == bits(want)


@pytest.mark.parametrize("y_pred", [[1.0], ([1.0],), ([1.0], [1.0], [1.0]), None])
def test_three_inputs_must_come_as_a_tuple(y_pred: Any) -> None:
    with pytest.raises(TypeError, match="y_pred must be a tuple of 2 arrays"):
        sl.evaluate(ScaledSquare(), [1.0], y_pred)


@pytest.mark.parametrize("size", [10, 2048, 7000])
@pytest.mark.parametrize("share", [0.001, 0.3, 1.0])
def test_omit_goes_by_the_inputs_not_by_the_losses(size: int, share: float) -> None:
    rng = np.random.default_rng(size)
    y = sprinkle(rng, rng.integers(0, 3, size).astype("f8"), share, [math.nan])
    p, w = rng.integers(0, 3, size).astype("f8"), rng.lognormal(size=size)
    losses, absent = (y != p) * 1.0, np.isnan(y)
    for nan, out in (("propagate", False), ("omit", absent)):
        found = sl.accumulate(Unequal(), y, p, w, nan=nan)
        assert bits(results(found)) == bits(truths(losses, w, absent=out))
    assert found.counts["nan"] == absent.sum()


def test_a_finish_is_applied_to_the_mean() -> None:
    assert sl.evaluate(Decibel(), [0.0, 0.0], [10.0, 10.0]) == 20.0
    with pytest.raises(ValueError, match=r"does not fit Decibel\(\), which needs a mean"):
        sl.evaluate(Decibel(), [0.0], [10.0], reduction="sum")


def test_a_point_that_does_not_compile_is_said_in_one_line() -> None:
    with pytest.raises(TypeError, match=r"^point of Uncompilable cannot be compiled: ") as caught:
        sl.evaluate(Uncompilable(), [1.0], [2.0])
    assert "no_such_method" in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1


@sl.loss
class Strict(NamedTuple):
    def point(self, y_true: Any, y_pred: Any) -> Any:
        if y_true < 0.0:
            raise ValueError("y_true is negative")
        return abs(y_pred - y_true)


def test_a_point_may_raise_and_its_update_changes_nothing() -> None:
    accumulator = sl.accumulate(Strict(), [1.0], [3.0])
    with pytest.raises(ValueError, match="y_true is negative"):
        accumulator.update(np.append(np.ones(5000), -1.0), np.zeros(5001))
    assert accumulator == sl.accumulate(Strict(), [1.0], [3.0])
    assert accumulator.result("sum") == 2.0


class NoTuple:
    def point(self, y_true: Any, y_pred: Any) -> Any:
        return y_true


class NoPoint(NamedTuple):
    a: float = 1.0


class NoInputs(NamedTuple):
    def point(self) -> Any:
        return 1.0


class AnyInputs(NamedTuple):
    def point(self, *inputs: Any) -> Any:
        return inputs[0]


class FourInputs(NamedTuple):
    def point(self, a: Any, b: Any, c: Any, d: Any) -> Any:
        return a + b + c + d


class KeywordInput(NamedTuple):
    def point(self, y_true: Any, *, y_pred: Any) -> Any:
        return y_true


@pytest.mark.parametrize(
    ("cls", "message"),
    [
        (NoTuple, "@loss needs a NamedTuple class: got .*NoTuple"),
        (tuple, "@loss needs a NamedTuple class"),
        (3, "@loss needs a NamedTuple class: got 3"),
        (NoPoint, "loss NoPoint needs a method point"),
        (NoInputs, "point of loss NoInputs must take self and one positional argument per input"),
        (AnyInputs, "point of loss AnyInputs must take .*got .*inputs"),
        (FourInputs, "point of loss FourInputs must take .* one to three: got"),
        (KeywordInput, "point of loss KeywordInput must take"),
    ],
)
def test_a_class_that_is_no_loss_is_refused(cls: Any, message: str) -> None:
    with pytest.raises(TypeError, match=message):
        sl.loss(cls)


def test_a_name_belongs_to_one_loss() -> None:
    class Other(NamedTuple):
        def point(self, y_true: Any, y_pred: Any) -> Any:
            return y_true

    with pytest.raises(ValueError, match=r"the loss name 'mae' belongs to .*AbsoluteError"):
        sl.loss("other", "mae")(Other)
    with pytest.raises(ValueError, match="unknown loss 'other'"):
        sl.Accumulator("other")


def test_a_users_loss_can_have_a_name(monkeypatch: pytest.MonkeyPatch) -> None:
    for table in ("_LOSSES", "_NAMES", "_KEYS"):
        monkeypatch.setattr(names, table, dict(getattr(names, table)))

    @sl.loss("shifted", "moved", formula="|e| + by")
    class Shifted(NamedTuple):
        by: float = 1.0

        def point(self, y_true: Any, y_pred: Any) -> Any:
            return abs(y_pred - y_true) + self.by

    assert sl.evaluate("moved:by=2", [1.0], [4.0]) == 5.0
    assert names.LOSSES["shifted"] is Shifted
