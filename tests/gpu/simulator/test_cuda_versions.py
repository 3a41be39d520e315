"""Other versions of numba: GPUs are used if each operation is rounded there, and else refused."""

from collections.abc import Callable, Iterator
from typing import Any

import numba
import numpy as np
import pytest

import streamloss as sl
from streamloss.kernels import gpu
from streamloss.run.gpu import launch
from tests.gpu.simulator.devices import put


@pytest.fixture(autouse=True)
def unknown(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(numba, "__version__", "0.99.0")
    launch._rounds_apart.cache_clear()
    yield
    launch._rounds_apart.cache_clear()


def test_a_version_that_rounds_apart_is_used() -> None:
    assert sl.evaluate("mae", put(np.array([1.0, 2.0])), put(np.array([1.5, 4.5]))) == 1.5


def fused(numbers: Any) -> None:
    numbers[0] = 2.0**-60


def renamed(numbers: Any) -> None:
    raise AttributeError("no attribute '_nvvm_options'")


@pytest.mark.parametrize("body", [fused, renamed])
@pytest.mark.parametrize("reduction", ["mean", "none"])
def test_a_version_that_does_not_is_refused(
    body: Callable[..., Any], reduction: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gpu, "multiply_add", body)
    array = put(np.ones(3))
    with pytest.raises(RuntimeError, match=r"rounds products and sums apart: got numba 0\.99\.0"):
        sl.evaluate("mae", array, array, reduction=reduction)
