"""Streaming metrics: exact sums over samples, however those are cut into batches.

A sample is a row of axis 0. Keras averages all else of a sample first, so that a sample counts the
same whatever its size: per size of a sample there is an exact sum of weighted losses and one of
weights, both to be divided by that size.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any, NamedTuple, Self

import numpy as np

from streamloss.accumulator import Accumulator, build
from streamloss.arrays.types import ArrayLike, DType, DuckArray, Shape, Weights
from streamloss.compat import _engine
from streamloss.compat._engine import Exact
from streamloss.compat.keras._arrays import (
    DTypeArgument,
    aligned,
    alike,
    broadcast,
    cast,
    dtype_of,
    is_floating,
    mask_of,
    of_means,
    real,
    shape_of,
    squeeze_or_expand,
    tensor,
)
from streamloss.compat.keras._loss import snake_case
from streamloss.compat.keras._reduce import of_whole_rows, truncated
from streamloss.compat.keras._rows import quotient
from streamloss.compat.keras._terms import KINDS, Terms, terms
from streamloss.exact.state import State
from streamloss.losses import SquaredError, Value
from streamloss.run.query import Query


class Metric:
    """What all metrics do.

    Parameters
    ----------
    dtype : str or dtype, optional
        Of the result, and to which sample weights are rounded; float32 by default. An integer
        dtype truncates them, and the values of each sample; means are float32 then.
    name : str, optional
        That of the class in snake_case by default.

    Raises
    ------
    TypeError
        If the dtype is neither floating nor integer.
    """

    def __init__(self, dtype: DTypeArgument = None, name: str | None = None) -> None:
        self.name = name or snake_case(type(self).__name__)
        self._dtype = dtype_of(dtype)

    @property
    def dtype(self) -> str:
        """The name of the dtype of results."""
        return self._dtype.name

    @property
    def _out(self) -> DType:
        """The dtype of results."""
        return of_means(self._dtype)

    def update_state(self, *args: Any, **kwargs: Any) -> None:
        """Add a batch."""
        raise NotImplementedError(f"{type(self).__name__} defines no update_state")

    def result(self) -> Any:
        """Return the value of all batches so far, of the dtype of the metric."""
        raise NotImplementedError(f"{type(self).__name__} defines no result")

    def reset_state(self) -> None:
        """Forget all batches."""
        raise NotImplementedError(f"{type(self).__name__} defines no reset_state")

    def _take(self, other: Self) -> None:
        """Add all that a metric of the same configuration has seen."""
        raise NotImplementedError(f"{type(self).__name__} defines no merge")

    def merge(self, other: Self) -> Self:
        """Add all that another metric has seen, exactly, and return this one.

        Raises
        ------
        TypeError
            If it is of another class.
        ValueError
            If it is configured otherwise.
        """
        if type(other) is not type(self):
            rule = f"only a {type(self).__name__} can be merged"
            raise TypeError(f"{rule}: got {type(other).__name__}")
        mine, theirs = (m.get_config() | {"name": None} for m in (self, other))
        if mine != theirs:
            raise ValueError(f"metrics must be configured alike to merge: got {theirs} and {mine}")
        self._take(other)
        return self

    def merge_state(self, metrics: Iterable[Self]) -> Self:
        """Add all that some metrics have seen, and return this one."""
        for metric in metrics:
            self.merge(metric)
        return self

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Add a batch and return the value of all batches so far."""
        self.update_state(*args, **kwargs)
        return self.result()

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make a metric like this one, without what it has seen."""
        return {"name": self.name, "dtype": self.dtype}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        """Return the metric of a configuration that `get_config` gave."""
        return cls(**config)

    def __eq__(self, other: object) -> bool:
        """Return whether configuration and every exact sum and count are equal."""
        if type(other) is not type(self):
            return NotImplemented
        return bool(self.__dict__ == other.__dict__)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} name={self.name}>"


class Size(NamedTuple):
    """What sums are kept apart by: the losses of a sample, and whether ignored ones count."""

    losses: int
    counts_all: bool = False


class SampleMean(Metric):
    """A mean over samples of losses, as Keras' `Mean`; subclasses say which losses.

    There are no more than `_sums` has sizes of samples: one, unless samples of other lengths come.
    """

    def __init__(self, name: str | None = None, dtype: DTypeArgument = None) -> None:
        super().__init__(dtype=dtype, name=name)
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
        weights = as_weights(sample_weight, self._dtype)
        if weights is None or weights.ndim < 2:
            found = _of_samples(found)
        weights = _times_mask(weights, mask, self._dtype)
        size = self._size(found, found.where is not None and weights is None)
        weights = _times_mask(weights, found.where, self._dtype)
        if weights is not None:
            weights = _per_sample(found, weights)
        losses = found.losses
        state = computed(_engine.state(losses, found.inputs, weights, where=found.where))
        specs = list(losses) if len(losses) > 1 else losses[0]
        self._put(size, build(specs, Query.spelled(list(losses)), state))
        if len(losses) > 1:
            choice = found.choice
            self._choice &= int(choice.compute() if _engine.is_lazy(choice) else choice)

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
            (found,) = state.sums_of(range(len(sums.losses)))
            factor = times // (size.losses or 1)
            choice = self._choice if len(sums.losses) > 1 else 0
            totals.append(_times(found.losses[choice], factor))
            elements = sums.counts["elements"] + sums.counts["masked"]
            weights = Exact(elements << 1074) if size.counts_all else found.weights
            counts.append(_times(weights, factor))
        return _added(totals), _added(counts)

    def _scale(self) -> int:
        """Return by what the totals are multiplied."""
        return math.lcm(*(size.losses or 1 for size in self._sums))

    @property
    def variables(self) -> list[Any]:
        """What Keras keeps in variables, to be read: the total of the means, and of the weights."""
        parts = (quotient(part, self._scale(), self._out) for part in self._totals())
        return [_engine.as_dtype(part, self._out) for part in parts]

    def _mean(self, totals: Exact, counts: Exact) -> float:
        """Return the mean of samples; subclasses change it."""
        return quotient(totals, counts, self._out, 0.0)

    def result(self) -> Any:
        """Return the mean over all samples so far, 0 without any."""
        mean: Any = np.float64(self._mean(*self._totals()))
        return cast("the result", mean, self._out)


def _of_samples(found: Terms) -> Terms:
    """Return losses of elements of which some are masked as those of samples, of what each has."""
    first, others = found.shape[:1], found.shape[1:]
    return (
        of_whole_rows(found._replace(shape=first, row=others + found.row))
        if _masks(found)
        else found
    )


def _masks(found: Terms) -> bool:
    return any(_engine.is_masked(array) for array in found.inputs) and found.where is None


def as_weights(sample_weight: Weights, dtype: DType) -> DuckArray | None:
    """Return sample weights as an array of a dtype, None without any."""
    if sample_weight is None:
        return None
    weights = real("sample_weight", _engine.array("sample_weight", sample_weight))
    return cast("sample_weight", weights, dtype)


def _times_mask(
    weights: DuckArray | None, mask: DuckArray | None, dtype: DType
) -> DuckArray | None:
    """Return weights that are zero where a mask is, None without either."""
    if mask is None:
        return weights
    kept = mask.astype(dtype)
    if weights is None:
        return kept
    kept, weights = squeeze_or_expand(kept, aligned(weights, kept.shape))
    shape_of("mask and sample_weight", kept.shape, weights.shape)
    return kept * weights


def _per_sample(found: Terms, weights: DuckArray) -> DuckArray:
    """Return weights of the leading axes of losses as weights of their rank."""
    rank = len(found.shape)
    if weights.ndim == rank + 1 and weights.shape[-1] == 1 and rank != 1:
        weights = weights[..., 0]
    elif weights.ndim == 1 and rank == 2 and found.shape[-1] == 1:
        weights = weights[..., None]
    elif weights.ndim == 2 and rank == 1 and weights.shape[-1] == 1:
        weights = weights[..., 0]
    if weights.ndim > rank or not _fits(weights.shape, found.shape[: weights.ndim]):
        rule = "sample_weight must have the leading axes of the losses, or 1 in their place"
        raise ValueError(f"{rule}: got {weights.shape} for losses of shape {found.shape}")
    rank = len(found.shape) + len(found.row)
    return weights[(..., *(None,) * (rank - weights.ndim))]


def _fits(few: Shape, many: Shape) -> bool:
    """Return whether each size is the other's or 1."""
    return all(a == 1 or alike((a,), (b,)) for a, b in zip(few, many, strict=True))


def computed(state: Any) -> State:
    """Return a State, computed if it is lazy."""
    found: State = state if isinstance(state, State) else state.compute()
    return found


def _times(total: Exact, factor: int) -> Exact:
    return Exact(total.units * factor, total.strange)


def _added(parts: list[Exact]) -> Exact:
    """Return the sum of exact sums."""
    strange = [part.strange for part in parts if part.strange is not None]
    return Exact(sum(part.units for part in parts), sum(strange) if strange else None)


class FunctionMean(SampleMean):
    """A mean of the losses of a function of labels and predictions."""

    function = ""
    parameters: tuple[str, ...] = ()

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
        result = KINDS[self.function].result(real("y_pred", pred).dtype)
        real("y_true", true)
        if not self.function.startswith("sparse"):
            true = _engine.as_dtype(true, pred.dtype)
        given = {key: getattr(self, key) for key in self.parameters}
        found = terms(self.function, true, pred, pred.dtype, **given)
        if not found.shape and found.row:  # of rank 1, each element is a sample
            found = found._replace(shape=found.row, row=())
        if not is_floating(self._dtype):
            found = truncated(found, result, self._dtype)
        self._add(found, sample_weight, mask_of(y_pred))

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make a metric like this one, without what it has seen."""
        return super().get_config() | {key: getattr(self, key) for key in self.parameters}


class RootMean(SampleMean):
    """The square root of the mean squared error, of elements."""

    def update_state(
        self, y_true: ArrayLike, y_pred: ArrayLike, sample_weight: Weights = None
    ) -> None:
        """Add a batch; the arguments are those of `FunctionMean.update_state`.

        Sample weights may have the shape of the labels.

        Raises
        ------
        ValueError, TypeError
            If shapes do not fit, or arrays hold no numbers.
        """
        arrays = (real(n, _engine.array(n, a)) for n, a in (("y_true", y_true), ("y_pred", y_pred)))
        true, pred = squeeze_or_expand(*(cast("y_true and y_pred", a, self._dtype) for a in arrays))
        shape = shape_of("y_true and y_pred", true.shape, pred.shape)
        inputs = broadcast(true, shape), broadcast(pred, shape)
        self._add(Terms((SquaredError(),), inputs, shape, (), None), sample_weight, None)

    def _mean(self, totals: Exact, counts: Exact) -> float:
        # a root halves a relative error: the float64 mean is near enough for one of float32
        return math.sqrt(totals.over(counts, 0.0))


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
        array = cast("values", real("values", _engine.array("values", values)), self._dtype)
        found = Terms((Value(),), (array,), array.shape, (), None)
        self._add(found, sample_weight, mask_of(values))
