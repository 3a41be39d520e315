"""streamloss: exact streaming reductions of losses, the same bits however the data was cut.

Importing it imports neither numba nor dask; the first call does.
"""

from ._registry import Interval, NonNegative, Positive, Proportion, loss
from ._threads import get_num_threads, set_num_threads
from .accumulator import Accumulator
from .functional import accumulate, evaluate, merge, reduce
from .losses import (
    AbsoluteError,
    Huber,
    LogCosh,
    Quantile,
    RootMeanSquaredError,
    SmoothL1,
    SquaredError,
    Value,
)
from .reductions import Reduction

__version__ = "0.1.0"

__all__ = [
    "AbsoluteError",
    "Accumulator",
    "Huber",
    "Interval",
    "LogCosh",
    "NonNegative",
    "Positive",
    "Proportion",
    "Quantile",
    "Reduction",
    "RootMeanSquaredError",
    "SmoothL1",
    "SquaredError",
    "Value",
    "accumulate",
    "evaluate",
    "get_num_threads",
    "loss",
    "merge",
    "reduce",
    "set_num_threads",
]
