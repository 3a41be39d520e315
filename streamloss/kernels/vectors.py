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


_VECTORS = re.compile(r'(!"llvm\.loop\.interleave\.count", i32 )(\d+)')


def interleaved(module: str, later: int, count: int | None) -> str:
    """Return a module whose loops take so many vectors at once, if their own number is above one.

    By default it is what the number is above it.
    """

    def known(found: re.Match[str]) -> str:
        given = int(found[2])
        return found[0] if given < later else f"{found[1]}{count or given - later}"

    return _VECTORS.sub(known, module)


DOUBLES = 8
"""How many rows side by side are a vector. LLVM is told: of long rows it finds one cheaper."""

_FUNCTION = re.compile(r"^define [^@]*@([^(]+)\(.*?^}$", flags=re.M | re.S)
_CALLED = re.compile(r"^  (?:%\S+ = )?(?:tail )?call [^@]*@([^(]+)\(", flags=re.M)
_WIDTH = re.compile(r'^(!\d+) = !{!"llvm\.loop\.vectorize\.width"', flags=re.M)
_KNOWN = re.compile(r"^((!\d+) = distinct !{\2, .*)}$", flags=re.M)
_NEVER = re.compile(r"^attributes (#\d+) = {[^}]* noinline ", flags=re.M)
_LOOP = re.compile(r"!llvm\.loop (!\d+)")
_BLOCK = re.compile(r'^("[^"]*"|[^ ;"]+):')
_BRANCH = re.compile(r"^  (?:br|switch) .*label %")
_TARGET = re.compile(r'label %("[^"]*"|[^ ,]+)')
_MARKS = """
!900000 = !{!"llvm.loop.unroll.disable"}
!900001 = !{!"llvm.loop.unroll.full"}
!900002 = !{!"llvm.loop.unroll.runtime.disable"}
"""


def has_lanes(module: str) -> bool:
    """Return whether a loop of a module computes rows side by side, as `elements.across` has it."""
    return _WIDTH.search(module) is not None


def marked(module: str) -> str:
    """Return a module of which what such a loop calls is inlined, and loops there are unrolled.

    By itself LLVM unrolls short loops alone. Those that are marked it unrolls whole if the number
    of turns is a constant, and until `unmarked` no others.
    """
    reached = _reached(module)
    nodes: list[str] = []

    def mark(function: re.Match[str]) -> str:
        seen.clear()
        within = function[1] in reached
        loop = "!900001, !900002" if within else "!900000"
        head, *lines = function[0].splitlines()
        if within and not never & set(head.split()):
            head = f"{head[:-1]}alwaysinline {{"
        return "\n".join([head, *[_mark(line, loop, seen, nodes) for line in lines]])

    seen: set[str] = set()
    never = set(_NEVER.findall(module))
    loops = set(_LOOP.findall(module))
    module = _FUNCTION.sub(mark, module)
    module = _KNOWN.sub(lambda x: x[0] if x[2] not in loops else f"{x[1]}, !900000}}", module)
    return "\n".join([module, *nodes, _MARKS])


def _mark(line: str, loop: str, seen: set[str], nodes: list[str]) -> str:
    """Return a line, marked if it branches to a block before it, which begins a loop."""
    if block := _BLOCK.match(line):
        seen.add(block[1])
    elif _BRANCH.match(line) and "!llvm.loop" not in line and seen & set(_TARGET.findall(line)):
        name = f"!{900003 + len(nodes)}"
        nodes.append(f"{name} = distinct !{{{name}, {loop}}}")
        return f"{line}, !llvm.loop {name}"
    return line


def _reached(module: str) -> set[str]:
    """Return the names of the functions that loops over rows side by side call."""
    widths = set(_WIDTH.findall(module))
    loops = {name for line, name in _KNOWN.findall(module) if widths & set(line.split(", "))}
    functions = {found[1]: found[0] for found in _FUNCTION.finditer(module)}
    todo = [body for body in functions.values() if any(f"!llvm.loop {x}\n" in body for x in loops)]
    reached: set[str] = set()
    while todo:
        for name in set(_CALLED.findall(todo.pop())) & functions.keys() - reached:
            reached.add(name)
            todo.append(functions[name])
    return reached


def unmarked(module: str) -> str:
    """Return a module without the marks of `marked`: of what is left LLVM would complain."""
    return re.sub(r"llvm\.loop\.unroll\.(full|disable|runtime)", r"streamloss.\1", module)


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
