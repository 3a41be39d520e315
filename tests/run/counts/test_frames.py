"""Labels in frames, columns and tensors of other libraries, and in dask's arrays and frames."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import streamloss as sl

from .metrics import Decisions, Hits, Largest, OneVsRest, Pairs, Rows, Truths, pairs, same

da = pytest.importorskip("dask.array")
pd = pytest.importorskip("pandas")
pa = pytest.importorskip("pyarrow")

RNG = np.random.default_rng(77)
N = 400
Y, P = RNG.integers(0, 4, (2, N))
W = RNG.integers(-1, 5, N) / 8
WHERE = RNG.random(N) < 0.8
KEY = RNG.integers(0, 3, N)
NAMES = np.array(["", "b", "über", "c d"], object)
KINDS: dict[str, Any] = {"int": np.arange(4), "text": NAMES}


def polars() -> Any:
    return pytest.importorskip("polars")


def torch(array: Any) -> Any:
    made = pytest.importorskip("torch")
    return made.tensor(array.astype(np.int64)) if array.dtype != object else None


COLUMNS: dict[str, Callable[[Any], Any]] = {
    "pandas": lambda a: pd.Series(a),
    "pandas by an index": lambda a: pd.Series(a, index=range(N, 0, -1)),
    "pandas categories": lambda a: pd.Series(pd.Categorical(a, categories=sorted(set(a))[::-1])),
    "pandas text or Int64": lambda a: pd.Series(a, dtype="string" if a.dtype == object else "Int8"),
    "pandas of Arrow": lambda a: pd.Series(pa.array(a)).convert_dtypes(dtype_backend="pyarrow"),
    "Arrow": lambda a: pa.array(a),
    "Arrow in chunks": lambda a: pa.chunked_array([pa.array(a[:7]), pa.array(a[7:])]),
    "Arrow dictionary": lambda a: pa.array(a).dictionary_encode(),
    "Arrow large": lambda a: pa.array(a, pa.large_string() if a.dtype == object else pa.int16()),
    "polars": lambda a: polars().Series(a.tolist()),
    "polars categories": lambda a: (
        polars().Series(a.tolist(), dtype=polars().Categorical) if a.dtype == object else None
    ),
    "torch": torch,
    "dask": lambda a: da.from_array(a, chunks=90),
}


def check(found: Any, y: Any, p: Any, *rest: Any) -> None:
    want = pairs(y.tolist(), p.tolist(), *rest)
    found = found.compute() if hasattr(found, "compute") else found
    assert found[Pairs()] == want
    total = sum(cell[1] for cell in want.values())
    assert found[Hits()] == float(sum(c[1] for k, c in want.items() if k[0] == k[1]) / total)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", COLUMNS)
def test_columns(name: str, kind: str) -> None:
    y, p = KINDS[kind][Y], KINDS[kind][P]
    a, b = COLUMNS[name](y), COLUMNS[name](p)
    if a is None:
        pytest.skip("it has no text, or nothing else")
    losses = [Pairs(), Hits()]
    check(sl.evaluate(losses, a, b), y, p)
    check(sl.evaluate(losses, a, p, W, where=WHERE), y, p, W, WHERE)
    check(sl.evaluate(losses, y.tolist(), b), y, p)
    acc = sl.Accumulator(losses).update(a, b, W).update(y, p)
    assert acc == sl.Accumulator(losses).update(y, p).update(y, p, W)
    slices = sl.evaluate(losses, a, b, by=KEY)
    slices = slices.compute() if hasattr(slices, "compute") else slices
    for key, results in slices:
        check(results, y[KEY == key], p[KEY == key])


NULLS: dict[str, Callable[[Any], Any]] = {
    "pandas": lambda a: pd.Series(a),
    "pandas Int64 or string": lambda a: pd.Series(
        a, dtype="string" if isinstance(a[0], str) else "Int64"
    ),
    "pandas categories": lambda a: pd.Series(pd.Categorical(a)),
    "Arrow": lambda a: pa.array(a),
    "Arrow dictionary": lambda a: pa.array(a).dictionary_encode(),
    "polars": lambda a: polars().Series(a),
    "list": list,
    "objects": lambda a: np.array(a, object),
    "dask": lambda a: da.from_array(np.array(a, object), chunks=90),
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", NULLS)
def test_nulls(name: str, kind: str) -> None:
    y, p = KINDS[kind][Y].tolist(), KINDS[kind][P]
    for k in (5, 9, 300):
        y[k] = None
    column = NULLS[name](y)
    for nan in ("propagate", "omit"):
        found = sl.evaluate(Pairs(), column, p, nan=nan)
        found = found.compute() if hasattr(found, "compute") else found
        assert same(found, pairs(y, p.tolist(), omit=nan == "omit"))
    acc = sl.Accumulator(Pairs(), nan="omit").update(column, p)
    assert (acc.counts["nan"], acc.counts["elements"]) == (3, N - 3)
    strict = sl.Accumulator(Pairs(), nan="raise")
    with pytest.raises(ValueError, match="nan='raise'"):
        strict.update(column, p)
    assert strict == sl.Accumulator(Pairs(), nan="raise")


FRAMES: dict[str, Callable[[Any], Any]] = {
    "dict": lambda columns: columns,
    "pandas": pd.DataFrame,
    "pyarrow": lambda columns: pa.table(columns),
    "batches": lambda columns: pa.table(columns).to_reader(max_chunksize=33),
    "polars": lambda columns: polars().DataFrame({k: v.tolist() for k, v in columns.items()}),
    "dask": lambda columns: pytest.importorskip("dask.dataframe").from_pandas(
        pd.DataFrame(columns), npartitions=3
    ),
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", FRAMES)
@pytest.mark.parametrize("by", [None, "k"])
def test_frames(name: str, kind: str, by: str | None) -> None:
    y, p = KINDS[kind][Y], KINDS[kind][P]
    columns = {"y": y, "p": p, "w": W, "m": WHERE, "k": KEY}
    how = {"y_true": "y", "y_pred": "p", "weights": "w", "where": "m", "by": by}
    losses: list[Any] = [Pairs(), Hits(), *(["mae", Truths()] if kind == "int" else [])]
    found = sl.evaluate(losses, data=FRAMES[name](columns), **how)
    found = found.compute() if hasattr(found, "compute") else found
    want = sl.evaluate(losses, y, p, W, where=WHERE, by=None if by is None else {"k": KEY})
    if by is None:
        check(found, y, p, W, WHERE)
        assert found == want
        return
    assert found == want
    for key, results in found:
        some = key == KEY
        check(results, y[some], p[some], W[some], WHERE[some])


SCORES = RNG.integers(0, 9, (N, 4)) / 8
CHUNKS = [(N, 4), (90, 4), (90, 3), ((1, N - 1), 2)]


@pytest.mark.parametrize("chunks", CHUNKS)
@pytest.mark.parametrize("by", [None, KEY])
def test_dask_gives_what_memory_gives(chunks: Any, by: Any) -> None:
    lazy = [da.from_array(a, chunks=chunks[: a.ndim]) for a in (Y, SCORES, W)]
    keys = by if by is None else da.from_array(by, chunks=50)
    rows = [Rows(), OneVsRest()]
    want = sl.accumulate(rows, Y, SCORES, W, by=by)
    found = sl.accumulate(rows, *lazy, by=keys).compute()
    assert found == want
    assert found.to_bytes() == want.to_bytes()
    assert sl.Accumulator(rows, by=None if by is None else "key").update(*lazy, by=keys) == want
    truths = RNG.integers(0, 2, SCORES.shape).astype(float)
    points = [Decisions(), "mae", Truths(), Largest()]
    for axis in (None, 0):
        given = da.from_array(truths, chunks=chunks), lazy[1], lazy[2]
        want = sl.accumulate(points, truths, SCORES, W, axis=axis, by=by)
        assert sl.accumulate(points, *given, axis=axis, by=keys).compute() == want


@pytest.mark.parametrize("kind", KINDS)
def test_dask_with_what_is_in_memory(kind: str) -> None:
    y, p = KINDS[kind][Y], KINDS[kind][P]
    mask = np.arange(N) % 7 == 3
    lazy = da.from_array(y, chunks=90)
    others: list[Any] = [p, p.tolist(), pd.Series(p), pd.Categorical(p), pa.array(p)]
    for other in others:
        check(sl.evaluate([Pairs(), Hits()], lazy, other, da.from_array(W, chunks=30)), y, p, W)
    masked = np.ma.array(p, mask=mask)
    check(sl.evaluate([Pairs(), Hits()], lazy, masked), y, p, None, ~mask)
    chunks = da.from_array(np.ma.array(p, mask=mask), chunks=90, asarray=False)
    check(sl.evaluate([Pairs(), Hits()], lazy, chunks), y, p, None, ~mask)
    for wrong in ([1.5] * N, [1, "b"] * (N // 2), [2**53 + 1, 1.0] * (N // 2)):
        with pytest.raises((TypeError, ValueError), match="labels"):
            sl.evaluate(Pairs(), lazy, wrong).compute()
