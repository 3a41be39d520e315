"""Keys that are both halves of a float64: in its order, and of others beside what is looked at."""

import math
import struct

import numpy as np
import pytest

from streamloss.metrics.halves import ScoreHalf, SizeHalf, edges_of_halves
from tests.losses.test_compiled import compiled
from tests.metrics.test_score_bins import any_floats
from tests.reference import LARGEST, TINY


def pattern(x: float) -> int:
    return int(struct.unpack("=q", struct.pack("=d", x))[0])


def score_keys(score: float) -> tuple[float, float]:
    """Return both halves of the size of a score, with its sign."""
    if math.isnan(score):
        return math.nan, math.nan
    upper, lower = divmod(pattern(abs(score)), 1 << 32)
    return (upper, lower) if score > 0 else (-upper, -lower)


def size_keys(size: float, low: float, high: float, bits: int) -> tuple[float, float]:
    """Return both halves of the first bits of an error."""
    if math.isnan(size):
        return math.nan, math.nan
    if not low <= size <= high:
        return (-1, 0) if size < low else (1 << 31, 0)
    drop = 63 - bits
    return divmod(pattern(size) >> drop << drop, 1 << 32)


def test_halves_of_scores_are_in_their_order() -> None:
    scores = np.append(any_floats(2_000), [0.0, -0.0, TINY, -TINY, LARGEST, -LARGEST])
    zeros = np.zeros_like(scores)
    want = [score_keys(score) for score in scores.tolist()]
    pair = [compiled(ScoreHalf(lower), (zeros, scores)) for lower in (0.0, 1.0)]
    for k, found in enumerate(pair):
        np.testing.assert_array_equal(found, [keys[k] for keys in want])
        alone = [ScoreHalf(float(k)).point(0.0, score) for score in scores.tolist()[-300:]]
        np.testing.assert_array_equal(alone, [keys[k] for keys in want[-300:]])
    there = ~np.isnan(scores)
    order = np.lexsort((pair[1][there], pair[0][there]))
    assert (np.diff(scores[there][order][np.isfinite(scores[there][order])]) >= 0).all()
    assert len({keys for keys in want if keys[0] == keys[0]}) == len(set(scores[there].tolist()))


@pytest.mark.parametrize("bits", [11, 21, 32, 42, 62, 63])
@pytest.mark.parametrize(("low", "high"), [(0.0, 0.5), (TINY, LARGEST), (1.0, 1.0), (0.1, 1e17)])
def test_halves_of_errors_are_of_those_between_two(bits: int, low: float, high: float) -> None:
    edges = [x for edge in (low, high) for x in (edge, math.nextafter(edge, 9e9), edge / 2)]
    errors = np.append(any_floats(2_000), edges)
    zeros = np.zeros_like(errors)
    want = [size_keys(abs(error), low, high, bits) for error in errors.tolist()]
    pair = [compiled(SizeHalf(low, high, bits, lower), (zeros, errors)) for lower in (0.0, 1.0)]
    for k, found in enumerate(pair):
        np.testing.assert_array_equal(found, [keys[k] for keys in want])
        alone = [SizeHalf(low, high, bits, k).point(0.0, x) for x in errors.tolist()[-300:]]
        np.testing.assert_array_equal(alone, [keys[k] for keys in want[-300:]])
    inside = (low <= abs(errors)) & (abs(errors) <= high)
    keys = [found[inside].astype(np.int64) for found in pair]
    first, last = edges_of_halves(*keys, bits)
    sizes = abs(errors[inside])
    assert ((first <= sizes) & (sizes <= last)).all()
    assert (last.view(np.int64) - first.view(np.int64) < 1 << (63 - bits)).all()
