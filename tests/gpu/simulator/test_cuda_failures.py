"""Updates that fail leave an accumulator as it was."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import streamloss as sl
from streamloss.run.gpu import launch as launching
from tests.gpu.simulator.devices import put

FAILURES: dict[str, tuple[type[Exception], tuple[Any, ...]]] = {
    "shapes": (ValueError, (np.ones((2, 3)), np.ones((2, 2)))),
    "kept axes": (ValueError, (np.ones((2, 4)), np.ones((2, 4)))),
    "weights": (ValueError, (np.ones((2, 3)), np.ones((2, 3)), np.ones(3))),
    "text": (TypeError, (np.array([["a"]]), np.ones((1, 1)))),
    "complex": (TypeError, (np.ones((2, 3)), np.ones((2, 3), complex))),
}


@pytest.mark.parametrize("place", [put, lambda array: array], ids=["GPU", "CPU"])
@pytest.mark.parametrize("failure", FAILURES)
def test_a_refused_update_changes_nothing(
    rng: np.random.Generator, failure: str, place: Callable[[Any], Any]
) -> None:
    batch = rng.normal(size=(2, 2, 3))
    acc = sl.Accumulator("mse", axis=0).update(*map(put, batch))
    error, arrays = FAILURES[failure]
    with pytest.raises(error):
        acc.update(*map(place, arrays))
    assert acc.shape == (3,)
    assert acc == sl.Accumulator("mse", axis=0).update(*batch)


@pytest.mark.parametrize("before", [0, 1, 2])
@pytest.mark.parametrize("calls", range(4))
def test_an_update_that_fails_on_its_way_changes_nothing(
    rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch, calls: int, before: int
) -> None:
    losses = [sl.SparseSoftmaxCrossEntropy(), sl.ClassHinge()]  # two launches each
    labels, logits = rng.integers(0, 3, 6), rng.normal(size=(6, 3))
    acc, expected = sl.Accumulator(losses), sl.Accumulator(losses)
    for _ in range(before):
        acc.update(put(labels), put(logits))
        expected.update(labels, logits)
    launch, left = launching._launch, [calls]

    def fail(*arguments: Any) -> None:
        left[0] -= 1
        if left[0] < 0:
            raise MemoryError("out of memory")
        launch(*arguments)

    with monkeypatch.context() as patch:
        patch.setattr(launching, "_launch", fail)
        with pytest.raises(MemoryError):
            acc.update(put(labels), put(logits))
    assert acc == expected
    assert acc.update(put(labels), put(logits)) == expected.update(labels, logits)
