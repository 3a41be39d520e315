"""Sums of quotients of integers, against fractions."""

import math
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamloss.metrics.rounding import (
    Ratios,
    above,
    below,
    dot,
    nearest,
    quotients,
    rounded,
    rounded_down,
)

SIZES = st.sampled_from([1, 5, 30, 53, 60, 61])
HUGE = st.integers(0, 2**400)


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


@given(st.lists(st.tuples(st.integers(0, 2**62), st.integers(0, 2**62)), max_size=9), st.booleans())
def test_products_of_large_integers_are_exact(pairs: list[tuple[int, int]], wide: bool) -> None:
    kind = object if wide else np.int64
    a, b = (np.array([pair[k] for pair in pairs], kind) for k in (0, 1))
    assert dot(a, b) == sum(x * y for x, y in pairs)


@given(st.lists(st.tuples(HUGE, HUGE), min_size=1, max_size=5), st.sampled_from([0, 300, 348, 390]))
def test_quotients_of_integers_of_any_size(pairs: list[tuple[int, int]], drop: int) -> None:
    tops, rests = ([x >> drop for x in column] for column in zip(*pairs, strict=True))
    bottoms = [top + rest + 1 for top, rest in zip(tops, rests, strict=True)]
    exact = [Fraction(t, b) for t, b in zip(tops, bottoms, strict=True)]
    kind = np.int64 if drop > 340 else object
    a, b = np.array(tops, kind), np.array(bottoms, kind)
    assert rounded(a, b).tolist() == [rounding(x) for x in exact]
    for found, x in zip(quotients(a, b).tolist(), exact, strict=True):
        assert abs(Fraction(found) - x) <= x / 2**51
    shifted = quotients(a.astype(object) << 1200, b.astype(object) << 1200)
    assert shifted.tolist() == [rounding(x) for x in exact]


def test_no_weight_over_none_is_nan() -> None:
    assert np.isnan(rounded(np.array([0]), np.array([0]))).all()
    assert np.isnan(rounded(np.array([0, 1 << 60]), np.array([0, 1 << 61]))[0])
