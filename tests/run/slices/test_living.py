"""Batches that are refused, of any kind, leave an accumulator with keys as it was."""

import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

import streamloss as sl
from streamloss.run import choose, threads
from streamloss.run.slices import living

from .tables import check

N = 200
BY = np.arange(N) % 3
Y, P = np.random.default_rng(5).standard_normal((2, N))
NANS = np.where(np.arange(N) == 3, np.nan, Y)


def accumulator(**options: Any) -> sl.Accumulator:
    """An accumulator of one key."""
    return sl.Accumulator("mae", by="key", **options)


def test_values_of_dictionaries_that_no_row_has_are_no_slices() -> None:
    acc = accumulator(max_slices=1).update(Y, P, by=np.ones(N, bool))
    acc.update(Y, P, by=np.ones(N, bool))
    assert len(acc.result()) == 1
    acc = accumulator(max_slices=3)
    for few in ("ab", "ac", "bc"):
        acc.update(Y[:2], P[:2], by=pd.Categorical(list(few), categories=list("xyzabcdefgh")))
    assert list(acc.result().by["key"]) == ["a", "b", "c"]
    with pytest.raises(ValueError, match=r"max_slices=3 different keys: got 4$"):
        acc.update(Y[:2], P[:2], by=pd.Categorical(list("ad"), categories=list("adx")))
    with pytest.raises(ValueError, match=r"max_slices=3 different keys: got more$"):
        acc.update(Y[:4], P[:4], by=pd.Categorical(list("defg")))
    assert len(acc.result()) == 3


def test_there_are_as_many_slices_as_allowed_however_data_is_cut() -> None:
    acc = accumulator(max_slices=4).update(Y, P, by=BY).update(Y, P, np.ones(N), by=BY + 1)
    with pytest.raises(ValueError, match=r"different keys: got 7$"):
        acc.update(Y, P, np.ones(N), by=BY + 4)
    acc.update(Y, P, np.ones(N), by=BY).update(Y, P, by=BY + 1)
    with pytest.raises(ValueError, match=r"different keys: got 5$"):
        acc + accumulator(max_slices=4).update(Y, P, by=BY + 2)
    check(acc, (np.tile(Y, 4), np.tile(P, 4)), {"key": np.r_[BY, BY + 1, BY, BY + 1]}, "mae")


@pytest.mark.parametrize("small", [0, 1024])
def test_rows_without_a_key_are_no_slice_that_counts(
    small: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(choose, "SMALL", small)
    monkeypatch.setattr(choose, "_taken", {})
    acc = accumulator(max_slices=3).update(Y, P, by=[None, 1, 2, 3] * (N // 4))
    assert len(acc.update(Y, P, by=[None, 1, 2, 3] * (N // 4)).result()) == 4
    with pytest.raises(ValueError, match="different keys"):
        acc.update(Y, P, by=[None, 1, 2, 4] * (N // 4))


BAD: dict[str, Callable[[sl.Accumulator], Any]] = {
    "NaN": lambda acc: acc.update(NANS, P, by=BY + 100),
    "a NaN in one slice": lambda acc: acc.update(NANS, P, by=np.where(NANS == NANS, BY, 100)),
    "too many slices": lambda acc: acc.update(Y, P, by=np.arange(N)),
    "a million of them": lambda acc: acc.update(
        np.zeros(10**6), np.zeros(10**6), by=np.arange(10**6) * 7919
    ),
    "another kind": lambda acc: acc.update(Y, P, by=np.full(N, "a")),
    "floats": lambda acc: acc.update(Y, P, by=BY * 1.0),
    "length": lambda acc: acc.update(Y, P, by=BY[1:]),
    "two axes": lambda acc: acc.update(Y, P, by=np.tile(BY, (2, 1))),
    "objects": lambda acc: acc.update(Y, P, by=[object()] * N),
    "other names": lambda acc: acc.update(Y, P, by={"other": BY}),
    "two keys": lambda acc: acc.update(Y, P, by=(BY, BY)),
    "none": lambda acc: acc.update(Y, P),
    "weights": lambda acc: acc.update(Y, P, np.ones(N + 1), by=BY + 100),
    "mask": lambda acc: acc.update(Y, P, where=np.ones(N + 1, bool), by=BY + 100),
    "text": lambda acc: acc.update(["a"] * N, P, by=BY + 100),
    "another loss": lambda acc: acc.merge(sl.Accumulator("mse", by="key").update(Y, P, by=BY)),
    "no keys": lambda acc: acc.merge(sl.Accumulator("mae", nan="raise").update(Y, P)),
}


@pytest.mark.parametrize("cut", [1, 3])
@pytest.mark.parametrize("small", [0, 1024])
@pytest.mark.parametrize("kind", BAD)
def test_a_batch_that_is_refused_changes_nothing(
    kind: str, small: int, cut: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(choose, "SMALL", small)
    monkeypatch.setattr(choose, "_taken", {})
    acc = accumulator(max_slices=6, nan="raise").update(Y, P, by=BY)
    before, rows = acc.copy(), [BY]
    for k in range(cut):
        with pytest.raises((TypeError, ValueError)):
            BAD[kind](acc)
        assert acc == before
        acc.update(Y, P, by=BY + k)
        before, rows = acc.copy(), [*rows, BY + k]
    data = np.tile(Y, len(rows)), np.tile(P, len(rows))
    check(acc, data, {"key": np.concatenate(rows)}, "mae", nan="raise")


def test_text_that_is_refused_does_not_come_back() -> None:
    wrong, right = np.array(["a", "b\ud800"] * (N // 2)), np.array(["a", "cc", "d", "a"] * (N // 4))
    for names in (("key",), ("key", "other")):
        by = [dict.fromkeys(names, column) for column in (wrong, right)]
        acc = sl.Accumulator("mae", by=names).update(Y, P, by=by[1])
        with pytest.raises(ValueError, match="whole characters"):
            acc.update(Y, P, by=by[0])
        more = dict.fromkeys(names, np.array(["a", "e"] * (N // 2)))
        acc.update(Y, P, by=more)
        both = {name: np.r_[by[1][name], more[name]] for name in names}
        check(acc, (np.tile(Y, 2), np.tile(P, 2)), both, "mae")


def test_cells_that_have_no_number_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(living, "CELLS", 20)
    acc = sl.Accumulator("mae", axis=0, by="key").update(
        np.ones((6, 4)), np.zeros((6, 4)), by=[0, 1] * 3
    )
    before = acc.copy()
    with pytest.raises(ValueError, match="less than 20 cells together: got 7 slices of 4"):
        acc.update(np.ones((6, 4)), np.zeros((6, 4)), by=[0, 1, 2, 3, 4, 5])
    assert acc == before


@pytest.mark.parametrize("threads_", [1, 4])
def test_a_batch_that_is_refused_in_several_threads(
    threads_: int, monkeypatch: pytest.MonkeyPatch, rng: np.random.Generator
) -> None:
    monkeypatch.setattr(threads, "PARALLEL", 1000)
    monkeypatch.setattr(living, "LEAST", 500)
    sl.set_num_threads(threads_)
    y, p = rng.standard_normal((2, 20_000))
    by = rng.integers(0, 40, 20_000)
    acc = accumulator(max_slices=50).update(y, p, by=by)
    before = acc.copy()
    for k in range(3):
        with pytest.raises(ValueError, match="max_slices=50"):
            acc.update(y, p, by=by + 100 * k + np.arange(20_000) // 100)
        assert acc == before
    acc.update(y, p, by=by + 10)
    check(acc, (np.tile(y, 2), np.tile(p, 2)), {"key": np.r_[by, by + 10]}, "mae")


@pytest.mark.parametrize("before", [0, 200_000])
def test_rows_without_elements_are_counted(before: int) -> None:
    acc = sl.Accumulator("mae", by="key")
    if before:  # then near rows are there
        acc.update(np.zeros((before, 2)), np.ones((before, 2)), by=np.zeros(before, np.int64))
    acc.update(np.zeros((3, 0)), np.zeros((3, 0)), by=[1, 2, 1])
    assert acc.result().counts["rows"].tolist() == [before, 2, 1][not before :]
    assert acc.counts["rows"] == before + 3


def test_threads_with_dictionaries_of_their_own(rng: np.random.Generator) -> None:
    acc = sl.Accumulator("mae", by="key")
    arrays = [pa.array([f"{k}-{j}" for j in range(50)]) for k in range(4)]
    codes = pa.array(rng.integers(0, 50, 500).astype(np.int32))
    y = np.zeros(500)

    def work(words: Any) -> None:
        for _ in range(200):
            acc.update(y, y, by=pa.DictionaryArray.from_arrays(codes, words))

    helpers = [threading.Thread(target=work, args=(words,)) for words in arrays]
    for helper in helpers:
        helper.start()
    for helper in helpers:
        helper.join()
    found = dict(zip(acc.result().by["key"], acc.result().counts["rows"], strict=True))
    each = np.bincount(codes.to_numpy(), minlength=50) * 200
    assert found == {f"{k}-{j}": each[j] for k in range(4) for j in range(50) if each[j]}


def test_tables_without_slices_keep_their_axes() -> None:
    acc = sl.Accumulator("mae", axis=0, by="key")
    acc.update(np.zeros((0, 3)), np.zeros((0, 3)), by=np.zeros(0, np.int64))
    assert acc.shape == (3,)
    assert acc.result().values.shape == (0, 3)
    other = sl.Accumulator("mae", axis=0, by="key")
    other.update(np.ones((2, 3)), np.zeros((2, 3)), by=[1, 2], batch_id="a")
    other.update(np.zeros((0, 3)), np.zeros((0, 3)), by=np.zeros(0, np.int64))
    assert other.result().values.tolist() == [[1.0] * 3] * 2


@pytest.mark.parametrize("size", [1, 3000])
@pytest.mark.parametrize(
    ("first", "second"),
    [
        (np.array([-1]), np.array([2**63], np.uint64)),
        (np.array(["9999-01-01"], "M8[s]"), np.array(["2000-01-01"], "M8[ns]")),
    ],
)
def test_keys_beyond_the_range_of_others_change_nothing(first: Any, second: Any, size: int) -> None:
    acc = sl.Accumulator("mae", by="key")
    numbers = np.ones(size), np.zeros(size)
    for one, other in ((first, second), (second, first)):
        acc.reset().update(*numbers, by=np.repeat(one, size))
        before = acc.copy()
        with pytest.raises(ValueError, match="by 'key'"):
            acc.update(*numbers, by=np.repeat(other, size))
        assert acc == before
        assert acc.update(*numbers, by=np.repeat(one, size)).counts["elements"] == 2 * size
