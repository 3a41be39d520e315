"""Which numba and llvmlite are installed, without importing them: numba takes half a second."""

from __future__ import annotations

import functools
import os
import re
import sys
from importlib.machinery import PathFinder

import numpy as np

TESTED = {"numba": "0.68.", "llvmlite": "0.50."}
"""The versions whose private names were tested here: those of `internals` and of `loader`."""

WRITTEN = re.compile(rb"\bversion(?:_version)?\"? ?[:=] ?[\"'](\d[^\"']*)")
"""How both write their version to `_version.py` when they are built."""


def are_tested() -> bool:
    """Return whether the versions installed are those that were tested here."""
    return all(version(name).startswith(tested) for name, tested in TESTED.items())


def is_disabled() -> bool:
    """Return whether numba is told to compile nothing."""
    numba = sys.modules.get("numba")
    if numba is not None and hasattr(numba, "config"):
        return bool(getattr(numba.config, "DISABLE_JIT", False))
    return os.environ.get("NUMBA_DISABLE_JIT", "0") not in ("", "0")


def version(package: str) -> str:
    """Return the version of numba or llvmlite. A checkout, which has it in no file, is imported.

    Raises
    ------
    ImportError
        If it is not installed.
    """
    module = sys.modules.get(package)
    if module is None:
        if found := _written_version(package):
            return found
        module = __import__(package)
    return str(module.__version__)


def folder_of(package: str) -> str:
    """Return the folder of a package that may not be imported yet.

    Raises
    ------
    ImportError
        If it is not installed.
    """
    spec = PathFinder.find_spec(package)
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError(f"No module named {package!r}", name=package)
    return os.path.dirname(spec.origin)


@functools.cache
def _written_version(package: str) -> str:
    """Return the version that a package has in a file, empty if it has none."""
    try:
        with open(os.path.join(folder_of(package), "_version.py"), "rb") as file:
            found = WRITTEN.search(file.read())
    except OSError:
        return ""
    return found[1].decode() if found else ""


def versions() -> str:
    """Return the versions of all that makes machine code, as text."""
    return repr([sys.version, *map(version, TESTED), np.__version__])
