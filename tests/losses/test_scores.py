"""Which number of a row is the largest, and in which bin a number lies."""

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamloss.losses.scores import FINE, even_bin, fine_bin, fine_edge, first_largest

SHARES = st.floats(0.0, 1.0)


def test_the_first_of_the_largest_counts() -> None:
    assert first_largest([1.0, 3.0, 2.0, 3.0]) == 1
    assert first_largest([-math.inf, -math.inf]) == 0
    assert first_largest([-0.0, 0.0]) == 0
    assert first_largest([1.0, math.nan, 2.0]) == -1
    assert first_largest([math.nan, 1.0]) == -1
    assert first_largest([]) == -1


def near_edges(bins: int) -> list[float]:
    """Every edge of even bins, and the float64 on both sides of it."""
    edges = np.array([k / bins for k in range(bins + 1)])
    around = [edges, np.nextafter(edges, -1.0), np.nextafter(edges, 2.0)]
    return [p for p in np.concatenate(around).tolist() if 0.0 <= p <= 1.0]


@pytest.mark.parametrize("bins", [1, 2, 3, 7, 10, 15, 49, 1000])
def test_a_number_lies_between_the_edges_of_its_bin(bins: int) -> None:
    for p in near_edges(bins):
        k = even_bin(p, float(bins), 0.0)
        assert k / bins < p <= (k + 1) / bins or (p == k == 0.0)
        k = even_bin(p, float(bins), 1.0)
        assert k / bins <= p < (k + 1) / bins or (p == 1.0 and k == bins - 1)


@given(SHARES, st.integers(1, 100_000))
def test_any_number_does(p: float, bins: int) -> None:
    k = even_bin(p, float(bins), 0.0)
    assert k / bins < p <= (k + 1) / bins or (p == k == 0.0)
    k = even_bin(p, float(bins), 1.0)
    assert k / bins <= p < (k + 1) / bins or (p == 1.0 and k == bins - 1)


@given(SHARES)
def test_a_fine_bin_ends_at_its_edge(p: float) -> None:
    k = int(fine_bin(p))
    assert p <= fine_edge(k)
    assert k == 0 or fine_edge(k - 1) < p
    width = Fraction(fine_edge(k)) - Fraction(fine_edge(max(k - 1, 0)))
    if p >= 2.0**-1022:
        assert width <= Fraction(p) / 2**FINE


def test_fine_bins_have_both_ends() -> None:
    assert fine_bin(0.0) == fine_bin(-0.0) == 0.0
    assert fine_edge(0) == 0.0
    assert fine_edge(int(fine_bin(1.0))) == 1.0


@pytest.mark.parametrize("p", [-5e-324, -1.0, np.nextafter(1.0, 2.0), math.inf, math.nan])
def test_numbers_that_are_no_shares_lie_in_no_bin(p: float) -> None:
    assert math.isnan(even_bin(p, 10.0, 0.0))
    assert math.isnan(even_bin(p, 10.0, 1.0))
    assert math.isnan(fine_bin(p))
