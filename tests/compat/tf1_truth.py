"""What `compat.tf1` must return, said in fractions: exact, then rounded once to float32."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import dask.array as da
import numpy as np

from streamloss.compat import tf1

Reduction = tf1.Reduction


def nearest(value: Fraction, dtype: Any = np.float32) -> Any:
    """Return the float next to a fraction, the even one of two."""
    guess = np.dtype(dtype).type(float(value))
    around = [np.nextafter(guess, -np.inf), guess, np.nextafter(guess, np.inf)]
    kind = {2: np.uint16, 4: np.uint32, 8: np.uint64}[guess.itemsize]

    def order(candidate: Any) -> tuple[Fraction, int]:
        return abs(Fraction(float(candidate)) - value), int(candidate.view(kind)) & 1

    return min((c for c in around if np.isfinite(c)), key=order)


def fractions(array: Any) -> list[Fraction]:
    """Return the numbers of an array, rounded to float32, as fractions."""
    return [Fraction(float(x)) for x in np.asarray(array).astype(np.float32).ravel()]


def reduced(losses: list[Fraction], weights: Any, shape: tuple[int, ...], reduction: str) -> Any:
    """Return the float32 that losses of a shape are reduced to."""
    heavy = fractions(np.broadcast_to(np.asarray(weights, np.float32), shape))
    terms = [w * x for w, x in zip(heavy, losses, strict=True)]
    if reduction == Reduction.NONE:
        return np.array([nearest(t) for t in terms], np.float32).reshape(shape)
    divisor = {
        Reduction.SUM: Fraction(1),
        Reduction.MEAN: sum(heavy, Fraction(0)),
        Reduction.SUM_OVER_BATCH_SIZE: Fraction(len(losses)),
        Reduction.SUM_BY_NONZERO_WEIGHTS: Fraction(sum(w != 0 for w in heavy)),
    }[reduction]
    return nearest(sum(terms, Fraction(0)) / divisor) if divisor else np.float32(0.0)


def absolute_difference(labels: Any, predictions: Any, weights: Any, reduction: str) -> Any:
    """Return what `tf1.absolute_difference` must."""
    pairs = zip(fractions(labels), fractions(predictions), strict=True)
    return reduced([abs(p - y) for y, p in pairs], weights, np.shape(labels), reduction)


def as_numpy(value: Any, place: int = 0) -> Any:
    """Return a value as it is."""
    return value


def as_dask(value: Any, place: int = 0) -> Any:
    """Return an array as a dask array of uneven chunks, anything else as it is."""
    if not isinstance(value, np.ndarray) or not value.ndim:
        return value
    sizes = [(place + axis) % 3 + 1 for axis in range(value.ndim)]
    return da.from_array(value, chunks=tuple(sizes))


def call(kind: Any, name: str, *args: Any, **kwargs: Any) -> Any:
    """Return the computed result of a function on arrays of a kind."""
    args = tuple(kind(value, place) for place, value in enumerate(args))
    kwargs = {key: kind(value, 2) for key, value in kwargs.items()}
    out = getattr(tf1, name)(*args, **kwargs)
    if any(isinstance(value, da.Array) for value in (*args, *kwargs.values())):
        assert isinstance(out, da.Array)
        return out.compute(scheduler="sync")
    return out


def same(ours: Any, expected: Any) -> bool:
    """Return whether dtype, shape and all bits are equal."""
    ours, expected = np.asarray(ours), np.asarray(expected)
    kinds = ours.dtype == expected.dtype and ours.shape == expected.shape
    return bool(kinds and ours.tobytes() == expected.tobytes())


KINDS = [as_numpy, as_dask]


def grid(rng: np.random.Generator, shape: Any, dtype: Any = np.float32) -> Any:
    """Return numbers whose sums and products by each other float64 holds exactly."""
    return (rng.integers(-4000, 4000, shape) / 64).astype(dtype)
