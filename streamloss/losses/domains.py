"""What parameters and inputs of losses may be: intervals, and the marks of rows and of classes."""

from __future__ import annotations

import math
from enum import Enum
from typing import Annotated, Any, NamedTuple


class Interval(NamedTuple):
    """The values that a parameter of a loss may take, for use in `typing.Annotated`."""

    low: float
    high: float
    closed: bool = False

    def admits(self, value: float) -> bool:
        """Return whether the value is finite and lies in the interval."""
        inside = self.low < value < self.high
        return inside or (self.closed and math.isfinite(value) and value in (self.low, self.high))

    def rule(self) -> str:
        """Say what is asked of the value."""
        if self == Real:
            return "finite"
        if math.isinf(self.high):
            return f"{'at least' if self.closed else 'greater than'} {self.low:g} and finite"
        if math.isinf(self.low):
            return f"{'at most' if self.closed else 'less than'} {self.high:g} and finite"
        rule = "at least {:g} and at most {:g}" if self.closed else "strictly between {:g} and {:g}"
        return rule.format(self.low, self.high)


Real = Interval(-math.inf, math.inf)
Positive = Annotated[float, Interval(0.0, math.inf)]
NonNegative = Annotated[float, Interval(0.0, math.inf, closed=True)]
Proportion = Annotated[float, Interval(0.0, 1.0)]
Share = Annotated[float, Interval(0.0, 1.0, closed=True)]


class Mark(Enum):
    """What an input of `row` is; no two equal: Python 3.11.2 takes equal annotations for one."""

    ROW = "a row of an array, and not one number for each row"
    CLASS = "indices of classes, of which a row has one each"


Row = Annotated[Any, Mark.ROW]
"""A row: compiled, a float64 array, which this layer cannot name; in Python any sequence."""

Class = Annotated[float, Mark.CLASS]
Classes = Annotated[Row, Mark.CLASS]
