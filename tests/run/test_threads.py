"""Threads: how many are used, the same bits for any number, and company of every kind."""

import itertools
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest

import streamloss as sl
from streamloss.run.threads import share
from tests.reference import bits, truth

RNG = np.random.default_rng(6)
Y, P, W = RNG.standard_normal((3, 600_000)) * 10.0 ** RNG.integers(-4, 5, (3, 600_000))


def run(script: str, *args: str, **environment: str) -> str:
    """Run a script in a new process and return what it prints."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", script, *args],
        env=os.environ | environment,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.strip()


# How many


@pytest.mark.parametrize("number", [0, -1, 1.5, 2.0, "2", True, False, [2]])
def test_a_number_of_threads_that_is_none_is_refused(number: Any) -> None:
    before = sl.get_num_threads()
    with pytest.raises(ValueError, match=r"number of threads must be .*got"):
        sl.set_num_threads(number)
    assert sl.get_num_threads() == before


def test_the_number_set_is_kept_until_none_restores_the_default() -> None:
    default = sl.get_num_threads()
    sl.set_num_threads(default + 3)
    assert sl.get_num_threads() == default + 3
    sl.set_num_threads(None)
    assert sl.get_num_threads() == default


def test_the_default_is_the_cores_this_process_may_use(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("STREAMLOSS_NUM_THREADS", raising=False)
    if not hasattr(os, "sched_getaffinity"):
        pytest.skip("cores cannot be asked for here")
    assert sl.get_num_threads() == len(os.sched_getaffinity(0))


def test_other_threads_do_not_start_threads() -> None:
    sl.set_num_threads(4)
    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(sl.get_num_threads).result() == 1


def test_the_environment_sets_the_default() -> None:
    script = "import streamloss as sl; print(sl.get_num_threads())"
    assert run(script, STREAMLOSS_NUM_THREADS="3") == "3"


def test_the_number_set_comes_before_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STREAMLOSS_NUM_THREADS", "5")
    assert sl.get_num_threads() == 5
    sl.set_num_threads(2)
    assert sl.get_num_threads() == 2


@pytest.mark.parametrize("text", ["0", "-1", "two", "1.5", " "])
def test_a_wrong_environment_is_refused(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STREAMLOSS_NUM_THREADS", text)
    with pytest.raises(ValueError, match=r"STREAMLOSS_NUM_THREADS must be .*got"):
        sl.evaluate("mae", Y, P)


def test_large_arrays_use_the_threads_and_small_ones_start_none() -> None:
    script = """
import sys, time
import numpy as np
import streamloss as sl
large, small = np.ones((2, 2_000_000)), np.ones((2, 1000))
seen = []
for threads, data in ((4, small), (1, large), (4, large), (2, large)):
    sl.set_num_threads(threads)
    sl.evaluate("mae", *data)
    for _ in range(600):  # a new thread is seen once it has run for the first time
        if threads == 1 or data is small or len(sys._current_frames()) == 4:
            break
        time.sleep(0.1)
    seen.append(len(sys._current_frames()))
print(seen)
"""
    assert run(script) == "[1, 1, 4, 4]"


# The same bits


CALLS: dict[str, tuple[Any, dict[str, Any]]] = {
    "plain": ((Y, P), {}),
    "weights": ((Y, P, W), {}),
    "float32": ((Y.astype("f4"), P.astype("f4"), W.astype("f4")), {}),
    "float16": ((Y.astype("f2"), P.astype("f2")), {"nan": "omit"}),
    "strided": ((Y[::2], P[::2], W[::2]), {}),
    "where": ((Y, P, W), {"where": W > 0}),
    "omit": ((np.where(W > 1e3, np.nan, Y), P, W), {"nan": "omit"}),
    "not finite": ((np.where(W > 1e3, np.inf, Y), P, W), {}),
    "rows": ((Y.reshape(10, -1), P.reshape(10, -1), W[:10]), {"axis": 1}),
    "columns": ((Y.reshape(-1, 10), P.reshape(-1, 10)), {"axis": 0}),
    "many cells": ((Y.reshape(-1, 300), P.reshape(-1, 300), W[:2000]), {"axis": 1}),
    "many columns": ((Y.reshape(300, -1), P.reshape(300, -1), W[:300]), {"axis": 0}),
    "middle": ((Y.reshape(20, 300, 100), P.reshape(20, 300, 100)), {"axis": (0, 2)}),
}


@pytest.mark.parametrize("call", CALLS)
def test_any_number_of_threads_gives_the_same_bits(call: str) -> None:
    args, options = CALLS[call]
    found = set()
    for threads in (1, 2, 3, 4, 5, 6, 7, 8, 1):
        sl.set_num_threads(threads)
        found.add(sl.accumulate("mae", *args, **options).to_bytes())
    assert len(found) == 1


@pytest.mark.parametrize("threads", range(1, 9))
def test_the_result_of_threads_is_true(threads: int) -> None:
    sl.set_num_threads(threads)
    assert sl.evaluate("mae", Y, P, W) == truth(abs(P - Y), W)
    losses = sl.evaluate("mae", Y, P, W, reduction="none")
    assert losses.tobytes() == (abs(P - Y) * W).tobytes()


def test_large_calls_in_other_threads() -> None:
    want = sl.evaluate("mae", Y, P, W)
    with ThreadPoolExecutor(4) as pool:
        assert set(pool.map(lambda k: sl.evaluate("mae", Y, P, W), range(12))) == {want}


def test_large_calls_in_other_threads_and_the_main_one() -> None:
    sl.set_num_threads(4)
    want = bits(sl.evaluate("mae", Y, P, W, reduction="none"))
    with ThreadPoolExecutor(3) as pool:
        calls = [pool.submit(sl.evaluate, "mae", Y, P, W, reduction="none") for _ in range(6)]
        assert bits(sl.evaluate("mae", Y, P, W, reduction="none")) == want
        assert all(bits(call.result()) == want for call in calls)


LAYER = """
import importlib, sys, threading
from concurrent.futures import ThreadPoolExecutor
import numba
import numpy as np
import streamloss as sl

layer, users = sys.argv[1], int(sys.argv[2])
try:
    importlib.import_module("numba.np.ufunc." + layer)
except ImportError:
    print("absent")
    sys.exit()

@numba.njit(parallel=True)
def own(a):
    total = 0.0
    for i in numba.prange(a.size):
        total += a[i]
    return total

y, p, w = np.random.default_rng(0).standard_normal((3, 400_000))
sl.set_num_threads(4)
want, first, stop = sl.accumulate("mae", y, p, w).to_bytes(), own(w > 0), threading.Event()

def use_numba():
    calls = 0
    while not stop.is_set() or calls == 0:
        assert own(w > 0) == first
        calls += 1
    return calls

def use_streamloss(rounds=10):
    return {sl.accumulate("mae", y, p, w).to_bytes() for _ in range(rounds)} == {want}

with ThreadPoolExecutor(5) as pool:
    theirs = [pool.submit(use_numba) for _ in range(users)]
    ours = [pool.submit(use_streamloss) for _ in range(3)]
    good = use_streamloss() and all(call.result() for call in ours)
    stop.set()
    assert all(call.result() > 0 for call in theirs)
print(numba.threading_layer(), good)
"""


@pytest.mark.parametrize(
    # numba itself aborts where two threads of the user's run workqueue
    ("layer", "module", "users"),
    [("workqueue", "workqueue", "1"), ("omp", "omppool", "2"), ("tbb", "tbbpool", "2")],
)
def test_calls_beside_parallel_numba_code(layer: str, module: str, users: str) -> None:
    printed = run(LAYER, module, users, NUMBA_THREADING_LAYER=layer, NUMBA_NUM_THREADS="2")
    if printed == "absent":
        pytest.skip(f"numba has no layer {layer} here")
    assert printed == f"{layer} True"


def test_calls_while_the_process_exits() -> None:
    script = """
import atexit
import numpy as np
import streamloss as sl
sl.set_num_threads(3)
data = np.ones((2, 2_000_000))
atexit.register(lambda: print(sl.evaluate("mae", *data)))
sl.evaluate("mae", *data)
"""
    assert run(script) == "0.0"


# Errors


def fails(where: str, jobs: Iterable[int], done: list[int]) -> None:
    """Share jobs with one helper, and raise in one of the two threads after both have begun."""
    caller, begun = threading.current_thread(), threading.Barrier(2)

    def work(drawn: Iterable[int]) -> None:
        mine = "caller" if threading.current_thread() is caller else "helper"
        for count, job in enumerate(drawn):
            if count == 0:
                begun.wait(30)
                if mine == where:
                    raise LookupError(where)
            time.sleep(0.002)
            done.append(job)

    share(work, jobs, 2)


@pytest.mark.parametrize("where", ["caller", "helper"])
def test_an_error_in_either_thread_surfaces_and_ends_the_other(where: str) -> None:
    done: list[int] = []
    with pytest.raises(LookupError, match=where):
        fails(where, range(500), done)
    assert len(done) < 400


def test_threads_go_on_after_an_error() -> None:
    with pytest.raises(LookupError):
        fails("helper", range(10), [])
    sl.set_num_threads(2)
    assert sl.evaluate("mae", Y, P, W) == truth(abs(P - Y), W)


def test_an_error_of_the_jobs_themselves_surfaces() -> None:
    def jobs() -> Iterable[int]:
        yield from range(3)
        raise LookupError("no more")

    with pytest.raises(LookupError, match="no more"):
        share(lambda drawn: [None for _ in drawn], jobs(), 3)


def test_every_job_is_done_once() -> None:
    for threads, size in itertools.product((1, 2, 5, 8), (0, 1, 3, 100)):
        done: list[int] = []
        share(lambda jobs, done=done: done.extend(jobs), range(size), threads)
        assert sorted(done) == list(range(size))
