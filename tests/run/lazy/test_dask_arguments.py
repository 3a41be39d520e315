"""Arguments that are lazy beside others that are not, in every position."""

from typing import Any

import dask.array as da
import numpy as np
import pandas as pd
import pytest

import streamloss as sl
from tests.run.lazy.cuts import COLUMN, assert_equal, assert_same, lazily

PLAIN = {
    "list": lambda array: array.tolist(),
    "numpy array": lambda array: array,
    "strided": lambda array: np.repeat(array, 2, 0)[::2],
    "masked array": lambda array: np.ma.masked_array(array, np.arange(len(array)) % 3 == 0),
    "masked array without a mask": np.ma.masked_array,
    "Series": lambda array: pd.Series(array, index=range(len(array))[::-1]),
    "nullable Series": lambda array: pd.Series(array).convert_dtypes(),
}


@pytest.mark.parametrize("kind", PLAIN)
@pytest.mark.parametrize("position", range(4))
def test_one_argument_that_is_not_lazy(position: int, kind: str) -> None:
    arrays = [COLUMN, COLUMN[::-1].copy(), COLUMN**2, COLUMN > -0.5]
    mixed = [da.from_array(array, chunks=k + 1) for k, array in enumerate(arrays)]
    arrays[position] = mixed[position] = PLAIN[kind](arrays[position])
    want = sl.accumulate("mae", *arrays[:3], where=arrays[3])
    found = lazily(sl.accumulate, "mae", *mixed[:3], where=mixed[3])
    assert_equal(found.compute(), want)


@pytest.mark.parametrize("kind", PLAIN)
@pytest.mark.parametrize("position", range(4))
def test_one_argument_that_is_lazy(position: int, kind: str) -> None:
    arrays = [COLUMN, COLUMN[::-1].copy(), COLUMN**2, COLUMN > -0.5]
    plain = [PLAIN[kind](array) for array in arrays]
    plain[position] = arrays[position]
    mixed = [*plain]
    mixed[position] = da.from_array(arrays[position], chunks=4)
    want = sl.accumulate("mae", *plain[:3], where=plain[3])
    found = lazily(sl.accumulate, "mae", *mixed[:3], where=mixed[3])
    assert_equal(found.compute(), want)


@pytest.mark.parametrize("weights", [2, 0.3, np.float32(-1.5), True, np.array(2.0), [2.0]])
def test_a_scalar_weight(weights: Any) -> None:
    y = da.from_array(COLUMN, chunks=4)
    want = sl.accumulate("mae", COLUMN, COLUMN[::-1], weights)
    for given_weights in (weights, da.from_array(np.asarray(weights))):
        found = lazily(sl.accumulate, "mae", y, COLUMN[::-1], given_weights)
        assert_equal(found.compute(), want)


def test_a_lazy_scalar_weight_of_arrays_that_are_not_lazy() -> None:
    weight = da.from_array(COLUMN, chunks=2).sum()
    found = lazily(sl.evaluate, "mae", COLUMN, COLUMN[::-1], weight, reduction="sum")
    total = weight.compute()
    assert_same(found, sl.evaluate("mae", COLUMN, COLUMN[::-1], total, reduction="sum"))


def test_lazy_scalars() -> None:
    assert_same(lazily(sl.evaluate, "mae", da.from_array(np.array(1.0)), 3.5), 2.5)
