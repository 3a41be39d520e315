"""What scikit-learn asks of values: checks, which take a block when it is read and may raise.

For arrays in memory they are called, for dask arrays they become part of the tasks that load the
blocks.
"""

from __future__ import annotations

import operator
from typing import Any, NamedTuple, Protocol

import numpy as np

from streamloss.arrays.types import Array


class Checking(Protocol):
    """A check of values."""

    def __call__(self, block: Any, /) -> object:
        """Raise if a block breaks a rule."""


def check_finite(name: str, block: Array) -> None:
    """Refuse floats that are NaN or infinite."""
    if np.isnan(block).any():
        raise ValueError(f"Input {name} contains NaN.")
    if np.isinf(block).any():
        rule = f"infinity or a value too large for {block.dtype!r}"
        raise ValueError(f"Input {name} contains {rule}.")


def check_integral(block: Array, name: str) -> None:
    """Refuse labels that are no whole numbers, NaN or infinite."""
    if block.dtype.kind == "f":
        check_finite(name, block)
        broken = block[np.trunc(block) != block]
        if broken.size:
            raise ValueError(f"{name} must be labels, whole numbers or text: got {broken[0]}")


class Bounds(NamedTuple):
    """Where numbers must lie, and scikit-learn's sentence about those that do not."""

    above: float | None = None
    low: float | None = None
    high: float | None = None
    rule: str = ""


class Check(NamedTuple):
    """Refuses numbers that are not finite in a dtype, or not within bounds."""

    name: str
    dtype: str
    bounds: Bounds = Bounds()

    def __call__(self, block: Array) -> None:
        """Raise ValueError if a number in a block breaks the rule."""
        with np.errstate(all="ignore"):
            if block.dtype.kind not in "biu" or self.dtype == "float16":
                rounded = block.astype(self.dtype, copy=False)
                if not np.isfinite(rounded.sum()):
                    check_finite(self.name, rounded)
        if block.size:
            self._check_bounds(block.min(), block.max())

    def _check_bounds(self, least: float, most: float) -> None:
        above, low, high, rule = self.bounds
        for words, bound, value, holds in (
            ("greater than", above, least, operator.gt),
            ("at least", low, least, operator.ge),
            ("at most", high, most, operator.le),
        ):
            if bound is not None and not holds(value, bound):
                raise ValueError(f"{rule}{self.name} must be {words} {bound:g}: got {value}")
