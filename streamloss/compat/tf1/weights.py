"""Which weight belongs to which loss: a scalar to all, or one along each axis of theirs."""

from __future__ import annotations

from streamloss.arrays.batch import is_lazy, may_fit
from streamloss.arrays.types import ArrayLike, DuckArray, Shape

from .arguments import reals


def loss_weights(value: ArrayLike, shape: Shape) -> DuckArray | None:
    """Return weights of the rank of the losses, or scalar; None for the number 1.

    Those of another shape are a ValueError, as None is.
    """
    weights = reals("weights", value)
    sizes = tuple([n if m == 1 else m for m, n in zip(weights.shape, shape, strict=False)])
    if weights.ndim and not (weights.ndim == len(shape) and may_fit(sizes, shape)):
        raise ValueError(
            "weights must be a scalar or have the rank of the losses, each axis 1 or the losses':"
            f" got {weights.shape} for losses of shape {shape}"
        )
    if weights.ndim == 0 and not is_lazy(weights) and weights == 1:
        return None
    return weights


def row_weights(value: ArrayLike, shape: Shape) -> DuckArray | None:
    """Return weights as `loss_weights`, and those that are one for each row too."""
    weights = reals("weights", value)
    if weights.ndim == 1 < len(shape) and may_fit(weights.shape, shape[:1]):
        weights = weights[(..., *[None] * (len(shape) - 1))]
    return loss_weights(weights, shape)
