"""Arrays of any shape, strides and axes: the states of the GPU are the CPU's."""

from itertools import combinations
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import streamloss as sl
from streamloss.kernels.switches import OMIT
from streamloss.run.gpu import batches as gpu
from streamloss.run.gpu import launch
from tests.gpu.simulator.devices import check

MAE, MSE = sl.AbsoluteError(), sl.SquaredError()
LANES = 4
"""Lanes of a team in the simulator; three teams."""


@pytest.mark.parametrize("size", [0, 1, 2, LANES - 1, LANES, LANES + 1, 11, 12, 13, 25, 48, 97])
def test_ragged_sizes(rng: np.random.Generator, size: int) -> None:
    y_true, y_pred = rng.normal(size=(2, size))
    check([MAE, MSE], y_true, y_pred, rng.random(size))
    check([MAE], y_true.astype("f4"), y_pred.astype("f4"))


@pytest.mark.parametrize("step", [1, 2, 5, 64])
@pytest.mark.parametrize("spare", [-1, 0, 1])
def test_several_steps_of_a_team(
    rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch, step: int, spare: int
) -> None:
    monkeypatch.setattr(launch, "_size", lambda elements: (2, 3, step))
    y_true, y_pred = rng.normal(size=(2, 2 * 3 * step * (2 if step < 64 else 1) + spare))
    check([MAE], y_true, y_pred, rng.random(y_true.size))


def test_a_scalar() -> None:
    y_true, y_pred = np.array(1.5), np.array(0.25)
    check([MAE], y_true, y_pred)
    check([MAE], y_true, y_pred, np.array(0.1), where=np.array(True))
    check([MAE], y_true, y_pred, 0.1, where=np.array(False), axis=())


SHAPES = [(0,), (0, 3), (3, 0), (2, 0, 3)]


@pytest.mark.parametrize("shape", SHAPES)
def test_nothing(shape: tuple[int, ...]) -> None:
    y = np.zeros(shape)
    for count in range(len(shape) + 1):
        for axis in combinations(range(len(shape)), count):
            check([MAE, MSE], y, y, np.ones(shape[:1]), axis=axis)


VIEWS = {
    "in order": lambda a: a,
    "transposed": lambda a: a.T,
    "in Fortran's order": np.asfortranarray,
    "every second": lambda a: a[:, ::2],
    "every third row": lambda a: a[::3],
    "backwards": lambda a: a[::-1],
    "backwards in rows": lambda a: a[:, ::-2],
    "a part": lambda a: a[1:4, 2:5],
    "broadcast": lambda a: np.broadcast_to(a[:, :1], a.shape),
    "broadcast rows": lambda a: np.broadcast_to(a[:1], a.shape),
    "a number": lambda a: np.broadcast_to(a[0, 0], a.shape),
    "a column": lambda a: a[:, 3:4],
    "windows": lambda a: np.lib.stride_tricks.sliding_window_view(a[0], 4),
}


@pytest.mark.parametrize("axis", [None, 0, 1, ()])
@pytest.mark.parametrize("view", VIEWS)
def test_strides(rng: np.random.Generator, view: str, axis: Any) -> None:
    y_true = VIEWS[view](rng.normal(size=(4, 6)))
    y_pred = rng.normal(size=y_true.shape).astype("f4")
    weights = VIEWS[view](rng.random((4, 6)))
    check([MAE], y_true, y_pred, weights, axis=axis)


def test_fields_of_records(rng: np.random.Generator) -> None:
    table = np.zeros(9, [("y", "f4"), ("flag", "?"), ("p", "f8")])
    table["y"], table["p"], table["flag"] = rng.normal(size=9), rng.normal(size=9), True
    table["flag"][3] = False
    aligned = np.zeros(9, np.dtype([("y", "f4"), ("flag", "?"), ("p", "f8")], align=True))
    aligned[:] = table
    check([MAE], aligned["y"], aligned["p"], aligned["p"], where=aligned["flag"])


AXES = [None, *(axis for count in range(4) for axis in combinations(range(3), count)), -1, -2]


@pytest.mark.parametrize("axis", AXES)
@pytest.mark.parametrize("order", [(0, 1, 2), (2, 0, 1), (1, 2, 0)])
def test_axes_of_three(rng: np.random.Generator, axis: Any, order: Any) -> None:
    y_true = rng.normal(size=(3, 4, 2)).transpose(order)
    y_pred = rng.normal(size=y_true.shape)
    weights = rng.random(y_true.shape[:2])
    check([MAE], y_true, y_pred, weights, axis=axis, where=rng.random(y_true.shape[:1]) < 0.7)


FAR = [None, (), (0, 2, 4, 6), (1, 3, 5), (0, 1, 2, 3), (3, 4, 5, 6), (6,), (0,)]


@pytest.mark.parametrize("axis", FAR)
def test_more_axes_than_a_kernel_has(rng: np.random.Generator, axis: Any) -> None:
    shape = (2, 2, 2, 2, 1, 2, 3)
    wide = rng.normal(size=tuple(2 * size for size in shape))
    y_true = wide[(slice(None, None, 2),) * 7]  # so that no two axes lie like one
    y_pred = rng.normal(size=shape)
    check([MAE], y_true, y_pred, rng.random(shape[:3]), axis=axis)


@pytest.mark.parametrize("axis", [0, (0, 1), 1, None])
def test_axes_of_rows(rng: np.random.Generator, axis: Any) -> None:
    labels = rng.integers(0, 3, (4, 5))
    logits = rng.normal(size=(3, 4, 10)).transpose(1, 2, 0)[:, ::2, ::-1]
    losses = [sl.SparseSoftmaxCrossEntropy()]
    where = rng.random((4, 5)) < 0.8
    check(losses, labels, logits, rng.random(4), axis=axis, where=where, rule=OMIT)


@pytest.mark.parametrize("axis", [0, 1, (0, 2), ()])
@pytest.mark.parametrize("cells", [1, 2, 5])
def test_many_cells_are_folded_in_parts(
    rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch, cells: int, axis: Any
) -> None:
    monkeypatch.setattr(gpu, "CELLS", cells)
    y_true, y_pred = rng.normal(size=(2, 3, 2, 4))
    check([MAE], y_true, y_pred, rng.random((3, 2)), axis=axis, where=rng.random((3, 1)) < 0.8)


def test_many_cells_of_rows(rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gpu, "CELLS", 2)
    labels, logits = rng.integers(0, 3, (5, 2)), rng.normal(size=(5, 2, 3))
    check([sl.SparseSoftmaxCrossEntropy()], labels, logits, rng.random(5), axis=1)


@st.composite
def views(draw: Any, shape: tuple[int, ...], dtypes: Any) -> Any:
    """Draw an array of a shape with any strides and of any dtype."""
    dtype, seed = draw(dtypes), draw(st.integers(0, 99))
    steps = [draw(st.sampled_from([1, 2, -1, 0])) for _ in shape]
    sizes = [1 if step == 0 else abs(step) * n for n, step in zip(shape, steps, strict=True)]
    order = draw(st.permutations(range(len(shape))))
    whole = np.random.default_rng(seed).normal(size=[sizes[k] for k in order]) * 100.0
    array = whole.astype(dtype).transpose(np.argsort(order))
    index = tuple(slice(None, None, step or None) for step in steps)
    return np.broadcast_to(array[index], shape)


@settings(max_examples=25)
@given(data=st.data())
def test_any_shape(data: Any) -> None:
    shape = tuple(data.draw(st.lists(st.integers(0, 4), max_size=4)))
    numbers = st.sampled_from(["f2", "f4", "f8", "i1", "u8", "?"])
    y_true, y_pred = (data.draw(views(shape, numbers)) for _ in range(2))
    leading = shape[: data.draw(st.integers(0, len(shape)))]
    weights = data.draw(st.none() | views(leading, numbers))
    where = data.draw(st.none() | views(leading, st.just("?")))
    axis = data.draw(st.sets(st.sampled_from(range(len(shape)))) if shape else st.none())
    axis = None if axis is None else tuple(axis)
    check(
        [MAE],
        y_true,
        y_pred,
        weights,
        where=where,
        axis=axis,
        rule=data.draw(st.booleans()) or None,
    )
