"""Sums and means are the correctly rounded ones, and sums merge as integers do."""

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import streamloss as sl
from streamloss.exact import digits as held
from streamloss.exact.digits import DIGITS, LIMBS, WIDTH
from tests.reference import LARGEST, TINY, bits, exact, quotient, truth, wild

EPS = 2.0**-52
ULP = 2.0**971  # of the largest numbers

RANGES = {
    "every float64": (-1074, 1024),
    "one binade": (0, 1),
    "ordinary": (-30, 30),
    "subnormal": (-1074, -1022),
    "least normal": (-1030, -1010),
    "about the least exponent of a fold": (-1000, -950),
    "about the greatest exponent of a fold": (1010, 1024),
    "largest": (1023, 1024),
}
SIZES = [1, 2, 17, 2047, 2048, 2049, 3 * 2048 + 5]


def both(terms: object) -> tuple[str, str]:
    """Return the bits of the sum and of the mean."""
    accumulator = sl.accumulate("value", terms)
    return bits(accumulator.result("sum")), bits(accumulator.result("mean"))


def true_both(terms: object) -> tuple[str, str]:
    return bits(truth(terms, None, "sum")), bits(truth(terms, None, "mean"))


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("exponents", RANGES.values(), ids=RANGES)
def test_a_sum_is_correctly_rounded(exponents: tuple[int, int], size: int) -> None:
    terms = wild(np.random.default_rng(size), size, *exponents)
    assert both(terms) == true_both(terms)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("exponents", [(-149, 128), (0, 1), (-149, -126), (126, 128), (-12, 12)])
def test_a_sum_of_float32_is_correctly_rounded(exponents: tuple[int, int], size: int) -> None:
    terms = wild(np.random.default_rng(size), size, *exponents, dtype="f4")
    terms = np.where(np.isfinite(terms), terms, np.float32(1.0))
    assert both(terms) == true_both(terms)


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), max_size=30))
def test_a_sum_of_any_finite_numbers_is_correctly_rounded(terms: list[float]) -> None:
    assert both(terms) == true_both(terms)


@pytest.mark.parametrize(
    ("terms", "total"),
    [
        ([], 0.0),
        ([-0.0, -0.0], 0.0),
        ([1.0, EPS / 2], 1.0),  # half way, to even
        ([1.0, EPS / 2, TINY], 1.0 + EPS),
        ([1.0, EPS / 2, -TINY], 1.0),
        ([1.0 + EPS, EPS / 2], 1.0 + 2 * EPS),  # half way, to even
        ([-1.0, -EPS / 2, -TINY], -1.0 - EPS),
        ([2.0**53, 1.0], 2.0**53),
        ([2.0**53, 1.0, 1.0], 2.0**53 + 2.0),
        ([0.1] * 10, 1.0),  # ten times 0.1 is 1 + 5.6e-17, nearer to 1 than to the next float
        ([0.1, 0.2], 0.1 + 0.2),
        ([2.0**-1022, -TINY], 2.0**-1022 - TINY),
        ([1e308, 1.0, -1e308, TINY], 1.0),
        ([1e16, 1.0, -1e16, -1.0, TINY], TINY),
    ],
)
def test_a_sum_rounds_once(terms: list[float], total: float) -> None:
    assert bits(sl.reduce(terms, reduction="sum")) == bits(total)


@pytest.mark.parametrize("sign", [1.0, -1.0])
@pytest.mark.parametrize(
    ("terms", "total"),
    [
        ([LARGEST, ULP / 4], LARGEST),
        ([LARGEST, ULP / 2], math.inf),  # half way, to even, which is 2**1024
        ([LARGEST, ULP / 2, -TINY], LARGEST),
        ([LARGEST, ULP / 4, ULP / 4 - ULP * EPS], LARGEST),
        ([LARGEST, LARGEST], math.inf),
        ([LARGEST, LARGEST, -LARGEST], LARGEST),
        ([LARGEST] * 5 + [-LARGEST] * 5 + [TINY], TINY),
    ],
)
def test_a_sum_overflows_only_when_it_is_rounded(
    terms: list[float], total: float, sign: float
) -> None:
    assert sl.reduce([sign * x for x in terms], reduction="sum") == sign * total


@pytest.mark.parametrize("size", [2, 4096, 10_000])
def test_a_mean_is_finite_where_its_sum_is_not(size: int) -> None:
    accumulator = sl.accumulate("value", np.full(size, LARGEST))
    assert accumulator.result("sum") == math.inf
    assert accumulator.result("mean") == LARGEST


@pytest.mark.parametrize(
    ("terms", "mean"),
    [
        ([TINY, 0.0], 0.0),  # 1/2 units, to even
        ([3 * TINY, 0.0], 2 * TINY),  # 3/2 units, to even
        ([TINY, TINY, 0.0], TINY),  # 2/3 units
        ([TINY, 0.0, 0.0], 0.0),  # 1/3 units
        ([-TINY, 0.0], -0.0),
        ([-3 * TINY, 0.0], -2 * TINY),
        ([1.0, 1.0 + EPS], 1.0),  # half way, to even
        ([1.0 + EPS, 1.0 + 2 * EPS], 1.0 + 2 * EPS),  # half way, to even
        ([1.0, 0.0, 0.0], 1 / 3),
        ([LARGEST, LARGEST, 0.0], 2 * (LARGEST / 3)),
        ([2.0**-1022, 0.0], 2.0**-1023),
    ],
)
def test_a_mean_rounds_once(terms: list[float], mean: float) -> None:
    assert bits(sl.reduce(terms)) == bits(mean)


@pytest.mark.parametrize("rest", [0.0, TINY, -1.5e-310, 3.7e-20, 1e300])
@pytest.mark.parametrize("exponents", [(-1074, 1024), (900, 1024), (-20, 20)])
def test_what_cancels_leaves_no_trace(exponents: tuple[int, int], rest: float) -> None:
    rng = np.random.default_rng(3)
    terms = wild(rng, 5000, *exponents)
    terms = rng.permutation(np.concatenate([terms, -terms, [rest]]))
    assert bits(sl.reduce(terms, reduction="sum")) == bits(rest)


@pytest.mark.parametrize("dtype", ["f4", "f8"])
@pytest.mark.parametrize("block", [1, 7, 1024, 2048, 3000])
def test_blocks_of_other_scales_than_the_last_are_summed_exactly(block: int, dtype: str) -> None:
    rng = np.random.default_rng(block)
    reach = 120 if dtype == "f4" else 1000
    exponents = np.repeat(rng.integers(-reach, reach, 12), block)
    terms = np.ldexp(rng.normal(size=12 * block), exponents).astype(dtype)
    assert both(terms) == true_both(terms)


@pytest.mark.parametrize("weights", [(-1074, 1024), (-2, 2)])
def test_a_weighted_mean_is_a_quotient_of_exact_sums(weights: tuple[int, int]) -> None:
    rng = np.random.default_rng(8)
    for size in (1, 3, 2048, 5000):
        terms, heavy = rng.normal(size=size), wild(rng, size, *weights)
        assert bits(sl.reduce(terms, heavy)) == bits(truth(terms, heavy, "mean"))


def doubled(accumulator: sl.Accumulator, times: int) -> sl.Accumulator:
    for _ in range(times):
        accumulator = accumulator + accumulator
    return accumulator


@pytest.mark.parametrize("terms", [[0.1], [TINY], [LARGEST], [-LARGEST, TINY], [0.1, 5.1e-320]])
def test_a_sum_holds_2_to_the_62_terms(terms: list[float]) -> None:
    times = 63 - len(terms)
    many = doubled(sl.accumulate("value", terms), times)
    assert many.counts["elements"] == 2**62
    assert bits(many.result("mean")) == bits(truth(terms, None, "mean"))
    assert bits(many.result("sum")) == bits(quotient(exact(terms) * 2**times, Fraction(1)))


def test_one_unit_beside_2_to_the_62_of_the_largest_is_not_lost() -> None:
    many = doubled(sl.accumulate("value", [LARGEST, -LARGEST / 2]), 60)
    one = sl.accumulate("value", [TINY])
    assert ((many + one) - many).result("sum") == TINY


def test_sums_held_in_many_digits_go_back_to_nothing() -> None:
    part = sl.accumulate("value", wild(np.random.default_rng(4), 3000))
    many = doubled(part, 50)
    left = (many + part) - many
    assert left == part
    assert left.to_bytes() == part.to_bytes()


@pytest.mark.parametrize("sign", [1.0, -1.0])
@pytest.mark.parametrize("digit", range(65))
def test_half_a_digit_is_held_in_one_way(digit: int, sign: float) -> None:
    half = sl.accumulate("value", [sign * 2.0 ** (32 * digit + 31 - 1074)])
    one = sl.accumulate("value", [TINY])
    for other in (sl.Accumulator.from_bytes(half.to_bytes()), (half + one) - one):
        assert other == half


def big(bound: int = 2200) -> st.SearchStrategy[int]:
    """Integers of both signs of at most `bound` bits, powers of two and their neighbours too."""
    sizes = st.integers(0, bound)
    anything = sizes.flatmap(lambda n: st.integers(-(2**n), 2**n))
    edges = st.tuples(st.sampled_from([1, -1]), sizes, st.integers(-1, 1))
    return anything | edges.map(lambda e: e[0] * (2 ** e[1] + e[2]))


def rows_of(values: list[int]) -> tuple[held.Ints, int]:
    return held.from_integers(values, np.zeros((len(values), DIGITS), np.int64))


@given(st.lists(big(), min_size=1, max_size=4))
def test_integers_come_back_from_digits(values: list[int]) -> None:
    rows, base = rows_of(values)
    assert held.integers(rows, base) == values


@given(st.lists(big(), min_size=1, max_size=4))
def test_digits_are_balanced_and_none_is_kept_that_all_rows_have_zero(values: list[int]) -> None:
    rows, base = rows_of(values)
    digits = rows[:, DIGITS:]
    assert digits.size == 0 or -(2**31) <= digits.min() <= digits.max() < 2**31
    assert digits.size == 0 or (digits[:, 0].any() and digits[:, -1].any())
    assert 0 <= base <= base + digits.shape[1] <= LIMBS


@given(st.lists(st.tuples(big(), big()), min_size=1, max_size=4), st.sampled_from([1, -1]))
def test_rows_combine_as_integers_do(pairs: list[tuple[int, int]], sign: int) -> None:
    a, b = (list(values) for values in zip(*pairs, strict=True))
    total, base = held.total([rows_of(a), (sign * rows_of(b)[0], rows_of(b)[1])])
    want = [x + sign * y for x, y in pairs]
    assert held.integers(total, base) == want
    np.testing.assert_array_equal(held.trim(total, base)[0], rows_of(want)[0])


@given(st.lists(st.tuples(big(), big()), min_size=1, max_size=4), st.sampled_from([1, -1]))
def test_wide_rows_combine_to_the_same_digits(pairs: list[tuple[int, int]], sign: int) -> None:
    (a, a_base), (b, b_base) = (rows_of(list(values)) for values in zip(*pairs, strict=True))
    wide = [held.pad(rows, base, 0, LIMBS) for rows, base in ((a, a_base), (b, b_base))]
    narrow = held.trim(*held.total([(a, a_base), (sign * b, b_base)]))
    found = held.trim(*held.total([(wide[0], 0), (sign * wide[1], 0)]))
    np.testing.assert_array_equal(found[0], narrow[0])
    assert found[1] == narrow[1]


@given(st.lists(big(), min_size=1, max_size=4))
def test_an_integer_has_the_same_digits_however_it_was_summed(parts: list[int]) -> None:
    rows, base = rows_of([0])
    for part in parts:
        rows, base = held.total([(rows, base), rows_of([part])])
    found, start = held.trim(rows, base)
    want, true_start = rows_of([sum(parts)])
    np.testing.assert_array_equal(found, want)
    assert start == true_start


@given(st.lists(big(), min_size=1, max_size=4))
def test_trim_and_pad_keep_the_integers(values: list[int]) -> None:
    wide = held.pad(*rows_of(values), 0, LIMBS)
    assert wide.shape == (len(values), WIDTH)
    assert held.integers(wide, 0) == values
    assert held.integers(*held.trim(wide, 0)) == values


@given(big(), big())
def test_divide_rounds_once(numerator: int, denominator: int) -> None:
    want = quotient(Fraction(numerator), Fraction(denominator))
    assert bits(held.divide(numerator, denominator)) == bits(want)


@pytest.mark.parametrize(
    ("flags", "value"),
    [
        ((0, 0, 0), None),
        ((0, 2, 0), math.inf),
        ((0, 0, 1), -math.inf),
        ((0, 1, 3), math.nan),
        ((1, 0, 0), math.nan),
        ((1, 2, 0), math.nan),
    ],
)
def test_terms_that_are_not_finite_add_as_ieee_says(
    flags: tuple[int, int, int], value: float | None
) -> None:
    found = held.nonfinite(np.array(flags))
    assert found is value if value is None else bits(found) == bits(value)


@pytest.mark.parametrize("cells", [1, held.PIECE, held.PIECE + 5])
def test_rows_of_many_cells_are_added_as_integers(cells: int, rng: np.random.Generator) -> None:
    parts = []
    for base, digits in ((30, 4), (33, 2), (0, 0), (66, 4), (25, 1)):
        rows = rng.integers(-(2**31), 2**31, (cells, 2, DIGITS + digits))
        rows[..., :DIGITS] = rng.integers(0, 9, (cells, 2, DIGITS))
        rows[..., -1] >>= 20 if base == 66 else 0  # the top one of a wide row
        parts.append((rows, base))
    total, base = held.total(parts)
    assert (abs(total[..., DIGITS:] + 0.5) < 2**31).all()
    assert (total[..., :DIGITS] == sum(rows[..., :DIGITS] for rows, _ in parts)).all()
    wanted = [sum(each) for each in zip(*(held.integers(*part) for part in parts), strict=True)]
    assert held.integers(total, base) == wanted
    small, low = held.trim(total, base)
    assert (small[..., [DIGITS, -1]] != 0).any(axis=(0, 1)).all()
    assert held.integers(small, low) == wanted
    assert np.shares_memory(held.trim(small, low)[0], small)
    assert np.array_equal(held.pad(small, low, 0, LIMBS), held.pad(total, base, 0, LIMBS))


def test_a_copy_of_many_cells_stays_as_it_is(rng: np.random.Generator) -> None:
    y, p = rng.normal(size=(2, 3, 100))
    first = sl.accumulate("mae", y, p, axis=0)
    before = first.to_bytes()
    second = first.copy()
    assert second.update(y, p).merge(first).to_bytes() != before
    assert first.to_bytes() == before
    assert second - first - first == first
