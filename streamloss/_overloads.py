"""What the names of the bodies (`_exact`, `_generic`, `_loops`) mean when compiled.

A loss reaches the compiler as the type of an argument: `term` looks up its class there and
compiles its `point`. That runs at the speed of a hand-written loop, changes parameters without
compiling anew, and keeps the loop bodies free of generated source.
"""

# mypy: disable-error-code="no-untyped-def, no-untyped-call, untyped-decorator"

import math

import numpy as np
from numba import types
from numba.extending import overload, register_jitable

from . import _exact, _generic, _loops

for _body in (
    _exact.magic,
    _exact.bits,
    _exact.add,
    _exact.add_block,
    _exact.add_float,
    _exact.carry,
    _exact.bound,
    _exact.peel,
    _loops.fold,
    _loops.fold_block,
    _loops.fold_guessed,
    _loops.settle,
    _loops.drop_nonfinite,
    _loops.count_nonzero,
    _loops.fold_both,
    _loops.add_both,
    _loops.fold_all,
    _loops.fold_first,
):
    register_jitable(_body)


@overload(_generic.exp)
def _exp(x):
    return lambda x: math.exp(x)


@overload(_generic.expm1)
def _expm1(x):
    return lambda x: math.expm1(x)


@overload(_generic.log1p)
def _log1p(x):
    return lambda x: math.log1p(x)


@overload(_generic.sqrt)
def _sqrt(x):
    return lambda x: math.sqrt(x)


@overload(_generic.widen)
def _widen(x):
    if isinstance(x, types.Complex):
        return lambda x: np.complex128(x)
    return lambda x: np.float64(x)


@overload(_generic.term)
def _term(loss, inputs, weights, i):
    widen = _generic.widen
    point = register_jitable(loss.instance_class.point)
    if not isinstance(weights, types.NoneType):
        term = _generic.term
        return lambda loss, inputs, weights, i: term(loss, inputs, None, i) * widen(weights[i])
    match len(inputs):
        case 1:
            return lambda loss, inputs, weights, i: point(loss, widen(inputs[0][i]))
        case 2:
            return lambda loss, inputs, weights, i: point(
                loss, widen(inputs[0][i]), widen(inputs[1][i])
            )
        case 3:
            return lambda loss, inputs, weights, i: point(
                loss, widen(inputs[0][i]), widen(inputs[1][i]), widen(inputs[2][i])
            )
    return None


@overload(_generic.present)
def _present(arrays, i):
    if isinstance(arrays, types.NoneType):
        return lambda arrays, i: True
    count, narrow = len(arrays), arrays[0].dtype == types.float32
    if count == 1:
        return lambda arrays, i: _is_number(arrays[0][i])
    if count == 3 and narrow:  # the masks of three float32 comparisons would have to be widened
        return lambda arrays, i: _is_number(
            _size(arrays[0][i]) + _size(arrays[1][i]) + _size(arrays[2][i])
        )
    present = _generic.present
    return lambda arrays, i: _is_number(arrays[0][i]) & present(arrays[1:], i)


@register_jitable
def _is_number(x):
    wide = _generic.widen(x)  # as the fold does, for masks of its width
    return wide == wide


@register_jitable
def _size(x):
    return abs(np.float64(x))


@overload(_generic.cut)
def _cut(arrays, start, stop):
    if len(arrays) == 0:
        return lambda arrays, start, stop: ()
    cut = _generic.cut
    return lambda arrays, start, stop: (arrays[0][start:stop], *cut(arrays[1:], start, stop))


@overload(_generic.looked_at)
def _looked_at(inputs, weights, omit):
    if isinstance(omit, types.NoneType):
        return lambda inputs, weights, omit: None
    if isinstance(weights, types.NoneType):
        return lambda inputs, weights, omit: inputs
    return lambda inputs, weights, omit: (*inputs, weights)


@overload(_generic.eight_at_a_time)
def _eight_at_a_time(narrow, seen):
    if isinstance(narrow, types.NoneType) or not isinstance(seen, types.NoneType):
        return lambda narrow, seen: None
    return lambda narrow, seen: True


@overload(_generic.sift)
def _sift(x, weights, i):
    if isinstance(weights, types.NoneType):
        return lambda x, weights, i: x
    return lambda x, weights, i: x if weights[i] != 0 else 0.0


@overload(_generic.keep)
def _keep(x, seen, i):
    if isinstance(seen, types.NoneType):
        return lambda x, seen, i: x
    present = _generic.present
    return lambda x, seen, i: x if present(seen, i) else 0.0


@overload(_loops.fold_losses)
def _fold_losses(losses, k, inputs, weights, sums, memory, terms, narrow, seen):
    if len(losses) == 0:
        return lambda losses, k, inputs, weights, sums, memory, terms, narrow, seen: None
    fold_block, fold_losses = _loops.fold_block, _loops.fold_losses

    def head_and_tail(losses, k, inputs, weights, sums, memory, terms, narrow, seen):
        fold_block(losses[0], inputs, weights, sums[k], memory[k], terms, narrow, seen)
        fold_losses(losses[1:], k + 1, inputs, weights, sums, memory, terms, narrow, seen)

    return head_and_tail
