"""Settings of every test; hypothesis has no deadline, since first calls compile."""

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

import streamloss as sl

settings.register_profile(
    "streamloss", deadline=None, print_blob=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("streamloss")


@pytest.fixture(autouse=True)
def default_threads() -> Iterator[None]:
    """Give every test the default number of threads, whatever the one before has set."""
    yield
    sl.set_num_threads(None)
