"""Interrupts and a lack of memory: an update with keys is done, or has changed nothing."""

import linecache
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import streamloss as sl
from streamloss.run import threads
from streamloss.run.slices import index, living, near

SOURCE = str(Path(sl.__file__).parent)
RNG = np.random.default_rng(51)
PLACES = 60
"""Lines of an update that are interrupted, as many in each test."""


def batch(size: int, count: int, base: int = 0) -> tuple[Any, ...]:
    """Numbers and keys."""
    return *RNG.standard_normal((2, size)), base + RNG.integers(0, count, size)


A, MORE, LONG = batch(300, 20), batch(300, 200, 1000), batch(3000, 200)
WIDE = MORE[0] * 10.0 ** RNG.integers(-300, 300, 300), *MORE[1:]
SPARSE = *MORE[:2], MORE[2] * 10**15
WORDS = [(*each[:2], each[2].astype("U")) for each in (A, MORE)]


def add(acc: sl.Accumulator, y: Any, p: Any, by: Any) -> sl.Accumulator:
    """Add a batch."""
    return acc.update(y, p, by=by)


def interrupted(work: Callable[[], Any], line: int) -> int:
    """Do work and interrupt it at a line of streamloss; return how many lines there were.

    The end of a block that holds a lock is one step of the interpreter, but for what traces it: it
    is the line where the block begins once more. There no interrupt comes.
    """
    seen = 0
    entered: set[tuple[Any, int]] = set()

    def leaves(frame: Any) -> bool:
        text = linecache.getline(frame.f_code.co_filename, frame.f_lineno)
        if not text.lstrip().startswith("with "):
            return False
        place = frame, frame.f_lineno
        known = place in entered
        entered.symmetric_difference_update({place})
        return known

    def trace(frame: Any, event: str, arg: Any) -> Any:
        nonlocal seen
        code = frame.f_code
        if not code.co_filename.startswith(SOURCE) or code.co_name == "finish":
            return None
        if event == "line" and not leaves(frame):
            seen += 1
            if seen == line:
                raise KeyboardInterrupt
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        work()
    except KeyboardInterrupt:
        pass
    finally:
        sys.settrace(before)
    return seen


CASES: dict[str, tuple[Any, Any, dict[str, Any]]] = {
    "keys that are there": (A, A, {}),
    "new ones": (A, MORE, {}),
    "keys that are hashed": (A, SPARSE, {}),
    "text": (*WORDS, {}),
    "terms for the log": (A, WIDE, {}),
    "values computed first": (A, (MORE[0].astype(">f8"), *MORE[1:]), {}),
    "NaN refused": (A, LONG, {"nan": "raise"}),
}


@pytest.mark.parametrize("case", CASES)
def test_an_interrupt_is_all_or_nothing(case: str) -> None:
    first, second, options = CASES[case]

    def begun() -> sl.Accumulator:
        return add(sl.Accumulator("mae", by="key", **options), *first)

    after, before = add(begun(), *second), begun()
    lines = interrupted(lambda: add(begun(), *second), 0)
    skipped = interrupted(begun, 0)
    for line in np.unique(np.linspace(1, lines - skipped, PLACES, dtype=int)).tolist():
        acc = begun()
        interrupted(lambda acc=acc: add(acc, *second), line)
        assert acc in (before, after)
        want = before.copy() if acc == before else after.copy()
        assert add(acc, *second) == add(want, *second)


@pytest.mark.parametrize("count", [1, 3])
def test_an_interrupt_of_several_threads(count: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threads, "PARALLEL", 1000)
    monkeypatch.setattr(living, "LEAST", 100)
    sl.set_num_threads(count)
    before = add(sl.Accumulator("mae", by="key"), *A)
    after = add(before.copy(), *LONG)
    for line in range(100, 700, 60):
        acc = add(sl.Accumulator("mae", by="key"), *A)
        interrupted(lambda acc=acc: add(acc, *LONG), line)
        assert acc in (before, after)


def test_an_interrupt_while_keys_are_added(monkeypatch: pytest.MonkeyPatch) -> None:
    real, left = index.call, [1]

    def call(body: Any, *given: Any) -> None:
        real(body, *given)
        if body is index.bodies.add_keys and left:
            left.pop()
            raise KeyboardInterrupt

    acc = add(sl.Accumulator("mae", by="key"), *SPARSE)
    want = add(add(sl.Accumulator("mae", by="key"), *SPARSE), *A[:2], A[2] * 10**14)
    monkeypatch.setattr(index, "call", call)
    with pytest.raises(KeyboardInterrupt):
        add(acc, *A[:2], A[2] * 10**14 + 7)
    assert add(acc, *A[:2], A[2] * 10**14) == want


@pytest.mark.parametrize("second", [MORE, WIDE, LONG])
def test_a_lack_of_memory_changes_nothing(second: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(rows: int, width: int) -> Any:
        raise MemoryError

    acc = add(sl.Accumulator("mae", by="key"), *A)
    before, real = acc.copy(), near.written
    monkeypatch.setattr(near, "written", refuse)
    with pytest.raises(MemoryError):
        add(acc, *second)
    monkeypatch.setattr(near, "written", real)
    assert acc == before
    assert add(acc, *second) == add(before, *second)
