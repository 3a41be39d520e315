"""Quotients of exact sums that are still correctly rounded when they become float32 or less."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np

from streamloss.arrays.types import DTypeLike
from streamloss.compat._engine import Exact


def quotient(
    total: Exact, divisor: Exact | int, dtype: DTypeLike, zero: float | None = None
) -> float:
    """Return a quotient that is correctly rounded once it is of the dtype; over 0 it is `zero`."""
    if np.dtype(dtype).itemsize < 8:
        return narrow(total, divisor, zero)
    return total.over(divisor, zero)


def narrow(total: Exact, divisor: Exact | int, zero: float | None = None) -> float:
    """Return total / divisor as a float64 that a float of up to 50 bits can be rounded from.

    A quotient rounded to float64 may fall on the middle between two float32, where it no longer
    tells which of them is nearer. One that is not exact is therefore rounded to the neighbour whose
    last bit is odd, which is no such middle. Boldo and Melquiond (2008), Emulation of a FMA and
    correctly rounded sums, theorem 3.

    Parameters
    ----------
    total, divisor : Exact
        Sums; a divisor may be an int.
    zero : float, optional
        The result over 0.

    Examples
    --------
    >>> import numpy as np
    >>> third = Exact(2**1074 + 2**1050 + 1), 1  # 1 + 2**-24 + 2**-1074
    >>> float(np.float32(narrow(*third))), float(np.float32(third[0].over(1)))
    (1.0000001192092896, 1.0)
    """
    value = total.over(divisor, zero)
    units = divisor << 1074 if isinstance(divisor, int) else divisor.units
    if not math.isfinite(value) or not units or math.frexp(value)[0] * 2**53 % 2.0:
        return value
    if total.strange is not None or (isinstance(divisor, Exact) and divisor.strange is not None):
        return value
    error = Fraction(total.units, units) - Fraction(value)
    return math.nextafter(value, math.copysign(math.inf, error)) if error else value
