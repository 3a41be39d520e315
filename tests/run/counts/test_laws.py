"""Sums, copies, windows and ids of cells; threads and the ways of counting; bytes."""

import pickle
import random
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import streamloss as sl
from streamloss.run import choose, threads
from streamloss.run.counts import cells, dense, elements
from tests.exact.test_format import seal

from .metrics import Bins, Decisions, Hits, Largest, OneVsRest, Pairs, Rows, Smallest, Truths, pairs

RNG = np.random.default_rng(5)
SCORES = RNG.integers(0, 9, (60, 3)) / 8
LISTS: dict[str, list[Any]] = {
    "labels": [Pairs(), Hits()],
    "numbers": [Decisions(), "mae", Bins(), Truths(), "r2"],
    "extremes": [Largest(), Smallest(), Decisions()],
    "rows": [Rows(), OneVsRest()],
}


def given_for(kind: str, rows: Any) -> tuple[Any, ...]:
    """The arrays of some rows for losses of a list: weights come for every third row or so."""
    rng = np.random.default_rng(len(rows))
    y = rows % 3
    p = SCORES[rows] if kind == "rows" else (rows * 7 % 3 if kind == "labels" else rows % 9 / 8)
    if kind == "labels" and len(rows) % 5 == 1:
        y, p = y.astype("f4"), p.astype("i1")
    return y, p, rng.integers(-2, 5, len(rows)) / 4 if len(rows) % 2 else None


@pytest.mark.parametrize("kind", LISTS)
@pytest.mark.parametrize("by", [None, "key"])
@given(st.lists(st.lists(st.integers(0, 59), min_size=1, max_size=30), min_size=1, max_size=5))
@settings(max_examples=12)
def test_sums_of_parts(kind: str, by: str | None, cuts: list[list[int]]) -> None:
    losses, batches = LISTS[kind], []
    for cut in cuts:
        rows = np.array(cut)
        batches.append((given_for(kind, rows), None if by is None else rows % 4))
    acc, parts = sl.Accumulator(losses, by=by), []
    for data, keys in batches:
        acc.update(*data, by=keys)
        parts.append(sl.Accumulator(losses, by=by).update(*data, by=keys))
    data = acc.to_bytes()
    assert sl.merge(reversed(parts)) == acc
    assert sum(parts).to_bytes() == data  # type: ignore[attr-defined]
    assert sl.Accumulator.from_bytes(data).to_bytes() == data
    assert pickle.loads(pickle.dumps(acc)).to_bytes() == data
    copy = acc.copy()
    if kind != "extremes":
        assert (acc - parts[0]) + parts[0] == acc
        assert (acc + parts[-1]) - parts[-1] == acc
    assert acc == copy
    copy.update(*batches[0][0], by=batches[0][1])
    assert copy != acc
    assert copy.reset() == sl.Accumulator(losses, by=by)
    assert acc.to_bytes() == data


@pytest.mark.parametrize("losses", [LISTS["labels"], LISTS["numbers"]])
@pytest.mark.parametrize("axis", [None, 0])
def test_rolling_windows(losses: list[Any], axis: int | None) -> None:
    window, panes = sl.Rolling(losses, 3, axis=axis), []
    for k in range(8):
        size = (7, 2000, 30)[k % 3]
        y, p = RNG.integers(0, 2, (2, size, 2)).astype(float)
        panes.append((y, p))
        window.update(y, p)
        last = [np.concatenate(arrays) for arrays in zip(*panes[-3:], strict=True)]
        want = sl.accumulate(losses, *last, axis=axis)
        assert repr(window.result()) == repr(want.result())
        assert window.counts == want.counts
        assert pickle.loads(pickle.dumps(window)) == window
    assert window.copy().reset() == sl.Rolling(losses, 3, axis=axis)


def test_a_window_of_extremes_is_refused_and_stays_as_it_was() -> None:
    window = sl.Rolling(Largest(), 2).update([1.0], [2.0]).update([1.0], [4.0])
    before = window.copy()
    with pytest.raises(ValueError, match="taken out of a largest value"):
        window.update([1.0], [9.0])
    assert window == before
    assert window.result() == 3.0


@pytest.mark.parametrize("by", [None, "key"])
@pytest.mark.parametrize("on_repeat", ["raise", "ignore"])
@pytest.mark.parametrize("size", [0, 9, 3000])
def test_ids_of_batches(by: str | None, on_repeat: str, size: int) -> None:
    losses = [Pairs(), Hits(), Truths()]
    y, p = RNG.integers(0, 3, (2, size))
    key = None if by is None else np.arange(size) % 3
    acc = sl.Accumulator(losses, by=by, on_repeat=on_repeat)
    acc.update(y, p, by=key, batch_id="first").update(p, y, by=key, batch_id=2)
    before, want = acc.copy(), sl.Accumulator(losses, by=by).update(y, p, by=key)
    assert acc == want.update(p, y, by=key)
    assert acc.batches == 2
    if on_repeat == "raise":
        with pytest.raises(ValueError, match="come twice"):
            acc.update(y, p, by=key, batch_id="first")
    else:
        acc.update(y, p, by=key, batch_id="first")
    assert acc == before
    assert sl.Accumulator.from_bytes(acc.to_bytes()).batches == 2
    assert acc.update(y, p, by=key) == want.update(y, p, by=key)
    if size:
        with pytest.raises((TypeError, ValueError)):
            acc.update(np.full(size, 0.5), p, by=key, batch_id=3)
    assert (acc.batches, acc == want) == (2, True)
    part = sl.Accumulator(losses, by=by).update(y, p, by=key, batch_id=3)
    assert acc.merge(part).batches == 3
    assert acc == want.merge(sl.Accumulator(losses, by=by).update(y, p, by=key))


SPREADS: dict[str, Any] = {
    "few": lambda n: RNG.integers(0, 3, n),
    "wide": lambda n: RNG.integers(-(2**18), 2**18, n),
    "growing": lambda n: np.arange(n) // 7 - n // 20,
    "one far": lambda n: np.append(RNG.integers(0, 5, n - 1), 2**60),
    "ends": lambda n: RNG.choice([-(2**63), 2**63 - 1, 0], n),
    "near the limit": lambda n: 2**62 - RNG.integers(-2, 3, n),
}


@pytest.mark.parametrize("spread", SPREADS)
@pytest.mark.parametrize("most", [dense.MOST, 64])
@pytest.mark.parametrize("count", [1, 2, 3])
def test_any_number_of_threads_and_ways_of_counting(
    spread: str, most: int, count: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    size = 12000
    y, p = SPREADS[spread](size), SPREADS["few" if spread == "wide" else spread](size)
    want = pairs(y.tolist(), p.tolist())
    monkeypatch.setattr(dense, "MOST", most)
    monkeypatch.setattr(threads, "PARALLEL", 1 << 30)
    whole = sl.accumulate([Pairs(), Hits(), Decisions()], y, p)
    assert whole.result()[Pairs()] == want
    monkeypatch.setattr(threads, "PARALLEL", 1000)
    monkeypatch.setattr(cells, "AT_ONCE", 3000)
    monkeypatch.setattr(elements, "AT_ONCE", 7001)
    sl.set_num_threads(count)
    found = sl.accumulate([Pairs(), Hits(), Decisions()], y, p)
    assert found.result()[Pairs()] == want
    assert found.to_bytes() == whole.to_bytes()
    acc = sl.Accumulator([Pairs(), Hits(), Decisions()])
    for k in (0, 900, 901, 5000, 11000):
        stop = {0: 900, 900: 901, 901: 5000, 5000: 11000}.get(k, size)
        acc.update(y[k:stop], p[k:stop])
    assert acc.to_bytes() == whole.to_bytes()


@pytest.mark.parametrize("size", [2**19 - 1, 2**19, 2**19 + 1])
@pytest.mark.parametrize("kind", ["labels", "weights", "text", "slices"])
def test_sizes_around_the_first_that_threads_share(size: int, kind: str) -> None:
    y, p = np.resize(RNG.integers(0, 5, (2, 997)), (2, size))
    w = np.resize(RNG.integers(0, 9, 1001) / 8, size) if kind == "weights" else None
    keys = np.arange(size) % 3 if kind == "slices" else None
    if kind == "text":
        y, p = np.array(list("abcde"))[y], np.array(list("abcde"))[p]
    acc = sl.Accumulator(Hits(), by=None if keys is None else "key").update(y, p, w, by=keys)
    heavy = np.ones(size) if w is None else w
    if keys is None:
        assert acc.result() == heavy[y == p].sum() / heavy.sum()
    else:
        want = [np.mean(y[keys == k] == p[keys == k]) for k in range(3)]
        assert acc.result().values.tolist() == want
    cut = size // 3
    parts = sl.Accumulator(Hits(), by=None if keys is None else "key")
    for rows in (slice(0, cut), slice(cut, size)):
        some = [a if a is None else a[rows] for a in (y, p, w, keys)]
        parts.update(*some[:3], by=some[3])
    assert parts == acc


@pytest.mark.parametrize("kind", LISTS)
@pytest.mark.parametrize("by", [None, "key"])
def test_damaged_bytes_are_refused_or_read_whole(kind: str, by: str | None) -> None:
    rows = np.arange(9)
    acc = sl.Accumulator(LISTS[kind], by=by)
    acc.update(*given_for(kind, rows), by=None if by is None else rows % 2)
    data, rng = acc.to_bytes(), random.Random(3)
    for at in rng.sample(range(len(data)), 150):
        damaged = bytearray(data)
        damaged[at] ^= 1 << rng.randrange(8)
        with pytest.raises(ValueError, match="data"):
            sl.Accumulator.from_bytes(bytes(damaged))
        with pytest.raises(ValueError, match="data"):
            sl.Accumulator.from_bytes(data[:at])
    body, read, longest = data[36:], 0, 0
    version = body.index(b"written_by"), body.index(b"}", body.index(b"written_by"))
    for at in sorted(rng.sample(range(len(body)), 280)):
        if version[0] <= at <= version[1]:  # which readers ignore
            continue
        for value in {body[at] ^ 1, body[at] ^ 0x80, 0, 255, rng.randrange(256)} - {body[at]}:
            wrong = seal(body[:at] + bytes([value]) + body[at + 1 :])
            try:
                found = sl.Accumulator.from_bytes(wrong)
            except ValueError as error:
                longest = max(longest, len(str(error)))
            else:
                read += 1
                assert found.to_bytes() == wrong
    assert read > 2
    assert longest < 400


def test_the_budget_of_small_batches_ends_without_a_change(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(choose, "SMALL", 1024)
    monkeypatch.setattr(choose, "_taken", {})
    losses = [Pairs(), Truths(), Decisions(), Largest(), "mae"]
    acc, seen = sl.Accumulator(losses), []
    for size in [100] * 40 + [1023, 1024, 1025, 1, 3000]:
        y, p = RNG.integers(0, 3, (2, size))
        seen.append((y, p))
        acc.update(y, p)
    whole = [np.concatenate(arrays) for arrays in zip(*seen, strict=True)]
    assert acc == sl.accumulate(losses, *whole)
    assert acc.result()[Pairs()] == pairs(*[array.tolist() for array in whole])
