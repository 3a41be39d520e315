"""What the names of `groups`, `values`, `codes` and `counting` mean when compiled."""

# mypy: disable-error-code="no-untyped-def, no-untyped-call, untyped-decorator"

from typing import Any

import numpy as np
from llvmlite import ir
from numba import types

from . import codes, counting, groups, values
from .compiler import FRAGMENT, INLINE
from .internals import lost
from .registry import compiled, lowered, meaning, typed

I8, I32, I64 = ir.IntType(8), ir.IntType(32), ir.IntType(64)
POINTER, FOUR = I8.as_pointer(), ir.VectorType(I64, 4)

SMALL: tuple[Any, ...] = (
    groups.keep_counted,
    groups.scatter_quads,
    codes.place_of,
    counting.count_places,
)

LARGE: tuple[Any, ...] = (
    groups.read_numbers,
    groups.count_elements,
    groups.omit_missing,
    groups.write_values_of,
    groups.is_usual,
    groups.fold_usual,
    groups.fold_all,
    groups.fold_loss,
    groups.split_factors,
    groups.fold_sum,
    groups.fold_limbs,
    groups.fold_any,
    groups.fold_once,
    groups.fold_twice,
    groups.peel_once,
    groups.scatter,
)

PLAIN: tuple[Any, ...] = (
    groups.add_four,
    groups.add_alike,
    groups.ask_ahead,
    groups.ask_address,
    codes.publish,
)

for _body in SMALL:
    compiled(_body, INLINE)

for _body in LARGE:
    compiled(_body, FRAGMENT)


@meaning(codes.home, INLINE)
def _home(key, shift):
    factor = np.uint64(codes.FACTOR)
    return lambda key, shift: np.int64((np.uint64(key) * factor) >> np.uint64(shift))


@typed(values.call_values)
def _called(context):
    return lambda row, addresses, first, second: types.none


@lowered(values.call_values, *[types.Any] * 4)
def _call_values(context, builder, sig, args):
    row, addresses, first, second = (
        _start(context, builder, kind, value) for kind, value in zip(sig.args, args, strict=True)
    )
    size = context.make_array(sig.args[2])(context, builder, args[2]).nitems
    function = builder.load(builder.bitcast(row, I64.as_pointer()))
    parameters = builder.gep(row, [I64(8 * groups.PARAMETERS)])
    given = [parameters, size, addresses, first, second]
    kind = ir.FunctionType(ir.VoidType(), [each.type for each in given])
    builder.call(builder.inttoptr(function, kind.as_pointer()), given)
    return context.get_dummy_value()


def _start(context, builder, kind, value):
    """Write the address of an array."""
    return builder.bitcast(context.make_array(kind)(context, builder, value).data, POINTER)


if "instructions" in lost:
    for _body in PLAIN:
        compiled(_body, INLINE)

else:

    @typed(groups.ask_ahead)
    def _asked(context):
        return lambda array, place: types.none

    @lowered(groups.ask_ahead, types.Array, types.int64)
    def _ask_ahead(context, builder, sig, args):
        data = context.make_array(sig.args[0])(context, builder, args[0]).data
        place = builder.bitcast(builder.gep(data, [args[1]]), POINTER)
        _ask(builder, place)
        return context.get_dummy_value()

    @typed(groups.ask_address)
    def _asked_address(context):
        return lambda address: types.none

    @lowered(groups.ask_address, types.int64)
    def _ask_address(context, builder, sig, args):
        _ask(builder, builder.inttoptr(args[0], POINTER))
        return context.get_dummy_value()

    @typed(codes.publish)
    def _published(context):
        return lambda slots, place, code: types.none

    @lowered(codes.publish, types.Array, types.int64, types.int32)
    def _publish(context, builder, sig, args):
        data = context.make_array(sig.args[0])(context, builder, args[0]).data
        builder.store_atomic(args[2], builder.gep(data, [args[1]]), "release", 4)
        return context.get_dummy_value()

    @typed(groups.add_four)
    def _added(context):
        return lambda near, places, columns, v, i: types.none

    @lowered(groups.add_four, *[types.Any] * 5)
    def _add_four(context, builder, sig, args):
        near = context.make_array(sig.args[0])(context, builder, args[0]).data
        for k, row in enumerate(_rows_of_four(context, builder, sig.args[2], *args[2:])):
            _add(builder, near, builder.extract_value(args[1], k), row)
        return context.get_dummy_value()

    @typed(groups.add_alike)
    def _added_alike(context):
        return lambda near, place, columns, v, i: types.none

    @lowered(groups.add_alike, *[types.Any] * 5)
    def _add_alike(context, builder, sig, args):
        near = context.make_array(sig.args[0])(context, builder, args[0]).data
        a, b, c, d = _rows_of_four(context, builder, sig.args[2], *args[2:])
        _add(builder, near, args[1], builder.add(builder.add(a, b), builder.add(c, d)))
        return context.get_dummy_value()


def _ask(builder, place):
    """Write a prefetch."""
    kind = ir.FunctionType(ir.VoidType(), [POINTER, I32, I32, I32])
    name = "llvm.prefetch.p0"
    ask = builder.module.globals.get(name) or ir.Function(builder.module, kind, name)
    builder.call(ask, [place, I32(0), I32(3), I32(1)])


def _rows_of_four(context, builder, kind, columns, v, i):
    """Write four elements of four columns, turned: a vector for each element."""
    data = context.make_array(kind)(context, builder, columns).data
    read = []
    for k in range(4):
        place = builder.add(builder.mul(builder.add(v, I64(k)), I64(values.STEP)), i)
        start = builder.bitcast(builder.gep(data, [place]), FOUR.as_pointer())
        read.append(builder.load(start, align=8))

    def mixed(x, y, *lanes):
        return builder.shuffle_vector(x, y, ir.Constant(ir.VectorType(I32, 4), lanes))

    a, b, c, d = read
    even, more = mixed(a, b, 0, 4, 2, 6), mixed(c, d, 0, 4, 2, 6)
    odd, others = mixed(a, b, 1, 5, 3, 7), mixed(c, d, 1, 5, 3, 7)
    return [
        mixed(even, more, 0, 1, 4, 5),
        mixed(odd, others, 0, 1, 4, 5),
        mixed(even, more, 2, 3, 6, 7),
        mixed(odd, others, 2, 3, 6, 7),
    ]


def _add(builder, near, place, row):
    """Write that a vector is added to four integers of near rows."""
    start = builder.bitcast(builder.gep(near, [place]), FOUR.as_pointer())
    total = builder.add(builder.load(start, align=8), row)
    builder.store(total, start, align=8)
