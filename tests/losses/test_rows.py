"""Losses of rows: however they are cut, weighted and masked, the bits of one row at a time."""

import itertools
import re
from typing import Any, NamedTuple

import dask.array as da
import numpy as np
import pytest

import streamloss as sl
from streamloss.losses.domains import Row
from streamloss.run import choose
from tests.reference import bits, truths

SPARSE, COSINE = sl.SparseSoftmaxCrossEntropy(), sl.CosineSimilarity()


def arrays(rng: np.random.Generator, *shape: int, classes: int = 5) -> tuple[Any, Any]:
    return rng.integers(0, classes, shape).astype("f8"), rng.normal(size=(*shape, classes))


def one_by_one(loss: Any, y_true: Any, y_pred: Any) -> Any:
    """Return the loss of each row, computed in Python."""
    rows = y_pred.reshape(-1, y_pred.shape[-1])
    labels = y_true.reshape(len(rows), *y_true.shape[y_pred.ndim - 1 :])
    with np.errstate(all="ignore"):
        values = [loss.row(y, np.float64(x)) for y, x in zip(labels, rows, strict=True)]
    return np.array(values).reshape(y_pred.shape[:-1])


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("nan", ["propagate", "omit"])
@pytest.mark.parametrize("masked", [False, True])
def test_rows_are_reduced_like_elements(
    rng: np.random.Generator, weighted: bool, nan: str, masked: bool
) -> None:
    y_true, y_pred = arrays(rng, 60)
    y_pred[7, 2] = np.nan
    weights = rng.normal(size=60) * (rng.random(60) < 0.7) if weighted else None
    where = rng.random(60) < 0.6 if masked else None
    part = sl.accumulate(SPARSE, y_true, y_pred, weights, where=where, nan=nan)
    absent = np.isnan(y_pred).any(axis=1) if nan == "omit" else False
    expected = truths(
        one_by_one(SPARSE, y_true, y_pred),
        weights,
        where=True if where is None else where,
        absent=absent,
    )
    assert bits({r: part.result(r) for r in expected}) == bits(expected)
    assert part.counts["masked"] == (0 if where is None else np.count_nonzero(~where))


def test_a_missing_row_is_counted_once_and_a_masked_one_before_it() -> None:
    y_pred = np.array([[1.0, np.nan], [0.0, 1.0], [np.nan, np.nan]])
    part = sl.accumulate(SPARSE, [0.0, 1.0, 1.0], y_pred, where=[True, True, False], nan="omit")
    assert (part.counts["nan"], part.counts["masked"], part.counts["elements"]) == (1, 1, 1)


@pytest.mark.parametrize("axis", [0, 1, (0, 1), None])
@pytest.mark.parametrize("dtype", ["f4", "f8", "i2"])
def test_axes_are_those_of_the_losses(rng: np.random.Generator, axis: Any, dtype: str) -> None:
    y_true, y_pred = arrays(rng, 6, 7)
    y_pred = (3 * y_pred).astype(dtype)
    losses = one_by_one(SPARSE, y_true, y_pred)
    found = np.asarray(sl.evaluate(SPARSE, y_true, y_pred, axis=axis))
    moved = np.moveaxis(losses, axis, 0) if isinstance(axis, int) else losses.reshape(-1, 1)
    cells = moved.reshape(len(moved), -1).T
    assert bits(found.ravel()) == bits(np.array([truths(cell)["mean"] for cell in cells]))


def test_none_gives_the_weighted_loss_of_each_row(rng: np.random.Generator) -> None:
    y_true, y_pred = arrays(rng, 4, 3)
    weights = rng.random(4)
    found = sl.evaluate(SPARSE, y_true, y_pred, weights, reduction="none")
    assert found.tobytes() == (weights[:, None] * one_by_one(SPARSE, y_true, y_pred)).tobytes()


def test_rows_of_every_layout(rng: np.random.Generator) -> None:
    y_true, y_pred = arrays(rng, 30)
    whole = sl.accumulate(SPARSE, y_true, y_pred)
    strided = np.asfortranarray(y_pred), np.repeat(y_pred, 2, axis=1)[:, ::2], y_pred.astype(">f8")
    for layout in strided:
        assert sl.accumulate(SPARSE, y_true, layout) == whole
    moved = np.moveaxis(np.ascontiguousarray(y_pred.T), 0, -1)
    assert sl.accumulate(SPARSE, y_true, moved) == whole


def test_long_rows_are_cut_between_rows(rng: np.random.Generator) -> None:
    y_true, y_pred = arrays(rng, 11, classes=9000)
    part = sl.accumulate(SPARSE, y_true, y_pred)
    parts = [sl.accumulate(SPARSE, y_true[k : k + 1], y_pred[k : k + 1]) for k in range(11)]
    assert sl.merge(parts) == part


def test_two_row_losses_take_one_call(rng: np.random.Generator) -> None:
    y_true, y_pred = rng.normal(size=(2, 20, 4))
    weights = rng.random(20)
    losses = [COSINE, sl.CosineDistance()]
    both = sl.evaluate(losses, y_true, y_pred, weights)
    assert both == {loss: sl.evaluate(loss, y_true, y_pred, weights) for loss in losses}


@pytest.mark.parametrize("axes", [1, 2])
def test_dask_rows_are_whole_however_they_are_cut(rng: np.random.Generator, axes: int) -> None:
    y_true, y_pred = arrays(rng, *(12, 5)[:axes])
    weights = rng.random(12)
    whole = sl.accumulate(SPARSE, y_true, y_pred, weights)
    losses = sl.evaluate(SPARSE, y_true, y_pred, weights, reduction="none")
    for a, b, c in itertools.product((5, 12), (4, 7), (2, 5)):
        lazy = da.from_array(y_true, chunks=a), da.from_array(y_pred, chunks=(b,) * axes + (c,))
        assert sl.accumulate(SPARSE, *lazy, weights).compute() == whole
        lazy_losses = sl.evaluate(SPARSE, *lazy, weights, reduction="none")
        assert lazy_losses.compute().tobytes() == losses.tobytes()


def test_batches_of_rows_stream(rng: np.random.Generator) -> None:
    y_true, y_pred = arrays(rng, 50)
    acc = sl.Accumulator(SPARSE)
    for k in range(0, 50, 7):
        acc.update(y_true[k : k + 7], y_pred[k : k + 7])
    assert acc == sl.accumulate(SPARSE, y_true, y_pred)
    assert sl.Accumulator.from_bytes(acc.to_bytes()) == acc


@pytest.mark.parametrize("rows", [0, 1])
def test_no_rows_are_an_empty_mean(rows: int) -> None:
    y_pred = np.zeros((rows, 3))
    result = sl.evaluate(SPARSE, np.zeros(rows), y_pred)
    assert bits(result) == bits(
        one_by_one(SPARSE, np.zeros(1), np.zeros((1, 3)))[0] if rows else np.nan
    )


REFUSED = [
    (SPARSE, np.zeros(3), np.zeros(()), "y_pred must have rows along its last axis: got shape ()"),
    (
        SPARSE,
        np.zeros(4),
        np.zeros((3, 2)),
        "y_true must have the shape of y_pred without its last axis: got (4,) and (3, 2)",
    ),
    (COSINE, np.zeros((3, 2)), np.zeros((3, 4)), "y_pred must have the shape of y_true"),
]


@pytest.mark.parametrize(("loss", "y_true", "y_pred", "message"), REFUSED)
@pytest.mark.parametrize("wrap", [np.asarray, da.from_array])
def test_wrong_shapes_are_refused(
    loss: Any, y_true: Any, y_pred: Any, message: str, wrap: Any
) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        sl.evaluate(loss, wrap(y_true), wrap(y_pred))


def test_losses_of_rows_and_of_elements_do_not_mix() -> None:
    with pytest.raises(ValueError, match=r"takes 2, .*takes 2 \(a number, a row\)"):
        sl.Accumulator(["mae", SPARSE])


def test_a_row_loss_needs_a_row() -> None:
    with pytest.raises(TypeError, match="must annotate an input as Row"):

        @sl.loss
        class NoRow(NamedTuple):
            def row(self, y_true: Any, y_pred: Any) -> Any:
                return 0.0


@sl.loss
class Spread(NamedTuple):
    """The largest less the smallest number of a row, above a label."""

    def row(self, y_true: Any, y_pred: Row) -> Any:
        low = high = y_pred[0]
        for value in y_pred:
            low = value if value < low else low
            high = value if value > high else high
        return high - low - y_true


def test_a_users_row_loss_gets_it_all(
    rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    y_true, y_pred = arrays(rng, 20)
    compiled = sl.accumulate(Spread(), y_true, y_pred)
    assert compiled.result() == truths(np.ptp(y_pred, axis=1) - y_true)["mean"]
    monkeypatch.setattr(choose, "SMALL", 1000)
    monkeypatch.setattr(choose, "_taken", {})
    assert sl.accumulate(Spread(), y_true, y_pred) == compiled
    lazy = sl.accumulate(Spread(), da.from_array(y_true, chunks=6), y_pred)
    assert lazy.compute() == compiled


def test_what_inputs_are_is_told_apart() -> None:
    """Two annotations that are equal are one in the cache of Python 3.11.2's `typing`."""
    assert len({Any, sl.Row, sl.Class, sl.Classes}) == 4
