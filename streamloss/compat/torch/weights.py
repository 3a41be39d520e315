"""Which weight belongs to which loss: those of elements, of losses, and of classes."""

from __future__ import annotations

from streamloss.arrays.batch import may_fit
from streamloss.arrays.types import ArrayLike, DType, DuckArray, Weights

from . import dtypes
from .arguments import array, spread_to


def as_weights(weight: Weights) -> DuckArray | None:
    """Return the argument `weight` as an array, or None."""
    return None if weight is None else array("weight", weight)


def element_weights(
    weight: ArrayLike, input: DuckArray, like: DuckArray, dtype: DType
) -> tuple[DuckArray, DType]:
    """Return weights of the shape of input, broadcast to that of the losses, and their dtype."""
    weights = array("weight", weight)
    if not may_fit(weights.shape, input.shape):
        raise ValueError("Weights and input must have the same size.")
    dtypes.need_real("weight", weights.dtype)
    return spread_to(weights, like), dtypes.promote(dtype, weights.dtype)


def loss_weights(weight: Weights, like: DuckArray, dtype: DType) -> DuckArray | None:
    """Return weights broadcast to the shape of the losses, or None."""
    weights = as_weights(weight)
    if weights is None:
        return None
    dtypes.need_cast(weights.dtype, dtype)
    return spread_to(weights, like)


def class_weights(weight: DuckArray | None, rows: DuckArray) -> tuple[DuckArray, ...]:
    """Return class weights as the last input of a loss of rows, or none."""
    return () if weight is None else (spread_to(weight, rows),)


def need_one_a_class(weight: DuckArray | None, classes: int) -> None:
    """Refuse, by a RuntimeError, class weights that are not one a class."""
    if weight is not None and not may_fit(weight.shape, (classes,)):
        raise RuntimeError(
            f"weight tensor should be defined either for all {classes} classes or no classes but"
            f" got weight tensor of shape: {list(weight.shape)}"
        )
