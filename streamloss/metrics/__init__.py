"""Metrics that combine several exact sums: each names its `parts` and what it makes of them.

The parts are losses like any other, summed in the same pass. `combine` takes their exact sums, so
what is subtracted there cancels without loss.
"""

from .moments import R2, ExplainedVariance
from .overlap import Dice, Tversky

__all__ = ["R2", "Dice", "ExplainedVariance", "Tversky"]
