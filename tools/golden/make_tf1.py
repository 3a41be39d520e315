"""Ask TensorFlow what `tf.compat.v1.losses` answers, and write it to tf1.jsonl.

Run with an environment that has TensorFlow: ``python tools/golden/make_tf1.py``. Eager mode on the
CPU; cases with ``"mode": "graph"`` ran in a graph and a session, as TensorFlow 1 itself does. Each
case draws its numbers from its own id, so a new case changes no other.
"""

from __future__ import annotations

import inspect
import os
import zlib
from collections.abc import Iterator
from functools import reduce
from typing import Any

os.environ.update(TF_CPP_MIN_LOG_LEVEL="3", CUDA_VISIBLE_DEVICES="")

import numpy as np
import tensorflow as tf
from answers import GOLDEN, decode, dtype_of, encode, outcome, write

LOSSES = tf.compat.v1.losses
REDUCTIONS = {
    "NONE": "none",
    "SUM": "weighted_sum",
    "MEAN": "weighted_mean",
    "BATCH": "weighted_sum_over_batch_size",
    "NONZERO": "weighted_sum_by_nonzero_weights",
}
ELEMENTWISE = {
    "absolute_difference": ("labels", "predictions"),
    "mean_squared_error": ("labels", "predictions"),
    "huber_loss": ("labels", "predictions"),
    "log_loss": ("labels", "predictions"),
    "hinge_loss": ("labels", "logits"),
    "sigmoid_cross_entropy": ("multi_class_labels", "logits"),
}
TAKES = {
    **ELEMENTWISE,
    "softmax_cross_entropy": ("onehot_labels", "logits"),
    "sparse_softmax_cross_entropy": ("labels", "logits"),
    "cosine_distance": ("labels", "predictions"),
    "mean_pairwise_squared_error": ("labels", "predictions"),
}
OTHERS = {"sigmoid_cross_entropy", "softmax_cross_entropy", "sparse_softmax_cross_entropy"}
"""Functions whose result has the dtype of the logits."""
NAN, INF = float("nan"), float("inf")

Case = tuple[str, str, Any]
"""Id, function, arguments."""


def numbers(name: str) -> np.random.Generator:
    """Return the generator of a case."""
    return np.random.default_rng(zlib.crc32(name.encode()))


def array(*values: Any, dtype: str = "float32") -> Any:
    """Return values as an array; one value makes an array of its own shape."""
    return np.asarray(values[0] if len(values) == 1 else values).astype(dtype_of(dtype))


def pair(call: str, shape: tuple[int, ...], name: str, dtype: str = "float32") -> dict[str, Any]:
    """Return the two first arguments of a function, drawn from the id of a case."""
    rng = numbers(name)
    first, second = TAKES[call]
    scale = 10.0 if dtype_of(dtype).kind in "iu" else 2.0
    scores = rng.normal(size=shape) * scale
    if dtype_of(dtype).kind == "u":
        scores = np.abs(scores)
    targets = rng.normal(size=shape) * scale
    if call == "log_loss":
        scores, targets = rng.random(shape), rng.random(shape)
    elif call in ("hinge_loss", "sigmoid_cross_entropy"):
        targets = rng.integers(0, 2, shape)
    elif call == "softmax_cross_entropy":
        classes = rng.integers(0, max(shape[-1], 1), shape[:-1])
        targets = np.eye(max(shape[-1], 1))[classes][..., : shape[-1]]
    elif call == "sparse_softmax_cross_entropy":
        targets = rng.integers(0, max(shape[-1], 1), shape[:-1])
        return {first: array(targets, dtype="int32"), second: array(scores, dtype=dtype)}
    elif dtype_of(dtype).kind == "u":
        targets = np.abs(targets)
    return {first: array(targets, dtype=dtype), second: array(scores, dtype=dtype)}


def weights_of(shape: tuple[int, ...], name: str) -> dict[str, Any]:
    """Return weights of every allowed kind for losses of two axes."""
    rng = numbers(name + "weights")
    rows, columns = shape
    full = rng.gamma(2.0, size=shape)
    holes = full * (rng.random(shape) < 0.6)
    mixed = rng.normal(size=shape)
    strange = full.copy()
    strange[0, 0] = np.nan
    endless = full.copy()
    endless[-1, -1] = np.inf
    return {
        "scalar": 2.5,
        "integer": 3,
        "true": True,
        "zero": 0.0,
        "minuszero": -0.0,
        "negative": -1.5,
        "nan": NAN,
        "inf": INF,
        "rank0": array(0.75, dtype="float64"),
        "rows": array(full[:, :1]),
        "columns": array(full[:1]),
        "one": array([[1.25]]),
        "full": array(full),
        "double": array(full, dtype="float64"),
        "half": array(full, dtype="float16"),
        "holes": array(holes),
        "zeros": np.zeros(shape, np.float32),
        "zerorows": np.zeros((rows, 1), np.float32),
        "mixed": array(mixed),
        "cancel": array([[1.0, -1.0] * columns] * rows)[:, :columns] * np.float32(rows),
        "nans": array(strange),
        "infs": array(endless),
        "integers": rng.integers(-1, 3, shape),
        "bytes": rng.integers(0, 3, shape).astype(np.uint8),
        "booleans": rng.random(shape) < 0.5,
        "list": [[1.0] * columns] * (rows - 1) + [[0.0] * columns],
        "underflow": array([[1e-50] + [1.0] * (columns - 1)], dtype="float64"),
    }


def elementwise() -> Iterator[Case]:
    """Yield shapes, dtypes, weights and reductions of the losses of single elements."""
    for call in ELEMENTWISE:
        for shape in [(), (0,), (1,), (5,), (0, 3), (3, 0), (4, 3), (2, 1, 3), (2, 3, 2)]:
            name = f"{call}-shape{'x'.join(map(str, shape))}"
            yield name, call, pair(call, shape, name)
        for dtype in "float16 bfloat16 float64 int8 uint8 int32 int64 uint64 bool".split():
            name = f"{call}-{dtype}"
            yield name, call, pair(call, (4, 3), name, dtype)
        some = ("rows", "holes", "negative")
        most = [kind for kind in weights_of((4, 3), "") if kind not in some]
        for spelling, reduction in REDUCTIONS.items():
            others = call == "absolute_difference" and spelling in ("NONE", "MEAN", "NONZERO")
            for kind in (*some, *(most if others else ())):
                name = f"{call}-{kind}-{spelling}"
                weights = weights_of((4, 3), name)[kind]
                given = pair(call, (4, 3), name)
                yield name, call, {**given, "weights": weights, "reduction": reduction}


def refused() -> Iterator[Case]:
    """Yield what every function refuses."""
    for call, (first, second) in TAKES.items():
        given = pair(call, (4, 3), call)
        axis = {"axis": 1} if call == "cosine_distance" else {}
        for missing in (first, second):
            yield f"{call}-None-{missing}", call, {**given, **axis, missing: None}
        yield f"{call}-None-weights", call, {**given, **axis, "weights": None}
        yield f"{call}-text-weights", call, {**given, **axis, "weights": "many"}
        yield (
            f"{call}-text-{first}",
            call,
            {**given, **axis, first: np.full(given[first].shape, "a").tolist()},
        )
        kinds = [(4,), (3,), (1,), (2, 3), (4, 2), (4, 3, 1), (1, 4, 3), (0, 3), (5, 1)]
        plain = call in ELEMENTWISE and call != "absolute_difference"
        for shape in kinds[::4] if plain else kinds:
            name = f"{call}-weights{'x'.join(map(str, shape))}"
            yield name, call, {**given, **axis, "weights": np.ones(shape, np.float32)}
        others = [(4, 1), (1, 3), (3,), (), (4, 3, 1), (2, 3), (3, 4)]
        for shape in others if call in ("absolute_difference", "cosine_distance") else others[:4]:
            name = f"{call}-{second}{'x'.join(map(str, shape))}"
            yield name, call, {**given, **axis, second: np.ones(shape, np.float32)}
        if call != "mean_pairwise_squared_error":
            for reduction in ("mean", "NONE", None, 3):
                name = f"{call}-reduction-{reduction}"
                yield name, call, {**given, **axis, "reduction": reduction}
    for call in ("absolute_difference", "mean_squared_error"):
        yield f"{call}-nothing", call, {}
        yield f"{call}-unknown", call, {**pair(call, (4, 3), call), "sample_weight": 1.0}


def special() -> Iterator[Case]:
    """Yield NaN, infinities, extremes and the parameters of the losses of single elements."""
    odd = [INF, -INF, NAN, 1.0, 0.0, -1.0, INF]
    other = [0.0, 0.0, 1.0, INF, -0.0, NAN, INF]
    for call, (first, second) in ELEMENTWISE.items():
        given = {first: array(other), second: array(odd)}
        yield f"{call}-nonfinite-NONE", call, {**given, "reduction": "none"}
        for k, reduction in enumerate(REDUCTIONS.values()):
            weights = array(0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0)
            yield (
                f"{call}-zeroxnan-{k}",
                call,
                {**given, "weights": weights, "reduction": reduction},
            )
        yield f"{call}-zeroscalarxnan", call, {**given, "weights": 0.0}
        yield (
            f"{call}-positional",
            call,
            [*pair(call, (4, 3), call).values(), 0.5],
        )
    for k, reduction in enumerate(REDUCTIONS.values()):
        args: dict[str, Any] = {"labels": array(INF, 1.0), "predictions": array(0.0, 1.0)}
        yield (
            f"absolute_difference-infinite-{k}",
            "absolute_difference",
            {**args, "reduction": reduction},
        )
        scalar = {**args, "weights": 0.0, "reduction": reduction}
        yield f"absolute_difference-zeroscalarxinf-{k}", "absolute_difference", scalar
    yield from parameters()
    yield from extremes()


def parameters() -> Iterator[Case]:
    """Yield delta, epsilon and label_smoothing."""
    for delta in (0.5, 2, 10.0, 0.1, 1e-3, 0.0, -1.0, True, NAN, INF, 1e39, "wide", None):
        for kind in ("NONE", "NONZERO"):
            name = f"huber_loss-delta{delta}-{kind}"
            given = pair("huber_loss", (2, 3), name)
            yield name, "huber_loss", {**given, "delta": delta, "reduction": REDUCTIONS[kind]}
    arrays = {"row": array(1.0, 2.0, 3.0), "wrong": array(1.0, 2.0), "list": [1.0, 2.0, 0.5]}
    for kind, delta in arrays.items():
        name = f"huber_loss-delta-{kind}"
        yield name, "huber_loss", {**pair("huber_loss", (2, 3), name), "delta": delta}
    at = {"labels": array(0.0, 0.0, 0.0), "predictions": array(0.5, -0.5, 0.25), "delta": 0.5}
    yield "huber_loss-at-delta", "huber_loss", {**at, "reduction": "none"}
    edges: dict[str, Any] = {
        "labels": array(0.0, 1.0, 1.0, 0.0, 0.5, 0.5, 1.0, 0.0),
        "predictions": array(0.0, 1.0, 0.0, 1.0, 0.0, 1.0, 1e-8, 1.0 - 6e-8),
        "reduction": "none",
    }
    for epsilon in (1e-7, 0.01, 1e-30, 1, 0.0, -0.1, 0, NAN, INF, "small", None):
        name = f"log_loss-epsilon{epsilon}"
        yield name, "log_loss", {**edges, "epsilon": epsilon}
        yield name + "-NONZERO", "log_loss", {**pair("log_loss", (2, 3), name), "epsilon": epsilon}
    outside = {"labels": array(0.0, 1.0, 0.5, 1.0), "predictions": array(1.5, -0.5, 2.0, 1.5)}
    yield "log_loss-outside", "log_loss", {**outside, "reduction": "none"}
    beyond = {"labels": array(2.0, -1.0), "predictions": array(0.25, 0.75)}
    yield "log_loss-labels-outside", "log_loss", {**beyond, "reduction": "none"}
    for call in ("sigmoid_cross_entropy", "softmax_cross_entropy"):
        for smoothing in (0.1, 0.25, 1, 2, -0.5, 0, 0.0, True, NAN, INF, "much", None):
            for dtype in ("float32", "float64", "float16", "bfloat16", "int32")[
                : 5 if smoothing == 0.1 else 1
            ]:
                name = f"{call}-smoothing{smoothing}-{dtype}"
                given = pair(call, (4, 3), name, dtype)
                yield name, call, {**given, "label_smoothing": smoothing}
                yield (
                    name + "-NONE",
                    call,
                    {**given, "label_smoothing": smoothing, "reduction": "none"},
                )
    labels = {"labels": array(0.0, 1.0, 0.5, 2.5, -1.0), "logits": array(0.5, 0.5, 3.0, 1.0, -2.0)}
    yield "hinge_loss-labels", "hinge_loss", {**labels, "reduction": "none"}
    soft = {"multi_class_labels": array(0.25, 2.0, -1.0), "logits": array(0.5, -3.0, 40.0)}
    yield "sigmoid_cross_entropy-soft", "sigmoid_cross_entropy", {**soft, "reduction": "none"}
    far = {"multi_class_labels": array(0, 1, 0, 1), "logits": array(1e4, 1e4, -1e4, -1e4)}
    yield "sigmoid_cross_entropy-far", "sigmoid_cross_entropy", {**far, "reduction": "none"}
    near = {"multi_class_labels": array(0, 1), "logits": array(1e-6, -20.0)}
    yield "sigmoid_cross_entropy-near", "sigmoid_cross_entropy", {**near, "reduction": "none"}


def extremes() -> Iterator[Case]:
    """Yield what float32 cannot hold, complex numbers and other kinds of input."""
    call = "absolute_difference"
    pairs = {
        "beyond-float32": (array(1e39, dtype="float64"), array(0.0)),
        "wide-integers": (np.array([2**53 + 1, 2**24 + 1]), np.array([2**53, 2**24])),
        "largest": (np.array([2**63 - 1]), np.array([-(2**63)])),
        "unsigned": (np.array([200, 3], np.uint8), np.array([100, 5], np.uint8)),
        "mixed-dtypes": (np.array([1, 2]), array(0.5, 3.5, dtype="float64")),
        "python-numbers": (3, 5.5),
        "lists": ([[1, 2], [3, 4]], [[1.5, 2.5], [0.5, 1.0]]),
        "big-endian": (np.array([1.0, 2.0], ">f4"), np.array([2.0, 4.0], ">f8")),
        "complex": (array(1 + 2j, 3 - 1j, dtype="complex64"), array(2.0, 5.0)),
        "cancelling": (array(1e8, 16777216.0), array(1e8 + 8, 16777217.0)),
        "near": (array(1.0, 1.0), array(1.0 + 2**-23, 1.0 - 2**-24)),
        "subnormal": (array(1e-40, 0.0), array(0.0, 3e-45)),
        "overflowing": (array(3e38, 3e38), array(-3e38, -3e38)),
    }
    for kind, (labels, predictions) in pairs.items():
        for reduction in ("none", "weighted_sum_by_nonzero_weights"):
            args = {"labels": labels, "predictions": predictions, "reduction": reduction}
            yield f"{call}-{kind}-{reduction}", call, args
    squares = {"labels": array(1e30, 0.0, 1.0), "predictions": array(-1e30, 0.0, 3.0)}
    yield "mean_squared_error-overflow", "mean_squared_error", squares
    masked = {**squares, "weights": array(0.0, 1.0, 1.0)}
    yield "mean_squared_error-overflow-zero", "mean_squared_error", masked
    page = {"labels": [1, 2, 3], "predictions": [1, 3, 5], "weights": [0, 1, 0.25]}
    yield "mean_squared_error-page", "mean_squared_error", page
    batch = {**page, "reduction": "weighted_sum_over_batch_size"}
    yield "mean_squared_error-page-BATCH", "mean_squared_error", batch
    everything = {"scope": "a/b", "loss_collection": None, "reduction": "weighted_sum"}
    yield f"{call}-everything", call, {**pair(call, (2, 3), call), "weights": 2.0, **everything}
    positional = [*pair(call, (2, 3), call).values(), 2.0, "scope", "losses", "weighted_mean"]
    yield f"{call}-positional-all", call, positional


def weighted() -> Iterator[Case]:
    """Yield compute_weighted_loss: every weight, reduction and dtype."""
    call = "compute_weighted_loss"
    for spelling, reduction in REDUCTIONS.items():
        for kind in weights_of((4, 3), ""):
            name = f"{call}-{kind}-{spelling}"
            losses = array(numbers(name).normal(size=(4, 3)))
            weights = weights_of((4, 3), name)[kind]
            yield name, call, {"losses": losses, "weights": weights, "reduction": reduction}
    dtypes = "float16 bfloat16 float32 float64 int8 int16 int32 int64 uint8 bool complex64"
    for dtype in dtypes.split():
        for spelling, reduction in REDUCTIONS.items():
            name = f"{call}-{dtype}-{spelling}"
            rng = numbers(name)
            values = rng.gamma(2.0, size=(2, 3)) * (10 if dtype_of(dtype).kind in "iu" else 1)
            losses = array(values, dtype=dtype)
            weights = array([[0.5], [1.5]])
            yield name, call, {"losses": losses, "weights": weights, "reduction": reduction}
    for shape in [(), (0,), (1,), (6,), (0, 3), (3, 0), (2, 1, 3), (2, 3, 2), (1, 2, 1, 2)]:
        for reduction in ("none", "weighted_sum_by_nonzero_weights", "weighted_mean"):
            name = f"{call}-shape{'x'.join(map(str, shape))}-{reduction}"
            losses = array(numbers(name).random(shape))
            yield name, call, {"losses": losses, "reduction": reduction}
            ones = {"losses": losses, "weights": np.ones((1,) * len(shape)), "reduction": reduction}
            yield name + "-ones", call, ones
    losses = np.ones((4, 3), np.float32)
    for shape in [(4,), (3,), (1,), (12,), (2, 3), (4, 2), (4, 3, 1), (1, 4, 3), (0, 3), (0, 0)]:
        name = f"{call}-weights{'x'.join(map(str, shape))}"
        yield name, call, {"losses": losses, "weights": np.ones(shape)}
    yield f"{call}-rank0-weights1", call, {"losses": 3.0, "weights": np.ones(1)}
    yield f"{call}-None-losses", call, {"losses": None}
    yield f"{call}-None-weights", call, {"losses": losses, "weights": None}
    yield f"{call}-text-losses", call, {"losses": ["a"]}
    for reduction in ("mean", "sum", "NONE", None, 0):
        yield f"{call}-reduction-{reduction}", call, {"losses": losses, "reduction": reduction}
    python: dict[str, Any] = {
        "integers": [1, 2, 4],
        "floats": [1.0, 2.0, 4.5],
        "mixed": [1, 2.5],
        "booleans": [True, False, True],
        "large": [2**40, 2**41],
        "empty": [],
        "number": 2.5,
        "integer": 7,
        "nested": [[1.0, 2.0], [3.0, 4.0]],
        "ragged": [[1.0], [2.0, 3.0]],
        "complex": array(1 + 2j, 3.0, dtype="complex128"),
    }
    for kind, values in python.items():
        yield f"{call}-python-{kind}", call, {"losses": values, "weights": 0.5}
        yield f"{call}-python-{kind}-SUM", call, {"losses": values, "reduction": "weighted_sum"}
    yield from rounding(call)


def rounding(call: str) -> Iterator[Case]:
    """Yield losses and weights at the edges of float32 and of the result's dtype."""
    cases: dict[str, tuple[Any, Any, str]] = {
        "overflow-sum": (array(3e38, 3e38, -3e38), 1.0, "weighted_sum"),
        "overflow-mean": (array(3e38, 3e38, 3e38), 1.0, "weighted_mean"),
        "float16-overflow": (array([6e4] * 3, dtype="float16"), 1.0, "weighted_sum"),
        "float64-to-inf": (array(1e39, 1.0, dtype="float64"), 1.0, "none"),
        "float64-third": (array(1.0, 0.0, 0.0, dtype="float64"), 1.0, "weighted_mean"),
        "integers-truncated": (np.array([-1, -2, 5, 7]), 0.3, "none"),
        "cancelled-mean": (array(1.0, 3.0), array(1.0, -1.0), "weighted_mean"),
        "negative-mean": (array(1.0, 3.0), array(1.0, -2.0), "weighted_mean"),
        "subnormal-weight": (array(1.0, 1.0), array(1e-40, 1.0), "none"),
        "subnormal-present": (array(1.0, 1.0), array(1e-40, 1.0), REDUCTIONS["NONZERO"]),
        "subnormal-scalar": (array(1.0, 3.0), array(1e-40), REDUCTIONS["NONZERO"]),
        "subnormal-losses": (array(1e-40, 1e-41), 1.0, "weighted_sum"),
        "tiny-double-weight": (
            array(1.0, 1.0),
            array(1e-50, 1.0, dtype="float64"),
            REDUCTIONS["NONZERO"],
        ),
        "tiny-double-scalar": (
            array(1.0, 1.0),
            array(1e-50, dtype="float64"),
            REDUCTIONS["NONZERO"],
        ),
        "complex-weights": (
            array(1.0, 2.0),
            array(1 + 1j, 3j, dtype="complex64"),
            REDUCTIONS["NONZERO"],
        ),
        "nan-losses-zero": (array(NAN, NAN), 0.0, REDUCTIONS["NONZERO"]),
        "nan-losses-zero-sum": (array(NAN, NAN), 0.0, "weighted_sum"),
        "nan-losses-zero-batch": (array(NAN, NAN), 0.0, REDUCTIONS["BATCH"]),
        "nan-losses-zero-mean": (array(NAN, NAN), 0.0, "weighted_mean"),
        "inf-weights-mean": (array(1.0, 3.0), array(INF, 1.0), "weighted_mean"),
        "both-infinities": (array(INF, -INF), 1.0, "weighted_sum"),
    }
    for kind, (losses, weights, reduction) in cases.items():
        args = {"losses": losses, "weights": weights, "reduction": reduction}
        yield f"{call}-{kind}", call, args


def rows() -> Iterator[Case]:
    """Yield the losses of rows: softmax, sparse softmax and cosine."""
    for call in ("softmax_cross_entropy", "sparse_softmax_cross_entropy"):
        for shape in [(4, 3), (1, 5), (4, 1), (0, 3), (3,), (2, 2, 3), (2, 0), (1, 2, 2, 2)]:
            for reduction in ("none", "weighted_sum_by_nonzero_weights"):
                name = f"{call}-shape{'x'.join(map(str, shape))}-{reduction}"
                yield name, call, {**pair(call, shape, name), "reduction": reduction}
        for dtype in "float16 bfloat16 float64 int32 bool complex64".split():
            name = f"{call}-{dtype}"
            yield name, call, {**pair(call, (4, 3), name, dtype), "reduction": "none"}
            yield name + "-NONZERO", call, pair(call, (4, 3), name, dtype)
        kinds: dict[str, Any] = {
            "scalar": 2.5,
            "zero": 0,
            "negative": -0.5,
            "one": array([0.5]),
            "full": array(0.5, 0.0, 2.0, 1.0),
            "double": array(0.1, 0.0, 2.0, 1.0, dtype="float64"),
            "zeros": np.zeros(4, np.float32),
            "nan": array(NAN, 0.0, 1.0, 1.0),
            "integers": np.array([1, 0, 2, 1]),
        }
        for kind, weights in kinds.items():
            for spelling in REDUCTIONS if kind in ("full", "scalar") else ("NONZERO", "MEAN"):
                name = f"{call}-{kind}-{spelling}"
                args = {"weights": weights, "reduction": REDUCTIONS[spelling]}
                yield name, call, {**pair(call, (4, 3), name), **args}
        logits = array(
            [[1e3, -1e3, 0], [INF, 0, 1], [-INF, 0, 1], [NAN, 0, 1], [-INF] * 3, [INF] * 3]
        )
        for k in range(3):
            labels = np.full(6, k, np.int32)
            chosen = labels if call.startswith("sparse") else np.eye(3, dtype=np.float32)[labels]
            args = {TAKES[call][0]: chosen, "logits": logits, "reduction": "none"}
            yield f"{call}-nonfinite{k}", call, args
    yield from sparse()
    yield from softmax()
    yield from cosine()


def softmax() -> Iterator[Case]:
    """Yield softmax_cross_entropy with labels that are no one-hot vectors."""
    call = "softmax_cross_entropy"
    logits = array([[0.5, -1.0, 2.0]])
    kinds: dict[str, list[float]] = {
        "soft": [0.2, 0.3, 0.5],
        "double": [0.0, 2.0, 0.0],
        "none": [0.0, 0.0, 0.0],
        "negative": [0.0, -1.0, 1.0],
        "nan": [0.0, NAN, 0.0],
        "inf": [0.0, INF, 0.0],
    }
    for kind, labels in kinds.items():
        args = {"onehot_labels": array([labels]), "logits": logits, "reduction": "none"}
        yield f"{call}-labels-{kind}", call, args
    integers = {"onehot_labels": np.eye(3, dtype=np.int64), "logits": array(np.eye(3))}
    yield f"{call}-labels-integers", call, integers
    page = {
        "onehot_labels": [[0, 1, 0], [0, 0, 1]],
        "logits": [[0.05, 0.95, 0], [0.1, 0.8, 0.1]],
        "weights": [0.3, 0.7],
        "label_smoothing": 0.2,
    }
    yield f"{call}-page", call, page
    for kind, shape in {"scalars": (), "rank3": (2, 2, 3)}.items():
        given = {"onehot_labels": np.ones(shape), "logits": np.ones(shape, np.float32)}
        yield f"{call}-{kind}", call, given
    given = pair(call, (2, 2, 3), call)
    for shape in [(2, 2), (2, 1), (1, 2), (2,), (2, 2, 1), (2, 2, 3)]:
        name = f"{call}-rank3-weights{'x'.join(map(str, shape))}"
        yield name, call, {**given, "weights": np.full(shape, 0.5, np.float32)}


def sparse() -> Iterator[Case]:
    """Yield the ranks that sparse_softmax_cross_entropy squeezes, and its labels."""
    call = "sparse_softmax_cross_entropy"
    logits = array(numbers(call).normal(size=(2, 3)))
    shapes = {
        "labels2x1": ((2, 1), (2, 3)),
        "labels1x2": ((1, 2), (2, 3)),
        "labels2x1x1": ((2, 1, 1), (2, 3)),
        "labels3": ((3,), (2, 3)),
        "labels-scalar": ((), (3,)),
        "labels1-of-row": ((1,), (3,)),
        "labels-scalar-of-2": ((), (2, 3)),
        "logits2x3x1": ((2,), (2, 3, 1)),
        "logits2x1x3": ((2,), (2, 1, 3)),
        "logits-scalar": ((), ()),
        "logits-scalar-labels1": ((1,), ()),
        "both-rank3": ((1, 2, 1), (1, 2, 3)),
    }
    for kind, (labels, logits_shape) in shapes.items():
        args = {"labels": np.ones(labels, np.int32), "logits": np.ones(logits_shape, np.float32)}
        yield f"{call}-{kind}", call, {**args, "reduction": "none"}
    for shape in [(2, 1), (1, 2), (1, 1), (2, 1, 1), (2, 0), (1, 2, 1), (2,), (1,), (3,)]:
        name = f"{call}-squeezed-weights{'x'.join(map(str, shape))}"
        args = {"labels": np.array([1, 2]), "logits": logits, "reduction": "none"}
        yield name, call, {**args, "weights": np.full(shape, 0.5, np.float32)}
    deep = {"labels": np.array([[1, 2]]), "logits": logits[None], "reduction": "none"}
    yield f"{call}-deep-weights", call, {**deep, "weights": array([[[1.0], [2.0]]])}
    scalar = {"labels": np.array(1), "logits": logits[0], "reduction": "none"}
    yield f"{call}-scalar-weights1", call, {**scalar, "weights": array([2.0])}
    yield f"{call}-scalar-weights2", call, {**scalar, "weights": array(2.0, 3.0)}
    for dtype in "int8 uint8 int16 uint16 int32 uint32 int64 uint64 float32 bool".split():
        args = {"labels": array(1, 0, dtype=dtype), "logits": logits}
        yield f"{call}-labels-{dtype}", call, args
    bad = {"large": [1, 3], "negative": [-1, 1], "wide": [2**40, 1], "byte": [257, 1]}
    for kind, labels in bad.items():
        for reduction in ("none", "weighted_sum_by_nonzero_weights"):
            args = {"labels": np.array(labels), "logits": logits, "reduction": reduction}
            yield f"{call}-bad-{kind}-{reduction}", call, args
    zero = {"labels": np.array([1, 9]), "logits": logits, "weights": array(1.0, 0.0)}
    yield f"{call}-bad-weight0", call, zero
    yield f"{call}-labels-list", call, {"labels": [1, 2], "logits": logits}


def cosine() -> Iterator[Case]:
    """Yield cosine_distance: axes, shapes of weights, spellings."""
    call = "cosine_distance"
    given = pair(call, (4, 3), call)
    for axis in (0, 1, -1, -2, 2, -3, None, 1.0, "x", True, [0, 1], [1]):
        for reduction in ("none", "weighted_sum_by_nonzero_weights"):
            name = f"{call}-axis{axis}-{reduction}".replace(" ", "")
            yield name, call, {**given, "axis": axis, "reduction": reduction}
    yield f"{call}-dim", call, {**given, "dim": 0}
    yield f"{call}-dim-and-axis", call, {**given, "dim": 1, "axis": 1}
    kinds: dict[str, Any] = {
        "scalar": 0.5,
        "zero": 0.0,
        "rows": array([[0.5], [0.0], [2.0], [-1.0]]),
        "one": array([[2.0]]),
        "zeros": np.zeros((4, 1), np.float32),
        "nan": array([[NAN], [0.0], [1.0], [1.0]]),
    }
    for kind, weights in kinds.items():
        for spelling, reduction in REDUCTIONS.items():
            args = {"axis": 1, "weights": weights, "reduction": reduction}
            yield f"{call}-{kind}-{spelling}", call, {**given, **args}
    for shape, axis in [((), 0), ((3,), 0), ((0, 3), 1), ((2, 0), 1), ((0, 3), 0), ((2, 3, 2), 1)]:
        for reduction in ("none", "weighted_sum_by_nonzero_weights"):
            name = f"{call}-shape{'x'.join(map(str, shape))}-axis{axis}-{reduction}"
            yield name, call, {**pair(call, shape, name), "axis": axis, "reduction": reduction}
    for dtype in "float16 bfloat16 float64 int32 bool".split():
        name = f"{call}-{dtype}"
        yield name, call, {**pair(call, (4, 3), name, dtype), "axis": 1}
    unit = {"labels": array([[1.0, 0.0]]), "predictions": array([[0.6, 0.8]]), "axis": 1}
    yield f"{call}-unit", call, unit
    odd = {
        "labels": array([[INF, 1.0], [0.0, NAN]]),
        "predictions": array([[0.0, 1.0], [1.0, 1.0]]),
    }
    yield f"{call}-nonfinite", call, {**odd, "axis": 1, "reduction": "none"}


def pairwise() -> Iterator[Case]:
    """Yield mean_pairwise_squared_error."""
    call = "mean_pairwise_squared_error"
    for shape in [(), (0,), (3,), (1, 3), (4, 3), (4, 2), (4, 1), (0, 3), (3, 0), (2, 3, 2)]:
        name = f"{call}-shape{'x'.join(map(str, shape))}"
        yield name, call, pair(call, shape, name)
        given = pair(call, shape, name)
        yield name + "-ones", call, {**given, "weights": np.ones(shape, np.float32)}
    for kind in weights_of((4, 3), ""):
        name = f"{call}-{kind}"
        given = pair(call, (4, 3), name)
        yield name, call, {**given, "weights": weights_of((4, 3), name)[kind]}
    for dtype in "float16 bfloat16 float64 int32 uint8 bool".split():
        name = f"{call}-{dtype}"
        yield name, call, {**pair(call, (4, 3), name, dtype), "weights": np.ones((4, 1))}
    only = array([[1.0, 0.0, 0.0], [1.0, 1.0, 0.0], [0.0, 0.0, 0.0], [1.0, 1.0, 1.0]])
    yield f"{call}-some-present", call, {**pair(call, (4, 3), call), "weights": only}
    odd = array([[INF, 1.0, 0.0], [NAN, 0.0, 0.0], [1.0, 2.0, 3.0], [0.0, 0.0, 0.0]])
    given = {"labels": np.zeros((4, 3), np.float32), "predictions": odd}
    yield f"{call}-nonfinite", call, {**given, "weights": np.ones((4, 1))}
    yield f"{call}-nonfinite-zero", call, {**given, "weights": array([[0.0], [0.0], [1.0], [1.0]])}
    rows = {**pair(call, (4, 3), call), "weights": np.ones((4, 1), np.float32)}
    yield f"{call}-weights4x1", call, rows
    deep = pair(call, (2, 3, 2), call)
    for shape in [(2, 1, 1), (2, 3, 2), (2, 3, 1), (1, 1, 1), (2,), (2, 3), (3,)]:
        name = f"{call}-rank3-weights{'x'.join(map(str, shape))}"
        yield name, call, {**deep, "weights": np.full(shape, 0.5, np.float32)}
    page = {"labels": array([[1.0, 2.0, 4.0]]), "predictions": array([[3.0, 1.0, 5.0]])}
    yield f"{call}-page", call, page


def collections() -> Iterator[Case]:
    """Yield Reduction and what looks into collections."""
    for member in ("NONE", "SUM", "SUM_OVER_BATCH_SIZE", "MEAN"):
        yield f"Reduction.{member}", f"Reduction.{member}", {}
    for member in ("SUM_BY_NONZERO_WEIGHTS", "SUM_OVER_NONZERO_WEIGHTS"):
        yield f"Reduction.{member}", f"Reduction.{member}", {}
    yield "Reduction.all", "Reduction.all", {}
    for key in (*REDUCTIONS.values(), "mean", "NONE", None, 1, ["none"]):
        yield f"Reduction.validate-{key}", "Reduction.validate", {"key": key}
    yield "add_loss", "add_loss", {"loss": 3.0}
    yield "add_loss-collection", "add_loss", {"loss": array(3.0), "loss_collection": None}
    yield "add_loss-nothing", "add_loss", {}
    yield "get_losses", "get_losses", {}
    yield "get_losses-scope", "get_losses", {"scope": "a", "loss_collection": "b"}
    yield "get_regularization_losses", "get_regularization_losses", {}
    yield "get_regularization_loss", "get_regularization_loss", {"scope": "a", "name": "b"}
    yield "get_total_loss", "get_total_loss", {}
    without = {"add_regularization_losses": False, "name": "a", "scope": "b"}
    yield "get_total_loss-without", "get_total_loss", without


GRAPH = (
    "shape",
    "scalar",
    "integer",
    "true",
    "negative",
    "zero",
    "rank0",
    "weights",
    "page",
    "nan",
)
"""Kinds of mean_pairwise_squared_error that are asked in a graph too."""


def answer(call: str, args: Any) -> Any:
    """Return what TensorFlow gives in eager mode."""
    found = reduce(getattr, call.split("."), LOSSES)
    if not callable(found):
        return found
    args = tensors(decode(encode(args)))
    result = found(*args) if isinstance(args, list) else found(**args)
    return result.numpy() if hasattr(result, "numpy") else result


def in_graph(call: str, args: Any) -> Any:
    """Return what TensorFlow gives in a graph and a session."""
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        return session.run(getattr(LOSSES, call)(**tensors(decode(encode(args)))))


def tensors(args: Any) -> Any:
    """Return the arguments with bfloat16 arrays, which TensorFlow wants as its own, as tensors."""
    items = args.items() if isinstance(args, dict) else enumerate(args)
    new = {k: tf.constant(v) if str(getattr(v, "dtype", "")) == "bfloat16" else v for k, v in items}
    return new if isinstance(args, dict) else list(new.values())


def cases() -> Iterator[dict[str, Any]]:
    """Yield every case with its outcome."""
    parts = (elementwise(), refused(), special(), weighted(), rows(), pairwise(), collections())
    for part in parts:
        for name, call, args in part:
            case = {"id": name, "call": call, "args": encode(args)}
            yield {**case, "outcome": outcome(lambda: answer(call, args))}  # noqa: B023
            kind = name.removeprefix("mean_pairwise_squared_error-")
            if kind != name and kind.startswith(GRAPH):
                case = {**case, "id": name + "-graph", "mode": "graph"}
                yield {**case, "outcome": outcome(lambda: in_graph(call, args))}  # noqa: B023


def header() -> dict[str, Any]:
    """Return what the cases have in common, and the signatures."""
    functions = {name: getattr(LOSSES, name) for name in dir(LOSSES) if name[0] in "acghlms"}
    return {
        "framework": "tensorflow",
        "version": tf.__version__,
        "namespace": "tf.compat.v1.losses",
        "signatures": {name: str(inspect.signature(f)) for name, f in functions.items()},
    }


if __name__ == "__main__":
    write(GOLDEN / "tf1.jsonl", header(), cases())
