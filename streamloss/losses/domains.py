"""What parameters and inputs of losses may be: intervals, choices, labels, and marks of inputs."""

from __future__ import annotations

import math
from enum import Enum
from typing import Annotated, Any, NamedTuple


class Interval(NamedTuple):
    """The values that a parameter of a loss may take, for use in `typing.Annotated`."""

    low: float
    high: float
    closed: bool = False
    whole: bool = False

    def taken(self, value: Any) -> float:
        """Return a value as a parameter.

        Raises
        ------
        TypeError
            If it is no number.
        ValueError
            If it does not lie in the interval.
        """
        try:
            number = float(value) + 0.0  # -0.0 and 0.0 are one parameter
        except (TypeError, ValueError, OverflowError):
            number = None
        if number is None or isinstance(value, str | bytes):
            raise TypeError("a number")
        if not self.admits(number):
            raise ValueError(self.rule())
        return number

    def read(self, text: str) -> float:
        """Return the parameter that a text spells; ValueError if that is no number."""
        return float(text)

    def admits(self, value: float) -> bool:
        """Return whether the value is finite and lies in the interval."""
        inside = self.low < value < self.high
        inside |= self.closed and math.isfinite(value) and value in (self.low, self.high)
        return inside and (not self.whole or value == int(value))

    def rule(self) -> str:
        """Say what is asked of the value."""
        if self.whole:
            return f"a whole number {self._replace(whole=False).rule()}"
        if self == Real:
            return "finite"
        if math.isinf(self.high):
            return f"{'at least' if self.closed else 'greater than'} {self.low:g} and finite"
        if math.isinf(self.low):
            return f"{'at most' if self.closed else 'less than'} {self.high:g} and finite"
        rule = "at least {:g} and at most {:g}" if self.closed else "strictly between {:g} and {:g}"
        return rule.format(self.low, self.high)


class Whole(Interval):
    """The whole numbers of an interval, kept as float."""

    __slots__ = ()

    def admits(self, value: float) -> bool:
        """Return whether the value is whole and lies in the interval."""
        return value.is_integer() and super().admits(value)

    def rule(self) -> str:
        """Say what is asked of the value."""
        return f"whole, {super().rule()}"


Real = Interval(-math.inf, math.inf)
Positive = Annotated[float, Interval(0.0, math.inf)]
NonNegative = Annotated[float, Interval(0.0, math.inf, closed=True)]
Proportion = Annotated[float, Interval(0.0, 1.0)]
Share = Annotated[float, Interval(0.0, 1.0, closed=True)]


class Choice(NamedTuple):
    """The texts that a parameter may be, for use in `typing.Annotated`."""

    texts: tuple[str, ...]

    def taken(self, value: Any) -> str:
        """Return a value as a parameter, None as "none"; ValueError if it is none of the texts."""
        if value is None and "none" in self.texts:
            return "none"
        if not isinstance(value, str) or value not in self.texts:
            raise ValueError(f"one of {', '.join(map(repr, self.texts))}")
        return str(value)

    def read(self, text: str) -> str:
        """Return the parameter that a text spells."""
        return text


class Flag(NamedTuple):
    """A parameter that is true or false, kept as 1.0 or 0.0, for use in `typing.Annotated`."""

    rule: str = "True or False"

    def taken(self, value: Any) -> float:
        """Return a value as a parameter; ValueError if it is neither."""
        if not isinstance(value, int | float) or value not in (0, 1):
            raise ValueError(self.rule)
        return float(value)

    def read(self, text: str) -> float:
        """Return the parameter that a text spells; ValueError if it spells none."""
        return float({"true": 1, "false": 0}.get(text.lower(), text))


class Maybe(NamedTuple):
    """A parameter that is a number or None, which stands for what follows from the others."""

    interval: Interval = Real

    def taken(self, value: Any) -> float | None:
        """Return a value as a parameter, as `Interval.taken` does."""
        return None if value is None else self.interval.taken(value)

    def read(self, text: str) -> float | None:
        """Return the parameter that a text spells; ValueError if that is no number nor none."""
        return None if text.lower() == "none" else self.interval.read(text)


QUOTES = "''", '""'
"""The quotes that a label may be between in text."""


class AnyLabel(NamedTuple):
    """A parameter that is a label, a whole number or text, for use in `typing.Annotated`.

    Attributes
    ----------
    optional : bool
        Whether it may be None as well.
    """

    optional: bool = False

    @property
    def rule(self) -> str:
        """What is asked of the value."""
        return "a whole number, text or None" if self.optional else "a whole number or text"

    def taken(self, value: Any) -> Any:
        """Return a value as a parameter; TypeError if it is no label."""
        if isinstance(value, str) or (value is None and self.optional):
            return value
        try:
            whole = int(value)
            alike = bool(whole == value)
        except (TypeError, ValueError, OverflowError):
            alike = False
        if not alike or isinstance(value, bytes):
            raise TypeError(self.rule)
        return whole

    def read(self, text: str) -> Any:
        """Return the parameter that a text spells: a number where it is one.

        "none" is None where that may be. In quotes, as in "'none'" and "'1'", all is text.

        Examples
        --------
        >>> [AnyLabel(True).read(text) for text in ("1", "cat", "none", "'none'", "'1'")]
        [1, 'cat', None, 'none', '1']
        >>> AnyLabel().read("none")
        'none'
        """
        if len(text) > 1 and text[0] + text[-1] in QUOTES:
            return text[1:-1]
        if self.optional and text.lower() == "none":
            return None
        try:
            return int(text)
        except ValueError:
            return text


LabelLike = Annotated[Any, AnyLabel()]
MaybeLabel = Annotated[Any, AnyLabel(optional=True)]


class Mark(Enum):
    """What an input of `row` is; no two equal: Python 3.11.2 takes equal annotations for one."""

    ROW = "a row of an array, and not one number for each row"
    CLASS = "indices of classes, of which a row has one each"


Row = Annotated[Any, Mark.ROW]
"""A row: compiled, a float64 array, which this layer cannot name; in Python any sequence."""

Class = Annotated[float, Mark.CLASS]
Classes = Annotated[Row, Mark.CLASS]
