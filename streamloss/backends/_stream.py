"""Small batches one after another: added with nothing checked or looked up twice."""

from __future__ import annotations

from typing import Any

import numpy as np

from streamloss import _threads
from streamloss._convert import Array
from streamloss._inputs import FLOAT32, FLOAT64
from streamloss._loops import make_room
from streamloss.backends._kernels import fold_entry
from streamloss.state import State


class Stream:
    """Adds plain batches to states of one cell: numpy arrays that the kernel can read in place.

    One for each accumulator, used by one thread at a time.
    """

    def __init__(self, losses: tuple[Any, ...], rule: Any) -> None:
        self._losses, self._rule, self._count = losses, rule, losses[0].inputs
        self._runs: dict[tuple[Any, bool], tuple[Any, Array]] = {}

    def add(self, state: State, first: Any, others: Any, weights: Any) -> State | None:
        """Return the state with a batch added; None if the batch is not plain or is large.

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
        if (dtype is not FLOAT32 and dtype is not FLOAT64) or first.size >= _threads.PARALLEL:
            return None
        arrays = inputs if weights is None else (*inputs, weights)
        for a in arrays:
            if (
                type(a) is not np.ndarray
                or a.dtype is not dtype
                or a.shape != shape
                or not a.flags.carray
            ):
                return None
        if len(shape) != 1:
            arrays = tuple([a.reshape(-1) for a in arrays])
        return self._add(state, arrays, weights is not None, shape[0] if shape else 1)

    def _add(self, state: State, arrays: tuple[Array, ...], weighted: bool, rows: int) -> State:
        """Call the kernel on flat arrays."""
        _threads.check_subnormals()
        dtype = arrays[0].dtype
        inputs, weights = (arrays[:-1], arrays[-1]) if weighted else (arrays, None)
        run, room = self._runs.get((dtype, weighted)) or (None, make_room(len(self._losses)))
        out = state.copy()  # a state that others may see never changes
        narrow = True if dtype is FLOAT32 else None
        arguments = inputs, weights, out.sums, out.counts, rows, room, narrow, self._rule
        if run is None:
            run = fold_entry(self._losses, *arguments)
            self._runs[dtype, weighted] = run, room
        run(self._losses, *arguments)
        out.held = 1
        return out
