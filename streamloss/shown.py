"""Accumulators as text and as HTML."""

from __future__ import annotations

from html import escape
from typing import Any

from .exact.reductions import Reduction


def text(acc: Any) -> str:
    """Return what an accumulator measures, and what it has seen."""
    counts = ", ".join(f"{value} {name}" for name, value in shown_counts(acc) if value)
    losses = acc._specs if isinstance(acc._specs, list) else acc.losses[0]
    by = "" if acc.by is None else f", by={acc.by.names}"
    return f"Accumulator({losses!r}, axis={acc.axis}, nan={acc.nan!r}{by}: {counts or 'empty'})"


def html(acc: Any) -> str:
    """Return the means and counts as a table; with keys, the table of all slices."""
    if acc.by is not None:
        return str(acc.result()._repr_html_())
    try:
        means = acc._results(Reduction.MEAN)
    except (TypeError, ValueError):  # a difference may have none, and a metric refuse labels
        means = []
    items = [*zip(map(repr, acc.losses), means, strict=False), *shown_counts(acc)]
    rows = "".join(
        f"<tr><th style='text-align:left'>{escape(name.replace('_', ' '))}</th>"
        f"<td>{escape(str(value))}</td></tr>"
        for name, value in items
    )
    return f"<table><caption>Accumulator, means</caption>{rows}</table>"


def shown_counts(acc: Any) -> list[tuple[str, int]]:
    """Return the counts with their names, those of terms only where there are any."""
    shown: list[tuple[str, int]] = []
    for name, count in acc.counts.items():
        if isinstance(count, dict):
            of = ((f"{name} of {spec}", found) for spec, found in count.items() if found)
            shown.extend(of)
        else:
            shown.append((name, count))
    return shown
