"""The answers of scikit-learn and torchmetrics, and where ours differ from them."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import streamloss as sl
from tests.golden._format import decode, read

GOLDEN = Path(__file__).parents[1] / "golden"
_, SKLEARN = read(GOLDEN / "sklearn_calibration.jsonl")
_, TORCH = read(GOLDEN / "torchmetrics_calibration.jsonl")


def of(cases: list[dict[str, Any]], *calls: str) -> Any:
    """Parametrise a test by the cases of some functions."""
    some = [case for case in cases if case["call"] in calls]
    assert some
    return pytest.mark.parametrize("case", some, ids=lambda case: case["id"])


@of(SKLEARN, "calibration_curve")
def test_curves(case: dict[str, Any]) -> None:
    args, (observed, predicted) = decode(case["args"]), decode(case["outcome"])
    y, p, bins = args["y_true"], args["y_prob"], args["n_bins"]
    table = sl.evaluate(sl.CalibrationTable(bins, args["strategy"]), y, p)
    if args["strategy"] == "uniform":
        # float32 is compared with float64 edges by both, so that bins are the same
        np.testing.assert_allclose(table["observed"], observed, rtol=1e-6)
        np.testing.assert_allclose(table["predicted"], predicted, rtol=1e-6)
    else:
        # scikit-learn interpolates between probabilities: a bin has one element more or less
        assert table["elements"].sum() == len(p)
        assert len(table) <= bins
        assert table["predicted"].min() <= p.mean() <= table["predicted"].max()
        if "even" in case["id"]:
            np.testing.assert_allclose(table["predicted"], predicted, atol=0.03)


@of(SKLEARN, "d2_brier_score", "d2_log_loss_score")
def test_scores_of_probabilities(case: dict[str, Any]) -> None:
    args, want = decode(case["args"]), decode(case["outcome"])
    y, p, w = args["y_true"], args["y_proba"], args["sample_weight"]
    scores = "probabilities" if p.ndim == 1 else "classes"
    found = sl.evaluate(f"{case['call']}:scores={scores}", y, p, w)
    if len(set(y.tolist())) == 1:  # where scikit-learn divides by what rounding leaves of zero
        assert found == -np.inf
        assert np.isnan(want) or want < -1e12
    else:
        assert found == pytest.approx(float(want), rel=1e-13, abs=1e-13)


@of(TORCH, "binary_calibration_error", "multiclass_calibration_error")
def test_errors(case: dict[str, Any]) -> None:
    args, want = decode(case["args"]), decode(case["outcome"])
    y, p, norm = args["target"], args["preds"], args["norm"]
    how = {"bins": args["n_bins"], "closed": "left"}
    how["scores"] = "probabilities" if p.ndim == 1 else "classes"
    if norm == "max":
        metric: Any = sl.MaximumCalibrationError(**how)
    else:
        metric = sl.ExpectedCalibrationError(**how, norm=norm)
    sure = (p if p.ndim == 1 else p.max(axis=1)) == 1.0
    parts = [sl.evaluate(metric, y[of], p[of]) for of in (~sure, sure) if of.any()]
    shares = [of.mean() for of in (~sure, sure) if of.any()]
    assert mean(parts, shares, norm) == pytest.approx(float(want), rel=1e-5, abs=1e-7)
    if not sure.any():
        assert [sl.evaluate(metric, y, p)] == parts


def mean(parts: list[float], shares: list[float], norm: str) -> float:
    """Return the error of bins of two sorts: torchmetrics has a bin of its own for 1."""
    if norm == "max":
        return max(parts)
    power = {"l1": 1, "l2": 2}[norm]
    total = sum(share * part**power for share, part in zip(shares, parts, strict=True))
    return float(total ** (1 / power))


@of(TORCH, "perplexity")
def test_perplexities(case: dict[str, Any]) -> None:
    args, want = decode(case["args"]), decode(case["outcome"])
    y, x, ignored = args["target"], args["preds"], args["ignore_index"]
    where = None if ignored is None else y != ignored
    assert sl.evaluate("perplexity", y, x, where=where) == pytest.approx(float(want), rel=1e-5)
