"""Measure the speed of `evaluate` and write it into README.md: `python -m benchmarks.speed`."""

import itertools
import os
import re
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.bench_losses import ROUNDS, SIZE, Evaluate

README = Path(__file__).parents[1] / "README.md"
MARKS = "<!-- speed: begin -->", "<!-- speed: end -->"


def rows():
    """Measure every case of `Evaluate`, and yield a row of the table for each."""
    for dtype, weights, nan in itertools.product(*Evaluate.params):
        benchmark = Evaluate()
        benchmark.setup(dtype, weights, nan)
        ratio = benchmark.track_ratio_to_read_sweep(dtype, weights, nan)
        faster = benchmark.track_ratio_of_numpy(dtype, weights, nan)
        policy = "none" if nan == "none" else f'0.2 %, `"{nan}"`'
        row = f"| {dtype}, {weights} | {policy} | {ratio:.2f} | {faster:.1f} |"
        print(row, flush=True)
        yield row


def main():
    """Print the table and put it between its marks in README.md."""
    table = [
        f"| {SIZE:,} pairs | NaN | time, of a read of the arrays | times faster than NumPy |",
        "|---|---|---|---|",
        *rows(),
    ]
    when = f"{datetime.now(UTC):%Y-%m-%d}, {os.cpu_count()} cores, medians of {ROUNDS} rounds"
    text = "\n".join([MARKS[0], *table, "", f"({when}.)", MARKS[1]])
    pattern = ".*".join(map(re.escape, MARKS))
    found, count = re.subn(pattern, lambda _: text, README.read_text(), flags=re.DOTALL)
    if count != 1:
        raise SystemExit(f"README.md must have the marks {' and '.join(MARKS)} once")
    README.write_text(found)


if __name__ == "__main__":
    main()
