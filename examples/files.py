"""Evaluate files from Python: columns by name, progress, and a checkpoint to go on from.

Run it with `python examples/files.py`; `docs/guides/files.md` tells the rest.
"""

import tempfile
from pathlib import Path

import streamloss as sl

flights = sl.scan(Path(__file__).parent / "data" / "flights.parquet", batch_rows=50_000)
print(flights, "has", ", ".join(flights.columns))
columns = {"y_true": "arr_delay", "y_pred": "dep_delay", "weights": "distance"}


def show(done: int, rows: int | None) -> None:
    """Show how far the evaluation is."""
    print(f"{done:,} of {rows:,} rows")


with tempfile.TemporaryDirectory() as folder:
    options = {"data": flights, "nan": "omit", "checkpoint": f"{folder}/kept"}
    first = sl.evaluate(["mae", "rmse"], **columns, **options, progress=show)
    again = sl.evaluate(["mae", "rmse"], **columns, **options)  # at once: all rows are done
assert first == again
print(first)

# An accumulator keeps every reduction open, and takes more batches, from files or not.
acc = sl.Accumulator("mae", nan="omit").update(**columns, data=flights)
print(acc.result(), acc.result("sum_over_batch_size"), acc.counts["nan"])
