"""The last updates of a stream: the bits of `evaluate` for their rows, and nothing of others."""

import copy
import itertools
import pickle
import signal
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import streamloss as sl
from tests.api.streams import NAN, RNG, Tilted
from tests.reference import LARGEST, TINY, bits

INF = float("inf")
LOSSES = ["mae", "rmse", "r2", sl.Huber(0.5), Tilted()]

SIZES = [3, 0, 1, 70, 2, 5, 400, 1, 9]
BATCHES = [
    (
        *RNG.standard_normal((2, n)) * 10.0 ** RNG.integers(-6, 7, (2, n)),
        RNG.integers(0, 3, n) * 0.3,
    )
    for n in SIZES
]


def joined(batches: Any) -> list[np.ndarray]:
    """The rows of batches, one after another."""
    return [np.concatenate(arrays) for arrays in zip(*batches, strict=True)]


def state(window: sl.Rolling) -> Any:
    """All that can be seen of a window, and what it would give when its panes leave."""
    return len(window), window.counts, bits(window.result()), window.copy()


@pytest.mark.parametrize("size", [1, 2, 4, 100])
@pytest.mark.parametrize("nan", ["propagate", "omit"])
def test_the_result_is_that_of_the_last_updates(size: int, nan: str) -> None:
    window = sl.Rolling(LOSSES, size, nan=nan)
    for stop, batch in enumerate(BATCHES, 1):
        assert window.update(*batch) is window
        rows = joined(BATCHES[max(stop - size, 0) : stop])
        acc = sl.accumulate(LOSSES, *rows, nan=nan)
        assert bits(window.result()) == bits(sl.evaluate(LOSSES, *rows, nan=nan))
        assert (window.counts, len(window)) == (acc.counts, min(stop, size))


@pytest.mark.parametrize("reduction", ["sum", "mean", "sum_over_batch_size"])
def test_any_reduction(reduction: str) -> None:
    window = sl.Rolling("mae", 3)
    for batch in BATCHES:
        window.update(*batch)
    expected = sl.evaluate("mae", *joined(BATCHES[-3:]), reduction=reduction)
    assert window.result(reduction) == expected
    for wrong in ("none", "median"):
        with pytest.raises(ValueError, match="none"):
            window.result(wrong)


VALUES = st.lists(
    st.floats() | st.sampled_from([0.1, 1e300, -1e300, 1e-300, LARGEST, TINY, NAN, INF, -INF]),
    max_size=20,
)


@given(VALUES, st.integers(1, 5), st.sampled_from(["sum", "mean"]))
def test_any_stream(values: list[float], size: int, reduction: str) -> None:
    window = sl.Rolling("value", size)
    for stop, value in enumerate(values, 1):
        found = window.update([value]).result(reduction)
        last = values[max(stop - size, 0) : stop]
        assert bits(found) == bits(sl.evaluate("value", last, reduction=reduction))


def test_long_streams_do_not_drift() -> None:
    values = (RNG.standard_normal(3000) * 10.0 ** RNG.integers(-200, 200, 3000)).tolist()
    values[1000:1010] = [NAN, INF, -INF, LARGEST, -LARGEST] * 2
    window = sl.Rolling("value", 7)
    for stop, value in enumerate(values, 1):
        window.update([value])
        if stop > 1020 and stop % 50 == 0:
            assert window.result("sum") == float(sum(map(Fraction, values[stop - 7 : stop])))


@pytest.mark.parametrize("cells", [3, 100])
def test_axes_kept(cells: int) -> None:
    data = RNG.standard_normal((9, 2, 5, cells)) * 10.0 ** RNG.integers(-90, 90, (9, 2, 5, cells))
    window = sl.Rolling(["mae", "mse"], 4, axis=0)
    assert window.result()["mae"] == pytest.approx(NAN, nan_ok=True)
    for stop in range(1, 10):
        window.update(*data[stop - 1])
        rows = np.concatenate(data[max(stop - 4, 0) : stop], axis=1)
        assert bits(window.result()) == bits(sl.evaluate(["mae", "mse"], *rows, axis=0))
        assert window.counts == sl.accumulate(["mae", "mse"], *rows, axis=0).counts


def test_masks_and_other_containers() -> None:
    import dask.array as da

    window = sl.Rolling("mae", 2)
    window.update([9.0], [0.0])
    window.update([1.0, 2.0], (0, 0), where=[True, False])
    window.update(da.from_array(np.array([4.0, 8.0])), np.zeros(2), 3.0)
    assert window.result("sum") == 37.0
    assert window.counts["masked"] == 1


def test_named_axes() -> None:
    xr = pytest.importorskip("xarray")
    data = RNG.standard_normal((4, 2, 5, 3))
    window = sl.Rolling("mae", 2, axis="time")
    for k, (y, p) in enumerate(data):
        arrays = [
            xr.DataArray(a, dims=("time", "site"), coords={"site": [4, 5, 6]}) for a in (y, p)
        ]
        window.update(*[a.transpose("site", "time") if k == 2 else a for a in arrays])
    found = window.result()
    assert found.dims == ("site",)
    rows = np.concatenate(data[2:], axis=1)
    assert bits(found.values) == bits(sl.evaluate("mae", *rows, axis=0))
    assert bits(window.copy().result().values) == bits(found.values)
    with pytest.raises(ValueError, match="site"):
        window.update(
            arrays[0].assign_coords(site=[1, 2, 3]), arrays[1].assign_coords(site=[1, 2, 3])
        )
    assert window.reset().losses == (sl.losses.AbsoluteError(),)
    other = [a.rename(time="step", site="time") for a in arrays]
    assert window.update(*other).result().dims == ("step",)


ONES = np.ones((4, 3))
FAILURES: dict[str, tuple[type[BaseException], tuple[Any, ...]]] = {
    "shapes": (ValueError, (ONES, ONES[:3])),
    "text": (TypeError, (ONES, ONES.astype(str))),
    "weights trailing": (ValueError, (ONES, ONES, ONES[0])),
    "other size": (ValueError, (np.ones((4, 2)), np.ones((4, 2)))),
    "other rank": (ValueError, (np.ones((4, 3, 2)), np.ones((4, 3, 2)))),
    "NaN": (ValueError, (ONES, ONES * NAN)),
}


@pytest.mark.parametrize("updates", [1, 2, 5])
@pytest.mark.parametrize("failure", FAILURES)
def test_a_failed_update_changes_nothing(failure: str, updates: int) -> None:
    error, arrays = FAILURES[failure]
    window = sl.Rolling(["mae", Tilted()], 2, axis=0, nan="raise")
    for k in range(updates):
        window.update(ONES, ONES * k)
    before = state(window)
    with pytest.raises(error):
        window.update(*arrays)
    assert state(window) == before
    rows = [np.tile(ONES, (3, 1)), np.concatenate([ONES * (updates - 1), ONES * 7, ONES * 8])]
    for k in (7, 8):
        window.update(ONES, ONES * k)
    expected = sl.evaluate(["mae", Tilted()], rows[0][4:], rows[1][4:], axis=0)
    assert bits(window.result()) == bits(expected)


# What Python calls when an object ends, such as a generator, swallows interrupts that come there.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="there are no alarms here")
def test_an_interrupted_update_counts_whole_or_not_at_all() -> None:
    def interrupt(*args: Any) -> None:
        raise KeyboardInterrupt

    previous = signal.signal(signal.SIGALRM, interrupt)
    try:
        for delay in np.linspace(1e-4, 2e-3, 60):
            window, done = sl.Rolling("value", 3), 0
            with pytest.raises(KeyboardInterrupt):  # noqa: PT012  # it may come anywhere
                signal.setitimer(signal.ITIMER_REAL, delay, 0.1)  # again, if it was swallowed
                while True:
                    window.update([float(done + 1)])
                    done += 1
            signal.setitimer(signal.ITIMER_REAL, 0.0)
            seen = [float(sum(range(max(n - 2, 1), n + 1))) for n in (done, done + 1)]
            assert window.result("sum") in seen
            window.update([100.0]).update([200.0]).update([400.0])
            assert window.result("sum") == 700.0
    finally:
        signal.signal(signal.SIGALRM, previous)


def test_updates_from_several_threads_lose_nothing() -> None:
    data = RNG.standard_normal((60, 2, 50))
    window = sl.Rolling("mae", 60)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda pair: window.update(*pair), data))
    assert window.result() == sl.evaluate("mae", *np.concatenate(data, axis=1))
    for pair in data:
        window.update(*pair * 2.0)
    assert window.result() == sl.evaluate("mae", *np.concatenate(data * 2.0, axis=1))


def test_every_method_while_others_update() -> None:
    window, stop = sl.Rolling("value", 4), threading.Event()
    calls: list[Callable[[], Any]] = [
        lambda: window.result() in (1.0, 0.0) or pytest.fail("half an update"),
        lambda: window.counts,
        lambda: len(window),
        lambda: repr(window),
        lambda: window.copy().update([1.0]).result(),
        lambda: pickle.loads(pickle.dumps(window)).result(),
    ]
    window.update([1.0])

    def add() -> None:
        while not stop.is_set():
            window.update([1.0])

    with ThreadPoolExecutor(3) as pool:
        adding = [pool.submit(add) for _ in range(2)]
        try:
            for call in itertools.chain(*[calls] * 50):
                call()
        finally:
            stop.set()
        for each in adding:
            each.result()
    assert window.counts["elements"] == 4


COPIES: dict[str, Callable[[sl.Rolling], sl.Rolling]] = {
    "copy": sl.Rolling.copy,
    "copy.copy": copy.copy,
    "deepcopy": copy.deepcopy,
    "pickle": lambda window: pickle.loads(pickle.dumps(window)),
}


@pytest.mark.parametrize("how", COPIES)
def test_copies_share_nothing(how: str) -> None:
    window = sl.Rolling(["mae", Tilted()], 3)
    for batch in BATCHES[:5]:
        window.update(*batch)
    before = state(window)
    other = COPIES[how](window)
    assert (other.size, other.losses, state(other)) == (3, window.losses, before)
    for n, batch in enumerate(BATCHES[5:], 6):
        other.update(*batch)
        assert bits(other.result()) == bits(
            sl.evaluate(["mae", Tilted()], *joined(BATCHES[n - 3 : n]))
        )
    assert state(window) == before
    window.update(*BATCHES[5])
    assert bits(window.result()) == bits(sl.evaluate(["mae", Tilted()], *joined(BATCHES[3:6])))


def test_a_window_that_is_reset_is_new() -> None:
    window = sl.Rolling("mae", 2, axis=0)
    for _ in range(3):
        window.update(ONES, ONES)
    assert window.reset() is window
    assert state(window) == state(sl.Rolling("mae", 2, axis=0))
    assert window.update(np.ones((2, 5)), np.zeros((2, 5))).result().tolist() == [1.0] * 5


def test_repr_reads_well() -> None:
    window = sl.Rolling("mae", size=3)
    assert repr(window) == (
        "Rolling(size=3, 0 held: Accumulator(AbsoluteError(), axis=None, nan='propagate': empty))"
    )
    assert "2 held: Accumulator(" in repr(window.update([1.0], [2.0]).update([3.0], [4.0]))


@pytest.mark.parametrize("size", [True, 2.0, "3", None, np.True_])
def test_a_size_that_is_no_integer(size: Any) -> None:
    with pytest.raises(TypeError, match="size must be an integer: got"):
        sl.Rolling("mae", size)


@pytest.mark.parametrize("size", [0, -1, -(10**99)])
def test_a_size_that_is_not_positive(size: int) -> None:
    with pytest.raises(ValueError, match="size must be at least 1: got ") as caught:
        sl.Rolling("mae", size)
    assert len(str(caught.value)) < 100


def test_other_arguments_are_refused_as_accumulators_do() -> None:
    with pytest.raises(ValueError, match="nan"):
        sl.Rolling("mae", 3, nan="ignore")
    with pytest.raises(ValueError, match="no_such"):
        sl.Rolling("no_such", 3)
    with pytest.raises(TypeError):
        sl.Rolling("mae", 3, by="key")  # type: ignore[call-arg]


def test_sizes_without_end_take_no_memory() -> None:
    window = sl.Rolling("mae", np.int64(2**62))
    assert window.update([1.0], [3.0]).result() == 2.0
    assert (window.size, len(window)) == (2**62, 1)
