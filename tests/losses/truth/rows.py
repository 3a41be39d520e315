"""Formulas of the losses of rows: numpy's arithmetic, or the textbook's on lists of decimals."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import numpy as np

from tests.losses.truth.decimals import clipped, log1p, raised, softplus
from tests.losses.truth.draws import CLASSES
from tests.losses.truth.row import Floats


def log_shares(x: list[Decimal]) -> list[Decimal]:
    """Return the logarithms of the softmax, which keep their digits near zero."""
    found = []
    for xc in x:
        others = [(xk - xc).exp() for k, xk in enumerate(x) if x.index(xc) != k]
        found.append(-log1p(sum(others)))
    return found


def spread(x: list[Decimal]) -> Decimal:
    """Return how much a rounded difference of logits counts: their range, at least 1."""
    return max(max(x) - min(x), Decimal(1))


def softmax(smoothing: float) -> Callable[..., Any]:
    s = Decimal(smoothing)

    def formula(y: list[Decimal], x: list[Decimal], w: Any = (1,) * CLASSES) -> Any:
        logs = log_shares(x)
        value = sum(
            -wc * (yc * (1 - s) + s / CLASSES) * lc for wc, yc, lc in zip(w, y, logs, strict=True)
        )
        return value, value * spread(x)

    return formula


def sparse_softmax(smoothing: float) -> Callable[..., Any]:
    s = Decimal(smoothing)

    def formula(y: Decimal, x: list[Decimal], w: Any = (1,) * CLASSES) -> Any:
        logs = log_shares(x)
        smooth = sum(-wc * lc for wc, lc in zip(w, logs, strict=True)) / CLASSES
        value = (1 - s) * w[int(y)] * -logs[int(y)] + s * smooth
        return value, value * spread(x)

    return formula


def chosen(y: Floats, x: Floats) -> Floats:
    return np.take_along_axis(x, y.astype(int)[:, None], 1)[:, 0]


def shares(p: list[Decimal], low: float, high: float, normalize: bool = True) -> list[Decimal]:
    total = sum(p) if normalize else 1
    return [clipped(pc / total, low, high) for pc in p]


def categorical(
    low: float, high: float, smoothing: float, normalize: bool
) -> Callable[[list[Decimal], list[Decimal]], Any]:
    s = Decimal(smoothing)

    def formula(y: list[Decimal], p: list[Decimal]) -> Any:
        value = scale = Decimal(0)
        for yc, pc in zip(y, shares(p, low, high, normalize), strict=True):
            yc = yc * (1 - s) + s / CLASSES
            value -= yc * pc.ln()
            scale += yc * max(abs(pc.ln()), Decimal(normalize))
        return value, scale

    return formula


def sparse_categorical(
    low: float, high: float, normalize: bool, clip_first: bool = False
) -> Callable[[Decimal, list[Decimal]], Any]:
    def formula(y: Decimal, p: list[Decimal]) -> Any:
        if clip_first:
            clipped = shares(p, low, high, False)
            value = -(clipped[int(y)] / sum(clipped)).ln()
            return value, max(value, Decimal(1))
        value = -shares(p, low, high, normalize)[int(y)].ln()
        return value, max(value, Decimal(normalize))

    return formula


def focal(
    alpha: float, gamma: float, low: float, high: float, smoothing: float
) -> Callable[[list[Decimal], list[Decimal]], Any]:
    s, a, g = Decimal(smoothing), Decimal(alpha), Decimal(gamma)

    def formula(y: list[Decimal], p: list[Decimal]) -> Any:
        value = scale = Decimal(0)
        for yc, pc in zip(y, shares(p, low, high), strict=True):
            yc = yc * (1 - s) + s / CLASSES
            value -= a * raised(1 - pc, gamma) * yc * pc.ln()
            scale += a * raised(1 - pc, gamma) * yc * max(abs(pc.ln()), 1)
            scale += a * g * raised(1 - pc, gamma - 1) * pc * yc * abs(pc.ln())
        return value, scale

    return formula


def focal_with_logits(*parameters: float) -> Callable[[list[Decimal], list[Decimal]], Any]:
    def formula(y: list[Decimal], x: list[Decimal]) -> Any:
        value, _ = focal(*parameters)(y, [lc.exp() for lc in log_shares(x)])
        return value, value * spread(x)

    return formula


def generalized(q: float) -> Callable[[Decimal, list[Decimal]], Decimal]:
    return lambda y, p: (1 - raised(p[int(y)], q)) / Decimal(q)


def kl_row(epsilon: float) -> Callable[[list[Decimal], list[Decimal]], Any]:
    def formula(y: list[Decimal], p: list[Decimal]) -> Any:
        value = scale = Decimal(0)
        for yc, pc in zip(shares(y, epsilon, 1, False), shares(p, epsilon, 1, False), strict=True):
            value += yc * (yc / pc).ln()
            scale += yc * max(abs((yc / pc).ln()), 1)
        return value, scale

    return formula


def total(columns: Any) -> Floats:
    """Return the sum of columns from the first to the last."""
    found = np.float64(0.0)
    for column in columns:
        found = found + column
    return found


def inner(a: Floats, b: Floats) -> Floats:
    return total((a * b).T)


def brier(y: Floats, p: Floats) -> Floats:
    gaps = np.where(np.arange(CLASSES) == y[:, None], 1.0 - p, p)
    return inner(gaps, gaps)


def class_hinge(y: Floats, x: Floats) -> Floats:
    others = np.where(np.arange(CLASSES) == y[:, None], -np.inf, x)
    return np.maximum(1.0 - (chosen(y, x) - others.max(axis=1)), 0.0)


def categorical_hinge(y: Floats, p: Floats) -> Floats:
    return np.maximum(np.max((1.0 - y) * p, axis=1) - inner(y, p) + 1.0, 0.0)


def multi_margin(margin: float, square: bool) -> Callable[..., Floats]:
    def formula(y: Floats, x: Floats, w: Any = None) -> Floats:
        gaps = np.maximum(margin - chosen(y, x)[:, None] + x, 0.0)
        gaps = np.where(np.arange(CLASSES) == y[:, None], 0.0, gaps * gaps if square else gaps)
        return (1.0 if w is None else chosen(y, w)) * total(gaps.T) / CLASSES

    return formula


def powered_margin(margin: float, p: float) -> Callable[[Decimal, list[Decimal]], Any]:
    def formula(y: Decimal, x: list[Decimal]) -> Any:
        xy = x[int(y)]
        gaps = [max(Decimal(margin) - xy + xi, Decimal(0)) for i, xi in enumerate(x) if i != y]
        rounding = max(Decimal(margin), *map(abs, x)) * max(raised(gap, p - 1) for gap in gaps)
        return sum(raised(gap, p) for gap in gaps) / CLASSES, rounding

    return formula


def multi_label_margin(y: Floats, x: Floats) -> Floats:
    found = []
    for row, scores in zip(y, x, strict=True):
        wanted = [int(k) for k in row[: np.argmax([*(row < 0.0), True])]]
        others = (i for i in range(CLASSES) if i not in wanted)
        gaps = [max(1.0 - (scores[k] - scores[i]), 0.0) for i in others for k in wanted]
        found.append(total(gaps) / CLASSES)
    return np.array(found)


def soft_margins(y: list[Decimal], x: list[Decimal], w: Any = (1,) * CLASSES) -> Decimal:
    terms = zip(w, y, x, strict=True)
    return (
        sum(wc * (yc * softplus(-xc) + (1 - yc) * softplus(xc)) for wc, yc, xc in terms) / CLASSES
    )


def cosine_similarity(epsilon: float) -> Callable[[Floats, Floats], Floats]:
    def formula(y: Floats, p: Floats) -> Floats:
        a, b = (np.maximum(np.sqrt(inner(x, x)), epsilon) for x in (y, p))
        return -(inner(y, p) / a / b)

    return formula


def cosine_embedding(margin: float) -> Callable[[Floats, Floats, Floats], Floats]:
    def formula(y: Floats, a: Floats, b: Floats) -> Floats:
        cosine = inner(a, b) / np.sqrt((inner(a, a) + 1e-12) * (inner(b, b) + 1e-12))
        apart = np.maximum(cosine - margin, 0.0)
        return np.where(y == 1.0, 1.0 - cosine, np.where(y == -1.0, apart, 0.0))

    return formula


def triplet(margin: float, square: bool, epsilon: float, swap: bool) -> Callable[..., Floats]:
    def apart(a: Floats, b: Floats) -> Floats:
        gaps = np.abs(a - b + epsilon)
        return np.sqrt(inner(gaps, gaps)) if square else total(gaps.T)

    def formula(a: Floats, b: Floats, c: Floats) -> Floats:
        far = np.minimum(apart(a, c), apart(b, c)) if swap else apart(a, c)
        return np.maximum(margin + apart(a, b) - far, 0.0)

    return formula


def powered_triplet(p: float, e: float) -> Callable[..., Any]:
    epsilon = Decimal(e)

    def apart(a: list[Decimal], b: list[Decimal]) -> Decimal:
        gaps = (abs(x - z + epsilon) for x, z in zip(a, b, strict=True))
        return sum(raised(gap, p) for gap in gaps) ** (1 / Decimal(p))

    def formula(a: list[Decimal], b: list[Decimal], c: list[Decimal]) -> Any:
        return max(1 + apart(a, b) - apart(a, c), Decimal(0)), max(1, apart(a, b), apart(a, c))

    return formula


def pairwise(y: list[Decimal], p: list[Decimal], w: list[Decimal]) -> Any:
    n = sum(x != 0 for x in w)
    if n <= 1:
        return Decimal(0)
    errors = [pc - yc for yc, pc in zip(y, p, strict=True)]
    squares, square = sum(e * e for e in errors) / (n - 1), sum(errors) ** 2 / (n * (n - 1))
    return 2 * (squares - square), 2 * max(squares - sum(errors) ** 2 / (CLASSES * (n - 1)), square)
