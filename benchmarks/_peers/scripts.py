"""What whole processes run: scripts of a few lines, as users of each library write them.

Each prints a weighted mean of absolute errors, sum(w * abs(p - y)) / sum(w). To add a library, add
its script; it is left out and named where a module that it imports is not installed. Of the ways
that were tried the quickest is taken: Polars streams, JAX keeps what it compiled, DuckDB takes
NumPy's arrays and the file itself, and pyarrow maps the file and hands out batches.
"""

from dataclasses import dataclass

ARRAYS = "arrays.f4"
"""A file with labels, predictions and weights of float32, one after the other."""

TABLE = "rows.parquet"
"""A file with the columns y, p and w of float32."""


@dataclass(frozen=True)
class Question:
    """What processes do, and with how many rows.

    `before` is what all scripts begin with, and its time does not count. `command` is ours, in the
    place of a script. If it is `by` keys the answer is that of the first slice. Of a script that
    prints `seconds: ` behind its answer only those count.
    """

    title: str
    rows: int
    scripts: dict[str, str]
    before: str = ""
    command: str = ""
    by: bool = False


READ = f"""
import numpy as np
y, p, w = np.fromfile("{ARRAYS}", "float32").reshape(3, -1)
"""

POLARS = """
y, p, w = map(pl.col, "ypw")
mean = ((p - y).abs() * w).sum() / w.sum()
print(frame.select(mean).collect(engine="streaming").item())
"""

DUCKDB = """
import duckdb
print(duckdb.execute("SELECT sum(abs(p - y) * w) / sum(w) FROM {}").fetchone()[0])
"""

FIRST = {
    "streamloss": """
import streamloss as sl
print(sl.evaluate("mae", y, p, w))
""",
    "NumPy": """
print((np.abs(p - y) * w).sum() / w.sum())
""",
    "JAX": """
import jax
mean = jax.jit(lambda y, p, w: (abs(p - y) * w).sum() / w.sum())
print(float(mean(y, p, w)))
""",
    "Polars": """
import polars as pl
frame = pl.LazyFrame({"y": y, "p": p, "w": w})
"""
    + POLARS,
    "DuckDB": """
frame = {"y": y, "p": p, "w": w}
"""
    + DUCKDB.format("frame"),
    "PyTorch": """
import torch
y, p, w = map(torch.from_numpy, (y, p, w))
print((((p - y).abs() * w).sum() / w.sum()).item())
""",
    "scikit-learn": """
from sklearn.metrics import mean_absolute_error
print(mean_absolute_error(y, p, sample_weight=w))
""",
}

COMMAND = f"streamloss evaluate {TABLE} --true y --pred p --weights w --loss mae"
FILE = {
    "Polars": f"""
import polars as pl
frame = pl.scan_parquet("{TABLE}")
"""
    + POLARS,
    "DuckDB": DUCKDB.format(f"'{TABLE}'"),
    "pyarrow and NumPy": f"""
import numpy as np
import pyarrow.parquet as pq
total = weights = 0
for batch in pq.ParquetFile("{TABLE}", memory_map=True).iter_batches(1 << 17, columns=[*"ypw"]):
    y, p, w = (column.to_numpy() for column in batch.columns)
    total += np.dot(np.abs(p - y), w)
    weights += w.sum()
print(total / weights)
""",
}

COMMAND_BY = f"{COMMAND} --by carrier --by origin --json"
BY = {
    "Polars": f"""
import polars as pl
y, p, w = (pl.col(name).cast(pl.Float64) for name in "ypw")
mean = (((p - y).abs() * w).sum() / w.sum()).alias("mae")
rows = pl.scan_parquet("{TABLE}").group_by("carrier", "origin").agg(mean)
slices = rows.sort("carrier", "origin").collect(engine="streaming")
print(slices["mae"][0])
""",
    "DuckDB": f"""
import duckdb
slices = duckdb.sql('''
    select carrier, origin, sum(abs(p::double - y) * w) / sum(w::double) as mae
    from '{TABLE}' group by all order by all
''')
print(slices.fetchall()[0][2])
""",
}
"""Everybody prints the result of the first slice first."""

WORKER = f"""
import os
import time
import dask
import dask.array as da
import distributed
import numpy as np
import streamloss as sl
client = distributed.Client(n_workers=1, threads_per_worker=1, dashboard_address=None)
read = dask.delayed(lambda: np.fromfile("{ARRAYS}", "float32").reshape(3, -1))
y, p, w = da.from_delayed(read(), (3, os.path.getsize("{ARRAYS}") // 12), "float32")
start = time.perf_counter()
mean = {{}}
print(float(mean.compute()))
print("seconds:", time.perf_counter() - start)
client.close()
"""

CHUNK = {
    "streamloss": WORKER.format('sl.evaluate("mae", y, p, w)'),
    "dask.array": WORKER.format("(abs(p - y) * w).sum() / w.sum()"),
}

MILLION = 1_000_000
BEYOND = "first result in Python beyond NumPy and the data"
QUESTIONS = {
    "first": Question(f"1 M pairs, {BEYOND}", MILLION, FIRST, READ),
    "first of 10 M": Question(f"10 M pairs, {BEYOND}", 10 * MILLION, FIRST, READ),
    "file": Question("30 M rows of Parquet, from the shell", 30 * MILLION, FILE, command=COMMAND),
    "keys": Question(
        "30 M rows of Parquet by two keys, from the shell",
        30 * MILLION,
        BY,
        command=COMMAND_BY,
        by=True,
    ),
    "worker": Question("1 M pairs, first chunk of a new dask worker", MILLION, CHUNK),
}
