"""The laws: the same bits however the data was cut, ordered, shared out and merged."""

import itertools
import pickle
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple
from unittest import mock

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import streamloss as sl
from streamloss.run import cut
from streamloss.run import threads as threading
from tests.losses.truth import SIMPLE, Truth, name
from tests.reference import (
    REDUCTIONS,
    WEIGHTS,
    absent,
    bits,
    leading,
    results,
    sprinkle,
    truths,
    wild,
)

STRANGE = [np.nan, np.inf, -np.inf]
ABSOLUTE, HUBER = (c for c in SIMPLE if c.loss in (sl.AbsoluteError(), sl.Huber(0.5)))
DTYPES = ("f4", "f8")


class Problem(NamedTuple):
    """Labels, predictions and weights of rows, with a NaN policy and a loss."""

    y: np.ndarray
    p: np.ndarray
    weights: Any
    nan: str
    case: Truth = ABSOLUTE

    @property
    def rows(self) -> int:
        return len(self.y)

    def accumulator(self) -> sl.Accumulator:
        return sl.Accumulator(self.case.loss, nan=self.nan)

    def part(self, rows: Any) -> sl.Accumulator:
        """Return the accumulator of some rows."""
        return self.accumulator().update(*self.take(rows))

    def take(self, rows: Any) -> tuple[Any, ...]:
        weights, per_row = self.weights, np.shape(self.weights)[:1] == (self.rows,)
        return self.y[rows], self.p[rows], weights[rows] if per_row else weights

    def whole(self) -> sl.Accumulator:
        return self.part(slice(None))

    def truths(self) -> dict[str, float]:
        gone = absent(self.weights, self.y, self.p) if self.nan == "omit" else False
        return truths(self.case(self.y, self.p), self.weights, absent=gone)


def seeds() -> st.SearchStrategy[np.random.Generator]:
    return st.integers(0, 2**32 - 1).map(np.random.default_rng)


@st.composite
def large(draw: st.DrawFn, dtypes: tuple[str, ...] = DTYPES) -> Problem:
    """Draw rows of random numbers from a part of the exponent range, up to five blocks."""
    rng, dtype = draw(seeds()), draw(st.sampled_from(dtypes))
    shape = draw(st.integers(1, 5000)), draw(st.integers(1, 2))
    reach = (-149, 126) if dtype == "f4" else (-1074, 1024)
    low = draw(st.integers(reach[0], reach[1] - 1))
    high = min(low + draw(st.sampled_from([1, 8, 40, 3000])), reach[1])
    share = draw(st.sampled_from([0.0, 0.0, 0.002, 0.3]))
    y, p = (sprinkle(rng, wild(rng, shape, low, high, dtype), share, STRANGE) for _ in "yp")
    weights = WEIGHTS[draw(st.sampled_from(list(WEIGHTS)))](rng, shape)
    if weights is not None and draw(st.booleans()):
        with np.errstate(over="ignore"):
            weights = np.asarray(weights, dtype)
    return Problem(y, p, weights, draw(policies))


policies = st.sampled_from(["propagate", "omit"])


@st.composite
def small(draw: st.DrawFn, dtypes: tuple[str, ...] = DTYPES) -> Problem:
    """Draw every number of a few rows."""
    dtype = draw(st.sampled_from(dtypes))
    shape = draw(st.tuples(st.integers(1, 6), st.integers(1, 2)))
    floats = st.floats(width=8 * np.dtype(dtype).itemsize)
    y, p = (draw(hnp.arrays(dtype, shape, elements=floats)) for _ in "yp")
    shapes = st.sampled_from([(), shape[:1], (shape[0], 1), (1, shape[1]), shape])
    weights = draw(st.none() | shapes.flatmap(lambda s: hnp.arrays(dtype, s, elements=floats)))
    return Problem(y, p, weights, draw(policies))


problems = small() | large()


def split(rows: int, rng: np.random.Generator, order: Any = None) -> list[np.ndarray]:
    """Cut the rows, in some order, into up to nine batches, empty ones too."""
    order = np.arange(rows) if order is None else order
    return np.split(order, np.sort(rng.integers(0, rows + 1, rng.integers(0, 9))))


def merge_tree(parts: list[sl.Accumulator], rng: np.random.Generator) -> sl.Accumulator:
    """Merge two parts drawn at random until one is left."""
    while len(parts) > 1:
        a = parts.pop(rng.integers(len(parts)))
        b = parts.pop(rng.integers(len(parts)))
        parts.append(a + b)
    return parts[0]


def assert_same(found: sl.Accumulator, want: sl.Accumulator) -> None:
    assert found == want
    assert found.to_bytes() == want.to_bytes()


@given(problems, seeds())
@settings(max_examples=400)
def test_every_split_order_and_merge_tree_gives_the_same_bytes_and_the_truth(
    problem: Problem, rng: np.random.Generator
) -> None:
    whole = problem.whole()
    parts = split(problem.rows, rng, rng.permutation(problem.rows))
    assert_same(merge_tree([problem.part(rows) for rows in parts], rng), whole)
    assert_same(sl.merge(problem.part(rows) for rows in parts), whole)
    assert bits(results(whole)) == bits(problem.truths())


@given(problems, seeds())
@settings(max_examples=150)
def test_batches_of_any_size_give_the_same_bytes(
    problem: Problem, rng: np.random.Generator
) -> None:
    stream = problem.accumulator()
    for rows in split(problem.rows, rng):
        stream.update(*problem.take(rows))
    assert_same(stream, problem.whole())


@pytest.mark.parametrize("case", [c for c in SIMPLE if c.loss.inputs == 2], ids=name)
def test_every_loss_is_summed_alike_however_it_is_cut(case: Truth) -> None:
    rng = np.random.default_rng(32)
    y, p, weights = 3.0 * rng.normal(size=(3, 3000))
    problem = Problem(y, p, weights, "propagate", case)
    parts = split(3000, rng, rng.permutation(3000))
    assert_same(merge_tree([problem.part(rows) for rows in parts], rng), problem.whole())


@contextmanager
def small_boxes(size: int) -> Iterator[None]:
    """Share out small arrays as well, in boxes of so many elements."""
    with mock.patch.object(threading, "PARALLEL", 0), mock.patch.object(cut, "GATHER", size):
        yield


@given(problems, st.integers(1, 5), st.integers(1, 300))
@settings(max_examples=150)
def test_any_number_of_threads_gives_the_same_bytes(
    problem: Problem, threads: int, size: int
) -> None:
    whole = problem.whole()
    sl.set_num_threads(threads)
    with small_boxes(size):
        assert_same(problem.whole(), whole)


@pytest.mark.parametrize("kind", ["none", "row", "full", "NaN"])
@pytest.mark.parametrize("dtype", ["f4", "f8"])
def test_threads_share_large_arrays_and_change_no_bit(dtype: str, kind: str) -> None:
    rng = np.random.default_rng(31)
    shape = (2**17 + 77, 3)
    y, p = (sprinkle(rng, rng.normal(size=shape).astype(dtype), 1e-5, STRANGE) for _ in "yp")
    problem = Problem(y, p, WEIGHTS[kind](rng, shape), "omit")
    found = []
    for threads in (1, 2, 3, 8):
        sl.set_num_threads(threads)
        found.append(problem.whole().to_bytes())
    assert len(set(found)) == 1
    assert bits(results(problem.whole())) == bits(problem.truths())


def pair(problem: Problem, rng: np.random.Generator) -> tuple[sl.Accumulator, sl.Accumulator]:
    """Return accumulators of some rows and of the others."""
    first = rng.random(problem.rows) < rng.random()
    return problem.part(first), problem.part(~first)


@given(problems, seeds())
@settings(max_examples=200)
def test_what_was_added_can_be_taken_out(problem: Problem, rng: np.random.Generator) -> None:
    a, b = pair(problem, rng)
    assert_same((a + b) - b, a)
    assert_same((a - b) + b, a)
    assert_same(problem.whole() - a, b)


@given(problems)
@settings(max_examples=60)
def test_an_empty_accumulator_adds_nothing(problem: Problem) -> None:
    a, empty = problem.whole(), problem.accumulator()
    for total in (a + empty, empty + a, a - empty, sl.merge([empty, a, empty])):
        assert bits(results(total)) == bits(results(a))
        assert total.counts == a.counts
        assert_same(total, a)


@given(problems, seeds())
@settings(max_examples=100)
def test_merging_commutes_and_associates(problem: Problem, rng: np.random.Generator) -> None:
    a, b = pair(problem, rng)
    c = problem.part(slice(0, problem.rows // 2))
    assert_same(a + b, b + a)
    assert_same((a + b) + c, a + (b + c))


@given(problems, seeds())
@settings(max_examples=60)
def test_merging_leaves_its_parts_alone(problem: Problem, rng: np.random.Generator) -> None:
    a, b = pair(problem, rng)
    before = a.to_bytes(), b.to_bytes()
    total, difference = a + b, a - b
    total.update(*problem.take(slice(None)))
    difference.merge(b).merge(b)
    assert (a.to_bytes(), b.to_bytes()) == before


@given(problems, seeds())
@settings(max_examples=100)
def test_an_accumulator_goes_on_after_a_merge(problem: Problem, rng: np.random.Generator) -> None:
    parts = split(problem.rows, rng)
    merged = problem.part(parts[0])
    for k, rows in enumerate(parts[1:]):
        merged = merged.update(*problem.take(rows)) if k % 2 else merged.merge(problem.part(rows))
    assert_same(merged, problem.whole())


@given(problems, seeds())
@settings(max_examples=80)
def test_an_accumulator_goes_on_after_a_pickle(problem: Problem, rng: np.random.Generator) -> None:
    stream = problem.accumulator()
    for rows in split(problem.rows, rng):
        stream = pickle.loads(pickle.dumps(stream)).update(*problem.take(rows))
        assert_same(sl.Accumulator.from_bytes(stream.to_bytes()), stream)
    assert_same(stream, problem.whole())


@given(problems, seeds(), st.integers(1, 4))
@settings(max_examples=100)
def test_a_sliding_window_does_not_drift(
    problem: Problem, rng: np.random.Generator, length: int
) -> None:
    parts = split(problem.rows, rng)
    window = problem.accumulator()
    for k, rows in enumerate(parts):
        window.update(*problem.take(rows))
        if k >= length:
            window = window - problem.part(parts[k - length])
        seen = np.concatenate(parts[max(0, k - length + 1) : k + 1])
        assert_same(window, problem.part(seen))


@given(small(dtypes=("f8",)) | large(dtypes=("f8",)))
@settings(max_examples=100)
def test_losses_of_one_pass_are_those_of_separate_passes(problem: Problem) -> None:
    losses = [ABSOLUTE.loss, HUBER.loss]
    y, p, weights = problem.take(slice(None))
    together = sl.accumulate(losses, y, p, weights, nan=problem.nan)
    for reduction in REDUCTIONS:
        alone = {
            loss: sl.accumulate(loss, y, p, weights, nan=problem.nan).result(reduction)
            for loss in losses
        }
        assert bits(together.result(reduction)) == bits(alone)


@st.composite
def axes(draw: st.DrawFn) -> tuple[tuple[int, ...], int | tuple[int, ...], tuple[int, ...]]:
    """Draw a shape, the axes to reduce and the order in which the axes lie in memory."""
    shape = draw(hnp.array_shapes(min_dims=1, max_dims=4, min_side=0, max_side=7))
    ndim = len(shape)
    some = st.lists(st.sampled_from(range(ndim)), unique=True).map(tuple)
    signed = some.flatmap(lambda ks: st.tuples(*(st.sampled_from([k, k - ndim]) for k in ks)))
    return (
        shape,
        draw(st.integers(-ndim, ndim - 1) | signed),
        tuple(draw(st.permutations(range(ndim)))),
    )


@given(axes(), seeds(), st.sampled_from(list(WEIGHTS)), policies)
@settings(max_examples=200)
def test_an_axis_reduces_each_slice_as_if_alone(
    layout: Any, rng: np.random.Generator, kind: str, nan: str
) -> None:
    shape, axis, order = layout
    y, p = (_laid_out(sprinkle(rng, rng.normal(size=shape), 0.1, STRANGE), order) for _ in "yp")
    weights = WEIGHTS[kind](rng, shape) if len(shape) == 2 else rng.normal(size=shape[:1])
    full = None if weights is None else leading(weights, shape)
    reduced = {axis % len(shape)} if isinstance(axis, int) else {k % len(shape) for k in axis}
    kept = [range(n) if k not in reduced else [slice(None)] for k, n in enumerate(shape)]
    found = sl.accumulate("mae", y, p, weights, axis=axis, nan=nan)
    cells = [
        results(sl.accumulate("mae", y[i], p[i], None if full is None else full[i], nan=nan))
        for i in itertools.product(*kept)
    ]
    assert found.shape == tuple(n for k, n in enumerate(shape) if k not in reduced)
    for reduction in REDUCTIONS:
        got = np.asarray(found.result(reduction))
        assert got.shape == found.shape
        assert bits(got) == [bits(cell[reduction]) for cell in cells]


def _laid_out(array: np.ndarray, order: tuple[int, ...]) -> np.ndarray:
    """Return an equal array whose axes lie in another order in memory."""
    return np.ascontiguousarray(array.transpose(order)).transpose(np.argsort(order))


@given(problems, seeds(), st.integers(1, 3))
@settings(max_examples=80)
def test_kept_axes_accumulate_over_batches(
    problem: Problem, rng: np.random.Generator, threads: int
) -> None:
    whole = sl.Accumulator("mae", axis=0, nan=problem.nan).update(*problem.take(slice(None)))
    parts = split(problem.rows, rng, rng.permutation(problem.rows))
    sl.set_num_threads(threads)
    with small_boxes(50):
        pieces = [
            sl.Accumulator("mae", axis=0, nan=problem.nan).update(*problem.take(rows))
            for rows in parts
        ]
    assert_same(merge_tree(pieces, rng), whole)


# What scikit-learn asks of sample weights.


@given(problems)
@settings(max_examples=60)
def test_no_weights_are_ones(problem: Problem) -> None:
    none = problem._replace(weights=None).whole()
    n, shape = problem.rows, problem.y.shape
    for ones in (1, 1.0, np.ones(n), np.ones((n, 1), "f4"), np.ones(shape, bool)):
        assert_same(problem._replace(weights=ones).whole(), none)


@given(problems, seeds())
@settings(max_examples=60)
def test_weight_zero_is_a_row_dropped(problem: Problem, rng: np.random.Generator) -> None:
    weights = rng.lognormal(size=problem.rows) * (rng.random(problem.rows) < 0.5)
    problem = problem._replace(weights=weights)
    found, want = results(problem.whole()), results(problem.part(weights != 0.0))
    for reduction in ("sum", "mean", "sum_by_nonzero_weights"):
        assert bits(found[reduction]) == bits(want[reduction])


@given(seeds(), st.integers(1, 3000), st.sampled_from(["f4", "f8"]))
@settings(max_examples=60)
def test_an_integer_weight_is_a_row_repeated(
    rng: np.random.Generator, rows: int, dtype: str
) -> None:
    y, p = wild(rng, (2, rows), -10, 10).astype("f4").astype(dtype)  # 24 bits: w * l is exact
    weights = rng.integers(0, 6, rows)
    found = results(sl.accumulate("mae", y, p, weights))
    want = results(sl.accumulate("mae", np.repeat(y, weights), np.repeat(p, weights)))
    assert bits(found["sum"]) == bits(want["sum"])
    assert bits(found["mean"]) == bits(want["mean"])


@given(seeds(), st.integers(1, 3000), st.integers(-500, 500))
@settings(max_examples=60)
def test_a_mean_ignores_that_weights_are_doubled(
    rng: np.random.Generator, rows: int, power: int
) -> None:
    y, p, weights = wild(rng, (3, rows), -20, 20)
    found = sl.evaluate("mae", y, p, np.ldexp(weights, power))
    assert bits(found) == bits(sl.evaluate("mae", y, p, weights))


@pytest.mark.parametrize("factor", [3.0, 0.1, 1e-200, 7e150, -1.7])
@pytest.mark.parametrize("rows", [100, 3000])
def test_a_mean_of_scaled_weights_is_within_an_ulp(rows: int, factor: float) -> None:
    rng = np.random.default_rng(rows)
    y, p, weights = *rng.normal(size=(2, rows)), rng.lognormal(size=rows)
    mean = sl.evaluate("mae", y, p, weights)
    assert abs(sl.evaluate("mae", y, p, factor * weights) - mean) <= np.spacing(mean)
