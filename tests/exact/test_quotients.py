"""Quotients of many cells at once: what is said to be certain is what Python's integers give."""

import random
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import streamloss as sl
from streamloss.exact import quotients as rounding
from streamloss.exact import state as states
from streamloss.exact.digits import BITS, DIGITS, PIECE, divide, from_integers, split
from streamloss.exact.limits import MOST
from streamloss.exact.quotients import quotients
from streamloss.exact.reductions import Reduction, finish_many
from streamloss.exact.state import WIDE_CELLS, State
from tests.reference import LARGEST, TINY, Floats, bits, sprinkle, wild

INF, NAN = float("inf"), float("nan")
CELLS = WIDE_CELLS + 1
WINDOW = rounding.WINDOW // 32
"""Digits that are looked at."""
REDUCTIONS = [each for each in Reduction if each is not Reduction.NONE]


def digits_of(values: list[int]) -> tuple[states.Ints, int]:
    """Return the digits of integers, and the exponent of their unit."""
    rows, base = from_integers(values, np.zeros((len(values), DIGITS), np.int64))
    return rows[:, DIGITS:].T.copy(), 32 * base


def check(a: list[int], b: list[int] | None, exponent: int = 0) -> states.Ints:
    """Compare a / b * 2**exponent where it is certain; return where it is."""
    numerators, place = digits_of(a)
    divisors, other = (None, 0) if b is None else digits_of(b)
    with np.errstate(all="ignore"):
        found, certain = quotients(numerators, divisors, place - other + exponent)
    one, unit = 1 << max(exponent, 0), 1 << max(-exponent, 0)
    want = [divide(x * one, y * unit) for x, y in zip(a, b or [1] * len(a), strict=True)]
    assert bits(found[certain]) == bits(np.array(want)[certain])
    return certain


def near_middles(rng: random.Random, size: int, parts: int, middle: Callable[[], int]) -> list[int]:
    """Return numbers of 54 bits times divisors, larger or smaller by one in 2**parts."""
    out = []
    for _ in range(size):
        x = middle() << 256
        out.append(x + (x >> parts) * rng.choice((-1, 1)))
    return out


MIDDLES: dict[str, Callable[[random.Random], int]] = {
    "any": lambda rng: (1 << 53) + rng.getrandbits(53) | 1,
    "of even numbers": lambda rng: (1 << 53) + (rng.getrandbits(51) << 2) + 1,
    "above a power of two": lambda rng: (1 << 53) + 1,
    "below a power of two": lambda rng: (1 << 54) - 1,
    "a power of two": lambda rng: 1 << 53,
}


@pytest.mark.parametrize("middle", MIDDLES.values(), ids=MIDDLES)
@pytest.mark.parametrize("size", [1, 2, 24, 31, 32, 33, 62, 64, 90, 160, 230])
def test_quotients_beside_a_middle_are_not_rounded_to_the_wrong_side(
    size: int, middle: Callable[[random.Random], int]
) -> None:
    rng = random.Random(size)
    for parts in (54, 55, 60, 75, 90, 96, 97, 98, 99, 100, 101, 103, 104, 105, 106, 107, 120, 200):
        divisors = [
            rng.choice((1, -1)) * (1 << size - 1 | rng.getrandbits(size)) for _ in range(50)
        ]
        sums = [
            x * d
            for x, d in zip(
                near_middles(rng, 50, parts, lambda: middle(rng)), divisors, strict=True
            )
        ]
        certain = check(sums, divisors)
        assert certain.all() or parts > 95 or (parts < 56 and middle(rng) == 1 << 53)
        check(sums, None, -300)


def test_a_quotient_that_is_a_middle_is_left_to_integers() -> None:
    rng = random.Random(1)
    divisors = [rng.getrandbits(40) | 1 for _ in range(100)]
    middles = [(1 << 53) + (rng.getrandbits(53) | 1) for _ in divisors]
    assert not check([m * d for m, d in zip(middles, divisors, strict=True)], divisors).any()


def test_a_sum_that_is_a_middle_is_rounded_to_even() -> None:
    rng = random.Random(2)
    middles = [(1 << 53) + (rng.getrandbits(53) | 1) for _ in range(100)]
    assert check(middles, None).all()
    assert check([-m for m in middles], None, -1077).sum() == 0  # these are subnormal
    assert check([(m << 32) + rng.choice((-1, 0, 1)) for m in middles], None).all()
    # of more digits the least decides, wherever it is
    for k in (10, 60, 100, 250, 440):
        check([(m << k) + rng.choice((-1, 0, 1)) for m in middles], None)


@pytest.mark.parametrize("digit", [-(2**31), 2**31 - 1, -1, 1])
def test_balanced_digits_of_any_signs(digit: int) -> None:
    rng = random.Random(3)
    ends = -(2**31), 2**31 - 1, 0, 0, digit

    def draw() -> int:
        below = sum(rng.choice(ends) << 32 * k for k in range(rng.randrange(WINDOW + 1)))
        return below + (digit << 32 * rng.randrange(WINDOW))

    a, b = [[draw() for _ in range(500)] for _ in range(2)]
    assert check(a, b).mean() > 0.5  # the others are middles
    check(a, None)


def test_a_top_digit_of_which_the_others_take_half() -> None:
    top = 1 << 32 * 6
    a = [top - (top >> 1) - (top >> 33) + k for k in range(-8, 8)]  # digits 1, -2**31, -2**31, ...
    assert check(a, [3] * 16).all()
    assert check([top] * 16, a).all()


@pytest.mark.parametrize("spread", [WINDOW - 3, WINDOW - 2, WINDOW, 40, 64])
def test_digits_far_below_those_of_other_cells(spread: int) -> None:
    rng = random.Random(spread)
    large = [rng.getrandbits(64) << 32 * spread for _ in range(20)]
    small = [rng.getrandbits(64) - 2**63 for _ in range(20)]
    both = [x + y for x, y in zip(large, small, strict=True)]
    for sums in (large + small, both + small, both + [0] * 20):
        for others in (large + small, small + large, [3] * 40, None):
            certain = check(sums, others)
            assert certain[:20].all() or others == small + large
    assert check(large + small, None).sum() == (40 if spread < WINDOW - 2 else 20)


def test_results_of_less_than_53_bits_are_left_to_integers() -> None:
    rng = random.Random(4)
    numbers = [rng.choice((1, -1)) * (rng.getrandbits(60) | 1 << 59 | 1) for _ in range(1000)]
    for exponent in range(-1140, -1075):
        certain = check(numbers, [3] * 1000, exponent)
        assert certain.all() == (exponent > -1080), exponent
        check(numbers, None, exponent)
    edges = [(1 << 54) + k for k in range(-9, 10)]
    check(edges, None, -1022 - 54)
    check(edges, [1] * 19, -1022 - 54)


def test_results_at_the_largest_float() -> None:
    edges = [(1 << 56) + k for k in range(-40, 9)] + [-(1 << 56) + k for k in range(-9, 40)]
    for divisors in (None, [1] * len(edges), [-5] * len(edges)):
        factor = 5 if divisors is not None and divisors[0] == -5 else 1
        certain = check([x * factor for x in edges], divisors, 1024 - 56)
        assert certain.mean() > 0.8


def test_zeros_have_the_results_of_python() -> None:
    assert check([0, 0, 0, 5, -5, 0], [7, -7, 0, 0, 0, 1]).all()
    assert check([0, 0, 1], None).all()
    assert check([0, 0], [0, 0]).all()
    with np.errstate(all="ignore"):
        found, _ = quotients(*(np.zeros((2, 3), np.int64),) * 2, 0)
    assert not np.signbit(found).any()  # as nan has none


def test_counts_are_split_into_digits() -> None:
    numbers = np.array([0, 1, 2**31 - 1, 2**31, 2**32 - 1, 2**53 + 1, 3 << 30, MOST - 1, MOST])
    low, high = split(numbers)
    assert ((low >= -(2**31)) & (low < 2**31)).all()
    assert [int(a) + (int(b) << 32) for a, b in zip(low, high, strict=True)] == numbers.tolist()


INTEGERS = st.integers(-(1 << BITS - 70), 1 << BITS - 70) | st.integers(-(2**64), 2**64)


@given(st.lists(st.tuples(INTEGERS, INTEGERS), min_size=1, max_size=20), st.integers(-1100, 1100))
def test_any_integers(pairs: list[tuple[int, int]], exponent: int) -> None:
    a, b = zip(*pairs, strict=True)
    check(list(a), list(b), exponent)
    check(list(a), None, exponent)


# States of many cells.


def by_integers(state: State, reduction: Reduction, monkeypatch: pytest.MonkeyPatch) -> Floats:
    """Return the results of the first loss of a state by Python's integers alone."""
    with monkeypatch.context() as patch:
        patch.setattr(states, "WIDE_CELLS", 1 << 62)
        (found,) = state.results(LOSSES, reduction)
    return np.asarray(found)


LOSSES = sl.Accumulator("value").losses


def some_losses(rng: np.random.Generator, kind: str, shape: tuple[int, int]) -> Floats:
    match kind:
        case "wild":
            return wild(rng, shape)
        case "subnormal":
            return wild(rng, shape, -1074, -1000)
        case "large":
            return wild(rng, shape, 1000, 1024)
        case "small integers":
            return rng.integers(-3, 4, shape).astype("f8")
        case "float32":
            return rng.normal(size=shape).astype("f4").astype("f8")
        case "strange":
            return sprinkle(rng, rng.normal(size=shape), 0.2, [NAN, INF, -INF, 0.0, LARGEST, TINY])
    return rng.lognormal(size=shape)


KINDS = "wild", "subnormal", "large", "small integers", "float32", "strange", "ordinary"


@pytest.mark.parametrize("weighted", KINDS)
@pytest.mark.parametrize("kind", KINDS)
def test_many_cells_have_the_results_of_each(
    kind: str, weighted: str, rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    losses, weights = (some_losses(rng, each, (3, 400)) for each in (kind, weighted))
    losses[:, :9] = 0.0
    weights[:, 5:20] = 0.0
    whole = sl.accumulate("value", losses, None, weights, axis=0)
    part = sl.accumulate("value", losses[1:], None, weights[1:], axis=0)
    for state in (whole.tally.state, (whole - part).tally.state, whole.tally.state.widened()):
        for reduction in REDUCTIONS:
            (found,) = state.results(LOSSES, reduction)
            assert bits(found) == bits(by_integers(state, reduction, monkeypatch))


@pytest.mark.parametrize("cells", [1, WIDE_CELLS, WIDE_CELLS + 1, PIECE - 1, PIECE, 2 * PIECE + 1])
def test_any_number_of_cells(cells: int, rng: np.random.Generator) -> None:
    y, p, w = rng.normal(size=(3, 2, cells))
    found = sl.evaluate("mae", y, p, w, axis=0)
    assert found.shape == (cells,)
    want = sl.evaluate("mae", y[:, -5:], p[:, -5:], w[:, -5:], axis=0)
    assert bits(found[-5:]) == bits(want)


@pytest.mark.parametrize("reduction", REDUCTIONS)
def test_rows_without_carries_are_balanced_first(
    reduction: Reduction, rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    state = sl.accumulate("value", rng.normal(size=(3, CELLS)), axis=0).tally.state.widened()
    held = 1 << 29
    state.sums[..., 30:40] = rng.integers(-held << 31, held << 31, (CELLS, 2, 10))
    state = State(state.shape, state.sums, 0, state.counts, held)
    (found,) = state.results(LOSSES, reduction)
    assert bits(found) == bits(by_integers(state, reduction, monkeypatch))


@pytest.mark.parametrize("reduction", REDUCTIONS)
def test_any_counts_of_terms_that_are_not_finite(
    reduction: Reduction, rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    losses, weights = rng.normal(size=(2, 3, 2000))
    state = sl.accumulate("value", losses, None, weights, axis=0).tally.state
    state.sums[..., :DIGITS] = rng.integers(0, 5, (2000, 2, DIGITS)) // 4
    (found,) = state.results(LOSSES, reduction)
    assert bits(found) == bits(by_integers(state, reduction, monkeypatch))


@pytest.mark.parametrize("reduction", REDUCTIONS)
def test_counts_up_to_the_largest(reduction: Reduction, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(6)
    state = sl.accumulate("value", wild(rng, (2, 200), -60, 60), axis=0).tally.state
    state.counts[:, :2] = rng.integers(0, MOST, (200, 2), endpoint=True) >> rng.integers(0, 63)
    state.counts[:9, :2] = MOST
    (found,) = state.results(LOSSES, reduction)
    assert bits(found) == bits(by_integers(state, reduction, monkeypatch))


def test_usual_cells_are_certain(rng: np.random.Generator) -> None:
    y, p = rng.normal(size=(2, 60, 2000)).astype("f4")
    state = sl.accumulate("mae", y, p, rng.random(60), axis=0).tally.state
    for reduction in REDUCTIONS:
        _, rest = finish_many(reduction, state.sums, state.base, state.counts)
        assert rest.size < 20


@pytest.mark.parametrize("value", [2.0, INF, NAN])
def test_negative_counts_are_refused(value: float) -> None:
    empty = sl.accumulate("value", np.ones((0, 50)), axis=0)
    difference = empty - sl.accumulate("value", np.full((1, 50), value), axis=0)
    what = "elements" if value == 2.0 else "NaN or infinite terms"
    with pytest.raises(ValueError, match=f"^this difference has a negative count of {what}$"):
        difference.result()


def test_a_finish_gets_floats_of_python(rng: np.random.Generator) -> None:
    y, p = rng.normal(size=(2, 3, CELLS))
    assert type(sl.RootMeanSquaredError().finish(4.0)) is float
    found = sl.evaluate("rmse", y, p, axis=0)
    assert bits(found) == bits(np.sqrt(sl.evaluate("mse", y, p, axis=0)))


def test_an_output_without_cells_has_no_results() -> None:
    found = sl.evaluate("mae", np.ones((3, 0)), np.ones((3, 0)), axis=0)
    assert found.shape == (0,)
    assert found.dtype == np.float64
