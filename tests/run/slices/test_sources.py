"""Losses, dtypes and layouts of all kinds: what a slice sums is what its rows alone sum."""

import os
import subprocess
import sys
from typing import Any, NamedTuple

import numpy as np
import pytest

import streamloss as sl
from streamloss.run import choose

from .tables import check

N, NAN = 700, np.nan
RNG = np.random.default_rng(41)
BY = {"key": RNG.integers(0, 5, N)}


@sl.loss
class LogOfSum(NamedTuple):
    """NaN of some numbers that are not."""

    def point(self, y_true: Any, y_pred: Any) -> Any:
        return float("nan") if y_true + y_pred < 0.0 else y_true + y_pred


@sl.loss
class Refusing(NamedTuple):
    """Raises, so that no object file holds it; NaN of some numbers that are not."""

    limit: float = 3.0

    def point(self, y_true: Any, y_pred: Any) -> Any:
        if y_true > self.limit:
            raise ValueError("y_true is beyond the limit")
        return float("nan") if y_true + y_pred < 0.0 else y_true + y_pred


@sl.loss
class Scaled(NamedTuple):
    """Of three inputs."""

    def point(self, y_true: Any, y_pred: Any, scale: Any) -> Any:
        return abs(y_pred - y_true) / scale


@sl.loss
class RefusingRow(NamedTuple):
    """Of rows, and raises."""

    def row(self, y_true: sl.Class, y_pred: sl.Row) -> Any:
        if y_pred[0] > 1e9:
            raise ValueError("that is too much")
        total = 0.0
        for k in range(len(y_pred)):
            total += y_pred[k] * (k != y_true)
        return total


@sl.loss
class Product(NamedTuple):
    """A moment of two factors that raises."""

    def factors(self, y_true: Any, y_pred: Any) -> tuple[float, float]:
        if y_true > 1e9:
            raise ValueError("that is too much")
        return y_true, y_pred


LOSSES: dict[str, Any] = {
    "one": "mae",
    "some": ["mae", "mse", "huber", "log_cosh"],
    "metric": "r2",
    "metrics": ["r2", "pearson", "concordance", "slope", "mae", "rmse"],
    "own": [LogOfSum(), "mae"],
    "own that raises": [Refusing(), "mae"],
    "own moment that raises": [Product(), "mse"],
}
DTYPES = "f8", "f4", "f2", "i4", "i8", "u2", "?", ">f8", ">f4"


def values(dtype: str, nans: float, rng: np.random.Generator) -> Any:
    """Numbers of a dtype, some of them NaN or infinite where it has such."""
    out = rng.integers(0, 3, N) if dtype == "?" else rng.uniform(-3, 3, N)
    if np.dtype(dtype).kind == "f":
        out = np.where(rng.random(N) < nans, rng.choice([NAN, np.inf, -np.inf], N), out)
    return np.minimum(out, 3.0).astype(dtype) if dtype[0] != "u" else abs(out).astype(dtype)


def weights(kind: str, rng: np.random.Generator) -> Any:
    """Weights of a kind."""
    if kind == "zeros":
        return rng.integers(-1, 2, N).astype("f4")
    if kind == "NaN":
        return np.where(rng.random(N) < 0.1, NAN, rng.random(N))
    return {"none": None, "one": np.full(1, 0.3), "wide": 10.0 ** rng.integers(-50, 50, N)}[kind]


@pytest.mark.parametrize("nan", ["propagate", "omit"])
@pytest.mark.parametrize("losses", LOSSES)
def test_losses(losses: str, nan: str, rng: np.random.Generator) -> None:
    spec = LOSSES[losses]
    for k, dtype in enumerate(("f8",) if "raises" in losses else DTYPES):
        kind = ("none", "zeros", "one", "NaN", "wide")[k % 5]
        data = values(dtype, 0.05, rng), values(dtype, 0.02, rng), weights(kind, rng)
        mask = rng.random(N) < 0.8 if k % 2 else None
        acc = sl.accumulate(spec, *data, where=mask, nan=nan, by=BY)
        check(acc, (*data, mask), BY, spec, nan=nan, shape=(N,))


@pytest.mark.parametrize("losses", ["one", "metrics", "own"])
def test_all_dtypes_after_each_other(losses: str, rng: np.random.Generator) -> None:
    spec = LOSSES[losses]
    acc, whole = sl.Accumulator(spec, by="key"), []
    for dtype in DTYPES:
        data = [values(dtype, 0.0, rng) for _ in range(2)]
        acc.update(*data, by=BY)
        whole.append([each.astype("f8") for each in data])
    y, p = (np.concatenate(each) for each in zip(*whole, strict=True))
    check(acc, (y, p), {"key": np.tile(BY["key"], len(DTYPES))}, spec)


def test_a_nan_that_a_loss_gives_is_a_term_and_no_missing_element() -> None:
    y, p = np.array([-1.0, NAN, 2.0, -1.0]), np.zeros(4)
    for loss in (LogOfSum(), Refusing()):
        for some in (None, np.ones(4)):
            found = sl.evaluate(loss, y, p, some, by=[0, 0, 1, 1], nan="omit")
            assert list(found.counts["nan"]) == [1, 0]
            assert list(found.counts["elements"]) == [1, 2]


def test_a_loss_that_raises_raises_and_changes_nothing() -> None:
    acc = sl.Accumulator([Refusing(), "mae"], by="key").update(np.ones(N), np.ones(N), by=BY)
    before = acc.copy()
    for y in (np.full(N, 4.0), np.where(np.arange(N) == N - 1, 4.0, 0.0)):
        with pytest.raises(ValueError, match="y_true is beyond the limit"):
            acc.update(y, np.ones(N), by=np.arange(N))
        assert acc == before
    assert acc.update(np.ones(N), np.ones(N), by=BY) != before


@pytest.mark.parametrize("nan", ["propagate", "omit"])
@pytest.mark.parametrize("dtype", ["f8", ">f4"])
def test_losses_of_rows_and_of_three_inputs(dtype: str, nan: str, rng: np.random.Generator) -> None:
    labels, scores = rng.integers(0, 4, N), rng.standard_normal((N, 4)).astype(dtype)
    scores[rng.random((N, 4)) < 0.02] = np.nan
    some, mask = rng.random(N), rng.random(N) < 0.7
    for loss in ("cross_entropy", ["cross_entropy", RefusingRow()], RefusingRow()):
        acc = sl.accumulate(loss, labels, scores, some, where=mask, nan=nan, by=BY)
        check(acc, (labels, scores, some, mask), BY, loss, nan=nan)
    y, p, scale = rng.random((3, N)).astype(dtype)
    for spec in ("gaussian_nll", Scaled(), [Scaled(), "gaussian_nll"]):
        acc = sl.accumulate(spec, y, (p, scale), some, nan=nan, by=BY)
        check(acc, (y, (p, scale), some), BY, spec, nan=nan)


def test_complex_inputs(rng: np.random.Generator) -> None:
    y, p = rng.standard_normal((2, N)) + 1j * rng.standard_normal((2, N))
    y[5] = np.nan
    for nan in ("propagate", "omit"):
        for some in (None, rng.random(N)):
            acc = sl.accumulate("mae", y, p, some, by=BY, nan=nan)
            check(acc, (y, p, some), BY, "mae", nan=nan)


@pytest.mark.parametrize("nan", ["propagate", "omit"])
def test_inputs_that_are_one_number(nan: str, rng: np.random.Generator) -> None:
    for y in (1.0, NAN):
        for dtype in ("f8", "f4"):
            data = np.broadcast_to(np.array(y, dtype), N), rng.random(N).astype(dtype)
            for losses in (["mae", "mse"], "pearson"):
                check(sl.accumulate(losses, *data, nan=nan, by=BY), data, BY, losses, nan=nan)


def laid(array: Any) -> list[Any]:
    """The same array in other layouts."""
    apart = np.zeros((2 * array.shape[0], *array.shape[1:]), array.dtype)
    apart[::2] = array
    odd = np.empty(array.nbytes + 1, np.uint8)[1:].view(array.dtype).reshape(array.shape)
    odd[...] = array
    return [array, apart[::2], array[::-1].copy()[::-1], np.asfortranarray(array), odd]


@pytest.mark.parametrize("axis", [None, 0, (0, 1), (0, 2)])
def test_layouts_and_kept_axes(axis: Any, rng: np.random.Generator) -> None:
    shape = (60, 3, 4)
    y, p, full = rng.standard_normal((3, *shape))
    by = {"key": rng.integers(0, 4, 60)}
    heavies = [None, full, full[:, :1, :1], full[:1, :1, :1], full[:, :, :1], np.abs(full[:, 0, 0])]
    mask = rng.random(shape) < 0.6
    for k, (a, b) in enumerate(zip(laid(y), reversed(laid(p)), strict=True)):
        for w in heavies:
            for where in (None, mask):
                if w is not None and w.ndim == 1 and axis is not None:
                    continue
                given = a, b, w if w is None else laid(w)[k]
                acc = sl.accumulate(["mae", "r2"], *given, where=where, axis=axis, by=by)
                heavy = w if w is None or w.ndim == 3 else w[:, None, None]
                full_data = y, p, heavy, where
                check(acc, full_data, by, ["mae", "r2"], axis=axis, shape=shape)


@pytest.mark.parametrize("losses", ["some", "metrics", "own"])
def test_python_gives_the_same_bits(
    losses: str, rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = [values("f8", 0.05, rng)[:90] for _ in range(2)]
    by = {"key": BY["key"][:90], "text": [["a", None, "b"][k % 3] for k in range(90)]}
    for nan in ("propagate", "omit"):
        for heavy in (None, weights("NaN", rng)[:90]):
            found = []
            for small in (0, 1024):
                monkeypatch.setattr(choose, "SMALL", small)
                monkeypatch.setattr(choose, "_taken", {})
                acc = sl.accumulate(LOSSES[losses], *data, heavy, by=by, nan=nan)
                found.append(acc)
            assert found[0] == found[1]


SCRIPT = """
import numpy as np, streamloss as sl
from streamloss.run.slices import near
near.LIGHT, near.ROUND, near.LOG = 64, 128, 1
rng = np.random.default_rng(3)
y, p = rng.standard_normal((2, 900)) * 10.0 ** rng.integers(-30, 30, (2, 900))
w, mask = rng.random(900), rng.random(900) < 0.7
keys = rng.integers(0, 50, 900), rng.choice(np.array([-2**63, 2**63 - 1, 0, -2**62]), 900)
for losses in (["mae", "mse"], ["pearson", "r2"]):
    for dtype in ("f8", "f4", ">f8"):
        for nan in ("propagate", "omit"):
            data = y.astype(dtype), p.astype(dtype), w
            for by in (*keys, {"a": keys[0], "b": keys[1].astype("U")}):
                print(sl.accumulate(losses, *data, where=mask, by=by, nan=nan).to_bytes().hex())
"""


def test_bodies_in_python_give_the_same_bits() -> None:
    found = []
    for plain in ("0", "1"):
        env = os.environ | {"NUMBA_DISABLE_JIT": plain}
        command = [sys.executable, "-W", "ignore", "-c", SCRIPT]
        found.append(subprocess.run(command, env=env, capture_output=True, text=True, check=True))
    assert found[0].stdout == found[1].stdout != ""
