"""Scores of `sklearn.metrics` that are not made of sums: they say so."""

from __future__ import annotations

from typing import NoReturn

from streamloss.arrays.types import ArrayLike, Weights
from streamloss.compat.sklearn._checks import Label, Outputs


def _refuse(name: str, reason: str) -> NoReturn:
    raise NotImplementedError(f"{name} is not available: {reason}")


MEDIAN = "it needs a median, which no sums over a stream give"
QUANTILE = "it needs a quantile of y_true, which no sums over a stream give"
CLASSES = "the score of the mean labels needs them before anything is summed"


def max_error(y_true: ArrayLike, y_pred: ArrayLike) -> NoReturn:
    """Raise NotImplementedError: the largest error is no sum."""
    _refuse("max_error", "the largest error is no sum")


def median_absolute_error(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    *,
    multioutput: Outputs = "uniform_average",
    sample_weight: Weights = None,
) -> NoReturn:
    """Raise NotImplementedError: a median is no sum."""
    _refuse("median_absolute_error", MEDIAN)


def d2_absolute_error_score(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    *,
    sample_weight: Weights = None,
    multioutput: Outputs = "uniform_average",
) -> NoReturn:
    """Raise NotImplementedError: it needs a median."""
    _refuse("d2_absolute_error_score", MEDIAN)


def d2_pinball_score(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    *,
    sample_weight: Weights = None,
    alpha: float = 0.5,
    multioutput: Outputs = "uniform_average",
) -> NoReturn:
    """Raise NotImplementedError: it needs a quantile."""
    _refuse("d2_pinball_score", QUANTILE)


def d2_log_loss_score(
    y_true: ArrayLike,
    y_proba: ArrayLike | None = None,
    *,
    sample_weight: Weights = None,
    labels: ArrayLike | None = None,
    y_pred: ArrayLike = "deprecated",
) -> NoReturn:
    """Raise NotImplementedError: it needs the shares of the classes first."""
    _refuse("d2_log_loss_score", CLASSES)


def d2_brier_score(
    y_true: ArrayLike,
    y_proba: ArrayLike,
    *,
    sample_weight: Weights = None,
    pos_label: Label | None = None,
    labels: ArrayLike | None = None,
) -> NoReturn:
    """Raise NotImplementedError: it needs the shares of the classes first."""
    _refuse("d2_brier_score", CLASSES)
