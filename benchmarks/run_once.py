"""Run every benchmark once, without asv and its environments: a check that none has rotted.

Then the peers that are installed are asked everything once, in calls, by slices and in whole
processes, and checked. The figures it prints are those of small data and cold caches: no
measurement.
"""

import importlib
import itertools
import os
import pkgutil
import sys
import time

# Read by the benchmarks as they are imported.
os.environ.setdefault("STREAMLOSS_BENCH_SIZE", "200000")

from benchmarks import counts, peers, processes, slices

KINDS = "time_", "track_", "peakmem_", "mem_"


def cases(benchmark):
    """Yield each combination of the parameters, given as asv wants them: one list or several."""
    params = getattr(benchmark, "params", ())
    several = bool(params) and isinstance(params[0], (list, tuple))
    return itertools.product(*(params if several else [params] if params else []))


def run(benchmark, name, case):
    """Set up, run and tear down one benchmark; return what it tracked or how long it took."""
    instance = benchmark()
    getattr(instance, "setup", lambda *case: None)(*case)
    start = time.perf_counter()
    tracked = getattr(instance, name)(*case)
    seconds = time.perf_counter() - start
    getattr(instance, "teardown", lambda *case: None)(*case)
    return f"{tracked:.4g}" if name.startswith("track_") else f"{seconds:.4f} s"


def classes():
    """Yield the classes of all modules `bench_*`, as asv finds them."""
    for module in pkgutil.iter_modules([os.path.dirname(__file__)], "benchmarks."):
        if module.name.startswith("benchmarks.bench_"):
            for name, value in vars(importlib.import_module(module.name)).items():
                is_own = isinstance(value, type) and value.__module__ == module.name
                if is_own and not name.startswith("_"):
                    yield value


def main():
    """Run all benchmarks; fail where there are none, for that would check nothing."""
    count = 0
    for benchmark in classes():
        names = [name for name in dir(benchmark) if name.startswith(KINDS)]
        for name, case in itertools.product(names, cases(benchmark)):
            print(benchmark.__name__, name, *case, run(benchmark, name, case), flush=True)
            count += 1
    print(f"{count} benchmarks run once")
    peers.main(["--quick"])
    slices.main(["--quick"])
    counts.main(["--quick"])
    processes.main(["--quick"])
    return count == 0


if __name__ == "__main__":
    sys.exit(main())
