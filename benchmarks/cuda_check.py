"""Check a GPU against the CPU, bit for bit, and time it: minutes, by hand.

``python -m benchmarks.cuda_check [--quick] [--loss CLASS]... [--jobs N] [--output FILE]`` compares
every loss in many ways, tries what users rely on, times the kernels next to a copy on the same GPU,
and writes what it found as JSON. It exits with status 1 if a bit differs or a check fails.

Without a GPU nothing is timed, and arrays are small. With ``--emulate`` the CPU executes what the
compiler made for one (`tests/gpu/emulator`); with ``NUMBA_ENABLE_CUDASIM=1`` numba's simulator runs
the kernels in Python, which shows that this script works, and says nothing of a GPU.
"""

import argparse
import datetime
import itertools
import json
import multiprocessing
import operator
import os
import platform
import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

os.environ.setdefault("NUMBA_CUDA_LOW_OCCUPANCY_WARNINGS", "0")  # small arrays are meant

from numba import cuda
from numba.core.errors import NumbaError

LIBRARIES = "streamloss numpy numba numba-cuda llvmlite cupy-cuda12x cupy-cuda13x torch".split()
DTYPES = "float32", "float64"
SIZES = 50_000_000, 200_000_000, 500_000_000


def options():
    """Return what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="smaller arrays, fewer kernels")
    parser.add_argument("--emulate", action="store_true", help="have the CPU play the GPU")
    parser.add_argument("--loss", action="append", metavar="CLASS", help="these classes alone")
    parser.add_argument("--jobs", type=int, help="processes that compile and compare")
    parser.add_argument("--output", metavar="FILE", help="(default: a JSON beside this)")
    return parser.parse_args()


def refusal():
    """Return why there is nothing to check here, None if there is."""
    try:
        if cuda.is_available():
            return None
    except (NumbaError, OSError) as error:
        return f"no GPU that numba can use: {error}"
    return (
        "no GPU that numba can use, and neither --emulate nor NUMBA_ENABLE_CUDASIM=1 is set:"
        " nothing was checked"
    )


def environment():
    """Return the machine and the versions of what matters."""
    from tests.gpu.cases import SIMULATED

    found = {}
    for library in LIBRARIES:
        try:
            found[library] = version(library)
        except PackageNotFoundError:
            found[library] = None
    return {
        "when": datetime.date.today().isoformat(),
        "gpu": "numba's simulator" if SIMULATED else gpu(),
        "cpu": processor(),
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "versions": found,
    }


def gpu():
    """Return the GPU, its driver and its memory, in the words of nvidia-smi if it is there."""
    device = cuda.get_current_device()
    name = device.name.decode() if isinstance(device.name, bytes) else device.name
    words = f"{name}, cc {device.compute_capability}, runtime {cuda.runtime.get_version()}"
    query = ["nvidia-smi", "--query-gpu=driver_version,memory.total", "--format=csv,noheader"]
    try:
        return f"{words}, driver {subprocess.check_output(query, text=True).strip()}"
    except (OSError, subprocess.CalledProcessError):
        return words


def processor():
    """Return the name of the CPU."""
    try:
        with open("/proc/cpuinfo") as file:
            return next(line.split(":")[1].strip() for line in file if "model name" in line)
    except (OSError, StopIteration):
        return platform.processor()


def compared(names, sizes, jobs):
    """Return the records of all cases: each loss and dtype compiles in one of several processes."""
    from tests.gpu import cases

    unknown = set(names or ()) - cases.drawn().keys()
    if unknown:
        raise SystemExit(f"--loss must name classes: {', '.join(unknown)} are none")
    tasks = [(name, dtype) for name in names or cases.drawn() for dtype in DTYPES]
    records, spawn = [], multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(jobs, mp_context=spawn) as pool:
        futures = [pool.submit(cases.check, *task, sizes) for task in tasks]
        for (name, dtype), future in zip(tasks, futures, strict=True):
            found = future.result()
            records += found
            print(f"{name:34} {dtype}  {summary(found)}", flush=True)
    return records


def summary(records):
    """Return in a line what came of some cases."""
    wrong = [record for record in records if record["wrong"]]
    first = f", first: {wrong[0]['way']}: {wrong[0]['wrong']}" if wrong else ""
    return f"{len(records):3} cases, {len(wrong)} differ{first}"


def behaved():
    """Return the records of what users rely on; emulated, also with the streams of CuPy's kind."""
    from tests.gpu import behaviour, emulator

    records = [] if emulator.is_on() else behaviour.run()
    for streams_block in (True, False) if emulator.is_on() else ():
        with emulator.orders(0, streams_block):
            records += [{**record, "streams_block": streams_block} for record in behaviour.run()]
    for record in records:
        verdict = "FAILED" if record["failed"] else "      "
        print(f"{record['check']:20} {verdict} {record['said']}", flush=True)
    return records


def timed(sizes):
    """Return the times of kernels."""
    from benchmarks import _cuda_pace as pace

    print(f"{'':34}     pairs   of a copy   GB/s   wall ms   torch / streamloss")
    records = []
    for record in pace.run(sizes):
        records.append(record)
        seconds = record["seconds"]
        name = f"{'weighted ' * record['weighted']}{record['loss']} {record['dtype']}"
        times = seconds["torch"] / seconds["streamloss"] if "torch" in seconds else float("nan")
        print(
            f"{name:34} {record['size']:9}   {record['share_of_copy']:8.2f}"
            f"   {record['read_bytes_per_second'] / 1e9:6.0f}  {1e3 * record['wall_seconds']:8.2f}"
            f"   {times:.1f}",
            flush=True,
        )
    return records


def together(records):
    """Return the cases of each loss and dtype as one record."""
    found = []
    for (loss, dtype), some in itertools.groupby(records, operator.itemgetter("loss", "dtype")):
        some = [*some]
        wrong = {record["way"]: record["wrong"] for record in some if record["wrong"]}
        worst = max(record["ulp"] or 0 for record in some)
        of = {"loss": loss, "dtype": dtype, "cases": len(some)}
        found.append({**of, "ulp": worst, "wrong": wrong})
    return found


def write(path, found):
    """Write what was found as JSON, each record on a line."""
    parts = []
    for name, value in found.items():
        text = json.dumps(value)
        if isinstance(value, list):
            text = "[\n  " + ",\n  ".join(map(json.dumps, value)) + "\n ]"
        parts.append(f'"{name}": {text}')
    Path(path).write_text("{\n " + ",\n ".join(parts) + "\n}\n")


def main():
    """Check, time, write; return the exit status."""
    asked = options()
    if asked.emulate:
        from tests.gpu import emulator

        emulator.start()
    reason = refusal()
    if reason:
        raise SystemExit(f"benchmarks.cuda_check: {reason}")
    from tests.gpu.cases import EMULATED, FEW, FULL, QUICK, SIMULATED, SMALL, TINY

    machine, played = environment(), SIMULATED or EMULATED
    print(json.dumps(machine, indent=1))
    sizes = QUICK if asked.quick else FULL
    if played:
        sizes = TINY if SIMULATED else FEW if asked.quick else SMALL
    cases = compared(asked.loss, sizes, asked.jobs or max(1, os.cpu_count() // 2))
    checks = behaved()
    times = [] if played else timed(SIZES[:1] if asked.quick else SIZES)
    found = {"environment": machine, "cases": together(cases), "behaviour": checks, "times": times}
    name = "cuda_emulated.json" if EMULATED else "cuda_check.json"
    path = asked.output or str(Path(__file__).with_name(name))
    write(path, found)
    failures = [r for r in cases if r["wrong"]] + [r for r in checks if r["failed"]]
    print(f"{len(cases)} cases, {len(checks)} checks, {len(failures)} failures: {path}")
    if played:
        print(f"This was {machine['gpu']}: no GPU was checked, and nothing was timed.")
    return int(bool(failures))


if __name__ == "__main__":
    sys.exit(main())
