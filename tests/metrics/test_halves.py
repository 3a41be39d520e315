"""Keys that are both halves of a float64: in its order, and of others beside what is looked at."""

import math
import struct

import numpy as np
import pytest

from streamloss.metrics.halves import (
    HIGHER,
    LOWER,
    ScoreHalf,
    SizeHalf,
    edges_of_halves,
    is_above,
    last_scores,
)
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


def score_keys_within(score: float, low: float, high: float, bits: int) -> tuple[float, float]:
    """Return both halves of the first bits of a score between two, and what tells of others."""
    if math.isnan(score):
        return math.nan, math.nan
    if score < low:
        return LOWER, 0.0
    size = pattern(abs(score))
    drop, sign = (63 - bits if score <= high else 43), 1 if score > 0 else -1
    upper, lower = divmod(size >> drop << drop, 1 << 32)
    mixed = (size ^ size >> 31) % 2**31 * 1540483477 // 2**28 % 8
    return (sign * upper, sign * lower) if score <= high else (HIGHER + sign * upper, mixed)


STRETCHES = [
    (-math.inf, math.inf),
    (-math.inf, -LARGEST),
    (-1e-300, 0.5),
    (TINY, LARGEST),
    (-1.0, -1.0),
    (math.inf, math.inf),
    (-1e17, math.nextafter(-0.1, 0.0)),
]


@pytest.mark.parametrize("bits", [11, 22, 32, 43, 62, 63])
@pytest.mark.parametrize(("low", "high"), STRETCHES)
def test_halves_of_scores_are_of_those_between_two(bits: int, low: float, high: float) -> None:
    edges = [x for e in (low, high) for x in (e, math.nextafter(e, 9e9), math.nextafter(e, -9e9))]
    scores = np.append(any_floats(2_000), [*edges, 0.0, -0.0, TINY, -TINY])
    zeros = np.zeros_like(scores)
    want = [score_keys_within(score, low, high, bits) for score in scores.tolist()]
    keys = [ScoreHalf(float(k), low, high, bits) for k in range(2)]
    pair = [compiled(key, (zeros, scores)) for key in keys]
    for k, found in enumerate(pair):
        np.testing.assert_array_equal(found, [each[k] for each in want])
        alone = [keys[k].point(0.0, x) for x in scores.tolist()[-300:]]
        np.testing.assert_array_equal(alone, [each[k] for each in want[-300:]])
    there = ~np.isnan(scores)
    upper, lower, scores = (each[there] for each in (*pair, scores))
    above, inside = is_above(upper), (scores >= low) & (scores <= high)
    lower = np.where(above, 0.0, lower)
    order = np.lexsort((scores, lower, upper))
    with np.errstate(invalid="ignore"):  # of two infinities
        apart = np.diff(scores[order])
    assert not (apart < 0)[np.diff(upper[order]) + np.diff(lower[order]) != 0].any()
    np.testing.assert_array_equal(above, scores > high)
    for some, drop, start in ((inside, 63 - bits, 0), (above, 43, int(HIGHER))):
        halves = upper[some].astype(np.int64) - start, lower[some].astype(np.int64)
        last = last_scores(*halves, 63 - drop)
        assert (last >= scores[some]).all()
        for edge in set(last.tolist()):  # no score of the bin is above it, and the next one is
            following = math.nextafter(edge, math.inf)
            own = [divmod(pattern(abs(x)) >> drop, 1 << 32) for x in (edge, following)]
            assert math.isinf(edge) or own[0] != own[1] or edge * following < 0 or edge == 0.0
