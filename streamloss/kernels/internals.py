"""What numba and llvmlite have for themselves: all of it that is used here, and what replaces it.

Another version of numba may lack a name or mean something else by it. `PARTS` are what kernels gain
by such names. One that is `lost` is done without, by what numba documents: a kernel is slower or
compiled in each process, and its sums are the same. A part is lost if one of its names is not found
here or if, in a version that is not `is_tested`, `trial` finds that it does not work.
"""

# mypy: disable-error-code="no-untyped-call, no-untyped-def, misc"

from __future__ import annotations

import importlib
import io
import operator
import pickle
import threading
from collections.abc import Callable
from typing import Any

import numba
import numpy as np
from llvmlite import ir
from numba import njit, types

from .key import machinery_digest
from .versions import are_tested

machinery_digest()  # of the files that are imported after this, before somebody edits them

PARTS: dict[str, str] = {
    "fragments": "compiling takes twice as long",
    "dispatch": "types of arguments are looked up in Python, and each process compiles",
    "disk": "each process compiles",
    "instructions": "partial sums are on the heap",
    "options": "kernels count references",
    "vectors": "loops have narrower vectors",
}
"""What comes of doing without each part."""

lost: dict[str, str] = {}
"""The parts that are done without, each with the name or error that is why. ``kernels`` are all of
them, and compiling itself."""


def is_tested() -> bool:
    """Return whether these versions have been tested here, so that nothing has to be tried out."""
    return are_tested()


def lose(part: str, error: BaseException) -> None:
    """Do without a part from here on; its first reason is kept."""
    text = " ".join(str(error).split())[:120]
    lost.setdefault(part, f"{type(error).__name__}: {text}")


def complaint() -> str:
    """Return what is done without, and why, in one line."""
    found = [f"{PARTS.get(part, 'Python runs kernels')} ({why})" for part, why in lost.items()]
    return f"streamloss is slower with numba {numba.__version__}: {'; '.join(found)}"


def _find(part: str, path: str) -> Any:
    """Return what a module has under a name; if it has not, the part is lost."""
    module, _, names = path.partition(":")
    try:
        return operator.attrgetter(names)(importlib.import_module(module))
    except (ImportError, AttributeError) as error:
        lose(part, error)
        return None


def _base(part: str, path: str) -> Any:
    """Return a class to inherit from, `object` if numba has no such class."""
    found = _find(part, path)
    if isinstance(found, type):
        return found
    lose(part, TypeError(f"{path} is no class"))
    return object


# The lock of numba's compiler, and its errors. Without the lock, another thread that compiles may
# find settings that are not its own. Without the errors, losses that do not compile run in Python.

try:
    from numba.core.compiler_lock import global_compiler_lock as global_compiler_lock
except ImportError:
    global_compiler_lock = threading.RLock()  # type: ignore[assignment]

try:
    from numba.core.errors import NumbaError as NumbaError
except ImportError:

    class NumbaError(Exception):  # type: ignore[no-redef]
        """An error that is never raised."""


def setting(name: str) -> Any:
    """Return a setting of numba, None if it has none of that name."""
    return getattr(numba.config, name, None)


# How the functions that kernels are made of are compiled: once, within the kernel.
#
# Numba optimises each function by itself, with all it calls, and makes machine code of it, and so
# again for each of its callers. For a kernel, seven calls deep, that took two thirds of the time.
# `benchmarks/bench_start.py` (`Cold`) measures what is left.

USELESS = (
    "InlineClosureLikes",
    "InlineInlinables",
    "LiteralUnroll",
    "InlineOverloads",
    "NopythonRewrites",
)
"""Passes that find nothing to do in bodies without closures and expressions of whole arrays: they
took 8 % of the time."""

_JITCodeLibrary: Any = _base("fragments", "numba.core.codegen:JITCodeLibrary")
_Compiler: Any = _base("fragments", "numba.core.compiler:Compiler")


class Fragment(_JITCodeLibrary):
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


class FragmentCompiler(_Compiler):
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
            pipeline.passes = [
                step for step in pipeline.passes if getattr(step[0], "__name__", "") not in USELESS
            ]
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


def options(compiler: str) -> dict[str, Any]:
    """Return how `numba.njit` compiles a function of a kernel: by one of the compilers above."""
    if "fragments" in lost:
        return {"forceinline": True} if compiler == "InlineCompiler" else {}
    unneeded = {"no_cpython_wrapper": True, "no_cfunc_wrapper": True}
    return {"pipeline_class": globals()[compiler], **unneeded}


def kernel_options() -> dict[str, Any]:
    """Return how `numba.njit` compiles kernels themselves.

    They do not count references as numba does, by locked instructions that held up the loads: 7 %
    of the time (`benchmarks/bench_losses.py`). Partial sums on the heap need that.
    """
    counts = "options" in lost or "instructions" in lost
    return {"nogil": True, "error_model": "numpy", **({} if counts else {"_nrt": False})}


# What is written in the words of LLVM.

_alloca_once: Any = _find("instructions", "numba.core.cgutils:alloca_once")
_pack_array: Any = _find("instructions", "numba.core.cgutils:pack_array")
_populate_array: Any = _find("instructions", "numba.np.arrayobj:populate_array")


def reinterpreted(context, builder, sig, args):
    """Write a number's bits as another type; without it, `bits_of` and `float_of` do so."""
    return builder.bitcast(args[0], context.get_value_type(sig.return_type))


def bits_of(x):
    """Return the bits of a float64, as numba documents it."""
    return lambda x: np.float64(x).view(np.int64)


def float_of(x):
    """Return the float64 of some bits, as numba documents it."""
    return lambda x: np.int64(x).view(np.float64)


def at_address(context, builder, kind, address, offset):
    """Write the load of a number of a type, so many bytes behind an address."""
    start = builder.inttoptr(address, ir.IntType(8).as_pointer())
    place = builder.gep(start, [offset])
    memory = builder.bitcast(place, context.get_data_type(kind).as_pointer())
    return builder.load(memory, align=1)


def on_stack(context, builder, array_type, count):
    """Write an array of float64 on the stack of the function that calls this one.

    An overload's would be gone when it returns. Without it, the array is on the heap.
    """
    memory = _alloca_once(builder, ir.DoubleType(), size=count)
    return _array_at(context, builder, array_type, memory, count, 1)


def every_of(context, builder, array_type, block_type, block, start, count, step):
    """Write an array of every so many numbers of a block: the count, too, is a constant."""
    data = context.make_array(block_type)(context, builder, block).data
    return _array_at(context, builder, array_type, builder.gep(data, [start]), count, step)


def _array_at(context, builder, array_type, memory, count, step):
    """Write an array of so many float64 at an address, and so far from each other."""
    array = context.make_array(array_type)(context, builder)
    shape, strides = (
        _pack_array(builder, [context.get_constant(types.intp, n)]) for n in (count, 8 * step)
    )
    itemsize = context.get_constant(types.intp, 8)
    _populate_array(array, memory, shape, strides, itemsize, meminfo=None)
    return array._getvalue()


def widen_vectors(context, builder, count, width=0):
    """Tell LLVM how many vectors loops take, and of which size: of large ones, and half of them.

    Given a width, so many numbers, LLVM makes vectors whatever it takes for their cost.
    """
    module, blocks = builder.module, builder.function.blocks
    # by the add of `set`, since llvmlite's own refuses attributes with values
    set.add(builder.function.attributes, '"prefer-vector-width"="512"')
    vectors = ir.IntType(32)(count)
    for k, block in enumerate(blocks):
        end = block.terminator
        if end is not None and any(target in blocks[: k + 1] for target in end.operands):
            told = [module.add_metadata(["llvm.loop.interleave.count", vectors])]
            if width:
                numbers = ir.IntType(32)(width)
                told.append(module.add_metadata(["llvm.loop.vectorize.width", numbers]))
                once = ir.IntType(32)(1)
                told.append(module.add_metadata(["llvm.loop.unroll.count", once]))
            loop = module.add_metadata(told)
            loop.operands = (loop, *told)  # LLVM knows a loop by what names itself
            end.set_metadata("llvm.loop", loop)
    return context.get_dummy_value()


def forbid_fma(context):
    """Have a GPU's products and sums rounded apart; by default they may become one instruction.

    Without it there are no kernels for GPUs: `run.gpu.launch.check` refuses.
    """
    # options of the compiler of the GPU's code, which all libraries of a kernel share
    context.active_code_library._nvvm_options["fma"] = False


# How kernels are called, and kept.

Around = Callable[[Callable[[], Any]], Any]
"""What calls a function that compiles, for instance with other settings."""


class Ordinary:
    """Compiles a body for the types of arguments as they come, by what numba documents."""

    def __init__(self, body: Any, around: Around) -> None:
        self._body, self._around = body, around
        self._made: dict[Any, Any] = {}

    def __call__(self, *arguments: Any) -> Any:
        """Call what is compiled for these types."""
        return self.entry(arguments)(*arguments)

    def entry(self, arguments: tuple[Any, ...]) -> Any:
        """Return what is called for arguments of these types."""
        key = tuple([numba.typeof(argument) for argument in arguments])
        if key not in self._made:
            self._made[key] = self._around(lambda: njit(key, **kernel_options())(self._body))
        return self._made[key]


def dispatcher(body: Any, around: Around, cache: Cache | None) -> Any:
    """Return what calls a body compiled for the types of its arguments."""
    if "dispatch" in lost:
        return Ordinary(body, around)
    made = njit(**kernel_options())(body)
    # an attribute of numba's own, which has no public one for it
    compiles = made._compile_for_args
    made._compile_for_args = lambda *arguments: around(lambda: compiles(*arguments))
    if cache is not None and "disk" not in lost:
        made._cache = cache
    return made


def entry(made: Any, arguments: tuple[Any, ...]) -> Any:
    """Return what a dispatcher would call: a function for arguments of just these types.

    It saves looking at their types at every call, 1.5 us.
    """
    if isinstance(made, Ordinary):
        return made.entry(arguments)
    key = tuple([numba.typeof(argument) for argument in arguments])
    # looked up here, since numba's own lookup takes its lock
    if key in made.overloads:
        return made.overloads[key].entry_point
    return made._compile_for_args(*arguments)


_CompileResult: Any = _find("disk", "numba.core.compiler:CompileResult")
_NumbaPickler: Any = _base("disk", "numba.core.serialize:NumbaPickler")


class Cache:
    """What numba asks of a dispatcher's cache. Those that inherit from it `read` and `write`."""

    classes: tuple[type, ...] = ()
    """Classes that are written as their position, so that any process can put its own there."""

    def read(self, signature: str) -> bytes:
        """Return what was written for a signature."""
        raise NotImplementedError

    def write(self, signature: str, data: bytes) -> None:
        """Keep what was compiled for a signature."""
        raise NotImplementedError

    @property
    def cache_path(self) -> str:
        """Where it is, as numba reports it."""
        return ""

    def enable(self) -> None:
        """Do nothing: the cache is always on."""

    disable = flush = enable

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        """Return the compiled signature, None if there is none or it cannot be used."""
        try:
            target_context.refresh()
            data = self.read(_on_this_cpu(sig, target_context))
            return _CompileResult._rebuild(target_context, *_Unpickler(data, self.classes).load())
        except Exception:  # a cache may cost time, never an answer
            return None

    def save_overload(self, sig: Any, data: Any) -> None:
        """Write a compiled signature, whole or not at all."""
        try:
            buffer = io.BytesIO()
            pickler = _Pickler(buffer, protocol=4)
            pickler.classes = self.classes
            pickler.dump(data._reduce())
            self.write(_on_this_cpu(sig, data.target_context), buffer.getvalue())
        except Exception:  # an unwritable folder costs time, never an error
            return


def _on_this_cpu(sig: Any, target_context: Any) -> str:
    return repr((str(sig), target_context.codegen().magic_tuple()))


class _Pickler(_NumbaPickler):
    classes: tuple[type, ...] = ()

    def persistent_id(self, value: Any) -> int | None:
        """Return the position of a class."""
        known = isinstance(value, type) and value in self.classes
        return self.classes.index(value) if known else None


class _Unpickler(pickle.Unpickler):
    def __init__(self, payload: bytes, classes: tuple[type, ...]) -> None:
        super().__init__(io.BytesIO(payload))
        self._classes = classes

    def persistent_load(self, position: int) -> type:
        """Return the class at a position."""
        return self._classes[position]
