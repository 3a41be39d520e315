"""Cutting arrays into boxes that a kernel takes: in place where it can, else through buffers.

A box is read where it lies if it is contiguous and has the kernel's dtype; anything else is copied
by numpy, without the GIL, into buffers that fit the cache. So kept axes are read, rows, complex
numbers, and broadcast weights beside inputs in place; what else there is has `views`.
"""

from __future__ import annotations

import itertools
import math
import os
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from streamloss.arrays.batch import FLOAT32, FLOAT64, Batch, normalise_axis
from streamloss.arrays.types import Array, AxisLike
from streamloss.exact.digits import BLOCK
from streamloss.kernels.switches import Multiply, Omit, Rule

DIRECT = 1 << 22
"""Elements of a box that is read in place: long enough to hide what it costs that two threads
want the GIL after each, about 100 us."""

LEAST = 1 << 18
"""Elements of the last of such boxes: threads wait for each other for 100 us at the end."""

MOST_ROWS = 1 << 16
"""Most rows of a box that is read in place: beside rows, one number for each may be copied."""

GATHER = 1 << 15
"""Elements of a box that is copied: three float64 buffers of it are 768 KiB."""

MOST_CELLS = 1 << 13
"""Most cells of a box: their wide rows, where they need them, are 9 MiB for one loss."""

FEW_CELLS = 1 << 8
"""Cells that a box which is copied may have, even if it has a part of their elements alone."""

MANY = 1 << 20
"""Cells, or rows without elements, that are taken without asking how much memory there is."""

CELL_BYTES = 88
"""Bytes of the counts and sums of a cell, at least."""

Index = tuple[Any, ...]


class Plan(NamedTuple):
    """The arrays of a batch with the kept axes first and the reduced axes after them."""

    batch: Batch
    kept: tuple[int, ...]
    reduced: tuple[int, ...]
    in_place: bool

    @property
    def cells(self) -> int:
        """The number of output cells."""
        return math.prod(self.kept)

    @property
    def length(self) -> int:
        """The number of elements of a cell."""
        return math.prod(self.reduced)


def _check_size(batch: Batch, reduced: tuple[int, ...]) -> None:
    """Refuse what the data are no measure of: views can have more elements than there is memory.

    Raises
    ------
    ValueError
        If the cells do not fit the memory of the machine, or cells or rows without elements are
        very many.
    """
    shape = batch.shape
    cells = math.prod([size for k, size in enumerate(shape) if k not in reduced])
    if cells > MANY and cells * CELL_BYTES > _memory():
        raise ValueError(f"axis must leave cells that fit the memory: got {cells} cells")
    if cells > MANY >> 4 and not math.prod(shape):
        raise ValueError(f"axis must leave at most {MANY >> 4} cells of no elements: got {cells}")
    if batch.row == 0 and math.prod(shape) > MANY:
        raise ValueError(
            f"rows must have elements, or be at most {MANY}: got shape {shape} of rows"
        )


def _memory() -> float:
    """Return the bytes of memory of the machine, infinity if it does not tell."""
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):
        return math.inf


def plan(batch: Batch, axis: AxisLike) -> Plan:
    """Order the axes of a batch: kept ones, then reduced ones as they lie in memory."""
    reduced = normalise_axis(axis, len(batch.shape))
    _check_size(batch, reduced)
    kept = [k for k in range(len(batch.shape)) if k not in reduced]
    strides = batch.inputs[0].strides
    order = [*kept, *sorted(reduced, key=lambda k: -abs(strides[k]))]
    if order != list(range(len(order))):
        batch = batch._replace(
            inputs=tuple(a.transpose([*order, *range(len(order), a.ndim)]) for a in batch.inputs),
            weights=None if batch.weights is None else batch.weights.transpose(order),
            where=None if batch.where is None else batch.where.transpose(order),
        )
    in_place = is_in_place(batch)
    shape, split = batch.shape, len(kept)
    if in_place and not kept and len(shape) != 1:
        size = (math.prod(shape),)
        batch = batch._replace(
            inputs=tuple(a.reshape(size + a.shape[len(shape) :]) for a in batch.inputs),
            weights=None if batch.weights is None else batch.weights.reshape(-1),
        )
        shape = batch.shape
    return Plan(batch, shape[:split], shape[split:], in_place)


def is_in_place(batch: Batch) -> bool:
    """Return whether a kernel can read the arrays of a batch as they lie."""
    arrays = batch.inputs if batch.weights is None else (*batch.inputs, batch.weights)
    dtypes = [*read_as(batch), real(batch.dtype)]
    ranks = [*batch.ranks, 0]
    return batch.where is None and all(
        # one number for each row is little to copy, beside the rows: it need not lie in place
        a.flags.c_contiguous and (rank < max(ranks) or (a.flags.aligned and a.dtype == dtype))
        for a, dtype, rank in zip(arrays, dtypes, ranks, strict=False)
    )


def real(dtype: np.dtype[Any]) -> np.dtype[Any]:
    """Return the dtype that weights are read as beside inputs of a dtype."""
    return FLOAT32 if dtype == FLOAT32 else FLOAT64


def read_as(batch: Batch) -> list[np.dtype[Any]]:
    """Return the dtype that each input is read as: float32 rows stay so beside integer labels."""
    rows = [a for a, rank in zip(batch.inputs, batch.ranks, strict=True) if rank]
    narrow = batch.dtype == FLOAT64 and all(a.dtype == FLOAT32 for a in rows)
    return [FLOAT32 if narrow and rank else batch.dtype for rank in batch.ranks]


def boxes(shape: tuple[int, ...], limit: int) -> Iterator[Index]:
    """Cut a shape into indices of at most `limit` elements, each a range in C order."""
    axis, inner = 0, math.prod(shape)
    while axis < len(shape) and inner > limit:
        inner //= shape[axis]
        axis += 1
    if axis == 0:
        yield ()
        return
    step = max(1, limit // max(inner, 1))
    for prefix in itertools.product(*(range(size) for size in shape[: axis - 1])):
        for start in range(0, shape[axis - 1], step):
            yield (*prefix, slice(start, start + step))


class Reader:
    """Reads boxes of a batch, in place or through buffers of its own: one for each thread."""

    def __init__(self, batch: Batch, rule: Rule) -> None:
        self._batch, self._rule = batch, rule
        self._kinds, self._real = read_as(batch), real(batch.dtype)
        self._buffers: dict[int, Array] = {}

    def read(
        self, index: Index, cells: int, axis: int = 1
    ) -> tuple[tuple[Array, ...], Array | None, Array | None]:
        """Return inputs and weights of a box, flat, and how many elements of each cell it masks.

        A masked element gets weight zero, which adds nothing; and where a NaN would be counted
        as missing its inputs are zero too. Where a weight of zero would be multiplied, masked
        elements are left out; such a box has one cell. `axis` is that of the elements of a cell, in
        the arrays as cells and elements or elements and cells.
        """
        inputs, weights, where, _, ranks = self._batch
        kinds, last = self._kinds, len(inputs)
        index = (*index, ...)  # an array even where every axis is indexed
        if where is None:
            found = [self._fit(k, a[index], kinds[k], None, ranks[k]) for k, a in enumerate(inputs)]
            if weights is not None:
                weights = self._fit(last, weights[index], self._real)
            return tuple(found), weights, None
        where = where[index]
        if isinstance(self._rule, Multiply):
            found = [
                self._fit(k, a[index][where], kinds[k], None, ranks[k])
                for k, a in enumerate(inputs)
            ]
            if weights is not None:
                weights = self._fit(last, weights[index][where], self._real)
            return tuple(found), weights, np.array([where.size - np.count_nonzero(where)])
        masked = ~where
        zeroed = masked if isinstance(self._rule, Omit) else None
        found = [self._fit(k, a[index], kinds[k], zeroed, ranks[k]) for k, a in enumerate(inputs)]
        if weights is None:
            weights = self._fit(last, where, self._real)
        else:
            weights = self._fit(last, weights[index], self._real, masked)
        shape = [masked.size // max(cells, 1)] * 2
        shape[1 - axis] = cells
        return tuple(found), weights, np.count_nonzero(masked.reshape(shape), axis=axis)

    def _fit(
        self,
        k: int,
        array: Array,
        dtype: np.dtype[Any],
        masked: Array | None = None,
        rank: int = 0,
    ) -> Array:
        """Return a box as the kernel needs it: itself if it can be, else a copy in buffer k."""
        flags = array.flags
        size = (math.prod(array.shape[: array.ndim - rank]), *array.shape[array.ndim - rank :])
        if masked is None and array.dtype == dtype and flags.c_contiguous and flags.aligned:
            return unlock(array).reshape(size)
        if k not in self._buffers or self._buffers[k].size < array.size:
            self._buffers[k] = np.empty(array.size, dtype)
        flat = self._buffers[k][: array.size]
        out = flat.reshape(array.shape)
        with np.errstate(over="ignore"):
            np.copyto(out, array, casting="unsafe")
        if masked is not None:
            np.copyto(out, 0.0, where=masked[..., None] if rank else masked)
        return flat.reshape(size)


class _Open:
    """Offers the memory of an array as writable."""

    def __init__(self, array: Array) -> None:
        address, _ = array.__array_interface__["data"]
        self.__array_interface__ = {**array.__array_interface__, "data": (address, False)}
        self.owner = array


def unlock(array: Array) -> Array:
    """Return a native array as one that numba takes for writable: read-only is another type.

    Kernels write to no input, and without this each of them would be compiled twice.
    """
    return array if array.flags.writeable else np.asarray(_Open(array))


def jobs(todo: Plan, threads: int, rule: Rule) -> Iterator[tuple[slice, Index]]:
    """Yield boxes with the cells they belong to, those of the same cells together."""
    if todo.in_place and not todo.kept and threads > 1:
        parts = ranges(todo.length, threads, todo.batch.row or 1)
        yield from ((slice(0, 1), (part,)) for part in parts)
        return
    limit = DIRECT if todo.in_place else GATHER
    if threads > 1:  # four boxes a thread and more, so that no thread waits long at the end
        least = LEAST if todo.in_place else GATHER
        limit = min(limit, max(least, todo.cells * todo.length // (4 * threads)))
    limit = max(1, limit // max(todo.batch.row or 1, 1))
    whole = limit // max(todo.length, 1)  # cells that one box can hold entirely
    most = max(1, min(MOST_CELLS, whole if todo.in_place else max(whole, FEW_CELLS)))
    if isinstance(rule, Multiply) and todo.batch.where is not None:
        most = 1
    start = 0
    for outer in boxes(todo.kept, most):
        cells = length_of(todo.kept, outer)
        for inner in boxes(todo.reduced, max(1, limit // max(cells, 1))):
            full = (*outer, *(slice(None),) * (len(todo.kept) - len(outer)), *inner)
            yield slice(start, start + cells), full
        start += cells


def ranges(size: int, threads: int, row: int) -> Iterator[slice]:
    """Cut a size into ranges that shrink, so that threads of any pace end together."""
    least, most = max(1, LEAST // row), max(1, 4 * DIRECT // row)
    if row > 1:
        least, most = min(least, MOST_ROWS), min(most, MOST_ROWS)
    start = 0
    while start < size:
        share = (size - start) // (2 * threads) // BLOCK * BLOCK
        stop = start + max(least, min(share, most))
        yield slice(start, stop)
        start = stop


def length_of(shape: tuple[int, ...], index: Index) -> int:
    """Return how many elements an index of `boxes` selects."""
    size = math.prod(shape[len(index) :])
    if index:
        size *= len(range(*index[-1].indices(shape[len(index) - 1])))
    return size
