"""Formulas of the losses of elements: numpy's arithmetic, or the textbook's on decimals."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal, localcontext
from typing import Any

import numpy as np

from tests.losses.truth.decimals import clipped, dlog, raised, softplus
from tests.losses.truth.row import Floats

# Of an error.


def absolute(y: Floats, p: Floats) -> Floats:
    return np.abs(p - y)


def squared(y: Floats, p: Floats) -> Floats:
    return (p - y) * (p - y)


def huber(delta: float) -> Callable[[Floats, Floats], Floats]:
    def formula(y: Floats, p: Floats) -> Floats:
        error = np.abs(p - y)
        return np.where(error <= delta, 0.5 * error * error, delta * (error - 0.5 * delta))

    return formula


def smooth_l1(beta: float) -> Callable[[Floats, Floats], Floats]:
    def formula(y: Floats, p: Floats) -> Floats:
        error = np.abs(p - y)
        return np.where(error < beta, 0.5 * error * error / beta, error - 0.5 * beta)

    return formula


def log_cosh(y: Decimal, p: Decimal) -> Decimal:
    """Return log(cosh(p - y)), where the difference is rounded as the loss rounds it."""
    return log_cosh_of(float(p) - float(y))


def log_cosh_of(error: float) -> Decimal:
    """Return log(cosh(error)) with half of the digits of the context at least."""
    e = abs(Decimal(error))
    if not e.is_finite():
        return e
    if e < Decimal("1e-12"):  # the next term of the series is e**8
        return e**2 / 2 - e**4 / 12 + e**6 / 45
    if e > 1000:
        return e - Decimal(2).ln()
    return ((e.exp() + (-e).exp()) / 2).ln()


@np.vectorize(otypes=[float])
def exact_log_cosh(error: float) -> float:
    """Return log(cosh(error)) rounded once, from 60 digits."""
    with localcontext(prec=60):
        return float(log_cosh_of(error))


def quantile(q: float) -> Callable[[Floats, Floats], Floats]:
    def formula(y: Floats, p: Floats) -> Floats:
        error = y - p
        return np.where(error >= 0.0, q * error, (q - 1.0) * error)

    return formula


# Of a number.


def percentage(epsilon: float, factor: float) -> Callable[[Floats, Floats], Floats]:
    return lambda y, p: factor * (np.abs(p - y) / np.maximum(np.abs(y), epsilon))


def symmetric_percentage(epsilon: float, factor: float) -> Callable[[Floats, Floats], Floats]:
    return lambda y, p: factor * (np.abs(p - y) / np.maximum(np.abs(y) + np.abs(p), epsilon))


def squared_log(floor: float) -> Callable[[Decimal, Decimal], Decimal]:
    f = Decimal(floor)
    return lambda y, p: ((1 + max(p, f)).ln() - (1 + max(y, f)).ln()) ** 2


def poisson_deviance(y: Decimal, p: Decimal) -> Decimal:
    return 2 * ((y * (y / p).ln() if y else 0) - y + p)


def gamma_deviance(y: Decimal, p: Decimal) -> Decimal:
    return 2 * ((p / y).ln() + y / p - 1)


def tweedie(power: float) -> Callable[[Decimal, Decimal], Any]:
    k = Decimal(power)

    def formula(y: Decimal, p: Decimal) -> Any:
        a = (y ** (2 - k) if y > 0 else 0) / ((1 - k) * (2 - k))
        b, c = y * p ** (1 - k) / (1 - k), p ** (2 - k) / (2 - k)
        return 2 * (a - b + c), 2 * max(abs(a), abs(b), abs(c))

    return formula


def poisson(epsilon: float) -> Callable[[Decimal, Decimal], Any]:
    def formula(y: Decimal, p: Decimal) -> Any:
        log = (p + Decimal(epsilon)).ln()
        return p - y * log, max(p, y, abs(y * log))

    return formula


PI = Decimal("3.14159265358979323846264338327950288419716939937510582")


def poisson_nll(log_input: bool, full: bool, epsilon: float) -> Callable[[Decimal, Decimal], Any]:
    def formula(y: Decimal, x: Decimal) -> Any:
        if log_input:
            value, scale = x.exp() - y * x, max(x.exp(), abs(y * x))
        else:
            value, scale = poisson(epsilon)(y, x)
        if full and y > 1:
            value += y * y.ln() - y + (2 * PI * y).ln() / 2
            scale = max(scale, y * y.ln(), y)
        return value, scale

    return formula


def gaussian_nll(full: bool, epsilon: float) -> Callable[[Decimal, Decimal, Decimal], Any]:
    def formula(y: Decimal, mean: Decimal, variance: Decimal) -> Any:
        v = max(variance, Decimal(epsilon))
        a, b = v.ln() / 2, (mean - y) ** 2 / v / 2
        return a + b + (2 * PI).ln() / 2 * full, max(abs(a), b, Decimal(full))

    return formula


def kl_divergence(y: Decimal, x: Decimal) -> Any:
    if y == 0:
        return Decimal(0)
    return y * (y.ln() - x), y * max(abs(y.ln()), abs(x))


def kl_divergence_of_logs(y: Decimal, x: Decimal) -> Decimal:
    return y.exp() * (y - x)


# Of two classes.


def log_loss(epsilon: float) -> Callable[[Decimal, Decimal], Any]:
    def formula(y: Decimal, p: Decimal) -> Any:
        a, b = -y * (p + Decimal(epsilon)).ln(), -(1 - y) * (1 - p + Decimal(epsilon)).ln()
        return a + b, max(abs(a), abs(b), y, 1 - y)

    return formula


def cross_entropy(y: Decimal, p: Decimal, floor: int = -100) -> Decimal:
    return -y * max(dlog(p), Decimal(floor)) - (1 - y) * max(dlog(1 - p), Decimal(floor))


def binary(low: float, high: float, smoothing: float) -> Callable[[Decimal, Decimal], Decimal]:
    s = Decimal(smoothing)
    return lambda y, p: cross_entropy(y * (1 - s) + s / 2, clipped(p, low, high))


def with_logits(smoothing: float) -> Callable[[Decimal, Decimal], Any]:
    s = Decimal(smoothing)

    def formula(y: Decimal, x: Decimal) -> Any:
        y = y * (1 - s) + s / 2
        return y * softplus(-x) + (1 - y) * softplus(x), max(abs(x), softplus(x) - max(x, 0))

    return formula


def weighted_with_logits(y: Decimal, x: Decimal, w: Decimal) -> Any:
    value = w * y * softplus(-x) + (1 - y) * softplus(x)
    return value, max(abs(x), softplus(-x) * max(Decimal(1), abs(w - 1) * y))


def binary_focal(
    gamma: float, alpha: float, balanced: bool, low: float, high: float, smoothing: float
) -> Callable[..., Decimal]:
    s, a = Decimal(smoothing), Decimal(alpha)

    def formula(y: Decimal, p: Decimal) -> Decimal:
        y = y * (1 - s) + s / 2
        value = cross_entropy(y, clipped(p, low, high))
        value *= raised(y * (1 - p) + (1 - y) * p, gamma)
        return value * (y * a + (1 - y) * (1 - a)) if balanced else value

    return formula


def binary_focal_with_logits(
    gamma: float, alpha: float, balanced: int, smoothing: float
) -> Callable[[Decimal, Decimal], Decimal]:
    s, a = Decimal(smoothing), Decimal(alpha)

    def formula(y: Decimal, x: Decimal) -> Decimal:
        y = y * (1 - s) + s / 2
        value = y * softplus(-x) + (1 - y) * softplus(x)
        value *= raised(y / (1 + x.exp()) + (1 - y) / (1 + (-x).exp()), gamma)
        return value * (y * a + (1 - y) * (1 - a)) if balanced else value

    return formula


def hinge(s: Floats, x: Floats) -> Floats:
    return np.maximum(1.0 - s * x, 0.0)


def hinge_embedding(margin: float) -> Callable[[Floats, Floats], Floats]:
    def formula(y: Floats, x: Floats) -> Floats:
        return np.where(y != -1.0, x, 0.0) + np.where(y != 1.0, np.maximum(margin - x, 0.0), 0.0)

    return formula


def margin_ranking(margin: float) -> Callable[[Floats, Floats, Floats], Floats]:
    return lambda y, a, b: np.maximum(-y * (a - b) + margin, 0.0)
