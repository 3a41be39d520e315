"""What the names of loop bodies mean when compiled: of `fold`, `views`, `tiles`, `columns`."""

# mypy: disable-error-code="no-untyped-def, no-untyped-call, untyped-decorator"

from types import FunctionType
from typing import Any

from numba import types

from streamloss.losses import regression

from . import columns, elements, fold, moments, terms, tiles, views
from .compiler import FRAGMENT, INLINE, LOSS
from .internals import at_address
from .registry import compiled, lowered, meaning, typed

SMALL: tuple[Any, ...] = (
    views.of_half,
    tiles.fold_row,
    tiles.fold_row_both,
    tiles.fold_any_row,
    tiles.rows_of,
    moments.fold_streams,
    moments.streams_of,
    moments.fold_one,
)

LARGE: tuple[Any, ...] = (
    terms.fold_block,
    terms.fold_guessed,
    terms.settle,
    terms.add_any,
    terms.drop_nonfinite,
    terms.count_nonzero,
    fold.add_both,
    fold.fold_loss_first,
    fold.count,
    moments.fold_moment,
    moments.fold_as_before,
    moments.add_streams,
    moments.settle_streams,
    moments.guess_streams,
    moments.fold_moment_first,
    views.copy_halves,
    views.line_offset,
    views.fill,
    views.spread,
    views.is_constant,
    views.copy_run,
    views.read,
    tiles.fold_step,
    tiles.write_step,
    tiles.guess_fold,
    columns.take_lines,
    columns.flush,
    columns.keep_step,
    columns.add_step,
    columns.add_tile,
    columns.sum_shared,
    columns.finish_tile,
    columns.copy,
)

for _body in SMALL:
    compiled(_body, INLINE)

for _body in LARGE:
    compiled(_body, FRAGMENT)


# Of these loops, inlined, LLVM makes one for each set of constants that they are called with. Of a
# loss that has another formula for some parameters it makes two: one that the other formula may
# keep from vectors, and one without it. LLVM by itself takes so small a loop for too large.


def _loop(body):
    """Return the meaning of a loop itself under another name."""
    return compiled(FunctionType(body.__code__, body.__globals__, body.__name__), INLINE)


_fold, _fold_both = _loop(terms.fold), _loop(terms.fold_both)
_is_classic = compiled(regression.TweedieDeviance.is_classic, LOSS)


def has_cases(cls):
    """Return whether a loss has another formula for some parameters."""
    return issubclass(cls, regression.TweedieDeviance)


@meaning(terms.fold, INLINE)
def _one_fold(loss, block, m1, m2, twice, screened, rule):
    if not has_cases(loss.instance_class):
        return _fold

    def either(loss, block, m1, m2, twice, screened, rule):
        if _is_classic(loss):
            return _fold(loss, block, m1, m2, twice, screened, rule)
        return _fold(loss, block, m1, m2, twice, screened, rule)

    return either


@meaning(terms.fold_both, INLINE)
def _two_folds(loss, block, m1, m2, n1, n2, width, apart, screened, rule):
    if not has_cases(loss.instance_class):
        return _fold_both

    def either(loss, block, m1, m2, n1, n2, width, apart, screened, rule):
        if _is_classic(loss):
            return _fold_both(loss, block, m1, m2, n1, n2, width, apart, screened, rule)
        return _fold_both(loss, block, m1, m2, n1, n2, width, apart, screened, rule)

    return either


@meaning(fold.fold_losses, FRAGMENT)
def _fold_losses(losses, k, block, sums, guesses, terms, width, rule):
    if len(losses) == 0:
        return lambda losses, k, block, sums, guesses, terms, width, rule: None
    fold_loss, fold_losses, rows = fold.fold_loss, fold.fold_losses, elements.rows

    def head_and_tail(losses, k, block, sums, guesses, terms, width, rule):
        loss, others = losses[0], losses[1:]
        fold_loss(loss, block, sums, k, guesses, terms, width, rule)
        fold_losses(others, k + rows(loss), block, sums, guesses, terms, width, rule)

    return head_and_tail


_fold_block = terms.fold_block


@meaning(fold.fold_loss, FRAGMENT)
def _fold_loss(loss, block, sums, k, guesses, terms, width, rule):
    fold_moment, rows = moments.fold_moment, elements.rows
    if loss.instance_class.streams == 1:
        return lambda loss, block, sums, k, guesses, terms, width, rule: _fold_block(
            loss, block, sums[k], guesses[k], terms, width, rule
        )
    return lambda loss, block, sums, k, guesses, terms, width, rule: fold_moment(
        loss, block, sums[k : k + rows(loss)], guesses[k], terms, rule
    )


@meaning(fold.fold_first, INLINE)
def _fold_first(loss, block, weights, sums, guesses, weight_sum, weight_guess, terms, width, rule):
    moment = loss.instance_class.streams > 1
    way = moments.fold_moment_first if moment else fold.fold_loss_first

    def chosen(loss, block, weights, sums, guesses, weight_sum, weight_guess, terms, width, rule):
        return way(
            loss, block, weights, sums, guesses, weight_sum, weight_guess, terms, width, rule
        )

    return chosen


@meaning(views.copy_numbers, FRAGMENT)
def _copy_numbers(address, stride, zero, size, out):
    return views.copy_numbers


@typed(views.loaded)
def _loaded(context):
    return lambda address, offset, zero: zero


@lowered(views.loaded, types.int64, types.int64, types.Any)
def _load(context, builder, sig, args):
    return at_address(context, builder, sig.return_type, args[0], args[1])


@meaning(views.read_all, FRAGMENT)
def _read_all(views_, k, start, arrays, again):
    if len(arrays) == 0:
        return lambda views_, k, start, arrays, again: None
    is_constant, read, read_all = views.is_constant, views.read, views.read_all

    def first_and_others(views_, k, start, arrays, again):
        if not (again and is_constant(views_, k)):
            read(views_, k, start, arrays[0])
        read_all(views_, k + 1, start, arrays[1:], again)

    return first_and_others


@meaning(columns.add_steps, FRAGMENT)
def _add_steps(losses, k, inputs, weights, tile, start, stop, rows, grids, rule, width):
    if len(losses) == 0:
        return lambda losses, k, inputs, weights, tile, start, stop, rows, grids, rule, width: None
    add_step, add_steps = columns.add_step, columns.add_steps

    def head_and_tail(losses, k, inputs, weights, tile, start, stop, rows, grids, rule, width):
        loss, others = losses[0], losses[1:]
        add_step(loss, inputs, weights, tile, start, stop, rows, k, grids, True, rule, width)
        add_steps(others, k + 1, inputs, weights, tile, start, stop, rows, grids, rule, width)

    return head_and_tail
