"""Time whole processes of streamloss and others: `python -m benchmarks.processes [QUESTION...]`.

``pip install ".[cli,distributed,peers]"`` installs the libraries; those that are missing are left
out and named. The scripts are in benchmarks/_peers/scripts.py. Those of a question run in turn, in
another order each round. A round before is not counted: in it they compile, write their bytecode,
and must find the same number. Answers go to benchmarks/processes.json, and from there to pages by
`python -m benchmarks.readme`.
"""

import json
import re
import tempfile
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks._peers.run import OURS, versions
from benchmarks._peers.scripts import ARRAYS, QUESTIONS, TABLE
from benchmarks._processes import environment, run
from benchmarks.peers import keep, machine, parse

FOUND = Path(__file__).with_name("processes.json")
ROUNDS = 9
QUICK = 100
"""How many times fewer the rows of a quick run are."""

GROUP = 1_000_000
"""Rows of a row group."""

AGREE = 1e-6
"""How far an answer may be from the exact one, as a part of it: most add up in float32."""

NOTHING = "before"
"""The name of a process that only runs what all scripts of a question begin with."""


KEYS = {"carrier": 20, "origin": 350}
"""The keys of the table, and how many values each has."""


def write(folder, rows):
    """Write the arrays and the table, and return its weighted mean error and that of a slice.

    They are the mean of all rows, and that of the rows with the first value of both keys.
    """
    rng = np.random.default_rng(1)
    y, error, w = (draw(rows, "f4") for draw in (*[rng.standard_normal] * 2, rng.random))
    p = y + error / 10
    np.concatenate([y, p, w]).tofile(Path(folder, ARRAYS))
    codes = [rng.integers(0, values, rows, "i4") for values in KEYS.values()]
    keys = {
        name: pa.DictionaryArray.from_arrays(each, [f"{name}{k:03}" for k in range(values)])
        for name, each, values in zip(KEYS, codes, KEYS.values(), strict=True)
    }
    table = pa.table({"y": y, "p": p, "w": w, **keys})
    pq.write_table(table, Path(folder, TABLE), row_group_size=GROUP)
    errors, first = np.abs(p.astype("f8") - y), (codes[0] == 0) & (codes[1] == 0)
    return [np.average(errors[some], weights=w[some].astype("f8")) for some in (slice(None), first)]


def is_missing(script):
    """Return whether a script imports a module that is not installed."""
    names = re.findall(r"^(?:import|from) (\w+)", script, re.MULTILINE)
    return any(find_spec(name) is None for name in names)


def processes(question):
    """Return the arguments of each process by its name, and the names of those left out."""
    scripts = {name: question.before + script for name, script in question.scripts.items()}
    missing = [name for name, script in scripts.items() if is_missing(script)]
    started = {name: ["-c", script] for name, script in scripts.items() if name not in missing}
    if question.command:
        started[OURS] = ["-m", *question.command.split()]
    if question.before:
        started[NOTHING] = ["-c", question.before]
    return started, missing


def once(arguments, env, folder):
    """Return how many seconds of a process count, and its answer, which it prints first."""
    seconds, printed = run(arguments, env, folder)
    answer = re.search(r"\d+\.\d+", printed)
    clock = re.search(r"^seconds: (.+)", printed, re.MULTILINE)
    return float(clock[1]) if clock else seconds, float(answer[0]) if answer else None


def measure(started, rounds, env, folder, truth):
    """Return the seconds of each process in each round but the first, and all answers."""
    rng = np.random.default_rng(0)
    seconds, answers = {name: [] for name in started}, {}
    for _ in range(1 + rounds):
        for name in rng.permutation(list(started)):
            taken, answers[name] = once(started[name], env, folder)
            seconds[name].append(taken)
            if name != NOTHING and not abs(answers[name] - truth) <= AGREE * truth:
                raise SystemExit(f"{name} computes something else: {answers[name]}, not {truth}")
    return {name: np.array(each[1:]) for name, each in seconds.items()}, answers


def ask(question, rows, rounds, env, folder):
    """Return everybody's answer to a question, and how long it took beyond what all run before."""
    truth, of_slice = write(folder, rows)
    truth = of_slice if question.by else truth
    started, missing = processes(question)
    seconds, found = measure(started, rounds, env, folder, truth)
    before = seconds.pop(NOTHING, np.zeros(1))
    return {
        "title": question.title,
        "rows": rows,
        "rounds": rounds,
        "exact": truth,
        "missing": missing,
        "versions": versions(),
        "before_seconds": np.median(before),
        "answers": {
            name: {
                "value": found[name],
                "seconds": np.median(each) - np.median(before),
                "least_seconds": each.min() - before.min(),
            }
            for name, each in seconds.items()
        },
    }


def describe(found):
    """Yield the lines of a table, the fastest first."""
    yield f"\n{found['title']}; before it {found['before_seconds']:.3f} s"
    yield f"  {'':20}{'median, s':>12}{'least, s':>12}{'of ours':>10}"
    ours = found["answers"][OURS]["seconds"]
    for name, each in sorted(found["answers"].items(), key=lambda item: item[1]["seconds"]):
        cells = f"{each['seconds']:12.3f}{each['least_seconds']:12.3f}"
        yield f"  {name:20}{cells}{each['seconds'] / ours:10.2f}"
    if found["missing"]:
        yield f"  not installed: {', '.join(found['missing'])}"


def main(arguments=None):
    """Ask the questions named, or all."""
    options = parse(arguments, "benchmarks.processes", __doc__, QUESTIONS, ROUNDS)
    found = json.loads(FOUND.read_text()) if FOUND.exists() else {}
    rounds, less = (1, QUICK) if options.quick else (options.rounds, 1)
    with tempfile.TemporaryDirectory() as folder:
        env = environment(folder)
        for name in options.questions or QUESTIONS:
            question = QUESTIONS[name]
            answers = ask(question, question.rows // less, rounds, env, folder)
            print(*describe(answers), sep="\n", flush=True)
            found[name] = machine() | answers
            if not options.quick:
                keep(FOUND, found, QUESTIONS)


if __name__ == "__main__":
    main()
