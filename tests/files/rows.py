"""Rows of files, and all that a data set reads of them."""

import numpy as np
import pyarrow as pa

from streamloss.files import Columns, Scanner, scan

N = 1000
ALL = Columns("y", "p", "w", "m")
RNG = np.random.default_rng(5)
Y, P, W = RNG.standard_normal((3, N))
M = RNG.random(N) < 0.7


def table(rows: slice = slice(None)) -> pa.Table:
    return pa.table({"y": Y[rows], "x": Y[rows], "p": P[rows], "w": W[rows], "m": M[rows]})


def tables(names: list[str], columns: Columns) -> Scanner:
    """Rows of files that hold all columns."""
    return scan(names, format="parquet").opened(columns)


def in_files(columns: Columns) -> Scanner:
    """Rows of arrays, whose columns are called as the files that hold them."""
    return scan({name: name for name in columns.names()}).opened(columns)
