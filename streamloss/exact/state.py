"""State: the exact sums and counts of some losses, one cell for each element of the output."""

from __future__ import annotations

import functools
import itertools
import math
import sys
from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np

from streamloss.losses.base import Loss, parts_of, rows_of
from streamloss.support.maker import Maker, check_maker, here

from . import digits
from .counts import COLUMNS, ELEMENTS, MISSING, NONZERO
from .digits import DIGITS, HELD, LIMBS, WIDTH, Ints
from .limits import MOST, NEGATIVE, TOO_MANY
from .numbers import Exact, total
from .reductions import Reduction, Sums, Totals, combined, finish, finish_many

WIDE_CELLS = 64
"""Cells up to which a state is kept in wide rows: a kernel adds to those without widening. Up to
as many Python's integers finish them sooner than numpy does (`benchmarks/bench_cells.py`)."""

FEW_DIGITS = 16
"""Integers of a row of one of many cells that is kept as it is, with digits that are not in use."""

MUCH = 1 << 56
"""Counts of that size can be added a hundred at a time."""


class State:
    """Exact sums and counts that merge by integer addition.

    Attributes
    ----------
    shape : tuple of int
        The shape of the output; () for one cell.
    sums : int64 array (cells, losses + 1, DIGITS + digits)
        Rows of `digits`: one for each loss, then one for the weights.
    base : int
        The number of the first digit of the rows.
    counts : int64 array (cells, COLUMNS)
        Elements, nonzero weights, elements omitted for a NaN, elements masked, and the sizes of
        axis 0: the columns that `counts` names.
    held : int
        How many balanced rows the rows are the sums of, without carries.
    maker : Maker
        What another process pickled the state with; absent elsewhere.
    """

    maker: Maker

    __slots__ = ("base", "counts", "held", "maker", "shape", "sums")

    def __init__(
        self, shape: tuple[int, ...], sums: Ints, base: int, counts: Ints, held: int = 1
    ) -> None:
        self.shape, self.sums, self.base, self.counts = shape, sums, base, counts
        self.held = held

    @classmethod
    def empty(cls, shape: tuple[int, ...], losses: int) -> State:
        """Return a state of nothing, with wide rows."""
        cells = math.prod(shape)
        counts = np.zeros((cells, COLUMNS), np.int64)
        return cls(shape, digits.empty(cells, losses + 1), 0, counts)

    @classmethod
    def concatenated(cls, parts: list[State], axis: int) -> State:
        """Return the state whose output is that of the parts along an axis of it."""
        parts = [part.balanced() for part in parts]
        low, high = digits.span([(part.sums, part.base) for part in parts])
        sums = [digits.pad(part.sums, part.base, low, high) for part in parts]
        shapes = [part.shape for part in parts]
        shape = list(shapes[0])
        shape[axis] = sum(each[axis] for each in shapes)
        rows, counts = (
            np.concatenate(
                [a.reshape(*each, *a.shape[1:]) for a, each in zip(arrays, shapes, strict=True)],
                axis,
            )
            for arrays in (sums, [part.counts for part in parts])
        )
        cells = math.prod(shape)
        return cls(
            tuple(shape),
            rows.reshape(cells, *sums[0].shape[1:]),
            low,
            counts.reshape(cells, counts.shape[-1]),
        )

    @classmethod
    def joined(cls, parts: list[State]) -> State:
        """Return the state of the losses of all parts, which have the same weights and counts."""
        if len(parts) == 1:
            return parts[0]
        parts = [part.balanced() for part in parts]
        low, high = digits.span([(part.sums, part.base) for part in parts])
        rows = [digits.pad(part.sums, part.base, low, high) for part in parts]
        sums = np.concatenate([*(r[:, :-1] for r in rows), rows[0][:, -1:]], axis=1)
        return cls(parts[0].shape, sums, low, parts[0].counts)

    @classmethod
    def total(cls, parts: list[State]) -> State:
        """Return the sum of states of one shape, exactly."""
        if all([part.is_wide for part in parts]) or not all(
            [_are_below(part, MUCH) for part in parts]
        ):
            return functools.reduce(lambda a, b: a.combine(b, 1), parts)
        parts = [part.balanced() for part in parts]
        sums, base = digits.total([(part.sums, part.base) for part in parts])
        counts = np.sum([part.counts for part in parts], axis=0)
        return cls(parts[0].shape, sums, base, counts)

    def nothing(self) -> State:
        """Return a state of nothing with the cells of this one."""
        sums = np.zeros((*self.sums.shape[:2], DIGITS), np.int64)
        return State(self.shape, sums, 0, np.zeros_like(self.counts))

    def is_nothing(self) -> bool:
        """Return whether all counts and sums are zero."""
        return self == self.nothing()

    @property
    def losses(self) -> int:
        """How many rows of sums of losses the state has."""
        return int(self.sums.shape[1]) - 1

    @property
    def is_wide(self) -> bool:
        """Whether kernels can add to the rows."""
        return bool(self.sums.shape[-1] == WIDTH)

    def combine(self, other: State, sign: int) -> State:
        """Return self + sign * other, exactly.

        Raises
        ------
        ValueError
            If a count would exceed MOST, or a sum is larger than any data have.
        """
        plus = np.add if sign > 0 else np.subtract
        counts, held = plus(self.counts, other.counts), self.held + other.held
        alike = self.base == other.base and self.sums.shape == other.sums.shape
        if held <= HELD and alike:  # to carry takes 20 us
            out = State(self.shape, plus(self.sums, other.sums), self.base, counts, held)
        else:
            a, b = self.balanced(), other.balanced()
            sums, base = digits.total([(a.sums, a.base), (b.sums if sign > 0 else -b.sums, b.base)])
            out = State(self.shape, sums, base, counts)
        if not _are_below(out, MOST) and out.exceeds(MOST):
            raise ValueError(TOO_MANY)
        return out

    def exceeds(self, most: int) -> bool:
        """Return whether the size of a count is larger than that."""
        both = self.counts, self.sums[..., :DIGITS]
        return any(a.size and (int(a.max()) > most or int(a.min()) < -most) for a in both)

    def balanced(self) -> State:
        """Return the same state with balanced rows."""
        if self.held == 1:
            return self
        return State(self.shape, *digits.total([(self.sums, self.base)]), self.counts)

    def copy(self) -> State:
        """Return a state that shares no memory with this one."""
        return State(self.shape, self.sums.copy(), self.base, self.counts.copy(), self.held)

    def trimmed(self) -> State:
        """Return the same state with only the digits in use."""
        state = self.balanced()
        return State(self.shape, *digits.trim(state.sums, state.base), self.counts)

    def widened(self) -> State:
        """Return the same state in wide rows."""
        if self.is_wide:
            return self
        sums = digits.pad(self.sums, self.base, 0, digits.LIMBS)
        return State(self.shape, sums, 0, self.counts, self.held)

    def fitted(self) -> State:
        """Return the same state in the layout that suits its cells.

        Of many cells, rows that have few digits may have some that are not in use: to leave these
        out takes as long as to fold the cells.
        """
        if len(self.counts) <= WIDE_CELLS:
            return self.widened()
        return self if self.sums.shape[-1] <= FEW_DIGITS else self.trimmed()

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, State):
            return NotImplemented
        a, b = self.trimmed(), other.trimmed()
        return (
            (a.shape, a.base) == (b.shape, b.base)
            and np.array_equal(a.sums, b.sums)
            and np.array_equal(a.counts, b.counts)
        )

    __hash__ = None  # type: ignore[assignment]

    def __reduce__(self) -> tuple[Any, ...]:
        small = self.trimmed()
        return _received, (tuple(here()), small.shape, small.sums, small.base, small.counts)

    def summed(self, loss: int, streams: int) -> State:
        """Return the state of one loss, whose sum is that of so many rows.

        What the first counts of terms that are not finite tells of all: the others are what
        rounding took from it.
        """
        rows = [(self.sums[:, k : k + 1], self.base) for k in range(loss, loss + streams)]
        sums, base = digits.total(rows)
        sums[..., :DIGITS] = rows[0][0][..., :DIGITS]
        sums = digits.pad(sums, base, low := min(base, self.base), LIMBS)
        weights = digits.pad(self.sums[:, -1:], self.base, low, LIMBS)
        return State(self.shape, np.concatenate([sums, weights], axis=1), low, self.counts)

    def totals(self, loss: int) -> Totals:
        """Return the totals of one loss, of one row.

        Raises
        ------
        ValueError
            If subtraction left a negative count.
        """
        pair = self.sums[:, loss :: self.losses - loss]  # a view of two rows
        sums = digits.integers(pair, self.base)
        flags = pair[..., :DIGITS]
        strange = {
            cell: (digits.nonfinite(flags[cell, 0]), digits.nonfinite(flags[cell, 1]))
            for cell in set(flags.nonzero()[0].tolist())
        }
        return Totals(sums[::2], sums[1::2], *self._counted(), strange)

    def sums_of(self, losses: tuple[Loss, ...], first: int = 0) -> list[Sums]:
        """Return what is known of some losses, whose rows begin at the first, for each cell.

        Raises
        ------
        ValueError
            If subtraction left a negative count.
        """
        stop = first + rows_of(losses)
        rows = self.sums[:, [*range(first, stop), self.losses]]
        units, flags = digits.integers(rows, self.base), rows[..., :DIGITS].reshape(-1, DIGITS)
        strange = {k: digits.nonfinite(flags[k]) for k in set(flags.nonzero()[0].tolist())}
        exacts = [Exact(value, strange.get(k)) for k, value in enumerate(units)]
        ends = [0, *itertools.accumulate([loss.streams for loss in losses])]
        slices = [slice(*pair) for pair in itertools.pairwise(ends)]
        sums: list[Sums] = []
        for counts in zip(*self._counted(), strict=True):
            start = len(sums) * rows.shape[1]
            of_cell = exacts[start : start + rows.shape[1]]
            sums.append(Sums(tuple([total(of_cell[s]) for s in slices]), of_cell[-1], *counts))
        return sums

    def _counted(self) -> tuple[list[int], list[int]]:
        """Return how many elements and how many weights that are not zero each cell has."""
        elements, nonzero = self.counts[:, ELEMENTS].tolist(), self.counts[:, NONZERO].tolist()
        if min(elements, default=0) < 0 or min(nonzero, default=0) < 0:
            raise ValueError(NEGATIVE)
        return elements, nonzero

    def results(self, losses: tuple[Loss, ...], reduction: Reduction) -> list[Any]:
        """Return the results of all losses, each in the output shape, a float for one cell."""
        out, start = [], 0
        for loss in losses:
            if loss.combine is None:
                values = self._finished(start, loss.streams, reduction)
                if loss.finish is not None:
                    values = [loss.finish(value) for value in _floats(values)]
            else:
                values = [combined(loss, sums) for sums in self.sums_of(loss.parts, start)]
            start += rows_of(parts_of([loss]))
            out.append(self.in_shape(values))
        return out

    def _finished(self, loss: int, streams: int, reduction: Reduction) -> Any:
        """Return the result of one loss for each cell: a list of floats, or an array."""
        if streams > 1:
            return self.summed(loss, streams)._finished(0, 1, reduction)
        if len(self.counts) <= WIDE_CELLS:
            return finish(reduction, self.totals(loss))
        state = self.balanced()
        pair = state.sums[:, loss :: state.losses - loss]
        found, rest = finish_many(reduction, pair, state.base, state.counts)
        if state.counts[:, [ELEMENTS, NONZERO]].min() < 0:
            raise ValueError(NEGATIVE)
        if rest.size:
            few = State(rest.shape, state.sums[rest], state.base, state.counts[rest])
            found[rest] = finish(reduction, few.totals(loss))
        return found

    def apply(self, function: Callable[..., Any], *others: Any) -> Any:
        """Return what a function makes of the state and of others; a lazy state has it too."""
        return function(self, *others)

    def in_shape(self, values: Any) -> Any:
        """Return the values of all cells in the output shape, that of one cell as it is."""
        return np.asarray(values).reshape(self.shape) if self.shape else values[0]

    def refuse_missing(self) -> None:
        """Raise ValueError if elements had a NaN."""
        missing = int(self.counts[:, MISSING].sum())
        if missing:
            raise ValueError(f"nan='raise': {missing} elements have a NaN in an input or weight")


def _floats(values: Any) -> list[float]:
    """Return a list of floats, or an array of them, as a list."""
    return values if isinstance(values, list) else values.tolist()


_TOP = slice(7 if sys.byteorder == "little" else 0, None, 8)
_FIRST = {MOST: bytes([*range(0x40), *range(0xC0, 0x100)]), MUCH: bytes([0x00, 0xFF])}
"""The first bytes of counts whose size is below these."""


def _are_below(state: State, most: int) -> bool:
    """Return whether no count of a state is larger; of few cells that takes a third of a `max`."""
    if len(state.counts) > WIDE_CELLS:
        return not state.exceeds(most)
    counts = state.counts.tobytes() + state.sums[..., :DIGITS].tobytes()
    return not counts[_TOP].translate(None, _FIRST[most])


def _received(maker: tuple[str, str], *fields: Any) -> State:
    """Return a pickled state, which remembers the package that computed it if that is another."""
    state = State(*fields)
    if maker != here():
        state.maker = Maker(*maker)
    return state


S = TypeVar("S")


def check_state(state: S) -> S:
    """Return a state, or a table of slices, that another process computed.

    Raises
    ------
    ValueError
        If that process has another streamloss.
    """
    maker = getattr(state, "maker", None)
    if maker is not None:
        check_maker(maker, "what a worker computes")
    return state
