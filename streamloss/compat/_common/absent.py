"""Names of a framework that are not offered: they say why, not only that they are missing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NoReturn


def refusing(module: str, reasons: Mapping[str, str]) -> Callable[[str], NoReturn]:
    """Return the `__getattr__` of a module, which gives the reasons for names that it lacks.

    Examples
    --------
    >>> refusing("torch", {"CTCLoss": "it is no sum"})("CTCLoss")
    Traceback (most recent call last):
        ...
    NotImplementedError: torch.CTCLoss is not implemented: it is no sum
    """

    def __getattr__(name: str) -> NoReturn:
        if name in reasons:
            raise NotImplementedError(f"{module}.{name} is not implemented: {reasons[name]}")
        raise AttributeError(f"module {module!r} has no attribute {name!r}")

    return __getattr__


def refuse(name: str, reason: str) -> NoReturn:
    """Raise the error of a function that can be imported, with its signature, but not called.

    Examples
    --------
    >>> refuse("max_error", "the largest error is no sum")
    Traceback (most recent call last):
        ...
    NotImplementedError: max_error is not available: the largest error is no sum
    """
    raise NotImplementedError(f"{name} is not available: {reason}")
