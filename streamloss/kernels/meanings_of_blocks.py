"""What the names of `blocks` mean when compiled, and a loss that stands for all others."""

# mypy: disable-error-code="no-untyped-def, no-untyped-call, untyped-decorator"

from typing import Any, NamedTuple

from llvmlite import ir
from numba import types

from . import blocks, fold
from .compiler import FRAGMENT
from .registry import compiled, lowered, meaning, typed

POINT = "streamloss_point"
"""The function that a template calls: of the address of parameters, and float64 inputs."""

LATER = 1000
"""What is added to the number of vectors of a loop that a loss decides once it is known."""

POINTER, I64, DOUBLE = ir.IntType(8).as_pointer(), ir.IntType(64), ir.DoubleType()


def point_of(parameters: int, inputs: tuple[float, ...]) -> Any:
    """Return what the loss of a template is, whose parameters are at an address: when compiled."""
    raise NotImplementedError


def factor_of(parameters: int, inputs: tuple[float, ...]) -> Any:
    """Return the factor of the moment of a template, in a tuple: when compiled."""
    raise NotImplementedError


def factors_of(parameters: int, inputs: tuple[float, ...]) -> Any:
    """Return both factors of the moment of a template: when compiled."""
    raise NotImplementedError


FOUND = {1: point_of, 2: factor_of, 4: factors_of}
"""What is asked of the loss of a template, by its streams."""


class Unknown(NamedTuple):
    """A loss of which the address of its parameters is known, and no more."""

    parameters: int


def _stand_in(inputs: int, streams: int) -> Any:
    """Return a class of losses that stand for others of so many inputs and streams."""
    found = FOUND[streams]
    methods: list[Any] = [
        lambda self, a: found(self.parameters, (a,)),
        lambda self, a, b: found(self.parameters, (a, b)),
        lambda self, a, b, c: found(self.parameters, (a, b, c)),
    ]
    name = "point" if streams == 1 else "factors"
    return type(f"Any{inputs}", (Unknown,), {name: methods[inputs - 1], "streams": streams})


ANY = {(n, streams): _stand_in(n, streams) for n in (1, 2, 3) for streams in FOUND}
"""Losses of so many inputs and streams whose `point` or `factors` is linked later, and what else
depends on it."""


def result_of(streams: int) -> Any:
    """Return what the function that a template calls returns: a number, or the factors."""
    return DOUBLE if streams == 1 else ir.ArrayType(DOUBLE, streams // 2)


for _streams, _function in FOUND.items():
    _result = types.float64 if _streams == 1 else types.UniTuple(types.float64, _streams // 2)

    @typed(_function)
    def _returned(context, result=_result):
        return lambda parameters, inputs: result

    @lowered(_function, types.int64, types.Any)
    def _call_point(context, builder, sig, args, streams=_streams):
        address, inputs = args
        count = len(sig.args[1])
        kind = ir.FunctionType(result_of(streams), [POINTER] + [DOUBLE] * count)
        point = builder.module.globals.get(POINT) or ir.Function(builder.module, kind, POINT)
        numbers = [builder.extract_value(inputs, k) for k in range(count)]
        return builder.call(point, [builder.inttoptr(address, POINTER), *numbers])


@meaning(fold.fold_all, FRAGMENT)
def _fold_all(losses, inputs, weights, masks, sums, counts, guesses, terms, width, rule):
    return blocks.fold_table if isinstance(losses, types.Array) else fold.fold_all


compiled(blocks.fold_table, FRAGMENT)


@typed(blocks.call_block)
def _nothing(context):
    return lambda row, inputs, weights, masks, sums, counts, few, heavy, guess, terms: types.none


@lowered(blocks.call_block, *[types.Any] * 10)
def _call_block(context, builder, sig, args):
    row, first = _address(context, builder, sig.args[0], args[0]), sig.args[1][0]
    size = context.make_array(first)(context, builder, builder.extract_value(args[1], 0)).nitems
    words = builder.bitcast(row, I64.as_pointer())
    function, heavy = (
        builder.load(builder.gep(words, [I64(k)])) for k in (blocks.ADDRESS, blocks.HEAVY)
    )
    parameters = builder.bitcast(builder.gep(words, [I64(blocks.PARAMETERS)]), POINTER)
    given = [parameters, heavy, size]
    for kind, value in zip(sig.args[1:], args[1:], strict=True):
        given += _addresses(context, builder, kind, value)
    kind = ir.FunctionType(ir.VoidType(), [each.type for each in given])
    builder.call(builder.inttoptr(function, kind.as_pointer()), given)
    return context.get_dummy_value()


def _addresses(context, builder, kind, value):
    """Return the addresses of the arrays of an argument: of a tuple all, of None none."""
    if isinstance(kind, types.NoneType):
        return []
    if isinstance(kind, types.Array):
        return [_address(context, builder, kind, value)]
    values = [builder.extract_value(value, k) for k in range(len(kind))]
    return [_address(context, builder, each, x) for each, x in zip(kind, values, strict=True)]


def _address(context, builder, kind, value):
    return builder.bitcast(context.make_array(kind)(context, builder, value).data, POINTER)
