"""How the exact sums of a call become its result: a quotient, correctly rounded to any dtype."""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from typing import Literal, NamedTuple

import numpy as np

from streamloss.arrays.batch import FLOAT64
from streamloss.arrays.types import DType, DTypeLike
from streamloss.exact.numbers import Exact
from streamloss.exact.reductions import Sums
from streamloss.losses.arithmetic import sqrt

Divisor = Literal["weights", "elements", "nonzero", "second"] | int
"""What a sum is divided by: a whole number, or one of the `DIVISORS`."""

DIVISORS: dict[Divisor, Callable[[Sums], Exact | int]] = {
    "weights": lambda sums: sums.weights,
    "elements": lambda sums: sums.elements,
    "nonzero": lambda sums: sums.nonzero,
    "second": lambda sums: sums.losses[1],
}
"""The sum of the weights, the number of losses, of weights that are not zero, another sum."""


class Ratio(NamedTuple):
    """The quotient that a framework makes of the sums of a cell; it is called with them.

    Every reduction of a framework is one. With S the sum of the weighted losses, W that of the
    weights, and n losses to each weight:

    ====================================  ==================================
    the framework's                       here
    ====================================  ==================================
    S                                     Ratio()
    S / N, N the number of losses         Ratio("elements")
    S / W, 0/0 = 0                        Ratio("weights", zero=0.0)
    S / W, each weight n times            Ratio("weights", times=n)
    S / K, K weights that are not zero    Ratio("nonzero", zero=0.0)
    S over the weights of classes         Ratio("second"), a loss sums those
    S / 8, eight rows in all              Ratio(8)
    ====================================  ==================================

    Attributes
    ----------
    over : {"weights", "elements", "nonzero", "second"} or int
        The divisor.
    times : int or Fraction
        By what S is multiplied, exactly.
    zero : float, optional
        The result over 0; by default 0/0 is NaN and all else infinite.
    dtype : dtype
        Of the result; the float returned rounds to the one that is nearest to the quotient.
    of : int
        Which sum S is, where several losses are summed.
    root : bool
        Whether the result is the root of the quotient, which is a float64 then.
    refuse : callable, optional
        Raises the framework's error for sums that have no result.

    Examples
    --------
    >>> sums = Sums((Exact(3 << 1074),), Exact(2 << 1074), elements=4, nonzero=1)
    >>> Ratio("weights")(sums), Ratio("elements", times=2)(sums), Ratio(0, zero=7.0)(sums)
    (1.5, 1.5, 7.0)
    """

    over: Divisor = 1
    times: int | Fraction = 1
    zero: float | None = None
    dtype: DType = FLOAT64
    of: int = 0
    root: bool = False
    refuse: Callable[[Sums], None] | None = None

    def __call__(self, sums: Sums) -> float:
        """Return the result of the sums of a cell."""
        over, times, zero, dtype, of, root, refuse = self
        if refuse is not None:
            refuse(sums)
        total = sums.losses[of]
        divisor = over if isinstance(over, int) else DIVISORS[over](sums)
        if times != 1:
            total = multiple(total, times.numerator)
            divisor = multiple(divisor, times.denominator)
        if root:
            return sqrt(total.over(divisor, zero))
        return quotient(total, divisor, dtype, zero)


def multiple(total: Exact | int, factor: int) -> Exact:
    """Return an exact sum, or a number, times a whole number."""
    if isinstance(total, int):
        total = Exact(total << 1074)
    return Exact(total.units * factor, total.strange)


def quotient(
    total: Exact, divisor: Exact | int, dtype: DTypeLike, zero: float | None = None
) -> float:
    """Return a quotient as a float that rounds to the nearest number of a dtype; `zero` over 0."""
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
    numerator, denominator = value.as_integer_ratio()
    rest = total.units * denominator - numerator * units
    if not rest:
        return value
    return math.nextafter(value, math.inf if (rest > 0) == (units > 0) else -math.inf)
