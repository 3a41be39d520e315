"""Masked arrays in the interfaces of the frameworks: what is masked is as if it were not there."""

from __future__ import annotations

import functools
import inspect
import warnings
from collections.abc import Callable
from typing import Any

import dask.array as da
import numpy as np
import pytest

import streamloss.compat.sklearn as sk
from streamloss.compat import keras, tf1
from streamloss.compat.torch import functional as torch

RNG = np.random.default_rng(11)
N, CLASSES = 23, 4
HIDDEN = np.arange(N) % 5 == 2
Y = (RNG.random(N) < 0.5).astype(np.float32)
P = RNG.uniform(0.1, 0.9, N).astype(np.float32)
W = RNG.uniform(0.5, 2.0, N).astype(np.float32)
K = np.arange(N) % CLASSES
X = RNG.dirichlet(np.ones(CLASSES), N).astype(np.float32)
H = np.eye(CLASSES, dtype=np.float32)[K]

Call = Callable[..., Any]

ELEMENTS: dict[str, Call] = {
    **{
        f"tf1.{name}": getattr(tf1, name)
        for name in (
            "absolute_difference mean_squared_error huber_loss log_loss hinge_loss"
            " sigmoid_cross_entropy"
        ).split()
    },
    **{
        f"torch.{name}": lambda y, p, name=name: getattr(torch, name)(p, y)
        for name in (
            "l1_loss mse_loss huber_loss smooth_l1_loss binary_cross_entropy kl_div"
            " binary_cross_entropy_with_logits poisson_nll_loss soft_margin_loss"
            " hinge_embedding_loss"
        ).split()
    },
    **{
        f"keras.{name}": getattr(keras.losses, name)()
        for name in (
            "MeanAbsoluteError MeanSquaredError MeanAbsolutePercentageError Huber LogCosh Hinge"
            " MeanSquaredLogarithmicError SquaredHinge Poisson BinaryCrossentropy"
            " BinaryFocalCrossentropy Dice Tversky"
        ).split()
    },
    **{
        f"sklearn.{name}": getattr(sk, name)
        for name in (
            "mean_absolute_error mean_squared_error root_mean_squared_error mean_pinball_loss"
            " mean_squared_log_error log_loss brier_score_loss r2_score"
            " explained_variance_score mean_poisson_deviance hinge_loss"
        ).split()
    },
}

WEIGHTED: dict[str, Call] = {
    "tf1.absolute_difference": tf1.absolute_difference,
    "torch.l1_loss": lambda y, p, w: torch.l1_loss(p, y, weight=w),
    "keras.metrics.MeanAbsoluteError": lambda y, p, w: keras.metrics.MeanAbsoluteError()(y, p, w),
    "sklearn.mean_absolute_error": lambda y, p, w: sk.mean_absolute_error(y, p, sample_weight=w),
    "sklearn.accuracy_score": lambda y, p, w: sk.accuracy_score(y > 0, p > 0.5, sample_weight=w),
}

ROWS: dict[str, tuple[Call, Any]] = {
    "tf1.softmax_cross_entropy": (tf1.softmax_cross_entropy, H),
    "tf1.sparse_softmax_cross_entropy": (tf1.sparse_softmax_cross_entropy, K),
    "torch.cross_entropy": (lambda y, x: torch.cross_entropy(x, y), K),
    "torch.nll_loss": (lambda y, x: torch.nll_loss(x, y), K),
    "torch.multi_margin_loss": (lambda y, x: torch.multi_margin_loss(x, y), K),
    "keras.CategoricalCrossentropy": (keras.losses.CategoricalCrossentropy(), H),
    "keras.SparseCategoricalCrossentropy": (keras.losses.SparseCategoricalCrossentropy(), K),
    "keras.CosineSimilarity": (keras.losses.CosineSimilarity(), H),
    "sklearn.log_loss": (sk.log_loss, K),
    "sklearn.brier_score_loss": (sk.brier_score_loss, K),
}


def hide(array: Any, mask: Any = HIDDEN, garbage: float = 1e6) -> Any:
    """Return an array with garbage under a mask."""
    shape = (-1, *[1] * (array.ndim - 1))
    mask = np.broadcast_to(mask.reshape(shape), array.shape)
    return np.ma.masked_array(np.where(mask, array.dtype.type(garbage), array), mask=mask)


def bits(value: Any) -> bytes:
    value = value.compute(scheduler="sync") if hasattr(value, "compute") else value
    return np.asarray(value, np.float64).tobytes()


def lazy(array: Any) -> Any:
    return da.from_array(array, chunks=(7, *[-1] * (array.ndim - 1)))


def check(call: Call, arrays: tuple[Any, ...], at: int) -> None:
    """Assert that a call with array `at` masked gives the bits of one without these elements."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        want = bits(call(*(a[~HIDDEN] for a in arrays)))
        masked = [hide(a) if k == at else a for k, a in enumerate(arrays)]
        assert bits(call(*masked)) == want
        assert bits(call(*map(lazy, masked))) == want


@pytest.mark.parametrize("at", [0, 1], ids=["labels", "predictions"])
@pytest.mark.parametrize("name", ELEMENTS)
def test_masked_elements_are_left_out(name: str, at: int) -> None:
    check(ELEMENTS[name], (Y, P), at)


@pytest.mark.parametrize("at", [0, 1, 2], ids=["labels", "predictions", "weights"])
@pytest.mark.parametrize("name", WEIGHTED)
def test_masked_elements_are_left_out_of_weighted_sums(name: str, at: int) -> None:
    check(WEIGHTED[name], (Y, P, W), at)


@pytest.mark.parametrize("at", [0, 1], ids=["labels", "predictions"])
@pytest.mark.parametrize("name", ROWS)
def test_masked_rows_are_left_out(name: str, at: int) -> None:
    call, labels = ROWS[name]
    check(call, (labels, X), at)


BINARY, PLACES, INDICATORS = Y.astype(int), K, (X > 0.25).astype(int)
INPUTS = {
    "y_pred": [
        (BINARY, (P > 0.5).astype(int)),
        (INDICATORS, INDICATORS[::-1]),
        (X, X[::-1]),
        (PLACES, np.roll(PLACES, 1)),
        (P, P[::-1] + 0.5),
    ],
    "y_score": [(BINARY, P), (INDICATORS, X[:, ::-1]), (PLACES, X)],
    "y_proba": [(BINARY, P), (PLACES, X)],
    "y_prob": [(BINARY, P)],
    "pred_decision": [(BINARY, P)],
}
"""What functions of scikit-learn take, by the name of their second argument."""

ABSENT = "d2_absolute_error_score", "d2_pinball_score"
"""What needs a quantile of the labels, and is refused."""

FUNCTIONS = {
    name: found
    for name in sk.__all__
    if inspect.isfunction(found := getattr(sk, name)) and name not in ABSENT
}
WITH: dict[str, dict[str, Any]] = {
    "fbeta_score": {"beta": 2.0},
    **{f"{name} of samples": {"average": "samples"} for name in ("roc_auc_score", "f1_score")},
    **{f"{name} of all": {"average": "micro"} for name in ("roc_auc_score", "f1_score")},
    "average_precision_score of samples": {"average": "samples"},
    "average_precision_score of each": {"average": None},
    "roc_auc_score of pairs": {"multi_class": "ovo"},
    "roc_auc_score of the rest": {"multi_class": "ovr", "average": "weighted"},
    "roc_auc_score of a part": {"max_fpr": 0.5},
    "calibration_curve of quantiles": {"strategy": "quantile", "n_bins": 3},
    "top_k_accuracy_score of the first": {"k": 1},
    "cohen_kappa_score with weights": {"weights": "quadratic"},
    "confusion_matrix of shares": {"normalize": "true"},
    "r2_score of each": {"multioutput": "raw_values"},
    "median_absolute_error of each": {"multioutput": "raw_values"},
}
"""Ways of calling them that go another way, with what comes after an argument's name."""

CALLS = {name: functools.partial(found) for name, found in FUNCTIONS.items()} | {
    name: functools.partial(FUNCTIONS[name.split()[0]], **options) for name, options in WITH.items()
}


def numbers(result: Any) -> list[float]:
    """Return all numbers of a result, computed."""
    if isinstance(result, tuple | list):
        return [x for each in result for x in numbers(each)]
    result = result.compute(scheduler="sync") if hasattr(result, "compute") else result
    return [] if result is None else np.asarray(result, np.float64).ravel().tolist()


def taken(name: str) -> list[tuple[Any, Any]]:
    """Return which inputs a function takes."""
    second = list(inspect.signature(CALLS[name].func).parameters)[1]
    found = []
    for y, p in INPUTS["y_pred" if second == "y2" else second]:
        try:
            CALLS[name](y[~HIDDEN], p[~HIDDEN])
        except ValueError:
            continue
        found.append((y, p))
    assert found
    return found


def spoiled(array: Any, mask: Any) -> Any:
    """Return an array with what no function takes where a mask of another one is."""
    wrong = np.nan if array.dtype.kind == "f" else 77
    return np.where(mask.reshape(-1, *[1] * (array.ndim - 1)), array.dtype.type(wrong), array)


HALF, REST = HIDDEN & (np.arange(N) % 2 == 0), HIDDEN & (np.arange(N) % 2 == 1)
WHERE = {
    "labels": (HIDDEN, None, None),
    "predictions": (None, HIDDEN, None),
    "both": (HALF, REST, None),
    "weights": (None, None, HIDDEN),
    "all": (HALF, HIDDEN, REST),
}
"""Which samples a mask hides of each array."""


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("as_dask", [False, True], ids=["numpy", "dask"])
@pytest.mark.parametrize("where", WHERE)
@pytest.mark.parametrize("name", CALLS)
def test_every_function_of_scikit_learn_leaves_out_what_any_argument_masks(
    name: str, where: str, as_dask: bool
) -> None:
    function, masks = CALLS[name], WHERE[where]
    weighted = masks[2] is not None
    taken_weights = "sample_weight" in inspect.signature(function.func).parameters
    if weighted and (not taken_weights or "pairs" in name):
        pytest.skip("which takes no weights")
    for y, p in taken(name):
        arrays = (y, p, W) if weighted else (y, p)
        want = numbers(weighing(function, *(a[~HIDDEN] for a in arrays)))
        given = []
        for array, mask in zip(arrays, masks, strict=False):
            others = HIDDEN if mask is None else HIDDEN & ~mask
            each = spoiled(array, others)
            given.append(each if mask is None else hide(each, mask))
        given = list(map(lazy, given)) if as_dask else given
        np.testing.assert_array_equal(numbers(weighing(function, *given)), want)


def weighing(function: Call, y: Any, p: Any, w: Any = None) -> Any:
    return function(y, p) if w is None else function(y, p, sample_weight=w)


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("name", CALLS)
def test_where_a_mask_hides_everything_it_is_said(name: str) -> None:
    for y, p in taken(name):
        for masks in ((True, False), (False, True)):
            each = [hide(a, np.full(N, m)) if m else a for a, m in zip((y, p), masks, strict=True)]
            with pytest.raises(ValueError, match=r"^y_true must have at least one row: got none"):
                CALLS[name](*each)


def test_numbers_of_outputs_are_masked_one_by_one() -> None:
    y, p = RNG.random((2, N, 3))
    mask = RNG.random((N, 3)) < 0.3
    for function in (sk.mean_absolute_error, sk.median_absolute_error):
        want = [function(y[~mask[:, k], k], p[~mask[:, k], k]) for k in range(3)]
        masked = np.ma.masked_array(np.where(mask, np.nan, y), mask=mask)
        assert list(function(masked, p, multioutput="raw_values")) == want


def test_rows_of_scores_with_a_masked_one_are_left_out() -> None:
    mask = RNG.random((N, CLASSES)) < 0.1
    whole = ~mask.any(axis=1)
    for garbage in (0.0, 0.9):
        masked = np.ma.masked_array(np.where(mask, np.float32(garbage), X), mask=mask)
        for k in (1, 2):
            want = sk.top_k_accuracy_score(K[whole], X[whole], k=k)
            assert sk.top_k_accuracy_score(K, masked, k=k) == want
            assert float(sk.top_k_accuracy_score(lazy(K), lazy(masked), k=k)) == want
        want = sk.roc_auc_score(K[whole], X[whole], multi_class="ovr")
        assert sk.roc_auc_score(K, masked, multi_class="ovr") == want


def test_a_single_visible_sample_is_one() -> None:
    y, mask = np.array([1.0, 1.0, 5.0]), np.array([False, True, True])
    with pytest.warns(sk.UndefinedMetricWarning, match="less than two samples"):
        found = sk.d2_tweedie_score(np.ma.masked_array(y, mask), [0.3, 0.5, 0.7], power=1)
    assert np.isnan(found)


def test_masked_text_is_left_out() -> None:
    text = np.array(["ham", "spam"])[Y.astype(int)]
    masked = np.ma.masked_array(np.where(HIDDEN, "eggs", text), mask=HIDDEN)
    want = sk.log_loss(text[~HIDDEN], P[~HIDDEN])
    assert sk.log_loss(masked, P) == want
    assert float(sk.log_loss(lazy(masked), lazy(P)).compute()) == want


@pytest.mark.parametrize("kind", ["loss", "metric"])
@pytest.mark.parametrize("as_dask", [False, True])
def test_rows_of_keras_are_means_of_what_they_have(kind: str, as_dask: bool) -> None:
    values = np.array([[1.0, 2.0, 9.0], [4.0, 9.0, 9.0], [9.0, 9.0, 9.0]], np.float32)
    masked = np.ma.masked_array(values, mask=values == 9.0)  # means 1.5 and 4, and none
    y, p = np.zeros((3, 3), np.float32), da.from_array(masked, 2) if as_dask else masked
    call = {"loss": keras.losses.MeanAbsoluteError(), "metric": keras.metrics.MeanAbsoluteError()}
    assert float(call[kind](y, p)) == (1.5 + 4.0) / 2.0
    assert (
        float(call[kind].__class__()(y, p, np.float32([1.0, 3.0, 5.0])))
        == {
            "loss": (1.5 + 3.0 * 4.0) / 2.0,
            "metric": (1.5 + 3.0 * 4.0) / 4.0,
        }[kind]
    )
