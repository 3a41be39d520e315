"""What is true of the losses beyond `reference.CASES`: a formula and data for each of them.

A formula of arithmetic alone (`ulps` = 0) is numpy on whole arrays, with the operations in the
order of the loss's contract. The other formulas are the textbook's on `Decimal`s of 50 digits.
They return the loss, or the loss and the scale whose ulp its error is measured in: its largest
term, where terms may cancel.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from decimal import Decimal, localcontext
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from streamloss import losses as sl

Floats = NDArray[np.float64]
Inputs = tuple[Floats, ...]
Draw = Callable[[np.random.Generator, int], Inputs]

HIGH = 1.0 - 1e-7


class Family(NamedTuple):
    """A loss, its formula, data of its domain, and by how many ulp it may miss the formula."""

    loss: Any
    formula: Callable[..., Any]
    draw: Draw
    ulps: float = 0

    def __call__(self, *inputs: Floats) -> Floats:
        """Return the losses of a formula of arithmetic."""
        with np.errstate(all="ignore"):
            return np.asarray(self.formula(*inputs), np.float64)

    def misses(self, found: Floats, *inputs: Floats) -> float:
        """Return the largest distance of losses from the formula, in ulp of the scale."""
        return max(map(self._miss, found.tolist(), *(a.tolist() for a in inputs)))

    def _miss(self, found: float, *inputs: Any) -> float:
        with localcontext(prec=50):
            given = ([Decimal(x) for x in a] if isinstance(a, list) else Decimal(a) for a in inputs)
            value = self.formula(*given)
            value, scale = value if isinstance(value, tuple) else (value, abs(value))
            return float(abs(Decimal(found) - value) / Decimal(math.ulp(float(scale))))


def name(family: Family) -> str:
    """Return the name of a family in a list of tests."""
    return repr(family.loss)


def log1p(z: Decimal) -> Decimal:
    return z - z**2 / 2 + z**3 / 3 if abs(z) < Decimal("1e-20") else (1 + z).ln()


def softplus(x: Decimal) -> Decimal:
    return max(x, Decimal(0)) + log1p((-abs(x)).exp())


def raised(x: Decimal, p: float) -> Decimal:
    return Decimal(p == 0) if x == 0 else x ** Decimal(p)


def clipped(x: Decimal, low: float, high: float) -> Decimal:
    return min(max(x, Decimal(low)), Decimal(high))


def dlog(x: Decimal) -> Decimal:
    return x.ln() if x else Decimal("-1e999")


# Data. Each is a function of a generator and a number of elements or rows.


def reals(rng: np.random.Generator, n: int) -> Inputs:
    """Labels and predictions whose errors have many sizes; a few are equal, a few zero."""
    y = rng.normal(size=n) * (rng.random(n) < 0.95)
    return y, y + 10.0 ** rng.integers(-6, 4, n) * rng.normal(size=n) * (rng.random(n) < 0.95)


def positive(rng: np.random.Generator, n: int) -> Inputs:
    """Positive labels and predictions whose quotients lie near 1, and far from it."""
    y = rng.lognormal(sigma=2.0, size=n)
    return y, y * np.exp(10.0 ** rng.integers(-6, 2, n) * rng.normal(size=n) * 0.1)


def counts(rng: np.random.Generator, n: int) -> Inputs:
    return rng.poisson(3.0, n).astype(float), rng.lognormal(sigma=1.5, size=n)


def counts_and_logs(rng: np.random.Generator, n: int) -> Inputs:
    y, rates = counts(rng, n)
    return y, np.log(rates)


def moments(rng: np.random.Generator, n: int) -> Inputs:
    y, mean = reals(rng, n)
    return y, mean, rng.lognormal(sigma=4.0, size=n) * (rng.random(n) < 0.9)


def zero_to_one(rng: np.random.Generator, n: Any) -> Floats:
    """Probabilities of all sizes: near 0, near 1, and both themselves."""
    p = 1.0 / (1.0 + np.exp(-12.0 * rng.normal(size=n)))
    return np.where(rng.random(n) < 0.1, np.round(p), p)


def probabilities(rng: np.random.Generator, n: int) -> Inputs:
    y = rng.integers(0, 2, n).astype(float)
    return np.where(rng.random(n) < 0.3, rng.random(n), y), zero_to_one(rng, n)


def hard_probabilities(rng: np.random.Generator, n: int) -> Inputs:
    return rng.integers(0, 2, n).astype(float), zero_to_one(rng, n)


def logits(rng: np.random.Generator, n: int) -> Inputs:
    return probabilities(rng, n)[0], rng.normal(size=n) * 10.0 ** rng.integers(-3, 3, n)


def hard_logits(rng: np.random.Generator, n: int) -> Inputs:
    return rng.integers(0, 2, n).astype(float), logits(rng, n)[1]


def weighted_logits(rng: np.random.Generator, n: int) -> Inputs:
    return *logits(rng, n), rng.lognormal(size=n)


def signs(rng: np.random.Generator, n: int) -> Inputs:
    return rng.choice([-1.0, 1.0], n), logits(rng, n)[1]


def any_signs(rng: np.random.Generator, n: int) -> Inputs:
    return rng.choice([-1.0, 1.0, 0.0, 2.0], n), rng.normal(size=n)


def equal_or_not(rng: np.random.Generator, n: int) -> Inputs:
    return rng.integers(0, 3, n).astype(float), rng.integers(0, 3, n).astype(float)


def ranked(rng: np.random.Generator, n: int) -> Inputs:
    return rng.choice([-1.0, 1.0], n), rng.normal(size=n), rng.normal(size=n)


# Formulas: of a number.


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


# Formulas: of two classes.


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


MORE = [
    Family(sl.AbsolutePercentageError(), percentage(2.0**-52, 1.0), reals),
    Family(sl.AbsolutePercentageError(1e-7, 100.0), percentage(1e-7, 100.0), reals),
    Family(sl.SymmetricAbsolutePercentageError(), symmetric_percentage(2.0**-52, 2.0), reals),
    Family(sl.SymmetricAbsolutePercentageError(1e-3, 1.0), symmetric_percentage(1e-3, 1.0), reals),
    Family(sl.EpsilonInsensitive(0.5), lambda y, p: np.maximum(np.abs(p - y) - 0.5, 0.0), reals),
    Family(sl.SquaredLogError(), squared_log(-1.0), positive, 6),
    Family(sl.SquaredLogError(1e-7), squared_log(1e-7), reals, 6),
    Family(sl.PoissonDeviance(), poisson_deviance, positive, 10),
    Family(sl.PoissonDeviance(), poisson_deviance, counts, 10),
    Family(sl.GammaDeviance(), gamma_deviance, positive, 10),
    Family(sl.TweedieDeviance(0.0), lambda y, p: (p - y) * (p - y), reals),
    Family(sl.TweedieDeviance(1.0), poisson_deviance, counts, 10),
    Family(sl.TweedieDeviance(2.0), gamma_deviance, positive, 10),
    *(Family(sl.TweedieDeviance(k), tweedie(k), positive, 4) for k in (-1.5, 1.25, 1.5, 3.0)),
    Family(sl.TweedieDeviance(1.5), tweedie(1.5), counts, 4),
    Family(sl.Poisson(), poisson(1e-7), counts, 3),
    Family(sl.PoissonNLL(), poisson_nll(True, False, 1e-8), counts_and_logs, 4),
    Family(sl.PoissonNLL(1.0, 1.0), poisson_nll(True, True, 1e-8), counts_and_logs, 4),
    Family(sl.PoissonNLL(0.0, 1.0, 1e-3), poisson_nll(False, True, 1e-3), counts, 4),
    Family(sl.GaussianNLL(), gaussian_nll(False, 1e-6), moments, 5),
    Family(sl.GaussianNLL(1.0, 1e-3), gaussian_nll(True, 1e-3), moments, 5),
    Family(sl.KLDivergence(), kl_divergence, lambda rng, n: probabilities(rng, n)[::-1], 4),
    Family(sl.KLDivergence(1.0), kl_divergence_of_logs, reals, 4),
    Family(sl.LogLoss(), log_loss(1e-7), probabilities, 3),
    Family(sl.LogLoss(1e-2), log_loss(1e-2), probabilities, 3),
    Family(sl.BinaryCrossEntropy(), binary(1e-7, HIGH, 0.0), probabilities, 4),
    Family(sl.BinaryCrossEntropy(0.0, 1.0), binary(0.0, 1.0, 0.0), probabilities, 4),
    Family(sl.BinaryCrossEntropy(smoothing=0.1), binary(1e-7, HIGH, 0.1), probabilities, 4),
    Family(sl.BinaryCrossEntropyWithLogits(), with_logits(0.0), logits, 4),
    Family(sl.BinaryCrossEntropyWithLogits(0.1), with_logits(0.1), logits, 4),
    Family(sl.WeightedBinaryCrossEntropyWithLogits(), weighted_with_logits, weighted_logits, 5),
    *(
        Family(sl.BinaryFocal(*p), binary_focal(*p), probabilities, 9)
        for p in ((2.0, 0.25, 0, 1e-7, HIGH, 0.0), (1.5, 0.4, 1, 1e-3, 0.99, 0.1))
    ),
    *(
        Family(sl.BinaryFocalWithLogits(*p), binary_focal_with_logits(*p), hard_logits, 9)
        for p in ((2.0, 0.25, 0, 0.0), (1.5, 0.4, 1, 0.1))
    ),
    Family(sl.Hinge(), hinge, signs),
    Family(sl.Hinge(1.0), lambda y, x: hinge(2.0 * y - 1.0, x), logits),
    Family(sl.SquaredHinge(), lambda s, x: hinge(s, x) * hinge(s, x), signs),
    Family(sl.SquaredHinge(1.0), lambda y, x: hinge(2.0 * y - 1.0, x) ** 2, hard_logits),
    Family(sl.HingeEmbedding(), hinge_embedding(1.0), any_signs),
    Family(sl.HingeEmbedding(0.3), hinge_embedding(0.3), any_signs),
    Family(sl.SoftMargin(), lambda y, x: softplus(-y * x), signs, 2),
    Family(sl.MarginRanking(), margin_ranking(0.0), ranked),
    Family(sl.MarginRanking(0.3), margin_ranking(0.3), ranked),
    Family(sl.ZeroOne(), lambda y, p: y != p, equal_or_not),
]
