"""exp, log and their like: special values, error against 60 digits, the same bits compiled."""

import math
import warnings
from collections.abc import Callable
from decimal import Decimal, localcontext
from typing import Any

import numpy as np
import pytest
from numba import njit
from numpy.typing import NDArray

from streamloss.kernels import meanings  # noqa: F401  # which give them their compiled meaning
from streamloss.losses import elementary as ours

INF, NAN = math.inf, math.nan
TINY, SMALLEST, LARGEST = 5e-324, 2.2250738585072014e-308, 1.7976931348623157e308
OVERFLOW, UNDERFLOW = 709.782712893384, -745.1332191019411  # e**x is a number between

Floats = NDArray[np.float64]


def expm1(x: Decimal) -> Decimal:
    return x + x * x / 2 + x**3 / 6 if abs(x) < Decimal("1e-20") else x.exp() - 1


def log1p(x: Decimal) -> Decimal:
    return x - x * x / 2 + x**3 / 3 if abs(x) < Decimal("1e-20") else (1 + x).ln()


FUNCTIONS: dict[str, tuple[Any, Callable[[Decimal], Decimal], float]] = {
    "exp": (ours.exp, lambda x: x.exp(), 1.0),
    "expm1": (ours.expm1, expm1, 1.2),
    "log": (ours.log, lambda x: x.ln(), 0.9),
    "log1p": (ours.log1p, log1p, 0.95),
    "log1p_exp": (ours.log1p_exp, lambda x: log1p((-abs(x)).exp()), 1.8),
}
"""Each function, what it is, and by how many ulp it may miss that."""


def sizes(rng: np.random.Generator, n: int, low: float, high: float) -> Floats:
    """Return numbers of both signs whose logarithms are spread evenly."""
    return np.exp2(rng.uniform(low, high, n)) * rng.choice([-1.0, 1.0], n)


def arguments(name: str, rng: np.random.Generator, n: int) -> Floats:
    """Return arguments of all sizes with finite, nonzero results, many where it is delicate."""
    near = rng.uniform(-0.75, 0.75, n)
    if name == "log":
        wide = np.abs(sizes(rng, n, -1074, 1024))
        return np.concatenate([wide, 1.0 + near, 1.0 + sizes(rng, n, -52, -1)])
    if name == "log1p":
        wide, tiny = sizes(rng, n, -1074, -1), np.abs(sizes(rng, n, -1, 1024))
        return np.concatenate([wide, tiny, near, np.exp2(rng.uniform(-53, 0, n)) - 1.0])
    wide = rng.uniform(UNDERFLOW, OVERFLOW, n)
    edge = rng.uniform(UNDERFLOW, -708.0, n)
    return np.concatenate([wide, near, 4.0 * near, edge, sizes(rng, n, -1074, 2)])


def miss(found: float, x: float, truth: Callable[[Decimal], Decimal]) -> float:
    """Return the distance from the truth in ulp."""
    with localcontext(prec=60):
        value = truth(Decimal(x))
        return float(abs(Decimal(found) - value) / Decimal(math.ulp(float(value))))


@pytest.mark.parametrize("name", FUNCTIONS)
def test_the_error_is_below_its_bound(name: str, rng: np.random.Generator) -> None:
    function, truth, bound = FUNCTIONS[name]
    given = [float(x) for x in arguments(name, rng, 600)]
    assert max(miss(function(x), x, truth) for x in given if function(x) != 0.0) <= bound


SPECIAL = [
    ("exp", [(0.0, 1.0), (-0.0, 1.0), (INF, INF), (-INF, 0.0), (TINY, 1.0), (-TINY, 1.0)]),
    ("exp", [(OVERFLOW, 1.7976931348622732e308), (math.nextafter(OVERFLOW, INF), INF)]),
    ("exp", [(UNDERFLOW, TINY), (math.nextafter(UNDERFLOW, -INF), 0.0), (-LARGEST, 0.0)]),
    ("exp", [(LARGEST, INF), (-LARGEST, 0.0), (NAN, NAN)]),
    ("expm1", [(0.0, 0.0), (-0.0, -0.0), (TINY, TINY), (-TINY, -TINY), (NAN, NAN)]),
    ("expm1", [(SMALLEST, SMALLEST), (1e-17, 1e-17), (-1e-17, -1e-17), (-38.0, -1.0)]),
    ("expm1", [(INF, INF), (-INF, -1.0), (-LARGEST, -1.0), (LARGEST, INF)]),
    ("expm1", [(OVERFLOW, 1.7976931348622732e308), (math.nextafter(OVERFLOW, INF), INF)]),
    ("log", [(0.0, -INF), (-0.0, -INF), (1.0, 0.0), (INF, INF), (-INF, NAN), (NAN, NAN)]),
    ("log", [(-TINY, NAN), (-1.0, NAN), (-LARGEST, NAN), (TINY, -744.4400719213812)]),
    ("log", [(LARGEST, OVERFLOW), (SMALLEST, -708.3964185322641), (2.0, math.log(2.0))]),
    ("log1p", [(0.0, 0.0), (-0.0, -0.0), (TINY, TINY), (-TINY, -TINY), (1e-17, 1e-17)]),
    ("log1p", [(-1.0, -INF), (-1.5, NAN), (-LARGEST, NAN), (-INF, NAN), (INF, INF)]),
    ("log1p", [(LARGEST, OVERFLOW), (NAN, NAN), (1.0, math.log(2.0)), (1e300, math.log(1e300))]),
    ("log1p_exp", [(0.0, math.log(2.0)), (-0.0, math.log(2.0)), (INF, 0.0), (-INF, 0.0)]),
    ("log1p_exp", [(745.0, TINY), (-745.0, TINY), (LARGEST, 0.0), (NAN, NAN)]),
]


@pytest.mark.parametrize(("name", "pairs"), SPECIAL)
@pytest.mark.parametrize("kind", [float, np.float64])
def test_special_values(name: str, pairs: list[tuple[float, float]], kind: Any) -> None:
    function = FUNCTIONS[name][0]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = [function(kind(x)) for x, _ in pairs]
    wanted = [value for _, value in pairs]
    assert [y.hex() for y in found] == [y.hex() for y in wanted]


EDGES = [
    (
        "exp",
        [0.0, OVERFLOW, UNDERFLOW, -708.3964185322641, 1.0, *(0.34657359 * k for k in (-1, 1))],
    ),
    ("expm1", [0.0, 5e-17, -5e-17, 0.34657359, -0.34657359, 1.03972077, -37.4, OVERFLOW]),
    ("log", [1.0, math.sqrt(0.5), math.sqrt(2.0), SMALLEST, 2.0, LARGEST]),
    ("log1p", [0.0, math.sqrt(2.0) - 1.0, math.sqrt(0.5) - 1.0, 2.0**-53, 2.0**53, 1e30]),
]


@pytest.mark.parametrize(("name", "edges"), EDGES)
def test_functions_rise_where_their_cases_meet(name: str, edges: list[float]) -> None:
    function = FUNCTIONS[name][0]
    for edge in edges:
        x, steps = np.float64(edge), range(-40, 40)
        k = ours.rank(x)
        values = [function(ours.of_rank(min(k + step, ours.rank(INF)))) for step in steps]
        assert values == sorted(values), edge


def test_ranks_are_in_order(rng: np.random.Generator) -> None:
    x = np.sort(np.concatenate([sizes(rng, 1000, -1074, 1024), [0.0, INF, -INF, TINY, -TINY]]))
    ranks = [ours.rank(value) for value in x]
    assert ranks == sorted(ranks)
    assert [ours.of_rank(k) for k in ranks] == x.tolist()
    assert ours.rank(NAN) > ours.rank(INF)


def compiled(function: Any) -> Any:
    """Return a loop over a function, compiled as the kernels are."""

    @njit(error_model="numpy", nogil=True, _nrt=False)
    def loop(x: Any, out: Any) -> None:
        for i in range(x.size):
            out[i] = function(x[i])

    return loop


@pytest.mark.parametrize("name", FUNCTIONS)
def test_compiled_code_has_the_bits_of_python_in_vectors(
    name: str, rng: np.random.Generator
) -> None:
    function = FUNCTIONS[name][0]
    edges = [0.0, -0.0, INF, -INF, NAN, -1.0, TINY, -TINY, SMALLEST, LARGEST, -LARGEST]
    special = [x for key, pairs in SPECIAL if key == name for x, _ in pairs]
    any_bits = rng.integers(-(2**63), 2**63, 10_000).view(np.float64)
    given = np.concatenate([*(arguments(name, rng, 4_000),), any_bits, edges, special])
    out = np.empty_like(given)
    loop = compiled(function)
    loop(given, out)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        wanted = np.array([function(x) for x in given])
    same = (out.view(np.int64) == wanted.view(np.int64)) | (np.isnan(out) & np.isnan(wanted))
    assert same.all(), given[~same][:5]
    (code,) = loop.inspect_llvm().values()
    assert "x double>" in code  # vectors of some width
    assert not any(f"@{f}(" in code for f in ("exp", "expm1", "log", "log1p", "fma"))
