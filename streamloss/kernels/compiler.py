"""How the functions that kernels are made of are compiled: options of `numba.njit`."""

from __future__ import annotations

from typing import Any

from . import trial
from .internals import options

trial.hold()  # options are for what works

LOSS: Any = options("FragmentCompiler")
"""For what losses define, which may need all of numba's passes. Those of our bodies follow: for
functions that may be calls, and for those that are inlined."""

FRAGMENT: Any = options("BodyCompiler")
INLINE: Any = options("InlineCompiler")
