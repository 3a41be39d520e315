"""Perplexity and bits per byte: of the exact mean over all tokens, however these were cut."""

import math
from decimal import Decimal, localcontext
from typing import Any

import numpy as np
import pytest

import streamloss as sl


def nats(y: Any, x: Any, w: Any) -> Decimal:
    """Return the sum of the cross-entropies of tokens, in decimals."""
    total = Decimal(0)
    for label, row, weight in zip(y.tolist(), x.tolist(), w, strict=True):
        sums = sum([Decimal(each).exp() for each in row], Decimal(0))
        total += Decimal(float(weight)) * (sums.ln() - Decimal(row[label]))
    return total


@pytest.mark.parametrize("scale", [0.01, 1.0, 20.0])
@pytest.mark.parametrize("weighted", [False, True])
def test_tokens(rng: np.random.Generator, scale: float, weighted: bool) -> None:
    y, x = rng.integers(0, 7, 50), scale * rng.normal(size=(50, 7))
    w = rng.random(50) if weighted else np.ones(50)
    size = rng.integers(1, 9, 50)
    given = w if weighted else None
    with localcontext() as context:
        context.prec = 50
        total, weights = nats(y, x, w), sum(Decimal(each) for each in w.tolist())
        of_bytes = sum(Decimal(a) * Decimal(int(b)) for a, b in zip(w.tolist(), size, strict=True))
        want = float((total / weights).exp()), float(total / Decimal(2).ln() / of_bytes)
    perplexity, bits = (
        sl.evaluate("perplexity", y, x, given),
        sl.evaluate("bpb", y, (x, size), given),
    )
    assert perplexity == pytest.approx(want[0], rel=2e-15 * max(1.0, scale))
    assert bits == pytest.approx(want[1], rel=2e-15 * max(1.0, scale))


def test_masked_tokens_do_not_count(rng: np.random.Generator) -> None:
    y, x, where = rng.integers(0, 5, (4, 6)), rng.normal(size=(4, 6, 5)), rng.random((4, 6)) < 0.7
    assert sl.evaluate("perplexity", y, x, where=where) == sl.evaluate(
        "perplexity", y[where], x[where]
    )
    y[~where] = -100  # as texts are padded
    assert math.isfinite(sl.evaluate("perplexity", y, x, where=where))
    assert math.isnan(sl.evaluate("perplexity", y, x))


def test_it_is_not_the_mean_of_batches(rng: np.random.Generator) -> None:
    y, x = rng.integers(0, 5, 30), rng.normal(size=(30, 5))
    acc = sl.Accumulator("perplexity").update(y[:7], x[:7]).update(y[7:], x[7:])
    assert acc.result() == sl.evaluate("perplexity", y, x)
    assert acc.result() != np.mean([sl.evaluate("perplexity", y[s], x[s]) for s in (y < 2, y > 1)])


def test_extremes() -> None:
    assert sl.evaluate("perplexity", [0], [[800.0, 0.0]]) == 1.0
    assert sl.evaluate("perplexity", [1], [[800.0, 0.0]]) == math.inf
    assert math.isnan(sl.evaluate("perplexity", [0], [[math.nan, 0.0]]))
    assert math.isnan(sl.evaluate("perplexity", np.empty(0), np.empty((0, 2))))
    assert sl.evaluate("bits_per_byte", [0], ([[0.0, 0.0]], [0.0])) == math.inf


def test_only_a_mean_has_a_perplexity() -> None:
    with pytest.raises(ValueError, match="reduction"):
        sl.evaluate("perplexity", [0], [[0.0, 0.0]], reduction="sum")
