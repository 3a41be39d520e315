"""Golden cases of scikit-learn asked of `compat.sklearn`."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any

import numpy as np
from golden._compare import attempt
from golden._format import decode, read

from streamloss.compat import sklearn

HEADER, CASES = read(Path(__file__).parent / "sklearn.jsonl")
COUNTS_HEADER, COUNTS = read(Path(__file__).parent / "sklearn_counts.jsonl")
ANSWERS = [case for case in CASES if case["call"] != "make_scorer"]
DATA = ("y_true", "y_pred", "y_proba", "pred_decision", "sample_weight")


def arguments(case: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
    """Return a function and its arguments by name."""
    function, args = getattr(sklearn, case["call"]), decode(case["args"])
    named = inspect.signature(function).bind(*args).arguments if isinstance(args, list) else args
    settings = set(named) - {*DATA, "labels", "multioutput"}
    scalars = {k: named[k][()] for k in settings if isinstance(named[k], np.ndarray)}
    return function, {**named, **scalars}


def asked(case: dict[str, Any]) -> Any:
    """Return what we answer, or the error."""
    function, named = arguments(case)
    if isinstance(case["args"], list):
        return attempt(lambda: function(*named.values()))
    return attempt(lambda: function(**named))
