"""The pace of the losses against a plain read of the same arrays, one at a time and together."""

from functools import partial

import numpy as np

import streamloss as sl
from benchmarks._measure import QUICK, SIZE, interleaved_medians, pairs, read_sweep, warm

FAMILIES = {
    "errors": "mae mse huber smooth_l1 quantile mape log_cosh".split(),
    "deviances": "poisson gaussian_nll:full=1 poisson_deviance gamma_deviance".split(),
    "two classes": "hinge log_loss bce bce_with_logits binary_focal soft_margin".split(),
    "rows": "cross_entropy softmax_cross_entropy cosine_similarity kl_divergence_row".split(),
}
# A kernel takes seconds to compile: a quick run has few, most of which other benchmarks need too.
SOME = "mae huber bce_with_logits cross_entropy".split()
LOSSES = [loss for losses in FAMILIES.values() for loss in losses if loss in SOME or not QUICK]
DTYPES = ["float32"] if QUICK else ["float32", "float64"]
EIGHT = "mae mse huber smooth_l1 quantile hinge epsilon_insensitive squared_hinge".split()
ROW = 100


def inputs(loss, dtype, size):
    """Return arrays that suit a loss: positive ones, labels and logits, or rows."""
    rng = np.random.default_rng(1)
    noise = rng.standard_normal(size, dtype)
    if loss in FAMILIES["errors"]:
        return pairs(dtype, size)
    if loss in FAMILIES["deviances"]:
        positive = [rng.random(size, dtype) + dtype(0.1) for _ in range(2)]
        return [noise, (positive[0], positive[1])] if "gaussian" in loss else positive
    if loss in FAMILIES["two classes"]:
        labels = rng.integers(0, 2, size).astype(dtype)
        return [labels, noise if "logits" in loss else rng.random(size, dtype)]
    rows = noise.reshape(-1, ROW)
    if loss == "cross_entropy":
        return [rng.integers(0, ROW, len(rows)), rows]
    shares = rng.random(rows.shape, dtype)
    shares /= shares.sum(axis=1, keepdims=True)
    return [shares, rows if "softmax" in loss or "cosine" in loss else shares[::-1].copy()]


def large(y_true, y_pred):
    """Return the arrays of the full size, all that a read has to read."""
    arrays = [y_true, *y_pred] if isinstance(y_pred, tuple) else [y_true, y_pred]
    return [array for array in arrays if array.size == arrays[-1].size]


class Losses:
    """One call of `evaluate` with one loss."""

    params = (LOSSES, DTYPES)
    param_names = ("loss", "dtype")
    timeout = 300

    def setup(self, loss, dtype):
        arrays = inputs(loss, np.dtype(dtype).type, SIZE)
        self.read = read_sweep(*large(*arrays))
        self.evaluate = partial(sl.evaluate, loss, *arrays)
        warm(self.read, self.evaluate)

    def time_evaluate(self, loss, dtype):
        self.evaluate()

    def peakmem_evaluate(self, loss, dtype):
        self.evaluate()

    def track_ratio_to_read_sweep(self, loss, dtype):
        read, evaluate = interleaved_medians(self.read, self.evaluate)
        return evaluate / read

    track_ratio_to_read_sweep.unit = "ratio"


class Together:
    """Eight losses in one pass, next to one loss and to eight passes."""

    params = (DTYPES,)
    param_names = ("dtype",)
    timeout = 300

    def setup(self, dtype):
        arrays = pairs(dtype)
        # The kernels of one loss each take half a minute to compile.
        losses = SOME[:2] if QUICK else EIGHT
        self.one = partial(sl.evaluate, "mae", *arrays)
        self.together = partial(sl.evaluate, losses, *arrays)
        self.apart = lambda: [sl.evaluate(loss, *arrays) for loss in losses]
        warm(self.one, self.together, self.apart)

    def time_together(self, dtype):
        self.together()

    def track_ratio_to_one_loss(self, dtype):
        one, together = interleaved_medians(self.one, self.together)
        return together / one

    def track_ratio_to_separate_calls(self, dtype):
        apart, together = interleaved_medians(self.apart, self.together)
        return together / apart

    track_ratio_to_one_loss.unit = track_ratio_to_separate_calls.unit = "ratio"
