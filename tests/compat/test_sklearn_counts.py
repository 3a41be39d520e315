"""Metrics of counts of `compat.sklearn` against what scikit-learn answered; numpy's and dask's."""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Iterator
from typing import Any

import dask
import dask.array as da
import numpy as np
import pytest
from golden._compare import assert_same, attempt
from golden._format import decode
from golden.sklearn_cases import COUNTS, COUNTS_HEADER, arguments, asked

from streamloss.compat import sklearn

ARRAYS = ("y_true", "y_pred", "y_score", "y_prob", "y_proba", "y1", "y2", "sample_weight")


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    """Run dask's tasks where the test runs: most of them take less than a thread's start."""
    with dask.config.set(scheduler="synchronous"):
        yield


CALLS = sorted({case["call"] for case in COUNTS})
SOME = [case for call in CALLS for case in [c for c in COUNTS if c["call"] == call][::3]]
"""Cases that dask arrays are asked as well: a third of those of each function."""


def shown(case: dict[str, Any]) -> str:
    return str(case["id"])


def told(function: Any) -> tuple[Any, list[str]]:
    """Return the outcome of a call and the categories of its warnings."""
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        found = attempt(function)
    names = {cls.__name__ for w in seen for cls in w.category.__mro__[:1]}
    return found, sorted(names)


def eps_of_case(case: dict[str, Any]) -> float:
    """Return the eps that scikit-learn computes in."""
    dtypes = [
        value["dtype"]
        for key, value in case["args"].items()
        if isinstance(value, dict) and key in ("y_true", "y_pred") and "dtype" in value
    ]
    return float(np.finfo("float32" if dtypes == ["float32"] * 2 else "float64").eps)


def plain(outcome: Any) -> Any:
    """Return floats of an outcome as arrays of rank 0, of which bounds can be asked."""
    if isinstance(outcome, bool | int | float):
        return {"dtype": "float64", "shape": [], "data": [float(outcome)]}
    if isinstance(outcome, dict) and set(outcome) == {"float"}:
        return {"dtype": "float64", "shape": [], "data": [outcome["float"]]}
    return [plain(each) for each in outcome] if isinstance(outcome, list) else outcome


@pytest.mark.parametrize("case", COUNTS, ids=shown)
def test_golden(case: dict[str, Any]) -> None:
    found, names = told(lambda: asked(case))
    if isinstance(case["outcome"], float | int):
        assert isinstance(found, Exception) or type(found) is float
    assert_same(plain(case["outcome"]), found, eps_of_case(case), 1.0, 8)
    if not isinstance(found, Exception):
        assert names == case.get("warns", [])


def lazily(value: Any) -> Any:
    """Return an array as a dask array that is cut unevenly along all axes."""
    array = np.asarray(value)
    cuts = [(1, 2, n - 3) if n > 3 else (1,) * n for n in array.shape]
    return da.from_array(array, chunks=tuple(cuts))


def computed(found: Any) -> Any:
    """Return the results of lazy arrays, which is what they must be, together."""
    items = found if isinstance(found, tuple) else (found,)
    assert all(each is None or isinstance(each, da.Array) for each in items)
    results = dask.compute(*items)
    for item, result in zip(items, results, strict=True):
        assert item is None or item.dtype == result.dtype
        assert item is None or all(
            n == m or n != n for n, m in zip(item.shape, result.shape, strict=True)
        )
    return results if isinstance(found, tuple) else results[0]


def same_bits(a: Any, b: Any) -> bool:
    if isinstance(a, tuple):
        return all(same_bits(x, y) for x, y in zip(a, b, strict=True))
    if a is None or b is None:
        return a is b
    a, b = np.asarray(a), np.asarray(b)
    return a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()


@pytest.mark.parametrize("case", SOME, ids=shown)
def test_dask_arrays_give_the_same_bits(case: dict[str, Any]) -> None:
    expected, warned = told(lambda: asked(case))
    function, named = arguments(case)
    lazy = {
        key: lazily(value) if key in ARRAYS and not isinstance(value, str) else value
        for key, value in named.items()
    }
    found, names = told(lambda: computed(function(**lazy)))
    if isinstance(expected, Exception):
        assert type(found) is type(expected), repr(found)
    else:
        assert not isinstance(found, Exception), repr(found)
        assert same_bits(found, expected), (found, expected)
        assert names == warned


@pytest.mark.parametrize("name", COUNTS_HEADER["signatures"])
def test_signatures(name: str) -> None:
    def bare(text: str) -> str:
        return text.replace(" ", "").replace('"', "'")

    ours = inspect.signature(getattr(sklearn, name))
    parameters = [p.replace(annotation=p.empty) for p in ours.parameters.values()]
    assert bare(str(inspect.Signature(parameters))) == bare(COUNTS_HEADER["signatures"][name])


def test_there_are_cases_of_every_function() -> None:
    assert {case["call"] for case in SOME} == {case["call"] for case in COUNTS}
    answers = {case["call"] for case in COUNTS if "error" not in str(case["outcome"])}
    assert answers == set(COUNTS_HEADER["signatures"])
    assert decode(COUNTS[0]["outcome"]) is not None
