"""Batches that kernels read where they lie: every dtype, layout, weight and mask, to each bit."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

import streamloss as sl
from streamloss.arrays.memory import memory_of
from streamloss.kernels import rows as machinery
from streamloss.kernels import views
from streamloss.losses.names import resolve
from streamloss.run import choose, direct, rows
from tests.reference import absent, bits, results, sprinkle, truths

SHAPE = 37, 3, 20
"""Of more elements than are copied at once, and no whole number of such pieces."""

DTYPES = [dtype.str for dtype in views.CODES]

NAN, INF = np.nan, np.inf


@pytest.fixture(autouse=True)
def by_kernels(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(choose, "SMALL", 0)


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Note the size of each batch that a kernel reads where it lies."""
    sizes: list[int] = []
    take = direct.Direct.take

    def noted(*arguments: Any) -> Any:
        taken = take(*arguments)
        if taken is not None:
            sizes.append(taken[1])
        return taken

    monkeypatch.setattr(direct.Direct, "take", noted)
    return sizes


def unaligned(array: np.ndarray) -> np.ndarray:
    memory = np.empty(array.nbytes + 1, np.uint8)[1:].view(array.dtype)
    memory[:] = array.ravel()
    return memory.reshape(array.shape)


def frozen(array: np.ndarray) -> np.ndarray:
    array = array.copy()
    array.flags.writeable = False
    return array


LAYOUTS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "as it is": lambda a: a,
    "reversed": lambda a: a[::-1, :, ::-1].copy()[::-1, :, ::-1],
    "every third": lambda a: np.repeat(a, 3, -1)[..., ::3],
    "in Fortran's order": np.asfortranarray,
    "axes turned": lambda a: a.transpose(1, 2, 0).copy().transpose(2, 0, 1),
    "not aligned": unaligned,
    "read-only": frozen,
}

WEIGHTS: dict[str, Callable[[np.random.Generator], Any]] = {
    "none": lambda rng: None,
    "a number": lambda rng: 2.5,
    "a number of numpy": lambda rng: np.float32(0.1),
    "rows": lambda rng: rng.lognormal(size=SHAPE[0]),
    "rows of whole numbers": lambda rng: rng.integers(0, 3, SHAPE[:2]),
    "all": lambda rng: rng.lognormal(size=SHAPE) * (rng.random(SHAPE) < 0.7),
    "columns broadcast": lambda rng: rng.lognormal(size=(SHAPE[0], 1, SHAPE[2])),
}

MASKS: dict[str, Callable[[np.random.Generator], Any]] = {
    "none": lambda rng: None,
    "rows": lambda rng: rng.random(SHAPE[0]) < 0.5,
    "all": lambda rng: rng.random(SHAPE) < 0.5,
}


def numbers(rng: np.random.Generator, dtype: str) -> np.ndarray:
    """Return numbers of a dtype, its extremes among them."""
    kind = np.dtype(dtype)
    if kind.kind in "iu":
        info = np.iinfo(kind)
        return rng.integers(info.min, info.max, SHAPE, kind, endpoint=True)
    if kind.kind == "b":
        return rng.random(SHAPE) < 0.5
    with np.errstate(over="ignore", under="ignore"):
        return np.ldexp(rng.normal(size=SHAPE), rng.integers(-26, 12, SHAPE)).astype(kind)


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("dtype", DTYPES)
def test_every_dtype_and_layout_is_read(dtype: str, layout: str, read: list[int]) -> None:
    array = numbers(np.random.default_rng(1), dtype)
    found = sl.accumulate("value", LAYOUTS[layout](array))
    assert bits(results(found)) == bits(truths(array.astype(np.float64)))
    assert read == [array.size]


@pytest.mark.parametrize("dtype", ["f2", "f4", "f8"])
def test_what_is_not_finite_is_read(dtype: str) -> None:
    rng = np.random.default_rng(2)
    array = sprinkle(rng, numbers(rng, dtype), 0.02, [INF, -0.0, NAN])
    for nan in ("propagate", "omit"):
        found = sl.accumulate("value", array[::-1], nan=nan)
        gone = absent(None, array) if nan == "omit" else False
        assert bits(results(found)) == bits(truths(array.astype(np.float64), absent=gone))
        assert found.counts["nan"] == np.isnan(array).sum()


def test_every_float16_is_read_as_numpy_reads_it(read: list[int]) -> None:
    every = np.arange(1 << 16, dtype=np.uint16).view(np.float16)
    for part in np.split(every, 1024):  # each is a cell of its own, whose zero has no sign
        found = sl.evaluate("value", part[:, None], axis=1, reduction="sum")
        with np.errstate(invalid="ignore"):  # NaN that signal, in numpy's own sum
            assert bits(found) == bits(part.astype(np.float64) + 0.0)
    assert read == [64] * 1024


@pytest.mark.parametrize("nan", ["propagate", "omit"])
@pytest.mark.parametrize("mask", MASKS)
@pytest.mark.parametrize("weight", WEIGHTS)
def test_weights_and_masks_are_read(weight: str, mask: str, nan: str, read: list[int]) -> None:
    rng = np.random.default_rng(3)
    y = sprinkle(rng, rng.normal(size=SHAPE), 0.01, [NAN, INF]).astype(np.float32)
    p, weights, where = rng.normal(size=SHAPE), WEIGHTS[weight](rng), MASKS[mask](rng)
    found = sl.accumulate("mae", y, p, weights, where=where, nan=nan)
    shown = True if where is None else where
    losses, given = np.abs(p - y.astype(np.float64)), weights
    if weight == "columns broadcast":
        given = np.broadcast_to(weights, SHAPE)
    gone = absent(given, y, p) if nan == "omit" else False
    assert bits(results(found)) == bits(truths(losses, given, where=shown, absent=gone))
    hidden = 0 if where is None else (~where).mean() * y.size
    assert found.counts["masked"] == round(hidden)
    assert found.counts["rows"] == SHAPE[0]
    assert read == [y.size]


@pytest.mark.parametrize("axis", [0, 1, 2, -1, (0, 1), (0, 2), (1, 2)])
@pytest.mark.parametrize("weight", WEIGHTS)
def test_a_few_cells_are_read(weight: str, axis: Any, read: list[int]) -> None:
    rng = np.random.default_rng(4)
    y = rng.normal(size=(37, 3, 20)).astype(np.float32)
    p, weights, where = rng.integers(-9, 9, SHAPE), WEIGHTS[weight](rng), rng.random(SHAPE) < 0.8
    found = sl.accumulate("mae", y, p, weights, where=where, axis=axis)
    given = np.broadcast_to(leading(1.0 if weights is None else weights), SHAPE)
    losses, reduced = np.abs(p - y.astype(np.float64)), axis if isinstance(axis, tuple) else (axis,)
    ends = range(-len(reduced), 0)
    parts = [np.moveaxis(a, reduced, ends) for a in (losses, given, where)]
    kept = parts[0].shape[: 3 - len(reduced)]
    want = [
        truths(losses[k], given[k], where=where[k])
        for losses, given, where in [parts]
        for k in np.ndindex(kept)
    ]
    for reduction, values in results(found).items():
        assert bits(values) == bits(np.array([each[reduction] for each in want]))
    assert read == ([y.size] if np.prod(kept) <= 64 else [])


def leading(weights: Any) -> np.ndarray:
    weights = np.asarray(weights)
    return weights.reshape(weights.shape + (1,) * (3 - weights.ndim))


def test_an_update_with_other_axes_kept_is_refused_and_changes_nothing() -> None:
    found = sl.Accumulator("mae", axis=0).update(np.ones((4, 3)), np.zeros((4, 3), np.float32))
    before = found.to_bytes()
    with pytest.raises(ValueError, match="axes kept must have the same sizes"):
        found.update(np.ones((4, 2)), np.zeros((4, 2), np.float32))
    assert found.to_bytes() == before


@pytest.mark.parametrize(
    ("wrong", "weights", "where"),
    [
        (np.ones((4, 2)), None, None),
        (np.ones((4, 3)), np.ones(3), None),
        (np.ones((4, 3)), None, np.ones(4)),
        (np.ones((4, 3)), np.ones(4, complex), None),
        (np.array([["a"] * 3] * 4), None, None),
        (None, None, None),
    ],
)
def test_what_cannot_be_read_is_refused_as_ever(wrong: Any, weights: Any, where: Any) -> None:
    found = sl.Accumulator("mae").update(np.ones((4, 3), np.float32), np.zeros((4, 3)))
    before = found.to_bytes()
    with pytest.raises((TypeError, ValueError)):
        found.update(np.ones((4, 3), np.float32), wrong, weights, where=where)
    assert found.to_bytes() == before


def torch() -> Any:
    return pytest.importorskip("torch")


def polars() -> Any:
    return pytest.importorskip("polars")


HOLDERS: dict[str, Callable[[np.ndarray], Any]] = {
    "tensor": lambda a: torch().from_numpy(a),
    "tensor that requires a gradient": lambda a: torch().from_numpy(a).requires_grad_(),
    "parameter": lambda a: torch().nn.Parameter(torch().from_numpy(a)),
    "pandas": pd.Series,
    "polars": lambda a: polars().Series(a),
    "pyarrow": pa.array,
}


@pytest.mark.parametrize("dtype", ["f4", "f8"])
@pytest.mark.parametrize("holder", HOLDERS)
def test_what_holds_an_array_is_read_in_place(holder: str, dtype: str, read: list[int]) -> None:
    array = np.random.default_rng(5).normal(size=2000).astype(dtype)
    held = HOLDERS[holder](array.copy())
    memory = memory_of(held)
    assert memory is not None
    assert np.array_equal(memory, array)
    assert np.shares_memory(memory, memory_of(held))
    found = sl.accumulate("mae", held, np.zeros(2000, np.float32), where=array > 0)
    assert bits(results(found)) == bits(truths(np.abs(array), where=array > 0))
    assert read == [2000]


CONVERTED: dict[str, Callable[[], Any]] = {
    "bfloat16": lambda: torch().ones(3, dtype=torch().bfloat16),
    "conjugate": lambda: torch().ones(3, dtype=torch().complex64).conj(),
    "sparse": lambda: torch().eye(3).to_sparse(),
    "pandas with null": lambda: pd.Series([1, None], dtype="Int64"),
    "polars with null": lambda: polars().Series([1.0, None]),
    "pyarrow with null": lambda: pa.array([1.0, None]),
    "masked": lambda: np.ma.array([1.0, 2.0], mask=[True, False]),
    "list": lambda: [1.0, 2.0],
    "text": lambda: "text",
}


@pytest.mark.parametrize("held", CONVERTED)
def test_what_has_to_be_converted_is_left_to_others(held: str) -> None:
    assert memory_of(CONVERTED[held]()) is None


def test_masks_that_are_no_booleans_are_refused() -> None:
    with pytest.raises(TypeError, match="where must be boolean"):
        sl.evaluate("mae", np.ones(2000), np.ones(2000, "f4"), where=np.ones(2000, np.uint8))


@pytest.mark.parametrize("threads", [1, 2])
def test_large_batches_are_shared_out(threads: int) -> None:
    rng = np.random.default_rng(6)
    y, p = rng.integers(0, 9, 1 << 20), rng.normal(size=1 << 20).astype(np.float32)
    where, weights = rng.random(1 << 20) < 0.9, rng.random(1 << 10)
    losses = np.abs(p.astype(np.float64) - y)
    sl.set_num_threads(threads)
    try:
        found = sl.accumulate("mae", y, p, where=where)
        assert bits(found.result()) == bits(truths(losses[where])["mean"])
        rows = sl.accumulate("mae", y.reshape(1 << 10, -1), p.reshape(1 << 10, -1), weights)
        heavy = weights.repeat(1 << 10)
        assert bits(rows.result("sum")) == bits(truths(losses, heavy)["sum"])
    finally:
        sl.set_num_threads(None)


ROWS = {
    "cross_entropy": lambda rng, d: (rng.integers(-1, 6, 70), rng.normal(size=(70, 5)).astype(d)),
    "softmax_cross_entropy": lambda rng, d: (
        rng.dirichlet(np.ones(5), 70).astype(d),
        rng.normal(size=(70, 5)).astype(d),
    ),
    "weighted_cross_entropy": lambda rng, d: (
        rng.integers(0, 5, 70, np.int32),
        rng.normal(size=(70, 5)).astype(d),
        rng.random((70, 5)).astype(d),
    ),
    "zero_one_row": lambda rng, d: tuple(rng.integers(0, 3, (2, 70, 5)).astype(d)),
}


@pytest.fixture
def rows_read(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Note the size of each batch of rows that is taken at once."""
    sizes: list[int] = []
    add = rows.Rows.add

    def noted(self: Any, state: Any, *taken: Any) -> Any:
        sizes.append(taken[1])
        return add(self, state, *taken)

    monkeypatch.setattr(rows.Rows, "add", noted)
    return sizes


@pytest.mark.parametrize("enough", [0, 200, 1 << 20])
@pytest.mark.parametrize("dtype", ["f4", "f8"])
@pytest.mark.parametrize("name", ROWS)
def test_small_batches_of_rows_are_taken_at_once(
    name: str, dtype: str, enough: int, rows_read: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(machinery, "ENOUGH", enough)
    monkeypatch.setattr(rows, "ENOUGH", enough)
    rng, loss = np.random.default_rng(7), resolve(name)
    found, values, heavy = sl.Accumulator(name), [], []
    for turn in range(5):
        labels, *others = ROWS[name](rng, dtype)
        weights = rng.integers(0, 3, 70) if turn % 2 else np.ones(70)
        given = tuple(others) if len(others) > 1 else others[0]
        found.update(labels, given, weights if turn % 2 else None)
        wide = [np.float64(a) for a in (labels, *others)]
        values += [loss.row(*(a[i] for a in wide)) for i in range(70)]
        heavy.append(weights)
    assert bits(results(found)) == bits(truths(values, np.concatenate(heavy)))
    assert rows_read == [350] * 5


def test_tensors_and_frozen_rows_are_taken_at_once(rows_read: list[int]) -> None:
    rng = np.random.default_rng(8)
    labels, logits = rng.integers(0, 4, 33), rng.normal(size=(3, 11, 4)).astype(np.float32)
    share = torch().from_numpy
    tensors = share(labels), share(logits.reshape(33, 4)).requires_grad_()
    want = sl.evaluate("cross_entropy", labels, logits.reshape(33, 4))
    assert sl.evaluate("cross_entropy", *tensors) == want
    assert sl.evaluate("cross_entropy", frozen(labels.reshape(3, 11)), frozen(logits)) == want
    assert rows_read == [132] * 3


@pytest.mark.parametrize(
    ("labels", "logits", "weights"),
    [
        (np.zeros(3, int), np.zeros((4, 2), "f4"), None),
        (np.zeros((4, 2), int), np.zeros((4, 2), "f4"), None),
        (np.zeros(4, int), np.zeros((4, 2), "f4"), np.ones(3)),
        (np.zeros(4, complex), np.zeros((4, 2), "f4"), None),
        (np.zeros(4, int), None, None),
    ],
)
def test_rows_that_do_not_fit_are_refused(labels: Any, logits: Any, weights: Any) -> None:
    found = sl.Accumulator("cross_entropy").update(np.zeros(4, int), np.zeros((4, 2), "f4"))
    before = found.to_bytes()
    with pytest.raises((TypeError, ValueError)):
        found.update(labels, logits, weights)
    assert found.to_bytes() == before
