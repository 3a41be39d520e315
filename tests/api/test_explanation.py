"""What `explain` says of metrics, and that all of them say it."""

import pytest

import streamloss as sl
from streamloss.explanation import state_of
from streamloss.losses.names import LOSSES

METRICS = [name for name, cls in LOSSES.items() if cls.combine is not None]


def test_metrics_of_sums_say_which() -> None:
    assert sl.explain("bias").splitlines() == [
        "MeanError()",
        "  result  sum w (y_pred - y_true) / sum w, with exact sums over all elements",
        "  sums    label: Label(), prediction: Prediction()",
        "  exact   yes",
    ]


def test_metrics_of_counts_say_what_tells_cells_apart() -> None:
    lines = sl.explain(sl.ExpectedCalibrationError(bins=3, scores="each_class")).splitlines()
    assert lines[1].endswith(", with exact weights of cells over all rows")
    assert lines[2:] == [
        "  cells   class: each class, bin: EvenBin(bins=3.0, left=0.0, logit=0.0)",
        "  sums    predicted: Prediction(), observed: Label()",
        "  exact   yes",
    ]


@pytest.mark.parametrize("name", METRICS)
def test_every_metric_says_what_it_keeps(name: str) -> None:
    state = state_of(LOSSES[name]())
    assert state["exact"]
    assert state.keys() & {"sums", "cells"}
    assert all(text in sl.explain(name) for text in state.values())
