"""Scores of `sklearn.metrics` that are not made of sums: they say so."""

from __future__ import annotations

from typing import Any, NoReturn

from streamloss.compat._common.absent import refuse

__all__ = ["d2_absolute_error_score", "d2_pinball_score"]

MEDIAN = "it needs a median, which no sums over a stream give"
QUANTILE = "it needs a quantile of y_true, which no sums over a stream give"


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
