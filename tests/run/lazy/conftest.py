"""Tests of dask compute in their own thread."""

from collections.abc import Iterator

import dask
import pytest


@pytest.fixture(autouse=True)
def synchronous() -> Iterator[None]:
    """Compute in this thread, unless a test says otherwise."""
    with dask.config.set(scheduler="synchronous"):
        yield
