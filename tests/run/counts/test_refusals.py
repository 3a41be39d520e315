"""An update that is refused, or interrupted, leaves all or nothing of its batch."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import streamloss as sl
from streamloss.run import choose, threads
from streamloss.run.counts import cells
from streamloss.run.slices import living
from tests.run.slices.test_interrupts import interrupted

from .metrics import Above, Bins, Decisions, Hits, Largest, Pairs, Smallest, Truths

RNG = np.random.default_rng(3)
SIZES = 5, 3000
"""Few, and many."""

ALL = [Decisions(), "mae", Bins(), Largest(), Above(), Truths(), Smallest(), Hits()]
"""Losses and metrics with sums, with computed keys, with labels, and with extremes."""


def numbers(size: int, **keys: Any) -> dict[str, Any]:
    """A batch whose inputs are labels and predictions at once."""
    y, p = RNG.integers(0, 2, (2, size))
    return {"y_true": y.astype(float), "y_pred": p.astype(float), **keys}


def made(losses: Any, first: dict[str, Any], how: str, **options: Any) -> sl.Accumulator:
    """An accumulator with a batch: added, or all that a copy has of one."""
    acc = sl.Accumulator(losses, **options).update(**first)
    if how == "copied":
        return acc.copy()
    return sl.Accumulator.from_bytes(acc.to_bytes()) if how == "read" else acc


def check_refused(acc: sl.Accumulator, wrong: dict[str, Any], right: dict[str, Any]) -> str:
    """Check that a batch is refused and changes nothing; return what is said."""
    before, data = acc.copy(), acc.to_bytes()
    after = before.copy().update(**right)
    with pytest.raises((TypeError, ValueError)) as info:
        acc.update(**wrong)
    assert acc == before
    assert acc.to_bytes() == data
    assert acc.update(**right) == after
    assert "\0" not in str(info.value)
    return str(info.value)


@pytest.fixture(params=[0, 1024], ids=["kernels", "numpy"])
def runner(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have kernels take all batches, or numpy the small ones."""
    monkeypatch.setattr(choose, "SMALL", request.param)
    monkeypatch.setattr(choose, "BUDGET", 1 << 40)


HOW = "added", "copied", "read"

WRONG: dict[str, tuple[Callable[[int], dict[str, Any]], str]] = {
    "another shape": (lambda n: numbers(n) | {"y_pred": np.zeros(n + 1)}, "shape"),
    "labels that are none": (lambda n: numbers(n) | {"y_true": np.full(n, 0.5)}, "labels"),
    "weights beyond": (lambda n: numbers(n, weights=np.ones(n + 1)), "weights must"),
    "a mask of numbers": (lambda n: numbers(n, where=np.ones(n)), "where must"),
    "a NaN": (lambda n: numbers(n) | {"y_true": np.append(np.ones(n - 1), np.nan)}, "NaN"),
    "a NaN weight": (lambda n: numbers(n, weights=np.append(np.ones(n - 1), np.nan)), "NaN"),
    "a key that is none": (lambda n: numbers(n) | {"y_pred": np.full(n, 1e300)}, "whole numbers"),
}


@pytest.mark.usefixtures("runner")
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("what", WRONG)
@pytest.mark.parametrize("how", HOW[:2])
def test_what_is_refused_changes_nothing(what: str, size: int, how: str) -> None:
    acc = made(ALL, numbers(size), how, nan="raise")
    make, match = WRONG[what]
    assert match in check_refused(acc, make(size), numbers(size))


@pytest.mark.usefixtures("runner")
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("how", HOW)
@pytest.mark.parametrize("by", [None, "key"])
def test_labels_of_another_kind(size: int, how: str, by: str | None) -> None:
    y, p = RNG.integers(0, 3, (2, size))
    keys = {} if by is None else {"by": y % 2}
    given = {"y_true": y, "y_pred": p, **keys}
    text = {"y_true": y.astype("U1"), "y_pred": p.astype("U1"), **keys}
    for first, second in ((given, text), (text, given)):
        acc = made([Pairs(), Hits()], first, how, by=by)
        assert "labels of all batches must be of one kind" in check_refused(acc, second, first)
        other = made([Pairs(), Hits()], second, how, by=by)
        before = acc.copy()
        with pytest.raises(TypeError, match="labels of all batches"):
            acc.merge(other)
        assert acc == before


@pytest.mark.usefixtures("runner")
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("how", HOW)
def test_keys_of_another_kind(size: int, how: str) -> None:
    first, second = numbers(size, by=["a"] * size), numbers(size, by=[1] * size)
    acc = made(ALL, first, how, by="key")
    assert "by 'key': keys must be of one kind" in check_refused(acc, second, first)


@pytest.mark.usefixtures("runner")
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("how", HOW)
@pytest.mark.parametrize("losses", [[Pairs(), Hits()], [Truths()], ALL])
def test_too_many_slices_change_nothing(size: int, how: str, losses: Any) -> None:
    first = numbers(size, by=np.arange(size) % 3)
    acc = made(losses, first, how, by="key", max_slices=5)
    found = check_refused(acc, numbers(size, by=np.arange(size) % 5 + 2), first)
    assert found.startswith("by 'key' must have at most max_slices=5 different keys")
    acc.update(**numbers(size, by=np.arange(size) % 5))
    assert len(acc.result()) == 3 + 2 * (size > 3)
    none = sl.Accumulator(losses, by="key", max_slices=2)
    with pytest.raises(ValueError, match="max_slices=2"):
        none.update(**first)
    assert none == sl.Accumulator(losses, by="key", max_slices=2)
    batches = [numbers(1, by=[k]) for k in range(5)]
    for part in batches:
        none = sl.Accumulator(losses, by="key", max_slices=5) if part is batches[0] else none
        none.update(**part)
    assert "max_slices=5" in check_refused(none, numbers(1, by=[9]), batches[0])


def test_axes_kept_of_other_sizes() -> None:
    y = RNG.integers(0, 2, (30, 3)).astype(float)
    for axis, shape in ((0, (30, 4)), (1, (31, 3))):
        acc = made(ALL, {"y_true": y, "y_pred": y}, "added", axis=axis)
        wrong = {"y_true": np.zeros(shape), "y_pred": np.zeros(shape)}
        assert "sizes" in check_refused(acc, wrong, {"y_true": y, "y_pred": y})


@pytest.mark.parametrize("place", [0, 1, 2, 3])
@pytest.mark.parametrize("error", [MemoryError, KeyboardInterrupt])
@pytest.mark.parametrize("by", [None, "key"])
def test_an_error_in_any_tally(
    place: int, error: type, by: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    losses = [Decisions(), Largest(), "mae", Bins(), Smallest()]
    keys = {} if by is None else {"by": np.arange(3000) % 7}
    first, second = numbers(3000, **keys), numbers(3000, **keys)
    acc = sl.Accumulator(losses, by=by).update(**first)
    before, after = acc.copy(), acc.copy().update(**second)
    real, left = cells.CellTally.add_elements, [place]

    def add(self: Any, *given: Any) -> None:
        if left:
            left[0] -= 1
            if left[0] < 0:
                left.clear()
                raise error
        real(self, *given)

    monkeypatch.setattr(cells.CellTally, "add_elements", add)
    with pytest.raises(error):
        acc.update(**second)
    assert acc in (before, after)
    want = before if acc == before else after
    assert acc.result() == want.copy().result() if by is None else True
    assert acc.update(**first) == want.update(**first)


CASES: dict[str, tuple[Any, dict[str, Any], dict[str, Any]]] = {
    "close numbers": ([Pairs()], numbers(300), numbers(400)),
    "weights": ([Pairs(), Hits()], numbers(300), numbers(400, weights=np.ones(400))),
    "sums": ([Truths(), "mae"], numbers(300), numbers(400)),
    "several": (ALL, numbers(300), numbers(400)),
    "slices": (ALL, numbers(300, by=np.arange(300) % 9), numbers(400, by=np.arange(400) % 8)),
    "the first": (ALL, {}, numbers(400, by=np.arange(400) % 8)),
    "columns": (
        [Pairs(), "mae"],
        {},
        {"y_true": np.ones((50, 2)), "y_pred": np.zeros((50, 2)), "axis": 0},
    ),
}


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("parallel", [False, True])
def test_an_interrupt_is_all_or_nothing(
    case: str, parallel: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    losses, first, second = CASES[case]
    by, axis = "key" if "by" in second else None, second.get("axis")
    given = {name: value for name, value in second.items() if name != "axis"}
    if parallel:
        monkeypatch.setattr(threads, "PARALLEL", 100)
        monkeypatch.setattr(living, "LEAST", 50)
        monkeypatch.setattr(cells, "AT_ONCE", 50)

    def begun() -> sl.Accumulator:
        acc = sl.Accumulator(losses, axis=axis, by=by)
        return acc.update(**first) if first else acc

    after, before = begun().update(**given), begun()
    lines, skipped = interrupted(lambda: begun().update(**given), 0), interrupted(begun, 0)
    for line in np.unique(np.linspace(1, lines - skipped, 25, dtype=int)).tolist():
        acc = begun()
        interrupted(lambda acc=acc: acc.update(**given), line)
        assert acc in (before, after)
        want = before.copy() if acc == before else after.copy()
        assert acc.shape in (None, want.shape)
        assert acc.update(**given) == want.update(**given)
