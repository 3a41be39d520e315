"""Print the ratios to a read of memory as the table of README.md: `python -m benchmarks.speed`."""

import itertools

from benchmarks.bench_losses import SIZE, Evaluate


def main():
    """Run `Evaluate` for all parameters and print a row for each."""
    print(f"| {SIZE:,} pairs | NaN | time of a read sweep | speed of NumPy |")
    print("|---|---|---|---|")
    for case in itertools.product(*Evaluate.params):
        benchmark = Evaluate()
        benchmark.setup(*case)
        dtype, weights, nan = case
        ratio = benchmark.track_ratio_to_read_sweep(*case)
        faster = benchmark.track_ratio_of_numpy(*case)
        policy = "none" if nan == "none" else f'0.2 %, `"{nan}"`'
        print(f"| {dtype}, {weights} | {policy} | {ratio:.2f} | {faster:.1f} |", flush=True)


if __name__ == "__main__":
    main()
