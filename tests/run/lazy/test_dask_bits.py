"""Dask arrays: the bits of numpy arrays however they are cut."""

from typing import Any

import dask.array as da
import numpy as np
import pytest
from dask.delayed import Delayed
from hypothesis import given, settings
from hypothesis import strategies as st

import streamloss as sl
from tests.losses.truth import PAIRS, SIMPLE, Truth, name
from tests.reference import REDUCTIONS, wild
from tests.run.lazy.cuts import (
    Call,
    ThreeInputs,
    assert_equal,
    assert_same,
    calls,
    lazily,
    lazy,
    seeds,
)

# Cuts that do not fit each other make many chunks, of which dask warns.
pytestmark = pytest.mark.filterwarnings("ignore::dask.array.PerformanceWarning")


@given(calls())
@settings(max_examples=300)
def test_every_cut_of_every_argument_gives_the_same_accumulator(call: Call) -> None:
    want = sl.accumulate("mae", *call.plain, where=call.where, **call.options)
    found = lazily(sl.accumulate, "mae", *call.mixed, where=call.mixed_where, **call.options)
    assert isinstance(found, Delayed)
    assert_equal(found.compute(), want)


@given(calls(), st.sampled_from(REDUCTIONS))
@settings(max_examples=200)
def test_every_reduction_of_every_cut_has_the_same_bits(call: Call, reduction: str) -> None:
    options = call.options | {"reduction": reduction}
    want = sl.evaluate("mae", *call.plain, where=call.where, **options)
    found = lazily(sl.evaluate, "mae", *call.mixed, where=call.mixed_where, **options)
    assert_same(found, want)


@given(calls(), st.sampled_from(["propagate", "omit"]))
@settings(max_examples=150)
def test_the_losses_of_every_cut_have_the_same_bits(call: Call, nan: str) -> None:
    options: Any = {"nan": nan, "reduction": "none"}
    want = sl.evaluate("mae", *call.plain, where=call.where, **options)
    found = lazily(sl.evaluate, "mae", *call.mixed, where=call.mixed_where, **options)
    assert_same(found, want)


@given(calls(dtypes=("f4", "f8")))
@settings(max_examples=100)
def test_several_losses_of_every_cut_have_the_same_bits(call: Call) -> None:
    losses = ["mae", sl.Huber(0.5)]
    want = sl.evaluate(losses, *call.plain, where=call.where, **call.options)
    found = lazily(sl.evaluate, losses, *call.mixed, where=call.mixed_where, **call.options)
    assert_same(found, want)


@given(calls(dtypes=("f4", "f8")))
@settings(max_examples=100)
def test_raise_raises_when_computed_and_only_where_numpy_raises(call: Call) -> None:
    options = call.options | {"nan": "raise"}
    found = lazily(sl.evaluate, "mae", *call.mixed, where=call.mixed_where, **options)
    try:
        want = sl.evaluate("mae", *call.plain, where=call.where, **options)
    except ValueError:
        with pytest.raises(ValueError, match=r"^chunk \(.*\): nan='raise': \d+ elements have a"):
            found.compute()
    else:
        assert_same(found, want)


@given(calls(dtypes=("f4", "f8")))
@settings(max_examples=60)
def test_an_accumulator_takes_lazy_batches(call: Call) -> None:
    want = sl.Accumulator("mae", **call.options)
    found = sl.Accumulator("mae", **call.options)
    for _ in range(2):
        want.update(*call.plain, where=call.where)
        found.update(*call.mixed, where=call.mixed_where)
    assert_equal(found, want)


@given(seeds(), st.sampled_from(["f4", "f8"]))
@settings(max_examples=60)
def test_numbers_of_any_size_are_summed_alike(rng: np.random.Generator, dtype: str) -> None:
    reach = (-149, 126) if dtype == "f4" else (-1074, 1023)
    y, p, w = (wild(rng, (300, 2), *reach, dtype) for _ in "ypw")
    want = sl.accumulate("mae", y, p, w)
    found = lazily(sl.accumulate, "mae", *(lazy(rng, array) for array in (y, p, w)))
    assert_equal(found.compute(), want)


@pytest.mark.parametrize("case", SIMPLE, ids=name)
def test_every_loss(case: Truth) -> None:
    rng = np.random.default_rng(1)
    arrays = 3.0 * rng.normal(size=(case.loss.inputs, 40, 3))
    want = sl.accumulate(case.loss, *arrays, axis=0)
    found = lazily(sl.accumulate, case.loss, *(lazy(rng, array) for array in arrays), axis=0)
    assert_equal(found.compute(), want)


@pytest.mark.parametrize("case", PAIRS, ids=name)
def test_every_loss_unreduced(case: Truth) -> None:
    if case.loss.finish is not None:
        pytest.skip("it needs a mean")
    rng = np.random.default_rng(2)
    y, p = 3.0 * rng.normal(size=(2, 40, 3))
    found = lazily(sl.evaluate, case.loss, lazy(rng, y), lazy(rng, p), reduction="none")
    assert_same(found, sl.evaluate(case.loss, y, p, reduction="none"))


def test_a_root_is_taken_of_the_mean_of_all_chunks() -> None:
    y, p = np.random.default_rng(3).normal(size=(2, 100))
    found = lazily(sl.evaluate, "rmse", da.from_array(y, chunks=7), p)
    assert_same(found, sl.evaluate("rmse", y, p))


@pytest.mark.parametrize("axis", [None, 0, 1, (0, 2), (1, 2), ()])
@pytest.mark.parametrize("chunks", [(1, 1, 1), (-1, -1, -1), (23, 3, 2), (50, 1, 7), (1, -1, -1)])
def test_many_tiny_and_few_huge_chunks(chunks: tuple[int, ...], axis: Any) -> None:
    y, p, w = np.random.default_rng(4).normal(size=(3, 50, 4, 3))
    cuts = [da.from_array(array, chunks=chunks) for array in (y, p, w)]
    assert_equal(
        lazily(sl.accumulate, "mae", *cuts, axis=axis).compute(),
        sl.accumulate("mae", y, p, w, axis=axis),
    )


def test_reducing_losses_that_are_computed() -> None:
    rng = np.random.default_rng(5)
    losses, weights = rng.normal(size=(2, 60, 3))
    for reduction in (*REDUCTIONS, "none"):
        found = lazily(sl.reduce, lazy(rng, losses), lazy(rng, weights), reduction=reduction)
        assert_same(found, sl.reduce(losses, weights, reduction=reduction))
    assert_same(
        lazily(sl.reduce, losses, da.from_array(weights[:, 0], chunks=9), axis=1),
        sl.reduce(losses, weights[:, 0], axis=1),
    )


@pytest.mark.parametrize("which", [(0,), (1,), (2,), (0, 2), (0, 1, 2)])
def test_a_loss_of_three_inputs(which: tuple[int, ...]) -> None:
    rng = np.random.default_rng(6)
    arrays = rng.lognormal(size=(3, 40))
    y, *others = (lazy(rng, a) if k in which else a for k, a in enumerate(arrays))
    found = lazily(sl.evaluate, ThreeInputs(), y, tuple(others))
    assert_same(found, sl.evaluate(ThreeInputs(), arrays[0], tuple(arrays[1:])))


def test_dask_arrays_of_masked_arrays() -> None:
    rng = np.random.default_rng(7)
    y, p, w = rng.normal(size=(3, 40))
    holes = rng.random((3, 40)) < 0.2
    masked = [np.ma.masked_array(array, hole) for array, hole in zip((y, p, w), holes, strict=True)]
    cuts = [da.from_array(array, chunks=n) for array, n in zip(masked, (7, 11, 40), strict=True)]
    want = sl.accumulate("mae", *masked)
    assert want.counts["masked"] > 0
    assert_equal(lazily(sl.accumulate, "mae", *cuts).compute(), want)


@pytest.mark.parametrize("name", ["weights", "where"])
def test_a_block_of_one_row_by_chance_is_not_broadcast(name: str) -> None:
    y = da.from_array(np.arange(6.0), chunks=3)
    w = da.from_array(np.array([5.0, -1.0, -1.0, 1.0, 2.0, 3.0]), chunks=3)
    known, unknown = y[y > -1], w[w > 0]
    found = sl.accumulate(
        "mae", known, known + 1, **{name: unknown if name == "weights" else unknown > 0}
    )
    with pytest.raises(ValueError, match=rf"chunk \(0,\): {name} must align .*\(1,\).*\(3,\)"):
        found.compute()


@pytest.mark.parametrize("shape", [(0,), (0, 3)])
def test_a_mask_where_there_are_no_cells(shape: tuple[int, ...]) -> None:
    empty, axis = np.zeros(shape), tuple(range(1, len(shape)))
    found = sl.evaluate("mae", empty, empty, where=np.ones(shape, bool), axis=axis)
    assert found.shape == (0,)
    assert sl.accumulate("mae", empty, empty, axis=axis).counts["rows"] == 0


def test_axes_without_elements_or_with_one_may_be_cut_anyhow() -> None:
    empty = np.zeros(0)
    y, p = da.from_array(empty, chunks=((0, 0),)), da.from_array(empty, chunks=((0, 0, 0),))
    assert np.isnan(sl.evaluate("mae", y, p).compute())
    one = da.from_array(np.ones(1), chunks=((0, 1, 0, 0, 0),))
    assert sl.evaluate("mae", np.ones(2), da.zeros(2, chunks=1), one).compute() == 1.0
