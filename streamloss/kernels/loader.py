"""Machine code from object files, as functions of Python, without numba.

Importing numba takes half a second, and llvmlite's Python 50 ms; its library alone is loaded in 5
(`benchmarks/bench_start.py`). What is called of it is llvmlite's own and may change, so only the
versions that were tested are used, and on the platforms that were (`is_usable`); elsewhere numba
does it. LLVM ends the process where a name is not found: `load` looks all of them up before.
"""

from __future__ import annotations

import ctypes
import functools
import os
import sys
import threading
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, nullcontext
from ctypes import POINTER, c_char_p, c_int, c_void_p
from typing import Any, NamedTuple

import numpy as np

from .versions import are_tested, folder_of

ENTRY = "streamloss_kernel"
"""The function of an object file: METH_FASTCALL, of the arguments that a loop body takes; or, of
one loss, what `blocks.call_block` calls."""

HEAD = object.__basicsize__
"""Bytes of an object before its own fields."""

ITEMS = tuple.__basicsize__
"""Bytes of a tuple before its items; its size is behind the head."""

DATA, RANK, SHAPE, DTYPE, FLAGS = HEAD, HEAD + 8, HEAD + 16, HEAD + 40, HEAD + 48
"""Where an array has these, and behind the head of its dtype:"""

ORDER, NUMBER = HEAD + 10, HEAD + 12
"""The byte order as a character, and the number of the type."""

IN_PLACE = 0x0001 | 0x0100
"""The flags of arrays that are contiguous in C's order, and aligned."""

FROM_PYTHON = frozenset(
    "PyErr_Clear PyErr_Occurred PyEval_RestoreThread PyEval_SaveThread PyFloat_AsDouble"
    " PyLong_AsLongLong PyObject_Vectorcall Py_IncRef".split()
)

FROM_C = frozenset(
    "acos acosh asin asinh atan atan2 atanh cbrt ceil cos cosh erf erfc exp exp2 expm1 fabs floor"
    " fma fmod frexp hypot ldexp lgamma log log10 log1p log2 memcpy memmove memset nearbyint pow"
    " rint round sin sinh sqrt tan tanh tgamma trunc".split()
)

KNOWN = FROM_PYTHON | FROM_C
"""The functions that an object file may call. What else numba's code needs is in numba alone."""

RELOCATION, CODE_MODEL = "static", "jitdefault"
"""How machine code finds its own data, for LLVM: as numba has it."""

PTR, INT, TEXT, OUT = c_void_p, c_int, c_char_p, POINTER(c_char_p)

_FUNCTIONS: tuple[tuple[str, Any, tuple[Any, ...]], ...] = (
    ("InitializeNativeTarget", None, ()),
    ("InitializeNativeAsmPrinter", None, ()),
    ("ContextCreate", PTR, ()),
    ("GetProcessTriple", None, (OUT,)),
    ("GetHostCPUName", None, (OUT,)),
    ("GetHostCPUFeatures", INT, (OUT,)),
    ("GetTargetFromTriple", PTR, (TEXT, OUT)),
    ("CreateTargetMachine", PTR, (PTR, TEXT, TEXT, TEXT, INT, TEXT, TEXT, INT, INT, TEXT)),
    ("ParseAssembly", PTR, (PTR, TEXT, OUT)),
    ("CreateMCJITCompiler", PTR, (PTR, PTR, ctypes.c_bool, OUT)),
    ("AddSymbol", None, (TEXT, PTR)),
    ("CreateObjectFile", PTR, (TEXT, ctypes.c_size_t)),
    ("MCJITAddObjectFile", None, (PTR, PTR)),
    ("FinalizeObject", None, (PTR,)),
    ("GetFunctionAddress", ctypes.c_uint64, (PTR, TEXT)),
)
"""What is called of llvmlite's library: name, result and arguments."""


class Processor(NamedTuple):
    """What machine code is made for, as LLVM names it."""

    triple: str
    name: str
    features: str
    """Names after ``+`` for what it has and ``-`` for what it lacks, with commas between."""

    def has(self, *features: str) -> bool:
        """Return whether it has all of these features."""
        return {f"+{feature}" for feature in features} <= set(self.features.split(","))


class CannotLoad(Exception):
    """Raised where object code is not loaded, and numba has to make the kernel."""


@functools.cache
def is_usable() -> bool:
    """Return whether object files can be loaded here: else numba makes and keeps kernels."""
    return (
        sys.platform == "linux"
        and os.uname().machine == "x86_64"
        and sys.implementation.name == "cpython"
        and getattr(sys, "_is_gil_enabled", lambda: True)()
        and are_tested()
        and _objects_are_as_expected()
    )


def _objects_are_as_expected() -> bool:
    """Return whether arrays and tuples have in memory what machine code reads there."""
    array = np.zeros((3, 5), np.float32)
    at, pair = id(array), (array, 0.5)
    shape, dtype = _read(ctypes.c_int64, at + SHAPE), _read(ctypes.c_int64, at + DTYPE)
    return (
        _read(ctypes.c_int64, at + DATA) == array.__array_interface__["data"][0]
        and _read(ctypes.c_int32, at + RANK) == 2
        and [_read(ctypes.c_int64, shape + 8 * k) for k in range(2)] == [3, 5]
        and dtype == id(array.dtype)
        and _read(ctypes.c_int32, at + FLAGS) & 0xFFFF == array.flags.num & 0xFFFF
        and _read(ctypes.c_char, dtype + ORDER) == b"="
        and _read(ctypes.c_int32, dtype + NUMBER) == array.dtype.num
        and _read(ctypes.c_int64, id(pair) + HEAD) == 2
        and _read(ctypes.c_int64, id(pair) + ITEMS) == at
    )


def _read(kind: Any, address: int) -> Any:
    return kind.from_address(address).value


def _tells_addresses() -> bool:
    """Return whether arrays have in memory the address that `_by_structure` reads there."""
    array = np.zeros(3)[1:]
    return sys.implementation.name == "cpython" and _by_structure(array) == _by_interface(array)


def _by_structure(array: Any, read: Any = ctypes.c_size_t.from_address) -> int:
    address: int = read(id(array) + DATA).value
    return address


def _by_interface(array: Any) -> int:
    address: int = array.__array_interface__["data"][0]
    return address


address_of = _by_structure if _tells_addresses() else _by_interface
"""Returns where the first element of an array is: a tenth of the time that numpy takes to tell."""


@functools.cache
def _library() -> Any:
    """Return llvmlite's library, its functions typed.

    Raises
    ------
    CannotLoad
        If it cannot be loaded, or lacks one of the functions.
    """
    try:
        found = ctypes.CDLL(os.path.join(folder_of("llvmlite"), "binding", "libllvmlite.so"))
        for name, result, arguments in _FUNCTIONS:
            function = getattr(found, f"LLVMPY_{name}")
            function.restype, function.argtypes = result, arguments
    except (OSError, AttributeError, ImportError) as error:
        raise CannotLoad(str(error)) from error
    found.LLVMPY_InitializeNativeTarget()
    found.LLVMPY_InitializeNativeAsmPrinter()
    return found


@functools.cache
def processor() -> Processor:
    """Return what kernels are compiled for: this machine, or what numba's variables name.

    They are NUMBA_CPU_NAME, NUMBA_CPU_FEATURES, and NUMBA_ENABLE_AVX with 0 for machines that have
    AVX and cannot use it.

    Raises
    ------
    CannotLoad
        If llvmlite's library, which knows it, cannot be used.
    """
    library = _library()
    features = os.environ.get("NUMBA_CPU_FEATURES")
    if features is None:
        found = [each for each in _text(library.LLVMPY_GetHostCPUFeatures).split(",") if each]
        if os.environ.get("NUMBA_ENABLE_AVX", "1") == "0":
            found = [f"-{each[1:]}" if each[1:].startswith("avx") else each for each in found]
        features = ",".join(sorted(found, key=lambda each: each[1:]))
    name = os.environ.get("NUMBA_CPU_NAME") or _text(library.LLVMPY_GetHostCPUName)
    return Processor(_text(library.LLVMPY_GetProcessTriple), name, features)


def _text(function: Any) -> str:
    out = c_char_p()
    function(ctypes.byref(out))
    return (out.value or b"").decode()


_lock = threading.RLock()


def load(code: bytes, needs: Iterable[str], otherwise: Callable[..., Any]) -> Callable[..., Any]:
    """Return the function of Python of an object file.

    Parameters
    ----------
    code, needs
        As `placed` has them.
    otherwise : callable
        Called with the same arguments where the function finds them to be of other types, before
        it has done anything, or where its loss raises an exception, to raise it.

    Raises
    ------
    CannotLoad
        As `placed`.
    """
    return _function(placed(code, needs), otherwise)


def placed(code: bytes, needs: Iterable[str]) -> int:
    """Return the address of the function of an object file, which stays in memory.

    Parameters
    ----------
    code : bytes
        The object file, which has the function `ENTRY`.
    needs : iterable of str
        The functions that it calls.

    Raises
    ------
    CannotLoad
        If there is none, one of the names is not known, or LLVM cannot load it.
    """
    if not code:
        raise CannotLoad("it is not portable")
    library = _library()
    addresses = {name: _address(name) for name in needs}
    with _lock, _lock_of_llvmlite():
        for name, address in addresses.items():
            library.LLVMPY_AddSymbol(name.encode(), address)
        engine = _engine(library)
        found = library.LLVMPY_CreateObjectFile(code, len(code))
        if not found:
            raise CannotLoad("LLVM takes it for no object file")
        library.LLVMPY_MCJITAddObjectFile(engine, found)
        library.LLVMPY_FinalizeObject(engine)
        entry: int = library.LLVMPY_GetFunctionAddress(engine, ENTRY.encode())
        if not entry:
            raise CannotLoad(f"the object file has no {ENTRY}")
        return entry


def _engine(library: Any) -> Any:
    """Return an engine of its own for an object file, as the functions of all have one name."""
    error, triple = c_char_p(), _text(library.LLVMPY_GetProcessTriple).encode()
    target = library.LLVMPY_GetTargetFromTriple(triple, ctypes.byref(error))
    options = 3, RELOCATION.encode(), CODE_MODEL.encode(), 0, 1, b""
    machine = library.LLVMPY_CreateTargetMachine(target, triple, b"", b"", *options)
    module = library.LLVMPY_ParseAssembly(library.LLVMPY_ContextCreate(), b"", ctypes.byref(error))
    engine = library.LLVMPY_CreateMCJITCompiler(module, machine, False, ctypes.byref(error))
    if not engine:
        raise CannotLoad("LLVM makes no engine")
    return engine


def _lock_of_llvmlite() -> AbstractContextManager[Any]:
    """Return what keeps other threads, which may compile with numba, out of LLVM."""
    ffi = sys.modules.get("llvmlite.binding.ffi")
    return getattr(getattr(ffi, "lib", None), "_lock", None) or nullcontext()


def _address(name: str) -> int:
    """Return the address of a function that object files may call."""
    if name not in KNOWN:
        raise CannotLoad(f"{name} is no function of C or Python")
    source = ctypes.pythonapi if name in FROM_PYTHON else _c()
    try:
        return ctypes.cast(getattr(source, name), c_void_p).value or 0
    except AttributeError as error:
        raise CannotLoad(str(error)) from error


@functools.cache
def _c() -> ctypes.CDLL:
    """Return what this process has loaded, the libraries of C among it."""
    return ctypes.CDLL(None)


class _MethodDef(ctypes.Structure):
    """Python's PyMethodDef."""

    _fields_ = (
        ("name", c_char_p),
        ("function", c_void_p),
        ("flags", c_int),
        ("doc", c_char_p),
    )


METH_FASTCALL = 0x0080


def _function(address: int, otherwise: Callable[..., Any]) -> Callable[..., Any]:
    """Return machine code as a function of Python: called so, it has its arguments in 0.1 us."""
    definition = _MethodDef(b"kernel", address, METH_FASTCALL, None)
    # never freed: functions are looked at as a process ends, after the globals of modules are gone
    ctypes.pythonapi.Py_IncRef(ctypes.py_object(definition))
    make = ctypes.pythonapi.PyCFunction_NewEx
    make.restype = ctypes.py_object
    make.argtypes = [c_void_p, ctypes.py_object, c_void_p]
    made: Callable[..., Any] = make(ctypes.addressof(definition), otherwise, None)
    return made


def _begin_child() -> None:
    global _lock
    _lock = threading.RLock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_begin_child)
