"""How much better probabilities are than the shares of classes, as in `sklearn.metrics`."""

from __future__ import annotations

import functools
import math
from typing import Any, NamedTuple

import numpy as np

from streamloss.arrays.types import Array, ArrayLike, DuckArray, Weights
from streamloss.compat._common.arrays import checked
from streamloss.exact.counted import Counted
from streamloss.exact.numbers import Exact
from streamloss.losses import BinaryCrossEntropy, SparseCategoricalCrossEntropy, Value
from streamloss.losses.arithmetic import divide
from streamloss.losses.define import loss
from streamloss.losses.domains import Share
from streamloss.metrics import D2Brier, D2LogLoss
from streamloss.metrics.skill import Scores

from .arguments import Label, check_array_like, column
from .calls import Call, is_undefined, scalar, total
from .cells import SCALAR, count, finished
from .classes import check_positive
from .labels import classes_of, coded, positive
from .probabilities import by_new_name, classified, predicted
from .reductions import undefined

__all__ = ["d2_brier_score", "d2_log_loss_score"]


@loss
class LogSkill(NamedTuple):
    """The share of the log loss that probabilities save, as scikit-learn clips all of them."""

    scores: Scores = "probabilities"
    epsilon: Share = 2.0**-52

    def cells(self) -> dict[str, Any]:
        """Return the keys that tell cells apart."""
        return D2LogLoss(self.scores).cells()

    def sums(self) -> dict[str, Any]:
        """Return the losses that are summed in each cell."""
        clip = {"low": self.epsilon, "high": 1.0 - self.epsilon}
        if self.scores == "classes":
            return {"nats": SparseCategoricalCrossEntropy(**clip, normalize=0.0)}
        return {"nats": BinaryCrossEntropy(**clip)}

    def combine(self, cells: Counted) -> float:
        """Return the result of exact counts."""
        weights = cells.exact(cells.total)
        nats = sum(cells.sums["nats"], Exact(0)) / weights
        shares = [(weight / weights, (weights - weight) / weights) for weight in cells.weights]
        return 1.0 - divide(nats, math.fsum([self._surprise(*each) for each in shares]))

    def _surprise(self, share: float, rest: float) -> float:
        """Return -s log s of a share s and what is left of 1, with s clipped in the logarithm."""
        clipped = max(share, self.epsilon)
        if clipped < 0.5:
            return -share * math.log(clipped)
        return -share * math.log1p(-max(rest, self.epsilon))


def d2_log_loss_score(
    y_true: ArrayLike,
    y_proba: ArrayLike | None = None,
    *,
    sample_weight: Weights = None,
    labels: ArrayLike | None = None,
    y_pred: ArrayLike = "deprecated",
) -> Any:
    """Return the share of the log loss that probabilities save.

    As `sklearn.metrics.d2_log_loss_score`. Parameters and errors are those of `log_loss`, and rows
    of labels must have one class each.

    Returns
    -------
    float, or lazy array of it
        1 is perfect, 0 what the shares of the classes give; NaN for a single sample.

    Examples
    --------
    >>> round(d2_log_loss_score([0, 1, 1, 0], [0.25, 0.75, 0.5, 0.5]), 9)
    0.29248125
    """
    call = predicted(y_true, by_new_name(y_proba, y_pred), sample_weight)
    if is_undefined(call, "D^2"):
        return _undefined(call)
    given, proba = call.inputs
    codes = classified(given, proba, labels)
    epsilon = float(np.finfo(proba.dtype).eps)
    return _scored(
        call, codes, LogSkill("probabilities" if proba.ndim == 1 else "classes", epsilon)
    )


def d2_brier_score(
    y_true: ArrayLike,
    y_proba: ArrayLike,
    *,
    sample_weight: Weights = None,
    pos_label: Label | None = None,
    labels: ArrayLike | None = None,
) -> Any:
    """Return the share of the Brier score that probabilities save.

    As `sklearn.metrics.d2_brier_score`. Parameters and errors are those of `brier_score_loss`, and
    rows of labels must have one class each.

    Returns
    -------
    float, or lazy array of it
        1 is perfect, 0 what the shares of the classes give; NaN for a single sample.

    Examples
    --------
    >>> d2_brier_score([0, 1, 1, 0], [0.0, 1.0, 0.5, 0.5])
    0.5
    """
    check_positive(pos_label)
    if labels is not None:
        check_array_like("labels", labels)
    call = predicted(y_true, y_proba, sample_weight)
    if is_undefined(call, "D^2"):
        return _undefined(call)
    given, proba = call.inputs
    if proba.ndim == 2:
        return _scored(call, classified(given, proba, labels), D2Brier("classes"))
    flat = column("y_true", given)
    codes = coded(flat, classes_of(flat), functools.partial(positive, pos_label=pos_label))
    return _scored(call, codes, D2Brier())


def _undefined(call: Call) -> Any:
    """Return NaN, lazy if an array is."""
    proba = call.inputs[1]
    values = proba[:, 0] if proba.ndim == 2 else proba
    return scalar(total(Value(), Call((values,), None, (None,)), undefined))


def _scored(call: Call, codes: DuckArray, metric: Any) -> Any:
    """Return a score of classes and their probabilities, whose values are checked."""
    _, proba = call.checked().inputs
    if codes.ndim == 2:
        codes = np.argmax(checked(codes, _check_one), axis=1)
    cells = count(metric, codes, proba, call.weights, None)
    return finished(cells, float, SCALAR)


def _check_one(block: Array) -> None:
    """Refuse rows of labels that have not one class each."""
    if (block.sum(axis=1) != 1).any():
        raise ValueError("y_true must have one class in each row: got others")
