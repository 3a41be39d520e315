"""`compat.sklearn` against what scikit-learn answered, on numpy arrays and on dask arrays."""

from __future__ import annotations

import functools
import inspect
import math
import pickle
from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import Any

import dask
import dask.array as da
import numpy as np
import pandas
import pytest
from golden._compare import assert_same, attempt, eps_of
from golden._format import decode
from golden.sklearn_cases import ANSWERS, CASES, DATA, HEADER, arguments, asked

from streamloss.compat import sklearn

BY_ID = {case["id"]: case for case in CASES}
SCORERS = [case for case in CASES if case["call"] == "make_scorer"]
NAN = float("nan")

pytestmark = [
    pytest.mark.filterwarnings("ignore:The y_prob values do not sum:UserWarning"),
    pytest.mark.filterwarnings("ignore:Labels passed were:UserWarning"),
    pytest.mark.filterwarnings("ignore:`y_pred` was renamed:FutureWarning"),
    pytest.mark.filterwarnings("ignore:.* score is not well-defined:UserWarning"),
]

# What we answer on purpose where scikit-learn answers something else: the reason, and our answer.
# docs/coming_from_sklearn.md has the same reasons in a table.
CONSTANT = "labels that are all equal have a variance of zero; scikit-learn's rounds to 1e-34"
CANCELS = "scikit-learn's rounding is larger than the variance"
WEIGHTS = "the sum of the weights is exact; scikit-learn's is what rounding leaves"
OVERFLOW = "scikit-learn's float16 or float32 overflows on the way; our result fits"
VANISHES = "the least divisor, 2**-52, is zero in scikit-learn's float16"
UNDEFINED = "the page's Args ask for positive predictions; the mean of these labels is negative"
DIFFERENCES: dict[str, tuple[str, Any]] = {
    "r2_score-constant-rounded": (CONSTANT, 0.0),
    "explained_variance_score-constant-rounded": (CONSTANT, 0.0),
    "r2_score-mean-1e15": (CANCELS, 0.8670360110803325),
    "mean_absolute_error-weights-cancel": (WEIGHTS, -2.5220157913274776e16),
    "mean_absolute_error-weights-cancel-wholly": (WEIGHTS, -1.8014398509481984e16),
    "mean_squared_error-float16-square": (OVERFLOW, 44992.0),
    "mean_squared_error-float32-square": (OVERFLOW, float(np.float32(1e38))),
    "root_mean_squared_error-float32-square": (OVERFLOW, float(np.float32(1e19))),
    "mean_absolute_percentage_error-float16-zeros": (VANISHES, 0.0),
    "d2_tweedie_score-negative-mean": (UNDEFINED, NAN),
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
        expected = DIFFERENCES[case["id"]][1]
        assert ours == expected or (ours != ours and expected != expected)
        return
    if isinstance(outcome, float) or set(outcome) == {"float"}:
        assert isinstance(ours, Exception) or type(ours) is float
    terms = np.size(arguments(case)[1]["y_true"])
    eps = eps_of(case.get("dtype", "float64"))
    assert_same(zero_rank(outcome), ours, eps, case.get("scale", 0.0), terms)


@pytest.mark.parametrize("id_", DIFFERENCES)
def test_differences_are_differences(id_: str) -> None:
    outcome, ours = zero_rank(BY_ID[id_]["outcome"]), DIFFERENCES[id_][1]
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
    assert functions == set(HEADER["signatures"])
    called = {case["call"] for case in ANSWERS}
    for name in functions - called:
        with pytest.raises(NotImplementedError, match=f"^{name} is not available: "):
            getattr(sklearn, name)([1.0, 2.0], [1.0, 3.0])


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


# Weights.

RNG = np.random.default_rng(5)
Y, P = RNG.integers(1, 64, (2, 24)) / 16.0  # products with small integers are exact
Q = RNG.integers(0, 65, 24) / 64.0
LABELS, GUESSES = RNG.integers(0, 2, (2, 24))
CLASSES = np.arange(24) % 3
Q3 = np.stack([Q / 2, Q / 2, 1 - Q], axis=1)
ARITHMETIC: dict[str, tuple[Callable[..., Any], Any, Any]] = {
    "mae": (sklearn.mean_absolute_error, Y, P),
    "mse": (sklearn.mean_squared_error, Y, P),
    "rmse": (sklearn.root_mean_squared_error, Y, P),
    "pinball": (functools.partial(sklearn.mean_pinball_loss, alpha=0.25), Y, P),
    "tweedie": (sklearn.mean_tweedie_deviance, Y, P),
    "r2": (sklearn.r2_score, Y, P),
    "explained variance": (sklearn.explained_variance_score, Y, P),
    "brier": (sklearn.brier_score_loss, LABELS, Q),
    "brier, classes": (sklearn.brier_score_loss, CLASSES, Q3),
    "hinge": (sklearn.hinge_loss, LABELS, Y - P),
    "hinge, classes": (sklearn.hinge_loss, CLASSES, 4 * Q3),
    "accuracy": (sklearn.accuracy_score, LABELS, GUESSES),
    "right": (functools.partial(sklearn.accuracy_score, normalize=False), LABELS, GUESSES),
    "zero-one": (sklearn.zero_one_loss, LABELS, GUESSES),
}
OTHERS: dict[str, tuple[Callable[..., Any], Any, Any]] = {
    "mape": (sklearn.mean_absolute_percentage_error, Y, P),
    "msle": (sklearn.mean_squared_log_error, Y, P),
    "rmsle": (sklearn.root_mean_squared_log_error, Y, P),
    "power 1.5": (functools.partial(sklearn.mean_tweedie_deviance, power=1.5), Y, P),
    "poisson": (sklearn.mean_poisson_deviance, Y, P),
    "gamma": (sklearn.mean_gamma_deviance, Y, P),
    "d2": (functools.partial(sklearn.d2_tweedie_score, power=1), Y, P),
    "log loss": (functools.partial(sklearn.log_loss, labels=[0, 1]), LABELS, Q),
    "log loss, sum": (
        functools.partial(sklearn.log_loss, labels=[0, 1], normalize=False),
        LABELS,
        Q,
    ),
    "log loss, classes": (sklearn.log_loss, CLASSES, Q3),
}
ALL = {**ARITHMETIC, **OTHERS}


@pytest.mark.parametrize("name", ALL)
def test_no_weights_are_ones(name: str) -> None:
    function, y, p = ALL[name]
    assert function(y, p).hex() == function(y, p, sample_weight=np.ones(24)).hex()
    assert function(y, p).hex() == function(y, p, sample_weight=[1] * 24).hex()


@pytest.mark.parametrize("name", ALL)
def test_a_weight_of_zero_drops_the_sample(name: str) -> None:
    function, y, p = ALL[name]
    weights = np.where(np.arange(24) % 5 == 1, 0.0, 0.1 + np.arange(24) / 7)
    kept = weights != 0
    dropped = function(y[kept], p[kept], sample_weight=weights[kept])
    assert function(y, p, sample_weight=weights).hex() == dropped.hex()


@pytest.mark.parametrize("name", ALL)
def test_an_integer_weight_repeats_the_sample(name: str) -> None:
    function, y, p = ALL[name]
    times = RNG.integers(0, 5, 24) if name in ARITHMETIC else 2 ** RNG.integers(0, 3, 24)
    repeated = function(np.repeat(y, times), np.repeat(p, times, axis=0))
    assert function(y, p, sample_weight=times).hex() == repeated.hex()


@pytest.mark.parametrize("name", ALL)
def test_the_order_of_samples_is_without_effect(name: str) -> None:
    function, y, p = ALL[name]
    weights, order = RNG.random(24), RNG.permutation(24)
    shuffled = function(y[order], p[order], sample_weight=weights[order])
    assert function(y, p, sample_weight=weights).hex() == shuffled.hex()


# Exactness.


def test_averages_over_outputs_are_rounded_once() -> None:
    y, p, w = RNG.random((9, 3)), RNG.random((9, 3)), RNG.random(9)
    terms = w[:, None] * np.abs(p - y)
    exact = sum(map(Fraction, terms.ravel())) / (3 * sum(map(Fraction, w)))
    assert sklearn.mean_absolute_error(y, p, sample_weight=w) == float(exact)


@pytest.mark.parametrize("multioutput", ["uniform_average", "raw_values"])
def test_float32_results_are_rounded_once(multioutput: str) -> None:
    """Rounded to float64 first, 1 + 2**-24 + 2**-80 is the middle between two float32."""
    true, pred = np.float32([1.0, 2.0**-24, 2.0**-80, 0.0]), np.zeros(4, np.float32)
    found = sklearn.mean_absolute_error(true, pred, multioutput=multioutput)
    assert found == (1.0 + 2.0**-23) / 4


def test_accuracy_is_rounded_once() -> None:
    w = RNG.random(24)
    right = sum(map(Fraction, w[LABELS == GUESSES])) / sum(map(Fraction, w))
    assert sklearn.accuracy_score(LABELS, GUESSES, sample_weight=w) == float(right)
    assert sklearn.zero_one_loss(LABELS, GUESSES, sample_weight=w) == float(1 - right)


def test_results_are_rounded_to_the_dtype_of_the_inputs() -> None:
    y, p = Y.astype(np.float32) / 3, P.astype(np.float32) / 7
    found = sklearn.mean_squared_error(y, p)
    assert found == float(np.float32(found))
    assert sklearn.mean_squared_error(y, p, multioutput="raw_values").dtype == np.float32


# Dask.


def refuse_to_load(block: Any) -> Any:
    raise AssertionError("this block must not be loaded yet")


@pytest.mark.parametrize("name", ALL)
def test_nothing_is_computed_early(name: str) -> None:
    function, y, p = ALL[name]
    y, p, w = (
        da.from_array(a, chunks=7).map_blocks(
            refuse_to_load, dtype=a.dtype, meta=np.empty((0,) * a.ndim, a.dtype)
        )
        for a in (y, p, np.ones(24))
    )
    found = function(y, p, sample_weight=w)
    assert isinstance(found, da.Array)
    with pytest.raises(AssertionError, match="must not be loaded"):
        found.compute()


def unknown(array: Any) -> Any:
    """Return a dask array that does not know how many rows it has."""
    lazy = da.from_array(array, chunks=(5, *array.shape[1:]))
    return lazy[da.from_array(np.ones(24, bool), chunks=5)]


@pytest.mark.parametrize("name", ALL)
def test_unknown_chunk_sizes(name: str) -> None:
    function, y, p = ALL[name]
    w = RNG.random(24)
    lazy = function(unknown(y), unknown(p), sample_weight=unknown(w))
    assert float(lazy.compute()).hex() == function(y, p, sample_weight=w).hex()


@pytest.mark.parametrize("name", ALL)
def test_one_lazy_argument_is_enough(name: str) -> None:
    function, y, p = ALL[name]
    expected = function(y, p).hex()
    lazy_y, lazy_p = (da.from_array(a, chunks=(10, *a.shape[1:])) for a in (y, p))
    assert float(function(lazy_y, p).compute()).hex() == expected
    assert float(function(y, lazy_p).compute()).hex() == expected


@pytest.mark.parametrize("name", ALL)
def test_tasks_can_be_sent_to_processes(name: str) -> None:
    function, y, p = ALL[name]
    lazy = function(da.from_array(y, chunks=10), p)
    (lazy,) = dask.optimize(lazy)
    tasks = pickle.loads(pickle.dumps(dict(lazy.dask)))
    assert list(dask.get(tasks, lazy.__dask_keys__())) == [function(y, p)]


@pytest.mark.parametrize("bad", [np.nan, np.inf])
@pytest.mark.parametrize("where", ["y_true", "y_pred", "sample_weight"])
def test_values_are_checked_in_the_tasks(where: str, bad: float) -> None:
    named = {"y_true": Y, "y_pred": P, "sample_weight": np.ones(24)}
    named[where] = np.where(np.arange(24) == 17, bad, named[where])
    lazy = sklearn.mean_absolute_error(**{k: da.from_array(v, chunks=6) for k, v in named.items()})
    with pytest.raises(ValueError, match=f"^Input {where} contains"):
        lazy.compute()
    with pytest.raises(ValueError, match=f"^Input {where} contains"):
        sklearn.mean_absolute_error(**named)


def test_classes_are_found_in_lazy_labels() -> None:
    words = np.array(["ham", "spam", "egg"])[CLASSES]
    lazy = da.from_array(words, chunks=5)
    assert float(sklearn.log_loss(lazy, Q3).compute()) == sklearn.log_loss(words, Q3)
    two = sklearn.log_loss(lazy[:2], Q3[:2])
    with pytest.raises(ValueError, match="different number of classes: 2 vs 3"):
        two.compute()


def test_large_arrays_are_checked_only_if_the_result_is_not_finite() -> None:
    y = np.zeros(10)
    y[4] = 1e200
    assert sklearn.mean_squared_error(y, np.zeros(10)) == math.inf  # no error: y is finite
    y[4] = np.inf
    with pytest.raises(ValueError, match=r"^Input y_true contains infinity"):
        sklearn.mean_squared_error(y, np.zeros(10))
