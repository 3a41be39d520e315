"""What a cell counts beside its sums: the columns of its row of integers."""

COLUMNS = 5
"""How many columns there are."""

ELEMENTS, NONZERO, MISSING, MASKED, ROWS = range(COLUMNS)
"""Elements that count; nonzero weights among them; elements left out for a NaN, and those left out
by a mask; and the sizes of axis 0."""
