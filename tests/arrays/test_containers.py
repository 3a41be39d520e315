"""What a container holds decides, not the container: columns, frames, lists, masks, lazy or not."""

from __future__ import annotations

import datetime
import decimal
import math
import re
from collections.abc import Callable
from typing import Any

import dask.array as da
import dask.dataframe as dd
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

import streamloss as sl
import streamloss.compat.sklearn as sk
from streamloss.compat import keras, tf1
from streamloss.compat.torch import functional as torch_functional

NAN = math.nan

try:
    import polars
except ImportError:
    polars = None

try:
    import torch
except ImportError:
    torch = None


def lazy(column: Any) -> Any:
    """Return a pandas column as one of dask, of known chunk sizes."""
    return dd.from_pandas(column, npartitions=2).to_dask_array(lengths=True)


# Masks. A null leaves its row out.

MASKS: dict[str, Callable[[list[Any]], Any]] = {
    "pandas boolean": lambda v: pd.Series(v, dtype="boolean"),
    "pandas array": lambda v: pd.array(v, dtype="boolean"),
    "pandas arrow": lambda v: pd.Series(v, dtype=pd.ArrowDtype(pa.bool_())),
    "pandas objects": lambda v: pd.Series(v, dtype=object),
    "pandas objects with NA": lambda v: pd.Series([pd.NA if x is None else x for x in v]),
    "pandas objects with NaN": lambda v: pd.Series(v, dtype=object).fillna(np.nan),
    "pandas frame": lambda v: pd.DataFrame({"a": pd.Series(v, dtype="boolean")})["a"],
    "arrow": pa.array,
    "arrow chunks": lambda v: pa.chunked_array([v[:2], v[2:]], pa.bool_()),
    "masked": lambda v: np.ma.array([x is True for x in v], mask=[x is None for x in v]),
    "dask masked": lambda v: da.from_array(
        np.ma.array([bool(x) for x in v], mask=[x is None for x in v]), chunks=3
    ),
}
if polars:
    MASKS["polars"] = lambda v: polars.Series(v, dtype=polars.Boolean)


@pytest.mark.parametrize("kind", MASKS)
def test_a_null_in_a_mask_leaves_the_row_out(kind: str) -> None:
    y = np.array([1.0, 5.0, 7.0, 2.0])
    for values, want in (([True, None, False, True], 1.5), ([True, False, True, False], 4.0)):
        got = sl.evaluate("mae", y, y * 0, where=MASKS[kind](values))
        assert float(got.compute() if hasattr(got, "compute") else got) == want


@pytest.mark.parametrize("dtype", ["boolean", "bool[pyarrow]"])
def test_a_null_in_a_mask_of_a_dask_frame_leaves_the_row_out(dtype: str) -> None:
    y, mask = pd.Series([1.0, 5.0, 7.0, 2.0]), pd.Series([True, None, False, True], dtype=dtype)
    frame = dd.from_pandas(pd.DataFrame({"y": y, "zero": y * 0, "mask": mask}), npartitions=2)
    assert float(sl.evaluate("mae", frame.y, frame.zero, where=frame["mask"]).compute()) == 1.5


@pytest.mark.parametrize("kind", ["pandas objects", "pandas frame", "arrow", "categories"])
def test_a_mask_of_anything_else_is_refused(kind: str) -> None:
    value = {
        "pandas objects": pd.Series([True, "yes", None, False], dtype=object),
        "pandas frame": pd.Series([1, 0, None, 1], dtype="Int64"),
        "arrow": pa.array([1.0, None, 0.0, 1.0]),
        "categories": pd.Series([True, None, False, True], dtype="category"),
    }[kind]
    with pytest.raises(TypeError, match=r"^where must be boolean"):
        sl.evaluate("mae", [1.0, 5.0, 7.0, 2.0], [0.0] * 4, where=value)


# Frames are read by column.

FRAME = {"a": [True, False, True], "b": [1, 2, 3], "c": [0.5, 1.5, 2.5]}
SUM = 2 + 6 + 4.5


def frames() -> dict[str, Any]:
    nulls = pd.DataFrame(
        {k: pd.array(v, dtype=t) for (k, v), t in zip(FRAME.items(), NULLABLE, strict=True)}
    )
    found = {
        "pandas": pd.DataFrame(FRAME),
        "pandas nullable": nulls,
        "pandas sparse": pd.DataFrame({k: pd.arrays.SparseArray(v) for k, v in FRAME.items()}),
        "pandas arrow": pd.DataFrame(FRAME).astype(
            {"a": "bool[pyarrow]", "b": "int64[pyarrow]", "c": "double[pyarrow]"}
        ),
        "dask": dd.from_pandas(pd.DataFrame(FRAME), npartitions=2),
    }
    if polars:
        found["polars"] = polars.DataFrame(FRAME)
    return found


NULLABLE = ("boolean", "Int64", "Float64")


@pytest.mark.parametrize("kind", frames())
def test_frames_of_booleans_beside_numbers(kind: str) -> None:
    frame = frames()[kind]
    zeros = frame * 0 if kind == "dask" else np.zeros((3, 3))
    got = sl.evaluate("mae", frame, zeros, reduction="sum")
    assert float(got) == SUM


def test_a_column_that_holds_no_numbers_is_named() -> None:
    with pytest.raises(TypeError, match=r"^y_true column 'name' must be a column of numbers"):
        sl.evaluate("mae", pd.DataFrame({"x": [1.0], "name": ["a"]}), [[0.0, 0.0]])


# The same refusal whether there is a null or not.

DAYS = [datetime.date(2020, 1, 1), datetime.date(2020, 1, 2)]
MONEY = [decimal.Decimal("1.5"), decimal.Decimal("2.5")]
REFUSED: dict[str, Callable[[bool], Any]] = {
    "pandas decimals": lambda null: pd.Series(
        [MONEY[0], None if null else MONEY[1]], dtype=pd.ArrowDtype(pa.decimal128(9, 2))
    ),
    "arrow decimals": lambda null: pa.array([MONEY[0], None if null else MONEY[1]]),
    "pandas objects": lambda null: pd.Series([MONEY[0], None if null else MONEY[1]]),
    "pandas dates": lambda null: pd.Series(
        [DAYS[0], None if null else DAYS[1]], dtype=pd.ArrowDtype(pa.date32())
    ),
    "sparse dates": lambda null: pd.Series(
        pd.arrays.SparseArray(
            np.array(["2020-01-01", "NaT" if null else "2020-01-02"], "M8[ns]"),
            fill_value=np.datetime64("NaT", "ns"),
        )
    ),
    "intervals": lambda null: pd.Series(pd.interval_range(0, 2)),
    "durations": lambda null: pd.Series(pd.to_timedelta([1, None if null else 2], unit="s")),
}
if polars:
    REFUSED["polars decimals"] = lambda null: polars.Series([MONEY[0], None if null else MONEY[1]])
    REFUSED["polars dates"] = lambda null: polars.Series([DAYS[0], None if null else DAYS[1]])
    REFUSED["polars text"] = lambda null: polars.Series(["a", None if null else "b"])


@pytest.mark.parametrize("null", [False, True])
@pytest.mark.parametrize("kind", REFUSED)
def test_what_is_no_number_is_refused_with_and_without_null(kind: str, null: bool) -> None:
    value = REFUSED[kind](null)
    for arguments in ((value, [0, 0]), ([0, 0], value), ([0, 0], [0, 0], value)):
        with pytest.raises(TypeError, match=r"^(y_true|y_pred|weights) must") as caught:
            sl.evaluate("mae", *arguments, nan="omit")
        assert len(str(caught.value)) < 250
    if kind.startswith("pandas"):
        frame = dd.from_pandas(value, npartitions=1)
        with pytest.raises((TypeError, NotImplementedError), match=r"^y_true must"):
            sl.evaluate("mae", frame, frame).compute()


# Columns of polars.

POLARS_KINDS = ["Int8", "Int64", "UInt16", "UInt64", "Float32", "Float64", "Boolean"]


@pytest.mark.skipif(polars is None, reason="needs polars")
@pytest.mark.parametrize("kind", POLARS_KINDS)
def test_columns_of_polars_with_nulls(kind: str) -> None:
    column = polars.Series([1, None, 0, 1]).cast(getattr(polars, kind))
    acc = sl.accumulate("mae", column, [0, 0, 1, 0], column, nan="omit")
    assert acc.result("sum") == 2.0
    assert (acc.counts["elements"], acc.counts["nan"]) == (3, 1)
    assert math.isnan(sl.evaluate("mae", column, [0.0] * 4))


# Lists are read by element.

LISTS: dict[str, Callable[[list[float]], Any]] = {
    "numbers": list,
    "arrays of rank 0": lambda v: [np.array(x) for x in v],
    "masked constants": lambda v: [np.ma.array(x) for x in v],
    "arrow scalars' arrays": lambda v: [pa.array([x]) for x in v],
    "columns": lambda v: [pd.Series([x]) for x in v],
    "booleans beside numbers": lambda v: [True, *v[1:]],
}
if torch:
    LISTS |= {
        "tensors": lambda v: [torch.tensor(x) for x in v],
        "tensors with gradients": lambda v: [torch.tensor(x, requires_grad=True) for x in v],
        "bfloat16": lambda v: [torch.tensor(x, dtype=torch.bfloat16) for x in v],
        "tuples of tensors": lambda v: tuple(torch.tensor([x], requires_grad=True) for x in v),
        "a tensor beside a number": lambda v: [torch.tensor(v[0]), *v[1:]],
    }


@pytest.mark.parametrize("kind", LISTS)
def test_lists_are_read_by_element(kind: str) -> None:
    y = LISTS[kind]([1.0, 2.0, 4.0])
    shape = np.shape(np.zeros(3) if kind not in ("columns", "arrow scalars' arrays") else [[0]] * 3)
    if kind == "tuples of tensors":
        shape = (3, 1)
    assert sl.reduce(y, [3, 1, 2]) == 13.0 / 6.0
    assert sl.evaluate("mae", y, np.zeros(shape), [3, 1, 2]) == 13.0 / 6.0


@pytest.mark.parametrize("mask", [True, False])
def test_masked_arrays_without_axes(mask: bool) -> None:
    one = np.ma.array(1.0, mask=mask)
    for arguments in ((one, 0.0), (0.0, one), (1.0, 0.0, one)):
        acc = sl.accumulate("mae", *arguments)
        assert acc.counts["masked"] == mask
        assert acc.result("sum") == (0.0 if mask else 1.0)
    assert sl.reduce(1.0, where=np.ma.array(True, mask=mask), reduction="sum") == 1.0 - mask


def test_masks_in_lists_are_kept() -> None:
    rows = [np.ma.array([1.0, 9.0], mask=[0, 1]), np.array([2.0, 3.0])]
    assert sl.evaluate("mae", rows, np.zeros((2, 2))) == 2.0


def test_an_element_that_is_no_number_is_named() -> None:
    with pytest.raises((TypeError, ValueError), match=r"^y_true\[1\] must"):
        sl.evaluate("mae", [np.ma.array([1.0]), {"a": 1}], [[0.0], [0.0]])


@pytest.mark.parametrize("item", [pd.NA, pd.Timestamp("2020"), None, "a", {"a": 1}])
def test_a_list_of_something_else_is_refused_in_words(item: Any) -> None:
    with pytest.raises(TypeError, match=r"^y_true.* must ") as caught:
        sl.evaluate("mae", [1.0, item], [0.0, 0.0])
    assert "attribute" not in str(caught.value)


@pytest.mark.skipif(torch is None, reason="needs torch")
@pytest.mark.parametrize("call", ["accuracy_score", "zero_one_loss", "hinge_loss"])
def test_labels_of_tensors(call: str) -> None:
    labels, scores = np.array([0.0, 1.0, 1.0]), np.array([0.25, 0.5, 1.0])
    other = labels if call in ("accuracy_score", "zero_one_loss") else scores
    want = getattr(sk, call)(labels, other)
    for cast in (torch.bfloat16, torch.float32):
        tensors = [torch.tensor(a, requires_grad=True).to(cast) for a in (labels, other)]
        assert getattr(sk, call)(*tensors) == want


@pytest.mark.skipif(torch is None, reason="needs torch")
def test_bfloat16_in_the_interface_of_scikit_learn() -> None:
    y, p = torch.tensor([1.0, 2.0]), torch.tensor([1.5, 2.0], requires_grad=True)
    for cast in (torch.bfloat16, torch.float16, torch.float32):
        assert float(sk.mean_absolute_error(y.to(cast), p.to(cast))) == 0.25


# Dask arrays whose blocks are not what they announce.


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


# Sizes that dask does not know.


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


# Labels of dask frames.


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


# Errors are short, and name the argument.

HUGE = 10**6
LONG: dict[str, Callable[[], Any]] = {
    "labels": lambda: sk.accuracy_score(["a"] * HUGE + [None], ["a"] * HUGE + [None]),
    "classes": lambda: sk.log_loss(np.arange(HUGE), np.full((HUGE, 2), 0.5)),
    "given labels": lambda: sk.log_loss([0, 1], [0.5, 0.5], labels=[0] * HUGE),
    "loss": lambda: sl.evaluate("a" * HUGE, [1.0], [1.0]),
    "loss of arrays": lambda: sl.evaluate(np.zeros(HUGE), [1.0], [1.0]),
    "parameter": lambda: sl.evaluate("huber:" + "a" * HUGE, [1.0], [1.0]),
    "delta": lambda: sl.Huber([1.0] * HUGE),
    "reduction": lambda: sl.evaluate("mae", [1.0], [1.0], reduction="a" * HUGE),
    "nan": lambda: sl.evaluate("mae", [1.0], [1.0], nan="a" * HUGE),
    "axis": lambda: sl.evaluate("mae", [1.0], [1.0], axis=[0.5] * HUGE),
    "merge": lambda: sl.merge([np.zeros(HUGE)]),
    "array of text": lambda: sl.evaluate("mae", np.array(["a" * HUGE]), [1.0]),
    "records": lambda: sl.evaluate("mae", np.zeros(2, [(f"f{k}", "f8") for k in range(999)]), [1]),
    "list of dicts": lambda: sl.evaluate("mae", [{"a": "b" * HUGE}], [1.0]),
    "keras reduction": lambda: keras.losses.MeanAbsoluteError([0] * HUGE),
    "keras loss": lambda: keras.losses.get([0] * HUGE),
    "keras metric": lambda: keras.metrics.get("x" * HUGE),
    "torch reduction": lambda: torch_functional.l1_loss([1.0], [1.0], reduction=[0] * HUGE),
    "array for a reduction": lambda: sl.evaluate("mae", [1.0], [1.0], reduction=np.zeros(9)),
    "array for a policy": lambda: sl.evaluate("mae", [1.0], [1.0], nan=np.zeros(9)),
    "array for torch": lambda: torch_functional.l1_loss([1.0], [1.0], reduction=np.zeros(9)),
    "array for tf1": lambda: tf1.absolute_difference([1.0], [1.0], reduction=np.zeros(9)),
    "pos_label": lambda: sk.brier_score_loss(["a" * HUGE, "b"], [0.5, 0.5]),
}


@pytest.mark.parametrize("kind", LONG)
def test_errors_are_short(kind: str) -> None:
    with pytest.raises((TypeError, ValueError)) as caught:
        LONG[kind]()
    assert len(str(caught.value)) <= 400, str(caught.value)[:500]
    assert "ambiguous" not in str(caught.value)


@pytest.mark.skipif(torch is None, reason="needs torch")
@pytest.mark.parametrize("name", ["y_true", "y_pred", "weights", "where"])
def test_what_torch_refuses_names_the_argument(name: str) -> None:
    sparse = torch.eye(3).to_sparse()
    given: dict[str, Any] = {"y_true": np.ones((3, 3)), "y_pred": np.ones((3, 3)), name: sparse}
    with pytest.raises((TypeError, ValueError), match=f"^{name} must"):
        sl.evaluate("mae", **given)


@pytest.mark.parametrize("name", ["y_true", "y_pred", "weights"])
def test_what_an_object_raises_names_the_argument(name: str) -> None:
    class Broken:
        def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
            raise AttributeError("no numbers here")

    given: dict[str, Any] = {"y_true": [1.0], "y_pred": [1.0], name: Broken()}
    with pytest.raises(TypeError, match=f"^{name} must be an array of numbers: no numbers here"):
        sl.evaluate("mae", **given)
