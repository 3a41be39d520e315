"""Batches as kernels of slices read them, some rows at a time.

Arrays are read where they lie if their elements follow one another as float64, or as float32; of
others some rows are copied, and so are values of losses that kernels cannot call: of rows, of
complex numbers, and where there is no object code of a loss.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from streamloss.arrays.batch import FLOAT32, FLOAT64, Batch
from streamloss.arrays.types import Array
from streamloss.kernels.cpu import call
from streamloss.kernels.folds import address
from streamloss.kernels.groups import PARAMETERS
from streamloss.kernels.loader import CannotLoad, address_of
from streamloss.kernels.switches import SIFT, Omit, Rule
from streamloss.kernels.values import Values, write_factors, write_values
from streamloss.losses.base import Loss, values_first
from streamloss.run import cpu

from .near import Source

AT_ONCE = 1 << 17
"""Elements whose codes, and copies where these are needed, are in memory at once: of half as many
the calls take a tenth of the time (`benchmarks/bench_slices.py`)."""

BOOL = np.dtype(np.bool_)


class _Rows(NamedTuple):
    """An array of which some rows are read: as another dtype if it is not read where it lies."""

    array: Array
    dtype: np.dtype[Any]
    in_place: bool
    constant: bool

    @classmethod
    def of(cls, array: Array, dtype: np.dtype[Any], may_repeat: bool = False) -> _Rows:
        """Return an array that is read as a dtype; of one number, kernels may repeat that."""
        flags = array.flags
        plain = array.dtype == dtype and dtype.isnative and flags.c_contiguous and flags.aligned
        constant = may_repeat and array.size > 0 and not any(array.strides)
        return cls(array, dtype, bool(plain), constant)

    def some(self, rows: slice) -> tuple[int, int, Array]:
        """Return the address of some rows, the bytes of an element, and what owns them."""
        found = self.array[rows]
        if self.constant:
            found = found.reshape(-1)[:1].astype(np.float64)
            return address_of(found), 0, found
        if not self.in_place:
            found = np.ascontiguousarray(found, self.dtype)
        return address_of(found), self.dtype.itemsize, found


class Sources:
    """Gives the rows of a batch to kernels.

    Parameters
    ----------
    losses : tuple of loss
        The parts whose sums are taken.
    batch : Batch
        Its arrays.
    rule : {SIFT, OMIT}
        What becomes of elements with a NaN.
    weighted : bool
        Whether near rows have weights: ones, where the batch has none.
    first : bool array, optional
        Which elements of a row of the batch are the first of their cell; None if rows are not
        counted.
    """

    def __init__(
        self,
        losses: tuple[Loss, ...],
        batch: Batch,
        rule: Rule,
        weighted: bool,
        first: Array | None,
    ) -> None:
        self._losses, self._batch, self._omit = losses, batch, isinstance(rule, Omit)
        self._weighted, self._first = weighted, first
        self._plan = self._called()
        dtype = batch.inputs[0].dtype
        narrow = dtype == FLOAT32 and all([a.dtype == dtype for a in batch.inputs])
        self._dtype = FLOAT32 if narrow else FLOAT64
        read = batch.inputs if losses or self._omit else ()  # counts alone need no numbers
        self._inputs = [_Rows.of(array, self._dtype) for array in read]

    def piece(self, some: slice) -> Source:
        """Return the source of some rows."""
        if self._plan is not None:
            omit = 0 if self._omit else -1
            return self._source(self._plan, self._inputs, self._batch, some, omit)
        batch = _cut(self._batch, some)
        plan, values = [], list[Array]()
        for loss in self._losses:
            plan.append((0, len(values), loss))
            values += _values(loss, batch)
        omit = len(values) if self._omit else -1  # a NaN that a loss gives is a term
        if self._omit:
            values.append(_missing(batch))
        rows = [_Rows.of(array, FLOAT64) for array in values]
        return self._source(_plan(plan), rows, batch, slice(None), omit)

    def _called(self) -> Array | None:
        """Return the plan of losses that kernels call, None if there is one that they cannot."""
        losses, batch = self._losses, self._batch
        if any([values_first(loss) for loss in losses]) or batch.dtype.kind == "c":
            return None
        narrow = all([array.dtype == FLOAT32 for array in batch.inputs])
        try:
            addresses = [_address(loss, losses, narrow) for loss in losses]
        except CannotLoad:
            return None
        return _plan([(at, 0, loss) for at, loss in zip(addresses, losses, strict=True)])

    def _source(
        self, plan: Array, inputs: list[_Rows], batch: Batch, some: slice, omit: int
    ) -> Source:
        """Return the source of some rows of inputs, or of values, and of weights and mask.

        A NaN of an input says from one on that its element does not count.
        """
        weights, where, shape = batch.weights, batch.where, batch.shape
        if weights is None and self._weighted:
            weights = np.broadcast_to(np.float64(1.0), shape)
        others: list[_Rows | None] = [None, None, None]
        if weights is not None:
            narrow = weights.dtype == FLOAT32
            others[0] = _Rows.of(weights, FLOAT32 if narrow else FLOAT64, may_repeat=True)
        if where is not None:
            others[1] = _Rows.of(where, BOOL)
        if self._first is not None:
            others[2] = _Rows.of(np.broadcast_to(self._first, shape), BOOL)
        places = iter(range(len(inputs), len(inputs) + 3))
        told = len(inputs), *[-1 if a is None else next(places) for a in others], omit
        found = [rows.some(some) for rows in (*inputs, *others) if rows is not None]
        arrays = np.array([each[:2] for each in found], np.int64).reshape(-1, 2)
        return Source(plan, arrays, told, found)


def _address(loss: Loss, losses: tuple[Loss, ...], narrow: bool) -> int:
    """Return the address of what writes the values of a loss, one of some."""
    body = write_factors if loss.streams > 1 else write_values
    kind = Values(loss.inputs, loss.streams, narrow)
    return address(type(loss), body, kind, tuple([type(each) for each in losses]))


def _plan(rows: list[tuple[int, int, Loss]]) -> Array:
    """Return what `kernels.groups.ADDRESS` begins, of addresses, first arrays and losses."""
    most = max([len(loss) for _, _, loss in rows], default=0)
    out, first = np.zeros((len(rows), PARAMETERS + most), np.int64), 0
    for row, (where, source, loss) in zip(out, rows, strict=True):
        row[:PARAMETERS] = where, source, loss.streams, first
        row[PARAMETERS : PARAMETERS + len(loss)].view(np.float64)[:] = tuple(loss)
        first += loss.streams
    return out


def _cut(batch: Batch, some: slice) -> Batch:
    """Return some rows of a batch."""
    inputs = tuple([array[some] for array in batch.inputs])
    weights = None if batch.weights is None else batch.weights[some]
    where = None if batch.where is None else batch.where[some]
    return batch._replace(inputs=inputs, weights=weights, where=where)


def _values(loss: Loss, batch: Batch) -> list[Array]:
    """Return the values of a loss, without weights, or the factors of a moment."""
    if loss.streams == 1:
        return [cpu.values(loss, batch._replace(weights=None), SIFT, 1)]
    inputs = tuple([np.ascontiguousarray(a, np.float64).reshape(-1) for a in batch.inputs])
    out, more = np.empty(inputs[0].size), np.empty(inputs[0].size)
    call(write_factors, (loss,), loss, inputs, out, more)
    return [out.reshape(batch.shape), more.reshape(batch.shape)]


def _missing(batch: Batch) -> Array:
    """Return NaN for each element or row of a batch with a NaN in an input, else zero."""
    missing = np.zeros(batch.shape, np.bool_)
    for array in batch.inputs:
        beyond = tuple(range(len(batch.shape), array.ndim))
        missing |= np.isnan(array).any(axis=beyond)
    return np.where(missing, np.nan, 0.0)
