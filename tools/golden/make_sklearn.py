"""Write sklearn.jsonl: what scikit-learn's metrics answer, over a broad grid of arguments.

Run in an environment that has scikit-learn: ``python tools/golden/make_sklearn.py``. Beside the
keys of every golden file a case may have

- ``dtype``: in which scikit-learn computes it (float64 without the key),
- ``scale``: ``sum |t_i| / |denominator|``, where it is more than the answer itself: the terms of a
  sum differ in sign, or a loss is a difference of larger numbers (`MAGNITUDES` has which),
- ``warns``: the categories of scikit-learn's own warnings.

Cases of ``make_scorer`` are answers of a real scorer for an estimator that predicts ``y_pred``.
"""

from __future__ import annotations

import inspect
import re
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import sklearn
import sklearn.metrics
from answers import GOLDEN, decode, encode, outcome, write
from sklearn.base import BaseEstimator

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

Floats = np.ndarray[Any, Any]
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


# --- scales ----------------------------------------------------------------------------------


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


# --- regression ------------------------------------------------------------------------------


def regression(call: str) -> None:
    """Add what all averages over outputs have in common."""
    y, p, w = draw(7), draw(7), draw(7, low=0.0)
    y2, p2, w2 = draw(5, 3), draw(5, 3), draw(5)
    v = [0.3, 0.5, 1.7]
    add("plain", call, y_true=y, y_pred=p)
    add("positional", call, y, p)
    add("weighted", call, y_true=y, y_pred=p, sample_weight=w)
    add("long", call, y_true=draw(40), y_pred=draw(40), sample_weight=draw(40))
    add("one", call, y_true=y[:1], y_pred=p[:1])
    add("two", call, y_true=y[:2], y_pred=p[:2])
    add("perfect", call, y_true=y, y_pred=y)
    zero = w * np.array([1, 0, 1, 1, 0, 0, 1])
    add("zero-weights", call, y_true=y, y_pred=p, sample_weight=zero)
    signs = np.array([1.0, 1.0, -0.25, 1.0, 2.0, -0.5, 0.0])
    add("negative-weights", call, y_true=y, y_pred=p, sample_weight=signs)
    add("negative-sum", call, y_true=y, y_pred=p, sample_weight=-w)
    add("integer-weights", call, y_true=y, y_pred=p, sample_weight=[1, 2, 0, 3, 1, 1, 2])
    add("boolean-weights", call, y_true=y, y_pred=p, sample_weight=[True, False] * 3 + [True])
    add("lists", call, y_true=y.tolist(), y_pred=p.tolist(), sample_weight=w.tolist())
    add("tuples", call, y_true=(1.5, 2.0, 0.25), y_pred=(1.0, 2.5, 0.5))
    add("integers", call, y_true=[3, 1, 2, 7], y_pred=[2, 1, 4, 8])
    add("int32-uint8", call, y_true=np.int32([3, 1, 2, 7]), y_pred=np.uint8([2, 1, 4, 8]))
    add("uint8", call, y_true=np.uint8([0, 16, 255]), y_pred=np.uint8([16, 0, 1]))
    add("booleans", call, y_true=[True, False, True], y_pred=np.array([True, True, False]))
    add("column", call, y_true=y[:, None], y_pred=p[:, None], sample_weight=w)
    add("column-1d", call, y_true=y, y_pred=p[:, None])
    for how in ("raw_values", "uniform_average", v, np.array(v), [1, 0, 2], [-1.0, 3.0, 0.5]):
        name = how if isinstance(how, str) else type(how).__name__ + str(how[0])
        add(f"outputs-{name}", call, y_true=y2, y_pred=p2, multioutput=how)
        add(f"outputs-{name}-w", call, y_true=y2, y_pred=p2, sample_weight=w2, multioutput=how)
    add("raw-one", call, y_true=y, y_pred=p, sample_weight=w, multioutput="raw_values")
    add("raw-column", call, y_true=y[:, None], y_pred=p[:, None], multioutput="raw_values")
    add("lists-2d", call, y_true=y2.tolist(), y_pred=p2.tolist())
    for dtype in (np.float32, np.float16):
        a, b, c = y.astype(dtype), p.astype(dtype), w.astype(dtype)
        name = dtype.__name__
        add(name, call, y_true=a, y_pred=b, sample_weight=c)
        raw = {"y_true": y2.astype(dtype), "y_pred": p2.astype(dtype), "multioutput": "raw_values"}
        add(f"{name}-raw", call, **raw)
        add(f"{name}-outputs", call, **{**raw, "multioutput": v})
        add(f"{name}-uniform", call, **{**raw, "multioutput": "uniform_average"})
        add(f"{name}-list", call, y_true=a, y_pred=p.tolist(), multioutput="raw_values")
        add(f"{name}-integers", call, y_true=np.arange(7) % 3, y_pred=b, multioutput="raw_values")
        add(f"{name}-float64", call, y_true=a, y_pred=p, multioutput="raw_values")
        add(f"{name}-w64", call, y_true=a, y_pred=b, sample_weight=w, multioutput="raw_values")
        wide = {"sample_weight": w.tolist(), "multioutput": "raw_values"}
        add(f"{name}-w-list", call, y_true=a, y_pred=b, **wide)
    regression_errors(call, y, p, w)


def regression_errors(call: str, y: Floats, p: Floats, w: Floats) -> None:
    """Add what must be refused."""
    y2, p2 = draw(4, 2), draw(4, 2)
    for name, bad in (("nan", np.nan), ("inf", np.inf), ("-inf", -np.inf)):
        broken = np.where(np.arange(7) == 3, bad, p)
        add(f"{name}-y_true", call, y_true=broken, y_pred=p)
        add(f"{name}-y_pred", call, y_true=y, y_pred=broken, sample_weight=w)
        add(f"{name}-weights", call, y_true=y, y_pred=p, sample_weight=np.abs(broken))
        hidden = np.where(np.arange(7) == 3, 0.0, w)
        add(f"{name}-weight-zero", call, y_true=broken, y_pred=p, sample_weight=hidden)
    add("nan-float32", call, y_true=np.float32([1, np.nan]), y_pred=[1.0, 2.0])
    add("large-float32", call, y_true=np.float32([1, 2]), y_pred=[1e300, 2.0])
    add("large-float16", call, y_true=np.float16([1, 2]), y_pred=np.array([70000, 2]))
    add("length", call, y_true=y, y_pred=p[:6])
    add("length-weights", call, y_true=y, y_pred=p, sample_weight=w[:6])
    add("weights-column", call, y_true=y, y_pred=p, sample_weight=w[:, None])
    add("weights-2d", call, y_true=y2, y_pred=p2, sample_weight=np.ones((4, 2)))
    add("weights-scalar", call, y_true=y, y_pred=p, sample_weight=2.0)
    add("weights-0d", call, y_true=y, y_pred=p, sample_weight=np.array(2.0))
    add("weights-zero", call, y_true=y, y_pred=p, sample_weight=0 * w)
    sums = [1.0, -1.0, 0.5, -0.5, 2.0, -2.0, 0.0]
    add("weights-sum-zero", call, y_true=y, y_pred=p, sample_weight=sums)
    raw = {"sample_weight": sums[:4], "multioutput": "raw_values"}
    add("weights-sum-zero-raw", call, y_true=y2, y_pred=p2, **raw)
    add("scalar", call, y_true=1.0, y_pred=2.0)
    add("text", call, y_true="1.0", y_pred=[2.0])
    add("texts", call, y_true=["one", "two"], y_pred=[2.0, 1.0])
    add("none", call, y_true=None, y_pred=[2.0])
    add("nones", call, y_true=[None, 1.0], y_pred=[2.0, 1.0])
    add("0d", call, y_true=np.array(1.0), y_pred=np.array(2.0))
    add("3d", call, y_true=np.ones((2, 2, 1)), y_pred=np.ones((2, 2, 1)))
    add("empty", call, y_true=[], y_pred=[])
    add("no-outputs", call, y_true=np.ones((3, 0)), y_pred=np.ones((3, 0)))
    add("outputs-differ", call, y_true=y2, y_pred=p2[:, :1])
    add("outputs-1d", call, y_true=y2, y_pred=p2[:, 0])
    add("outputs-one", call, y_true=y, y_pred=p, multioutput=[2.0])
    add("outputs-one-two", call, y_true=y, y_pred=p, multioutput=[2.0, 1.0])
    add("outputs-length", call, y_true=y2, y_pred=p2, multioutput=[1.0, 2.0, 3.0])
    add("outputs-nan", call, y_true=y2, y_pred=p2, multioutput=[1.0, np.nan])
    add("outputs-sum-zero", call, y_true=y2, y_pred=p2, multioutput=[1.0, -1.0])
    add("outputs-2d", call, y_true=y2, y_pred=p2, multioutput=[[1.0, 2.0]])
    add("outputs-2d-2", call, y_true=y2, y_pred=p2, multioutput=[[1.0, 2.0], [3.0, 1.0]])
    add("outputs-unknown", call, y_true=y2, y_pred=p2, multioutput="mean")
    add("outputs-none", call, y_true=y2, y_pred=p2, multioutput=None)
    add("outputs-number", call, y_true=y2, y_pred=p2, multioutput=2)
    add("outputs-variance", call, y_true=y2, y_pred=p2, multioutput="variance_weighted")


def particular_regression() -> None:
    """Add what one function alone has."""
    y, p, w = draw(6), draw(6), draw(6)
    for call in ("mean_absolute_error", "mean_squared_error", "root_mean_squared_error"):
        add("overflow", call, y_true=[1e308, 0.0], y_pred=[-1e308, 1.0])
        add("subnormal", call, y_true=[5e-324, 0.0], y_pred=[0.0, 0.0])
        signed = {"y_true": [-1.5, 2.0, -3.0], "y_pred": [1.0, -2.0, -3.5]}
        add("signed", call, **signed)
    add("overflow-float32", "mean_squared_error", y_true=np.float32([1e30, 0]), y_pred=[0.0, 1.0])
    overflow = {"y_true": [1e200, 0.0], "y_pred": [0.0, 1.0], "sample_weight": [0.0, 1.0]}
    add("overflow-weight-zero", "mean_squared_error", **overflow)
    for call in ("mean_squared_log_error", "root_mean_squared_log_error"):
        add("negative", call, y_true=[-0.5, 1.0, 0.0], y_pred=[0.5, -0.25, 0.0])
        for bad in (-1.0, -1.5, -1e300):
            add(f"y_true{bad}", call, y_true=[bad, 1.0], y_pred=[0.5, 0.5])
            add(f"y_pred{bad}", call, y_true=[0.5, 0.5], y_pred=[bad, 1.0])
            weights = {"sample_weight": [0.0, 1.0]}
            add(f"y_pred{bad}-w0", call, y_true=[0.5, 0.5], y_pred=[bad, 1.0], **weights)
    call = "mean_absolute_percentage_error"
    add("zero", call, y_true=[0.0, 1.0], y_pred=[1.0, 2.0])
    add("zero-zero", call, y_true=[0.0, 1.0], y_pred=[0.0, 2.0])
    add("zero-float32", call, y_true=np.float32([0, 1]), y_pred=np.float32([1, 2]))
    add("zero-float16", call, y_true=np.float16([0, 1]), y_pred=np.float16([1, 2]))
    add("negative", call, y_true=[-2.0, -1.0, 4.0], y_pred=[1.0, -3.0, -4.0])
    add("tiny", call, y_true=[1e-20, -1e-17], y_pred=[0.0, 1e-17])
    call = "mean_pinball_loss"
    for alpha in (0, 1, 0.1, 0.9, 0.25, True, np.float64(0.3), np.float32(0.3)):
        name = f"alpha-{type(alpha).__name__}{alpha}"
        add(name, call, y_true=y, y_pred=p, sample_weight=w, alpha=alpha)
        raw = {"multioutput": "raw_values", "alpha": alpha}
        add(f"{name}-float32", call, y_true=np.float32(y), y_pred=np.float32(p), **raw)
    for alpha in (-0.1, 1.5, np.nan, "0.5", None, [0.5]):
        add(f"alpha-bad-{alpha}", call, y_true=y, y_pred=p, alpha=alpha)
    determinations()


def determinations() -> None:
    """Add what the coefficients of determination alone have."""
    flat, y = np.full(4, 2.5), draw(4)
    mixed, guess = np.stack([flat, y, draw(4)], axis=1), draw(4, 3)
    guess[:, 0] = 2.0
    hit = np.where(np.arange(3) == 0, flat[:, None], guess)
    for call in ("r2_score", "explained_variance_score"):
        for finite in (True, False):
            name = f"finite-{finite}"
            add(f"{name}-constant", call, y_true=flat, y_pred=y, force_finite=finite)
            add(f"{name}-constant-hit", call, y_true=flat, y_pred=flat, force_finite=finite)
            add(f"{name}-constant-off", call, y_true=flat, y_pred=flat + 1, force_finite=finite)
            one = {"y_true": [1.0], "y_pred": [2.0], "force_finite": finite}
            add(f"{name}-one", call, **one)
            add(f"{name}-one-raw", call, **one, multioutput="raw_values")
            add(f"{name}-two", call, y_true=[1.0, 3.0], y_pred=[2.0, 2.0], force_finite=finite)
            for how in ("raw_values", "uniform_average", "variance_weighted", [0.5, 1.0, 2.0]):
                spec = {"force_finite": finite, "multioutput": how}
                add(f"{name}-{how}", call, y_true=mixed, y_pred=guess, **spec)
                add(f"{name}-{how}-hit", call, y_true=mixed, y_pred=hit, **spec)
                weights = {"sample_weight": [1.0, 2.0, 0.0, 0.5]}
                add(f"{name}-{how}-w", call, y_true=mixed, y_pred=guess, **spec, **weights)
            spec = {"force_finite": finite, "multioutput": "variance_weighted"}
            add(f"{name}-all-constant", call, y_true=np.ones((3, 2)), y_pred=guess[:3, :2], **spec)
        add("finite-number", call, y_true=y, y_pred=flat, force_finite=1)
        add("finite-numpy", call, y_true=y, y_pred=flat, force_finite=np.bool_(False))
        add("variance-float32", call, y_true=np.float32(mixed), y_pred=np.float32(guess), **spec)
        add("large-mean", call, y_true=1e6 + mixed[:, 1], y_pred=1e6 + mixed[:, 2])
        add("mean-prediction", call, y_true=[1.0, 2.0, 3.0], y_pred=[2.0, 2.0, 2.0])


def differences() -> None:
    """Add what our answer differs in, or might be thought to."""
    third = [0.1, 0.1, 0.1]
    add("constant-rounded", "r2_score", y_true=third, y_pred=[0.1, 0.1, 0.2])
    add("constant-rounded-hit", "r2_score", y_true=third, y_pred=third)
    add("constant-rounded", "explained_variance_score", y_true=third, y_pred=[0.1, 0.1, 0.2])
    large = np.array([1e15 + 0.5, 1e15 + 1.25, 1e15 + 2.5, 1e15 + 3.125])
    add("mean-1e15", "r2_score", y_true=large, y_pred=large + np.array([0.5, -0.5, 0.25, 0.0]))
    # 0.1 + 0.2 - 0.3 is 2.8e-17, and 5.6e-17 in float64
    nearly = {
        "y_true": [1.0, 2.0, 4.0],
        "y_pred": [0.5, 0.5, 0.5],
        "sample_weight": [0.1, 0.2, -0.3],
    }
    add("weights-cancel", "mean_absolute_error", **nearly)
    many = {"sample_weight": [0.1] * 10 + [-1.0], "y_pred": [0.0] * 11}
    add("weights-cancel-wholly", "mean_absolute_error", y_true=[1.0] * 10 + [2.0], **many)
    half = {"y_true": np.float16([300.0, 0.0]), "y_pred": np.float16([0.0, 0.0])}
    add("float16-square", "mean_squared_error", **half)
    single = {"y_true": np.float32([2e19, 0.0, 0.0, 0.0]), "y_pred": np.float32([0.0] * 4)}
    add("float32-square", "mean_squared_error", **single)
    add("float32-square", "root_mean_squared_error", **single)
    zeros = np.float16([0.0, 1.0])
    add("float16-zeros", "mean_absolute_percentage_error", y_true=zeros, y_pred=zeros)
    wide = {"y_true": np.array([2**53, 2**53 + 1]), "y_pred": np.array([2**53 + 1, 2**53 + 1])}
    add("wide-integers", "accuracy_score", **wide)
    add("wide-integers", "mean_absolute_error", **wide)
    add("complex", "mean_absolute_error", y_true=np.array([1j, 1.0]), y_pred=[1.0, 2.0])
    power = {"y_true": [-3.0, 1.0, 0.5], "y_pred": [1.0, 2.0, 0.5], "power": -2}
    add("negative-mean", "d2_tweedie_score", **power)
    near = 1 + 1e-9 * np.arange(4)
    add("near", "mean_poisson_deviance", y_true=near, y_pred=near[::-1])
    add("near", "mean_gamma_deviance", y_true=near, y_pred=near[::-1])
    add("one-class", "hinge_loss", y_true=[1, 1], pred_decision=[2.0, 3.0])
    add("one-class-labels", "hinge_loss", y_true=[1, 1], pred_decision=[2.0, 3.0], labels=[-1, 1])


POWERS = (-2, -0.5, 0, 1, 1.25, 1.9, 2, 2.5, 3, 7.5)


def deviances() -> None:
    """Add the deviances of Tweedie's family."""
    y, p, w = draw(7), draw(7), draw(7)
    for power in POWERS:
        for call in ("mean_tweedie_deviance", "d2_tweedie_score"):
            add(f"power{power}", call, y_true=y, y_pred=p, power=power)
            add(f"power{power}-w", call, y_true=y, y_pred=p, sample_weight=w, power=power)
            arrays = {"y_true": np.float32(y), "y_pred": np.float32(p)}
            add(f"power{power}-float32", call, **arrays, power=power)
        call = "mean_tweedie_deviance"
        add(f"power{power}-hit", call, y_true=y, y_pred=y, power=power)
        add(f"power{power}-integers", call, y_true=[1, 3, 2], y_pred=[2, 2, 5], power=power)
        for name, bad in (("zero", 0.0), ("negative", -1.0)):
            broken, hidden = np.where(np.arange(7) == 2, bad, p), np.where(np.arange(7) == 2, 0, w)
            add(f"power{power}-{name}-y_true", call, y_true=broken, y_pred=p, power=power)
            add(f"power{power}-{name}-y_pred", call, y_true=y, y_pred=broken, power=power)
            spec = {"sample_weight": hidden, "power": power}
            add(f"power{power}-{name}-y_pred-w0", call, y_true=y, y_pred=broken, **spec)
    bad = (0.5, 0.999, np.nan, np.inf, -np.inf, "1", None, [1])
    for power in bad:
        add(f"power-bad-{power}", "mean_tweedie_deviance", y_true=y, y_pred=p, power=power)
    for call in DEVIANCES:
        deviance_edges(call, y, p, w)


def deviance_edges(call: str, y: Floats, p: Floats, w: Floats) -> None:
    """Add what all deviances have in common."""
    add("plain", call, y_true=y, y_pred=p)
    add("positional", call, y, p)
    add("weighted", call, y_true=y, y_pred=p, sample_weight=w)
    add("zero-weights", call, y_true=y, y_pred=p, sample_weight=[0, 1, 2, 0, 1, 1, 3])
    add("lists", call, y_true=y.tolist(), y_pred=p.tolist())
    add("column", call, y_true=y[:, None], y_pred=p, sample_weight=w)
    add("float16", call, y_true=np.float16(y), y_pred=np.float16(p))
    add("float32-w64", call, y_true=np.float32(y), y_pred=np.float32(p), sample_weight=w)
    add("one", call, y_true=[1.5], y_pred=[2.0])
    add("constant", call, y_true=[2.0, 2.0], y_pred=[1.0, 3.0])
    add("zero", call, y_true=[0.0, 1.0, 2.0], y_pred=[0.5, 0.5, 1.0])
    add("outputs", call, y_true=draw(3, 2), y_pred=draw(3, 2))
    add("outputs-differ", call, y_true=draw(3, 2), y_pred=draw(3))
    add("nan", call, y_true=[np.nan, 1.0], y_pred=[1.0, 1.0])
    add("inf", call, y_true=[1.0, 1.0], y_pred=[1.0, np.inf])
    add("nan-weight", call, y_true=[1.0, 1.0], y_pred=[1.0, 2.0], sample_weight=[1.0, np.nan])
    add("length", call, y_true=y, y_pred=p[:3])
    add("length-weights", call, y_true=y, y_pred=p, sample_weight=w[:3])
    add("weights-column", call, y_true=y, y_pred=p, sample_weight=w[:, None])
    add("weights-zero", call, y_true=y, y_pred=p, sample_weight=0 * w)
    add("weights-sum-zero", call, y_true=y[:2], y_pred=p[:2], sample_weight=[1.0, -1.0])
    add("weights-scalar", call, y_true=y, y_pred=p, sample_weight=1.0)
    add("empty", call, y_true=[], y_pred=[])
    add("scalar", call, y_true=1.0, y_pred=2.0)
    add("0d", call, y_true=np.array(1.0), y_pred=np.array(2.0))


# --- classification --------------------------------------------------------------------------


def probabilities(rows: int, classes: int) -> Floats:
    """Return rows of multiples of 1/64 that sum to one."""
    cuts = np.sort(RNG.integers(0, 65, (rows, classes - 1)), axis=1)
    edges = np.concatenate([np.zeros((rows, 1)), cuts, np.full((rows, 1), 64)], axis=1)
    return np.diff(edges, axis=1) / 64


SPELLINGS: dict[str, list[Any]] = {
    "integers": [0, 1],
    "signs": [-1, 1],
    "others": [2, 3],
    "floats": [0.0, 1.0],
    "booleans": [False, True],
    "texts": ["ham", "spam"],
}
THREE: dict[str, list[Any]] = {"integers": [0, 1, 2], "sparse": [-5, 3, 9], "texts": list("abc")}
PATTERN = [0, 1, 1, 0, 1, 0, 0, 1]
PATTERN3 = [2, 0, 1, 1, 2, 0, 0, 1]


def spelled(pattern: list[int], labels: list[Any]) -> list[Any]:
    return [labels[k] for k in pattern]


def probabilistic(call: str) -> None:
    """Add what the losses of probabilities have in common."""
    p, w = draw(8, low=0.01, high=0.99), draw(8)
    q, q3 = probabilities(8, 2), probabilities(8, 3)
    for name, labels in SPELLINGS.items():
        y = spelled(PATTERN, labels)
        add(f"binary-{name}", call, y_true=y, y_proba=p)
        add(f"binary-{name}-array", call, y_true=array_of(y), y_proba=p, sample_weight=w)
        add(f"binary-{name}-columns", call, y_true=y, y_proba=q)
        add(f"binary-{name}-labels", call, y_true=y, y_proba=p, labels=labels)
        add(f"binary-{name}-reversed", call, y_true=y, y_proba=q, labels=labels[::-1])
    for name, labels in THREE.items():
        y = spelled(PATTERN3, labels)
        add(f"three-{name}", call, y_true=y, y_proba=q3)
        add(f"three-{name}-w", call, y_true=array_of(y), y_proba=q3, sample_weight=w)
        add(f"three-{name}-labels", call, y_true=y[:2], y_proba=q3[:2], labels=labels)
        add(f"three-{name}-reversed", call, y_true=y, y_proba=q3, labels=labels[::-1])
        add(f"three-{name}-missing", call, y_true=y[:2], y_proba=q3[:2])
        add(f"three-{name}-one-column", call, y_true=y, y_proba=p)
    y = PATTERN
    add("lists", call, y_true=y, y_proba=p.tolist(), sample_weight=w.tolist())
    add("positional", call, y, p)
    add("column", call, y_true=np.array(y)[:, None], y_proba=p[:, None])
    hot = np.eye(3, dtype=int)[PATTERN3]
    add("one-hot", call, y_true=hot, y_proba=q3, sample_weight=w)
    add("one-hot-floats", call, y_true=hot.astype(float), y_proba=q3)
    add("one-hot-two", call, y_true=np.eye(2, dtype=int)[y], y_proba=q)
    add("one-hot-several", call, y_true=np.maximum(hot, hot[::-1]), y_proba=q3)
    add("one-hot-labels", call, y_true=hot, y_proba=q3, labels=[0, 1, 2])
    add("one-hot-classes", call, y_true=hot, y_proba=q)
    add("certain", call, y_true=[0, 1, 1, 0], y_proba=[0.0, 1.0, 0.0, 1.0])
    add("certain-columns", call, y_true=[0, 1, 2], y_proba=np.eye(3)[[0, 2, 2]])
    add("integers", call, y_true=[0, 1, 1, 0], y_proba=[0, 1, 0, 1])
    add("tiny", call, y_true=[0, 1, 1], y_proba=[1e-20, 1e-16, 1 - 1e-16])
    for dtype in (np.float32, np.float16):
        name = dtype.__name__
        add(name, call, y_true=y, y_proba=p.astype(dtype), sample_weight=w.astype(dtype))
        add(f"{name}-w64", call, y_true=y, y_proba=p.astype(dtype), sample_weight=w)
        add(f"{name}-three", call, y_true=PATTERN3, y_proba=q3.astype(dtype))
        add(f"{name}-certain", call, y_true=[0, 1, 1, 0], y_proba=dtype([0, 1, 0, 1]))
    add("zero-weights", call, y_true=y, y_proba=p, sample_weight=[0, 1, 2, 0, 0.5, 1, 0, 3])
    add("negative-weights", call, y_true=y, y_proba=p, sample_weight=[1, 1, -0.5, 1, 1, 1, 1, -1])
    add("one-label-labels", call, y_true=[1, 1], y_proba=[0.75, 0.5], labels=[0, 1])
    add("one", call, y_true=[1], y_proba=[0.75], labels=[0, 1])
    add("one-sample", call, y_true=[1], y_proba=[0.75])
    for label in (0, 1, -1, 2, "spam"):
        add(f"one-label-{label}", call, y_true=[label, label], y_proba=[0.75, 0.5])
    add("sum-two", call, y_true=[0, 1], y_proba=[[0.5, 0.25], [1.0, 1.0]])
    probabilistic_errors(call, p, q3, w)


def array_of(labels: list[Any]) -> Any:
    """Return labels as an array; text stays a list, which is all that JSON has."""
    return labels if isinstance(labels[0], str) else np.array(labels)


def probabilistic_errors(call: str, p: Floats, q3: Floats, w: Floats) -> None:
    """Add what must be refused."""
    y = PATTERN
    for bad in (np.nan, np.inf, -0.1, 1.1):
        add(f"proba{bad}", call, y_true=y, y_proba=np.where(np.arange(8) == 3, bad, p))
    add("proba1.1-columns", call, y_true=[0, 1], y_proba=[[1.1, -0.1], [0.5, 0.5]])
    for bad in (np.nan, np.inf):
        weights = np.where(np.arange(8) == 3, bad, w)
        add(f"weights{bad}", call, y_true=y, y_proba=p, sample_weight=weights)
    add("weights-zero", call, y_true=y, y_proba=p, sample_weight=0 * w)
    add("weights-sum-zero", call, y_true=y, y_proba=p, sample_weight=[1.0, -1.0] * 4)
    add("weights-scalar", call, y_true=y, y_proba=p, sample_weight=1.0)
    add("weights-column", call, y_true=y, y_proba=p, sample_weight=w[:, None])
    add("weights-length", call, y_true=y, y_proba=p, sample_weight=w[:3])
    add("length", call, y_true=y, y_proba=p[:3])
    add("empty", call, y_true=[], y_proba=[])
    add("scalar", call, y_true=1, y_proba=0.5)
    add("0d", call, y_true=np.array(1), y_proba=np.array(0.5))
    add("3d", call, y_true=y, y_proba=np.full((8, 2, 1), 0.5))
    add("text", call, y_true=y, y_proba=["a"] * 8)
    add("none", call, y_true=y, y_proba=None)
    add("true-none", call, y_true=None, y_proba=p)
    add("continuous", call, y_true=[0.25, 0.5], y_proba=[0.25, 0.5])
    add("true-nan", call, y_true=[0.0, np.nan], y_proba=[0.25, 0.5])
    add("true-mixed", call, y_true=["a", 1], y_proba=[0.25, 0.5])
    add("true-outputs", call, y_true=[[1, 2], [3, 1]], y_proba=[[0.25, 0.75], [0.5, 0.5]])
    add("labels-one", call, y_true=[1, 1], y_proba=[[0.5, 0.5], [0.25, 0.75]], labels=[1])
    add("labels-other", call, y_true=[0, 1, 2], y_proba=q3[:3], labels=[0, 1])
    add("labels-unknown", call, y_true=[0, 5, 2], y_proba=q3[:3], labels=[0, 1, 2])
    add("labels-many", call, y_true=[0, 1], y_proba=q3[:2], labels=[0, 1, 2, 3])
    add("labels-scalar", call, y_true=[0, 1], y_proba=[0.5, 0.25], labels=1)
    add("labels-twice", call, y_true=[0, 1, 2], y_proba=q3[:3], labels=[0, 1, 1, 2])


def particular_classification() -> None:
    """Add what one function alone has."""
    p, w, q3 = draw(8, low=0.01, high=0.99), draw(8), probabilities(8, 3)
    call = "log_loss"
    for normalize in (True, False, np.bool_(False), 1, "no"):
        name = f"normalize-{normalize!r}"
        add(name, call, y_true=PATTERN, y_proba=p, normalize=normalize)
        add(f"{name}-w", call, y_true=PATTERN, y_proba=p, normalize=normalize, sample_weight=w)
    sums = {"normalize": False, "sample_weight": [1.0, -1.0] * 4}
    add("sum-of-sum-zero", call, y_true=PATTERN, y_proba=p, **sums)
    add("y_pred", call, y_true=PATTERN, y_pred=p)
    add("y_pred-three", call, y_true=PATTERN3, y_pred=q3, sample_weight=w)
    add("y_pred-both", call, y_true=PATTERN, y_proba=p, y_pred=p)
    call = "brier_score_loss"
    for half in (True, False, "auto", np.bool_(True), 1, "yes", None):
        name = f"half-{half!r}"
        add(name, call, y_true=PATTERN, y_proba=p, scale_by_half=half)
        add(f"{name}-three", call, y_true=PATTERN3, y_proba=q3, scale_by_half=half)
    for name, labels in SPELLINGS.items():
        for label in (labels[0], labels[1], "other", 7, None):
            y = spelled(PATTERN, labels)
            add(f"pos-{name}-{label}", call, y_true=y, y_proba=p, pos_label=label)
    add("pos-three", call, y_true=PATTERN3, y_proba=q3, pos_label=2)
    add("pos-three-column", call, y_true=PATTERN3, y_proba=p, pos_label=2)
    add("pos-list", call, y_true=PATTERN, y_proba=p, pos_label=[1])


def hinges() -> None:
    """Add the hinge losses."""
    call, x, w, x3 = "hinge_loss", draw(8, low=-3, high=3), draw(8), draw(8, 3, low=-3, high=3)
    for name, labels in SPELLINGS.items():
        y = spelled(PATTERN, labels)
        add(f"binary-{name}", call, y_true=y, pred_decision=x)
        add(f"binary-{name}-w", call, y_true=array_of(y), pred_decision=x, sample_weight=w)
        add(f"binary-{name}-labels", call, y_true=y, pred_decision=x, labels=labels)
        add(f"one-{name}", call, y_true=y[1:3], pred_decision=x[:2])
        add(f"one-{name}-labels", call, y_true=y[1:3], pred_decision=x[:2], labels=labels)
    for name, labels in THREE.items():
        y = spelled(PATTERN3, labels)
        add(f"three-{name}", call, y_true=y, pred_decision=x3)
        add(f"three-{name}-w", call, y_true=array_of(y), pred_decision=x3, sample_weight=w)
        add(f"three-{name}-labels", call, y_true=y[:2], pred_decision=x3[:2], labels=labels)
        reverse = {"labels": labels[::-1]}
        add(f"three-{name}-reversed", call, y_true=y, pred_decision=x3, **reverse)
        add(f"three-{name}-missing", call, y_true=y[:2], pred_decision=x3[:2])
        add(f"three-{name}-column", call, y_true=y, pred_decision=x)
    y = PATTERN
    add("positional", call, y, x)
    add("lists", call, y_true=y, pred_decision=x.tolist(), sample_weight=w.tolist())
    add("columns", call, y_true=np.array(y)[:, None], pred_decision=x[:, None])
    add("integers", call, y_true=y, pred_decision=[2, -1, 1, 0, 3, -2, 0, 1])
    add("integers-three", call, y_true=[0, 1, 2], pred_decision=[[3, 1, 1], [0, 2, 1], [0, 0, -1]])
    for dtype in (np.float32, np.float16):
        name = dtype.__name__
        add(name, call, y_true=y, pred_decision=x.astype(dtype), sample_weight=w)
        add(f"{name}-three", call, y_true=PATTERN3, pred_decision=x3.astype(dtype))
    add("zero-weights", call, y_true=y, pred_decision=x, sample_weight=[0, 1, 2, 0, 0.5, 1, 0, 3])
    signs = [1, 1, -0.5, 1, 1, 1, 1, -1]
    add("negative-weights", call, y_true=y, pred_decision=x, sample_weight=signs)
    add("weights-nan", call, y_true=y, pred_decision=x, sample_weight=[np.nan] + [1.0] * 7)
    add("weights-inf", call, y_true=y, pred_decision=x, sample_weight=[np.inf] + [1.0] * 7)
    add("weights-zero", call, y_true=y, pred_decision=x, sample_weight=0 * w)
    add("weights-sum-zero", call, y_true=y, pred_decision=x, sample_weight=[1.0, -1.0] * 4)
    add("weights-scalar", call, y_true=y, pred_decision=x, sample_weight=1.0)
    add("weights-column", call, y_true=y, pred_decision=x, sample_weight=w[:, None])
    add("weights-length", call, y_true=y, pred_decision=x, sample_weight=w[:3])
    add("length", call, y_true=y, pred_decision=x[:3])
    for bad in (np.nan, np.inf):
        broken = np.where(np.arange(8) == 3, bad, x)
        add(f"decision{bad}", call, y_true=y, pred_decision=broken)
    add("empty", call, y_true=[], pred_decision=[])
    add("scalar", call, y_true=1, pred_decision=0.5)
    add("3d", call, y_true=y, pred_decision=np.ones((8, 1, 1)))
    add("text", call, y_true=y, pred_decision=["a"] * 8)
    add("numerals", call, y_true=y, pred_decision=["1"] * 8)
    add("none", call, y_true=y, pred_decision=None)
    add("continuous", call, y_true=[0.25, 0.5], pred_decision=[0.25, 0.5])
    add("continuous-three", call, y_true=[0.25, 0.5, 0.75], pred_decision=x3[:3])
    add("true-nan", call, y_true=[0.0, np.nan], pred_decision=[0.25, 0.5])
    add("true-2d", call, y_true=[[1, 2], [3, 1]], pred_decision=[0.25, 0.5])
    add("two-columns", call, y_true=[0, 1], pred_decision=[[0.25, 0.5], [0.5, 0.25]])
    add("labels-unknown", call, y_true=[0, 5, 2], pred_decision=x3[:3], labels=[0, 1, 2])
    add("labels-many", call, y_true=[0, 1, 2], pred_decision=x3[:3], labels=[0, 1, 2, 3])
    add("labels-two-unknown", call, y_true=[0, 5, 5], pred_decision=x[:3], labels=[0, 1])


def accuracies(call: str) -> None:
    """Add the shares of labels that are right or wrong."""
    w, guess = draw(8), [0, 1, 0, 0, 1, 1, 0, 1]
    for name, labels in {**SPELLINGS, **{f"three-{k}": v for k, v in THREE.items()}}.items():
        pattern = PATTERN if len(labels) == 2 else PATTERN3
        y, p = spelled(pattern, labels), spelled(guess, labels)
        add(name, call, y_true=y, y_pred=p)
        add(f"{name}-w", call, y_true=array_of(y), y_pred=array_of(p), sample_weight=w)
        add(f"{name}-count", call, y_true=y, y_pred=p, normalize=False)
    y, p = PATTERN, guess
    add("positional", call, y, p)
    add("count-w", call, y_true=y, y_pred=p, normalize=False, sample_weight=w)
    whole = {"normalize": False, "sample_weight": [1, 2, 3, 1, 2, 3, 1, 2]}
    add("count-w-integers", call, y_true=y, y_pred=p, **whole)
    add("float32-weights", call, y_true=y, y_pred=p, sample_weight=np.float32(w))
    spec = {"normalize": False, "sample_weight": np.float32(w)}
    add("float32-weights-count", call, y_true=y, y_pred=p, **spec)
    add("column", call, y_true=np.array(y)[:, None], y_pred=p)
    add("column-both", call, y_true=np.array(y)[:, None], y_pred=np.array(p)[:, None])
    add("integer-float", call, y_true=y, y_pred=np.array(p, np.float64))
    add("integer-boolean", call, y_true=y, y_pred=np.array(p, bool))
    hot, other = np.eye(3, dtype=int)[PATTERN3], np.eye(3, dtype=int)[guess]
    add("one-hot", call, y_true=hot, y_pred=other)
    add("one-hot-w", call, y_true=hot, y_pred=other.astype(float), sample_weight=w)
    add("one-hot-count", call, y_true=hot, y_pred=other, normalize=False)
    add("one-hot-lists", call, y_true=hot.tolist(), y_pred=other.tolist())
    add("one-hot-width", call, y_true=hot, y_pred=other[:, :2])
    add("one-hot-classes", call, y_true=hot, y_pred=p)
    add("outputs", call, y_true=[[1, 2], [3, 1]], y_pred=[[1, 2], [3, 1]])
    add("continuous", call, y_true=[0.25, 0.5], y_pred=[0.25, 0.5])
    add("continuous-pred", call, y_true=[0, 1], y_pred=[0.25, 0.5])
    add("mixed", call, y_true=["a", "b"], y_pred=[0, 1])
    add("nan", call, y_true=[0.0, np.nan], y_pred=[0.0, 1.0])
    add("inf", call, y_true=[0.0, 1.0], y_pred=[0.0, np.inf])
    add("empty", call, y_true=[], y_pred=[])
    add("scalar", call, y_true=1, y_pred=1)
    add("none", call, y_true=None, y_pred=[1])
    add("0d", call, y_true=np.array(1), y_pred=np.array(1))
    add("length", call, y_true=y, y_pred=p[:3])
    add("normalize-number", call, y_true=y, y_pred=p, normalize=1)
    add("zero-weights", call, y_true=y, y_pred=p, sample_weight=[0, 1, 2, 0, 0.5, 1, 0, 3])
    add("weights-zero", call, y_true=y, y_pred=p, sample_weight=0 * w)
    add("weights-sum-zero", call, y_true=y, y_pred=p, sample_weight=[1.0, -1.0] * 4)
    spec = {"normalize": False, "sample_weight": [1.0, -1.0] * 4}
    add("weights-sum-zero-count", call, y_true=y, y_pred=p, **spec)
    for bad in (np.nan, np.inf):
        add(f"weights{bad}", call, y_true=y, y_pred=p, sample_weight=[bad] + [1.0] * 7)
    add("weights-scalar", call, y_true=y, y_pred=p, sample_weight=1.0)
    add("weights-column", call, y_true=y, y_pred=p, sample_weight=w[:, None])
    add("weights-length", call, y_true=y, y_pred=p, sample_weight=w[:3])


# --- scorers ---------------------------------------------------------------------------------


class Constant(BaseEstimator):
    """An estimator that predicts what it was given, whatever it is asked."""

    def __init__(self, answer: Any = None, classes: Any = None) -> None:
        self.answer, self.classes = answer, classes

    def fit(self, X: Any, y: Any) -> Constant:
        self.classes_ = np.unique(y)
        return self

    def predict(self, X: Any) -> Any:
        return np.asarray(self.answer)

    predict_proba = decision_function = predict


SCORERS: tuple[tuple[str, bool, str, dict[str, Any]], ...] = (
    ("mean_absolute_error", False, "predict", {}),
    ("root_mean_squared_error", False, "predict", {}),
    ("mean_pinball_loss", False, "predict", {"alpha": 0.9}),
    ("mean_tweedie_deviance", False, "predict", {"power": 1.5}),
    ("r2_score", True, "predict", {}),
    ("log_loss", False, "predict_proba", {"labels": [0, 1]}),
    ("brier_score_loss", False, "predict_proba", {}),
    ("accuracy_score", True, "predict", {}),
)


def scorers() -> Iterator[dict[str, Any]]:
    """Yield what real scorers answer; those made of our functions must answer the same."""
    from streamloss.compat import sklearn as compat

    w = draw(8)
    for call, greater, method, kwargs in SCORERS:
        labelled = call in LABELLED
        y = np.array(PATTERN) if labelled else draw(8)
        p = draw(8)
        if labelled:
            p = np.array(PATTERN[::-1]) if method == "predict" else probabilities(8, 2)
        estimator = Constant(p).fit(y, y)
        if labelled:
            estimator._estimator_type = "classifier"
            Constant.__sklearn_tags__ = classifier_tags  # type: ignore[method-assign]
        answers = []
        for module in (sklearn.metrics, compat):
            make = sklearn.metrics.make_scorer
            scorer = make(
                getattr(module, call), greater_is_better=greater, response_method=method, **kwargs
            )
            answers.append([scorer(estimator, y, y), scorer(estimator, y, y, sample_weight=w)])
        theirs, ours = answers
        assert [type(a) for a in theirs] == [type(a) for a in ours], (call, answers)
        assert np.allclose(theirs, ours, rtol=1e-14, atol=1e-15), (call, answers)
        spec = {"metric": call, "greater_is_better": greater, "response_method": method}
        data = {"kwargs": kwargs, "y_true": y, "y_pred": p, "sample_weight": w}
        yield {
            "id": f"make_scorer-{call}",
            "call": "make_scorer",
            "args": encode({**spec, **data}),
            "outcome": encode(theirs),
        }


def classifier_tags(self: Any) -> Any:
    """Return the tags of a binary classifier."""
    from sklearn.utils import ClassifierTags

    tags = BaseEstimator.__sklearn_tags__(self)
    tags.estimator_type, tags.classifier_tags = "classifier", ClassifierTags(multi_class=False)
    return tags


def main() -> None:
    """Write the file."""
    for call in AVERAGED:
        regression(call)
    particular_regression()
    differences()
    deviances()
    for call in ("log_loss", "brier_score_loss"):
        probabilistic(call)
    particular_classification()
    hinges()
    for call in ("accuracy_score", "zero_one_loss"):
        accuracies(call)
    CASES.extend(scorers())
    names = (*AVERAGED, *DEVIANCES, *LABELLED, *ABSENT)
    signatures = {n: str(inspect.signature(getattr(sklearn.metrics, n))) for n in names}
    header = {"framework": "sklearn", "version": sklearn.__version__, "signatures": signatures}
    write(GOLDEN / "sklearn.jsonl", header, CASES)


if __name__ == "__main__":
    main()
