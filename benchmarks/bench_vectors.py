"""What wide vectors and prefetches in kernels bring on this CPU.

Each benchmark builds kernels of the absolute error for this CPU, with and without them, and takes
the medians of their times in turn, in one thread.
"""

from unittest import mock

import numpy as np

from benchmarks._measure import QUICK, SIZE, interleaved_medians
from streamloss.kernels import builder, loader, vectors
from streamloss.kernels.fold import fold_cells, make_workspace
from streamloss.kernels.switches import NARROW, SIFT, WIDE
from streamloss.losses.names import resolve

IN_CACHE = 1 << 15


def arguments(dtype, weighted, size):
    """Return what a kernel of the absolute error takes."""
    y, p, w = np.random.default_rng(0).random((3, size)).astype(dtype)
    sums, counts = np.zeros((1, 2, 73), np.int64), np.zeros((1, 5), np.int64)
    width = NARROW if dtype == "float32" else WIDE
    weights = w if weighted else None
    return (resolve("mae"),), (y, p), weights, sums, counts, 0, make_workspace(1), width, SIFT


def kernel(dtype, weighted, wide, ahead):
    """Return a kernel whose loops have wide vectors or not, and ask for memory so far ahead."""
    widened = vectors.widened if wide else lambda module, processor: module
    with (
        mock.patch.object(vectors, "widened", widened),
        mock.patch.object(vectors, "ahead", return_value=ahead),
    ):
        return loader.load(*builder.build(fold_cells, arguments(dtype, weighted, 9)), None)


class Vectors:
    """A kernel with 512 bits beside one without, of arrays that fit the cache; and prefetches."""

    params = (["float32", "float64"], ["unweighted", "weighted"])
    param_names = ("dtype", "weights")
    timeout = 300

    def setup(self, dtype, weights):
        if not loader.is_usable():
            raise NotImplementedError("object files are not loaded here")
        self.weighted = weights == "weighted"

    def track_ratio_of_wide_vectors_in_cache(self, dtype, weights):
        given = arguments(dtype, self.weighted, IN_CACHE)
        runs = [kernel(dtype, self.weighted, wide, 0) for wide in (False, True)]
        repeats = 1 if QUICK else 50
        narrow, wide = interleaved_medians(
            *(lambda run=run: [run(*given) for _ in range(repeats)] for run in runs)
        )
        return wide / narrow

    track_ratio_of_wide_vectors_in_cache.unit = "ratio"

    def track_ratio_of_prefetches(self, dtype, weights):
        given = arguments(dtype, self.weighted, SIZE)
        runs = [kernel(dtype, self.weighted, True, ahead) for ahead in (0, vectors.AHEAD)]
        plain, ahead = interleaved_medians(*(lambda run=run: run(*given) for run in runs))
        return ahead / plain

    track_ratio_of_prefetches.unit = "ratio"
