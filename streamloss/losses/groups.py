"""Names of several losses at once, which stand for the usual ones of a kind of data."""

from __future__ import annotations

from typing import Any

GROUPS: dict[str, tuple[str, ...]] = {
    "regression": ("mae", "mse", "rmse", "bias", "r2", "explained_variance"),
    "binary": (
        "accuracy:scores=probabilities",
        "balanced_accuracy:scores=probabilities",
        "precision:scores=probabilities",
        "recall:scores=probabilities",
        "f1:scores=probabilities",
        "matthews:scores=probabilities",
        "roc_auc",
        "average_precision",
        "binary_cross_entropy",
        "binary_brier",
        "expected_calibration_error",
        "calibration_in_the_large",
    ),
    "multiclass": (
        "accuracy:scores=classes",
        "balanced_accuracy:scores=classes",
        "f1:average=macro,scores=classes",
        "f1:average=weighted,scores=classes",
        "matthews:scores=classes",
        "cohen_kappa:scores=classes",
        "roc_auc:average=macro",
        "sparse_categorical_cross_entropy",
        "brier",
        "expected_calibration_error:scores=classes",
        "overconfidence",
    ),
}
"""The members of each group, which all take the same inputs.

Those of "binary" take labels 0 and 1 and probabilities of 1, those of "multiclass" indices of
classes and rows of probabilities.
"""


def members(spec: Any) -> tuple[str, ...] | None:
    """Return the losses that a text names as a group, None of anything else."""
    return GROUPS.get(spec.strip().lower()) if isinstance(spec, str) else None


def spelled_out(losses: Any) -> Any:
    """Return a loss, or a new list of losses, with the members of groups in place of their names.

    A member that is also asked for by itself, or is of several groups, is there once. What names no
    group is left as it is.

    Examples
    --------
    >>> spelled_out("mae"), spelled_out(["bias", "regression", "mae"])
    ('mae', ['bias', 'mae', 'mse', 'rmse', 'r2', 'explained_variance'])
    """
    if not isinstance(losses, list):
        group = members(losses)
        return losses if group is None else list(group)
    found: list[Any] = []
    ours: set[str] = set()
    for spec in losses:
        group = members(spec)
        if group is None:
            found += [] if isinstance(spec, str) and spec in ours else [spec]
            continue
        given = {each for each in found if isinstance(each, str)}
        found += [member for member in group if member not in given]
        ours.update(group)
    return found
