"""Dask arrays: lazy, one task a chunk, and the bits of numpy arrays however they are cut.

Whatever is built here is built under a scheduler that refuses to compute.
"""

import concurrent.futures
import functools
import itertools
import operator
import pickle
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple
from unittest import mock

import dask
import dask.array as da
import dask.dataframe as dd
import numpy as np
import pandas as pd
import pytest
from dask.delayed import Delayed
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import streamloss as sl
from streamloss.run import cpu
from tests.losses.truth import PAIRS, SIMPLE, Truth, name
from tests.reference import REDUCTIONS, bits, sprinkle, wild

# Cuts that do not fit each other make many chunks, of which dask warns.
pytestmark = pytest.mark.filterwarnings("ignore::dask.array.PerformanceWarning")

STRANGE = [np.nan, np.inf, -np.inf]


@pytest.fixture(autouse=True)
def synchronous() -> Iterator[None]:
    """Compute in this thread, unless a test says otherwise."""
    with dask.config.set(scheduler="synchronous"):
        yield


def refuse(*args: Any, **kwargs: Any) -> Any:
    raise AssertionError("computed too early")


@contextmanager
def building() -> Iterator[None]:
    """Refuse to compute anything."""
    with dask.config.set(scheduler=refuse):
        yield


def lazily(function: Callable[..., Any], *args: Any, **options: Any) -> Any:
    """Call a function that may build a graph but not compute."""
    with building():
        return function(*args, **options)


def assert_same(found: Any, want: Any) -> None:
    """Compare lazy results with those of numpy: types, shapes, and every bit."""
    if isinstance(want, dict):
        assert list(found) == list(want)
        for key in want:
            assert_same(found[key], want[key])
        return
    assert type(found) is da.Array
    assert (found.shape, found.dtype) == (np.shape(want), np.float64)
    values = found.compute()
    assert (np.shape(values), values.dtype) == (np.shape(want), np.float64)
    assert bits(np.asarray(values)) == bits(np.asarray(want))


def assert_equal(found: sl.Accumulator, want: sl.Accumulator) -> None:
    assert found == want
    assert found.to_bytes() == want.to_bytes()
    assert found.counts == want.counts


def seeds() -> st.SearchStrategy[np.random.Generator]:
    return st.integers(0, 2**32 - 1).map(np.random.default_rng)


def cut(
    rng: np.random.Generator, shape: tuple[int, ...], empty: bool = True
) -> tuple[tuple[int, ...], ...]:
    """Return chunks of a shape, up to five along an axis, some of length zero if wanted."""
    cuts = []
    for n in shape:
        places = [0, *np.sort(rng.integers(0, n + 1, rng.integers(0, 5))).tolist(), n]
        chunks = [b - a for a, b in itertools.pairwise(places) if b > a or empty]
        cuts.append(tuple(chunks) if n > 1 else (n,))
    return tuple(cuts)


def lazy(rng: np.random.Generator, array: Any, empty: bool = True) -> da.Array:
    array = np.asanyarray(array)
    return da.from_array(array, chunks=cut(rng, array.shape, empty))


class Call(NamedTuple):
    """The arguments of a call as numpy arrays, and the same with dask arrays among them."""

    plain: tuple[Any, ...]
    mixed: tuple[Any, ...]
    where: Any
    mixed_where: Any
    options: dict[str, Any]


DTYPES = ("f4", "f8", "i4", "i8", "u1", "f2", "?", "c16")


def numbers(rng: np.random.Generator, shape: tuple[int, ...], dtype: str) -> np.ndarray:
    """Return numbers of a dtype, some of them zero, infinite or NaN."""
    if dtype in ("i4", "i8", "u1", "?"):
        return rng.integers(0, 4, shape).astype(dtype)
    values = sprinkle(rng, rng.normal(size=shape), 0.1, [0.0, *STRANGE]).astype(dtype)
    return values + 1j * rng.normal(size=shape) if dtype == "c16" else values


@st.composite
def calls(draw: st.DrawFn, dtypes: tuple[str, ...] = DTYPES) -> Call:
    """Draw arrays of up to three axes, each cut in its own way or not lazy at all."""
    rng = draw(seeds())
    shape = draw(hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=7))
    y, p = (numbers(rng, shape, draw(st.sampled_from(dtypes))) for _ in "yp")
    weights = draw(st.sampled_from(["none", "scalar", "array"]))
    heavy = {"none": None, "scalar": 2.5}.get(weights)
    if weights == "array":
        heavy = numbers(rng, leading(draw, shape), draw(st.sampled_from(["f4", "f8", "i8", "?"])))
    shown = 0 not in shape and draw(st.booleans())
    where = np.asarray(rng.random(leading(draw, shape)) < 0.7) if shown else None
    arrays = [y, p, heavy, where]
    chosen = draw(st.lists(st.booleans(), min_size=4, max_size=4))
    if not any(yes and array is not None for yes, array in zip(chosen, arrays, strict=True)):
        chosen[0] = True
    mixed = [
        lazy(rng, array, where is None) if yes and array is not None else array
        for yes, array in zip(chosen, arrays, strict=True)
    ]
    ndim = len(shape)
    axes = [
        None,
        (),
        *range(-ndim, ndim),
        tuple(range(ndim)),
        tuple(range(1, ndim)),
        (0, -1)[:ndim],
    ]
    options = {
        "axis": draw(st.sampled_from(axes if ndim != 1 else axes[:-1])),
        "nan": draw(st.sampled_from(["propagate", "omit"])),
    }
    return Call((y, p, heavy), tuple(mixed[:3]), where, mixed[3], options)


def leading(draw: st.DrawFn, shape: tuple[int, ...]) -> tuple[int, ...]:
    """Draw a shape that aligns with the leading axes of another."""
    rank = draw(st.integers(0, len(shape)))
    return tuple(draw(st.sampled_from([n, n, 1])) for n in shape[:rank])


# Bits


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


@sl.loss
class ThreeInputs(NamedTuple):
    def point(self, y_true: Any, y_pred: Any, scale: Any) -> Any:
        return abs(y_true - y_pred) / scale


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


# Arguments that are not lazy, in every position


COLUMN = np.random.default_rng(8).normal(size=6)

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


# What comes back


Y, P, W = np.random.default_rng(9).normal(size=(3, 20, 6))
LAZY_Y = da.from_array(Y, chunks=(7, 4))
LAZY_P = da.from_array(P, chunks=(20, 2))


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


# Laziness


class Counter:
    """A function of blocks that counts its calls."""

    def __init__(self) -> None:
        self.calls = 0

    def __call__(self, block: np.ndarray) -> np.ndarray:
        self.calls += 1
        return block

    def over(self, array: da.Array) -> da.Array:
        return array.map_blocks(self, dtype=array.dtype, meta=array._meta)


@contextmanager
def folds() -> Iterator[mock.Mock]:
    """Count how often a batch is folded."""
    with mock.patch.object(cpu, "accumulate", wraps=cpu.accumulate) as fold:
        yield fold


def test_building_loads_and_folds_nothing() -> None:
    load = Counter()
    y = load.over(LAZY_Y)
    with folds() as fold, building():
        results: list[Any] = [
            sl.evaluate(["mae", "mse"], y, P, nan="raise"),
            sl.evaluate("mae", P, y, axis=0),
            sl.evaluate("mae", P, P, y, reduction="none", nan="raise"),
            sl.evaluate("mae", P, P, where=y > 0),
            sl.reduce(y),
            sl.merge([sl.accumulate("mae", y, P), sl.accumulate("mae", P, y)]),
        ]
    assert (load.calls, fold.call_count) == (0, 0)
    dask.compute(results)
    assert load.calls > 0


def test_several_losses_and_reductions_take_one_task_a_chunk() -> None:
    load = Counter()
    y = load.over(LAZY_Y)
    p = LAZY_P.rechunk(LAZY_Y.chunks)
    losses = ["mae", "mse", sl.Huber(0.5)]
    with building():
        results = [sl.evaluate(losses, y, p, reduction=reduction) for reduction in REDUCTIONS]
    with folds() as fold:
        found = dask.compute(*results)
    assert (load.calls, fold.call_count) == (LAZY_Y.npartitions, LAZY_Y.npartitions)
    for values, reduction in zip(found, REDUCTIONS, strict=True):
        assert bits(values) == bits(sl.evaluate(losses, Y, P, reduction=reduction))


def test_loading_is_fused_with_folding() -> None:
    # A chunk that is loaded and folded in one task need not be kept.
    y = LAZY_Y.map_blocks(np.negative).map_blocks(np.exp)
    graph = dask.optimize(sl.evaluate("mae", y, LAZY_Y))[0].__dask_graph__()
    assert not any(str(key).startswith(("('negative", "('exp")) for key in dict(graph))


SCHEDULERS = {
    "synchronous": {},
    "threads": {"num_workers": 8},
    "processes": {"num_workers": 2},
}


@pytest.mark.parametrize("scheduler", SCHEDULERS)
def test_schedulers_give_the_same_bits(scheduler: str) -> None:
    results = [
        sl.evaluate("mae", LAZY_Y, LAZY_P, W),
        sl.evaluate("mae", LAZY_Y, LAZY_P, axis=1),
        sl.evaluate("mae", LAZY_Y, LAZY_P, reduction="none"),
        sl.accumulate(["mae", "mse"], LAZY_Y, LAZY_P),
    ]
    found = dask.compute(*results, scheduler=scheduler, **SCHEDULERS[scheduler])
    wants = [
        sl.evaluate("mae", Y, P, W),
        sl.evaluate("mae", Y, P, axis=1),
        sl.evaluate("mae", Y, P, reduction="none"),
    ]
    assert [bits(np.asarray(v)) for v in found[:3]] == [bits(np.asarray(want)) for want in wants]
    assert_equal(found[3], sl.accumulate(["mae", "mse"], Y, P))


def test_threads_that_fold_at_once_give_the_same_bits() -> None:
    rng = np.random.default_rng(10)
    y, p, w = rng.normal(size=(3, 200_000))
    cuts = [da.from_array(array, chunks=n) for array, n in ((y, 1999), (p, 5000), (w, 777))]
    found = lazily(sl.accumulate, "mae", *cuts).compute(scheduler="threads", num_workers=8)
    assert_equal(found, sl.accumulate("mae", y, p, w))


# Sizes that are not known


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


# Refusals


ONES, TABLE = np.ones(3), np.ones((4, 2))

REFUSED = [
    (TypeError, r"y_true .*None", (None, ONES), {}),
    (TypeError, r"y_pred .*None", (ONES, None), {}),
    (ValueError, r"y_pred .*\(3, 1\) and \(3,\)", (ONES, ONES[:, None]), {}),
    (ValueError, r"y_pred .*\(2,\) and \(3,\)", (ONES, ONES[:2]), {}),
    (ValueError, r"y_pred .*\(\) and \(3,\)", (ONES, np.array(1.0)), {}),
    (ValueError, r"weights .*leading.*\(2,\).*\(4, 2\)", (TABLE, TABLE, ONES[:2]), {}),
    (ValueError, r"weights .*leading.*\(4, 1\).*\(3,\)", (ONES, ONES, TABLE[:, :1]), {}),
    (ValueError, r"weights .*leading.*\(3, 2\).*\(4, 2\)", (TABLE, TABLE, TABLE[:3]), {}),
    (ValueError, r"weights .*leading.*\(0,\).*\(3,\)", (ONES, ONES, ONES[:0]), {}),
    (TypeError, r"weights .*real.*complex128", (ONES, ONES, ONES * 1j), {}),
    (TypeError, r"where .*boolean.*int64", (ONES, ONES), {"where": np.array([1, 0, 1])}),
    (TypeError, r"where .*boolean.*float64", (ONES, ONES), {"where": ONES}),
    (ValueError, r"where .*leading.*\(2,\)", (TABLE, TABLE), {"where": np.ones(2, bool)}),
    (TypeError, r"y_true .*object", (ONES.astype(object), ONES), {}),
    (TypeError, r"y_pred .*<U3", (ONES, ONES.astype("U3")), {}),
    (TypeError, r"weights .*datetime64", (ONES, ONES, np.ones(3, "M8[D]")), {}),
    (TypeError, r"where .*object", (ONES, ONES), {"where": ONES.astype(object)}),
    (ValueError, r"axis 1 .*dimension 1", (ONES, ONES), {"axis": 1}),
    (ValueError, r"axis -3 .*dimension 2", (TABLE, TABLE), {"axis": -3}),
    (ValueError, r"repeated axis|twice", (TABLE, TABLE), {"axis": (0, -2)}),
    (TypeError, r"axis|integer", (TABLE, TABLE), {"axis": 0.5}),
    (ValueError, r"nan must be one of .*'skip'", (ONES, ONES), {"nan": "skip"}),
    (ValueError, r"reduction must be one of .*'mode'", (ONES, ONES), {"reduction": "mode"}),
    (ValueError, r"'none' .*axis=0", (TABLE, TABLE), {"axis": 0, "reduction": "none"}),
]


def make_lazy(value: Any) -> Any:
    return da.from_array(value, chunks=2) if isinstance(value, np.ndarray) else value


@pytest.mark.parametrize(("error", "message", "args", "options"), REFUSED, ids=range(len(REFUSED)))
def test_what_numpy_is_refused_is_refused_in_the_same_words_when_the_graph_is_built(
    error: Any, message: str, args: Any, options: Any
) -> None:
    with pytest.raises(error, match=message) as plain:
        sl.evaluate("mae", *args, **options)
    keys = [k for k, arg in enumerate(args) if arg is not None]
    for chosen in (keys, *([k] for k in keys)):
        mixed = [make_lazy(arg) if k in chosen else arg for k, arg in enumerate(args)]
        lazy_options = options | {"where": make_lazy(options.get("where"))}
        with pytest.raises(error, match=message) as caught:
            lazily(sl.evaluate, "mae", *mixed, **lazy_options)
        assert str(caught.value) == str(plain.value)


LOSSES_REFUSED = [
    (ValueError, "unknown loss 'nope'", "nope", ONES),
    (ValueError, "at least one", [], ONES),
    (ValueError, "same inputs", ["mae", "value"], ONES),
    (TypeError, "y_pred must be None", "value", ONES),
    (TypeError, "y_pred must be a tuple of 2", ThreeInputs(), ONES),
    (ValueError, r"y_pred", ThreeInputs(), (ONES, ONES[:2])),
    (TypeError, r"y_pred\[1\]", ThreeInputs(), (ONES, None)),
    (TypeError, "SquaredError.* complex", "mse", ONES * 1j),
]


@pytest.mark.parametrize(("error", "message", "losses", "y_pred"), LOSSES_REFUSED)
@pytest.mark.parametrize("function", [sl.evaluate, sl.accumulate])
def test_losses_that_do_not_fit_are_refused_in_the_same_words(
    function: Any, error: Any, message: str, losses: Any, y_pred: Any
) -> None:
    with pytest.raises(error, match=message) as plain:
        function(losses, ONES, y_pred)
    lazy_pred = tuple(map(make_lazy, y_pred)) if isinstance(y_pred, tuple) else make_lazy(y_pred)
    for arguments in ((make_lazy(ONES), y_pred), (ONES, lazy_pred), (make_lazy(ONES), lazy_pred)):
        with pytest.raises(error, match=message) as caught:
            lazily(function, losses, *arguments)
        assert str(caught.value) == str(plain.value)


def test_columns_of_no_numbers_are_refused_by_name() -> None:
    frame = pd.DataFrame({"a": ["x", "y"], "b": pd.Categorical([1, 2]), "c": [1.0, 2.0]})
    frame["d"] = pd.date_range("2020", periods=2)
    lazy_frame = dd.from_pandas(frame, npartitions=2)
    for column in ("a", "b", "d"):
        with pytest.raises(TypeError, match=r"^y_pred must "):
            lazily(sl.evaluate, "mae", lazy_frame.c, lazy_frame[column])


@pytest.mark.parametrize("position", ["y_true", "y_pred", "weights", "where"])
def test_other_lazy_values_are_refused_by_name(position: str) -> None:
    arrays = {"y_true": ONES, "y_pred": ONES, "weights": ONES, "where": ONES > 0}
    value = dask.delayed(np.ones)(3)
    with pytest.raises(TypeError, match=rf"^{position} must be a dask array .*Delayed"):
        lazily(sl.evaluate, "mae", **(arrays | {position: value}))
    with pytest.raises(TypeError, match=rf"^{position} must be a dask array .*Delayed"):
        lazily(sl.accumulate, "mae", **(arrays | {position: value}))


def test_a_nan_in_a_chunk_is_reported_with_the_chunk() -> None:
    y = Y.copy()
    y[3, 5] = np.nan
    for reduction in ("mean", "none"):
        found = lazily(
            sl.evaluate, "mae", da.from_array(y, (7, 2)), P, nan="raise", reduction=reduction
        )
        with pytest.raises(ValueError, match=r"^chunk \(0, 2\): nan='raise': 1 elements have"):
            found.compute()
    delayed = lazily(sl.accumulate, "mae", P, da.from_array(y, (7, 2)), nan="raise", axis=1)
    with pytest.raises(ValueError, match=r"^chunk \(0, 2\): nan='raise': 1 elements have"):
        delayed.compute()


def spoilt(array: da.Array, change: Callable[[np.ndarray], Any]) -> da.Array:
    """Return an array whose chunk (0, 2) is not what the array says."""

    def load(block: np.ndarray, block_id: Any = None) -> Any:
        return change(block) if block_id == (0, 2) else block

    return array.map_blocks(load, dtype=array.dtype, meta=array._meta)


SPOILT = [
    (ValueError, r"y_pred .*\(6, 2\) and \(7, 2\)", lambda block: block[1:]),
    (ValueError, r"y_pred .*\(7,\) and \(7, 2\)", lambda block: block[:, 0]),
    (TypeError, r"y_pred .*object", lambda block: block.astype(object)),
    (TypeError, r"SquaredError.* complex", lambda block: block + 1j),
]


@pytest.mark.parametrize(("error", "message", "change"), SPOILT, ids=range(len(SPOILT)))
@pytest.mark.parametrize("reduction", ["sum", "none"])
def test_an_error_in_a_chunk_names_the_chunk(
    reduction: str, error: Any, message: str, change: Any
) -> None:
    y, p = (da.from_array(array, chunks=(7, 2)) for array in (Y, P))
    found = lazily(sl.evaluate, "mse", y, spoilt(p, change), reduction=reduction)
    with pytest.raises(error, match=rf"^chunk \(0, 2\): {message}") as caught:
        found.compute()
    assert "\n" not in str(caught.value)


def test_an_error_of_loading_a_chunk_comes_through() -> None:
    class NoDisk(OSError):
        pass

    def fail(block: np.ndarray) -> Any:
        raise NoDisk("gone")

    found = lazily(sl.accumulate, "mae", spoilt(da.from_array(Y, chunks=(7, 2)), fail), P)
    with pytest.raises(NoDisk, match=r"^gone$"):
        found.compute()


# Accumulators


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


# Names


def names(results: Any) -> list[str]:
    return [array.name for array in results]


def test_the_same_call_has_the_same_name() -> None:
    def call(reduction: str) -> Any:
        losses = ["mae", sl.Huber(0.5)]
        arrays = (da.from_array(array, chunks=(7, 4)) for array in (Y, P))
        return lazily(sl.evaluate, losses, *arrays, W, reduction=reduction)

    for reduction in ("mean", "none"):
        first, second = (call(reduction) for _ in range(2))
        assert names(first.values()) == names(second.values())
        assert len(set(names(first.values()))) == 2


def test_different_calls_have_different_names_and_their_own_results() -> None:
    holes = np.where(Y > 1.0, np.nan, Y)
    every: list[tuple[tuple[Any, ...], dict[str, Any]]] = [
        *(((loss, holes, P), {}) for loss in (sl.Huber(1.0), sl.SmoothL1(1.0), sl.SmoothL1(0.5))),
        *((("mae", holes, P), {"axis": axis}) for axis in (None, 0, (), (1,))),
        *((("mae", holes, P), {"nan": "omit", "reduction": r}) for r in (*REDUCTIONS, "none")),
        *(((loss, holes, P), {"reduction": "none"}) for loss in ("mae", "mse", sl.Huber(1.0))),
        *((("mae", holes, P, weights), {"nan": "omit"}) for weights in (W, W[:, 0], 2.0)),
        (("mae", P, holes), {"reduction": "none"}),
        (("mae", P, holes, P > 0.0), {"nan": "omit"}),
        (("mae", P, holes), {"nan": "omit", "where": P > 0.0}),
        (("rmse", holes, P), {"nan": "omit"}),
        (("mse", holes, P), {"nan": "omit"}),
    ]
    found = [
        lazily(sl.evaluate, loss, da.from_array(y, chunks=(7, 4)), *others, **options)
        for (loss, y, *others), options in every
    ]
    assert len(set(names(found))) == len(every)
    for values, (arguments, options) in zip(dask.compute(*found), every, strict=True):
        assert bits(np.asarray(values)) == bits(np.asarray(sl.evaluate(*arguments, **options)))


def test_losses_of_equal_parameters_are_not_confused() -> None:
    for reduction in ("mean", "none"):
        found = [
            lazily(sl.evaluate, loss, LAZY_Y, 3.0 * LAZY_P, reduction=reduction)
            for loss in (sl.Huber(2.0), sl.SmoothL1(2.0))
        ]
        assert len(set(names(found))) == 2
        for values, loss in zip(
            dask.compute(*found), (sl.Huber(2.0), sl.SmoothL1(2.0)), strict=True
        ):
            want = sl.evaluate(loss, Y, 3.0 * P, reduction=reduction)
            assert bits(np.asarray(values)) == bits(np.asarray(want))


def scaled_error(factor: float) -> Any:
    """Return a loss that has one name and a code of its own."""

    @sl.loss
    class Scaled(NamedTuple):
        def point(self, y_true: Any, y_pred: Any) -> Any:
            return factor * abs(y_true - y_pred)

    return Scaled()


@pytest.mark.parametrize("reduction", ["sum", "none"])
def test_a_loss_that_was_edited_has_another_name(reduction: str) -> None:
    single, double, again = (
        lazily(sl.evaluate, scaled_error(factor), LAZY_Y, LAZY_P, reduction=reduction)
        for factor in (1.0, 2.0, 1.0)
    )
    assert single.name == again.name
    assert single.name != double.name
    found = dask.compute(single, double)
    want = sl.evaluate("mae", Y, P, reduction=reduction)
    assert bits(np.asarray(found[0])) == bits(np.asarray(want))
    assert bits(np.asarray(found[1])) == bits(np.asarray(2.0 * want))


def nowhere(x: float) -> float:
    return x


def test_a_loss_whose_code_cannot_be_known_has_a_new_name_each_time() -> None:
    @sl.loss
    class Unknown(NamedTuple):
        def point(self, y_true: Any, y_pred: Any) -> Any:
            return nowhere(y_true - y_pred)

    found = [lazily(sl.evaluate, Unknown(), LAZY_Y, LAZY_P) for _ in range(2)]
    assert len(set(names(found))) == 2


# Size


def tasks(array: Any) -> int:
    return len(dict(dask.optimize(array)[0].__dask_graph__()))


def test_ten_thousand_chunks_take_no_more_tasks_than_the_mean_of_dask() -> None:
    a, b = da.zeros(20_000, chunks=2), da.ones(20_000, chunks=2)
    ours = lazily(sl.evaluate, "mae", a, b)
    theirs = tasks(abs(a - b).mean())
    assert 10_000 < tasks(ours) <= theirs
    several = lazily(sl.evaluate, ["mae", "mse"], a, b)
    assert len(dict(dask.optimize(several)[0]["mae"].__dask_graph__())) <= theirs + 1
    with folds() as fold:
        assert ours.compute() == 1.0
    assert fold.call_count == 10_000


@pytest.mark.parametrize("size", [1, 100_000])
def test_what_a_chunk_sends_is_small(size: int) -> None:
    rng = np.random.default_rng(12)
    sent: list[int] = []

    @functools.wraps(cpu.accumulate)
    def fold(*args: Any, **options: Any) -> Any:
        state = original(*args, **options)
        sent.append(len(pickle.dumps(state)))
        return state

    original = cpu.accumulate
    arrays = [
        da.from_array(array, chunks=size)
        for array in (
            rng.normal(size=3 * size),
            rng.normal(size=3 * size) * 1e6,
            rng.random(3 * size),
        )
    ]
    with mock.patch.object(cpu, "accumulate", fold):
        lazily(sl.evaluate, "mae", *arrays).compute()
    assert len(sent) == 3
    assert max(sent) <= 2048


# What once went wrong


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


def scaled(factor: float) -> Any:
    @sl.loss
    class Scaled(NamedTuple):
        def point(self, y_true: Any, y_pred: Any) -> Any:
            return abs(y_true - y_pred)

        def finish(self, mean: float) -> float:
            return mean * factor

    return Scaled()


def test_losses_that_only_finish_differently_are_told_apart() -> None:
    y = da.from_array(np.arange(6.0), chunks=3)
    assert dask.compute(*(sl.evaluate(scaled(f), y, y + 1) for f in (1.0, 2.0))) == (1.0, 2.0)


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


def test_a_list_of_losses_may_change_after_the_call() -> None:
    losses = ["mae"]
    found = sl.accumulate(losses, da.ones(3, chunks=2), np.zeros(3))
    losses.append("mse")
    assert found.compute().result() == {"mae": 1.0}


def test_an_error_of_unusual_arguments_keeps_them_and_names_the_chunk(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class OddError(ValueError):
        def __init__(self, one: str, two: str) -> None:
            super().__init__(one, two)

    def fail(*args: Any, **kwargs: Any) -> Any:
        raise OddError("one", "two")

    monkeypatch.setattr(cpu, "accumulate", fail)
    with pytest.raises(OddError) as caught:
        sl.evaluate("mae", da.ones(3, chunks=3), np.zeros(3)).compute(scheduler="sync")
    assert "This was in chunk (0,)." in caught.value.__notes__


def test_a_scalar_of_a_dataframe_is_refused_by_name() -> None:
    column = dd.from_pandas(pd.DataFrame({"a": [1.0, 2.0, 3.0]}), npartitions=2).a
    with pytest.raises(TypeError, match="weights must be a dask array or column: got Scalar"):
        sl.evaluate("mae", column, column + 1, column.sum())
