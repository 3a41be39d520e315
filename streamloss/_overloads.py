"""What the names of the bodies (`_exact`, `_generic`, `_loops`, `_missing`) mean when compiled.

A loss reaches the compiler as the type of an argument: `term` looks up its class there and
compiles its `point`. That runs at the speed of a hand-written loop, changes parameters without
compiling anew, and keeps the loop bodies free of generated source.
"""

# mypy: disable-error-code="no-untyped-def, no-untyped-call, untyped-decorator"

import math

import numpy as np
from numba import types
from numba.extending import overload, register_jitable

from . import _exact, _generic, _loops, _missing

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
    _missing.take_out,
    _loops.settle,
    _loops.drop_nonfinite,
    _missing.find_missing,
    _missing.list_marked,
    _missing.pack_one,
    _loops.count_nonzero,
    _loops.fold_both,
    _loops.add_both,
    _loops.fold_first,
    _missing.take_out_weights,
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


@overload(_generic.missing)
def _any_missing(arrays, i):
    # by hand, since taking a tail of the tuple would count references for every element
    match len(arrays):
        case 0:
            return lambda arrays, i: False
        case 1:
            return lambda arrays, i: _isnan(arrays[0][i])
        case 2:
            return lambda arrays, i: _isnan(arrays[0][i]) | _isnan(arrays[1][i])
        case 3:
            return lambda arrays, i: (
                _isnan(arrays[0][i]) | _isnan(arrays[1][i]) | _isnan(arrays[2][i])
            )
        case 4:
            return lambda arrays, i: (
                _isnan(arrays[0][i])
                | _isnan(arrays[1][i])
                | _isnan(arrays[2][i])
                | _isnan(arrays[3][i])
            )
    return None


@register_jitable
def _isnan(x):
    return x != x


@overload(_generic.cut)
def _cut(arrays, start, stop):
    if len(arrays) == 0:
        return lambda arrays, start, stop: ()
    cut = _generic.cut
    return lambda arrays, start, stop: (arrays[0][start:stop], *cut(arrays[1:], start, stop))


@overload(_generic.together)
def _together(inputs, weights):
    if isinstance(weights, types.NoneType):
        return lambda inputs, weights: inputs
    return lambda inputs, weights: (*inputs, weights)


@overload(_generic.sift)
def _sift(x, weights, i):
    if isinstance(weights, types.NoneType):
        return lambda x, weights, i: x
    return lambda x, weights, i: x if weights[i] != 0 else 0.0


@overload(_missing.pack)
def _pack(arrays, out, gone, absent):
    if len(arrays) == 0:
        return lambda arrays, out, gone, absent: ()
    pack_one, pack = _missing.pack_one, _missing.pack

    def head_and_tail(arrays, out, gone, absent):
        pack_one(arrays[0], out[0], gone, absent)
        head = out[0][: arrays[0].size - absent]
        return (head, *pack(arrays[1:], out[1:], gone, absent))

    return head_and_tail


@overload(_generic.weight_at)
def _weight_at(weights, i):
    if isinstance(weights, types.NoneType):
        return lambda weights, i: 1.0
    return lambda weights, i: np.float64(weights[i])


@overload(_loops.fold_losses)
def _fold_losses(losses, k, inputs, weights, sums, memory, terms, narrow):
    if len(losses) == 0:
        return lambda losses, k, inputs, weights, sums, memory, terms, narrow: None
    fold_block, fold_losses = _loops.fold_block, _loops.fold_losses

    def head_and_tail(losses, k, inputs, weights, sums, memory, terms, narrow):
        fold_block(losses[0], inputs, weights, sums[k], memory[k], terms, narrow)
        fold_losses(losses[1:], k + 1, inputs, weights, sums, memory, terms, narrow)

    return head_and_tail


@overload(_missing.take_out_losses)
def _take_out_losses(losses, k, inputs, weights, gaps, absent, sums):
    if len(losses) == 0:
        return lambda losses, k, inputs, weights, gaps, absent, sums: None
    take_out, take_out_losses = _missing.take_out, _missing.take_out_losses
    sift, term = _generic.sift, _generic.term

    def head_and_tail(losses, k, inputs, weights, gaps, absent, sums):
        for j in range(absent):
            i = gaps.gone[j]
            take_out(sums[k], sift(term(losses[0], inputs, weights, i), weights, i))
        take_out_losses(losses[1:], k + 1, inputs, weights, gaps, absent, sums)

    return head_and_tail
