"""Exact numbers: arithmetic as that of fractions, and one rounding at the end."""

import math
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamloss.exact.numbers import Exact, total

FLOATS = st.floats(allow_nan=False, allow_infinity=False)
NEAR_ONE = st.floats(0.5, 2.0)
NAN, INF = math.nan, math.inf


def value(number: Exact) -> Fraction:
    return Fraction(number.units, 1 << 1074 * number.scale)


def same(a: float, b: float) -> bool:
    return a == b or (a != a and b != b)


@given(FLOATS, FLOATS, FLOATS, st.integers(-(10**30), 10**30))
def test_sums_and_products_are_those_of_fractions(a: float, b: float, c: float, n: int) -> None:
    x, y, z = map(Exact.of, (a, b, c))
    p, q, r = map(Fraction, (a, b, c))
    assert value((x * y - z) * n + 1) == (p * q - r) * n + 1
    assert value(n - x * y * z) == n - p * q * r
    assert value(2 * (x + y)) == 2 * (p + q)
    assert x * y == y * x
    assert (x == y) == (a == b)


@given(FLOATS, FLOATS, NEAR_ONE, NEAR_ONE)
def test_a_quotient_is_rounded_once(a: float, b: float, c: float, d: float) -> None:
    over, by = Exact.of(a) * Exact.of(c), Exact.of(b) + Exact.of(d)
    divisor = Fraction(b) + Fraction(d)
    if divisor == 0:
        return
    try:
        want = float(Fraction(a) * Fraction(c) / divisor)
    except OverflowError:
        want = math.copysign(INF, a) * math.copysign(1.0, divisor)
    assert over / by == want
    assert float(over) == a * c


def is_root(found: float, square: Fraction) -> bool:
    """Return whether no float64 is nearer to the root of a number."""
    low, high = (float(np.nextafter(found, to)) for to in (-INF, INF))
    middle = (Fraction(found) + Fraction(low)) / 2, (Fraction(found) + Fraction(high)) / 2
    return max(middle[0], Fraction(0)) ** 2 <= square <= middle[1] ** 2


SIZES = st.floats(1e-150, 1e150)


@given(SIZES, SIZES, NEAR_ONE)
def test_roots_are_rounded_once(a: float, b: float, c: float) -> None:
    x, y = Exact.of(a) * Exact.of(c), Exact.of(b)
    square = Fraction(a) * Fraction(c) / Fraction(b)
    assert is_root(x.root_over(y), square)
    assert is_root((0 - x).over_root(y) * -1.0, (Fraction(a) * Fraction(c)) ** 2 / Fraction(b))


@pytest.mark.parametrize("n", [1, 2, 3, 4, 9, 2**53 - 1, 2**53 + 1, (2**52 + 1) ** 2, 10**40])
def test_roots_of_integers(n: int) -> None:
    root = Exact(n, None, 0).root_over(1)
    assert is_root(root, Fraction(n))
    assert Exact(n, None, 0).over_root(Exact(n * n, None, 0)) == 1.0


def test_a_root_in_the_middle_of_two_floats_goes_to_the_even_one() -> None:
    middle = (2**53 + 1) ** 2
    assert Exact(middle, None, 0).root_over(1) == 2.0**53
    assert Exact(middle + 1, None, 0).root_over(1) == 2.0**53 + 2
    assert Exact((2**53 + 3) ** 2, None, 0).root_over(1) == 2.0**53 + 4


def strange(x: float) -> Exact:
    return Exact(0, x)


@pytest.mark.parametrize(
    ("found", "want"),
    [
        (lambda a: a + strange(INF), INF),
        (lambda a: strange(INF) - strange(INF), NAN),
        (lambda a: a - strange(INF), -INF),
        (lambda a: strange(INF) * a, NAN),
        (lambda a: strange(-INF) / a, -INF),
        (lambda a: a / strange(INF), 0.0),
        (lambda a: a / 0, INF),
        (lambda a: (a - a) / 0, NAN),
        (lambda a: a.over(0, zero=5.0), 5.0),
        (lambda a: a.over_root(a - a), NAN),
        (lambda a: a.over_root(strange(INF)), NAN),
        (lambda a: (0 - a).root_over(1), NAN),
        (lambda a: (a - a).root_over(1), 0.0),
        (lambda a: total([strange(INF), a]), INF),
        (lambda a: total([a, strange(NAN)]), 3.0),
        (lambda a: total([a, a, a]), 9.0),
    ],
)
def test_what_is_not_finite(found: Any, want: float) -> None:
    assert same(float(found(Exact.of(3.0))), want)


def test_numbers_are_shown_nearly() -> None:
    assert repr(Exact.of(0.1)) == "<Exact, nearly 0.1>"
    with pytest.raises(TypeError):
        hash(Exact.of(1.0))
