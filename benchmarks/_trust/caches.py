"""Files in the place of kernels that somebody else wrote, or nobody: none of them is run."""

from __future__ import annotations

import functools
import hashlib
import os
import random
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from streamloss.kernels.cache import DIGEST, HEAD, MAGIC

FIRST = """
import sys, warnings, numpy as np, streamloss as sl
warnings.simplefilter("ignore")
y = np.ones(2000)
print(sl.evaluate("mae", y, y + 2, reduction="none").sum())
"""
RIGHT, PLANTED = "4000.0", "8000.0"
"""What it prints, and what by the code of the squared error in the place of the absolute one's."""


def plant(path: Path) -> None:
    """Put other code in the place of a kernel's, with the key and digest that it has to have."""
    payload = path.read_bytes()[HEAD:][:DIGEST] + _other()
    path.write_bytes(MAGIC + hashlib.sha256(payload).digest() + payload)


@functools.cache
def _other() -> bytes:
    """Return what the file of another loss's kernel has behind its key."""
    cache = Path(tempfile.mkdtemp()) / "cache"
    assert _first(cache, FIRST.replace("mae", "mse")) == PLANTED
    (path,) = cache.glob("*.kernel")
    return path.read_bytes()[HEAD + DIGEST :]


def _linked(path: Path) -> None:
    other = path.with_suffix(".other")
    path.rename(other)
    path.symlink_to(other)


def _socket(path: Path) -> None:
    path.unlink()
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))


def _instead(make: Callable[[Path], object]) -> Callable[[Path], None]:
    def instead(path: Path) -> None:
        path.unlink()
        make(path)

    return instead


def _moved(path: Path) -> None:
    """Put a link in the place of the folder."""
    other = path.parent.with_name("moved")
    if not path.parent.is_symlink():
        path.parent.rename(other)
        path.parent.symlink_to(other)


FOREIGN: dict[str, Callable[[Path], object]] = {
    "others may write": lambda path: path.chmod(0o666),
    "the group may write": lambda path: path.chmod(0o620),
    "folder all may write to": lambda path: path.parent.chmod(0o777),
    "folder with a sticky bit": lambda path: path.parent.chmod(0o1777),
    "folder of a group": lambda path: path.parent.chmod(0o770),
    "link": _linked,
    "folder behind a link": _moved,
    "huge": lambda path: os.truncate(path, 1 << 33),
}
OF_ROOT: dict[str, Callable[[Path], object]] = {
    "another owner": lambda path: os.chown(path, 65534, 65534),
    "folder of another owner": lambda path: os.chown(path.parent, 65534, 65534),
}
"""What is done to files that hold code; the second by root alone."""

SPECIAL: dict[str, Callable[[Path], object]] = {
    "fifo": _instead(os.mkfifo),
    "socket": _socket,
    "device": _instead(lambda path: path.symlink_to("/dev/zero")),
    "dangling link": _instead(lambda path: path.symlink_to("/nowhere")),
    "link to itself": _instead(lambda path: path.symlink_to(path.name)),
    "folder": _instead(Path.mkdir),
    "empty": lambda path: path.write_bytes(b""),
    "text": lambda path: path.write_text("hello"),
}
"""What stands in their place."""


def damage(path: Path, rng: random.Random) -> None:
    """Change a few bytes, cut the file, or lengthen it."""
    data = bytearray(path.read_bytes())
    for _ in range(rng.randint(0, 3)):
        data[rng.randrange(len(data))] ^= rng.randint(1, 255)
    cut = rng.randrange(len(data))
    path.write_bytes(rng.choice([bytes(data), bytes(data[:cut]), bytes(data) + b"\0"])[:-1])


def kinds() -> dict[str, Callable[[Path], object]]:
    """Return what can be done here to the files of a cache."""
    return FOREIGN | SPECIAL | (OF_ROOT if os.geteuid() == 0 else {})


def warm() -> Path:
    """Return a folder that holds one kernel, in a folder of its own."""
    cache = Path(tempfile.mkdtemp()) / "cache"
    assert _first(cache) == RIGHT
    assert list(cache.glob("*.kernel"))
    return cache


def attempt(cache: Path, kind: str, rng: random.Random) -> str | None:
    """Do something to the files of a copy of a cache; return what is wrong with a first call."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "cache"
        shutil.copytree(cache, copy)
        for path in copy.glob("*.kernel"):
            if kind == "damaged":
                damage(path, rng)
                continue
            plant(path)
            kinds()[kind](path)
        result = _first(copy)
        if result == PLANTED:
            return f"{kind}: the file was run"
        return None if result == RIGHT else f"{kind}: {result}"


def _first(cache: Path, script: str = FIRST) -> str:
    """Return what a first call prints that uses the cache."""
    done = subprocess.run(
        [sys.executable, "-c", script],
        env=os.environ | {"STREAMLOSS_CACHE_DIR": str(cache), "STREAMLOSS_SMALL_BATCH": "0"},
        capture_output=True,
        text=True,
        timeout=60,
    )
    return done.stdout.strip() + done.stderr[-300:]
