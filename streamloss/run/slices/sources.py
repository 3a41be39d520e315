"""Batches as kernels of slices read them: where they lie, or as values computed before."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from streamloss.arrays.batch import FLOAT32, FLOAT64, Batch
from streamloss.arrays.types import Array
from streamloss.kernels.cpu import call
from streamloss.kernels.folds import address
from streamloss.kernels.groups import PARAMETERS
from streamloss.kernels.loader import CannotLoad
from streamloss.kernels.switches import SIFT, Omit, Rule
from streamloss.kernels.values import Values, write_factors, write_values
from streamloss.losses.base import Loss, values_first
from streamloss.run import cpu
from streamloss.run.views import laid_out

from .near import Source

AT_ONCE = 1 << 17
"""Rows whose codes, and values where these are computed first, are in memory at once."""

ONE = np.ones(1)


class Sources:
    """Gives the elements of a batch piece by piece.

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
    first : float64 array, optional
        For each element of a row of the batch 1.0 where it begins one of a cell, else 0.0; None if
        rows are not counted.
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
        self._inner = math.prod(batch.shape[1:])
        self._whole = self._in_place()

    @property
    def is_whole(self) -> bool:
        """Whether kernels read the batch where it lies."""
        return self._whole is not None

    def piece(self, some: slice) -> tuple[Source, int]:
        """Return a source for some rows, and the number of the first of its elements."""
        if self._whole is not None:
            return self._whole, some.start * self._inner
        return self._computed(some), 0

    def _in_place(self) -> Source | None:
        """Return a source of the whole batch, None if its values have to be computed first."""
        batch, losses = self._batch, self._losses
        if any([values_first(loss) for loss in losses]) or batch.dtype.kind == "c":
            return None
        inputs = batch.inputs
        flat = not self._omit and all([_is_flat(array, inputs[0].dtype) for array in inputs])
        narrow = flat and inputs[0].dtype == FLOAT32
        try:
            addresses = [_address(loss, losses, narrow) for loss in losses]
        except CannotLoad:
            return None
        plan = _plan([(at, 0, loss) for at, loss in zip(addresses, losses, strict=True)])
        omit = 0 if self._omit else -1
        return self._source(inputs, plan, len(inputs) * flat, batch.weights, batch.where, omit)

    def _source(
        self,
        inputs: tuple[Array, ...],
        plan: Array,
        in_place: int,
        weights: Array | None,
        where: Array | None,
        omit: int,
    ) -> Source | None:
        """Return the source of inputs, or of values, all of the shape of the losses."""
        shape, first = inputs[0].shape, self._first
        arrays = [*inputs, *([] if first is None else [np.broadcast_to(first, shape)])]
        if weights is None and self._weighted:
            weights = np.broadcast_to(ONE, shape)
        layout = laid_out(arrays, weights, where, None, list(range(len(shape))))
        if layout is None:
            return None
        arrays += [array for array in (weights, where) if array is not None]
        places = iter(range(len(inputs), len(arrays)))
        rows, heavy, mask = (-1 if a is None else next(places) for a in (first, weights, where))
        told = len(arrays), in_place, heavy, mask, rows, omit
        views = layout.at(arrays)
        return Source(plan, views.words, told, views)

    def _computed(self, some: slice) -> Source:
        """Return the source of the values of some rows."""
        batch = _cut(self._batch, some)
        values: list[Array] = []
        plan = []
        for loss in self._losses:
            plan.append((0, len(values), loss))
            values += _values(loss, batch)
        omit = len(values) if self._omit else -1  # a NaN that a loss gives is a term
        if self._omit:
            values.append(_missing(batch))
        given = batch.weights, batch.where, omit
        found = self._source(tuple(values), _plan(plan), 0, *given)
        assert found is not None
        return found


def _address(loss: Loss, losses: tuple[Loss, ...], narrow: bool) -> int:
    """Return the address of what writes the values of a loss, one of some."""
    body = write_factors if loss.streams > 1 else write_values
    kind = Values(loss.inputs, loss.streams, narrow)
    return address(type(loss), body, kind, tuple([type(each) for each in losses]))


def _plan(rows: list[tuple[int, int, Loss]]) -> Array:
    """Return what `kernels.groups.ADDRESS` begins, of addresses, first views and losses."""
    most = max([len(loss) for _, _, loss in rows])
    out, first = np.zeros((len(rows), PARAMETERS + most), np.int64), 0
    for row, (where, source, loss) in zip(out, rows, strict=True):
        row[:PARAMETERS] = where, source, loss.streams, first
        row[PARAMETERS : PARAMETERS + len(loss)].view(np.float64)[:] = tuple(loss)
        first += loss.streams
    return out


def _is_flat(array: Array, dtype: Any) -> bool:
    """Return whether a loss reads an array where it lies, if the first one has that dtype."""
    alike = array.dtype == dtype and dtype in (FLOAT32, FLOAT64) and dtype.isnative
    return bool(alike and array.ndim == 1 and array.flags.c_contiguous and array.flags.aligned)


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
    """Return NaN where an input of a batch has a NaN, else zero."""
    missing = np.zeros(batch.shape, np.bool_)
    for array in batch.inputs:
        beyond = tuple(range(len(batch.shape), array.ndim))
        missing |= np.isnan(array).any(axis=beyond)
    return np.where(missing, np.nan, 0.0)
