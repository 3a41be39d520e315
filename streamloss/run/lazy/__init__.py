"""Dask arrays, larger than memory: a task for each chunk gives a State, or a Table of slices.

Only here is dask.
"""

from .blocks import numbers
from .states import LazyState, call_later, sums, values
from .tables import LazyTable, table

__all__ = ["LazyState", "LazyTable", "call_later", "numbers", "sums", "table", "values"]
