"""How do delays differ by carrier, and how over the year? Frames, subtotals and windows.

Run it with `python examples/frames.py`; `docs/guides/frames.md` and `docs/guides/windows.md` tell
the rest.
"""

from pathlib import Path

import pandas as pd

import streamloss as sl

flights = pd.read_parquet(Path(__file__).parent / "data" / "flights.parquet")
flights["time"] = pd.to_datetime({"year": 2013, "month": flights["month"], "day": 1})
COLUMNS = {"y_true": "arr_delay", "y_pred": "dep_delay", "weights": "distance", "nan": "omit"}

# Columns by name; subtotals by each key, by both, and of all rows, in one pass.
by = sl.grouping_sets(["origin"], ["carrier", "origin"], [])
delays = sl.evaluate(["mae", "bias"], data=flights, **COLUMNS, by=by)
print(delays.worst(4, "mae", min_elements=20_000), "\n")
print("from JFK:", delays.loc["JFK", sl.ALL], " all:", delays.overall, "\n")

# Windows of three months for each airport, from slices by month: nothing is read again.
months = sl.evaluate("mae", data=flights, **COLUMNS, by=["origin", sl.period("time", "month")])
windows = months.rolling(3, over="time")
for month in ("2013-03", "2013-07", "2013-12"):
    shown = [f"{airport} {windows.loc[airport, month]['mae']:.2f}" for airport in ("EWR", "JFK")]
    print(f"three months to {month}: {', '.join(shown)} minutes")

# A stream of batches gives the bits of the frame, whatever their size.
acc = sl.Accumulator("mae", nan="omit", by=("origin", "time"))
for start in range(0, len(flights), 50_000):
    batch = flights[start : start + 50_000]
    columns = {name: column for name, column in COLUMNS.items() if name != "nan"}
    acc.update(data=batch, **columns, by=["origin", sl.period("time", "month")])
assert acc.result() == months
