"""What Keras has and this package has not: with Keras' signatures, raising when called."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from streamloss.arrays.types import ArrayLike, DuckArray

from .arguments import DTypeArgument
from .base import Loss, PlainLoss
from .reductions import MEAN

__all__ = ["CTC", "Circle", "circle", "ctc"]


def circle(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    ref_labels: ArrayLike | None = None,
    ref_embeddings: ArrayLike | None = None,
    remove_diagonal: bool = True,
    gamma: float = 80,
    margin: float = 0.4,
) -> Any:
    """Raise NotImplementedError: its loss is of all pairs in a batch, not a sum over rows."""
    raise NotImplementedError("circle is a loss of pairs within a batch, which is not a sum")


def ctc(y_true: ArrayLike, y_pred: ArrayLike) -> Any:
    """Raise NotImplementedError: there is no connectionist temporal classification here."""
    raise NotImplementedError("ctc, the loss of connectionist temporal classification, is not here")


@dataclass(eq=False, repr=False)
class Circle(Loss):
    """Not here: calling it raises NotImplementedError, as `circle` does."""

    gamma: float = 80.0
    margin: float = 0.4
    remove_diagonal: bool = True
    reduction: str | None = MEAN
    name: str = "circle"
    dtype: DTypeArgument = None

    def call(self, y_true: DuckArray, y_pred: DuckArray) -> Any:
        """Raise NotImplementedError."""
        circle(y_true, y_pred)


@dataclass(eq=False, repr=False)
class CTC(PlainLoss):
    """Not here: calling it raises NotImplementedError, as `ctc` does."""

    name: str = "ctc"

    def call(self, y_true: DuckArray, y_pred: DuckArray) -> Any:
        """Raise NotImplementedError."""
        ctc(y_true, y_pred)
