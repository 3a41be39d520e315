"""NumPy, numexpr, scikit-learn, dask.array and dask-ml, and the libraries of exact sums."""

import math

import numpy as np

from benchmarks._peers import THREADS, peer
from benchmarks._peers.questions import huber, sigmoid, softmax

SUMS = "sum memory", "sum cache"


@peer("NumPy", "mae")
def numpy_mae(y_true, y_pred):
    return lambda: np.abs(y_pred - y_true).mean()


@peer("NumPy", "weighted mae")
def numpy_weighted_mae(y_true, y_pred, weights):
    return lambda: (np.abs(y_pred - y_true) * weights).sum() / np.count_nonzero(weights)


@peer("NumPy", "weighted huber")
def numpy_weighted_huber(y_true, y_pred, weights):
    return lambda: (huber(y_pred - y_true) * weights).sum() / np.count_nonzero(weights)


@peer("NumPy", "sigmoid")
def numpy_sigmoid(y_true, logits):
    return lambda: sigmoid(y_true, logits).mean()


@peer("NumPy", "softmax")
def numpy_softmax(labels, logits):
    return lambda: softmax(labels, logits).mean()


@peer("NumPy, inexact", *SUMS)
def numpy_sum(x):
    return lambda: x.sum()


def numexpr_call(arrays, expression):
    """Return a call that sums an expression of a, b and c, and divides as weights want it."""
    import numexpr

    numexpr.set_num_threads(THREADS)
    names = dict(zip("abc", arrays, strict=False))
    count = "sum(where(c != 0, 1, 0))"

    def call():
        total = numexpr.evaluate(f"sum({expression})", names)
        return total / (numexpr.evaluate(count, names) if "c" in names else len(arrays[0]))

    return call


@peer("numexpr", "mae")
def numexpr_mae(*arrays):
    return numexpr_call(arrays, "abs(b - a)")


@peer("numexpr", "weighted mae")
def numexpr_weighted_mae(*arrays):
    return numexpr_call(arrays, "c * abs(b - a)")


@peer("numexpr", "weighted huber")
def numexpr_weighted_huber(*arrays):
    # what is written twice is computed once
    loss = "where(abs(b - a) <= 1, (b - a) * (b - a) / 2, abs(b - a) - 1 / 2.0)"
    return numexpr_call(arrays, f"c * {loss}")


@peer("numexpr", "sigmoid")
def numexpr_sigmoid(*arrays):
    return numexpr_call(arrays, "where(b > 0, b, 0) - b * a + log1p(exp(-abs(b)))")


@peer("scikit-learn", "mae")
def sklearn_mae(y_true, y_pred):
    from sklearn.metrics import mean_absolute_error

    return lambda: mean_absolute_error(y_true, y_pred)


# Its mean is over the sum of the weights; the last factor makes it one over the nonzero ones.
@peer("scikit-learn", "weighted mae")
def sklearn_weighted_mae(y_true, y_pred, weights):
    from sklearn.metrics import mean_absolute_error

    def call():
        mean = mean_absolute_error(y_true, y_pred, sample_weight=weights)
        return mean * (weights.sum() / np.count_nonzero(weights))

    return call


def dask_arrays(arrays):
    """Return dask arrays of 25 chunks."""
    import dask.array as da

    rows = max(1, len(arrays[0]) // 25)
    chunks = [(rows, *array.shape[1:]) for array in arrays]
    return [da.from_array(a, c, name=False) for a, c in zip(arrays, chunks, strict=True)]


def dask_call(lazy):
    """Return a call that computes a dask array on threads."""
    return lambda: lazy.compute(scheduler="threads", num_workers=THREADS)


@peer("dask.array", "mae")
def dask_mae(*arrays):
    y_true, y_pred = dask_arrays(arrays)
    return dask_call(abs(y_pred - y_true).mean())


@peer("dask.array", "weighted mae")
def dask_weighted_mae(*arrays):
    y_true, y_pred, weights = dask_arrays(arrays)
    return dask_call((abs(y_pred - y_true) * weights).sum() / (weights != 0).sum())


@peer("dask.array", "weighted huber")
def dask_weighted_huber(*arrays):
    y_true, y_pred, weights = dask_arrays(arrays)
    losses = (y_pred - y_true).map_blocks(huber)
    return dask_call((losses * weights).sum() / (weights != 0).sum())


@peer("dask.array", "sigmoid")
def dask_sigmoid(*arrays):
    y_true, logits = dask_arrays(arrays)
    return dask_call(sigmoid(y_true, logits).mean())


@peer("dask.array", "softmax")
def dask_softmax(*arrays):
    import dask.array as da

    labels, logits = dask_arrays(arrays)
    kinds = {"dtype": logits.dtype, "concatenate": True}
    return dask_call(da.blockwise(softmax, "i", labels, "i", logits, "ij", **kinds).mean())


# dask-ml's metrics refuse weights.
@peer("dask-ml", "mae")
def dask_ml_mae(*arrays):
    from dask_ml.metrics import mean_absolute_error

    y_true, y_pred = dask_arrays(arrays)
    return dask_call(mean_absolute_error(y_true, y_pred, compute=False))


def exact(name):
    """Enter a peer of xsum for one of its two accumulators, of terms that NumPy computes."""

    def prepare(y_true, y_pred=None):
        import xsum

        def call():
            total = getattr(xsum, name)()
            total.add(y_true if y_pred is None else np.abs(y_pred - y_true))
            found = total.round()
            return found if y_pred is None else found / len(y_true)

        return call

    label = name.replace("_", ", ")
    peer(label, *SUMS, works_in="float64")(prepare)
    peer(f"NumPy + {label}", "mae float64", works_in="float64")(prepare)


exact("xsum_large")
exact("xsum_small")


@peer("math.fsum", *SUMS)
def python_fsum(x):
    numbers = x.tolist()
    return lambda: math.fsum(numbers)
