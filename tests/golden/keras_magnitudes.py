"""How far rounding can take the answers of Keras: magnitudes of what its formulas add up.

For each function `MAGNITUDES` has, for an element or a row, the sum of the magnitudes of all that
its formula adds, multiplied by how much a relative error of a step weighs in the end: log(1 - p)
of p near 0 is small and yet wrong by eps, 1 - sigmoid(x) of a large x by eps relative to 1. Reduced
by Keras' own reduction, with absolute weights, they are the ``scale`` of a case: the answer may be
wrong by a small multiple of eps times that.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

Floats = np.ndarray
E = 1e-7


def logs(*probabilities: Floats) -> Floats:
    """Return the sum of |log p| + 2 of probabilities clipped as Keras does."""
    return sum(np.abs(np.log(np.clip(p, E, 1.0))) + 2.0 for p in probabilities)


def huber(y: Floats, p: Floats, delta: float = 1.0) -> Floats:
    d = np.abs(p - y)
    return np.where(d <= delta, d * d, abs(delta) * d + 0.5 * delta**2)


def squared_log(y: Floats, p: Floats, **_: Any) -> Floats:
    one, two = (np.log1p(np.maximum(x, E)) for x in (p, y))
    return np.abs(one - two) * (2.0 * (one + two) + 4.0) + (one - two) ** 2


def log_cosh(y: Floats, p: Floats, **_: Any) -> Floats:
    return np.abs(p - y) + np.logaddexp(0.0, -2.0 * (p - y)) + 1.0


def squared_hinge(y: Floats, p: Floats, **_: Any) -> Floats:
    gap = 1.0 + np.abs(y * p)
    return 3.0 * gap * gap


def binary(y: Floats, p: Floats, from_logits: bool = False, **_: Any) -> Floats:
    return 3.0 * np.abs(p) + 2.0 if from_logits else (1.0 + np.abs(y)) * logs(p, 1.0 - p)


def focal(y: Floats, p: Floats, gamma: float = 2.0, from_logits: bool = False, **_: Any) -> Floats:
    lost = 0.0
    if from_logits:  # what rounding sigmoid(x) does to the logarithm of 1 - sigmoid(x)
        p = 1.0 / (1.0 + np.exp(-p))
        lost = np.abs(1.0 - y) / np.maximum(1.0 - p, E) + 1.0 / np.maximum(1.0 - p, E) * 0.1
    apart = np.maximum(1.0, np.abs(y * (1.0 - p) + (1.0 - y) * p)) ** gamma
    return (1.0 + gamma) * apart * ((1.0 + np.abs(y)) * logs(p, 1.0 - p) + lost)


def distribution(p: Floats, from_logits: bool, axis: int) -> tuple[Floats, Floats]:
    """Return probabilities and how far the logits are apart."""
    if not from_logits:
        return p / p.sum(axis, keepdims=True), np.zeros_like(p)
    gap = p - p.max(axis, keepdims=True)
    return np.exp(gap) / np.exp(gap).sum(axis, keepdims=True), np.abs(gap)


def categorical(
    y: Floats, p: Floats, from_logits: bool = False, axis: int = -1, **_: Any
) -> Floats:
    q, gap = distribution(p, from_logits, axis)
    return ((np.abs(y) + 1.0) * (logs(q) + gap)).sum(axis)


def categorical_focal(
    y: Floats,
    p: Floats,
    alpha: Any = 0.25,
    gamma: float = 2.0,
    from_logits: bool = False,
    axis: int = -1,
    **_: Any,
) -> Floats:
    q, gap = distribution(p, from_logits, axis)
    terms = (np.abs(y) + 1.0) * (logs(q) + gap + p.shape[axis])
    return (np.max(alpha) * (1.0 + gamma) * terms).sum(axis)


def sparse(y: Floats, p: Floats, from_logits: bool = False, **_: Any) -> Floats:
    q, gap = distribution(p, from_logits, -1)
    return (logs(q) + gap).max(-1)


def whole(y: Floats, p: Floats, axis: Any = None, **_: Any) -> Floats:
    axis = tuple(axis) if isinstance(axis, list) else axis
    return 3.0 + 0.0 * np.asarray(np.sum(y * p, axis=axis))


ELEMENTS: dict[str, Callable[..., Floats]] = {
    "mean_absolute_error": lambda y, p: np.abs(p - y),
    "mean_squared_error": lambda y, p: (p - y) ** 2,
    "mean_absolute_percentage_error": lambda y, p: 100.0 * np.abs(p - y) / np.maximum(np.abs(y), E),
    "mean_squared_logarithmic_error": squared_log,
    "huber": huber,
    "log_cosh": log_cosh,
    "hinge": lambda y, p: 1.0 + np.abs(y * p) + np.abs(p),
    "squared_hinge": lambda y, p: squared_hinge(np.abs(y) + 1.0, p),
    "poisson": lambda y, p: np.abs(p) + np.abs(y) * (np.abs(np.log(np.abs(p) + E)) + 2.0),
    "binary_crossentropy": binary,
    "binary_focal_crossentropy": focal,
}
"""Of losses that are the mean over the last axis."""

ROWS: dict[str, Callable[..., Floats]] = {
    "categorical_hinge": lambda y, p: 1.0 + (np.abs(y * p) + np.abs((1.0 - y) * p)).sum(-1),
    "kl_divergence": lambda y, p: (np.clip(y, E, 1.0) * (logs(y) + logs(p))).sum(-1),
    "cosine_similarity": lambda y, p, axis=-1: 1.0 + 0.0 * np.asarray((y * p).sum(axis)),
    "categorical_crossentropy": categorical,
    "categorical_focal_crossentropy": categorical_focal,
    "sparse_categorical_crossentropy": sparse,
    "categorical_generalized_cross_entropy": lambda y, p, q=0.5: 3.0 / q + 0.0 * p.sum(-1),
    "dice": whole,
    "tversky": whole,
}

OF_CLASS = {
    "LogCosh": "log_cosh",
    "LogCoshError": "log_cosh",
    "KLDivergence": "kl_divergence",
    "CategoricalGeneralizedCrossEntropy": "categorical_generalized_cross_entropy",
    "RootMeanSquaredError": "mean_squared_error",
}
"""Classes that are not called like their function."""


def function_of(name: str) -> str:
    """Return the function that a loss or metric class is of."""
    snake = "".join(f"_{c.lower()}" if c.isupper() else c for c in name).lstrip("_")
    return OF_CLASS.get(name, snake)


def squeezed(a: Floats, b: Floats) -> tuple[Floats, Floats]:
    """Return arrays whose ranks differ by a last axis of 1 in one rank, as Keras does."""
    if a.ndim == b.ndim + 1 and a.shape[-1] == 1:
        return (a, b[..., None]) if b.ndim == 1 else (a[..., 0], b)
    if b.ndim == a.ndim + 1 and b.shape[-1] == 1:
        return (a[..., None], b) if a.ndim == 1 else (a, b[..., 0])
    return a, b


def magnitude(name: str, arguments: dict[str, Any], squeeze: bool) -> Floats:
    """Return the magnitudes of what a function returns, in its shape."""
    given = dict(arguments)
    y, p = (np.nan_to_num(np.float64(given.pop(key)), posinf=0.0, neginf=0.0) for key in PAIR)
    given.pop("label_smoothing", None)
    axis = given.get("axis", -1)
    if name in SQUEEZED or squeeze:
        y, p = squeezed(y, p)
    with np.errstate(all="ignore"):
        if name in ROWS:
            return np.nan_to_num(ROWS[name](y, p, **given))
        given.pop("axis", None)
        return np.nan_to_num(np.mean(ELEMENTS[name](y, p, **given), axis=axis))


PAIR = ("y_true", "y_pred")
SQUEEZED = {
    "mean_absolute_error",
    "mean_squared_error",
    "mean_absolute_percentage_error",
    "mean_squared_logarithmic_error",
    "huber",
    "log_cosh",
    "cosine_similarity",
}


def scale_of(call: Any, name: str, init: dict[str, Any] | None, arguments: dict[str, Any]) -> Any:
    """Return the scale of a case, in the shape of its outcome; None where it is that itself."""
    module, _, name = name.partition(".")
    if module == "metrics":
        return _of_metric(call, name, init or {}, arguments["updates"])
    if init is None:
        return _rounded(magnitude(name, arguments, False))
    given = {k: v for k, v in arguments.items() if k in PAIR}
    settings = {k: v for k, v in init.items() if k not in ("reduction", "dtype", "name")}
    ignored = settings.pop("ignore_class", None)
    values = magnitude(function_of(name), given | settings, True)
    from keras.src.losses.loss import reduce_weighted_values

    weight, mask = arguments.get("sample_weight"), arguments.get("mask")
    if ignored is not None:
        kept = np.asarray(arguments["y_true"]) != ignored
        mask = kept if mask is None else kept & mask
    found = reduce_weighted_values(
        values,
        sample_weight=None if weight is None else np.abs(np.float64(weight)),
        mask=mask,
        reduction=init.get("reduction", "sum_over_batch_size"),
        dtype="float64",
    )
    return _rounded(np.asarray(found))


def _of_metric(call: Any, name: str, init: dict[str, Any], updates: list[dict[str, Any]]) -> Any:
    """Return the scale of each result of a stream."""
    if name in ("Sum", "Mean", "R2Score"):
        return None
    settings = {k: v for k, v in init.items() if k not in ("dtype", "ignore_class")}
    means = []
    for update in updates:
        arrays = {key: update[key] for key in PAIR}
        values = magnitude(function_of(name), arrays | settings, True)
        rest = {k: np.abs(np.float64(v)) for k, v in update.items() if k == "sample_weight"}
        means.append({"values": values, **rest})
    if name == "RootMeanSquaredError":
        return None
    return [_rounded(np.asarray(x)) for x in call("metrics.Mean", {}, {"updates": means})]


def _rounded(scale: Floats) -> Floats:
    """Return a scale with few digits."""
    return np.array([float(f"{x:.2e}") for x in scale.ravel()]).reshape(scale.shape)
