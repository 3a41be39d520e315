"""Grouping sets as they are asked for: names, bins and periods, and arrays of them."""

import pickle
from typing import Any

import numpy as np
import pytest

import streamloss as sl
from streamloss.arrays.cuts import Cut

MILES, MONTH = sl.bins("miles", [0, 500]), sl.period("time", "month")


def test_sets_have_names_and_keys() -> None:
    sets = sl.grouping_sets(["origin"], "carrier", [], ("carrier", MILES), MONTH)
    assert sets.sets == (("origin",), ("carrier",), (), ("carrier", "miles"), ("time",))
    assert sets.names == ("origin", "carrier", "miles", "time")
    assert sets.keys == ("origin", "carrier", MILES, MONTH)
    assert repr(sets) == (
        "grouping_sets(['origin'], ['carrier'], [], ['carrier', 'miles'], ['time'])"
    )


def test_arrays_take_the_places_of_names() -> None:
    miles, carrier = np.array([1.0, 2.0]), ["a", "b"]
    sets = sl.grouping_sets([MILES, "carrier"], [], keys={"carrier": carrier, "miles": miles})
    assert sets.names == ("carrier", "miles")
    same, cut = sets.keys
    assert same is carrier
    assert isinstance(cut, Cut)
    assert (cut.source is miles, cut.kind) == (True, MILES.kind)
    assert "array" not in repr(sets)


def test_they_never_change() -> None:
    sets = sl.grouping_sets(["a"], ["b"])
    with pytest.raises(AttributeError):
        sets.sets = ()  # type: ignore[misc]
    with pytest.raises(AttributeError):
        del sets.names
    again = pickle.loads(pickle.dumps(sets))
    assert (again.sets, again.names, again.keys) == (sets.sets, sets.names, sets.keys)


def test_the_same_cut_may_come_again() -> None:
    again = sl.bins("miles", [0, 500])
    assert sl.grouping_sets([MILES], [again, "a"]).keys == (MILES, "a")


REFUSED: dict[str, tuple[Any, type[Exception], str]] = {
    "no set": (lambda: sl.grouping_sets(), ValueError, "must have a key"),
    "no key": (lambda: sl.grouping_sets([]), ValueError, "must have a key"),
    "a set twice": (
        lambda: sl.grouping_sets(["a", "b"], ["b", "a"]),
        ValueError,
        r"each set once: got \['b', 'a'\] twice",
    ),
    "a key twice": (lambda: sl.grouping_sets(["a", "a"]), ValueError, "each key once"),
    "one name for two": (
        lambda: sl.grouping_sets([MILES], ["miles"]),
        ValueError,
        r"name of its own: got bins\('miles', \[0, 500\]\) and 'miles'",
    ),
    "other edges": (
        lambda: sl.grouping_sets([MILES], [sl.bins("miles", [0, 1]), "a"]),
        ValueError,
        "name of its own",
    ),
    "a number": (lambda: sl.grouping_sets([1]), TypeError, "must be a name.*got 1"),
    "an array": (lambda: sl.grouping_sets(np.ones(2)), TypeError, "must be a list of keys"),
    "a cut of an array": (
        lambda: sl.grouping_sets([sl.bins([1.0], [0, 1])]),
        TypeError,
        r"must be a name, or bins or a period of one: got \[1.0\]",
    ),
    "other arrays": (
        lambda: sl.grouping_sets(["a"], ["b"], keys={"a": [1]}),
        ValueError,
        r"keys must be those of the sets, 'a', 'b': got \['a'\]",
    ),
    "more arrays": (
        lambda: sl.grouping_sets(["a"], keys={"a": [1], "b": [2]}),
        ValueError,
        "keys must be those of the sets",
    ),
}


@pytest.mark.parametrize("why", REFUSED)
def test_what_is_none_is_refused(why: str) -> None:
    call, error, told = REFUSED[why]
    with pytest.raises(error, match=told):
        call()
