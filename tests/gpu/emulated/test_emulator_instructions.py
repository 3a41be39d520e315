"""The emulator does what the PTX ISA says, as numpy and Python's integers have it."""

import ctypes
import itertools
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from tests.gpu import emulator

KERNEL = """
.version 8.0
.target sm_90
.address_size 64
.visible .entry each(.param .u64 in, .param .u64 out)
{{
    .reg .pred %p<9>;
    .reg .b16 %rs<9>;
    .reg .b32 %r<9>;
    .reg .f32 %f<9>;
    .reg .b64 %rd<9>;
    .reg .f64 %fd<9>;
    ld.param.u64 %rd1, [in];
    ld.param.u64 %rd2, [out];
    mov.u32 %r1, %tid.x;
    mul.wide.u32 %rd3, %r1, 24;
    add.s64 %rd1, %rd1, %rd3;
    mul.wide.u32 %rd3, %r1, 8;
    add.s64 %rd2, %rd2, %rd3;
    ld.global.{source} {a}, [%rd1];
    ld.global.{source} {b}, [%rd1+8];
    ld.global.{source} {c}, [%rd1+16];
    {code}
    st.global.{result} [%rd2], {d};
    ret;
}}
"""

REGISTERS = {
    "s16": "%rs",
    "u16": "%rs",
    "f16": "%rs",
    "s32": "%r",
    "u32": "%r",
    "f32": "%f",
    "s64": "%rd",
    "u64": "%rd",
    "f64": "%fd",
}


def executed(code: str, source: str, result: str, operands: Any) -> Any:
    """Return what an instruction makes of operands, of shape (n, 3), as the bits of the results."""
    names = {name: REGISTERS[source] + str(4 + k) for k, name in enumerate("abc")}
    text = KERNEL.format(
        code=code.format(**names, d=REGISTERS[result] + "8"),
        source=source.replace("f16", "u16"),
        result=result.replace("f16", "u16"),
        d=REGISTERS[result] + "8",
        **names,
    )
    padded = np.zeros((*operands.shape, 8 // operands.itemsize), operands.dtype)
    padded[..., 0] = operands
    out = np.zeros(len(operands), np.uint64)
    run(text, padded, out)
    return out.view(dtype_of(result)).reshape(len(operands), -1)[:, 0]


def run(text: str, given: Any, out: Any) -> None:
    """Run the kernel `each` of PTX with a lane for each result, by the driver's own functions."""
    libcuda, handles = emulator.library(), [ctypes.c_void_p() for _ in range(5)]
    context, module, kernel, source, result = handles
    size = ctypes.c_size_t

    def call(name: str, *arguments: Any) -> None:
        assert getattr(libcuda, name)(*arguments) == 0, name

    call("cuInit", 0)
    call("cuDevicePrimaryCtxRetain", ctypes.byref(context), 0)
    call("cuCtxPushCurrent", context)
    call("cuModuleLoadDataEx", ctypes.byref(module), text.encode(), 0, None, None)
    call("cuModuleGetFunction", ctypes.byref(kernel), module, b"each")
    for pointer, array in ((source, given), (result, out)):
        call("cuMemAlloc", ctypes.byref(pointer), size(array.nbytes))
        call("cuMemcpyHtoD", pointer, ctypes.c_void_p(array.ctypes.data), size(array.nbytes))
    parameters = (ctypes.c_void_p * 2)(*[ctypes.addressof(p) for p in (source, result)])
    call("cuLaunchKernel", kernel, 1, 1, 1, len(out), 1, 1, 0, None, parameters, None)
    call("cuMemcpyDtoH", ctypes.c_void_p(out.ctypes.data), result, size(out.nbytes))
    for pointer in (source, result):
        call("cuMemFree", pointer)
    call("cuCtxPopCurrent", ctypes.byref(context))


def dtype_of(name: str) -> Any:
    return np.dtype({"s": "i", "u": "u", "f": "f"}[name[0]] + str(int(name[1:]) // 8))


INTEGERS = [0, 1, 2, 3, 7, 63, 64, 65, 2**31 - 1, 2**31, 2**32 - 1, 2**62, 2**63 - 1, 2**63]
FLOATS = [0.0, -0.0, 1.0, -1.5, 2.5, 1e-310, 5e-324, 0.1, 3e9, -3e9, 2.0**53, 1e19, -1e19, 1e308]
FLOATS += [math.inf, -math.inf, math.nan]


def operands_of(name: str) -> Any:
    """Return all pairs of telling numbers of a type, with a third that is drawn."""
    dtype, rng = dtype_of(name), np.random.default_rng(5)
    values: Any = FLOATS
    if dtype.kind != "f":
        values = [(x * sign) % 2 ** (8 * dtype.itemsize) for x in INTEGERS for sign in (1, -1)]
        values = np.array(sorted({*values}), f"u{dtype.itemsize}").view(dtype)
    with np.errstate(all="ignore"):
        numbers = np.array(values).astype(dtype)
    pairs = np.array([*itertools.product(numbers, numbers)], dtype)
    return np.column_stack([pairs, rng.choice(numbers, len(pairs))])[:1024]


def signed(value: int, width: int) -> int:
    value %= 1 << width
    return value - (1 << width) if value >> (width - 1) else value


def quotient(a: int, b: int) -> int:
    return -1 if b == 0 else abs(a) // abs(b) * (1 if (a < 0) == (b < 0) else -1)


def smaller(a: float, b: float) -> float:
    if math.isnan(a) or math.isnan(b):
        return b if math.isnan(a) else a
    return min((a, math.copysign(1, a)), (b, math.copysign(1, b)))[0]


def larger(a: float, b: float) -> float:
    return -smaller(-a, -b)


INTEGER_CASES: list[tuple[str, str, str, Callable[..., int]]] = [
    ("add.s64", "s64", "s64", lambda a, b, c: a + b),
    ("sub.s32", "s32", "s32", lambda a, b, c: a - b),
    ("mul.lo.s64", "s64", "s64", lambda a, b, c: a * b),
    ("mul.lo.s32", "s32", "s32", lambda a, b, c: a * b),
    ("mul.hi.s64", "s64", "s64", lambda a, b, c: a * b >> 64),
    ("mul.hi.u64", "u64", "u64", lambda a, b, c: a * b >> 64),
    ("mul.hi.u32", "u32", "u32", lambda a, b, c: a * b >> 32),
    ("mul.wide.s32", "s32", "s64", lambda a, b, c: a * b),
    ("mul.wide.u32", "u32", "u64", lambda a, b, c: a * b),
    ("div.s64", "s64", "s64", lambda a, b, c: quotient(a, b)),
    ("rem.s64", "s64", "s64", lambda a, b, c: a - b * quotient(a, b) if b else a),
    ("div.u32", "u32", "u32", lambda a, b, c: quotient(a, b)),
    ("rem.u32", "u32", "u32", lambda a, b, c: a % b if b else a),
    ("and.b64", "u64", "u64", lambda a, b, c: a & b),
    ("or.b32", "u32", "u32", lambda a, b, c: a | b),
    ("xor.b64", "u64", "u64", lambda a, b, c: a ^ b),
    ("min.s64", "s64", "s64", lambda a, b, c: min(a, b)),
    ("max.u64", "u64", "u64", lambda a, b, c: max(a, b)),
    ("neg.s64", "s64", "s64", lambda a, b, c: -a),
    ("abs.s32", "s32", "s32", lambda a, b, c: abs(a)),
    ("not.b64", "u64", "u64", lambda a, b, c: ~a),
    ("shl.b64", "u64", "u64", lambda a, b, c: a << min(b % 2**32, 64)),
    ("shr.s64", "s64", "s64", lambda a, b, c: a >> min(b % 2**32, 64)),
    ("shr.u64", "u64", "u64", lambda a, b, c: a >> min(b % 2**32, 64)),
    ("shl.b32", "u32", "u32", lambda a, b, c: a << min(b, 32)),
    ("shr.s32", "s32", "s32", lambda a, b, c: a >> min(b % 2**32, 32)),
    ("bfi.b64 12 3", "u64", "u64", lambda a, b, c: b & ~(7 << 12) | (a & 7) << 12),
    ("bfi.b32 30 9", "u32", "u32", lambda a, b, c: b & ~(3 << 30) | (a & 3) << 30),
    ("cvt.s64.s32", "s32", "s64", lambda a, b, c: a),
    ("cvt.u64.u32", "u32", "u64", lambda a, b, c: a),
    ("cvt.u32.u64", "u64", "u32", lambda a, b, c: a),
    ("cvt.s64.s8", "s16", "s64", lambda a, b, c: signed(a, 8)),
    ("cvt.u16.u64", "u64", "u16", lambda a, b, c: a),
]


def call(name: str, d: str, operands: str) -> str:
    """Return an instruction, with the constants that its name ends with."""
    name, *constants = name.split()
    return f"{name} {', '.join([d, operands, *constants])};"


def count_of(name: str) -> int:
    return 1 if name.split(".")[0] in ("neg", "abs", "not", "cvt", "sqrt", "mov") else 2


@pytest.mark.parametrize(("name", "source", "result", "meaning"), INTEGER_CASES)
def test_integers(name: str, source: str, result: str, meaning: Callable[..., int]) -> None:
    operands = operands_of(source)
    lower = "cvt.u32.u64 %r4, {b}; " if name[:3] in ("shl", "shr") and "64" in source else ""
    named = "{a}" if count_of(name) == 1 else "{a}, %r4" if lower else "{a}, {b}"
    found = executed(lower + call(name, "{d}", named), source, result, operands)
    width = 8 * found.itemsize
    want = [meaning(*map(int, row)) % 2**width for row in operands]
    assert found.view(f"u{found.itemsize}").tolist() == want


FLOAT_CASES: list[tuple[str, str, Callable[..., Any]]] = [
    ("add.rn", "a, b", lambda a, b, c: a + b),
    ("sub.rn", "a, b", lambda a, b, c: a - b),
    ("mul.rn", "a, b", lambda a, b, c: a * b),
    ("div.rn", "a, b", lambda a, b, c: a / b),
    ("sqrt.rn", "a", lambda a, b, c: np.sqrt(a)),
    ("min", "a, b", lambda a, b, c: smaller(a, b)),
    ("max", "a, b", lambda a, b, c: larger(a, b)),
    ("neg", "a", lambda a, b, c: -a),
    ("abs", "a", lambda a, b, c: abs(a)),
    ("copysign", "a, b", lambda a, b, c: np.copysign(b, a)),
]


@pytest.mark.parametrize(("name", "taken", "meaning"), FLOAT_CASES)
@pytest.mark.parametrize("dtype", ["f32", "f64"])
def test_floats(dtype: str, name: str, taken: str, meaning: Callable[..., Any]) -> None:
    operands = operands_of(dtype)
    named = ", ".join(f"{{{each}}}" for each in taken.split(", "))
    found = executed(f"{name}.{dtype} {{d}}, {named};", dtype, dtype, operands)
    with np.errstate(all="ignore"):
        want = np.array([meaning(*row) for row in operands], found.dtype)
    assert np.isnan(found).tolist() == np.isnan(want).tolist()
    assert found[found == found].tobytes() == want[want == want].tobytes()


def test_fma_rounds_once() -> None:
    operands = np.array([[1 + 2.0**-52, 1 - 2.0**-52, -1.0], [3.0, 1 / 3, -1.0]])
    found = executed("fma.rn.f64 {d}, {a}, {b}, {c};", "f64", "f64", operands)
    assert found.tolist() == [-(2.0**-104), -(2.0**-54)]
    apart = "mul.rn.f64 {a}, {a}, {b}; add.rn.f64 {d}, {a}, {c};"
    assert executed(apart, "f64", "f64", operands).tolist() == [0.0, 0.0]


COMPARISONS = {
    "eq": lambda a, b: a == b,
    "ne": lambda a, b: a == a and b == b and a != b,
    "lt": lambda a, b: a < b,
    "le": lambda a, b: a <= b,
    "gt": lambda a, b: a > b,
    "ge": lambda a, b: a >= b,
    "equ": lambda a, b: a != a or b != b or a == b,
    "neu": lambda a, b: a != b,
    "ltu": lambda a, b: not a >= b,
    "leu": lambda a, b: not a > b,
    "gtu": lambda a, b: not a <= b,
    "geu": lambda a, b: not a < b,
    "num": lambda a, b: a == a and b == b,
    "nan": lambda a, b: a != a or b != b,
}


COMPARED = [
    *itertools.product(["f32", "f64"], COMPARISONS),
    *itertools.product(["s32", "u32", "s64", "u64"], ["eq", "ne", "lt", "le", "gt", "ge"]),
]


@pytest.mark.parametrize(("dtype", "name"), COMPARED)
def test_comparisons(dtype: str, name: str) -> None:
    operands = operands_of(dtype)
    code = f"setp.{name}.{dtype} %p1, {{a}}, {{b}}; selp.u64 {{d}}, 7, 9, %p1;"
    found = executed(code, dtype, "u64", operands)
    assert found.tolist() == [7 if COMPARISONS[name](a, b) else 9 for a, b, _ in operands]


@pytest.mark.parametrize(
    ("name", "source", "result"),
    [
        ("cvt.f64.f32", "f32", "f64"),
        ("cvt.rn.f32.f64", "f64", "f32"),
        ("cvt.f64.f16", "f16", "f64"),
        ("cvt.f32.f16", "f16", "f32"),
        ("cvt.rn.f64.s32", "s32", "f64"),
        ("cvt.rn.f64.s64", "s64", "f64"),
        ("cvt.rn.f64.u64", "u64", "f64"),
        ("cvt.rn.f32.u32", "u32", "f32"),
        ("cvt.rn.f32.s64", "s64", "f32"),
    ],
)
def test_conversions_to_floats(name: str, source: str, result: str) -> None:
    operands = operands_of(source)
    found = executed(f"{name} {{d}}, {{a}};", source, result, operands)
    with np.errstate(all="ignore"):
        want = operands[:, 0].astype(found.dtype)
    assert found[want == want].tobytes() == want[want == want].tobytes()
    assert np.isnan(found).tolist() == np.isnan(want).tolist()


@pytest.mark.parametrize("result", ["s32", "u32", "s64", "u64"])
@pytest.mark.parametrize(
    ("mode", "rounded"), [("n", round), ("z", math.trunc), ("m", math.floor), ("p", math.ceil)]
)
def test_conversions_to_integers(mode: str, rounded: Callable[[float], int], result: str) -> None:
    operands = operands_of("f64")
    found = executed(f"cvt.r{mode}i.{result}.f64 {{d}}, {{a}};", "f64", result, operands)
    limits, width = np.iinfo(found.dtype), 8 * found.itemsize
    for given, number in zip(operands[:, 0], found, strict=True):
        if math.isnan(given):
            assert int(number) % 2**width == 2 ** (width - 1)
        elif math.isinf(given):
            assert number == (limits.max if given > 0 else limits.min)
        else:
            assert number == min(max(rounded(given), limits.min), limits.max)
    whole = executed(f"cvt.r{mode}i.f64.f64 {{d}}, {{a}};", "f64", "f64", operands)
    for given, number in zip(operands[:, 0], whole, strict=True):
        if math.isfinite(given):
            assert number == rounded(given)
        else:
            assert np.array_equal(number, given, equal_nan=True)


def test_halves_of_a_register() -> None:
    operands = operands_of("u64")
    swapped = "mov.b64 {{%r5, %r6}}, {a}; mov.b64 {d}, {{%r6, %r5}};"
    want = [(int(a) >> 32) | (int(a) % 2**32 << 32) for a in operands[:, 0]]
    assert executed(swapped, "u64", "u64", operands).tolist() == want
