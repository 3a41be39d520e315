"""Exact sums as numbers, for what is made of several: nothing is rounded before a quotient."""

from __future__ import annotations

import math

from .digits import UNIT, divide


class Exact:
    """A number without rounding: an exact sum, or a sum or product of such.

    It is added, subtracted and multiplied exactly, with integers too, and rounded once by `/`,
    `over`, `over_root`, `root_over` or ``float``. What is not finite follows IEEE arithmetic in
    sums and quotients; a product with it is NaN, for nothing can be told of what it would cancel.

    Parameters
    ----------
    units : int
        The number in units of 2**-1074, each float64 being a whole number of them; zero if it is
        not finite.
    strange : float, optional
        The infinity or NaN that it is.
    scale : int
        How many factors 2**-1074 a unit has: 1 of a sum, 2 of a product of two, 0 of an integer.

    Examples
    --------
    >>> third = Exact(1 << 1074) + Exact(2 << 1074)
    >>> third / 9, float(third * third), (third - 3).over(0)
    (0.3333333333333333, 9.0, nan)
    """

    __slots__ = ("scale", "strange", "units")

    def __init__(self, units: int, strange: float | None = None, scale: int = 1) -> None:
        self.units, self.strange, self.scale = units, strange, scale

    @classmethod
    def of(cls, number: float) -> Exact:
        """Return a finite float64 as an exact number."""
        numerator, denominator = number.as_integer_ratio()
        return cls(numerator << 1075 - denominator.bit_length())

    def __repr__(self) -> str:
        return f"<Exact, nearly {float(self)}>"

    def __eq__(self, other: object) -> bool:
        if isinstance(other, int):
            other = _number(other)
        if not isinstance(other, Exact):
            return NotImplemented
        if self.strange is not None or other.strange is not None:
            return self.strange == other.strange
        a, b = _aligned(self, other)
        return a == b

    __hash__ = None  # type: ignore[assignment]

    def __add__(self, other: Exact | int) -> Exact:
        b = _number(other)
        if self.strange is not None or b.strange is not None:
            return Exact(0, (self.strange or 0.0) + (b.strange or 0.0))
        return Exact(sum(_aligned(self, b)), None, max(self.scale, b.scale))

    def __sub__(self, other: Exact | int) -> Exact:
        b = _number(other)
        return self + Exact(-b.units, None if b.strange is None else -b.strange, b.scale)

    def __mul__(self, other: Exact | int) -> Exact:
        b = _number(other)
        if self.strange is not None or b.strange is not None:
            return Exact(0, math.nan)
        return Exact(self.units * b.units, None, self.scale + b.scale)

    __radd__, __rmul__ = __add__, __mul__

    def __rsub__(self, other: int) -> Exact:
        return _number(other) - self

    def __truediv__(self, other: Exact | int) -> float:
        return self.over(other)

    def __float__(self) -> float:
        return self.over(1)

    def over(self, divisor: Exact | int, zero: float | None = None) -> float:
        """Return the correctly rounded quotient; over 0 it is `zero`, or IEEE's if that is None."""
        b = _number(divisor)
        if b.strange is None and b.units == 0 and zero is not None:
            return zero
        if b.strange is not None:
            return _over_strange(self, b.strange)
        if self.strange is not None:
            return self.strange * (-1.0 if b.units < 0 else 1.0)
        numerator, denominator = _aligned(self, b)
        return divide(numerator, denominator)

    def over_root(self, square: Exact) -> float:
        """Return the correctly rounded quotient by a square root; NaN by that of 0 or less."""
        if self.strange is not None or square.strange is not None or square.units <= 0:
            return math.nan
        numerator, denominator = _aligned(self * self, square)
        root = _root(numerator, denominator)
        return -root if self.units < 0 else root

    def root_over(self, divisor: Exact | int) -> float:
        """Return the correctly rounded square root of a quotient; NaN of what is below 0."""
        b = _number(divisor)
        if self.strange is not None or b.strange is not None or self.units * b.units <= 0:
            quotient = self.over(b)
            return math.sqrt(quotient) if quotient >= 0.0 else math.nan
        numerator, denominator = _aligned(self, b)
        return _root(abs(numerator), abs(denominator))


def total(parts: list[Exact]) -> Exact:
    """Return the sum of exact streams, of which the first tells what is not finite."""
    first = parts[0]
    if first.strange is not None or len(parts) == 1:
        return first
    return Exact(sum([part.units for part in parts]))


def over_nonfinite(losses: int | None, weights: float) -> float:
    """Return a sum of losses, None if not finite, over an infinity or NaN."""
    if losses is None or weights != weights:
        return math.nan
    return 0.0 if (losses >= 0) == (weights > 0) else -0.0


def _over_strange(number: Exact, divisor: float) -> float:
    return over_nonfinite(number.units if number.strange is None else None, divisor)


def _number(value: Exact | int) -> Exact:
    return value if isinstance(value, Exact) else Exact(value, None, 0)


def _aligned(a: Exact, b: Exact) -> tuple[int, int]:
    """Return how many of the smaller unit two numbers are."""
    scale = max(a.scale, b.scale)
    return a.units << -UNIT * (scale - a.scale), b.units << -UNIT * (scale - b.scale)


def _root(numerator: int, denominator: int) -> float:
    """Return the square root of a quotient, neither negative, rounded once.

    The root is taken of so many bits that it has 64 or more, and what is left below makes its
    last bit odd: it is then on no number, nor in the middle of two.
    """
    shift = max(128 + denominator.bit_length() - numerator.bit_length(), 0) // 2 + 1
    quotient, rest = divmod(numerator << 2 * shift, denominator)
    root = math.isqrt(quotient)
    inexact = rest != 0 or root * root != quotient
    return divide(2 * root + inexact, 2 << shift)
