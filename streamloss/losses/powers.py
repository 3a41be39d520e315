"""x**y of our own: the same bits on every machine, by what `elementary` has.

It is e**(q l) with q = y / 1.5 and l = 1.5 log |x|, each the sum of two numbers. The factor 1.5
makes a series of l whose first terms, 3 s + s**3, are exact. Special values are C's and selected at
the end, so that a loop over it runs in vectors. A function for x >= 0 alone was no faster.

Error below 0.7 ulp, and 0.85 where the result is subnormal, which is rounded twice. On 20 million
random pairs `benchmarks/check_elementary.py` found 0.76, of a subnormal result, and 0.67 on every
float32 from 1/16 to 16 to the power of 0.5, 1.5, 2, 3, -0.5 and 1/3. A power that is a number, such
as x**1, 3.0**2 and 9.0**0.5, is exact.
"""

from __future__ import annotations

from .elementary import (
    DOWN,
    INFINITY,
    LN2_HIGH,
    LN2_LOW,
    LOG2_E,
    MANTISSA,
    NAN,
    ONE_BITS,
    ROUND,
    TWO_52,
    UP,
    exp_tail,
    number,
    pattern,
)

LN2_3_HALVES_HIGH, LN2_3_HALVES_LOW = 1.039720770670101, 1.6981691756365337e-10
LN1_5_3_HALVES_HIGH, LN1_5_3_HALVES_LOW = 0.6081976620480418, 1.1420475244089663e-10
"""1.5 log 2 and 1.5 log 1.5, each in two parts of which the first is a multiple of 2**-32."""

SQRT3_HALF, SQRT3_2 = 0x3FEBB67AE8584CAA, 1.224744871391589
"""The bit pattern of sqrt(3) / 2, and sqrt(3 / 2)."""

SMALLEST, FAR, WHOLE = 2.2250738585072014e-308, 1e21, 4503599627370496.0
"""The smallest normal number; what no y need be above, since e**(2**-53 y) is infinite there; and
2**52, from which on all numbers are integers."""

HEAD, SHORT_HEAD = -0x8000000, -0x1000000000
"""Masks of the first 26 bits of a fraction, two of which have an exact product, and of 17."""


def head(x: float) -> float:
    """Return the first 26 bits of x."""
    return number(pattern(x) & HEAD)


def log_quotient(b: int, d: float) -> tuple[float, float, float]:
    """Return s = (m - d) / (m + d) of a bit pattern of m, its first 17 bits, and the rest."""
    m, m_high = number(b), number(b & HEAD)
    f, inverse = m - d, 1.0 / (m + d)
    s = f * inverse
    high = number(pattern(s) & SHORT_HEAD)
    return s, high, ((f - high * (m_high + d)) - high * (m - m_high)) * inverse


def log_series(s: float, high: float, low: float) -> tuple[float, float]:
    """Return 1.5 log((1 + s) / (1 - s)) as the sum of two numbers, for |s| < 0.1011.

    It is 3 s + s**3 + s**5 (3/5 + 3/7 s**2 + ...), the last factor minimax: an error of 2**-69.
    The cube of 17 bits is exact.
    """
    z, square = s * s, high * high
    w = z * z
    a = 0.5999999999999946 + z * 0.42857142857848424
    b = 0.3333333298435108 + z * 0.2727281193535939
    c = 0.2306611183017449 + z * 0.20696313852493695
    rest = low * (3.0 + (square + s * (high + s))) + (s * w) * (a + w * (b + w * c))
    first, cube = 3.0 * high, high * square
    total = first + cube
    return total, rest + (cube - (total - first))


def log_sum(a: float) -> tuple[float, float]:
    """Return 1.5 log(a) of a > 0 as the sum of two numbers, which misses it by 2**-66 of it.

    With a = 2**k m it is 1.5 (k log 2 + log d) and a series in (m - d) / (m + d), d = 1 or 1.5.
    """
    small = a < SMALLEST
    b = pattern(a * 18014398509481984.0 if small else a) + (ONE_BITS - SQRT3_HALF)
    k = number(((b >> 52) & 0x7FF) | TWO_52) - (4503599627371573.0 if small else 4503599627371519.0)
    b = (b & MANTISSA) + SQRT3_HALF
    wide = number(b) > SQRT3_2
    part, rest = log_series(*log_quotient(b, 1.5 if wide else 1.0))
    whole = k * LN2_3_HALVES_HIGH + (LN1_5_3_HALVES_HIGH if wide else 0.0)
    total = whole + part
    low = k * LN2_3_HALVES_LOW + (LN1_5_3_HALVES_LOW if wide else 0.0)
    return total, (rest + (part - (total - whole))) + low


def exp_sum(x: float, y: float) -> float:
    """Return e**(x + y), |y| being at most half an ulp of x: 0 and infinity where that is next.

    As `elementary.exp_scaled`, and what rounding took from 1 + r is added.
    """
    c = 710.0 if x > 710.0 else x
    c = -746.0 if c < -746.0 else c
    m = ROUND + (923.0 if c > 0.0 else 1123.0)
    t = c * LOG2_E + m
    k = t - m
    high, low = c - k * LN2_HIGH, (y if c == x else 0.0) - k * LN2_LOW
    r = high + low
    s, r2 = 1.0 + r, r * r
    e = r2 * exp_tail(r, r2) + (((1.0 - s) + r) + ((high - r) + low) * s)
    return (s + e) * number((pattern(t) & 0x7FF) << 52) * (UP if c > 0.0 else DOWN)


def power_of_size(a: float, y: float) -> float:
    """Return a**y of a > 0, both finite."""
    high, low = log_sum(a)
    log_a = high + low
    top = head(log_a)
    q = y * 0.6666666666666666
    q_top = head(q)
    q_rest = (q - q_top) + ((y - q) - 0.5 * q) * 0.6666666666666666
    first = q_top * top
    rest = q_top * ((high - top) + low) + q_rest * log_a
    x = first + rest
    return exp_sum(x, rest - (x - first))


def is_whole(a: float) -> bool:
    """Return whether a number that is not negative is an integer or infinite."""
    return (a >= WHOLE) | ((a + WHOLE) - WHOLE == a)


def power(x: float, y: float) -> float:
    """Return x**y as C's pow and IEEE 754 have it, such as NaN for x < 0 unless y is an integer."""
    x, y = float(x), float(y)
    a, size = abs(x), abs(y)
    c = FAR if y > FAR else y
    value = power_of_size(a, -FAR if c < -FAR else c)
    value = (0.0 if y > 0.0 else INFINITY) if a == 0.0 else value
    value = (INFINITY if y > 0.0 else 0.0) if a == INFINITY else value
    odd = is_whole(size) & (not is_whole(0.5 * size))
    value = -value if (pattern(x) < 0) & odd else value
    undefined = (x < 0.0) & (a < INFINITY) & (not is_whole(size))
    value = NAN if undefined | (x != x) | (y != y) else value
    return 1.0 if (y == 0.0) | (x == 1.0) else value


FUNCTIONS = (
    head,
    log_quotient,
    log_series,
    log_sum,
    exp_sum,
    power_of_size,
    is_whole,
    power,
)
"""What `kernels.meanings` registers with the compiler."""
