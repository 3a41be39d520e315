"""Ask PyTorch for the golden answers: ``python tools/golden/make_torch.py`` writes torch.jsonl.

A case of a function has its arguments, a case of a class its constructor's (`init`) and those of
the call. `warns` lists the warnings that the call gives. The header holds every signature.
"""

from __future__ import annotations

import inspect
import itertools
import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from answers import GOLDEN, decode, dtype_of, encode, outcome, write
from torch import nn
from torch.nn import functional

Case = dict[str, Any]

CLASSES = {
    "L1Loss": "l1_loss",
    "MSELoss": "mse_loss",
    "HuberLoss": "huber_loss",
    "SmoothL1Loss": "smooth_l1_loss",
    "CrossEntropyLoss": "cross_entropy",
    "NLLLoss": "nll_loss",
    "KLDivLoss": "kl_div",
    "BCELoss": "binary_cross_entropy",
    "BCEWithLogitsLoss": "binary_cross_entropy_with_logits",
    "PoissonNLLLoss": "poisson_nll_loss",
    "GaussianNLLLoss": "gaussian_nll_loss",
    "HingeEmbeddingLoss": "hinge_embedding_loss",
    "MarginRankingLoss": "margin_ranking_loss",
    "SoftMarginLoss": "soft_margin_loss",
    "MultiMarginLoss": "multi_margin_loss",
    "MultiLabelMarginLoss": "multilabel_margin_loss",
    "MultiLabelSoftMarginLoss": "multilabel_soft_margin_loss",
    "CosineEmbeddingLoss": "cosine_embedding_loss",
    "TripletMarginLoss": "triplet_margin_loss",
    "TripletMarginWithDistanceLoss": "triplet_margin_with_distance_loss",
}
PAIRS = ["l1_loss", "mse_loss", "huber_loss", "smooth_l1_loss", "kl_div", "poisson_nll_loss"]
PAIRS += ["soft_margin_loss", "hinge_embedding_loss"]
BINARY = ["binary_cross_entropy", "binary_cross_entropy_with_logits"]
INDEXED = ["cross_entropy", "nll_loss"]
NAN, INF = float("nan"), float("inf")


class Draw:
    """Seeded arrays of few digits."""

    def __init__(self, seed: int) -> None:
        self.rng = np.random.default_rng(seed)

    def normal(self, *shape: int, dtype: str = "float32") -> Any:
        return self.rng.normal(size=shape).round(2).astype(dtype_of(dtype))

    def uniform(self, *shape: int, dtype: str = "float32") -> Any:
        return self.rng.uniform(0.05, 0.95, shape).round(2).astype(dtype_of(dtype))

    def signs(self, *shape: int, dtype: str = "float32") -> Any:
        return self.rng.choice([-1, 1], shape).astype(dtype_of(dtype))

    def labels(self, classes: int, *shape: int, dtype: str = "int64") -> Any:
        return self.rng.integers(0, classes, shape).astype(dtype)

    def count(self, *shape: int, dtype: str = "float32") -> Any:
        return self.rng.integers(0, 5, shape).astype(dtype_of(dtype))

    def pair(self, name: str, shape: Any, other: Any = None, dtype: str = "float32") -> Case:
        """Input and target of a function, of shapes that may differ."""
        shape, other = tuple(shape), tuple(shape if other is None else other)
        logs = name in ("kl_div", "nll_loss")
        input = self.normal(*shape, dtype=dtype)
        if logs or name == "binary_cross_entropy":
            input = self.uniform(*shape, dtype=dtype)
        if logs:
            input = -input
        draw = {
            "kl_div": self.uniform,
            "poisson_nll_loss": self.count,
            "soft_margin_loss": self.signs,
            "hinge_embedding_loss": self.signs,
            "binary_cross_entropy": self.uniform,
            "binary_cross_entropy_with_logits": self.uniform,
            "multilabel_soft_margin_loss": self.uniform,
        }.get(name, self.normal)
        return {"input": input, "target": draw(*other, dtype=dtype)}


def f32(*values: Any) -> Any:
    return np.array(values, np.float32)


def f64(*values: Any) -> Any:
    return np.array(values, np.float64)


def i64(*values: Any) -> Any:
    return np.array(values, np.int64)


def item(call: str, label: str, args: Any, init: Case | None = None) -> Case:
    case: Case = {"id": f"{call}-{label}", "call": call}
    if init is not None:
        case["init"] = init
    return {**case, "args": args}


def elementwise() -> Iterator[Case]:
    """Shapes, reductions, dtypes and special values of losses of two arrays of one shape."""
    draw = Draw(1)
    shapes = [(), (0,), (3,), (2, 3), (0, 3), (2, 2, 3)]
    for name in (*PAIRS, *BINARY):
        for shape, reduction in itertools.product(shapes, ("none", "mean", "sum")):
            if shape in [(), (2, 2, 3)] and reduction == "sum":
                continue
            args = {**draw.pair(name, shape), "reduction": reduction}
            yield item(name, f"{shape}-{reduction}", args)
        yield item(name, "default", draw.pair(name, (2, 4)))
        for dtype in ("float16", "bfloat16", "float64"):
            args = draw.pair(name, (2, 3), dtype=dtype)
            yield item(name, f"{dtype}-mean", args)
            yield item(name, f"{dtype}-none", {**args, "reduction": "none"})
        for bad in ("avg", "MEAN", None, "batchmean", "elementwise_mean"):
            yield item(name, f"reduction-{bad}", {**draw.pair(name, (3,)), "reduction": bad})
        special = {
            "nan-input": {"input": f32(0.5, NAN)},
            "nan-target": {"target": f32(NAN, 1.0)},
            "inf-input": {"input": f32(0.5, INF)},
            "inf-both": {"input": f32(0.5, INF), "target": f32(1.0, INF)},
            "minus-inf-input": {"input": f32(-INF, 0.5)},
            "zero": {"input": f32(0.0, 0.0)},
        }
        for label, changed in special.items():
            for reduction in ("none", "mean"):
                args = {"input": f32(0.25, 0.5), "target": f32(1.0, -1.0), **changed}
                yield item(name, f"{label}-{reduction}", {**args, "reduction": reduction})


def mixed() -> Iterator[Case]:
    """Result dtypes: by promotion, by the input alone, or an error."""
    draw = Draw(2)
    pairs = [
        ("float32", "float64"),
        ("float64", "float32"),
        ("float16", "bfloat16"),
        ("float16", "float32"),
        ("float32", "int64"),
        ("int64", "float32"),
        ("int64", "float16"),
        ("int64", "int64"),
        ("bool", "bool"),
        ("float32", "bool"),
        ("complex64", "complex64"),
    ]
    for name, (one, two) in itertools.product((*PAIRS, *BINARY), pairs):
        target = [1, 0, 1, 1] if name in BINARY else [2, 1, 0, 1]
        args = {"input": np.array([1, 0, 1, 0]), "target": np.array(target)}
        if name == "poisson_nll_loss" and one == "complex64":
            continue  # complex in, complex out: no loss
        if name == "soft_margin_loss" and one == "complex64":
            continue
        args = {
            k: v.astype(dtype_of(d)) for (k, v), d in zip(args.items(), (one, two), strict=True)
        }
        for reduction in ("mean", "sum") if one.startswith("int") else ("mean",):
            yield item(name, f"{one}-{two}-{reduction}", {**args, "reduction": reduction})
    for one, two in [("float64", "float32"), ("float32", "float64"), ("int64", "float32")]:
        for name in PAIRS:  # an array of rank 0 gives way to others of its kind
            args = {"input": draw.count(3, dtype=one), "target": draw.count(dtype=two) + 1}
            args["target"] = np.asarray(args["target"], two)
            yield item(name, f"{one}-{two}-rank0", args)
    for dtype, reduction in itertools.product(("uint8", "int8", "int32"), ("none", "sum", "mean")):
        args = {"input": np.array([3, 9], dtype), "target": np.array([1, 4], dtype)}
        yield item("l1_loss", f"{dtype}-{reduction}", {**args, "reduction": reduction})
        yield item("hinge_embedding_loss", f"{dtype}-{reduction}", {**args, "reduction": reduction})
    wraps = {"input": np.array([3, 250], np.uint8), "target": np.array([5, 1], np.uint8)}
    for reduction in ("none", "sum"):
        yield item("l1_loss", f"uint8-wraps-{reduction}", {**wraps, "reduction": reduction})
    numbers = np.array([3 + 4j, 1 - 1j, -2j], np.complex64)
    for dtype, reduction in itertools.product(("complex64", "complex128"), ("none", "mean", "sum")):
        args = {"input": numbers.astype(dtype), "target": np.zeros(3, dtype)}
        yield item("l1_loss", f"{dtype}-{reduction}", {**args, "reduction": reduction})
    yield item("l1_loss", "complex-real", {"input": numbers, "target": f32(1, 2, 3)})
    yield item("l1_loss", "real-complex", {"input": f32(1, 2, 3), "target": numbers})
    yield item("l1_loss", "real64-complex64", {"input": f64(1, 2, 3), "target": numbers})


def broadcasting() -> Iterator[Case]:
    """Shapes that differ: broadcast with or without a warning, or refused."""
    draw = Draw(3)
    shapes = [((3,), ()), ((), (3,)), ((2, 3), (3,)), ((2, 1), (2, 3)), ((2, 3), (2, 1))]
    shapes += [((2, 3), (3, 2)), ((0,), (1,)), ((4,), (4, 1))]
    for name, (one, two) in itertools.product((*PAIRS, *BINARY), shapes):
        yield item(name, f"{one}-{two}", draw.pair(name, one, two))
    for name in ("l1_loss", "kl_div"):
        args = {**draw.pair(name, (2, 1), (2, 3)), "reduction": "none"}
        yield item(name, "broadcast-none", args)


def parameters() -> Iterator[Case]:
    """Every argument of the losses of two arrays at other values than its default."""
    draw = Draw(4)
    for name in (*PAIRS, *BINARY):
        if name == "huber_loss":
            continue
        for average, reduce in itertools.product((None, True, False), repeat=2):
            if average is None and reduce is None:
                continue
            args = {**draw.pair(name, (2, 2)), "size_average": average, "reduce": reduce}
            yield item(name, f"legacy-{average}-{reduce}", {**args, "reduction": "none"})
    for name, delta in itertools.product(
        ("huber_loss", "smooth_l1_loss"), (0.5, 2.0, 0, 0.0, -1.0, 1)
    ):
        key = "delta" if name == "huber_loss" else "beta"
        args = {"input": f32(0.0, 0.5, 1.0, -3.0), "target": f32(0.5, 0.0, 0.0, 0.25)}
        yield item(name, f"{key}-{delta!r}", {**args, key: delta, "reduction": "none"})
    args = {"input": f32(0.0, 3.0), "target": f32(0.5, -1e4), "reduction": "none"}
    yield item("huber_loss", "delta-inf", {**args, "delta": INF})
    for margin in (0.5, 2, -1.0):
        for target in ("signs", "others"):
            args = {"input": f32(-0.5, 0.5, 1.5), "margin": margin, "reduction": "none"}
            args["target"] = f32(1, -1, -1) if target == "signs" else f32(0, 2, 0.5)
            yield item("hinge_embedding_loss", f"margin-{margin}-{target}", args)
    for log_target, reduction in itertools.product((False, True), ("none", "batchmean", "sum")):
        args = {**draw.pair("kl_div", (2, 3)), "log_target": log_target, "reduction": reduction}
        yield item("kl_div", f"log_target-{log_target}-{reduction}", args)
    target = f32(0.0, -0.5, 1.0, 2.0)
    for log_target in (False, True):
        args = {"input": f32(-1, -2, -INF, -3), "target": target, "log_target": log_target}
        yield item("kl_div", f"edges-{log_target}", {**args, "reduction": "none"})
    for shape in ((), (0,), (0, 3), (3,), (2, 2, 3)):
        args = {**draw.pair("kl_div", shape), "reduction": "batchmean"}
        yield item("kl_div", f"batchmean-{shape}", args)
    counts = f32(0.0, 0.5, 1.0, 1.5, 7.0, -1.0, NAN)
    for log_input, full in itertools.product((True, False), repeat=2):
        args = {"input": f32(0.5, 0.1, 2.0, 0.3, 1.0, 0.25, 0.5), "target": counts}
        args = {**args, "log_input": log_input, "full": full, "reduction": "none"}
        yield item("poisson_nll_loss", f"log_input-{log_input}-full-{full}", args)
        args = {**draw.pair("poisson_nll_loss", (3, 2)), "log_input": log_input, "full": full}
        yield item("poisson_nll_loss", f"positive-{log_input}-{full}", args)
    for eps in (1e-8, 0.5, 0.0):
        args = {"input": f32(0.0, 1.0, -0.25), "target": f32(1, 2, 1), "eps": eps}
        args = {**args, "log_input": False, "reduction": "none"}
        yield item("poisson_nll_loss", f"eps-{eps}", args)
    far = {"input": f32(-20.0, -200.0, 200.0), "target": f32(1, 1, 1)}
    yield item("soft_margin_loss", "far-none", {**far, "reduction": "none"})
    near = {"input": f32(-20.0, 20.0, 30.0), "target": f32(1, 1, 1)}
    yield item("soft_margin_loss", "near-none", {**near, "reduction": "none"})


WEIGHTED = ["l1_loss", "mse_loss", "huber_loss"]


def weighted() -> Iterator[Case]:
    """The `weight` of the functional forms: divided by its sum, or not."""
    draw = Draw(5)
    weights = {
        "positive": draw.uniform(2, 3),
        "zeros": f32([0, 1, 0], [2, 0, 0.5]),
        "all-zero": np.zeros((2, 3), np.float32),
        "negative": f32([-1, 2, 0.5], [0.25, -3, 1]),
        "opposite": f32([1, -1, 2], [-2, 0, 0]),
        "nan": f32([1, NAN, 2], [1, 1, 1]),
        "inf": f32([1, INF, 2], [1, 1, 1]),
        "float64": draw.uniform(2, 3, dtype="float64"),
        "int64": draw.count(2, 3, dtype="int64"),
        "bool": np.array([[True, False, True], [False, True, True]]),
        "row": draw.uniform(3),
        "column": draw.uniform(2, 1),
        "scalar": np.asarray(np.float32(2.0)),
    }
    for name, (label, weight) in itertools.product(WEIGHTED, weights.items()):
        pair = draw.pair(name, (2, 3))
        for reduction in ("none", "mean", "sum"):
            if reduction == "none" and label not in ("positive", "nan", "float64"):
                continue
            args = {**pair, "weight": weight, "reduction": reduction}
            yield item(name, f"weight-{label}-{reduction}", args)
    for name in WEIGHTED:
        pair = draw.pair(name, (2, 3))
        nans = {**pair, "input": np.where(weights["zeros"] == 0, f32(NAN), pair["input"])}
        yield item(name, "weight-zero-under-nan", {**nans, "weight": weights["zeros"]})
        yield item(name, "weight-bad", {**pair, "weight": weights["zeros"], "reduction": "avg"})
        one, two = draw.pair(name, (2, 1), (2, 3)).values()
        args = {"input": one, "target": two, "weight": draw.uniform(2, 1)}
        yield item(name, "weight-of-input-shape", args)
        yield item(name, "weight-of-full-shape", {**args, "weight": draw.uniform(2, 3)})
        empty = {**draw.pair(name, (0,)), "weight": draw.uniform(0)}
        yield item(name, "weight-empty", empty)
        half = draw.pair(name, (3,), dtype="float16")
        yield item(name, "weight-half", {**half, "weight": draw.uniform(3, dtype="float16")})
    for reduction in ("none", "mean", "sum"):
        whole = {"input": i64(3, 9), "target": i64(1, 4), "weight": i64(2, 3)}
        yield item("l1_loss", f"weight-whole-{reduction}", {**whole, "reduction": reduction})
        yield item("mse_loss", f"weight-whole-{reduction}", {**whole, "reduction": reduction})
    legacy = {**draw.pair("mse_loss", (3,)), "weight": draw.uniform(3), "size_average": False}
    yield item("mse_loss", "weight-legacy", legacy)


def binary() -> Iterator[Case]:
    """Weights, positive weights and the domain of the binary cross entropies."""
    draw = Draw(6)
    weights = {"full": draw.uniform(2, 3), "row": draw.uniform(3), "column": draw.uniform(2, 1)}
    weights |= {"scalar": np.asarray(np.float32(0.5)), "zeros": np.zeros((2, 3), np.float32)}
    weights |= {"float64": draw.uniform(3, dtype="float64"), "wider": draw.uniform(2, 2, 3)}
    weights |= {"wrong": draw.uniform(2), "negative": f32(-1, 0, 2), "int64": i64(1, 2, 3)}
    for name, (label, weight) in itertools.product(BINARY, weights.items()):
        pair = draw.pair(name, (2, 3))
        for reduction in ("none", "mean", "sum"):
            if reduction != "mean" and label not in ("row", "column", "wider"):
                continue
            args = {**pair, "weight": weight, "reduction": reduction}
            yield item(name, f"weight-{label}-{reduction}", args)
    for label, weight in weights.items():
        args = {**draw.pair(BINARY[1], (2, 3)), "pos_weight": weight}
        yield item(BINARY[1], f"pos_weight-{label}", args)
    args = {**draw.pair(BINARY[1], (2, 3)), "pos_weight": f32(2, 0.5, 1), "weight": f32(1, 0, 3)}
    for reduction in ("none", "mean", "sum"):
        yield item(BINARY[1], f"both-weights-{reduction}", {**args, "reduction": reduction})
    far = {"input": f32(-200, -20, 0, 20, 200), "target": f32(1, 0, 1, 1, 0), "reduction": "none"}
    yield item(BINARY[1], "far", far)
    yield item(BINARY[1], "far-pos_weight", {**far, "pos_weight": f32(1, 2, 3, 4, 5)})
    edges = {"input": f32(0, 1, 0, 1, 1e-30, 0.5), "target": f32(0, 1, 1, 0, 1, 2)}
    yield item(BINARY[0], "edges", {**edges, "reduction": "none"})
    yield item(BINARY[0], "edges-mean", edges)
    for label, value in {"above": 1.5, "below": -0.5, "nan": NAN, "just": 1.0000001}.items():
        args = {"input": f32(0.5, value), "target": f32(1, 0)}
        yield item(BINARY[0], f"outside-{label}", args)
    yield item(BINARY[0], "nan-target", {"input": f32(0.5, 0.5), "target": f32(NAN, 0)})


def indexed_shapes() -> Iterator[Case]:
    """Cross entropy and likelihood of class indices: the class axis is axis 1."""
    draw = Draw(7)
    good = [((3,), ()), ((2, 3), (2,)), ((2, 3, 4), (2, 4)), ((2, 3, 2, 2), (2, 2, 2))]
    good += [((1, 3, 2, 1, 2), (1, 2, 1, 2)), ((0, 3), (0,)), ((2, 3, 0), (2, 0)), ((3,), (1,))]
    bad = [((), ()), ((2, 3), ()), ((3,), (3,)), ((2, 3), (3,)), ((2, 3), (2, 1))]
    bad += [
        ((2, 3, 4), (2, 3)),
        ((2, 3, 4), (2,)),
        ((2, 3, 4, 5), (2, 5, 4)),
        ((2, 3, 2, 2), (2, 2)),
    ]
    bad += [((2, 0), (2,)), ((0,), ()), ((2, 3), (2, 3))]
    for name, (shape, other) in itertools.product(INDEXED, good):
        for reduction in ("none", "mean", "sum"):
            args = {"input": draw.pair(name, shape)["input"], "target": draw.labels(3, *other)}
            yield item(name, f"{shape}-{other}-{reduction}", {**args, "reduction": reduction})
        if name == "cross_entropy":
            for reduction in ("none", "mean"):
                args = {**args, "label_smoothing": 0.1, "reduction": reduction}
                yield item(name, f"{shape}-{other}-smooth-{reduction}", args)
    for name, (shape, other) in itertools.product(INDEXED, bad):
        args = {"input": draw.pair(name, shape)["input"], "target": draw.labels(3, *other)}
        yield item(name, f"{shape}-{other}-bad", args)
    for name, one, two in itertools.product(
        INDEXED, ("float16", "bfloat16", "float64", "int64"), ("int64", "uint8", "int32")
    ):
        args = {"input": draw.normal(2, 3, dtype=one), "target": draw.labels(3, 2, dtype=two)}
        yield item(name, f"{one}-{two}", args)
    for name in INDEXED:
        args = {"input": draw.normal(2, 3), "target": draw.labels(3, 2).astype(np.float32)}
        yield item(name, "float-target", args)


def indexed_options() -> Iterator[Case]:
    """Class weights, ignored classes, smoothing."""
    draw = Draw(8)
    logits = draw.normal(4, 3)
    labels = i64(0, 2, 1, 2)
    weights = {"positive": f32(0.5, 2, 1), "zero": f32(0, 1, 2), "zeros": f32(0, 0, 0)}
    weights |= {"negative": f32(-1, -2, 0.5), "nan": f32(1, NAN, 2), "two": f32(1, 2)}
    weights |= {"column": f32([1], [2], [3]), "float64": f64(1, 2, 3), "int64": i64(1, 2, 3)}
    weights |= {"opposite": f32(1, 1, -1), "inf": f32(1, INF, 1)}
    for name in INDEXED:
        for (label, weight), smooth in itertools.product(weights.items(), (0.0, 0.25)):
            if smooth and name == "nll_loss":
                continue
            for reduction in ("none", "mean", "sum"):
                if reduction != "mean" and label not in ("positive", "zero"):
                    continue
                args = {"input": logits, "target": labels, "weight": weight}
                args |= {"reduction": reduction, **({"label_smoothing": smooth} if smooth else {})}
                yield item(name, f"weight-{label}-{smooth}-{reduction}", args)
        targets = {
            "default": (i64(0, -100, 1, -100), -100),
            "minus-one": (i64(0, -1, 1, -1), -1),
            "class": (labels, 2),
            "beyond": (i64(0, 7, 1, 2), 7),
            "all": (i64(-100, -100, -100, -100), -100),
            "out-above": (i64(0, 3, 1, 2), -100),
            "out-below": (i64(0, -1, 1, 2), -100),
        }
        for (label, (target, ignored)), smooth in itertools.product(targets.items(), (0.0, 0.25)):
            if smooth and name == "nll_loss":
                continue
            for reduction in ("none", "mean", "sum"):
                if reduction != "mean" and label not in ("default", "all"):
                    continue
                args = {"input": logits, "target": target, "ignore_index": ignored}
                args |= {"reduction": reduction, **({"label_smoothing": smooth} if smooth else {})}
                yield item(name, f"ignore-{label}-{smooth}-{reduction}", args)
        both = {"input": logits, "target": i64(0, -1, 1, 2), "ignore_index": -1}
        both["weight"] = weights["positive"]
        yield item(name, "weight-and-ignore", both)
        if name == "cross_entropy":
            yield item(name, "weight-and-ignore-smooth", {**both, "label_smoothing": 0.5})
        spatial = {"input": draw.normal(2, 3, 2), "target": i64([0, -100], [2, 1])}
        for reduction in ("none", "mean", "sum"):
            args = {**spatial, "weight": weights["positive"], "reduction": reduction}
            yield item(name, f"spatial-weight-{reduction}", args)
        hidden = {"input": f32([NAN, 1, 2], [0, 1, INF]), "target": i64(-100, 0)}
        yield item(name, "nan-ignored", hidden)
        yield item(name, "nan-under-zero", {**hidden, "target": i64(0, 1), "weight": f32(0, 1, 1)})
        for bad in ("avg", "MEAN", None, "batchmean", "elementwise_mean"):
            args = {"input": logits, "target": labels, "reduction": bad}
            yield item(name, f"reduction-{bad}", args)
        for average, reduce in itertools.product((None, True, False), repeat=2):
            if average is None and reduce is None:
                continue
            args = {"input": logits, "target": labels, "size_average": average, "reduce": reduce}
            yield item(name, f"legacy-{average}-{reduce}", {**args, "reduction": "sum"})
    for smooth in (1.0, 1.5, -0.5, 0.01):
        args = {"input": logits, "target": labels, "label_smoothing": smooth}
        yield item("cross_entropy", f"smoothing-{smooth}", args)
    values = {"minus-inf": [-INF, 1, 2], "inf": [INF, 1, 2], "nan": [NAN, 1, 2]}
    values |= {"minus-infs": [-INF] * 3, "large": [1000, -1000, 0], "equal": [7, 7, 7]}
    for (label, row), smooth in itertools.product(values.items(), (0.0, 0.5)):
        args = {"input": f32(row, row), "target": i64(0, 1), "reduction": "none"}
        args |= {"label_smoothing": smooth} if smooth else {}
        yield item("cross_entropy", f"{label}-{smooth}", args)


def probabilities() -> Iterator[Case]:
    """Cross entropy of class probabilities: divided by the rows, never by weights."""
    draw = Draw(9)
    for shape, reduction in itertools.product(
        [(3,), (2, 3), (2, 3, 2), (1, 3, 2, 2), (0, 3), (2, 0), ()], ("none", "mean", "sum")
    ):
        args = {"input": draw.normal(*shape), "target": draw.uniform(*shape)}
        yield item(
            "cross_entropy", f"probabilities-{shape}-{reduction}", {**args, "reduction": reduction}
        )
        if shape in [(3,), (2, 3, 2)]:
            args |= {"weight": f32(0.5, 2, 0), "label_smoothing": 0.2, "reduction": reduction}
            yield item("cross_entropy", f"probabilities-{shape}-weight-smooth-{reduction}", args)
    pair = {"input": draw.normal(2, 3), "target": draw.uniform(2, 3)}
    options: Case = {"weight": {"weight": f32(1, 2, 0)}, "smooth": {"label_smoothing": 0.25}}
    options |= {"weight64": {"weight": f64(1, 2, 0)}, "two-weights": {"weight": f32(1, 2)}}
    options |= {"ignore-0": {"ignore_index": 0}, "ignore-1": {"ignore_index": -1}}
    options |= {
        "smooth-big": {"label_smoothing": 1.5},
        "smooth-negative": {"label_smoothing": -1.0},
    }
    options |= {"zero-weights": {"weight": f32(0, 0, 0)}, "smooth-1": {"label_smoothing": 1.0}}
    for label, option in options.items():
        yield item("cross_entropy", f"probabilities-{label}", {**pair, **option})
    for one, two in itertools.product(("float16", "float32", "float64"), repeat=2):
        args = {"input": draw.normal(2, 3, dtype=one), "target": draw.uniform(2, 3, dtype=two)}
        yield item("cross_entropy", f"probabilities-{one}-{two}", args)
    yield item(
        "cross_entropy",
        "probabilities-bfloat16",
        {
            "input": draw.normal(2, 3, dtype="bfloat16"),
            "target": draw.uniform(2, 3, dtype="bfloat16"),
        },
    )
    infinite = {"input": f32([-INF, 1, 2]), "target": f32([0, 1, 0]), "reduction": "none"}
    yield item("cross_entropy", "probabilities-minus-inf", infinite)


def gaussian() -> Iterator[Case]:
    """The variance may be one a row, one an element or one number."""
    draw = Draw(10)
    name = "gaussian_nll_loss"
    shapes = [((2, 3), (2, 3)), ((2, 3), (2, 1)), ((2, 3), (2,)), ((3,), ()), ((3,), (1,))]
    shapes += [((2, 2, 3), (2, 2)), ((2, 2, 3), (2, 1, 3)), ((2, 3), (3,)), ((2, 3), (1, 1))]
    shapes += [((2, 3), ()), ((0,), (0,)), ((), ()), ((2, 1), (2, 3)), ((2, 3), (2, 2))]
    for (shape, other), reduction in itertools.product(shapes, ("none", "mean", "sum")):
        if reduction == "sum" and len(shape) > 2:
            continue
        args = {**draw.pair(name, shape), "var": draw.uniform(*other), "reduction": reduction}
        yield item(name, f"{shape}-{other}-{reduction}", args)
    pair = draw.pair(name, (2, 3))
    yield item(name, "target-row", {**pair, "target": draw.normal(3), "var": draw.uniform(2, 3)})
    for full, eps in itertools.product((False, True), (1e-6, 0.5, 0.0)):
        args = {"input": f32(0, 1, 2), "target": f32(0, 2, 0.5), "var": f32(0, 1e-9, 2)}
        args |= {"full": full, "eps": eps, "reduction": "none"}
        yield item(name, f"full-{full}-eps-{eps}", args)
    for var in (2.0, 0.0, -1.0, 2):
        yield item(name, f"var-{var!r}", {**pair, "var": var})
    for label, value in {"negative": -0.5, "nan": NAN, "inf": INF, "minus-zero": -0.0}.items():
        args = {"input": f32(0, 1), "target": f32(1, 1), "var": f32(1, value)}
        yield item(name, f"var-{label}", args)
    for one, two, three in [
        ("float16", "float16", "float16"),
        ("bfloat16", "bfloat16", "bfloat16"),
        ("float64", "float64", "float64"),
        ("float32", "float64", "float32"),
        ("float16", "float16", "float32"),
        ("float32", "int64", "float32"),
        ("int64", "int64", "float32"),
        ("int64", "int64", "int64"),
        ("float32", "float32", "float64"),
    ]:
        args = {"input": draw.count(3, dtype=one), "target": draw.count(3, dtype=two)}
        args["var"] = draw.count(3, dtype=three) + np.ones((), dtype_of(three))
        yield item(name, f"{one}-{two}-{three}", args)
    for bad in ("avg", None, "elementwise_mean", "batchmean"):
        yield item(name, f"reduction-{bad}", {**pair, "var": draw.uniform(2, 3), "reduction": bad})


def ranking() -> Iterator[Case]:
    """Margin ranking, cosine embedding and triplets."""
    draw = Draw(11)
    name = "margin_ranking_loss"
    shapes = [((3,), (3,), (3,)), ((2, 3),) * 3, ((),) * 3, ((0,),) * 3]
    shapes += [
        ((2, 1), (2, 3), (1, 3)),
        ((3,), (3,), ()),
        ((2, 3), (3,), (2, 3)),
        ((2,), (3,), (3,)),
    ]
    for (one, two, three), reduction in itertools.product(shapes, ("none", "mean", "sum")):
        args = {"input1": draw.normal(*one), "input2": draw.normal(*two)}
        args |= {"target": draw.signs(*three), "reduction": reduction}
        yield item(name, f"{one}-{two}-{three}-{reduction}", args)
    for margin in (0.5, -0.25, 2):
        args = {"input1": f32(1, 2, 3, 0), "input2": f32(2, 2, 0, NAN), "target": f32(1, 0, -1, 1)}
        yield item(name, f"margin-{margin}", {**args, "margin": margin, "reduction": "none"})
    for dtypes in [
        ("float16",) * 3,
        ("bfloat16",) * 3,
        ("float64",) * 3,
        ("float32", "float64", "float32"),
        ("int64", "int64", "int64"),
        ("float32", "float32", "int64"),
        ("float32", "float32", "bool"),
    ]:
        values = [draw.count(3, dtype=d) for d in dtypes]
        args = dict(zip(("input1", "input2", "target"), values, strict=True))
        for reduction in ("mean", "none"):
            yield item(name, f"{'-'.join(dtypes)}-{reduction}", {**args, "reduction": reduction})
    yield item(name, "legacy", {**args, "target": f32(1, 1, 1), "size_average": False})
    yield item(name, "bad", {**args, "target": f32(1, 1, 1), "reduction": "avg"})
    yield from cosine(draw)
    yield from triplets(draw)


def cosine(draw: Draw) -> Iterator[Case]:
    name = "cosine_embedding_loss"
    shapes = [((2, 3), (2, 3), (2,)), ((3,), (3,), ()), ((0, 3), (0, 3), (0,))]
    shapes += [
        ((2, 3), (1, 3), (2,)),
        ((2, 3), (2, 3), ()),
        ((3,), (3,), (1,)),
        ((2, 3), (2, 3), (2, 1)),
    ]
    shapes += [
        ((2, 3), (2, 3), (1,)),
        ((2, 3), (2, 3), (3,)),
        ((2, 0), (2, 0), (2,)),
        ((2, 3), (2, 2), (2,)),
    ]
    for (one, two, three), reduction in itertools.product(shapes, ("none", "mean", "sum")):
        args = {"input1": draw.normal(*one), "input2": draw.normal(*two)}
        args |= {"target": draw.signs(*three), "reduction": reduction}
        yield item(name, f"{one}-{two}-{three}-{reduction}", args)
    rows = {"input1": f32([1, 0], [0, 0], [1, 2], [1, NAN], [3, 4]), "reduction": "none"}
    rows["input2"] = f32([2, 0], [0, 1], [2, 1], [1, 1], [-3, -4])
    for margin in (0.0, 0.5, -0.5, 1):
        for target in (f32(1, 1, -1, 1, -1), f32(-1, -1, 1, 0, 2)):
            args = {**rows, "target": target, "margin": margin}
            yield item(name, f"margin-{margin}-{target.astype(int).tolist()}", args)
    for one, two, three in [
        ("float16", "float16", "float32"),
        ("bfloat16", "bfloat16", "bfloat16"),
        ("float64", "float64", "int64"),
        ("float32", "float64", "int64"),
        ("int64", "int64", "int64"),
        ("float32", "float32", "bool"),
    ]:
        args = {"input1": draw.count(2, 3, dtype=one), "input2": draw.count(2, 3, dtype=two)}
        args["target"] = np.array([1, 1]).astype(dtype_of(three))
        yield item(name, f"{one}-{two}-{three}", args)
    lengths = {"input1": f32([1, 1]), "input2": f32([1]), "target": f32(1)}
    yield item(name, "lengths", lengths)
    yield item(name, "legacy", {**args, "target": f32(1, 1), "reduce": False})
    yield item(name, "bad", {**args, "target": f32(1, 1), "reduction": "avg"})


def triplets(draw: Draw) -> Iterator[Case]:
    for name in ("triplet_margin_loss", "triplet_margin_with_distance_loss"):
        shapes = [((2, 3),) * 3, ((3,),) * 3, ((2, 2, 3),) * 3, ((0, 3),) * 3, ((),) * 3]
        shapes += [((2, 3), (1, 3), (2, 3)), ((2, 3), (3,), (2, 3)), ((2, 3), (2, 2), (2, 3))]
        shapes += [((2, 3), (2, 3), (2, 1)), ((2, 0),) * 3]
        for sizes, reduction in itertools.product(shapes, ("none", "mean", "sum")):
            if name != "triplet_margin_loss" and reduction == "sum":
                continue
            arrays = [draw.normal(*shape) for shape in sizes]
            args = dict(zip(("anchor", "positive", "negative"), arrays, strict=True))
            label = f"{sizes[0]}-{sizes[1]}-{sizes[2]}-{reduction}"
            yield item(name, label, {**args, "reduction": reduction})
        rows = {"anchor": draw.normal(4, 3), "positive": draw.normal(4, 3)}
        rows |= {"negative": draw.normal(4, 3), "reduction": "none"}
        for swap, margin in itertools.product((False, True), (1.0, 0.25, 3)):
            yield item(
                name, f"swap-{swap}-margin-{margin}", {**rows, "swap": swap, "margin": margin}
            )
        for margin in (0, -1.0):
            yield item(name, f"margin-{margin}", {**rows, "margin": margin})
        yield item(name, "bad", {**rows, "reduction": "avg"})
        nans = {**rows, "positive": np.where(rows["positive"] > 0.5, f32(NAN), rows["positive"])}
        yield item(name, "nan", nans)
        yield item(name, "nan-swap", {**nans, "swap": True})
        for dtype in ("float16", "bfloat16", "float64", "int64"):
            args = {k: draw.count(2, 3, dtype=dtype) for k in ("anchor", "positive", "negative")}
            yield item(name, dtype, args)
        args = {**args, "positive": draw.normal(2, 3)}
        yield item(name, "int64-float32", args)
    name = "triplet_margin_loss"
    for p, eps in itertools.product((1.0, 2, 3.0, 0.5, INF, 0.0), (1e-6, 0.5)):
        yield item(name, f"p-{p}-eps-{eps}", {**rows, "p": p, "eps": eps})
    yield item(name, "legacy", {**rows, "size_average": False, "reduce": True})


def multi() -> Iterator[Case]:
    """The margins of several classes or labels."""
    draw = Draw(12)
    name = "multi_margin_loss"
    shapes = [((2, 3), (2,)), ((3,), ()), ((3,), (1,)), ((), ()), ((2, 3), ()), ((2, 3), (3,))]
    shapes += [((2, 3), (2, 1)), ((2, 0), (2,)), ((2, 3, 2), (2, 2)), ((1, 3), ())]
    for (shape, other), reduction in itertools.product(shapes, ("none", "mean", "sum")):
        labels = draw.labels(3, *other) if shape else np.zeros(other, np.int64)
        args = {"input": draw.normal(*shape), "target": labels, "reduction": reduction}
        yield item(name, f"{shape}-{other}-{reduction}", args)
    rows = {"input": draw.normal(4, 3), "target": i64(0, 2, 1, 2)}
    weights = {"positive": f32(0.5, 2, 1), "zero": f32(0, 1, 2), "negative": f32(-1, -2, 0.5)}
    weights |= {"nan": f32(1, NAN, 2), "two": f32(1, 2), "column": f32([1], [2], [3])}
    weights |= {"float64": f64(1, 2, 3), "none": None}
    for (label, weight), p, margin in itertools.product(weights.items(), (1, 2), (1.0, 0.5)):
        args = {**rows, "weight": weight, "p": p, "margin": margin}
        yield item(name, f"weight-{label}-p-{p}-margin-{margin}", args)
    for option in ({"p": 3}, {"p": 1.0}, {"margin": 2}, {"reduction": "avg"}, {"reduce": False}):
        (key, value), *_ = option.items()
        yield item(name, f"{key}-{value!r}", {**rows, **option})
    for target in (i64(0, 3, 1, 2), i64(0, -1, 1, 2)):
        yield item(name, f"target-{target.tolist()}", {**rows, "target": target})
    for label, value in {"nan": NAN, "inf": INF, "minus-inf": -INF}.items():
        args = {"input": f32([0, value, 1], [value, 0, 1]), "target": i64(0, 0)}
        yield item(name, label, {**args, "reduction": "none"})
    for one, two in itertools.product(("float16", "float64", "int64"), ("int64", "int32")):
        args = {"input": draw.normal(2, 3, dtype=one), "target": draw.labels(3, 2, dtype=two)}
        yield item(name, f"{one}-{two}", args)
    yield from labels_margin(draw)
    yield from labels_soft(draw)


def labels_margin(draw: Draw) -> Iterator[Case]:
    name = "multilabel_margin_loss"
    rows = {"input": draw.normal(3, 4), "target": i64([3, 0, -1, 1], [-1, 0, 1, 2], [0, 1, 2, 3])}
    for reduction in ("none", "mean", "sum"):
        yield item(name, f"rows-{reduction}", {**rows, "reduction": reduction})
        args = {"input": draw.normal(4), "target": i64(3, 1, -1, 1), "reduction": reduction}
        yield item(name, f"one-row-{reduction}", args)
        args = {"input": draw.normal(), "target": np.asarray(0), "reduction": reduction}
        yield item(name, f"scalar-{reduction}", args)
    bad = {"above": i64([4, 0, -1, 1]), "below": i64([-2, 0, 1, 1]), "shape": i64([0, 1])}
    bad |= {"rank": i64(0, 1, 2, -1), "int32": np.zeros((1, 4), np.int32), "empty": i64()}
    for label, target in bad.items():
        yield item(name, f"target-{label}", {"input": draw.normal(1, 4), "target": target})
    twice = {"input": draw.normal(1, 4), "target": i64([1, 1, -1, -1])}
    yield item(name, "twice", twice)
    yield item(name, "rank-3", {"input": draw.normal(1, 2, 3), "target": np.zeros((1, 2, 3), int)})
    yield item(name, "no-class", {"input": draw.normal(2, 0), "target": np.zeros((2, 0), int)})
    for dtype in ("float16", "float64", "int64"):
        args = {"input": draw.normal(3, 4, dtype=dtype), "target": rows["target"]}
        yield item(name, dtype, args)
    for label, value in {"nan": NAN, "inf": INF, "minus-inf": -INF}.items():
        args = {"input": f32([0, value, 1], [value, 0, 1]), "target": i64([0, 2, -1], [0, 2, -1])}
        yield item(name, label, {**args, "reduction": "none"})
    yield item(name, "legacy", {**rows, "size_average": False})
    yield item(name, "bad", {**rows, "reduction": "avg"})


def labels_soft(draw: Draw) -> Iterator[Case]:
    name = "multilabel_soft_margin_loss"
    shapes = [((2, 3), (2, 3)), ((3,), (3,)), ((), ()), ((0, 3), (0, 3)), ((2, 0), (2, 0))]
    shapes += [
        ((2, 2, 3), (2, 2, 3)),
        ((2, 3), (3,)),
        ((2, 1), (2, 3)),
        ((2, 3), (3, 2)),
        ((3,), ()),
    ]
    for (shape, other), reduction in itertools.product(shapes, ("none", "mean", "sum")):
        args = {**draw.pair(name, shape, other), "reduction": reduction}
        yield item(name, f"{shape}-{other}-{reduction}", args)
    weights = {"row": f32(0.5, 2, 1), "full": draw.uniform(2, 3), "column": draw.uniform(2, 1)}
    weights |= {"scalar": np.asarray(np.float32(2)), "float64": f64(1, 2, 0), "two": f32(1, 2)}
    weights |= {"wider": draw.uniform(2, 2, 3), "nan": f32(0, NAN, 1), "int64": i64(1, 2, 3)}
    for label, weight in weights.items():
        yield item(name, f"weight-{label}", {**draw.pair(name, (2, 3)), "weight": weight})
    for dtype in ("float16", "bfloat16", "float64", "int64"):
        yield item(name, dtype, draw.pair(name, (2, 3), dtype=dtype))
    mixture = {"input": draw.normal(2, 3), "target": draw.labels(2, 2, 3)}
    yield item(name, "float32-int64", mixture)
    yield item(name, "float32-bool", {**mixture, "target": mixture["target"] > 0})
    far = {"input": f32([-200, 200, NAN], [-INF, INF, 0]), "target": f32([1, 0, 1], [0, 1, 0.5])}
    yield item(name, "far", {**far, "reduction": "none"})
    for average, reduce in ((False, None), (None, False), (True, True)):
        args = {**mixture, "size_average": average, "reduce": reduce}
        yield item(name, f"legacy-{average}-{reduce}", args)
    for bad in ("avg", None, "elementwise_mean", "batchmean"):
        yield item(name, f"reduction-{bad}", {**mixture, "reduction": bad})


def classes() -> Iterator[Case]:
    """Each class with each of its arguments, as users write them."""
    draw = Draw(13)
    pair = {n: tuple(draw.pair(f, (2, 3)).values()) for n, f in CLASSES.items()}
    rows = draw.normal(2, 3), i64(0, 2)
    pair |= {"CrossEntropyLoss": rows, "NLLLoss": rows, "MultiMarginLoss": rows}
    pair["GaussianNLLLoss"] += (draw.uniform(2, 3),)
    pair["MarginRankingLoss"] = (draw.normal(3), draw.normal(3), f32(1, -1, 1))
    pair["CosineEmbeddingLoss"] = (draw.normal(2, 3), draw.normal(2, 3), i64(1, -1))
    pair["MultiLabelMarginLoss"] = (draw.normal(2, 3), i64([0, -1, 1], [2, 1, -1]))
    triplet = draw.normal(2, 3), draw.normal(2, 3), draw.normal(2, 3)
    pair |= {"TripletMarginLoss": triplet, "TripletMarginWithDistanceLoss": triplet}
    options: dict[str, list[Case]] = {
        "HuberLoss": [{"delta": 0.5}, {"delta": 2}, {"delta": "1"}, {"delta": None}, {"delta": 0}],
        "SmoothL1Loss": [{"beta": 0.5}, {"beta": 0}, {"beta": -1.0}],
        "CrossEntropyLoss": [
            {"weight": f32(1, 2, 0.5)},
            {"ignore_index": 0},
            {"label_smoothing": 0.1},
            {"weight": f32(1, 2, 0.5), "label_smoothing": 0.3, "ignore_index": 2},
            {"label_smoothing": 2.0},
        ],
        "NLLLoss": [{"weight": f32(1, 2, 0.5)}, {"ignore_index": 2}],
        "KLDivLoss": [{"log_target": True}, {"reduction": "batchmean"}],
        "BCELoss": [{"weight": f32(1, 2, 0.5)}],
        "BCEWithLogitsLoss": [{"weight": f32(1, 2, 0.5)}, {"pos_weight": f32(1, 2, 0.5)}],
        "PoissonNLLLoss": [{"log_input": False}, {"full": True}, {"log_input": False, "eps": 9.0}],
        "GaussianNLLLoss": [{"full": True}, {"eps": 0.5}],
        "HingeEmbeddingLoss": [{"margin": 0.5}],
        "MarginRankingLoss": [{"margin": 0.5}],
        "MultiMarginLoss": [
            {"p": 2},
            {"margin": 0.25},
            {"weight": f32(1, 2, 0.5)},
            {"p": 3},
            {"weight": f32([1, 2, 0.5])},
            {"p": 2, "margin": 0.5, "weight": f32(1, 2, 0.5)},
        ],
        "MultiLabelSoftMarginLoss": [{"weight": f32(1, 2, 0.5)}],
        "CosineEmbeddingLoss": [{"margin": 0.5}],
        "TripletMarginLoss": [
            {"margin": 0.5},
            {"p": 1},
            {"eps": 0.1},
            {"swap": True},
            {"margin": 0},
        ],
        "TripletMarginWithDistanceLoss": [{"margin": 0.5}, {"swap": True}, {"margin": -1}],
    }
    for name in CLASSES:
        for reduction in ("none", "mean", "sum", "avg", "elementwise_mean"):
            yield item(name, reduction, list(pair[name]), {"reduction": reduction})
        if "size_average" in inspect.signature(getattr(nn, name)).parameters:
            for average, reduce in ((False, None), (None, False), (True, True)):
                init = {"size_average": average, "reduce": reduce, "reduction": "none"}
                yield item(name, f"legacy-{average}-{reduce}", list(pair[name]), init)
        for k, option in enumerate(options.get(name, ())):
            yield item(name, f"{'-'.join(option)}-{k}", list(pair[name]), option)


def tensors(value: Any) -> Any:
    """Return arrays as tensors."""
    if isinstance(value, np.ndarray):
        if value.dtype.name == "bfloat16":
            return torch.tensor(value.astype(np.float32)).to(torch.bfloat16)
        return torch.tensor(value)
    return value


def ask(case: Case) -> Any:
    """Return what the framework gives."""
    args = case["args"]
    if case["call"] in CLASSES:
        init = {key: tensors(value) for key, value in case["init"].items()}
        return getattr(nn, case["call"])(**init)(*map(tensors, args))
    return getattr(functional, case["call"])(**{key: tensors(v) for key, v in args.items()})


def answered(case: Case) -> Case:
    """Return a case encoded, with the framework's answer and warnings."""
    line = {**case, **{k: encode(case[k]) for k in ("init", "args") if k in case}}
    given = {**case, **{k: decode(line[k]) for k in ("init", "args") if k in case}}
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        line["outcome"] = outcome(lambda: ask(given))
    if caught:
        line["warns"] = [warning.category.__name__ for warning in caught]
    return line


def signatures() -> dict[str, str]:
    """Return every signature without its annotations."""
    found = {}
    for name, function in CLASSES.items():
        for key, value in ((name, getattr(nn, name)), (function, getattr(functional, function))):
            found[key] = plain(inspect.signature(value))
        found[f"{name}.forward"] = plain(inspect.signature(getattr(nn, name).forward))
    return found


def plain(signature: inspect.Signature) -> str:
    """Return a signature as text, without annotations."""
    bare = [p.replace(annotation=p.empty) for p in signature.parameters.values()]
    return str(inspect.Signature(bare))


GRIDS = [elementwise, mixed, broadcasting, parameters, weighted, binary, indexed_shapes]
GRIDS += [indexed_options, probabilities, gaussian, ranking, multi, classes]


def main() -> None:
    """Write the golden file."""
    torch.set_num_threads(1)
    header = {"framework": "torch", "version": torch.__version__.partition("+")[0]}
    header["signatures"] = signatures()
    header["representations"] = {n: repr(getattr(nn, n)()).splitlines()[0] for n in CLASSES}
    cases = [answered(case) for grid in GRIDS for case in grid()]
    write(GOLDEN / "torch.jsonl", header, cases)


if __name__ == "__main__":
    main()
