"""In which bin a probability lies, as keys of cells, and what is summed in these.

Without a probability from 0 to 1, and a label that goes with it, an element has no key.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, NamedTuple, Protocol

from streamloss.losses.arithmetic import NAN
from streamloss.losses.counting import EachClass
from streamloss.losses.define import loss
from streamloss.losses.domains import Choice, Class, Interval, Row, Share
from streamloss.losses.formulas import label, sigmoid
from streamloss.losses.scores import even_bin, fine_bin, first_largest

from .base import Label, Prediction

Bins = Annotated[float, Interval(1.0, 1e5, closed=True, whole=True)]
"""How many bins there are."""

Strategy = Annotated[str, Choice(("uniform", "quantile"))]
"""Whether bins are of equal width or, nearly, of equal weight."""

Probabilities = Annotated[str, Choice(("probabilities", "logits", "classes", "each_class"))]
"""What y_pred holds: probabilities of label 1, their logits, or rows of probabilities of classes,
of which the largest counts or each in turn."""

Closed = Annotated[str, Choice(("right", "left"))]
"""Which end of a bin belongs to it."""


@loss
class EvenBin(NamedTuple):
    """The even bin that a probability lies in, or that of a logit."""

    bins: Bins
    left: Share = 0.0
    logit: Share = 0.0

    def point(self, y_true: float, y_pred: float) -> float:
        """Return the number of the bin."""
        p = sigmoid(y_pred) if self.logit != 0.0 else y_pred
        return even_bin(p, self.bins, self.left) if (y_true >= 0.0) & (y_true <= 1.0) else NAN


@loss
class FineBin(NamedTuple):
    """The fine bin that a probability lies in, or that of a logit."""

    logit: Share = 0.0

    def point(self, y_true: float, y_pred: float) -> float:
        """Return the number of the bin."""
        p = sigmoid(y_pred) if self.logit != 0.0 else y_pred
        return fine_bin(p) if (y_true >= 0.0) & (y_true <= 1.0) else NAN


@loss
class EvenBinOfLargest(NamedTuple):
    """The even bin that the largest probability of a row lies in."""

    bins: Bins
    left: Share = 0.0

    def row(self, y_true: Class, y_pred: Row) -> float:
        """Return the number of the bin."""
        k = first_largest(y_pred)
        if (k < 0) | (label(y_true, len(y_pred)) < 0):
            return NAN
        return even_bin(y_pred[k], self.bins, self.left)


@loss
class FineBinOfLargest(NamedTuple):
    """The fine bin that the largest probability of a row lies in."""

    def row(self, y_true: Class, y_pred: Row) -> float:
        """Return the number of the bin."""
        k = first_largest(y_pred)
        if (k < 0) | (label(y_true, len(y_pred)) < 0):
            return NAN
        return fine_bin(y_pred[k])


@loss
class Sigmoid(NamedTuple):
    """The sum of w / (1 + e^-y_pred), of probabilities as rounded."""

    def factors(self, y_true: float, y_pred: float) -> tuple[float]:
        """Return what is multiplied by the weight."""
        return (sigmoid(y_pred),)


@loss
class Largest(NamedTuple):
    """The largest number of a row; NaN if one is."""

    def row(self, y_true: Class, y_pred: Row) -> float:
        """Return the value of one row."""
        k = first_largest(y_pred)
        return NAN if k < 0 else y_pred[k]


@loss
class Hit(NamedTuple):
    """Whether the first largest number of a row is that of the label's class; NaN without one."""

    def row(self, y_true: Class, y_pred: Row) -> float:
        """Return 1 of a hit, else 0."""
        y, k = label(y_true, len(y_pred)), first_largest(y_pred)
        if (y < 0) | (k < 0):
            return NAN
        return 1.0 if k == y else 0.0


class Binned(Protocol):
    """What metrics of bins have in common: their parameters."""

    @property
    def bins(self) -> float:
        """How many bins there are."""

    @property
    def strategy(self) -> str:
        """How wide bins are."""

    @property
    def scores(self) -> str:
        """What y_pred holds."""

    @property
    def closed(self) -> str:
        """Which end of a bin belongs to it."""


def keys_of(metric: Binned) -> dict[str, Any]:
    """Return the keys of a metric of bins."""
    left, logit = float(metric.closed == "left"), float(metric.scores == "logits")
    if metric.scores == "classes":
        even: Any = EvenBinOfLargest(metric.bins, left)
        return {"bin": even if metric.strategy == "uniform" else FineBinOfLargest()}
    even = EvenBin(metric.bins, left, logit)
    key = {"bin": even if metric.strategy == "uniform" else FineBin(logit)}
    return {"class": EachClass(), **key} if metric.scores == "each_class" else key


def sums_of(metric: Binned) -> dict[str, Any]:
    """Return the sums that a metric of bins takes in each: of probabilities, and of what came."""
    if metric.scores == "classes":
        return {"predicted": Largest(), "observed": Hit()}
    predicted: Callable[[], Any] = Sigmoid if metric.scores == "logits" else Prediction
    return {"predicted": predicted(), "observed": Label()}
