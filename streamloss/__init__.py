"""streamloss: exact streaming reductions of losses, the same bits however the data was cut.

Importing it imports neither numba nor dask; the first call that needs them does.
"""

import sys as _sys
from typing import TYPE_CHECKING as _TYPE_CHECKING
from typing import Any as _Any

from . import losses, metrics
from .accumulator import Accumulator
from .api import accumulate, evaluate, merge, reduce
from .exact.reductions import Reduction
from .explanation import explain
from .losses import *  # noqa: F403
from .losses.define import loss
from .losses.domains import Class, Classes, Interval, NonNegative, Positive, Proportion, Row, Share
from .metrics import *  # noqa: F403
from .run.threads import get_num_threads, set_num_threads

if _TYPE_CHECKING:
    from .files import DataSet, scan

__version__ = "0.1.0"

__all__ = [
    "Accumulator",
    "Class",
    "Classes",
    "DataSet",
    "Interval",
    "NonNegative",
    "Positive",
    "Proportion",
    "Reduction",
    "Row",
    "Share",
    "accumulate",
    "evaluate",
    "explain",
    "get_num_threads",
    "loss",
    "merge",
    "reduce",
    "scan",
    "set_num_threads",
]
__all__ += losses.__all__ + metrics.__all__

# Pickles of version 0.1 name the modules as they were called then.
for _old, _new in {
    "_named": "arrays.named",
    "_registry": "losses.domains",
    "reductions": "exact.reductions",
    "state": "exact.state",
}.items():
    _sys.modules[f"{__name__}.{_old}"] = _sys.modules[f"{__name__}.{_new}"]


def __dir__() -> list[str]:
    """Return the names of the package, those that are imported when first used among them."""
    return sorted({*globals(), *__all__})


def __getattr__(name: str) -> _Any:
    """Return what is imported when it is first used: files need archives and threads."""
    if name in ("DataSet", "scan"):
        from . import files

        globals()[name] = found = getattr(files, name)
        return found
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
