"""Dask arrays and frames that are not what they announce, or of sizes and labels unknown."""

from __future__ import annotations

import math
import re
from typing import Any

import dask.array as da
import dask.dataframe as dd
import numpy as np
import pandas as pd
import pytest

import streamloss as sl
import streamloss.compat.sklearn as sk
from streamloss.compat import keras, tf1
from streamloss.compat.torch import functional as torch_functional


@pytest.mark.parametrize("axis", [None, 0])
def test_blocks_that_are_not_what_they_announce_are_refused(axis: Any) -> None:
    y = da.from_array(np.ones((6, 2)), chunks=(2, 2))
    wrong = {
        "axes": y.map_blocks(lambda b: b.ravel(), meta=np.empty((0, 0))),
        "rows": y.map_blocks(lambda b: b[:1], meta=np.empty((0, 0))),
        "nothing": y.map_blocks(lambda b: 1.0, meta=np.empty((0, 0))),
    }
    for blocks in wrong.values():
        for arguments in ((blocks, y), (y, blocks), (blocks, blocks)):
            with pytest.raises(ValueError, match=r"^chunk \(\d, \d\): y_(true|pred) must have"):
                sl.evaluate("mae", *arguments, axis=axis).compute()
    for weights in (wrong["axes"], wrong["nothing"]):
        with pytest.raises(ValueError, match=r"^chunk \(\d, \d\): weights must align"):
            sl.evaluate("mae", y, y, weights).compute()


def test_rows_shorter_than_announced_are_refused() -> None:
    logits = da.ones((4, 3), chunks=(2, 3))
    short = logits.map_blocks(lambda b: b[:, :2], meta=np.empty((0, 0)))
    with pytest.raises(ValueError, match=r"^chunk \(\d,\): y_pred must have the sizes"):
        sl.evaluate("cross_entropy", np.zeros(4, int), short).compute()


def test_parts_of_another_dtype_than_announced_are_read() -> None:
    y = dd.from_pandas(pd.Series([1.0, 5.0, 3.0, 4.0]), npartitions=2)
    parts = y.map_partitions(
        lambda part: part.astype("Int64").where(part > 1), meta=pd.Series([], dtype=float)
    )
    acc = sl.accumulate("mae", parts, y + 1.0, nan="omit").compute()
    assert (acc.result(), acc.counts["nan"]) == (1.0, 1)


def test_blocks_of_objects_under_another_dtype_are_refused_by_name() -> None:
    y = da.ones(4, chunks=2)
    objects = y.map_blocks(lambda b: b.astype(object), dtype=float, meta=np.empty(0))
    with pytest.raises(TypeError, match=r"^chunk \(\d,\): y_true must hold .* dtype object"):
        sl.evaluate("mae", objects, y).compute()


def test_the_advice_for_unknown_sizes_works_on_what_was_given() -> None:
    series = dd.from_pandas(pd.Series([1.0, 2.0, 3.0]), npartitions=2)
    numbers = np.array([1.0, 3.0, 3.0])
    for way in ("to_dask_array(lengths=True)", "compute_chunk_sizes()"):
        for position in range(3):
            value = series if "lengths" in way else series.to_dask_array()
            arguments = [value if k == position else numbers for k in range(max(2, position + 1))]
            with pytest.raises(ValueError, match=re.escape(way)) as caught:
                sl.evaluate("mae", *arguments)
            assert str(caught.value).startswith(("y_true", "y_pred", "weights")[position])
            known = eval(f"value.{way}", {"value": value})
            arguments[position] = known
            assert math.isfinite(float(sl.evaluate("mae", *arguments).compute()))


@pytest.mark.parametrize("dtype", ["Int64", "Float64", "boolean", "int64[pyarrow]"])
def test_the_advice_for_columns_of_other_dtypes_works(dtype: str) -> None:
    column = pd.Series([1, 0, 1, None], dtype=dtype)
    frame, zeros = dd.from_pandas(column, npartitions=2), np.zeros(4)
    with pytest.raises(ValueError, match="give y_true") as caught:
        sl.evaluate("mae", frame, zeros)
    known = eval(str(caught.value).rpartition("give y_true")[2].join(["frame", ""]))
    assert float(sl.evaluate("mae", known, zeros, nan="omit").compute()) == 2.0 / 3.0
    if dtype == "boolean":
        with pytest.raises(ValueError, match="give where") as caught:
            sl.evaluate("mae", zeros + 2.0, zeros, where=frame)
        known = eval(str(caught.value).rpartition("give where")[2].join(["frame", ""]))
        acc = sl.accumulate("mae", zeros + 2.0, zeros, where=known).compute()
        assert (acc.result(), acc.counts["masked"]) == (2.0, 2)


@pytest.mark.parametrize("name", ["keras", "sklearn", "tf1", "torch"])
def test_advice_of_the_interfaces_of_frameworks(name: str) -> None:
    y, p = dd.from_pandas(pd.Series([1.0, 2.0]), npartitions=2), np.array([1.0, 3.0])
    call = {
        "keras": keras.losses.MeanAbsoluteError(),
        "sklearn": sk.mean_absolute_error,
        "tf1": tf1.absolute_difference,
        "torch": torch_functional.l1_loss,
    }[name]
    for arguments in ((y, p), (p, y), (y.to_dask_array(), p)):
        with pytest.raises((ValueError, RuntimeError), match=r"lengths=True.*compute_chunk_sizes"):
            call(*arguments)
    assert float(call(y.to_dask_array(lengths=True), p).compute()) == 0.5


UNKNOWN = {
    "weighted loss of rank 1": lambda y, p: keras.losses.MeanAbsoluteError()(y, p, y + 2),
    "weights of known size": lambda y, p: keras.losses.Huber()(y, p, np.array([1.0, 3.0])),
    "loss": lambda y, p: keras.losses.MeanAbsoluteError()(y, p),
    "weighted loss": lambda y, p: keras.losses.MeanSquaredError()(y[:, None], p[:, None], y + 2),
    "sum": lambda y, p: keras.losses.MeanAbsoluteError(reduction="sum")(y[:, None], p[:, None]),
    "none": lambda y, p: keras.losses.Huber(reduction=None)(y[:, None], p[:, None]),
    "crossentropy": lambda y, p: keras.losses.BinaryCrossentropy()(y / 7, p / 7),
    "hinge": lambda y, p: keras.losses.Hinge()(y, p),
    "metric": lambda y, p: keras.metrics.MeanAbsoluteError()(y, p),
    "root": lambda y, p: keras.metrics.RootMeanSquaredError()(y, p),
    "sklearn": lambda y, p: sk.mean_absolute_error(y, p),
}


@pytest.mark.parametrize("kind", UNKNOWN)
def test_unknown_sizes_in_the_interfaces_of_frameworks(kind: str) -> None:
    rng = np.random.default_rng(2)
    y, p = rng.random((2, 9))
    want = UNKNOWN[kind](y[y > 0.3], p[y > 0.3])
    true, pred = (da.from_array(a, chunks=4) for a in (y, p))
    keep = true > 0.3
    got = UNKNOWN[kind](true[keep], pred[keep])
    got = got.compute() if hasattr(got, "compute") else got
    assert np.asarray(got).tobytes() == np.asarray(want).tobytes()


@pytest.mark.parametrize("dtype", ["object", "string", "category"])
def test_text_labels_of_dask_frames(dtype: str) -> None:
    frame = pd.DataFrame({"s": ["ham", "spam"] * 3, "p": [0.9, 0.2, 0.8, 0.4, 0.3, 0.6]})
    frame["s"] = frame["s"].astype(dtype)
    parts = dd.from_pandas(frame, npartitions=2)
    for labels in (None, ["ham", "spam"]):
        want = sk.log_loss(frame.s.to_numpy(dtype=object), frame.p, labels=labels)
        assert float(sk.log_loss(parts.s, parts.p, labels=labels).compute()) == want
    assert float(sk.accuracy_score(parts.s, parts.s).compute()) == 1.0


@pytest.mark.parametrize("bad", [None, 1, pd.NA, 2.5])
def test_labels_that_are_no_text_are_refused_on_both_paths(bad: Any) -> None:
    labels = np.array(["a", "b", bad, "a"], object)
    for call in (sk.accuracy_score, sk.zero_one_loss):
        with pytest.raises((ValueError, TypeError), match=r"^y_true must be all text"):
            call(labels, labels)
        parts = da.from_array(labels, chunks=2)
        with pytest.raises((ValueError, TypeError), match=r"y_(true|pred) must be all text"):
            float(call(parts, parts).compute())
