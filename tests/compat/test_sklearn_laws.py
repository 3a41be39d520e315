"""Laws of `compat.sklearn`: what weights mean, and that results are rounded once."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from sklearn_calls import ALL, ARITHMETIC, GUESSES, LABELS, RNG, P, Y

from streamloss.compat import sklearn


@pytest.mark.parametrize("name", ALL)
def test_no_weights_are_ones(name: str) -> None:
    function, y, p = ALL[name]
    assert function(y, p).hex() == function(y, p, sample_weight=np.ones(24)).hex()
    assert function(y, p).hex() == function(y, p, sample_weight=[1] * 24).hex()


@pytest.mark.parametrize("name", ALL)
def test_a_weight_of_zero_drops_the_sample(name: str) -> None:
    function, y, p = ALL[name]
    weights = np.where(np.arange(24) % 5 == 1, 0.0, 0.1 + np.arange(24) / 7)
    kept = weights != 0
    dropped = function(y[kept], p[kept], sample_weight=weights[kept])
    assert function(y, p, sample_weight=weights).hex() == dropped.hex()


@pytest.mark.parametrize("name", ALL)
def test_an_integer_weight_repeats_the_sample(name: str) -> None:
    function, y, p = ALL[name]
    times = RNG.integers(0, 5, 24) if name in ARITHMETIC else 2 ** RNG.integers(0, 3, 24)
    repeated = function(np.repeat(y, times, axis=0), np.repeat(p, times, axis=0))
    assert function(y, p, sample_weight=times).hex() == repeated.hex()


@pytest.mark.parametrize("name", ALL)
def test_the_order_of_samples_is_without_effect(name: str) -> None:
    function, y, p = ALL[name]
    weights, order = RNG.random(24), RNG.permutation(24)
    shuffled = function(y[order], p[order], sample_weight=weights[order])
    assert function(y, p, sample_weight=weights).hex() == shuffled.hex()


def test_averages_over_outputs_are_rounded_once() -> None:
    y, p, w = RNG.random((9, 3)), RNG.random((9, 3)), RNG.random(9)
    terms = w[:, None] * np.abs(p - y)
    exact = sum(map(Fraction, terms.ravel())) / (3 * sum(map(Fraction, w)))
    assert sklearn.mean_absolute_error(y, p, sample_weight=w) == float(exact)


@pytest.mark.parametrize("multioutput", ["uniform_average", "raw_values"])
def test_float32_results_are_rounded_once(multioutput: str) -> None:
    """Rounded to float64 first, 1 + 2**-24 + 2**-80 is the middle between two float32."""
    true, pred = np.float32([1.0, 2.0**-24, 2.0**-80, 0.0]), np.zeros(4, np.float32)
    found = sklearn.mean_absolute_error(true, pred, multioutput=multioutput)
    assert found == (1.0 + 2.0**-23) / 4


def test_accuracy_is_rounded_once() -> None:
    w = RNG.random(24)
    right = sum(map(Fraction, w[LABELS == GUESSES])) / sum(map(Fraction, w))
    assert sklearn.accuracy_score(LABELS, GUESSES, sample_weight=w) == float(right)
    assert sklearn.zero_one_loss(LABELS, GUESSES, sample_weight=w) == float(1 - right)


def test_results_are_rounded_to_the_dtype_of_the_inputs() -> None:
    y, p = Y.astype(np.float32) / 3, P.astype(np.float32) / 7
    found = sklearn.mean_squared_error(y, p)
    assert found == float(np.float32(found))
    assert sklearn.mean_squared_error(y, p, multioutput="raw_values").dtype == np.float32


def test_large_arrays_are_checked_only_if_the_result_is_not_finite() -> None:
    y = np.zeros(10)
    y[4] = 1e200
    assert sklearn.mean_squared_error(y, np.zeros(10)) == math.inf  # no error: y is finite
    y[4] = np.inf
    with pytest.raises(ValueError, match=r"^Input y_true contains infinity"):
        sklearn.mean_squared_error(y, np.zeros(10))
