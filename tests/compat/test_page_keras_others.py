"""Where the pages of Keras decide against its release 3.15.1, as its next version does.

They are of `Tversky`, `R2Score` and `Huber`; golden cases of the release are in `keras_truth`.
"""

from __future__ import annotations

import json
import warnings
from fractions import Fraction
from typing import Any

import dask.array as da
import numpy as np
import pytest

from streamloss.compat import keras
from streamloss.compat.keras import losses, metrics

Y = np.array([[1.0, 0.0, 1.0], [0.0, 1.0, 1.0]])
P = np.array([[0.5, 0.25, 0.75], [0.75, 0.5, 1.0]])
EPSILON = Fraction(1e-7)


def tversky(y: Any, p: Any, alpha: float, beta: float) -> Fraction:
    """The page's formula: false positives times alpha, false negatives times beta."""
    pairs = [(Fraction(a), Fraction(b)) for a, b in zip(y.ravel(), p.ravel(), strict=True)]
    hit = sum(a * b for a, b in pairs)
    false = sum((1 - a) * b for a, b in pairs)
    missed = sum(a * (1 - b) for a, b in pairs)
    return 1 - hit / (hit + Fraction(alpha) * false + Fraction(beta) * missed + EPSILON)


@pytest.mark.parametrize("wrap", [np.asarray, lambda a: da.from_array(a, chunks=(1, 2))])
@pytest.mark.parametrize(
    ("alpha", "beta"), [(0.5, 0.5), (0.0, 1.0), (1.0, 0.0), (0.2, 0.8), (2.5, 0.1)]
)
def test_alpha_of_tversky_is_of_false_positives(alpha: float, beta: float, wrap: Any) -> None:
    given = {"alpha": alpha, "beta": beta}
    y, p = wrap(Y), wrap(P)
    exact = float(tversky(Y, P, alpha, beta))
    assert float(losses.tversky(y, p, **given)) == exact
    assert float(losses.Tversky(**given, dtype="float64")(y, p)) == exact
    rows = [float(tversky(Y[k], P[k], alpha, beta)) for k in range(2)]
    assert np.asarray(losses.tversky(y, p, axis=1, **given)).tolist() == rows
    columns = [float(tversky(Y[:, k], P[:, k], alpha, beta)) for k in range(3)]
    made = losses.Tversky(axis=(0,), reduction="none", dtype="float64", **given)
    assert np.asarray(made(y, p)).tolist() == columns


def test_a_prediction_of_everything_has_no_false_negatives() -> None:
    y, p = np.array([1.0, 0.0, 0.0, 0.0]), np.ones(4)
    assert losses.tversky(y, p, alpha=0.0, beta=1.0) == pytest.approx(0.0, abs=1e-6)
    assert losses.tversky(y, p, alpha=1.0, beta=0.0) == pytest.approx(0.75)
    assert losses.tversky(p, y, alpha=1.0, beta=0.0) == pytest.approx(0.0, abs=1e-6)


TRUE = np.array([[0.0, 3.0], [1.0, 1.0], [4.0, 2.0], [2.0, 7.0], [5.0, 0.0]])
PRED = np.array([[0.5, 2.0], [1.0, 1.5], [3.0, 2.0], [2.5, 6.0], [4.0, 1.0]])


def scores(weights: Any) -> tuple[list[Fraction], int]:
    """The score of each output, and the number of samples with a weight that is not zero."""
    heavy = np.broadcast_to(np.ones(()) if weights is None else weights, TRUE.shape)
    found = []
    for k in range(TRUE.shape[1]):
        y, p, w = ([Fraction(x) for x in a[:, k].tolist()] for a in (TRUE, PRED, heavy))
        mean = sum(a * b for a, b in zip(y, w, strict=True)) / sum(w)
        spread = sum(b * (a - mean) ** 2 for a, b in zip(y, w, strict=True))
        rest = sum(c * (a - b) ** 2 for a, b, c in zip(y, p, w, strict=True))
        found.append(1 - rest / spread)
    return found, sum(any(row) for row in heavy.tolist())


WEIGHTS = {
    "none": None,
    "scalar": np.float64(2.0),
    "samples": np.array([[1.0], [0.0], [0.5], [2.0], [1.0]]),
    "negative": np.array([[1.0], [-0.25], [0.5], [2.0], [1.0]]),
    "outputs": np.array([[1.0, 0.0], [0.0, 0.0], [0.5, 2.0], [2.0, 1.0], [0.0, 3.0]]),
    "row": np.array([[1.0, 2.0]]),
}


@pytest.mark.parametrize("lazy", [False, True])
@pytest.mark.parametrize("regressors", [0, 1, 2])
@pytest.mark.parametrize("weights", WEIGHTS.values(), ids=WEIGHTS)
@pytest.mark.parametrize("aggregation", [None, "uniform_average"])
def test_the_adjusted_score_goes_by_weighted_samples(
    aggregation: str | None, weights: Any, regressors: int, lazy: bool
) -> None:
    exact, n = scores(weights)
    if aggregation:
        exact = [sum(exact) / len(exact)]
    exact = [1 - (1 - score) * (n - 1) / (n - regressors - 1) for score in exact]
    metric = metrics.R2Score(aggregation, regressors, dtype="float64")
    given = TRUE, PRED, weights
    if lazy:
        chunks = [a if np.ndim(a) < 2 else da.from_array(a, chunks=(2, 1)) for a in given]
        metric.update_state(*chunks)
    else:
        metric.update_state(*given)
    assert np.ravel(metric.result()).tolist() == [float(score) for score in exact]


def test_samples_are_counted_over_batches_and_merges() -> None:
    heavy = WEIGHTS["outputs"]
    whole = metrics.R2Score(num_regressors=2, dtype="float64")
    whole.update_state(TRUE, PRED, heavy)
    parts = [metrics.R2Score(num_regressors=2, dtype="float64") for _ in range(2)]
    for part, some in zip(parts, (slice(2), slice(2, 5)), strict=True):
        part.update_state(TRUE[some], PRED[some], heavy[some])
    assert parts[0].merge(parts[1]) == whole
    assert parts[0].result() == whole.result()
    whole.reset_state()
    assert whole == metrics.R2Score(num_regressors=2, dtype="float64")


@pytest.mark.parametrize(
    ("regressors", "text"),
    [
        (3, "Division by zero in Adjusted R2 score. Falling back"),
        (4, "More independent predictors than datapoints in adjusted R2 score. Falling back"),
    ],
)
def test_too_few_weighted_samples_leave_the_score_as_it_is(regressors: int, text: str) -> None:
    metric = metrics.R2Score(None, regressors, dtype="float64")
    metric.update_state(TRUE, PRED, WEIGHTS["samples"])  # four samples
    with pytest.warns(UserWarning, match=text):
        found = metric.result()
    assert found.tolist() == [float(score) for score in scores(WEIGHTS["samples"])[0]]


MADE: list[tuple[Any, dict[str, Any]]] = [
    (losses.Huber, {"delta": 0.25}),
    (losses.CosineSimilarity, {"axis": 1}),
    (losses.SparseCategoricalCrossentropy, {"axis": 1, "ignore_class": 3, "from_logits": True}),
    (losses.CategoricalCrossentropy, {"axis": 1, "label_smoothing": 0.25}),
    (losses.CategoricalFocalCrossentropy, {"axis": 1, "alpha": [0.5, 1.0], "gamma": 3.0}),
    (losses.BinaryFocalCrossentropy, {"apply_class_balancing": True, "alpha": 0.5, "axis": 0}),
    (losses.CategoricalGeneralizedCrossEntropy, {"q": 0.25}),
    (losses.Tversky, {"alpha": 0.25, "beta": 1.0, "axis": 1}),
    (losses.Dice, {"axis": 1}),
    (metrics.CosineSimilarity, {"axis": 1}),
    (metrics.SparseCategoricalCrossentropy, {"axis": 1, "ignore_class": 3}),
    (metrics.R2Score, {"class_aggregation": None, "num_regressors": 2}),
]


@pytest.mark.parametrize("dtype", ["float32", "float64", "int32"])
@pytest.mark.parametrize(("cls", "given"), MADE, ids=lambda x: getattr(x, "__name__", ""))
def test_configurations_hold_every_argument(cls: Any, given: dict[str, Any], dtype: str) -> None:
    made = cls(**given, name="mine", dtype=dtype)
    config = json.loads(json.dumps(made.get_config()))
    assert given.items() <= config.items()
    assert (config["name"], config.get("dtype", "float32")) == ("mine", dtype)
    assert cls.from_config(config) == made != cls(**given, name="other", dtype=dtype)


@pytest.mark.parametrize(
    "call",
    [
        lambda: losses.Huber(reduction="abc"),
        lambda: metrics.R2Score(class_aggregation="abc"),
        lambda: metrics.R2Score(num_regressors=-1),
    ],
)
def test_arguments_are_refused_in_the_words_of_keras(call: Any) -> None:
    text = r"^Invalid value for argument `\w*`\. Expected .*\. Received: \w*=('abc'|-1)$"
    with pytest.raises(ValueError, match=text):
        call()


@pytest.mark.parametrize(
    "call", [keras.categorical_crossentropy, keras.categorical_focal_crossentropy]
)
def test_one_class_is_warned_about_along_its_axis(call: Any) -> None:
    y = np.ones((2, 1, 4), np.float32)
    with pytest.warns(
        SyntaxWarning, match=r"expected y_pred.shape to be \(batch_size, num_classes"
    ):
        call(y, y, axis=1)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        call(y.transpose(0, 2, 1), y.transpose(0, 2, 1), axis=1)


@pytest.mark.parametrize("weights", [None, WEIGHTS["samples"], WEIGHTS["outputs"]])
def test_samples_of_unknown_chunks_are_counted(weights: Any) -> None:
    def unknown(array: Any) -> Any:
        lazy = da.from_array(array, chunks=(2, array.shape[1]))
        return lazy[da.from_array(np.ones(5, bool), chunks=2)]

    lazy, metric = (metrics.R2Score(num_regressors=1, dtype="float64") for _ in range(2))
    lazy.update_state(*(a if a is None else unknown(a) for a in (TRUE, PRED, weights)))
    metric.update_state(TRUE, PRED, weights)
    assert lazy == metric
    assert lazy.result() == metric.result()
