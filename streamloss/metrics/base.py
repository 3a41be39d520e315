"""What a metric of several exact sums is, and the moments whose sums it may ask for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar, NamedTuple, Protocol

from streamloss.exact.numbers import Exact
from streamloss.losses.define import loss


class Metric(Protocol):
    """A loss of several exact sums: what its class defines in place of `point`.

    `combine` takes each sum under the name that `sums` gives it, as an
    [`Exact`][streamloss.exact.numbers.Exact] with the weights multiplied in, and, if it names
    them, `weights` (the exact sum of the weights, of ones without any), `elements` and `nonzero`
    (how many elements and weights that are not zero there are, integers).
    """

    combine: ClassVar[Callable[..., float]]

    @staticmethod
    def sums() -> dict[str, Any]:
        """Return the losses, or their names, whose sums it needs: taken in one pass."""


@loss
class Label(NamedTuple):
    """The sum of w y_true, exactly."""

    def factors(self, y_true: float, y_pred: float) -> tuple[float]:
        """Return what is multiplied by the weight."""
        return (y_true,)


@loss
class Prediction(NamedTuple):
    """The sum of w y_pred, exactly."""

    def factors(self, y_true: float, y_pred: float) -> tuple[float]:
        """Return what is multiplied by the weight."""
        return (y_pred,)


@loss
class Error(NamedTuple):
    """The sum of w e, exactly, of errors e = y_pred - y_true as rounded."""

    def factors(self, y_true: float, y_pred: float) -> tuple[float]:
        """Return what is multiplied by the weight."""
        return (y_pred - y_true,)


@loss
class LabelSize(NamedTuple):
    """The sum of w |y_true|, exactly."""

    def factors(self, y_true: float, y_pred: float) -> tuple[float]:
        """Return what is multiplied by the weight."""
        return (abs(y_true),)


@loss
class LabelSquare(NamedTuple):
    """The sum of w y_true^2, exactly."""

    def factors(self, y_true: float, y_pred: float) -> tuple[float, float]:
        """Return what is multiplied by the weight."""
        return y_true, y_true


@loss
class PredictionSquare(NamedTuple):
    """The sum of w y_pred^2, exactly."""

    def factors(self, y_true: float, y_pred: float) -> tuple[float, float]:
        """Return what is multiplied by the weight."""
        return y_pred, y_pred


@loss
class ErrorSquare(NamedTuple):
    """The sum of w e^2, exactly, of errors e = y_pred - y_true as rounded."""

    def factors(self, y_true: float, y_pred: float) -> tuple[float, float]:
        """Return what is multiplied by the weight."""
        error = y_pred - y_true
        return error, error


@loss
class Product(NamedTuple):
    """The sum of w y_true y_pred, exactly."""

    def factors(self, y_true: float, y_pred: float) -> tuple[float, float]:
        """Return what is multiplied by the weight."""
        return y_true, y_pred


def variation(weights: Exact, first: Exact, second: Exact) -> Exact:
    """Return W * sum w (x - mean)^2, of the sums of the weights, of w x and of w x^2."""
    return weights * second - first * first
