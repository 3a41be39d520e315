"""Will a flight be more than 15 minutes late? Decisions, ranking and calibration, by carrier.

Run it with `python examples/classification.py`; `docs/guides/metrics.md` tells the rest.
"""

from pathlib import Path

import numpy as np
import pyarrow.parquet as pq

import streamloss as sl

flights = pq.read_table(Path(__file__).parent / "data" / "flights.parquet").to_pandas()
flights = flights.dropna(subset=["arr_delay", "dep_delay"])
late = (flights["arr_delay"] > 15).to_numpy()
delay = flights["dep_delay"].to_numpy(np.float32)

# A flight that leaves more than 15 minutes late is expected to arrive so: labels, and text works.
metrics = ["confusion_matrix", "accuracy", "precision", "recall", "f1", "matthews"]
found = sl.evaluate(metrics, late, delay > 15)
print(found.pop("confusion_matrix"))
print(", ".join(f"{name} {value:.4f}" for name, value in found.items()), "\n")

# The delay as a score: how well does it tell late flights from others, and for which carrier best?
acc = sl.Accumulator(["roc_auc", "average_precision"], by="carrier")
for start in range(0, len(flights), 50_000):
    some = slice(start, start + 50_000)
    acc.update(late[some], delay[some], by=flights["carrier"][some])
carriers = acc.result()
print(carriers.worst(3, "roc_auc", min_elements=10_000))
low, high = carriers.bracket("roc_auc")
assert (low == high).all()  # delays are whole minutes: bins of few bits hold one score each

# A probability made of the delay: is it right as often as it says? Errors: their 90th percentile.
share = 1.0 / (1.0 + np.exp((20.0 - delay.astype(np.float64)) / 10.0))
print(sl.evaluate("calibration_table:bins=5", late, share))
error = sl.evaluate(["ece", "mce", "calibration_in_the_large"], late, share)
print({name: round(value, 4) for name, value in error.items()})
delays = flights["arr_delay"], flights["dep_delay"]
print(sl.evaluate(["error_quantile:q=0.9", "median_absolute_error", "max_error"], *delays))
