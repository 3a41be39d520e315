"""The questions that peers are asked: data, a plain read of them, our answer, the exact one."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

import streamloss as sl
from benchmarks._measure import pairs

Arrays = list[Any]
WEIGHTED = "sum_by_nonzero_weights"
ROW = 100
"""Classes of a row of logits."""


def huber(error: Any) -> Any:
    """Return the Huber loss with delta = 1."""
    size = np.abs(error)
    return np.where(size <= 1, 0.5 * error * error, size - 0.5)


def sigmoid(y: Any, x: Any) -> Any:
    """Return the cross-entropy of the probability sigmoid(x)."""
    return np.maximum(x, 0) - x * y + np.log1p(np.exp(-np.abs(x)))


def softmax(labels: Any, x: Any) -> Any:
    """Return the cross-entropy of softmax(x) for each row."""
    top = x.max(axis=1)
    sums = np.exp(x - top[:, None]).sum(axis=1)
    return np.log(sums) + top - x[np.arange(len(x)), labels.astype(np.int64)]


def labelled_logits(dtype: str, size: int) -> Arrays:
    """Return labels 0.0 or 1.0, and logits."""
    rng = np.random.default_rng(1)
    labels = rng.integers(0, 2, size).astype(dtype)
    return [labels, (3 * rng.standard_normal(size, dtype)).astype(dtype)]


def rows_of_logits(dtype: str, size: int) -> Arrays:
    """Return a label of int32 for each row, and rows of logits."""
    rng = np.random.default_rng(1)
    rows = size // ROW
    return [
        rng.integers(0, ROW, rows).astype(np.int32),
        (3 * rng.standard_normal((rows, ROW), dtype)).astype(dtype),
    ]


def ours(loss: Any, **options: Any) -> Callable[..., Any]:
    """Return what makes a call of `evaluate` from arrays."""
    return lambda *arrays: lambda: sl.evaluate(loss, *arrays, **options)


@dataclass(frozen=True)
class Question:
    """What is computed, of which data.

    `terms` computes the terms of the sum from blocks of the arrays in any precision; the answer is
    their sum divided by the nonzero elements of the third array, else by `len` of the first. Where
    `total` is set it is the sum.
    """

    title: str
    dtype: str
    size: int
    make: Callable[[str, int], Arrays]
    ours: Callable[..., Any]
    terms: Callable[..., Any]
    unit: str = "pairs"
    total: bool = False
    alone: bool = False
    """One thread each, as the peers are serial."""


def mae_terms(y_true: Any, y_pred: Any, weights: Any = 1) -> Any:
    """Return weighted absolute errors."""
    return weights * np.abs(y_pred - y_true)


def weighted_pairs(dtype: str, size: int) -> Arrays:
    """Return y_true, y_pred and weights."""
    return pairs(dtype, size, weighted=True)


MILLION = 1_000_000
QUESTIONS = {
    f"{name} {dtype}": Question(title, dtype, 50 * MILLION, *rest)
    for dtype in ("float32", "float64")
    for name, title, *rest in (
        ("mae", f"mean absolute error, {dtype}", pairs, ours("mae"), mae_terms),
        (
            "weighted mae",
            f"weighted mean absolute error, {dtype}",
            weighted_pairs,
            ours("mae", reduction=WEIGHTED),
            mae_terms,
        ),
        (
            "weighted huber",
            f"weighted Huber loss, {dtype}",
            weighted_pairs,
            ours("huber", reduction=WEIGHTED),
            lambda y_true, y_pred, weights: weights * huber(y_pred - y_true),
        ),
    )
}
QUESTIONS["sigmoid float32"] = Question(
    "sigmoid cross-entropy of logits, float32",
    "float32",
    20 * MILLION,
    labelled_logits,
    ours("sigmoid_cross_entropy"),
    sigmoid,
)
QUESTIONS["softmax float32"] = Question(
    f"softmax cross-entropy, rows of {ROW} logits, float32",
    "float32",
    20 * MILLION,
    rows_of_logits,
    ours("cross_entropy"),
    softmax,
    unit="logits",
)
for where, terms in ("memory", 10 * MILLION), ("cache", MILLION):
    QUESTIONS[f"sum {where} float64"] = Question(
        f"exact sum, one thread, float64 from {where}",
        "float64",
        terms,
        lambda dtype, size: pairs(dtype, size)[:1],
        lambda x: lambda: sl.reduce(x, reduction="sum"),
        lambda x: x,
        unit="terms",
        total=True,
        alone=True,
    )
