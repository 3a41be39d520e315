"""What probabilities save of the Brier score and of the log loss, in fractions and decimals."""

import math
from decimal import Decimal, localcontext
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import streamloss as sl

SHARES = st.one_of(st.floats(1e-100, 1.0), st.sampled_from([0.0, 1.0, 0.5]))
ROWS = st.lists(st.tuples(st.sampled_from([0, 1]), SHARES, st.floats(0.01, 100.0)), min_size=1)


def shares(y: Any, w: Any) -> dict[int, Fraction]:
    """Return the weight of each class."""
    found: dict[int, Fraction] = {}
    for label, weight in zip(y, w, strict=True):
        found[label] = found.get(label, Fraction(0)) + Fraction(float(weight))
    return found


def of_brier(y: Any, losses: Any, w: Any) -> Fraction | None:
    """Return the score of the losses of elements; None where all are of one class."""
    of = shares(y, w)
    total = sum(of.values())
    rest = total - sum([weight**2 for weight in of.values()]) / total
    lost = [Fraction(float(a) * float(b)) for a, b in zip(w, losses, strict=True)]
    return 1 - sum(lost, Fraction(0)) / rest if rest else None


@given(ROWS)
def test_brier_of_two_classes(rows: Any) -> None:
    y, p, w = [np.array(column) for column in zip(*rows, strict=True)]
    squares = [(share - label) ** 2 for share, label in zip(p.tolist(), y.tolist(), strict=True)]
    found = sl.evaluate("d2_brier", y, p, w)
    doubled = of_brier(y.tolist(), squares, w)
    if doubled is None:
        assert found == -math.inf or math.isnan(found)
    else:
        assert found == float(2 * doubled - 1)  # that of 1 - p is as large
        assert found == pytest.approx(sl.evaluate("r2", y, p, w), rel=1e-12, abs=1e-12)


CLASS_ROWS = st.lists(
    st.tuples(st.integers(0, 2), st.tuples(*[st.floats(0.01, 1.0)] * 3), st.floats(0.01, 100.0)),
    min_size=1,
    max_size=20,
)


@given(CLASS_ROWS)
def test_rows_of_classes(rows: Any) -> None:
    y, p, w = [np.array(column) for column in zip(*rows, strict=True)]
    squares = [sl.Brier().row(label, row) for label, row in zip(y.tolist(), p, strict=True)]
    metrics = sl.D2Brier("classes"), sl.D2LogLoss("classes")
    found = sl.evaluate(list(metrics), y, p, w)
    want = of_brier(y.tolist(), squares, w)
    if want is None:
        assert not math.isfinite(found[metrics[0]])
        assert not math.isfinite(found[metrics[1]])
        return
    assert found[metrics[0]] == float(want)
    nats = [-decimal(x[k] / x.sum()).ln() for k, x in zip(y.tolist(), p, strict=True)]
    check_log_loss(found[metrics[1]], y.tolist(), nats, w)


def decimal(x: Any) -> Decimal:
    return Decimal(float(x))


def check_log_loss(found: float, y: list[int], nats: list[Decimal], w: Any) -> None:
    """Check a score of log losses against decimals, to some ulp of the larger of it and 1."""
    with localcontext() as context:
        context.prec = 60
        heavy = [decimal(x) for x in w]
        weights = [sum(a for a, b in zip(heavy, y, strict=True) if b == k) for k in set(y)]
        total = sum(heavy)
        of_shares = -sum([each * (each / total).ln() for each in weights])
        want = 1 - sum([a * b for a, b in zip(heavy, nats, strict=True)]) / of_shares
    assert abs(found - float(want)) <= 2**-48 * max(1.0, abs(1 - float(want)))


@given(ROWS)
def test_log_loss_of_two_classes(rows: Any) -> None:
    y, p, w = [np.array(column) for column in zip(*rows, strict=True)]
    found = sl.evaluate("d2_log_loss", y, p, w)
    if len(set(y.tolist())) == 1:
        assert found == -math.inf
        return
    with localcontext() as context:
        context.prec = 60
        clipped = [decimal(min(max(x, 2.0**-52), 1 - 2.0**-52)) for x in p.tolist()]
        nats = [-(x if label else 1 - x).ln() for label, x in zip(y, clipped, strict=True)]
    check_log_loss(found, y.tolist(), nats, w)


def test_the_shares_of_classes_save_nothing() -> None:
    y = [0, 1, 1, 1]
    assert sl.evaluate(["d2_brier", "d2_log_loss"], y, [0.75] * 4) == {
        "d2_brier": 0.0,
        "d2_log_loss": 0.0,
    }
    assert sl.evaluate("d2_brier", y, y) == 1.0
    assert sl.evaluate("d2_log_loss:epsilon=0", y, y) == 1.0


@pytest.mark.parametrize("label", [0.5, 2, -1, math.nan])
def test_labels_are_classes(label: float) -> None:
    for metric in "d2_brier", "d2_log_loss":
        assert math.isnan(sl.evaluate(metric, [0, 1, label], [0.5] * 3))
        rows = [[0.5, 0.5]] * 3
        assert math.isnan(sl.evaluate(f"{metric}:scores=classes", [0, 1, label], rows))


def test_predictions_that_are_no_numbers() -> None:
    assert math.isnan(sl.evaluate("d2_brier", [0, 1, 1], [0.5, math.nan, 0.5]))
    assert math.isnan(sl.evaluate("d2_log_loss", [0, 1, 1], [0.5, math.nan, 0.5]))
    assert math.isnan(sl.evaluate("d2_brier", [0, 1, 1], [0.5, math.inf, 0.5]))


def test_nothing_gives_nan() -> None:
    assert math.isnan(sl.evaluate("d2_brier", [], []))
    assert math.isnan(sl.evaluate("d2_log_loss", [], []))
