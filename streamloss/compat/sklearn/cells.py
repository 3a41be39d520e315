"""Exact counts of labels or scores, in memory or of dask arrays, and what is made of them."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from streamloss.api import evaluate
from streamloss.arrays.batch import FLOAT64, is_lazy
from streamloss.arrays.types import DType, DuckArray
from streamloss.compat._common.arrays import checked, from_delayed
from streamloss.exact.counted import Counted
from streamloss.losses.counting import Given
from streamloss.losses.define import loss
from streamloss.run.query import later

from .values import Check

Cells = Any
"""What `count` gives: a Counted, an array of them for the outputs, or the Delayed one of dask."""

NO_WEIGHTS = "Sample weights must contain at least one non-zero number."


@loss
class Pairs(NamedTuple):
    """The cells of pairs of labels, as they are."""

    def cells(self) -> dict[str, Any]:
        """Return the keys that tell cells apart."""
        return {"true": Given(0), "pred": Given(1)}

    def combine(self, cells: Counted) -> Counted:
        """Return the cells."""
        return cells


class Out(NamedTuple):
    """What a result of dask arrays is known to be: a number, by default.

    Attributes
    ----------
    shape : tuple of float
        The shape; NaN of a length that only values tell.
    dtype : dtype
        The dtype.
    """

    shape: tuple[float, ...] = ()
    dtype: DType = FLOAT64


SCALAR = Out()
VECTOR = Out((np.nan,))


def count(
    metric: Any, true: DuckArray, pred: DuckArray, weights: DuckArray | None, axis: int | None
) -> Cells:
    """Return the cells of a metric of counts, whose weights are checked.

    Parameters
    ----------
    metric : loss
        A metric of counts, whose result is Delayed of dask arrays.
    true, pred : array
        As the metric takes them.
    weights : array, optional
        A weight for each sample.
    axis : int, optional
        What is counted together: all, or each column on its own.
    """
    checked_ones = None if weights is None else weights_checked(weights)
    return evaluate(metric, true, pred, checked_ones, axis=axis)


def weights_checked(weights: DuckArray) -> DuckArray:
    """Return weights that are finite, or found to be when they are loaded; not all zero."""
    if not is_lazy(weights) and not np.any(weights):
        raise ValueError(NO_WEIGHTS)
    return checked(weights, Check("sample_weight", "float64").__call__)


def check_heavy(*cells: Counted) -> None:
    """Refuse cells that have no weight, all of them together."""
    if not any([each.units.any() for each in cells]):
        raise ValueError(NO_WEIGHTS)


def finished(
    cells: Cells, finish: Callable[..., Any], outs: Out | tuple[Out | None, ...], *others: Any
) -> Any:
    """Return what a function makes of cells, later if these are Delayed.

    Parameters
    ----------
    cells : Cells
        What it is made of.
    finish : callable
        It can be pickled; it makes one result, or a tuple of them.
    outs : Out, or tuple of Out or None
        What the results are; None is None.
    *others : Any
        Further arguments of the function, some of them Delayed perhaps.
    """
    if not any([is_lazy(each) for each in (cells, *others)]):
        return finish(cells, *others)
    made = later(finish, cells, *others)
    if isinstance(outs, Out):
        return from_delayed(made, *outs)
    items = [(later(operator.itemgetter(k), made), out) for k, out in enumerate(outs)]
    return tuple([None if out is None else from_delayed(item, *out) for item, out in items])
