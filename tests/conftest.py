"""Settings of every test; hypothesis has no deadline, since first calls compile."""

from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import HealthCheck, settings

import streamloss as sl
from streamloss.backends import auto

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
def kernels(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let kernels have batches of any size, but for the interfaces of other frameworks.

    Those, and tests marked `small`, start as a new process does: kernels are for what is large.
    """
    if "compat" in request.path.parts or request.node.get_closest_marker("small"):
        monkeypatch.setattr(auto, "_taken", {})
    else:
        monkeypatch.setattr(auto, "SMALL", -1)


@pytest.fixture
def rng() -> np.random.Generator:
    """Return random numbers that are the same in every run."""
    return np.random.default_rng(20)
