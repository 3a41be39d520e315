"""States of one cell, a few or many, put together from what threads have folded."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from typing import Protocol

import numpy as np

from streamloss.exact import digits
from streamloss.exact.counts import COLUMNS
from streamloss.exact.digits import DIGITS, LIMBS, LOWEST, UNIT, Ints
from streamloss.exact.state import State
from streamloss.kernels.fold import MISFIT
from streamloss.kernels.terms import EXPONENT, MODE, SETTLE

from .cut import Index
from .threads import Jobs, check_subnormals, share


class Adder(Protocol):
    """Adds boxes to the cells of states, in one thread: `cpu.Along` or `beside.Beside`."""

    guesses: Ints
    window: Ints

    def add(self, index: Index, state: State) -> None:
        """Add a box to the cells of a state."""

    def jobs(self, threads: int, many: bool) -> Iterator[tuple[slice, Index]]:
        """Yield boxes with the cells they belong to, those of the same cells together."""

    def first(self) -> tuple[slice, Index]:
        """Return a small box."""


Make = Callable[[int], Adder]
"""Makes what adds to rows that begin at a digit."""


def few(make: Make, shape: tuple[int, ...], losses: int, threads: int) -> State:
    """Give each thread a state of all cells, and merge them."""
    states: list[State] = []

    def work(jobs: Jobs[tuple[slice, Index]]) -> None:
        check_subnormals()
        state, adder = State.empty(shape, losses), make(0)
        for cells, index in jobs:
            adder.add(index, _view(state, cells))
        states.append(state)

    share(work, make(0).jobs(threads, False), threads)
    return State.total(states)


def many(make: Make, shape: tuple[int, ...], losses: int, threads: int) -> State:
    """Give threads some cells each, with rows of the digits that the first elements ask for.

    Cells with sums of other digits are folded once more, in wide rows.
    """
    base, rows = _window(make, losses)
    counts = np.zeros((*shape, COLUMNS), np.int64).reshape(-1, COLUMNS)
    sums = np.zeros((len(counts), losses + 1, DIGITS + rows), np.int64)
    state, parts = State(shape, sums, base, counts), []

    def work(jobs: Jobs[tuple[slice, list[tuple[slice, Index]]]]) -> None:
        check_subnormals()
        adder = make(base)
        for cells, items in jobs:
            for _, index in items:
                adder.add(index, _view(state, cells))
            if adder.window[MISFIT]:
                adder.window[MISFIT] = 0
                parts.append((cells, _wide(make, items, losses)))

    groups = itertools.groupby(make(0).jobs(threads, True), key=lambda job: job[0].start)
    share(work, ((some[0][0], some) for _, group in groups if (some := list(group))), threads)
    return _with(state, parts)


def _view(state: State, cells: slice) -> State:
    """Return some cells of a state, sharing its memory."""
    return State((), state.sums[cells], state.base, state.counts[cells])


def _window(make: Make, losses: int) -> tuple[int, int]:
    """Return the first digit of the rows of cells, and how many digits: one more at either end."""
    adder = make(0)
    cells, index = adder.first()
    adder.add(index, State.empty((cells.stop - cells.start,), losses))
    guesses = adder.guesses
    found = guesses[(guesses[:, MODE] != SETTLE) & (guesses[:, EXPONENT] > LOWEST), EXPONENT]
    units = [0, *(found - 100).tolist(), *(found - 50).tolist()]
    low = max((min(units) - UNIT >> 5) - 1, 0)
    return low, min((max(units) - UNIT >> 5) + 4, LIMBS) - low


def _wide(make: Make, items: list[tuple[slice, Index]], losses: int) -> State:
    """Return the state of some cells, of which sums have any digits."""
    cells, _ = items[0]
    state, adder = State.empty((cells.stop - cells.start,), losses), make(0)
    for _, index in items:
        adder.add(index, state)
    return state.trimmed()


def _with(state: State, parts: list[tuple[slice, State]]) -> State:
    """Return a state with parts of it in the place of some cells."""
    if not parts:
        return state
    some = [(state.sums, state.base), *((part.sums, part.base) for _, part in parts)]
    low, high = digits.span(some)
    sums = digits.pad(state.sums, state.base, low, high)
    for cells, part in parts:
        sums[cells] = digits.pad(part.sums, part.base, low, high)
        state.counts[cells] = part.counts
    return State(state.shape, sums, low, state.counts)
