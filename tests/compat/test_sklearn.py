"""`compat.sklearn` against what scikit-learn answered, on numpy arrays and on dask arrays."""

from __future__ import annotations

import inspect
import math
import pickle
from collections.abc import Iterator
from typing import Any

import dask
import dask.array as da
import numpy as np
import pandas
import pytest
from golden._compare import assert_same, attempt, eps_of
from golden._format import decode
from golden.sklearn_cases import (
    ANSWERS,
    CASES,
    COUNTS,
    COUNTS_HEADER,
    DATA,
    HEADER,
    arguments,
    asked,
)

from streamloss.compat import sklearn
from tools.docs.differences import golden

BY_ID = {case["id"]: case for case in CASES}
SCORERS = [case for case in CASES if case["call"] == "make_scorer"]
NAN = float("nan")

pytestmark = [
    pytest.mark.filterwarnings("ignore:The y_prob values do not sum:UserWarning"),
    pytest.mark.filterwarnings("ignore:Labels passed were:UserWarning"),
    pytest.mark.filterwarnings("ignore:`y_pred` was renamed:FutureWarning"),
    pytest.mark.filterwarnings("ignore:.* score is not well-defined:UserWarning"),
]

# Our answer where scikit-learn answers something else; docs/differences.toml has the reasons.
DIFFERENCES: dict[str, float] = {
    "r2_score-constant-rounded": 0.0,
    "explained_variance_score-constant-rounded": 0.0,
    "r2_score-mean-1e15": 0.8670360110803325,
    "mean_absolute_error-weights-cancel": -2.5220157913274776e16,
    "mean_absolute_error-weights-cancel-wholly": -1.8014398509481984e16,
    "mean_squared_error-float16-square": 44992.0,
    "mean_squared_error-float32-square": float(np.float32(1e38)),
    "root_mean_squared_error-float32-square": float(np.float32(1e19)),
    "mean_absolute_percentage_error-float16-zeros": 0.0,
    "d2_tweedie_score-negative-mean": NAN,
}


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    """Run dask's tasks where the test runs: most of them take less than a thread's start."""
    with dask.config.set(scheduler="synchronous"):
        yield


def shown(case: dict[str, Any]) -> str:
    return str(case["id"])


def zero_rank(outcome: Any) -> Any:
    """Return a Python float as an array that bounds can be asked of."""
    if isinstance(outcome, float):
        return {"dtype": "float64", "shape": [], "data": [outcome]}
    if isinstance(outcome, dict) and set(outcome) == {"float"}:
        return {"dtype": "float64", "shape": [], "data": [outcome["float"]]}
    return outcome


@pytest.mark.parametrize("case", ANSWERS, ids=shown)
def test_golden(case: dict[str, Any]) -> None:
    ours, outcome = asked(case), case["outcome"]
    if case["id"] in DIFFERENCES:
        expected = DIFFERENCES[case["id"]]
        assert ours == expected or (ours != ours and expected != expected)
        return
    if isinstance(outcome, float) or set(outcome) == {"float"}:
        assert isinstance(ours, Exception) or type(ours) is float
    terms = np.size(arguments(case)[1]["y_true"])
    eps = eps_of(case.get("dtype", "float64"))
    assert_same(zero_rank(outcome), ours, eps, case.get("scale", 0.0), terms)


def test_every_difference_has_a_row() -> None:
    assert golden("sklearn", BY_ID).keys() == DIFFERENCES.keys()


@pytest.mark.parametrize("id_", DIFFERENCES)
def test_differences_are_differences(id_: str) -> None:
    outcome, ours = zero_rank(BY_ID[id_]["outcome"]), DIFFERENCES[id_]
    theirs = math.inf if "error" in outcome else float(decode(outcome))
    assert not math.isclose(theirs, ours, rel_tol=1e-12)


def lazily(value: Any) -> Any:
    """Return an array as a dask array that is cut unevenly along all axes."""
    array = np.asarray(value)
    cuts = [(1, 2, n - 3) if n > 3 else (1,) * n for n in array.shape]
    return da.from_array(array, chunks=tuple(cuts))


def can_be_lazy(key: str, value: Any, arrays: bool) -> bool:
    """Return whether an argument has the same meaning as a dask array.

    A list has not: it has no dtype, so that it does not count beside an array of float32, and it
    may mix text and numbers.
    """
    if key not in DATA or np.ndim(value) == 0 or 0 in np.shape(value):
        return False
    if isinstance(value, np.ndarray):
        return True
    items = np.asarray(value, object).ravel()
    return not arrays and len({isinstance(item, str) for item in items if item is not None}) == 1


def lazy_arguments(named: dict[str, Any]) -> dict[str, Any]:
    arrays = any(isinstance(value, np.ndarray) for value in named.values())
    return {
        key: lazily(value) if can_be_lazy(key, value, arrays) and None not in value else value
        for key, value in named.items()
    }


def same_bits(a: Any, b: Any) -> bool:
    a, b = np.asarray(a), np.asarray(b)
    return a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()


@pytest.mark.parametrize("case", ANSWERS, ids=shown)
def test_dask_arrays_give_the_same_bits(case: dict[str, Any]) -> None:
    expected = asked(case)
    function, named = arguments(case)
    named = lazy_arguments(named)
    lazy = [key for key, value in named.items() if isinstance(value, da.Array)]
    ours = attempt(lambda: function(**named))
    if lazy and not isinstance(ours, Exception):
        assert isinstance(ours, da.Array)
        assert ours.dtype == np.asarray(expected).dtype or isinstance(expected, Exception)
        ours = attempt(ours.compute)
    if isinstance(expected, Exception):
        assert type(ours) is type(expected), repr(ours)
    else:
        assert not isinstance(ours, Exception), repr(ours)
        assert same_bits(ours, expected), (ours, expected)


@pytest.mark.parametrize("name", HEADER["signatures"])
def test_signatures(name: str) -> None:
    def bare(text: str) -> str:
        return text.replace(" ", "").replace('"', "'")

    ours = inspect.signature(getattr(sklearn, name))
    plain = [p.replace(annotation=p.empty) for p in ours.parameters.values()]
    assert bare(str(inspect.Signature(plain))) == bare(HEADER["signatures"][name])


def test_every_function_is_there_or_says_why_not() -> None:
    functions = {name for name in sklearn.__all__ if name[0].islower()}
    assert functions == {*HEADER["signatures"], *COUNTS_HEADER["signatures"]}
    called = {case["call"] for case in (*ANSWERS, *COUNTS)}
    for name in functions - called:
        with pytest.raises(NotImplementedError, match=f"^{name} is not available: "):
            getattr(sklearn, name)([1.0, 2.0], [1.0, 3.0])


@pytest.mark.parametrize(
    "name",
    ["_errors.mean_absolute_error", "_scores.r2_score", "_decisions.hinge_loss"],
)
def test_pickles_of_0_1_name_modules_that_are_gone(name: str) -> None:
    module, function = name.split(".")
    saved = f"cstreamloss.compat.sklearn.{module}\n{function}\n.".encode()
    assert pickle.loads(saved) is getattr(sklearn, function)


# Scorers.


class Scorer:
    """What `make_scorer` does with a function, and no more."""

    def __init__(self, function: Any, sign: int, method: str, **kwargs: Any) -> None:
        self._function, self._sign, self._method, self._kwargs = function, sign, method, kwargs

    def __call__(self, estimator: Any, X: Any, y_true: Any, **others: Any) -> Any:
        answer = getattr(estimator, self._method)(X)
        if self._method == "predict_proba" and "labels" not in self._kwargs:
            answer = answer[:, 1]
        return self._sign * self._function(y_true, answer, **self._kwargs, **others)


class Constant:
    """Predicts what it was given."""

    def __init__(self, answer: Any) -> None:
        self._answer = answer

    def predict(self, X: Any) -> Any:
        return self._answer

    predict_proba = predict


@pytest.mark.parametrize("case", SCORERS, ids=shown)
def test_in_a_scorer(case: dict[str, Any]) -> None:
    """The golden file has what a real scorer answered; its script asked ours for the same."""
    args = decode(case["args"])
    function = getattr(sklearn, args["metric"])
    sign = 1 if args["greater_is_better"] else -1
    scorer = Scorer(function, sign, args["response_method"], **args["kwargs"])
    estimator, y = Constant(args["y_pred"]), args["y_true"]
    ours = [scorer(estimator, y, y), scorer(estimator, y, y, sample_weight=args["sample_weight"])]
    assert [type(value) for value in ours] == [float, float]
    assert np.allclose(ours, case["outcome"], rtol=1e-14, atol=1e-15)


# What else holds numbers and labels.


def test_columns_of_pandas() -> None:
    frame = pandas.DataFrame({"a": [1.0, 2.0, 4.0], "b": [1.0, 0.0, 2.0]})
    words = pandas.Series(["ham", "spam", "ham"])
    assert sklearn.mean_absolute_error(frame["a"], frame["b"]) == 4 / 3
    both = sklearn.mean_absolute_error(frame, 2 * frame, multioutput="raw_values")
    assert both.tolist() == [7 / 3, 1.0]
    half = frame["a"].astype("float32")
    raw = {"multioutput": "raw_values"}
    assert sklearn.mean_absolute_error(half, [1, 1, 1], **raw).dtype == np.float32
    assert sklearn.accuracy_score(words, words.astype("category")) == 1.0
    assert sklearn.log_loss(words, [0.5, 0.5, 0.5]) == sklearn.log_loss([0, 1, 0], [0.5] * 3)
    with pytest.raises(ValueError, match=r"^Input y_true contains NaN\."):
        sklearn.mean_absolute_error(pandas.Series(pandas.array([1.0, None])), [1.0, 1.0])


def test_labels_beyond_2_to_the_53_are_told_apart() -> None:
    y = np.array([2**53, 2**53 + 1])
    assert sklearn.accuracy_score(y, y[[1, 1]]) == 0.5
    assert sklearn.accuracy_score(lazily(y), lazily(y[[1, 1]])).compute() == 0.5


@pytest.mark.parametrize("bad", [np.longdouble([1.0, 2.0]), np.array(["2001-01-01"] * 2, "M8[D]")])
def test_numbers_that_float64_cannot_hold_are_refused(bad: Any) -> None:
    if bad.dtype == np.float64:
        pytest.skip("long double is float64 here")
    with pytest.raises(TypeError, match="y_true must hold booleans, integers, or real"):
        sklearn.mean_absolute_error(bad, [1.0, 2.0])
