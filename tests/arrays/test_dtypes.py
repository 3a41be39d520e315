"""Arrays of every dtype are upcast to float64 before anything is computed."""

import math

import ml_dtypes
import numpy as np
import pytest

import streamloss as sl
from tests.arrays.given import RNG, errors, quotients, same, total, widen

INTEGERS = [f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64)]
REALS = ["bool", *INTEGERS, "float16", ml_dtypes.bfloat16, "float32", "float64", ">f4", ">i2"]
DTYPES = [np.dtype(d) for d in [*REALS, "complex64", "complex128"]]


def values(dtype: np.dtype, size: int = 40) -> np.ndarray:
    if dtype == np.bool_:
        return RNG.random(size) < 0.5
    found = RNG.random(size) * 120.0
    return (found + (1j * found[::-1] if dtype.kind == "c" else 0.0)).astype(dtype)


@pytest.mark.parametrize("pred", DTYPES, ids=str)
@pytest.mark.parametrize("true", DTYPES, ids=str)
def test_every_pair_of_dtypes_is_upcast_to_float64(true: np.dtype, pred: np.dtype) -> None:
    y, p = values(true), values(pred)
    assert sl.evaluate("mae", y, p, reduction="sum") == total(errors(y, p))


@pytest.mark.parametrize("inputs", ["f4", "f8", "c8"])
@pytest.mark.parametrize("dtype", [np.dtype(d) for d in REALS], ids=str)
def test_weights_of_every_real_dtype(dtype: np.dtype, inputs: str) -> None:
    y, p, w = values(np.dtype(inputs)), values(np.dtype(inputs)), values(dtype)
    want = quotients(errors(y, p) * widen(w), widen(w))
    assert same(sl.evaluate("mae", y, p, w), want)


def test_uint8_does_not_wrap() -> None:
    three, five = np.array([3], np.uint8), np.array([5], np.uint8)
    assert sl.evaluate("mae", three, five) == 2.0
    assert sl.evaluate("mse", np.array([0], np.uint8), np.array([16], np.uint8)) == 256.0


@pytest.mark.parametrize("dtype", ["int64", "uint64"])
@pytest.mark.parametrize("number", [2**53 + 1, 2**53 + 3, 2**62 + 2**9 + 1, 2**63 - 1])
def test_integers_beyond_2_53_are_rounded_by_the_upcast(number: int, dtype: str) -> None:
    assert sl.evaluate("mae", np.array([number], dtype), [0]) == float(number)
    assert sl.evaluate("mae", np.array([number], dtype), [float(number)]) == 0.0


def test_the_largest_and_least_integers() -> None:
    assert sl.evaluate("mae", np.array([2**64 - 1], np.uint64), [0]) == 2.0**64
    assert sl.evaluate("mae", np.array([-(2**63)]), np.array([2**63 - 1])) == 2.0**64


def test_float16_is_not_summed_in_float16() -> None:
    y, p = np.full(70_000, 60_000, np.float16), np.full(70_000, -60_000, np.float16)
    assert sl.evaluate("mae", y, p, reduction="sum") == 70_000 * 2.0 * float(y[0])


def test_float32_differences_are_taken_in_float64() -> None:
    y, p = np.array([1.0], np.float32), np.array([2.0**-40], np.float32)
    assert sl.evaluate("mae", y, p) == 1.0 - 2.0**-40


def test_the_modulus_of_complex_numbers() -> None:
    assert sl.evaluate("mae", [3 + 4j, 0], [0, 5 - 12j]) == 9.0
    assert math.isfinite(sl.evaluate("mae", [1e200 + 1e200j], [0]))
