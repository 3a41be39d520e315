"""A trial of `internals`, in versions of numba that no test of ours has seen.

A small kernel that uses all parts is compared with itself in Python, which takes half a second in
the first process of a version. If they differ, or it fails, the parts are tried one by one, in each
process. What makes Python itself end, as memory that is not its own does, nothing here can prevent.
"""

# mypy: disable-error-code="no-untyped-def, no-untyped-call, untyped-decorator"

from __future__ import annotations

import functools
from contextlib import suppress
from typing import Any

import numpy as np
from numba import types
from numba.extending import lower_builtin, overload, type_callable

from . import internals
from .digests import package_digest
from .internals import PARTS, lost
from .private import folder
from .settings import settings

NUMBERS = np.array([1.0 + 2.0**-30, 3.3, -0.0, 5e-324, np.nan])
"""Their results tell a fused multiply-add, sums in another order, and errors by zero."""

SIZE = 16


@functools.cache
def hold() -> None:
    """Find out, once, which parts do not work. A file says that all did in an earlier process."""
    if internals.is_tested() or internals.setting("DISABLE_JIT"):
        return
    name = f"{package_digest().hex()[:40]}.trial"
    with suppress(OSError), folder().opened() as place:
        place.read(name)
        return
    with settings():
        _try_all()
    with suppress(OSError), folder().opened(make=True) as place:
        if not lost:
            place.write(name, b"")


def _try_all() -> None:
    if _fault(set(PARTS) - set(lost)) is None:
        return
    if error := _fault(set()):
        internals.lose("kernels", error)
        return
    working: set[str] = set()
    for part in PARTS:
        if part not in lost:
            if error := _fault(working | {part}):
                internals.lose(part, error)
            else:
                working.add(part)


def _fault(parts: set[str]) -> Exception | None:
    """Return what goes wrong in a kernel that has some of the parts, None if nothing does."""
    before = dict(lost)
    lost.update({part: "" for part in PARTS if part not in parts})
    try:
        _compare(_sample())
    except Exception as error:
        return error
    finally:
        lost.clear()
        lost.update(before)
    return None


def _compare(sample: Any) -> None:
    """Call a kernel in all ways in which it can be called.

    Raises
    ------
    ArithmeticError
        If its numbers are not those of Python.
    RuntimeError
        If it is not compiled or kept as `internals` wants it.
    """
    kept, times = _Kept(), []

    def around(work: Any) -> Any:
        times.append(1)
        return work()

    with np.errstate(all="ignore"):
        wanted = _called(sample)
    kernel = internals.dispatcher(sample, around, kept)
    _check(kernel, wanted)
    if len(times) != 1:
        raise RuntimeError("_compile_for_args is not what compiles")
    if not {"disk", "dispatch"} & lost.keys():
        again = internals.dispatcher(sample, around, kept)
        internals.entry(again, (NUMBERS, wanted))
        _check(again, wanted)
        if not kept.loaded:
            raise RuntimeError("_cache is not where compiled code is kept")


def _check(kernel: Any, wanted: Any) -> None:
    """Call a kernel as numba calls it, and as `entry` finds it."""
    for find in (lambda: kernel, lambda: internals.entry(kernel, (NUMBERS, wanted))):
        if _called(find()).tobytes() != wanted.tobytes():
            raise ArithmeticError("a compiled kernel has other bits than its source")


def _called(kernel: Any) -> Any:
    out = np.zeros(SIZE)
    kernel(NUMBERS, out)
    return out


class _Kept(internals.Cache):
    """Compiled code in memory."""

    loaded = False

    def __init__(self) -> None:
        self._files: dict[str, bytes] = {}

    def read(self, signature: str) -> bytes:
        return self._files[signature]

    def write(self, signature: str, data: bytes) -> None:
        self._files[signature] = data

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        found = super().load_overload(sig, target_context)
        self.loaded |= found is not None
        return found


def _sample() -> Any:
    """Return a body made of functions of its own, which have the parts that are not lost."""

    def product(x):
        return x * x - 1.0

    def rounded(x):
        return (x + 2.0**52) - 2.0**52

    def sample(array, out):
        held = memory()
        for i in range(array.size):
            held[3 * i] = product(array[i])
            held[3 * i + 1] = rounded(array[i])
            held[3 * i + 2] = 1.0 / array[i]
        for i in range(out.size - 1):
            out[i] = number(bits(held[i]))
        mark()

    body: Any = internals.options("BodyCompiler")
    inline: Any = internals.options("InlineCompiler")
    overload(product, jit_options=body)(lambda x: product)
    overload(rounded, jit_options=inline)(lambda x: rounded)
    memory, bits, number, mark = _instructions()
    return sample


def _instructions() -> Any:
    """Return functions that are instructions when compiled."""

    def memory():
        return [0.0] * SIZE

    def bits(x):
        return np.float64(x).view(np.int64)

    def number(x):
        return np.int64(x).view(np.float64)

    def mark():
        return None

    if "instructions" in lost:
        overload(memory)(lambda: lambda: np.empty(SIZE))
        overload(bits)(internals.bits_of)
        overload(number)(internals.float_of)
    else:
        array = types.Array(types.float64, 1, "C")
        _written(memory, array(), lambda c, b, s, a: internals.on_stack(c, b, array, SIZE))
        _written(bits, types.int64(types.float64), internals.reinterpreted)
        _written(number, types.float64(types.int64), internals.reinterpreted)
    if "vectors" in lost:
        overload(mark)(lambda: lambda: None)
    else:
        _written(mark, types.none(), lambda c, b, s, a: internals.widen_vectors(c, b, 2))
    return memory, bits, number, mark


def _written(function: Any, signature: Any, writer: Any) -> None:
    type_callable(function)(lambda context: functools.wraps(function)(lambda *args: signature))
    lower_builtin(function, *signature.args)(writer)
