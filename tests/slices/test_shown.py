"""What is shown of slices: text of few columns, HTML, and keys that would break either."""

import re
import unicodedata
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import streamloss as sl
from streamloss.slices.shown import WIDTH, columns_of, shortened, visible
from tests.api.test_shown import Cells
from tests.slices.tables import BY, RNG, slices_of


def of_keys(keys: list[Any], losses: Any = "mae", name: str = "key", **options: Any) -> Any:
    """Slices of one row each with these keys, whose absolute errors are 1, 2, ..."""
    errors = np.arange(1.0, len(keys) + 1)
    arrays = np.zeros(len(keys)), errors, np.ones(len(keys))
    return slices_of(losses, {name: keys}, arrays, **options)


def test_a_table_reads_well() -> None:
    y, p = np.array([1.0, 2.0, 4.0, 8.0, 3.0]), np.array([1.5, 2.0, 2.0, 8.0, 4.0])
    by = {"carrier": ["AA", "UA", "AA", None, "UA"], "gate": [10, 9, 9, 10, 9]}
    res = slices_of(["mae", sl.Huber(0.5)], by, (y, p, np.array([1.0, 0.0, 1.0, 1.0, 1.0])))
    assert repr(res).splitlines() == [
        "4 slices by carrier, gate: mean",
        "",
        "carrier  gate    mae  Huber(delta=0.5)  elements  nonzero_weights",
        "-----------------------------------------------------------------",
        "AA          9      2             0.875         1                1",
        "AA         10    0.5             0.125         1                1",
        "UA          9      1             0.375         2                1",
        "missing    10      0                 0         1                1",
        "-----------------------------------------------------------------",
        "overall        0.875           0.34375         5                4",
    ]
    assert repr(res.rollup("carrier").worst(1, "mae")).splitlines()[0] == (
        "1 of 3 slices by carrier: mean"
    )
    assert repr(of_keys(["a"]).result("sum_over_batch_size")).splitlines()[0] == (
        "1 slice by key: sum over batch size"
    )


def test_a_long_table_is_cut() -> None:
    lines = repr(of_keys([*range(1249)])).splitlines()
    assert lines[0] == "1,249 slices by key: mean"
    assert lines[4:16] == [
        *[f"{k:>7}  {k + 1:>4}         1" for k in range(10)],
        "… 1,234 more",
        "   1244  1245         1",
    ]
    assert lines[-1] == "overall   625     1,249"
    assert [len(repr(of_keys([*range(n)])).splitlines()) for n in (0 + 1, 15, 16)] == [7, 21, 22]


def test_many_columns_are_cut() -> None:
    y, p = RNG.standard_normal((2, 60, 7, 9))
    res = slices_of(["mae", "mse"], BY, (y, p), axis=0)
    lines = repr(res).splitlines()
    assert max(map(len, lines)) <= WIDTH
    assert lines[2].split()[:4] == ["carrier", "hour", "mae[0,", "0]"]
    assert lines[2].split()[-1] == "elements"
    shown = lines[2].count("[")
    assert lines[-1] == f"… {2 * 63 - shown} more columns"
    assert "… 106 more columns" in res._repr_html_()
    keys = {f"a rather long name {k}": ["a rather long key"] * 60 for k in range(9)}
    lines = repr(slices_of("mae", keys)).splitlines()
    assert max(map(len, lines)) <= WIDTH
    assert lines[-1].endswith("more columns")


def test_counts_are_shown_that_say_something() -> None:
    y = np.array([1.0, np.nan, 3.0, 4.0])
    where = np.array([True, True, False, True])
    arrays = y, np.zeros(4), np.ones(4), where
    res = slices_of("mae", {"key": [1, 1, 2, 3]}, arrays, nan="omit")
    assert repr(res).splitlines()[2].split() == ["key", "mae", "elements", "nan", "masked"]
    assert repr(res).splitlines()[-1].split() == ["overall", "2.5", "2", "1", "1"]
    assert "nan" in repr(res).splitlines()[5]  # the mean of no element


def test_a_difference_without_results_can_be_shown() -> None:
    a, b = of_keys([1, 2]), of_keys([2, 3])
    res = type(a)(a._whole.table.combine(b._whole.table, -1), a.losses, "mae", "mean")
    lines = repr(res).splitlines()
    assert lines[2].split() == ["key", "elements"]
    assert [line.split() for line in lines[4:-3]] == [["1", "1"], ["2", "0"], ["3", "-1"]]
    assert lines[-1] == "no results: this difference has a negative count of elements"
    assert "no results: this" in res._repr_html_()


def test_a_table_of_no_slices_can_be_shown() -> None:
    assert "overall" in repr(of_keys([1]).worst(0))
    a = of_keys([1, 2])
    res = type(a)(a._whole.table.combine(a._whole.table, -1), a.losses, "mae", "mean")
    assert (len(res), [*res], res.values.tolist()) == (0, [], [])
    assert repr(res).splitlines()[-1].split() == ["overall", "nan", "0"]
    assert np.isnan(res.difference("mae"))
    with pytest.raises(KeyError, match="no slice has 'key' 1"):
        res.loc[1]


HOSTILE = {
    "two\nlines\r": r"two\nlines\r",
    "\x1b[31mred\x1b[0m": r"\x1b[31mred\x1b[0m",
    "abc\u202edef": r"abc\u202edef",
    "\u2066x\u2069": r"\u2066x\u2069",
    "zero\u200bwidth": r"zero\u200bwidth",
    "\x00\x07\x9b": r"\x00\x07\x9b",
    r"a\n": r"a\\n",
    "a\u2028b": r"a\u2028b",
    "": "''",
    "missing": "'missing'",
    "overall": "'overall'",
    " x": "' x'",
    "é ü 東京": "é ü 東京",
    "x" * 100: "x" * 23 + "…",
    "東" * 20: "東" * 11 + "…",
    "<script>alert(123)</script>": "<script>alert(123)</scr…",
}


def test_keys_that_would_break_a_terminal() -> None:
    lines = repr(of_keys([*HOSTILE][:15])).splitlines()
    assert len(lines) == 7 + 15 - 1
    for key, text in HOSTILE.items():
        assert repr(of_keys([key])).splitlines()[4].startswith(f"{text}  ")


@pytest.mark.parametrize("key", ["<script>", "a&b", "'\"", "</td>"])
def test_keys_that_would_break_a_page(key: str) -> None:
    for res in (of_keys([key]), of_keys(["a"], name=key)):
        html = res._repr_html_()
        assert key in Cells(html).cells
        tags = set(re.findall(r"<(\w+)", html))
        assert tags == {"table", "caption", "thead", "tbody", "tfoot", "tr", "th", "td"}


def test_the_page_says_what_the_text_says() -> None:
    for res in (of_keys([*range(40)], ["mae", "mse"]), slices_of(["mae", "rmse"], BY)):
        lines = repr(res).splitlines()
        words = [word for line in lines if "--" not in line for word in line.split()]
        assert [word for cell in Cells(res._repr_html_()).cells for word in cell.split()] == words


def test_names_of_keys_and_losses_are_escaped() -> None:
    res = slices_of("mae", {"a\nb": [1]}, (np.ones(1),) * 3)
    assert len(repr(res).splitlines()) == 7
    assert r"by a\nb: mean" in repr(res)


@given(st.text(st.characters(), max_size=60))
def test_any_text_becomes_one_visible_line(text: str) -> None:
    seen = shortened(text)
    assert all(c == " " or unicodedata.category(c)[0] not in "CZ" for c in seen)
    assert columns_of(seen) <= 24
    assert len(visible(text).splitlines()) <= 1


@given(st.lists(st.text(), min_size=2, max_size=2, unique=True))
def test_two_texts_never_look_the_same(texts: list[str]) -> None:
    a, b = map(visible, texts)
    assert a != b


def test_bytes_times_bins_and_periods() -> None:
    days = np.array(["2024-01-31", "2024-02-01"], "M8[D]")
    for keys, texts in (
        ([b"a\n", b"b"], [r"b'a\\n'", "b'b'"]),
        ([*days], ["2024-01-31", "2024-02-01"]),
        ([True, False], ["False", "True"]),
        ([0.5, -1.0], ["-1.0", "0.5"]),
    ):
        assert [line.split()[0] for line in repr(of_keys(keys)).splitlines()[4:6]] == texts
