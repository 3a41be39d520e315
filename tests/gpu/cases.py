"""Every loss in many ways: what the GPU finds against what the CPU finds, bit for bit."""

from typing import Any, NamedTuple

import numba
import numpy as np
from numba import cuda

import streamloss as sl
from streamloss.arrays.batch import as_batch
from streamloss.arrays.device import as_device
from streamloss.kernels.switches import OMIT, SIFT
from streamloss.losses.base import parts_of
from streamloss.losses.names import resolve
from streamloss.run import cpu, python
from streamloss.run.gpu import batches as gpu
from tests.gpu import emulator
from tests.losses.truth import TABLE
from tests.losses.truth.draws import probabilities, reals

SIMULATED = bool(numba.config.ENABLE_CUDASIM)
EMULATED = emulator.is_on()

HOST: Any = python if SIMULATED else cpu
"""What the GPU is compared with; where Python plays the GPU, it plays the CPU as well."""


class Sizes(NamedTuple):
    """How many elements or rows cases have."""

    ragged: tuple[int, ...]
    usual: int
    few_kernels: bool = False
    """Whether all has weights of one dtype, and no `where`, for which few kernels are compiled."""


FULL = Sizes((1, 2, 33, 127, 1000, 4097, 65_537, 1_000_003, 3_000_001), 20_000)
QUICK = Sizes((1, 33, 1000, 65_537), 4_000)
TINY = Sizes((1, 5), 16)
SMALL = Sizes((1, 33, 300, 5000), 400)
FEW = SMALL._replace(few_kernels=True)


class Case(NamedTuple):
    """Arrays of the CPU, and how they are reduced; those with a key for each row to slices."""

    inputs: tuple[Any, ...]
    weights: Any = None
    where: Any = None
    axis: Any = None
    rule: Any = SIFT
    by: Any = None


MOMENTS = "r2 explained_variance pearson concordance covariance slope mean_error wape".split()
"""Metrics of moments, by their names."""


def drawn():
    """Return each loss or group of losses, with what draws its data, by the name of its class."""
    groups = {}
    for loss, _, draw, _ in TABLE:
        groups.setdefault(type(loss).__name__, []).append((parts_of((loss,)), draw))
    metrics = {reals: MOMENTS, probabilities: ["dice", "tversky"]}
    for draw, names in metrics.items():
        groups |= {name: [(parts_of((resolve(name),)), draw)] for name in names}
    many = "mae mse huber smooth_l1 quantile mape hinge epsilon_insensitive squared_hinge".split()
    groups["several"] = [(tuple(map(resolve, many)), reals)]
    return groups


def cases(rng, inputs, sizes):
    """Yield cases by name: sizes, weights, axes, masks, strides and strange numbers."""
    for n in sizes.ragged:
        few = tuple(a[:n] for a in inputs)
        yield f"{n} unweighted", Case(few)
        yield f"{n} weighted", Case(few, weights_like(rng, few[0], n))
    inputs = tuple(a[: sizes.usual] for a in inputs)
    dtype, n = inputs[0].dtype, sizes.usual
    table = tuple(a.reshape(n // 4, 4, *a.shape[1:]) for a in inputs)
    heavy, mask = weights_like(rng, inputs[0], n), rng.random(n) < 0.8
    yield "scalar weight", Case(inputs, np.array(0.3, dtype))
    yield "a weight a row", Case(table, heavy[: n // 4], axis=1)
    yield "float64 weights, where", Case(inputs, heavy.astype("f8"), mask)
    yield "where broadcast, axis 0", Case(table, heavy[:n].reshape(-1, 4), mask[: n // 4], axis=0)
    yield "strided, omit", Case(tuple(map(strided, table)), strided(heavy[: n // 4]), rule=OMIT)
    yield "transposed", Case(tuple(a.swapaxes(0, 1) for a in table), heavy[:4], axis=0)
    strange = tuple(sprinkled(rng, a) for a in inputs)
    weights = sprinkled(rng, heavy)
    yield "not finite", Case(strange, weights, mask)
    yield "not finite, omit", Case(strange, weights, mask, rule=OMIT)
    keys = rng.integers(0, 7, n)
    yield "by keys", Case(inputs, heavy[:n], by=keys)
    yield "by keys, axis 0", Case(table, heavy[: n // 4], mask[: n // 4], axis=0, by=keys[: n // 4])
    yield "by keys, not finite, omit", Case(strange, weights, mask, rule=OMIT, by=keys)
    yield "wide exponents", Case(tuple(widened(rng, a) for a in inputs), widened(rng, heavy))
    yield "empty", Case(tuple(a[:0] for a in inputs))


def weights_like(rng, array, n):
    """Return weights of an array's dtype, a fifth of them zero."""
    return (rng.random(n) * (rng.random(n) < 0.8)).astype(array.dtype)


def strided(array):
    """Return an equal array of every second of the first axis of another."""
    return np.repeat(array, 2, axis=0)[::2]


def sprinkled(rng, array):
    """Return an array with NaN, infinities and zeros here and there."""
    chosen = rng.choice([np.nan, np.inf, -np.inf, 0.0, -0.0], array.shape).astype(array.dtype)
    return np.where(rng.random(array.shape) < 0.05, chosen, array)


def widened(rng, array):
    """Return an array times powers of two, up to overflow and down to subnormal numbers."""
    most = 140 if array.dtype == np.float32 else 1070
    with np.errstate(all="ignore"):
        return np.ldexp(array, rng.integers(-most, most, array.shape)).astype(array.dtype)


def on_gpu(array):
    """Return an array on the GPU with the strides of one on the CPU."""
    if array is None or array.ndim == 0:
        return array
    if array.strides[0] == 2 * array[:1].nbytes:  # `strided`
        return cuda.to_device(np.repeat(array, 2, axis=0))[::2]
    if array.flags.c_contiguous:
        return cuda.to_device(array)
    back = np.argsort([-stride for stride in array.strides], kind="stable")
    moved = as_device("array", cuda.to_device(np.ascontiguousarray(array.transpose(back))))
    order = np.argsort(back)  # numba's own transpose copies
    return moved.viewed(array.shape, tuple([moved.strides[k] for k in order]))


def batches(losses, case):
    """Return a case as a batch on the CPU and as one on the GPU."""
    for move in (lambda array: array, on_gpu):
        yield as_batch(losses, *moved(case, move))


def moved(case, move):
    """Return the arguments of a case, each moved."""
    first, *others = map(move, case.inputs)
    rest = tuple(others) if len(others) > 1 else (others or [None])[0]
    return first, rest, move(case.weights), move(case.where)


def sliced(losses, case, move):
    """Return the slices of a case, whose arrays are moved."""
    *arrays, where = moved(case, move)
    nan = "omit" if case.rule == OMIT else "propagate"
    options = {"where": where, "axis": case.axis, "nan": nan, "by": case.by}
    return sl.accumulate(list(losses), *arrays, **options)


def compare(losses, case):
    """Return what differs, as text (empty if nothing does), and by how many ulp losses do."""
    if case.by is not None:
        found, want = (sliced(losses, case, move) for move in (on_gpu, lambda array: array))
        return "" if found == want and found.to_bytes() == want.to_bytes() else "slices", 0
    host, device = batches(losses, case)
    state, truth = (
        b.sums(losses, a, case.axis, case.rule) for b, a in ((gpu, device), (HOST, host))
    )
    worst = 0
    for loss in losses:
        found, want = gpu.values(loss, device, case.rule), HOST.values(loss, host, case.rule)
        worst = max(worst, ulps(found.copy_to_host(), want))
    wrong = {
        "State": state != truth,
        "counts": not np.array_equal(state.counts, truth.counts),
        "none": worst > 0,
    }
    return ", ".join(what for what, is_wrong in wrong.items() if is_wrong), worst


LOST = 1 << 64
"""The distance between a number and NaN."""


def ulps(found, want):
    """Return the largest distance in ulp; zero means the same bits, but for those of NaN."""
    lost = np.isnan(found) != np.isnan(want)
    a, b = (np.where(np.isnan(x), 0.0, x).ravel().view(np.int64) for x in (found, want))
    apart = a != b
    a, b = (
        np.where(x < 0, np.iinfo(np.int64).min - x, x).astype(object) for x in (a[apart], b[apart])
    )
    far = max([max(abs(x - y), 1) for x, y in zip(a, b, strict=True)], default=0)
    return LOST if lost.any() else far


def check(name, dtype, sizes):
    """Return one record for each case of the losses of a class."""
    records, rng = [], np.random.default_rng(6)
    for losses, draw in drawn()[name]:
        draws = draw(rng, max(*sizes.ragged, sizes.usual))
        inputs = tuple(np.asarray(a, dtype) for a in draws)
        title = repr(losses[0]) if len(losses) == 1 else name
        for way, case in cases(rng, inputs, sizes):
            if sizes.few_kernels:
                case = case._replace(where=None)
                if case.weights is None or case.weights.dtype != dtype:
                    continue
            wrong, worst = tried(losses, case)
            found = {"loss": title, "dtype": dtype, "way": way}
            records.append({**found, "wrong": wrong, "ulp": worst})
    return records


def tried(losses, case):
    """Return what `compare` does, or the error that it met."""
    try:
        return compare(losses, case)
    except Exception as error:
        return f"{type(error).__name__}: {error}", None
