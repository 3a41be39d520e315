"""Calls of PyTorch's losses of rows."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import numpy as np
from answers import dtype_of
from torch_calls import INF, NAN, Case, Draw, f32, f64, i64, item
from torch_elements import INDEXED


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
