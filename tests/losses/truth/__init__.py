"""What is true of every loss: `table.py` has the rows, here they are chosen from."""

from streamloss import losses as sl
from tests.losses.truth.row import Truth, name
from tests.losses.truth.table import TABLE

__all__ = ["ARITHMETIC", "ELEMENTS", "OTHERS", "PAIRS", "ROWS", "SIMPLE", "TABLE", "Truth", "name"]

SIMPLE = [
    case
    for case in TABLE
    if isinstance(
        case.loss,
        sl.AbsoluteError
        | sl.SquaredError
        | sl.RootMeanSquaredError
        | sl.Huber
        | sl.SmoothL1
        | sl.LogCosh
        | sl.Quantile
        | sl.Value,
    )
]
"""Losses of any floats. What is about all else than losses is tested with them."""

PAIRS = [case for case in SIMPLE if case.loss.inputs == 2]
ARITHMETIC = [case for case in PAIRS if case.ulps == 0]

OTHERS = [case for case in TABLE if case not in SIMPLE]
ELEMENTS = [case for case in OTHERS if not any(case.loss.ranks)]
ROWS = [case for case in OTHERS if any(case.loss.ranks)]
