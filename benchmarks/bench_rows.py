"""Losses of rows by the number of columns: one by one, side by side, and PyTorch's."""

from contextlib import suppress
from functools import partial
from typing import NamedTuple

import numpy as np

import streamloss as sl
from benchmarks._measure import QUICK, interleaved_medians, warm
from streamloss.kernels.cpu import call
from streamloss.kernels.maps import map_rows
from streamloss.losses.names import resolve

NUMBERS = 20_000 if QUICK else 2_000_000
COUNTS = [2, 10, 100] if QUICK else [2, 3, 5, 10, 16, 20, 100, 1000]


@sl.loss
class Confidence(NamedTuple):
    """A loss as a user writes it: the distance of the label's score from the best one."""

    def row(self, y_true: sl.Class, y_pred: sl.Row) -> float:
        best = y_pred[0]
        for c in range(1, len(y_pred)):
            best = max(best, y_pred[c])
        return best - y_pred[int(y_true)]


LOSSES = {
    "cross_entropy": resolve("cross_entropy"),
    "softmax_cross_entropy": resolve("softmax_cross_entropy"),
    "zero_one_row": resolve("zero_one_row"),
    "own": Confidence(),
}
if QUICK:
    LOSSES = {name: LOSSES[name] for name in ("cross_entropy", "own")}


def inputs(loss, count):
    """Return labels, or rows of them, and float32 rows of so many columns."""
    rng = np.random.default_rng(1)
    rows = rng.standard_normal((NUMBERS // count, count), np.float32)
    labels = rng.integers(0, count, len(rows))
    return (np.eye(count, dtype=np.float32)[labels] if loss.ranks[0] else labels), rows


class Rows:
    """One call of `evaluate`, by columns."""

    params = (list(LOSSES), COUNTS)
    param_names = ("loss", "columns")
    timeout = 300

    def setup(self, name, count):
        loss = LOSSES[name]
        arrays = inputs(loss, count)
        self.evaluate = partial(sl.evaluate, loss, *arrays)
        labels, rows = arrays
        arrays = labels if loss.ranks[0] else np.float64(labels), rows
        out, scratch = np.empty(len(rows)), (np.empty(count), np.empty(count))
        self.apart = partial(call, map_rows, (loss,), loss, arrays, out, scratch, ())
        self.beside = partial(call, map_rows, (loss,), loss, arrays, out, scratch, (None,) * count)
        warm(self.evaluate, self.apart)

    def time_evaluate(self, name, count):
        self.evaluate()

    def track_ratio_to_rows_one_by_one(self, name, count):
        if count > 32:
            return float("nan")
        warm(self.beside)
        beside, apart = interleaved_medians(self.beside, self.apart)
        return beside / apart

    track_ratio_to_rows_one_by_one.unit = "ratio"


class Torch:
    """`evaluate` of the cross-entropy next to PyTorch's."""

    params = (COUNTS,)
    param_names = ("columns",)
    timeout = 300

    def setup(self, count):
        labels, rows = inputs(LOSSES["cross_entropy"], count)
        self.evaluate = partial(sl.evaluate, "cross_entropy", labels, rows)
        self.torch = None
        with suppress(ImportError):  # one of the peers, which need not be there
            import torch

            tensors = torch.from_numpy(rows), torch.from_numpy(labels)
            self.torch = partial(torch.nn.functional.cross_entropy, *tensors)

    def track_ratio_to_torch(self, count):
        if self.torch is None:
            return float("nan")
        warm(self.evaluate, self.torch)
        ours, theirs = interleaved_medians(self.evaluate, self.torch)
        return ours / theirs

    track_ratio_to_torch.unit = "ratio"


class Update:
    """One `Accumulator.update` of a batch of logits of ten classes, as in a training loop."""

    params = (64, 4096)
    param_names = ("rows",)

    def setup(self, rows):
        rng = np.random.default_rng(1)
        labels, logits = rng.integers(0, 10, rows), rng.standard_normal((rows, 10), "float32")
        self.batch = labels, logits
        self.accumulator = sl.Accumulator("cross_entropy")
        for _ in range(max(20, 40_000 // rows)):  # until the kernel for ten columns is compiled
            self.accumulator.update(*self.batch)

    def time_update(self, rows):
        self.accumulator.update(*self.batch)
