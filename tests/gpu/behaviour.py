"""What users rely on beyond the bits: streams, no copies, no waiting, libraries of arrays."""

import importlib
import pickle
import time

import numpy as np
from numba import cuda

import streamloss as sl
from streamloss.arrays.batch import as_batch
from streamloss.losses.names import resolve
from streamloss.run.gpu import batches as gpu
from streamloss.run.gpu import launch
from tests.gpu.cases import EMULATED, SIMULATED

N = 40 if SIMULATED else 300 if EMULATED else 100_000
UPDATES = 5 if SIMULATED else 25 if EMULATED else 1000

SPINS = 500_000 if EMULATED else 50_000_000
"""Turns of a slow kernel, each of which waits for the one before: a tenth of a second or more."""

CHECKS = []


def check(needs_gpu=False):
    """Register a check: it fails by an AssertionError, and returns what there is to say."""
    return lambda function: CHECKS.append((function, needs_gpu)) or function


def arrays(dtype="float32", n=N):
    return np.random.default_rng(3).random((3, n)).astype(dtype)


def moved(*values):
    return [cuda.to_device(np.ascontiguousarray(value)) for value in values]


@cuda.jit
def late(out, value, turns):
    """Write a value everywhere, after long."""
    x = 1.0
    for _ in range(turns):
        x = x * 0.999999 + 1e-9
    for i in range(out.size):
        out[i] = value if x >= 0.0 else -value


@check()
def teams_and_lanes():
    """Check that results do not depend on how many teams of how many lanes there are."""
    batch = as_batch([resolve("mae")], *moved(*arrays()), None)
    found = launched(lambda: gpu.sums((resolve("mae"), resolve("mse")), batch))
    assert all(state == found[0] for state in found)
    return f"{len(found)} launches of other sizes"


def launched(function):
    """Return what a function returns with launches of several sizes."""
    found, usual = [], launch._size
    shapes = [(1, 1), (2, 3), (5, 8)] if SIMULATED else [(1, 32), (7, 96), (64, 128), (1000, 512)]
    try:
        for teams, lanes in shapes:
            launch._size = lambda n, t=teams, k=lanes: (t, k, min(64, max(1, -(-n // (t * k)))))
            found.append(function())
    finally:
        launch._size = usual
    return found


@check()
def slices():
    """Add every element to its slice, as the CPU does, with launches of several sizes."""
    batch, keys = arrays(), np.random.default_rng(4).integers(0, 9, N)
    want = sl.accumulate(["mae", "mse"], *batch, by=keys)
    held, on_gpu = moved(*batch), cuda.to_device(keys)
    for key in (keys, on_gpu):
        found = launched(lambda key=key: sl.accumulate(["mae", "mse"], *held, by=key))
        assert all(acc == want for acc in found)
    return f"{len(want.tally.known)} slices, keys of both places"


@check()
def many_updates():
    """Add up batches of two dtypes and of both places, as the CPU does."""
    ours, theirs = sl.Accumulator(["mae", "huber"]), sl.Accumulator(["mae", "huber"])
    for k in range(UPDATES):
        batch = arrays(["float32", "float64"][k % 2], 1 + k * 7 % N)
        ours.update(*(batch if k % 5 == 4 else moved(*batch)))
        theirs.update(*batch)
    assert ours == theirs
    assert ours.to_bytes() == theirs.to_bytes()
    assert pickle.loads(pickle.dumps(ours)) == theirs
    return f"{theirs.counts['elements']} elements"


DTYPES = "bool int8 uint16 int64 float16 float32 float64".split()


@check()
def dtypes():
    """Read arrays of any dtype, and of different ones, as they are."""
    y, p, w = 100 * arrays("float64")
    for k, dtype in enumerate(DTYPES):
        batch = y.astype(dtype), p.astype(DTYPES[k - 1]), w.astype(DTYPES[k - 2])
        assert sl.accumulate("mae", *moved(*batch)) == sl.accumulate("mae", *batch), dtype
    numbers = (y + 1j * p).astype("complex64"), p + 1j * w
    assert sl.accumulate("mae", *moved(*numbers)) == sl.accumulate("mae", *numbers)
    return f"{len(DTYPES)} real ones, complex"


@check()
def both_places():
    """Take predictions on the GPU with labels, weights and masks on the CPU."""
    y, p, w = arrays()
    (d,) = moved(p)
    want = sl.accumulate("mae", y, p, w, where=y > 0.5)
    assert sl.accumulate("mae", y, d, w, where=y > 0.5) == want
    assert sl.accumulate("mae", y, d, w, where=cuda.to_device(y > 0.5)) == want
    return "y_true, weights and where on the CPU"


@check()
def no_copies():
    """Read inputs where they lie."""
    held = moved(*arrays())
    batch = as_batch([resolve("mae")], *held, None)
    found = [*(a.pointer for a in batch.inputs), batch.weights.pointer]
    assert found == [pointer(a) for a in held]
    return "numba: equal pointers"


def pointer(array):
    if SIMULATED:
        return array.__array_interface__["data"][0]
    return array.__cuda_array_interface__["data"][0]


@check(needs_gpu=True)
def several_streams():
    """Add batches that several streams write."""
    streams = [cuda.stream() for _ in range(4)]
    ours, theirs = sl.Accumulator("mae"), sl.Accumulator("mae")
    y, p, w = arrays("float64")
    for k in range(UPDATES):
        stream = streams[k % 4]
        ours.update(*(cuda.to_device(a, stream=stream) for a in (y, p + k, w)))
        theirs.update(y, p + k, w)
    assert ours == theirs
    return f"{UPDATES} updates in 4 streams"


@check(needs_gpu=True)
def callers_stream():
    """See what a slow kernel in the caller's stream writes, to an input and to weights."""
    stream, still = cuda.stream(), cuda.to_device(np.zeros(N))
    written = busy(stream)
    for k, arguments in enumerate([(still, written), (written, still), (still, still, written)]):
        late[1, 1, stream](written, k + 2.0, SPINS)
        found = sl.accumulate("mae", *arguments)
        host = [np.full(N, k + 2.0) if a is written else np.zeros(N) for a in arguments]
        assert found == sl.accumulate("mae", *host)
    return "as y_pred, y_true and weights"


def busy(stream):
    """Return an array that a stream writes, with the kernel compiled and nothing to wait for."""
    out = cuda.device_array(N, np.float64, stream=stream)
    late[1, 1, stream](out, 0.0, 1)
    stream.synchronize()
    return out


@check(needs_gpu=True)
def written_again():
    """Count arrays of two streams as they are when both have come to the update, and no later."""
    one, two = cuda.stream(), cuda.stream()
    a, b = busy(one), busy(two)
    for slow, before, quick, after in ((one, a, two, b), (two, b, one, a)):
        late[1, 1, slow](before, 1.0, SPINS)
        acc = sl.Accumulator("mae").update(a, b)
        late[1, 1, quick](after, 7.0, 1)
        assert acc.result() == 1.0
        late[1, 1, slow](before, 0.0, 1)
        late[1, 1, quick](after, 0.0, 1)
        cuda.synchronize()
    return "each of two streams"


@check(needs_gpu=True)
def no_waiting():
    """Return from updates, the first one too, before a slow kernel in their stream is done."""
    said = []
    for name, stream in (("own", cuda.stream()), ("default", cuda.default_stream())):
        for loss, shape in (("mae", (N,)), (sl.SoftmaxCrossEntropy(), (N // 4, 4))):
            table, done, acc = busy(stream), cuda.event(), sl.Accumulator(loss)
            table = table.reshape(*shape)
            table.stream = stream  # numba's views name no stream: nothing would wait for it
            acc.update(table, table).result()
            start = time.perf_counter()
            late[1, 1, stream](table.ravel(), 1.0, SPINS if EMULATED else 6 * SPINS)
            done.record(stream)
            for _ in range(10):
                acc.update(table, table)
            # The stream is asked, not the clock: on a busy machine either may take long.
            assert not done.query()
            update = time.perf_counter() - start
            acc.result()
            assert done.query()
            total = time.perf_counter() - start
            said.append(f"{name} stream: updates {1e3 * update:.1f} ms of {1e3 * total:.0f}")
    return ", ".join(said)


def library(name):
    """Return what makes arrays of a library on the GPU, or None if it is not installed."""
    try:
        module = importlib.import_module(name)
    except ImportError:
        return None
    if name == "cupy":
        return module.asarray
    return (lambda a: module.as_tensor(a, device="cuda")) if module.cuda.is_available() else None


class OnlyDLPack:
    """An array that offers DLPack and nothing else."""

    def __init__(self, array):
        self.__dlpack__, self.__dlpack_device__ = array.__dlpack__, array.__dlpack_device__


def like_numpy(name):
    """Check arrays of a library: the bits, the pointers, DLPack, and what `none` returns."""
    make = library(name)
    if make is None:
        return "not installed"
    y, p, w = arrays()
    held = [make(a) for a in (y, p, w)]
    want = sl.accumulate("mae", y, p, w)
    batch = as_batch([resolve("mae")], *held, None)
    assert [a.pointer for a in (*batch.inputs, batch.weights)] == [pointer(a) for a in held]
    assert sl.accumulate("mae", *held) == want
    assert sl.accumulate("mae", *map(OnlyDLPack, held)) == want
    out = sl.evaluate("mae", *held, reduction="none")
    assert type(out) is type(held[0])
    assert out.tolist() == sl.evaluate("mae", y, p, w, reduction="none").tolist()
    return "bits, pointers, DLPack, none"


@check(needs_gpu=True)
def arrays_of_cupy():
    """Read CuPy's arrays where they lie, and return such."""
    return like_numpy("cupy")


@check(needs_gpu=True)
def tensors_of_torch():
    """Read PyTorch's tensors where they lie, and return such."""
    return like_numpy("torch")


def run():
    """Return one record for each check."""
    records = []
    for function, needs_gpu in CHECKS:
        said, failed = "needs a GPU", False
        if not (needs_gpu and SIMULATED):
            try:
                said = function()
            except Exception as error:
                said, failed = f"{type(error).__name__}: {error}", True
        records.append({"check": function.__name__, "said": said, "failed": failed})
    return records
