"""Peak memory of files that are larger than what may be in memory: it does not grow with them."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.feather
import pyarrow.parquet as pq
import pytest

pytestmark = pytest.mark.skipif(
    not Path("/proc/self/status").exists(), reason="there is no peak to be read here"
)

ROWS = 12_000_000
"""Rows of two columns of float64, which have 192 MB together."""

SCRIPT = """
import sys
import streamloss as sl

def peak():
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmHWM")) // 1024

sl.set_num_threads(2)
small, large = sys.argv[1:]
sl.evaluate("mae", "y", "p", data=sl.scan(small))
before = peak()
print(sl.evaluate("mae", "y", "p", data=sl.scan(large, batch_rows=200_000)))
print(peak() - before)
"""


def write(path: Path, rows: int) -> None:
    """Write a file whose rows lie in one batch or row group."""
    table = pa.table({"y": np.arange(rows) * 1.0, "p": np.arange(rows) + 0.5})
    if path.suffix == ".parquet":
        pq.write_table(table, path, row_group_size=rows, use_dictionary=False)
    elif path.suffix == ".csv":
        pyarrow.csv.write_csv(table, path)
    else:
        compression = path.stem.partition("-")[2]
        pyarrow.feather.write_feather(table, path, compression=compression, chunksize=rows)


@pytest.mark.parametrize(
    ("name", "most"),
    [
        # Batches of 200,000 rows, of which some are ahead; pyarrow has pages and blocks more. Of
        # CSV it is 50 to 100 MB in all, of files of 49, 207 and 436 MB alike.
        ("a-uncompressed.arrow", 25),
        ("a-lz4.arrow", 30),
        ("a-zstd.arrow", 30),
        ("a.parquet", 60),
        ("a.csv", 140),
    ],
)
def test_memory_does_not_grow_with_a_file(tmp_path: Path, name: str, most: int) -> None:
    large, small = tmp_path / name, tmp_path / f"s{name}"
    write(large, ROWS)
    write(small, 1000)
    args = [sys.executable, "-c", SCRIPT, str(small), str(large)]
    result, grown = subprocess.check_output(args, text=True).split()
    assert float(result) == 0.5
    assert most < 16 * ROWS / 1e6
    assert int(grown) < most
