"""The losses and scores of `sklearn.metrics` that are sums, exact and streaming.

Names, arguments, answers and errors are scikit-learn's; what is NaN, infinite or outside the
domain of a loss raises there, and here. Of dask arrays results are lazy and values are checked
when they are computed. docs/coming_from_sklearn.md lists the differences.
"""

import sys as _sys

from . import (
    absent,
    agreement,
    arguments,
    calibration,
    classification,
    confusion,
    curves,
    deviances,
    errors,
    probabilities,
    ranking,
    rates,
    regression,
    scores,
    skill,
    top,
)
from .absent import *  # noqa: F403
from .agreement import *  # noqa: F403
from .arguments import *  # noqa: F403
from .calibration import *  # noqa: F403
from .classification import *  # noqa: F403
from .confusion import *  # noqa: F403
from .curves import *  # noqa: F403
from .deviances import *  # noqa: F403
from .errors import *  # noqa: F403
from .probabilities import *  # noqa: F403
from .ranking import *  # noqa: F403
from .rates import *  # noqa: F403
from .regression import *  # noqa: F403
from .scores import *  # noqa: F403
from .skill import *  # noqa: F403
from .top import *  # noqa: F403

__all__: list[str] = []
__all__ += absent.__all__ + agreement.__all__ + arguments.__all__ + calibration.__all__
__all__ += classification.__all__ + confusion.__all__ + curves.__all__ + deviances.__all__
__all__ += errors.__all__ + probabilities.__all__ + ranking.__all__ + rates.__all__
__all__ += regression.__all__ + scores.__all__ + skill.__all__ + top.__all__

# Pickles of version 0.1, of scorers for example, name the modules of functions as they were then.
for _old, _new in {
    "_absent": absent,
    "_checks": arguments,
    "_decisions": classification,
    "_deviances": deviances,
    "_errors": regression,
    "_probabilities": probabilities,
    "_scores": scores,
}.items():
    _sys.modules[f"{__name__}.{_old}"] = _new
