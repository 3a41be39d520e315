"""What is shown of an accumulator."""

import html
from html.parser import HTMLParser
from typing import Any

import numpy as np
import pytest

import streamloss as sl
from tests.api.streams import MAKERS, NAN, Tilted


def test_repr_reads_well() -> None:
    assert (
        repr(sl.Accumulator("mae"))
        == "Accumulator(AbsoluteError(), axis=None, nan='propagate': empty)"
    )
    acc = sl.accumulate(["mae", sl.Huber(0.5)], [[1.0, NAN]], [[2.0, 3.0]], axis=0, nan="omit")
    text = repr(acc)
    for part in ("'mae'", "Huber(delta=0.5)", "axis=0", "nan='omit'", "1 elements", "1 nan"):
        assert part in text
    assert "\n" not in text


class Cells(HTMLParser):
    """Collects the text of a table's cells, and refuses what is not closed."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.cells: list[str] = []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.cells.append(data)


@pytest.mark.parametrize("kind", sorted(set(MAKERS) - {"negative"}))
def test_the_html_shows_losses_means_and_counts(kind: str) -> None:
    acc = MAKERS[kind]()
    means = acc.result().values() if isinstance(acc.result(), dict) else [acc.result()]
    counts = [(k, v) for k, v in acc.counts.items() if not isinstance(v, dict)]
    shown = [*zip(map(repr, acc.losses), means, strict=True), *counts]
    cells = Cells(acc._repr_html_()).cells
    assert cells[1:] == [text for k, v in shown for text in (k.replace("_", " "), str(v))]


def test_a_difference_can_be_shown() -> None:
    difference = MAKERS["negative"]()
    assert "-60 elements" in repr(difference)
    assert "-60" in Cells(difference._repr_html_()).cells
    nan = sl.accumulate("mae", [1.0, 2.0], [2.0, 1.0]) - sl.accumulate("mae", [np.nan], [2.0])
    assert "-1" in Cells(nan._repr_html_()).cells


def test_the_html_escapes_what_a_user_wrote() -> None:
    class Hostile(Tilted):
        def __repr__(self) -> str:
            return "<script>alert('&')</script>"

    acc = sl.Accumulator(sl.loss(Hostile)())
    assert "<script>" not in acc._repr_html_()
    assert html.escape("<script>alert('&')</script>") in acc._repr_html_()


def test_the_html_of_many_cells_is_short() -> None:
    acc = sl.accumulate("mae", *np.ones((2, 2, 100_000)), axis=0)
    assert len(acc._repr_html_()) < 5000
