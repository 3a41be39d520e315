"""Dask arrays: a task for each chunk gives its State, a tree of tasks merges them.

Nothing is computed here, nor known of queries. A chunk's task is a blockwise one, which dask fuses
with those that load the chunk; the State it returns, a few hundred bytes for a scalar, takes the
place of a block.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from dask.base import tokenize
from dask.delayed import delayed

from streamloss.arrays.batch import Arguments, normalise_axis
from streamloss.arrays.types import AxisLike
from streamloss.exact.counts import ROWS
from streamloss.exact.reductions import Reduction
from streamloss.exact.state import State, check_state
from streamloss.losses.base import Loss
from streamloss.support.maker import Task

from .blocks import Blocks, align
from .chunks import Chunk, Work, apply
from .names import digest_of, token_of
from .trees import reduced_to_one

ARITY = 16
"""States that one task merges: 100,000 chunks take a quarter less time than with dask's 4
(`benchmarks/bench_dask.py`)."""


def sums(
    work: Work,
    losses: tuple[Loss, ...],
    data: Arguments,
    axis: AxisLike,
    compute: Any,
    settings: Any,
) -> LazyState:
    """Return the State of all chunks, of which `work` gives that of one.

    Parameters
    ----------
    work : callable
        What a chunk's task calls.
    losses : tuple of loss
        What it sums.
    data : Arguments
        The arrays of the call, some of them dask's.
    axis : int or tuple of int, optional
        The axes to reduce.
    compute : dtype, optional
        What inputs are rounded to first.
    settings : tuple
        What the State depends on beside all this, for dask's name of it.
    """
    blocks = align(losses, data, compute)
    rank = len(blocks.chunks)
    reduced = normalise_axis(axis, rank)
    token = token_of(losses, blocks, axis, settings)
    chunks = tuple((1,) * len(c) if k in reduced else c for k, c in enumerate(blocks.chunks))
    task = _StateOfChunk(work, blocks, reduced)
    parts = apply(task, blocks, f"streamloss-fold-{token}", chunks, np.empty((), object))
    name = "streamloss-merge-{}-" + token
    return LazyState(reduced_to_one(parts, reduced, name, _total, ARITY))


def values(
    work: Work, losses: tuple[Loss, ...], data: Arguments, compute: Any, settings: Any
) -> Any:
    """Return the array of what `work` makes of each chunk, of the shape of the losses."""
    blocks = align(losses, data, compute)
    name = f"streamloss-map-{token_of(losses, blocks, settings)}"
    meta = np.empty_like(blocks.inputs[0]._meta, np.float64)  # an array of CuPy if the chunks are
    return apply(Chunk(work, blocks), blocks, name, blocks.chunks, meta)


class LazyState:
    """The State of dask arrays: an array of the axes and chunks kept, a State in each block."""

    def __init__(self, parts: Any) -> None:
        self._parts = parts

    def results(self, losses: tuple[Loss, ...], reduction: Reduction) -> list[Any]:
        """Return the lazy results of all losses, as `State.results` does."""
        codes = [digest_of(loss) for loss in losses]
        return [
            self.apply(_Finish(losses, k, reduction), token=(k, str(reduction), codes))
            for k in range(len(losses))
        ]

    def apply(self, function: Callable[..., Any], *others: Any, token: Any = None) -> Any:
        """Return the float64 array of what a function makes of each state, and of other arrays.

        Two functions of one token are one to dask; by default the function is its own.
        """
        names = [other.name for other in (self._parts, *others)]
        token = tokenize(names, function if token is None else token)
        return self._parts.map_blocks(
            Task(function),
            *others,
            name=f"streamloss-finish-{token}",
            dtype=np.float64,
            meta=np.empty((0,) * self._parts.ndim, np.float64),
        )

    def delayed(self, build: Callable[[State], Any] | None = None) -> Any:
        """Return the Delayed State of all blocks, or what a function makes of it."""
        parts = self._parts
        return delayed(Task(_join))(parts.to_delayed().tolist(), parts.ndim, build)

    def compute(self) -> State:
        """Return the State, computed now."""
        state: State = self.delayed().compute()
        return state


class _StateOfChunk(Chunk):
    """Gives the State of a chunk; one at the beginning of the other axes counts its rows."""

    def __init__(self, work: Work, blocks: Blocks, reduced: tuple[int, ...]) -> None:
        super().__init__(work, blocks)
        self._reduced = reduced

    def _run(self, data: Arguments, place: Any) -> Any:
        state = self._work(data)
        if any(place[k] for k in self._reduced if k > 0):
            state.counts[:, ROWS] = 0
        return state


def _total(*parts: State) -> State:
    """Return the sum of the states of other tasks."""
    return State.total([check_state(part) for part in parts])


class _Finish:
    """Turns a state into one loss's results."""

    def __init__(self, losses: tuple[Loss, ...], k: int, reduction: Reduction) -> None:
        self._losses, self._k, self._reduction = losses, k, reduction

    def __call__(self, state: State) -> Any:
        """Return the results of a block."""
        return np.float64(check_state(state).results(self._losses, self._reduction)[self._k])


def _join(parts: Any, rank: int, build: Callable[[State], Any] | None) -> Any:
    """Return the state of blocks in nested lists of so many axes, or what is made of it."""
    for axis in reversed(range(rank)):
        parts = _join_along(parts, axis)
    return parts if build is None else build(parts)


def _join_along(parts: Any, axis: int, depth: int = 0) -> Any:
    """Put states in nested lists together along their innermost axis."""
    if depth < axis:
        return [_join_along(part, axis, depth + 1) for part in parts]
    return State.concatenated([check_state(part) for part in parts], axis)


def call_later(function: Callable[..., Any], *arguments: Any) -> Any:
    """Return the Delayed result of a function of arguments that hold Delayed values."""
    return delayed(Task(function))(*arguments)
