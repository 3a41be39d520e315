"""Rows of files, and all that a data set reads of them."""

import numpy as np
import pyarrow as pa

from streamloss.files import Columns

N = 1000
ALL = Columns("y", "p", "w", "m")
RNG = np.random.default_rng(5)
Y, P, W = RNG.standard_normal((3, N))
M = RNG.random(N) < 0.7


def table(rows: slice = slice(None)) -> pa.Table:
    return pa.table({"y": Y[rows], "x": Y[rows], "p": P[rows], "w": W[rows], "m": M[rows]})
