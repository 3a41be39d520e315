"""Folders of kernels that tests share."""

import shutil
from pathlib import Path

import pytest

from tests.kernels.processes import evaluate


@pytest.fixture(scope="module")
def warm(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the kernels of two losses, not to be changed."""
    cache = tmp_path_factory.mktemp("warm") / "made" / "on demand"
    first = evaluate(cache, "mae", "huber")
    assert first.values == [1.0, 0.5]
    assert first.compiled > 0
    return cache


@pytest.fixture
def folder(warm: Path, tmp_path: Path) -> Path:
    """A warm folder of one's own."""
    return shutil.copytree(warm, tmp_path / "cache")
