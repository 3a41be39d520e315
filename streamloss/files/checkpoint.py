"""Checkpoints: how far a job came, in a file that is either whole or not there.

The file is a line that names the format, the SHA-256 of the rest, a line of JSON (the job, the
rows that are done and the seconds they took), and their sums, the bytes of an accumulator.
"""

from __future__ import annotations

import hashlib
import json
import math
import time
from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar

from .owned import OwnedFile

T = TypeVar("T")

MAGIC = b"streamloss checkpoint 1\n"


class Saved(NamedTuple):
    """How far a job came: rows done, seconds they took, and their sums as bytes."""

    rows: int
    seconds: float
    sums: bytes


class Checkpoint:
    """The file that holds how far one job came.

    Parameters
    ----------
    path : str
        The file, which belongs to this run until it is closed.
    job : dict
        What the job is, as JSON. Only a checkpoint of an equal job is taken up.
    every : float
        Seconds between two writes.

    Raises
    ------
    ValueError
        If another run uses the file, or there can be none at this place.
    """

    def __init__(self, path: str, job: dict[str, Any], every: float) -> None:
        self.path = path
        self._job = json.loads(json.dumps(job))
        self._file = OwnedFile(path, "--checkpoint")
        self._every = every
        self._last = time.monotonic()

    def load(self, read: Callable[[Saved], T]) -> T | None:
        """Return what is made of what was saved, None if nothing was.

        Parameters
        ----------
        read : callable
            Raises where the sums are none of the job, or not of its rows.

        Raises
        ------
        ValueError
            If the file is no checkpoint, is damaged or belongs to another job.
        """
        data = self._file.contents
        if data is None:
            return None
        if not data.startswith(MAGIC):
            raise ValueError(f"--checkpoint: {self.path} is no checkpoint of this version")
        digest, body = data[len(MAGIC) :][:32], data[len(MAGIC) + 32 :]
        if hashlib.sha256(body).digest() != digest:
            raise self._damaged("its digest differs")
        try:
            line, _, sums = body.partition(b"\n")
            job, done, seconds = _read_note(json.loads(line))
        except Exception as error:
            raise self._damaged(str(error)) from error
        self._compare(job)
        try:
            return read(Saved(done, seconds, sums))
        except Exception as error:
            raise self._damaged(str(error)) from error

    def _damaged(self, why: str) -> ValueError:
        """Return the error that the contents contradict themselves."""
        return ValueError(
            f"--checkpoint: {self.path} is damaged ({why[:200]}); delete it to start over"
        )

    def _compare(self, job: dict[str, Any]) -> None:
        """Refuse a checkpoint of another job."""
        for part in {**self._job, **job}:
            was, now = job.get(part), self._job.get(part)
            if was != now:
                raise ValueError(
                    f"--checkpoint: {self.path} belongs to another job, whose {part[:50]} differ:"
                    f" {_difference(was, now)}; delete it to start over"
                )

    def due(self) -> bool:
        """Return whether it is time to save."""
        return time.monotonic() - self._last >= self._every

    def save(self, saved: Saved) -> None:
        """Replace the file at once: a crash leaves the old one or the new one.

        Raises
        ------
        ValueError
            If it cannot be written.
        """
        note = {"job": self._job, "rows": saved.rows, "seconds": saved.seconds}
        body = json.dumps(note).encode() + b"\n" + saved.sums
        self._file.replace(MAGIC + hashlib.sha256(body).digest() + body)
        self._last = time.monotonic()

    def close(self) -> None:
        """Leave the file to others."""
        self._file.close()


def _read_note(note: Any) -> tuple[dict[str, Any], int, float]:
    """Return job, rows and seconds of a note, refused if it has not these or of other types."""
    job, rows, seconds = (note[name] for name in ("job", "rows", "seconds"))
    if not isinstance(job, dict) or type(rows) is not int or type(seconds) not in (int, float):
        raise ValueError("its note has other types")
    if not (math.isfinite(seconds) and seconds >= 0):
        raise ValueError(f"it took {seconds} seconds")
    return job, rows, seconds


def _difference(was: Any, now: Any) -> str:
    """Say what was there and what is here, of lists only the first items that differ."""
    if isinstance(was, list) and isinstance(now, list):
        pairs = zip([*was, None], [*now, None], strict=False)
        was, now = next(((a, b) for a, b in pairs if a != b), (was, now))
    return f"{_text(was)} there, {_text(now)} here"


def _text(value: Any) -> str:
    """Spell a part of a job."""
    if isinstance(value, list):
        return " ".join(str(item) for item in value)
    return "none" if value is None else str(value)[:200]
