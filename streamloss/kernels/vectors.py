"""Wide vectors and prefetches, written into the text of LLVM's modules."""

from __future__ import annotations

import re

from .loader import Processor

AHEAD = 2048
"""Bytes ahead of which loops ask for memory: 4096 are as good, 1024 are less
(`benchmarks/bench_vectors.py`)."""

WIDEST = "avx512f", "avx512vl", "avx512dq"
"""The features of CPUs with vectors of 512 bits."""

_DEFINED = re.compile(
    r"^(define [^\n]*?\)(?: local_unnamed_addr| unnamed_addr)?)((?: #\d+)?(?: comdat[^\n{]*)? ?"
    r"(?:align \d+ )?\{)$",
    flags=re.M,
)


def widened(module: str, processor: Processor) -> str:
    """Return a module in which every function asks for the widest vectors that a CPU has.

    LLVM takes half of AVX-512 by itself. The attribute of an inlined function is lost with it, as
    that of `fold` was.
    """
    if not processor.has(*WIDEST):
        return module
    return _DEFINED.sub(r'\1 "prefer-vector-width"="512"\2', module)


def ahead(processor: Processor) -> int:
    """Return how many bytes ahead loops ask for memory, 0 if they do not.

    Intel's CPUs with AVX-512 fetch too little by themselves: with two threads a plain loss went
    from 1.43 to 0.98 of the time of a plain read of its arrays. AMD's, which alone have CLZERO,
    do not: on Zen 4 it was 1.03 of float32 with prefetches and without, and of float64 up to 1.12
    with them and 1.02 without. Others were not measured, and are left alone.
    """
    return AHEAD if processor.has(*WIDEST) and not processor.has("clzero") else 0


_LABEL = re.compile(r'^"?([^ ;"]*)"?:')
_STEP = re.compile(r"  %(\S+) = getelementptr .*?i8, ptr (%\S+), i64 (\d+)$")
_LOAD = re.compile(r"  %\S+ = load <(\d+) x (float|double)>, ptr (%\S+), align")
_DECLARED = (
    "declare void @llvm.prefetch.p0(ptr nocapture readonly, i32 immarg, i32 immarg, i32 immarg)"
)


def prefetched(module: str, ahead: int) -> str:
    """Return an optimised module with a prefetch beside each wide load of a vector loop.

    LLVM makes no vectors of a loop that has a prefetch, so they come after it. Of the loads that
    share a cache line only one has a prefetch; beyond the end of an array it does nothing.
    """
    if not ahead:
        return module
    lines: list[str] = []
    count, inside = 0, False
    steps: dict[str, int] = {}
    for line in module.splitlines():
        lines.append(line)
        if label := _LABEL.match(line):
            inside, steps = "vector.body" in label[1], {}
        elif not inside:
            continue
        elif step := _STEP.match(line):
            steps["%" + step[1]] = int(step[3])
        elif load := _LOAD.match(line):
            size = int(load[1]) * (4 if load[2] == "float" else 8)
            if size < 64 and steps.get(load[3], 0) % 64:
                continue
            for at in range(ahead, ahead + max(size, 64), 64):
                lines.append(f"  %ahead.{count} = getelementptr i8, ptr {load[3]}, i64 {at}")
                lines.append(
                    f"  call void @llvm.prefetch.p0(ptr %ahead.{count}, i32 0, i32 3, i32 1)"
                )
                count += 1
    return "\n".join([*lines, *([_DECLARED] if count else []), ""])
