"""For which losses and numbers of columns kernels compute rows side by side."""

from __future__ import annotations

import warnings
from types import FunctionType
from typing import Any

import numpy as np

from streamloss.arrays.types import Array
from streamloss.losses import elementary, formulas, powers
from streamloss.losses.base import Loss

from .cpu import entry, is_ready, kinds
from .elements import Arrays, Columns
from .loader import CannotLoad, is_usable, processor
from .maps import map_rows
from .vectors import WIDEST

FEWEST, MOST = 2, 24
"""Numbers of columns that have a kernel of their own, of losses with exponentials or logarithms:
cross-entropies of 2 take 0.12 of the time that they take one by one, of 10 0.23, of 20 0.4
(`benchmarks/bench_rows.py`). Each kernel is compiled when it is first needed."""

MOST_SIMPLE = 8
"""The most of other losses: to turn longer rows takes longer than they do."""

MOST_BRANCHED = 4
"""The most of losses with rare cases of many steps: those are taken for every row."""


ENOUGH = 1 << 14
"""Rows that the kernel for any number of columns takes before one for theirs is compiled, unless
that is on disk: to compile it takes 0.4 s, 1.5 with numba, and it saves 10 to 60 ns a row."""


def columns_of(loss: Loss, inputs: Arrays) -> Columns:
    """Return the number of columns of some rows as kernels take it, none if they know none."""
    counts = {array.shape[1] for array in inputs if array.ndim == 2}
    count = counts.pop() if len(counts) == 1 else 0
    return (None,) * (count if FEWEST <= count <= _most(type(loss)) else 0)


def write_rows(loss: Loss, inputs: Arrays, out: Array) -> None:
    """Write the loss of each row by the kernel for its number of columns.

    Raises
    ------
    TypeError
        If the `row` of the loss does not compile.
    """
    run, scratch, columns = rows_entry(loss, inputs, out)
    run(loss, inputs, out, scratch, columns)


def rows_entry(
    loss: Loss, inputs: Arrays, out: Array, taken: int = 0
) -> tuple[Any, Arrays, Columns]:
    """Return the kernel that writes the losses of rows like these, its scratch, and the columns.

    So many such rows were `taken` without asking.

    Raises
    ------
    TypeError
        If the `row` of the loss does not compile.
    """
    scratch = tuple([np.empty(a.shape[1] if a.ndim == 2 else 0) for a in inputs])
    arguments = loss, inputs, out, scratch
    columns = columns_of(loss, inputs)
    if columns and not (
        _is_worth(loss, arguments, columns, taken) and _takes(loss, arguments, columns)
    ):
        columns = ()
    return entry(map_rows, (loss,), *arguments, columns), scratch, columns


def _is_worth(loss: Loss, arguments: tuple[Any, ...], columns: Columns, taken: int) -> bool:
    """Return whether the kernel for a number of columns is there, or worth to be compiled."""
    kept = type(loss).memory.setdefault(_is_worth, {})
    key = columns, kinds(arguments)
    if key not in kept:
        kept[key] = ENOUGH if is_ready(map_rows, (loss,), *arguments, columns) else 0
    kept[key] += len(arguments[2]) + taken
    return bool(kept[key] >= ENOUGH)


def _takes(loss: Loss, arguments: tuple[Any, ...], columns: Columns) -> bool:
    """Return whether a loss compiles for rows side by side: it may need them in one piece.

    Of those that do, a few compile with a warning of numba's that copies make them slow.
    """
    kept = type(loss).memory
    tried = kept.setdefault(_takes, set())
    if columns not in tried:
        try:
            with warnings.catch_warnings():
                warnings.filterwarnings("error", ".*contiguous arrays")
                entry(map_rows, (loss,), *arguments, columns)
        except (TypeError, Warning):
            kept[_most] = 0
            return False
        tried.add(columns)
    return True


def _most(cls: type[Loss]) -> int:
    """Return the largest number of columns for which a loss has a kernel of its own."""
    kept = cls.memory
    if _most not in kept:
        kept[_most] = _found(_called(cls.body, set())) if is_usable() else 0
    found: int = kept[_most]
    return found


def _found(called: set[FunctionType]) -> int:
    """Return that number for a loss that calls some functions of this package."""
    if not called.isdisjoint(formulas.RARE):
        return MOST_BRANCHED
    if not called.isdisjoint((*elementary.FUNCTIONS, *powers.FUNCTIONS)):
        return MOST
    try:
        wide = processor().has(*WIDEST)  # others have no integers of a vector
    except CannotLoad:
        return 0
    return MOST_SIMPLE if wide else 0


def _called(function: Any, found: set[FunctionType]) -> set[FunctionType]:
    """Add the functions of this package that a function calls, itself or through others."""
    for called in map(function.__globals__.get, function.__code__.co_names):
        ours = isinstance(called, FunctionType) and called.__module__.startswith("streamloss.")
        if ours and called not in found:
            found.add(called)
            _called(called, found)
    return found
