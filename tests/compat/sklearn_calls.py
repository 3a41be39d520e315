"""Calls of the functions of `compat.sklearn`, for the laws that all of them must obey."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from streamloss.compat import sklearn

RNG = np.random.default_rng(5)
Y, P = RNG.integers(1, 64, (2, 24)) / 16.0  # products with small integers are exact
Q = RNG.integers(0, 65, 24) / 64.0
LABELS, GUESSES = RNG.integers(0, 2, (2, 24))
CLASSES = np.arange(24) % 3
Q3 = np.stack([Q / 2, Q / 2, 1 - Q], axis=1)
ARITHMETIC: dict[str, tuple[Callable[..., Any], Any, Any]] = {
    "mae": (sklearn.mean_absolute_error, Y, P),
    "mse": (sklearn.mean_squared_error, Y, P),
    "rmse": (sklearn.root_mean_squared_error, Y, P),
    "pinball": (functools.partial(sklearn.mean_pinball_loss, alpha=0.25), Y, P),
    "tweedie": (sklearn.mean_tweedie_deviance, Y, P),
    "r2": (sklearn.r2_score, Y, P),
    "explained variance": (sklearn.explained_variance_score, Y, P),
    "brier": (sklearn.brier_score_loss, LABELS, Q),
    "brier, classes": (sklearn.brier_score_loss, CLASSES, Q3),
    "hinge": (sklearn.hinge_loss, LABELS, Y - P),
    "hinge, classes": (sklearn.hinge_loss, CLASSES, 4 * Q3),
    "accuracy": (sklearn.accuracy_score, LABELS, GUESSES),
    "right": (functools.partial(sklearn.accuracy_score, normalize=False), LABELS, GUESSES),
    "zero-one": (sklearn.zero_one_loss, LABELS, GUESSES),
}
OTHERS: dict[str, tuple[Callable[..., Any], Any, Any]] = {
    "mape": (sklearn.mean_absolute_percentage_error, Y, P),
    "msle": (sklearn.mean_squared_log_error, Y, P),
    "rmsle": (sklearn.root_mean_squared_log_error, Y, P),
    "power 1.5": (functools.partial(sklearn.mean_tweedie_deviance, power=1.5), Y, P),
    "poisson": (sklearn.mean_poisson_deviance, Y, P),
    "gamma": (sklearn.mean_gamma_deviance, Y, P),
    "d2": (functools.partial(sklearn.d2_tweedie_score, power=1), Y, P),
    "log loss": (functools.partial(sklearn.log_loss, labels=[0, 1]), LABELS, Q),
    "log loss, sum": (
        functools.partial(sklearn.log_loss, labels=[0, 1], normalize=False),
        LABELS,
        Q,
    ),
    "log loss, classes": (sklearn.log_loss, CLASSES, Q3),
}
ALL = {**ARITHMETIC, **OTHERS}
