"""What the names of the bodies for rows mean when compiled: of `elements` and `maps`."""

# mypy: disable-error-code="no-untyped-def, no-untyped-call, untyped-decorator"

import numpy as np
from numba import types

from . import elements, maps, vectors
from .compiler import FRAGMENT, INLINE, LOSS
from .internals import every_of, lost, on_stack, widen_vectors
from .registry import compiled, lowered, meaning, typed

for _body in (elements.turn, maps.map_rows, maps.map_blocks, maps.map_lanes):
    compiled(_body, INLINE)


if "vectors" not in lost:

    @typed(elements.across)
    def _nothing_at_all(context):
        return lambda: types.none

    @lowered(elements.across)
    def _rows_together(context, builder, sig, args):
        return widen_vectors(context, builder, 2, vectors.DOUBLES)


if "instructions" not in lost:

    @typed(elements.lanes)
    def _arrays(context):
        array = types.Array(types.float64, 1, "C")
        return lambda inputs, columns: types.UniTuple(array, len(inputs))

    @lowered(elements.lanes, types.Any, types.Any)
    def _lanes(context, builder, sig, args):
        inputs, columns = sig.args
        array = sig.return_type.dtype
        counts = [len(columns) if each.ndim == 2 else 1 for each in inputs]
        sizes = [elements.LANES * count for count in counts]
        arrays = [on_stack(context, builder, array, size) for size in sizes]
        return context.make_tuple(builder, sig.return_type, arrays)

    @typed(elements.column)
    def _part(context):
        return lambda block, columns, i: types.Array(types.float64, 1, "A")

    @lowered(elements.column, types.Any, types.Any, types.Any)
    def _column(context, builder, sig, args):
        kind, columns, _ = sig.args
        block, _, i = args
        size, step = len(columns), elements.LANES
        return every_of(context, builder, sig.return_type, kind, block, i, size, step)


@meaning(elements.of_row, FRAGMENT)
def _of_row(loss, inputs, scratch, columns, i):
    given = elements.in_row
    row = compiled(loss.instance_class.row, LOSS)
    match len(inputs):
        case 1:
            return lambda loss, inputs, scratch, columns, i: row(
                loss, given(inputs[0], scratch[0], columns, i)[0]
            )
        case 2:
            return lambda loss, inputs, scratch, columns, i: row(
                loss,
                given(inputs[0], scratch[0], columns, i)[0],
                given(inputs[1], scratch[1], columns, i)[0],
            )
        case 3:
            return lambda loss, inputs, scratch, columns, i: row(
                loss,
                given(inputs[0], scratch[0], columns, i)[0],
                given(inputs[1], scratch[1], columns, i)[0],
                given(inputs[2], scratch[2], columns, i)[0],
            )
    return None


@meaning(elements.in_row, FRAGMENT)
def _in_row(array, row, columns, i):
    if len(columns) > 0:
        column = elements.column
        if array.ndim == 1:
            return lambda array, row, columns, i: (row[i],)
        return lambda array, row, columns, i: (column(row, columns, i),)
    if array.ndim == 1:
        return lambda array, row, columns, i: (np.float64(array[i]),)

    def copied(array, row, columns, i):
        for j in range(row.size):
            row[j] = array[i, j]
        return (row,)

    return copied


@meaning(elements.turn_all, INLINE)
def _turn_all(inputs, blocks, columns):
    if len(inputs) == 0:
        return lambda inputs, blocks, columns: None
    turn, turn_all = elements.turn, elements.turn_all

    def head_and_tail(inputs, blocks, columns):
        turn(inputs[0], blocks[0], columns)
        turn_all(inputs[1:], blocks[1:], columns)

    return head_and_tail
