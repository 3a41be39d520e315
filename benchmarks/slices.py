"""Time and check slices next to Polars and DuckDB: `python -m benchmarks.slices [QUESTION...]`.

``pip install ".[bench,peers]"`` installs the libraries; those that are missing are left out and
named. A question is a weighted mean absolute error of float32 by a key, such as "sparse 1000 20":
int64 keys that lie far apart, 1,000 groups, 20 million rows; "dense" keys are int32 from 0 on.
Each is asked in a process of its own, of everybody in turn, in another order each round. Answers
go to benchmarks/slices.json, where each question replaces its older answer, and from there to pages
by `python -m benchmarks.readme`.
"""

import json
from pathlib import Path

from benchmarks._peers.groups import Question
from benchmarks._peers.groups import ask as ask_here
from benchmarks.peers import ask_module, keep, machine, parse

FOUND = Path(__file__).with_name("slices.json")
QUESTIONS = [
    f"{keys} {groups} {millions}"
    for millions in (20, 50)
    for keys in ("dense", "sparse")
    for groups in (10, 1000, 10_000, 100_000, 1_000_000)
]
ROUNDS = 9
QUICK = Question("dense", 10, 20_000), Question("sparse", 1000, 20_000)


def describe(found):
    """Yield the lines of a table, as everybody is timed."""
    yield f"\n{found['keys']} keys, {found['groups']:,} groups, {found['rows']:,} rows"
    yield f"  {'':20}{'ms, median':>12}{'least':>10}{'error in ulp':>14}  digits"
    for name, each in found["answers"].items():
        times = f"{each['seconds'] * 1e3:12.4g}{each['least'] * 1e3:10.4g}"
        digits = "the same each time" if each["same"] else "change from run to run"
        yield f"  {name:20}{times}{each['ulp']:14.3g}  {digits}"
    yield f"  an accumulator of them holds {found['bytes'] / 1e6:.1f} MB"
    if found["missing"]:
        yield f"  not installed: {', '.join(found['missing'])}"


def main(arguments=None):
    """Ask the questions named, or all."""
    options = parse(arguments, "benchmarks.slices", __doc__, QUESTIONS, ROUNDS)
    if options.quick:
        for question in QUICK:
            print(*describe(ask_here(question, 2)), sep="\n", flush=True)
        return
    found = json.loads(FOUND.read_text()) if FOUND.exists() else {}
    for name in options.questions or QUESTIONS:
        answers = ask_module("groups", name, options.rounds)
        print(*describe(answers), sep="\n", flush=True)
        found[name] = machine() | answers
        keep(FOUND, found, QUESTIONS)


if __name__ == "__main__":
    main()
