"""Small batches of rows, such as logits of classes: two kernels, with nothing looked up twice.

The first writes the losses of the rows, the second folds them. A cross-entropy of 64 rows takes
9 us here and 70 by `run.cpu` (`benchmarks/bench_rows.py`).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from streamloss.arrays.batch import FLOAT32, FLOAT64
from streamloss.arrays.memory import memory_of
from streamloss.arrays.types import Array
from streamloss.exact.state import State
from streamloss.kernels.fold import make_workspace
from streamloss.kernels.folds import fold_entry
from streamloss.kernels.loader import IN_PLACE
from streamloss.kernels.rows import ENOUGH, rows_entry
from streamloss.kernels.switches import WIDE, Rule
from streamloss.losses.base import Loss
from streamloss.losses.names import resolve

from . import threads
from .cut import unlock
from .threads import check_subnormals

VALUES = (resolve("value"),)

Given = tuple[tuple[Array, ...], Array | None]
"""Rows as they lie and one number for each as float64, and the weights of rows or None."""

Taken = tuple[Given, int, int, tuple[int, ...]]
"""A batch as kernels read it, its size, its rows, and the sizes of the axes kept: none."""


class Rows:
    """Adds small batches of rows to states of one cell, as `direct.Direct` adds numbers."""

    axis = None

    def __init__(self, loss: Loss, rule: Rule) -> None:
        self._loss, self._rule = loss, rule
        self._folds: dict[bool, tuple[Any, ...]] = {}
        self._maps: dict[Any, tuple[Any, ...]] = {}

    def take(self, first: Any, others: Any, weights: Any, where: Any) -> Taken | None:
        """Return a batch as kernels read it; None if they do not, or it is large."""
        if where is not None:
            return None
        ranks = self._loss.ranks
        values = (first, *others) if isinstance(others, tuple) else (first, others)
        found = [memory_of(value) for value in values[: len(ranks)]]
        arrays = [array for array in found if array is not None]
        if len(arrays) != len(ranks) or len(values) != max(len(ranks), 2):
            return None
        longest = arrays[ranks.index(1)]
        if longest.ndim < 1 or max([array.size for array in arrays]) >= threads.PARALLEL:
            return None
        shape, kind = longest.shape[:-1], longest.dtype
        inputs = []
        for array, rank in zip(arrays, ranks, strict=True):
            if array.shape != (longest.shape if rank else shape):
                return None
            read = _rows(array, kind) if rank else _numbers(array)
            if read is None:
                return None
            inputs.append(read)
        heavy = None
        if weights is not None:
            weighing = memory_of(weights)
            if weighing is None or weighing.shape != shape:
                return None
            heavy = _numbers(weighing)
            if heavy is None:
                return None
        return (tuple(inputs), heavy), longest.size, shape[0] if shape else 1, ()

    def add(self, state: State, given: Given, size: int, rows: int, kept: tuple[int, ...]) -> State:
        """Return the state with a batch added."""
        check_subnormals()
        inputs, weights = given
        values = np.empty(len(inputs[0]))
        key = tuple([(array.dtype, array.shape[1:]) for array in inputs])
        run, scratch, columns, taken = self._maps.get(key) or (None, None, None, 0)
        if run is None or (not columns and taken >= ENOUGH):
            run, scratch, columns = rows_entry(self._loss, inputs, values, taken)
            taken = 0
        self._maps[key] = run, scratch, columns, taken + len(values)
        run(self._loss, inputs, values, scratch, columns)
        out = State((), state.sums.copy(), 0, state.counts.copy())
        known = self._folds.get(weights is None)
        fold, losses, workspace = known or (None, None, make_workspace(1))
        added = (values,), weights, out.sums, out.counts, rows, workspace, WIDE, self._rule
        if fold is None:
            fold, losses = fold_entry(VALUES, *added)
            self._folds[weights is None] = fold, losses, workspace
        fold(losses, *added)
        return out


def _rows(array: Array, kind: np.dtype[Any]) -> Array | None:
    """Return rows as kernels read them, if they are of a floating dtype and lie in order."""
    if array.dtype is not kind or (kind is not FLOAT32 and kind is not FLOAT64):
        return None
    if array.flags.num & IN_PLACE != IN_PLACE:
        return None
    return unlock(array).reshape(-1, array.shape[-1])


def _numbers(array: Array) -> Array | None:
    """Return one number for each row as float64, None if they are no real numbers."""
    if array.dtype.kind not in "fiub" or array.dtype.itemsize > 8:
        return None
    return unlock(np.ascontiguousarray(array, np.float64)).reshape(-1)
