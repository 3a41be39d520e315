"""What metrics of several exact sums share."""

from __future__ import annotations

from streamloss.exact.reductions import Exact

NAN = float("nan")


def units(sums: tuple[Exact, ...]) -> int | None:
    """Return the sum of exact sums in their units, None if one is not finite."""
    if any(s.strange is not None for s in sums):
        return None
    return sum(s.units for s in sums)
