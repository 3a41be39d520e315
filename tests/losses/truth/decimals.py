"""Functions of decimals that formulas share."""

from __future__ import annotations

from decimal import Decimal


def log1p(z: Decimal) -> Decimal:
    return z - z**2 / 2 + z**3 / 3 if abs(z) < Decimal("1e-20") else (1 + z).ln()


def softplus(x: Decimal) -> Decimal:
    return max(x, Decimal(0)) + log1p((-abs(x)).exp())


def raised(x: Decimal, p: float) -> Decimal:
    return Decimal(p == 0) if x == 0 else x ** Decimal(p)


def clipped(x: Decimal, low: float, high: float) -> Decimal:
    return min(max(x, Decimal(low)), Decimal(high))


def dlog(x: Decimal) -> Decimal:
    return x.ln() if x else Decimal("-1e999")
