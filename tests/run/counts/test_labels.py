"""Labels of any kind, in anything that has some, are the same labels."""

import datetime
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import streamloss as sl

from .metrics import Hits, Pairs, pairs, same

RNG = np.random.default_rng(8)
Y, P = RNG.integers(0, 4, (2, 300))
WORDS = np.array(["", "b", "über", "Zeit und Raum"])
W = RNG.integers(-2, 5, 300) / 8


def found(y: Any, p: Any, **options: Any) -> Any:
    """The cells of labels, checked against what other ways of asking say."""
    acc = sl.accumulate([Hits(), Pairs()], y, p, **options)
    result = acc.result()
    again = sl.evaluate([Hits(), Pairs()], y, p, **options)
    assert all(same(again[loss], result[loss]) for loss in (Hits(), Pairs()))
    assert sl.Accumulator.from_bytes(acc.to_bytes()) == acc
    return result[Pairs()]


DTYPES = "?", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f2", "f4", "f8", ">i2", ">i8", ">f4"


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("other", ["i8", "f4", None])
@pytest.mark.parametrize("repeat", [1, 20])
def test_numbers_of_all_dtypes(dtype: str, other: str | None, repeat: int) -> None:
    y, p = np.tile(Y, repeat), np.tile(P, repeat)
    if dtype == "?":
        y = y % 2
    want = pairs(y.tolist(), p.tolist())
    second = p.tolist() if other is None else p.astype(other)
    assert found(y.astype(dtype), second) == want
    wide = np.repeat(y.astype(dtype), 2)[::2]
    assert found(wide, np.repeat(p, 2)[::2]) == want


INT = np.iinfo(np.int64)
FAR: dict[str, tuple[list[int], Any]] = {
    "extremes": ([INT.min, INT.max, 0, -1], np.int64),
    "unsigned": ([2**63, 2**64 - 1, 2**63 - 1, 0], np.uint64),
    "far apart": ([10**15, -(10**15), 3, 7], np.int64),
    "near the end": ([INT.max, INT.max - 1, INT.max - 2, INT.max - 3], np.int64),
    "near the beginning": ([INT.min, INT.min + 1, INT.min + 2, INT.min + 3], np.int64),
    "beyond floats": ([2**53, 2**53 + 1, 2**53 + 2, 2**53 + 3], np.int64),
}


@pytest.mark.parametrize("which", FAR)
@pytest.mark.parametrize("size", [50, 300, 9000])
def test_numbers_far_from_zero(which: str, size: int) -> None:
    values, dtype = FAR[which]
    array = np.array(values, dtype)
    y, p = np.resize(Y, size), np.resize(P, size)
    want = pairs([values[k] for k in y], [values[k] for k in p])
    assert found(array[y], array[p]) == want
    assert found([values[k] for k in y], tuple(values[k] for k in p)) == want
    assert found(array[y].astype(object), array[p]) == want
    acc = sl.Accumulator(Pairs()).update(Y, P).update(array[y], array[p])
    assert (
        acc.update(-Y, P + 9).result()
        == pairs(
            [*Y.tolist(), *(values[k] for k in y), *(-Y).tolist()],
            [*P.tolist(), *(values[k] for k in p), *(P + 9).tolist()],
        )
        if which != "unsigned"
        else True
    )


def test_negative_labels_beside_unsigned_ones() -> None:
    acc = sl.Accumulator([Pairs(), Hits()]).update([-1, 3], [-1, 3])
    before = acc.copy()
    with pytest.raises(ValueError, match="labels"):
        acc.update(np.array([2**63], np.uint64), np.array([1]))
    assert acc == before
    found = sl.evaluate([Pairs(), Hits()], np.array([2**64 - 1, 5], np.uint64), np.array([-1, 5]))
    assert found == {Pairs(): pairs([2**64 - 1, 5], [-1, 5]), Hits(): 0.5}


@pytest.mark.parametrize("size", [300, 3000])
def test_a_list_of_integers_and_floats_loses_nothing(size: int) -> None:
    with pytest.raises(TypeError, match="labels"):
        sl.evaluate(Pairs(), [2**53 + 1, 1.0] * size, [1, 1] * size)
    assert found([3, 1.0] * size, [1, True] * size) == pairs([3, 1] * size, [1, 1] * size)
    assert found([math.nan, 1, 2.0] * size, [1, 1, 2] * size, nan="omit") == pairs(
        [1, 2] * size, [1, 2] * size
    )
    assert found([2.0**60, 1.0] * size, [2**60, 1] * size) == pairs(
        [2**60, 1] * size, [2**60, 1] * size
    )


TEXTS: dict[str, Callable[[Any], Any]] = {
    "fixed width": lambda a: a,
    "objects": lambda a: a.astype(object),
    "a list": lambda a: a.tolist(),
    "a tuple": lambda a: tuple(a.tolist()),
    "numpy's strings": lambda a: a.astype(np.dtypes.StringDType()),
    "every second": lambda a: np.repeat(a, 2)[::2],
    "rows": lambda a: a.reshape(-1, 2),
    "rows of objects": lambda a: a.astype(object).reshape(-1, 2),
    "lists of lists": lambda a: a.reshape(-1, 2).tolist(),
}


@pytest.mark.parametrize("kind", TEXTS)
@pytest.mark.parametrize("repeat", [1, 20])
def test_text(kind: str, repeat: int) -> None:
    y, p = np.tile(WORDS[Y], repeat), np.tile(WORDS[P], repeat)
    w = np.tile(W, repeat)
    make = TEXTS[kind]
    shaped = w.reshape(-1, 2) if "rows" in kind or "lists" in kind else w
    assert found(make(y), make(p)) == pairs(y.tolist(), p.tolist())
    want = pairs(y.tolist(), p.tolist(), w)
    assert found(make(y), make(p), weights=shaped) == want


@pytest.mark.parametrize("repeat", [1, 20])
def test_bytes(repeat: int) -> None:
    words = [word.encode() for word in WORDS.tolist()]
    y, p = [words[k] for k in np.tile(Y, repeat)], [words[k] for k in np.tile(P, repeat)]
    want = pairs(y, p)
    assert found(y, p) == want
    assert found(np.array(y), np.array(p, object)) == want


def test_missing_labels_of_objects() -> None:
    y, p = WORDS[Y].tolist(), WORDS[P].tolist()
    y[3], p[7], y[9] = None, None, math.nan
    assert same(found(y, p), math.nan)
    assert found(y, p, nan="omit") == pairs(y, p, omit=True)
    assert found(np.array(y, object), p, nan="omit") == pairs(y, p, omit=True)
    with pytest.raises(ValueError, match="3 elements have a NaN"):
        found(y, p, nan="raise")
    w = W.copy()
    w[[3, 7, 9]] = 0.0
    assert found(y, p, weights=w) == pairs(y, p, w)
    where = ~np.isin(np.arange(300), [3, 7, 9])
    assert found(y, p, where=where) == pairs(y, p, where=where)


def test_times_of_several_units() -> None:
    days = np.array(["2024-02-28", "2024-02-29", "1969-12-31", "2100-01-01"], "M8[D]")
    want = pairs(*[[datetime.datetime.fromisoformat(str(days[k])) for k in x] for x in (Y, P)])
    assert found(days[Y].astype("M8[s]"), days[P]) == want
    acc = sl.Accumulator(Pairs()).update(days[Y[:9]], days[P[:9]])
    acc.update(days[Y[9:]].astype("M8[us]"), days[P[9:]])
    assert acc.result() == want


@pytest.mark.parametrize("size", [300, 3000])
def test_masked_arrays(size: int) -> None:
    y, p = np.resize(Y, size), np.resize(P, size)
    y[5], mask = 77, np.arange(size) % 6 == 5
    want = pairs(y.tolist(), p.tolist(), where=~mask)
    assert 77 not in {key[0] for key in want}
    assert found(np.ma.array(y, mask=mask), p) == want
    assert found(y, np.ma.array(p, mask=mask)) == want
    assert found(y, p, where=~mask) == want
    text = np.ma.array(y.astype("U2"), mask=mask), p.astype("U2")
    assert found(*text) == pairs(y.astype("U2").tolist(), p.astype("U2").tolist(), where=~mask)
    acc = sl.accumulate(Pairs(), np.ma.array(y, mask=mask), p)
    assert acc.counts["masked"] == mask.sum()


def test_a_single_label_and_none() -> None:
    assert found(3, 4) == {(3, 4): (1, 1)}
    assert found(np.array("a"), np.array("b")) == {("a", "b"): (1, 1)}
    for none in ([], np.empty(0), np.empty((0, 3), int), np.empty((3, 0)), np.empty(0, "U3")):
        assert found(none, none) == {}


WRONG: dict[str, tuple[Any, Any, str]] = {
    "fractions": ([1.5, 2.0], [1, 2], "y_true must hold labels, whole numbers or text.* got 1.5"),
    "infinity": ([1, 2], [math.inf, 2.0], "y_pred must hold labels"),
    "too large": ([2.0**63, 1.0], [1, 2], "y_true must hold labels"),
    "complex": ([1j, 2.0], [1, 2], "y_true must hold labels"),
    "text and numbers": (["a", "b"], [1, 2], "y_true and y_pred must hold labels of one kind"),
    "text and bytes": (["a"], [b"a"], "must hold labels of one kind"),
    "mixed": (["a", 1], ["a", "b"], "y_true must hold labels"),
    "none": ([1, 2], None, "y_pred must be an array of labels"),
    "another size": ([1, 2], [1], "must have the shape"),
    "another shape": ([1, 2], [[1], [2]], "must have the shape"),
    "objects": ([object()], [1], "y_true must hold labels"),
    "long": (np.array([1], np.longdouble), [1], "y_true must hold labels"),
}


@pytest.mark.parametrize("what", WRONG)
@pytest.mark.parametrize("repeat", [1, 2000])
def test_what_labels_are_not(what: str, repeat: int) -> None:
    y, p, match = WRONG[what]
    if isinstance(y, list):
        y, p = y * repeat, p * repeat if p else p
    acc = sl.Accumulator([Pairs(), Hits()])
    with pytest.raises((TypeError, ValueError), match=match) as info:
        acc.update(y, p)
    assert "\0" not in str(info.value)
    assert len(str(info.value)) < 300
    assert acc == sl.Accumulator([Pairs(), Hits()])
