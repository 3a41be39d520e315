"""Keras' losses of scores and the margins between them; `regression` says what all share."""

from __future__ import annotations

from typing import Any

from streamloss.arrays.types import ArrayLike

from .reductions import losses_of

__all__ = ["categorical_hinge", "hinge", "squared_hinge"]


def hinge(y_true: ArrayLike, y_pred: ArrayLike) -> Any:
    """Return ``mean(max(1 - y_true * y_pred, 0), axis=-1)``.

    Labels are -1 and 1 or, if the whole array holds nothing else, 0 and 1.

    Examples
    --------
    >>> hinge([[0.0, 1.0], [0.0, 0.0]], [[0.5, 0.5], [0.25, 0.75]])
    array([1. , 1.5], dtype=float32)
    """
    return losses_of("hinge", y_true, y_pred)


def squared_hinge(y_true: ArrayLike, y_pred: ArrayLike) -> Any:
    """Return ``mean(max(1 - y_true * y_pred, 0)**2, axis=-1)``, labels as for `hinge`.

    Examples
    --------
    >>> squared_hinge([[0.0, 1.0], [0.0, 0.0]], [[0.5, 0.5], [0.25, 0.75]])
    array([1.25  , 2.3125], dtype=float32)
    """
    return losses_of("squared_hinge", y_true, y_pred)


def categorical_hinge(y_true: ArrayLike, y_pred: ArrayLike) -> Any:
    """Return ``max(0, max((1 - y_true) * y_pred) - sum(y_true * y_pred) + 1)`` of each row.

    Examples
    --------
    >>> categorical_hinge([[0.0, 1.0]], [[0.5, 0.25]])
    array([1.25], dtype=float32)
    """
    return losses_of("categorical_hinge", y_true, y_pred)
