"""Arrays to give, what their losses sum to, and the layouts that they may have."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from tests.reference import bits, exact, quotient

RNG = np.random.default_rng(20)
Y, P = RNG.standard_normal((2, 4, 6)) * 10.0 ** RNG.integers(-9, 9, (2, 4, 6))
LARGE = 1.0 / RNG.standard_normal((2, 700, 400))  # more elements than are gathered at once
NAN = math.nan


def widen(values: Any) -> np.ndarray:
    values = np.asarray(values)
    return values.astype(np.complex128 if values.dtype.kind == "c" else np.float64)


def errors(y_true: Any, y_pred: Any) -> np.ndarray:
    """The absolute errors; Python's modulus of complex numbers, since numpy's is less exact."""
    error = widen(y_pred) - widen(y_true)
    return np.array([abs(e) for e in error.ravel().tolist()]).reshape(error.shape)


def total(terms: np.ndarray) -> float:
    return math.fsum(terms.ravel().tolist())


def quotients(terms: np.ndarray, weights: np.ndarray, axis: Any = None) -> Any:
    """The correctly rounded sums of terms over sums of weights; NaN for nothing over nothing."""
    axes = {k % terms.ndim for k in np.atleast_1d(range(terms.ndim) if axis is None else axis)}
    kept = [k for k in range(terms.ndim) if k not in axes]
    shape = tuple(terms.shape[k] for k in kept)
    both = [a.transpose([*kept, *axes]).reshape(math.prod(shape), -1) for a in (terms, weights)]
    out = np.array([quotient(exact(t), exact(w)) for t, w in zip(*both, strict=True)])
    return out.reshape(shape) if shape else float(out[0])


def same(got: Any, want: Any) -> bool:
    """Whether both are floats, or both arrays of one shape, and have the same bits."""
    assert type(got) is type(want)
    return np.shape(got) == np.shape(want) and bits(got) == bits(want)


def spread(a: np.ndarray) -> np.ndarray:
    out = np.full([2 * size + 1 for size in a.shape], NAN).astype(a.dtype)
    view = out[(slice(1, None, 2),) * a.ndim]
    view[...] = a
    return view


def unaligned(a: np.ndarray) -> np.ndarray:
    out = np.frombuffer(b"\0" + a.tobytes(), a.dtype, offset=1).reshape(a.shape)
    assert not out.flags.aligned
    return out


def read_only(a: np.ndarray) -> np.ndarray:
    a = a.copy()
    a.flags.writeable = False
    return a


LAYOUTS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "contiguous": lambda a: a,
    "fortran": np.asfortranarray,
    "strided": spread,
    "negative": lambda a: np.ascontiguousarray(a[::-1, ::-1])[::-1, ::-1],
    "half negative": lambda a: np.ascontiguousarray(a[:, ::-1])[:, ::-1],
    "read-only": read_only,
    "byte-swapped": lambda a: a.astype(a.dtype.newbyteorder()),
    "unaligned": unaligned,
    "subclass": lambda a: a.view(np.matrix),
}
