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
from numba import types
from numba.extending import intrinsic

from streamloss.exact import digits
from streamloss.losses import arithmetic, elementary, formulas, powers

from . import (  # noqa: F401  # register theirs
    elements,
    loader,
    meanings_of_groups,
    meanings_of_loops,
    meanings_of_rows,
)
from .compiler import FRAGMENT, INLINE, LOSS
from .internals import (
    bits_of,
    float_of,
    lost,
    on_stack,
    reinterpreted,
    widen_vectors,
)
from .meanings_of_blocks import ANY, LATER
from .meanings_of_moments import of_element, product_of_factors
from .registry import compiled, lowered, meaning, typed
from .switches import Multiply, Narrow, Omit

# Functions that are inlined in all callers. By itself LLVM leaves some of them as calls, and a loop
# with a call in it has no vectors.
SMALL: tuple[Any, ...] = (
    *elementary.FUNCTIONS,
    *powers.FUNCTIONS,
    *formulas.FORMULAS,
    arithmetic.softplus,
    arithmetic.product,
    arithmetic.larger,
    arithmetic.smaller,
    arithmetic.clip,
    arithmetic.split_error,
    arithmetic.hypot,
    digits.increase,
    digits.magic,
    digits.bound,
)

# Functions that are called, or inlined if LLVM finds it worthwhile.
LARGE: tuple[Any, ...] = (
    *formulas.RARE,
    digits.add,
    digits.add_block,
    digits.add_float,
    digits.carry,
    digits.peel,
    digits.move,
    digits.carried,
)

for _body in SMALL:
    compiled(_body, INLINE)

for _body in LARGE:
    compiled(_body, FRAGMENT)


if "vectors" in lost:

    @meaning(elements.interleave, INLINE)
    def _interleave(loss, width):
        return lambda loss, width: None

else:

    @typed(elements.interleave)
    def _nothing(context):
        return lambda loss, width: types.none

    @lowered(elements.interleave, types.Any, types.Any)
    def _interleaved(context, builder, sig, args):
        loss, width = sig.args
        few = 2 if width.instance_class is Narrow else 1
        if loss.instance_class in ANY.values():
            return widen_vectors(context, builder, LATER + few)
        return widen_vectors(context, builder, 4 if is_long(loss.instance_class.point) else few)


def is_long(function):
    """Return whether a function calls exp, log or their like, itself or through others."""
    called = [function.__globals__.get(name) for name in function.__code__.co_names]
    ours = [
        f for f in called if isinstance(f, FunctionType) and f.__module__.startswith("streamloss.")
    ]
    others = [f for f in ours if f is not function]  # `sqrt` names math.sqrt as it is named
    return any(f.__module__ == elementary.__name__ or is_long(f) for f in others)


if "instructions" in lost:
    meaning(digits.bits, INLINE)(bits_of)
    meaning(elementary.pattern, INLINE)(bits_of)
    meaning(elementary.number, INLINE)(float_of)

    @meaning(arithmetic.partial_sums, INLINE)
    def _partial_sums():
        return lambda: np.empty(arithmetic.PARTIALS)

else:

    @typed(digits.bits)
    @typed(elementary.pattern)
    def _bits(context):
        return lambda x: types.int64(types.float64)

    @typed(elementary.number)
    def _number(context):
        return lambda x: types.float64(types.int64)

    lowered(digits.bits, types.float64)(reinterpreted)
    lowered(elementary.pattern, types.float64)(reinterpreted)
    lowered(elementary.number, types.int64)(reinterpreted)

    @typed(arithmetic.partial_sums)
    def _array(context):
        return lambda: types.Array(types.float64, 1, "C")

    @lowered(arithmetic.partial_sums)
    def _partial_sums(context, builder, sig, args):
        return on_stack(context, builder, sig.return_type, arithmetic.PARTIALS)


def _fused(typing_context, x, y, z):
    def codegen(context, builder, signature, arguments):
        return builder.fma(*arguments)

    return types.float64(types.float64, types.float64, types.float64), codegen


multiply_add: Any = intrinsic(_fused)
"""Returns x * y + z, rounded once; a function of C where the CPU has no such instruction."""


@meaning(arithmetic.product_error, INLINE)
def _product_error(x, y):
    if fuses():
        return lambda x, y: multiply_add(x, y, -(x * y))

    def guarded(x, y):
        size = abs(x * y)
        if (size < _LEAST) | (size == np.inf) | (abs(x) > _MOST) | (abs(y) > _MOST):
            return multiply_add(x, y, -(x * y))
        return arithmetic.split_error(x, y)

    return guarded


def fuses():
    """Return whether the CPU multiplies and adds in one instruction."""
    try:
        here = loader.processor()
    except loader.CannotLoad:
        return True  # only old CPUs of x86 do not, and those are known
    return not here.triple.startswith("x86_64") or here.has("fma")


_LEAST, _MOST = arithmetic.LEAST, arithmetic.MOST


@meaning(arithmetic.sqrt, INLINE)
def _sqrt(x):
    return lambda x: math.sqrt(x)


@meaning(arithmetic.modulus, INLINE)
def _modulus(z):
    hypot = arithmetic.hypot
    return (lambda z: hypot(z.real, z.imag)) if isinstance(z, types.Complex) else lambda z: abs(z)


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
    if loss.instance_class.streams > 1:
        return product_of_factors
    return of_element(compiled(loss.instance_class.point, {"forceinline": True, **LOSS}), inputs)


@meaning(elements.term, INLINE)
def _term(loss, inputs, weights, i):
    value, widen, at = elements.value, elements.widen, elements.at
    if isinstance(weights, types.NoneType):
        return lambda loss, inputs, weights, i: value(loss, inputs, i)
    return lambda loss, inputs, weights, i: value(loss, inputs, i) * widen(at(weights, i))


@meaning(elements.summand, INLINE)
def _summand(loss, inputs, weights, i, heavy, rule):
    term, sift, widen, at = elements.term, elements.sift, elements.widen, elements.at
    if isinstance(weights, types.NoneType):
        return lambda loss, inputs, weights, i, heavy, rule: term(loss, inputs, weights, i)
    return lambda loss, inputs, weights, i, heavy, rule: (
        widen(at(weights, i)) if heavy else sift(term(loss, inputs, weights, i), weights, i, rule)
    )


@meaning(elements.present, INLINE)
def _present(watched, i):
    count = len(watched)
    if count == 0:
        return lambda watched, i: True
    present, at = elements.present, elements.at
    if watched[0].dtype == types.boolean:
        if count == 1:
            return lambda watched, i: at(watched[0], i)
        return lambda watched, i: at(watched[0], i) & present(watched[1:], i)
    if count == 1:
        return lambda watched, i: _is_number(at(watched[0], i))
    # a sum is compared once, as float64; each of three float32 would give a mask to be widened
    narrow = watched[0].dtype == types.float32
    if count == 3 and narrow and watched[2].dtype != types.boolean:
        return lambda watched, i: _is_number(
            _size(at(watched[0], i)) + _size(at(watched[1], i)) + _size(at(watched[2], i))
        )
    return lambda watched, i: _is_number(at(watched[0], i)) & present(watched[1:], i)


def _is_number(x):
    wide = elements.widen(x)  # as the fold does: masks of its width need no conversion
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


@meaning(elements.cut_weights, INLINE)
def _cut_weights(weights, start, stop):
    if isinstance(weights, types.NoneType):
        return lambda weights, start, stop: (None,)
    return lambda weights, start, stop: (weights[start:stop],)


@meaning(elements.or_none, INLINE)
def _or_none(weights):
    if len(weights) == 0:
        return lambda weights: (None,)
    return lambda weights: weights


@meaning(elements.hidden, FRAGMENT)
def _hidden(masks):
    if len(masks) == 0:
        return lambda masks: 0

    def count(masks):
        found = np.int32(0)
        for i in range(masks[0].size):
            found = np.int32(found + (not masks[0][i]))
        return np.int64(found)

    return count


@meaning(elements.row_weights, INLINE)
def _row_weights(weights, spread, tile, row, size):
    if isinstance(weights, types.NoneType):
        return lambda weights, spread, tile, row, size: (None,)

    def of_tile(weights, spread, tile, row, size):
        columns, start = tile.columns, tile.weight + row * tile.weight_row
        if tile.weight_column == 1 and (size <= columns or tile.weight_row == columns):
            return (weights[start : start + size],)
        for i in range(0, size, columns):
            if tile.weight_column == 0:
                for j in range(columns):
                    spread[i + j] = weights[start]
            else:
                for j in range(columns):
                    spread[i + j] = weights[start + j]
            start += tile.weight_row
        return (spread[:size],)

    return of_tile


@meaning(elements.is_watched, INLINE)
def _is_watched(watched):
    some = len(watched) > 0
    return lambda watched: some


@meaning(elements.watch, INLINE)
def _watch(inputs, weights, masks, rule):
    if rule.instance_class is not Omit:
        return lambda inputs, weights, masks, rule: masks
    if isinstance(weights, types.NoneType):
        return lambda inputs, weights, masks, rule: (*inputs, *masks)
    return lambda inputs, weights, masks, rule: (*inputs, weights, *masks)


@meaning(elements.is_narrow, INLINE)
def _is_narrow(width):
    narrow = width.instance_class is Narrow
    return lambda width: narrow


@meaning(elements.counts_apart, INLINE)
def _counts_apart(width, watched):
    apart = width.instance_class is Narrow and len(watched) == 0
    return lambda width, watched: apart


@meaning(elements.sift, INLINE)
def _sift(x, weights, i, rule):
    if isinstance(weights, types.NoneType) or rule.instance_class is Multiply:
        return lambda x, weights, i, rule: x
    at = elements.at
    return lambda x, weights, i, rule: x if at(weights, i) != 0 else 0.0


@meaning(elements.keep, INLINE)
def _keep(x, watched, i):
    if len(watched) == 0:
        return lambda x, watched, i: x
    present = elements.present
    return lambda x, watched, i: x if present(watched, i) else 0.0
