"""What numba is told to do: settings that change machine code, and those that break it.

Whatever a user's NUMBA_* variables and .numba_config.yaml say to debug other code, kernels here
give the same bits.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numba

from .internals import global_compiler_lock, setting

PLAIN: dict[str, Any] = {
    "BOUNDSCHECK": 0,
    **{
        name: 0
        for name in dir(numba.config)
        if name.startswith(("DEBUG", "DUMP")) and isinstance(setting(name), int)
    },
}
"""Settings that help to find faults in one's own code, and that kernels are compiled without: with
DEBUGINFO numba divides by zero, and others slow all down or print hundreds of megabytes."""

CHOSEN = (
    "OPT",
    "LOOP_VECTORIZE",
    "SLP_VECTORIZE",
    "ENABLE_AVX",
    "USING_SVML",
    "ENABLE_PROFILING",
    "LLVM_REFPRUNE_PASS",
    "LLVM_REFPRUNE_FLAGS",
    "USE_LLVMLITE_MEMORY_MANAGER",
)
"""Settings that kernels follow which numba keeps itself: other machine code, for the same bits."""


def chosen() -> str:
    """Return the settings that machine code depends on, as text."""
    return repr([(name, str(setting(name))) for name in CHOSEN])


@contextmanager
def settings() -> Iterator[None]:
    """Compile as usual in the block; others, whose settings they are, wait for it."""
    with global_compiler_lock:
        before = {name: setting(name) for name in PLAIN}
        _set(PLAIN)
        try:
            yield
        finally:
            _set(before)


def _set(values: dict[str, Any]) -> None:
    for name, value in values.items():
        setattr(numba.config, name, value)
