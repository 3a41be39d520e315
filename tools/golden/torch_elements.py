"""Calls of PyTorch's losses of elements."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import numpy as np
from answers import dtype_of
from torch_calls import INF, NAN, Case, Draw, f32, f64, i64, item

PAIRS = ["l1_loss", "mse_loss", "huber_loss", "smooth_l1_loss", "kl_div", "poisson_nll_loss"]
PAIRS += ["soft_margin_loss", "hinge_embedding_loss"]
BINARY = ["binary_cross_entropy", "binary_cross_entropy_with_logits"]
INDEXED = ["cross_entropy", "nll_loss"]


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
