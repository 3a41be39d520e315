"""Streaming metrics: exact sums over samples, however those are cut into batches.

A sample is a row of axis 0. Keras averages all else of a sample first, so that a sample counts the
same whatever its size: per size of a sample there is an exact sum of weighted losses and one of
weights, both to be divided by that size.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable
from typing import Any, NamedTuple, Self

import numpy as np

from streamloss.accumulator import Accumulator, build
from streamloss.arrays.types import ArrayLike, DType, DuckArray, Weights
from streamloss.compat._common import arrays
from streamloss.compat._common.finish import multiple, quotient
from streamloss.compat._common.sums import state
from streamloss.exact.numbers import Exact
from streamloss.run.query import Query

from .arguments import DTypeArgument, cast, is_floating, real, tensor
from .base import Metric, snake_case
from .kinds import KINDS
from .reductions import of_whole_rows, truncated
from .terms import Terms
from .weights import by_sample, leading, mask_of, times_mask, weights_of


class Size(NamedTuple):
    """What sums are kept apart by: the losses of a sample, and whether ignored ones count."""

    losses: int
    counts_all: bool = False


@dataclasses.dataclass(eq=False, repr=False)
class SampleMean(Metric):
    """A mean over samples of losses, as Keras' `Mean`; subclasses say which losses.

    There are no more than `_sums` has sizes of samples: one, unless samples of other lengths come.
    """

    name: str | None = None
    dtype: DTypeArgument = None

    def __post_init__(self) -> None:
        super().__post_init__()
        self.reset_state()

    def reset_state(self) -> None:
        """Forget all batches."""
        self._sums: dict[Size, Accumulator] = {}
        self._choice = 1

    def _take(self, other: Self) -> None:
        for size, sums in other._sums.items():
            self._put(size, sums)
        self._choice &= other._choice

    def _put(self, size: Size, sums: Accumulator) -> None:
        found = self._sums.get(size)
        self._sums[size] = sums.copy() if found is None else found.merge(sums)

    def _add(self, found: Terms, sample_weight: Weights, mask: DuckArray | None) -> None:
        """Add the losses of a batch.

        Raises
        ------
        ValueError
            If the weights do not broadcast to the leading axes of the losses.
        """
        weights = weights_of(sample_weight, self._dtype)
        if weights is None or weights.ndim < 2:
            found = _of_samples(found)
        weights = self._masked(weights, mask)
        size = self._size(found, found.where is not None and weights is None)
        weights = self._masked(weights, found.where)
        if weights is not None:
            weights = leading(found, weights)
        losses = list(found.losses)
        sums = computed(state(found.losses, found.inputs, weights, where=found.where))
        specs = losses if len(losses) > 1 else losses[0]
        self._put(size, build(specs, Query.spelled(losses), sums))
        if len(losses) > 1:
            self._choice &= int(computed(found.choice))

    def _masked(self, weights: DuckArray | None, mask: DuckArray | None) -> DuckArray | None:
        """Return weights that are zero where a mask is."""
        if weights is not None and mask is not None:
            weights = by_sample(weights, mask.shape)
        return times_mask(weights, mask, self._dtype)

    def _size(self, found: Terms, counts_all: bool) -> Size:
        """Return what the sums of a batch are kept by."""
        return Size(math.prod(found.shape[1:]) * found.per, counts_all)

    def _totals(self) -> tuple[Exact, Exact]:
        """Return the sum over samples of their weighted means, and that of their weights.

        Both are multiplied by one number, so that they are whole numbers of units.
        """
        times = self._scale()
        totals, counts = [], []
        for size, sums in self._sums.items():
            state = sums.tally.state
            (found,) = state.sums_of(sums.losses)
            factor = times // (size.losses or 1)
            choice = self._choice if len(sums.losses) > 1 else 0
            totals.append(multiple(found.losses[choice], factor))
            elements = sums.counts["elements"] + sums.counts["masked"]
            weights = Exact(elements << 1074) if size.counts_all else found.weights
            counts.append(multiple(weights, factor))
        return _added(totals), _added(counts)

    def _scale(self) -> int:
        """Return by what the totals are multiplied."""
        return math.lcm(*(size.losses or 1 for size in self._sums))

    @property
    def variables(self) -> list[Any]:
        """What Keras keeps in variables, to be read: the total of the means, and of the weights."""
        parts = (quotient(part, self._scale(), self._out) for part in self._totals())
        return [arrays.as_dtype(part, self._out) for part in parts]

    def _mean(self, totals: Exact, counts: Exact) -> float:
        """Return the mean of samples; subclasses change it."""
        return quotient(totals, counts, self._out, 0.0)

    def result(self) -> Any:
        """Return the mean over all samples so far, 0 without any."""
        mean: Any = np.float64(self._mean(*self._totals()))
        return cast("the result", mean, self._out)


def _of_samples(found: Terms) -> Terms:
    """Return losses of elements of which some are masked as those of samples, of what each has."""
    if found.where is not None or not any(map(arrays.is_masked, found.inputs)):
        return found
    return of_whole_rows(found._replace(shape=found.shape[:1], row=found.shape[1:] + found.row))


def computed(found: Any) -> Any:
    """Return a state or a number, computed if it is lazy."""
    return found.compute() if hasattr(found, "compute") else found


def _added(parts: list[Exact]) -> Exact:
    """Return the sum of exact sums."""
    strange = [part.strange for part in parts if part.strange is not None]
    return Exact(sum(part.units for part in parts), sum(strange) if strange else None)


class FunctionMean(SampleMean):
    """A mean of the losses of a function of labels and predictions."""

    def update_state(
        self, y_true: ArrayLike, y_pred: ArrayLike, sample_weight: Weights = None
    ) -> None:
        """Add a batch.

        Parameters
        ----------
        y_true, y_pred : array_like
            Labels and predictions, as the loss function of the same name takes them; of rank 1,
            each element is a sample where the loss is one of elements.
        sample_weight : array_like, optional
            One number, one for each sample, or an array of the leading axes of the losses.

        Raises
        ------
        ValueError, TypeError
            As the loss function; if the sample weights do not fit.
        """
        pred, true = tensor("y_pred", y_pred), tensor("y_true", y_true)
        kind, dtype = KINDS[self.function], real("y_pred", pred).dtype
        result = kind.result(dtype)
        real("y_true", true)
        if not kind.takes_indices:
            true = arrays.as_dtype(true, dtype)
        found = kind.terms(true, pred, dtype, self._arguments())
        if not found.shape and found.row:  # of rank 1, each element is a sample
            found = found._replace(shape=found.row, row=())
        if not is_floating(self._dtype):
            found = truncated(found, result, self._dtype)
        self._add(found, sample_weight, mask_of(y_pred))


class ValueMean(SampleMean):
    """A mean of values."""

    def update_state(self, values: ArrayLike, sample_weight: Weights = None) -> None:
        """Add a batch of values; sample weights have the leading axes of the values.

        Raises
        ------
        ValueError
            If the sample weights do not fit.
        TypeError
            If the values are no real numbers.
        """
        array = cast("values", real("values", arrays.array("values", values)), self._dtype)
        self._add(Terms.of_values(array), sample_weight, mask_of(values))


@dataclasses.dataclass(eq=False, repr=False)
class Mean(ValueMean):
    """The weighted mean of values; a sample is a row of axis 0, whatever its size.

    Examples
    --------
    >>> metric = Mean()
    >>> metric.update_state([1.0, 3.0, 5.0, 7.0], sample_weight=[1.0, 1.0, 0.0, 0.0])
    >>> metric.result()
    np.float32(2.0)
    """

    name: str | None = "mean"


@dataclasses.dataclass(eq=False, repr=False)
class Sum(ValueMean):
    """The weighted sum of values.

    Examples
    --------
    >>> metric = Sum()
    >>> metric.update_state([1.0, 3.0, 5.0, 7.0], sample_weight=[1.0, 1.0, 0.0, 0.0])
    >>> metric.result()
    np.float32(4.0)
    """

    name: str | None = "sum"

    def _size(self, found: Terms, counts_all: bool) -> Size:
        return Size(1, counts_all)

    @property
    def _out(self) -> DType:
        return self._dtype

    @property
    def variables(self) -> list[Any]:
        """What Keras keeps in a variable, to be read: the total."""
        return super().variables[:1]

    def _mean(self, totals: Exact, counts: Exact) -> float:
        return quotient(totals, 1, self._dtype)


class MeanMetricWrapper(Mean):
    """The mean of what a function ``fn(y_true, y_pred, **kwargs)`` returns for each sample.

    Examples
    --------
    >>> import numpy as np
    >>> metric = MeanMetricWrapper(lambda y_true, y_pred: abs(y_true - y_pred))
    >>> metric.update_state(np.array([0.0, 1.0]), np.array([1.0, 3.0]))
    >>> metric.result()
    np.float32(1.5)
    """

    def __init__(
        self,
        fn: Callable[..., Any],
        name: str | None = None,
        dtype: DTypeArgument = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(name or snake_case(type(self).__name__), dtype)
        self._fn, self._fn_kwargs = fn, kwargs

    def update_state(  # type: ignore[override]
        self, y_true: ArrayLike, y_pred: ArrayLike, sample_weight: Weights = None
    ) -> None:
        """Add what the function returns for a batch."""
        super().update_state(self._fn(y_true, y_pred, **self._fn_kwargs), sample_weight)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make a metric like this one, the function itself among them."""
        return super().get_config() | {"fn": self._fn} | self._fn_kwargs
