"""Evaluate arrays several times larger than the memory this process allows itself.

Run it with `python examples/out_of_core.py [MILLIONS OF ROWS]`.
"""

import resource
import sys

import dask
import dask.array as da

import streamloss as sl

rows = int(float(sys.argv[1]) * 1e6) if len(sys.argv) > 1 else 90_000_000
limit = 512 << 20
resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))  # to ask for more is a MemoryError

rng = da.random.default_rng(seed=1)
y_true = rng.standard_normal(rows, chunks=500_000)
y_pred = y_true + 0.1 * rng.standard_normal(rows, chunks=500_000)
weights = rng.random(rows, chunks=500_000)

# Nothing is computed yet: these are lazy 0-d arrays. Computed together they take one pass.
lazy = sl.evaluate(["mae", "mse"], y_true, y_pred, weights)
(results,) = dask.compute(lazy)
for loss, value in results.items():
    print(loss, float(value))
print(f"{24 * rows / 2**20:,.0f} MiB of arrays in less than {limit / 2**20:,.0f} MiB of memory")

# An accumulator keeps every reduction open, and accumulators of different parts merge.
half = rows // 2
parts = [
    sl.accumulate(["mae", "mse"], y_true[part], y_pred[part], weights[part])
    for part in (slice(None, half), slice(half, None))
]
whole = sl.merge(parts).compute()
assert whole.result() == results
print("sum:", whole.result("sum"))
