"""Bins of scores and errors: the first bits of floats, the same in Python and compiled."""

from typing import Any

import numpy as np
import pytest

from streamloss.metrics.score_bins import ScoreBits, SizeBits, Truth, score_edges, size_edges
from tests.losses.points import all_of
from tests.losses.test_compiled import compiled
from tests.reference import bits as bits_of

NEAR_FLOAT32 = [2.0**-149, 2.0**-150, 2.0**-150 * (1 + 2.0**-52), 3 * 2.0**-150, 2.0**-126, 5e-324]
LARGE = [3.4028235677973362e38, 3.4028235677973366e38, 2.0**128, 1e39, 1.7e308, np.inf]
STRANGE = np.array([0.0, -0.0, np.nan, *NEAR_FLOAT32, *LARGE, *(-np.array(NEAR_FLOAT32 + LARGE))])


def any_floats(n: int) -> np.ndarray:
    """Return floats of all sizes, float32 among them, and those between two of them."""
    rng = np.random.default_rng(4)
    wide = rng.integers(-(2**63), 2**63 - 1, n).view(np.float64)
    narrow = rng.standard_normal(n).astype(np.float32).astype(np.float64)
    middles = narrow + np.spacing(narrow.astype(np.float32)).astype(np.float64) / 2
    return np.concatenate([wide, narrow, middles, STRANGE])


def ranks(scores: np.ndarray) -> np.ndarray:
    """Return where numpy's float32 of scores are among all, from 0."""
    with np.errstate(over="ignore", invalid="ignore", under="ignore"):
        narrow = scores.astype(np.float32)
    sizes = abs(narrow).view(np.int32).astype(np.int64)
    return np.where(narrow < 0, -sizes, sizes) + 2**31


def keys(scores: np.ndarray, bits: int) -> np.ndarray:
    """Return the keys that scores should have: of the largest float32 that is not above."""
    if bits == 32:
        return 2 * ranks(scores)
    with np.errstate(over="ignore", invalid="ignore", under="ignore"):
        near = scores.astype(np.float32).astype(np.float64)
    beyond = np.clip(near, -(2.0**128), 2.0**128) > np.clip(scores, -(2.0**128), 2.0**128)
    below = ranks(scores) - beyond
    alone = (near == scores) & np.isfinite(near) & (below % 2 ** (32 - bits) == 0)
    return 2 * (below >> (32 - bits)) + ~alone


@pytest.mark.parametrize("bits", [1, 9, 20, 31, 32])
def test_bins_of_scores_are_the_first_bits_of_float32(bits: int) -> None:
    scores = any_floats(20_000)
    want = np.where(np.isnan(scores), np.nan, keys(scores, bits))
    labels = np.zeros_like(scores)
    assert bits_of(compiled(ScoreBits(bits), (labels, scores))) == bits_of(want)
    few = slice(-600, None)
    assert bits_of(all_of(ScoreBits(bits), labels[few], scores[few])) == bits_of(want[few])
    assert np.nanmin(want) >= 0
    assert np.nanmax(want) < 2 ** (bits + 1)
    order = np.argsort(scores[~np.isnan(scores)])
    assert (np.diff(want[~np.isnan(scores)][order]) >= 0).all()


@pytest.mark.parametrize("bits", [11, 21, 52])
def test_bins_of_errors_are_the_first_bits_of_float64(bits: int) -> None:
    errors = any_floats(20_000)
    sizes = abs(errors)
    first = np.where(sizes == 0, 0.0, (sizes.view(np.int64) >> (63 - bits)) + 1.0)
    want = np.where(np.isnan(errors), np.nan, first)
    zeros = np.zeros_like(errors)
    assert bits_of(compiled(SizeBits(bits), (zeros, errors))) == bits_of(want)
    assert bits_of(compiled(SizeBits(bits), (errors, zeros))) == bits_of(want)
    few = slice(-600, None)
    assert bits_of(all_of(SizeBits(bits), zeros[few], errors[few])) == bits_of(want[few])


def test_an_error_of_infinities_is_missing() -> None:
    assert np.isnan(SizeBits().point(np.inf, np.inf))
    assert SizeBits().point(np.inf, -np.inf) == SizeBits().point(0.0, np.inf)


@pytest.mark.parametrize("bits", [1, 12, 20, 32])
def test_edges_of_scores_are_the_ends_of_bins(bits: int) -> None:
    scores = any_floats(2_000)
    scores = scores[~np.isnan(scores)]
    found = keys(scores, bits).astype(np.int64)
    low, high = score_edges(found, bits)
    inside = (low > -3.4e38) & (high < 3.4e38)
    alone, low, high = found[inside] % 2 == 0, low[inside], high[inside]
    for edge in (low, high):
        assert (keys(edge, bits) == found[inside]).all()
    assert (low[alone] == high[alone]).all()
    with np.errstate(over="ignore", under="ignore"):
        before = np.nextafter(low.astype(np.float32), np.float32(-np.inf)).astype(np.float64)
        after = np.nextafter(high.astype(np.float32), np.float32(np.inf)).astype(np.float64)
    assert (keys(before, bits) < found[inside]).all()
    assert (keys(after, bits) > found[inside]).all()


@pytest.mark.parametrize("bits", [11, 21, 52])
def test_edges_of_errors_are_the_ends_of_bins(bits: int) -> None:
    sizes = abs(any_floats(2_000))
    sizes = sizes[~np.isnan(sizes)]
    zeros = np.zeros_like(sizes)
    bins = all_of(SizeBits(bits), zeros, sizes).astype(np.int64)
    low, high = size_edges(bins, bits)
    assert ((low <= sizes) & (sizes <= high)).all()
    for edge in (low, high):
        assert (all_of(SizeBits(bits), zeros, edge) == bins).all()
    inside = (low > 5e-324) & (high < np.inf)
    for edge, step, shift in ((low, -np.inf, -1), (high, np.inf, 1)):
        with np.errstate(over="ignore", under="ignore"):
            beside = np.nextafter(edge[inside], step)
        assert (all_of(SizeBits(bits), zeros[inside], beside) == bins[inside] + shift).all()
    assert np.array_equal(np.stack(size_edges([0], bits)), np.zeros((2, 1)))


def test_labels_are_of_two_classes_or_others() -> None:
    labels = np.array([0.0, -0.0, 1.0, -1.0, 2.0, 0.5, np.inf, -np.inf, np.nan])
    want = np.array([0.0, 0.0, 1.0, -1.0, 2.0, 2.0, np.nan, np.nan, np.nan])
    for found in (all_of, lambda loss, *arrays: compiled(loss, arrays)):
        assert bits_of(found(Truth(), labels, labels)) == bits_of(want)


@pytest.mark.parametrize(
    ("make", "rule"),
    [
        (lambda: ScoreBits(33), "bits of ScoreBits must be whole, at least 1 and at most 32"),
        (lambda: ScoreBits(20.5), "bits of ScoreBits must be whole, at least 1 and at most 32"),
        (lambda: ScoreBits(np.nan), "bits of ScoreBits must be whole"),
        (lambda: SizeBits(10), "bits of SizeBits must be whole, at least 11 and at most 52"),
        (lambda: SizeBits(np.inf), "bits of SizeBits must be whole"),
    ],
)
def test_bits_are_whole_numbers_of_bits(make: Any, rule: str) -> None:
    with pytest.raises(ValueError, match=rule):
        make()
