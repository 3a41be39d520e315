"""How far a number goes: the Python calls of the package that a result takes, warm.

``python -m benchmarks.walks`` prints, for each way to a result, the calls of the package's
functions, how many functions and modules they are of, and how deep they nest. Fewer are easier to
follow in a debugger; `docs/internals/follow_a_number.md` quotes the figures. With ``--modules`` it
names the modules too.
"""

from __future__ import annotations

import contextlib
import io
import sys
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import dask
import dask.array as da
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

import streamloss as sl
from streamloss.cli import main as command_line
from streamloss.compat import keras, torch

PACKAGE = str(Path(sl.__file__).parent)
LARGE, SMALL = 2_000_000, 100_000


class Walk:
    """Counts the package's calls in all threads while it is entered."""

    def __init__(self) -> None:
        self.calls = self.depth = 0
        self.codes: set[Any] = set()
        self._depths: dict[int, int] = {}

    def _note(self, frame: Any, event: str, _: Any) -> None:
        if not frame.f_code.co_filename.startswith(PACKAGE) or event not in ("call", "return"):
            return
        thread = threading.get_ident()
        depth = self._depths.get(thread, 0) + (1 if event == "call" else -1)
        self._depths[thread] = depth
        if event == "call":
            self.calls += 1
            self.codes.add(frame.f_code)
            self.depth = max(self.depth, depth)

    def __enter__(self) -> Walk:
        threading.setprofile(self._note)
        sys.setprofile(self._note)
        return self

    def __exit__(self, *_: object) -> None:
        sys.setprofile(None)
        threading.setprofile(None)

    @property
    def modules(self) -> list[str]:
        """The modules passed, by their names in the package."""
        paths = {Path(code.co_filename).relative_to(PACKAGE) for code in self.codes}
        return sorted(".".join(path.with_suffix("").parts) for path in paths)


def ways(folder: Path) -> dict[str, Callable[[], object]]:
    """Return every way to a result that is walked, by its name."""
    rng = np.random.default_rng(0)
    y, p, w = rng.random((3, LARGE))
    few, mask = y[:SMALL], w[:SMALL] > 0.5
    table = pa.table({"y": y[:SMALL], "p": p[:SMALL]})
    pq.write_table(table, folder / "rows.parquet")
    lazy = [da.from_array(a[:SMALL], chunks=SMALL // 4) for a in (y, p)]
    built = sl.evaluate("mae", *lazy)
    command = ["evaluate", str(folder / "rows.parquet"), "--true", "y", "--pred", "p"]
    command += ["--loss", "mae", "--threads", "1", "--json"]
    stream, sliced = sl.Accumulator("mae"), sl.Accumulator("mae", by="key")
    keys = (1000 * w[:SMALL]).astype(int)

    def from_file() -> None:
        with contextlib.redirect_stdout(io.StringIO()):
            command_line(command)

    return {
        "evaluate, numpy": lambda: sl.evaluate("mae", few, p[:SMALL]),
        "evaluate, numpy, 2 M": lambda: sl.evaluate("mae", y, p),
        "evaluate, where=": lambda: sl.evaluate("mae", few, p[:SMALL], where=mask),
        "evaluate, small list": lambda: sl.evaluate("mae", [1.0, 2.0], [2.0, 4.0]),
        "update, numpy": lambda: stream.update(few, p[:SMALL]),
        "evaluate, by=": lambda: sl.evaluate("mae", few, p[:SMALL], by=keys).values,
        "update, by=": lambda: sliced.update(few, p[:SMALL], by=keys),
        "dask, build": lambda: sl.evaluate("mae", *lazy),
        "dask, compute": lambda: built.compute(scheduler="sync"),
        "Parquet, command line": from_file,
        "compat.torch.L1Loss": lambda: torch.L1Loss()(few, p[:SMALL]),
        "compat.keras MAE, weights": lambda: keras.losses.MeanAbsoluteError()(
            few[:, None], p[:SMALL, None], sample_weight=w[:SMALL]
        ),
    }


def main() -> None:
    """Walk every way, and print what was passed."""
    dask.config.set(scheduler="sync")
    print(f"{'':26} {'calls':>6} {'functions':>10} {'modules':>8} {'depth':>6}")
    with tempfile.TemporaryDirectory() as folder:
        for name, run in ways(Path(folder)).items():
            for _ in range(3):  # the first compiles, and counts what Python takes
                with contextlib.suppress(SystemExit):
                    run()
            with Walk() as walk, contextlib.suppress(SystemExit):
                run()
            found = walk.calls, len(walk.codes), len(walk.modules), walk.depth
            print("{:26} {:6} {:10} {:8} {:6}".format(name, *found))
            if "--modules" in sys.argv:
                print("   ", *walk.modules)


if __name__ == "__main__":
    main()
