"""Accumulators of lazy batches, and futures that merge."""

import concurrent.futures
from typing import Any

import dask
import dask.array as da
import numpy as np
import pytest
from dask.delayed import Delayed

import streamloss as sl
from tests.reference import REDUCTIONS, bits
from tests.run.lazy.cuts import LAZY_P, LAZY_Y, P, W, Y, assert_equal, lazily, spoilt


@pytest.mark.parametrize("axis", [None, 0, 1, 2, -1, (0, 1), (0, 2), (1, 2), (0, 1, 2), ()])
def test_rows_are_counted_once_whatever_is_reduced(axis: Any) -> None:
    rng = np.random.default_rng(11)
    y, p = rng.normal(size=(2, 12, 5, 4))
    want = sl.accumulate("mae", y, p, axis=axis)
    found = lazily(sl.accumulate, "mae", da.from_array(y, chunks=(5, 2, 3)), p, axis=axis)
    assert want.counts["rows"] == 12
    assert_equal(found.compute(), want)


def test_computing_twice_counts_nothing_twice() -> None:
    found = lazily(sl.accumulate, ["mae", "mse"], LAZY_Y, LAZY_P, W)
    first, second = found.compute(), found.compute()
    assert first is not second
    assert_equal(first, second)
    first.update(Y, P)
    assert_equal(found.compute(), second)
    assert_equal(second, sl.accumulate(["mae", "mse"], Y, P, W))


def test_any_reduction_later() -> None:
    found = lazily(sl.accumulate, ["mae", "rmse"], LAZY_Y, LAZY_P, W**2, axis=1).compute()
    for reduction in set(REDUCTIONS) - {"sum"}:
        assert bits(found.result(reduction)) == bits(
            sl.evaluate(["mae", "rmse"], Y, P, W**2, axis=1, reduction=reduction)
        )


def test_methods_of_a_lazy_accumulator_are_lazy() -> None:
    found = lazily(sl.accumulate, "mae", LAZY_Y, LAZY_P)
    result = lazily(lambda: found.result("sum"))
    assert isinstance(result, Delayed)
    assert result.compute() == sl.evaluate("mae", Y, P, reduction="sum")


@pytest.mark.parametrize("axis", [None, 0, 1])
def test_lazy_parts_merge_lazily(axis: Any) -> None:
    options: Any = {"axis": axis}
    along = 0 if axis != 1 else 1
    ys, ps = (np.array_split(array, 3, along) for array in (Y, P))
    parts: list[Any] = [
        lazily(sl.accumulate, "mae", da.from_array(ys[0], chunks=2), ps[0], **options),
        sl.accumulate("mae", ys[1], ps[1], **options),
        lazily(sl.accumulate, "mae", da.from_array(ys[2], chunks=3), ps[2], **options),
    ]
    merged = lazily(sl.merge, parts)
    assert isinstance(merged, Delayed)
    want = sl.merge(sl.accumulate("mae", y, p, **options) for y, p in zip(ys, ps, strict=True))
    assert_equal(merged.compute(), want)
    assert_equal(lazily(sl.merge, iter([merged, parts[1]])).compute(), want + parts[1])


def test_lazy_parts_that_do_not_fit_are_refused_when_computed() -> None:
    parts = [lazily(sl.accumulate, loss, LAZY_Y, LAZY_P) for loss in ("mae", "mse")]
    with pytest.raises(ValueError, match="losses must be the same"):
        lazily(sl.merge, parts).compute()
    with pytest.raises(TypeError, match="parts must be Accumulators: got 3"):
        lazily(sl.merge, [parts[0], 3]).compute()


@pytest.mark.parametrize("nan", ["propagate", "omit", "raise"])
@pytest.mark.parametrize("axis", [None, 0, (1, 0)])
def test_updates_of_both_kinds_in_turns(axis: Any, nan: str) -> None:
    found, want = (sl.Accumulator(["mae", "mse"], axis=axis, nan=nan) for _ in range(2))
    for k, arrays in enumerate([(LAZY_Y, LAZY_P), (Y, P), (Y, LAZY_P, W[:, :1]), (Y, P, 2.0)]):
        assert found.update(*arrays) is found
        want.update(*[(Y, P, *arrays[2:])[j] for j in range(len(arrays))])
        assert_equal(found, want)
        assert found.counts["rows"] == 20 * (k + 1)


def test_an_update_with_only_the_weights_lazy() -> None:
    for weights in (W, W[:, 0], np.array(2.0)):
        found = sl.Accumulator("mae").update(Y, P, da.from_array(weights, chunks=3))
        assert_equal(found, sl.accumulate("mae", Y, P, weights))


def test_a_lazy_update_that_fails_changes_nothing() -> None:
    holes = da.from_array(np.where(Y > 2.0, np.nan, Y), chunks=(7, 4))
    assert bool(da.isnan(holes).any())
    found = sl.accumulate("mae", Y, P, axis=0, nan="raise")
    before = found.to_bytes()
    failures: list[tuple[Any, str, tuple[Any, ...]]] = [
        (ValueError, "nan='raise'", (holes, LAZY_P)),
        (ValueError, "y_pred must have the shape", (LAZY_Y, P[:3])),
        (ValueError, "axes kept must have the same sizes", (LAZY_Y[:, :4], P[:, :4])),
        (TypeError, "y_pred must be a dask array", (LAZY_Y, dask.delayed(np.ones)((20, 6)))),
        (ValueError, r"^chunk \(0, 2\)", (spoilt(LAZY_P.rechunk((7, 2)), np.transpose), P)),
    ]
    for error, message, arrays in failures:
        with pytest.raises(error, match=message):
            found.update(*arrays)
        assert found.to_bytes() == before
    assert_equal(found.update(LAZY_Y, LAZY_P), sl.Accumulator.from_bytes(before).update(Y, P))


@pytest.mark.parametrize("workers", [1, 3])
def test_futures_of_threads_merge(workers: int) -> None:
    with concurrent.futures.ThreadPoolExecutor(workers) as pool:
        futures = [pool.submit(sl.accumulate, "mae", Y[k::4], P[k::4]) for k in range(4)]
        assert_equal(sl.merge(futures), sl.accumulate("mae", Y, P))
        mixed = [futures[0], futures[1].result(), *futures[2:]]
        assert_equal(sl.merge(mixed), sl.accumulate("mae", Y, P))


def test_a_future_that_failed_raises_its_error() -> None:
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        futures = [pool.submit(sl.accumulate, "mae", Y, P[:k]) for k in (20, 3)]
        with pytest.raises(ValueError, match="y_pred must have the shape"):
            sl.merge(futures)
        with pytest.raises(TypeError, match="parts must be Accumulators: got 3"):
            sl.merge([pool.submit(int, 3)])
