"""Keras' losses of directions and of sets; `regression` says what all share."""

from __future__ import annotations

from typing import Any

from streamloss.arrays.types import ArrayLike

from .arguments import KerasAxis
from .reductions import losses_of

__all__ = ["cosine_similarity", "dice", "tversky"]


def cosine_similarity(y_true: ArrayLike, y_pred: ArrayLike, axis: int = -1) -> Any:
    """Return minus the cosine of the angle between rows along `axis`, 0 for a row of zeros.

    Examples
    --------
    >>> cosine_similarity([[0.0, 1.0], [3.0, 4.0]], [[1.0, 0.0], [3.0, 4.0]])
    array([-0., -1.], dtype=float32)
    """
    return losses_of("cosine_similarity", y_true, y_pred, axis=axis)


def dice(y_true: ArrayLike, y_pred: ArrayLike, axis: KerasAxis = None) -> Any:
    """Return ``1 - 2 sum(y_true * y_pred) / (sum(y_true) + sum(y_pred) + 1e-7)`` over `axis`.

    Examples
    --------
    >>> float(dice([[1.0, 1.0], [0.0, 0.0]], [[0.0, 1.0], [0.0, 1.0]]))
    0.5
    """
    return losses_of("dice", y_true, y_pred, axis=axis)


def tversky(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    alpha: float = 0.5,
    beta: float = 0.5,
    axis: KerasAxis = None,
) -> Any:
    """Return ``1 - I / (I + alpha FP + beta FN + 1e-7)`` over `axis`.

    I is the sum of ``y_true * y_pred``, FP that of ``(1 - y_true) * y_pred``, the false positives,
    and FN that of ``y_true * (1 - y_pred)``.

    Examples
    --------
    >>> float(tversky([[1.0, 1.0], [0.0, 0.0]], [[0.0, 1.0], [0.0, 1.0]], alpha=0.0, beta=1.0))
    0.5
    """
    return losses_of("tversky", y_true, y_pred, alpha=alpha, beta=beta, axis=axis)
