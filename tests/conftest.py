"""Settings of every test; hypothesis has no deadline, since first calls compile."""

import os
import signal
from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import HealthCheck, settings

# Kernels have batches of any size, in the processes that tests start too.
os.environ["STREAMLOSS_SMALL_BATCH"] = "0"

# A shell's command in the background ignores interrupts, and so would all that tests start.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

import streamloss as sl
from streamloss.run import choose

settings.register_profile(
    "streamloss", deadline=None, print_blob=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("streamloss")


@pytest.fixture(autouse=True)
def default_threads() -> Iterator[None]:
    """Give every test the default number of threads, whatever the one before has set."""
    yield
    sl.set_num_threads(None)


@pytest.fixture(autouse=True)
def small_batches(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let tests marked `small`, and those of the interfaces of other frameworks, start anew.

    As in a new process, small batches are then taken in Python.
    """
    if "compat" in request.path.parts or request.node.get_closest_marker("small"):
        monkeypatch.setattr(choose, "SMALL", 1024)
        monkeypatch.setattr(choose, "_taken", {})
        monkeypatch.delenv("STREAMLOSS_SMALL_BATCH")


@pytest.fixture
def rng() -> np.random.Generator:
    """Return random numbers that are the same in every run."""
    return np.random.default_rng(20)
