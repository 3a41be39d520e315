"""Which passes over its data a call makes."""

from typing import Any

import pytest

import streamloss as sl


def counted_passes(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Return a list to which the losses of each pass are added."""
    passes: list[Any] = []
    accumulate = sl.api.accumulate

    def counted(losses: Any, *given: Any, **how: Any) -> Any:
        passes.append(losses)
        return accumulate(losses, *given, **how)

    monkeypatch.setattr(sl.api, "accumulate", counted)
    return passes
