"""Batches that a kernel reads where they lie, with nothing looked up twice.

Most updates of a training loop are of this kind. One of 64 numbers takes 3 us here if both arrays
are plain, of one floating dtype, 6 of other dtypes, strides, with a mask, 8 if they are tensors; by
`run.cpu` it takes 50 to 70 (`benchmarks/bench_layouts.py`).
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import numpy as np

from streamloss.arrays.batch import FLOAT32, FLOAT64, normalise_axis
from streamloss.arrays.memory import memory_of
from streamloss.arrays.types import Array
from streamloss.exact.counts import ROWS
from streamloss.exact.state import WIDE_CELLS, State
from streamloss.kernels.fold import make_workspace
from streamloss.kernels.folds import fold_entry, views_entry
from streamloss.kernels.switches import NARROW, WIDE, Rule
from streamloss.losses.base import Loss, rows_of

from . import threads
from .cut import DIRECT, ranges, unlock
from .threads import check_subnormals, share, wanted
from .views import Layout, Views, laid_out, sum_views

WIDENED = 4
"""Losses from which float32 are read as views, widened in the nearest cache once for all: four take
0.92 to 0.96 of the time, eight 0.86, and three up to 1.15 (`benchmarks/bench_losses.py`)."""

Flat = tuple[tuple[Array, ...], Array | None]
"""Flat arrays of one floating dtype, which a kernel takes as they are: inputs, and weights or None.
No NamedTuple, which takes 0.3 us to make."""

Given = Flat | Views

Taken = tuple[Given, int, int, tuple[int, ...]]
"""A batch as a kernel reads it, its size, its rows, and the sizes of the axes kept."""


Laid = tuple[Layout | None, int, tuple[int, ...]]
"""The layout of a batch, None if no kernel reads it, its rows, and the sizes of the axes kept."""

MOST_LAYOUTS = 64
"""Layouts that are remembered: batches of other sizes may come, without end."""


class Direct:
    """Adds batches that a kernel reads where they lie to states of one cell or a few.

    One for each tally. One thread at a time may `add`.

    Attributes
    ----------
    axis : int, tuple of int or None
        The axes that are reduced.
    """

    def __init__(
        self,
        losses: tuple[Loss, ...],
        rule: Rule,
        compute: np.dtype[Any] | None = None,
        axis: Any = None,
    ) -> None:
        self._losses, self._rule, self._count = losses, rule, losses[0].inputs
        self._rows = rows_of(losses)
        self._compute, self.axis = compute, axis
        self._narrow = FLOAT32 if compute in (None, FLOAT32) else None
        if compute is None and len([loss for loss in losses if loss.streams == 1]) >= WIDENED:
            self._compute, self._narrow = FLOAT64, None
        self._wide = FLOAT64 if compute in (None, FLOAT64) else None
        self._runs: dict[Any, tuple[Any, ...]] = {}
        self._layouts: dict[Any, Laid] = {}

    def take(self, first: Any, others: Any, weights: Any, where: Any) -> Taken | None:
        """Return a batch as a kernel reads it, None if no kernel does.

        `first` and `others` are y_true and y_pred as `Accumulator.update` has them.
        """
        if self._count == 2:
            inputs: tuple[Any, ...] = first, others
        elif type(others) is tuple and 1 < len(others) == self._count - 1:
            inputs = first, *others
        elif others is None and self._count == 1:
            inputs = (first,)
        else:
            return None
        flat = self._flat(inputs, weights) if where is None and self.axis is None else None
        return flat or self._viewed(inputs, weights, where)

    def _flat(self, inputs: tuple[Any, ...], weights: Any) -> Taken | None:
        """Return plain arrays of one floating dtype and shape as flat ones, None if they are not.

        They are writeable: numba, where it calls kernels itself, takes others for another type.
        """
        first = inputs[0]
        if type(first) is not np.ndarray:
            return None
        dtype, shape = first.dtype, first.shape
        if dtype is not self._narrow and dtype is not self._wide:
            return None
        for a in inputs if weights is None else (*inputs, weights):
            if (
                type(a) is not np.ndarray
                or a.dtype is not dtype
                or a.shape != shape
                or not a.flags.carray
            ):
                return None
        if len(shape) != 1:
            inputs = tuple([a.reshape(-1) for a in inputs])
            weights = None if weights is None else weights.reshape(-1)
        return (inputs, weights), first.size, shape[0] if shape else 1, ()

    def _viewed(self, inputs: tuple[Any, ...], weights: Any, where: Any) -> Taken | None:
        """Return views of what is in memory, None if a kernel does not read it.

        Batches of a loop are alike: what is found of the first serves the next.
        """
        values = inputs if weights is None else (*inputs, weights)
        arrays: list[Array] = []
        key: list[Any] = [weights is None, where is None]
        for value in values if where is None else (*values, where):
            array = value if type(value) is np.ndarray else memory_of(value)
            if array is None:
                return None
            arrays.append(array)
            key += (array.dtype, array.shape, array.strides)
        asked = tuple(key)
        layout, rows, kept = self._layouts.get(asked) or self._known(asked, arrays)
        if layout is None:
            return None
        if layout.size >= threads.PARALLEL and where is None and self.axis is None:
            # frozen arrays, tensors and columns may be in place all the same
            opened = tuple([unlock(array) for array in arrays])
            flat = self._flat(opened[: self._count], None if weights is None else opened[-1])
            if flat is not None or self._flat(opened[: self._count], None) is not None:
                return flat  # None where weights alone are to be copied: `cpu.sums` does that
        return layout.at(arrays), layout.size, rows, kept

    def _known(self, key: Any, arrays: list[Array]) -> Laid:
        """Return the layout of arrays, their rows and the sizes of axes kept, and remember them."""
        unweighted, everywhere, *_ = key
        inputs, first = arrays[: self._count], arrays[0]
        weights = None if unweighted else arrays[self._count]
        where = None if everywhere else arrays[-1]
        found: Laid
        if self.axis is None:
            rows = first.shape[0] if first.shape else 1
            found = laid_out(inputs, weights, where, self._compute), rows, ()
        else:
            found = self._kept(inputs, weights, where)
        if len(self._layouts) >= MOST_LAYOUTS:
            self._layouts.clear()
        self._layouts[key] = found
        return found

    def _kept(self, inputs: list[Array], weights: Array | None, where: Array | None) -> Laid:
        """Return the layout of a small batch with few cells kept: the axes of these come first."""
        first = inputs[0]
        try:
            reduced = normalise_axis(self.axis, first.ndim)
        except (TypeError, ValueError):
            return None, 0, ()
        axes = [k for k in range(first.ndim) if k not in reduced]
        kept = tuple([first.shape[k] for k in axes])
        if first.size >= threads.PARALLEL or math.prod(kept) > WIDE_CELLS:
            return None, 0, ()
        layout = laid_out(inputs, weights, where, self._compute, [*axes, *reduced])
        return layout, first.shape[0] if 0 in reduced else 1, kept

    def add(self, state: State, given: Given, size: int, rows: int, kept: tuple[int, ...]) -> State:
        """Return the state with a batch added."""
        check_subnormals()
        # a copy: others may hold the state as it was
        out = State(kept, state.sums.copy(), 0, state.counts.copy())
        if isinstance(given, Views):
            self._add_views(out, given, rows)
            return out
        inputs, weights = given
        key = inputs[0].dtype, weights is not None
        known = self._runs.get(key)
        run, losses, workspace = known or (None, None, make_workspace(self._rows))
        width = NARROW if key[0] is FLOAT32 else WIDE
        arguments = inputs, weights, out.sums, out.counts, rows, workspace, width, self._rule
        if run is None:
            run, losses = fold_entry(self._losses, *arguments)
            self._runs[key] = run, losses, workspace
        run(losses, *arguments)
        return out

    def _add_views(self, out: State, given: Views, rows: int) -> None:
        """Add views to a state."""
        words, layout, _ = given
        _, size, width, weighted, masked = layout
        known = self._runs.get((weighted, masked))
        if known is None:
            known = None, None, make_workspace(self._rows), layout.memory()
        run, losses, workspace, memory = known
        added = words, 0, size, memory, out.sums, out.counts, rows, workspace, width, self._rule
        if run is None:
            run, losses = views_entry(self._losses, *added)
            self._runs[weighted, masked] = run, losses, workspace, memory
        run(losses, *added)

    def sum_large(self, given: Given, size: int, rows: int, kept: tuple[int, ...]) -> State:
        """Return the state of a large batch, shared out to threads; several may call this."""
        if isinstance(given, Views):
            state = sum_views(self._losses, given, self._rule, wanted(size))
            state.counts[:, ROWS] = rows
            return state
        return self._sum_flat(*given, size, rows)

    def _sum_flat(
        self, inputs: tuple[Array, ...], weights: Array | None, size: int, rows: int
    ) -> State:
        """Return the state of flat arrays.

        Read with `cpu.sums`, a million terms would take 100 us more: Python that kernels
        have driven out of the caches.
        """
        losses = self._losses
        width = NARROW if inputs[0].dtype is FLOAT32 else WIDE
        states: list[State] = []

        def work(jobs: Iterable[slice]) -> None:
            check_subnormals()
            state, workspace = State.empty((), self._rows), make_workspace(self._rows)
            run: Any = None
            for some in jobs:
                few_weights = None if weights is None else weights[some]
                few = tuple([a[some] for a in inputs])
                added = few, few_weights, state.sums, state.counts, 0
                arguments = *added, workspace, width, self._rule
                if run is None:
                    run, given = fold_entry(losses, *arguments)
                run(given, *arguments)
            states.append(state)

        threads = wanted(size)
        cuts = ranges(size, threads, 1) if threads > 1 or size > DIRECT else [slice(None)]
        share(work, cuts, threads)
        state = State.total(states)
        state.counts[:, ROWS] = rows
        return state
