"""Dask arrays cut in every way, and graphs that are built without computing."""

import itertools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import dask
import dask.array as da
import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import streamloss as sl
from tests.reference import bits, sprinkle

STRANGE = [np.nan, np.inf, -np.inf]
Y, P, W = np.random.default_rng(9).normal(size=(3, 20, 6))
LAZY_Y = da.from_array(Y, chunks=(7, 4))
LAZY_P = da.from_array(P, chunks=(20, 2))
COLUMN = np.random.default_rng(8).normal(size=6)


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


@sl.loss
class ThreeInputs(NamedTuple):
    def point(self, y_true: Any, y_pred: Any, scale: Any) -> Any:
        return abs(y_true - y_pred) / scale


def spoilt(array: da.Array, change: Callable[[np.ndarray], Any]) -> da.Array:
    """Return an array whose chunk (0, 2) is not what the array says."""

    def load(block: np.ndarray, block_id: Any = None) -> Any:
        return change(block) if block_id == (0, 2) else block

    return array.map_blocks(load, dtype=array.dtype, meta=array._meta)
