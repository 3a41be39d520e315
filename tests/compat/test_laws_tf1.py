"""Laws of `compat.tf1`: no bit depends on chunks, on compilation, or on where arrays lie."""

from __future__ import annotations

from typing import Any

import dask.array as da
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tf1_truth import Reduction, same

from streamloss.compat import tf1

rng = np.random.default_rng(22)
FULL = rng.normal(size=(9, 7)).astype(np.float32)
SCORES = rng.normal(size=(9, 7)).astype(np.float32)
SHARES = rng.random((9, 7)).astype(np.float32)
BITS = rng.integers(0, 2, (9, 7)).astype(np.float32)
CLASSES = rng.integers(0, 7, 9)
HOLES = np.where(BITS == 0, np.float32(0), SHARES)
ROW = HOLES[:, 0]

CALLS: dict[str, tuple[tuple[Any, ...], dict[str, Any]]] = {
    "compute_weighted_loss": ((FULL,), {"weights": HOLES}),
    "absolute_difference": ((FULL, SCORES), {"weights": HOLES}),
    "mean_squared_error": ((FULL, SCORES), {"weights": HOLES[:, :1]}),
    "huber_loss": ((FULL, SCORES), {"weights": HOLES[:1], "delta": 0.7}),
    "log_loss": ((SHARES, 1 - SHARES), {"weights": HOLES}),
    "hinge_loss": ((BITS, SCORES), {"weights": HOLES}),
    "sigmoid_cross_entropy": ((BITS, SCORES), {"weights": HOLES, "label_smoothing": 0.1}),
    "softmax_cross_entropy": ((SHARES, SCORES), {"weights": ROW, "label_smoothing": 0.1}),
    "sparse_softmax_cross_entropy": ((CLASSES, SCORES), {"weights": ROW}),
    "cosine_distance": ((FULL, SCORES), {"weights": HOLES[:1], "axis": 0}),
    "mean_pairwise_squared_error": ((FULL, SCORES), {"weights": HOLES}),
}


def chunks(shape: tuple[int, ...]) -> st.SearchStrategy[Any]:
    """Draw the chunks of an array."""

    def sizes(size: int) -> st.SearchStrategy[tuple[int, ...]]:
        cuts = st.sets(st.integers(1, max(size - 1, 1)), max_size=3)
        return cuts.map(lambda c: tuple(np.diff([0, *sorted(k for k in c if k < size), size])))

    return st.tuples(*(sizes(size).map(lambda t: tuple(map(int, t))) for size in shape))


@pytest.mark.parametrize("name", CALLS)
@settings(max_examples=4)
@given(data=st.data())
def test_chunks_change_nothing(name: str, data: st.DataObject) -> None:
    args, kwargs = CALLS[name]
    reduction = data.draw(st.sampled_from(Reduction.all()))
    if name != "mean_pairwise_squared_error":
        kwargs = {**kwargs, "reduction": reduction}

    def lazy(value: Any) -> Any:
        if not isinstance(value, np.ndarray) or data.draw(st.integers(0, 4)) == 0:
            return value
        return da.from_array(value, chunks=data.draw(chunks(value.shape)))

    function = getattr(tf1, name)
    cut = [lazy(value) for value in args], {key: lazy(value) for key, value in kwargs.items()}
    ours = function(*cut[0], **cut[1])
    if any(isinstance(value, da.Array) for value in (*cut[0], *cut[1].values())):
        assert isinstance(ours, da.Array)
        ours = ours.compute(scheduler="sync")
    assert same(ours, function(*args, **kwargs))


@pytest.mark.parametrize("name", CALLS)
def test_strides_change_nothing(name: str) -> None:
    args, kwargs = CALLS[name]
    wide = {
        key: np.repeat(value, 2, axis=-1)[..., ::2] if isinstance(value, np.ndarray) else value
        for key, value in (*enumerate(args), *kwargs.items())
    }
    strided = [wide.pop(place) for place in range(len(args))]
    function = getattr(tf1, name)
    assert same(function(*strided, **wide), function(*args, **kwargs))


@pytest.mark.parametrize("reduction", [Reduction.NONE, Reduction.SUM_BY_NONZERO_WEIGHTS])
def test_compiled_code_gives_the_bits_of_a_small_batch(reduction: str) -> None:
    labels, predictions = rng.normal(size=(2, 5000, 3)).astype(np.float32)
    weights = np.abs(rng.normal(size=(5000, 1))).astype(np.float32)
    whole = tf1.absolute_difference(labels, predictions, weights, reduction=reduction)
    small = [da.from_array(a, chunks=(40, -1)) for a in (labels, predictions, weights)]
    pieces = tf1.absolute_difference(*small, reduction=reduction)
    assert same(pieces.compute(), whole)


def test_bad_labels_of_dask_arrays_raise_when_computed() -> None:
    labels = da.from_array(np.array([0, 1, 7]), chunks=2)
    lazy = tf1.sparse_softmax_cross_entropy(labels, SCORES[:3])
    with pytest.raises(ValueError, match=r"labels must be in \[0, 7\): got 7"):
        lazy.compute(scheduler="sync")


def test_results_wait_for_unknown_sizes() -> None:
    labels, predictions = (da.from_array(a, chunks=(4, 7)) for a in (FULL, SCORES))
    kept = labels[:, 0] > 0
    lazy = tf1.absolute_difference(labels[kept], predictions[kept])
    rows = FULL[:, 0] > 0
    assert same(lazy.compute(), tf1.absolute_difference(FULL[rows], SCORES[rows]))
