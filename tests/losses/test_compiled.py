"""Losses and their arithmetic, compiled in the engine's own words: the bits of plain Python."""

import math
from typing import Any

import numpy as np
import pytest
from numba import njit

import streamloss as engine
from streamloss import losses as sl
from streamloss.kernels import meanings
from streamloss.kernels.elements import of_row, term
from streamloss.losses import arithmetic
from tests.losses.points import INF, NAN, all_of, near
from tests.losses.truth import OTHERS
from tests.reference import bits, sprinkle


@njit(error_model="numpy")
def map_points(loss: Any, inputs: Any, out: Any) -> None:
    for i in range(out.size):
        out[i] = term(loss, inputs, None, i)


@njit(error_model="numpy")
def map_rows(loss: Any, inputs: Any, room: Any, out: Any) -> None:
    for i in range(out.size):
        out[i] = of_row(loss, inputs, room, (), i)


def compiled(loss: Any, inputs: tuple[np.ndarray, ...]) -> np.ndarray:
    """Return the losses as the engine's loops, compiled, make them."""
    assert meanings  # gives `term` and `of_row` their compiled meaning
    out = np.empty(len(inputs[0]))
    if not any(type(loss).ranks):
        map_points(loss, inputs, out)
    else:
        map_rows(loss, inputs, tuple(np.empty(a.shape[-1]) for a in inputs), out)
    return out


FIRST = {type(f.loss): f for f in reversed(OTHERS)}
STRANGE = [0.0, 1.0, -1.0, 1000.0, -1000.0, INF, -INF, NAN]


@pytest.mark.parametrize("cls", FIRST, ids=lambda cls: cls.__name__)
def test_compiled_and_plain_python_agree_in_every_bit(cls: type) -> None:
    rng = np.random.default_rng(24)
    tame = [f.draw(rng, 100) for f in OTHERS if type(f.loss) is cls]
    wild = [tuple(sprinkle(rng, a, 0.2, STRANGE) for a in inputs) for inputs in tame]
    losses = [f.loss for f in OTHERS if type(f.loss) is cls]
    for loss, inputs in zip(losses * 2, tame + wild, strict=True):
        assert bits(compiled(loss, inputs)) == bits(all_of(loss, *inputs))


@pytest.mark.parametrize(
    "cls", [cls for cls in FIRST if any(cls.ranks)], ids=lambda cls: cls.__name__
)
def test_rows_without_numbers_are_the_same_compiled(cls: Any) -> None:
    inputs = tuple(np.zeros((2, 0)) if rank else np.zeros(2) for rank in cls.ranks)
    assert bits(compiled(cls(), inputs)) == bits(all_of(cls(), *inputs))


@pytest.mark.parametrize(
    "loss",
    [sl.GaussianNLL(), sl.SparseSoftmaxCrossEntropy(), sl.WeightedSparseSoftmaxCrossEntropy(0.1)],
)
def test_the_engine_sums_what_python_computes(loss: Any) -> None:
    case = next(f for f in OTHERS if f.loss == loss)
    y, *rest = case.draw(np.random.default_rng(25), 2000)
    losses = all_of(loss, y, *rest)
    given = rest[0] if len(rest) == 1 else tuple(rest)
    assert bits(engine.evaluate(loss, y, given, reduction="none")) == bits(losses)
    assert engine.evaluate(loss, y, given, reduction="sum") == math.fsum(losses)


GRID = [
    0.0,
    -0.0,
    1.0,
    -1.0,
    0.5,
    -0.5,
    2.0,
    -2.0,
    3.0,
    -3.0,
    INF,
    -INF,
    NAN,
    1e308,
    -1e308,
    5e-324,
]


@pytest.mark.parametrize(
    "function",
    [arithmetic.power, arithmetic.divide, arithmetic.larger, arithmetic.smaller],
    ids=lambda f: f.__name__,
)
def test_arithmetic_of_two_is_ieees_in_python_and_compiled(function: Any) -> None:
    as_numpy = {"power": np.power, "divide": np.divide, "larger": np.maximum}
    in_numpy = as_numpy.get(function.__name__, np.minimum)
    both = njit(error_model="numpy")(lambda x, y: function(x, y))
    for x in GRID:
        for y in GRID:
            with np.errstate(all="ignore"):
                want = float(in_numpy([x, x], [y, y])[0])  # numpy has a root of its own for one
            if function in (arithmetic.larger, arithmetic.smaller):
                want += 0.0  # which zero it is does not matter
                assert bits(function(x, y) + 0.0) == bits(both(x, y) + 0.0) == bits(want)
            else:
                assert bits(function(x, y)) == bits(both(x, y)) == bits(want)


@pytest.mark.parametrize(
    "function", [arithmetic.log, arithmetic.softplus], ids=lambda f: f.__name__
)
def test_arithmetic_of_one_is_ieees_in_python_and_compiled(function: Any) -> None:
    both = njit(error_model="numpy")(lambda x: function(x))
    for x in GRID:
        with np.errstate(all="ignore"):
            want = np.log(x) if function is arithmetic.log else np.logaddexp(0.0, x)
        assert bits(function(x)) == bits(both(x))
        assert bits(function(x)) == bits(want) or near(function(x), want)


def test_clipping_keeps_nan_and_the_ends() -> None:
    found = [arithmetic.clip(x, 0.25, 0.75) for x in (-INF, 0.25, 0.5, 1.0, INF)]
    assert found == [0.25, 0.25, 0.5, 0.75, 0.75]
    assert math.isnan(arithmetic.clip(NAN, 0.25, 0.75))


def test_a_product_is_zero_where_its_factor_is_but_for_nan() -> None:
    both = njit(error_model="numpy")(lambda a, x: arithmetic.product(a, x))
    for function in (arithmetic.product, both):
        assert [bits(function(0.0, x)) for x in (INF, -INF, 3.0)] == [bits(0.0)] * 3
        assert bits(function(0.0, -3.0)) == bits(-0.0)
        assert math.isnan(function(0.0, NAN))
        assert [function(2.0, x) for x in (INF, 3.0)] == [INF, 6.0]
