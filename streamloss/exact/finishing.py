"""The correctly rounded results of many cells at once, from columns of limbs."""

from __future__ import annotations

import numpy as np

from .column import Column
from .digits import PIECE, UNIT, Ints, split
from .limbs import DIGIT, pieces
from .quotients import Flags, Floats, quotients
from .reductions import Reduction, flagged


def finish_column(
    reduction: Reduction, losses: Column, weights: Column | None, elements: Ints, nonzero: Ints
) -> tuple[Floats, Flags]:
    """Return the results of many cells, and which of them are certain.

    Only `reductions.finish` gives the others theirs. Limbs are balanced here, a piece at a time.

    Parameters
    ----------
    reduction : Reduction
        What it is, not NONE.
    losses, weights : Column
        The sums of the losses and of the weights; no weights are ones.
    elements, nonzero : int64 array (cells,)
        What the cells count.
    """
    values, certain = np.empty(losses.cells), np.empty(losses.cells, np.bool_)
    counts = nonzero if reduction is Reduction.SUM_BY_NONZERO_WEIGHTS else elements
    with np.errstate(all="ignore"):
        for some in pieces(losses.cells, 2 * PIECE):
            sums = losses.balanced(some)
            if reduction is Reduction.MEAN and weights is not None:
                exponent, widths = losses.unit - weights.unit, (losses.width, weights.width)
                found = quotients(sums, weights.balanced(some), exponent, widths)
            else:
                divisors = None if reduction is Reduction.SUM else split(counts[some])
                found = quotients(sums, divisors, losses.unit + UNIT, (losses.width, DIGIT))
            flags = [
                None if c is None or c.flags is None else c.flags[:, some]
                for c in (losses, weights)
            ]
            values[some], certain[some] = flagged(*found, *flags)
    return values, certain
