"""Metrics of the largest and the smallest error: they merge, but nothing can be taken out again."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

from streamloss.exact.counted import Counted
from streamloss.losses.counting import Extreme
from streamloss.losses.define import loss


@loss("max_error", "maximum_error", formula="max |y_pred - y_true|, of weights that are not zero")
class MaxError(NamedTuple):
    """The largest absolute error, in the unit of y_true, over elements of nonzero weight.

    It merges in any order. What was the largest before is not known, so that a difference of
    accumulators, a window or the rest beside a slice is refused. Without such elements it is NaN.

    Examples
    --------
    >>> import streamloss as sl
    >>> sl.evaluate("max_error", [1.0, 2.0, 4.0], [1.5, 5.0, 3.0])
    3.0
    >>> sl.evaluate("max_error", [1.0, 2.0, 4.0], [1.5, 5.0, 3.0], weights=[1.0, 0.0, 2.0])
    1.0
    """

    def cells(self) -> dict[str, Any]:
        """Return the key of which the largest is kept."""
        return {"error": Extreme("absolute_error")}

    def combine(self, cells: Counted) -> float:
        """Return the result of the cell that is kept."""
        return float(cells.keys["error"][0]) if len(cells) else math.nan


@loss("min_error", "minimum_error", formula="min |y_pred - y_true|, of weights that are not zero")
class MinError(NamedTuple):
    """The smallest absolute error, as `MaxError` is the largest.

    Examples
    --------
    >>> import streamloss as sl
    >>> sl.evaluate("min_error", [1.0, 2.0, 4.0], [1.5, 5.0, 3.0])
    0.5
    """

    def cells(self) -> dict[str, Any]:
        """Return the key of which the smallest is kept."""
        return {"error": Extreme("absolute_error", largest=False)}

    def combine(self, cells: Counted) -> float:
        """Return the result of the cell that is kept."""
        return float(cells.keys["error"][0]) if len(cells) else math.nan
