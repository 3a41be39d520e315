"""Quantiles of errors by their definition, in fractions."""

from fractions import Fraction
from typing import Any


def quantile(errors: Any, weights: Any, share: Fraction) -> Fraction:
    """Return the least error up to which the weights are a share of all, and not zero."""
    order = sorted(zip(errors, weights, strict=True))
    total, below = sum(Fraction(w) for w in weights), Fraction(0)
    for error, weight in order:
        below += Fraction(weight)
        if below and below >= share * total:
            return Fraction(error)
    raise AssertionError


def median(errors: Any, weights: Any) -> Fraction:
    """Return the mean of the quantile of a half from below and of that from above."""
    low = quantile(errors, weights, Fraction(1, 2))
    total = sum(Fraction(w) for w in weights)
    up_to = sum(Fraction(w) for e, w in zip(errors, weights, strict=True) if Fraction(e) <= low)
    if 2 * up_to != total:
        return low
    return (
        low + min(Fraction(e) for e, w in zip(errors, weights, strict=True) if w and e > low)
    ) / 2
