"""Digests of functions: all code and constants that they reach, taken from memory.

Bytecode has neither comments nor the numbers of lines, and of its constants only those that an
instruction loads are looked at, which a docstring is not: editing these changes no digest.
"""

from __future__ import annotations

import functools
import importlib
import opcode
import re
from collections.abc import Callable
from contextlib import suppress
from struct import Struct
from types import CodeType, FunctionType, ModuleType
from typing import TYPE_CHECKING, Any

import numpy as np

from streamloss.losses.define import STARRED
from streamloss.support.maker import sources_digest

from .versions import versions

if TYPE_CHECKING:
    from hashlib import sha256 as sha256
else:  # hashlib has it of OpenSSL, which takes 3 ms to load
    for _name in ("_sha2", "_sha256", "hashlib"):  # of Python 3.12, of 3.11, of any
        with suppress(ImportError):
            sha256 = importlib.import_module(_name).sha256
            break

LOADS = re.compile(b"[%s]" % re.escape(bytes(op for op in opcode.hasconst if op < 256)))
"""The instructions that load a constant."""

NUMBERS = "builtins", "math", "numpy"
"""The modules whose functions and types compiled code may name."""

EXTENDED, STORE = opcode.opmap["EXTENDED_ARG"], bytes([opcode.opmap["STORE_NAME"]])

UNREAD = {"__doc__", "__firstlineno__", "__static_attributes__"}
"""What modules and classes are given beside their code: docstrings, and where they stand."""


class Uncacheable(Exception):
    """Raised for code that depends on something that has no digest."""


@functools.cache
def package_digest() -> bytes:
    """Digest the sources of this package, and what decides what they are compiled to."""
    return sha256(sources_digest() + versions().encode()).digest()


def loss_digest(cls: Any) -> bytes:
    """Digest a loss class: its name, its parameters, and all code and constants it reaches.

    Raises
    ------
    Uncacheable
        If `point` uses a global that is no jitted function, module, number, text or numpy array.
    """
    return function_digest(cls.body, f"{cls.key} {cls._fields}")


def function_digest(function: Callable[..., Any], prefix: str = "") -> bytes:
    """Digest a function: all code and constants that it reaches.

    Raises
    ------
    Uncacheable
        As `loss_digest`.
    """
    walk = Walk(prefix)
    walk.function(function)
    return walk.digest.digest()


class Walk:
    """Adds to a digest what functions reach by the names that they use, each function once."""

    libraries: Any = ("math", "numpy", "numba")
    """Modules of which the version says all."""

    def __init__(self, start: str) -> None:
        self.digest = sha256(start.encode())
        self._seen: set[Any] = set()

    def text(self, text: str) -> None:
        """Add some text."""
        self.digest.update(f"{text};".encode())

    def value(self, value: Any, names: Any = frozenset()) -> None:
        """Add a value that compiled code may hold; of a module only what `names` say."""
        if hasattr(value, "py_func"):  # a numba dispatcher: what it was made of, and how
            self.text(repr(getattr(value, "targetoptions", None)))
            value = value.py_func
        elif isinstance(value, FunctionType) and not value.__module__.startswith("streamloss."):
            self.foreign(value)
            return
        if isinstance(value, FunctionType):
            self.text(value.__name__)
            self.reached(value)
        elif isinstance(value, ModuleType):
            self._module(value, names)
        elif isinstance(value, np.ndarray) and value.dtype != object:
            self.text(f"{value.dtype.str}{value.shape}")
            self.digest.update(value.tobytes())
        elif isinstance(value, tuple | frozenset):
            self.text(f"{type(value).__name__}{len(value)}:")
            for item in value if isinstance(value, tuple) else sorted(value, key=repr):
                self.value(item)
        elif callable(value) and getattr(value, "__module__", None) in NUMBERS:
            self.text(repr(value))
        elif value is None or isinstance(value, int | float | complex | str | bytes | np.generic):
            self.text(f"{type(value).__name__}={value!r}")
        elif isinstance(value, Struct):
            self.text(value.format)
        else:
            self.foreign(value)

    def foreign(self, value: Any) -> None:
        """Refuse a value that has no digest; a function's compiled meaning can be anywhere.

        Raises
        ------
        Uncacheable
            Always.
        """
        raise Uncacheable(repr(value))

    def reached(self, function: FunctionType) -> None:
        """Add a function that another uses."""
        self.function(function)

    def function(self, function: Callable[..., Any]) -> None:
        """Add a function's code, and everything that its names mean."""
        if id(function) in self._seen:
            return
        self._seen.add(id(function))
        names = self.code(function.__code__)
        for cell in function.__closure__ or ():
            self.value(cell.cell_contents, names)
        self.value(function.__defaults__)
        self.value(tuple(sorted((function.__kwdefaults__ or {}).items())))
        for name in sorted(names & function.__globals__.keys()):
            self.text(name)
            self.value(function.__globals__[name], names)

    def _module(self, module: ModuleType, names: Any) -> None:
        """Add the attributes of a module that code may mean; of a library its version."""
        self.text(f"{module.__name__} {getattr(module, '__version__', '')}")
        if module.__name__.partition(".")[0] in self.libraries:
            return
        if (id(module), names) not in self._seen:
            self._seen.add((id(module), names))
            for name in sorted(names & vars(module).keys()):
                self.text(name)
                self.value(getattr(module, name), names)

    def code(self, code: CodeType) -> frozenset[str]:
        """Add a code object and return the names that it uses, nested code included."""
        instructions, loaded = _loads(code)
        self.digest.update(instructions)
        self.digest.update(code.co_exceptiontable)
        counts = code.co_argcount, code.co_posonlyargcount, code.co_kwonlyargcount
        names = code.co_names, code.co_varnames, code.co_freevars, code.co_cellvars
        # of the flags only these: one of the others says that there is a docstring
        self.text(repr((counts, code.co_flags & STARRED, names)))
        used = set(code.co_names)
        for constant in loaded:
            if isinstance(constant, CodeType):
                used |= self.code(constant)
            else:
                self.text(_spelled(constant))
        return frozenset(used)


def _loads(code: CodeType) -> tuple[bytes, list[Any]]:
    """Return instructions without the places of the constants that they load, and the constants.

    A docstring, which none loads, is at the beginning and moves others where there was none.
    """
    instructions = bytearray(code.co_code)
    kinds = bytes(instructions[::2])
    loaded = []
    for place in [found.start() for found in LOADS.finditer(kinds)]:
        index, shift, after = instructions[2 * place + 1], 8, instructions[2 * place + 2 :][:2]
        instructions[2 * place + 1] = 0
        while place > 0 and kinds[place - 1] == EXTENDED:
            place -= 1
            index |= instructions[2 * place + 1] << shift
            instructions[2 * place + 1] = 0
            shift += 8
        if after[:1] != STORE or code.co_names[after[1]] not in UNREAD:
            loaded.append(code.co_consts[index])
    return bytes(instructions), loaded


def _spelled(constant: Any) -> str:
    """Return a constant of some code as text, a set in one order in all processes."""
    if isinstance(constant, frozenset):
        return f"{{{sorted(map(_spelled, constant))}}}"
    if isinstance(constant, tuple):
        return f"({','.join(map(_spelled, constant))},)"
    return repr(constant)
