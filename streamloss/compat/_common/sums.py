"""What a framework asks of arrays: exact sums and what is made of them, or each loss."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import numpy as np

from streamloss.arrays.batch import Arguments, UnknownSizes, is_lazy
from streamloss.arrays.types import AxisLike, DTypeLike, DuckArray
from streamloss.exact.reductions import Sums
from streamloss.exact.state import State
from streamloss.losses.base import Loss, LossLike
from streamloss.run.query import Query, sums, values

from .arrays import as_dtype

if TYPE_CHECKING:
    from streamloss.run.lazy.states import LazyState

Answer = TypeVar("Answer")


class Finish(Protocol):
    """Makes the result of the sums of a cell, as a `Ratio` does; it can be pickled."""

    def __call__(self, sums: Sums, /) -> float:
        """Return the result."""
        ...


Inputs = tuple[DuckArray, ...]
"""The arrays that losses take, in their order and of the right shapes."""

KNOWING = (
    "give to_dask_array(lengths=True) of a Series or DataFrame, compute_chunk_sizes() of arrays"
)
"""How chunk sizes become known that dask does not know."""


def reduced(
    losses: LossLike | tuple[LossLike, ...],
    inputs: Inputs,
    weights: DuckArray | None,
    finish: Finish,
    *,
    compute: DTypeLike | None = None,
    axis: AxisLike = None,
    dtype: DTypeLike = np.float64,
    where: DuckArray | None = None,
) -> DuckArray:
    """Return what a function makes of the exact sums of weighted losses.

    Parameters
    ----------
    losses : loss or tuple of losses
        What is summed; a metric that combines sums stands for its parts.
    inputs : tuple of arrays
        As the losses take them.
    weights : array or None
        Of the shape of the losses.
    finish : callable
        Makes the result of the sums of each cell.
    compute : dtype, optional
        float32 or float64, to which inputs and weights are rounded first.
    axis : int or tuple of int, optional
        The axes of the losses to reduce, all by default.
    dtype : dtype
        Of the result.
    where : array of bool, optional
        Which losses count, of their shape or aligned with its leading axes.

    Returns
    -------
    numpy scalar or array, or lazy dask array
    """
    parts: Any = losses if type(losses) is tuple else (losses,)
    query = Query.of_framework(parts, axis, compute)
    found = _asked(sums, query, _arguments(inputs, weights, where))
    last = functools.partial(finished, finish=finish, losses=query.parts)
    return as_dtype(found.apply(last), dtype)


def finished(state: State, finish: Finish, losses: tuple[Loss, ...]) -> Any:
    """Return what a function makes of the sums of the losses of each cell."""
    return np.float64(state.in_shape([finish(sums) for sums in state.sums_of(losses)]))


def state(
    losses: tuple[LossLike, ...],
    inputs: Inputs,
    weights: DuckArray | None,
    *,
    compute: DTypeLike | None = None,
    axis: AxisLike = None,
    where: DuckArray | None = None,
) -> State | LazyState:
    """Return the state of losses, a lazy one of dask arrays."""
    parts: Any = losses
    query = Query.of_framework(parts, axis, compute)
    return _asked(sums, query, _arguments(inputs, weights, where))


def each(
    loss: LossLike,
    inputs: Inputs,
    weights: DuckArray | None,
    *,
    compute: DTypeLike | None = None,
    dtype: DTypeLike = np.float64,
    where: DuckArray | None = None,
) -> DuckArray:
    """Return the weighted loss of every element or row; the arguments are those of `reduced`."""
    parts: Any = (loss,)
    query = Query.of_framework(parts, None, compute)
    (out,) = _asked(values, query, _arguments(inputs, weights, where))
    return as_dtype(out if out.ndim or is_lazy(out) else out[()], dtype)


def _asked(function: Callable[[Query, Arguments], Answer], query: Query, data: Arguments) -> Answer:
    """Return the answer to a query; an error of sizes that dask does not know says what helps."""
    try:
        return function(query, data)
    except UnknownSizes as error:
        rule = "arrays must have no unknown chunk sizes beside arrays with other chunks"
        raise ValueError(f"{rule}: {KNOWING}") from error


def _arguments(inputs: Inputs, weights: DuckArray | None, where: DuckArray | None) -> Arguments:
    """Return inputs, weights and mask as a query takes them."""
    y_true, *others = inputs
    y_pred = tuple(others) if len(others) > 1 else others[0] if others else None
    return y_true, y_pred, weights, where
