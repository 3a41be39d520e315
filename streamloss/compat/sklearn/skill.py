"""How much better probabilities are than the shares of classes, as in `sklearn.metrics`."""

from __future__ import annotations

import functools
import math
from typing import Any, NamedTuple

import numpy as np

from streamloss.arrays.types import ArrayLike, DuckArray, Weights
from streamloss.exact.counted import Counted
from streamloss.exact.numbers import Exact
from streamloss.losses import BinaryCrossEntropy, SparseCategoricalCrossEntropy, SquaredError, Value
from streamloss.losses.arithmetic import divide
from streamloss.losses.define import loss
from streamloss.losses.domains import Share
from streamloss.metrics import D2Brier, D2LogLoss
from streamloss.metrics.decisions import BinaryLabel
from streamloss.metrics.skill import Scores

from .arguments import Label, check_array_like, column
from .calls import Call, is_undefined, scalar, total
from .cells import SCALAR, count, finished
from .classes import check_positive
from .labels import classes_of, coded, positive
from .probabilities import by_new_name, classified, predicted, two_columns
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
        return 1.0 - divide(nats, math.fsum([_surprise(*each, self.epsilon) for each in shares]))


def _surprise(share: float, rest: float, epsilon: float) -> float:
    """Return -s log s of a share s and what is left of 1, with s clipped in the logarithm."""
    clipped = max(share, epsilon)
    return -share * (math.log(clipped) if clipped < 0.5 else math.log1p(-max(rest, epsilon)))


@loss
class Columns(NamedTuple):
    """The cells of the indicators of a class and their probabilities, as they are."""

    epsilon: Share = 2.0**-52

    def cells(self) -> dict[str, Any]:
        """Return the keys that tell cells apart."""
        return {"true": BinaryLabel()}

    def sums(self) -> dict[str, Any]:
        """Return the losses that are summed in each cell."""
        nats = BinaryCrossEntropy(self.epsilon, 1.0 - self.epsilon)
        return {"squares": SquaredError(), "nats": nats}

    def combine(self, cells: Counted) -> Counted:
        """Return the cells."""
        return cells


def d2_log_loss_score(
    y_true: ArrayLike,
    y_proba: ArrayLike | None = None,
    *,
    sample_weight: Weights = None,
    labels: ArrayLike | None = None,
    y_pred: ArrayLike = "deprecated",
) -> Any:
    """Return the share of the log loss that probabilities save.

    As `sklearn.metrics.d2_log_loss_score`. Parameters and errors are those of `log_loss`.

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
    if codes.ndim == 2:
        return _over_columns(call, codes, epsilon, logs=True)
    scores = "classes" if proba.ndim == 2 else "probabilities"
    return _scored(call, codes, LogSkill(scores, epsilon))


def d2_brier_score(
    y_true: ArrayLike,
    y_proba: ArrayLike,
    *,
    sample_weight: Weights = None,
    pos_label: Label | None = None,
    labels: ArrayLike | None = None,
) -> Any:
    """Return the share of the Brier score that probabilities save.

    As `sklearn.metrics.d2_brier_score`. Parameters and errors are those of
    `brier_score_loss`.

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
        codes = classified(given, proba, labels)
        if codes.ndim == 2:
            return _over_columns(call, codes, float(np.finfo(proba.dtype).eps), logs=False)
        return _scored(call, codes, D2Brier("classes"))
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
    cells = count(metric, codes, proba, call.weights, None)
    return finished(cells, float, SCALAR)


def _over_columns(call: Call, rows: DuckArray, epsilon: float, logs: bool) -> Any:
    """Return a score of rows of labels, of which several may apply, and their probabilities."""
    _, proba = call.checked().inputs
    cells = count(Columns(epsilon), rows, two_columns(proba), call.weights, 0)
    return finished(cells, functools.partial(_logs, epsilon=epsilon) if logs else _squares, SCALAR)


def _logs(cells: Any, epsilon: float) -> float:
    """Return the share of the log loss that probabilities of columns save."""
    nats, terms = Exact(0), list[float]()
    for each in cells:
        total, marked = each.exact(each.total), _marked(each)
        weight = sum([each.weights[k] for k in marked], Exact(0, None, 0))
        nats = nats + sum([each.sums["nats"][k] for k in marked], Exact(0))
        terms.append(_surprise(weight / total, (total - weight) / total, epsilon))
    return 1.0 - divide(nats / total, math.fsum(terms))


def _squares(cells: Any) -> float:
    """Return the share of the Brier score that probabilities of columns save."""
    squares, spread = Exact(0), Exact(0, None, 0)
    for each in cells:
        total = each.exact(each.total)
        weight = sum([each.weights[k] for k in _marked(each)], Exact(0, None, 0))
        squares = squares + sum(each.sums["squares"], Exact(0))
        spread = spread + weight * (total - weight)
    found: float = (spread - squares * total) / spread
    return found


def _marked(cells: Counted) -> list[int]:
    """Return the cells of samples that a class applies to."""
    found: list[int] = np.flatnonzero(cells.keys["true"] == 1).tolist()
    return found
