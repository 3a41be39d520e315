"""A loss of one's own: a passenger who waits is worse than one who is early."""

from pathlib import Path
from typing import NamedTuple

import pyarrow.parquet as pq

import streamloss as sl


@sl.loss
class Asymmetric(NamedTuple):
    """Absolute error that counts a delay longer than predicted `under` times."""

    under: float = 2.0

    def point(self, y_true, y_pred):
        error = y_true - y_pred
        return self.under * error if error > 0 else -error


flights = pq.read_table(Path(__file__).parent / "data" / "flights.parquet")
arrival, departure = flights["arr_delay"].to_numpy(), flights["dep_delay"].to_numpy()

# Beside the losses that come with streamloss, in the same pass; new parameters compile nothing.
losses = ["mae", *map(Asymmetric, (1, 2, 5))]
for loss, value in sl.evaluate(losses, arrival, departure, nan="omit").items():
    print(f"{loss!s:>22} {value:.4f}")

# It streams and merges like any other loss, to the same bits.
stream = sl.Accumulator(Asymmetric(5), nan="omit")
for start in range(0, len(arrival), 10_000):
    stream.update(arrival[start : start + 10_000], departure[start : start + 10_000])
whole = sl.evaluate(Asymmetric(5), arrival, departure, nan="omit")
assert stream.result() == whole
print("in batches of 10,000 flights: the same bits")
