"""Where are delays predicted worst? Slices by carrier and airport, from batches, exactly.

Run it with `python examples/slices.py`; `docs/guides/slices.md` tells the rest.
"""

from pathlib import Path

import numpy as np
import pyarrow.parquet as pq

import streamloss as sl

file = pq.ParquetFile(Path(__file__).parent / "data" / "flights.parquet")
COLUMNS = {"y_true": "arr_delay", "y_pred": "dep_delay", "weights": "distance"}
KEYS = ("carrier", "origin", "month")

# Two readers with an accumulator each, as two processes would have them; then they are merged.
readers = [sl.Accumulator(["mae", "bias"], nan="omit", by=KEYS) for _ in range(2)]
for k, batch in enumerate(file.iter_batches(20_000)):
    readers[k % 2].update(data=batch, **COLUMNS)  # its keys are the columns of their names
acc = readers[0] + readers[1]
flights = acc.result()
print(f"{len(flights)} slices of {', '.join(flights.by)}; all: {flights.overall}\n")

# Fewer keys are sums of slices: no second pass, and the bits of one.
by_carrier_and_origin = flights.rollup("carrier", "origin")
worst = by_carrier_and_origin.worst(5, "mae", min_elements=1000)
print(worst, "\n")
for (key, results), rest in zip(worst, worst.rest("mae"), strict=True):
    print(f"{' from '.join(key)}: {results['mae']:.2f} minutes, all other flights {rest:.2f}")

# Bins of numbers and periods of times are keys too.
table = file.read()
when = np.datetime64("2013-01") + (table["month"].to_numpy().astype(int) - 1)
by = {"miles": sl.bins(table["distance"], [0, 500, 1000, 2500]), "time": sl.period(when, "quarter")}
data = [table[name] for name in COLUMNS.values()]
print("\n", sl.evaluate("mae", *data, nan="omit", by=by), "\n", sep="")

# What one reader saw is taken out again, exactly, with the slices that it alone had.
assert acc - readers[1] == readers[0]
# One pass over everything has the same bits.
once = sl.evaluate(["mae", "bias"], *data, nan="omit", by={name: table[name] for name in KEYS})
assert once == flights
print("17 batches in two accumulators and one call agree to the last bit")
