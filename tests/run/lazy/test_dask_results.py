"""What comes back from lazy arguments: lazy arrays, of which chunks."""

import operator
from typing import Any

import dask
import dask.array as da
import numpy as np
import pytest

import streamloss as sl
from tests.reference import bits
from tests.run.lazy.cuts import LAZY_P, LAZY_Y, P, W, Y, assert_same, lazily


def test_a_scalar_is_an_array_of_no_axes() -> None:
    found = lazily(sl.evaluate, "mae", LAZY_Y, LAZY_P)
    assert type(found) is da.Array
    assert (found.shape, found.chunks, found.dtype) == ((), (), np.float64)
    assert isinstance(found._meta, np.ndarray)
    assert type(found.compute()) in (np.float64, np.ndarray)
    assert float(found) == sl.evaluate("mae", Y, P)


@pytest.mark.parametrize(
    ("axis", "chunks"),
    [
        (0, ((2, 2, 2),)),
        (-1, ((7, 7, 6),)),
        ((), ((7, 7, 6), (2, 2, 2))),
        ((0, 1), ()),
    ],
)
def test_the_axes_kept_keep_their_chunks(axis: Any, chunks: Any) -> None:
    found = lazily(sl.evaluate, "mae", LAZY_Y, LAZY_P, axis=axis)
    assert found.chunks == chunks
    assert_same(found, sl.evaluate("mae", Y, P, axis=axis))


def test_unreduced_losses_are_cut_like_the_inputs() -> None:
    found = lazily(sl.evaluate, "mae", LAZY_Y, P, W[:, 0], reduction="none")
    assert found.chunks == LAZY_Y.chunks
    for block, y in zip(found.blocks.ravel(), LAZY_Y.blocks.ravel(), strict=True):
        assert block.compute().shape == y.compute().shape


def test_a_list_of_losses_gives_a_dict_of_arrays() -> None:
    losses = ["mae", sl.Huber(0.5), "rmse"]
    found = lazily(sl.evaluate, losses, LAZY_Y, LAZY_P, axis=0)
    want = sl.evaluate(losses, Y, P, axis=0)
    assert type(found) is dict
    assert_same(found, want)
    (together,) = dask.compute(found)
    assert bits(together) == bits(want)


def test_results_are_arrays_to_compute_with() -> None:
    cells = lazily(sl.evaluate, "mae", LAZY_Y, LAZY_P, axis=1)
    assert bits((cells[:8] + 1.0).compute()) == bits(sl.evaluate("mae", Y, P, axis=1)[:8] + 1.0)
    slices = lazily(operator.getitem, cells, slice(3, 15, 4))
    assert bits(slices.compute()) == bits(sl.evaluate("mae", Y, P, axis=1)[3:15:4])


def test_a_list_of_losses_may_change_after_the_call() -> None:
    losses = ["mae"]
    found = sl.accumulate(losses, da.ones(3, chunks=2), np.zeros(3))
    losses.append("mse")
    assert found.compute().result() == {"mae": 1.0}
