"""Kernels that fold losses, found or made: a driver for arrays of a kind, and a block of each loss.

A driver (`fold_cells`, `fold_views`) knows no loss: it is given a `blocks.Table`. So a combination
of losses that are known alone needs nothing but that. Where a loss has no block of its own, as of
complex numbers, or because it may raise, a kernel is made for all of them together: `cpu.entry`.
"""

from __future__ import annotations

import functools
from typing import Any

from streamloss.losses.base import Loss, first_of_user, memory
from streamloss.support.once import once, uncut

from . import loader
from .blocks import Kind, fold_alone, table_of
from .cache import Object, TemplateFile
from .cpu import Body, Classes, built, compiled, entry, machine_code, object_of
from .digests import Uncacheable
from .fold import fold_cells
from .loader import CannotLoad
from .values import Values
from .views import fold_views

Run = tuple[Any, Any]
"""A kernel, and what it takes in place of losses."""

Found = tuple[Any, tuple[int, ...]]
"""A kernel, and the addresses of blocks; none if it takes losses themselves."""

_drivers: dict[Any, Any] = {}
_found: dict[Any, Found] = {}


def fold_entry(losses: tuple[Loss, ...], *arguments: Any) -> Run:
    """Return what calls `fold_cells` for losses and arguments like these, which follow them.

    The arrays are contiguous, and the dtype of the first decides that of the others and the width.
    It takes a few us, so callers keep what they have for the same losses.
    """
    inputs, weights, *_, width, rule = arguments
    key = len(inputs), inputs[0].dtype, weights is None, type(rule)
    kind = (
        None
        if inputs[0].dtype.kind == "c"
        else Kind(len(inputs), width, weights is not None, False, rule)
    )
    return _run(fold_cells, losses, key, kind, arguments)


def views_entry(losses: tuple[Loss, ...], *arguments: Any) -> Run:
    """Return what calls `fold_views` for losses and arguments like these, which follow them."""
    _, _, _, (inputs, weights, masks), *_, width, rule = arguments
    key = len(inputs), len(weights), len(masks), type(width), type(rule)
    kind = Kind(len(inputs), width, bool(weights), bool(masks), rule)
    return _run(fold_views, losses, key, kind, arguments)


def _run(
    body: Body, losses: tuple[Loss, ...], key: Any, kind: Kind | None, arguments: tuple[Any, ...]
) -> Run:
    """Return the kernel of a body for losses, looked up by what decides the types."""
    classes = tuple([type(loss) for loss in losses])
    kept, key = _found if first_of_user(classes) is None else memory(classes), (body, classes, key)
    found = kept.get(key)
    if found is None:
        found = kept[key] = uncut(lambda: _driven(body, losses, kind, arguments))
    run, addresses = found
    return run, table_of(losses, addresses) if addresses else losses


def _driven(
    body: Body, losses: tuple[Loss, ...], kind: Kind | None, arguments: tuple[Any, ...]
) -> Found:
    """Return a driver and the addresses of the blocks of losses, or a kernel of just these."""
    classes = tuple([type(loss) for loss in losses])
    try:
        if kind is None:
            raise CannotLoad("complex numbers have no blocks")
        of = [kind._replace(streams=cls.streams) for cls in classes]
        pairs = zip(classes, of, strict=True)
        addresses = tuple([address(cls, fold_alone, each, classes) for cls, each in pairs])
        if (body, kind) not in _drivers:
            given = table_of(losses, addresses), *arguments
            other = functools.partial(_other, body)
            _drivers[body, kind] = machine_code(body, (), given, other)
        return _drivers[body, kind], addresses
    except CannotLoad:
        return entry(body, losses, losses, *arguments), ()


def address(cls: type[Loss], body: Body, kind: Kind | Values, classes: Classes) -> int:
    """Return the address of the function of a body for a loss, one of some, of a kind.

    Raises
    ------
    CannotLoad, TypeError
        As `cpu.object_of`.
    """
    kept = cls.memory
    if (body, kind) not in kept:
        made = object_of(body, (cls,), repr(kind), lambda: _block(cls, body, kind, classes))
        kept[body, kind] = loader.placed(made.code, made.needs)
    found: int = kept[body, kind]
    return found


def _block(cls: type[Loss], body: Body, kind: Kind | Values, classes: Classes) -> Object:
    """Return the object code of a loss, made anew."""
    templates = _templates()
    template = _template(body, kind, classes) if templates.is_for(cls) else ""
    return built(classes, lambda: templates.build(cls, kind, template))


def _template(body: Body, kind: Kind | Values, classes: Classes) -> str:
    """Return the template of a kind, from disk where possible, which some losses need."""
    try:
        file = TemplateFile(body, repr(kind))
    except Uncacheable:
        return _new_template(kind, classes)
    text = file.found()
    if text is None:
        text = _new_template(kind, classes)
        file.keep(text)
    return text


def _new_template(kind: Kind | Values, classes: Classes) -> str:
    return compiled(lambda: str(_templates().template(kind)), classes)


def _other(body: Body, given: Any, *arguments: Any) -> Any:
    """Call a kernel of just the losses of a table: arguments are of types unknown to its driver."""
    losses = given.losses
    return entry(body, losses, losses, *arguments)(losses, *arguments)


@once
def _templates() -> Any:
    from . import templates

    return templates
