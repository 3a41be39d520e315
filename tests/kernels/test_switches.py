"""Switches are types: Python and the compiler tell them apart, and what is kept for each."""

import itertools
import pickle
from typing import Any

import numba
import numpy as np
import pytest

import streamloss as sl
from streamloss.exact.state import State
from streamloss.kernels import fold, folds
from streamloss.kernels.switches import MULTIPLY, NARROW, OMIT, SIFT, WIDE, Switch

SWITCHES = SIFT, OMIT, MULTIPLY, NARROW, WIDE
PAIRS = list(itertools.combinations(SWITCHES, 2))


@pytest.mark.parametrize(("a", "b"), PAIRS)
def test_switches_differ_by_type(a: Switch, b: Switch) -> None:
    assert a != b
    assert [a == b, a == a, len({a, b, ()})] == [False, True, 3]
    assert numba.typeof(a) != numba.typeof(b)
    assert str(numba.typeof(a)) != str(numba.typeof(b))  # names of files have it


@pytest.mark.parametrize("switch", SWITCHES)
def test_a_switch_is_equal_to_those_of_its_type_alone(switch: Switch) -> None:
    for same in (type(switch)(), pickle.loads(pickle.dumps(switch))):
        assert [same == switch, same != switch] == [True, False]
        assert hash(same) == hash(switch)
        assert type(same) is type(switch)
    assert [switch == (), switch != (), () == switch, () != switch] == [False, True, False, True]
    assert repr(switch) == type(switch).__name__


def test_dask_names_tasks_by_switches() -> None:
    tokenize = pytest.importorskip("dask.tokenize").tokenize
    tokens = {tokenize(("query", switch)) for switch in SWITCHES}
    assert len(tokens) == len(SWITCHES)
    assert tokens == {tokenize(("query", type(switch)())) for switch in SWITCHES}


def test_each_rule_and_width_has_a_kernel_of_its_own() -> None:
    found: list[Any] = []
    for dtype, rule in itertools.product(("f4", "f8"), (SIFT, OMIT, MULTIPLY)):
        losses, array = (sl.AbsoluteError(),), np.array([1.0, np.nan, 3.0], dtype)
        weights, state = np.array([1.0, 0.0, 0.0], dtype), State.empty((), 1)
        width = NARROW if dtype == "f4" else WIDE
        workspace = fold.make_workspace(1)
        arguments = (array, array), weights, state.sums, state.counts, 3, workspace, width, rule
        run, given = folds.fold_entry(losses, *arguments)
        found.append(run)
        run(given, *arguments)
        nan = state.sums[0, 0, 0]
        assert (state.counts[0, 2], nan) == {SIFT: (0, 0), OMIT: (1, 0), MULTIPLY: (0, 1)}[rule]
    assert len(set(found)) == len(found)
