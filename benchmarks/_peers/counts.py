"""Metrics of counts: streamloss, scikit-learn, torchmetrics, torcheval and Keras, in one process.

`benchmarks.counts` starts one for each question. Libraries take labels and predictions as their
users have them, without checks of values where these can be left out, and give a float: an update
and its result.
"""

import json
import sys
import time
from typing import Any

import numpy as np

import streamloss as sl
from benchmarks._measure import interleaved_seconds
from benchmarks._peers import THREADS
from benchmarks._peers.run import OURS, versions

CLASSES = 10
SLOW = 2.0
"""Seconds from which a peer is asked once, and not in each round."""

METRICS = {
    "accuracy": "accuracy",
    "f1": "f1:average=macro",
    "confusion": "confusion_matrix",
    "roc_auc": "roc_auc",
}


def data(name: str, rows: int) -> tuple[Any, Any]:
    """Return labels, and predictions of ten classes or scores of two."""
    rng = np.random.default_rng(0)
    if name == "roc_auc":
        score = rng.random(rows, np.float32)
        return (rng.random(rows) < score).astype(np.int64), score
    y = rng.integers(0, CLASSES, rows)
    return y, np.where(rng.random(rows) < 0.7, y, rng.integers(0, CLASSES, rows))


def ours(name: str, y: Any, p: Any) -> Any:
    """Return a call of ours; of the area its bracket as well."""
    if name == "roc_auc":
        return lambda: sl.Accumulator("roc_auc").update(y, p).bracket()
    return lambda: sl.evaluate(METRICS[name], y, p)


def scikit_learn(name: str, y: Any, p: Any) -> Any:
    """Return a call of scikit-learn's."""
    from sklearn import metrics

    return {
        "accuracy": lambda: metrics.accuracy_score(y, p),
        "f1": lambda: metrics.f1_score(y, p, average="macro"),
        "confusion": lambda: metrics.confusion_matrix(y, p),
        "roc_auc": lambda: metrics.roc_auc_score(y, p),
    }[name]


def torchmetrics(name: str, y: Any, p: Any) -> Any:
    """Return a call of torchmetrics': of the area with 200 thresholds, its way to bound memory."""
    import torch
    import torchmetrics.classification as c

    torch.set_num_threads(THREADS)
    target, pred = torch.from_numpy(y), torch.from_numpy(p)
    plain = {"validate_args": False}
    make = {
        "accuracy": lambda: c.MulticlassAccuracy(CLASSES, average="micro", **plain),
        "f1": lambda: c.MulticlassF1Score(CLASSES, average="macro", **plain),
        "confusion": lambda: c.MulticlassConfusionMatrix(CLASSES, **plain),
        "roc_auc": lambda: c.BinaryAUROC(thresholds=200, **plain),
    }[name]

    def call() -> Any:
        metric = make()
        metric.update(pred, target)
        return metric.compute()

    return call


def torcheval(name: str, y: Any, p: Any) -> Any:
    """Return a call of torcheval's."""
    import torch
    import torcheval.metrics.functional as f

    torch.set_num_threads(THREADS)
    target, pred = torch.from_numpy(y), torch.from_numpy(p)
    return {
        "accuracy": lambda: f.multiclass_accuracy(pred, target, num_classes=CLASSES),
        "f1": lambda: f.multiclass_f1_score(pred, target, num_classes=CLASSES, average="macro"),
        "confusion": lambda: f.multiclass_confusion_matrix(pred, target, num_classes=CLASSES),
        "roc_auc": lambda: f.binary_auroc(pred, target),
    }[name]


def keras(name: str, y: Any, p: Any) -> Any:
    """Return a call of Keras', which has no confusion matrix and no F1 score of labels."""
    import os

    os.environ.setdefault("KERAS_BACKEND", "torch")
    from keras import metrics

    make = {"accuracy": metrics.Accuracy, "roc_auc": lambda: metrics.AUC(num_thresholds=200)}
    if name not in make:
        raise ImportError(name)

    def call() -> Any:
        metric = make[name]()
        metric.update_state(y, p)
        return metric.result()

    return call


PEERS = {
    "scikit-learn": scikit_learn,
    "torchmetrics": torchmetrics,
    "torcheval": torcheval,
    "Keras": keras,
}


def number(name: str, found: Any) -> Any:
    """Return what is compared of an answer: a number, or the sum of the diagonal of a matrix."""
    if isinstance(found, tuple):
        return float(sum(found) / 2)
    array = np.asarray(found)
    return float(np.trace(array) / array.sum()) if name == "confusion" else float(array)


def ask(name: str, rows: int, rounds: int) -> dict[str, Any]:
    """Return how long everybody takes, and what they answer."""
    y, p = data(name, rows)
    calls, missing, answers = {OURS: ours(name, y, p)}, [], {}
    for peer, prepare in PEERS.items():
        try:
            calls[peer] = prepare(name, y, p)
        except ImportError:
            missing.append(peer)
    for _ in range(2):
        calls[OURS]()
    for peer, call in calls.items():
        begun = time.perf_counter()
        value = number(name, call())
        answers[peer] = {"value": value, "seconds": time.perf_counter() - begun}
    quick = [peer for peer in calls if peer == OURS or answers[peer]["seconds"] < SLOW]
    seconds = interleaved_seconds(*[calls[peer] for peer in quick], rounds=rounds)
    for peer, each in zip(quick, np.median(seconds, axis=0), strict=True):
        answers[peer]["seconds"] = float(each)
    return {
        "metric": name,
        "rows": rows,
        "rounds": rounds,
        "threads": THREADS,
        "missing": missing,
        "versions": versions(),
        "answers": answers,
    }


if __name__ == "__main__":
    _, name, rounds, path = sys.argv
    with open(path, "w") as file:
        json.dump(ask(name, 20_000_000, int(rounds)), file)
