"""Which streamloss this is: its version, and a digest of all that it computes with.

Processes that compute together must have the same. Python, numba and the CPU may differ between
them: no bit of a result depends on those.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from typing import Generic, NamedTuple, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


class Maker(NamedTuple):
    """The package that computed something."""

    version: str
    digest: str

    def __str__(self) -> str:
        return f"streamloss {self.version} (sources {self.digest})"


UNKNOWN = Maker("of an early version", "unknown")
"""Of pickles that do not say it."""


def version() -> str:
    """Return the version of this package."""
    return str(sys.modules["streamloss"].__dict__["__version__"])


@functools.cache
def sources_digest() -> bytes:
    """Digest the sources of this package, the same with the line ends of any system."""
    import hashlib  # which `import streamloss` need not wait for
    from pathlib import Path

    digest = hashlib.sha256()
    root = Path(str(sys.modules["streamloss"].__file__)).parent
    for path in sorted(root.rglob("*.py")):
        source = path.read_bytes().replace(b"\r\n", b"\n")
        digest.update(path.relative_to(root).as_posix().encode() + b"\0%d\0" % len(source))
        digest.update(source)
    return digest.digest()


@functools.cache
def here() -> Maker:
    """Return what this process computes with."""
    return Maker(version(), sources_digest().hex()[:12])


def check_maker(maker: Maker, what: str) -> None:
    """Refuse what another package computed, or asks to be computed.

    Raises
    ------
    ValueError
        If it has another version or other sources.
    """
    if maker != here():
        raise ValueError(
            f"{what} must come from {here()}, which this process has: got {maker};"
            " install the same on all machines"
        )


class Task(Generic[P, T]):
    """A function that another process calls, if it has the streamloss of this one."""

    def __init__(self, function: Callable[P, T]) -> None:
        self._maker, self._function = here(), function
        self.__name__ = getattr(function, "__name__", type(function).__name__)

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> T:
        """Call it.

        Raises
        ------
        ValueError
            If this process has another streamloss.
        """
        check_maker(self._maker, "a task")
        return self._function(*args, **kwargs)
