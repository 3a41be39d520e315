"""Moments: every product is exactly the sum of its streams, whatever fold a block gets."""

import ctypes
import ctypes.util
import math
import os
import subprocess
import sys
from fractions import Fraction
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import streamloss as sl
from streamloss.kernels import loader
from streamloss.kernels.elements import split
from streamloss.losses.arithmetic import product_error
from streamloss.metrics import base

_LIBRARY = ctypes.CDLL(ctypes.util.find_library("m") or "libm.so.6")
_LIBRARY.fma.restype, _LIBRARY.fma.argtypes = ctypes.c_double, [ctypes.c_double] * 3

ANY = st.floats()
USUAL = st.floats(-1e30, 1e30).filter(lambda x: x == 0 or abs(x) > 1e-60)


@given(ANY, ANY)
def test_the_error_of_a_product_is_that_of_a_fused_multiply_add(x: float, y: float) -> None:
    with np.errstate(all="ignore"):
        found, want = product_error(x, y), _LIBRARY.fma(x, y, -(x * y))
    assert found == want or (found != found and want != want)


@given(st.lists(USUAL, min_size=1, max_size=2), st.none() | USUAL)
def test_streams_add_up_to_the_product(factors: list[float], weight: float | None) -> None:
    whole = math.prod(map(Fraction, factors)) * (1 if weight is None else Fraction(weight))
    assert sum(map(Fraction, split(tuple(factors), weight))) == whole


MOMENTS: dict[Any, Any] = {
    base.Label(): lambda y, p: y,
    base.Prediction(): lambda y, p: p,
    base.Error(): lambda y, p: Fraction(float(p) - float(y)),
    base.LabelSize(): lambda y, p: abs(y),
    base.LabelSquare(): lambda y, p: y * y,
    base.PredictionSquare(): lambda y, p: p * p,
    base.ErrorSquare(): lambda y, p: Fraction(float(p) - float(y)) ** 2,
    base.Product(): lambda y, p: y * p,
}

DATA: dict[str, Any] = {
    "one scale": lambda rng, n: rng.normal(size=(2, n)),
    "far from zero": lambda rng, n: 1e8 + rng.normal(size=(2, n)),
    "many scales": lambda rng, n: rng.normal(size=(2, n)) * 2.0 ** rng.integers(-60, 60, (2, n)),
    "integers": lambda rng, n: rng.integers(-1000, 1000, (2, n)).astype(float),
    "one large": lambda rng, n: np.where(np.arange(n) == n // 2, 1e20, rng.normal(size=(2, n))),
    "late scales": lambda rng, n: rng.normal(size=(2, n)) * 2.0 ** (np.arange(n) // 2048 * 20 - 40),
    "zeros": lambda rng, n: np.zeros((2, n)),
    "tiny": lambda rng, n: rng.normal(size=(2, n)) * 1e-120,
}


def exact(moment: Any, y: Any, p: Any, w: Any) -> Fraction:
    """Return the sum of weighted terms, in fractions."""
    weights = [1] * len(y) if w is None else map(Fraction, w.tolist())
    pairs = zip(map(Fraction, y.tolist()), map(Fraction, p.tolist()), strict=True)
    terms = (a * MOMENTS[moment](*pair) for a, pair in zip(weights, pairs, strict=True))
    return sum(terms, Fraction(0))


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("moment", MOMENTS, ids=lambda moment: type(moment).__name__)
def test_a_moment_is_exact(
    rng: np.random.Generator, moment: Any, weighted: bool, dtype: Any
) -> None:
    for kind, draw in DATA.items():
        if kind == "tiny" and dtype == np.float32:
            continue
        y_true, y_pred = draw(rng, 5000).astype(dtype)
        weights = rng.random(5000).astype(dtype) if weighted else None
        acc = sl.accumulate(moment, y_true, y_pred, weights)
        (sums,) = acc.tally.state.sums_of((moment,))
        want = exact(moment, y_true, y_pred, weights)
        assert Fraction(sums.losses[0].units, 1 << 1074) == want, kind
        assert acc.result("sum") == float(want), kind


@pytest.mark.parametrize("rule", ["propagate", "omit"])
@pytest.mark.parametrize("weighted", [False, True])
def test_all_runners_have_the_same_rows(
    rng: np.random.Generator, weighted: bool, rule: str, request: Any
) -> None:
    y_true, y_pred, weights = rng.normal(size=(3, 6000))
    y_true[7], y_pred[4000], weights[5] = np.nan, np.inf, 0.0
    where, heavy = rng.random(6000) < 0.8, weights if weighted else None
    specs = ["pearson", "explained_variance"]
    whole = sl.accumulate(specs, y_true, y_pred, heavy, where=where, nan=rule)
    small = sl.Accumulator(specs, nan=rule)
    for k in range(0, 6000, 100):  # the first are taken by Python
        part = slice(k, k + 100)
        some = None if heavy is None else heavy[part]
        small.update(y_true[part], y_pred[part], some, where=where[part])
    lists = sl.accumulate(
        specs, y_true.tolist(), y_pred.tolist(), heavy, where=where.tolist(), nan=rule
    )
    swapped = sl.accumulate(
        specs,
        *[a.astype(">f8") for a in (y_true, y_pred)],
        heavy,
        where=where,
        nan=rule,
    )
    assert whole == small == lists == swapped


@sl.loss
class Cubed(NamedTuple):
    scale: float = 2.0

    def factors(self, y_true: float, y_pred: float) -> tuple[float, float]:
        return self.scale * y_true, y_pred * y_pred


def test_a_moment_of_a_user_with_parameters(rng: np.random.Generator) -> None:
    y, p = rng.integers(-9, 9, (2, 3000)).astype(float)
    assert sl.evaluate(Cubed(3.0), y, p, reduction="sum") == float((3 * y * p * p).sum())
    assert sl.evaluate(Cubed(3.0), y, p, reduction="none").tolist() == (3 * y * p * p).tolist()
    assert sl.evaluate(Cubed(), y[:9], p[:9]) == (2 * y * p * p)[:9].mean()


def test_moments_of_cells(rng: np.random.Generator) -> None:
    y, p = rng.integers(-9, 9, (2, 40, 300)).astype(float)
    for axis in (0, 1):
        found = sl.evaluate(base.Product(), y, p, axis=axis)
        assert found.tolist() == ((y * p).sum(axis) / y.shape[axis]).tolist()


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (lambda self, y_true, y_pred: (y_true,), "must be annotated to return tuple"),
    ],
)
def test_factors_say_how_many_they_are(body: Any, text: str) -> None:
    body.__name__ = "factors"
    cls = type("Unsaid", (NamedTuple("Unsaid", []),), {"factors": body})
    with pytest.raises(TypeError, match=text):
        sl.loss(cls)


EXTREME = """
import numpy as np, streamloss as sl
from streamloss.kernels import loader
from streamloss.metrics.base import Product
numbers = np.random.default_rng(0).normal(size=(3, 3000))
numbers[:, :9] *= np.logspace(-320, 305, 9)
state = sl.accumulate(Product(), *numbers).tally.state.trimmed()
print(loader.processor().has("fma"), state.base, state.sums.tobytes().hex())
"""


def test_a_cpu_without_fused_multiply_add_has_the_same_bits(tmp_path: Path) -> None:
    if not (loader.is_usable() and loader.processor().has("fma")):
        pytest.skip("no kernels for another CPU are made here")
    features = loader.processor().features.split(",")
    lacking = ",".join([f"-{f[1:]}" if f[1:4] in ("fma", "avx") else f for f in features])
    other = {"NUMBA_CPU_NAME": "x86-64", "NUMBA_CPU_FEATURES": lacking}
    other |= {"STREAMLOSS_CACHE_DIR": str(tmp_path)}
    found = [
        subprocess.run(
            [sys.executable, "-W", "ignore", "-c", EXTREME],
            env={**os.environ, **more},
            capture_output=True,
            text=True,
            check=True,
        ).stdout.split(maxsplit=1)
        for more in ({}, other)
    ]
    assert [has for has, _ in found] == ["True", "False"]
    assert found[0][1] == found[1][1]
