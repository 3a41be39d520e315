"""Object files of one loss: a template, which numba makes once, and the loss's `point`.

A template is the text of LLVM's module of `fold_alone` for a loss that is not known yet: it calls
a function of which it has the name alone. Numba takes 1 to 2 s for it, and 0.03 for a `point`; with
that linked and inlined LLVM takes 0.2 (`benchmarks/bench_start.py`), to the same machine code.
"""

# mypy: disable-error-code="no-untyped-call, no-untyped-def"

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numba
from llvmlite import ir
from numba import njit, types
from numba.core import cgutils
from numba.np import arrayobj

from streamloss.exact.counts import COLUMNS
from streamloss.exact.digits import BLOCK, WIDTH
from streamloss.losses.base import Loss

from . import internals, loader, vectors
from .blocks import Kind, fold_alone
from .builder import NotPortable, emitted, parsed
from .compiler import LOSS
from .loader import ENTRY
from .meanings import is_long
from .meanings_of_blocks import ANY, DOUBLE, I64, LATER, POINT, POINTER, result_of
from .meanings_of_loops import has_cases
from .switches import Narrow
from .values import Values, write_factors, write_values

RAISED = "streamloss_raised"
"""The name of what is called where a loss raises: of no function, so that such a loss is not
portable, unless LLVM finds that it never does."""


def template(kind: Kind | Values) -> str:
    """Return the module of a block of any loss, folded or its values."""
    loss = ANY[kind.inputs, kind.streams]
    return _module(types.NamedTuple([types.int64], loss), kind, _of_address)


def is_for(cls: type[Loss]) -> bool:
    """Return whether a template serves a loss: of one with cases the loops themselves differ."""
    return not has_cases(cls)


def build(cls: type[Loss], kind: Kind | Values, template: str) -> tuple[bytes, tuple[str, ...]]:
    """Return the object file of a loss, and what it calls; the template is of the kind.

    Raises
    ------
    NotPortable
        If it needs more than functions of C, or may raise.
    NumbaError
        If it does not compile.
    """
    itself = types.NamedTuple([types.float64] * len(cls._fields), cls)
    if not is_for(cls):
        return emitted(_module(itself, kind, _loaded), loader.FROM_C)
    module = parsed(str(_point(cls, itself)))
    known = vectors.interleaved(template, LATER, 4 if is_long(cls.body) else None)
    module.link_in(parsed(known))
    return emitted(_closed(module), loader.FROM_C)


def _closed(module: Any) -> str:
    """Return the text of a module of which the entry alone is seen."""
    for part in (*module.functions, *module.global_variables):
        if not part.is_declaration and part.name != ENTRY:
            part.linkage = "internal"
    return str(module)


def _compiled(body: Any, signature: tuple[Any, ...], **options: Any) -> Any:
    made = njit(**options)(body)
    made.compile(signature)
    return made.overloads[signature]


def _of_address(context: Any, builder: Any, kind: Any, address: Any) -> Any:
    """Write the loss of a template: the address of its parameters."""
    return context.make_tuple(builder, kind, [builder.ptrtoint(address, I64)])


def _loaded(context: Any, builder: Any, kind: Any, address: Any) -> Any:
    """Write a loss whose parameters are at an address, where nothing changes them."""
    start, found = builder.bitcast(address, DOUBLE.as_pointer()), []
    for k in range(len(kind)):
        found.append(builder.load(builder.gep(start, [I64(k)])))
        found[-1].set_metadata("invariant.load", builder.module.add_metadata([]))
    return context.make_tuple(builder, kind, found)


def _new_module(compiled: Any) -> Any:
    module = ir.Module("streamloss")
    module.triple = loader.processor().triple
    module.data_layout = compiled.target_context.codegen()._data_layout
    return module


def _linked(compiled: Any, module: Any) -> Any:
    """Return what numba compiled with a module that calls it."""
    found = parsed(compiled.library.get_llvm_str())
    found.link_in(parsed(cgutils.normalize_ir_text(str(module))))
    return found


def _call(compiled: Any, module: Any, builder: Any, values: list[Any]) -> Any:
    """Write the call of what numba compiled, and what follows where it raises."""
    convention, descriptor = compiled.target_context.call_conv, compiled.fndesc
    signature = descriptor.restype, descriptor.argtypes
    name = descriptor.llvm_func_name
    function = ir.Function(module, convention.get_function_type(*signature), name)
    status, value = convention.call_function(builder, function, *signature, values)
    with builder.if_then(status.is_error, likely=False):
        kind = ir.FunctionType(ir.VoidType(), [])
        builder.call(ir.Function(module, kind, RAISED), [])
    return value


def _point(cls: type[Loss], itself: Any) -> Any:
    """Return a module with the `point` or `factors` of a loss, as a template calls it."""
    signature = itself, *[types.float64] * cls.inputs
    flags = {**LOSS, "forceinline": True, "error_model": "numpy"}
    compiled = _compiled(cls.body, signature, **flags)
    context, result = compiled.target_context, compiled.fndesc.restype
    numbers = [result] if cls.streams == 1 else [*result]
    if any(not isinstance(x, types.Float | types.Integer | types.Boolean) for x in numbers):
        raise NotPortable(f"it returns {result}")
    module = _new_module(compiled)
    kind = ir.FunctionType(result_of(cls.streams), [POINTER] + [DOUBLE] * cls.inputs)
    function = ir.Function(module, kind, POINT)
    function.attributes.add("alwaysinline")
    builder = ir.IRBuilder(function.append_basic_block())
    address, *inputs = function.args
    loss = _loaded(context, builder, itself, address)
    found = _call(compiled, module, builder, [loss, *inputs])
    if cls.streams == 1:
        builder.ret(context.cast(builder, found, result, types.float64))
    else:
        builder.ret(
            context.cast(builder, found, result, types.UniTuple(types.float64, len(result)))
        )
    return _linked(compiled, module)


def _module(itself: Any, kind: Kind | Values, loss: Callable[..., Any]) -> str:
    """Return a module of a body with its entry, which C calls, for a type of loss."""
    body: Any
    entry: Any
    if isinstance(kind, Values):
        signature, entry = _of_values(itself, kind), _values_entry
        body = write_values if kind.streams == 1 else write_factors
    else:
        signature, entry, body = _of_block(itself, kind), _entry, fold_alone
    options = {**internals.options("FragmentCompiler"), **internals.kernel_options()}
    compiled = _compiled(body, signature, **options)
    return _closed(_linked(compiled, entry(compiled, signature, kind, loss)))


def _of_values(itself: Any, kind: Values) -> tuple[Any, ...]:
    """Return the types of the arguments of `write_values`."""
    read = types.Array(types.float32 if kind.narrow else types.float64, 1, "C")
    out = types.Array(types.float64, 1, "C")
    return itself, types.UniTuple(read, kind.inputs), out, out


def _values_entry(
    compiled: Any, signature: tuple[Any, ...], kind: Values, loss: Callable[..., Any]
) -> Any:
    """Return a module with the function that `values.call_values` calls."""
    context, module = compiled.target_context, _new_module(compiled)
    shape = ir.FunctionType(ir.VoidType(), [POINTER, I64, POINTER, POINTER, POINTER])
    function = ir.Function(module, shape, ENTRY)
    builder = ir.IRBuilder(function.append_basic_block())
    parameters, size, addresses, *outs = function.args
    itself, inputs, out, _ = signature
    table = builder.bitcast(addresses, POINTER.as_pointer())
    starts = [builder.load(builder.gep(table, [I64(k)])) for k in range(kind.inputs)]
    read = [_array(context, builder, inputs[0], start, (size,)) for start in starts]
    values = [
        loss(context, builder, itself, parameters),
        context.make_tuple(builder, inputs, read),
        *[_array(context, builder, out, start, (size,)) for start in outs],
    ]
    _call(compiled, module, builder, values)
    builder.ret_void()
    return module


def _of_block(itself: Any, kind: Kind) -> tuple[Any, ...]:
    """Return the types of the arguments of `fold_alone`."""
    number = types.float32 if isinstance(kind.width, Narrow) else types.float64
    numbers, integers = types.Array(number, 1, "C"), types.int64
    rows, row = (types.Array(integers, rank, "C") for rank in (2, 1))
    return (
        itself,
        types.UniTuple(numbers, kind.inputs),
        numbers if kind.weighted else types.none,
        types.Tuple([types.Array(types.boolean, 1, "C")] * kind.masked),
        rows,
        row,
        rows,
        row,
        row,
        types.Array(types.float64, 1, "C"),
        integers,
        numba.typeof(kind.width),
        numba.typeof(kind.rule),
    )


def _entry(compiled: Any, signature: tuple[Any, ...], kind: Kind, loss: Callable[..., Any]) -> Any:
    """Return a module with the function that `blocks.call_block` calls."""
    context, module = compiled.target_context, _new_module(compiled)
    arrays = kind.inputs + kind.weighted + kind.masked + 6
    shape = ir.FunctionType(ir.VoidType(), [POINTER, I64, I64] + [POINTER] * arrays)
    function = ir.Function(module, shape, ENTRY)
    builder = ir.IRBuilder(function.append_basic_block())
    parameters, heavy, size, *addresses = function.args
    left = iter(addresses)

    def array(each: Any, *sizes: Any) -> Any:
        return _array(context, builder, each, next(left), sizes)

    def tuple_of(each: Any) -> Any:
        return context.make_tuple(builder, each, [array(one, size) for one in each])

    itself, inputs, weights, masks, rows, row, *_, terms, _, width, rule = signature
    values = [
        loss(context, builder, itself, parameters),
        tuple_of(inputs),
        array(weights, size) if kind.weighted else context.get_dummy_value(),
        tuple_of(masks),
        array(rows, I64(kind.streams), I64(WIDTH)),
        array(row, I64(COLUMNS)),
        array(rows, I64(kind.streams), I64(3)),
        array(row, I64(WIDTH)),
        array(row, I64(3)),
        array(terms, I64(BLOCK)),
        heavy,
        context.make_tuple(builder, width, []),
        context.make_tuple(builder, rule, []),
    ]
    _call(compiled, module, builder, values)
    builder.ret_void()
    return module


def _array(context: Any, builder: Any, kind: Any, address: Any, sizes: tuple[Any, ...]) -> Any:
    """Write an array at an address."""
    item = context.get_data_type(kind.dtype)
    width = I64(context.get_abi_sizeof(item))
    strides = [width] if len(sizes) == 1 else [builder.mul(width, sizes[1]), width]
    array = context.make_array(kind)(context, builder)
    data = builder.bitcast(address, item.as_pointer())
    shape = cgutils.pack_array(builder, list(sizes), I64)
    arrayobj.populate_array(
        array, data, shape, cgutils.pack_array(builder, strides, I64), width, meminfo=None
    )
    return array._getvalue()
