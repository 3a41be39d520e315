"""Dask arrays, larger than memory: lazy States of a task for each chunk. Only here is dask."""

from .blocks import numbers
from .states import LazyState, call_later, sums, values

__all__ = ["LazyState", "call_later", "numbers", "sums", "values"]
