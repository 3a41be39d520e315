"""Loop bodies as object files: what `loader` loads, made by numba and LLVM.

An object file has one function, `loader.ENTRY`. It takes the arguments of the body as Python has
them: tuples and their items, floats, integers, and arrays, of which machine code reads address and
shape where numpy keeps them. `None` and switches select code and are not looked at. All else in the
file is internal to it, and it calls functions of C and Python alone: no other process has numba's.
"""

# mypy: disable-error-code="no-untyped-call, no-untyped-def, misc"

from __future__ import annotations

from collections.abc import Callable
from struct import iter_unpack, unpack_from
from typing import Any

import llvmlite.binding as llvm
import numba
import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.core import cgutils
from numba.np import arrayobj, numpy_support

from . import internals, loader, meanings, vectors  # noqa: F401  # meanings register themselves
from .loader import ENTRY, Processor

I8, I32, I64, DOUBLE = ir.IntType(8), ir.IntType(32), ir.IntType(64), ir.DoubleType()
POINTER = I8.as_pointer()


class NotPortable(Exception):
    """Raised for code that calls what only a process with numba has."""


def build(body: Callable[..., None], arguments: tuple[Any, ...]) -> tuple[bytes, tuple[str, ...]]:
    """Return the object file of a body for arguments of these types, and what it calls.

    Raises
    ------
    NotPortable
        If it needs more than functions of C.
    NumbaError
        If it does not compile.
    """
    return emitted(str(_linked(body, arguments)), loader.KNOWN)


def emitted(text: str, known: frozenset[str]) -> tuple[bytes, tuple[str, ...]]:
    """Return the object file of a module, and what it calls, which has to be known.

    Raises
    ------
    NotPortable
        If it calls something else.
    """
    here = loader.processor()
    machine = _machine(here)
    text = vectors.widened(text, here)
    module = _unrolled(text, machine) if vectors.has_lanes(text) else parsed(text)
    _optimise(module, machine)
    module = parsed(vectors.prefetched(str(module), vectors.ahead(here)))
    code = machine.emit_object(module)
    needs = undefined(code)
    if strange := set(needs) - known:
        raise NotPortable(f"it calls {', '.join(sorted(strange))}")
    return code, needs


def _linked(body: Callable[..., None], arguments: tuple[Any, ...]) -> Any:
    """Return a module with the entry and all that it calls, of which the entry alone is seen."""
    made = njit(**internals.options("FragmentCompiler"), **internals.kernel_options())(body)
    signature = tuple([_typeof(argument) for argument in arguments])
    made.compile(signature)
    compiled = made.overloads[signature]
    module = parsed(compiled.library.get_llvm_str())
    module.link_in(parsed(cgutils.normalize_ir_text(str(_entry(compiled)))))
    for part in (*module.functions, *module.global_variables):
        if not part.is_declaration and part.name != ENTRY:
            part.linkage = "internal"
    return module


def _typeof(argument: Any) -> Any:
    """Return the type of an argument; of arrays only what decides the code."""
    if isinstance(argument, np.ndarray):
        return types.Array(numba.from_dtype(argument.dtype), argument.ndim, "C")
    if isinstance(argument, tuple) and not hasattr(argument, "_fields"):
        return types.Tuple.from_types([_typeof(item) for item in argument])
    return numba.typeof(argument)


def parsed(text: str) -> Any:
    """Return LLVM's module of a text."""
    module = llvm.parse_assembly(text)
    module.verify()
    return module


def _machine(here: Processor) -> Any:
    """Return what writes machine code, with the options of numba's own."""
    target = llvm.Target.from_triple(here.triple)
    options = {"cpu": here.name, "features": here.features, "opt": 3}
    return target.create_target_machine(
        reloc=loader.RELOCATION, codemodel=loader.CODE_MODEL, jit=True, **options
    )


def _unrolled(text: str, machine: Any) -> Any:
    """Return a module of which rows side by side have no loops within, as far as that is known."""
    module = parsed(vectors.marked(text))
    passes = llvm.create_pass_builder(machine, llvm.create_pipeline_tuning_options(speed_level=0))
    manager = llvm.create_new_module_pass_manager()
    manager.add_always_inliner_pass()
    manager.add_sroa_pass()
    manager.add_instruction_combine_pass()
    manager.add_simplify_cfg_pass()
    manager.add_loop_rotate_pass()
    manager.add_loop_unroll_pass()
    manager.run(module, passes)
    return parsed(vectors.unmarked(str(module)))


def _optimise(module: Any, machine: Any) -> None:
    """Optimise a module as numba does: inlined without looking at the cost, then in full."""
    for level in (0, 3):
        options = llvm.create_pipeline_tuning_options(speed_level=level)
        options.loop_vectorization, options.slp_vectorization = level > 0, False
        passes = llvm.create_pass_builder(machine, options)
        manager = passes.getModulePassManager()
        if level == 0:
            manager.add_loop_rotate_pass()
            manager.add_instruction_combine_pass()
            manager.add_jump_threading_pass()
        manager.run(module, passes)


def _entry(compiled: Any) -> Any:
    """Return a module with the function that Python calls: self, arguments, their number."""
    context, convention = compiled.target_context, compiled.target_context.call_conv
    module = ir.Module("streamloss")
    module.triple, module.data_layout = loader.processor().triple, context.codegen()._data_layout
    kind = ir.FunctionType(POINTER, [POINTER, POINTER.as_pointer(), I64])
    entry = ir.Function(module, kind, ENTRY)
    itself, arguments, count = entry.args
    write = _Writer(context, module, entry)
    descriptor = compiled.fndesc
    write.expect(count, len(descriptor.argtypes))
    values = [
        write.value(kind, write.load(arguments, 8 * k, POINTER))
        for k, kind in enumerate(descriptor.argtypes)
    ]
    kind = convention.get_function_type(descriptor.restype, descriptor.argtypes)
    body = ir.Function(module, kind, descriptor.llvm_func_name)
    state = write.call("PyEval_SaveThread", POINTER)
    signature = descriptor.restype, descriptor.argtypes
    status, _ = convention.call_function(write.builder, body, *signature, values)
    write.call("PyEval_RestoreThread", ir.VoidType(), state)
    write.expect(status.code, 0)
    write.call("Py_IncRef", ir.VoidType(), itself)
    write.builder.ret(itself)
    write.otherwise(itself, arguments, count)
    return module


class _Writer:
    """Writes how machine code takes Python's objects, each looked at before it is believed."""

    def __init__(self, context: Any, module: Any, function: Any) -> None:
        self._context, self._module, self._function = context, module, function
        self._other = function.append_basic_block("otherwise")
        self.builder = ir.IRBuilder(function.append_basic_block("start"))
        function.basic_blocks.reverse()  # the first block is the one that is entered

    def load(self, start: Any, offset: int, kind: Any) -> Any:
        """Write the load of what is so many bytes behind an address."""
        start = self.builder.bitcast(start, POINTER)
        at = self.builder.gep(start, [I64(offset)])
        return self.builder.load(self.builder.bitcast(at, kind.as_pointer()))

    def expect(self, value: Any, wanted: int, mask: int | None = None) -> None:
        """Write that the other way is taken where an integer has not the value wanted."""
        if mask is not None:
            value = self.builder.and_(value, value.type(mask))
        self._unless(self.builder.icmp_signed("==", value, value.type(wanted)))

    def _unless(self, fine: Any) -> None:
        on = self._function.append_basic_block()
        self.builder.cbranch(fine, on, self._other)
        self.builder.position_at_end(on)

    def call(self, name: str, result: Any, *arguments: Any) -> Any:
        """Write the call of a function of Python."""
        kind = ir.FunctionType(result, [argument.type for argument in arguments])
        called = self._module.globals.get(name) or ir.Function(self._module, kind, name)
        return self.builder.call(called, arguments)

    def otherwise(self, itself: Any, arguments: Any, count: Any) -> None:
        """Write the end of the other way: `self`, numba's, is called with the same arguments."""
        self.builder.position_at_end(self._other)
        self.call("PyErr_Clear", ir.VoidType())
        nothing = ir.Constant(POINTER, None)
        given = (itself, arguments, count, nothing)
        self.builder.ret(self.call("PyObject_Vectorcall", POINTER, *given))

    def value(self, kind: Any, item: Any) -> Any:
        """Write a value of a type, of an object of Python."""
        if isinstance(kind, types.BaseTuple):
            return self._tuple(kind, item)
        if isinstance(kind, types.NoneType):
            return self._context.get_dummy_value()
        if isinstance(kind, types.Integer):
            return self._number("PyLong_AsLongLong", I64, item)
        if isinstance(kind, types.Float):
            return self._number("PyFloat_AsDouble", DOUBLE, item)
        if isinstance(kind, types.Array):
            return self._array(kind, item)
        raise NotPortable(f"it takes {kind}")

    def _tuple(self, kind: Any, item: Any) -> Any:
        """Write a tuple. Of a switch, which is an empty one, nothing is looked at."""
        if len(kind) > 0:
            self.expect(self.load(item, loader.HEAD, I64), len(kind))
        parts = [
            self.value(each, self.load(item, loader.ITEMS + 8 * k, POINTER))
            for k, each in enumerate(kind)
        ]
        return self._context.make_tuple(self.builder, kind, parts)

    def _number(self, convert: str, kind: Any, item: Any) -> Any:
        """Write what Python converts an object to; an error, which -1 may be, is looked for."""
        found = self.call(convert, kind, item)
        failed = self.builder.icmp_signed if kind == I64 else self.builder.fcmp_ordered
        with self.builder.if_then(failed("==", found, kind(-1)), likely=False):
            error = self.call("PyErr_Occurred", POINTER)
            self._unless(self.builder.icmp_signed("==", error, ir.Constant(POINTER, None)))
        return found

    def _array(self, kind: Any, item: Any) -> Any:
        """Write an array, of numpy's own structure: the addresses of data and of its shape."""
        dtype = numpy_support.as_dtype(kind.dtype)
        described = self.load(item, loader.DTYPE, POINTER)
        self.expect(self.load(described, loader.NUMBER, I32), dtype.num)
        self.expect(self.load(described, loader.ORDER, I8), ord(dtype.byteorder))
        self.expect(self.load(item, loader.RANK, I32), kind.ndim)
        self.expect(self.load(item, loader.FLAGS, I32), loader.IN_PLACE, loader.IN_PLACE)
        sizes = self.load(item, loader.SHAPE, POINTER)
        shape = [self.load(sizes, 8 * k, I64) for k in range(kind.ndim)]
        strides = [I64(dtype.itemsize)]
        for size in shape[:0:-1]:
            strides.insert(0, self.builder.mul(strides[0], size))
        pack = cgutils.pack_array
        array = self._context.make_array(kind)(self._context, self.builder)
        arrayobj.populate_array(
            array,
            self.load(item, loader.DATA, self._context.get_data_type(kind.dtype).as_pointer()),
            pack(self.builder, shape, I64),
            pack(self.builder, strides, I64),
            I64(dtype.itemsize),
            meminfo=None,
        )
        return array._getvalue()


_SYMBOL = "<IBBHQQ"
_SECTION = "<IIQQQQIIQQ"
_SYMBOLS = 2
"""The type of the section of an ELF file that has its symbols."""


def undefined(code: bytes) -> tuple[str, ...]:
    """Return the names that an object file leaves undefined: an ELF file, of 64 bits.

    LLVM has calls of its own, of memset and the like, which its module does not show.
    """
    (start,) = unpack_from("<Q", code, 0x28)
    size, count = unpack_from("<HH", code, 0x3A)
    sections = [unpack_from(_SECTION, code, start + k * size) for k in range(count)]
    names = set()
    for _, kind, _, _, at, length, link, *_ in sections:
        if kind == _SYMBOLS:
            names_at = sections[link][4]
            for name, _, _, section, *_ in iter_unpack(_SYMBOL, code[at : at + length]):
                if section == 0 and name:
                    end = code.index(b"\0", names_at + name)
                    names.add(code[names_at + name : end].decode())
    return tuple(sorted(names))
