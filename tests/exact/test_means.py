"""Sums of quotients of integers are what fractions give, rounded once, however they cancel."""

import math
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamloss.exact.means import Ratios, above, below, mean_of_ratios, nearest, rounded_down
from tests.exact.ratios import WHOLE, truth
from tests.reference import bits

TERMS = st.lists(st.tuples(WHOLE, WHOLE, st.integers(-9, 9)), max_size=60)
SIZES = st.sampled_from([1, 5, 30, 53, 60, 61])


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


def ratios_of(numbers: list[tuple[int, int, int]], kind: Any) -> Ratios:
    """Return parts, tops and the rest of bottoms as quotients."""
    parts, tops, rests = (np.array(column, kind) for column in zip(*numbers, strict=True))
    return Ratios(parts, tops, tops + rests, 7)


def rounding(x: Fraction) -> float:
    return x.numerator / x.denominator


@st.composite
def quotients_drawn(draw: Any) -> tuple[Ratios, Fraction]:
    size = draw(SIZES)
    kind = np.int64 if draw(st.booleans()) else object
    units = st.tuples(
        st.integers(0, 2**size // 8), st.integers(0, 2**size - 1), st.integers(1, 2**size)
    )
    numbers = draw(st.lists(units, min_size=1, max_size=7))
    if kind is object and draw(st.booleans()):
        numbers = [(a << 300, b << 700, c << 650) for a, b, c in numbers]
    exact = sum((Fraction(a * b, b + c) for a, b, c in numbers), Fraction(0)) / 7
    return ratios_of(numbers, kind), exact


@given(quotients_drawn(), st.sampled_from([3, 96, 200, 1024]))
def test_bounds_hold_and_are_near(drawn: tuple[Ratios, Fraction], bits: int) -> None:
    ratios, exact = drawn
    low, high = ratios.bounds(bits)
    assert low <= exact * 2**bits <= high
    assert high - low <= 2 + max(int(ratios.parts.sum()), len(ratios.parts)) // 7
    assert ratios.fraction() == exact


def test_a_quotient_that_floats_find_just_below_is_known() -> None:
    rng = np.random.default_rng(14)
    for factor in (2 * rng.integers(1 << 54, 1 << 55, 2000) + 1).tolist():
        parts, times = np.ones(1, np.int64), int(rng.integers(1, 64))
        one = Ratios(parts, parts * factor * times, parts * factor * 64, 1)
        assert one.bounds(50) == (times << 44, times << 44)


@given(st.lists(quotients_drawn(), min_size=1, max_size=3), st.data())
def test_means_are_rounded_once(drawn: list[tuple[Ratios, Fraction]], data: Any) -> None:
    weights = [data.draw(st.integers(1, 5)) for _ in drawn]
    exact = sum(w * x for (_, x), w in zip(drawn, weights, strict=True)) / sum(weights)
    terms = [ratios for ratios, _ in drawn]
    assert nearest(terms, weights) == rounding(exact)
    down, up = below(terms, weights), above(terms, weights)
    assert Fraction(down) <= exact <= Fraction(up)
    parts = max(int(ratios.parts.sum()) + len(ratios.parts) for ratios in terms)
    off = Fraction(2 + parts, 1 << 96)
    assert Fraction(math.nextafter(down, math.inf)) >= exact - off
    assert Fraction(math.nextafter(up, -math.inf)) <= exact + off


@pytest.mark.parametrize("units", [-1, 0, 1])
def test_the_middle_between_two_floats_is_told_from_what_is_next_to_it(units: int) -> None:
    for part in (1, 3):
        middle = Fraction(2**53 + part, 2**54) + Fraction(units, 3 * 2**2000)
        split = Fraction(1, 7) * middle
        terms = [Ratios.of(x.numerator, x.denominator) for x in (split, middle - split)]
        assert nearest(terms, [2, 2]) == rounding(middle / 2)


def test_means_of_nothing_are_nan() -> None:
    assert math.isnan(nearest([], []))
    assert math.isnan(nearest([Ratios.of(1, 2)], [0]))


@given(st.integers(-(2**200), 2**200), st.integers(1, 2**200))
def test_rounding_down_is_to_the_next_float(top: int, bottom: int) -> None:
    found = rounded_down(top, bottom)
    assert Fraction(found) <= Fraction(top, bottom)
    assert Fraction(math.nextafter(found, math.inf)) > Fraction(top, bottom)


def test_rounding_down_what_no_float_holds() -> None:
    assert rounded_down(10**400, 1) == np.finfo(float).max
    assert rounded_down(-(10**400), 1) == -math.inf
    assert rounded_down(1, 10**400) == 0.0
    assert rounded_down(-1, 10**400) == -5e-324
