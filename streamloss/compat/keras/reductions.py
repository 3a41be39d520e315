"""Losses reduced as Keras does: by row, or to one number.

Every row of one call has the same length, so that the mean over all rows of the mean over each is a
quotient of the sum over all elements: nothing is made for each row, and each result is the exact
quotient rounded once.
"""

from __future__ import annotations

import functools
import math
import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from streamloss.arrays.batch import FLOAT64, is_lazy
from streamloss.arrays.types import (
    Array,
    ArrayLike,
    DType,
    DTypeLike,
    DuckArray,
    LazyArray,
    Shape,
    Weights,
)
from streamloss.compat._common import arrays
from streamloss.compat._common.finish import Divisor, Ratio
from streamloss.compat._common.sums import each, finished, state
from streamloss.exact.state import State
from streamloss.losses.base import LossLike
from streamloss.support.brief import brief

from .arguments import cast, of_means, real, rounded, tensor, times, unknown_sizes, wide
from .kinds import KINDS
from .row_means import BLOCK, means
from .terms import Terms
from .weights import fitted, of_losses


class Reduction:
    """The reductions of `tf.keras` by their names; AUTO is SUM_OVER_BATCH_SIZE.

    Examples
    --------
    >>> Reduction.all()
    ('auto', 'none', 'sum', 'sum_over_batch_size')
    """

    AUTO = "auto"
    NONE = "none"
    SUM = "sum"
    SUM_OVER_BATCH_SIZE = "sum_over_batch_size"

    @classmethod
    def all(cls) -> tuple[str, ...]:
        """Return the values of all members."""
        return cls.AUTO, cls.NONE, cls.SUM, cls.SUM_OVER_BATCH_SIZE

    @classmethod
    def validate(cls, key: str) -> None:
        """Raise ValueError if the key is no member's value."""
        if key not in cls.all():
            raise ValueError(f"reduction must be one of {cls.all()}: got {brief(key)}")


MEAN = "sum_over_batch_size"
"""The default reduction."""

NONE = ("none", None)
MEANS = ("mean", MEAN)
WEIGHTED = "mean_with_sample_weight"
REDUCTIONS = (MEAN, "sum", None, "none", "mean", WEIGHTED)
SPELLINGS = {"auto": MEAN, "AUTO": MEAN} | {name.upper(): name for name in ("none", "sum", MEAN)}
"""Other names of reductions, of `tf.keras` before Keras 3."""


def standardize_reduction(reduction: Any) -> str | None:
    """Return the name of a reduction.

    Raises
    ------
    ValueError
        If there is none of that name.
    """
    if isinstance(reduction, str):
        reduction = SPELLINGS.get(reduction, reduction)
    known = reduction is None or (isinstance(reduction, str) and reduction in REDUCTIONS)
    if not known:
        raise ValueError(
            "Invalid value for argument `reduction`. "
            f"Expected one of {REDUCTIONS}. Received: reduction={brief(reduction)}"
        )
    found: str | None = reduction
    return found


def ratio_of(
    reduction: str,
    per: int = 1,
    repeats: int = 0,
    *,
    dtype: DType,
    choice: int = 0,
    valid: int | None = None,
) -> Ratio:
    """Return what a reduction divides by what.

    Parameters
    ----------
    reduction : str
        That of Keras, or "row": the mean of the elements that a row has.
    per : int
        The elements of a row. A mean of rows without any is NaN, a mean of no rows is 0.
    repeats : int
        How many losses share each weight or each element of the mask that is counted; 0 without.
    dtype : dtype
        To which the result will be rounded.
    choice : int
        Which of the losses it is.
    valid : int, optional
        How many elements of the mask are true.

    Raises
    ------
    ValueError
        If it is not known how many elements or losses those are.
    """
    over: Divisor = "elements"
    times, zero = 1, None if reduction in ("row", "sum") else 0.0 if per else math.nan
    if reduction == "sum":
        over = per
    elif reduction == WEIGHTED and repeats:
        over, times = "weights", repeats
    elif valid is not None:  # if none is valid, the sum stays: 0, or NaN where a loss is
        over = per * repeats * valid if valid else 1
    if over != over or times != times:
        raise unknown_sizes()
    return Ratio(over, times, zero, dtype, choice)


_row_mean = functools.partial(ratio_of, "row")

LONG = 256
"""Elements of a row up to which `row_means.means` is faster than an exact sum of each row.

Of 2 M numbers in rows of 256 it takes 25 ms, where exact sums take 29 (float64) and 52 (float32);
in rows of 1,024 it takes 20, and they 8 and 10 (2 cores; `benchmarks/bench_reductions.py`).
"""


def losses_of(name: str, y_true: ArrayLike, y_pred: ArrayLike, **arguments: Any) -> Any:
    """Return the losses that a function of Keras returns, one for each row."""
    pred, true = tensor("y_pred", y_pred), tensor("y_true", y_true)
    kind, dtype = KINDS[name], pred.dtype
    result = kind.result(dtype)
    if dtype.kind != "c":
        real("y_true", true)
    if not kind.takes_indices:
        true = rounded("y_true", true, dtype)
    return rows(kind.terms(true, pred, dtype, arguments), None, result)


def rows(terms: Terms, weights: DuckArray | None, dtype: DType) -> Any:
    """Return each loss of Keras, times its weight."""
    if not terms.row:
        return _each(terms, terms.losses[0], weights, dtype)
    if not terms.shape or not terms.per <= LONG:
        return _divided(terms, weights, _row_mean, _row_axes(terms), dtype)
    if is_lazy(terms.choice):
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
    masked = [a for a in terms.inputs if arrays.is_masked(a)]
    if not masked or not terms.row:
        return terms
    last = _row_axes(terms)
    values = _divided(terms, None, _row_mean, last, FLOAT64)
    hidden = functools.reduce(operator.or_, map(arrays.hidden, masked)).all(axis=last)
    return Terms.of_values(arrays.hide(values, hidden))


def _each(terms: Terms, loss: LossLike, weights: DuckArray | None, dtype: DTypeLike) -> Any:
    """Return the losses of elements or rows, times their weights."""
    inputs, compute, where = terms.inputs, terms.compute, terms.where
    return each(loss, inputs, weights, compute=compute, dtype=dtype, where=where)


def _means(terms: Terms, loss: LossLike, weights: DuckArray | None, dtype: DType) -> Any:
    """Return the mean of each row, times its weight."""
    axes, rank = len(terms.row), len(terms.shape)
    if any(is_lazy(a) for a in (*terms.inputs, weights)):
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
    return Terms.of_values(values, terms.where)


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
    if terms.where is not None:
        mask = terms.where if mask is None else mask & terms.where
    weights = given = of_losses(terms, sample_weight, mask, dtype)
    if given is not None:
        terms, weights = fitted(*_repeated(terms, given, dtype))
    if reduction in NONE or terms.shape in ((), (0,)):
        return cast("losses", rows(terms, weights, wide(dtype)), dtype)
    counted = mask if reduction in MEANS else None
    valid = None if counted is None else _count(counted)
    # `repeats`: how many losses share each weight or, where those are counted, each valid element
    shared = given if counted is None else counted
    repeats = 0 if shared is None else times(shared.shape, terms.shape)
    per = terms.per if 0 not in terms.shape else 1
    make = functools.partial(ratio_of, str(reduction), per, repeats)
    out = dtype if reduction == "sum" else of_means(dtype)
    make(dtype=out, valid=None if valid is None else 1)  # raises here, not in a task of dask
    return cast("the sum of losses", _divided(terms, weights, make, None, wide(out), valid), out)


def _count(mask: DuckArray) -> int | LazyArray:
    """Return how many elements of a mask are true."""
    return mask.sum() if is_lazy(mask) else int(np.count_nonzero(mask))


def _repeated(terms: Terms, weights: DuckArray, dtype: DType) -> tuple[Terms, DuckArray]:
    """Return the one loss of arrays of rank 1 for each weight if nobody knows how many they are."""
    if terms.shape or all(size == size for size in (*terms.row, *weights.shape)):
        return terms, weights
    weights = cast("sample_weight", weights, dtype)
    return Terms.of_values(arrays.filled(weights, rows(terms, None, FLOAT64))), weights


def _divided(
    terms: Terms,
    weights: DuckArray | None,
    make: Callable[..., Ratio],
    axis: Shape | None,
    dtype: DType,
    valid: int | LazyArray | None = None,
) -> Any:
    """Return the sums of losses over axes, divided by the ratio that is made of what is known."""
    if terms.where is not None and terms.row:
        raise AssertionError("losses of elements have no mask of their own")
    choice, make = terms.choice, functools.partial(make, dtype=dtype)
    late = {}
    if is_lazy(choice):
        late["choice"], losses = choice, terms.losses
    else:
        losses = (terms.losses[choice],)
    if is_lazy(valid):
        late["valid"] = valid
    else:
        make = functools.partial(make, valid=valid)
    inputs, compute, where = terms.inputs, terms.compute, terms.where
    sums: Any = state(losses, inputs, weights, compute=compute, axis=axis, where=where)
    finish = functools.partial(_finished, make, tuple(losses), tuple(late))
    return arrays.as_dtype(sums.apply(finish, *late.values()), dtype)


def _finished(
    make: Callable[..., Ratio], losses: Any, names: tuple[str, ...], sums: State, *late: Array
) -> Any:
    """Return the results of the cells of sums, with the numbers that were not known before."""
    ratio = make(**{name: int(value) for name, value in zip(names, late, strict=True)})
    return finished(sums, ratio, losses)
