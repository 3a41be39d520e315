"""Read labels, predictions, weights and masks from files, in batches of bounded memory.

`scan` says which files a data set is of. A `Scanner` has opened them for some columns; its files
are each a `Source`, which the module of the file's format gives (`formats`), and rows come from
there as arrays by the names of their columns, put together by `Columns` as what a query takes.

Row groups of Parquet files are read side by side: each thread decodes a batch and computes on it
while it is in the cache, with a batch, a buffer and a page of each column in memory. A lone row
group is decoded by several threads, in larger batches, of which `BATCHES_AHEAD` + 1 are in memory
and another while it is decoded. `.npy` files are read side by side as well, in batches that fit
into the cache. Pace and peak of memory: `benchmarks/bench_files.py`.

The size and the times of a file are noted when it is opened. They must be the same before and after
a stretch of it is read, and as many rows must have come as the file announces: else an error names
the file.

Nulls are NaN; in a mask they are False, so that a row whose mask is unknown is left out.
"""

from __future__ import annotations

from .columns import Columns, Rows
from .dataset import DataSet, scan
from .reading import Refused, explained, why
from .scanner import Place, RemoteStretch, RowBatch, Scanner, Stretch
from .source import Source

__all__ = [
    "Columns",
    "DataSet",
    "Place",
    "Refused",
    "RemoteStretch",
    "RowBatch",
    "Rows",
    "Scanner",
    "Source",
    "Stretch",
    "explained",
    "scan",
    "why",
]
