"""Every loss against hand-worked values and the reference; parameters, names, users' losses."""

import copy
import math
import pickle
import re
from decimal import Decimal
from typing import Any, NamedTuple

import numpy as np
import pytest
from families import MORE
from reference import (
    ARITHMETIC,
    CASES,
    LARGEST,
    PAIRS,
    TINY,
    WEIGHTS,
    Case,
    bits,
    exact_log_cosh,
    name,
    results,
    sprinkle,
    terms,
    truth,
    truths,
    wild,
)
from row_families import ROWS

import streamloss as sl
from streamloss.losses import names
from streamloss.losses.names import LOSSES

SUMMED = [case for case in PAIRS if case.loss.finish is None]
SHAPE = (30, 20)


@pytest.mark.parametrize(
    ("loss", "y_true", "y_pred", "value"),
    [
        ("mae", 1.0, 3.5, 2.5),
        ("mae", 3.5, 1.0, 2.5),
        ("mse", 1.0, 3.5, 2.5 * 2.5),
        ("rmse", 1.0, 3.5, 2.5),
        ("huber", 0.0, 0.5, 0.5 * 0.5**2),
        ("huber", 0.0, -1.0, 0.5),  # both branches agree at delta
        ("huber", 0.0, 3.0, 1.0 * (3.0 - 0.5 * 1.0)),
        (sl.Huber(2.0), -3.0, 0.0, 2.0 * (3.0 - 0.5 * 2.0)),
        (sl.Huber(2.0), 1.0, 2.0, 0.5 * 1.0**2),
        ("smooth_l1", 0.0, 0.5, 0.5 * 0.5**2 / 1.0),
        (sl.SmoothL1(2.0), 0.0, 1.0, 0.5 * 1.0**2 / 2.0),
        (sl.SmoothL1(2.0), 0.0, -2.0, 2.0 - 0.5 * 2.0),
        (sl.SmoothL1(2.0), 0.0, -3.0, 3.0 - 0.5 * 2.0),
        (sl.SmoothL1(0.0), 0.0, 3.0, 3.0),
        (sl.SmoothL1(0.0), 3.0, 3.0, 0.0),
        ("log_cosh", 2.0, 2.0, 0.0),
        ("log_cosh", 0.0, -1000.0, 1000.0 - math.log(2.0)),
        ("quantile", 1.0, 3.0, 0.5 * 2.0),
        (sl.Quantile(0.75), 3.0, 1.0, 0.75 * 2.0),  # too low costs q
        (sl.Quantile(0.75), 1.0, 3.0, 0.25 * 2.0),  # too high costs 1 - q
        (sl.Quantile(0.75), 3.0, 3.0, 0.0),
    ],
)
def test_a_loss_has_its_hand_worked_value(
    loss: Any, y_true: float, y_pred: float, value: float
) -> None:
    assert sl.evaluate(loss, [y_true], [y_pred]) == value
    assert sl.evaluate(loss, np.float32([y_true]), np.float32([y_pred])) == value


def test_value_is_the_loss_given() -> None:
    assert sl.evaluate("value", [0.25, -1.75], reduction="none").tolist() == [0.25, -1.75]


def test_rmse_is_the_root_of_the_rounded_mean() -> None:
    assert sl.evaluate("rmse", [0.0, 0.0], [3.0, 4.0]) == math.sqrt((9.0 + 16.0) / 2)
    assert sl.evaluate("rmse", [0.0, 0.0], [3.0, 4.0], [3.0, 1.0]) == math.sqrt((27.0 + 16.0) / 4)


def test_the_root_of_a_negative_mean_is_nan() -> None:
    assert math.isnan(sl.evaluate("rmse", [0.0, 0.0], [1.0, 3.0], [2.0, -1.0]))


@pytest.mark.parametrize("case", PAIRS, ids=name)
@pytest.mark.parametrize(
    ("y_true", "y_pred", "value"),
    [
        (0.0, math.inf, math.inf),
        (math.inf, 0.0, math.inf),
        (-math.inf, math.inf, math.inf),
        (math.inf, math.inf, math.nan),
        (math.nan, 0.0, math.nan),
        (0.0, math.nan, math.nan),
    ],
)
def test_losses_of_infinities_and_nan(
    case: Case, y_true: float, y_pred: float, value: float
) -> None:
    assert bits(sl.evaluate(case.loss, [y_true], [y_pred])) == bits(value)


def test_every_loss_has_a_reference() -> None:
    ours = {cls for cls in LOSSES.values() if cls.__module__.startswith("streamloss.losses")}
    assert {type(case.loss) for case in [*CASES, *MORE, *ROWS]} == ours


def data(dtype: str) -> tuple[np.ndarray, np.ndarray, np.random.Generator]:
    """Return labels and predictions whose errors lie on both sides of every parameter."""
    rng = np.random.default_rng(11)
    y, scale = rng.normal(size=SHAPE), 10.0 ** rng.integers(-6, 7, SHAPE)
    return y.astype(dtype), (y + scale * rng.normal(size=SHAPE)).astype(dtype), rng


def in_ulps(got: np.ndarray, want: np.ndarray) -> float:
    """Return the largest distance, in the spacing of floats at what is wanted."""
    return float(np.max(np.abs(got - want) / np.spacing(np.abs(want))))


@pytest.mark.parametrize("dtype", ["f4", "f8"])
@pytest.mark.parametrize("kind", WEIGHTS)
@pytest.mark.parametrize("case", [c for c in SUMMED if c in ARITHMETIC], ids=name)
def test_weighted_losses_equal_the_reference_in_every_bit(
    case: Case, kind: str, dtype: str
) -> None:
    y, p, rng = data(dtype)
    weights = WEIGHTS[kind](rng, SHAPE)
    found = sl.evaluate(case.loss, y, p, weights, reduction="none")
    assert bits(found) == bits(terms(case(y, p), weights))


@pytest.mark.parametrize("dtype", ["f4", "f8"])
@pytest.mark.parametrize("kind", WEIGHTS)
@pytest.mark.parametrize("case", SUMMED, ids=name)
def test_every_reduction_is_that_of_the_exact_sums(case: Case, kind: str, dtype: str) -> None:
    y, p, rng = data(dtype)
    weights = WEIGHTS[kind](rng, SHAPE)
    losses = case(y, p) if case.ulps == 0 else sl.evaluate(case.loss, y, p, reduction="none")
    found = results(sl.accumulate(case.loss, y, p, weights))
    assert bits(found) == bits(truths(losses, weights))


@pytest.mark.parametrize("case", ARITHMETIC, ids=name)
def test_losses_of_the_whole_exponent_range_equal_the_reference(case: Case) -> None:
    rng = np.random.default_rng(12)
    y, p = wild(rng, (2, 3000), -1074, 1024)
    mean = truth(case(y, p), None, "mean")
    want = mean if case.loss.finish is None else math.sqrt(mean)
    assert bits(sl.evaluate(case.loss, y, p)) == bits(want)


ERRORS = {
    "tiny": (-1000.0, -27.0),
    "small": (-27.0, -2.0),
    "about one": (-2.0, 3.0),
    "large": (3.0, 12.0),
    "huge": (12.0, 1023.0),
}


@pytest.mark.parametrize("exponents", ERRORS.values(), ids=ERRORS)
def test_log_cosh_is_within_4_ulp(exponents: tuple[float, float]) -> None:
    rng = np.random.default_rng(13)
    errors = 2.0 ** rng.uniform(*exponents, 3000) * rng.choice([-1.0, 1.0], 3000)
    found = sl.evaluate("log_cosh", np.zeros(3000), errors, reduction="none")
    assert in_ulps(found, exact_log_cosh(errors)) <= 4.0


@pytest.mark.parametrize(
    ("error", "value"),
    [
        (TINY, 0.0),
        (1e-200, 0.0),
        (1e-160, 5e-321),
        (1e-10, 5e-21),
        (math.nextafter(1.0, 0.0), 0.43378083048302710),
        (1.0, 0.4337808304830272),  # log((e + 1/e) / 2) = log(1.5430806)
        (LARGEST, LARGEST),
    ],
)
def test_log_cosh_neither_cancels_nor_overflows(error: float, value: float) -> None:
    found = sl.evaluate("log_cosh", [0.0], [error])
    assert abs(Decimal(found) - Decimal(value)) <= 4 * Decimal(math.ulp(value))


@pytest.mark.parametrize(
    ("cls", "value", "message"),
    [
        (sl.Huber, 0.0, "delta of Huber must be greater than 0 and finite: got 0.0"),
        (sl.Huber, -1, "delta of Huber must be greater than 0 and finite: got -1"),
        (sl.Huber, math.inf, "delta of Huber must be greater than 0 and finite: got inf"),
        (sl.Huber, math.nan, "delta of Huber must be greater than 0 and finite: got nan"),
        (sl.SmoothL1, -0.5, "beta of SmoothL1 must be at least 0 and finite: got -0.5"),
        (sl.SmoothL1, math.inf, "beta of SmoothL1 must be at least 0 and finite: got inf"),
        (sl.Quantile, 0, "q of Quantile must be strictly between 0 and 1: got 0"),
        (sl.Quantile, 1.0, "q of Quantile must be strictly between 0 and 1: got 1.0"),
        (sl.Quantile, 90, "q of Quantile must be strictly between 0 and 1: got 90"),
    ],
)
def test_a_parameter_outside_its_interval_is_refused(cls: Any, value: Any, message: str) -> None:
    for make in (cls, lambda x: cls()._replace(**{cls._fields[0]: x}), lambda x: cls._make([x])):
        with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
            make(value)


@pytest.mark.parametrize("value", [None, "wide", [1.0], 1j])
def test_a_parameter_that_is_no_number_is_refused(value: Any) -> None:
    with pytest.raises(TypeError, match=r"^delta of Huber must be a number: got "):
        sl.Huber(value)


def test_the_ends_of_an_interval_are_admitted_where_it_says_so() -> None:
    assert sl.SmoothL1(0).beta == 0.0
    assert sl.Huber(TINY).delta == TINY


@pytest.mark.parametrize("value", [1, True, np.float32(1.0), np.int64(1)])
def test_parameters_are_kept_as_float(value: Any) -> None:
    loss = sl.Huber(value)
    assert type(loss.delta) is float
    assert loss == sl.Huber(1.0)
    assert hash(loss) == hash(sl.Huber(1.0))


def test_losses_of_different_classes_differ() -> None:
    assert sl.Huber(0.5) != sl.Quantile(0.5)
    assert sl.AbsoluteError() != sl.SquaredError()
    assert sl.RootMeanSquaredError() != sl.SquaredError()
    assert sl.SquaredError() != sl.RootMeanSquaredError()
    assert len({sl.Huber(0.5), sl.Quantile(0.5), sl.Huber(0.25), sl.Huber(0.5)}) == 3


def test_hashes_depend_on_the_class() -> None:
    losses = [sl.Huber(0.5), sl.Quantile(0.5), sl.SmoothL1(0.5), sl.AbsoluteError(), ()]
    assert len(set(map(hash, losses))) == len(losses)


def test_a_loss_is_no_plain_tuple() -> None:
    assert sl.Huber(0.5) != (0.5,)
    assert (0.5,) != sl.Huber(0.5)
    assert not sl.Huber(0.5) == (0.5,)
    assert not (0.5,) == sl.Huber(0.5)


@pytest.mark.parametrize("case", CASES, ids=name)
def test_a_loss_survives_pickle_copy_and_repr(case: Case) -> None:
    loss = case.loss
    for other in (pickle.loads(pickle.dumps(loss)), copy.deepcopy(loss), eval(f"sl.{loss!r}")):
        assert other == loss
        assert type(other) is type(loss)


@pytest.mark.parametrize(
    ("spec", "loss"),
    [
        ("mae", sl.AbsoluteError()),
        ("l1", sl.AbsoluteError()),
        ("mean_absolute_error", sl.AbsoluteError()),
        ("absolute_error", sl.AbsoluteError()),
        ("mse", sl.SquaredError()),
        ("l2", sl.SquaredError()),
        ("rmse", sl.RootMeanSquaredError()),
        ("huber", sl.Huber(1.0)),
        ("huber:delta=0.5", sl.Huber(0.5)),
        (" Huber : delta = 5e-1 ", sl.Huber(0.5)),
        ("smooth_l1:beta=0", sl.SmoothL1(0.0)),
        ("logcosh", sl.LogCosh()),
        ("pinball:q=0.9", sl.Quantile(0.9)),
        ("value", sl.Value()),
        (sl.Huber, sl.Huber(1.0)),
        (sl.Huber(0.25), sl.Huber(0.25)),
    ],
)
def test_a_loss_is_found_by_name(spec: Any, loss: Any) -> None:
    assert sl.Accumulator(spec).losses == (loss,)


@pytest.mark.parametrize("loss", LOSSES)
def test_every_name_and_alias_is_found(loss: str) -> None:
    cls = LOSSES[loss]
    for spelling in (loss, *cls.aliases):
        assert sl.Accumulator(spelling).losses == (cls(),)


@pytest.mark.parametrize(
    ("spec", "error", "message"),
    [
        (
            "maee",
            ValueError,
            r"unknown loss 'maee' \(did you mean 'mae' or .*\?\): `streamloss losses` lists all",
        ),
        ("", ValueError, "unknown loss ''"),
        ("huber:gamma=1", ValueError, "bad parameter 'gamma=1' .* the parameters are delta"),
        ("huber:delta", ValueError, "bad parameter 'delta' in loss 'huber:delta'"),
        ("huber:delta=wide", ValueError, "bad parameter 'delta=wide' .*: not a number"),
        ("mae:delta=1", ValueError, "bad parameter 'delta=1' .* the parameters are none"),
        ("huber:delta=-1", ValueError, "delta of Huber must be greater than 0"),
        ("quantile:q=nan", ValueError, "q of Quantile must be strictly between 0 and 1"),
        (3, TypeError, r"a loss must be a name or a loss such as Huber\(0.5\): got 3"),
        (None, TypeError, "a loss must be a name or a loss"),
        ((0.5,), TypeError, "a loss must be a name or a loss"),
        (int, TypeError, "a loss must be a name or a loss"),
    ],
)
def test_what_names_no_loss_is_refused(spec: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        sl.evaluate(spec, [1.0], [2.0])


def test_several_losses_share_a_pass_and_keep_their_spelling() -> None:
    y, p, rng = data("f8")
    specs = ["mae", sl.Huber(0.5), "rmse", "quantile:q=0.9"]
    together = sl.evaluate(specs, y, p, rng.random(SHAPE))
    assert list(together) == specs
    for spec, value in together.items():
        assert bits(value) == bits(sl.evaluate(spec, y, p, data("f8")[2].random(SHAPE)))


# A user's own losses.


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
    for table in ("LOSSES", "_NAMES", "_KEYS"):
        monkeypatch.setattr(names, table, dict(getattr(names, table)))

    @sl.loss("shifted", "moved", formula="|e| + by")
    class Shifted(NamedTuple):
        by: float = 1.0

        def point(self, y_true: Any, y_pred: Any) -> Any:
            return abs(y_pred - y_true) + self.by

    assert sl.evaluate("moved:by=2", [1.0], [4.0]) == 5.0
    assert names.LOSSES["shifted"] is Shifted


# Complex numbers.


@pytest.mark.parametrize("dtype", ["c8", "c16"])
def test_the_absolute_error_of_complex_numbers_is_the_modulus(dtype: str) -> None:
    y = np.array([1 + 1j, 0j, -2j], dtype)
    p = np.array([4 + 5j, 5 - 12j, -2j], dtype)
    assert sl.evaluate("mae", y, p, reduction="none").tolist() == [5.0, 13.0, 0.0]
    found = results(sl.accumulate("mae", y, p, [2.0, 1.0, 0.0]))
    assert found == results(sl.accumulate("value", [5.0, 13.0, 0.0], None, [2.0, 1.0, 0.0]))


def exact_modulus(z: complex) -> float:
    return float((Decimal(z.real) ** 2 + Decimal(z.imag) ** 2).sqrt())


@pytest.mark.parametrize("scale", [1e-300, 1.0, 1e300])
def test_a_modulus_is_within_an_ulp_and_neither_over_nor_underflows(scale: float) -> None:
    rng = np.random.default_rng(14)
    z = scale * (rng.normal(size=2000) + 1j * rng.normal(size=2000))
    found = sl.evaluate("mae", np.zeros(2000, complex), z, reduction="none")
    assert in_ulps(found, np.array([exact_modulus(x) for x in z])) <= 1.0
    assert bits(sl.evaluate("mae", np.zeros(2000, complex), z)) == bits(truth(found))


def test_complex_and_real_inputs_mix() -> None:
    assert sl.evaluate("mae", [3.0, 0.0], [3 + 4j, 0j]) == 2.0  # (4 + 0) / 2
    assert sl.evaluate("mae", np.float32([3.0]), np.complex64([3 + 4j])) == 4.0


@pytest.mark.parametrize("value", [complex(math.nan, 0.0), complex(0.0, math.nan)])
def test_a_nan_in_either_part_is_a_nan(value: complex) -> None:
    assert math.isnan(sl.evaluate("mae", [0j, 0j], [3 + 4j, value]))
    assert sl.evaluate("mae", [0j, 0j], [3 + 4j, value], nan="omit") == 5.0


@pytest.mark.parametrize("case", [c for c in CASES if not c.loss.complex_inputs], ids=name)
def test_other_losses_refuse_complex_numbers(case: Case) -> None:
    inputs = ([1j],) * case.loss.inputs
    with pytest.raises(TypeError, match="is not defined for complex numbers"):
        sl.evaluate(case.loss, *inputs)


def test_complex_weights_are_refused() -> None:
    with pytest.raises(TypeError, match="weights must be real: got dtype complex128"):
        sl.evaluate("mae", [1.0], [2.0], [1j])
