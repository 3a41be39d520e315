"""The absolute error of complex numbers."""

import math
from decimal import Decimal

import numpy as np
import pytest

import streamloss as sl
from tests.losses.points import in_ulps
from tests.losses.truth import SIMPLE, Truth, name
from tests.reference import bits, results, truth


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


@pytest.mark.parametrize("case", [c for c in SIMPLE if not c.loss.complex_inputs], ids=name)
def test_other_losses_refuse_complex_numbers(case: Truth) -> None:
    inputs = ([1j],) * case.loss.inputs
    with pytest.raises(TypeError, match="is not defined for complex numbers"):
        sl.evaluate(case.loss, *inputs)


def test_complex_weights_are_refused() -> None:
    with pytest.raises(TypeError, match="weights must be real: got dtype complex128"):
        sl.evaluate("mae", [1.0], [2.0], [1j])
