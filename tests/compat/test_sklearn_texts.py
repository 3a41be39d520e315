"""`compat.sklearn` refuses and warns in scikit-learn's words, which users' own tests match."""

from __future__ import annotations

import re
import sys
import types
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from golden.sklearn_cases import ANSWERS, asked

from streamloss.compat import sklearn

BY_ID = {case["id"]: case for case in ANSWERS}

pytestmark = [
    pytest.mark.filterwarnings("ignore::UserWarning"),
    pytest.mark.filterwarnings("ignore::FutureWarning"),
]

WORDS = [
    r"contains NaN\.$",
    r"contains infinity or a value too large for dtype\('float\d\d'\)\.$",
    r"^Found input variables with inconsistent numbers of samples: \[[\d, ]*\]",
    r"^Weights sum to zero, can't be normalized",
    r"^Sample weights must contain at least one non-zero number\.$",
    r"^Sample weights must be 1D array or scalar",
    r"^Complex data not supported",
    r"^Custom weights are useful only in multi-output cases",
    r"^There must be equally many custom weights \(\d\) as outputs \(\d\)",
    r"^y_true and y_pred have different number of output \(\d!=\d\)",
    r"^Multioutput not supported in",
    r"^(Root )?Mean Squared Logarithmic Error cannot be used when targets .* to -1\.",
    r"^Mean Tweedie deviance error with power=.* can only be used on .*y_pred\.",
    r"^The labels array needs to contain at least two labels",
    r"^y_true contains only one label \(.*\)\. Please provide .* the labels argument\.",
    r"^The number of classes in labels is different from that in y_prob\..*",
    r"^y_true and y_prob contain different number of classes: 2 vs \d\. .*",
    r"^y_true contains values \{.*\} not belonging to the passed labels .*",
    r"^y_true takes value in \{.*\} and pos_label is not specified: .*",
    r"^The type of the target inferred from y_true is multiclass but should be binary",
    r"^The shape of pred_decision .* \(\d, \d\)\. Got: \(\d,.*\)",
    r"^Cannot use both `y_pred` and `y_proba`\.",
    r"^Mix of label input types \(string and number\)",
]
"""What scikit-learn's errors say, of which ours leave nothing out."""

OTHERS = {
    "log_loss-true-mixed",
    "brier_score_loss-true-mixed",
    "log_loss-none",
    "mean_absolute_error-weights-cancel-wholly",
}
"""Calls that are refused for another reason, or not at all."""


@pytest.mark.parametrize("words", WORDS)
def test_errors_have_the_words_of_scikit_learn(words: str) -> None:
    errors = {c["id"]: c["outcome"]["message"] for c in ANSWERS if "error" in str(c["outcome"])}
    found = {id_: re.search(words, message) for id_, message in errors.items()}
    told = {id_: match[0] for id_, match in found.items() if match and id_ not in OTHERS}
    assert told
    ours = {id_: str(asked(BY_ID[id_])) for id_ in told}
    assert {id_: ours[id_] for id_, text in told.items() if text not in ours[id_]} == {}


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda f: f.mean_absolute_error(1.0, [2.0]), TypeError, "y_true must be an array-like"),
        (lambda f: f.mean_absolute_error([1.0], 2.0), ValueError, "y_pred must be an array-like"),
        (
            lambda f: f.mean_absolute_error([1.0, 2.0], [1.0]),
            ValueError,
            r"Found input variables with inconsistent numbers of samples: \[2, 1\] of y_true, y_p",
        ),
        (
            lambda f: f.mean_squared_log_error([1.0], [-1.0]),
            ValueError,
            "Mean Squared Logarithmic Error cannot be used when targets contain values "
            "less than or equal to -1. y_pred must be greater than -1: got -1.0",
        ),
        (
            lambda f: f.mean_tweedie_deviance([-1.0], [1.0], power=1.5),
            ValueError,
            "Mean Tweedie deviance error with power=1.5 can only be used on non-negative y and "
            "strictly positive y_pred. y_true must be at least 0: got -1.0",
        ),
        (
            lambda f: f.mean_pinball_loss([1.0], [1.0], alpha=2),
            TypeError,
            r"alpha must be a finite number in \[0, 1\]: got 2",
        ),
        (
            lambda f: f.mean_absolute_error([1.0], [1.0], sample_weight=[0.0]),
            ValueError,
            "Sample weights must contain at least one non-zero number.",
        ),
        (
            lambda f: f.mean_absolute_error([1.0, 1.0], [1.0, 2.0], sample_weight=[1.0, -1.0]),
            ZeroDivisionError,
            "Weights sum to zero, can't be normalized: sample_weight",
        ),
        (
            lambda f: f.log_loss([0, 1], [0.5, 1.5]),
            ValueError,
            "y_proba must be at most 1: got 1.5",
        ),
        (
            lambda f: f.brier_score_loss(["a", "b"], [0.5, 0.5]),
            ValueError,
            "y_true takes value in {'a', 'b'} and pos_label is not specified",
        ),
        (
            lambda f: f.hinge_loss([0, 1, 2, 1], np.eye(4)),
            ValueError,
            r"Please include all labels in y_true or pass labels as third argument: got \[0, 1, 2",
        ),
        (
            lambda f: f.hinge_loss([0, 1, 2], np.eye(3)[:, :2], labels=[0, 1, 2]),
            ValueError,
            "The shape of pred_decision is not consistent with the number of classes. With a "
            r"multiclass target, pred_decision shape must be \(n_samples, n_classes\), that is "
            r"\(3, 3\). Got: \(3, 2\)",
        ),
        (
            lambda f: f.hinge_loss([0, 1], np.eye(2)),
            ValueError,
            "pred_decision must have one column for two classes: got 2",
        ),
        (
            lambda f: f.accuracy_score([0.5], [1]),
            ValueError,
            "y_true must be labels, whole numbers or text: got 0.5",
        ),
    ],
)
def test_messages(call: Callable[[Any], Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=f"^{message}"):
        call(sklearn)


@pytest.mark.parametrize(
    ("id_", "category"),
    [
        ("r2_score-finite-True-one", sklearn.UndefinedMetricWarning),
        ("d2_tweedie_score-one", sklearn.UndefinedMetricWarning),
        ("log_loss-sum-two", UserWarning),
        ("log_loss-three-integers-reversed", UserWarning),
        ("log_loss-y_pred", FutureWarning),
    ],
)
def test_warnings(id_: str, category: type[Warning]) -> None:
    assert category.__name__ in BY_ID[id_]["warns"]
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        asked(BY_ID[id_])
    # scikit-learn's own class is a second base where another test has imported it
    assert {warning.category.__name__ for warning in seen} == {category.__name__}
    assert all(issubclass(warning.category, category) for warning in seen)


def test_warnings_are_where_scikit_learn_has_them() -> None:
    for case in ANSWERS:
        with warnings.catch_warnings(record=True) as seen:
            warnings.simplefilter("always")
            answer = asked(case)
        if not isinstance(answer, Exception):
            found = sorted({warning.category.__name__ for warning in seen})
            assert found == case.get("warns", []), case["id"]


@pytest.mark.parametrize(
    ("id_", "text"),
    [
        (
            "r2_score-finite-True-one",
            r"^R\^2 score is not well-defined with less than two samples\.",
        ),
        ("d2_tweedie_score-one", r"^D\^2 score is not well-defined with less than two samples\."),
        ("log_loss-sum-two", r"^The y_prob values do not sum to one\. Make sure to pass prob"),
        ("log_loss-y_pred", r"^`y_pred` was renamed to `y_proba` in version 1\.9 and will be"),
        (
            "log_loss-three-integers-reversed",
            r"^Labels passed were \[2, 1, 0\]\. But this function assumes labels are ordered "
            r"lexicographically\. Pass the ordered labels=\[0, 1, 2\] and ensure that the columns",
        ),
    ],
)
def test_warnings_have_the_words_of_scikit_learn(id_: str, text: str) -> None:
    with pytest.warns(Warning, match=text):
        asked(BY_ID[id_])


def test_undefined_scores_warn_with_the_class_of_scikit_learn_if_it_is_there(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    theirs = types.SimpleNamespace(UndefinedMetricWarning=type("Theirs", (UserWarning,), {}))
    monkeypatch.setitem(sys.modules, "sklearn.exceptions", theirs)  # type: ignore[arg-type]
    for category in (theirs.UndefinedMetricWarning, sklearn.UndefinedMetricWarning):
        with pytest.warns(category):
            sklearn.r2_score([1.0], [2.0])


MANY = [f"class {k}" for k in range(100_000)]


@pytest.mark.parametrize(
    "call",
    [
        lambda: sklearn.log_loss(MANY, np.full((100_000, 2), 0.5)),
        lambda: sklearn.log_loss(["b", "a"], np.eye(2), labels=MANY),
        lambda: sklearn.log_loss(MANY, np.full((100_000, 2), 0.5), labels=["a", "b"]),
        lambda: sklearn.log_loss([0, 1], np.eye(2), labels=["b" * 10**6, "a" * 10**6]),
        lambda: sklearn.log_loss([0, 1], np.eye(2), labels=["a" * 10**6] * 2),
        lambda: sklearn.log_loss(["a" * 10**6] * 2, np.eye(2)),
        lambda: sklearn.brier_score_loss(MANY, np.full(100_000, 0.5)),
        lambda: sklearn.hinge_loss(MANY, np.zeros(100_000)),
        lambda: sklearn.hinge_loss(MANY, np.zeros((100_000, 3))),
        lambda: sklearn.hinge_loss(["a"], np.zeros((1, 3)), labels=MANY),
    ],
)
def test_errors_and_warnings_show_few_labels(call: Callable[[], Any]) -> None:
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        with pytest.raises(ValueError, match=r"label|class") as error:
            call()
    assert max(map(len, (str(error.value), *(str(warning.message) for warning in seen)))) < 800
