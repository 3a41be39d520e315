"""Checkpoints: how far a job came, in a file that is either whole or not there.

The file is a line that names the format, the SHA-256 of the rest, a line of JSON (the job, the
rows that are done and the seconds they took), and the bytes of the accumulator.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from typing import Any, NamedTuple

MAGIC = b"streamloss checkpoint 1\n"


class Saved(NamedTuple):
    """How far a job came: rows done, seconds they took, bytes of the accumulator."""

    rows: int
    seconds: float
    state: bytes


class Checkpoint:
    """The file that holds how far one job came.

    Parameters
    ----------
    path : str
        The file. A temporary file ``path + ".tmp"`` stands beside it while it is written.
    job : dict
        What the job is, as JSON. Only a checkpoint of an equal job is taken up.
    every : float
        Seconds between two writes.
    """

    def __init__(self, path: str, job: dict[str, Any], every: float) -> None:
        self.path = path
        self._job = json.loads(json.dumps(job))
        self._every = every
        self._last = time.monotonic()

    def load(self) -> Saved | None:
        """Return what was saved, None if there is no file.

        Raises
        ------
        ValueError
            If the file is no checkpoint, is damaged or belongs to another job.
        """
        try:
            with open(self.path, "rb") as file:
                if file.read(len(MAGIC)) != MAGIC:
                    raise ValueError(f"--checkpoint: {self.path} is no checkpoint of this version")
                digest, body = file.read(32), file.read()
        except FileNotFoundError:
            return None
        if hashlib.sha256(body).digest() != digest:
            raise ValueError(f"--checkpoint: {self.path} is damaged; delete it to start over")
        line, _, state = body.partition(b"\n")
        note = json.loads(line)
        self._compare(note["job"])
        return Saved(note["rows"], note["seconds"], state)

    def _compare(self, job: dict[str, Any]) -> None:
        """Refuse a checkpoint of another job."""
        for part in {**self._job, **job}:
            was, now = job.get(part), self._job.get(part)
            if was != now:
                raise ValueError(
                    f"--checkpoint: {self.path} belongs to another job, whose {part} differ:"
                    f" {_difference(was, now)}; delete it to start over"
                )

    def due(self) -> bool:
        """Return whether it is time to save."""
        return time.monotonic() - self._last >= self._every

    def save(self, saved: Saved) -> None:
        """Replace the file at once: a crash leaves the old one or the new one."""
        note = {"job": self._job, "rows": saved.rows, "seconds": saved.seconds}
        body = json.dumps(note).encode() + b"\n" + saved.state
        fresh = self.path + ".tmp"
        with open(fresh, "wb") as file:
            file.write(MAGIC + hashlib.sha256(body).digest() + body)
            file.flush()
            os.fsync(file.fileno())
        os.replace(fresh, self.path)
        _sync_folder(os.path.dirname(self.path) or ".")
        self._last = time.monotonic()


def _difference(was: Any, now: Any) -> str:
    """Say what was there and what is here, of lists only the first items that differ."""
    if isinstance(was, list) and isinstance(now, list):
        pairs = zip([*was, None], [*now, None], strict=False)
        was, now = next((a, b) for a, b in pairs if a != b)
    return f"{_text(was)} there, {_text(now)} here"


def _text(value: Any) -> str:
    """Spell a part of a job."""
    if isinstance(value, list):
        return " ".join(str(item) for item in value)
    return "none" if value is None else str(value)


def _sync_folder(folder: str) -> None:
    """Make the new name of a file last through a loss of power, where folders can be synced."""
    if os.name == "posix":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def stamp(path: str) -> list[Any]:
    """Return what tells a file from a changed one: path, size, time of change in nanoseconds."""
    info = os.stat(path)
    return [os.path.realpath(path), info.st_size, info.st_mtime_ns]
