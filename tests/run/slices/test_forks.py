"""Forks while another thread updates: a child has whole batches."""

import os
import threading

import numpy as np
import pytest

import streamloss as sl

ROWS = 60_000


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs forks")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_forked_child_has_whole_batches() -> None:
    keys = np.random.default_rng(0).integers(0, 1000, ROWS)
    ones, zeros = np.ones(ROWS), np.zeros(ROWS)
    acc = sl.Accumulator("mae", by="key").update(ones, zeros, by=keys)
    ended = threading.Event()

    def work() -> None:
        while not ended.is_set():
            acc.update(ones, zeros, by=keys)

    thread = threading.Thread(target=work)
    thread.start()
    bad = 0
    try:
        for _ in range(40):
            pid = os.fork()
            if pid == 0:
                seen, total = acc.counts["elements"], acc.result("sum").overall["mae"]
                os._exit(0 if seen % ROWS == 0 and total == seen else 1)
            bad += os.waitpid(pid, 0)[1] != 0
    finally:
        ended.set()
        thread.join()
    assert bad == 0
