"""Checkpoints: how far a job came, in a file that a crash never leaves half written.

The file has a line that names the format, the SHA-256 of the rest, a line of JSON (the job, how
far it came and the seconds that the user waited), and the sums of the rows that are done, the bytes
of an accumulator.
"""

from __future__ import annotations

import hashlib
import json
import math
import time
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, TypeVar

from .owned import OwnedFile
from .scanner import Place

T = TypeVar("T")

MAGIC = b"streamloss checkpoint 1\n"
"""The line that a checkpoint begins with."""
DIGEST_BYTES = 32
"""Bytes of a SHA-256."""


class Saved(NamedTuple):
    """How far a job came.

    Attributes
    ----------
    rows : int
        How many rows are done.
    seconds : float
        How long the user waited for them.
    sums : bytes
        Their sums.
    place : Place, optional
        Where in the files they end; None if the note is of a version that wrote only their number.
    """

    rows: int
    seconds: float
    sums: bytes
    place: Place | None


class Checkpoint:
    """The file that says how far a job came, owned by this process until it is closed.

    Parameters
    ----------
    path : str
        The file.
    job : dict
        All that the sums depend on, as JSON. A checkpoint of another job is refused.
    every : float
        Seconds from one write to the next.

    Raises
    ------
    ValueError
        If another process uses the file, or there can be no file at the path.
    """

    def __init__(self, path: str, job: Mapping[str, object], every: float) -> None:
        self.path = path
        self._job = json.loads(json.dumps(job))
        self._file = OwnedFile(path, "checkpoint")
        self._every = every
        self._last = time.monotonic()

    def load(self, read: Callable[[Saved], T]) -> T | None:
        """Return what `read` makes of what was saved, None if nothing was saved.

        Parameters
        ----------
        read : callable
            Raises where the sums are not those of the job, or of other rows.

        Raises
        ------
        ValueError
            If the file is no checkpoint, is damaged or belongs to another job.
        """
        data = self._file.contents
        if data is None:
            return None
        if not data.startswith(MAGIC):
            raise ValueError(f"checkpoint: {self.path} is no checkpoint of this version")
        rest = data[len(MAGIC) :]
        digest, body = rest[:DIGEST_BYTES], rest[DIGEST_BYTES:]
        if hashlib.sha256(body).digest() != digest:
            raise self._damaged("its digest differs")
        try:
            line, _, sums = body.partition(b"\n")
            job, rows, seconds, place = _read_note(json.loads(line))
        except Exception as error:
            raise self._damaged(str(error)) from error
        self._compare(job)
        try:
            return read(Saved(rows, seconds, sums, place))
        except Exception as error:
            raise self._damaged(str(error)) from error

    def _damaged(self, why: str) -> ValueError:
        """Return the error of a file that is damaged."""
        return ValueError(
            f"checkpoint: {self.path} is damaged ({why[:200]}); delete it to start over"
        )

    def _compare(self, job: Mapping[str, object]) -> None:
        """Refuse a checkpoint of another job, and say what differs."""
        for what in {**self._job, **job}:
            was, now = job.get(what), self._job.get(what)
            if was != now:
                raise ValueError(
                    f"checkpoint: {self.path} belongs to another job, whose {what[:50]} differ:"
                    f" {_difference(was, now)}; delete it to start over"
                )

    def due(self) -> bool:
        """Return whether the last write was long enough ago."""
        return time.monotonic() - self._last >= self._every

    def save(self, saved: Saved) -> None:
        """Replace the file in one step: a crash leaves the old one or the new one.

        Raises
        ------
        ValueError
            If it cannot be written.
        """
        note = {"job": self._job, **saved._asdict()}
        del note["sums"]
        body = json.dumps(note).encode() + b"\n" + saved.sums
        self._file.replace(MAGIC + hashlib.sha256(body).digest() + body)
        self._last = time.monotonic()

    def close(self) -> None:
        """Leave the file to other processes."""
        self._file.close()


def _read_note(note: Any) -> tuple[dict[str, Any], int, float, Place | None]:
    """Return job, rows, seconds and place of the line of JSON; raise where one is wrong."""
    job, rows, seconds = (note[name] for name in ("job", "rows", "seconds"))
    place = note.get("place")
    numbers = [rows, *(place or [])]
    if not isinstance(job, dict) or any(type(n) is not int or n < 0 for n in numbers):
        raise ValueError("its note has other types")
    if type(seconds) not in (int, float) or not (math.isfinite(seconds) and seconds >= 0):
        raise ValueError(f"it took {seconds} seconds")
    return job, rows, seconds, None if place is None else Place(*place)


def _difference(was: object, now: object) -> str:
    """Say what the checkpoint has and what this job has, of lists the first items that differ."""
    if isinstance(was, list) and isinstance(now, list):
        pairs = zip([*was, None], [*now, None], strict=False)
        was, now = next(((a, b) for a, b in pairs if a != b), (was, now))
    return f"{_text(was)} there, {_text(now)} here"


def _text(value: object) -> str:
    """Spell a value of a job."""
    if isinstance(value, list):
        return " ".join(str(item) for item in value)
    return "none" if value is None else str(value)[:200]
