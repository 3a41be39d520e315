"""Curves of thresholds: each point is exact, and they are shown, unpacked and compared."""

import pickle
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

import streamloss as sl

LABELS, SCORES = np.array([0, 0, 1, 1, 1]), np.array([0.25, 0.5, 0.5, 1.0, 0.50001])
CURVES = [sl.ROCCurve, sl.PrecisionRecallCurve]


def drawn(weighted: bool) -> tuple[Any, Any, Any]:
    rng = np.random.default_rng(11)
    labels, scores = rng.integers(0, 2, 100), rng.standard_normal(100)
    return labels, scores, rng.random(100) if weighted else None


@pytest.mark.parametrize("bits", [12, 20, 32])
@pytest.mark.parametrize("weighted", [False, True])
def test_points_are_what_their_thresholds_give(bits: int, weighted: bool) -> None:
    labels, scores, weights = drawn(weighted)
    heavy = [Fraction(w) for w in (np.ones(100) if weights is None else weights)]
    of = [sum(w for w, y in zip(heavy, labels, strict=True) if y == k) for k in (0, 1)]
    roc = sl.evaluate(sl.ROCCurve(bits), labels, scores, weights)
    both = sl.evaluate(sl.PrecisionRecallCurve(bits), labels, scores, weights)
    assert np.array_equal(roc.thresholds, both.thresholds[::-1])
    assert len(roc.thresholds) == 1 + len(np.unique(roc.thresholds[1:]))
    narrow = scores.astype(np.float32)
    for k, threshold in enumerate(roc.thresholds):
        false, true = (
            sum(
                (
                    w
                    for w, s, y in zip(heavy, narrow, labels, strict=True)
                    if s >= threshold and y == z
                ),
                Fraction(0),
            )
            for z in (0, 1)
        )
        assert roc.false_positive_rate[k] == float(false / of[0])
        assert roc.true_positive_rate[k] == both.recall[-1 - k] == float(true / of[1])
        assert both.precision[-1 - k] == (float(true / (true + false)) if k else 1.0)


def test_a_curve_is_unpacked_and_an_array() -> None:
    curve = sl.evaluate("roc_curve", LABELS, SCORES)
    false, true, thresholds = curve
    assert np.array_equal(np.asarray(curve), np.stack([false, true, thresholds], axis=1))
    assert np.asarray(curve, np.float32).dtype == np.float32
    assert np.array_equal(curve.true_positive_rate, true)
    with pytest.raises(AttributeError, match="ROCPoints has no attribute 'precision'"):
        _ = curve.precision
    assert pickle.loads(pickle.dumps(curve)) == curve
    assert curve != sl.evaluate("roc_curve", LABELS[::-1], SCORES)
    assert curve != sl.evaluate("precision_recall_curve", LABELS, SCORES)


def test_a_curve_is_a_frame_of_pandas() -> None:
    pytest.importorskip("pandas")
    curve = sl.evaluate("precision_recall_curve", LABELS, SCORES)
    frame = curve.to_pandas()
    assert list(frame.columns) == ["precision", "recall", "thresholds"]
    assert np.array_equal(frame.to_numpy(), np.asarray(curve))


def test_long_curves_are_shown_by_their_ends() -> None:
    labels, scores, _ = drawn(False)
    lines = repr(sl.evaluate(sl.ROCCurve(32), labels, scores)).splitlines()
    assert lines[0] == "ROCPoints of 101 points"
    assert len(lines) == 9
    assert lines[5].split() == ["...", "...", "..."]
    assert len({len(line) for line in lines[1:]}) == 1


@pytest.mark.parametrize("cls", CURVES)
def test_curves_merge_and_are_of_slices(cls: Any) -> None:
    labels, scores, weights = drawn(True)
    whole = sl.evaluate(cls(), labels, scores, weights)
    parts = [sl.accumulate(cls(), labels[k::2], scores[k::2], weights[k::2]) for k in (0, 1)]
    assert sl.merge(parts).result() == whole


def test_rates_without_a_weight_are_nan() -> None:
    roc = sl.evaluate("roc_curve", np.ones(2), [1.0, 2.0])
    assert np.isnan(roc.false_positive_rate).all()
    assert roc.true_positive_rate.tolist() == [0.0, 0.5, 1.0]
    both = sl.evaluate("precision_recall_curve", np.zeros(2), [1.0, 2.0])
    assert both.precision.tolist() == [0.0, 0.0, 1.0]
    assert np.isnan(both.recall).all()
