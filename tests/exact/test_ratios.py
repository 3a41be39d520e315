"""Means of ratios are what fractions give, rounded once, however the terms cancel."""

import math
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamloss.exact import ratios
from streamloss.exact.ratios import dot, mean_of_ratios, scaled
from tests.reference import bits

WHOLE = st.integers(-(1 << 70), 1 << 70)
TERMS = st.lists(st.tuples(WHOLE, WHOLE, st.integers(-9, 9)), max_size=60)


def truth(terms: list[tuple[int, int, int]], total: int | None = None) -> float:
    kept = [(n, d, w) for n, d, w in terms if d != 0 or w * n != 0]
    infinite = {w * n > 0 for n, d, w in kept if d == 0}
    heavy = sum(w for n, d, w in kept) if total is None else total
    if infinite:
        return (
            math.nan if len(infinite) == 2 else math.inf * (1 if infinite == {heavy >= 0} else -1)
        )
    return quotient(sum((Fraction(w * n, d) for n, d, w in kept if d), Fraction(0)), heavy)


def quotient(value: Fraction, heavy: int) -> float:
    if heavy == 0:
        return math.nan if value == 0 else math.copysign(math.inf, value)
    return float(value / heavy)


def asked(terms: list[tuple[int, int, int]], **given: Any) -> float:
    columns = list(zip(*terms, strict=True)) or [(), (), ()]
    return mean_of_ratios(*columns, **given)


@given(TERMS)
def test_any_mean_is_that_of_fractions(terms: list[tuple[int, int, int]]) -> None:
    assert asked(terms) == pytest.approx(truth(terms), rel=0, abs=0, nan_ok=True)


@given(st.lists(st.tuples(WHOLE, WHOLE.filter(bool)), min_size=17, max_size=80))
def test_without_weights_all_count_alike(terms: list[tuple[int, int]]) -> None:
    assert mean_of_ratios(*zip(*terms, strict=True)) == truth([(n, d, 1) for n, d in terms])


@pytest.mark.parametrize("size", [5, 40, 400])
@pytest.mark.parametrize("step", [-1, 0, 1])
def test_means_in_the_middle_of_two_floats(size: int, step: int) -> None:
    """The sum of n / d and 1 - n / d is 1; then a tie, or one part in 2**300 beside it."""
    primes = range(3, 2 * size + 3, 2)
    terms = [(1, d, 1) for d in primes] + [(d - 1, d, 1) for d in primes]
    terms += [(size + 1, 1 << 53, 1), (step, 1 << 2000, 1)]
    exact = sum(Fraction(n, d) for n, d, _ in terms)
    assert asked(terms, total=1) == float(exact) == truth(terms, 1)
    assert asked(terms, total=-3) == truth(terms, -3)


def test_bits_are_added_where_the_first_do_not_decide() -> None:
    terms = [(1, d, 1) for d in range(3, 203, 2)] + [(-1, d, 1) for d in range(3, 203, 2)]
    tiny = [(1, (1 << 400) + k, 1) for k in range(20)]
    assert asked(terms + tiny, total=1) == truth(terms + tiny, 1) > 0.0
    assert bits(asked(terms * 2 + [(0, 7, 1)], total=1)) == bits(0.0)


def test_a_sum_that_is_nothing_has_no_sign() -> None:
    pairs = [(1, d, 1) for d in range(1, 60)] + [(-3, 3 * d, 1) for d in range(1, 60)]
    assert bits(asked(pairs)) == bits(0.0)


@pytest.mark.parametrize(
    ("terms", "value"),
    [
        ([], math.nan),
        ([(0, 0, 1)], math.nan),
        ([(0, 0, 5), (1, 2, 1)], 0.5),
        ([(3, 0, 1), (1, 2, 1)], math.inf),
        ([(-3, 0, 1), (1, 2, 1)], -math.inf),
        ([(-3, 0, 1), (1, 0, 1)], math.nan),
        ([(3, 0, 0), (1, 2, 1)], 0.5),
        ([(1, 2, 1), (1, 2, -1)], math.nan),
        ([(1, 2, 2), (1, 2, -1)], 0.5),
    ],
)
def test_ratios_over_nothing(terms: Any, value: float) -> None:
    assert bits(asked(terms)) == bits(value)


def test_a_hundred_thousand_ratios(rng: np.random.Generator) -> None:
    under = rng.integers(1, 1 << 40, 100_000).tolist()
    over = [int(d * x) for d, x in zip(under, rng.random(100_000), strict=True)]
    exact = [(n << 300) // d for n, d in zip(over, under, strict=True)]
    low, high = sum(exact), sum(exact) + len(exact)
    assert mean_of_ratios(over, under) == low / (len(over) << 300) == high / (len(over) << 300)


@given(st.lists(st.tuples(WHOLE, WHOLE), max_size=20))
def test_many_ratios_are_each_rounded_once(pairs: list[tuple[int, int]]) -> None:
    small = [(n % 1000 - 500, d % 1000 - 500) for n, d in pairs]
    for some, dtype in ((pairs, object), (small, np.int64), (small, object)):
        over, under = (np.array([pair[k] for pair in some], dtype) for k in range(2))
        expected = [truth([(n, d, 1)]) for n, d in some]
        assert bits(ratios.ratios(over, under)) == bits(np.array(expected, float))


def test_ratios_of_integers_that_are_no_floats() -> None:
    over, under = np.array([(1 << 54) + 3, 1]), np.array([(1 << 54) + 1, (1 << 60) + 1])
    expected = [truth([(int(n), int(d), 1)]) for n, d in zip(over, under, strict=True)]
    assert ratios.ratios(over, under).tolist() == expected


@given(st.lists(WHOLE, max_size=9), st.integers(-1200, 1100))
def test_scaled_integers(units: list[int], exponent: int) -> None:
    found = scaled(np.array(units, object), exponent)
    for unit, value in zip(units, found.tolist(), strict=True):
        exact = unit * Fraction(2) ** exponent
        largest = abs(exact) >= Fraction(2) ** 1024 - Fraction(2) ** 970
        assert value == (math.copysign(math.inf, unit) if largest else float(exact))


@given(st.lists(st.tuples(WHOLE, WHOLE), max_size=20))
def test_dot_products(pairs: list[tuple[int, int]]) -> None:
    small = [(n % (1 << 32), d % (1 << 32)) for n, d in pairs]
    for some, dtype in ((pairs, object), (small, np.int64)):
        a, b = (np.array([pair[k] for pair in some], dtype) for k in range(2))
        assert dot(a, b) == sum(n * d for n, d in some)
