"""Kernels of GPUs: every lane folds its share of the arrays with the loop bodies of the CPU.

A lane is a thread, and a team a block of threads. A team holds exact sums in its shared memory, to
which its lanes add by integer atomics; when it is done it adds them to those of the State,
likewise. Elements of groups are added to those of the State at once. Integers add up to the same
sum in any order, so neither the number of lanes nor their order matters.

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

from streamloss.exact import digits
from streamloss.exact.counts import COLUMNS, MASKED, MISSING
from streamloss.exact.digits import DIGITS, LOWEST, WIDTH
from streamloss.losses import arithmetic, elementary

from . import elements, internals, meanings, registry  # noqa: F401  # `meanings` registers them
from .elements import cut, hidden, is_narrow, or_none, widen
from .fold import fold_all
from .maps import map_rows, map_terms
from .terms import EXPONENT, MODE, ONE_FOLD, TWO_FOLDS

MOST = 8
"""Rows of the losses of one launch."""

SUMS = MOST + 1

SHARED = 72
"""Wide rows in the shared memory of a team, 41 KiB: as many copies of its sums as fit, so that few
lanes add to the same one."""

STEP = 64
"""Elements of a lane's block: their terms are 512 bytes of its own memory."""


def fold_grid(losses, inputs, weights, where, complete, sums, counts, step, per_cell, width, rule):
    """Add every element to the sums and counts of its cell, whose blocks `per_cell` teams share."""
    round_apart()
    lane, lanes, last = cuda.threadIdx.x, cuda.blockDim.x, sums.shape[1] - 1
    shared = cuda.shared.array((SHARED, WIDTH), types.int64)
    exponents = cuda.shared.array(SUMS, types.int64)
    guesses = cuda.local.array((SUMS, 3), types.int64)
    tally = cuda.local.array(COLUMNS, types.int64)
    terms = cuda.local.array(STEP, types.float64)
    copies = SHARED // (last + 2)
    own = lane % copies * (last + 2)
    shape = inputs[0].shape
    chunk = step * lanes
    chunks = (shape[4] + chunk - 1) // chunk
    blocks = shape[2] * shape[3] * chunks
    for task in range(cuda.blockIdx.x, shape[0] * shape[1] * per_cell, cuda.gridDim.x):
        cell, team = task // per_cell, task % per_cell
        clear(shared, exponents, guesses, tally, lane, lanes)
        cuda.syncthreads()
        for block in range(team, blocks, per_cell):
            place = cell * shape[2] * shape[3] + block // chunks
            start = block % chunks * chunk
            stop = start + chunk if start + chunk < shape[4] else shape[4]
            for turn in range(2):
                if turn == 0 and block != team:
                    continue
                # the first elements, one for each lane, tell the team how large terms are
                end = start + lanes if turn == 0 and start + lanes < stop else stop
                add_elements(
                    losses,
                    of_lane(inputs, place, start + lane, end, lanes),
                    of_lane(weights, place, start + lane, end, lanes),
                    of_lane(where, place, start + lane, end, lanes),
                    of_lane(complete, place, start + lane, end, lanes),
                    shared[own : own + last + 1],
                    tally,
                    guesses,
                    terms,
                    width,
                    rule,
                )
                if turn == 0:
                    agree(exponents, guesses, last, is_narrow(width))
                start = end
        for k in range(COLUMNS):
            digits.increase(shared[own + last + 1], k, tally[k])
        cuda.syncthreads()
        flush(shared, copies, sums, counts, cell, last, lane, lanes)
        cuda.syncthreads()


def scatter_grid(
    losses, inputs, weights, where, complete, codes, sums, counts, first, kept, step, width, rule
):
    """Add every element to the sums and counts of a cell of the group that its code names.

    A group has `kept` cells side by side, and these arrays have those of it from the `first` on.
    Neighbours may be of any groups, so each element is a block, whose terms go straight to the
    sums of all teams.
    """
    round_apart()
    lane, lanes, shape = cuda.threadIdx.x, cuda.blockDim.x, codes.shape
    tally = cuda.local.array(COLUMNS, types.int64)
    guesses = cuda.local.array((SUMS, 3), types.int64)
    held = tally, guesses, cuda.local.array(1, types.float64)
    forget(guesses, tally)
    chunk = step * lanes
    chunks = (shape[4] + chunk - 1) // chunk
    blocks = shape[0] * shape[1] * shape[2] * shape[3] * chunks
    for block in range(cuda.blockIdx.x, blocks, cuda.gridDim.x):
        place, start = block // chunks, block % chunks * chunk
        stop = start + chunk if start + chunk < shape[4] else shape[4]
        (own_codes,) = line(codes, place, start + lane, stop, lanes)
        scatter(
            losses,
            of_lane(inputs, place, start + lane, stop, lanes),
            of_lane(weights, place, start + lane, stop, lanes),
            of_lane(where, place, start + lane, stop, lanes),
            of_lane(complete, place, start + lane, stop, lanes),
            own_codes,
            sums,
            counts,
            first + place // (shape[2] * shape[3]),
            kept,
            held,
            width,
            rule,
        )


def scatter(
    losses, inputs, weights, where, complete, codes, sums, counts, cell, kept, held, width, rule
):
    """Add each of a lane's elements to that cell of its group."""
    tally, guesses, terms = held
    for i in range(codes.size):
        own = codes[i] * kept + cell
        add_elements(
            losses,
            cut(inputs, i, i + 1),
            cut(weights, i, i + 1),
            cut(where, i, i + 1),
            cut(complete, i, i + 1),
            sums[own],
            tally,
            guesses,
            terms,
            width,
            rule,
        )
        for k in range(COLUMNS):
            if tally[k] != 0:
                digits.increase(counts[own], k, tally[k])
                tally[k] = 0


def of_lane(arrays, place, start, stop, lanes):
    """Return a lane's elements of a line of each array."""
    return tuple([line(array, place, start, stop, lanes)[0] for array in arrays])


def line(array, place, start, stop, lanes):
    """Return every `lanes`-th element of a line along the last of five axes, in a tuple."""
    shape = array.shape
    rest = place // shape[3]
    first = rest // shape[2]
    a, b, c, d = first // shape[1], first % shape[1], rest % shape[2], place % shape[3]
    return (array[a, b, c, d, start:stop:lanes],)


def add_elements(
    losses, inputs, weights, where, complete, sums, tally, guesses, terms, width, rule
):
    """Add a lane's elements to its team's sums and its own counts; masked ones are not missing."""
    (given,), masks = or_none(weights), (*complete, *where)
    fold_all(losses, inputs, given, masks, sums, tally, guesses, terms, width, rule)
    masked = hidden(where)
    tally[MASKED] += masked
    tally[MISSING] -= masked


def clear(shared, exponents, guesses, tally, lane, lanes):
    """Set a team's sums, its lanes' counts and all guesses to those of no elements."""
    for item in range(lane, SHARED * WIDTH, lanes):
        shared[item // WIDTH, item % WIDTH] = 0
    for k in range(lane, SUMS, lanes):
        exponents[k] = LOWEST
    forget(guesses, tally)


def forget(guesses, tally):
    """Set a lane's guesses and counts to those of no elements."""
    for k in range(SUMS):
        for column in range(3):
            guesses[k, column] = 0
    for k in range(COLUMNS):
        tally[k] = 0


def agree(exponents, guesses, last, narrow):
    """Give all lanes of a team the largest exponent that one has guessed; weights need no more."""
    for k in range(last + 1):
        cuda.atomic.max(exponents, k, guesses[k, EXPONENT])
    cuda.syncthreads()
    for k in range(last + 1):
        guesses[k, EXPONENT] = exponents[k]
    guesses[last, MODE] = ONE_FOLD if narrow else TWO_FOLDS


def flush(shared, copies, sums, counts, cell, last, lane, lanes):
    """Add a team's sums to those of a cell, each digit's carry to the next, so that none grows."""
    for item in range(lane, (last + 2) * WIDTH, lanes):
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


def map_grid(loss, inputs, weights, masks, out, step, rule):
    """Write the weighted loss of every element."""
    round_apart()
    lane, lanes, shape = cuda.threadIdx.x, cuda.blockDim.x, out.shape
    chunk = step * lanes
    chunks = (shape[4] + chunk - 1) // chunk
    blocks = shape[0] * shape[1] * shape[2] * shape[3] * chunks
    for block in range(cuda.blockIdx.x, blocks, cuda.gridDim.x):
        place, start = block // chunks, block % chunks * chunk
        stop = start + chunk if start + chunk < shape[4] else shape[4]
        own_inputs = of_lane(inputs, place, start + lane, stop, lanes)
        (own_weights,) = or_none(of_lane(weights, place, start + lane, stop, lanes))
        own_masks = of_lane(masks, place, start + lane, stop, lanes)
        (own_out,) = line(out, place, start + lane, stop, lanes)
        map_terms(loss, own_inputs, own_weights, own_masks, own_out, rule)


def rows_grid(loss, inputs, out, scratch):
    """Write the loss of every row; of each input `scratch` has an array, with a column a lane."""
    round_apart()
    lane, lanes = cuda.grid(1), cuda.gridsize(1)
    map_rows(loss, every(inputs, lane, lanes), out[lane::lanes], columns(scratch, lane), ())


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
            x = widen(rows[i, j])  # numba-cuda compares float16 by a function that it does not link
            if x != x:
                out[i] = False


def multiply_add(numbers):
    """Write what tells whether products and sums are rounded apart."""
    round_apart()
    numbers[0] = numbers[1] * numbers[1] - numbers[2]


BODIES = (
    line,
    add_elements,
    scatter,
    clear,
    forget,
    agree,
    flush,
    map_terms,
)

for _body in BODIES:
    registry.compiled(_body, {})


@registry.meaning(of_lane, {})
def _of_lane(arrays, place, start, stop, width):
    if len(arrays) == 0:
        return lambda arrays, place, start, stop, width: ()
    return lambda arrays, place, start, stop, width: (
        *line(arrays[0], place, start, stop, width),
        *of_lane(arrays[1:], place, start, stop, width),
    )


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
        array = np.empty(shape, str(dtype))
        return self._allocations.setdefault((caller.f_code, caller.f_lineno), array)

    FakeCUDAShared.array = _shared_array  # type: ignore[method-assign]
    OPTIONS: Any = {}

else:
    from numba.cuda import extending

    OPTIONS = {"lto": False} if hasattr(extending, "overload") else {}

    @extending.intrinsic
    def round_apart(typing_context):
        """Have each product and sum of a kernel rounded."""

        def codegen(context, builder, signature, arguments):
            internals.forbid_fma(context)
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


def _product_error(x, y):
    return lambda x, y: cuda.fma(x, y, -(x * y))


def _together(width, watched):
    # a loop of its own would read the weights again, from the memory of the GPU
    return lambda width, watched: False


def _partial_sums():
    return lambda: cuda.local.array(arithmetic.PARTIALS, types.float64)


OWN: Any = {
    digits.increase: _increase,
    elements.at: _at,
    arithmetic.product_error: _product_error,
    elements.counts_apart: _together,
}
if "instructions" in internals.lost:
    OWN[arithmetic.partial_sums] = _partial_sums


def _register():
    """Give the names of the bodies their meaning on GPUs, where it is another than on CPUs."""
    if not hasattr(extending, "overload"):
        for function, body in OWN.items():
            overload(function, target="cuda")(body)
        return
    # the package numba-cuda looks for overloads in a registry of its own alone
    inlined: Any = {
        digits.bits: internals.bits_of,
        elementary.pattern: internals.bits_of,
        elementary.number: internals.float_of,
        elements.interleave: lambda loss, width: lambda loss, width: None,
        arithmetic.partial_sums: _partial_sums,
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
