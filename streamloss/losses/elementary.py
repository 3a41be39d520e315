"""exp, expm1, log, log1p and log(1 + e**x) of our own: the same bits on every machine.

They are additions, multiplications, divisions, comparisons and operations on bit patterns, each
rounded as IEEE 754 says, in one order. So Python and compiled code return the same bits, whatever
the CPU or its mathematical library; and without calls, branches and tables a loop over them runs
in vectors, which the library's functions prevent. No operation is one that AVX2 lacks for 64-bit
integers: arithmetic shifts, and conversions between them and float64.

Errors, in ulp: exp below 1.0, expm1 1.2, log 0.9, log1p 0.95, log1p_exp 1.8. On 20 million random
float64 for each, `benchmarks/check_elementary.py` found 0.98, 1.15, 0.84, 0.88 and 1.71; on every
float32 for exp, expm1 and log1p_exp 0.99, 1.15 and 1.71.

They are plain Python on floats, and neither raise nor warn. `x` may be any finite or infinite
number or NaN; zeros keep their sign where the function does. Powers are in `powers`.
"""

from __future__ import annotations

import struct
from typing import SupportsIndex

INFINITY, NAN = float("inf"), float("nan")

LOG2_E = 1.4426950408889634
LN2_HIGH, LN2_LOW = 6.93147180369123816490e-01, 1.90821492927058770002e-10
"""log 2 in two parts; products of the first with integers below 2**20 are exact."""

UP, DOWN = 1.2676506002282294e30, 7.888609052210118e-31
"""2**100 and its inverse."""

ROUND = 6755399441055744.0
"""1.5 * 2**52: the low bits of x + ROUND are the integer next to x."""

ONE_BITS, MANTISSA, SQRT_HALF = 0x3FF0000000000000, 0x000FFFFFFFFFFFFF, 0x3FE6A09E667F3BCD
"""Bit patterns of 1, of all of a fraction, and of sqrt(1/2)."""

TWO_52 = 0x4330000000000000
"""Bit pattern of 2**52: with a smaller integer in its low bits it is 2**52 and that integer."""


_FLOAT, _INTEGER = struct.Struct("=d"), struct.Struct("=q")


def pattern(x: float) -> int:
    """Return the bit pattern of a float as an integer."""
    bits: int = _INTEGER.unpack(_FLOAT.pack(x))[0]
    return bits


def number(bits: SupportsIndex) -> float:
    """Return the float of a bit pattern."""
    x: float = _FLOAT.unpack(_INTEGER.pack(bits))[0]
    return x


def rank(x: float) -> int:
    """Return an integer that is larger where x is: a loop finds the largest of them in vectors."""
    k = pattern(x)
    return k if k >= 0 else k ^ 0x7FFFFFFFFFFFFFFF


def of_rank(k: int) -> float:
    """Return the number of a rank."""
    return number(k if k >= 0 else k ^ 0x7FFFFFFFFFFFFFFF)


def exp_tail(r: float, r2: float) -> float:
    """Return (e**r - 1 - r) / r**2 for |r| <= log(2) / 2, r2 = r**2.

    Minimax: an error of 2**-63.9 of e**r.
    """
    r4 = r2 * r2
    a = 0.5 + r * 0.1666666666666668
    b = 0.041666666666666415 + r * 0.008333333333318541
    c = 0.001388888888903299 + r * 0.00019841269893308328
    d = 2.4801587026116927e-05 + r * 2.7557237486913503e-06
    e = 2.755752570417172e-07 + r * 2.5111235276075144e-08
    return (a + r2 * b) + r4 * ((c + r2 * d) + r4 * (e + r2 * 2.083861579985196e-09))


def exp_scaled(x: float, bias: float, last: float) -> float:
    """Return e**x for |x| < 750, given last = 2**(1023 - bias).

    2**k has two factors, of which the second makes a subnormal of the product, rounded once.
    """
    m = ROUND + bias
    t = x * LOG2_E + m  # the integer k next to x / log 2, and the bias, are in its low bits
    k = t - m
    r = (x - k * LN2_HIGH) - k * LN2_LOW
    r2 = r * r
    return (1.0 + (r + r2 * exp_tail(r, r2))) * number((pattern(t) & 0x7FF) << 52) * last


def exp(x: float) -> float:
    """Return e**x: 0 and infinity where that is next."""
    x = float(x)
    c = 710.0 if x > 710.0 else x
    c = -746.0 if c < -746.0 else c
    return exp_scaled(c, 923.0 if c > 0.0 else 1123.0, UP if c > 0.0 else DOWN)


def exp_below(x: float) -> float:
    """Return e**x for x <= 0, which takes less."""
    return exp_scaled(-746.0 if x < -746.0 else x, 1123.0, DOWN)


def expm1(x: float) -> float:
    """Return e**x - 1, which keeps its digits near zero."""
    x = float(x)
    c = 710.0 if x > 710.0 else x
    c = -50.0 if c < -50.0 else c
    # half of everything, so that e**x fits where it is next to the largest number
    m = ROUND + 1022.0
    t = c * LOG2_E + m
    k = t - m
    high, low = c - k * LN2_HIGH, k * LN2_LOW
    r = high - low
    s = 1.0 + r
    r2 = r * r
    e = r2 * exp_tail(r, r2) + (((1.0 - s) + r) + ((high - r) - low) * s)
    scale = number((pattern(t) & 0x7FF) << 52)
    s, e = s * scale, e * scale
    d = s - 0.5
    rest = d - s
    y = 2.0 * (d + (((s - (d - rest)) - (0.5 + rest)) + e))
    return y if abs(x) > 5e-17 else x


def log_tail(f: float, s: float, z: float) -> float:
    """Return log(1 + f) - f + f**2 / 2 of sqrt(1/2) <= 1 + f <= sqrt(2).

    With s = f / (2 + f) and z = s**2, as fdlibm's: minimax, relative error 2**-59.4.
    """
    w = z * z
    odd = w * (0.3999999999941472 + w * (0.22222198573848753 + w * 0.15314051442777313))
    even = z * (
        0.6666666666666734
        + w * (0.2857142874238041 + w * (0.18183564292221438 + w * 0.14795940373897848))
    )
    return s * (0.5 * f * f + (odd + even))


def log_parts(x: float) -> tuple[float, float, float]:
    """Return k, m and 2**-k of a normal number x = 2**k m, sqrt(1/2) <= m < sqrt(2)."""
    a = pattern(x)
    b = a + (ONE_BITS - SQRT_HALF)
    k = number(((b >> 52) & 0x7FF) | TWO_52) - 4503599627371519.0
    b = (b & MANTISSA) + SQRT_HALF
    return k, number(b), number(b - a + ONE_BITS)


def log(x: float) -> float:
    """Return the natural logarithm of x, -infinity at zero and NaN below."""
    x = float(x)
    small = x < 2.2250738585072014e-308
    c = abs(x) * 18014398509481984.0 if small else x
    c = c if c < INFINITY else 1.0
    k, m, _ = log_parts(c)
    k = k - 54.0 if small else k
    f = m - 1.0
    s = f / (2.0 + f)
    y = k * LN2_HIGH - ((0.5 * f * f - (log_tail(f, s, s * s) + k * LN2_LOW)) - f)
    y = y if x > 0.0 else (-INFINITY if x == 0.0 else NAN)
    return y if x < INFINITY else x


def log1p(x: float) -> float:
    """Return log(1 + x), which keeps its digits near zero; -infinity at -1 and NaN below."""
    x = float(x)
    u = 1.0 + x
    d = u - 1.0
    rest = (x - d) + (1.0 - (u - d))
    c = u if (u > 0.0) & (u < INFINITY) else 1.0
    k, m, scale = log_parts(c)
    f = m - 1.0
    s = f / (2.0 + f)
    z = s * s
    # rest / u is rest 2**-k / (1 + f), and 1 / (1 + f) = 1 - 2 s + 2 s**2 - ...
    rest = rest * scale * (1.0 + 2.0 * (z - s)) if x < 1e30 else 0.0
    y = k * LN2_HIGH - ((0.5 * f * f - (log_tail(f, s, z) + (k * LN2_LOW + rest))) - f)
    y = y if u > 0.0 else (-INFINITY if u == 0.0 else NAN)
    return y if (abs(x) > 0.0) & (x < INFINITY) else x


def log1p_exp(x: float) -> float:
    """Return log(1 + e**-|x|), from log(2) at 0 down to 0."""
    y = exp_below(-abs(float(x)))
    half = y >= 0.5
    f = 0.5 * (y - 1.0) if half else y
    s = f / (2.0 + f)
    z = s * s
    w = z * z
    odd = w * (
        0.40000000000055935
        + w * (0.2222222427608646 + w * (0.15391072252645022 + w * 0.13838550127146465))
    )
    even = z * (
        0.666666666666666
        + w * (0.285714285560084 + w * (0.1818166709454127 + w * 0.13174264537575614))
    )
    square = 0.5 * f * f
    low = s * (square + (odd + even)) + (LN2_LOW if half else 0.0)
    return (LN2_HIGH if half else 0.0) - ((square - low) - f)


FUNCTIONS = (
    rank,
    of_rank,
    exp_tail,
    exp_scaled,
    exp,
    exp_below,
    expm1,
    log_tail,
    log_parts,
    log,
    log1p,
    log1p_exp,
)
"""What `kernels.meanings` registers with the compiler."""
