"""Time and check streamloss next to other libraries: `python -m benchmarks.peers [QUESTION...]`.

``pip install ".[bench,peers]"`` installs the libraries; those that are missing are left out and
named. Every question is asked in a process of its own, of everybody in turn, in another order each
round, on the same data; all may use all cores. Only the computation is timed: the arrays are in
each library's own type before. Answers go to benchmarks/peers.json, where each question replaces
its older answer. `python -m benchmarks.readme` takes the figures of pages from there.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from benchmarks._measure import ROUNDS
from benchmarks._peers import THREADS
from benchmarks._peers.questions import QUESTIONS

FOUND = Path(__file__).with_name("peers.json")
QUICK = [name for name in QUESTIONS if "float32" in name or "cache" in name]
"""The questions of a quick run, which has little data and only checks that everything works.

It stays in one process: a new one takes seconds to start. Float64 is another type, not other code.
"""

# Read by libraries as they start. Spinning threads would take the core of whoever comes next.
ENVIRONMENT = {
    "OMP_WAIT_POLICY": "PASSIVE",
    "TF_CPP_MIN_LOG_LEVEL": "3",
    **{
        name: str(THREADS)
        for name in ("OMP_NUM_THREADS", "NUMEXPR_MAX_THREADS", "POLARS_MAX_THREADS")
    },
}


def ask_here(name):
    """Return everybody's answers to a question about little data."""
    from benchmarks._peers import run

    return run.ask(name, size=20_000, rounds=1)


def ask(name, rounds):
    """Return everybody's answers to a question, from a new process."""
    return ask_module("run", name, QUESTIONS[name].size, rounds)


def ask_module(module, name, *numbers):
    """Return the answers that a module of `benchmarks._peers` writes in a new process."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "answers.json")
        process = [sys.executable, "-m", f"benchmarks._peers.{module}"]
        subprocess.run(
            [*process, name, *map(str, numbers), str(path)],
            env=os.environ | ENVIRONMENT,
            check=True,
        )
        return json.loads(path.read_text())


def describe(answers):
    """Return the lines of a table, the fastest first."""
    read = f"a read of them takes {answers['read_seconds'] * 1e3:.4g} ms"
    yield f"\n{answers['title']}: {answers['size']:,} {answers['unit']}; {read}"
    yield f"  {'':20}{'ms':>10}{'of the read':>14}{'error in ulp':>16}"
    for peer, each in sorted(answers["answers"].items(), key=lambda item: item[1]["seconds"]):
        cells = f"{each['seconds'] * 1e3:10.4g}{each['of_read']:14.2f}{each['ulp']:16.3g}"
        yield f"  {peer:20}{cells}"
    if answers["missing"]:
        yield f"  not installed: {', '.join(answers['missing'])}"


def machine():
    """Return what the figures depend on."""
    return {
        "when": f"{datetime.now(UTC):%Y-%m-%d}",
        "cores": len(os.sched_getaffinity(0)),
        "python": platform.python_version(),
        "processor": processor(),
    }


def processor():
    """Return the name of the processor, as far as the system tells."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()


def parse(arguments, name, description, questions, rounds=ROUNDS):
    """Return the arguments of a command line that asks questions."""
    parser = argparse.ArgumentParser(prog=f"python -m {name}", description=description)
    parser.add_argument("questions", nargs="*", metavar="QUESTION", help=", ".join(questions))
    parser.add_argument("--rounds", type=int, default=rounds)
    parser.add_argument("--quick", action="store_true", help="little data, and no file is written")
    found = parser.parse_args(arguments)
    if unknown := set(found.questions) - set(questions):
        parser.error(f"no such question: {', '.join(sorted(unknown))}")
    return found


def keep(path, found, questions):
    """Write all answers found, in the order of the questions."""
    ordered = {each: found[each] for each in questions if each in found}
    path.write_text(json.dumps(ordered, indent=1) + "\n")


def main(arguments=None):
    """Ask the questions named, or all."""
    options = parse(arguments, "benchmarks.peers", __doc__, QUESTIONS)
    found = json.loads(FOUND.read_text()) if FOUND.exists() else {}
    for name in options.questions or (QUICK if options.quick else QUESTIONS):
        answers = ask_here(name) if options.quick else ask(name, options.rounds)
        print(*describe(answers), sep="\n", flush=True)
        found[name] = machine() | answers
        if not options.quick:
            keep(FOUND, found, QUESTIONS)


if __name__ == "__main__":
    main()
