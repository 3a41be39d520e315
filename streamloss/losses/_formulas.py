"""Formulas that several losses share; `_overloads` compiles them.

A row is a 1-d float64 array, in Python any sequence of floats. Sums over a row go from its first
number to its last, but for that of `log_total`.
"""

from __future__ import annotations

from typing import Any

from streamloss._generic import (
    INFINITY,
    LANES,
    NAN,
    divide,
    exp_below,
    lanes,
    larger,
    log,
    log1p,
    of_rank,
    power,
    rank,
    sqrt,
)

LOG_FLOOR = -100.0
"""Logarithms of probabilities are never below it, as in PyTorch: no loss is infinite."""

NEAR = 0.25
"""Where |x - m| / (x + m) is smaller, `deviance` takes the series: at most 14 terms."""


def deviance(x: float, m: float) -> Any:
    """Return x log(x / m) - x + m for x, m >= 0, and NaN for others.

    Near x = m the terms cancel; there it is the series of Loader (2000), Fast and accurate
    computation of binomial probabilities, eq. 5.2.
    """
    if not ((x >= 0.0) & (m >= 0.0)):
        return NAN
    gap = x - m
    if x == 0.0 or abs(gap) == INFINITY:
        return abs(gap)
    v = gap / (x + m)
    if not abs(v) < NEAR:
        return x * log(divide(x, m)) - gap
    last, total, next_, k = -1.0, gap * v, 2.0 * x * v, 1.0
    while total != last:
        last, next_, k = total, next_ * v * v, k + 2.0
        total += next_ / k
    return total


def sigmoid(x: float) -> Any:
    """Return 1 / (1 + e**-x)."""
    e = exp_below(-abs(x))
    return (1.0 if x >= 0.0 else e) / (1.0 + e)


def floored(log_p: float) -> float:
    """Return the logarithm of a probability, at least -100."""
    return larger(log_p, LOG_FLOOR)


def binary_focal(loss: Any, y: float, p: float, q: float, log_p: float, log_q: float) -> Any:
    """Return the focal loss of a label, probabilities p of 1 and q of 0, and their logarithms."""
    one, zero = smoothed(y, loss.smoothing, 2.0), smoothed(1.0 - y, loss.smoothing, 2.0)
    value = power(one * q + zero * p, loss.gamma) * (-(one * log_p) - zero * log_q)
    if loss.balanced != 0.0:
        return (one * loss.alpha + zero * (1.0 - loss.alpha)) * value
    return value


def smoothed(y: float, smoothing: float, classes: float) -> float:
    """Return a label moved towards the mean of so many classes by a share of the way."""
    return y * (1.0 - smoothing) + smoothing / classes


def signed(y: float, binary: float) -> float:
    """Return a label of -1 or 1, which is given as 0 or 1 if `binary`."""
    return 2.0 * y - 1.0 if binary != 0.0 else y


def label(y: float, classes: int) -> int:
    """Return a label as the index of a class, -1 if there is no such class."""
    if not ((y >= 0.0) & (y < classes)):
        return -1
    k = int(y)
    return k if k == y else -1


def largest_of(x: Any) -> Any:
    """Return the largest number of a row; NaN, or any of them, if one is NaN."""
    best = rank(x[0])
    for c in range(1, len(x)):
        k = rank(x[c])
        best = k if k > best else best
    return of_rank(best)


def log_total(x: Any) -> Any:
    """Return the largest number m of a row and log(sum of e**(x_c - m)).

    The largest number is left out of the sum, so that a logarithm near zero keeps its digits:
    -log softmax(x)_k is the second minus (x_k - m), two terms that cannot cancel. If several are
    the largest, one is left out.

    Term c is added to partial sum c modulo `LANES`, and halves of these to halves: a fixed order
    in which the terms of one round are independent, for vectors.
    """
    if len(x) == 0:
        return 0.0, 0.0
    m, sums, ties = largest_of(x), lanes(), lanes()
    for j in range(LANES):
        sums[j] = ties[j] = 0.0
    whole = len(x) - len(x) % LANES
    for start in range(0, whole, LANES):
        for j in range(LANES):  # a known number: a quarter faster
            add_exp(x[start + j], m, sums, ties, j)
    for j in range(len(x) - whole):
        add_exp(x[whole + j], m, sums, ties, j)
    return m, log1p(added(sums) + (added(ties) - 1.0))


def add_exp(x: Any, m: Any, sums: Any, ties: Any, j: int) -> None:
    """Add e**(x - m) to a partial sum or, if x is m, even infinite, 1 to another."""
    sums[j] += 0.0 if x == m else exp_below(x - m)
    ties[j] += 1.0 if x == m else 0.0


def added(sums: Any) -> Any:
    """Return the sum of partial sums: the second half is added to the first, and so on."""
    half = LANES // 2
    while half > 0:
        for j in range(half):
            sums[j] += sums[half + j]
        half //= 2
    return sums[0]


def total_of(p: Any, normalize: float) -> Any:
    """Return what to divide a row of probabilities by: its sum, or 1 without `normalize`."""
    if normalize == 0.0:
        return 1.0
    total = 0.0
    for c in range(len(p)):
        total += p[c]
    return total


def dot(x: Any, y: Any) -> Any:
    """Return the sum of the products of two rows."""
    total = 0.0
    for c in range(len(x)):
        total += x[c] * y[c]
    return total


def distance(x: Any, y: Any, p: float, epsilon: float) -> Any:
    """Return the p-norm of x - y + epsilon."""
    total = 0.0
    for c in range(len(x)):
        total += raised(abs(x[c] - y[c] + epsilon), p)
    return sqrt(total) if p == 2.0 else raised(total, 1.0 / p)


def raised(x: float, p: float) -> float:
    """Return x**p for x >= 0, without a logarithm for p = 1 and 2."""
    if p == 1.0:
        return x
    return x * x if p == 2.0 else power(x, p)


def among(i: int, labels: Any, count: int) -> bool:
    """Return whether class i is one of the first labels of a row."""
    for k in range(count):
        if labels[k] == i:
            return True
    return False


def multi_margin(y: int, x: Any, margin: float, p: float) -> Any:
    """Return the sum of max(0, margin - x_y + x_i)**p over the classes i but y."""
    total = 0.0
    for i in range(len(x)):
        if i != y:
            total += raised(larger(margin - x[y] + x[i], 0.0), p)
    return total


COMPILED = (
    deviance,
    sigmoid,
    floored,
    binary_focal,
    smoothed,
    signed,
    label,
    largest_of,
    log_total,
    add_exp,
    added,
    total_of,
    dot,
    distance,
    raised,
    among,
    multi_margin,
)
"""What `_overloads` registers with the compiler."""
