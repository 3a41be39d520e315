"""Sizes that dask does not know, and dask's frames."""

from typing import Any

import dask.array as da
import dask.dataframe as dd
import numpy as np
import pandas as pd
import pytest

import streamloss as sl
from tests.reference import bits
from tests.run.lazy.cuts import COLUMN, LAZY_P, LAZY_Y, P, W, Y, assert_equal, assert_same, lazily


@pytest.mark.parametrize("axis", [None, 0, 1, ()])
def test_rows_chosen_by_a_condition(axis: Any) -> None:
    chosen = LAZY_Y[:, 0] > 0.0
    y, p = (array.rechunk((7, -1))[chosen.rechunk(7)] for array in (LAZY_Y, LAZY_P))
    w = da.from_array(W[:, 0], chunks=7)[chosen.rechunk(7)]
    rows = Y[:, 0] > 0.0
    found = lazily(sl.evaluate, "mae", y, p, w, axis=axis)
    assert np.isnan(found.shape).any() == (axis in (1, ()))
    assert bits(found.compute()) == bits(
        sl.evaluate("mae", Y[rows], P[rows], W[rows, 0], axis=axis)
    )
    parts = lazily(sl.accumulate, "mae", y, p, w, axis=axis)
    assert_equal(parts.compute(), sl.accumulate("mae", Y[rows], P[rows], W[rows, 0], axis=axis))


@pytest.mark.parametrize("weights", [2.5, [2.5], np.array([[2.5]])])
def test_rows_of_unknown_number_with_one_weight(weights: Any) -> None:
    chosen = LAZY_Y[:, 0] > 0.0
    y, p = (array.rechunk((7, -1))[chosen.rechunk(7)] for array in (LAZY_Y, LAZY_P))
    rows = Y[:, 0] > 0.0
    found = lazily(sl.accumulate, "mae", y, p, weights)
    assert_equal(found.compute(), sl.accumulate("mae", Y[rows], P[rows], weights))


def test_unreduced_losses_of_unknown_number() -> None:
    y = da.from_array(Y[:, 0], chunks=7)
    p = da.from_array(P[:, 0], chunks=7)
    chosen = y > 0.0
    found = lazily(sl.evaluate, "mae", y[chosen], p[chosen], reduction="none")
    rows = Y[:, 0] > 0.0
    want = sl.evaluate("mae", Y[rows, 0], P[rows, 0], reduction="none")
    assert bits(found.compute()) == bits(want)


def test_chunks_of_unknown_size_that_cannot_be_matched_are_refused() -> None:
    y = da.from_array(COLUMN, chunks=2)
    some = y[y > -9.0]
    for other in (da.from_array(COLUMN, chunks=3), COLUMN, da.from_array(COLUMN, chunks=2)):
        with pytest.raises(ValueError, match=r"unknown chunk sizes .*compute_chunk_sizes"):
            lazily(sl.evaluate, "mae", some, other)
    halves = da.from_array(COLUMN, chunks=3)
    with pytest.raises(ValueError, match=r"unknown chunk sizes .*compute_chunk_sizes"):
        lazily(sl.evaluate, "mae", some, halves[halves > -9.0])
    some.compute_chunk_sizes()
    assert_same(lazily(sl.evaluate, "mae", some, -COLUMN), sl.evaluate("mae", COLUMN, -COLUMN))


def test_chunks_that_turn_out_to_differ_are_refused() -> None:
    y = da.from_array(np.arange(6.0), chunks=3)
    found = lazily(sl.evaluate, "mae", y[y > 0.0], y[y < 5.0])
    with pytest.raises(ValueError, match=r"^chunk \([01],\): y_pred .*shape of y_true"):
        found.compute()
    found = lazily(sl.evaluate, "mae", y[y > 0.0], y[y > 0.0], y[y < 5.0])
    with pytest.raises(ValueError, match=r"^chunk \([01],\): weights .*leading axes"):
        found.compute()


FRAME = pd.DataFrame({"y": Y[:, 0], "p": P[:, 0], "w": W[:, 0] ** 2}, index=range(20, 0, -1))


def test_columns_of_a_dask_frame() -> None:
    frame = dd.from_pandas(FRAME, npartitions=3, sort=False)
    found = lazily(sl.accumulate, "mae", frame.y, frame.p, frame.w, where=frame.y > 0.0)
    want = sl.accumulate("mae", FRAME.y, FRAME.p, FRAME.w, where=FRAME.y > 0.0)
    assert_equal(found.compute(), want)
    chosen = frame[frame.y > 0.0]
    some = FRAME[FRAME.y > 0.0]
    result = lazily(sl.evaluate, "mae", chosen.y, chosen.p, chosen.w)
    assert bits(result.compute()) == bits(sl.evaluate("mae", some.y, some.p, some.w))


@pytest.mark.parametrize("axis", [None, 0, 1])
def test_dask_frames_have_two_axes(axis: Any) -> None:
    frame = dd.from_pandas(FRAME, npartitions=3, sort=False)
    found = lazily(sl.accumulate, "mae", frame[["y", "p"]], frame[["p", "w"]], frame.w, axis=axis)
    want = sl.accumulate("mae", FRAME[["y", "p"]], FRAME[["p", "w"]], FRAME.w, axis=axis)
    assert_equal(found.compute(), want)


@pytest.mark.parametrize("dtype", ["Int64", "Float64", "Float32", "boolean", "int64[pyarrow]"])
@pytest.mark.parametrize("nan", ["propagate", "omit"])
def test_nulls_of_dask_columns_are_nan(dtype: str, nan: str) -> None:
    values = pd.Series([1, 0, None, 1, None, 0, 1, 1]).astype(dtype)
    others = pd.Series(np.arange(8.0))
    # nulls in the first partition and not in the last
    y, p = (dd.from_pandas(column, npartitions=3) for column in (values, others))
    found = lazily(sl.accumulate, "mae", y, p, nan=nan)
    want = sl.accumulate("mae", values, others, nan=nan)
    assert want.counts["nan"] == 2
    assert_equal(found.compute(), want)


def test_nulls_of_dask_frames_are_nan() -> None:
    frame = pd.DataFrame({"a": pd.array([1, None, 3, 4], "Int64"), "b": [0.5, 1.5, 2.5, 3.5]})
    y = dd.from_pandas(frame, npartitions=2)
    found = lazily(sl.accumulate, "mae", y, y, axis=0)
    assert_equal(found.compute(), sl.accumulate("mae", frame, frame, axis=0))
