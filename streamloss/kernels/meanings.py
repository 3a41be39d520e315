"""What the names of the bodies (`digits`, `arithmetic`, `elements`, `fold`) mean when compiled.

A loss reaches the compiler as the type of an argument: `term` looks up its class there and
compiles its `point`. That runs at the speed of a hand-written loop, changes parameters without
compiling anew, and keeps the loop bodies free of generated source.
"""

# mypy: disable-error-code="no-untyped-def, no-untyped-call, untyped-decorator"

import math
from types import FunctionType
from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.core.typing.templates import AbstractTemplate, ConcreteTemplate, signature
from numba.np import arrayobj

from streamloss.exact import digits
from streamloss.losses import arithmetic, elementary, formulas

from . import elements, fold
from .compiler import INLINE, LOSS, PART
from .registry import compiled, lowered, meaning, typed

# LLVM leaves some of these as calls, and a loop with a call in it has no vectors; of `fold` and
# `fold_both` it makes one loop for each set of constants that they are called with
SMALL: tuple[Any, ...] = (
    *elementary.COMPILED,
    *formulas.COMPILED,
    arithmetic.softplus,
    arithmetic.product,
    arithmetic.larger,
    arithmetic.smaller,
    arithmetic.clip,
    arithmetic.product_error,
    digits.increase,
    digits.magic,
    digits.bound,
    fold.fold,
    fold.fold_both,
)

LARGE: tuple[Any, ...] = (
    *formulas.RARE,
    digits.add,
    digits.add_block,
    digits.add_float,
    digits.carry,
    digits.peel,
    fold.fold_block,
    fold.fold_guessed,
    fold.settle,
    fold.add_any,
    fold.drop_nonfinite,
    fold.count_nonzero,
    fold.add_both,
    fold.fold_all,
    fold.fold_first,
)

for _body in SMALL:
    compiled(_body, INLINE)

for _body in LARGE:
    compiled(_body, PART)


@typed(elements.interleave)
class _Interleave(AbstractTemplate):
    def generic(self, args, kws):
        return signature(types.none, *args)


@lowered(elements.interleave, types.Any, types.Any)
def _interleaved(context, builder, sig, args):
    """Tell LLVM about the loops above, of whose large bodies it would take one vector, and half."""
    module, blocks = builder.module, builder.function.blocks
    # past llvmlite's own add, which knows no attributes with values
    set.add(builder.function.attributes, '"prefer-vector-width"="512"')
    loss, spare = sig.args
    few = 1 if isinstance(spare, types.NoneType) else 2
    vectors = ir.IntType(32)(4 if _is_long(loss.instance_class.point) else few)
    for k, block in enumerate(blocks):
        end = block.terminator
        if end is not None and any(target in blocks[: k + 1] for target in end.operands):
            count = module.add_metadata(["llvm.loop.interleave.count", vectors])
            loop = module.add_metadata([count])
            loop.operands = (loop, count)  # LLVM knows a loop by what names itself
            end.set_metadata("llvm.loop", loop)
    return context.get_dummy_value()


def _is_long(function):
    """Return whether a function calls exp, log or their like, itself or through others."""
    called = [function.__globals__.get(name) for name in function.__code__.co_names]
    ours = [
        f for f in called if isinstance(f, FunctionType) and f.__module__.startswith("streamloss.")
    ]
    return any(f.__module__ == elementary.__name__ or _is_long(f) for f in ours)


@typed(digits.bits)
@typed(elementary.pattern)
class _Bits(ConcreteTemplate):
    cases = (signature(types.int64, types.float64),)


@typed(elementary.number)
class _Number(ConcreteTemplate):
    cases = (signature(types.float64, types.int64),)


@lowered(digits.bits, types.float64)
@lowered(elementary.pattern, types.float64)
@lowered(elementary.number, types.int64)
def _reinterpreted(context, builder, sig, args):
    return builder.bitcast(args[0], context.get_value_type(sig.return_type))


@typed(arithmetic.lanes)
class _Lanes(ConcreteTemplate):
    cases = (signature(types.Array(types.float64, 1, "C")),)


@lowered(arithmetic.lanes)
def _lanes(context, builder, sig, args):
    """On the stack of the function that calls it: an overload's would be gone when it returns."""
    room = cgutils.alloca_once(builder, ir.DoubleType(), size=arithmetic.LANES)
    array = context.make_array(sig.return_type)(context, builder)
    shape, strides = (
        cgutils.pack_array(builder, [context.get_constant(types.intp, n)])
        for n in (arithmetic.LANES, 8)
    )
    itemsize = context.get_constant(types.intp, 8)
    arrayobj.populate_array(array, room, shape, strides, itemsize, meminfo=None)
    return array._getvalue()


@meaning(arithmetic.sqrt, INLINE)
def _sqrt(x):
    return lambda x: math.sqrt(x)


@meaning(arithmetic.power, INLINE)
def _power(x, y):
    return lambda x, y: math.pow(x, y)


@meaning(arithmetic.divide, INLINE)
def _divide(x, y):
    return lambda x, y: x / y


@meaning(elements.widen, INLINE)
def _widen(x):
    if isinstance(x, types.Complex):
        return lambda x: np.complex128(x)
    return lambda x: np.float64(x)


@meaning(elements.at, INLINE)
def _at(array, i):
    return lambda array, i: array[i]


@meaning(elements.value, INLINE)
def _value(loss, inputs, i):
    widen, at = elements.widen, elements.at
    point = compiled(loss.instance_class.point, {"forceinline": True, **LOSS})
    match len(inputs):
        case 1:
            return lambda loss, inputs, i: point(loss, widen(at(inputs[0], i)))
        case 2:
            return lambda loss, inputs, i: point(
                loss, widen(at(inputs[0], i)), widen(at(inputs[1], i))
            )
        case 3:
            return lambda loss, inputs, i: point(
                loss, widen(at(inputs[0], i)), widen(at(inputs[1], i)), widen(at(inputs[2], i))
            )
    return None


@meaning(elements.term, INLINE)
def _term(loss, inputs, weights, i):
    value, widen, error = elements.value, elements.widen, arithmetic.product_error
    at = elements.at
    residue = loss.instance_class.residue
    if isinstance(weights, types.NoneType):
        if residue:
            return lambda loss, inputs, weights, i: 0.0
        return lambda loss, inputs, weights, i: value(loss, inputs, i)
    if residue:
        return lambda loss, inputs, weights, i: error(value(loss, inputs, i), widen(at(weights, i)))
    return lambda loss, inputs, weights, i: value(loss, inputs, i) * widen(at(weights, i))


@meaning(elements.of_row, PART)
def _of_row(loss, inputs, room, i):
    in_row = elements.in_row
    row = compiled(loss.instance_class.row, LOSS)
    match len(inputs):
        case 1:
            return lambda loss, inputs, room, i: row(loss, in_row(inputs[0], room[0], i))
        case 2:
            return lambda loss, inputs, room, i: row(
                loss, in_row(inputs[0], room[0], i), in_row(inputs[1], room[1], i)
            )
        case 3:
            return lambda loss, inputs, room, i: row(
                loss,
                in_row(inputs[0], room[0], i),
                in_row(inputs[1], room[1], i),
                in_row(inputs[2], room[2], i),
            )
    return None


@meaning(elements.in_row, PART)
def _in_row(array, row, i):
    if array.ndim == 1:
        return lambda array, row, i: np.float64(array[i])

    def copied(array, row, i):
        for j in range(row.size):
            row[j] = array[i, j]
        return row

    return copied


@meaning(elements.present, INLINE)
def _present(arrays, i):
    if isinstance(arrays, types.NoneType) or len(arrays) == 0:
        return lambda arrays, i: True
    count, narrow = len(arrays), arrays[0].dtype == types.float32
    present, at = elements.present, elements.at
    if arrays[0].dtype == types.boolean:
        if count == 1:
            return lambda arrays, i: at(arrays[0], i)
        return lambda arrays, i: at(arrays[0], i) & present(arrays[1:], i)
    if count == 1:
        return lambda arrays, i: _is_number(at(arrays[0], i))
    # the masks of three float32 comparisons would have to be widened
    if count == 3 and narrow and arrays[2].dtype != types.boolean:
        return lambda arrays, i: _is_number(
            _size(at(arrays[0], i)) + _size(at(arrays[1], i)) + _size(at(arrays[2], i))
        )
    return lambda arrays, i: _is_number(at(arrays[0], i)) & present(arrays[1:], i)


def _is_number(x):
    wide = elements.widen(x)  # as the fold does, for masks of its width
    return wide == wide


def _size(x):
    return abs(np.float64(x))


compiled(_is_number, INLINE)
compiled(_size, INLINE)


@meaning(elements.cut, INLINE)
def _cut(arrays, start, stop):
    if len(arrays) == 0:
        return lambda arrays, start, stop: ()
    cut = elements.cut
    return lambda arrays, start, stop: (arrays[0][start:stop], *cut(arrays[1:], start, stop))


@meaning(elements.part, INLINE)
def _part(array, start, stop):
    if isinstance(array, types.NoneType):
        return lambda array, start, stop: (None,)
    return lambda array, start, stop: (array[start:stop],)


@meaning(elements.looked_at, INLINE)
def _looked_at(inputs, weights, rule):
    size = len(rule) if isinstance(rule, types.BaseTuple) else 0
    if size > 0:
        looked_at, omits = elements.looked_at, isinstance(rule[-1], types.Boolean)
        if omits:
            return lambda inputs, weights, rule: (*looked_at(inputs, weights, True), *rule[:-1])
        return lambda inputs, weights, rule: rule
    if not isinstance(rule, types.Boolean):
        return lambda inputs, weights, rule: rule
    if isinstance(weights, types.NoneType):
        return lambda inputs, weights, rule: inputs
    return lambda inputs, weights, rule: (*inputs, weights)


@meaning(elements.eight_at_a_time, INLINE)
def _eight_at_a_time(narrow, seen):
    missing = not isinstance(seen, types.NoneType) and len(seen) > 0
    if isinstance(narrow, types.NoneType) or missing:
        return lambda narrow, seen: None
    return lambda narrow, seen: True


@meaning(elements.sift, INLINE)
def _sift(x, weights, i, seen):
    multiplied = not isinstance(seen, types.NoneType) and len(seen) == 0
    if isinstance(weights, types.NoneType) or multiplied:
        return lambda x, weights, i, seen: x
    at = elements.at
    return lambda x, weights, i, seen: x if at(weights, i) != 0 else 0.0


@meaning(elements.keep, INLINE)
def _keep(x, seen, i):
    if isinstance(seen, types.NoneType) or len(seen) == 0:
        return lambda x, seen, i: x
    present = elements.present
    return lambda x, seen, i: x if present(seen, i) else 0.0


@meaning(fold.fold_losses, PART)
def _fold_losses(losses, k, inputs, weights, sums, memory, terms, narrow, seen):
    if len(losses) == 0:
        return lambda losses, k, inputs, weights, sums, memory, terms, narrow, seen: None
    fold_block, fold_losses = fold.fold_block, fold.fold_losses

    def head_and_tail(losses, k, inputs, weights, sums, memory, terms, narrow, seen):
        fold_block(losses[0], inputs, weights, sums[k], memory[k], terms, narrow, seen)
        fold_losses(losses[1:], k + 1, inputs, weights, sums, memory, terms, narrow, seen)

    return head_and_tail
