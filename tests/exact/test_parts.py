"""Parts of tables: together they are the table, and equal keys go to equal parts anywhere."""

import os
import subprocess
import sys
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import streamloss as sl
from streamloss.exact.table import Table

TEXTS = st.none() | st.text(max_size=3) | st.sampled_from(["a", "b\0"])
NUMBERS = st.integers(-(2**63), 2**63 - 1) | st.integers(0, 3)


def table_of(by: dict[str, Any], **options: Any) -> Table:
    rows = len(next(iter(by.values())))
    shape = (rows, 2) if options else (rows,)
    values = np.random.default_rng(rows).normal(size=shape)
    table = sl.accumulate("value", values, by=by, **options).tally.known
    assert table is not None
    return table


@given(
    st.lists(st.tuples(TEXTS, NUMBERS), max_size=40), st.integers(1, 9), st.sampled_from([None, 0])
)
def test_parts_add_up_to_the_table_and_share_no_key(
    rows: list[tuple[Any, int]], parts: int, axis: int | None
) -> None:
    by = {"text": [text for text, _ in rows], "number": np.array([n for _, n in rows], np.int64)}
    table = table_of(by, **({} if axis is None else {"axis": axis}))
    found = table.split(parts)
    assert len(found) == parts
    assert sum(map(len, found)) == len(table)
    assert Table.total(found) == table
    assert all(len(part.canonical()) == len(part) for part in found)


@pytest.mark.parametrize("offset", [0, 10**12])
def test_parts_are_about_as_large(offset: int) -> None:
    for keys in (np.arange(4000) + offset, [f"key {k + offset}" for k in range(4000)]):
        sizes = [len(part) for part in table_of({"k": keys}).split(8)]
        assert 400 < min(sizes)
        assert max(sizes) < 600


SCRIPT = """
import numpy as np, streamloss as sl
texts = ["a", None, "été", "\U00010000"] * 5
by = {"text": texts, "number": np.arange(20) // 3 - 2, "octets": [t and t.encode() for t in texts]}
for part in sl.accumulate("value", np.ones(20), by=by).tally.known.split(5):
    print([[np.append(key.values, None)[code] for code in key.codes] for key in part.keys])
"""


def test_equal_keys_go_to_equal_parts_in_another_process() -> None:
    def parts(seed: str) -> str:
        environment = os.environ | {"PYTHONHASHSEED": seed, "PYTHONIOENCODING": "utf-8"}
        command = [sys.executable, "-c", SCRIPT]
        return subprocess.check_output(command, env=environment, encoding="utf-8")

    first = parts("1")
    assert first.count("\n") == 5
    assert first == parts("2")


def test_a_slice_goes_to_the_part_of_its_keys_whatever_else_is_there() -> None:
    rng = np.random.default_rng(0)
    texts = rng.choice(np.array(["a", "b", "c", "dd"]), 200)
    numbers = rng.integers(0, 30, 200)
    places = [
        places_of(table_of({"t": texts[s], "n": numbers[s]})) for s in (slice(90), slice(70, 200))
    ]
    shared = set(places[0]) & set(places[1])
    assert len(shared) > 10
    assert all(places[0][key] == places[1][key] for key in shared)


def places_of(table: Table) -> dict[tuple[Any, ...], int]:
    """The part of each combination of keys."""
    found = {}
    for place, part in enumerate(table.split(7)):
        columns = [key.values[key.codes].tolist() for key in part.keys]
        found.update(dict.fromkeys(zip(*columns, strict=True), place))
    return found


def test_a_table_says_how_much_memory_it_takes() -> None:
    few, many = (sys.getsizeof(table_of({"k": np.arange(n)})) for n in (1000, 100_000))
    assert 24_000 < few < 90_000
    assert 2_400_000 < many < 9_000_000
    texts = [f"a text of some length {k}" for k in range(1000)]
    assert sys.getsizeof(table_of({"k": texts})) > few + 30_000
