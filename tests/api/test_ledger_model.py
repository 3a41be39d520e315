"""Updates, merges and differences in any order do what a model in plain Python says."""

from collections.abc import Callable
from fractions import Fraction
from typing import Any, NamedTuple

from hypothesis import given, settings
from hypothesis import strategies as st

import streamloss as sl

VALUES = [0.1, 1e17, -3.7, 2.0**-40, 1 / 3]
"""The number in the batch of each id, and at last that of batches without one."""


class Seen(NamedTuple):
    """What an accumulator has seen: ids, the sum and number of all, and if some had no id."""

    ids: frozenset[int] = frozenset()
    total: Fraction = Fraction(0)
    count: int = 0
    marked: bool = False
    on_repeat: str = "raise"

    @property
    def untracked(self) -> bool:
        return self.marked if self.ids else bool(self.total or self.count)

    def plus(self, other: "Seen", sign: int = 1) -> "Seen":
        ids = self.ids | other.ids if sign > 0 else self.ids - other.ids
        total, count = self.total + sign * other.total, self.count + sign * other.count
        marked = bool(ids) and (self.untracked or other.untracked)
        return Seen(ids, total, count, marked, self.on_repeat)

    def merged(self, other: "Seen") -> "Seen | None":
        if not self.ids & other.ids:
            return self.plus(other)
        if self.on_repeat == "ignore":
            if other.ids <= self.ids and not other.untracked:
                return self
            if self.ids <= other.ids and not self.untracked:
                return other._replace(on_repeat="ignore")
        return None

    def less(self, other: "Seen") -> "Seen | None":
        return self.plus(other, -1) if other.ids <= self.ids else None


def batch(batch_id: int | None) -> Seen:
    value = Fraction(VALUES[-1 if batch_id is None else batch_id])
    return Seen(frozenset() if batch_id is None else frozenset([batch_id]), value, 1)


def updated(seen: Seen, batch_id: int | None) -> Seen | None:
    if batch_id in seen.ids:
        return seen if seen.on_repeat == "ignore" else None
    return seen.plus(batch(batch_id))


IDS = st.one_of(st.none(), st.integers(0, len(VALUES) - 2))
PLACES = st.integers(0, 3)
STEPS = st.one_of(
    st.tuples(st.just("update"), PLACES, IDS),
    st.tuples(st.sampled_from(["merge", "+", "-"]), PLACES, PLACES),
    st.tuples(st.sampled_from(["reset", "bytes", "copy"]), PLACES, PLACES),
)
AGAIN = {
    "bytes": lambda acc: sl.Accumulator.from_bytes(acc.to_bytes()),
    "copy": lambda acc: acc.copy(),
    "reset": lambda acc: acc.copy().reset(),
}


def after(step: Any, seen: list[Seen]) -> tuple[int, Seen | None]:
    """Which of the accumulators a step changes, and what it has seen then; None of a refusal."""
    what, a, b = step
    if what == "update":
        return a, updated(seen[a], b)
    if what in ("merge", "+"):
        return a, seen[a].merged(seen[b])
    if what == "-":
        return a, seen[a].less(seen[b])
    if what == "reset":
        return a, Seen(on_repeat=seen[a].on_repeat)
    if what == "bytes" and not seen[b].ids:  # bytes have no policy then
        return a, seen[b]._replace(on_repeat="raise")
    return a, seen[b]


def done(step: Any, some: list[sl.Accumulator], by: Any) -> sl.Accumulator:
    what, a, b = step
    if what == "update":
        keys = None if by is None else [0 if b is None else b % 2]
        return some[a].update([VALUES[-1 if b is None else b]], by=keys, batch_id=b)
    calls: dict[str, Callable[[], sl.Accumulator]] = {
        "merge": lambda: some[a].merge(some[b]),
        "+": lambda: some[a] + some[b],
        "-": lambda: some[a] - some[b],
    }
    return calls[what]() if what in calls else AGAIN[what](some[a if what == "reset" else b])


@settings(max_examples=150)
@given(
    st.lists(STEPS, max_size=30),
    st.lists(st.sampled_from(["raise", "ignore"]), min_size=4, max_size=4),
    st.sampled_from([None, "k"]),
)
def test_any_steps_do_what_the_model_says(steps: list[Any], policies: list[str], by: Any) -> None:
    some = [sl.Accumulator("value", by=by, on_repeat=policy) for policy in policies]
    seen = [Seen(on_repeat=policy) for policy in policies]
    written: dict[Any, bytes] = {}
    for step in steps:
        changed, expected = after(step, seen)
        try:
            some[changed] = done(step, some, by)
        except ValueError:
            assert expected is None, step
        else:
            assert expected is not None, step
            seen[changed] = expected
        for acc, what in zip(some, seen, strict=True):
            assert (acc.batches, acc.on_repeat) == (len(what.ids), what.on_repeat)
            assert acc.counts["elements"] == what.count
            if by is not None:
                continue
            if what.count >= 0:
                assert acc.result("sum") == float(what.total)
            policy = what.on_repeat if what.ids else None
            key = what._replace(on_repeat=policy, marked=bool(what.ids) and what.marked)
            assert written.setdefault(key, acc.to_bytes()) == acc.to_bytes()
