"""Quotients of many cells' exact sums at once, correctly rounded, by numpy's float64 alone.

Sums come as balanced limbs of L bits, 32 <= L <= 40: each is at most half of a unit of the next.
With u = 2**-53, and sums S and W that are not zero:

1. A sum becomes two floats, high + low, limb by limb from the top one of all cells. Those below
   one make up at most half of its unit (and a part in 2**32 more), so |high| is at least nearly 1/2
   in units of a cell's top limb. Two limbs are exact: the unit of low is that of the second,
   2**-L. If |high| < 2**(53 - L) then low, at most u |high|, is zero, and the third is exact too.
   Otherwise the third, at most 2**(-L - 1), is at most u |high| / 2, and to add it to low rounds
   that by at most 3/2 u**2 |high|. Any later one is below 2**-10 u |high|, so that it rounds low
   by at most u**2 |high| (1 + 2**-9). Of 32 bits the third is always exact. That happens to 13 of
   up to 16 digits of 32 bits at most, and to fewer of wider limbs, of which as many are looked at
   as make `WINDOW` bits; what is below those is no more than 2**-160 S: high + low = S (1 + e)
   with |e| < 14 u**2.
2. q = high / d, of S and of W = d + e, has a remainder high - q d that is a float: the error of the
   product, by Dekker, gives it. c = (high - q d + low - q e) / d: its product q e rounds by at most
   u**2 |high|, the sums beside it by 2 and 3 of these, the quotient by 3, and to divide by d in
   place of d + e makes another 3. So S / W = (q + c) (1 + e), |e| < (14 + 14 + 12) u**2 < 2**-100.
3. s + t = q + c exactly, with s rounded to nearest. S / W rounds to s as well if s remains with t
   made larger by a part in 2**44: for |t| >= 2**-55 |s| that adds more than 2**-100 |s|, and from a
   lesser t the next middle between two floats, 2**-54 |s| from s at least, is farther than that.

Nothing of this over- or underflows: in units of the top limb sums are below 2**40, and multiples
of 2**-480.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from streamloss.losses.arithmetic import split_error

from .digits import Ints

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

WINDOW = 512
"""Bits that are looked at, in whole limbs down from the highest of all cells."""

LEAST = 2.0**-320
"""Sums below it, in units of the highest limb, may need limbs that are not looked at."""

SMALLEST = 2.0**-1022
"""The smallest float of 53 bits."""


class Double(NamedTuple):
    """Numbers as sums of two floats, in units of one limb."""

    high: Any
    low: Any
    top: int
    """Where the lowest bit of that limb is."""
    exact: bool
    """Whether nothing is missing: of up to 105 bits."""
    complete: Any
    """Whether no limb that matters is missing: of each number, or of all."""


def quotients(
    numerators: Ints, divisors: Ints | None, exponent: int, widths: tuple[int, int] = (32, 32)
) -> tuple[Floats, Flags]:
    """Return numerators / divisors * 2**exponent, and of which it is certainly correctly rounded.

    Nearly all are. The others are the middle between two floats or nearer to it than by a part in
    2**95, or have less than 53 bits, or come of sums less than a part in 2**320 of the largest.
    Numbers over zero warn, unless `np.errstate` has them ignored.

    Parameters
    ----------
    numerators, divisors : integer array (limbs, numbers)
        Balanced limbs, the lowest first; no divisors are ones.
    exponent : int
        What the units of the lowest limbs differ by, as a power of two.
    widths : tuple of int
        The bits of a limb of numerators and of divisors.
    """
    a = _double(numerators, widths[0])
    if divisors is None:
        s, t = a.high, 0.0 if a.exact else a.low  # exact, it is rounded from any middle
        top, complete, regular = a.top, a.complete, a.high != 0.0
    else:
        b = _double(divisors, widths[1])
        s, t = _divided(a, b)
        top, complete = a.top - b.top, a.complete & b.complete
        regular = (a.high * b.high) != 0.0
        if not regular.all():
            s = np.where(regular, s, a.high / b.high)
            s[np.isnan(s)] = np.nan  # without the sign that x86 gives to 0 / 0
    certain = s + t * (1.0 + 2.0**-44) == s
    values = _scaled(s, top + exponent)
    certain &= abs(values) >= SMALLEST
    certain |= ~regular
    return values, certain if complete is True else certain & complete


def _scaled(numbers: Floats, exponent: int) -> Floats:
    """Return numbers times 2**exponent; to multiply takes less time than `ldexp`."""
    if abs(exponent) < 1022:
        return numbers * 2.0**exponent
    return np.ldexp(numbers, exponent)


def _double(limbs: Ints, width: int) -> Double:
    """Return numbers of so many limbs as doubles."""
    used = [k for k, limb in enumerate(limbs) if limb.any()]
    if not used:
        return Double(np.zeros(limbs.shape[1]), 0.0, 0, True, True)
    top, last = used[-1], used[0]
    stop = max(last, top + 1 - -(-WINDOW // width))
    high, low = limbs[top].astype(np.float64), 0.0
    for k in range(top - 1, stop - 1, -1):
        rest = limbs[k] * 2.0 ** (width * (k - top)) + low
        total = high + rest
        low, high = rest - (total - high), total
    complete = True if stop == last else abs(high) >= LEAST
    return Double(high, low, width * top, (top - last + 1) * width < 106, complete)


def _divided(a: Double, b: Double) -> tuple[Floats, Floats]:
    """Return a / b as the sum of two floats, the first of which is that rounded."""
    q = a.high / b.high
    rest = (a.high - q * b.high) - split_error(q, b.high)
    c = (rest + a.low - q * b.low) / b.high
    s = q + c
    return s, c - (s - q)
