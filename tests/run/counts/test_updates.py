"""However data are cut into updates, cells are those of the whole."""

from typing import Any

import numpy as np
import pytest

import streamloss as sl

from .metrics import Pairs, pairs

SIZES = 1, 3, 1024, 1025, 4096, 4097, 9000
"""Around the batches that numpy takes, and the elements that are looked at before counting."""


@pytest.mark.parametrize("size", SIZES)
def test_results_between_updates_are_of_all_so_far(size: int, rng: np.random.Generator) -> None:
    acc = sl.Accumulator(Pairs())
    seen: tuple[list[Any], list[Any]] = [], []
    for _ in range(3):
        y, p = rng.integers(0, 3, (2, size))
        acc.update(y, p)
        seen[0].extend(y.tolist())
        seen[1].extend(p.tolist())
        assert acc.result() == pairs(*seen)
        assert acc.counts["elements"] == len(seen[0])
