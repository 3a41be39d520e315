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
TOP = (CLASSES + LABELS) % 3
ROWS, OTHER_ROWS = np.stack([LABELS, GUESSES, CLASSES > 0], axis=1), np.eye(3, dtype=int)[TOP]


def named_kappa(y_true: Any, y_pred: Any, **others: Any) -> Any:
    """Return Cohen's kappa, whose labels have other names."""
    return sklearn.cohen_kappa_score(y_true, y_pred, **others)


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
    "hamming": (sklearn.hamming_loss, LABELS, GUESSES),
    "precision": (sklearn.precision_score, LABELS, GUESSES),
    "recall, weighted": (functools.partial(sklearn.recall_score, average="weighted"), CLASSES, TOP),
    "f1": (sklearn.f1_score, LABELS, GUESSES),
    "f1, macro": (functools.partial(sklearn.f1_score, average="macro"), CLASSES, TOP),
    "f1, samples": (
        functools.partial(sklearn.f1_score, average="samples", zero_division=0.0),
        ROWS,
        OTHER_ROWS,
    ),
    "jaccard, rows": (functools.partial(sklearn.jaccard_score, average="micro"), ROWS, OTHER_ROWS),
    "f 1/2": (functools.partial(sklearn.fbeta_score, beta=0.5, average="macro"), CLASSES, TOP),
    "balanced": (sklearn.balanced_accuracy_score, CLASSES, TOP),
    "matthews": (sklearn.matthews_corrcoef, CLASSES, TOP),
    "kappa": (functools.partial(named_kappa, weights="linear"), CLASSES, TOP),
    "top 2": (sklearn.top_k_accuracy_score, CLASSES, 4 * Q3),
    "AUC": (sklearn.roc_auc_score, LABELS, Q),
    "AUC, part": (functools.partial(sklearn.roc_auc_score, max_fpr=0.3), LABELS, Q),
    "AUC, classes": (functools.partial(sklearn.roc_auc_score, multi_class="ovr"), CLASSES, Q3),
    "AUC, rows": (functools.partial(sklearn.roc_auc_score, average="micro"), ROWS, Q3),
    "AP": (sklearn.average_precision_score, LABELS, Q),
    "AP, rows": (functools.partial(sklearn.average_precision_score, average="weighted"), ROWS, Q3),
    "median": (sklearn.median_absolute_error, Y, P),
    "d2 brier": (sklearn.d2_brier_score, LABELS, Q),
    "d2 brier, rows": (sklearn.d2_brier_score, ROWS, Q3),
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
    "d2 log loss": (functools.partial(sklearn.d2_log_loss_score, labels=[0, 1]), LABELS, Q),
    "d2 log loss, classes": (sklearn.d2_log_loss_score, CLASSES, Q3),
    "d2 log loss, rows": (sklearn.d2_log_loss_score, ROWS, Q3),
}
ALL = {**ARITHMETIC, **OTHERS}
