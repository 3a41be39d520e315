"""The helper threads that share the work on large arrays, and how many there are.

Numba's own threading layers are not used: `workqueue` aborts the process when two threads
launch parallel kernels, and a forked child of `omp` is killed. Kernels here are serial and
release the GIL, so plain threads are as fast.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from typing import Generic, TypeVar

T = TypeVar("T")

_pool: ThreadPoolExecutor | None = None
_lock = threading.Lock()
_threads: int | None = None


def get_num_threads() -> int:
    """Return how many threads a call on a large array may use.

    The number set, else the environment variable STREAMLOSS_NUM_THREADS, else the cores this
    process may run on. In any thread but the main one it is 1: whoever runs several threads,
    as dask does, already uses the cores.

    Raises
    ------
    ValueError
        If the environment variable is no positive integer.

    Examples
    --------
    >>> get_num_threads() >= 1
    True
    """
    if threading.current_thread() is not threading.main_thread():
        return 1
    return _threads or _default()


def set_num_threads(number: int | None) -> None:
    """Set how many threads a call on a large array may use; None restores the default.

    It is for calls in the main thread: elsewhere every call uses one. Results do not depend on
    it, not in a single bit.

    Raises
    ------
    ValueError
        If the number is not a positive integer or None.
    """
    global _threads
    if number is not None and (isinstance(number, bool) or not isinstance(number, int)):
        raise ValueError(f"the number of threads must be an integer or None: got {number!r}")
    if number is not None and number < 1:
        raise ValueError(f"the number of threads must be at least 1: got {number}")
    _threads = number


def _default() -> int:
    text = os.environ.get("STREAMLOSS_NUM_THREADS", "")
    if text:
        if not text.isdecimal() or int(text) < 1:
            raise ValueError(f"STREAMLOSS_NUM_THREADS must be a positive integer: got {text!r}")
        return int(text)
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else os.cpu_count() or 1


class Jobs(Generic[T]):
    """An iterator that several threads may draw from, and any of them may end."""

    def __init__(self, jobs: Iterable[T]) -> None:
        self._jobs = iter(jobs)
        self._lock = threading.Lock()

    def __iter__(self) -> Iterator[T]:
        return self

    def __next__(self) -> T:
        with self._lock:
            return next(self._jobs)

    def end(self) -> None:
        """Let no thread draw another job."""
        with self._lock:
            self._jobs = iter(())


def share(work: Callable[[Jobs[T]], None], jobs: Iterable[T], threads: int) -> None:
    """Run work(jobs) in this thread and in helpers, all drawing from the same jobs.

    The caller works too and would finish alone, so helpers that are busy elsewhere cost nothing.
    An exception in one thread ends the others after their present job and is raised here.
    """
    drawn = Jobs(jobs)

    def work_or_end(drawn: Jobs[T]) -> None:
        try:
            work(drawn)
        except BaseException:
            drawn.end()
            raise

    helpers: list[Future[None]] = []
    if threads > 1:
        pool = _get_pool(threads - 1)
        with suppress(RuntimeError):  # the interpreter is ending and starts no threads
            helpers.extend(pool.submit(work_or_end, drawn) for _ in range(threads - 1))
    try:
        work(drawn)
    finally:
        drawn.end()
        late = [helper for helper in helpers if not helper.cancel()]
        errors = [helper.exception() for helper in late]
    for error in filter(None, errors):
        raise error


def _get_pool(helpers: int) -> ThreadPoolExecutor:
    """Return the pool, made anew where it is too small; the old one's threads end when idle."""
    global _pool
    with _lock:
        if _pool is None or _pool._max_workers < helpers:
            if _pool is not None:
                _pool.shutdown(wait=False)
            _pool = ThreadPoolExecutor(helpers, thread_name_prefix="streamloss")
        return _pool


def _forget() -> None:
    """In a forked child there are no helper threads, and a lock may be held by nobody."""
    global _pool, _lock
    _pool, _lock = None, threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)
