"""Sums of losses finished as Keras does: by row, or as its reductions.

Every row of one call has the same length, so that the mean over all rows of the mean over each is a
quotient of the sum over all elements: nothing is made for each row, and each result is the exact
quotient rounded once.
"""

from __future__ import annotations

import functools
import math
import operator
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from streamloss.arrays.types import (
    Array,
    DType,
    DTypeLike,
    DuckArray,
    LazyArray,
    Shape,
    Weights,
)
from streamloss.compat import _engine
from streamloss.compat._engine import Exact, Sums
from streamloss.compat.keras._arrays import (
    alike,
    broadcast,
    cast,
    is_floating,
    of_means,
    shape_of,
    squeeze_or_expand,
    times,
    weights_of,
)
from streamloss.compat.keras._rows import BLOCK, means, quotient
from streamloss.compat.keras._terms import Terms
from streamloss.exact.state import State
from streamloss.losses import Value
from streamloss.losses.base import LossLike

NONE = ("none", None)
MEANS = ("mean", "sum_over_batch_size")
WEIGHTED = "mean_with_sample_weight"


class How(NamedTuple):
    """How exact sums become a result of a dtype.

    Attributes
    ----------
    reduction : str
        That of Keras, or "row": the mean of the elements that a row has.
    per : int
        The elements of a row.
    repeats : int
        How many losses share each sample weight, or each element of the mask.
    zero : float
        What a mean of nothing is.
    dtype : dtype
        To which results will be rounded.
    """

    reduction: str
    per: int
    repeats: int = 1
    zero: float = 0.0
    dtype: Any = np.float64


def finished(how: How, sums: Sums, choice: int = 0, valid: int | None = None) -> float:
    """Return the result of exact sums; `valid` is the number of elements that a mask leaves."""
    total = sums.losses[choice]
    divisor: Exact | int = how.per
    if how.reduction == WEIGHTED and how.repeats:
        total = Exact(total.units * how.repeats, total.strange)
        divisor = sums.weights
    elif how.reduction == "row":
        divisor = sums.elements
    elif how.reduction != "sum":
        divisor = sums.elements if valid is None else how.per * how.repeats * valid
        if valid == 0:  # of nothing but zeros, or NaN
            return float(total)
    return quotient(
        total, divisor, how.dtype, None if how.reduction in ("sum", "row") else how.zero
    )


LONG = 256
"""Elements of a row from which on an exact sum of each is no slower."""


def rows(terms: Terms, weights: DuckArray | None, dtype: DType) -> Any:
    """Return each loss of Keras, times its weight."""
    if not terms.row:
        return _each(terms, terms.losses[0], weights, dtype)
    if not terms.shape or not terms.per <= LONG:
        return _finished(terms, weights, How("row", 1, dtype=dtype), _row_axes(terms), dtype)
    if _engine.is_lazy(terms.choice):
        other, found = (_means(terms, loss, weights, dtype) for loss in terms.losses)
        return (terms.choice != 0).map_blocks(np.where, found, other, dtype=dtype)
    return _means(terms, terms.losses[terms.choice], weights, dtype)


def _row_axes(terms: Terms) -> tuple[int, ...]:
    """Return the axes of elements that those of rows have in common."""
    return tuple(range(len(terms.shape), len(terms.shape) + len(terms.row)))


def of_whole_rows(terms: Terms) -> Terms:
    """Return losses of elements of which some are masked as those of rows, of what each has.

    Rows that have nothing are masked: they count for no loss, as a masked loss of a row does.
    """
    masked = [a for a in terms.inputs if _engine.is_masked(a)]
    if not masked or not terms.row:
        return terms
    last = _row_axes(terms)
    values = _finished(terms, None, How("row", 1), last, np.dtype(np.float64))
    hidden = functools.reduce(operator.or_, map(_engine.hidden, masked)).all(axis=last)
    return Terms((Value(),), (_engine.hide(values, hidden),), terms.shape, (), None)


def _each(terms: Terms, loss: LossLike, weights: DuckArray | None, dtype: DTypeLike) -> Any:
    """Return the losses of elements or rows, times their weights."""
    given = {"compute": terms.compute, "where": terms.where}
    return _engine.each(loss, terms.inputs, weights, dtype=dtype, **given)


def _means(terms: Terms, loss: LossLike, weights: DuckArray | None, dtype: DType) -> Any:
    """Return the mean of each row, times its weight."""
    axes, rank = len(terms.row), len(terms.shape)
    if any(_engine.is_lazy(a) for a in (*terms.inputs, weights)):
        losses = _each(terms, loss, weights, np.float64)
        last = list(range(rank, rank + axes))
        return losses.rechunk(dict.fromkeys(last, -1)).map_blocks(
            means, axes, dtype, drop_axis=last, dtype=dtype, meta=np.empty((0,) * rank, dtype)
        )
    out = np.empty(terms.shape, dtype)
    step = max(1, BLOCK // max(math.prod(terms.shape[1:]) * terms.per, 1))
    for start in range(0, len(out), step):
        some = slice(start, start + step)
        heavy = weights if weights is None or len(weights) == 1 else weights[some]
        part = terms._replace(inputs=tuple(a[some] for a in terms.inputs))
        out[some] = means(_each(part, loss, heavy, np.float64), axes, dtype)
    return out


def truncated(terms: Terms, result: DType, dtype: DType) -> Terms:
    """Return losses of a dtype `result` as values of an integer dtype."""
    values = cast("losses", rows(terms, None, result), dtype)
    return Terms((Value(),), (values,), terms.shape, (), None, terms.where)


def reduce(
    terms: Terms,
    sample_weight: Weights,
    mask: DuckArray | None,
    reduction: str | None,
    dtype: DType,
) -> Any:
    """Return the reduction of losses with sample weights and a mask of the predictions.

    Raises
    ------
    ValueError
        If weights or mask do not broadcast to the losses. (To one loss, of arrays of rank 1, they
        may be many: it is repeated.)
    """
    terms = of_whole_rows(terms)
    weights = weights_of(sample_weight, terms.shape)
    if weights is not None and terms.compute is None:  # else the engine rounds them
        weights = cast("sample_weight", weights, dtype)
    if terms.where is not None:
        mask = terms.where if mask is None else mask & terms.where
    valid = None
    if mask is not None:
        weights = _masked(weights, mask, dtype)
        if reduction in MEANS:
            valid = mask.sum() if _engine.is_lazy(mask) else int(np.count_nonzero(mask))
    sizes = mask if valid is not None else weights
    if weights is not None:
        if terms.shape == () and any(size != size for size in (*terms.row, *weights.shape)):
            weights = cast("sample_weight", weights, dtype)
            terms = _repeated(terms, weights)
        terms, weights = _fitted(terms, weights)
    if reduction in NONE or terms.shape in ((), (0,)):
        return cast("losses", rows(terms, weights, _wide(dtype)), dtype)
    out = dtype if reduction == "sum" else of_means(dtype)
    repeats = 0 if sizes is None else times(sizes.shape, terms.shape)
    zero = 0.0 if terms.per or 0 in terms.shape else math.nan
    per = terms.per if 0 not in terms.shape else 1
    if per != per and (reduction == "sum" or valid is not None):
        raise ValueError(f"sizes of dask arrays must be known here: {_engine.KNOWING}")
    how = How(str(reduction), per, repeats, zero, _wide(out))
    return cast("the sum of losses", _finished(terms, weights, how, None, how.dtype, valid), out)


def _repeated(terms: Terms, weights: DuckArray) -> Terms:
    """Return the one loss of arrays of rank 1 for each weight, nobody knowing how many they are."""
    loss = rows(terms, None, np.dtype(np.float64))
    if _engine.is_lazy(weights):
        meta = np.empty((0,) * weights.ndim)
        values = weights.map_blocks(_full, loss, dtype=np.float64, meta=meta)
    else:
        values = _engine.broadcast(loss, weights.shape)
    return Terms((Value(),), (values,), weights.shape, (), None)


def _full(block: Array, value: Array) -> Array:
    return np.full(block.shape, value)


def _wide(dtype: DType) -> DType:
    """Return the dtype of results that become values of a dtype."""
    return dtype if is_floating(dtype) else np.dtype(np.float64)


def _masked(weights: DuckArray | None, mask: DuckArray, dtype: DType) -> DuckArray:
    """Return weights that are zero where the mask is."""
    kept = mask.astype(dtype)
    if weights is None:
        return kept
    kept, weights = squeeze_or_expand(kept, weights)
    shape_of("the mask of y_pred and sample_weight", kept.shape, weights.shape)
    return kept * weights


def _fitted(terms: Terms, weights: DuckArray) -> tuple[Terms, DuckArray]:
    """Return losses broadcast with the weights, and weights of their rank with sizes of 1."""
    rank = len(terms.shape)
    if rank == weights.ndim + 1 and terms.shape[-1] == 1:
        if weights.ndim == 1:
            weights = weights[..., None]
        else:
            terms = _reshaped(terms, 0, terms.shape[:-1])
    elif weights.ndim == rank + 1 and weights.shape[-1] == 1:
        if rank == 1:
            terms = _reshaped(terms, None, (*terms.shape, 1))
        else:
            weights = weights[..., 0]
    shape = shape_of("the losses and sample_weight", terms.shape, weights.shape)
    if terms.shape and not alike(shape, terms.shape):
        rule = "sample_weight and mask must broadcast to the shape of the losses"
        raise ValueError(f"{rule}: got {weights.shape} for losses of shape {terms.shape}")
    inputs = tuple(
        broadcast(a, shape + a.shape[a.ndim - more :])
        for a, more in zip(terms.inputs, _ranks(terms), strict=True)
    )
    where = None if terms.where is None else broadcast(terms.where, shape)
    terms = terms._replace(inputs=inputs, shape=shape, where=where)
    before = (None,) * (len(shape) - weights.ndim)
    return terms, weights[(*before, ..., *(None,) * len(terms.row))]


def _reshaped(terms: Terms, item: int | None, shape: Shape) -> Terms:
    """Return terms whose losses have lost their last axis (0) or got one more (None)."""
    inputs = tuple(
        a[(..., item, *(slice(None),) * rank)]
        for a, rank in zip(terms.inputs, _ranks(terms), strict=True)
    )
    where = None if terms.where is None else terms.where[..., item]
    return terms._replace(inputs=inputs, shape=shape, where=where)


def _ranks(terms: Terms) -> list[int]:
    """Return how many axes each input has beyond those of the losses."""
    return [a.ndim - len(terms.shape) for a in terms.inputs]


def _finished(
    terms: Terms,
    weights: DuckArray | None,
    how: How,
    axis: Shape | None,
    dtype: DType,
    valid: int | LazyArray | None = None,
) -> Any:
    """Return the finished sums over axes of the engine's losses."""
    given = {"compute": terms.compute, "axis": axis, "where": terms.where}
    if terms.where is not None and terms.row:
        raise AssertionError("losses of elements have no mask of their own")
    late = {k: v for k, v in (("choice", terms.choice), ("valid", valid)) if _engine.is_lazy(v)}
    losses, choice = terms.losses, terms.choice
    if not _engine.is_lazy(choice):
        losses = (losses[choice],)
    finish = functools.partial(finished, how)
    if not _engine.is_lazy(valid):
        finish = functools.partial(finished, how, valid=valid)
    if not late:
        return _engine.reduced(losses, terms.inputs, weights, finish, dtype=dtype, **given)
    states = _engine.state(losses, terms.inputs, weights, **given)
    # they need numbers which are not known yet either
    make = functools.partial(_finish_block, finish, len(losses), tuple(late))
    return _engine.as_dtype(states.apply(make, *late.values()), dtype)


def _finish_block(
    finish: Callable[..., float], count: int, names: tuple[str, ...], state: State, *late: Array
) -> Any:
    """Return the results of the cells of a state."""
    given = {name: int(value) for name, value in zip(names, late, strict=True)}
    values = [finish(sums, **given) for sums in state.sums_of(range(count))]
    return np.float64(state.in_shape(values))
