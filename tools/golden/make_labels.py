"""Ask scikit-learn or torchmetrics for answers about labels.

``python tools/golden/make_labels.py sklearn`` writes sklearn_labels.jsonl, and with torchmetrics
that of this. Some classes are absent, some are predicted alone, and some scores are equal.
"""

from __future__ import annotations

import itertools
import sys
import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np
from answers import GOLDEN, decode, encode, outcome, write

Case = dict[str, Any]
WORDS = np.array(["ant", "bee", "cat", "dog", "eel"])


def labels(rng: np.random.Generator) -> Iterator[tuple[str, Any, Any]]:
    """Labels and predictions: two classes, several, one, absent ones."""
    for name, classes, right in (("two", 2, 0.4), ("five", 5, 0.5), ("none", 4, 0.0)):
        y = rng.integers(0, classes, 40)
        p = rng.integers(0, classes, 40)
        p = np.where(rng.random(40) < right, y, p)
        yield name, y, np.where(p == y, (p + 1) % classes, p) if name == "none" else p
    yield "one", np.ones(6, np.int64), np.ones(6, np.int64)
    yield "absent", np.array([0, 0, 1, 1, 4, 4]), np.array([0, 3, 1, 1, 1, 0])
    yield "other", np.array([1, 1, 1]), np.array([0, 0, 1])


def indicators(rng: np.random.Generator) -> Iterator[tuple[str, Any, Any]]:
    """Matrices of indicators, also with outputs and rows that are never 1."""
    for name, share in (("full", 0.5), ("rare", 0.15)):
        y, p = (rng.random((2, 30, 4)) < share).astype(np.int64)
        yield name, y, p
    y, p = np.zeros((2, 6, 3), np.int64)
    y[2:, 0], p[3:, 0], p[1, 1] = 1, 1, 1
    yield "empty", y, p


def rows(rng: np.random.Generator) -> Iterator[tuple[str, Any, Any]]:
    """Indices of classes and rows of scores, some of them with ties."""
    yield "plain", rng.integers(0, 5, 30), rng.normal(size=(30, 5)).astype("f4")
    yield "ties", rng.integers(0, 4, 30), rng.integers(0, 3, (30, 4)).astype("f4")
    yield "zeros", np.arange(4), np.zeros((4, 4), "f4")


def of_sklearn() -> tuple[str, list[Case]]:
    """The scores of labels with and without weights, of text, indicators and rows of scores."""
    import sklearn
    from sklearn import metrics

    rng, cases = np.random.default_rng(11), list[Case]()
    rates = "precision_score recall_score f1_score jaccard_score fbeta_score".split()

    def ask(name: str, call: str, args: dict[str, Any]) -> None:
        cases.append(asked(f"{call}-{name}", getattr(metrics, call), args))

    def options(call: str) -> dict[str, Any]:
        nothing = 0.0 if call == "jaccard_score" else np.nan  # which that one refuses
        return {"zero_division": nothing} | ({"beta": 0.5} if call == "fbeta_score" else {})

    for name, y, p in labels(rng):
        some = rng.integers(0, 3, len(y)) / 2.0
        for heavy, w in (
            ("unweighted", None),
            ("weighted", rng.integers(1, 9, len(y)) / 8),
            ("zeros", some),
        ):
            data = {"y_true": y, "y_pred": p, "sample_weight": w}
            if heavy == "weighted":
                data |= {"y_true": WORDS[y].tolist(), "y_pred": WORDS[p].tolist()}
            tail = f"{name}-{heavy}"
            for call in "accuracy_score matthews_corrcoef hamming_loss".split():
                ask(tail, call, data)
            for normalize in (None, "true", "pred", "all"):
                ask(f"{tail}-{normalize}", "confusion_matrix", data | {"normalize": normalize})
            for adjusted in (False, True):
                how = {"adjusted": adjusted}
                ask(f"{tail}-{adjusted}", "balanced_accuracy_score", data | how)
            for weights in (None, "linear", "quadratic"):
                both = {"y1": data["y_true"], "y2": data["y_pred"], "sample_weight": w}
                ask(f"{tail}-{weights}", "cohen_kappa_score", both | {"weights": weights})
            averages = ["micro", "macro", "weighted", None]
            averages += ["binary"] if name == "two" and heavy != "weighted" else []
            for call, average in itertools.product(rates, averages):
                ask(f"{tail}-{average}", call, data | options(call) | {"average": average})
    for name, y, p in indicators(rng):
        data = {"y_true": y, "y_pred": p, "sample_weight": rng.integers(1, 9, len(y)) / 8}
        ask(name, "hamming_loss", data)
        averages = ["micro", "macro", "weighted", "samples", None]
        for call, average in itertools.product(rates, averages):
            ask(f"rows-{name}-{average}", call, data | options(call) | {"average": average})
    for name, y, p in rows(rng):
        for k in (1, 2, 3):
            how = {"k": k, "labels": list(range(p.shape[1]))}
            ask(f"{name}-{k}", "top_k_accuracy_score", {"y_true": y, "y_score": p, **how})
    return sklearn.__version__, cases


def of_torchmetrics() -> tuple[str, list[Case]]:
    """The scores of classes, of two with a threshold, and of indicators."""
    import torch
    import torchmetrics
    from torchmetrics.functional import classification

    rng, cases = np.random.default_rng(12), list[Case]()
    rates = "accuracy precision recall specificity f1_score jaccard_index".split()

    def tensors(args: dict[str, Any]) -> dict[str, Any]:
        return {k: torch.tensor(v) if isinstance(v, np.ndarray) else v for k, v in args.items()}

    def ask(name: str, call: str, args: dict[str, Any]) -> None:
        cases.append(asked(f"{call}-{name}", getattr(classification, call), args, tensors))

    for (name, y, p), ignore in itertools.product(labels(rng), (None, -1, 0)):
        y = np.where(rng.random(len(y)) < 0.2, -1, y) if ignore == -1 else y
        data = {"preds": p, "target": y, "num_classes": 5, "ignore_index": ignore}
        tail = f"{name}-{ignore}"
        ask(tail, "multiclass_confusion_matrix", data)
        ask(tail, "multiclass_matthews_corrcoef", data)
        for weights in ("linear", "quadratic", "none"):
            ask(f"{tail}-{weights}", "multiclass_cohen_kappa", data | {"weights": weights})
        for call, average in itertools.product(rates, ["micro", "macro", "weighted", "none"]):
            ask(f"{tail}-{average}", f"multiclass_{call}", data | {"average": average})
    for threshold in (0.5, 0.25):
        y, p = rng.integers(0, 2, 40), (rng.integers(0, 9, 40) / 8).astype("f4")
        for call in [*rates, "matthews_corrcoef", "cohen_kappa", "confusion_matrix"]:
            args = {"preds": p, "target": y, "threshold": threshold}
            ask(f"{threshold}", f"binary_{call}", args)
    for name, y, p in indicators(rng):
        data = {"preds": p, "target": y, "num_labels": y.shape[1]}
        for call, average in itertools.product(rates, ["micro", "macro", "weighted", "none"]):
            ask(f"{name}-{average}", f"multilabel_{call}", data | {"average": average})
    for name, y, p in rows(rng):
        for k in (1, 2, 3):
            how = {"top_k": k, "average": "micro", "num_classes": p.shape[1]}
            ask(f"{name}-{k}", "multiclass_accuracy", {"preds": p, "target": y, **how})
    return torchmetrics.__version__, cases


def asked(name: str, function: Any, args: dict[str, Any], given: Any = dict) -> Case:
    """Return a case with its answer."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of what is 0 / 0
        found = outcome(lambda: function(**given(decode(encode(args)))))
    return {"id": name, "call": function.__name__, "args": encode(args), "outcome": found}


def main() -> None:
    name = sys.argv[1]
    version, cases = {"sklearn": of_sklearn, "torchmetrics": of_torchmetrics}[name]()
    write(GOLDEN / f"{name}_labels.jsonl", {"framework": name, "version": version}, cases)


if __name__ == "__main__":
    main()
