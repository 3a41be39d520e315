"""Small batches are taken in plain Python: nobody can tell by any bit."""

import os
import subprocess
import sys
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import streamloss as sl
from streamloss.arrays.batch import as_batch
from streamloss.kernels.switches import MULTIPLY, OMIT, SIFT
from streamloss.run import choose, cpu, python
from tests.reference import sprinkle, wild

ABSOLUTE = (sl.AbsoluteError(),)
SHAPES = st.sampled_from([(0,), (1,), (), (17,), (4, 5), (3, 0), (2, 3, 4), (80, 2)])


def arrays(seed: int, shape: tuple[int, ...], dtype: Any) -> tuple[Any, Any, Any, Any]:
    """Return inputs and weights with everything that is hard, and a mask."""
    rng = np.random.default_rng(seed)
    with np.errstate(over="ignore"):
        y, p = (wild(rng, shape, -30, 30, dtype) for _ in range(2))
        if seed % 3 == 0:
            y, p = wild(rng, shape).astype(dtype), sprinkle(rng, p, 0.1, [np.nan, np.inf, -np.inf])
        weights = wild(rng, shape, -40, 40, dtype) * (rng.random(shape) < 0.7).astype(dtype)
        if seed % 5 == 0:
            weights = sprinkle(rng, weights, 0.1, [np.nan, np.inf, -0.0])
    return np.asarray(y), np.asarray(p), np.asarray(weights), np.asarray(rng.random(shape) < 0.6)


@pytest.mark.parametrize("rule", [SIFT, OMIT, MULTIPLY])
@pytest.mark.parametrize("dtype", ["f4", "f8"])
@given(st.integers(0, 10**6), SHAPES, st.booleans(), st.booleans(), st.data())
def test_both_backends_return_the_same(
    rule: Any,
    dtype: str,
    seed: int,
    shape: tuple[int, ...],
    weighted: bool,
    masked: bool,
    data: st.DataObject,
) -> None:
    y, p, weights, where = arrays(seed, shape, dtype)
    axis = data.draw(st.sampled_from([None, *range(len(shape))]))
    heavy, shown = weights if weighted else None, where if masked else None
    batch = as_batch(ABSOLUTE, y, p, heavy, shown)
    state = cpu.sums(ABSOLUTE, batch, axis, rule)
    assert python.sums(ABSOLUTE, batch, axis, rule) == state
    terms = cpu.values(ABSOLUTE[0], batch, rule)
    found = python.values(ABSOLUTE[0], batch, rule)
    assert (found.shape, found.dtype) == (terms.shape, terms.dtype)
    assert np.array_equal(found, terms, equal_nan=True)


def test_what_is_multiplied_is_what_numpy_multiplies() -> None:
    y, p, weights, where = arrays(15, (60,), "f8")
    with np.errstate(all="ignore"):
        expected = np.where(where, weights * np.abs(p - y), 0.0)
    batch = as_batch(ABSOLUTE, y, p, weights, where)
    for backend in (cpu, python):
        assert np.array_equal(
            backend.values(ABSOLUTE[0], batch, MULTIPLY), expected, equal_nan=True
        )
    assert np.isnan(expected[weights == 0.0]).any()  # which other rules make zero


@pytest.mark.parametrize("backend", [cpu, python])
def test_inputs_are_rounded_to_the_dtype_asked_for(backend: Any) -> None:
    y, p, w = np.array([1e-9, 16777217.0]), np.array([1.0, 0.0]), np.array([1 / 3, 1.0])
    for array in (y, y[::-1][::-1]):
        batch = as_batch(ABSOLUTE, array, p, w, None, np.dtype("f4"))
        narrow = [a.astype("f4").astype("f8") for a in (y, p, w)]
        terms = narrow[2] * np.abs(narrow[1] - narrow[0])
        assert backend.values(ABSOLUTE[0], batch, MULTIPLY).tolist() == terms.tolist()
        assert backend.sums(ABSOLUTE, batch, None, MULTIPLY) == backend.sums(
            ABSOLUTE, as_batch(ABSOLUTE, *narrow, None), None, MULTIPLY
        )


@pytest.mark.small
def test_a_kernel_is_compiled_when_it_pays(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[int] = []
    kernel = cpu.sums
    monkeypatch.setattr(cpu, "sums", lambda *a: calls.append(a[1].inputs[0].size) or kernel(*a))
    small, large = np.ones(100), np.ones(choose.SMALL + 1)
    sl.evaluate("mae", [1.0], [2.0])
    sl.evaluate("mae", small.tolist(), small)
    assert calls == []
    sl.evaluate("mae", large.tolist(), large)
    assert calls == [large.size]
    for _ in range(choose.BUDGET // 200):
        sl.evaluate("mae", small.tolist(), small)
    sl.evaluate("mae", small.tolist(), small)
    assert calls[1:] == [100] * len(calls[1:])
    assert len(calls) > 1


@pytest.mark.small
def test_a_stream_changes_over_without_a_trace() -> None:
    rng = np.random.default_rng(3)
    y, p = rng.normal(size=(2, 40_000))
    acc = sl.Accumulator("mse")
    for start in range(0, y.size, 100):
        acc.update(y[start : start + 100], p[start : start + 100])
    assert acc == sl.accumulate("mse", y, p).merge(sl.Accumulator("mse"))


@pytest.mark.small
def test_a_stream_begins_when_the_last_batch_for_python_would_not_fit(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(choose, "_taken", {(sl.AbsoluteError,): choose.BUDGET - 100})
    acc = sl.Accumulator("mae")
    acc.update(np.ones(64), np.zeros(64))  # 128 numbers are more than the 100 left
    assert acc.tally._direct is not None


@pytest.mark.small
def test_a_first_small_result_imports_no_compiler() -> None:
    script = (
        "import sys, numpy as np, streamloss as sl\n"
        "y, p, w = np.random.default_rng(0).random((3, 100))\n"
        "sl.evaluate(['mae', sl.Huber(0.5), 'r2'], y, p, w)\n"
        "sl.evaluate('cross_entropy', [1, 0], [[0.5, 0.25], [1.0, 2.0]])\n"
        "print('numba' in sys.modules)"
    )
    assert subprocess.check_output([sys.executable, "-c", script], text=True).strip() == "False"


@pytest.mark.parametrize(("text", "found"), [("0", "True"), ("100", "False"), ("-1", "ValueError")])
def test_the_environment_says_what_is_small(text: str, found: str) -> None:
    script = (
        "import sys\ntry:\n import streamloss as sl\n sl.evaluate('mae', [1.0], [2.0])\n"
        " print('streamloss.kernels.cpu' in sys.modules)\n"
        "except ValueError as error:\n print('ValueError')"
    )
    env = os.environ | {"STREAMLOSS_SMALL_BATCH": text}
    run = subprocess.check_output([sys.executable, "-c", script], text=True, env=env)
    assert run.strip() == found
