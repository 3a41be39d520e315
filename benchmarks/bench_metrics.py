"""Metrics of several exact sums against one loss and a plain read of the same arrays."""

from functools import partial

import numpy as np

import streamloss as sl
from benchmarks._measure import QUICK, interleaved_medians, warm

SIZE = 20_000 if QUICK else 2_000_000
ALL = "r2 explained_variance pearson concordance covariance slope bias wape".split()
METRICS = ALL[:1] if QUICK else ALL


class Moments:
    """One call on labels far from zero, and NumPy's inexact formula of R2."""

    params = (METRICS, ["float64"] if QUICK else ["float32", "float64"], [False, True])
    param_names = ("metric", "dtype", "weighted")
    timeout = 300

    def setup(self, metric, dtype, weighted):
        rng = np.random.default_rng(3)
        y_true = (5 + 3 * rng.standard_normal(SIZE)).astype(dtype)
        y_pred = (y_true + 0.3 * rng.standard_normal(SIZE)).astype(dtype)
        weights = rng.random(SIZE).astype(dtype) if weighted else None
        self.metric = partial(sl.evaluate, metric, y_true, y_pred, weights)
        self.loss = partial(sl.evaluate, "absolute_error", y_true, y_pred, weights)
        self.inexact = partial(inexact_r2, y_true, y_pred, weights)
        warm(self.metric, self.loss, self.inexact)

    def time_metric(self, metric, dtype, weighted):
        self.metric()

    def track_ratio_to_absolute_error(self, metric, dtype, weighted):
        loss, found = interleaved_medians(self.loss, self.metric)
        return found / loss

    def track_ratio_to_r2_of_numpy(self, metric, dtype, weighted):
        inexact, found = interleaved_medians(self.inexact, self.metric)
        return found / inexact


def inexact_r2(y_true, y_pred, weights):
    """Return R2 as NumPy's floats have it."""
    left = np.average((y_true - y_pred) ** 2, weights=weights)
    mean = np.average(y_true, weights=weights)
    return 1 - left / np.average((y_true - mean) ** 2, weights=weights)
