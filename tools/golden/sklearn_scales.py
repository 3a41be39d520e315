"""What the rounding errors of scikit-learn's answers are measured by."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import sklearn
import sklearn.metrics

Floats = np.ndarray[Any, Any]


def columns(value: Any) -> Floats:
    array = np.asarray(value, np.float64)
    return array[:, None] if array.ndim == 1 else array


def averaged(magnitude: Callable[..., Floats], root: bool = False) -> Callable[..., Any]:
    """Return sum |w| m / |sum w| of the magnitudes m of losses, for each result."""

    def scale(named: dict[str, Any]) -> Any:
        y, p = columns(named["y_true"]), columns(named["y_pred"])
        w = named.get("sample_weight")
        w = np.ones(len(y)) if w is None else np.asarray(w, np.float64)
        with np.errstate(all="ignore"):
            each = np.abs(w) @ magnitude(y, p, named) / abs(w.sum())
            if root:
                each = np.sqrt(each)
        return over_outputs(each, named.get("multioutput", "uniform_average"))

    return scale


def over_outputs(each: Floats, multioutput: Any) -> Any:
    """Return what a result's scale is, of the scales of its outputs."""
    if isinstance(multioutput, str) or multioutput is None:
        return each if multioutput == "raw_values" else each.max()
    v = np.asarray(multioutput, np.float64)
    return np.abs(v) @ each / abs(v.sum()) if v.sum() else np.inf


def logs(y: Floats, p: Floats, named: Any) -> Floats:
    return np.square(np.abs(np.log1p(y)) + np.abs(np.log1p(p)))


def percentage(y: Floats, p: Floats, named: Any) -> Floats:
    return np.abs(y - p) / np.maximum(np.abs(y), np.finfo(float).eps)


def deviance(power: float | None = None) -> Callable[..., Floats]:
    def magnitude(y: Floats, p: Floats, named: dict[str, Any]) -> Floats:
        q = float(named.get("power", 0) if power is None else power)
        if q == 0:
            return np.square(y - p)
        if q == 1:
            return 2 * (np.abs(np.where(y == 0, 0.0, y * np.log(y / p))) + y + p)
        if q == 2:
            return 2 * (np.abs(np.log(p / y)) + y / p + 1)
        head = np.maximum(y, 0.0) ** (2 - q) / abs((1 - q) * (2 - q))
        return 2 * (head + np.abs(y) * p ** (1 - q) / abs(1 - q) + p ** (2 - q) / abs(2 - q))

    return magnitude


def determination(named: dict[str, Any]) -> Any:
    """Return 1 + numerator / denominator in absolute terms, those of negative weights included."""
    y, p = columns(named["y_true"]), columns(named["y_pred"])
    w = named.get("sample_weight")
    w = np.ones(len(y)) if w is None else np.asarray(w, np.float64)
    centre = w @ y / w.sum()
    with np.errstate(all="ignore"):
        top = np.abs(w) @ (np.square(y - p) + np.square(np.abs(y - p).max(0)))
        bottom = np.abs(w @ np.square(y - centre))
        spread = np.abs(w) @ np.square(y - centre)
        each = np.where(bottom > 1e-12, 1 + top / bottom * (1 + spread / bottom), 1.0)
    return over_outputs(each, named.get("multioutput", "uniform_average"))


def fractions(named: dict[str, Any]) -> Any:
    """Return what dividing the deviances multiplies their scales by."""
    power = float(named.get("power", 0))
    y = columns(named["y_true"])
    w = named.get("sample_weight")
    w = np.ones(len(y)) if w is None else np.asarray(w, np.float64)
    mean = np.full_like(y, w @ y[:, 0] / w.sum())
    if power < 0 and mean[0] <= 0:
        return np.inf
    size = averaged(deviance(power))
    top, bottom = size(named), size({**named, "y_pred": mean})
    real = abs(sklearn.metrics.mean_tweedie_deviance(y, mean, sample_weight=w, power=power))
    num = abs(sklearn.metrics.mean_tweedie_deviance(y, columns(named["y_pred"]), power=power))
    return top / real + bottom / real * (num / real + 1)


def per_sample(magnitude: Callable[[dict[str, Any]], Floats]) -> Callable[..., Any]:
    def scale(named: dict[str, Any]) -> Any:
        each = magnitude(named)
        w = named.get("sample_weight")
        w = np.ones(len(each)) if w is None else np.asarray(w, np.float64)
        total = float(np.abs(w) @ each)
        return total / abs(w.sum()) if named.get("normalize", True) else total

    return scale


MAGNITUDES: dict[str, Callable[..., Any]] = {
    "mean_absolute_error": averaged(lambda y, p, named: np.abs(y - p)),
    "mean_squared_error": averaged(lambda y, p, named: np.square(y - p)),
    "root_mean_squared_error": averaged(lambda y, p, named: np.square(y - p), root=True),
    "mean_squared_log_error": averaged(logs),
    "root_mean_squared_log_error": averaged(logs, root=True),
    "mean_absolute_percentage_error": averaged(percentage),
    "mean_pinball_loss": averaged(lambda y, p, named: np.abs(y - p)),
    "mean_tweedie_deviance": averaged(deviance()),
    "mean_poisson_deviance": averaged(deviance(1.0)),
    "mean_gamma_deviance": averaged(deviance(2.0)),
    "d2_tweedie_score": fractions,
    "r2_score": determination,
    "explained_variance_score": determination,
    # 1 - p is rounded, hence 1, beside the logarithm of at most -log(eps)
    "log_loss": per_sample(lambda named: np.full(len(named["y_true"]), 40.0)),
    "brier_score_loss": per_sample(lambda named: np.full(len(named["y_true"]), 2.0)),
    "hinge_loss": per_sample(
        lambda named: 1 + 2 * np.abs(columns(named["pred_decision"])).max(axis=1)
    ),
    "accuracy_score": per_sample(lambda named: np.ones(len(named["y_true"]))),
    "zero_one_loss": per_sample(lambda named: np.ones(len(named["y_true"]))),
}
