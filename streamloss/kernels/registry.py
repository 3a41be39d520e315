"""What names mean when compiled: told to numba, and remembered for other targets."""

# mypy: disable-error-code="no-untyped-call"

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from numba.extending import lower_builtin, overload, type_callable


class Meaning(NamedTuple):
    """What a function means when compiled."""

    options: Any
    strict: bool
    body: Any
    """What returns the function to compile in its place, or the function itself."""


MEANINGS: dict[Any, list[Meaning]] = {}
"""The overloads of each function."""


def _for_cpu(function: Any, options: Any, strict: bool) -> Any:
    return overload(function, jit_options=options, strict=strict)


TARGETS: list[Callable[..., Any]] = [_for_cpu]
"""What registers a meaning, for each target."""


def meaning(function: Any, options: Any, strict: bool = True) -> Callable[[Any], Any]:
    """Register what a function means when compiled, as numba's `overload` does, for all targets."""

    def register(body: Any) -> Any:
        found = Meaning(options, strict, body)
        MEANINGS.setdefault(function, []).append(found)
        for target in TARGETS:
            _tell(target, function, found)
        return body

    return register


def _tell(target: Any, function: Any, found: Meaning) -> None:
    itself = found.body is function
    target(function, found.options, found.strict)(
        (lambda *args: function) if itself else found.body
    )


def compiled(function: Any, options: Any) -> Any:
    """Register that a function means itself when compiled, and return it."""
    return meaning(function, options, strict=False)(function)


def also_for(target: Callable[..., Any]) -> None:
    """Register all meanings with a further target, which does not know numba's own."""
    TARGETS.append(target)
    for function, meanings in MEANINGS.items():
        for found in meanings:
            _tell(target, function, found)


def typed(function: Any) -> Callable[[Any], Any]:
    """Register what says what a function returns, as numba's `type_callable` does."""
    register: Callable[[Any], Any] = type_callable(function)
    return register


def lowered(function: Any, *arguments: Any) -> Callable[[Any], Any]:
    """Register what writes a function's instructions, as numba's `lower_builtin` does."""
    register: Callable[[Any], Any] = lower_builtin(function, *arguments)
    return register
