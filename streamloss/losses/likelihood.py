"""Losses of a predicted distribution: negative log-likelihoods and divergences of one element."""

from __future__ import annotations

from typing import NamedTuple

from .arithmetic import INFINITY, NAN, exp, larger, log
from .define import loss
from .domains import NonNegative, Share
from .formulas import poisson

HALF_LOG_2PI = 0.9189385332046727


@loss("poisson", "poisson_loss", formula="y_pred - y_true log(y_pred + epsilon)")
class Poisson(NamedTuple):
    """The negative Poisson log-likelihood of a rate, up to a constant of the label.

    Keras' `Poisson`. A natural logarithm of a probability, without a unit.

    Error at most 3 ulp of the largest of y_pred, y_true and the logarithmic term.

    Examples
    --------
    >>> Poisson(epsilon=0.0).point(2.0, 1.0)
    1.0
    """

    epsilon: NonNegative = 1e-7

    def point(self, y_true: float, y_pred: float) -> float:
        """Return the loss of one element."""
        return poisson(y_true, y_pred, log(y_pred + self.epsilon))


@loss(
    "poisson_nll",
    "poisson_nll_loss",
    formula="e^x - y x if log_input else x - y log(x + epsilon)"
    " (+ y log y - y + 0.5 log(2 pi y) if full and y > 1)",
)
class PoissonNLL(NamedTuple):
    """The negative Poisson log-likelihood of a rate or, with `log_input`, of its logarithm.

    PyTorch's `PoissonNLLLoss`: `full` adds Stirling's approximation of the constant to labels
    above 1. A natural logarithm of a probability, without a unit.

    Error at most 4 ulp of the largest of y_true and the terms.

    Examples
    --------
    >>> PoissonNLL().point(2.0, 0.0), PoissonNLL(log_input=0.0, epsilon=0.0).point(2.0, 1.0)
    (1.0, 1.0)
    """

    log_input: Share = 1.0
    full: Share = 0.0
    epsilon: NonNegative = 1e-8

    def point(self, y_true: float, y_pred: float) -> float:
        """Return the loss of one element."""
        if self.log_input != 0.0:
            value = poisson(y_true, exp(y_pred), y_pred)
        else:
            value = poisson(y_true, y_pred, log(y_pred + self.epsilon))
        if (self.full != 0.0) & (y_true > 1.0):
            value += y_true * log(y_true) - y_true + (HALF_LOG_2PI + 0.5 * log(y_true))
        return value


@loss(
    "gaussian_nll",
    "gaussian_nll_loss",
    formula="0.5 (log v + (mean - y_true)^2 / v) (+ 0.5 log(2 pi) if full),"
    "  v = max(variance, epsilon)",
)
class GaussianNLL(NamedTuple):
    """The negative Gaussian log-likelihood of ``y_pred=(mean, variance)``; NaN if variance < 0.

    PyTorch's `GaussianNLLLoss`; Nix and Weigend (1994), Estimating the mean and variance of the
    target probability distribution, eq. 4. A natural logarithm of a density, without a unit.

    Error at most 5 ulp of its largest term.

    Examples
    --------
    >>> GaussianNLL().point(1.0, 3.0, 1.0), GaussianNLL(full=1.0).point(0.0, 0.0, 1.0)
    (2.0, 0.9189385332046727)
    """

    full: Share = 0.0
    epsilon: NonNegative = 1e-6

    def point(self, y_true: float, mean: float, variance: float) -> float:
        """Return the loss of one element."""
        if variance < 0.0:
            return NAN
        v = larger(variance, self.epsilon)
        error = mean - y_true
        if (v == 0.0) | (v == INFINITY):  # of mean and variance both at their ends, all paths
            return NAN if (error == 0.0) & (v == 0.0) else abs(error) + INFINITY
        value = 0.5 * (log(v) + error * error / v)
        return value + HALF_LOG_2PI if self.full != 0.0 else value


@loss(
    "kl_divergence",
    "kl_div",
    formula="y (log y - x), 0 at y = 0; e^y (y - x) if log_target",
)
class KLDivergence(NamedTuple):
    """The summand of a Kullback-Leibler divergence from a predicted log-probability x.

    PyTorch's `KLDivLoss`: a label is a probability, or its logarithm with `log_target`. In nats.

    Error at most 4 ulp of its largest term.

    Examples
    --------
    >>> KLDivergence().point(1.0, -2.0), KLDivergence(log_target=1.0).point(0.0, -2.0)
    (2.0, 2.0)
    """

    log_target: Share = 0.0

    def point(self, y_true: float, y_pred: float) -> float:
        """Return the loss of one element."""
        if self.log_target != 0.0:
            if y_true == -INFINITY:
                return 0.0 if y_pred == y_pred else NAN
            gap = y_true - y_pred
            return exp(y_true) * gap if abs(gap) < INFINITY else gap
        if y_true == 0.0:
            return 0.0 if y_pred == y_pred else NAN
        return y_true * (log(y_true) - y_pred)
