"""Metrics of counts of arrays on a GPU: these are copied, and the cells are those of the host."""

from typing import Any

import numpy as np
import pytest

import streamloss as sl
from tests.gpu.simulator.devices import put

LABELS = ["accuracy", "f1:average=macro", "confusion_matrix", "cohen_kappa"]
SCORES = ["roc_auc", "ece", "error_quantile", "max_error", "f1:scores=probabilities", "mae"]
ROWS = ["accuracy:scores=classes", "top_k_accuracy", "roc_auc:average=macro"]


def arrays(kind: str, rng: np.random.Generator) -> tuple[Any, Any, Any]:
    """Return labels, predictions of a kind, and weights."""
    n, classes = 300, 2 if kind == "scores" else 5
    labels, weights = rng.integers(0, classes, n), rng.random(n)
    if kind == "labels":
        return labels, rng.integers(0, classes, n), weights
    return labels, rng.random((n, classes) if kind == "rows" else n, np.float32), weights


@pytest.mark.parametrize(
    ("kind", "metrics"), [("labels", LABELS), ("scores", SCORES), ("rows", ROWS)]
)
def test_cells_are_those_of_the_host(
    kind: str, metrics: list[str], rng: np.random.Generator
) -> None:
    host = arrays(kind, rng)
    device = [put(array) for array in host]
    keys = rng.integers(0, 3, len(host[0]))
    for some in (slice(0, 2), slice(0, 3)):  # without weights, and with them
        assert sl.accumulate(metrics, *device[some]) == sl.accumulate(metrics, *host[some])
        assert sl.evaluate(metrics, *device[some], by=keys) == sl.evaluate(
            metrics, *host[some], by=keys
        )
    where = host[2] > 0.5
    found = sl.Accumulator(metrics).update(*device[:2], where=put(where))
    assert found == sl.accumulate(metrics, *host[:2], where=where)
