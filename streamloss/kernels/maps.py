"""The loop bodies that write arrays of losses, one for each row or element."""

# mypy: disable-error-code="no-untyped-def, no-untyped-call"

from .elements import keep, of_row, sift, term, watch


def map_rows(loss, inputs, out, scratch):
    """Write the loss of every row.

    The inputs are arrays of rows, or have one number for each; `scratch` has a float64 array for
    each, to which the row that is computed is copied.
    """
    for i in range(out.size):
        out[i] = of_row(loss, inputs, scratch, i)


def map_terms(loss, inputs, weights, masks, out, rule):
    """Write the weighted loss of every element, zero where the weight is zero or it is missing."""
    watched = watch(inputs, weights, masks, rule)
    for i in range(out.size):
        out[i] = keep(sift(term(loss, inputs, weights, i), weights, i, rule), watched, i)
