"""One accumulator in several threads."""

import itertools
import pickle
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest

import streamloss as sl
from tests.api.streams import RNG, streamed


@pytest.mark.parametrize("size", [1, 64, 20_000])
@pytest.mark.parametrize("axis", [None, 0])
def test_updates_from_several_threads_lose_nothing(size: int, axis: Any) -> None:
    data = RNG.standard_normal((40, 2, size, 2))
    acc = sl.Accumulator("mae", axis=axis)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda pair: acc.update(*pair), data))
    whole = np.concatenate(data, axis=1)
    assert acc == sl.accumulate("mae", *whole, axis=axis)


def test_every_method_while_others_update() -> None:
    acc, other, stop = sl.Accumulator("mae"), sl.accumulate("mae", [1.0], [2.0]), threading.Event()

    def look() -> int:
        seen = 0
        while not stop.is_set() or not seen:
            assert str(acc.result()) in ("1.0", "nan")
            copies = [acc.copy(), pickle.loads(pickle.dumps(acc)), acc + other]
            assert all(c.result("sum") == c.counts["elements"] for c in copies)
            seen += 1
        return seen

    with ThreadPoolExecutor(3) as pool:
        watching = pool.submit(look)
        try:
            list(pool.map(lambda k: acc.update([k], [k + 1]).merge(other), range(300)))
        finally:
            stop.set()
        assert watching.result() > 0
    assert acc.counts["elements"] == 600


def test_accumulators_merge_into_each_other_without_a_deadlock() -> None:
    parts = streamed(), streamed(), sl.Accumulator("mae") - streamed()
    pairs = list(itertools.permutations(parts, 2)) * 3
    with ThreadPoolExecutor(6) as pool:
        done = [pool.submit(one.merge, two) for one, two in pairs]
        assert all(future.result(60) in parts for future in done)
