"""Write sklearn_rankings.jsonl: what scikit-learn answers of rankings, curves and median errors.

Run in an environment that has scikit-learn: ``python tools/golden/make_sklearn_rankings.py``. Its
own warnings, of classes that are absent, are no part of a case.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np
import sklearn
import sklearn.metrics
from answers import GOLDEN, encode, outcome, write

RANKINGS = "roc_auc_score", "average_precision_score", "roc_curve", "precision_recall_curve"


def binary() -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield scores of two classes: distinct, tied, perfect, without use, of one label, weighted."""
    rng = np.random.default_rng(5)
    for n in (2, 5, 30):
        labels = np.arange(n) % 2
        noise = rng.standard_normal(n).astype(np.float32)
        yield f"distinct-{n}", {"y_true": labels, "y_score": noise}
        yield f"tied-{n}", {"y_true": labels, "y_score": np.round(noise).astype(np.float32)}
        yield f"same-{n}", {"y_true": labels, "y_score": np.zeros(n, np.float32)}
        yield f"perfect-{n}", {"y_true": labels, "y_score": labels.astype(np.float32)}
        weights = np.round(rng.random(n), 3)
        weighted = {"y_true": labels, "y_score": np.round(noise * 2).astype(np.float32)}
        yield f"weighted-{n}", {**weighted, "sample_weight": weights}
        weights[0] = 0.0
        yield f"weightless-{n}", {**weighted, "sample_weight": weights}
    yield "signed", {"y_true": np.array([-1, 1, 1, -1]), "y_score": np.arange(4.0)}
    yield "zeros", {"y_true": np.array([0, 1, 1]), "y_score": np.array([0.0, -0.0, 1.0])}


def classes() -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield rows of scores that add up to 1, averaged."""
    rng = np.random.default_rng(6)
    scores = rng.random((40, 4)).astype(np.float32).astype(np.float64)
    scores /= scores.sum(1, keepdims=True)
    labels, weights = rng.integers(0, 4, 40), np.round(rng.random(40), 2)
    for average in ("macro", "weighted"):
        given = {"y_true": labels, "y_score": scores, "average": average}
        yield average, given
        yield f"{average}-weights", {**given, "sample_weight": weights}


def errors() -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield errors of odd and even numbers, tied, with zeros, weighted."""
    rng = np.random.default_rng(7)
    for n in (1, 2, 7, 10, 31):
        given = {"y_true": np.zeros(n), "y_pred": np.round(rng.standard_normal(n) * 3, 2)}
        yield f"plain-{n}", given
        yield f"whole-{n}", {**given, "y_pred": np.round(given["y_pred"])}
        yield f"weighted-{n}", {**given, "sample_weight": rng.integers(1, 4, n).astype(float)}


def cases() -> Iterator[dict[str, Any]]:
    """Yield all cases."""
    for call in RANKINGS:
        yield from (_case(call, *each, {}) for each in binary())
    for call, more in (("roc_auc_score", {"multi_class": "ovr"}), ("average_precision_score", {})):
        yield from (_case(call, *each, more) for each in classes())
    yield from (_case("median_absolute_error", *each, {}) for each in errors())


def _case(call: str, name: str, args: dict[str, Any], more: dict[str, Any]) -> dict[str, Any]:
    """Return a case with its answer; `more` is only for scikit-learn."""
    if call.endswith("_curve"):
        more = {"drop_intermediate": False}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        answer = outcome(lambda: getattr(sklearn.metrics, call)(**args, **more))
    return {"id": f"{call}-{name}", "call": call, "args": encode(args), "outcome": answer}


if __name__ == "__main__":
    header = {"framework": "sklearn", "version": sklearn.__version__}
    write(GOLDEN / "sklearn_rankings.jsonl", header, cases())
