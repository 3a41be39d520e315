"""Slices of dask arrays: the keys, bits and bytes of arrays in memory, however all is cut."""

import math
from fractions import Fraction
from typing import Any, NamedTuple

import dask.array as da
import numpy as np
import pytest
from dask.delayed import Delayed
from hypothesis import given, settings
from hypothesis import strategies as st

import streamloss as sl
from tests.run.lazy.cuts import Call, assert_equal, calls, lazily, lazy, seeds

# Cuts that do not fit each other make many chunks, of which dask warns.
pytestmark = pytest.mark.filterwarnings("ignore::dask.array.PerformanceWarning")


def objects(values: Any) -> np.ndarray:
    found = np.empty(len(values), object)
    found[:] = values
    return found


KEYS = {
    "int": lambda rng, n: rng.integers(-2, 3, n),
    "far": lambda rng, n: rng.choice([-(2**63), 2**63 - 1, 7], n),
    "unsigned": lambda rng, n: rng.choice(np.array([0, 2**64 - 1, 5], np.uint64), n),
    "bool": lambda rng, n: rng.random(n) < 0.5,
    "float": lambda rng, n: rng.choice([0.0, -0.0, np.nan, 1.5, -np.inf], n),
    "text": lambda rng, n: rng.choice(np.array(["", "a", "long text", "é"]), n),
    "objects": lambda rng, n: objects([["a", None, "b\0", "𐀀"][k] for k in rng.integers(0, 4, n)]),
    "bytes": lambda rng, n: rng.choice(np.array([b"x", b"yy"]), n),
    "time": lambda rng, n: rng.choice(np.array(["2020-01-01", "NaT", "1969-12-31"], "M8[s]"), n),
    "days": lambda rng, n: rng.integers(0, 3, n).astype("m8[s]"),
}
"""Keys of all kinds, of so many rows."""


class Sliced(NamedTuple):
    """A call, its keys in memory, and the same with some of them lazy."""

    call: Call
    by: dict[str, Any]
    mixed: dict[str, Any]


@st.composite
def sliced_calls(draw: st.DrawFn, **options: Any) -> Sliced:
    """Draw a call of arrays that have rows, and one or two keys of these."""
    call = draw(calls(**options).filter(lambda call: call.plain[0].ndim > 0))
    ndim, rows = call.plain[0].ndim, len(call.plain[0])
    call.options["axis"] = draw(
        st.sampled_from([None, 0, (0,), tuple(range(ndim)), (0, -1)[:ndim]])
    )
    rng = draw(seeds())
    names = draw(st.lists(st.sampled_from(sorted(KEYS)), min_size=1, max_size=2, unique=True))
    by = {name: KEYS[name](rng, rows) for name in names}
    mixed = {name: lazy(rng, key) if draw(st.booleans()) else key for name, key in by.items()}
    return Sliced(call, by, mixed)


@given(sliced_calls())
@settings(max_examples=200)
def test_every_cut_gives_the_same_slices(sliced: Sliced) -> None:
    call, by, mixed = sliced
    want = sl.accumulate("mae", *call.plain, where=call.where, by=by, **call.options)
    given_where = {"where": call.mixed_where}
    found = lazily(sl.accumulate, "mae", *call.mixed, **given_where, by=mixed, **call.options)
    assert isinstance(found, Delayed)
    assert_equal(found.compute(), want)


@given(sliced_calls(dtypes=("f4", "f8")), st.sampled_from(["mean", "sum"]))
@settings(max_examples=60)
def test_results_of_several_losses_are_the_same(sliced: Sliced, reduction: str) -> None:
    call, by, mixed = sliced
    losses = ["mse", sl.Huber(0.5)]
    options = call.options | {"reduction": reduction}
    want = sl.evaluate(losses, *call.plain, where=call.where, by=by, **options)
    found = lazily(
        sl.evaluate, losses, *call.mixed, where=call.mixed_where, by=mixed, **options
    ).compute()
    assert type(found) is sl.Slices
    assert found == want


@given(sliced_calls(dtypes=("f4", "f8")))
@settings(max_examples=60)
def test_an_accumulator_takes_lazy_batches(sliced: Sliced) -> None:
    call, by, mixed = sliced
    found, want = (sl.Accumulator("mae", by=tuple(by), **call.options) for _ in range(2))
    for _ in range(2):
        want.update(*call.plain, where=call.where, by=by)
        found.update(*call.mixed, where=call.mixed_where, by=mixed)
    assert_equal(found, want)
    found.update(*call.plain, where=call.where, by=by)
    assert_equal(found, want.update(*call.plain, where=call.where, by=by))


def exact_means(y: Any, p: Any, w: Any, keys: Any) -> dict[Any, float]:
    """The weighted mean absolute error of each key, by fractions."""
    sums: dict[Any, list[Fraction]] = {}
    for a, b, weight, key in zip(y.tolist(), p.tolist(), w.tolist(), keys.tolist(), strict=True):
        total = sums.setdefault(key, [Fraction(0), Fraction(0)])
        total[0] += Fraction(weight * abs(b - a))
        total[1] += Fraction(weight)
    return {key: float(s / total) if total else math.nan for key, (s, total) in sums.items()}


def test_slices_are_what_fractions_say() -> None:
    rng = np.random.default_rng(1)
    y, p = rng.normal(size=(2, 900)) * 10.0 ** rng.integers(-12, 12, (2, 900))
    w, keys = rng.random(900), rng.integers(0, 9, 900)
    arrays = [da.from_array(a, chunks=n) for a, n in ((y, 70), (p, 101), (w, 900))]
    found = lazily(sl.evaluate, "mae", *arrays, by=da.from_array(keys, chunks=33)).compute()
    want = exact_means(y, p, w, keys)
    assert found.by["key"].tolist() == sorted(want)
    assert found["mae"].tolist() == [want[key] for key in sorted(want)]


@pytest.mark.parametrize("axis", [None, 0, (0, 1), (0, 2), (-3,)])
@pytest.mark.parametrize("chunks", [(1, 1, 1), (-1, -1, -1), (23, 3, 2), (50, 1, 7), (7, -1, 1)])
def test_rows_are_counted_once_whatever_is_cut_and_kept(chunks: tuple[int, ...], axis: Any) -> None:
    rng = np.random.default_rng(4)
    y, p, w = rng.normal(size=(3, 50, 4, 3))
    where, by = rng.random((50, 4)) < 0.8, rng.integers(0, 6, 50)
    cuts = [da.from_array(array, chunks=chunks) for array in (y, p, w)]
    want = sl.accumulate("mae", y, p, w, where=where, axis=axis, by=by)
    found = lazily(sl.accumulate, "mae", *cuts, where=where, axis=axis, by=by).compute()
    assert found.counts["rows"] == 50
    assert_equal(found, want)


@pytest.mark.parametrize("shape", [(1,), (9,), (9, 1), (1, 5), (9, 5), ()])
def test_weights_are_broadcast(shape: tuple[int, ...]) -> None:
    rng = np.random.default_rng(5)
    y, p = rng.normal(size=(2, 9, 5))
    w, by = rng.random(shape), rng.integers(0, 2, 9)
    found = lazily(
        sl.accumulate, "mae", da.from_array(y, chunks=(2, 3)), p, w, by=da.from_array(by, chunks=4)
    )
    assert_equal(found.compute(), sl.accumulate("mae", y, p, w, by=by))


@sl.loss
class Cubed(NamedTuple):
    factor: float = 1.0

    def point(self, y_true: Any, y_pred: Any) -> Any:
        return self.factor * abs(y_true - y_pred) ** 3


@pytest.mark.parametrize(
    "losses", ["r2", ["rmse", "r2", "bias"], Cubed(0.5), [Cubed(), "mae", "pearson"]]
)
def test_metrics_and_losses_of_the_user(losses: Any) -> None:
    rng = np.random.default_rng(6)
    y, p, w = rng.normal(size=(3, 400))
    by = {"k": rng.integers(0, 5, 400), "t": rng.choice(np.array(["a", "b"]), 400)}
    arrays = [da.from_array(a, chunks=n) for a, n in ((y, 50), (p, 90), (w**2, 400))]
    found = lazily(sl.evaluate, losses, *arrays, by=by)
    assert found.compute() == sl.evaluate(losses, y, p, w**2, by=by)


def test_a_loss_of_rows() -> None:
    rng = np.random.default_rng(7)
    labels, scores = rng.integers(0, 4, 60), rng.normal(size=(60, 4))
    by = rng.integers(0, 3, 60)
    loss = "sparse_softmax_cross_entropy"
    lazy_scores = da.from_array(scores, chunks=(13, 2))
    found = lazily(sl.accumulate, loss, da.from_array(labels, chunks=20), lazy_scores, by=by)
    assert_equal(found.compute(), sl.accumulate(loss, labels, scores, by=by))


@pytest.mark.parametrize("missing", ["keep", "drop"])
def test_missing_keys(missing: str) -> None:
    y = np.arange(12.0)
    by = {"k": objects(["a", None, "b"] * 4), "m": objects([None] * 12)}
    for name in by:
        want = sl.evaluate("value", y, by=by[name], missing=missing)
        lazy_y, key = da.from_array(y, chunks=5), da.from_array(by[name], chunks=1)
        found = lazily(sl.evaluate, "value", lazy_y, by=key, missing=missing).compute()
        assert found == want
        assert found.counts["missing_keys"] == want.counts["missing_keys"] > 0


def test_parts_merge_lazily() -> None:
    rng = np.random.default_rng(8)
    y, p = rng.normal(size=(2, 60))
    by = rng.integers(0, 4, 60)
    want = sl.accumulate("mae", y, p, by=by)
    parts = [
        lazily(sl.accumulate, "mae", da.from_array(y[s], chunks=7), p[s], by=by[s])
        for s in (slice(0, 20), slice(20, 60))
    ]
    assert_equal(lazily(sl.merge, parts).compute(), want)
    assert_equal(parts[0].compute() + parts[1].compute(), want)


def test_no_rows() -> None:
    for shape in ((0,), (0, 3)):
        y = da.zeros(shape, chunks=2)
        found = lazily(sl.accumulate, "mae", y, y, by=da.zeros(0, chunks=2, dtype=int)).compute()
        assert_equal(
            found, sl.accumulate("mae", np.zeros(shape), np.zeros(shape), by=np.zeros(0, int))
        )


def test_computing_twice_counts_nothing_twice() -> None:
    y = np.arange(30.0)
    found = lazily(sl.accumulate, "value", da.from_array(y, chunks=4), by=y.astype(int) % 3)
    first, second = found.compute(), found.compute()
    assert_equal(first, second)
    first.update(y, by=y.astype(int) % 3)
    assert_equal(found.compute(), second)


def test_grouping_sets_of_lazy_keys() -> None:
    k, other = (
        da.from_array(np.arange(12) % 3, chunks=5),
        da.from_array(np.arange(12) % 2, chunks=4),
    )
    y = np.arange(12.0)
    sets = [["a"], ["a", "b"], []]
    late = sl.evaluate("mae", y, -y, by=sl.grouping_sets(*sets, keys={"a": k, "b": other}))
    now = {"a": np.arange(12) % 3, "b": np.arange(12) % 2}
    assert late.compute() == sl.evaluate("mae", y, -y, by=sl.grouping_sets(*sets, keys=now))
