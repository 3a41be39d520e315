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


class One(NamedTuple):
    """Any loss of one input."""

    parameters: int

    def point(self, y_pred: float) -> Any:
        """Return the loss of one element."""
        return point_of(self.parameters, (y_pred,))


class Two(NamedTuple):
    """Any loss of two inputs."""

    parameters: int

    def point(self, y_true: float, y_pred: float) -> Any:
        """Return the loss of one element."""
        return point_of(self.parameters, (y_true, y_pred))


class Three(NamedTuple):
    """Any loss of three inputs."""

    parameters: int

    def point(self, first: float, second: float, third: float) -> Any:
        """Return the loss of one element."""
        return point_of(self.parameters, (first, second, third))


ANY: tuple[Any, ...] = One, Two, Three
"""Losses of one to three inputs whose `point` is linked later, and what else depends on it."""

for _cls in ANY:
    _cls.residue = False


@typed(point_of)
def _number(context):
    return lambda parameters, inputs: types.float64


@lowered(point_of, types.int64, types.Any)
def _call_point(context, builder, sig, args):
    address, inputs = args
    count = len(sig.args[1])
    kind = ir.FunctionType(DOUBLE, [POINTER] + [DOUBLE] * count)
    point = builder.module.globals.get(POINT) or ir.Function(builder.module, kind, POINT)
    numbers = [builder.extract_value(inputs, k) for k in range(count)]
    return builder.call(point, [builder.inttoptr(address, POINTER), *numbers])


@meaning(fold.fold_all, FRAGMENT)
def _fold_all(losses, inputs, weights, masks, sums, counts, guesses, terms, width, rule):
    return blocks.fold_table if isinstance(losses, types.Array) else fold.fold_all


compiled(blocks.fold_table, FRAGMENT)


@typed(blocks.call_block)
def _nothing(context):
    return lambda row, heavy, inputs, weights, masks, sums, counts, guesses, terms: types.none


@lowered(blocks.call_block, *[types.Any] * 9)
def _call_block(context, builder, sig, args):
    row, heavy = _address(context, builder, sig.args[0], args[0]), builder.zext(args[1], I64)
    first = sig.args[2][0]
    size = context.make_array(first)(context, builder, builder.extract_value(args[2], 0)).nitems
    words = builder.bitcast(row, I64.as_pointer())
    function = builder.load(words)
    parameters = builder.bitcast(builder.gep(words, [I64(blocks.PARAMETERS)]), POINTER)
    given = [parameters, heavy, size]
    for kind, value in zip(sig.args[2:], args[2:], strict=True):
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
