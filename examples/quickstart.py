"""Exact weighted losses of arrays: what a late departure says about a late arrival."""

from pathlib import Path

import pyarrow.parquet as pq

import streamloss as sl

flights = pq.read_table(Path(__file__).parent / "data" / "flights.parquet")
arrival, departure = flights["arr_delay"].to_numpy(), flights["dep_delay"].to_numpy()
miles = flights["distance"].to_numpy()

# Cancelled flights have no delay: they are NaN here, and `nan="omit"` leaves them out.
print("mean absolute error:", sl.evaluate("mae", arrival, departure, nan="omit"), "minutes")

# Several losses in one pass over the data, each flight weighted by its distance.
losses = ["mae", "rmse", sl.Huber(delta=15), sl.Quantile(0.9)]
for loss, value in sl.evaluate(losses, arrival, departure, miles, nan="omit").items():
    print(f"{loss!s:>24} {value:.4f}")

# One state serves every reduction: choose it at the end, as often as you like.
part = sl.accumulate("mae", arrival, departure, miles, nan="omit")
for reduction in sl.Reduction:
    if reduction is not sl.Reduction.NONE:
        print(f"{reduction:>32} {part.result(reduction):.6f}")

# Every sum is exact, so the parts of the data merge to the same bits in any order.
third = len(arrival) // 3
cuts = [slice(2 * third, None), slice(third), slice(third, 2 * third)]
parts = [sl.accumulate("mae", arrival[c], departure[c], miles[c], nan="omit") for c in cuts]
assert sl.merge(parts) == part
print("merged from three parts, out of order: the same bits")
