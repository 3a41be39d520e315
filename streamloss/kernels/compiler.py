"""How the functions that kernels are made of are compiled: once, within the kernel.

Numba optimises each function by itself, with all it calls, and makes machine code of it, and does
so again for each of its callers. For a kernel, seven calls deep, that took two thirds of the time.
`benchmarks/bench_start.py` (`Cold`) measures what is left.
"""

# mypy: disable-error-code="no-untyped-call"

from __future__ import annotations

from typing import Any

from numba.core.codegen import JITCodeLibrary
from numba.core.compiler import Compiler
from numba.core.typed_passes import InlineOverloads, NopythonRewrites
from numba.core.untyped_passes import InlineClosureLikes, InlineInlinables, LiteralUnroll

USELESS = InlineClosureLikes, InlineInlinables, LiteralUnroll, InlineOverloads, NopythonRewrites
"""Passes that find nothing to do in bodies without closures and expressions of whole arrays: they
took 8 % of the time."""


class Fragment(JITCodeLibrary):
    """The code of a function that is only ever linked into others, which optimise it there."""

    def _optimize_final_module(self) -> None:
        return

    def _finalize_final_module(self) -> None:
        self._finalize_dynamic_globals()
        self._finalized = True

    def get_pointer_to_function(self, name: str) -> int:
        """Return what numba takes for a function without machine code."""
        self._ensure_finalized()
        return 0

    @property
    def codegen(self) -> Any:
        """Itself: numba calls `set_env` of it, which does nothing without machine code."""
        return self

    def set_env(self, name: str, env: Any) -> None:
        """Do nothing."""


class FragmentCompiler(Compiler):
    """Compiles a function as a fragment."""

    def define_pipelines(self) -> Any:
        """Put a fragment in place of numba's library."""
        state = self.state
        state.library = Fragment(state.targetctx.codegen(), state.func_id.func_qualname)
        return super().define_pipelines()


class BodyCompiler(FragmentCompiler):
    """Compiles a body of this package, in which numba need not look for everything."""

    def define_pipelines(self) -> Any:
        """Leave out passes."""
        pipelines = super().define_pipelines()
        for pipeline in pipelines:
            pipeline.passes = [step for step in pipeline.passes if step[0] not in USELESS]
        return pipelines


class InlineCompiler(BodyCompiler):
    """Compiles a body that is inlined in every caller."""

    def define_pipelines(self) -> Any:
        """Set the flag for this body alone.

        Numba's option of that name would hold for the bodies that it calls too, which would be
        compiled once more for callers that are not inlined.
        """
        self.state.flags.forceinline = True
        return super().define_pipelines()


LOSS: Any = {
    "pipeline_class": FragmentCompiler,
    "no_cpython_wrapper": True,
    "no_cfunc_wrapper": True,
}
"""Options of `numba.njit` for what losses define, which may need all of numba's passes. Those of
our bodies follow: for functions that may be calls, and for those that are inlined."""

FRAGMENT: Any = {**LOSS, "pipeline_class": BodyCompiler}
INLINE: Any = {**LOSS, "pipeline_class": InlineCompiler}

KERNEL: Any = {"nogil": True, "error_model": "numpy", "_nrt": False}
"""Options of kernels themselves. They do not count references as numba does, by locked instructions
that held up the loads: 7 % of the time (`benchmarks/bench_losses.py`)."""
