"""Check the code of GPUs without one: `python -m tests.gpu.code [--quick] [WORDS...]`.

Every kernel of `streamloss.kernels.gpu` is compiled to PTX by whichever CUDA target of numba
is installed, and held to the rules of `toolkit.broken`; ptxas, if there is one, assembles it. It
needs libnvvm, but neither GPU nor driver, and fails if a rule is broken or registers are spilled.

`--quick` takes each loss once. Otherwise it is the cases that have all the words in their names,
and what is found replaces what tests/gpu/code.json has of them.
"""

import argparse
import itertools
import json
import platform
import re
import sys
from collections import Counter
from datetime import UTC, datetime
from multiprocessing import get_context
from pathlib import Path
from typing import NamedTuple

import numba
from numba import types

from streamloss import losses as _losses
from streamloss.kernels import gpu
from streamloss.kernels.switches import NARROW, OMIT, SIFT, WIDE
from streamloss.losses.base import parts_of
from streamloss.losses.names import LOSSES
from tests.gpu import toolkit

FOUND = Path(__file__).with_name("code.json")
TARGETS = "sm_90", "sm_75", "sm_80", "sm_100"
DTYPES = "float32", "float64", "float16", "int32"


class Case(NamedTuple):
    """A kernel and the types it is compiled for."""

    kernel: str
    loss: str
    dtype: str
    options: tuple[str, ...] = ("weighted",)
    target: str = "sm_90"

    def __str__(self):
        return " ".join([*self[:3], *self.options, self.target])


def losses():
    """Return every loss by its name; of a metric, the parts that it is made of."""
    found = {"value": _losses.Value()}
    for name, cls in LOSSES.items():
        parts = parts_of((cls(),))
        known = {type(loss) for loss in found.values()}
        for k, part in enumerate(parts):
            if type(part) not in known:
                found[name if len(parts) == 1 else f"{name}.{k}"] = part
    return found


NAMED = losses()
ROWS = [name for name, loss in NAMED.items() if any(loss.ranks)]
POINTS = [name for name in NAMED if name not in ROWS]
ADDING = "fold_grid", "scatter_grid"
"""The kernels that add to sums."""


def quick_cases():
    """Yield each loss once, and each of the other kernels."""
    yield from (Case("fold_grid", name, "float32") for name in POINTS)
    yield from (Case("rows_grid", name, "float32", ()) for name in ROWS)
    yield from (
        Case("scatter_grid", name, "float32") for name in ("absolute_error", "covariance.2")
    )
    yield Case("map_grid", "absolute_error", "float32")
    yield Case("find_missing", "value", "float32", ())


def all_cases():
    """Yield all cases: on sm_90 every dtype with and without weights; masks for float32 alone.

    Other targets have the quick cases: all that comes before libnvvm is the same for each.
    """
    every = [("",), ("weighted",)]
    masks = ("where",), ("omit",), ("where", "omit")
    for name in POINTS:
        complexes = ("complex64",) if NAMED[name].complex_inputs else ()
        for dtype, options in itertools.product((*DTYPES, *complexes), every):
            yield Case("fold_grid", name, dtype, tuple(filter(None, options)))
        for mask in masks:
            yield Case("fold_grid", name, "float32", ("weighted", *mask))
            yield Case("scatter_grid", name, "float32", ("weighted", *mask))
        yield Case("scatter_grid", name, "float32")
        yield Case("map_grid", name, "float32")
    for name, dtype in itertools.product(ROWS, DTYPES):
        yield Case("rows_grid", name, dtype, ())
    yield from (Case("find_missing", "value", dtype, ()) for dtype in DTYPES)
    for target, case in itertools.product(TARGETS[1:], quick_cases()):
        yield case._replace(target=target)


def array(dtype, ndim, layout="A"):
    """Return the type of arrays of a dtype."""
    return types.Array(getattr(types, dtype), ndim, layout)


def arguments(case):
    """Return the types that the kernel of a case is launched with."""
    loss, dtype, none = NAMED[case.loss], case.dtype, types.Tuple(())
    weight = {"int32": "float64", "complex64": "float32"}.get(dtype, dtype)
    inputs = types.Tuple([array(dtype, 5)] * len(loss.ranks))
    weights = types.Tuple([array(weight, 5)]) if "weighted" in case.options else none
    where = types.Tuple([array("boolean", 5)]) if "where" in case.options else none
    width = numba.typeof(NARROW if dtype == "float32" else WIDE)
    rule = numba.typeof(OMIT if "omit" in case.options else SIFT)
    sums, counts = types.Array(types.int64, 3, "C"), types.Array(types.int64, 2, "C")
    count = types.int64
    match case.kernel:
        case "fold_grid":
            some = numba.typeof((loss,))
            return some, inputs, weights, where, none, sums, counts, count, count, width, rule
        case "scatter_grid":
            some = numba.typeof((loss,))
            added = array("int32", 5), sums, counts, count, count, count
            return some, inputs, weights, where, none, *added, width, rule
        case "map_grid":
            out = array("float64", 5)
            return numba.typeof(loss), inputs, weights, where, out, count, rule
        case "rows_grid":
            rows = [array(dtype if n else "int64", n + 1, "C") for n in loss.ranks]
            scratch = [array("float64", 2, "C")] * len(rows)
            out = array("float64", 1, "C")
            return numba.typeof(loss), types.Tuple(rows), out, types.Tuple(scratch)
    return array(dtype, 2, "C"), array("boolean", 1, "C")


def look(case):
    """Return what ptxas says of a case, its bytes of PTX, and the rules it breaks."""
    try:
        ptx = toolkit.compiled(getattr(gpu, case.kernel), arguments(case), case.target)
    except Exception as error:  # of the compiler, any
        lines = [line for line in str(error).splitlines() if line.strip()]
        return None, 0, [f"does not compile: {type(error).__name__}: {lines[-1][:300]}"]
    rules = toolkit.broken(ptx, case.kernel in ADDING, fuses=NAMED[case.loss].streams > 1)
    try:
        code = toolkit.assembled(ptx, case.target)
    except RuntimeError as error:
        return None, len(ptx), [*rules, str(error)]
    if code and code.spilled:
        rules.append(f"spills {code.spilled} bytes of registers")
    return code, len(ptx), rules


def look_at(cases):
    """Return what was found of some cases."""
    return [look(case) for case in cases]


def run(cases, jobs):
    """Yield each case with what was found, those of one loss from one process, that knows it."""
    cases = sorted(cases, key=lambda case: [*case[:1], list(NAMED).index(case.loss), *case[2:]])
    groups = [[*some] for _, some in itertools.groupby(cases, key=lambda case: case[:2])]
    # what the compiler keeps is given back with the process; not by ProcessPoolExecutor, which
    # waits for ever when one has done its tasks (cpython #115634)
    with get_context("spawn").Pool(jobs, maxtasksperchild=12) as pool:
        for group, found in zip(groups, pool.imap(look_at, groups), strict=True):
            yield from zip(group, found, strict=True)


def describe(case, code, size, rules):
    """Return the line of a case."""
    figures = code and f"{code.registers:5}{code.spilled:8}{code.stack:8}{code.shared:8}"
    return "\n    ".join([f"{case!s:72}{size:8}{figures or '  not assembled'}", *rules])


def keep(found):
    """Write what was found to the file, beside what it has."""
    kept = json.loads(FOUND.read_text()) if FOUND.exists() else {}
    own = kept.setdefault(toolkit.implementation(), {"cases": {}})
    own |= {"when": f"{datetime.now(UTC):%Y-%m-%d}", "python": platform.python_version()}
    own["columns"] = ["registers", "spilled", "stack", "shared", "bytes of PTX"]
    own["cases"] |= {str(case): [*(code or [None] * 4), size] for case, code, size, _ in found}
    own["cases"] = dict(sorted(own["cases"].items()))
    own["not looked at"] = sum(str(case) not in own["cases"] for case in all_cases())
    text = json.dumps(kept, indent=1)
    FOUND.write_text(re.sub(r"\[[^\]]*\]", lambda each: " ".join(each[0].split()), text) + "\n")


def main(words=None):
    """Look at the cases asked for, print them and return whether a rule is broken."""
    parser = argparse.ArgumentParser(description=__doc__.partition(":")[0])
    parser.add_argument("--quick", action="store_true", help="each loss once; write no file")
    parser.add_argument("--jobs", type=int, default=2, help="processes (default: %(default)s)")
    parser.add_argument("words", nargs="*", help="cases with these words in their names")
    given = parser.parse_args(words)
    if not toolkit.has_libnvvm():
        sys.exit(toolkit.MISSING)
    cases = [*(quick_cases() if given.quick else all_cases())]
    cases = [case for case in cases if set(given.words) <= set(str(case).split())]
    print(f"{toolkit.implementation()}, {len(cases)} cases")
    print(f"{'':72}{'PTX':>8}{'regs':>5}{'spills':>8}{'stack':>8}{'shared':>8}")
    found = []
    for case, some in run(cases, given.jobs):
        found.append((case, *some))
        print(describe(*found[-1]), flush=True)
        if not given.quick:
            keep(found)
    bad = Counter(bool(rules) for *_, rules in found)
    print(f"{bad[True]} of {len(found)} cases break a rule")
    return bad[True] > 0 or not found


if __name__ == "__main__":
    sys.exit(main())
