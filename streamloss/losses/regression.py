"""Losses of a number: errors, percentages, logarithms and deviances."""

from __future__ import annotations

from typing import Annotated, NamedTuple

from .arithmetic import INFINITY, expm1, larger, log1p, modulus, smaller, sqrt
from .define import loss
from .domains import Interval, NonNegative, Positive, Proportion
from .formulas import deviance, gamma_deviance, tweedie

LOG2 = 0.6931471805599453


@loss(
    "absolute_error",
    "mae",
    "mean_absolute_error",
    "l1",
    formula="|y_pred - y_true|",
    complex_inputs=True,
)
class AbsoluteError(NamedTuple):
    """The absolute error, in the unit of y_true; the modulus of complex numbers.

    Examples
    --------
    >>> AbsoluteError().point(1.0, 3.5)
    2.5
    """

    def point(self, y_true: complex, y_pred: complex) -> float:
        """Return the loss of one element."""
        return modulus(y_pred - y_true)


@loss(
    "squared_error",
    "mse",
    "mean_squared_error",
    "l2",
    "binary_brier",
    formula="(y_pred - y_true)^2",
)
class SquaredError(NamedTuple):
    """The squared error, in the unit of y_true squared.

    Examples
    --------
    >>> SquaredError().point(1.0, 3.5)
    6.25
    """

    def point(self, y_true: float, y_pred: float) -> float:
        """Return the loss of one element."""
        error = y_pred - y_true
        return error * error


@loss("root_mean_squared_error", "rmse", formula="(y_pred - y_true)^2, of whose mean the root")
class RootMeanSquaredError(SquaredError):
    """The square root of the mean squared error, in the unit of y_true.

    It needs a mean: the reductions sum and none are refused.

    Examples
    --------
    >>> RootMeanSquaredError().finish(6.25)
    2.5
    """

    __slots__ = ()

    def finish(self, mean: float) -> float:
        """Return the square root of the rounded mean."""
        return sqrt(mean)


@loss(
    "huber",
    "huber_loss",
    formula="0.5 e^2 if |e| <= delta else delta (|e| - 0.5 delta),  e = y_pred - y_true",
)
class Huber(NamedTuple):
    """The Huber loss: squared up to `delta`, absolute beyond; in the unit of y_true squared.

    Huber (1964), Robust estimation of a location parameter, eq. 1.

    Examples
    --------
    >>> Huber(delta=0.5).point(1.0, 3.0), Huber(delta=0.5).point(1.0, 1.25)
    (0.875, 0.03125)
    """

    delta: Positive = 1.0

    def point(self, y_true: float, y_pred: float) -> float:
        """Return the loss of one element."""
        error, delta = abs(y_pred - y_true), self.delta
        least = error if error < delta else delta  # of both formulas it makes one, in vectors
        return least * (error - 0.5 * least)


@loss(
    "smooth_l1",
    "smooth_l1_loss",
    formula="0.5 e^2 / beta if |e| < beta else |e| - 0.5 beta,  e = y_pred - y_true",
)
class SmoothL1(NamedTuple):
    """The Huber loss divided by `beta`, in the unit of y_true; absolute error for beta = 0.

    Girshick (2015), Fast R-CNN, eq. 3, where beta is 1.

    Examples
    --------
    >>> SmoothL1(beta=0.5).point(1.0, 3.0), SmoothL1(beta=0.0).point(1.0, 3.0)
    (1.75, 2.0)
    """

    beta: NonNegative = 1.0

    def point(self, y_true: float, y_pred: float) -> float:
        """Return the loss of one element."""
        error = abs(y_pred - y_true)
        beta = self.beta
        return 0.5 * error * error / beta if error < beta else error - 0.5 * beta


@loss("log_cosh", "logcosh", formula="log(cosh(y_pred - y_true))")
class LogCosh(NamedTuple):
    """The logarithm of the hyperbolic cosine of the error, in the unit of y_true, squared if small.

    Relative error at most 4 ulp: with m = e**|error| - 1 it is log(1 + m**2 / (2 (m + 1))), in
    which nothing cancels, and above 25, |error| - log 2.

    Examples
    --------
    >>> LogCosh().point(0.0, 1e-10), LogCosh().point(0.0, 1000.0)
    (5e-21, 999.3068528194401)
    """

    def point(self, y_true: float, y_pred: float) -> float:
        """Return the loss of one element."""
        error = abs(y_pred - y_true)
        m = expm1(error)
        small = log1p(0.5 * m * (m / (m + 1.0)))
        return small if error < 25.0 else error - LOG2


@loss(
    "quantile",
    "pinball",
    "quantile_loss",
    formula="q e if e >= 0 else (q - 1) e,  e = y_true - y_pred",
)
class Quantile(NamedTuple):
    """The pinball loss of a predicted quantile `q`, in the unit of y_true.

    Koenker and Bassett (1978), Regression quantiles, eq. 2.1.

    Examples
    --------
    >>> Quantile(0.9).point(3.0, 1.0), Quantile(0.75).point(1.0, 3.0)
    (1.8, 0.5)
    """

    q: Proportion = 0.5

    def point(self, y_true: float, y_pred: float) -> float:
        """Return the loss of one element."""
        error = y_true - y_pred
        return self.q * error if error >= 0.0 else (self.q - 1.0) * error


@loss("epsilon_insensitive", "svr", formula="max(0, |y_pred - y_true| - epsilon)")
class EpsilonInsensitive(NamedTuple):
    """The absolute error beyond a margin of `epsilon`, in the unit of y_true.

    Vapnik (1995), The nature of statistical learning theory, eq. 6.1.

    Examples
    --------
    >>> EpsilonInsensitive(0.5).point(1.0, 3.0), EpsilonInsensitive(0.5).point(1.0, 1.25)
    (1.5, 0.0)
    """

    epsilon: NonNegative = 0.1

    def point(self, y_true: float, y_pred: float) -> float:
        """Return the loss of one element."""
        return larger(abs(y_pred - y_true) - self.epsilon, 0.0)


@loss("value", formula="y_true")
class Value(NamedTuple):
    """A loss that is already computed: the value given, in its own unit.

    Examples
    --------
    >>> Value().point(0.25)
    0.25
    """

    def point(self, y_true: float) -> float:
        """Return the loss of one element."""
        return y_true


@loss(
    "absolute_percentage_error",
    "mape",
    "mean_absolute_percentage_error",
    formula="factor |y_pred - y_true| / max(|y_true|, epsilon)",
)
class AbsolutePercentageError(NamedTuple):
    """The absolute error in units of the label, without a unit; a `factor` of 100 is per cent.

    scikit-learn's `mean_absolute_percentage_error`; Keras has an epsilon of 1e-7 and a factor
    of 100.

    Examples
    --------
    >>> AbsolutePercentageError(factor=100.0).point(2.0, 3.0)
    50.0
    """

    epsilon: Positive = 2.220446049250313e-16
    factor: Positive = 1.0

    def point(self, y_true: float, y_pred: float) -> float:
        """Return the loss of one element."""
        return self.factor * (abs(y_pred - y_true) / larger(abs(y_true), self.epsilon))


@loss(
    "symmetric_absolute_percentage_error",
    "smape",
    "symmetric_mean_absolute_percentage_error",
    formula="factor |y_pred - y_true| / max(|y_true| + |y_pred|, epsilon)",
)
class SymmetricAbsolutePercentageError(NamedTuple):
    """The absolute error in units of label and prediction, without a unit; at most `factor`.

    Makridakis (1993), Accuracy measures: theoretical and practical concerns, where the factor is
    2: the error is divided by the mean of both.

    Examples
    --------
    >>> SymmetricAbsolutePercentageError().point(1.0, 3.0)
    1.0
    """

    epsilon: Positive = 2.220446049250313e-16
    factor: Positive = 2.0

    def point(self, y_true: float, y_pred: float) -> float:
        """Return the loss of one element."""
        gap, size = abs(y_pred - y_true), larger(abs(y_true) + abs(y_pred), self.epsilon)
        endless = (gap == INFINITY) & (abs(y_true) < INFINITY)
        return self.factor * (1.0 if endless else gap / size)


@loss(
    "squared_log_error",
    "msle",
    "mean_squared_log_error",
    "mean_squared_logarithmic_error",
    formula="(log(1 + max(y_pred, floor)) - log(1 + max(y_true, floor)))^2",
)
class SquaredLogError(NamedTuple):
    """The squared error of the logarithms of 1 + the values, without a unit.

    scikit-learn's `mean_squared_log_error`; Keras has a floor of 1e-7. Computed as the logarithm
    of the quotient, whose digits do not cancel. Infinite for a value of -1.

    Error at most 6 ulp.

    Examples
    --------
    >>> SquaredLogError().point(0.0, 1.0)
    0.4804530139182014
    """

    floor: Annotated[float, Interval(-1.0, float("inf"), closed=True)] = -1.0

    def point(self, y_true: float, y_pred: float) -> float:
        """Return the loss of one element."""
        true, pred = larger(y_true, self.floor), larger(y_pred, self.floor)
        least = 1.0 + smaller(true, pred)
        error = log1p(abs(pred - true) / least if least != 0.0 else INFINITY)
        return error * error


@loss("poisson_deviance", "mean_poisson_deviance", formula="2 (y log(y / p) - y + p)")
class PoissonDeviance(NamedTuple):
    """The unit deviance of the Poisson distribution, in the unit of y_true.

    Labels may be zero; NaN for negative labels or predictions. McCullagh and Nelder (1989),
    Generalized linear models, section 2.3.

    Error at most 10 ulp.

    Examples
    --------
    >>> PoissonDeviance().point(0.0, 2.0), PoissonDeviance().point(1.0, 2.0)
    (4.0, 0.6137056388801094)
    """

    def point(self, y_true: float, y_pred: float) -> float:
        """Return the loss of one element."""
        return 2.0 * deviance(y_true, y_pred)


@loss("gamma_deviance", "mean_gamma_deviance", formula="2 (log(p / y) + y / p - 1)")
class GammaDeviance(NamedTuple):
    """The unit deviance of the gamma distribution, without a unit.

    NaN for negative labels or predictions, infinite if one of them is zero. McCullagh and Nelder
    (1989), Generalized linear models, section 2.3.

    Error at most 10 ulp.

    Examples
    --------
    >>> GammaDeviance().point(1.0, 2.0)
    0.3862943611198906
    """

    def point(self, y_true: float, y_pred: float) -> float:
        """Return the loss of one element."""
        return 2.0 * gamma_deviance(y_true, y_pred)


@loss(
    "tweedie_deviance",
    "mean_tweedie_deviance",
    formula="2 (y^(2-k) / ((1-k) (2-k)) - y p^(1-k) / (1-k) + p^(2-k) / (2-k)),  k = power",
)
class TweedieDeviance(NamedTuple):
    """The unit deviance of a Tweedie distribution, in the unit of y_true to the power 2 - `power`.

    The squared error for power 0, the Poisson deviance for 1, the gamma deviance for 2; NaN
    for a power strictly between 0 and 1, which no distribution has, and outside the domain of
    the others: y_pred > 0, and y_true >= 0 for powers in [1, 2), y_true > 0 from 2 on. Jorgensen
    (1997), The theory of dispersion models; scikit-learn's `mean_tweedie_deviance`.

    Error at most 4 ulp of the largest term, 10 ulp for powers 1 and 2.

    Examples
    --------
    >>> TweedieDeviance(power=0.0).point(1.0, 3.0), TweedieDeviance(power=3.0).point(1.0, 2.0)
    (4.0, 0.25)
    """

    power: float = 0.0

    def is_classic(self) -> bool:
        """Return whether it is the deviance of a normal, Poisson or gamma distribution."""
        return (self.power == 0.0) | (self.power == 1.0) | (self.power == 2.0)

    def point(self, y_true: float, y_pred: float) -> float:
        """Return the loss of one element."""
        k = self.power
        if k == 0.0:
            return (y_pred - y_true) * (y_pred - y_true)
        if k == 1.0:
            return 2.0 * deviance(y_true, y_pred)
        if k == 2.0:
            return 2.0 * gamma_deviance(y_true, y_pred)
        return tweedie(k, y_true, y_pred)
