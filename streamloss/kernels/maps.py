"""The loop bodies that write arrays of losses, one for each row or element."""

# mypy: disable-error-code="no-untyped-def, no-untyped-call"

from .elements import keep, looked_at, of_row, sift, term


def map_rows(loss, inputs, out, room):
    """Write the loss of every row.

    The inputs are arrays of rows, or have one number for each; `room` has a float64 array for
    each, in which the row that is computed is copied.
    """
    for i in range(out.size):
        out[i] = of_row(loss, inputs, room, i)


def map_terms(loss, inputs, weights, out, rule):
    """Write the weighted loss of every element, zero where the weight is zero or it is missing."""
    seen = looked_at(inputs, weights, rule)
    for i in range(out.size):
        out[i] = keep(sift(term(loss, inputs, weights, i), weights, i, seen), seen, i)
