"""streamloss: exact streaming reductions of losses, the same bits however the data was cut.

Importing it imports neither numba nor dask, and no module of losses; the first use does.
"""

import sys as _sys
from importlib import import_module as _import_module
from typing import TYPE_CHECKING as _TYPE_CHECKING
from typing import Any as _Any

from . import losses, metrics
from .accumulator import Accumulator
from .api import accumulate, evaluate, merge, reduce
from .exact.reductions import Reduction
from .explanation import explain
from .losses.define import loss
from .losses.domains import Class, Classes, Interval, NonNegative, Positive, Proportion, Row, Share
from .losses.names import attribute as _attribute
from .losses.names import directory as _directory
from .run.threads import get_num_threads, set_num_threads

if _TYPE_CHECKING:
    from .arrays.cuts import bins, period
    from .arrays.sets import grouping_sets
    from .files import DataSet, scan
    from .losses import *  # noqa: F403
    from .metrics import *  # noqa: F403
    from .rolling import Rolling
    from .slices import Slices
    from .slices.sets import ALL

__version__ = "0.1.0"

__all__ = [
    "ALL",
    "Accumulator",
    "Class",
    "Classes",
    "DataSet",
    "Interval",
    "NonNegative",
    "Positive",
    "Proportion",
    "Reduction",
    "Rolling",
    "Row",
    "Share",
    "Slices",
    "accumulate",
    "bins",
    "evaluate",
    "explain",
    "get_num_threads",
    "grouping_sets",
    "loss",
    "merge",
    "period",
    "reduce",
    "scan",
    "set_num_threads",
]
if _TYPE_CHECKING:
    __all__ += losses.__all__ + metrics.__all__
else:  # `__getattr__` adds the losses
    _others = __all__
    del __all__

# Pickles of version 0.1 name the modules as they were called then.
for _old, _new in {
    "_named": "arrays.named",
    "_registry": "losses.domains",
    "reductions": "exact.reductions",
    "state": "exact.state",
}.items():
    _sys.modules[f"{__name__}.{_old}"] = _sys.modules[f"{__name__}.{_new}"]


_LATER = dict(
    ALL="slices.sets",
    DataSet="files",
    Rolling="rolling",
    Slices="slices",
    bins="arrays.cuts",
    grouping_sets="arrays.sets",
    period="arrays.cuts",
    scan="files",
)
"""The modules of what is imported when it is first used."""


def __dir__() -> list[str]:
    """Return the names of the package, those that are imported when first used among them."""
    return sorted({*_directory(__name__), *_others})


def __getattr__(name: str) -> _Any:
    """Return what is imported when it is first used: losses, files, which need much, and keys."""
    if name in _LATER:
        globals()[name] = found = getattr(_import_module(f".{_LATER[name]}", __name__), name)
        return found
    found = _attribute(__name__, name)
    return [*_others, *found] if name == "__all__" else found
