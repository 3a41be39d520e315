"""Write sklearn_counts.jsonl: what scikit-learn's metrics of counts answer.

Run in an environment that has scikit-learn: ``python tools/golden/make_sklearn_counts.py``. Beside
the keys of every golden file a case may have ``warns``, the categories of scikit-learn's warnings.
"""

from __future__ import annotations

import inspect
import itertools
import math
import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np
import sklearn
import sklearn.metrics
from answers import GOLDEN, encode, outcome, write
from sklearn.calibration import calibration_curve

RNG = np.random.default_rng(20261129)

Call = tuple[str, str, dict[str, Any]]
"""The name of a case, the function, and its arguments."""

NAMES = np.array(["ant", "bee", "cat", "dog"])

AVERAGES = None, "micro", "macro", "weighted"

RATES = "precision_score", "recall_score", "f1_score", "jaccard_score"

FUNCTIONS = (
    *RATES, "fbeta_score", "precision_recall_fscore_support", "confusion_matrix",
    "balanced_accuracy_score", "matthews_corrcoef", "cohen_kappa_score", "hamming_loss",
    "top_k_accuracy_score", "roc_auc_score", "average_precision_score", "roc_curve",
    "precision_recall_curve", "median_absolute_error", "max_error", "d2_log_loss_score",
    "d2_brier_score", "calibration_curve",
)  # fmt: skip


def function_of(call: str) -> Any:
    """Return a function of scikit-learn."""
    return calibration_curve if call == "calibration_curve" else getattr(sklearn.metrics, call)


def weights(size: int) -> Iterator[tuple[str, Any]]:
    """Yield no weights, whole ones and others, some zero; sums are exact in float64."""
    yield "plain", None
    first = np.arange(size) == 0
    yield "whole", RNG.integers(0, 4, size) + first
    yield "weighted", (RNG.integers(0, 9, size) + first) / 8


def labels() -> Iterator[tuple[str, Any, Any]]:
    """Yield labels of two classes and more, numbers and text, some in y_true or y_pred alone."""
    for size in 2, 4:
        true, pred = RNG.integers(0, size, (2, 15))
        yield f"{size}", true, np.where(RNG.random(15) < 0.5, true, pred)
        yield f"{size}-text", NAMES[true], NAMES[pred]
        yield f"{size}-floats", 3.0 * true - 3.0, 3.0 * pred - 3.0
    yield "bools", RNG.random(9) < 0.5, RNG.random(9) < 0.5
    yield "one", np.zeros(5, int), np.zeros(5, int)
    yield "apart", np.array([0, 0, 1, 1, 3, 3]), np.array([0, 2, 2, 1, 2, 3])


def of_labels() -> Iterator[Call]:
    """Yield calls with one label a sample."""
    for name, true, pred in labels():
        text = true.dtype.kind == "U"
        for heavy, w in weights(len(true)):
            data = {"y_true": true, "y_pred": pred} | ({} if w is None else {"sample_weight": w})
            called = f"{name}-{heavy}"
            for average in AVERAGES:
                for call in RATES:
                    yield f"{called}-{average}", call, data | {"average": average}
                settings = {"average": average, "beta": 0.5}
                yield f"{called}-{average}", "fbeta_score", data | settings
                every = data | {"average": average}
                yield f"{called}-{average}", "precision_recall_fscore_support", every
            positive = {"pos_label": "ant" if text else float(true.max())}
            for call in RATES:
                yield f"{called}-binary", call, data | positive
            for normalize in None, "true", "pred", "all":
                yield f"{called}-{normalize}", "confusion_matrix", data | {"normalize": normalize}
            for call in "matthews_corrcoef", "hamming_loss", "balanced_accuracy_score":
                yield called, call, data
            yield f"{called}-adjusted", "balanced_accuracy_score", data | {"adjusted": True}
            both = {"y1": true, "y2": pred} | ({} if w is None else {"sample_weight": w})
            for how in None, "linear", "quadratic":
                yield f"{called}-{how}", "cohen_kappa_score", both | {"weights": how}


def particular() -> Iterator[Call]:
    """Yield calls with labels asked for, what 0 / 0 is, and what is refused."""
    true, pred = np.array([0, 1, 2, 2, 1, 0, 0]), np.array([0, 2, 2, 1, 1, 0, 3])
    data = {"y_true": true, "y_pred": pred}
    for k, some in enumerate(([2, 0], [1], [3, 1, 0, 2], [0, 7], [8, 9], [])):
        for average in AVERAGES:
            asked = data | {"labels": some, "average": average}
            yield f"labels-{k}-{average}", "precision_recall_fscore_support", asked
        yield f"labels-{k}", "confusion_matrix", data | {"labels": some}
        both = {"y1": true, "y2": pred, "labels": some}
        yield f"labels-{k}", "cohen_kappa_score", both | {"weights": "linear"}
    for zero, average, call in itertools.product((0, 1, math.nan), AVERAGES, RATES):
        asked = data | {"zero_division": zero, "average": average, "labels": [0, 3, 5]}
        yield f"zero-{zero}-{average}", call, asked
    for beta in 0, 2, math.inf:
        yield f"beta-{beta}", "fbeta_score", data | {"beta": beta, "average": "macro"}
    yield "beta-bad", "fbeta_score", data | {"beta": -1, "average": "macro"}
    for call in RATES:
        yield "multiclass-binary", call, data
        yield "samples", call, data | {"average": "samples"}
        yield "average-bad", call, data | {"average": "none"}
        yield "zero-bad", call, data | {"average": "macro", "zero_division": 0.5}
        two = {"y_true": true % 2, "y_pred": pred % 2}
        yield "positive-bad", call, two | {"pos_label": 5}
        yield "positive-ignored", call, two | {"pos_label": 0, "average": "macro"}
        yield "fractions", call, two | {"y_pred": pred / 2}
        yield "lengths", call, two | {"y_pred": pred[:3] % 2}
        yield "weights-zero", call, two | {"sample_weight": np.zeros(7)}
        yield "weights-nan", call, two | {"sample_weight": np.full(7, np.nan)}
        yield "text-and-numbers", call, two | {"y_pred": NAMES[pred]}
    yield "undefined", "cohen_kappa_score", {"y1": [1, 1], "y2": [1, 1]}
    given = {"y1": [1, 1], "y2": [1, 1], "replace_undefined_by": 0.5}
    yield "undefined-half", "cohen_kappa_score", given
    yield "weights-bad", "cohen_kappa_score", {"y1": [1, 1], "y2": [1, 1], "weights": "cubic"}
    yield "normalize-bad", "confusion_matrix", data | {"normalize": "rows"}


def of_rows() -> Iterator[Call]:
    """Yield calls with rows of indicators."""
    true, pred = RNG.integers(0, 2, (2, 9, 3))
    for heavy, w in weights(9):
        data = {"y_true": true, "y_pred": pred} | ({} if w is None else {"sample_weight": w})
        yield f"rows-{heavy}", "hamming_loss", data
        for average in (*AVERAGES, "samples"):
            for call in RATES:
                yield f"rows-{heavy}-{average}", call, data | {"average": average}
                asked = data | {"average": average, "labels": [2, 0]}
                yield f"rows-labels-{heavy}-{average}", call, asked
    for call in "confusion_matrix", "matthews_corrcoef", "f1_score":
        yield "rows", call, {"y_true": true, "y_pred": pred}


def scores() -> Iterator[tuple[str, Any, Any]]:
    """Yield labels and scores with ties, of several dtypes."""
    true = np.array([0, 1, 1, 0, 1, 0, 0, 1, 1, 0, 1, 0])
    yield "few", true, RNG.integers(0, 5, 12) / 4
    yield "integers", true, RNG.integers(-3, 4, 12)
    yield "many", true, np.round(RNG.normal(size=12), 3)
    yield "float32", true, RNG.random(12).astype(np.float32)
    yield "signed", 2 * true - 1, RNG.integers(0, 5, 12) / 4
    yield "bools", true > 0, RNG.random(12)
    yield "one-class", np.zeros(4, int), RNG.random(4)
    yield "positives", np.ones(4, int), RNG.random(4)


def ranked() -> Iterator[Call]:
    """Yield calls with a score for each sample."""
    for name, true, score in scores():
        for heavy, w in weights(len(true)):
            data = {"y_true": true, "y_score": score}
            data |= {} if w is None else {"sample_weight": w}
            called = f"{name}-{heavy}"
            for most in None, 0.4, 1.0:
                yield f"{called}-{most}", "roc_auc_score", data | {"max_fpr": most}
            yield called, "average_precision_score", data
            for drop in True, False:
                for call in "roc_curve", "precision_recall_curve":
                    yield f"{called}-{drop}", call, data | {"drop_intermediate": drop}
            for k in 1, 2:
                yield f"{called}-{k}", "top_k_accuracy_score", data | {"k": k}
    words = {"y_true": NAMES[[0, 1, 1, 0]], "y_score": [0.1, 0.4, 0.35, 0.8]}
    yield "text", "roc_auc_score", words
    for call in "average_precision_score", "roc_curve", "precision_recall_curve":
        yield "text", call, words
        yield "text-positive", call, words | {"pos_label": "bee"}
        yield "three", call, {"y_true": [0, 1, 2], "y_score": np.array([0.1, 0.2, 0.3])}
        yield "nan", call, {"y_true": [0, 1, 1], "y_score": [0.1, np.nan, 0.3]}
    yield "three", "roc_auc_score", {"y_true": [0, 1, 2], "y_score": np.array([0.1, 0.2, 0.3])}
    yield "most-bad", "roc_auc_score", words | {"max_fpr": 0.0}
    yield "weights-zero", "roc_auc_score", words | {"sample_weight": np.zeros(4)}


def of_classes() -> Iterator[Call]:
    """Yield calls with a score for each class."""
    true = np.array([0, 1, 2, 2, 1, 0, 0, 1, 2, 0])
    rows = RNG.integers(1, 5, (10, 3)) * 4.0
    rows = np.round(rows / rows.sum(axis=1, keepdims=True), 3)
    rows[:, 0] = 1.0 - rows[:, 1] - rows[:, 2]
    several = RNG.integers(0, 2, (10, 3))
    for heavy, w in weights(10):
        more = {} if w is None else {"sample_weight": w}
        for how, average in itertools.product(("ovr", "ovo", "raise"), AVERAGES):
            data = {"y_true": true, "y_score": rows, "multi_class": how, "average": average}
            yield f"classes-{heavy}-{how}-{average}", "roc_auc_score", data | more
        for average in (*AVERAGES, "samples"):
            data = {"y_true": several, "y_score": rows, "average": average} | more
            yield f"rows-{heavy}-{average}", "roc_auc_score", data
            yield f"rows-{heavy}-{average}", "average_precision_score", data
            data = {"y_true": true, "y_score": rows, "average": average} | more
            yield f"classes-{heavy}-{average}", "average_precision_score", data
        for k, normalize in itertools.product((1, 2, 3), (True, False)):
            data = {"y_true": NAMES[true], "y_score": rows, "k": k, "normalize": normalize} | more
            yield f"classes-{heavy}-{k}-{normalize}", "top_k_accuracy_score", data
        for called, labels_ in (("classes", true), ("text", NAMES[true]), ("rows", several)):
            data = {"y_true": labels_, "y_proba": rows} | more
            yield f"rows-{called}-{heavy}", "d2_log_loss_score", data
            yield f"rows-{called}-{heavy}", "d2_brier_score", data
    asked = {"y_true": true, "y_score": rows, "multi_class": "ovr"}
    yield "classes-labels", "roc_auc_score", asked | {"labels": [0, 1, 2]}
    yield "classes-unordered", "roc_auc_score", asked | {"labels": [1, 0, 2]}
    yield "classes-many", "roc_auc_score", asked | {"labels": [0, 1, 2, 3]}
    yield "classes-others", "roc_auc_score", asked | {"labels": [0, 1, 5]}
    yield "classes-sums", "roc_auc_score", asked | {"y_score": 2 * rows}
    yield "k-bad", "top_k_accuracy_score", {"y_true": true, "y_score": rows, "k": 0}
    yield "binary-rows", "top_k_accuracy_score", {"y_true": true > 0, "y_score": rows}


def of_numbers() -> Iterator[Call]:
    """Yield calls of errors, and of probabilities of two classes."""
    for dtype in "float64", "float32", "int64":
        true, pred = RNG.integers(0, 40, (2, 8)).astype(dtype)
        if dtype != "int64":
            true, pred = true / 8, pred / 8
        yield dtype, "max_error", {"y_true": true, "y_pred": pred}
        for heavy, w in weights(8):
            more = {} if w is None else {"sample_weight": w}
            data = {"y_true": true, "y_pred": pred} | more
            yield f"{dtype}-{heavy}", "median_absolute_error", data
            two = {"y_true": true.reshape(4, 2), "y_pred": pred.reshape(4, 2)}
            two |= {} if w is None else {"sample_weight": w[[0, 1, 3, 5]] + 1}
            for k, several in enumerate(("raw_values", "uniform_average", [0.25, 0.75])):
                asked = two | {"multioutput": several}
                yield f"{dtype}-{heavy}-{k}", "median_absolute_error", asked
    pair = np.ones((3, 2))
    yield "two", "max_error", {"y_true": pair, "y_pred": pair}
    for name, true, p in (
        ("even", RNG.integers(0, 2, 30), np.round(RNG.random(30), 3)),
        ("edges", RNG.integers(0, 2, 30), RNG.integers(0, 11, 30) / 10),
        ("text", NAMES[RNG.integers(0, 2, 30)], np.round(RNG.random(30), 3)),
    ):
        positive = {"pos_label": "bee"} if name == "text" else {}
        for bins, strategy in itertools.product((1, 5, 10), ("uniform", "quantile")):
            data = {"y_true": true, "y_prob": p, "n_bins": bins, "strategy": strategy} | positive
            yield f"{name}-{bins}-{strategy}", "calibration_curve", data
        for heavy, w in weights(30):
            more = {} if w is None else {"sample_weight": w}
            data = {"y_true": true, "y_proba": p} | more
            yield f"{name}-{heavy}", "d2_log_loss_score", data
            yield f"{name}-{heavy}", "d2_brier_score", data | positive
    for call in "d2_log_loss_score", "d2_brier_score":
        yield "single", call, {"y_true": [1], "y_proba": [0.5]}
        yield "above", call, {"y_true": [1, 0], "y_proba": [0.5, 1.5]}
    for name, p in (("above", [0.5, 1.5]), ("lengths", [0.5])):
        yield name, "calibration_curve", {"y_true": [1, 0], "y_prob": p}
    yield "bins-bad", "calibration_curve", {"y_true": [1, 0], "y_prob": [0.5, 0.5], "n_bins": 0}


def asked(name: str, call: str, args: dict[str, Any]) -> dict[str, Any]:
    """Return a case with its answer; text is in lists."""
    args = {
        key: value.tolist() if getattr(value, "dtype", np.dtype(int)).kind == "U" else value
        for key, value in args.items()
    }
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        found = outcome(lambda: function_of(call)(**args))
    case = {"id": f"{call}-{name}", "call": call, "args": encode(args), "outcome": found}
    told = {w.category.__name__ for w in seen if issubclass(w.category, UserWarning)}
    return case | ({"warns": sorted(told)} if told else {})


def main() -> None:
    """Write the file."""
    grids = of_labels(), particular(), of_rows(), ranked(), of_classes(), of_numbers()
    cases = [asked(*call) for call in itertools.chain(*grids)]
    signatures = {name: str(inspect.signature(function_of(name))) for name in FUNCTIONS}
    header = {"framework": "sklearn", "version": sklearn.__version__, "signatures": signatures}
    write(GOLDEN / "sklearn_counts.jsonl", header, cases)


if __name__ == "__main__":
    main()
