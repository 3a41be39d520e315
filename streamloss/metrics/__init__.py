"""Metrics that combine several exact sums: each names its `parts` and what it makes of them.

The parts are losses like any other, summed in the same pass. `combine` takes their exact sums, so
what is subtracted there cancels without loss.
"""

# Each module brings what it imports too, hence the list of names below.
from streamloss.losses.names import LOSSES

from .moments import *  # noqa: F403
from .overlap import *  # noqa: F403

__all__ = sorted(cls.__name__ for cls in LOSSES.values() if cls.combine is not None)
