"""Arithmetic that losses and loops share: its meaning in Python.

`kernels.meanings` gives the same names their meaning in compiled code. Python's `math` raises where
IEEE arithmetic gives an infinity or NaN; these functions return what compiled code returns.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from .elementary import exp, exp_below, expm1, log, log1p, log1p_exp, of_rank, rank
from .powers import power

__all__ = ["exp", "exp_below", "expm1", "log", "log1p", "log1p_exp", "of_rank", "power", "rank"]

INFINITY, NAN = math.inf, math.nan

UP_600, DOWN_600 = 4.149515568880993e180, 2.409919865102884e-181
UP_700, DOWN_700 = 5.260135901548374e210, 1.90109156629516e-211
"""2**600 and 2**700, and their inverses."""

Numbers = Sequence[float]
"""A row of numbers: a 1-d float64 array, in Python any sequence of floats."""


PARTIALS = 16
"""How many partial sums a sum over a row has: with 8 it took 1.6 times as long, with 32 no less
(`benchmarks/bench_losses.py`, of the cross-entropy of logits)."""


def partial_sums() -> list[float]:
    """Return memory for `PARTIALS` partial sums; of compiled code it holds any numbers."""
    return [0.0] * PARTIALS


def sqrt(x: float) -> float:
    """Return the square root of x, NaN below zero."""
    return math.sqrt(x) if x >= 0.0 else math.nan


def divide(x: float, y: float) -> float:
    """Return x / y, for divisors that may be zero: x / 0 is infinite, 0 / 0 is NaN."""
    if y != 0.0:
        return x / y
    return math.nan if x == 0.0 or x != x else math.copysign(math.inf, x) * math.copysign(1.0, y)


def larger(x: float, y: float) -> float:
    """Return the larger of two numbers, NaN if either is."""
    return x if (x >= y) | (x != x) else y


def smaller(x: float, y: float) -> float:
    """Return the smaller of two numbers, NaN if either is."""
    return x if (x <= y) | (x != x) else y


def clip(x: float, low: float, high: float) -> float:
    """Return the number of [low, high] next to x, NaN if x is."""
    return smaller(larger(x, low), high)


def softplus(x: float) -> float:
    """Return log(1 + e**x), which never overflows."""
    return larger(x, 0.0) + log1p_exp(x)


def product(a: float, x: float) -> float:
    """Return a * x, zero for a zero beside an infinity: the limit of a * x in x alone."""
    return 0.0 if (a == 0.0) & (abs(x) == INFINITY) else a * x


def hypot(x: float, y: float) -> float:
    """Return sqrt(x**2 + y**2), which neither over- nor underflows; infinite if x or y is.

    The root of the rounded sum is corrected by what rounding took from squares, sum and root:
    Borges (2020), Algorithm 1014: an improved algorithm for hypot(x, y). Error below 0.501 ulp,
    and 0.76 where the result is subnormal, which is rounded twice.
    """
    x, y = abs(float(x)), abs(float(y))
    a, b = (x, y) if x >= y else (y, x)
    large, small = a > 1e150, a < 1e-120
    scale = DOWN_600 if large else (UP_700 if small else 1.0)
    back = UP_600 if large else (DOWN_700 if small else 1.0)
    a, b = a * scale, b * scale
    total = a * a + b * b
    root = sqrt(total)
    rest = b * b - (total - a * a) + (split_error(a, a) + split_error(b, b))
    rest = (total - root * root) - split_error(root, root) + rest
    value = (root + rest / (2.0 * root if root > 0.0 else 1.0)) * back
    return INFINITY if (x == INFINITY) | (y == INFINITY) else value


def modulus(z: Any) -> float:
    """Return the absolute value of a number, real or complex."""
    return hypot(z.real, z.imag) if isinstance(z, complex) else abs(z)


LEAST, MOST = 2.0**-968, 2.0**995
"""Products of at least that size have an error that is no smaller than the smallest float64, and
factors of at most that size do not overflow in `split_error`."""


def product_error(x: float, y: float) -> float:
    """Return what rounding takes from x * y: x * y - fl(x * y), rounded once.

    That is exact unless the product over- or underflows, and what a fused multiply-add gives,
    which compiled code uses. NaN beside an infinity or NaN.
    """
    product = x * y
    if LEAST <= abs(product) < INFINITY and abs(x) <= MOST and abs(y) <= MOST:
        return float(split_error(x, y))
    if x == 0.0 or y == 0.0 or x - x != 0.0 or y - y != 0.0:
        return (x - x) * (y - y)  # NaN beside what is not finite
    if abs(product) == INFINITY:
        return -product
    from fractions import Fraction  # late: it takes a tenth of the time of importing numpy

    return float(Fraction(x) * Fraction(y) - Fraction(product))


def split_error(x: Any, y: Any) -> Any:
    """Return what rounding takes from x * y, exactly, unless something over- or underflows.

    Of numbers or of arrays, which this layer does not know.
    Dekker (1971), A floating-point technique for extending the available precision, section 5.
    """
    product = x * y
    x_high, y_high = 134217729.0 * x, 134217729.0 * y
    x_high, y_high = x_high - (x_high - x), y_high - (y_high - y)
    x_low, y_low = x - x_high, y - y_high
    return x_low * y_low - (((product - x_high * y_high) - x_low * y_high) - x_high * y_low)
