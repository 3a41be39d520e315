"""Evaluate Parquet files on a cluster: workers sum stretches of the files, a few bytes come back.

Run it with `python examples/cluster.py [SCHEDULER ADDRESS]`; without an address it starts two
workers here.
"""

import sys
from pathlib import Path

import dask.dataframe as dd
from distributed import Client, LocalCluster

import streamloss as sl

FLIGHTS = str(Path(__file__).parent / "data" / "flights.parquet")
COLUMNS = ["arr_delay", "dep_delay", "distance"]


def evaluate_month(month):
    """Return the accumulator of a month; this runs on a worker."""
    flights = dd.read_parquet(FLIGHTS, columns=["month", *COLUMNS])
    columns = flights[flights.month == month].compute(scheduler="sync")
    return sl.accumulate("mae", *(columns[name] for name in COLUMNS), nan="omit")


def main():
    """Evaluate lazily from a dataframe, then month by month, to the same bits."""
    address = sys.argv[1] if len(sys.argv) > 1 else LocalCluster(2, dashboard_address=None)
    with Client(address) as client:
        flights = dd.read_parquet(FLIGHTS, columns=COLUMNS).repartition(npartitions=8)
        lazy = sl.evaluate("mae", *(flights[name] for name in COLUMNS), nan="omit")
        print("mean delay error, weighted by distance:", float(lazy.compute()))

        months = sl.merge(client.map(evaluate_month, range(1, 13)))
        print(months)
        assert months.result() == lazy.compute()


if __name__ == "__main__":
    main()
