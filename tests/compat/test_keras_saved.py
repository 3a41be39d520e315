"""Pickles of version 0.1 are read, by the names that modules of `compat.keras` had then."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import numpy as np
from golden.keras_cases import bits

from streamloss.compat import keras
from streamloss.compat.keras import losses, metrics

Y, P = np.float32([[0, 1], [1, 0], [1, 1]]), np.float32([[0.25, 0.5], [0.5, 0.125], [0.75, 1]])


def seen(metric: Any, *batch: Any) -> Any:
    """Return a metric that has seen a batch."""
    metric.update_state(*batch)
    return metric


def test_pickles_are_read() -> None:
    path = Path(__file__).parents[1] / "golden" / "saved_0_1" / "keras.pickle"
    *found, masked = pickle.loads(path.read_bytes())
    expected = [
        losses.Huber(0.25, "sum", "mine", "float64"),
        losses.BinaryFocalCrossentropy(True, axis=1),
        losses.CTC(),
        seen(metrics.MeanAbsoluteError(dtype="float64"), Y, P, [1.0, 2.0, 0.5]),
        seen(metrics.SparseCategoricalCrossentropy(ignore_class=1), [0, 1, 1], P),
        seen(metrics.R2Score(None, 1), Y, P),
        seen(metrics.Mean(), [1.0, 4.0]),
        *(losses.huber, losses.Loss, metrics.Metric, losses.Reduction),
    ]
    assert found == expected
    for old, new in zip(found[3:7], expected[3:7], strict=True):
        assert (old.dtype, bits(old.result())) == (new.dtype, bits(new.result()))
    assert type(masked) is type(keras.masked([[1.0, 5.0]], [True]))
