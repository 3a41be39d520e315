"""The losses of `torch.nn.functional`, exact, of numpy and dask arrays.

Names, arguments, order ``(input, target)``, denominators, dtypes and errors are PyTorch's.
Results are numpy scalars and arrays, lazy for dask arrays.
"""

from streamloss.compat._common.absent import refusing

from . import classification, likelihood, margins, regression, similarity
from .absent import ABSENT
from .classification import *  # noqa: F403
from .likelihood import *  # noqa: F403
from .margins import *  # noqa: F403
from .regression import *  # noqa: F403
from .similarity import *  # noqa: F403

__all__: list[str] = []
__all__ += classification.__all__ + likelihood.__all__ + margins.__all__
__all__ += regression.__all__ + similarity.__all__

__getattr__ = refusing(__name__, ABSENT)
