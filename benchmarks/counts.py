"""Time metrics of counts next to other libraries: `python -m benchmarks.counts [METRIC...]`.

``pip install ".[bench,peers]"`` installs the libraries; those that are missing are left out and
named. Twenty million labels of ten classes as int64, or labels of two and float32 scores. Each
metric is asked for in a process of its own, of everybody in turn, in another order each round; who
takes seconds is asked once. Answers go to benchmarks/counts.json, where each replaces its older
answer, and from there to pages by `python -m benchmarks.readme`.
"""

import json
from pathlib import Path

from benchmarks._peers.counts import CLASSES as CLASSES
from benchmarks._peers.counts import METRICS
from benchmarks._peers.counts import ask as ask_here
from benchmarks.peers import ask_module, keep, machine, parse

FOUND = Path(__file__).with_name("counts.json")
QUESTIONS = list(METRICS)
ROUNDS = 9


def describe(found):
    """Yield the lines of a table, as everybody is timed."""
    yield f"\n{METRICS[found['metric']]}, {found['rows']:,} rows"
    yield f"  {'':20}{'ms':>12}{'of ours':>10}  value"
    ours = found["answers"]["streamloss"]["seconds"]
    for name, each in found["answers"].items():
        times = f"{each['seconds'] * 1e3:12.4g}{each['seconds'] / ours:10.3g}"
        yield f"  {name:20}{times}  {each['value']!r}"
    if found["missing"]:
        yield f"  not installed: {', '.join(found['missing'])}"


def main(arguments=None):
    """Ask for the metrics named, or for all."""
    options = parse(arguments, "benchmarks.counts", __doc__, QUESTIONS, ROUNDS)
    if options.quick:
        for name in QUESTIONS:
            print(*describe(ask_here(name, 20_000, 2)), sep="\n", flush=True)
        return
    found = json.loads(FOUND.read_text()) if FOUND.exists() else {}
    for name in options.questions or QUESTIONS:
        answers = ask_module("counts", name, options.rounds)
        print(*describe(answers), sep="\n", flush=True)
        found[name] = machine() | answers
        keep(FOUND, found, QUESTIONS)


if __name__ == "__main__":
    main()
