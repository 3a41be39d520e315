"""Rows side by side: for every number of columns the bits of one row at a time in Python."""

from typing import Any, NamedTuple

import numpy as np
import pytest

import streamloss as sl
from streamloss.kernels import rows as machinery
from streamloss.losses.names import resolve

INF, NAN = np.inf, np.nan
STRANGE = [0.0, -0.0, 1.0, -1.0, 1000.0, -1000.0, INF, -INF, NAN, 5e-324]
ROWS = 2 * 64 + 9


@sl.loss
class Hardest(NamedTuple):
    """A loss as users write them: numpy's functions, slices, early returns, and writing."""

    margin: float = 1.0

    def row(self, y_true: sl.Class, y_pred: sl.Row) -> float:
        if y_true < 0:
            return -1.0
        best = np.argmax(y_pred)
        if best == y_true:
            return 0.0
        y_pred[best] = 0.0
        for x in y_pred[1:]:
            if x > self.margin:
                return float(x)
        return y_pred.sum()


@sl.loss
class Product(NamedTuple):
    """A loss that needs rows in one piece."""

    def row(self, y_true: sl.Row, y_pred: sl.Row) -> float:
        return y_pred.reshape((2, 2))[1, 0] + y_true[0]


@pytest.fixture(autouse=True)
def each_number_has_a_kernel(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machinery, "ENOUGH", 0)


def rows(rng: np.random.Generator, count: int, dtype: str, strange: float = 0.2) -> Any:
    """Return rows of small numbers, of which ties are many, and of strange ones."""
    found = rng.integers(-3, 4, (ROWS, count)) / 2
    some = rng.random(found.shape) < strange * (rng.random((ROWS, 1)) < 0.7)
    found[some] = rng.choice(STRANGE, np.count_nonzero(some))
    return found.astype(dtype)


def inputs(loss: Any, rng: np.random.Generator, count: int, dtype: str) -> tuple[Any, ...]:
    """Return arrays of rows; and of indices of classes, of which some are none."""
    labels = [*range(count), -1, count, 0.5, NAN, INF]
    return tuple(
        rows(rng, count, dtype) if rank else rng.choice(labels, ROWS) for rank in loss.ranks
    )


def check(loss: Any, arrays: tuple[Any, ...]) -> None:
    """Compare the losses of rows, which are written at once, with those of each row in Python."""
    out = np.empty(ROWS)
    machinery.write_rows(loss, arrays, out)
    wide = [np.float64(a) for a in arrays]
    with np.errstate(all="ignore"):
        expected = [loss.row(*(np.copy(a[i]) for a in wide)) for i in range(ROWS)]
    numbers = ~np.isnan(expected)
    assert np.array_equal(np.isnan(out), ~numbers)
    assert out[numbers].tobytes() == np.array(expected)[numbers].tobytes()


@pytest.mark.parametrize("count", [1, 2, 3, 4, 7, 10, 15, 16, 17, 24, 25, 33, 100])
def test_every_number_of_columns(rng: np.random.Generator, count: int) -> None:
    loss = resolve("cross_entropy")
    check(loss, inputs(loss, rng, count, "f4"))
    assert len(machinery.columns_of(loss, inputs(loss, rng, count, "f4"))) in (0, count)


@pytest.mark.parametrize("count", [2, 5])
@pytest.mark.parametrize("dtype", ["f4", "f8"])
@pytest.mark.parametrize(
    "name",
    "cross_entropy:smoothing=0.1 softmax_cross_entropy weighted_cross_entropy class_weight nll"
    " zero_one_row brier class_hinge categorical_cross_entropy kl_divergence_row"
    " cosine_similarity multi_margin multi_label_margin triplet_margin".split(),
)
def test_every_kind_of_row(rng: np.random.Generator, name: str, count: int, dtype: str) -> None:
    loss = resolve(name)
    check(loss, inputs(loss, rng, count, dtype))


@pytest.mark.parametrize("count", [2, 3, 11])
def test_losses_of_users(rng: np.random.Generator, count: int) -> None:
    for loss in (Hardest(), Hardest(margin=-1.0)):
        arrays = rng.integers(-1, count, ROWS), rows(rng, count, "f4", strange=0.0)
        check(loss, arrays)
        assert len(machinery.columns_of(loss, arrays)) in (0, count)


def test_rows_may_have_to_lie_in_one_piece(rng: np.random.Generator) -> None:
    arrays = tuple(rows(rng, 4, "f8", strange=0.0) for _ in range(2))
    check(Product(), arrays)
    assert machinery.columns_of(Product(), arrays) == ()


def test_rows_of_two_lengths_are_taken_one_by_one(rng: np.random.Generator) -> None:
    loss = resolve("zero_one_row")
    assert machinery.columns_of(loss, (np.zeros((3, 4)), np.zeros((3, 5)))) == ()


@pytest.mark.parametrize("size", [0, 1, 63, 64, 65, 128])
def test_any_number_of_rows(rng: np.random.Generator, size: int) -> None:
    loss = resolve("zero_one_row")
    arrays = tuple(rows(rng, 5, "f4")[:1].repeat(size, axis=0) for _ in range(2))
    out = np.full(size + 1, 7.0)
    machinery.write_rows(loss, arrays, out[:size])
    assert out[size] == 7.0
    with np.errstate(all="ignore"):
        assert size == 0 or np.array_equal(
            out[:size], np.full(size, loss.row(*(a[0] for a in arrays))), equal_nan=True
        )
