"""How much better probabilities are than the share of each class, said of every element."""

from __future__ import annotations

import math
from typing import Annotated, Any, NamedTuple

from streamloss.exact.counted import Counted
from streamloss.exact.numbers import Exact
from streamloss.losses.arithmetic import divide, log, log1p
from streamloss.losses.binary import BinaryCrossEntropy
from streamloss.losses.define import loss
from streamloss.losses.domains import Choice, Share
from streamloss.losses.probabilities import SparseCategoricalCrossEntropy

from .decisions import BinaryLabel, ClassLabel

Scores = Annotated[str, Choice(("probabilities", "classes"))]
"""What y_pred holds: probabilities of label 1, or rows of probabilities of classes."""


def _keys(scores: str) -> dict[str, Any]:
    """Return the keys of cells: a cell for each class."""
    return {"true": ClassLabel() if scores == "classes" else BinaryLabel()}


@loss(
    "d2_brier",
    "d2_brier_score",
    formula="1 - sum w b / sum w b of the shares of classes,  b = sum_c ([c = y] - p_c)^2",
    perfect=1.0,
)
class D2Brier(NamedTuple):
    """The share of the Brier score that probabilities save, without a unit: 1 is perfect.

    It is 0 of the shares of classes, said of every element. scikit-learn's `d2_brier_score`; of two
    classes it is `R2` of the probabilities of label 1. It is NaN where all labels are of one class
    and predicted exactly, -infinity where they are not.

    Examples
    --------
    >>> import streamloss as sl
    >>> sl.evaluate("d2_brier", [0, 1, 1, 0], [0.0, 1.0, 0.5, 0.5])
    0.5
    """

    scores: Scores = "probabilities"

    def cells(self) -> dict[str, Any]:
        """Return the keys that tell cells apart."""
        return _keys(self.scores)

    def sums(self) -> dict[str, Any]:
        """Return the losses that are summed in each cell."""
        return {"squares": "brier" if self.scores == "classes" else "squared_error"}

    def combine(self, cells: Counted) -> float:
        """Return the result of exact counts."""
        weights = cells.exact(cells.total)
        squares = sum(cells.sums["squares"], Exact(0))
        both = squares if self.scores == "classes" else 2 * squares  # of p and of 1 - p
        shares = [weight * weight for weight in cells.weights]
        of_shares = weights * weights - sum(shares, Exact(0, None, 0))
        return (of_shares - both * weights) / of_shares


@loss(
    "d2_log_loss",
    "d2_log_loss_score",
    formula="1 - sum w l / sum w l of the shares of classes,  l = -log p'_y,"
    " p' = min(max(p, epsilon), 1 - epsilon)",
    perfect=1.0,
)
class D2LogLoss(NamedTuple):
    """The share of the log loss that probabilities save, without a unit: 1 is perfect.

    It is 0 of the shares of classes, said of every element. scikit-learn's `d2_log_loss_score`,
    which clips float64 by `epsilon`, too; a row of probabilities is divided by its sum before. The
    sum of the losses is exact, and what is made of it and of the logarithms of shares is off by
    some ulp of the larger of it and 1. It is NaN or -infinity where all labels are of one class.

    Examples
    --------
    >>> import streamloss as sl
    >>> sl.evaluate("d2_log_loss", [0, 1, 1, 0], [0.25, 0.75, 0.5, 0.5])
    0.29248125036057815
    """

    scores: Scores = "probabilities"
    epsilon: Share = 2.0**-52

    def cells(self) -> dict[str, Any]:
        """Return the keys that tell cells apart."""
        return _keys(self.scores)

    def sums(self) -> dict[str, Any]:
        """Return the losses that are summed in each cell."""
        rows = self.scores == "classes"
        of = SparseCategoricalCrossEntropy if rows else BinaryCrossEntropy
        return {"nats": of(self.epsilon, 1.0 - self.epsilon)}

    def combine(self, cells: Counted) -> float:
        """Return the result of exact counts."""
        weights = cells.exact(cells.total)
        nats = sum(cells.sums["nats"], Exact(0)) / weights
        terms = [_surprise(weight, weights) for weight in cells.weights if weight != 0]
        return 1.0 - divide(nats, math.fsum(terms))


def _surprise(weight: Exact, weights: Exact) -> float:
    """Return -s log s of the share s that a class has of all weights."""
    share, rest = weight / weights, (weights - weight) / weights
    return -share * (log(share) if share < 0.5 else log1p(-rest))
