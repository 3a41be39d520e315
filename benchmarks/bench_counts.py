"""Metrics of counts: labels with weights and without, bins of scores, small updates."""

import numpy as np

import streamloss as sl
from benchmarks._measure import QUICK

ROWS = 20_000 if QUICK else 20_000_000


def labels(kind, classes=10):
    """Return labels and predictions, seven of ten right."""
    rng = np.random.default_rng(1)
    y = rng.integers(0, classes, ROWS)
    p = np.where(rng.random(ROWS) < 0.7, y, rng.integers(0, classes, ROWS))
    return y.astype(kind), p.astype(kind)


class Labels:
    """Accuracy of so many classes: counts of close numbers, or a table of pairs."""

    params = (["uint8", "int32", "int64"], [2, 10, 1000], ["counts", "weights"])
    param_names = ("dtype", "classes", "kind")

    def setup(self, dtype, classes, kind):
        self.arrays = labels(dtype, min(classes, 200) if dtype == "uint8" else classes)
        if kind == "weights":
            self.arrays += (np.random.default_rng(2).random(ROWS, np.float32),)
        self.time_accuracy(dtype, classes, kind)

    def time_accuracy(self, dtype, classes, kind):
        sl.evaluate("accuracy", *self.arrays)


class Scores:
    """The area under the ROC curve, what it is made of, and how long the result takes."""

    params = (["uniform", "normal"], [20, 24])
    param_names = ("scores", "bits")

    def setup(self, scores, bits):
        rng = np.random.default_rng(3)
        draw = rng.random if scores == "uniform" else rng.standard_normal
        self.score = draw(ROWS, np.float32)
        self.label = (rng.random(ROWS) < 0.5).astype(np.int64)
        self.acc = sl.Accumulator(sl.ROCAUC(bits)).update(self.label, self.score)

    def time_update(self, scores, bits):
        sl.Accumulator(sl.ROCAUC(bits)).update(self.label, self.score)

    def time_result(self, scores, bits):
        self.acc.bracket()


class Exact:
    """The exact area by passes over float64 scores, all different ones or rounded ones."""

    params = (["apart", "rounded"], [ROWS // 5, ROWS])
    param_names = ("scores", "rows")

    def setup(self, scores, rows):
        rng = np.random.default_rng(5)
        self.label = rng.random(rows) < 0.3
        self.score = rng.standard_normal(rows) + self.label
        if scores == "rounded":
            self.score = np.round(self.score, 2)

    def time_exact(self, scores, rows):
        sl.evaluate("roc_auc", self.label, self.score, exact=True)

    def peakmem_exact(self, scores, rows):
        sl.evaluate("roc_auc", self.label, self.score, exact=True)


class Updates:
    """A batch of 64 during training."""

    params = (["accuracy", "f1:average=macro", "roc_auc", "mae"],)
    param_names = ("metric",)

    def setup(self, metric):
        rng = np.random.default_rng(4)
        self.arrays = rng.integers(0, 2, 64), rng.random(64, np.float32)
        if metric != "roc_auc":
            self.arrays = self.arrays[0], rng.integers(0, 2, 64)
        self.acc = sl.Accumulator(metric)
        for _ in range(400):  # until kernels are worth their while
            self.acc.update(*self.arrays)

    def time_update(self, metric):
        self.acc.update(*self.arrays)
