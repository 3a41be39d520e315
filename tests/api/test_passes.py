"""evaluate(exact=True): quantiles of errors by further passes, in fractions, at every door."""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import dask.array as da
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import streamloss as sl
from streamloss.losses.counting import Given
from streamloss.metrics import within
from tests.metrics.error_truth import median, quantile
from tests.passes import counted_passes
from tests.reference import LARGEST, TINY

N = 2_000
SHARES = [0.0, 0.1, 1 / 3, 0.5, 0.9, 1.0]
METRICS = [sl.ErrorQuantile(q) for q in SHARES]
LOSSES = [*METRICS, "median_absolute_error", "mae"]


def truth(errors: Any, weights: Any) -> dict[Any, float]:
    """Return the exact results of `LOSSES`, correctly rounded."""
    heavy = [Fraction(float(w)) for w in weights]
    terms = [Fraction(float(w) * float(e)) for e, w in zip(errors, weights, strict=True)]
    wants: dict[Any, Fraction] = {m: quantile(errors, weights, Fraction(m.q)) for m in METRICS}
    wants["median_absolute_error"] = median(errors, weights)
    wants["mae"] = sum(terms, Fraction(0)) / sum(heavy, Fraction(0))
    return {loss: float(want) for loss, want in wants.items()}


def drawn(seed: int, n: int = N, ties: bool = False) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    y = rng.normal(size=n) * 10.0 ** rng.integers(-2, 3, n)
    p = y + rng.normal(size=n) * (0.001 if seed % 2 else 1.0)
    y, p = (np.round(x, 1) if ties else x for x in (y, p))
    return {"y": y, "p": p, "w": rng.integers(0, 3, n) * rng.random(n), "m": rng.random(n) < 0.7}


def doors(path: Path, columns: dict[str, np.ndarray]) -> dict[str, Callable[..., Any]]:
    """Return what evaluates columns, of arrays and of data that hold them."""
    table = pa.table(columns)
    pq.write_table(table, path / "d.parquet", row_group_size=300)
    y, p, w, m = columns.values()
    arrays = y, p, w
    lazy = [da.from_array(each, chunks=371) for each in columns.values()]

    def of(data: Any) -> Callable[..., Any]:
        return lambda how: sl.evaluate(LOSSES, "y", "p", "w", where="m", data=data, **how)

    return {
        "arrays": lambda how: sl.evaluate(LOSSES, *arrays, where=m, **how),
        "rows": lambda how: sl.evaluate(
            LOSSES, *[a.reshape(-1, 4) for a in arrays], where=m.reshape(-1, 4), **how
        ),
        "dask": lambda how: sl.evaluate(LOSSES, *lazy[:3], where=lazy[3], **how),
        "pandas": of(pd.DataFrame(columns)),
        "arrow": of(table),
        "files": of(sl.scan(str(path / "d.parquet"), batch_rows=171)),
    }


@pytest.mark.parametrize("ties", [False, True])
def test_every_door_gives_the_exact_quantile(tmp_path: Path, ties: bool) -> None:
    columns = drawn(3, ties=ties)
    errors, heavy = abs(columns["p"] - columns["y"]), columns["w"] * columns["m"]
    want = truth(errors, heavy)
    for name, door in doors(tmp_path, columns).items():
        assert door({"exact": True}) == want, name
    y, p, *_ = columns.values()
    assert sl.evaluate(LOSSES, y, p, exact=True) == truth(errors, np.ones(N))
    assert sl.evaluate("median_absolute_error", y, p, exact=True) == median(errors, np.ones(N))


@pytest.mark.parametrize("more", [3.0, 21.0, 42.0])
def test_where_there_are_too_many_errors_for_one_further_pass_there_are_several(
    monkeypatch: pytest.MonkeyPatch, more: float
) -> None:
    monkeypatch.setattr(within, "FEW", 0)
    monkeypatch.setattr(within, "MORE", more)
    for seed, ties in ((1, False), (2, False), (4, True)):
        y, p, w, _ = drawn(seed, 300, ties).values()
        assert sl.evaluate(LOSSES, y, p, w, exact=True) == truth(abs(p - y), w)


def test_the_mean_of_two_errors_far_apart_is_rounded_once() -> None:
    for a, b in ((0.0, 0.3), (TINY, 2 * TINY), (0.1, 1e17), (TINY, LARGEST), (LARGEST, LARGEST)):
        want = float((Fraction(a) + Fraction(b)) / 2)
        errors, zeros = np.array([b, a, a, b]), np.zeros(4)
        for metric in (sl.MedianAbsoluteError(), sl.MedianAbsoluteError(11)):
            assert sl.evaluate(metric, zeros, errors, exact=True) == want
    assert sl.evaluate("median_absolute_error", np.zeros(2), [0.3, np.inf], exact=True) == np.inf


def test_small_and_large_data_in_random_cases() -> None:
    rng = np.random.default_rng(5)
    for _ in range(60):
        n = int(rng.integers(1, 12))
        errors = np.abs(rng.standard_normal(n)) * 10.0 ** rng.integers(-300, 300)
        errors = errors if rng.random() < 0.7 else np.round(errors, 1)
        weights = rng.random(n) * rng.integers(0, 2, n)
        weights[0] += 0.5
        found = sl.evaluate(LOSSES, np.zeros(n), errors, weights, exact=True)
        assert found == truth(errors, weights)


def test_policies_for_nan() -> None:
    y, p, w, _ = drawn(6, 100).values()
    p[3], w[7] = np.nan, np.nan
    rest = np.delete(np.arange(100), [3, 7])
    found = sl.evaluate(LOSSES, y, p, w, nan="omit", exact=True)
    assert found == truth(abs(p - y)[rest], w[rest])
    assert all(map(math.isnan, sl.evaluate(LOSSES, y, p, w, exact=True).values()))
    with pytest.raises(ValueError, match="nan='raise'"):
        sl.evaluate(LOSSES, y, p, w, nan="raise", exact=True)


def test_nothing_at_all_is_nan() -> None:
    for given in (([], []), ([1.0], [2.0], [0.0])):
        assert math.isnan(sl.evaluate("median_absolute_error", *given, exact=True))


def test_axes_that_leave_one_result_are_taken_and_others_refused() -> None:
    y, p, w, _ = (each.reshape(-1, 4) for each in drawn(8, 400).values())
    want = sl.evaluate(LOSSES, y, p, w, exact=True)
    assert sl.evaluate(LOSSES, y, p, w, axis=(0, 1), exact=True) == want
    with pytest.raises(ValueError, match=r"takes no axes that are kept: got those of \(4,\)"):
        sl.evaluate(LOSSES, y, p, w, axis=0, exact=True)


def test_progress_is_told_of_each_pass(tmp_path: Path) -> None:
    columns = drawn(9)
    pq.write_table(pa.table(columns), tmp_path / "d.parquet")
    told: list[int] = []
    data = sl.scan(str(tmp_path / "d.parquet"))

    def progress(done: int, _: Any) -> None:
        told.append(done)

    sl.evaluate("error_quantile", "y", "p", data=data, exact=True, progress=progress)
    assert told.count(N) == 2


def test_results_that_need_no_further_pass_have_one(monkeypatch: pytest.MonkeyPatch) -> None:
    passes = counted_passes(monkeypatch)
    y, p, w, _ = drawn(10).values()
    sl.evaluate(LOSSES, y, p, w, exact=True)
    assert [len(each) for each in passes] == [len(LOSSES), len(METRICS) + 1]
    passes.clear()
    assert sl.evaluate("median_absolute_error", np.zeros(3), np.zeros(3), exact=True) == 0.0
    assert len(passes) == 1
    lazy = sl.evaluate(["mae", "r2"], da.from_array(y, chunks=99), p, exact=True)
    assert len(passes) == 1
    assert {name: float(value) for name, value in lazy.items()} == sl.evaluate(["mae", "r2"], y, p)
    assert sl.evaluate("mae", y, p, by=w > 1, exact=True) == sl.evaluate("mae", y, p, by=w > 1)


def test_data_that_are_others_in_the_next_pass_are_refused() -> None:
    table = pa.table({name: drawn(11)[name] for name in "yp"})
    stream = pa.RecordBatchReader.from_batches(table.schema, table.to_batches())
    with pytest.raises(ValueError, match=r"the same data in each pass: got 2000 rows, then 0"):
        sl.evaluate("error_quantile", "y", "p", data=stream, exact=True)

    class Changing:
        """Arrow data of the same number of rows that are others each time."""

        def __init__(self) -> None:
            self.factor = 1.0

        def __arrow_c_stream__(self, schema: Any = None) -> Any:
            self.factor *= 8.0
            zeros, errors = np.zeros(100), self.factor * (1.0 + np.arange(100) / 1e5)
            return pa.table({"y": zeros, "p": errors}).__arrow_c_stream__(schema)

    with pytest.raises(ValueError, match=r"the same data in each pass: got other errors"):
        sl.evaluate("error_quantile", "y", "p", data=Changing(), exact=True)


@sl.loss
class Rough(NamedTuple):
    """A metric with a bracket that no pass makes narrower."""

    width: Annotated[float, 1.0] = 1.0

    def cells(self) -> dict[str, Any]:
        return {"true": Given(0)}

    def combine(self, cells: Any) -> float:
        return 0.0

    def bracket(self, cells: Any) -> tuple[float, float]:
        return -self.width, self.width


def test_what_is_refused(tmp_path: Path) -> None:
    y, p, w, _ = drawn(12).values()
    with pytest.raises(ValueError, match="takes no by: each slice has a bracket of its own"):
        sl.evaluate(["mae", "error_quantile"], y, p, by=w > 1, exact=True)
    pq.write_table(pa.table({"y": y, "p": p}), tmp_path / "d.parquet")
    data, saved = sl.scan(str(tmp_path / "d.parquet")), tmp_path / "c"
    with pytest.raises(ValueError, match="takes no checkpoint: it needs several passes"):
        sl.evaluate("error_quantile", "y", "p", data=data, checkpoint=saved, exact=True)
    assert not saved.exists()
    with pytest.raises(ValueError, match=r"needs metrics that have refined\(\): got Rough"):
        sl.evaluate(Rough(), [1, 0], [0, 1], exact=True)
