"""`compat.sklearn` on dask arrays: when they are computed, and what may be unknown of them."""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from typing import Any

import dask
import dask.array as da
import numpy as np
import pytest
from sklearn_calls import ALL, CLASSES, Q3, RNG, P, Y

from streamloss.compat import sklearn


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    """Run dask's tasks where the test runs: most of them take less than a thread's start."""
    with dask.config.set(scheduler="synchronous"):
        yield


def refuse_to_load(block: Any) -> Any:
    raise AssertionError("this block must not be loaded yet")


@pytest.mark.parametrize("name", ALL)
def test_nothing_is_computed_early(name: str) -> None:
    function, y, p = ALL[name]
    y, p, w = (
        da.from_array(a, chunks=7).map_blocks(
            refuse_to_load, dtype=a.dtype, meta=np.empty((0,) * a.ndim, a.dtype)
        )
        for a in (y, p, np.ones(24))
    )
    found = function(y, p, sample_weight=w)
    assert isinstance(found, da.Array)
    with pytest.raises(AssertionError, match="must not be loaded"):
        found.compute()


def unknown(array: Any) -> Any:
    """Return a dask array that does not know how many rows it has."""
    lazy = da.from_array(array, chunks=(5, *array.shape[1:]))
    return lazy[da.from_array(np.ones(24, bool), chunks=5)]


@pytest.mark.parametrize("name", ALL)
def test_unknown_chunk_sizes(name: str) -> None:
    function, y, p = ALL[name]
    w = RNG.random(24)
    lazy = function(unknown(y), unknown(p), sample_weight=unknown(w))
    assert float(lazy.compute()).hex() == function(y, p, sample_weight=w).hex()


@pytest.mark.parametrize("name", ALL)
def test_one_lazy_argument_is_enough(name: str) -> None:
    function, y, p = ALL[name]
    expected = function(y, p).hex()
    lazy_y, lazy_p = (da.from_array(a, chunks=(10, *a.shape[1:])) for a in (y, p))
    assert float(function(lazy_y, p).compute()).hex() == expected
    assert float(function(y, lazy_p).compute()).hex() == expected


@pytest.mark.parametrize("name", ALL)
def test_tasks_can_be_sent_to_processes(name: str) -> None:
    function, y, p = ALL[name]
    lazy = function(da.from_array(y, chunks=10), p)
    (lazy,) = dask.optimize(lazy)
    tasks = pickle.loads(pickle.dumps(dict(lazy.dask)))
    assert list(dask.get(tasks, lazy.__dask_keys__())) == [function(y, p)]


@pytest.mark.parametrize("bad", [np.nan, np.inf])
@pytest.mark.parametrize("where", ["y_true", "y_pred", "sample_weight"])
def test_values_are_checked_in_the_tasks(where: str, bad: float) -> None:
    named = {"y_true": Y, "y_pred": P, "sample_weight": np.ones(24)}
    named[where] = np.where(np.arange(24) == 17, bad, named[where])
    lazy = sklearn.mean_absolute_error(**{k: da.from_array(v, chunks=6) for k, v in named.items()})
    with pytest.raises(ValueError, match=f"^Input {where} contains"):
        lazy.compute()
    with pytest.raises(ValueError, match=f"^Input {where} contains"):
        sklearn.mean_absolute_error(**named)


def test_classes_are_found_in_lazy_labels() -> None:
    words = np.array(["ham", "spam", "egg"])[CLASSES]
    lazy = da.from_array(words, chunks=5)
    assert float(sklearn.log_loss(lazy, Q3).compute()) == sklearn.log_loss(words, Q3)
    two = sklearn.log_loss(lazy[:2], Q3[:2])
    with pytest.raises(ValueError, match="different number of classes: 2 vs 3"):
        two.compute()
