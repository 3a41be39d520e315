"""The rules by which a kernel treats zero weights and NaN; each compiles code of its own."""

SIFT, OMIT, MULTIPLY = None, True, ()
"""Terms of weight zero are zero; and elements with a NaN do not count; or each term is the product
of loss and weight, whatever they are."""
