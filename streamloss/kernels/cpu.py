"""Kernels on the CPU: found in memory, on disk, or built; called with what a loop body takes.

`loader` and files of `cache` do without numba. It is imported to build what is not on disk, and
where `dispatch` has to be used.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np

from streamloss.losses.base import Loss, memory
from streamloss.support.once import once, uncut

from . import loader
from .cache import Object, ObjectFile
from .digests import Uncacheable
from .loader import CannotLoad
from .versions import is_disabled

T = TypeVar("T")

Body = Callable[..., None]
Classes = tuple[type[Loss], ...]


def call(body: Body, losses: tuple[Loss, ...], *arguments: object) -> None:
    """Call a loop body that was compiled for losses and arguments like these.

    Raises
    ------
    TypeError
        If the `point` or `row` of a loss does not compile.
    """
    entry(body, losses, *arguments)(*arguments)


def entry(body: Body, losses: tuple[Loss, ...], *arguments: object) -> Any:
    """Return what `call` would call: a function for arguments of just these types.

    Raises
    ------
    TypeError
        If the `point` or `row` of a loss does not compile.
    """
    classes = tuple([type(loss) for loss in losses])
    kept, key = memory(classes), (body, classes, kinds(arguments))
    found = kept.get(key)
    if found is None:
        found = kept[key] = uncut(lambda: _found(body, classes, arguments))
    return found


def is_ready(body: Body, losses: tuple[Loss, ...], *arguments: object) -> bool:
    """Return whether `entry` has nothing to compile: what it returns is in memory or on disk."""
    classes, types = tuple([type(loss) for loss in losses]), kinds(arguments)
    if (body, classes, types) in memory(classes):
        return True
    try:
        found = ObjectFile(body, classes, types).found()
    except (CannotLoad, Uncacheable):
        return False
    return found is not None and found.code != b""


def kinds(argument: object) -> str:
    """Return as text what of an argument, or of several in a tuple, decides the machine code."""
    if isinstance(argument, np.ndarray):
        apart = "" if argument.flags.num & loader.IN_PLACE == loader.IN_PLACE else "apart"
        return f"{argument.dtype.str}{argument.ndim}{apart}"
    if isinstance(argument, tuple):
        cls = type(argument)
        name = "" if cls is tuple else f"{cls.__module__}.{cls.__qualname__}"
        return f"{name}({','.join(map(kinds, argument))})"
    return type(argument).__name__


def _found(body: Body, classes: Classes, arguments: tuple[Any, ...]) -> Any:
    """Return a body's function for losses and arguments of these types."""

    def otherwise(*arguments: Any) -> Any:
        return _dispatch().entry(body, classes, arguments)(*arguments)

    try:
        return machine_code(body, classes, arguments, otherwise)
    except CannotLoad:
        return _dispatch().entry(body, classes, arguments)


def machine_code(body: Body, classes: Classes, arguments: tuple[Any, ...], otherwise: Any) -> Any:
    """Return the function of the object file of a body, made for arguments of these types.

    Raises
    ------
    CannotLoad, TypeError
        As `object_of`.
    """
    made = object_of(
        body,
        classes,
        kinds(arguments),
        lambda: built(classes, lambda: _builder().build(body, arguments)),
    )
    return loader.load(made.code, made.needs, otherwise)


def object_of(body: Body, classes: Classes, types: str, build: Callable[[], Object]) -> Object:
    """Return the object code of a body, from disk where possible; what is built is kept there.

    Raises
    ------
    CannotLoad
        If numba has to make and call it.
    TypeError
        If the `point` or `row` of a loss does not compile.
    """
    if is_disabled() or not loader.is_usable() or "apart" in types:
        raise CannotLoad
    try:
        file = ObjectFile(body, classes, types)
    except Uncacheable:
        return build()
    made = file.found()
    if made is None:
        made = build()
        file.keep(made)
    return made


def built(classes: Classes, build: Callable[[], tuple[bytes, tuple[str, ...]]]) -> Object:
    """Return object code that numba makes, none where it can be of no use to other processes."""
    not_portable = _builder().NotPortable
    try:
        return Object(*compiled(build, classes))
    except not_portable:
        return Object(b"", ())


def compiled(work: Callable[[], T], classes: Classes) -> T:
    """Return what `work` makes of losses by numba.

    Raises
    ------
    TypeError
        If the `point` or `row` of a loss does not compile.
    """
    made: T = _dispatch().compiled(work, classes)
    return made


@once
def _builder() -> Any:
    from . import builder

    return builder


@once
def _dispatch() -> Any:
    from . import dispatch

    return dispatch
