"""Every loss: a NamedTuple of its parameters with its mathematics in `point`, and nothing else.

`point` takes float64 (complex128 where `complex_inputs` says so) and is compiled. `finish` is
applied to the rounded mean. The order of the operations in a formula is part of its contract:
it decides the last bit.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from ._generic import exp, expm1, log1p, sqrt
from ._registry import NonNegative, Positive, Proportion, loss

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

    def point(self, y_true: Any, y_pred: Any) -> Any:
        """Return the loss of one element."""
        return abs(y_pred - y_true)


@loss("squared_error", "mse", "mean_squared_error", "l2", formula="(y_pred - y_true)^2")
class SquaredError(NamedTuple):
    """The squared error, in the unit of y_true squared.

    Examples
    --------
    >>> SquaredError().point(1.0, 3.5)
    6.25
    """

    def point(self, y_true: Any, y_pred: Any) -> Any:
        """Return the loss of one element."""
        error = y_pred - y_true
        return error * error


@loss("root_mean_squared_error", "rmse", formula="sqrt(mean of (y_pred - y_true)^2)")
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
        """Return the result for the rounded mean of the squared errors."""
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

    def point(self, y_true: Any, y_pred: Any) -> Any:
        """Return the loss of one element."""
        error = abs(y_pred - y_true)
        delta = self.delta
        return 0.5 * error * error if error <= delta else delta * (error - 0.5 * delta)


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

    def point(self, y_true: Any, y_pred: Any) -> Any:
        """Return the loss of one element."""
        error = abs(y_pred - y_true)
        beta = self.beta
        return 0.5 * error * error / beta if error < beta else error - 0.5 * beta


@loss("log_cosh", "logcosh", formula="log(cosh(y_pred - y_true))")
class LogCosh(NamedTuple):
    """The logarithm of the hyperbolic cosine of the error, in the unit of y_true, squared if small.

    Relative error at most 4 ulp: expm1 below 1, where the textbook form
    ``|e| + log1p(exp(-2 |e|)) - log 2`` would cancel, and that form above.

    Examples
    --------
    >>> LogCosh().point(0.0, 1e-10), LogCosh().point(0.0, 1000.0)
    (5e-21, 999.3068528194401)
    """

    def point(self, y_true: Any, y_pred: Any) -> Any:
        """Return the loss of one element."""
        error = abs(y_pred - y_true)
        if error < 1.0:
            m = expm1(error)
            return log1p(m * m / (2.0 * (m + 1.0)))
        return error - LOG2 + log1p(exp(-2.0 * error))


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

    def point(self, y_true: Any, y_pred: Any) -> Any:
        """Return the loss of one element."""
        error = y_true - y_pred
        return self.q * error if error >= 0.0 else (self.q - 1.0) * error


@loss("value", formula="y_true")
class Value(NamedTuple):
    """A loss that is already computed: the value given, in its own unit.

    Examples
    --------
    >>> Value().point(0.25)
    0.25
    """

    def point(self, y_true: Any) -> Any:
        """Return the loss of one element."""
        return y_true
