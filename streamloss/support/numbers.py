"""Numbers as formats of files have them."""

from __future__ import annotations

import math
from typing import Any


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


def result_in_json(value: Any) -> Any:
    """Return a result as JSON has it: of one that is no number its columns, by their names."""
    if isinstance(value, float):
        return in_json(value)
    columns = {name: column.tolist() for name, column in value.to_dict().items()}
    return {
        name: [in_json(item) if isinstance(item, float) else item for item in column]
        for name, column in columns.items()
    }
