"""Kept axes: cells side by side or one behind another, with sums of any digits."""

import itertools
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numba
import numpy as np
import pytest

import streamloss as sl
from streamloss.arrays.batch import as_batch
from streamloss.exact.digits import WIDTH
from streamloss.exact.state import State
from streamloss.kernels import columns, folds, tiles
from streamloss.kernels import cpu as kernels
from streamloss.kernels.switches import MULTIPLY, OMIT, SIFT, Rule
from streamloss.losses.names import resolve
from streamloss.run import beside, cells, cpu, python
from tests.reference import wild

LOSS = (sl.AbsoluteError(),)
NAN, INF = np.nan, np.inf
RULES = {"sift": SIFT, "omit": OMIT, "multiply": MULTIPLY}


def same(losses: Any, arrays: tuple[Any, ...], axis: Any, rule: Rule = SIFT) -> State:
    """Check that kernels have the same state as Python's integers, in one thread and in two."""
    batch = as_batch(losses, *arrays)
    want = python.sums(losses, batch, axis, rule)
    one, two = (cpu.sums(losses, batch, axis, rule, threads) for threads in (1, 2))
    assert one == want
    assert two == want
    return one


def scales(shape: tuple[int, ...], rng: np.random.Generator) -> Any:
    """Return numbers of one scale along axis 0, and of any scale along axis 1."""
    sizes = 2.0 ** rng.integers(-1000, 1000, shape[1:])
    return rng.standard_normal(shape) * sizes


DATA: dict[str, Callable[..., Any]] = {
    "of one scale": lambda shape, rng: rng.standard_normal(shape),
    "of any scale in each column": scales,
    "of any scale": lambda shape, rng: wild(rng, shape, -1074, 1000),
    "subnormal": lambda shape, rng: wild(rng, shape, -1074, -1030),
    "few": lambda shape, rng: np.where(rng.random(shape) < 0.01, 1e-200, 0.0),
    "outliers": lambda shape, rng: np.where(rng.random(shape) < 0.01, 1e60, rng.random(shape)),
}

SHAPES: list[tuple[tuple[int, ...], Any]] = [
    ((1, 700), 0),
    ((65, 600), 0),
    ((600, 65), 0),
    ((2047, 3), 0),
    ((2048, 2), 0),
    ((2049, 1), 0),
    ((4200, 3), 0),
    ((90, 5), 1),
    ((3, 2049), 1),
    ((70, 40), 1),
    ((7, 90, 6), 1),
    ((7, 11, 90), (0, 1)),
    ((9, 80, 9), (0, 2)),
    ((0, 70), 0),
    ((70, 0), 1),
    ((0, 70), 1),
    ((5, 0), 0),
]


@pytest.mark.parametrize("data", DATA)
@pytest.mark.parametrize(("shape", "axis"), SHAPES)
def test_cells_without_weights(
    shape: tuple[int, ...], axis: Any, data: str, rng: np.random.Generator
) -> None:
    y, p = DATA[data](shape, rng), DATA[data](shape, rng)
    same(LOSS, (y, p, None, None), axis)


def weights_of(kind: str, shape: tuple[int, ...], rng: np.random.Generator) -> Any:
    """Return weights, of which some are zero."""
    full = rng.random(shape) * (rng.random(shape) < 0.8)
    row = full.reshape(shape[0], -1)[:, :1].reshape(shape[0], *[1] * (len(shape) - 1))
    return {"all": full, "rows": row, "columns": full[:1], "one": 0.5}[kind]


@pytest.mark.parametrize("weights", ["all", "rows", "columns", "one"])
@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize(("shape", "axis"), [SHAPES[k] for k in (1, 2, 6, 7, 8, 10)])
def test_weights_masks_and_nan(
    shape: tuple[int, ...], axis: Any, rule: str, weights: str, rng: np.random.Generator
) -> None:
    y, p = rng.standard_normal((2, *shape))
    w, mask = weights_of(weights, shape, rng), rng.random(shape) < 0.9
    same(LOSS, (y, p, w, None), axis, RULES[rule])
    same(LOSS, (y, p, w, mask), axis, RULES[rule])
    strange = rng.choice([NAN, INF, -INF, 1.0], shape)
    y = np.where(rng.random(shape) < 0.001, strange, y)
    same(LOSS, (y, p, w, None), axis, RULES[rule])
    same(LOSS, (y, p, w, mask), axis, RULES[rule])


@pytest.mark.parametrize("dtype", ["f4", "f2", "i4"])
@pytest.mark.parametrize(("shape", "axis"), [SHAPES[k] for k in (1, 2, 6, 7, 9)])
def test_other_dtypes(
    shape: tuple[int, ...], axis: Any, dtype: str, rng: np.random.Generator
) -> None:
    y, p = (100 * rng.standard_normal((2, *shape))).astype(dtype)
    same(LOSS, (y, p, weights_of("rows", shape, rng).astype("f4"), None), axis)
    same(LOSS, (y, p, weights_of("all", shape, rng), None), axis)
    same(LOSS, (y, p, None, None), axis)


def test_complex_numbers(rng: np.random.Generator) -> None:
    y, p = rng.standard_normal((2, 40, 70)) + 1j * rng.standard_normal((2, 40, 70))
    same(LOSS, (y, p, None, None), 0)


@pytest.mark.parametrize("axis", [0, 1])
def test_several_losses(axis: int, rng: np.random.Generator) -> None:
    losses = sl.AbsoluteError(), sl.SquaredError(), sl.Quantile(0.3)
    y, p, w = rng.standard_normal((3, 130, 66))
    same(losses, (y, p, None, None), axis)
    same(losses, (y, p, w[:, :1], None), axis)
    same(losses, (y * 1e100, p, w, None), axis)


def test_what_is_not_contiguous(rng: np.random.Generator) -> None:
    y, p = rng.standard_normal((2, 90, 200))
    same(LOSS, (y[:, ::2], p[:, ::2], None, None), 0)
    same(LOSS, (y[::-1], p[::-1], None, None), 0)
    same(LOSS, (y.T, p.T, None, None), 0)
    same(LOSS, (y, np.asfortranarray(p), None, None), 1)


def test_losses_of_rows(rng: np.random.Generator) -> None:
    labels, logits = rng.integers(0, 3, (70, 5)), rng.standard_normal((70, 5, 3))
    batch = (labels, logits, None, None)
    same((resolve("cross_entropy"),), batch, 0)
    same((resolve("cross_entropy"),), batch, 1)


@pytest.mark.parametrize("axis", [0, 1])
def test_sums_are_those_of_fractions(axis: int, rng: np.random.Generator) -> None:
    y = np.moveaxis(scales((60, 70), rng), 0, axis)
    got = sl.evaluate("mae", y, np.zeros_like(y), axis=axis, reduction="sum")
    lines = np.moveaxis(np.abs(y), axis, -1)
    assert got.tolist() == [float(sum(map(Fraction, line))) for line in lines.tolist()]


def test_most_cells_have_few_digits(rng: np.random.Generator) -> None:
    y, p = rng.standard_normal((2, 60, 5000))
    y[:, 3] *= 1e300
    found = [same(LOSS, (y[:, start:], p[:, start:], None, None), 0) for start in (4, 0)]
    assert found[0].sums.shape[-1] <= 12
    assert found[1].sums.shape[-1] > 30


def test_batches_of_many_cells_add_up(rng: np.random.Generator) -> None:
    y, p = rng.standard_normal((2, 40, 300))
    accumulator = sl.Accumulator("mae", axis=0)
    for start in range(0, 40, 10):
        accumulator.update(y[start : start + 10] * 2.0**start, p[start : start + 10])
    sizes = 2.0 ** np.repeat([0, 10, 20, 30], 10)[:, None]
    whole = sl.Accumulator("mae", axis=0).update(y * sizes, p)
    assert accumulator.result().tolist() == whole.result().tolist()
    assert accumulator.to_bytes() == whole.to_bytes()


# The body as plain Python, with small tiles and steps.


@pytest.fixture
def plain(monkeypatch: pytest.MonkeyPatch) -> None:
    """Run bodies uncompiled."""
    for module, name, value in [
        *(
            (module, name, value)
            for name, value in (("TILE", 16), ("STEP", 3))
            for module in (tiles, columns)
        ),
        (columns, "MOST", 6),
        (beside, "COLUMNS", 8),
        (cpu, "WIDE_CELLS", 4),
    ]:
        monkeypatch.setattr(module, name, value)
    ignoring = np.errstate(all="ignore")
    monkeypatch.setattr(kernels, "entry", lambda body, *arguments: ignoring(body))
    monkeypatch.setattr(beside, "entry", lambda body, *arguments: ignoring(body))
    monkeypatch.setattr(folds, "_driven", lambda body, *arguments: (ignoring(body), ()))
    monkeypatch.setattr(folds, "_found", {})
    monkeypatch.setattr(numba.config, "DISABLE_JIT", True)


@pytest.mark.usefixtures("plain")
@pytest.mark.parametrize("dtype", ["f4", "f8"])
@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize(("shape", "axis"), [((23, 21), 0), ((40, 5), 0), ((40, 5), 1)])
def test_the_body_in_python(
    shape: tuple[int, ...], axis: int, rule: str, dtype: str, rng: np.random.Generator
) -> None:
    y, p = rng.standard_normal((2, *shape)).astype(dtype)
    for weights, odd in itertools.product([None, "all", "rows", "columns"], [False, True]):
        w = None if weights is None else weights_of(weights, shape, rng).astype(dtype)
        if odd:
            y = np.where(rng.random(shape) < 0.05, rng.choice([NAN, INF, 1e30], shape), y)
        same(LOSS, (y.astype(dtype), p, w, None), axis, RULES[rule])


@pytest.mark.usefixtures("plain")
def test_the_body_in_python_of_several_losses(rng: np.random.Generator) -> None:
    losses = sl.AbsoluteError(), sl.SquaredError()
    y, p, w = rng.standard_normal((3, 12, 19))
    same(losses, (y, p, w, None), 0)
    same(losses, (y * 2.0 ** rng.integers(-900, 900, 19), p, None, None), 0)


def test_rows_as_wide_as_can_be_hold_what_windows_do(
    monkeypatch: pytest.MonkeyPatch, rng: np.random.Generator
) -> None:
    y, p = rng.standard_normal((2, 30, 70))
    narrow = same(LOSS, (y, p, None, None), 0)
    monkeypatch.setattr(cells, "_window", lambda make, losses: (0, WIDTH - 3))
    assert same(LOSS, (y, p, None, None), 0) == narrow
