"""Numbers as formats of files have them."""

from __future__ import annotations

import math


def in_json(value: float) -> float | str:
    """Return a number as JSON has it: one that is not finite as a string.

    Python's float and JavaScript's Number read these strings back.

    Examples
    --------
    >>> in_json(0.1), in_json(float("-inf")), in_json(float("nan"))
    (0.1, '-Infinity', 'NaN')
    """
    if math.isfinite(value):
        return value
    return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
