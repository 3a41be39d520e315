"""Small batches in plain Python: exact sums by Python's integers, without compiling anything.

A first result on a few hundred elements takes a millisecond here, and the seconds of importing
numba and compiling a kernel elsewhere. Sums are exact and losses the same source, so it cannot be
seen in any bit which of the two has run.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from streamloss.arrays.batch import Batch
from streamloss.arrays.types import Array, AxisLike, Mask
from streamloss.exact import digits
from streamloss.exact.counts import COLUMNS, ELEMENTS, MASKED, MISSING, NONZERO, ROWS
from streamloss.exact.digits import DIGITS, MINUS_INFS, NANS, PLUS_INFS
from streamloss.exact.state import State
from streamloss.kernels.elements import split
from streamloss.kernels.switches import SIFT, Multiply, Omit, Rule
from streamloss.losses.base import Loss, rows_of

from .cut import plan
from .threads import check_subnormals


def sums(
    losses: tuple[Loss, ...],
    batch: Batch,
    axis: AxisLike = None,
    rule: Rule = SIFT,
    threads: int | None = None,
) -> State:
    """Return the state of a batch, as `run.cpu.sums` does."""
    check_subnormals()
    todo = plan(batch, axis)
    integers: list[int] = []
    rows = rows_of(losses) + 1
    flags = np.zeros((todo.cells * rows, DIGITS), np.int64)
    counts = np.zeros((todo.cells, COLUMNS), np.int64)
    for cell, arrays in enumerate(_cells(todo.batch, todo.cells)):
        inputs, weights = _present(*arrays, rule, counts[cell])
        counts[cell, ELEMENTS] += len(inputs[0])
        summed = np.ones(len(inputs[0])) if weights is None else weights
        counts[cell, NONZERO] += np.count_nonzero(summed)
        streams = [_streams(loss, inputs, weights, rule) for loss in losses]
        for terms in [*itertools.chain(*streams), summed]:
            integers.append(_add(terms, flags[len(integers)]))
    sums, base = digits.from_integers(integers, flags)
    counts[:, ROWS] = batch.rows(axis)
    return State(todo.kept, sums.reshape(todo.cells, rows, sums.shape[-1]), base, counts)


def values(loss: Loss, batch: Batch, rule: Rule = SIFT, threads: int | None = None) -> Array:
    """Return the weighted loss of every element, as `run.cpu.values` does."""
    check_subnormals()
    count = math.prod(batch.shape)
    ((inputs, weights, where),) = _cells(batch, 1)
    present = np.ones(count, np.bool_) if where is None else where.copy()
    if isinstance(rule, Omit):
        present &= ~_missing(inputs, weights)
    out = np.zeros(count)
    weights = None if weights is None else weights[present]
    out[present] = _terms(loss, [a[present] for a in inputs], weights, rule)
    return out.reshape(batch.shape)


def _cells(batch: Batch, cells: int) -> Iterator[tuple[list[Array], Any, Any]]:
    """Yield inputs, weights and mask of each cell, flat and in the dtype that losses take."""
    length = math.prod(batch.shape) // max(cells, 1)
    shape = cells, length
    real = np.float32 if batch.dtype == np.float32 else np.float64
    wide = np.complex128 if batch.dtype.kind == "c" else np.float64
    weights, where = batch.weights, batch.where
    with np.errstate(over="ignore"):
        arrays = [
            a.astype(batch.dtype).astype(wide).reshape(shape + a.shape[a.ndim - rank :])
            for a, rank in zip(batch.inputs, batch.ranks, strict=True)
        ]
        if weights is not None:
            weights = weights.astype(real).astype(np.float64).reshape(shape)
    where = None if where is None else where.reshape(shape)
    for cell in range(cells):
        yield (
            [array[cell] for array in arrays],
            None if weights is None else weights[cell],
            None if where is None else where[cell],
        )


def _present(
    inputs: list[Array], weights: Array | None, where: Mask | None, rule: Rule, counts: Array
) -> tuple[list[Array], Array | None]:
    """Return the elements that count; the others are counted."""
    present = np.ones(len(inputs[0]), np.bool_) if where is None else where.copy()
    counts[MASKED] += np.count_nonzero(~present)
    if isinstance(rule, Omit):
        missing = present & _missing(inputs, weights)
        counts[MISSING] += np.count_nonzero(missing)
        present &= ~missing
    return [a[present] for a in inputs], None if weights is None else weights[present]


def _missing(inputs: list[Array], weights: Array | None) -> Mask:
    """Return which elements have a NaN."""
    missing = np.zeros(len(inputs[0]), np.bool_) if weights is None else np.isnan(weights)
    for array in inputs:
        missing = missing | np.isnan(array).any(axis=tuple(range(1, array.ndim)))
    return missing


def _terms(loss: Loss, inputs: list[Array], weights: Array | None, rule: Rule) -> Array:
    """Return the weighted losses of elements that all count."""
    body = type(loss).body
    with np.errstate(all="ignore"):  # overflows and their like are meant
        found = [body(loss, *items) for items in zip(*inputs, strict=True)]
        if loss.streams > 1:
            found = [math.prod(factors) for factors in found]
        values = np.array(found, np.float64)
        terms = values if weights is None else weights * values
    return _sifted(terms, weights, rule)


def _streams(loss: Loss, inputs: list[Array], weights: Array | None, rule: Rule) -> list[Array]:
    """Return the streams of a loss, whose sums are rows of a state: of most, the terms alone."""
    if loss.streams == 1:
        return [_terms(loss, inputs, weights, rule)]
    each = [None] * len(inputs[0]) if weights is None else weights
    with np.errstate(all="ignore"):
        found = [
            split(loss.factors(*items), weight)
            for *items, weight in zip(*inputs, each, strict=True)
        ]
    columns = np.array(found, np.float64).reshape(-1, 4).T[: loss.streams]
    columns[1:, ~np.isfinite(columns[0])] = 0.0  # the first has it all
    return [_sifted(column, weights, rule) for column in columns]


def _sifted(terms: Array, weights: Array | None, rule: Rule) -> Array:
    """Return terms, zero where the weight is, unless the rule is to multiply."""
    if weights is None or isinstance(rule, Multiply):
        return terms
    return np.where(weights == 0.0, 0.0, terms)


def _add(terms: Array, flags: Array) -> int:
    """Return the sum of the finite terms in units of 2**-1074; the others are counted in flags."""
    finite = np.isfinite(terms)
    if not finite.all():
        flags[NANS] += np.count_nonzero(np.isnan(terms))
        flags[PLUS_INFS] += np.count_nonzero(terms == np.inf)
        flags[MINUS_INFS] += np.count_nonzero(terms == -np.inf)
        terms = terms[finite]
    total = 0
    for term in terms.tolist():
        numerator, denominator = term.as_integer_ratio()
        total += numerator << (1075 - denominator.bit_length())
    return total
