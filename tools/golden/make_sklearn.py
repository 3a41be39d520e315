"""Write sklearn.jsonl: what scikit-learn's metrics answer, over a broad grid of arguments.

Run in an environment that has scikit-learn: ``python tools/golden/make_sklearn.py``. Beside the
keys of every golden file a case may have

- ``dtype``: in which scikit-learn computes it (float64 without the key),
- ``scale``: ``sum |t_i| / |denominator|``, where it is more than the answer itself: the terms of a
  sum differ in sign, or a loss is a difference of larger numbers (`MAGNITUDES` has which),
- ``warns``: the categories of scikit-learn's own warnings.

Cases of ``make_scorer`` are answers of a real scorer for an estimator that predicts ``y_pred``.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any

import numpy as np
import sklearn
import sklearn.metrics
from answers import GOLDEN, encode, write
from sklearn.base import BaseEstimator
from sklearn_calls import ABSENT, AVERAGED, CASES, DEVIANCES, LABELLED, draw
from sklearn_classification import (
    PATTERN,
    accuracies,
    hinges,
    particular_classification,
    probabilistic,
    probabilities,
)
from sklearn_regression import deviances, differences, particular_regression, regression


class Constant(BaseEstimator):
    """An estimator that predicts what it was given, whatever it is asked."""

    def __init__(self, answer: Any = None, classes: Any = None) -> None:
        self.answer, self.classes = answer, classes

    def fit(self, X: Any, y: Any) -> Constant:
        self.classes_ = np.unique(y)
        return self

    def predict(self, X: Any) -> Any:
        return np.asarray(self.answer)

    predict_proba = decision_function = predict


SCORERS: tuple[tuple[str, bool, str, dict[str, Any]], ...] = (
    ("mean_absolute_error", False, "predict", {}),
    ("root_mean_squared_error", False, "predict", {}),
    ("mean_pinball_loss", False, "predict", {"alpha": 0.9}),
    ("mean_tweedie_deviance", False, "predict", {"power": 1.5}),
    ("r2_score", True, "predict", {}),
    ("log_loss", False, "predict_proba", {"labels": [0, 1]}),
    ("brier_score_loss", False, "predict_proba", {}),
    ("accuracy_score", True, "predict", {}),
)


def scorers() -> Iterator[dict[str, Any]]:
    """Yield what real scorers answer; those made of our functions must answer the same."""
    from streamloss.compat import sklearn as compat

    w = draw(8)
    for call, greater, method, kwargs in SCORERS:
        labelled = call in LABELLED
        y = np.array(PATTERN) if labelled else draw(8)
        p = draw(8)
        if labelled:
            p = np.array(PATTERN[::-1]) if method == "predict" else probabilities(8, 2)
        estimator = Constant(p).fit(y, y)
        if labelled:
            estimator._estimator_type = "classifier"
            Constant.__sklearn_tags__ = classifier_tags  # type: ignore[method-assign]
        answers = []
        for module in (sklearn.metrics, compat):
            make = sklearn.metrics.make_scorer
            scorer = make(
                getattr(module, call), greater_is_better=greater, response_method=method, **kwargs
            )
            answers.append([scorer(estimator, y, y), scorer(estimator, y, y, sample_weight=w)])
        theirs, ours = answers
        assert [type(a) for a in theirs] == [type(a) for a in ours], (call, answers)
        assert np.allclose(theirs, ours, rtol=1e-14, atol=1e-15), (call, answers)
        spec = {"metric": call, "greater_is_better": greater, "response_method": method}
        data = {"kwargs": kwargs, "y_true": y, "y_pred": p, "sample_weight": w}
        yield {
            "id": f"make_scorer-{call}",
            "call": "make_scorer",
            "args": encode({**spec, **data}),
            "outcome": encode(theirs),
        }


def classifier_tags(self: Any) -> Any:
    """Return the tags of a binary classifier."""
    from sklearn.utils import ClassifierTags

    tags = BaseEstimator.__sklearn_tags__(self)
    tags.estimator_type, tags.classifier_tags = "classifier", ClassifierTags(multi_class=False)
    return tags


def main() -> None:
    """Write the file."""
    for call in AVERAGED:
        regression(call)
    particular_regression()
    differences()
    deviances()
    for call in ("log_loss", "brier_score_loss"):
        probabilistic(call)
    particular_classification()
    hinges()
    for call in ("accuracy_score", "zero_one_loss"):
        accuracies(call)
    CASES.extend(scorers())
    names = (*AVERAGED, *DEVIANCES, *LABELLED, *ABSENT)
    signatures = {n: str(inspect.signature(getattr(sklearn.metrics, n))) for n in names}
    header = {"framework": "sklearn", "version": sklearn.__version__, "signatures": signatures}
    write(GOLDEN / "sklearn.jsonl", header, CASES)


if __name__ == "__main__":
    main()
