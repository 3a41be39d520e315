"""Plain batches: numpy arrays that a kernel reads as they are, with nothing looked up twice.

Most updates of a training loop are of this kind. One of 64 numbers takes 5 us here and 59
by `run.cpu` (`benchmarks/bench_streaming.py`).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from streamloss.arrays.batch import FLOAT32, FLOAT64
from streamloss.arrays.types import Array
from streamloss.exact.counts import ROWS
from streamloss.exact.state import State
from streamloss.kernels.cpu import fold_entry
from streamloss.kernels.fold import Workspace, make_workspace
from streamloss.kernels.switches import NARROW, WIDE, Rule
from streamloss.losses.base import Loss

from .cut import DIRECT, ranges
from .threads import check_subnormals, share, wanted

Inputs = tuple[Array, ...]
Taken = tuple[Inputs, Array | None, int]


class Plain:
    """Adds plain batches to states of one cell: numpy arrays that the kernel can read in place.

    One for each tally. One thread at a time may `add`. If arrays are to be rounded to a dtype,
    only those are plain that have it.
    """

    def __init__(
        self, losses: tuple[Loss, ...], rule: Rule, compute: np.dtype[Any] | None = None
    ) -> None:
        self._losses, self._rule, self._count = losses, rule, losses[0].inputs
        self._narrow = FLOAT32 if compute in (None, FLOAT32) else None
        self._wide = FLOAT64 if compute in (None, FLOAT64) else None
        self._runs: dict[tuple[Any, bool], tuple[Any, Workspace]] = {}

    def take(self, first: Any, others: Any, weights: Any) -> Taken | None:
        """Return a batch as its flat arrays; None if it is not plain.

        `first` and `others` are y_true and y_pred as `Accumulator.update` has them.
        """
        if type(first) is not np.ndarray:
            return None
        if self._count == 2:
            inputs: tuple[Any, ...] = first, others
        elif type(others) is tuple and 1 < len(others) == self._count - 1:
            inputs = first, *others
        elif others is None and self._count == 1:
            inputs = (first,)
        else:
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
        return inputs, weights, shape[0] if shape else 1

    def add(self, state: State, inputs: Inputs, weights: Array | None, rows: int) -> State:
        """Return the state with a batch added."""
        check_subnormals()
        dtype, weighted = inputs[0].dtype, weights is not None
        known = self._runs.get((dtype, weighted))
        run, workspace = known or (None, make_workspace(len(self._losses)))
        # a copy: others may hold the state as it was
        out = State((), state.sums.copy(), 0, state.counts.copy())
        width = NARROW if dtype is FLOAT32 else WIDE
        arguments = inputs, weights, out.sums, out.counts, rows, workspace, width, self._rule
        if run is None:
            run = fold_entry(self._losses, *arguments)
            self._runs[dtype, weighted] = run, workspace
        run(self._losses, *arguments)
        return out

    def sum_large(self, inputs: Inputs, weights: Array | None, rows: int) -> State:
        """Return the state of a large batch, shared out to threads; several may call this.

        Read with `cpu.sums`, a million terms would take 100 us more: Python that kernels
        have driven out of the caches.
        """
        losses, size = self._losses, inputs[0].size
        width = NARROW if inputs[0].dtype is FLOAT32 else WIDE
        states: list[State] = []

        def work(jobs: Iterable[slice]) -> None:
            check_subnormals()
            state, workspace = State.empty((), len(losses)), make_workspace(len(losses))
            for some in jobs:
                few_weights = None if weights is None else weights[some]
                few = tuple([a[some] for a in inputs])
                added = few, few_weights, state.sums, state.counts, 0
                arguments = *added, workspace, width, self._rule
                fold_entry(losses, *arguments)(losses, *arguments)
            states.append(state)

        threads = wanted(size)
        cuts = ranges(size, threads, 1) if threads > 1 or size > DIRECT else [slice(None)]
        share(work, cuts, threads)
        state = State.total(states)
        state.counts[:, ROWS] = rows
        return state
