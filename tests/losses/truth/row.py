"""What a row of the table has, and how losses are compared with its formula."""

from __future__ import annotations

import math
from collections.abc import Callable
from decimal import Decimal, localcontext
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Inputs = tuple[Floats, ...]
Draw = Callable[[np.random.Generator, int], Inputs]


class Truth(NamedTuple):
    """A loss, its formula, data of its domain, and by how many ulp it may miss the formula."""

    loss: Any
    formula: Callable[..., Any]
    draw: Draw
    ulps: float = 0

    def __call__(self, *inputs: ArrayLike) -> Floats:
        """Return the losses of a formula of arithmetic, from inputs upcast to float64."""
        with np.errstate(all="ignore"):
            given = (np.asarray(array, np.float64) for array in inputs)
            return np.asarray(self.formula(*given), np.float64)

    def misses(self, found: Floats, *inputs: Floats) -> float:
        """Return the largest distance of losses from the formula, in ulp of the scale."""
        return max(map(self._miss, found.tolist(), *(a.tolist() for a in inputs)))

    def _miss(self, found: float, *inputs: Any) -> float:
        with localcontext(prec=50):
            given = ([Decimal(x) for x in a] if isinstance(a, list) else Decimal(a) for a in inputs)
            value = self.formula(*given)
            value, scale = value if isinstance(value, tuple) else (value, abs(value))
            return float(abs(Decimal(found) - value) / Decimal(math.ulp(float(scale))))


def name(case: Truth) -> str:
    """Return the name of a row in a list of tests."""
    return repr(case.loss)
