"""The losses and scores of `sklearn.metrics` that are sums, exact and streaming.

Names, arguments, answers and errors are scikit-learn's; what is NaN, infinite or outside the
domain of a loss raises there, and here. Of dask arrays results are lazy and values are checked
when they are computed. docs/coming_from_sklearn.md lists the differences.
"""

from . import absent, arguments, classification, deviances, probabilities, regression, scores
from .absent import *  # noqa: F403
from .arguments import *  # noqa: F403
from .classification import *  # noqa: F403
from .deviances import *  # noqa: F403
from .probabilities import *  # noqa: F403
from .regression import *  # noqa: F403
from .scores import *  # noqa: F403

__all__: list[str] = []
__all__ += absent.__all__ + arguments.__all__ + classification.__all__ + deviances.__all__
__all__ += probabilities.__all__ + regression.__all__ + scores.__all__
