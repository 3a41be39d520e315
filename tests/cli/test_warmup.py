"""`streamloss warmup`: afterwards a new process compiles nothing."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from streamloss.cli import main

USE = """
import numpy as np, streamloss as sl
from numba.core import event
k = np.arange(5000) % 7
with event.install_recorder("numba:compile") as compiled:
    for dtype in ("f4", "f8"):
        y, p, w = np.ones((3, 5000), dtype)
        for weights in (None, w):
            sl.evaluate("mae", y, p, weights)
            for keys in (k, k.astype("i4"), k << 50, (k, k << 50)):
                sl.evaluate("mae", y, p, weights, by=keys).values
            for labels in (y, y.astype(np.int64)):
                sl.Accumulator("mae").update(labels, p, weights, where=y > 0).result()
                sl.Accumulator("mae").update(labels, p, weights).result()
print(len(compiled.buffer))
"""


def test_what_was_warmed_up_is_not_compiled_again(tmp_path: Path) -> None:
    def run(*command: str) -> str:
        env = os.environ | {"STREAMLOSS_CACHE_DIR": str(tmp_path)}
        return subprocess.check_output([sys.executable, *command], env=env, text=True)

    def kept() -> dict[str, tuple[int, int]]:
        files = {file.name: file.stat() for file in tmp_path.iterdir()}
        return {name: (stat.st_size, stat.st_mtime_ns) for name, stat in files.items()}

    lines = run("-m", "streamloss", "warmup", "--loss", "mae").splitlines()
    before = kept()
    assert len(lines) - 2 == 4
    # four of each read any dtype, without weights or masks and with them; two kinds of numbers
    # share templates and what is of a loss; slices have two more, of both kinds, and seven drivers
    assert lines[-2].startswith("built ")
    made = "8 templates", "6 blocks of losses", "2 values of losses", "15 drivers", "; 0 were there"
    for each in made:
        assert each in lines[-2]
    assert len(before) == 31
    assert f"31 kernels, {sum(size for size, _ in before.values()) / 1e6:.1f} MB in" in lines[-1]
    assert str(tmp_path) in lines[-1]
    assert run("-c", USE).strip() == "0"
    assert kept() == before


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--loss", "nonsense"], "unknown loss 'nonsense'"),
        (["--loss", "mae", "--all"], "--all and --loss exclude each other"),
        (["--loss", "mae"], "STREAMLOSS_CACHE_DIR must name a folder that can be written: got"),
    ],
)
def test_what_cannot_be_done_is_refused(
    options: list[str],
    message: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("STREAMLOSS_CACHE_DIR", str(tmp_path / "file" / "folder"))
    assert main(["warmup", *options]) == 2
    assert capsys.readouterr().err.startswith(f"streamloss: {message}")
