"""The laws of slices, through the public interface: exact, whatever the order, cut and layout."""

import itertools
import multiprocessing
import os
import pickle
import random
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from typing import Any, NamedTuple
from unittest import mock

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import streamloss as sl
from streamloss.run import choose, threads
from streamloss.run.slices import living, near

INF, NAN = float("inf"), float("nan")
TINY, LARGEST = 5e-324, 1.7976931348623157e308


class Row(NamedTuple):
    """A row of data: its keys, what it adds, its weight, and whether it counts."""

    first: int | None
    second: str | None
    y: float
    w: float
    where: bool


FINITE = st.floats(allow_nan=False, allow_infinity=False)
TERMS = (
    FINITE | st.sampled_from([1.0, -1.0, 0.1, 1e300, -1e300, 1e-300, TINY, -TINY, LARGEST]) | FINITE
)
WILD = TERMS | st.sampled_from([NAN, INF, -INF])
FIRST = st.none() | st.integers(-2, 2) | st.sampled_from([2**63 - 1, -(2**63)])
SECOND = st.none() | st.sampled_from(["", "a", "b", "é", "a\0b", "missing", "<script>", "\n"])
WEIGHT = st.just(1.0) | st.floats(-1e3, 1e3) | st.sampled_from([0.0, 1e-200, 1e200])
ROW = st.builds(Row, FIRST, SECOND, WILD, WEIGHT, st.booleans() | st.just(True))
ROWS = st.lists(ROW, max_size=30)
LOSSES = ["mae", "mse"]
NAMES = "first", "second"


@contextmanager
def told(seed: int) -> Iterator[random.Random]:
    """Have batches taken in any of the ways there are, and layouts of any kind."""
    rng = random.Random(seed)
    light = rng.choice([1 << 20, 2])
    with mock.patch.multiple(near, LIGHT=light, ROUND=2 * light, LOG=rng.choice([1 << 16, 1])):
        with mock.patch.multiple(
            near, PENDING=rng.choice([1 << 21, 1]), COPIED=rng.choice([0, 128])
        ):
            with mock.patch.multiple(
                living, FIRST=rng.choice([1, 1 << 10]), LEAST=rng.choice([1, 99])
            ):
                with mock.patch.object(threads, "PARALLEL", rng.choice([1, 1 << 19])):
                    with mock.patch.multiple(choose, SMALL=rng.choice([0, 1024]), _taken={}):
                        sl.set_num_threads(rng.randint(1, 4))
                        yield rng


def accumulator(names: Any = NAMES, **options: Any) -> sl.Accumulator:
    """An accumulator of both losses."""
    return sl.Accumulator(LOSSES, by=names, **options)


def added(acc: sl.Accumulator, rows: list[Row], names: Any = NAMES) -> sl.Accumulator:
    """Add rows, with some of their keys."""
    y, w = np.array([row.y for row in rows]), np.array([row.w for row in rows])
    mask = np.array([row.where for row in rows], bool)
    by = {name: [getattr(row, name) for row in rows] for name in names}
    with np.errstate(all="ignore"):
        return acc.update(y, np.zeros(len(y)), w, where=mask, by=by)


def by_keys(rows: list[Row]) -> dict[Any, list[Row]]:
    """The rows of each key, in the order of keys, a missing one last."""
    keys = {(row.first, row.second) for row in rows}
    order = sorted(keys, key=lambda key: tuple((k is None, 0 if k is None else k) for k in key))
    return {key: [row for row in rows if row[:2] == key] for key in order}


def mixed(rng: random.Random, rows: list[Row]) -> list[list[Row]]:
    """The same rows in another order, cut somehow."""
    rows = rng.sample(rows, len(rows))
    cuts = sorted(rng.choices(range(len(rows) + 1), k=rng.randint(0, 3)))
    return [rows[a:b] for a, b in itertools.pairwise([0, *cuts, len(rows)])]


def merged(rng: random.Random, accs: list[sl.Accumulator]) -> sl.Accumulator:
    """The sum of accumulators, by any tree."""
    accs = [*accs]
    while len(accs) > 1:
        a, b = (accs.pop(rng.randrange(len(accs))) for _ in range(2))
        accs.append(a + b)
    return accs[0]


def rounded(number: Any) -> float:
    """The float64 next to a number."""
    try:
        return float(number)
    except OverflowError:
        return INF if number > 0 else -INF


def are_same(*accs: sl.Accumulator) -> bool:
    """Whether accumulators are equal, as bytes too."""
    return len({acc.to_bytes() for acc in accs}) == 1 and all(acc == accs[0] for acc in accs)


# Every slice is what its rows are


def keys_of(found: Any) -> list[Any]:
    """The keys of all slices."""
    columns = [found.by[name].tolist() for name in NAMES]
    return [
        tuple(None if item is None or item != item else item for item in key)
        for key in zip(*columns, strict=True)
    ]


@given(ROWS, st.integers(0, 999), st.sampled_from(["mean", "sum", "sum_by_nonzero_weights"]))
@settings(max_examples=60)
def test_a_slice_is_what_evaluate_gives_for_its_rows(
    rows: list[Row], seed: int, reduction: str
) -> None:
    with told(seed):
        found = added(accumulator(), rows).result(reduction)
        wanted = by_keys(rows)
        assert keys_of(found) == [*wanted]
        for k, some in enumerate(wanted.values()):
            y, w = np.array([row.y for row in some]), np.array([row.w for row in some])
            mask = np.array([row.where for row in some])
            with np.errstate(all="ignore"):
                want = sl.evaluate(LOSSES, y, np.zeros(len(y)), w, where=mask, reduction=reduction)
            assert {name: repr(float(found[name][k])) for name in LOSSES} == {
                name: repr(value) for name, value in want.items()
            }
            assert found.counts["masked"][k] == (~mask).sum()


@given(st.lists(st.tuples(st.integers(0, 3), TERMS), min_size=1, max_size=60), st.integers(0, 999))
@settings(max_examples=60)
def test_sums_and_means_are_those_of_fractions(rows: list[Any], seed: int) -> None:
    with told(seed):
        keys, y = [key for key, _ in rows], np.array([term for _, term in rows])
        found = [
            sl.evaluate("value", y, by=keys, reduction=reduction) for reduction in ("sum", "mean")
        ]
    for k, key in enumerate(sorted(set(keys))):
        some = [Fraction(term) for other, term in rows if other == key]
        for res, want in zip(found, (sum(some), sum(some) / len(some)), strict=True):
            assert res["value"][k] == rounded(want)


def test_alternating_terms_of_the_ends_of_the_range() -> None:
    y = np.tile([1e300, 1e-300, -1e300, 1e-300], 5000)
    by = np.arange(y.size) // 4 % 3
    found = sl.evaluate("value", y, by=by, reduction="sum")
    for k in range(3):
        assert found["value"][k] == float(2 * int((by == k).sum() // 4) * Fraction(1e-300))


# Whatever the order, the cut, the threads and the tree


@given(ROWS, st.integers(0, 999), st.integers(0, 999))
@settings(max_examples=80)
def test_order_cuts_threads_and_trees_change_nothing(rows: list[Row], a: int, b: int) -> None:
    with told(a):
        whole = added(accumulator(), rows)
    with told(b) as rng:
        parts = [added(accumulator(), part) for part in mixed(rng, rows)]
        one = accumulator()
        for part in mixed(rng, rows):
            added(one, part)
        assert are_same(merged(rng, parts), one, whole)
        assert whole.tally.state == sum(parts).tally.state


@given(ROWS, st.integers(0, 999))
@settings(max_examples=60)
def test_cells_add_up_to_the_whole_and_fewer_keys_are_a_rollup(rows: list[Row], seed: int) -> None:
    with told(seed):
        acc = added(accumulator(), rows)
        y, w = np.array([row.y for row in rows]), np.array([row.w for row in rows])
        mask = np.array([row.where for row in rows], bool)
        with np.errstate(all="ignore"):
            assert (
                acc.tally.state
                == sl.accumulate(LOSSES, y, np.zeros(len(y)), w, where=mask).tally.state
            )
        for names in (("first",), ("second",)):
            few = added(accumulator(names), rows, names)
            assert acc.tally.known.rollup(names) == few.tally.known


@given(ROWS, ROWS, st.integers(0, 999))
@settings(max_examples=80)
def test_what_was_added_can_be_taken_out(a: list[Row], b: list[Row], seed: int) -> None:
    with told(seed) as rng:
        first, second = added(accumulator(), a), accumulator()
        for part in mixed(rng, b):
            added(second, part)
        both = first + second
        assert are_same(both - second, first)
        assert are_same(both - first, second)
        assert are_same(both - both, second - second)
        assert len((both - both).result()) == 0
        copies = first.copy(), pickle.loads(pickle.dumps(first))
        assert are_same(first, *copies, sl.Accumulator.from_bytes(first.to_bytes()))
        assert are_same(added(both - second, b), both)


def test_what_is_not_finite_leaves_with_its_slice() -> None:
    y = np.array([1.0, NAN, INF, -INF, 2.0, INF])
    a = sl.accumulate("value", y[:1], by=["a"])
    with np.errstate(all="ignore"):
        b = sl.accumulate("value", y, by=["a", "a", "b", "c", "d", "c"])
        found = (a + b).result("sum")
    assert [repr(float(x)) for x in found["value"]] == ["nan", "inf", "nan", "2.0"]
    assert are_same((a + b) - b, a)
    assert ((a + b) - b).result("sum")["value"].tolist() == [1.0]
    assert ((a + b) - a) == b


# However keys are held


def held(values: list[Any]) -> list[Any]:
    """The same keys as arrays, categories and dictionaries of other orders."""
    names = [*dict.fromkeys(value for value in values if value is not None)]
    categories = (
        [*reversed(names), "unused"] if isinstance((names or [""])[0], str) else names[::-1]
    )
    series = pd.Categorical(values, categories=categories)
    chunks = [pa.array(values[:3]).dictionary_encode(), pa.array(values[3:]).dictionary_encode()]
    return [
        values,
        np.array(values, object),
        series,
        pd.Series(series),
        pa.chunked_array(chunks),
        pa.array(values),
    ]


@pytest.mark.parametrize(
    "values",
    [
        ["b", "a", None, "b", "ccc", "", "a", "é" * 9],
        [3, -1, None, 2**62, 3, -(2**63), 2**63 - 1, 0],
        ["x"] * 8,
    ],
)
def test_how_keys_are_held_changes_nothing(values: list[Any]) -> None:
    y = np.arange(8.0) ** 3
    want = sl.accumulate("mae", y, -y, by=values)
    for each in held(values):
        acc = sl.accumulate("mae", y, -y, by=each)
        assert acc.tally.known == want.tally.known
    for orders in itertools.permutations(held(values), 2):
        acc = sl.Accumulator("mae", by="key")
        for each in orders:
            acc.update(y, -y, by=each)
        assert acc.tally.known == (want + want).tally.known


def test_text_of_a_width_that_changes() -> None:
    acc, columns = sl.Accumulator("mae", by="key"), []
    for width in (1, 9, 2, 17, 1):
        columns.append(np.array(["ab" * 9, "a", "", "ac" * 9], f"U{width}"))
        acc.update(np.ones(4), np.zeros(4), by=columns[-1])
    whole = sl.accumulate("mae", np.ones(20), np.zeros(20), by=np.concatenate(columns))
    assert acc.tally.known == whole.tally.known
    assert len(whole.result()) == 8


def test_declared_kinds_meet() -> None:
    acc = sl.Accumulator("mae", by={"key": "int"})
    acc.update([1.0, 2.0], [0.0, 0.0], by=[1, 2]).update([1.0, 2.0], [0.0, 0.0], by=[2.0, NAN])
    acc.update([1.0], [0.0], by=np.array([2**64 - 1], np.uint64)).update([4.0], [0.0], by=[None])
    found = acc.result("sum")
    assert [*found.by["key"].tolist()] == [1, 2, 2**64 - 1, None]
    assert found["mae"].tolist() == [1.0, 3.0, 1.0, 6.0]
    with pytest.raises(ValueError, match=r"must be ints: got 0.5"):
        acc.update([1.0], [0.0], by=[0.5])


# Threads and processes


def test_several_threads_update_one_accumulator() -> None:
    rng = np.random.default_rng(7)
    y, keys = rng.standard_normal(8000), rng.integers(-(10**12), 10**12, 8000)
    keys[::2] = rng.integers(0, 900, 4000)
    text = np.array([f"t{k % 700}" for k in keys])
    want = sl.accumulate("mae", y, -y, by={"a": keys, "b": text})
    acc = sl.Accumulator("mae", by=("a", "b"))
    errors: list[BaseException] = []

    def work(k: int) -> None:
        try:
            for j in range(k, 80, 4):
                some = slice(100 * j, 100 * j + 100)
                acc.update(y[some], -y[some], by={"a": keys[some], "b": text[some]})
                acc.counts  # noqa: B018  # it reads what others write
        except BaseException as error:
            errors.append(error)

    workers = [threading.Thread(target=work, args=(k,)) for k in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert not errors
    assert acc.tally.known == want.tally.known


@pytest.mark.parametrize("kind", ["near", "hashed", "text", "crossed"])
def test_new_keys_of_several_threads(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threads, "PARALLEL", 1000)
    monkeypatch.setattr(living, "LEAST", 64)
    rng = np.random.default_rng(8)
    y, keys = rng.standard_normal(30_000), rng.integers(0, 9000, 30_000)
    numbers = keys * 10**14 - 2**62
    by = {
        "near": (keys,),
        "hashed": (numbers,),
        "text": (keys.astype("U"),),
        "crossed": (keys, numbers % 7, keys.astype("U")),
    }[kind]
    names = tuple("abc"[: len(by)])
    found = []
    for count in (1, 2, 4):
        sl.set_num_threads(count)
        acc = sl.Accumulator("mae", by=names).update(y, -y, by=by)
        found.append(acc.update(-y, y, by=tuple(each[::-1] for each in by)))
    assert found[0] == found[1] == found[2]
    sums = np.bincount(keys, minlength=9000)[np.unique(keys)]
    assert found[0].tally.known.rollup((names[0],)).cells.elements.sum() == 2 * sums.sum()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
def test_forks() -> None:
    y, keys = np.arange(5000.0), np.arange(5000) % 300
    acc = sl.accumulate("mae", y, -y, by=keys)
    with multiprocessing.get_context("fork").Pool(2) as pool:
        parts = pool.starmap(_part, [(acc, y, keys)] * 2)
    acc.update(y, -y, by=keys)
    assert parts == [acc, acc]


def _part(acc: sl.Accumulator, y: Any, keys: Any) -> sl.Accumulator:
    return acc.update(y, -y, by=keys)


# What the bounds of groups are


@pytest.mark.parametrize("scale", [TINY, 1e-300, 1.0, 1e300, LARGEST / 8])
@pytest.mark.parametrize("groups", [1, 3, 2000])
def test_one_row_a_group_and_all_in_one(scale: float, groups: int) -> None:
    count = 2000
    y = np.where(np.arange(count) % 3 == 0, -scale, scale)
    by = np.arange(count) % groups
    found = sl.evaluate("value", y, by=by, reduction="sum")
    sums = [sum(map(Fraction, y[by == k].tolist())) for k in range(groups)]
    assert found["value"].tolist() == [rounded(each) for each in sums]
    assert found.overall["value"] == rounded(sum(sums))
