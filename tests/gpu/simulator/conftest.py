"""Settings of the tests of GPUs, which run in numba's simulator: NUMBA_ENABLE_CUDASIM=1."""

import functools
import os
import sys
import threading
from collections.abc import Iterator
from typing import Any

import pytest

SIMULATED = os.environ.get("NUMBA_ENABLE_CUDASIM") == "1"

collect_ignore_glob = [] if SIMULATED else ["test_*.py"]

turn = threading.Lock()


@pytest.fixture(autouse=True, scope="session")
def busy_threads() -> Iterator[None]:
    """Have threads take turns faster: the simulator's wait for each other in a busy loop.

    That takes a third of the time.
    """
    before = sys.getswitchinterval()
    sys.setswitchinterval(5e-5)
    yield
    sys.setswitchinterval(before)


@functools.cache
def atomic() -> Any:
    """Return `increase` as GPUs have it, in one step: the simulator's lanes are threads.

    In kernels of the CPU it means what it did.
    """
    from streamloss.exact import digits
    from streamloss.kernels import meanings

    plain = digits.increase

    def increase(array: Any, index: Any, value: Any) -> None:
        with turn:
            array[index] += value

    meanings.meaning(increase, meanings.INLINE, strict=False)(lambda *arguments: plain)
    return increase


@pytest.fixture(autouse=True)
def atomics(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have lanes add in one step."""
    from streamloss.exact import digits
    from streamloss.kernels import fold, moments, terms

    increase = atomic()
    monkeypatch.setattr(digits, "increase", increase)
    for module in (fold, moments, terms):
        monkeypatch.setattr(module, "increase", increase)
