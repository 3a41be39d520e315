"""A training loop with exact losses: predict the arrival delay by stochastic gradient descent."""

from pathlib import Path

import numpy as np
import pyarrow.parquet as pq

import streamloss as sl

flights = pq.read_table(Path(__file__).parent / "data" / "flights.parquet")
late, miles, delay = (flights[c].to_numpy() for c in ("dep_delay", "distance", "arr_delay"))
inputs = np.column_stack([np.ones(len(late)), late / 60, miles / 1000])
rows = np.random.default_rng(0).permutation(len(delay))
train_rows, validation_rows = np.split(rows, [len(rows) * 4 // 5])

coefficients = np.zeros(3)
for epoch in range(3):
    train, validation = (sl.Accumulator(["mae", "rmse"], nan="omit") for _ in range(2))
    for batch in np.array_split(train_rows, 1000):
        prediction = inputs[batch] @ coefficients
        train.update(delay[batch], prediction)
        # A cancelled flight has no delay: it moves nothing, and the accumulators omit it.
        error = np.nan_to_num(prediction - delay[batch])
        coefficients -= 0.02 * error @ np.nan_to_num(inputs[batch]) / len(batch)
    predictions = inputs @ coefficients
    for batch in np.array_split(validation_rows, 16):
        validation.update(delay[batch], predictions[batch])
    print(f"epoch {epoch}: train {train.result()}, validation {validation.result()}")

# The same predictions in another order, cut into other batches: the same bits.
again = sl.Accumulator(["mae", "rmse"], nan="omit")
for batch in np.array_split(validation_rows[::-1], 700):
    again.update(delay[batch], predictions[batch])
assert again == validation
print("16 batches and 700 agree to the last bit")
