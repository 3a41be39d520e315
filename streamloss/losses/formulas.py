"""Formulas that several losses share; `kernels.meanings` compiles them.

Sums over a row go from its first number to its last, but for that of `log_total`.
"""

from __future__ import annotations

from typing import Protocol

from . import scores
from .arithmetic import (
    INFINITY,
    NAN,
    PARTIALS,
    Numbers,
    divide,
    exp_below,
    larger,
    log,
    log1p,
    log1p_exp,
    of_rank,
    partial_sums,
    power,
    product,
    rank,
    sqrt,
)

LOG_FLOOR = -100.0
"""Logarithms of probabilities are never below it, as in PyTorch: no loss is infinite."""

NEAR = 0.25
"""Where |x - m| / (x + m) is smaller, `deviance` takes the series: at most 14 terms."""


def deviance(x: float, m: float) -> float:
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
        return x * log(divide(x, abs(m))) - gap  # m may be -0.0
    last, total, next_, k = -1.0, gap * v, 2.0 * v * x, 1.0
    while total != last:
        last, next_, k = total, next_ * v * v, k + 2.0
        total += next_ / k
    return total


def gamma_deviance(y: float, m: float) -> float:
    """Return log(m / y) + y / m - 1, infinite where m is 0 or infinite, for NaN as `deviance`."""
    value = deviance(m, y)
    return value / m if (m > 0.0) & (m < INFINITY) else value + INFINITY


def tweedie(k: float, y: float, m: float) -> float:
    """Return the unit deviance of the power k, which is neither 0, 1 nor 2."""
    p = abs(m)  # which may be -0.0
    a, b, c = 1.0 / ((1.0 - k) * (2.0 - k)), 1.0 / (1.0 - k), 1.0 / (2.0 - k)
    of_label = power(abs(larger(y, 0.0)), 2.0 - k) * a
    of_both = product(y, power(p, 1.0 - k)) * b
    value = 2.0 * (of_label - of_both + power(p, 2.0 - k) * c)
    endless = ((k > 2.0) & (p == 0.0)) | ((k < 0.0) & (p == INFINITY))
    value = abs(y) + INFINITY if endless else value
    outside = ((k > 0.0) & (k < 1.0)) | ((k > 0.0) & (y < 0.0)) | (m < 0.0)
    return NAN if outside else value


def poisson(y: float, rate: float, log_rate: float) -> float:
    """Return rate - y log(rate), where an infinite rate outgrows its logarithm, and 0 log 0 = 0."""
    term = product(y, log_rate)
    return rate - term if rate < INFINITY else rate + 0.0 * y


def logistic(x: float, y: float) -> float:
    """Return max(x, 0) - x y: the cross-entropy of logit x and label y but for log(1 + e**-|x|).

    An infinite logit costs nothing if it is certain of the label, and else infinitely much.
    """
    missed = 1.0 - y if x > 0.0 else y
    return larger(x, 0.0) - x * y if abs(x) < INFINITY else product(missed, abs(x))


def sigmoid(x: float) -> float:
    """Return 1 / (1 + e**-x)."""
    e = exp_below(-abs(x))
    return (1.0 if x >= 0.0 else e) / (1.0 + e)


def floored(log_p: float) -> float:
    """Return the logarithm of a probability, at least -100."""
    return larger(log_p, LOG_FLOOR)


class _Focal(Protocol):
    """What focal losses have in common: their parameters."""

    @property
    def gamma(self) -> float: ...
    @property
    def alpha(self) -> float: ...
    @property
    def balanced(self) -> float: ...
    @property
    def smoothing(self) -> float: ...


def binary_focal(loss: _Focal, y: float, p: float, q: float, log_p: float, log_q: float) -> float:
    """Return the focal loss of a label, probabilities p of 1 and q of 0, and their logarithms."""
    one, zero = smoothed(y, loss.smoothing, 2.0), smoothed(1.0 - y, loss.smoothing, 2.0)
    missed = one * q + zero * p if abs(p) < INFINITY else one + product(zero - one, p)
    value = product(-product(one, log_p) - product(zero, log_q), power(missed, loss.gamma))
    if loss.balanced != 0.0:
        return product(one * loss.alpha + zero * (1.0 - loss.alpha), value)
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


def largest_of(x: Numbers) -> float:
    """Return the largest number of a row; NaN, or any of them, if one is NaN."""
    best = rank(x[0])
    for c in range(1, len(x)):
        k = rank(x[c])
        best = k if k > best else best
    return of_rank(best)


def log_total(x: Numbers) -> tuple[float, float]:
    """Return the largest number m of a row and log(sum of e**(x_c - m)).

    The largest number is left out of the sum, so that a logarithm near zero keeps its digits:
    -log softmax(x)_k is the second minus (x_k - m), two terms that cannot cancel. If several are
    the largest, one is left out.

    Term c is added to partial sum c modulo `PARTIALS`, and halves of these to halves: a fixed order
    in which the terms of one round are independent, for vectors.
    """
    if len(x) == 0:
        return 0.0, 0.0
    m, sums, ties = largest_of(x), partial_sums(), partial_sums()
    for j in range(PARTIALS):
        sums[j] = ties[j] = 0.0
    whole = len(x) - len(x) % PARTIALS
    for start in range(0, whole, PARTIALS):
        for j in range(PARTIALS):  # a known number: a quarter faster
            add_exp(x[start + j], m, sums, ties, j)
    for j in range(len(x) - whole):
        add_exp(x[whole + j], m, sums, ties, j)
    return m, log1p(added(sums) + (added(ties) - 1.0))


def add_exp(x: float, m: float, sums: list[float], ties: list[float], j: int) -> None:
    """Add e**(x - m) to a partial sum or, if x is m, even infinite, 1 to another."""
    sums[j] += 0.0 if x == m else exp_below(x - m)
    ties[j] += 1.0 if x == m else 0.0


def added(sums: list[float]) -> float:
    """Return the sum of partial sums: the second half is added to the first, and so on."""
    half = PARTIALS // 2
    while half > 0:
        for j in range(half):
            sums[j] += sums[half + j]
        half //= 2
    return sums[0]


def surprise(x: float, largest: float, total: float) -> float:
    """Return -log softmax(x) of a logit of a row, given `log_total` of the row.

    An only infinite logit is certain: 0, and infinity for all others. Of several it is NaN.
    """
    return total - (0.0 if (x == largest) & (total == 0.0) else x - largest)


def weighed(weight: float, x: float) -> float:
    """Return weight * x, zero for a weight of zero, whatever x is.

    For the classes of a row, where x may be NaN though no input is: see `surprise`.
    """
    return 0.0 if weight == 0.0 else weight * x


def weighed_twice(scale: float, term: float) -> float:
    """Return scale * term, zero for a term of zero, and for a scale of zero beside infinity."""
    return 0.0 if term == 0.0 else product(scale, term)


def has_nan(x: Numbers) -> bool:
    """Return whether a number of a row is NaN."""
    for c in range(len(x)):
        if x[c] != x[c]:
            return True
    return False


def infinite(x: Numbers) -> int:
    """Return the index of the only infinite number of a row, -1 without one, -2 of several."""
    found = -1
    for c in range(len(x)):
        if abs(x[c]) == INFINITY:
            if found >= 0:
                return -2
            found = c
    return found


def share(p: Numbers, c: int, total: float) -> float:
    """Return p_c / total, `total` being that of `total_of`; 1 for the only infinite p."""
    if (abs(p[c]) == INFINITY) & (abs(total) == INFINITY):
        return 1.0 if infinite(p) == c else NAN
    return divide(p[c], total)


def soft_margin(y: float, x: float) -> float:
    """Return the cross-entropy of a label 0 to 1 and a logit."""
    if abs(x) == INFINITY:
        return product(1.0 - y if x > 0.0 else y, INFINITY)
    tail = log1p_exp(x)
    return y * (larger(-x, 0.0) + tail) + (1.0 - y) * (larger(x, 0.0) + tail)


def log_term(y: float, p: float, given: float) -> float:
    """Return y log p of a label and a share p of what was given; 0 at y = 0 unless that is NaN."""
    return 0.0 if (y == 0.0) & (given == given) else y * log(p)


def total_of(p: Numbers, normalize: float) -> float:
    """Return what to divide a row of probabilities by: its sum, or 1 without `normalize`."""
    if normalize == 0.0:
        return 1.0
    total = 0.0
    for c in range(len(p)):
        total += p[c]
    return total


def overlap(y: Numbers, x: Numbers) -> float:
    """Return `dot` of labels and predictions that may be infinite where the label is 0."""
    total = 0.0
    for c in range(len(x)):
        total += product(y[c], x[c])
    return total


def endless_gap(y: Numbers, x: Numbers) -> float:
    """Return max_c (1 - y_c) x_c - sum_c y_c x_c where numbers of x are infinite.

    Where both terms are and only one x_k is, that is (1 - 2 y_k) x_k less the other products.
    """
    largest, k = -INFINITY, infinite(x)
    for c in range(len(x)):
        largest = larger(largest, product(1.0 - y[c], x[c]))
    total = overlap(y, x)
    if largest != total or k < 0:
        return largest - total
    rest = 0.0
    for c in range(len(x)):
        rest += y[c] * x[c] if c != k else 0.0
    return product(1.0 - 2.0 * y[k], x[k]) - rest


def dot(x: Numbers, y: Numbers) -> float:
    """Return the sum of the products of two rows."""
    total = 0.0
    for c in range(len(x)):
        total += x[c] * y[c]
    return total


def infinite_cosine(x: Numbers, y: Numbers, size_x: float, size_y: float) -> float:
    """Return the cosine of the angle between rows of these sizes, of which one is infinite."""
    if has_nan(x) or has_nan(y):
        return NAN
    total = 0.0
    for c in range(len(x)):
        a, b = direction(x, c, size_x), direction(y, c, size_y)
        total += 0.0 if (a == 0.0) | (b == 0.0) else a * b
    return total


def direction(x: Numbers, c: int, size: float) -> float:
    """Return x_c / size; of the only infinite number of a row 1 or -1, of several NaN."""
    if abs(x[c]) < INFINITY:
        return x[c] / size
    if infinite(x) != c:
        return NAN
    return 1.0 if x[c] > 0.0 else -1.0


def distance(x: Numbers, y: Numbers, p: float, epsilon: float) -> float:
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


def among(i: int, labels: Numbers, count: int) -> bool:
    """Return whether class i is one of the first labels of a row."""
    for k in range(count):
        if labels[k] == i:
            return True
    return False


def multi_margin(y: int, x: Numbers, margin: float, p: float) -> float:
    """Return the sum of max(0, margin - x_y + x_i)**p over the classes i but y."""
    total = 0.0
    for i in range(len(x)):
        if i != y:
            total += raised(larger(margin - x[y] + x[i], 0.0), p)
    return total if total == total else endless_margin(y, x)


def endless_margin(y: int, x: Numbers) -> float:
    """Return a sum of margins of which some have no value: infinite if another one is, else NaN."""
    for i in range(len(x)):
        if x[i] != x[i]:
            return NAN
    for i in range(len(x)):
        if x[i] > x[y] and (x[y] == -INFINITY or x[i] == INFINITY):
            return INFINITY
    return NAN


FORMULAS = (
    deviance,
    gamma_deviance,
    tweedie,
    poisson,
    logistic,
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
    surprise,
    weighed,
    weighed_twice,
    share,
    soft_margin,
    log_term,
    total_of,
    dot,
    distance,
    raised,
    among,
    multi_margin,
    *scores.FUNCTIONS,
)
"""What `kernels.meanings` registers with the compiler, to be part of each loop that calls it."""

RARE = (has_nan, infinite, endless_margin, overlap, endless_gap, infinite_cosine, direction)
"""What it registers to be called: of infinite numbers, it would only take the loops' registers."""
