"""Compiled kernels on disk: safe with many processes, edited sources and broken folders.

Numba's own cache does not see edits in other files, returns the wrong code when processes
compile at once (their index and data files mix), and its index cannot be read by a process
without the user's module. Here each signature is one file, written whole and then renamed,
its name a digest of everything the machine code depends on; there is no index.
"""

from __future__ import annotations

import functools
import hashlib
import io
import os
import pickle
import sys
from types import CodeType, FunctionType, ModuleType
from typing import Any

import llvmlite
import numba
import numpy as np
from numba.core.compiler import CompileResult
from numba.core.serialize import NumbaPickler

from streamloss.support.maker import sources_digest

from .private import Folder
from .settings import chosen


def folder() -> Folder:
    """Return the folder of compiled kernels.

    The environment variable STREAMLOSS_CACHE_DIR, else ``streamloss`` in the user's cache
    folder (XDG_CACHE_HOME, else ``~/.cache``).
    """
    given = os.environ.get("STREAMLOSS_CACHE_DIR")
    if given:
        return Folder(os.path.expanduser(given), named=True)
    home = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    return Folder(os.path.join(home, "streamloss"))


def check_writable() -> None:
    """Refuse what would keep kernels from being kept, which elsewhere only costs time.

    Raises
    ------
    OSError
        If no file can be made in the folder.
    ValueError
        If numba is told to compile nothing.
    """
    if numba.config.DISABLE_JIT:  # type: ignore[attr-defined]
        raise ValueError("kernels cannot be compiled while NUMBA_DISABLE_JIT is set")
    try:
        with folder().opened(make=True) as place:
            place.write("writable", b"0")
            place.remove("writable")
    except OSError as error:
        rule = "STREAMLOSS_CACHE_DIR must name a folder that can be written"
        raise OSError(f"{rule}: got {folder().path}: {error.strerror or error}") from error


@functools.cache
def package_digest() -> bytes:
    """Digest the sources of this package, and what decides what they are compiled to."""
    versions = [sys.version, numba.__version__, llvmlite.__version__, np.__version__, chosen()]
    return hashlib.sha256(sources_digest() + repr(versions).encode()).digest()


class Uncacheable(Exception):
    """Raised for code that depends on something that has no digest."""


def loss_digest(cls: Any) -> bytes:
    """Digest a loss class: its name, its parameters, and all code and constants it reaches.

    Raises
    ------
    Uncacheable
        If `point` uses a global that is no jitted function, module, number, text or numpy array.
    """
    return function_digest(cls.body, f"{cls.key} {cls._fields}")


def function_digest(function: FunctionType, prefix: str = "") -> bytes:
    """Digest a function: all code and constants that it reaches.

    Raises
    ------
    Uncacheable
        As `loss_digest`.
    """
    digest = hashlib.sha256(prefix.encode())
    _digest_function(function, digest, set(), None)
    return digest.digest()


def _digest_value(value: Any, digest: Any, seen: set[int], names: Any = frozenset()) -> None:
    """Add to the digest a value that compiled code may hold; of a module only what `names` say."""
    if hasattr(value, "py_func"):  # a numba dispatcher: what it was made of, and how
        digest.update(repr(getattr(value, "targetoptions", None)).encode())
        value = value.py_func
    elif isinstance(value, FunctionType) and not value.__module__.startswith("streamloss."):
        raise Uncacheable(repr(value))  # its compiled meaning, an overload, can be anywhere
    if isinstance(value, FunctionType | ModuleType):
        digest.update(f"{value.__name__};".encode())
        if id(value) not in seen:
            seen.add(id(value))
            reach = _digest_function if isinstance(value, FunctionType) else _digest_module
            reach(value, digest, seen, names)
    elif isinstance(value, np.ndarray) and value.dtype != object:
        digest.update(f"{value.dtype.str}{value.shape};".encode() + value.tobytes())
    elif isinstance(value, tuple | frozenset):
        digest.update(f"{type(value).__name__}{len(value)}:".encode())
        for item in value:
            _digest_value(item, digest, seen)
    elif callable(value) and getattr(value, "__module__", None) in ("builtins", "math", "numpy"):
        digest.update(f"{value!r};".encode())
    elif value is None or isinstance(value, int | float | complex | str | bytes | np.generic):
        digest.update(f"{type(value).__name__}={value!r};".encode())
    else:
        raise Uncacheable(repr(value))


def _digest_function(function: Any, digest: Any, seen: set[int], _: Any) -> None:
    """Add a function's code, and everything that its names mean."""
    names = _digest_code(function.__code__, digest)
    for cell in function.__closure__ or ():
        _digest_value(cell.cell_contents, digest, seen, names)
    _digest_value(function.__defaults__, digest, seen)
    for name in sorted(names & function.__globals__.keys()):
        digest.update(f"{name}:".encode())
        _digest_value(function.__globals__[name], digest, seen, names)


def _digest_module(module: Any, digest: Any, seen: set[int], names: Any) -> None:
    """Add the attributes of a module that code may mean; of a library its version."""
    digest.update(f"{getattr(module, '__version__', '')};".encode())
    if module.__name__.partition(".")[0] not in ("math", "numpy", "numba"):
        for name in sorted(names & vars(module).keys()):
            digest.update(f"{name}:".encode())
            _digest_value(getattr(module, name), digest, seen, names)


def _digest_code(code: CodeType, digest: Any) -> set[str]:
    """Add a code object to the digest and return the names it uses, nested code included."""
    nested = [constant for constant in code.co_consts if isinstance(constant, CodeType)]
    plain = [constant for constant in code.co_consts if not isinstance(constant, CodeType)]
    digest.update(code.co_code + repr((code.co_names, code.co_varnames, plain)).encode())
    return set(code.co_names).union(*(_digest_code(inner, digest) for inner in nested))


class KernelCache:
    """What numba asks of a dispatcher's cache, for the kernels of one tuple of loss classes."""

    def __init__(self, body: FunctionType, classes: tuple[type, ...]) -> None:
        self._classes = classes
        digest = hashlib.sha256(package_digest() + body.__qualname__.encode())
        for cls in classes:
            digest.update(loss_digest(cls))
        self._digest = digest.digest()

    @property
    def cache_path(self) -> str:
        """The folder, as numba reports it."""
        return folder().path

    def enable(self) -> None:
        """Do nothing: the cache is always on."""

    disable = flush = enable

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        """Return the compiled signature, None if there is none or it cannot be used."""
        target_context.refresh()
        try:
            with folder().opened() as place:
                data = place.read(self._name(sig, target_context))
            digest, payload = data[:32], data[32:]
            if hashlib.sha256(payload).digest() != digest:
                return None
            fields = _Unpickler(payload, self._classes).load()
            return CompileResult._rebuild(target_context, *fields)
        except Exception:  # a cache may cost time, never an answer
            return None

    def save_overload(self, sig: Any, data: Any) -> None:
        """Write a compiled signature, whole or not at all."""
        try:
            payload = _Pickler.dumps(data._reduce(), self._classes)
            with folder().opened(make=True) as place:
                name = self._name(sig, data.target_context)
                place.write(name, hashlib.sha256(payload).digest() + payload)
                place.trim(".kernel")
        except Exception:  # an unwritable folder costs time, never an error
            return

    def _name(self, sig: Any, target_context: Any) -> str:
        """Return the name of the file of a signature on this CPU."""
        machine = repr((str(sig), target_context.codegen().magic_tuple()))
        name = hashlib.sha256(self._digest + machine.encode()).hexdigest()
        return f"{name[:40]}.kernel"


class _Pickler(NumbaPickler):
    """Writes a loss class as its position, so that any process can put its own class there."""

    @classmethod
    def dumps(cls, value: Any, classes: tuple[type, ...]) -> bytes:
        buffer = io.BytesIO()
        pickler = cls(buffer, protocol=4)
        pickler._classes = classes  # type: ignore[attr-defined]
        pickler.dump(value)  # type: ignore[no-untyped-call]
        return buffer.getvalue()

    def persistent_id(self, value: Any) -> int | None:
        """Return the position of a loss class."""
        classes = self._classes  # type: ignore[attr-defined]
        return classes.index(value) if isinstance(value, type) and value in classes else None


class _Unpickler(pickle.Unpickler):
    def __init__(self, payload: bytes, classes: tuple[type, ...]) -> None:
        super().__init__(io.BytesIO(payload))
        self._classes = classes

    def persistent_load(self, position: int) -> type:
        """Return the loss class at a position."""
        return self._classes[position]
