"""Views of arrays, as `kernels.views` reads them.

A kernel reads any native dtype of numbers and any strides, weights that are broadcast and a mask,
block by block: 0.6 ns a pair in each thread, where numpy's copies in boxes took 2
(`benchmarks/bench_layouts.py`).
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np

from streamloss.arrays.batch import FLOAT32, FLOAT64, Batch
from streamloss.arrays.types import Array
from streamloss.exact.state import State
from streamloss.kernels.fold import make_workspace
from streamloss.kernels.folds import views_entry
from streamloss.kernels.loader import address_of
from streamloss.kernels.switches import NARROW, WIDE, Rule, Width
from streamloss.kernels.views import ADDRESS, CODES, PIECE
from streamloss.losses.base import Loss, rows_of

from .cut import ranges
from .threads import check_subnormals, share

Memory = tuple[tuple[Array, ...], tuple[Array, ...], tuple[Array, ...]]


class Layout(NamedTuple):
    """What is known of the views of a batch without its addresses.

    Attributes
    ----------
    words : int64 array (1 + views, 2 + axes)
        What `kernels.views` says of it, with addresses of zero.
    size : int
        How many elements each view has.
    width : Width
        Whether they are read as float32, which they are rounded to then, or as float64.
    weighted, masked : bool
        Whether weights follow the inputs, and a mask all others.
    """

    words: Array
    size: int
    width: Width
    weighted: bool
    masked: bool

    def at(self, arrays: Sequence[Array]) -> Views:
        """Return the views of inputs, weights and mask, as far as there are any."""
        words, step = self.words.copy(), self.words.strides[0]
        place = ADDRESS * 8
        for array in arrays:
            place += step
            _write(words, place, address_of(array))
        return Views(words, self, arrays)

    def memory(self) -> Memory:
        """Return memory for a block of inputs, of weights and of the mask: for one thread."""
        dtype = FLOAT32 if self.width is NARROW else FLOAT64
        count = len(self.words) - 1 - self.masked
        made = tuple([np.empty(PIECE, dtype) for _ in range(count)])
        split = count - self.weighted
        masks = (np.empty(PIECE, np.bool_),) if self.masked else ()
        return made[:split], made[split:], masks


class Views(NamedTuple):
    """The views of a batch, and the arrays whose memory it is."""

    words: Array
    layout: Layout
    arrays: Sequence[Array]


def laid_out(
    inputs: Sequence[Array],
    weights: Array | None,
    where: Array | None,
    compute: np.dtype[Any] | None,
    order: list[int] | None = None,
) -> Layout | None:
    """Return the layout of arrays, None if a kernel does not read one, or they do not align.

    Inputs are to have one shape, with the leading axes of which weights and mask align. By default
    the axes are in the order in which memory has them.
    """
    width = NARROW if compute == FLOAT32 else WIDE
    if width is WIDE and compute is not None and compute != FLOAT64:
        return None
    shape = inputs[0].shape
    if order is None and len(shape) > 1:
        order = _order(inputs[0].strides)
    rows = [[0, 0, *_in_order(shape, order)]]
    for array in [array for array in (*inputs, weights, where) if array is not None]:
        code, strides = CODES.get(array.dtype), _strides(array, shape)
        if code is None or strides is None:
            return None
        rows.append([code, 0, *_in_order(strides, order)])
    if any([array.shape != shape for array in inputs]):
        return None
    if where is not None and where.dtype != np.bool_:
        return None
    words, size = np.array(rows, np.int64), inputs[0].size
    return Layout(words, size, width, weights is not None, where is not None)


def views_of(batch: Batch) -> Views | None:
    """Return views of a batch, None if a kernel does not read one of its arrays."""
    inputs, weights, where, dtype, _ = batch
    if dtype == FLOAT32 and all([a.dtype == FLOAT32 for a in batch.inputs]):
        dtype = FLOAT64 if weights is None or weights.dtype == FLOAT32 else dtype
    layout = laid_out(inputs, weights, where, dtype)
    arrays = [array for array in (*inputs, weights, where) if array is not None]
    return None if layout is None else layout.at(arrays)


def _order(strides: tuple[int, ...]) -> list[int] | None:
    """Return the axes as they lie in memory, the outermost first; None if they are in that order.

    Sums do not depend on it, and what is read in order is read at the speed of memory.
    """
    sizes = [abs(stride) for stride in strides]
    if sizes == sorted(sizes, reverse=True):
        return None
    return sorted(range(len(sizes)), key=lambda k: -sizes[k])


def _in_order(numbers: tuple[int, ...], order: list[int] | None) -> Iterable[int]:
    """Return numbers of axes in an order of those."""
    return numbers if order is None else [numbers[k] for k in order]


def _strides(array: Array, shape: tuple[int, ...]) -> tuple[int, ...] | None:
    """Return the strides of an array along all axes, None if it does not align with the leading."""
    if array.shape == shape:
        return array.strides
    if array.ndim > len(shape):
        return None
    strides = [0] * len(shape)
    for k, size in enumerate(array.shape):
        if size == shape[k]:
            strides[k] = array.strides[k]
        elif size != 1:
            return None
    return tuple(strides)


_write: Any = struct.Struct("q").pack_into


def sum_views(losses: tuple[Loss, ...], given: Views, rule: Rule, threads: int) -> State:
    """Return the state of views but for its rows, shared out to threads."""
    layout, states, rows = given.layout, list[State](), rows_of(losses)

    def work(jobs: Iterable[slice]) -> None:
        check_subnormals()
        state, workspace = State.empty((), rows), make_workspace(rows)
        memory = layout.memory()
        run: Any = None
        for some in jobs:
            first, last = some.start, min(some.stop, layout.size)
            added = given.words, first, last, memory, state.sums, state.counts, 0, workspace
            if run is None:
                run, table = views_entry(losses, *added, layout.width, rule)
            run(table, *added, layout.width, rule)
        states.append(state)

    cuts = ranges(layout.size, threads, 1) if layout.size else [slice(0, 0)]
    share(work, cuts, threads)
    return State.total(states)
