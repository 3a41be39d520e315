"""Collections of losses, which there are not, as in TensorFlow's eager mode."""

from __future__ import annotations

from typing import Any

import numpy as np

from streamloss.arrays.types import ArrayLike

from .reductions import LOSSES

__all__ = [
    "add_loss", "get_losses", "get_regularization_loss", "get_regularization_losses",
    "get_total_loss",
]  # fmt: skip


def add_loss(loss: ArrayLike, loss_collection: str | None = LOSSES) -> None:
    """Do nothing: there are no collections.

    Examples
    --------
    >>> add_loss(1.0)
    """


def get_losses(scope: str | None = None, loss_collection: str | None = LOSSES) -> list[Any]:
    """Return no losses: there are no collections.

    Examples
    --------
    >>> get_losses()
    []
    """
    return []


def get_regularization_losses(scope: str | None = None) -> list[Any]:
    """Return no losses: there are no collections.

    Examples
    --------
    >>> get_regularization_losses()
    []
    """
    return []


def get_regularization_loss(
    scope: str | None = None, name: str = "total_regularization_loss"
) -> Any:
    """Return the sum of no losses.

    Examples
    --------
    >>> float(get_regularization_loss())
    0.0
    """
    return np.float32(0.0)


def get_total_loss(
    add_regularization_losses: bool = True, name: str = "total_loss", scope: str | None = None
) -> Any:
    """Raise, as TensorFlow's does in eager mode: there are no collections.

    Raises
    ------
    ValueError
        Always.

    Examples
    --------
    >>> get_total_loss()
    Traceback (most recent call last):
        ...
    ValueError: there is no collection of losses: add up what the losses returned
    """
    raise ValueError("there is no collection of losses: add up what the losses returned")
