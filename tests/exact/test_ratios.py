"""Quotients of arrays of integers, and sums of products, against fractions and plain integers."""

import math
from fractions import Fraction

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from streamloss.exact.ratios import dot, quotients, ratios, scaled
from tests.exact.ratios import WHOLE, truth
from tests.reference import bits

HUGE = st.integers(0, 2**400)
SIGNED = st.integers(-(2**63), 2**63 - 1)


@given(st.lists(st.tuples(WHOLE, WHOLE), max_size=20))
def test_many_ratios_are_each_rounded_once(pairs: list[tuple[int, int]]) -> None:
    small = [(n % 1000 - 500, d % 1000 - 500) for n, d in pairs]
    for some, dtype in ((pairs, object), (small, np.int64), (small, object)):
        over, under = (np.array([pair[k] for pair in some], dtype) for k in range(2))
        expected = [truth([(n, d, 1)]) for n, d in some]
        assert bits(ratios(over, under)) == bits(np.array(expected, float))


def test_ratios_of_integers_that_are_no_floats() -> None:
    over, under = np.array([(1 << 54) + 3, 1]), np.array([(1 << 54) + 1, (1 << 60) + 1])
    expected = [truth([(int(n), int(d), 1)]) for n, d in zip(over, under, strict=True)]
    assert ratios(over, under).tolist() == expected


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


@given(st.lists(st.tuples(SIGNED, SIGNED), max_size=9), st.booleans())
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
    assert ratios(a, b).tolist() == [x.numerator / x.denominator for x in exact]
    for found, x in zip(quotients(a, b).tolist(), exact, strict=True):
        assert abs(Fraction(found) - x) <= x / 2**51
    shifted = quotients(a.astype(object) << 1200, b.astype(object) << 1200)
    assert shifted.tolist() == [x.numerator / x.denominator for x in exact]


def test_nothing_over_nothing_is_nan() -> None:
    assert np.isnan(ratios(np.array([0]), np.array([0]))).all()
    assert np.isnan(ratios(np.array([0, 1 << 60]), np.array([0, 1 << 61]))[0])
