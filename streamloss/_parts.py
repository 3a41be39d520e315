"""How the functions that kernels are made of are compiled: once, within the kernel.

Numba optimises each function by itself, with all it calls, and makes machine code of it, and does
so again for each of its callers. Of a kernel, seven calls deep, that took two thirds of the time.
"""

# mypy: disable-error-code="no-untyped-call"

from __future__ import annotations

from typing import Any

from numba.core.codegen import JITCodeLibrary
from numba.core.compiler import (Compiler, WithLifting,
    InlineClosureLikes,
    RewriteDynamicRaises,
    MakeFunctionToJitFunction,
    InlineInlinables,
    FindLiterallyCalls,
    LiteralUnroll,
    LiteralPropagationSubPipelinePass,
    InlineOverloads,
    NopythonRewrites,
    NoPythonSupportedFeatureValidation,
    DumpParforDiagnostics,
    )


class Part(JITCodeLibrary):
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
        """Numba sets the environment of machine code here, and there is none."""
        return self

    def set_env(self, name: str, env: Any) -> None:
        """Do nothing."""


SKIPPED: Any = (
    WithLifting,
    InlineClosureLikes,
    RewriteDynamicRaises,
    MakeFunctionToJitFunction,
    InlineInlinables,
    FindLiterallyCalls,
    LiteralUnroll,
    LiteralPropagationSubPipelinePass,
    InlineOverloads,
    NopythonRewrites,
    NoPythonSupportedFeatureValidation,
    DumpParforDiagnostics,
)


class PartCompiler(Compiler):
    """Compiles a function as a part."""

    def define_pipelines(self) -> Any:
        """Put a part in place of numba's library."""
        state = self.state
        state.library = Part(state.targetctx.codegen(), state.func_id.func_qualname)
        pipelines = super().define_pipelines()
        for pipeline in pipelines:
            pipeline.passes = [step for step in pipeline.passes if step[0] not in SKIPPED]
        return pipelines


PART: Any = {"pipeline_class": PartCompiler, "no_cpython_wrapper": True, "no_cfunc_wrapper": True}
"""Options of `numba.njit`."""
