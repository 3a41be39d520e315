"""Labels that are decided from scores: thresholds, the largest of a row, and what is missing."""

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import streamloss as sl
from tests.metrics import label_truth as truth
from tests.metrics.label_truth import Rows
from tests.reference import bits

NAN = float("nan")


def matrix(*args: Any, **given: Any) -> list[list[Any]]:
    return sl.evaluate(sl.ConfusionMatrix(**given), *args).tolist()


def test_a_score_at_the_threshold_is_not_above_it() -> None:
    y_true = [0, 1, 1, 0, 1]
    p = [0.2, 0.5, np.nextafter(0.5, 1), 0.9, 0.1]
    assert matrix(y_true, p, scores="probabilities") == [[1, 1], [2, 1]]
    assert matrix(y_true, p, scores="probabilities", threshold=0.2) == [[1, 1], [1, 2]]
    assert matrix(y_true, [-1.0, 0.0, 5e-324, 2.0, -3.0], scores="logits") == [[1, 1], [2, 1]]
    assert matrix(y_true, [-1, 0, 1, 2, -3], scores="logits", threshold=-2) == [[0, 2], [1, 2]]
    assert matrix([0, 1], [-np.inf, np.inf], scores="logits") == [[1, 0], [0, 1]]


def test_both_classes_are_there_where_scores_are_of_two() -> None:
    assert matrix([1, 1], [0.7, 0.8], scores="probabilities") == [[0, 0], [0, 2]]
    assert matrix([1, 1], [1, 1]) == [[2]]
    assert sl.F1("none", scores="logits").undefined is not None
    found = sl.evaluate(sl.F1("none", scores="logits"), [1, 1], [2.0, 3.0])
    assert bits(dict(found)) == bits({0: NAN, 1: 1.0})


def test_the_first_of_equal_scores_is_the_largest() -> None:
    rows = [[0.0, 0.0, 0.0], [1.0, 2.0, 2.0], [-np.inf, -1.0, -np.inf], [3.0, 3.0, 4.0]]
    assert matrix([0, 1, 1, 2], rows, scores="classes") == [[1, 0, 0], [0, 2, 0], [0, 0, 1]]
    assert sl.evaluate(sl.Accuracy(scores="classes"), [2, 2, 1, 0], rows) == 0.25


@pytest.mark.parametrize("n", [20, 5000])
@pytest.mark.parametrize("scores", ["probabilities", "logits", "classes"])
def test_decisions_of_many_elements(rng: np.random.Generator, scores: str, n: int) -> None:
    weights = rng.integers(0, 3, n) / 4.0
    if scores == "classes":
        y_true, y_pred = rng.integers(0, 6, n), rng.integers(0, 4, (n, 6)).astype(np.float32)
        decided = y_pred.argmax(axis=1)
    else:
        y_true, y_pred = rng.integers(0, 2, n), rng.integers(-8, 9, n) / 8
        decided = y_pred > (0.5 if scores == "probabilities" else 0.0)
    kept = Rows.of(y_true.tolist(), decided.astype(int).tolist(), weights.tolist())
    asked = [sl.Accuracy(scores=scores), sl.F1("macro", scores=scores)]
    found = sl.evaluate(asked, y_true, y_pred, weights)
    assert list(found.values()) == [truth.accuracy(kept), truth.rate(sl.F1("macro"), kept)]


@pytest.mark.parametrize("n", [1, 3000])
@pytest.mark.parametrize(
    ("scores", "y_true", "y_pred"),
    [
        ("probabilities", 1.0, NAN),
        ("probabilities", NAN, 0.5),
        ("probabilities", 2.0, 0.5),
        ("probabilities", 0.5, 0.5),
        ("logits", -1.0, 0.5),
        ("classes", 3.0, [0.1, 0.2, 0.3]),
        ("classes", -1.0, [0.1, 0.2, 0.3]),
        ("classes", 0.5, [0.1, 0.2, 0.3]),
        ("classes", 0.0, [0.1, NAN, 0.3]),
        ("classes", 0.0, [NAN, 0.2, 0.3]),
    ],
)
def test_what_is_no_label_and_no_score_is_missing(
    scores: str, y_true: float, y_pred: Any, n: int
) -> None:
    metric = sl.Accuracy(scores=scores)
    good = [0.0, 0.0, 1.0] if scores == "classes" else 0.0
    true, pred = [y_true] + [0.0] * n, [y_pred] + [good] * n
    assert np.isnan(sl.evaluate(metric, true, pred))
    weights = [0.0] + [1.0] * n
    assert sl.evaluate(metric, true, pred, weights) == (scores != "classes")
    assert sl.evaluate(metric, true, pred, where=np.array(weights) > 0) == (scores != "classes")


def test_indices_of_no_class_are_refused_where_that_is_asked() -> None:
    for metric in (sl.F1("macro", scores="classes"), sl.TopKAccuracy()):
        with pytest.raises(ValueError, match="y_true"):
            sl.evaluate(metric, [0, 3], [[0.1, 0.2, 0.3]] * 2, nan="raise")


def test_an_ignored_label_needs_no_score() -> None:
    y_true, p = [1, -1, 0], [0.7, NAN, 0.8]
    assert matrix(y_true, p, scores="probabilities", ignore_index=-1) == [[0, 1], [0, 1]]
    rows = [[0.1, 0.9], [NAN, NAN], [0.3, 0.2]]
    assert matrix([1, -100, 0], rows, scores="classes", ignore_index=-100) == [[1, 0], [0, 1]]
    assert matrix([1, 255, 0], rows, scores="classes", ignore_index=255) == [[1, 0], [0, 1]]
    assert np.isnan(sl.evaluate(sl.Accuracy(255, "classes"), [1, 254, 0], rows))
    assert matrix(["a", "b", "?"], ["a", "a", "b"], ignore_index="?") == [[1, 0], [1, 0]]


@given(
    st.lists(
        st.tuples(st.lists(st.sampled_from([0.0, 0.25, 1.0]), min_size=5, max_size=5),
                  st.integers(0, 4), st.integers(0, 3)),
        min_size=1, max_size=20,
    ),
    st.integers(1, 6),
)  # fmt: skip
def test_top_k_of_ties(rows: list[Any], k: int) -> None:
    scores, labels, weights = (list(column) for column in zip(*rows, strict=True))
    total, first, shared = sum(weights), Fraction(0), Fraction(0)
    for row, label, weight in rows:
        order = sorted(range(5), key=lambda c: (-row[c], c))
        first += weight * (label in order[:k])
        above, ties = sum(x > row[label] for x in row), row.count(row[label])
        shared += weight * min(max(Fraction(k - above, ties), Fraction(0)), Fraction(1))
    for ties, value in (("index", first), ("fraction", shared)):
        found = sl.evaluate(sl.TopKAccuracy(k, ties), labels, scores, weights)
        assert bits(found) == bits(truth.rounded(truth.over(value, total)))


def test_rows_of_zeros_are_no_hits() -> None:
    zeros, labels = np.zeros((10, 10)), np.arange(10)
    assert sl.evaluate(sl.TopKAccuracy(3), labels, zeros) == 0.3
    assert sl.evaluate(sl.TopKAccuracy(3, "fraction"), labels, zeros) == 0.3
    assert sl.evaluate(sl.TopKAccuracy(3), np.full(10, 9), zeros) == 0.0
    assert sl.evaluate(sl.TopKAccuracy(10), np.full(10, 9), zeros) == 1.0
    assert np.isnan(sl.evaluate(sl.TopKAccuracy(1), [0], [[NAN, 1.0]]))
    assert np.isnan(sl.evaluate(sl.TopKAccuracy(1, "fraction"), [0], [[1.0, NAN]]))


@pytest.mark.parametrize(
    ("metric", "error", "message"),
    [
        (sl.F1(threshold=0.5), ValueError, "threshold of F1 is that of scores='prob.*got 'labels'"),
        (sl.Accuracy(None, "classes", 0.1), ValueError, "threshold of Accuracy .*got 'classes'"),
        (sl.F1(positive=2, scores="logits"), ValueError, "positive of F1 must be 0 or 1, .*got 2"),
        (sl.F1("samples", 0), ValueError, "average='samples' of F1 is of 1 in rows of 0 and 1"),
        (sl.F1("samples", ignore_index=3), ValueError, "average='samples' of F1 is of 1 in rows"),
        (
            sl.F1("samples", scores="classes"),
            ValueError,
            "scores='classes' of F1 are no rows",
        ),
        (sl.F1("macro", over="outputs", scores="classes"), ValueError, "scores='classes' of F1"),
        (sl.F1(over="outputs"), ValueError, "average of F1 over outputs must be another than"),
        (
            sl.F1(ignore_index="?", scores="logits"),
            TypeError,
            "ignore_index of F1 must be",
        ),
        (sl.TopKAccuracy(2.5), ValueError, "k of TopKAccuracy must be a whole number: got 2.5"),
    ],
)
def test_parameters_that_contradict_each_other(metric: Any, error: Any, message: str) -> None:
    with pytest.raises(error, match=message):
        sl.evaluate(metric, [[0, 1], [1, 0]], [[0, 1], [1, 1]])


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: sl.F1("mean"), ValueError, "average of F1 must be one of 'binary', 'micro', "),
        (lambda: sl.F1(scores="p"), ValueError, "scores of F1 must be one of 'labels', "),
        (lambda: sl.F1(positive=0.5), TypeError, "positive of F1 must be a whole number or text"),
        (lambda: sl.FBeta(-1.0), ValueError, "beta of FBeta must be at least 0"),
        (lambda: sl.TopKAccuracy(0), ValueError, "k of TopKAccuracy must be greater than 0"),
        (lambda: sl.CohenKappa("cubic"), ValueError, "weights of CohenKappa must be one of 'none'"),
        (lambda: sl.ConfusionMatrix("rows"), ValueError, "normalize of ConfusionMatrix must be"),
    ],
)
def test_parameters_that_are_refused(make: Any, error: Any, message: str) -> None:
    with pytest.raises(error, match=message):
        make()


def test_one_label_of_many_is_refused() -> None:
    message = r"average='binary' of F1 takes two classes, one of them 1; .*: got labels \[0, 1, 2\]"
    with pytest.raises(ValueError, match=message):
        sl.evaluate("f1", [0, 1, 2], [0, 1, 1])
    with pytest.raises(ValueError, match=r"one of them 1; .* got labels \[2, 3\]"):
        sl.evaluate("recall", [2, 3], [2, 2])
    assert sl.evaluate("f1", [0, 1, 2], [0, 1, 1], [1, 1, 0]) == 1.0
    assert sl.evaluate(sl.F1(ignore_index=2), [0, 1, 2], [0, 1, 1]) == 1.0
    assert np.isnan(sl.evaluate("f1", [0, 0], [0, 0]))


def test_labels_and_parameters_are_of_one_kind() -> None:
    with pytest.raises(TypeError, match="positive must be text, as the labels are: got 1"):
        sl.evaluate("f1", ["a", "b"], ["a", "a"])
    with pytest.raises(TypeError, match="positive must be a number, as the labels are: got 'a'"):
        sl.evaluate(sl.F1(positive="a"), [0, 1], [0, 0])
    with pytest.raises(TypeError, match="ignore_index must be a number, as the labels are"):
        sl.evaluate(sl.Accuracy("255"), [0, 255], [0, 0])


def test_what_is_refused_at_the_end_is_kept() -> None:
    acc = sl.Accumulator("f1").update([0, 1, 2], [0, 1, 1])
    with pytest.raises(ValueError, match="takes two classes"):
        acc.result()
    assert (acc - sl.accumulate("f1", [2], [1])).result() == 1.0
