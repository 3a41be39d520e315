"""How far labels agree, beyond chance, as in `sklearn.metrics`."""

from __future__ import annotations

import functools
import math
import warnings
from typing import Any

from streamloss.arrays.types import ArrayLike, Weights
from streamloss.exact.counted import Counted
from streamloss.exact.digits import divide
from streamloss.metrics import Matthews
from streamloss.metrics.agreement import disagreements

from .arguments import check_real, check_spelled, undefined_warning
from .cells import SCALAR, finished
from .confusion import indexed
from .targets import given_labels, one_label_each

__all__ = ["cohen_kappa_score", "matthews_corrcoef"]

ABSENT_IN_Y1 = "At least one label in `labels` must be present in `y1`"

UNDEFINED = {
    False: "`y1`, `y2` and `labels` have only one label in common. ",
    True: "`y2` contains no labels that are present in both `y1` and `labels`. ",
}
"""Why a kappa is not defined: where pairs of labels have a weight, and where they have none."""


def matthews_corrcoef(
    y_true: ArrayLike, y_pred: ArrayLike, *, sample_weight: Weights = None
) -> Any:
    """Return Matthews' coefficient of correlation, as `sklearn.metrics.matthews_corrcoef`.

    Parameters and errors are those of `confusion_matrix`.

    Returns
    -------
    float, or lazy array of it
        From -1 to 1, without a unit; 0 where y_true or y_pred has one class alone.

    Examples
    --------
    >>> matthews_corrcoef([1, 1, 1, -1], [1, -1, 1, 1])
    -0.3333333333333333
    """
    cells = one_label_each(y_true, y_pred, sample_weight).cells()
    return finished(cells, _correlation, SCALAR)


def _correlation(cells: Counted) -> Any:
    indexed(cells, None)  # which looks at them
    found = Matthews().combine(cells)
    return 0.0 if math.isnan(found) else found


def cohen_kappa_score(
    y1: ArrayLike,
    y2: ArrayLike,
    *,
    labels: ArrayLike | None = None,
    weights: str | None = None,
    sample_weight: Weights = None,
    replace_undefined_by: float = math.nan,
) -> Any:
    """Return the agreement beyond that of chance, as `sklearn.metrics.cohen_kappa_score`.

    Parameters and errors are those of `confusion_matrix`, y1 and y2 in place of y_true and y_pred,
    and:

    Parameters
    ----------
    weights : {"linear", "quadratic"}, optional
        How much two labels disagree: as many labels as they are apart, or the square of that; by
        default all that differ do equally.
    replace_undefined_by : float
        The result, from -1 to 1 or NaN, where both have the same one label.

    Returns
    -------
    float, or lazy array of it
        At most 1, without a unit.

    Examples
    --------
    >>> cohen_kappa_score(["a", "b", "b", "c"], ["a", "b", "c", "c"])
    0.6363636363636364
    """
    check_spelled("weights", weights, ("linear", "quadratic", None))
    if replace_undefined_by == replace_undefined_by:
        check_real("replace_undefined_by", replace_undefined_by, (-1.0, 1.0))
    targets, asked = one_label_each(y1, y2, sample_weight), given_labels(labels)
    finish = functools.partial(
        _kappa, labels=asked, weights=weights or "none", undefined=replace_undefined_by
    )
    return finished(targets.cells(), finish, SCALAR)


def _kappa(cells: Counted, labels: list[Any] | None, weights: str, undefined: float) -> float:
    """Return Cohen's kappa of the labels asked for."""
    pairs = indexed(cells, labels, ABSENT_IN_Y1)
    observed, chance = disagreements(weights, pairs)
    if chance == 0:
        warnings.warn(
            f"{UNDEFINED[not pairs.units.any()]}`cohen_kappa_score` is undefined and set to the "
            f"value defined by the `replace_undefined_by` param, which is set to {undefined}.",
            undefined_warning(),
            stacklevel=4,
        )
        return undefined
    return divide(chance - observed, chance)
