"""Negative weights are refused at every door where a bracket would not hold, losing nothing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import dask.array as da
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import streamloss as sl

Y, P = np.array([0.0, 1.0, 1.0, 0.0]), np.array([0.25, 0.5, 0.5, 0.75])
CANCELS = np.array([1.0, -2.0, 3.0, 1.0])
"""Weights of which the negative one is in a cell with a larger one."""

NAMES = [
    "roc_auc",
    "gini",
    "kolmogorov_smirnov",
    "average_precision",
    "error_quantile",
    "median_absolute_error",
]
RULE = r"weights of {} must be at least 0, for else no bracket holds: got -2$"


def rule(name: str) -> str:
    return RULE.format(type(sl.Accumulator(name).losses[0]).__name__)


@pytest.mark.parametrize("name", NAMES)
def test_a_weight_that_cancels_in_a_cell_is_refused_and_loses_nothing(name: str) -> None:
    acc = sl.Accumulator(["accuracy", name]).update(Y, np.round(P))
    before = acc.to_bytes()
    for weights in (CANCELS, CANCELS.astype(np.float32), CANCELS.astype(int)):
        with pytest.raises(ValueError, match=rule(name)):
            acc.update(Y, np.round(P), weights)
        assert acc.to_bytes() == before
    assert acc.update(Y, np.round(P), abs(CANCELS)).counts["elements"] == 8


def doors(path: Path, weights: np.ndarray) -> dict[str, Callable[[Any], Any]]:
    """Return what evaluates a loss in each way in which data come."""
    columns = {"y": Y, "p": P, "w": weights, "k": np.array([1, 2, 2, 1])}
    pq.write_table(pa.table(columns), path / "d.parquet")
    lazy = [da.from_array(each, chunks=2) for each in (Y, P, weights)]
    names: dict[str, Any] = {"y_true": "y", "y_pred": "p", "weights": "w"}
    files = sl.scan(str(path / "d.parquet"))
    return {
        "arrays": lambda loss: sl.evaluate(loss, Y, P, weights),
        "broadcast": lambda loss: sl.evaluate(
            loss, *[np.stack([x, x], 1) for x in (Y, P)], weights[:, None]
        ),
        "slices": lambda loss: sl.evaluate(loss, Y, P, weights, by=columns["k"]),
        "kept": lambda loss: sl.evaluate(loss, *[x.reshape(2, 2) for x in (Y, P, weights)], axis=0),
        "dask": lambda loss: sl.evaluate(loss, *lazy).compute(),
        "dask slices": lambda loss: sl.evaluate(loss, *lazy, by=columns["k"]).compute(),
        "frame": lambda loss: sl.evaluate(loss, **names, data=pd.DataFrame(columns)),
        "stream": lambda loss: sl.evaluate(loss, **names, data=pa.table(columns)),
        "files": lambda loss: sl.evaluate(loss, **names, data=files),
        "files by": lambda loss: sl.evaluate(loss, **names, data=files, by="k"),
        "exact": lambda loss: sl.evaluate(loss, Y, P, weights, exact=True),
    }


def test_every_door_refuses_them(tmp_path: Path) -> None:
    for door in doors(tmp_path, CANCELS).values():
        for loss in ("roc_auc", "median_absolute_error"):
            with pytest.raises(ValueError, match=rule(loss)):
                door(loss)
        for loss in ("mse", "f1:scores=probabilities"):
            door(loss)
    for door in doors(tmp_path, np.maximum(CANCELS, -0.0)).values():
        for loss in ("roc_auc", "median_absolute_error"):
            door(loss)


def test_a_class_of_rows_as_well() -> None:
    scores = np.stack([P, 1 - P], 1)
    with pytest.raises(ValueError, match=rule("roc_auc")):
        sl.evaluate("roc_auc:average=macro", Y, scores, CANCELS)


def test_what_does_not_count_may_have_any_weight() -> None:
    where = CANCELS >= 0.0
    want = sl.evaluate(NAMES, Y[where], P[where], CANCELS[where])
    assert sl.evaluate(NAMES, Y, P, CANCELS, where=where) == want
    masked = np.ma.array(P, mask=~where)
    assert sl.evaluate(NAMES, Y, masked, CANCELS) == want
    with np.errstate(all="raise"):
        assert np.isnan(sl.evaluate("roc_auc", Y, P, [1.0, np.nan, 1.0, 1.0]))
        with pytest.raises(ValueError, match=rule("roc_auc")):
            sl.evaluate("roc_auc", Y, P, [1.0, np.nan, -2.0, 1.0])


def test_differences_that_are_negative_are_refused_as_results() -> None:
    a, b = sl.accumulate("roc_auc", Y, P), sl.accumulate("roc_auc", [1.0], [0.5], [5.0])
    with pytest.raises(ValueError, match=r"weights of ROCAUC must be at least 0"):
        (a - b).result()
