"""Metrics of exact sums and counts: each names its `sums` or `cells`, and what it makes of them.

Sums are those of losses like any other, taken in the same pass, or of moments, whose terms are not
rounded either. Cells are counted: keys of each element, such as a pair of labels, tell them apart.
`combine` takes both exact, so what is subtracted there cancels without loss.
"""

from functools import partial
from typing import TYPE_CHECKING

from streamloss.losses.names import attribute, defined_in, directory

_FAMILIES = (
    "moments",
    "correlation",
    "errors",
    "overlap",
    "labels",
    "rates",
    "sets",
    "agreement",
    "ranks",
    "calibration",
    "perplexity",
    "skill",
    "ranking",
    "curves",
    "quantiles",
    "extremes",
)
"""The modules with metrics, in the order in which one is looked for."""

defined_in(__name__, _FAMILIES)

if TYPE_CHECKING:
    from .agreement import *  # noqa: F403
    from .calibration import *  # noqa: F403
    from .correlation import *  # noqa: F403
    from .curves import *  # noqa: F403
    from .errors import *  # noqa: F403
    from .extremes import *  # noqa: F403
    from .labels import *  # noqa: F403
    from .moments import *  # noqa: F403
    from .overlap import *  # noqa: F403
    from .perplexity import *  # noqa: F403
    from .quantiles import *  # noqa: F403
    from .ranking import *  # noqa: F403
    from .ranks import *  # noqa: F403
    from .rates import *  # noqa: F403
    from .sets import *  # noqa: F403
    from .skill import *  # noqa: F403

    __all__: list[str]
else:
    __getattr__ = partial(attribute, __name__)
    __dir__ = partial(directory, __name__)
