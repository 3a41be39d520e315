"""Data of each loss's domain: functions of a generator and a number of elements or rows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tests.losses.truth.row import Draw, Floats, Inputs

CLASSES = 5
"""The length of rows."""

# Elements.


def reals(rng: np.random.Generator, n: int) -> Inputs:
    """Labels and predictions whose errors have many sizes; a few are equal, a few zero."""
    y = rng.normal(size=n) * (rng.random(n) < 0.95)
    return y, y + 10.0 ** rng.integers(-6, 4, n) * rng.normal(size=n) * (rng.random(n) < 0.95)


def positive(rng: np.random.Generator, n: int) -> Inputs:
    """Positive labels and predictions whose quotients lie near 1, and far from it."""
    y = rng.lognormal(sigma=2.0, size=n)
    return y, y * np.exp(10.0 ** rng.integers(-6, 2, n) * rng.normal(size=n) * 0.1)


def counts(rng: np.random.Generator, n: int) -> Inputs:
    return rng.poisson(3.0, n).astype(float), rng.lognormal(sigma=1.5, size=n)


def counts_and_logs(rng: np.random.Generator, n: int) -> Inputs:
    y, rates = counts(rng, n)
    return y, np.log(rates)


def moments(rng: np.random.Generator, n: int) -> Inputs:
    y, mean = reals(rng, n)
    return y, mean, rng.lognormal(sigma=4.0, size=n) * (rng.random(n) < 0.9)


def zero_to_one(rng: np.random.Generator, n: Any) -> Floats:
    """Probabilities of all sizes: near 0, near 1, and both themselves."""
    p = 1.0 / (1.0 + np.exp(-12.0 * rng.normal(size=n)))
    return np.where(rng.random(n) < 0.1, np.round(p), p)


def probabilities(rng: np.random.Generator, n: int) -> Inputs:
    y = rng.integers(0, 2, n).astype(float)
    return np.where(rng.random(n) < 0.3, rng.random(n), y), zero_to_one(rng, n)


def hard_probabilities(rng: np.random.Generator, n: int) -> Inputs:
    return rng.integers(0, 2, n).astype(float), zero_to_one(rng, n)


def logits(rng: np.random.Generator, n: int) -> Inputs:
    return probabilities(rng, n)[0], rng.normal(size=n) * 10.0 ** rng.integers(-3, 3, n)


def hard_logits(rng: np.random.Generator, n: int) -> Inputs:
    return rng.integers(0, 2, n).astype(float), logits(rng, n)[1]


def weighted_logits(rng: np.random.Generator, n: int) -> Inputs:
    return *logits(rng, n), rng.lognormal(size=n)


def signs(rng: np.random.Generator, n: int) -> Inputs:
    return rng.choice([-1.0, 1.0], n), logits(rng, n)[1]


def any_signs(rng: np.random.Generator, n: int) -> Inputs:
    return rng.choice([-1.0, 1.0, 0.0, 2.0], n), rng.normal(size=n)


def equal_or_not(rng: np.random.Generator, n: int) -> Inputs:
    return rng.integers(0, 3, n).astype(float), rng.integers(0, 3, n).astype(float)


def ranked(rng: np.random.Generator, n: int) -> Inputs:
    return rng.choice([-1.0, 1.0], n), rng.normal(size=n), rng.normal(size=n)


def first_of_reals(rng: np.random.Generator, n: int) -> Inputs:
    return reals(rng, n)[:1]


# Rows.


def labels(rng: np.random.Generator, n: int) -> Floats:
    return rng.integers(0, CLASSES, n).astype(float)


def logit_rows(rng: np.random.Generator, n: int) -> Floats:
    return rng.normal(size=(n, CLASSES)) * 10.0 ** rng.integers(-2, 2, (n, 1))


def share_rows(rng: np.random.Generator, n: int) -> Floats:
    """Rows of positive numbers, some of them near their sum, some zero."""
    rows = np.exp(4.0 * rng.normal(size=(n, CLASSES)))
    return rows * ((rng.random((n, CLASSES)) < 0.9) | (np.arange(CLASSES) == 0))


def probability_rows(rng: np.random.Generator, n: int) -> Floats:
    return zero_to_one(rng, (n, CLASSES))


def label_rows(rng: np.random.Generator, n: int) -> Floats:
    """Rows of labels: one-hot ones, and probabilities."""
    hot = (np.arange(CLASSES) == labels(rng, n)[:, None]).astype(float)
    return np.where(rng.random((n, 1)) < 0.5, hot, rng.dirichlet(np.ones(CLASSES), n))


def weight_rows(rng: np.random.Generator, n: int) -> Floats:
    return rng.lognormal(size=(n, CLASSES))


def rows_of(*draws: Callable[[np.random.Generator, int], Floats]) -> Draw:
    """Return a function that draws each input by its own."""
    return lambda rng, n: tuple(draw(rng, n) for draw in draws)


def multi_labels(rng: np.random.Generator, n: int) -> Floats:
    return rng.integers(-1, CLASSES, (n, CLASSES)).astype(float)


def flags(rng: np.random.Generator, n: int) -> Floats:
    return rng.integers(0, 2, (n, CLASSES)).astype(float)


def vectors(rng: np.random.Generator, n: int) -> Floats:
    """Rows of all sizes, the first of zeros."""
    rows = rng.normal(size=(n, CLASSES)) * 10.0 ** rng.integers(-6, 6, (n, 1))
    rows[0] = 0.0
    return rows


def plain_vectors(rng: np.random.Generator, n: int) -> Floats:
    return rng.normal(size=(n, CLASSES))


def relations(rng: np.random.Generator, n: int) -> Floats:
    return any_signs(rng, n)[0]


def sixteenths(rng: np.random.Generator, n: int) -> Floats:
    """Rows whose differences are exact."""
    return rng.integers(-64, 64, (n, CLASSES)) / 16.0


def some_weights(rng: np.random.Generator, n: int) -> Floats:
    return rng.integers(0, 3, (n, CLASSES)).astype(float)
