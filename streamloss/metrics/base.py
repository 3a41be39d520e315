"""What metrics of several exact sums share."""

from __future__ import annotations

from typing import Protocol

from streamloss.exact.reductions import Exact, Sums
from streamloss.losses.base import Loss
from streamloss.losses.names import resolve

NAN = float("nan")


class Metric(Protocol):
    """A loss of several exact sums: what its class defines in place of `point`."""

    @staticmethod
    def parts() -> tuple[Loss, ...]:
        """Return the losses whose sums it needs, taken in one pass."""

    def combine(self, sums: Sums, /) -> float:
        """Return the result, of the exact sums of the parts in their order, and of the weights."""


def parts_from(*losses: object) -> tuple[Loss, ...]:
    """Return losses as the parts of a metric."""
    return tuple([resolve(loss) for loss in losses])


def units(sums: tuple[Exact, ...]) -> int | None:
    """Return the sum of exact sums in their units, None if one is not finite."""
    if any(s.strange is not None for s in sums):
        return None
    return sum(s.units for s in sums)
