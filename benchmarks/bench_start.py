"""How long a new process needs: to import, to its first result, to its first compiled one.

Each benchmark starts processes and takes the medians of their times, in turn to see the same
machine. The first round is not counted: it brings files into memory and writes Python's bytecode.
"""

import os
import tempfile

import numpy as np

from benchmarks._processes import environment, run

SIZE = min(2_000_000, int(os.environ.get("STREAMLOSS_BENCH_SIZE", 2_000_000)))
ROUNDS = 9 if SIZE == 2_000_000 else 1

IMPORT_NUMPY = "import numpy"
DATA = f"import numpy as np; arrays = np.ones((3, {SIZE}), 'float32')\n"
LARGE = f"{DATA}import streamloss as sl; sl.evaluate('mae', *arrays)"
SMALL = """
import numpy as np, streamloss as sl, sys
sl.evaluate("mae", *np.random.default_rng(1).random((3, 100)))
assert "numba" not in sys.modules
"""


def medians(folder, *scripts):
    """Return the median time of each script."""
    env = environment(folder)
    rounds = [[run(["-c", each], env)[0] for each in scripts] for _ in range(1 + ROUNDS)]
    return np.median(rounds[1:], axis=0)


class Start:
    """Processes that find their kernels on disk."""

    timeout = 300

    def setup(self):
        self.folder = tempfile.TemporaryDirectory()

    def teardown(self):
        self.folder.cleanup()

    def track_import_of_numpys(self):
        python, numpy, ours = medians(self.folder.name, "", IMPORT_NUMPY, "import streamloss")
        return (ours - python) / (numpy - python)

    track_import_of_numpys.unit = "ratio"

    def track_import_process_of_numpys(self):
        numpy, ours = medians(self.folder.name, IMPORT_NUMPY, "import streamloss")
        return ours / numpy

    track_import_process_of_numpys.unit = "ratio"

    def track_small_result_beyond_numpy(self):
        numpy, ours = medians(self.folder.name, IMPORT_NUMPY, SMALL)
        return ours - numpy

    track_small_result_beyond_numpy.unit = "seconds"

    def track_large_weighted_result_beyond_numpy(self):
        numpy, ours = medians(self.folder.name, DATA, LARGE)
        return ours - numpy

    track_large_weighted_result_beyond_numpy.unit = "seconds"


class Cold:
    """The first process ever, which compiles."""

    params = (["float32", "float64"], ["unweighted", "weighted"])
    param_names = ("dtype", "weights")
    timeout = 300

    def track_first_result(self, dtype, weights):
        arrays = 3 if weights == "weighted" else 2
        script = LARGE.replace(f"(3, {SIZE}), 'float32'", f"({arrays}, {SIZE}), {dtype!r}")
        times = []
        for _ in range(min(ROUNDS, 3)):
            with tempfile.TemporaryDirectory() as folder:
                times.append(run(["-c", script], environment(folder))[0])
        return np.median(times)

    track_first_result.unit = "seconds"


TIMED = f"""
import sys, time
{DATA.replace("3, ", "2, ")}
import streamloss as sl
def seconds(names):
    start = time.perf_counter()
    sl.evaluate(names, *arrays)
    return time.perf_counter() - start
"""
"""What prints how long results take of losses that were not asked for before."""


class Further:
    """Losses after the first, and combinations of losses that are known alone."""

    timeout = 300

    def _seconds(self, known, script):
        """Return the median of what a script prints, in folders with the kernels of some losses."""
        found = []
        for _ in range(min(ROUNDS, 3)):
            with tempfile.TemporaryDirectory() as folder:
                env = environment(folder)
                for name in known:
                    run(["-c", f"{TIMED}seconds({name!r})"], env)
                found.append(float(run(["-c", TIMED + script], env)[1]))
        return np.median(found)

    def track_further_loss(self):
        script = "seconds('mse')\nprint(seconds('huber'))"
        return self._seconds(["mae"], script)

    track_further_loss.unit = "seconds"

    def track_further_loss_and_numba(self):
        return self._seconds(["mae"], "print(seconds('huber'))")

    track_further_loss_and_numba.unit = "seconds"

    def track_combination_beyond_one(self):
        """Return what three in a new process take beyond one of them in another."""
        names = ["mae", "mse", "huber"]
        three = self._seconds(names, f"print(seconds({names})); assert 'numba' not in sys.modules")
        return three - self._seconds(names, "print(seconds('mae'))")

    track_combination_beyond_one.unit = "seconds"
