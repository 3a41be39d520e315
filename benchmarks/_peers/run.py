"""One question, asked of everybody in one process: `benchmarks.peers` starts one for each."""

import json
import sys
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import numba
import numpy as np

import streamloss as sl
from benchmarks._measure import interleaved_medians, read_sweep, warm
from benchmarks._peers import PEERS, THREADS
from benchmarks._peers import arrays as _arrays  # noqa: F401
from benchmarks._peers import tables as _tables  # noqa: F401
from benchmarks._peers import tensors as _tensors  # noqa: F401
from benchmarks._peers.questions import QUESTIONS, Question

BLOCK = 1 << 18
SAMPLE = 10_000
OURS = "streamloss"


def exact(question: Question, arrays: list[Any]) -> Any:
    """Return the answer in long double, within 0.03 ulp of float64.

    64 bits on x86, in terms and in NumPy's pairwise sums, and none of our code.
    """
    if np.finfo(np.longdouble).nmant < 63:
        raise SystemExit("the exact value needs a long double of 64 bits")
    step = BLOCK // max(array[0].size for array in arrays)
    total = np.longdouble(0)
    for start in range(0, len(arrays[0]), step):
        block = [array[start : start + step].astype(np.longdouble) for array in arrays]
        total += question.terms(*block).sum()
    return total if question.total else total / count(arrays)


def count(arrays: list[Any]) -> int:
    """Return how many terms there are, without those of weight zero."""
    return int(np.count_nonzero(arrays[2])) if len(arrays) > 2 else len(arrays[0])


def prepare(name: str, question: Question, arrays: list[Any]) -> tuple[dict[str, Any], list[str]]:
    """Return a call and its arithmetic's type for us and each peer, and who is missing."""
    calls = {OURS: (question.ours(*arrays), "float64")}
    missing = []
    for peer in PEERS[name.rpartition(" ")[0]] + PEERS[name]:
        try:
            calls[peer.name] = peer.prepare(*arrays), peer.works_in or question.dtype
        except ImportError:
            missing.append(peer.name)
    return calls, missing


def distance(found: float, truth: Any) -> Any:
    """Return how far a value is from the exact one, in long double."""
    return abs(np.longdouble(found) - truth)


def check_same(name: str, question: Question) -> None:
    """Refuse a peer that computes something else, on terms so few that rounding cannot hide it.

    Rounding errors of sums grow with the root of the number of terms (Higham and Mary 2019).
    """
    arrays = question.make(question.dtype, SAMPLE)
    truth = exact(question, arrays)
    calls, _ = prepare(name, question, arrays)
    for peer, (call, works_in) in calls.items():
        found = float(call())
        bound = 4 * np.sqrt(SAMPLE) * np.finfo(works_in).eps * abs(truth)
        if not distance(found, truth) <= bound:
            raise SystemExit(f"{name}: {peer} computes something else: {found}, not {truth}")


def ask(name: str, size: int, rounds: int) -> dict[str, Any]:
    """Return what everybody answered, and how fast."""
    question = QUESTIONS[name]
    check_same(name, question)
    arrays = question.make(question.dtype, size)
    truth = exact(question, arrays)
    calls, missing = prepare(name, question, arrays)
    ulp = np.spacing(np.abs(np.float64(truth)))
    answers: dict[str, dict[str, Any]] = {}
    for peer, (call, works_in) in calls.items():
        found = float(call())
        off = float(distance(found, truth) / ulp)
        answers[peer] = {"value": found, "ulp": off, "works_in": works_in}
    wide = [array for array in arrays if array.size == size]
    functions = [read_sweep(*wide), *(call for call, _ in calls.values())]
    warm(*functions)
    read, *seconds = interleaved_medians(*functions, rounds=rounds, rng=np.random.default_rng(0))
    for answer, each in zip(answers.values(), seconds, strict=True):
        answer.update(seconds=each, of_read=each / read)
    return {
        "title": question.title,
        "size": size,
        "unit": question.unit,
        "threads": 1 if question.alone else THREADS,
        "rounds": rounds,
        "read_seconds": read,
        "exact": str(truth),
        "missing": missing,
        "versions": versions(),
        "answers": answers,
    }


LIBRARIES = (
    "numpy numba numexpr torch torchmetrics jax tensorflow-cpu scikit-learn polars duckdb dask "
    "dask-ml xsum pyarrow distributed"
).split()


def versions() -> dict[str, str]:
    """Return the versions of the libraries that are installed."""
    found = {}
    for library in LIBRARIES:
        with suppress(PackageNotFoundError):
            found[library] = version(library)
    return found


if __name__ == "__main__":
    name, size, rounds, path = sys.argv[1:]
    if QUESTIONS[name].alone:
        sl.set_num_threads(1)
        numba.set_num_threads(1)
    with open(path, "w") as file:
        json.dump(ask(name, int(size), int(rounds)), file)
