"""Dask arrays whose chunks are on a GPU."""

from typing import Any

import dask
import dask.array as da
import numpy as np
import pytest

import streamloss as sl
from tests.gpu.simulator.devices import OnGpu


class Chunk(OnGpu):
    """An array of a GPU that can be sliced, as those of CuPy can."""

    def __getitem__(self, index: Any) -> Any:
        return Chunk(self.array[index])


def lazy(array: Any, chunks: Any) -> Any:
    """Return a dask array whose chunks are on a GPU."""
    whole = da.from_array(array, chunks=chunks)
    return whole.map_blocks(Chunk, dtype=array.dtype, meta=np.empty((0,) * array.ndim, array.dtype))


@pytest.fixture
def synchronous() -> Any:
    """Run dask's tasks one after another: the simulator has one launch at a time."""
    with dask.config.set(scheduler="synchronous"):
        yield


@pytest.mark.usefixtures("synchronous")
@pytest.mark.parametrize("axis", [None, 0, 1])
@pytest.mark.parametrize("weighted", [None, "leading", "full"])
def test_dask_arrays_of_a_gpu(rng: np.random.Generator, axis: Any, weighted: Any) -> None:
    y_true, y_pred, weights = rng.normal(size=(3, 5, 4))
    weights = {None: None, "leading": weights[:, 0], "full": weights}[weighted]
    chunks = (2, 3)
    heavy = None if weights is None else lazy(weights, chunks[: weights.ndim])
    arrays = lazy(y_true, chunks), lazy(y_pred, chunks), heavy
    found = sl.accumulate("mae", *arrays, axis=axis).compute()
    assert found == sl.accumulate("mae", y_true, y_pred, weights, axis=axis)


@pytest.mark.usefixtures("synchronous")
def test_dask_arrays_of_a_gpu_stay_there_without_a_reduction(rng: np.random.Generator) -> None:
    y_true, y_pred = rng.normal(size=(2, 6))
    found = sl.evaluate("mae", lazy(y_true, 6), lazy(y_pred, 6), reduction="none")
    assert found.chunks == ((6,),)
    (block,) = found.to_delayed().ravel()
    expected = sl.evaluate("mae", y_true, y_pred, reduction="none")
    assert block.compute().copy_to_host().tobytes() == expected.tobytes()


@pytest.mark.usefixtures("synchronous")
def test_an_error_names_the_chunk(rng: np.random.Generator) -> None:
    y = rng.normal(size=6)
    bad = lazy(y, 3).map_blocks(lambda block: Chunk(block.array[:2]), dtype="f8", meta=y[:0])
    with pytest.raises(ValueError, match=r"chunk \([01],\): y_pred must have the sizes"):
        sl.evaluate("mae", lazy(y, 3), bad).compute()
