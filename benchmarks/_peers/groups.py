"""Weighted absolute errors by a key: streamloss, Polars and DuckDB, in one process.

`benchmarks.slices` starts one for each question. A peer takes columns, and returns a call that
gives the keys and the mean of each group; its terms and sums are float64, whatever the columns are.
"""

import json
import sys
import tracemalloc
from typing import Any, NamedTuple

import numpy as np

import streamloss as sl
from benchmarks._measure import interleaved_seconds
from benchmarks._peers import THREADS
from benchmarks._peers.run import OURS, versions

PIECE = 26
"""Bits of a term that are summed at once: so many of 2**27 terms are exact in a float64."""


class Question(NamedTuple):
    """By which keys of how many groups, of how many rows."""

    keys: str
    groups: int
    rows: int

    @classmethod
    def named(cls, name: str) -> "Question":
        """Return the question of a name, such as "dense 1000 20"."""
        keys, groups, millions = name.split()
        return cls(keys, int(groups), int(millions) * 10**6)


class Columns(NamedTuple):
    """The data: float32, and keys of which the groups are in order."""

    codes: Any
    keys: Any
    y: Any
    p: Any
    w: Any


def columns(question: Question) -> Columns:
    """Return columns of random data, every group as likely as any other."""
    rng = np.random.default_rng(0)
    y = rng.standard_normal(question.rows, np.float32)
    p = y + np.float32(0.1) * rng.standard_normal(question.rows, np.float32)
    w = rng.random(question.rows, np.float32)
    codes = rng.integers(0, question.groups, question.rows, np.int32)
    keys = codes
    if question.keys == "sparse":
        some = np.unique(rng.integers(-(1 << 62), 1 << 62, 2 * question.groups))
        keys = np.sort(rng.permutation(some)[: question.groups])[codes]
    return Columns(codes, keys, y, p, w)


def ours(data: Columns) -> Any:
    """Return the call of streamloss; its slices are sorted."""

    def call() -> tuple[Any, Any]:
        res = sl.evaluate("mae", data.y, data.p, data.w, by=data.keys)
        return res.by["key"], res.values

    return call


def polars(engine: str) -> Any:
    """Return what makes a call of Polars with an engine."""

    def prepare(data: Columns) -> Any:
        import polars as pl

        y, p, w = (pl.col(name).cast(pl.Float64) for name in "ypw")
        frame = pl.DataFrame({"k": data.keys, "y": data.y, "p": data.p, "w": data.w})
        sums = ((p - y).abs() * w).sum().alias("S"), w.sum().alias("W")
        means = frame.lazy().group_by("k").agg(*sums).select("k", m=pl.col("S") / pl.col("W"))

        def call() -> tuple[Any, Any]:
            found = means.collect(engine=engine)
            return found["k"].to_numpy(), found["m"].to_numpy()

        return call

    return prepare


def duckdb(data: Columns) -> Any:
    """Return the call of DuckDB, of a table of its own in memory."""
    import duckdb
    import pyarrow as pa

    connection = duckdb.connect(config={"threads": THREADS})
    connection.register("given", pa.table({"k": data.keys, "y": data.y, "p": data.p, "w": data.w}))
    connection.execute("CREATE TABLE kept AS SELECT * FROM given")
    connection.unregister("given")
    terms = "w::DOUBLE * abs(p::DOUBLE - y::DOUBLE)"
    query = f"SELECT k, sum({terms}) / sum(w::DOUBLE) AS m FROM kept GROUP BY k"

    def call() -> tuple[Any, Any]:
        found = connection.execute(query).fetchnumpy()
        return found["k"], found["m"]

    return call


PEERS = {
    OURS: ours,
    "Polars, streaming": polars("streaming"),
    "Polars, in memory": polars("in-memory"),
    "DuckDB": duckdb,
}


def exact(data: Columns, groups: int) -> Any:
    """Return the mean of each group in long double, within 0.001 ulp of float64.

    Its terms are float64, as everybody's are here. None of our code is used.
    """
    y, p, w = (np.asarray(column, np.float64) for column in data[2:])
    losses, weights = (sums(data.codes, terms, groups) for terms in (abs(p - y) * w, w))
    return losses[weights != 0] / weights[weights != 0]


def sums(codes: Any, terms: Any, groups: int) -> Any:
    """Return the sums of terms below 2**8 by their codes, cut into pieces that add up exactly."""
    if np.finfo(np.longdouble).nmant < 63:
        raise SystemExit("the exact value needs a long double of 64 bits")
    pieces, unit, rest = [], 2.0 ** (8 - PIECE), terms
    while rest.any():
        piece = np.floor(rest / unit)
        pieces.append(np.bincount(codes, piece, groups).astype(np.longdouble) * unit)
        rest, unit = rest - piece * unit, unit / 2**PIECE
    return sum(reversed(pieces))


def means(name: str, keys: Any, values: Any, truth: Any) -> Any:
    """Return the means of an answer in the order of keys, refused if they mean something else."""
    found = np.asarray(values)[np.argsort(keys)]
    if len(found) != len(truth) or not np.allclose(found, truth.astype(np.float64), rtol=1e-9):
        raise SystemExit(f"{name} computes something else")
    return found


def error(found: Any, truth: Any) -> float:
    """Return how far the worst group is from the truth, in ulp of float64."""
    return float(np.max(abs(found - truth) / np.spacing(abs(truth.astype(np.float64)))))


def held(data: Columns) -> int:
    """Return the bytes of an accumulator of all that."""
    tracemalloc.start()
    accumulator = sl.Accumulator("mae", by="key").update(data.y, data.p, data.w, by=data.keys)
    found, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert accumulator.by
    return found


def ask(question: Question, rounds: int) -> dict[str, Any]:
    """Return what everybody answered, how fast, how far off, and whether with the same digits."""
    data = columns(question)
    truth = exact(data, question.groups)
    calls, missing = prepare(data)
    answers: dict[str, list[Any]] = {name: [] for name in calls}
    functions = [recorded(call, answers[name]) for name, call in calls.items()]
    interleaved_seconds(*functions, rounds=1)  # kernels are compiled, threads started
    rng = np.random.default_rng(0)
    seconds = interleaved_seconds(*functions, rounds=rounds, rng=rng).T
    found = {name: [means(name, *each, truth) for each in answers[name]] for name in calls}
    return {
        **question._asdict(),
        "threads": THREADS,
        "rounds": rounds,
        "bytes": held(data),
        "missing": missing,
        "versions": versions(),
        "answers": {
            name: {
                "seconds": float(np.median(times)),
                "least": float(times.min()),
                "ulp": max(error(each, truth) for each in found[name]),
                "same": all(np.array_equal(each, found[name][0]) for each in found[name]),
            }
            for name, times in zip(calls, seconds, strict=True)
        },
    }


def prepare(data: Columns) -> tuple[dict[str, Any], list[str]]:
    """Return everybody's calls, and who is not installed."""
    calls, missing = {}, []
    for name, make in PEERS.items():
        try:
            calls[name] = make(data)
        except ImportError:
            missing.append(name)
    return calls, missing


def recorded(call: Any, answers: list[Any]) -> Any:
    """Return a call that keeps its answer."""

    def kept() -> None:
        answers.append(call())

    return kept


if __name__ == "__main__":
    name, rounds, path = sys.argv[1:]
    with open(path, "w") as file:
        json.dump(ask(Question.named(name), int(rounds)), file)
