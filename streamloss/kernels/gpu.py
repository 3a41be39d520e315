"""Kernels of GPUs: every lane folds its share of the arrays with the loop bodies of the CPU.

A team of lanes (a block of threads) shares exact rows in its shared memory, which the lanes add to
by integer atomics; when it is done it adds them to the rows of the State, likewise. Integers add
up to the same sum in any order, so it does not matter how many lanes there are, or which is first.

Arrays have five axes: two that are kept, two that are reduced, and one along which the lanes of a
team lie side by side. This is the only module that imports `numba.cuda`.
"""

# mypy: disable-error-code="no-untyped-def, no-untyped-call, untyped-decorator, attr-defined"

from __future__ import annotations

import sys
from typing import Any

import numba
import numpy as np
from numba import cuda, types
from numba.extending import overload
from numba.np.numpy_support import as_dtype

from streamloss.exact import digits
from streamloss.exact.counts import COLUMNS, MASKED, MISSING
from streamloss.exact.digits import DIGITS, LOWEST, WIDTH
from streamloss.losses import arithmetic, elementary

from . import elements, meanings, registry  # noqa: F401  # the first registers meanings
from .elements import widen
from .fold import EXPONENT, MODE, ONE, TWO, fold_all
from .maps import map_rows, map_terms

MOST = 8
"""Losses of one launch."""

SUMS = MOST + 1

SHARED = 72
"""Rows in the shared memory of a team, 41 KiB: as many copies as there is room for, so that few
lanes add to the same."""

STEP = 64
"""Elements of a lane's block: their terms are 512 bytes of its own memory."""


def fold_grid(losses, inputs, weights, where, found, sums, counts, step, parts, narrow, rule):
    """Add every element to the sums and counts of its cell; several teams share a cell's parts."""
    round_apart()
    lane, width, last = cuda.threadIdx.x, cuda.blockDim.x, len(losses)
    shared = cuda.shared.array((SHARED, WIDTH), types.int64)
    guesses = cuda.shared.array(SUMS, types.int64)
    memory = cuda.local.array((SUMS, 3), types.int64)
    tally = cuda.local.array(COLUMNS, types.int64)
    terms = cuda.local.array(STEP, types.float64)
    copies = SHARED // (last + 2)
    own = lane % copies * (last + 2)
    shape = inputs[0].shape
    chunk = step * width
    chunks = (shape[4] + chunk - 1) // chunk
    blocks = shape[2] * shape[3] * chunks
    for task in range(cuda.blockIdx.x, shape[0] * shape[1] * parts, cuda.gridDim.x):
        cell, part = task // parts, task % parts
        clear(shared, guesses, memory, tally, lane, width)
        cuda.syncthreads()
        for block in range(part, blocks, parts):
            place = cell * shape[2] * shape[3] + block // chunks
            start = block % chunks * chunk
            stop = start + chunk if start + chunk < shape[4] else shape[4]
            for turn in range(2):
                if turn == 0 and block != part:
                    continue
                # the first elements, one for each lane, tell the team how large terms are
                end = start + width if turn == 0 and start + width < stop else stop
                add_share(
                    losses,
                    share(inputs, place, start + lane, end, width),
                    share(weights, place, start + lane, end, width),
                    share(where, place, start + lane, end, width),
                    share(found, place, start + lane, end, width),
                    shared[own : own + last + 1],
                    tally,
                    memory,
                    terms,
                    narrow,
                    rule,
                )
                if turn == 0:
                    agree(guesses, memory, last, len(narrow) > 0)
                start = end
        for k in range(COLUMNS):
            digits.increase(shared[own + last + 1], k, tally[k])
        cuda.syncthreads()
        flush(shared, copies, sums, counts, cell, last, lane, width)
        cuda.syncthreads()


def share(arrays, place, start, stop, width):
    """Return a lane's elements of a line of each array."""
    return tuple([line(array, place, start, stop, width)[0] for array in arrays])


def line(array, place, start, stop, width):
    """Return every `width`-th element of a line along the last of five axes, in a tuple."""
    shape = array.shape
    rest = place // shape[3]
    first = rest // shape[2]
    a, b, c, d = first // shape[1], first % shape[1], rest % shape[2], place % shape[3]
    return (array[a, b, c, d, start:stop:width],)


def add_share(losses, inputs, weights, where, found, sums, tally, memory, terms, narrow, rule):
    """Add a lane's elements to its team's rows and its own counts; masked ones are not missing."""
    (heavy,), (alike,), (seen,) = only(weights), only(narrow), watch(rule, (*found, *where))
    fold_all(losses, inputs, heavy, sums, tally, memory, terms, alike, seen)
    masked = hidden(where)
    tally[MASKED] += masked
    tally[MISSING] -= masked


def only(values):
    """Return a tuple that is not empty, or one of None, which kernels of GPUs do not take."""
    return values or (None,)


def watch(rule, masks):
    """Return the rule of `switches` with the masks that there are, in a tuple."""
    return ((*masks, *rule),) if masks else only(rule)


def hidden(where):
    """Return how many elements a mask hides; where there is none, none."""
    count = 0
    for mask in where:
        for i in range(mask.size):
            count += not mask[i]
    return count


def clear(shared, guesses, memory, tally, lane, width):
    """Begin anew with nothing added and nothing known."""
    for item in range(lane, SHARED * WIDTH, width):
        shared[item // WIDTH, item % WIDTH] = 0
    for k in range(lane, SUMS, width):
        guesses[k] = LOWEST
    for k in range(SUMS):
        for column in range(3):
            memory[k, column] = 0
    for k in range(COLUMNS):
        tally[k] = 0


def agree(guesses, memory, last, narrow):
    """Let all lanes of a team expect the largest terms that one has seen."""
    for k in range(last + 1):
        cuda.atomic.max(guesses, k, memory[k, EXPONENT])
    cuda.syncthreads()
    for k in range(last + 1):
        memory[k, EXPONENT] = guesses[k]
    memory[last, MODE] = ONE if narrow else TWO


def flush(shared, copies, sums, counts, cell, last, lane, width):
    """Add a team's rows to those of a cell, its digits' carries to the next, so that none grows."""
    for item in range(lane, (last + 2) * WIDTH, width):
        k, column = item // WIDTH, item % WIDTH
        total = np.int64(0)
        for copy in range(copies):
            total += shared[copy * (last + 2) + k, column]
        if total == 0:
            continue
        if k > last:
            cuda.atomic.add(counts, (cell, column), total)
        elif DIGITS <= column < WIDTH - 1:
            cuda.atomic.add(sums, (cell, k, column), total & 0xFFFFFFFF)
            cuda.atomic.add(sums, (cell, k, column + 1), total >> 32)
        else:
            cuda.atomic.add(sums, (cell, k, column), total)


def fill(out, value):
    """Write a value everywhere."""
    for i in range(cuda.grid(1), out.size, cuda.gridsize(1)):
        out[i] = value


def map_grid(loss, inputs, weights, where, out, step, rule):
    """Write the weighted loss of every element."""
    round_apart()
    lane, width, shape = cuda.threadIdx.x, cuda.blockDim.x, out.shape
    chunk = step * width
    chunks = (shape[4] + chunk - 1) // chunk
    blocks = shape[0] * shape[1] * shape[2] * shape[3] * chunks
    for block in range(cuda.blockIdx.x, blocks, cuda.gridDim.x):
        place, start = block // chunks, block % chunks * chunk
        stop = start + chunk if start + chunk < shape[4] else shape[4]
        (heavy,) = only(share(weights, place, start + lane, stop, width))
        (mine,) = line(out, place, start + lane, stop, width)
        (seen,) = watch(rule, share(where, place, start + lane, stop, width))
        map_terms(loss, share(inputs, place, start + lane, stop, width), heavy, mine, seen)


def rows_grid(loss, inputs, out, room):
    """Write the loss of every row; `room` has a column for each lane and input."""
    round_apart()
    lane, lanes = cuda.grid(1), cuda.gridsize(1)
    map_rows(loss, every(inputs, lane, lanes), out[lane::lanes], columns(room, lane))


def every(arrays, start, step):
    """Return every `step`-th row of each array."""
    return tuple([array[start::step] for array in arrays])


def columns(arrays, k):
    """Return column k of each array."""
    return tuple([array[:, k] for array in arrays])


def find_missing(rows, out):
    """Write False for every row that has a NaN."""
    for i in range(cuda.grid(1), rows.shape[0], cuda.gridsize(1)):
        for j in range(rows.shape[1]):
            x = widen(rows[i, j])  # of float16, numba-cuda calls what it does not link
            if x != x:
                out[i] = False


COMPILED = (
    line,
    add_share,
    clear,
    agree,
    flush,
    map_rows,
    map_terms,
)

for _body in COMPILED:
    registry.compiled(_body, {})


@registry.meaning(share, {})
def _share(arrays, place, start, stop, width):
    if len(arrays) == 0:
        return lambda arrays, place, start, stop, width: ()
    return lambda arrays, place, start, stop, width: (
        *line(arrays[0], place, start, stop, width),
        *share(arrays[1:], place, start, stop, width),
    )


@registry.meaning(only, {})
def _only(values):
    if len(values) == 0:
        return lambda values: (None,)
    return lambda values: values


@registry.meaning(watch, {})
def _watch(rule, masks):
    if len(masks) == 0:
        return lambda rule, masks: only(rule)
    if len(rule) == 0:
        return lambda rule, masks: (masks,)
    return lambda rule, masks: ((*masks, *rule),)


@registry.meaning(hidden, {})
def _hidden(where):
    if len(where) == 0:
        return lambda where: 0
    return hidden


@registry.meaning(every, {})
def _every(arrays, start, step):
    if len(arrays) == 0:
        return lambda arrays, start, step: ()
    return lambda arrays, start, step: (arrays[0][start::step], *every(arrays[1:], start, step))


@registry.meaning(columns, {})
def _columns(arrays, k):
    if len(arrays) == 0:
        return lambda arrays, k: ()
    return lambda arrays, k: (arrays[0][:, k], *columns(arrays[1:], k))


if numba.config.ENABLE_CUDASIM:
    from numba.cuda.simulator.kernelapi import FakeCUDAShared

    def round_apart():
        """Do nothing: Python rounds every operation."""

    def _shared_array(self, shape, dtype):
        """Return the array that a line of a kernel makes, the same for all lanes of a team.

        Of numba's, lanes that come at the same time may get one each.
        """
        caller = sys._getframe(1)
        array = np.empty(shape, as_dtype(dtype))
        return self._allocations.setdefault((caller.f_code, caller.f_lineno), array)

    FakeCUDAShared.array = _shared_array  # type: ignore[method-assign]
    OPTIONS: Any = {}

else:
    from numba.cuda import extending

    OPTIONS = {"lto": False} if hasattr(extending, "overload") else {}

    @extending.intrinsic
    def round_apart(typing_context):
        """Have each product and sum of a kernel rounded: by default they may become one fma."""

        def codegen(context, builder, signature, arguments):
            # what all libraries of a kernel share, and pass to the compiler of the GPU's code
            context.active_code_library._nvvm_options["fma"] = False
            return context.get_dummy_value()

        return types.void(), codegen


"""`OPTIONS` of `cuda.jit`: the package numba-cuda would leave the optimising to a linker, which is
not told, and whose code does not round them apart."""


def _increase(array, index, value):
    def increased(array, index, value):
        cuda.atomic.add(array, index, value)

    return increased


def _at(array, i):
    # of a signed index the compiler asks, for every element, whether it counts from the end
    return lambda array, i: array[np.uint64(i)]


def _together(narrow, seen):
    # apart, weights would be read twice
    return lambda narrow, seen: None


def _lanes():
    return lambda: cuda.local.array(arithmetic.LANES, types.float64)


OWN: Any = {
    digits.increase: _increase,
    elements.at: _at,
    elements.eight_at_a_time: _together,
}


def _register():
    """Give the names of the bodies their meaning on GPUs, where it is another than on CPUs."""
    if not hasattr(extending, "overload"):
        for function, body in OWN.items():
            overload(function, target="cuda")(body)
        return
    # the package numba-cuda has its own, and looks for overloads there alone
    inlined: Any = {
        digits.bits: lambda x: lambda x: np.float64(x).view(np.int64),
        elementary.pattern: lambda x: lambda x: np.float64(x).view(np.int64),
        elementary.number: lambda x: lambda x: np.int64(x).view(np.float64),
        elements.interleave: lambda loss, spare: lambda loss, spare: None,
        arithmetic.lanes: _lanes,
    }

    def other(function, options, strict):
        if function in OWN or function in inlined:
            return lambda body: body
        return extending.overload(function, strict=strict)

    registry.also_for(other)
    for function, body in OWN.items():
        extending.overload(function)(body)
    for function, body in inlined.items():
        extending.overload(function, inline="always")(body)


if not numba.config.ENABLE_CUDASIM:
    _register()
