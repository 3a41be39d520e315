"""The loop bodies that write arrays of losses, one for each row or element."""

# mypy: disable-error-code="no-untyped-def, no-untyped-call"

from .elements import LANES, across, cut, keep, lanes, of_row, sift, term, turn_all, watch


def map_rows(loss, inputs, out, scratch, columns):
    """Write the loss of every row.

    The inputs are arrays of rows, or have one number for each; `scratch` has a float64 array for
    each, to which the row that is computed is copied. If the number of `columns` is known, rows
    are computed side by side.
    """
    if len(columns) == 0:
        for i in range(out.size):
            out[i] = of_row(loss, inputs, scratch, columns, i)
    else:
        map_blocks(loss, inputs, out, columns)


def map_blocks(loss, inputs, out, columns):
    """Write the loss of every row, of a known number of columns, a few rows at a time."""
    blocks, (values,) = lanes(inputs, columns), lanes((out,), columns)
    for start in range(0, out.size, LANES):
        stop = start + LANES if start + LANES < out.size else out.size
        turn_all(cut(inputs, start, stop), blocks, columns)
        map_lanes(loss, inputs, blocks, values, columns)
        some = out[start:stop]
        for i in range(some.size):
            some[i] = values[i]


def map_lanes(loss, inputs, blocks, values, columns):
    """Write the loss of every row of a block; of the inputs only types are looked at."""
    for i in range(values.size):
        values[i] = of_row(loss, inputs, blocks, columns, i)
    across()


def map_terms(loss, inputs, weights, masks, out, rule):
    """Write the weighted loss of every element, zero where the weight is zero or it is missing."""
    watched = watch(inputs, weights, masks, rule)
    for i in range(out.size):
        out[i] = keep(sift(term(loss, inputs, weights, i), weights, i, rule), watched, i)
