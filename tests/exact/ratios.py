"""Means of ratios by fractions."""

import math
from fractions import Fraction

from hypothesis import strategies as st

WHOLE = st.integers(-(1 << 70), 1 << 70)


def truth(terms: list[tuple[int, int, int]], total: int | None = None) -> float:
    kept = [(n, d, w) for n, d, w in terms if d != 0 or w * n != 0]
    infinite = {w * n > 0 for n, d, w in kept if d == 0}
    heavy = sum(w for n, d, w in kept) if total is None else total
    if infinite:
        return (
            math.nan if len(infinite) == 2 else math.inf * (1 if infinite == {heavy >= 0} else -1)
        )
    return quotient(sum((Fraction(w * n, d) for n, d, w in kept if d), Fraction(0)), heavy)


def quotient(value: Fraction, heavy: int) -> float:
    if heavy == 0:
        return math.nan if value == 0 else math.copysign(math.inf, value)
    return float(value / heavy)
