"""What the machine code of a kernel depends on: its key in the folder of compiled kernels.

It is the code of this folder that is compiled or compiles, whole; of each loss all that it
reaches, with its compiled meaning; and the versions and settings of Python, numba, LLVM and numpy.
An edit elsewhere, of a comment, or of a formula that a loss does not use, leaves the kernel as it
is: a new process takes 1 second and not the 3 of one that compiles (`benchmarks/bench_start.py`).
All this is looked at in 3 ms.
"""

from __future__ import annotations

import functools
import hashlib
import sys
from collections.abc import Callable
from types import FunctionType, ModuleType
from typing import Any

from streamloss.losses.base import Loss

from . import compiler, elements, fold, internals, maps, meanings, registry, settings, switches
from .digests import Uncacheable, Walk

FORMAT = 1
"""Of the files: another makes all of them anew."""

WHOLE = (internals, compiler, registry, settings, switches, elements, fold, maps, meanings)
"""Modules of which every function and class is looked at, whether it is reached or not."""

NAMES = tuple(module.__name__ for module in WHOLE)

TABLES = registry.MEANINGS, registry.LOWERED, registry.TARGETS, internals.lost
"""Tables by function: `reached` adds the entries of each function that it comes to. Of what numba
lacks, the names are in all keys."""

LIBRARIES = {"numba", "llvmlite", "numpy", *sys.stdlib_module_names}


def kernel_digest(body: Callable[..., Any], classes: tuple[type[Loss], ...]) -> bytes:
    """Digest all that the machine code of a body depends on, compiled for losses.

    Raises
    ------
    Uncacheable
        If a loss uses what has no digest: see `digests.loss_digest`.
    """
    start = f"{FORMAT} {_versions()} {body.__module__} {body.__qualname__}"
    digest = hashlib.sha256(start.encode() + machinery_digest())
    for cls in classes:
        walk = Reach(f"{cls.key} {cls._fields} {cls.residue}")
        walk.function(cls.body)
        digest.update(walk.digest.digest())
    return digest.digest()


def _versions() -> str:
    """Return the versions of all that makes machine code, and what is done without."""
    return f"{settings.versions()} {sorted(internals.lost)}"


@functools.cache
def machinery_digest() -> bytes:
    """Digest what the kernels of all losses have in common."""
    walk = Machinery("")
    for module in WHOLE:
        walk.whole(module)
    return walk.digest.digest()


class Reach(Walk):
    """What a loss reaches. What a name means when compiled takes the place of its code."""

    def reached(self, function: FunctionType) -> None:
        """Add a function that another uses: how it is compiled and, if it is compiled, its code."""
        meanings = registry.MEANINGS.get(function, ())
        written = registry.LOWERED.get(function, ())
        for options, strict, meaning in meanings:
            self.text(f"{sorted(options.items())} {strict}")
            self._made(meaning, function)
        for arguments, writer in written:
            self.text(arguments)
            self._made(writer, function)
        if not meanings and not written:
            self.function(function)

    def _made(self, made: Any, function: FunctionType) -> None:
        """Add what makes the code of a function: itself, or a function or class of `meanings`."""
        if made is function:
            self.function(function)
        elif made.__module__ in NAMES:  # `whole` adds its code
            self.text(f"{made.__module__}.{made.__qualname__}")
        else:
            self.value(made)


class Machinery(Reach):
    """What the modules of `WHOLE` reach, which may do at compile time what losses may not."""

    libraries = LIBRARIES

    def whole(self, module: ModuleType) -> None:
        """Add every function and class of a module."""
        self.text(module.__name__)
        for name, value in sorted(vars(module).items()):
            if getattr(value, "__module__", None) == module.__name__:
                self.text(name)
                if isinstance(value, FunctionType):
                    self.function(value)
                elif isinstance(value, type):
                    self._members(value)

    def _members(self, cls: type) -> None:
        """Add what a class inherits from, its methods, and its attributes."""
        self.value(cls.__bases__)
        for name, value in sorted(vars(cls).items()):
            value = getattr(value, "fget", getattr(value, "__func__", value))
            if isinstance(value, FunctionType):
                if value.__module__.startswith("streamloss."):  # not what NamedTuple has made
                    self.text(name)
                    self.function(value)
            elif not name.startswith("__"):  # some of these hold numbers of lines
                self.text(name)
                self.value(value)

    def foreign(self, value: Any) -> None:
        """Add a table, or the name of what a library defines, or a module looked at whole.

        Raises
        ------
        Uncacheable
            If it is none of these.
        """
        if any(value is table for table in TABLES):
            return
        if isinstance(value, dict):
            for key, item in value.items():
                self.text(repr(key))
                self.value(item)
            return
        named = value if hasattr(value, "__qualname__") else type(value)
        known = named.__module__ in NAMES or named.__module__.partition(".")[0] in LIBRARIES
        if not known:
            raise Uncacheable(repr(value))
        self.text(f"{named.__module__}.{named.__qualname__}")
        if named is not value and " at 0x" not in (spelled := repr(value)):
            self.text(spelled)
