"""What the machine code of a kernel depends on: its key in the folder of compiled kernels.

It is the code of this folder that is compiled or compiles, whole; of the loop body and each loss
all that they reach; and the versions of Python, numba, LLVM and numpy. An edit elsewhere, of a
comment, or of a formula that a loss does not use, leaves the kernel as it is. All this is looked at
in 5 ms, and numba is not imported for it (`benchmarks/bench_start.py`).

Loop bodies and losses are imported, so their code is taken from memory: it may be older than the
files. What compiles them is not, or not before `machinery_digest`, and its code is that of files.
"""

from __future__ import annotations

import functools
import importlib.util
from collections.abc import Callable
from types import CodeType, FunctionType
from typing import Any

from streamloss.losses import elementary, formulas
from streamloss.losses.base import Loss

from .digests import Uncacheable, Walk, sha256
from .versions import versions

FORMAT = 2
"""Of the files: another makes all of them anew."""

WHOLE = (
    "blocks builder codes columns compiler counting elements fold groups internals loader"
    " maps meanings meanings_of_blocks meanings_of_groups meanings_of_loops"
    " meanings_of_moments meanings_of_rows moments registry settings switches templates terms"
    " tiles values vectors views"
).split()
"""Modules of this folder of which all code is looked at, whether it is reached or not."""

NAMES = tuple(f"{__package__}.{name}" for name in WHOLE)

TABLES = elementary.FUNCTIONS, formulas.FORMULAS, formulas.RARE
"""Functions of losses: `meanings` compiles them as these tables say."""


def kernel_digest(body: Callable[..., Any], classes: tuple[type[Loss], ...]) -> bytes:
    """Digest all that the machine code of a body depends on, compiled for losses.

    Raises
    ------
    Uncacheable
        If a loss uses what has no digest: see `digests.loss_digest`.
    """
    start = f"{FORMAT} {versions()} {body.__module__} {body.__qualname__}"
    digest = sha256(start.encode() + machinery_digest() + _body_digest(body))
    for cls in classes:
        walk = Reach(f"{cls.key} {cls._fields} {cls.streams}")
        walk.function(cls.body)
        digest.update(walk.digest.digest())
    return digest.digest()


@functools.cache
def _body_digest(body: Callable[..., Any]) -> bytes:
    """Digest a loop body, which several losses have: 0.7 ms."""
    walk = Reach("")
    walk.function(body)
    return walk.digest.digest()


@functools.cache
def machinery_digest() -> bytes:
    """Digest the modules of `WHOLE`."""
    walk = Walk("")
    for name in NAMES:
        walk.text(name)
        walk.code(_code_of(name))
    return walk.digest.digest()


def _code_of(name: str) -> CodeType:
    """Return the code of a module, which is not imported; Python keeps it beside the source."""
    spec = importlib.util.find_spec(name)
    loader: Any = spec and spec.loader
    code: CodeType = loader.get_code(name)
    return code


class Reach(Walk):
    """What a loop body or a loss reaches."""

    def reached(self, function: FunctionType) -> None:
        """Add a function that another uses, and how it is compiled."""
        self.text(repr([function in table for table in TABLES]))
        self.function(function)

    def foreign(self, value: Any) -> None:
        """Add the name of what a module of `WHOLE` defines, whose code is looked at already.

        Raises
        ------
        Uncacheable
            If it is defined elsewhere.
        """
        named = value if hasattr(value, "__qualname__") else type(value)
        if named.__module__ not in NAMES:
            raise Uncacheable(repr(value))
        self.text(f"{named.__module__}.{named.__qualname__}")
