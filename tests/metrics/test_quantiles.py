"""Quantiles of errors and their median: brackets of the value in fractions."""

from fractions import Fraction

import numpy as np
import pytest

import streamloss as sl
from tests.metrics.error_truth import median, quantile


def drawn(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray | None]:
    n = int(rng.integers(1, 9))
    errors = np.abs(rng.standard_normal(n) * 10.0 ** rng.integers(-3, 4))
    errors[rng.random(n) < 0.2] = 0.0
    errors = errors if rng.random() < 0.5 else np.round(errors)
    weights = [None, rng.integers(0, 4, n).astype(float), rng.random(n)][rng.integers(3)]
    if weights is not None and not weights.any():
        weights[0] = 1.0
    return errors, weights


@pytest.mark.parametrize("bits", [11, 21, 52])
def test_brackets_hold_the_value(bits: int) -> None:
    rng = np.random.default_rng(bits)
    for _ in range(300):
        errors, weights = drawn(rng)
        heavy = np.ones(len(errors)) if weights is None else weights
        q = float(rng.choice([0.0, 0.25, 0.5, 0.9, 1.0, 1 / 3]))
        metrics = [sl.ErrorQuantile(q, bits), sl.MedianAbsoluteError(bits)]
        acc = sl.Accumulator(metrics)
        acc.update(np.zeros(len(errors)), errors * rng.choice([-1, 1], len(errors)), weights)
        wants = quantile(errors, heavy, Fraction(q)), median(errors, heavy)
        for metric, want in zip(metrics, wants, strict=True):
            low, high = acc.bracket(metric)
            assert Fraction(low) <= want <= Fraction(high)
            assert low <= acc.result()[metric] <= high
            assert high <= low * (1 + 2.0 ** (11 - bits)) * (1 + 2.0**-52)
            assert (low == high) == (want == 0 or low == high)


def test_an_even_number_without_weights_has_the_mean_of_two() -> None:
    errors = np.array([1.0, 2.0, 4.0, 8.0])
    low, high = sl.accumulate(sl.MedianAbsoluteError(52), np.zeros(4), errors).bracket()
    assert low == 3.0
    assert high == 3.0 + 3.0 * 2.0**-42 or 3.0 < high < 3.0 * (1 + 2.0**-40)
    assert sl.accumulate(sl.ErrorQuantile(0.5), np.zeros(4), errors).bracket()[0] == 2.0


def test_numpys_inverted_cdf_is_in_the_bracket() -> None:
    rng = np.random.default_rng(12)
    errors, weights = rng.random(101), rng.random(101)
    for q in (0.1, 0.5, 0.77):
        want = np.quantile(errors, q, weights=weights, method="inverted_cdf")
        acc = sl.accumulate(sl.ErrorQuantile(q), np.zeros(101), errors, weights)
        low, high = acc.bracket()
        assert low <= want <= high


def test_no_error_and_infinite_ones_are_exact() -> None:
    for errors, want in (([0.0, 0.0, 5.0], 0.0), ([1.0, np.inf, np.inf], np.inf)):
        acc = sl.accumulate("median_absolute_error", np.zeros(3), errors)
        assert acc.bracket() == (want, want)
        assert acc.result() == want
    assert sl.evaluate("median_absolute_error", np.zeros(2), [1.0, np.inf]) == np.inf


@pytest.mark.parametrize("name", ["error_quantile", "median_absolute_error"])
def test_what_has_no_quantile(name: str) -> None:
    assert np.isnan(sl.evaluate(name, np.zeros(0), np.zeros(0)))
    assert np.isnan(sl.evaluate(name, np.zeros(2), np.ones(2), np.zeros(2)))
    assert np.isnan(sl.evaluate(name, [np.inf, 0.0], [np.inf, 0.0]))
    with pytest.raises(ValueError, match=r"weights of \w+ must be at least 0"):
        sl.evaluate(name, np.zeros(2), [1.0, 2.0], [1.0, -1.0])


def test_largest_floats_do_not_overflow() -> None:
    errors = np.array([1.7e308, 1.6e308])
    acc = sl.accumulate(sl.MedianAbsoluteError(52), np.zeros(2), errors)
    assert 1.6e308 < acc.bracket()[0] <= acc.result() <= acc.bracket()[1] < 1.7e308
