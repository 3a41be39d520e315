"""What a NaN, a missing label or a mask does: nothing is in a cell that does not count."""

import math

import numpy as np
import pytest

import streamloss as sl
from streamloss.run import choose

from .metrics import Bins, Decisions, Largest, Smallest, truth

NAN = math.nan
SIZES = 40, 2000, 9000


@pytest.fixture(params=[0, 1 << 20], ids=["kernels", "Python"])
def runner(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have kernels take all batches, or Python and numpy."""
    monkeypatch.setattr(choose, "SMALL", request.param)
    monkeypatch.setattr(choose, "BUDGET", 1 << 40)


@pytest.mark.usefixtures("runner")
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("weighted", [False, True])
def test_omit_goes_by_all_inputs(size: int, weighted: bool, rng: np.random.Generator) -> None:
    y, p = rng.integers(0, 2, size).astype(float), rng.integers(0, 8, size) / 8
    w = rng.integers(0, 3, size) / 4 if weighted else np.ones(size)
    y[::7], p[3::11], w[5::13] = NAN, NAN, NAN if weighted else 1.0
    lost = np.isnan(y) | np.isnan(p) | np.isnan(w)
    losses = [Decisions(), Bins(), "mae"]
    acc = sl.accumulate(losses, y, p, w if weighted else None, nan="omit")
    weights = [None if out else x for out, x in zip(lost, w.tolist(), strict=True)]
    keys = [None if out else (int(a), int(b > 0.5)) for out, a, b in zip(lost, y, p, strict=True)]
    bins = [None if out else math.floor(8 * b) for out, b in zip(lost, p, strict=True)]
    found = acc.result()
    assert found[Decisions()] == truth(zip(keys, weights, strict=True))
    assert found[Bins()] == truth(zip(bins, weights, abs(p - y), strict=True))
    for loss in losses:
        alone = sl.accumulate(loss, y, p, w if weighted else None, nan="omit")
        assert alone.counts["nan"] == lost.sum()
        assert alone.counts["elements"] == size - lost.sum()


@pytest.mark.usefixtures("runner")
@pytest.mark.parametrize("size", SIZES)
def test_extremes_are_of_elements_that_count(size: int, rng: np.random.Generator) -> None:
    y, p, w = rng.random((3, size))
    where = rng.random(size) < 0.8
    y[::7], p[3::11], w[5::13], w[1::5] = NAN, NAN, NAN, 0.0
    errors = np.abs(p - y)
    errors[10], where[10], w[10], y[10], p[10] = 5.0, True, NAN, 0.0, 5.0
    there = where & ~np.isnan(errors) & ~np.isnan(w) & (w != 0.0)
    found = sl.evaluate([Largest(), Smallest()], y, p, w, where=where, nan="omit")
    assert found == {Largest(): errors[there].max(), Smallest(): errors[there].min()}
    found = sl.evaluate([Largest(), Smallest()], y, p, w, where=where)
    assert all(value != value for value in found.values())
    kept = where & ~np.isnan(w)
    found = sl.evaluate(Largest(), y, np.where(np.isnan(errors), y, p), w, where=kept & (y == y))
    assert found == np.nan_to_num(errors)[kept & (y == y) & (w != 0.0)].max()
