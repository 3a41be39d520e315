"""Which of the cells kept each element goes to, where elements stand one after another."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from streamloss.arrays.batch import normalise_axis
from streamloss.arrays.types import Array, AxisLike, Mask
from streamloss.run.slices.batches import patterns_of


class Outputs(NamedTuple):
    """Which element of a batch goes to which of the cells kept.

    Attributes
    ----------
    kept : tuple of int
        The sizes of the axes kept.
    numbers : int array, optional
        The cell of each element; None where there is one.
    first : bool array, optional
        Which elements are the first of a row in their cell; None where each is.
    """

    kept: tuple[int, ...]
    numbers: Array | None
    first: Mask | None

    @classmethod
    def of(cls, shape: tuple[int, ...], axis: AxisLike, spreads: bool) -> Outputs:
        """Return where the elements of a shape go, whose last axis is reduced if it spreads."""
        losses = len(shape) - spreads
        reduced = (*normalise_axis(axis, losses), *([losses] if spreads else []))
        kept = tuple([size for k, size in enumerate(shape) if k not in reduced])
        if not shape:
            return cls(kept, None, None)
        if 0 in reduced:
            pattern, first = patterns_of(shape[1:], reduced, kept)
            return cls(
                kept,
                None if pattern is None else np.tile(pattern, shape[0]),
                None if first is None else np.tile(first.reshape(-1), shape[0]),
            )
        below = tuple([k + 1 for k in reduced])
        pattern, first = patterns_of(shape, below, kept)
        return cls(kept, pattern, None if first is None else first.reshape(-1))
