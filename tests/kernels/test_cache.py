"""Compiled kernels on disk: nothing compiled twice, and no trouble from a bad folder.

Most tests use `reduction="none"`, whose kernel compiles in half a second instead of three.
"""

import os
import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.kernels.processes import Run, evaluate

# Warm


def test_a_new_process_with_a_warm_cache_compiles_nothing(warm: Path) -> None:
    before = sorted(warm.iterdir())
    assert evaluate(warm, "mae", "huber") == Run([1.0, 0.5], 0)
    assert sorted(warm.iterdir()) == before


def test_sums_too_are_kept() -> None:
    usual = {"STREAMLOSS_CACHE_DIR": os.environ.get("STREAMLOSS_CACHE_DIR", "")}
    runs = [evaluate(Path(), "mae", reduction=r, **usual) for r in ("mean", "sum")]
    assert [run.values for run in runs] == [[1.0], [1.0]]
    assert runs[1].compiled == 0


def test_other_parameters_compile_nothing(warm: Path) -> None:
    assert evaluate(warm, "huber:delta=0.5", "huber:delta=0.25") == Run([0.375, 0.21875], 0)


def test_another_loss_is_compiled(folder: Path) -> None:
    assert evaluate(folder, "mse").compiled > 0
    assert evaluate(folder, "mse", "mae") == Run([1.0, 1.0], 0)


def test_kernels_of_another_processor_are_not_used(folder: Path) -> None:
    generic = {"NUMBA_CPU_NAME": "generic", "NUMBA_CPU_FEATURES": ""}
    assert evaluate(folder, "mae", **generic).compiled > 0
    assert evaluate(folder, "mae") == Run([1.0], 0)


def test_the_folder_is_in_the_users_cache_by_default(warm: Path, tmp_path: Path) -> None:
    shutil.copytree(warm, tmp_path / "streamloss")
    found = evaluate(Path(), "mae", STREAMLOSS_CACHE_DIR="", XDG_CACHE_HOME=str(tmp_path))
    assert found == Run([1.0], 0)
    shutil.copytree(warm, tmp_path / ".cache" / "streamloss")
    home = {"XDG_CACHE_HOME": "", "HOME": str(tmp_path)}
    assert evaluate(Path(), "mae", STREAMLOSS_CACHE_DIR="", **home) == Run([1.0], 0)


# Several processes


def test_processes_that_start_cold_at_once_all_succeed(tmp_path: Path) -> None:
    with ThreadPoolExecutor(4) as pool:
        runs = list(pool.map(lambda k: evaluate(tmp_path, "mae"), range(4)))
    assert all(run.values == [1.0] for run in runs)
    assert any(run.compiled > 0 for run in runs)  # one that starts late may find it compiled
    assert evaluate(tmp_path, "mae") == Run([1.0], 0)
    assert {path.suffix for path in tmp_path.iterdir()} == {".kernel"}


# Bad folders


def under_a_file(path: Path) -> Path:
    path.write_text("not a folder")
    return path / "cache"


def a_file(path: Path) -> Path:
    path.write_text("not a folder")
    return path


BAD: dict[str, Callable[[Path], Path]] = {
    "under a file": under_a_file,
    "a file": a_file,
    "too long": lambda path: path / ("x" * 300),
}


@pytest.mark.parametrize("kind", BAD)
def test_a_folder_that_cannot_be_used_costs_no_error(kind: str, tmp_path: Path) -> None:
    assert evaluate(BAD[kind](tmp_path / "it"), "mae").values == [1.0]


def overwrite(data: bytes, at: int) -> bytes:
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]


DAMAGE: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda data: b"",
    "half": lambda data: data[: len(data) // 2],
    "one byte more": lambda data: data + b"\0",
    "one bit": lambda data: overwrite(data, len(data) // 2),
    "zeros": lambda data: bytes(len(data)),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_kernel_is_compiled_again(damage: str, folder: Path) -> None:
    for path in folder.iterdir():
        path.write_bytes(DAMAGE[damage](path.read_bytes()))
    again = evaluate(folder, "mae")
    assert again.values == [1.0]
    assert again.compiled > 0
    assert evaluate(folder, "mae") == Run([1.0], 0)


def test_a_folder_in_the_place_of_a_kernel_costs_no_error(folder: Path) -> None:
    for path in folder.iterdir():
        path.unlink()
        path.mkdir()
    assert evaluate(folder, "mae").values == [1.0]


def test_files_of_others_do_no_harm(folder: Path) -> None:
    (folder / "notes.txt").write_text("hello")
    (folder / "sub").mkdir()
    assert evaluate(folder, "mae", "huber") == Run([1.0, 0.5], 0)
