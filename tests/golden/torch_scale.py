"""How large the numbers are that PyTorch adds to a result: what the bounds of rounding scale with.

`scale(case)` is, for the outcome of a golden case, ``sum |w_i| m_i / |denominator|``, where m_i is
the sum of the magnitudes of the numbers whose sum or difference the loss of an element or row is:
``|x_y| + log(sum e^x)`` of a cross-entropy, say, which may be much more than the loss. In float64.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Case = dict[str, Any]


def log(x: Floats) -> Floats:
    """Return the magnitude of a logarithm and of the rounding of its argument."""
    return np.abs(np.log(x)) + 1.0


def softplus(x: Floats) -> Floats:
    """Return a bound of log(1 + e**x) and its rounding."""
    return np.maximum(x, 0.0) + 1.0


def huber(d: Floats, delta: float) -> Floats:
    return np.where(d <= delta, 0.5 * d * d, delta * (d + 0.5 * delta))


def smooth(d: Floats, beta: float) -> Floats:
    return np.where(d < beta, 0.5 * d * d / (beta or 1.0), d + 0.5 * beta)


def kl_div(a: Case) -> Floats:
    x, y = np.abs(a["input"]), a["target"]
    return np.exp(y) * (np.abs(y) + x) if a.get("log_target") else np.abs(y) * (log(y) + x)


def poisson(a: Case) -> Floats:
    x, y = a["input"], a["target"]
    if a.get("log_input", True):
        size = np.exp(x) * (np.abs(x) + 1) + np.abs(x * y)
    else:
        size = np.abs(x) + np.abs(y) * log(x + a.get("eps", 1e-8))
    return size + np.where(a.get("full", False), np.abs(y) * (log(y) + 1) + log(7 * y), 0.0)


def gaussian(a: Case) -> Floats:
    x, y, v = a["input"], a["target"], np.asarray(a["var"])
    v = v[..., None] if v.ndim and v.shape == x.shape[:-1] else v
    v = np.maximum(v, a.get("eps", 1e-6))
    return 0.5 * (log(v) + (x - y) ** 2 / v) + 1.0


def probabilities(a: Case) -> Floats:
    x, y = a["input"], a["target"]
    logs = [np.minimum(log(p), 100.0) for p in (x, 1 - x)]
    return np.abs(y) * logs[0] + np.abs(1 - y) * logs[1]


def logits(a: Case) -> Floats:
    x, y, p = a["input"], a["target"], a.get("pos_weight", 1.0)
    p = 1.0 if p is None else p
    return np.abs((1 - y) * x) + (1 + np.abs((p - 1) * y)) * softplus(-x)


def multilabel_soft(a: Case) -> Floats:
    x, y, w = a["input"], a["target"], a.get("weight")
    size = np.abs(y) * softplus(-x) + np.abs(1 - y) * softplus(x)
    return np.sum(size * (1.0 if w is None else np.abs(w)), axis=-1) / x.shape[-1]


def ranking(a: Case) -> Floats:
    sizes = np.abs(a["input1"]) + np.abs(a["input2"])
    return np.abs(a["target"]) * sizes + abs(a.get("margin", 0.0))


def cosine(a: Case) -> Floats:
    rows = np.sum(a["input1"], -1) + np.sum(a["input2"], -1) + a["target"]
    return np.full(np.shape(rows), 3.0 + abs(a.get("margin", 0.0)))


def triplet(a: Case) -> Floats:
    anchor, positive, negative = (np.atleast_1d(a[k]) for k in ("anchor", "positive", "negative"))
    pairs = [(anchor, positive), (anchor, negative), (positive, negative)]
    p = float(a.get("p", 2.0))
    sizes: Any = a.get("margin", 1.0)
    for x, y in pairs[: 2 + bool(a.get("swap"))]:
        gap = np.abs(x - y) + a.get("eps", 1e-6)
        largest = gap.max(axis=-1, initial=0.0)
        if p not in (0.0, np.inf):
            largest = np.sum(gap**p, axis=-1) ** (1 / p) * max(p, 1 / p)
        sizes = sizes + (largest if p else np.float64(gap.shape[-1]))
    return np.asarray(sizes)


def rows_last(a: Case) -> tuple[Floats, Any]:
    """Return scores with their classes last, and the class weights or None."""
    x = np.asarray(a["input"])
    return np.moveaxis(x, 1 if x.ndim > 1 else 0, -1), a.get("weight")


def log_softmax(x: Floats) -> Floats:
    """Return the magnitudes of what x - max - log(sum e**(x - max)) adds."""
    known = np.where(np.isfinite(x), np.abs(x), 0.0)
    return known + known.max(axis=-1, keepdims=True, initial=0.0) * 2 + np.log(x.shape[-1] or 1) + 1


def picked(x: Floats, target: Any) -> tuple[Floats, Any]:
    """Return each label's number of its row, zero where it is no class, and which are none."""
    labels = np.asarray(target).reshape(x.shape[:-1]).astype(np.int64)
    good = (labels >= 0) & (labels < x.shape[-1])
    found = np.take_along_axis(x, np.where(good, labels, 0)[..., None], -1)[..., 0]
    return np.where(good, found, 0.0), good


def nll(a: Case) -> Floats:
    x, w = rows_last(a)
    w = np.ones(x.shape[-1]) if w is None else np.abs(w)
    return np.abs(picked(x * w, a["target"])[0])


def cross_entropy(a: Case) -> Floats:
    x, w = rows_last(a)
    w = np.ones(x.shape[-1]) if w is None else np.abs(w)
    terms, s = log_softmax(x) * w, max(a.get("label_smoothing", 0.0), 0.0)
    if np.shape(a["target"]) == np.shape(a["input"]):
        target = np.abs(np.moveaxis(a["target"], 1 if np.ndim(a["target"]) > 1 else 0, -1))
        return np.sum(terms * (target * (1 - s) + s / (x.shape[-1] or 1)), axis=-1)
    value, good = picked(terms, a["target"])
    return np.where(good, (1 - s) * value + s * terms.mean(axis=-1), 0.0)


def multi_margin(a: Case) -> Floats:
    x = np.atleast_1d(a["input"])
    x = x if x.ndim == 2 else x[None]
    w = a.get("weight")
    w = np.ones(x.shape[-1]) if w is None else np.abs(w)
    labels = np.asarray(a["target"]).reshape(-1)
    own = np.abs(np.take_along_axis(x, labels[:, None], -1))
    value = w[labels] * np.mean((a.get("margin", 1.0) + own + np.abs(x)) ** a.get("p", 1), axis=-1)
    return value.reshape(np.shape(a["target"]))


def multilabel_margin(a: Case) -> Floats:
    x = np.atleast_1d(a["input"])
    x = x if x.ndim == 2 else x[None]
    largest = np.where(np.isfinite(x), np.abs(x), 0.0).max(axis=-1)
    value = x.shape[-1] * (1 + 2 * largest)
    return value.reshape(np.shape(a["target"])[:-1])


SIZES: dict[str, Callable[[Case], Any]] = {
    "l1_loss": lambda a: np.abs(a["input"] - a["target"]),
    "mse_loss": lambda a: np.abs(a["input"] - a["target"]) ** 2,
    "huber_loss": lambda a: huber(np.abs(a["input"] - a["target"]), a.get("delta", 1.0)),
    "smooth_l1_loss": lambda a: smooth(np.abs(a["input"] - a["target"]), a.get("beta", 1.0)),
    "kl_div": kl_div,
    "poisson_nll_loss": poisson,
    "gaussian_nll_loss": gaussian,
    "binary_cross_entropy": probabilities,
    "binary_cross_entropy_with_logits": logits,
    "soft_margin_loss": lambda a: np.abs(a["input"] * a["target"]) + 2.0,
    "hinge_embedding_loss": lambda a: np.abs(a["input"]) * 2 + abs(a.get("margin", 1.0)),
    "margin_ranking_loss": ranking,
    "cosine_embedding_loss": cosine,
    "triplet_margin_loss": triplet,
    "triplet_margin_with_distance_loss": triplet,
    "cross_entropy": cross_entropy,
    "nll_loss": nll,
    "multi_margin_loss": multi_margin,
    "multilabel_margin_loss": multilabel_margin,
    "multilabel_soft_margin_loss": multilabel_soft,
}


def scale(function: str, args: Case, shape: tuple[int, ...]) -> Any:
    """Return the scale of an outcome of a shape; infinite and NaN elements count as zero."""
    a = {k: wide(v) for k, v in args.items()}
    with np.errstate(all="ignore"):
        sizes = np.asarray(SIZES[function](a), np.float64)
        w = a.get("weight")
        outside = function in ("l1_loss", "mse_loss", "huber_loss") or function.startswith("binary")
        if outside and w is not None:
            sizes = sizes * np.abs(w)
        sizes = np.where(np.isfinite(sizes), sizes, 0.0)
        reduction = reduction_of(args)
        if reduction == "none":
            return np.broadcast_to(sizes, shape) if sizes.size else sizes.reshape(shape)
        if reduction == "sum":
            return sizes.sum()
        return sizes.sum() / np.abs(denominator(function, a, sizes))


def reduction_of(args: Case) -> str:
    """Return the reduction of a call; the deprecated arguments override it."""
    average, reduce = args.get("size_average"), args.get("reduce")
    if average is None and reduce is None:
        return str(args.get("reduction", "mean"))
    return "none" if reduce is False else "sum" if average is False else "mean"


def denominator(function: str, a: Case, sizes: Floats) -> float:
    """Return what a mean divides by."""
    w, shape = a.get("weight"), np.shape(a.get("input"))
    if function in ("l1_loss", "mse_loss") and w is not None:
        return float(np.sum(w))
    if a.get("reduction") == "batchmean":
        return float(shape[0] if shape else 1)
    if function in ("cross_entropy", "nll_loss") and np.shape(a["target"]) != shape:
        x, _ = rows_last(a)
        every = np.broadcast_to(np.ones(x.shape[-1]) if w is None else w, x.shape)
        kept = np.asarray(a["target"]).reshape(x.shape[:-1]) != a.get("ignore_index", -100)
        return float(np.sum(np.where(kept, picked(every, a["target"])[0], 0.0)))
    return float(sizes.size)


def wide(value: Any) -> Any:
    """Return an array in float64 or complex128, integers and anything else as they are."""
    if not isinstance(value, np.ndarray) or value.dtype.kind == "i":
        return value
    return value.astype(np.complex128 if value.dtype.kind == "c" else np.float64)
