"""Calls of scikit-learn's metrics, recorded with their answers."""

from __future__ import annotations

import inspect
import re
import warnings
from typing import Any

import numpy as np
import sklearn
import sklearn.metrics
from answers import decode, encode, outcome
from sklearn_scales import MAGNITUDES, Floats

AVERAGED = (
    "mean_absolute_error",
    "mean_squared_error",
    "root_mean_squared_error",
    "mean_squared_log_error",
    "root_mean_squared_log_error",
    "mean_absolute_percentage_error",
    "mean_pinball_loss",
    "r2_score",
    "explained_variance_score",
)
DEVIANCES = (
    "mean_tweedie_deviance",
    "mean_poisson_deviance",
    "mean_gamma_deviance",
    "d2_tweedie_score",
)
LABELLED = ("log_loss", "brier_score_loss", "hinge_loss", "accuracy_score", "zero_one_loss")
ABSENT = (
    "max_error",
    "median_absolute_error",
    "d2_absolute_error_score",
    "d2_pinball_score",
    "d2_log_loss_score",
    "d2_brier_score",
)
"""Those that are no weighted sums; only their signatures are recorded."""
RNG = np.random.default_rng(20261125)
CASES: list[dict[str, Any]] = []


def draw(*shape: int, low: float = 0.1, high: float = 4.0) -> Floats:
    """Return numbers with three decimals."""
    return np.round(RNG.uniform(low, high, shape), 3)


def add(name: str, call: str, *args: Any, **kwargs: Any) -> None:
    """Record a call with arguments by position or by keyword."""
    function = getattr(sklearn.metrics, call)
    case: dict[str, Any] = {"id": f"{call}-{name}", "call": call}
    case["args"] = [*args] if args else kwargs
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        case["outcome"] = outcome(lambda: function(*args, **kwargs))
    named = inspect.signature(function).bind(*args, **kwargs).arguments
    case.update(details(call, named, case["outcome"]))
    if isinstance(case["outcome"], dict) and "message" in case["outcome"]:  # sets have no order
        text = case["outcome"]["message"]
        case["outcome"]["message"] = re.sub(r"{([^}]*)", in_order, text)
    ours = {w.category for w in seen if issubclass(w.category, UserWarning | FutureWarning)}
    if ours:
        case["warns"] = sorted(category.__name__ for category in ours)
    case["args"] = encode(case["args"])
    CASES.append(case)


def in_order(match: re.Match[str]) -> str:
    """Return the items of a set in order."""
    return "{" + ", ".join(sorted(match[1].split(", ")))


def details(call: str, named: dict[str, Any], answer: Any) -> dict[str, Any]:
    """Return the dtype of the computation and the scale of the terms."""
    if isinstance(answer, dict) and "error" in answer:
        return {}
    found: dict[str, Any] = {}
    dtype = computed_in(call, named)
    if dtype != "float64":
        found["dtype"] = dtype
    if not np.any(np.isfinite(decode(answer))):
        return found
    with np.errstate(all="ignore"):
        scale = MAGNITUDES[call](named)
    if np.all(np.isfinite(scale)):
        found["scale"] = np.round(scale, 6).tolist()
    return found


def computed_in(call: str, named: dict[str, Any]) -> str:
    """Return the floating dtype of the computation."""
    keys: tuple[str, ...] = ("y_true", "y_pred", "sample_weight")
    if call in ("accuracy_score", "zero_one_loss"):
        keys = () if named.get("normalize", True) else ("sample_weight",)
    elif call in LABELLED:
        keys = ("y_proba", "pred_decision")
    dtypes = [named[key].dtype for key in keys if hasattr(named.get(key), "dtype")]
    dtypes = [dtype for dtype in dtypes if dtype.kind == "f"]
    return str(np.result_type(*dtypes)) if dtypes else "float64"
