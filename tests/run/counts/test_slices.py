"""Cells of slices: each from rows alone by plain Python, and what is made of their tables."""

import datetime
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import streamloss as sl
from streamloss.run import choose

from .metrics import Hits, Largest, Pairs, Smallest, Truths, pairs, same, truth

RNG = np.random.default_rng(12)


def rows_of(*keys: Any) -> dict[Any, list[int]]:
    """The rows of each combination of keys, in their order, a missing one last."""
    found: dict[Any, list[int]] = {}
    for row, key in enumerate(zip(*keys, strict=True)):
        found.setdefault(key, []).append(row)
    return {key: found[key] for key in sorted(found, key=lambda k: [(x is None, x) for x in k])}


def of(data: Any, rows: Any) -> dict[Any, Any]:
    """What the metrics give of some rows: their cells, the share of hits and both extremes."""
    y, p, w = (np.asarray(each)[rows] for each in data)
    cells = pairs(y.tolist(), p.tolist(), w)
    total = sum(cell[1] for cell in cells.values())
    hits = sum(cell[1] for key, cell in cells.items() if key[0] == key[1])
    errors = abs(p - y)[w != 0.0]
    sums = zip(y.tolist(), w.tolist(), abs(p - y), (p - y) ** 2, strict=True)
    return {
        Pairs(): cells,
        Hits(): float(hits / total) if total else math.nan if not hits else math.inf * hits,
        Truths(): truth(sums),
        Largest(): float(errors.max()) if errors.size else math.nan,
        Smallest(): float(errors.min()) if errors.size else math.nan,
    }


def alike(found: dict[Any, Any], want: dict[Any, Any]) -> bool:
    return all(same(found[loss], want[loss]) for loss in found)


LOSSES = [Pairs(), Hits(), Truths()]
SOME = st.lists(
    st.tuples(
        st.integers(0, 2),
        st.integers(0, 2),
        st.sampled_from([0.0, 0.25, 1.0, 3.0, 1e300, 5e-324]),
        st.sampled_from(["a", "b", "", None]),
        st.sampled_from([1, 7, -3]),
    ),
    min_size=1,
    max_size=40,
)


@pytest.mark.parametrize("small", [0, 1024])
@given(SOME, st.integers(1, 9))
@settings(max_examples=20)
def test_slices_are_those_of_their_rows(small: int, rows: Any, cut: int) -> None:
    before, choose.SMALL = choose.SMALL, small
    try:
        y, p, w, a, b = (list(column) for column in zip(*rows, strict=True))
        data, losses = [np.array(y), np.array(p), np.array(w)], [*LOSSES, Largest(), Smallest()]
        acc = sl.Accumulator(losses, by=("a", "b"))
        for k in range(0, len(rows), cut):
            some = slice(k, k + cut)
            acc.update(y[some], p[some], w[some], by=(a[some], b[some]))
        found = acc.result()
        want = rows_of(a, b)
        assert [key for key, _ in found] == list(want)
        for key, results in found:
            assert alike(results, of(data, want[key]))
        assert alike(found.overall, of(data, slice(None)))
        for key, results in found.rollup("a"):
            assert alike(results, of(data, [k for k, x in enumerate(a) if x == key]))
        for key, results in found.grouping_sets(["b"], [], ["b", "a"]):
            chosen = [
                k
                for k, pair in enumerate(zip(a, b, strict=True))
                if all(x is sl.ALL or x == y for x, y in zip(key, pair, strict=True))
            ]
            assert alike(results, of(data, chosen))
        alone = sl.evaluate(LOSSES, *data, by={"a": a, "b": b})
        rest = alone.rest()
        for k, inside in enumerate(want.values()):
            others = [row for row in range(len(rows)) if row not in inside]
            assert alike({loss: rest[loss][k] for loss in LOSSES}, of(data, others))
        assert sl.Accumulator.from_bytes(acc.to_bytes()) == acc
    finally:
        choose.SMALL = before


@pytest.mark.parametrize("missing", ["keep", "drop", "raise"])
def test_missing_keys(missing: str) -> None:
    y, p = RNG.integers(0, 3, (2, 40))
    key = [None if k % 5 == 0 else k % 3 for k in range(40)]
    acc = sl.Accumulator([Pairs(), Hits()], by="key", missing=missing)
    if missing == "raise":
        with pytest.raises(ValueError, match="missing='raise'"):
            acc.update(y, p, by=key)
        assert acc == sl.Accumulator([Pairs(), Hits()], by="key", missing="raise")
        return
    found = acc.update(y, p, by=key).result()
    data = y, p, np.ones(40)
    kept = [k for k in range(40) if missing == "keep" or key[k] is not None]
    assert alike(found.overall, of(data, kept))
    assert found.counts["missing_keys"] == 8
    want = {0: None, 1: None, 2: None} | ({None: None} if missing == "keep" else {})
    assert [k for k, _ in found] == list(want)
    for k, results in found:
        assert alike(results, of(data, [row for row in range(40) if key[row] == k]))


@pytest.mark.parametrize("mixed", [False, True])
def test_axes_kept_in_slices(mixed: bool) -> None:
    y, p = RNG.integers(0, 3, (2, 60, 4, 2))
    w, key = RNG.integers(0, 4, (60, 4)) / 2, RNG.integers(0, 3, 60)
    losses = [Pairs(), Hits(), Truths(), *(["mae"] if mixed else [])]
    found = sl.evaluate(losses, y, p, w, axis=(0, 2), by=key)
    rest = found.rest()
    wide = np.broadcast_to(w[:, :, None], y.shape)
    for k, (name, results) in enumerate(found):
        for c in range(4):
            for rows, values in ((key == name, results), (key != name, rest)):
                data = [each[rows, c].reshape(-1) for each in (y, p, wide)]
                value = {
                    loss: values[loss][c] if values is results else values[loss][k, c]
                    for loss in losses[:3]
                }
                assert alike(value, of(data, slice(None)))
    assert found.rest(Hits()).dtype == np.float64
    assert [low.shape for low in found.bracket(Hits())] == [(3, 4)] * 2
    assert [b.tolist() for b in found.bracket(Hits())] == [found[Hits()].tolist()] * 2


@pytest.mark.parametrize("axis", [None, 0, 1, 2, (0, 1), (1, 2), (0, 2), -1])
@pytest.mark.parametrize("size", [3, 300])
def test_axes_kept_without_keys(axis: Any, size: int) -> None:
    y, p = RNG.integers(0, 3, (2, size, 4, 5))
    w = RNG.integers(0, 4, (size, 1)) / 2
    losses = [Pairs(), Hits(), Truths(), Largest(), Smallest(), "mae"]
    acc = sl.accumulate(losses, y, p, w, axis=axis)
    found, plain = acc.result(), sl.accumulate("mae", y, p, w, axis=axis)
    assert np.array_equal(found["mae"], plain.result(), equal_nan=True)
    assert acc.counts["rows"] == plain.counts["rows"]
    reduced = sorted(np.atleast_1d(range(3) if axis is None else axis) % 3)
    others = [k for k in range(3) if k not in reduced]
    arrays = [
        np.broadcast_to(a, y.shape).transpose(*others, *reduced) for a in (y, p, w[:, :, None])
    ]
    for place in np.ndindex(*arrays[0].shape[: len(others)]):
        want = of([array[place].reshape(-1) for array in arrays], slice(None))
        assert alike({loss: np.asarray(found[loss], object)[place] for loss in want}, want)


def test_windows_of_periods() -> None:
    days = np.datetime64("2024-02-27") + RNG.integers(0, 9, 80)
    y, p = RNG.integers(0, 3, (2, 80))
    key, data = RNG.integers(0, 2, 80), (y, p, np.ones(80))
    by = {"day": sl.period(days, "day"), "key": key}
    found = sl.evaluate(LOSSES, y, p, by=by)
    for windows, size in ((found.rolling(3, "day"), 3), (found.cumulative("day"), 99)):
        for (day, k), results in windows:
            ago = (np.datetime64(day) - days).astype(int)
            assert alike(results, of(data, (key == k) & (ago >= 0) & (ago < size)))
    extremes = sl.evaluate([Largest()], y, p, by=by)
    with pytest.raises(ValueError, match="taken out of a largest value"):
        extremes.rolling(2, "day")
    with pytest.raises(ValueError, match="taken out of a largest value"):
        extremes.rest()
    assert datetime.date(2024, 2, 29).isoformat() in {k[0] for k, _ in found}


def test_what_is_made_of_slices(tmp_path: Any) -> None:
    y, p = RNG.integers(0, 2, (2, 90))
    key = np.array(["x", "y", "z"])[RNG.integers(0, 3, 90)]
    found = sl.evaluate([Hits(), Largest(), "mae"], y, p, by=key)
    want = {k: of((y, p, np.ones(90)), key == k) for k in "xyz"}
    hits = [want[k][Hits()] for k in "xyz"]
    assert found.difference(Hits()) == max(hits) - min(hits)
    assert found.ratio(Hits()) == min(hits) / max(hits)
    order = sorted("xyz", key=lambda k: (-want[k][Hits()], k))
    assert found.worst(2, Hits()).by["key"].tolist() == order[:2]
    frame = found.to_pandas()
    assert frame["Hits()"].tolist() == hits
    assert frame["key"].tolist() == list("xyz")
    for name in ("slices.json", "slices.csv", "slices.parquet"):
        found.save(tmp_path / name)
    pd = pytest.importorskip("pandas")
    assert pd.read_parquet(tmp_path / "slices.parquet").equals(frame)
    assert pd.read_csv(tmp_path / "slices.csv")["Hits()"].tolist() == hits
    assert "3 slices by key" in repr(found)
    cells = sl.evaluate([Pairs(), Hits()], y, p, by=key)
    assert cells.loc["x"][Pairs()] == want["x"][Pairs()]
    for wrong in (
        cells.to_pandas,
        lambda: cells.worst(1, Pairs()),
        lambda: cells.difference(Pairs()),
    ):
        with pytest.raises(ValueError, match="must be numbers"):
            wrong()
    assert "dict" in repr(cells)
