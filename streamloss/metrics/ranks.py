"""Metrics of the rank of the label's class in a row of scores."""

from __future__ import annotations

import math
from typing import Annotated, Any, NamedTuple

import numpy as np

from streamloss.exact.counted import Counted
from streamloss.exact.digits import divide
from streamloss.exact.means import mean_of_ratios
from streamloss.losses.define import loss
from streamloss.losses.domains import Choice, Positive
from streamloss.support.brief import brief

from .decisions import Above, Rank, Ties

Order = Annotated[str, Choice(("index", "fraction"))]
"""How equal scores are ordered: by the indices of their classes, or at random."""


@loss(
    "top_k_accuracy",
    "top_k_accuracy_score",
    "topk_accuracy",
    formula="sum w [rank of y_true < k] / sum w",
    perfect=math.inf,
)
class TopKAccuracy(NamedTuple):
    """The share of rows with the label's class among the k largest scores, without a unit.

    y_true holds indices of classes, y_pred rows of scores of any kind: probabilities or logits.

    Parameters
    ----------
    k : whole number
        How many scores are looked at.
    ties : {"index", "fraction"}
        What of scores that equal the label's: those of classes before it come first, so that rows
        of zeros are no hits; or they are ordered at random, and a row counts as its share of
        orders that are a hit.

    Examples
    --------
    >>> import streamloss as sl
    >>> scores = [[0.1, 0.2, 0.7], [0.4, 0.3, 0.3], [0.2, 0.2, 0.2]]
    >>> sl.evaluate(sl.TopKAccuracy(k=2), [1, 2, 2], scores)
    0.3333333333333333
    >>> sl.evaluate(sl.TopKAccuracy(k=2, ties="fraction"), [1, 2, 2], scores)
    0.7222222222222222
    """

    k: Positive = 2.0
    ties: Order = "index"

    def cells(self) -> dict[str, Any]:
        """Return the keys of the cells it needs."""
        if self.k != math.floor(self.k):
            raise ValueError(f"k of TopKAccuracy must be a whole number: got {brief(self.k)}")
        return {"rank": Rank()} if self.ties == "index" else {"above": Above(), "ties": Ties()}

    def combine(self, cells: Counted) -> float:
        """Return the result of exact counts."""
        k, units = int(self.k), cells.units
        if self.ties == "index":
            return divide(int(units[cells.keys["rank"] < k].sum()), cells.total)
        ties = cells.keys["ties"]
        hits = np.clip(k - cells.keys["above"], 0, ties)
        return mean_of_ratios(hits.tolist(), ties.tolist(), units.tolist())
