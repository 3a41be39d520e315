"""Scores of `sklearn.metrics` that are not made of sums: they say so."""

from __future__ import annotations

from typing import Any, NoReturn

from streamloss.compat._common.absent import refuse

__all__ = [
    "d2_absolute_error_score", "d2_brier_score", "d2_log_loss_score", "d2_pinball_score",
    "max_error", "median_absolute_error",
]  # fmt: skip

MEDIAN = "it needs a median, which no sums over a stream give"
QUANTILE = "it needs a quantile of y_true, which no sums over a stream give"
CLASSES = "the score of the mean labels needs them before anything is summed"


def max_error(y_true: Any, y_pred: Any) -> NoReturn:
    """Raise NotImplementedError: the largest error is no sum."""
    refuse("max_error", "the largest error is no sum")


def median_absolute_error(
    y_true: Any, y_pred: Any, *, multioutput: Any = "uniform_average", sample_weight: Any = None
) -> NoReturn:
    """Raise NotImplementedError: a median is no sum."""
    refuse("median_absolute_error", MEDIAN)


def d2_absolute_error_score(
    y_true: Any, y_pred: Any, *, sample_weight: Any = None, multioutput: Any = "uniform_average"
) -> NoReturn:
    """Raise NotImplementedError: it needs a median."""
    refuse("d2_absolute_error_score", MEDIAN)


def d2_pinball_score(
    y_true: Any,
    y_pred: Any,
    *,
    sample_weight: Any = None,
    alpha: Any = 0.5,
    multioutput: Any = "uniform_average",
) -> NoReturn:
    """Raise NotImplementedError: it needs a quantile."""
    refuse("d2_pinball_score", QUANTILE)


def d2_log_loss_score(
    y_true: Any,
    y_proba: Any = None,
    *,
    sample_weight: Any = None,
    labels: Any = None,
    y_pred: Any = "deprecated",
) -> NoReturn:
    """Raise NotImplementedError: it needs the shares of the classes first."""
    refuse("d2_log_loss_score", CLASSES)


def d2_brier_score(
    y_true: Any,
    y_proba: Any,
    *,
    sample_weight: Any = None,
    pos_label: Any = None,
    labels: Any = None,
) -> NoReturn:
    """Raise NotImplementedError: it needs the shares of the classes first."""
    refuse("d2_brier_score", CLASSES)
