"""Write tests/golden/keras.jsonl: what Keras 3 answers, on its TensorFlow backend.

Run with an environment that has keras and tensorflow: ``python tools/golden/make_keras.py``.

A case calls a function (``losses.huber``), a loss (``losses.Huber``: `init` makes it, `args` calls
it) or a metric (``metrics.Huber``: `updates` lists the arguments of each `update_state`, and the
outcome the result after each). ``mask`` and ``y_true_mask`` among the arguments are the
`_keras_mask` of the tensors. ``scale`` is what the rounding error of the result is measured by, see
`keras_magnitudes`.
"""

from __future__ import annotations

import inspect
import os
import re
import warnings
from collections.abc import Iterator
from typing import Any

os.environ |= {
    "KERAS_BACKEND": "tensorflow",
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "CUDA_VISIBLE_DEVICES": "",
    "TF_ENABLE_ONEDNN_OPTS": "0",
}

import keras
import ml_dtypes
import numpy as np
import tensorflow as tf
from answers import GOLDEN, encode, outcome, scale_of, write

BFLOAT16 = np.dtype(ml_dtypes.bfloat16)
NAN, INF = float("nan"), float("inf")

Case = dict[str, Any]
Arrays = tuple[np.ndarray, np.ndarray]

ELEMENTS = {
    "mean_absolute_error": "real",
    "mean_squared_error": "real",
    "mean_absolute_percentage_error": "real",
    "mean_squared_logarithmic_error": "real",
    "huber": "real",
    "log_cosh": "real",
    "hinge": "signs",
    "squared_hinge": "signs",
    "poisson": "positive",
    "binary_crossentropy": "binary",
    "binary_focal_crossentropy": "binary",
}
"""Functions that take the mean of a loss of each element over the last axis, and their data."""

ROWS = {
    "categorical_hinge": "classes",
    "kl_divergence": "classes",
    "cosine_similarity": "real",
    "categorical_crossentropy": "classes",
    "categorical_focal_crossentropy": "classes",
}
"""Functions of whole rows."""

SPARSE = ("sparse_categorical_crossentropy", "categorical_generalized_cross_entropy")
SETS = ("dice", "tversky")
ALL = {**ELEMENTS, **ROWS, **dict.fromkeys(SPARSE, "sparse"), **dict.fromkeys(SETS, "binary")}

CLASSES = {
    "mean_absolute_error": "MeanAbsoluteError",
    "mean_squared_error": "MeanSquaredError",
    "mean_absolute_percentage_error": "MeanAbsolutePercentageError",
    "mean_squared_logarithmic_error": "MeanSquaredLogarithmicError",
    "huber": "Huber",
    "log_cosh": "LogCosh",
    "hinge": "Hinge",
    "squared_hinge": "SquaredHinge",
    "poisson": "Poisson",
    "binary_crossentropy": "BinaryCrossentropy",
    "binary_focal_crossentropy": "BinaryFocalCrossentropy",
    "categorical_hinge": "CategoricalHinge",
    "kl_divergence": "KLDivergence",
    "cosine_similarity": "CosineSimilarity",
    "categorical_crossentropy": "CategoricalCrossentropy",
    "categorical_focal_crossentropy": "CategoricalFocalCrossentropy",
    "sparse_categorical_crossentropy": "SparseCategoricalCrossentropy",
    "categorical_generalized_cross_entropy": "CategoricalGeneralizedCrossEntropy",
    "dice": "Dice",
    "tversky": "Tversky",
}

METRICS = {
    "MeanAbsoluteError": "real",
    "MeanSquaredError": "real",
    "RootMeanSquaredError": "real",
    "MeanAbsolutePercentageError": "real",
    "MeanSquaredLogarithmicError": "real",
    "LogCoshError": "real",
    "CosineSimilarity": "real",
    "Hinge": "signs",
    "SquaredHinge": "signs",
    "CategoricalHinge": "classes",
    "KLDivergence": "classes",
    "Poisson": "positive",
    "BinaryCrossentropy": "binary",
    "CategoricalCrossentropy": "classes",
    "SparseCategoricalCrossentropy": "sparse",
}

ARGUMENTS: dict[str, list[dict[str, Any]]] = {
    "huber": [{"delta": 0.5}, {"delta": 2}, {"delta": 0.0}, {"delta": -1.0}],
    "binary_crossentropy": [
        {"from_logits": True},
        {"label_smoothing": 0.2},
        {"from_logits": True, "label_smoothing": 0.1},
        {"axis": 0},
        {"axis": 1},
        {"label_smoothing": 1.5},
    ],
    "binary_focal_crossentropy": [
        {"gamma": 3.0},
        {"gamma": 0.0},
        {"apply_class_balancing": True},
        {"apply_class_balancing": True, "alpha": 0.7, "gamma": 1.5},
        {"from_logits": True},
        {"from_logits": True, "apply_class_balancing": True, "label_smoothing": 0.1},
        {"axis": 0},
    ],
    "categorical_crossentropy": [
        {"from_logits": True},
        {"label_smoothing": 0.1},
        {"from_logits": True, "label_smoothing": 0.3},
        {"axis": 0},
        {"axis": 0, "label_smoothing": 0.3},
        {"axis": True},
    ],
    "categorical_focal_crossentropy": [
        {"alpha": 0.5, "gamma": 3.0},
        {"gamma": 0.0},
        {"alpha": [0.1, 0.2, 0.7]},
        {"from_logits": True},
        {"from_logits": True, "label_smoothing": 0.1},
        {"axis": 0},
        {"axis": True},
    ],
    "cosine_similarity": [{"axis": 0}, {"axis": 1}],
    "sparse_categorical_crossentropy": [
        {"from_logits": True},
        {"ignore_class": 1},
        {"ignore_class": -1},
        {"ignore_class": 2, "from_logits": True},
        {"axis": 1},
        {"axis": 0},
    ],
    "categorical_generalized_cross_entropy": [{"q": 0.3}, {"q": 0.9}],
    "dice": [{"axis": 0}, {"axis": [1]}, {"axis": -1}],
    "tversky": [
        {"alpha": 0.2, "beta": 0.8},
        {"axis": 1},
        {"alpha": 1.0, "axis": [0]},
        {"alpha": 0.0, "beta": 1.0},
        {"alpha": 0.3, "beta": 0.7, "axis": 1},
        {"alpha": 0.7, "beta": 0.7},
    ],
}
REQUIRED: dict[str, dict[str, Any]] = {"categorical_generalized_cross_entropy": {"q": 0.5}}

W = "sample_weight"

REDUCTIONS = ("sum", "mean", "sum_over_batch_size", "mean_with_sample_weight", "none", None)

DTYPES = {
    "f16": np.dtype("f2"),
    "bf16": BFLOAT16,
    "f32": np.dtype("f4"),
    "f64": np.dtype("f8"),
    "i32": np.dtype("i4"),
    "u8": np.dtype("u1"),
}


def data(kind: str, shape: tuple[int, ...], dtype: Any = "f4", seed: int = 0) -> Arrays:
    """Return labels and predictions of a kind, with few digits."""
    rng = np.random.default_rng([seed, *map(ord, kind), *shape])
    if kind == "real":
        y, p = rng.normal(size=shape) * 2, rng.normal(size=shape) * 2
    elif kind == "positive":
        y, p = rng.integers(0, 5, shape), rng.gamma(2.0, size=shape)
    elif kind == "signs":
        y, p = rng.choice([-1.0, 1.0], shape), rng.normal(size=shape)
    elif kind == "binary":
        y, p = rng.integers(0, 2, shape), rng.uniform(0.05, 0.95, shape)
    elif kind == "logits":
        y, p = rng.integers(0, 2, shape), rng.normal(size=shape) * 3
    else:
        y, p = rng.integers(0, shape[-1] or 1, shape[:-1]), rng.uniform(0.05, 1.0, shape)
        if kind == "classes":
            y = np.eye(shape[-1])[y]
            p = p / np.maximum(p.sum(-1, keepdims=True), 1e-9)
        else:
            return y.astype("i4"), np.round(p, 3).astype(dtype)
    return np.round(y, 3).astype(dtype), np.round(p, 3).astype(dtype)


def kind_of(name: str, arguments: dict[str, Any]) -> str:
    """Return the kind of data that a function with these arguments takes."""
    if not arguments.get("from_logits"):
        return ALL[name]
    return "logits" if ALL[name] == "binary" else ALL[name]


def tensor(value: Any, mask: Any) -> Any:
    """Return a value as a tensor with a mask."""
    if mask is None:
        return value
    value = tf.constant(value)
    value._keras_mask = tf.constant(mask)
    return value


def unmasked(arguments: dict[str, Any]) -> dict[str, Any]:
    """Return the arguments as Keras takes them, masks put upon their tensors."""
    rest = dict(arguments)
    mask, y_true_mask = rest.pop("mask", None), rest.pop("y_true_mask", None)
    if "axis" in rest and isinstance(rest["axis"], list):
        rest["axis"] = tuple(rest["axis"])
    if mask is not None or y_true_mask is not None:
        rest["y_pred"] = tensor(rest["y_pred"], mask)
        rest["y_true"] = tensor(rest["y_true"], y_true_mask)
    return rest


def call(name: str, init: dict[str, Any] | None, arguments: dict[str, Any]) -> Any:
    """Return what Keras gives for a case."""
    module, _, name = name.partition(".")
    target = getattr(getattr(keras, module), name)
    if init is None:
        return target(**unmasked(arguments))
    if isinstance(init.get("axis"), list):
        init = init | {"axis": tuple(init["axis"])}
    found = target(**init)
    if "updates" not in arguments:
        return found(**unmasked(arguments))
    results = []
    for update in arguments["updates"]:
        found.update_state(**unmasked(update))
        results.append(found.result())
    return results


def case(label: str, name: str, arguments: dict[str, Any], init: Any = None) -> Case:
    """Return a case with its outcome."""
    made: Case = {"id": f"{name}-{label}", "call": name}
    if init is not None:
        made["init"] = encode(init)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = outcome(lambda: call(name, init, arguments))
        scale = None if "error" in found else scale_of(call, name, init, arguments)
    if "message" in found:  # the names of nodes, and sets, whose order differs from run to run
        found["message"] = re.sub(r"\{\{.*?\}\} |\{'.*", "", found["message"])
    made |= {"args": encode(arguments), "outcome": found}
    return made if "error" in found else made | {"scale": encode(scale)}


def pair(arrays: Arrays, **others: Any) -> dict[str, Any]:
    """Return labels, predictions and further arguments by their names."""
    return {"y_true": arrays[0], "y_pred": arrays[1], **others}


def spelled(arguments: dict[str, Any]) -> str:
    """Return arguments as part of a label."""
    return ",".join(f"{k}={v}" for k, v in arguments.items()).replace(" ", "") or "defaults"


def functions() -> Iterator[Case]:
    """Every function: dtypes, shapes, arguments."""
    for name, kind in ALL.items():
        more = REQUIRED.get(name, {})
        for label in ("f32", "f64", "f16"):
            arrays = data(kind, (2, 3), DTYPES[label])
            yield case(f"{label}-2x3", f"losses.{name}", pair(arrays, **more))
        for shape in ((3,), (2, 2, 3), (0, 3), (2, 0)):
            if shape == (2, 0) and kind in ("classes", "sparse"):
                continue
            label = "x".join(map(str, shape))
            yield case(f"f32-{label}", f"losses.{name}", pair(data(kind, shape), **more))
        for given in ARGUMENTS.get(name, []):
            arrays = data(kind_of(name, given), (2, 3), "f8", 1)
            yield case(f"f64-{spelled(given)}", f"losses.{name}", pair(arrays, **given))
    for label in ("bf16", "i32", "u8"):
        for name, kind in (ELEMENTS | ROWS).items():
            yield from integers(label, name, kind)


def integers(label: str, name: str, kind: str) -> Iterator[Case]:
    """Small integers in coarse dtypes, labels of the same dtype or of float32."""
    rng = np.random.default_rng(5)
    y, p = (rng.integers(low, 4, (2, 3)).astype(DTYPES[label]) for low in (0, 1))
    if label == "u8":  # Keras subtracts them modulo 256: only the larger minus the smaller
        if name not in ("mean_absolute_error", "mean_squared_error"):
            return
        yield case("u8-wraps", f"losses.{name}", pair((np.minimum(y, p), np.maximum(y, p))))
        y, p = np.maximum(y, p), np.minimum(y, p)
    yield case(f"{label}-2x3", f"losses.{name}", pair((y, p)))


def ranks() -> Iterator[Case]:
    """Shapes of labels and predictions that differ."""
    rng = np.random.default_rng(6)
    shapes = [
        ((3,), (3, 1)),
        ((3, 1), (3,)),
        ((2, 3), (2, 3, 1)),
        ((2, 3, 1), (2, 3)),
        ((2, 1), (2, 3)),
        ((1, 3), (2, 3)),
        ((3,), (2, 3)),
        ((2, 3), (3,)),
        ((2, 3), (2, 4)),
        ((2, 3), (3, 2)),
        ((1,), (2, 3)),
        ((), (3,)),
        ((), ()),
    ]
    names = ["mean_absolute_error", "hinge", "poisson", "binary_crossentropy", "kl_divergence"]
    names += ["cosine_similarity", "categorical_crossentropy", "categorical_hinge", "dice"]
    for a, b in shapes:
        y = rng.integers(0, 2, a).astype("f4")
        p = np.round(rng.uniform(0.1, 0.9, b), 3).astype("f4")
        label = "-".join("x".join(map(str, shape)) or "scalar" for shape in (a, b))
        for name in names:
            if name != "mean_absolute_error" and (a, b) in shapes[8:10] + shapes[11:]:
                continue
            yield case(label, f"losses.{name}", pair((y, p)))
        for name in ("MeanAbsoluteError", "BinaryCrossentropy"):
            yield case(label, f"losses.{name}", pair((y, p)), {})
    labels = [((2, 1), (2, 3)), ((2,), (2, 3)), ((2, 2), (2, 2, 3)), ((2, 2, 1), (2, 2, 3))]
    for a, b in [*labels, ((3,), (2, 3)), ((2, 3), (2, 3)), ((), (3,))]:
        y = rng.integers(0, 3, a)
        p = np.round(rng.uniform(0.1, 0.9, b), 3).astype("f4")
        label = "-".join("x".join(map(str, shape)) or "scalar" for shape in (a, b))
        yield case(label, "losses.sparse_categorical_crossentropy", pair((y, p)))
        yield case(label, "losses.SparseCategoricalCrossentropy", pair((y, p)), {})
        gce = "losses.categorical_generalized_cross_entropy"
        yield case(label, gce, pair((y, p), q=0.5))
        yield case(label, "losses.CategoricalGeneralizedCrossEntropy", pair((y, p)), {})


def values() -> Iterator[Case]:
    """NaN, infinities, edges of domains, dtypes of labels, lists."""
    special = np.array([[NAN, 1.0, 2.0], [INF, -INF, 0.0], [0.0, 0.0, 0.0]], "f4")
    plain = np.array([[0.5, 1.0, 1.5], [1.0, 2.0, -1.0], [0.0, 1.0, -0.0]], "f4")
    for name in ("mean_absolute_error", "mean_squared_error", "huber", "log_cosh"):
        yield case("nonfinite", f"losses.{name}", pair((plain, special)))
        yield case("nonfinite-labels", f"losses.{name}", pair((special, plain)))
    zeros = np.array([[0.0, 1e-9, -1e-9], [-2.0, 0.0, 3.0]], "f4")
    for label, dtype in (("f32", "f4"), ("f64", "f8")):
        both = pair((zeros.astype(dtype), zeros[:, ::-1].astype(dtype)))
        yield case(f"zeros-{label}", "losses.mean_absolute_percentage_error", both)
        yield case(f"zeros-{label}", "losses.mean_squared_logarithmic_error", both)
        yield case(f"zeros-{label}", "losses.cosine_similarity", both)
        yield case(
            f"zeros-{label}", "losses.poisson", pair(np.abs([zeros, zeros[:, ::-1]]).astype(dtype))
        )
        edges = np.array([[0.0, 1.0, 0.5], [1.0, 0.0, 1.5], [-0.5, 1e-8, 1 - 1e-8]], dtype)
        y = np.array([[0.0, 1.0, 1.0], [0.0, 1.0, 1.0], [0.0, 1.0, 0.0]], dtype)
        for name in ("binary_crossentropy", "binary_focal_crossentropy", "kl_divergence"):
            yield case(f"edges-{label}", f"losses.{name}", pair((y, edges)))
        for name in ("categorical_crossentropy", "categorical_focal_crossentropy"):
            yield case(f"edges-{label}", f"losses.{name}", pair((y, edges)))
        sparse = pair((np.array([0, 1, 2]), edges))
        yield case(f"edges-{label}", "losses.sparse_categorical_crossentropy", sparse)
    huge = np.array([[-800.0, 30.0, 800.0], [100.0, 0.0, -100.0]], "f4")
    y = np.array([[0.0, 1.0, 0.0], [1.0, 0.0, 0.0]], "f4")
    for name in ("binary_crossentropy", "binary_focal_crossentropy", "categorical_crossentropy"):
        yield case("huge-logits", f"losses.{name}", pair((y, huge), from_logits=True))
    sparse = pair((np.array([1, 0]), huge), from_logits=True)
    yield case("huge-logits", "losses.sparse_categorical_crossentropy", sparse)
    for label, labels in (("float", [1.0, 2.0]), ("fraction", [0.7, 1.2]), ("bool", [True, False])):
        sparse = pair((np.array(labels), data("sparse", (2, 3))[1]))
        yield case(f"{label}-labels", "losses.sparse_categorical_crossentropy", sparse)
        yield case(f"{label}-labels", "losses.SparseCategoricalCrossentropy", sparse, {})
    for bad in (3, -1):
        p = data("sparse", (2, 3))[1]
        labels = np.array([0, bad])
        yield case(f"label{bad}", "losses.sparse_categorical_crossentropy", pair((labels, p)))
        gce = "losses.categorical_generalized_cross_entropy"
        yield case(f"label{bad}", gce, pair((labels, p), q=0.5))
    yield from labels_of_hinge()
    yield from casts()


def labels_of_hinge() -> Iterator[Case]:
    """Labels that are all 0 or 1, and those that are not."""
    p = data("signs", (2, 3))[1]
    choices = {
        "binary": [[0, 1, 1], [0, 0, 1]],
        "ones": [[1, 1, 1], [1, 1, 1]],
        "mixed": [[0, 1, -1], [0, 0, 1]],
        "other": [[0, 0.5, 2], [0, 0, 1]],
        "nan": [[0, 1, NAN], [0, 0, 1]],
    }
    for label, y in choices.items():
        for name in ("hinge", "squared_hinge"):
            yield case(label, f"losses.{name}", pair((np.array(y, "f4"), p)))
        yield case(label, "losses.Hinge", pair((np.array(y, "f4"), p)), {})
        two = {"updates": [pair((np.array(row, "f4")[None], p[:1])) for row in y]}
        yield case(label, "metrics.Hinge", two, {})


def casts() -> Iterator[Case]:
    """Labels of another dtype than the predictions, and lists."""
    y, p = data("real", (2, 3), "f8", 3)
    for label in ("f32", "f16"):
        coarse = p.astype(DTYPES[label])
        yield case(f"f64-labels-{label}", "losses.mean_absolute_error", pair((y, coarse)))
    yield case("f32-labels-f64", "losses.mean_absolute_error", pair((y.astype("f4"), p)))
    yield case("i64-labels-f32", "losses.huber", pair((y.astype("i8"), p.astype("f4"))))
    yield case("bool-labels-f32", "losses.mean_squared_error", pair((y > 0, p.astype("f4"))))
    yield case("f64-labels-i32", "losses.mean_absolute_error", pair((y, p.astype("i4"))))
    lists = {"y_true": [[0, 1], [0, 0]], "y_pred": [[1, 1], [0, 0]]}
    yield case("integer-lists", "losses.mean_absolute_error", lists)
    yield case("integer-lists", "losses.MeanAbsoluteError", lists, {})
    lists = {"y_true": [0.0, 1.0, 1.0], "y_pred": [1.0, 0.0, 1.0]}
    yield case("float-lists", "losses.huber", lists)
    yield case("float-lists", "losses.Huber", lists, {})
    big = np.array([[2**24 + 1, 5]], "i8")
    yield case("beyond-f32", "losses.MeanAbsoluteError", pair((big, big * 0)), {})
    yield case("beyond-f64", "losses.MeanAbsoluteError", pair((big, big * 0)), {"dtype": "float64"})


WEIGHTS: dict[str, Any] = {
    "scalar": 2.0,
    "zero": 0.0,
    "B": [0.5, 2.0],
    "Bx1": [[0.5], [2.0]],
    "1": [3.0],
    "zeros": [0.0, 0.0],
    "some": [0.0, 1.5],
    "negative": [-1.0, 1.0],
    "nan": [NAN, 1.0],
    "wrong": [1.0, 2.0, 3.0],
    "2x3": [[1.0, 0.0, 2.0], [0.5, 1.0, 1.0]],
    "integers": np.array([1, 2]),
    "bool": np.array([True, False]),
}
"""Sample weights for losses of shape (2,)."""

DEEP: dict[str, Any] = {
    "scalar": 2.0,
    "B": [1.0, 0.5],
    "T": [1.0, 2.0, 0.0],
    "Bx1": [[1.0], [0.5]],
    "1xT": [[1.0, 2.0, 0.5]],
    "BxT": [[1.0, 0.0, 2.0], [0.5, 1.0, 1.0]],
    "BxTx1": [[[1.0], [0.0], [2.0]], [[0.5], [1.0], [1.0]]],
    "TxB": [[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]],
    "1": [2.0],
    "4": [1.0, 2.0, 3.0, 4.0],
}
"""Sample weights for losses of shape (2, 3)."""

SOME = {
    "MeanAbsoluteError": "real",
    "Huber": "real",
    "BinaryCrossentropy": "binary",
    "CategoricalCrossentropy": "classes",
    "SparseCategoricalCrossentropy": "sparse",
    "Dice": "binary",
}
"""Losses of each sort, for the whole grid of reductions and weights."""


def reductions() -> Iterator[Case]:
    """Every reduction with sample weights of every shape."""
    for name, kind in SOME.items():
        for reduction in REDUCTIONS:
            init = {"reduction": reduction}
            arrays = data(kind, (2, 3), "f4", 7)
            yield case(f"{reduction}-unweighted", f"losses.{name}", pair(arrays), init)
            chosen, deep = WEIGHTS, DEEP
            if name != "MeanAbsoluteError":
                few = ("B", "wrong", "BxT") if name.startswith("Sparse") else ("B", "BxT")
                chosen, deep = ({k: w[k] for k in few if k in w} for w in (WEIGHTS, DEEP))
            for label, w in chosen.items():
                given = pair(arrays, sample_weight=w)
                yield case(f"{reduction}-w{label}", f"losses.{name}", given, init)
            if name == "Dice":
                continue
            arrays = data(kind, (2, 3, 2), "f4", 7)
            for label, w in deep.items():
                given = pair(arrays, sample_weight=w)
                yield case(f"deep-{reduction}-w{label}", f"losses.{name}", given, init)
    square = pair(data("real", (2, 2, 3)), sample_weight=[1.0, 3.0])
    for reduction in REDUCTIONS:
        init = {"reduction": reduction}
        yield case(f"square-{reduction}-wB", "losses.MeanAbsoluteError", square, init)
        for label, w in (("none", None), ("scalar", 2.0), ("B", [1.0, 0.0, 2.0]), ("1", [2.0])):
            given = pair(data("real", (3,)), sample_weight=w)
            yield case(f"flat-{reduction}-w{label}", "losses.MeanAbsoluteError", given, init)
        for shape in ((0, 3), (2, 0), (0, 2, 3), (2, 0, 3)):
            label = "x".join(map(str, shape))
            given = pair(data("real", shape))
            yield case(f"empty-{reduction}-{label}", "losses.MeanAbsoluteError", given, init)
    for reduction in REDUCTIONS:
        wide = pair(data("real", (3, 2)), sample_weight=DEEP["BxT"])
        init = {"reduction": reduction}
        yield case(f"wide-{reduction}", "losses.MeanAbsoluteError", wide, init)
    given = pair(data("real", (0, 3)), sample_weight=np.zeros(0, "f4"))
    yield case("empty-weighted", "losses.MeanAbsoluteError", given, {})


def classes() -> Iterator[Case]:
    """Every loss class: defaults, float64, arguments, names."""
    for function, name in CLASSES.items():
        kind = ALL[function]
        arrays = data(kind, (2, 3), "f8", 8)
        yield case("defaults", f"losses.{name}", pair(arrays), {})
        weighted = pair(arrays, sample_weight=[0.25, 2.0])
        yield case("float64", f"losses.{name}", weighted, {"dtype": "float64"})
        yield case("float16", f"losses.{name}", weighted, {"dtype": "float16"})
        yield case("sum", f"losses.{name}", weighted, {"reduction": "sum"})
        yield case("none", f"losses.{name}", pair(arrays), {"reduction": "none"})
        for given in ARGUMENTS.get(function, []):
            arrays = data(kind_of(function, given), (2, 3), "f8", 9)
            init = given | {"dtype": "float64"}
            yield case(spelled(given), f"losses.{name}", pair(arrays), init)
    for bad in ("average", "SUM", "", 3):
        init = {"reduction": bad}
        yield case(f"bad-{bad}", "losses.MeanAbsoluteError", pair(data("real", (2, 3))), init)
    for q in (0.0, 1.0, -1, 2):
        init = {"q": q}
        name = "losses.CategoricalGeneralizedCrossEntropy"
        yield case(f"bad-q{q}", name, pair(data("sparse", (2, 3))), init)


def axes() -> Iterator[Case]:
    """Classes along another axis than the last, by functions, losses and metrics."""
    for name in ("categorical_crossentropy", "categorical_focal_crossentropy", *SPARSE[:1]):
        for axis in (0, 1, -2):
            arrays = along(axis, data(ALL[name], (2, 4, 3), "f8", 12))
            for given in ({}, {"from_logits": True}):
                given = {"axis": axis, **given}
                yield case(f"deep-{spelled(given)}", f"losses.{name}", pair(arrays, **given))
        arrays = along(1, data(ALL[name], (2, 4, 3), "f4", 13))
        for label, w in (("none", None), ("B", DEEP["B"]), ("ones", np.ones((2, 4), "f4"))):
            given = pair(arrays, sample_weight=w)
            yield case(f"deep-axis=1-w{label}", f"losses.{CLASSES[name]}", given, {"axis": 1})
        if CLASSES[name] in METRICS:
            updates = [pair(arrays), pair(arrays, sample_weight=[1.0, 0.5])]
            yield case("deep-axis=1", f"metrics.{CLASSES[name]}", {"updates": updates}, {"axis": 1})
    sparse = along(1, data("sparse", (2, 4, 3), "f4", 14))
    name, init = "SparseCategoricalCrossentropy", {"axis": 1, "ignore_class": 1}
    yield case("deep-ignore", f"losses.{name}", pair(sparse), init)
    yield case("deep-ignore", f"metrics.{name}", {"updates": [pair(sparse)]}, init)
    column = sparse[0][:, None], sparse[1]
    yield case("deep-column", f"losses.{name}", pair(column), {"axis": 1})
    name = "losses.categorical_focal_crossentropy"
    for size in (3, 4):
        arrays = along(1, data("classes", (2, size, 3), "f4", 15))
        given = {"axis": 1, "alpha": [0.1, 0.2, 0.7]}
        yield case(f"deep-{size}-{spelled(given)}", name, pair(arrays, **given))


def along(axis: int, arrays: Arrays) -> Arrays:
    """Return labels and predictions whose classes are along another axis."""
    y, p = arrays
    return y if y.ndim < p.ndim else np.moveaxis(y, -1, axis), np.moveaxis(p, -1, axis)


def whole() -> Iterator[Case]:
    """Integer dtypes of losses and metrics."""
    heavy = [1.5, 2.0]
    for name in ("MeanAbsoluteError", "MeanSquaredError", "MeanSquaredLogarithmicError", "Huber"):
        arrays = tuple(3 * a for a in data("real", (2, 3), "f4", 50))
        for reduction in REDUCTIONS:
            init = {"dtype": "int32", "reduction": reduction}
            yield case(f"int32-{reduction}", f"losses.{name}", pair(arrays), init)
            given = pair(arrays, sample_weight=heavy)
            yield case(f"int32-{reduction}-weighted", f"losses.{name}", given, init)
    for name in ("LogCosh", "Hinge", "KLDivergence", "CategoricalCrossentropy", "Dice"):
        arrays = data("classes", (2, 3), "f4", 51)
        yield case("int32", f"losses.{name}", pair(arrays), {"dtype": "int32"})
    for name, kind in METRICS.items():
        y, p = data(kind, (2, 3), "f4", 52)
        p = p * 3 if kind in ("real", "signs", "positive") else p / 9
        updates = [pair((y, p))]
        if name != "RootMeanSquaredError":
            updates += [pair((y, p), sample_weight=heavy)]
        for dtype in ("int32", "int64", "uint8"):
            init = {"dtype": dtype}
            yield case(dtype, f"metrics.{name}", {"updates": updates}, init)
    values = {"values": np.array([2.7, -1.2, 7.9], "f4")}
    for name in ("Mean", "Sum"):
        updates = [values, values | {"sample_weight": [1.0, 2.5, 0.5]}]
        yield case("int32", f"metrics.{name}", {"updates": updates}, {"dtype": "int32"})
    arrays = tuple(3 * a for a in data("real", (4, 2), "f4", 53))
    for w in (None, [1.0, 2.5, 0.5, 1.5]):
        updates = [pair(arrays, sample_weight=w)]
        label = "int32" if w is None else "int32-weighted"
        yield case(label, "metrics.R2Score", {"updates": updates}, {"dtype": "int32"})


def masks() -> Iterator[Case]:
    """Masks of the predictions, of the labels, of a class, and with weights."""
    arrays = data("real", (2, 3, 2), "f4", 10)
    some = np.array([[True, True, False], [True, False, False]])
    none = np.zeros((2, 3), bool)
    rows = np.array([True, False])
    for reduction in REDUCTIONS:
        init = {"reduction": reduction}
        name = "losses.MeanAbsoluteError"
        yield case(f"mask-{reduction}", name, pair(arrays, mask=some), init)
        yield case(f"mask-{reduction}-labels", name, pair(arrays, y_true_mask=some), init)
        yield case(f"mask-{reduction}-nothing", name, pair(arrays, mask=none), init)
        for label in ("B", "Bx1", "BxT", "scalar", "BxTx1"):
            given = pair(arrays, mask=some, sample_weight=DEEP[label])
            yield case(f"mask-{reduction}-w{label}", name, given, init)
        yield case(f"mask-{reduction}-rows", name, pair(arrays, mask=rows), init)
        flat = pair(data("real", (2, 3)), mask=rows)
        yield case(f"mask-{reduction}-flat", name, flat, init)
        column = pair(data("real", (2, 3)), mask=rows[:, None], sample_weight=[0.5, 2.0])
        yield case(f"mask-{reduction}-column", name, column, init)
        sparse = data("sparse", (2, 3, 4), "f4", 11)
        init = init | {"ignore_class": int(sparse[0][0, 0])}
        name = "losses.SparseCategoricalCrossentropy"
        yield case(f"ignore-{reduction}", name, pair(sparse), init)
        given = pair(sparse, mask=some, sample_weight=DEEP["BxT"])
        yield case(f"ignore-{reduction}-mask", name, given, init)
        all_ignored = pair((np.full((2, 3), init["ignore_class"]), sparse[1]))
        yield case(f"ignore-{reduction}-all", name, all_ignored, init)
    masked_nan = pair((np.array([[NAN], [1.0]], "f4"), np.zeros((2, 1), "f4")), mask=rows[::-1])
    yield case("mask-nan", "losses.MeanAbsoluteError", masked_nan, {})


def metrics() -> Iterator[Case]:
    """Streams of updates. Rank 1 and scalar weights only once: there Keras counts batches."""
    for name, kind in METRICS.items():
        batches = [data(kind, (2, 3), "f4", 20), data(kind, (2, 3), "f4", 21)]
        plain = {"updates": [pair(arrays) for arrays in batches]}
        yield case("two", f"metrics.{name}", plain, {})
        weights = [[1.0, 0.5], [0.0, 2.0]]
        both = zip(batches, weights, strict=True)
        weighted = {"updates": [pair(arrays, sample_weight=w) for arrays, w in both]}
        yield case("two-weighted", f"metrics.{name}", weighted, {})
        uneven = [data(kind, (1, 3), "f4", 22), data(kind, (3, 3), "f4", 23)]
        yield case("uneven", f"metrics.{name}", {"updates": [pair(a) for a in uneven]}, {})
        deep = data(kind, (2, 3, 2), "f4", 24)
        mixed = [pair(deep), pair(deep, sample_weight=DEEP["BxT"])]
        mixed += [pair(deep, sample_weight=DEEP[label]) for label in ("B", "Bx1")]
        yield case("deep", f"metrics.{name}", {"updates": mixed}, {})
        wide = data(kind, (2, 3), "f8", 25)
        yield case("float64", f"metrics.{name}", {"updates": [pair(wide)]}, {"dtype": "float64"})
        yield case("nothing", f"metrics.{name}", {"updates": [pair(data(kind, (0, 3)))]}, {})
        flat = data(kind, (3,), "f4", 26)
        yield case("flat", f"metrics.{name}", {"updates": [pair(flat)]}, {})
    yield from metric_arguments()
    yield from metric_errors()
    yield from means()
    yield from r2()


def metric_arguments() -> Iterator[Case]:
    """Arguments of the metrics, masks, lengths that differ from batch to batch."""
    for name, given, kind in [
        ("BinaryCrossentropy", {"from_logits": True}, "logits"),
        ("BinaryCrossentropy", {"label_smoothing": 0.2}, "binary"),
        ("CategoricalCrossentropy", {"from_logits": True}, "classes"),
        ("CategoricalCrossentropy", {"label_smoothing": 0.2}, "classes"),
        ("CategoricalCrossentropy", {"axis": 1}, "classes"),
        ("SparseCategoricalCrossentropy", {"from_logits": True}, "sparse"),
        ("SparseCategoricalCrossentropy", {"ignore_class": 1}, "sparse"),
        ("CosineSimilarity", {"axis": 1}, "real"),
        ("CosineSimilarity", {"axis": 0}, "real"),
    ]:
        updates = [pair(data(kind, (3, 3), "f4", seed)) for seed in (30, 31)]
        yield case(spelled(given), f"metrics.{name}", {"updates": updates}, given)
    sparse = pair(data("sparse", (4, 3), "f4", 32), sample_weight=np.ones(4, "f4"))
    init = {"ignore_class": 1}
    name = "metrics.SparseCategoricalCrossentropy"
    yield case("ignore_class-ones", name, {"updates": [sparse, sparse]}, init)
    arrays = data("real", (2, 3, 2), "f4", 33)
    some = np.array([[True, True, False], [True, False, False]])
    masked = [pair(arrays, mask=some), pair(arrays, mask=some, sample_weight=DEEP["BxT"])]
    yield case("mask", "metrics.MeanAbsoluteError", {"updates": masked}, {})
    lengths = [pair(data("real", (2, length, 2), "f4", length)) for length in (1, 3, 2)]
    yield case("lengths", "metrics.MeanAbsoluteError", {"updates": lengths}, {})
    yield case("lengths", "metrics.RootMeanSquaredError", {"updates": lengths}, {})
    for w in (2.0, 0.0):
        once = [pair(arrays, sample_weight=w)]
        yield case(f"scalar{w}", "metrics.MeanAbsoluteError", {"updates": once}, {})
        yield case(f"scalar{w}", "metrics.RootMeanSquaredError", {"updates": once}, {})
    nan = np.array([[NAN, 1.0], [2.0, 3.0]], "f4")
    heavy = [pair((nan, nan[::-1])), pair((nan, nan), sample_weight=[0.0, 1.0])]
    yield case("nan", "metrics.MeanSquaredError", {"updates": heavy[:1]}, {})
    yield case("nan-zero-weight", "metrics.MeanSquaredError", {"updates": heavy[1:]}, {})
    flat = [pair(data("real", (size,))) for size in (2, 4)]
    yield case("flat-uneven", "metrics.MeanAbsoluteError", {"updates": flat}, {})
    scalars = [pair(data("real", (n, 2)), sample_weight=float(n)) for n in (1, 3)]
    yield case("scalar-uneven", "metrics.MeanAbsoluteError", {"updates": scalars}, {})
    ranks = [pair((np.ones(3, "f4"), np.zeros((3, 1), "f4")))]
    yield case("ranks", "metrics.MeanAbsoluteError", {"updates": ranks}, {})
    yield case("ranks", "metrics.RootMeanSquaredError", {"updates": ranks}, {})


def metric_errors() -> Iterator[Case]:
    """Weights that do not fit."""
    arrays = data("real", (2, 3, 2), "f4", 34)
    for label in ("T", "TxB", "4", "1", "1xT", "BxTx1"):
        updates = [pair(arrays, sample_weight=DEEP[label])]
        yield case(f"w{label}", "metrics.MeanAbsoluteError", {"updates": updates}, {})
        yield case(f"w{label}", "metrics.RootMeanSquaredError", {"updates": updates}, {})
    flat = pair(data("real", (3,)), sample_weight=[1.0, 2.0, 3.0])
    yield case("flat-weighted", "metrics.MeanAbsoluteError", {"updates": [flat]}, {})
    yield case("flat-weighted", "metrics.RootMeanSquaredError", {"updates": [flat]}, {})


def means() -> Iterator[Case]:
    """`Mean` and `Sum` of values."""
    batches = [
        {"values": [1.0, 3.0, 5.0, 7.0]},
        {"values": [1.0, 3.0], "sample_weight": [1.0, 0.0]},
        {"values": [[1.0, 2.0], [3.0, 4.5]]},
        {"values": [[1.0, 2.0], [3.0, 4.5]], "sample_weight": [1.0, 0.5]},
        {"values": [[1.0, 2.0], [3.0, 4.5]], "sample_weight": [[1.0, 0.5], [0.0, 2.0]]},
        {"values": [[1.0, 2.0], [3.0, 4.5]], "sample_weight": [[1.0], [0.5]]},
    ]
    for name in ("Mean", "Sum"):
        yield case("stream", f"metrics.{name}", {"updates": batches}, {})
        yield case("nothing", f"metrics.{name}", {"updates": [{"values": []}]}, {})
        for w in (None, 2.0):
            update = {"values": 3.5, "sample_weight": w}
            yield case(f"scalar-w{w}", f"metrics.{name}", {"updates": [update]}, {})
        wide = {"values": np.array([[0.1, 0.2]], "f8")}
        yield case("float64", f"metrics.{name}", {"updates": [wide]}, {"dtype": "float64"})
        whole = {"values": np.array([1, 2, 4])}
        yield case("integers", f"metrics.{name}", {"updates": [whole]}, {})
        for label, w in (("2", [1.0, 2.0]), ("2x3", np.ones((2, 3), "f4"))):
            update = {"values": [1.0, 2.0, 3.0], "sample_weight": w}
            yield case(f"bad-w{label}", f"metrics.{name}", {"updates": [update]}, {})


def r2() -> Iterator[Case]:
    """The R2 score, of one and several outputs."""
    batches = [data("real", (3, 2), "f4", seed) for seed in (40, 41)]
    plain = [pair(arrays) for arrays in batches]
    weights = ([1.0, 0.5, 2.0], [0.0, 1.0, 1.0])
    heavy = [pair(a, sample_weight=w) for a, w in zip(batches, weights, strict=True)]
    for aggregation in ("uniform_average", "variance_weighted_average", None):
        init = {"class_aggregation": aggregation}
        yield case(f"{aggregation}", "metrics.R2Score", {"updates": plain}, init)
        yield case(f"{aggregation}-weighted", "metrics.R2Score", {"updates": heavy}, init)
    yield case("adjusted", "metrics.R2Score", {"updates": plain}, {"num_regressors": 2})
    yield case("adjusted-too-many", "metrics.R2Score", {"updates": plain}, {"num_regressors": 99})
    for aggregation in ("uniform_average", "variance_weighted_average", None):
        init = {"class_aggregation": aggregation, "num_regressors": 1}
        for label, outputs in (("two", slice(2)), ("one", slice(1))):
            few = [{k: v[:, outputs] if k != W else v for k, v in u.items()} for u in heavy]
            yield case(f"adjusted-{aggregation}-{label}", "metrics.R2Score", {"updates": few}, init)
    each = [pair(batches[0], sample_weight=[[1.0, 0.0], [0.0, 0.0], [0.5, 2.0]]), plain[1]]
    yield case("adjusted-each", "metrics.R2Score", {"updates": each}, {"num_regressors": 1})
    same = [pair(batches[0], sample_weight=2.0), pair(batches[1], sample_weight=0.0)]
    yield case("adjusted-scalar", "metrics.R2Score", {"updates": same}, {"num_regressors": 1})
    for count in (2, 4):
        once = {"updates": plain[:1]}
        yield case(f"adjusted-few-{count}", "metrics.R2Score", once, {"num_regressors": count})
    one = (np.array([[1], [4], [3]], "f4"), np.array([[2], [4], [4]], "f4"))
    yield case("one", "metrics.R2Score", {"updates": [pair(one)]}, {})
    yield case("float64", "metrics.R2Score", {"updates": [pair(one)]}, {"dtype": "float64"})
    flat = pair((one[0][:, 0], one[1][:, 0]))
    yield case("flat", "metrics.R2Score", {"updates": [flat]}, {})
    same = pair((np.ones((3, 1), "f4"), one[1]))
    yield case("constant", "metrics.R2Score", {"updates": [same]}, {})
    yield case("bad", "metrics.R2Score", {"updates": [same]}, {"class_aggregation": "mean"})
    yield case("negative", "metrics.R2Score", {"updates": [same]}, {"num_regressors": -1})


def signatures() -> dict[str, str]:
    """Return the signature of every name."""
    found = {}
    for module, names in (
        ("losses", [*ALL, "circle", "ctc", *CLASSES.values(), "Circle", "CTC", "Loss"]),
        ("metrics", [*METRICS, "Mean", "Sum", "R2Score"]),
    ):
        for name in names:
            target = getattr(getattr(keras, module), name)
            found[f"{module}.{name}"] = str(inspect.signature(target))
            for method in ("__call__", "update_state") if inspect.isclass(target) else ():
                if hasattr(target, method):
                    text = str(inspect.signature(getattr(target, method)))
                    found[f"{module}.{name}.{method}"] = text
    return found


def aliases() -> dict[str, str]:
    """Return the other names that tf.keras has for the functions in scope."""
    found = {}
    for module in ("losses", "metrics"):
        for source in (getattr(tf.keras, module), getattr(keras, module)):
            for name in sorted(vars(source)):
                target = getattr(source, name)
                real = getattr(target, "__name__", "")
                if inspect.isfunction(target) and real in ALL:
                    found[f"{module}.{name}"] = real
    return found


def configs() -> dict[str, Any]:
    """Return the configuration of every class with its defaults."""
    found = {}
    for module, names in (
        ("losses", CLASSES.values()),
        ("metrics", [*METRICS, "Mean", "Sum", "R2Score"]),
    ):
        for name in names:
            target = getattr(getattr(keras, module), name)()
            found[f"{module}.{name}"] = encode(target.get_config())
    return found


def main() -> None:
    """Write the file."""
    header = {
        "framework": "keras",
        "version": keras.__version__,
        "tensorflow": tf.__version__,
        "signatures": signatures(),
        "aliases": aliases(),
        "configs": configs(),
    }
    groups = (functions, ranks, values, reductions, classes, axes, whole, masks, metrics)
    cases = [made for group in groups for made in group()]
    write(GOLDEN / "keras.jsonl", header, cases)
    print(len(cases), "cases,", (GOLDEN / "keras.jsonl").stat().st_size, "bytes")


if __name__ == "__main__":
    main()
