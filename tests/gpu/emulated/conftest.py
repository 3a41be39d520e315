"""Settings of the tests with GPUs that the CPU plays: STREAMLOSS_EMULATED=1, g++ and libnvvm."""

import os
from collections.abc import Iterator

import pytest

EMULATED = os.environ.get("STREAMLOSS_EMULATED") == "1"

collect_ignore_glob = [] if EMULATED else ["test_*.py"]

if EMULATED:
    from tests.gpu import emulator

    emulator.start()


@pytest.fixture(autouse=True)
def no_faults() -> Iterator[None]:
    """Fail where a kernel faulted and the test did not ask for it."""
    yield
    assert emulator.fault() == ""
