"""Ask PyTorch for the golden answers: ``python tools/golden/make_torch.py`` writes torch.jsonl.

A case of a function has its arguments, a case of a class its constructor's (`init`) and those of
the call. `warns` lists the warnings that the call gives. The header holds every signature.
"""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from answers import GOLDEN, decode, encode, outcome, write
from torch import nn
from torch.nn import functional
from torch_calls import Case, Draw, f32, i64, item
from torch_elements import (
    binary,
    broadcasting,
    elementwise,
    gaussian,
    mixed,
    parameters,
    probabilities,
    weighted,
)
from torch_rows import indexed_options, indexed_shapes, multi, ranking

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
