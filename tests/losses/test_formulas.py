"""Every loss against the formula of its row in the table of truth."""

import math
from decimal import Decimal

import numpy as np
import pytest

import streamloss as sl
from streamloss.losses.names import LOSSES
from tests.losses.points import OURS, all_of, in_ulps
from tests.losses.truth import ARITHMETIC, OTHERS, PAIRS, SIMPLE, TABLE, Truth, name
from tests.losses.truth.elements import exact_log_cosh
from tests.reference import LARGEST, TINY, WEIGHTS, bits, results, terms, truth, truths, wild

SUMMED = [case for case in PAIRS if case.loss.finish is None]
SHAPE = (30, 20)


def data(dtype: str) -> tuple[np.ndarray, np.ndarray, np.random.Generator]:
    """Return labels and predictions whose errors lie on both sides of every parameter."""
    rng = np.random.default_rng(11)
    y, scale = rng.normal(size=SHAPE), 10.0 ** rng.integers(-6, 7, SHAPE)
    return y.astype(dtype), (y + scale * rng.normal(size=SHAPE)).astype(dtype), rng


def test_every_loss_has_a_reference() -> None:
    ours = {cls for cls in LOSSES.values() if cls.__module__.startswith("streamloss.losses")}
    assert {type(case.loss) for case in TABLE} == ours


def test_every_loss_has_a_formula() -> None:
    assert {type(case.loss) for case in [*SIMPLE, *OTHERS]} == set(OURS)


@pytest.mark.parametrize("case", OTHERS, ids=name)
def test_a_loss_is_its_formula(case: Truth) -> None:
    inputs = case.draw(np.random.default_rng(21), 200)
    found = all_of(case.loss, *inputs)
    if case.ulps == 0:
        assert bits(found) == bits(case(*inputs))
    else:
        assert case.misses(found, *inputs) <= case.ulps


@pytest.mark.parametrize("dtype", ["f4", "f8"])
@pytest.mark.parametrize("kind", WEIGHTS)
@pytest.mark.parametrize("case", [c for c in SUMMED if c in ARITHMETIC], ids=name)
def test_weighted_losses_equal_the_reference_in_every_bit(
    case: Truth, kind: str, dtype: str
) -> None:
    y, p, rng = data(dtype)
    weights = WEIGHTS[kind](rng, SHAPE)
    found = sl.evaluate(case.loss, y, p, weights, reduction="none")
    assert bits(found) == bits(terms(case(y, p), weights))


@pytest.mark.parametrize("dtype", ["f4", "f8"])
@pytest.mark.parametrize("kind", WEIGHTS)
@pytest.mark.parametrize("case", SUMMED, ids=name)
def test_every_reduction_is_that_of_the_exact_sums(case: Truth, kind: str, dtype: str) -> None:
    y, p, rng = data(dtype)
    weights = WEIGHTS[kind](rng, SHAPE)
    losses = case(y, p) if case.ulps == 0 else sl.evaluate(case.loss, y, p, reduction="none")
    found = results(sl.accumulate(case.loss, y, p, weights))
    assert bits(found) == bits(truths(losses, weights))


@pytest.mark.parametrize("case", ARITHMETIC, ids=name)
def test_losses_of_the_whole_exponent_range_equal_the_reference(case: Truth) -> None:
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


def test_several_losses_share_a_pass_and_keep_their_spelling() -> None:
    y, p, rng = data("f8")
    specs = ["mae", sl.Huber(0.5), "rmse", "quantile:q=0.9"]
    together = sl.evaluate(specs, y, p, rng.random(SHAPE))
    assert list(together) == specs
    for spec, value in together.items():
        assert bits(value) == bits(sl.evaluate(spec, y, p, data("f8")[2].random(SHAPE)))
