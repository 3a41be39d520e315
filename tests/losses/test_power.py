"""power and hypot: C's special values, error against 60 digits, the same bits compiled."""

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
from streamloss.losses import arithmetic as ours
from tests.reference import bits

INF, NAN = math.inf, math.nan
TINY, SMALLEST, LARGEST = 5e-324, 2.2250738585072014e-308, 1.7976931348623157e308

Floats = NDArray[np.float64]
Pairs = tuple[Floats, Floats]

SIZES = [0.0, 0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 1e-300, 1e21, 1e300, LARGEST, SMALLEST, TINY, INF]
INTEGERS = [2.0**51 + 0.5, 2.0**52 + 1, 2.0**53 - 1, 2.0**53, 2.0**53 + 2, 1023.0, 1074.0, 1075.0]
NEXT = [math.nextafter(1.0, 0.0), math.nextafter(1.0, 2.0), math.nextafter(2.0, 0.0)]
GRID = [sign * x for x in SIZES + INTEGERS + NEXT for sign in (1.0, -1.0)] + [NAN]


def spread(rng: np.random.Generator, n: int, low: float, high: float) -> Floats:
    """Return positive numbers whose logarithms are spread evenly."""
    return np.exp2(rng.uniform(low, high, n))


def fitting(rng: np.random.Generator, x: Floats, low: float, high: float) -> Pairs:
    """Return x with powers, so that logarithms of the results are spread evenly."""
    x = x[x != 1.0]
    return x, rng.uniform(low, high, x.size) / np.log(x)


def powers(rng: np.random.Generator, n: int) -> Pairs:
    """Return pairs with positive finite powers, many where it is delicate."""
    near = 1.0 + spread(rng, n, -52, -1) * rng.choice([-1.0, 1.0], n)
    parts = [
        fitting(rng, spread(rng, n, -1074, 1024), -745.0, 709.7),
        fitting(rng, rng.uniform(0.0, 2.0, n), -745.0, 709.7),
        fitting(rng, near, -745.0, 709.7),
        fitting(rng, rng.uniform(0.5, 2.0, n), 708.0, 709.78),
        fitting(rng, rng.uniform(0.5, 2.0, n), -745.1, -708.0),
        (spread(rng, n, -1074, -1022), rng.uniform(-0.9, 0.9, n)),
        (spread(rng, n, -30, 30), rng.choice([0.5, 1.5, 2.0, 3.0, -0.5, -1.0, 1 / 3], n)),
        (spread(rng, n, -30, 30), spread(rng, n, -1074, 4) * rng.choice([-1.0, 1.0], n)),
    ]
    return np.concatenate([x for x, _ in parts]), np.concatenate([y for _, y in parts])


def sides(rng: np.random.Generator, n: int) -> Pairs:
    """Return pairs of numbers of all sizes whose hypot is finite and not zero."""
    x = np.concatenate([spread(rng, n, -1074, 1023.4), spread(rng, n, -1, 1)])
    for edge in (1e150, 1e-120, SMALLEST):
        x = np.concatenate([x, edge * spread(rng, n, -1, 1)])
    y = x * spread(rng, x.size, -30, 0) * rng.choice([-1.0, 1.0], x.size)
    return (x, y) if rng.random() < 0.5 else (y, x)


def exact_power(x: Decimal, y: Decimal) -> Decimal:
    return (y * x.ln()).exp()


def exact_hypot(x: Decimal, y: Decimal) -> Decimal:
    return (x * x + y * y).sqrt()


Case = tuple[Any, Callable[..., Pairs], Callable[[Decimal, Decimal], Decimal], float, float]
FUNCTIONS: dict[str, Case] = {
    "power": (ours.power, powers, exact_power, 0.7, 0.85),
    "hypot": (ours.hypot, sides, exact_hypot, 0.501, 0.76),
}
"""Each function, what draws its arguments, what it is, and by how many ulp it may miss that: where
it is a normal number, and where it is subnormal."""


def miss(found: float, truth: Decimal) -> float:
    """Return the distance from the truth in ulp."""
    return float(abs(Decimal(found) - truth) / Decimal(math.ulp(float(truth))))


@pytest.mark.parametrize("name", FUNCTIONS)
def test_the_error_is_below_its_bound(name: str, rng: np.random.Generator) -> None:
    function, draw, truth, normal, subnormal = FUNCTIONS[name]
    with localcontext(prec=60):
        for x, y in zip(*[a.tolist() for a in draw(rng, 300)], strict=True):
            found = function(x, y)
            bound = normal if found >= SMALLEST else subnormal
            assert miss(found, truth(Decimal(x), Decimal(y))) <= bound, (x, y)


@pytest.mark.parametrize("function", [ours.power, ours.hypot])
@pytest.mark.parametrize("kind", [float, np.float64])
def test_special_values_are_those_of_c(function: Any, kind: Any) -> None:
    in_numpy = np.power if function is ours.power else np.hypot
    for x in GRID:
        for y in GRID:
            with np.errstate(all="ignore"):
                want = float(in_numpy([x, x], [y, y])[0])  # numpy has a root of its own for one
            with warnings.catch_warnings():
                warnings.simplefilter("error")
                found = function(kind(x), kind(y))
            if want == 0.0 or not math.isfinite(want):
                assert bits(found) == bits(want), (x, y)
            else:
                assert abs(found - want) <= math.ulp(want), (x, y)


@pytest.mark.parametrize("x", [2.0, 10.0, 0.1, 5e-324, 1e-310, 1e308, 1 / 3, 0.7, 1e21])
def test_powers_that_are_numbers_are_exact(x: float) -> None:
    assert [ours.power(x, y) for y in (0.0, -0.0, 1.0)] == [1.0, 1.0, x]
    assert [ours.power(1.0, y) for y in (x, -x, 1e300, INF, NAN)] == [1.0] * 5
    assert ours.power(-x, 1.0) == -x


def test_powers_of_few_bits_are_exact(rng: np.random.Generator) -> None:
    for k in rng.integers(1, 2**26, 300).tolist():
        x = float(k)
        assert ours.power(x, 2.0) == ours.power(-x, 2.0) == x * x
        assert ours.power(x * x, 0.5) == x
        assert ours.power(float(k % 2**17), 3.0) == float((k % 2**17) ** 3)
    for k in range(-1074, 1024):
        assert ours.power(2.0, float(k)) == ours.power(0.5, float(-k)) == math.ldexp(1.0, k)


def test_sides_of_right_triangles_are_exact() -> None:
    for a, b, c in [(3.0, 4.0, 5.0), (5.0, 12.0, 13.0), (20.0, 21.0, 29.0), (1.0, 0.0, 1.0)]:
        for scale in (TINY, SMALLEST, 1.0, 2.0**510, 2.0**1018):
            assert ours.hypot(a * scale, -b * scale) == c * scale
            assert ours.hypot(-b * scale, a * scale) == c * scale


@pytest.mark.parametrize(
    "z", [3.0, -2.5, 3 + 4j, complex(-INF, NAN), complex(NAN, 1.0), complex(-0.0, 0.0)]
)
def test_a_modulus_is_of_real_and_complex_numbers(z: complex) -> None:
    compiled = njit(error_model="numpy")(lambda z: ours.modulus(z))
    assert bits(ours.modulus(z)) == bits(compiled(z)) == bits(abs(z))


def compiled(function: Any) -> Any:
    """Return a loop over a function, compiled as the kernels are."""

    @njit(error_model="numpy", nogil=True, _nrt=False)
    def loop(x: Any, y: Any, out: Any) -> None:
        for i in range(x.size):
            out[i] = function(x[i], y[i])

    return loop


@pytest.mark.parametrize("name", FUNCTIONS)
def test_compiled_code_has_the_bits_of_python_in_vectors(
    name: str, rng: np.random.Generator
) -> None:
    function, draw, *_ = FUNCTIONS[name]
    x, y = draw(rng, 1000)
    any_bits = rng.integers(-(2**63), 2**63, (2, 5000)).view(np.float64)
    grid = np.array([(a, b) for a in GRID for b in GRID]).T
    x, y = (np.concatenate(parts) for parts in zip((x, y), any_bits, grid, strict=True))
    out = np.empty_like(x)
    loop = compiled(function)
    loop(x, y, out)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        wanted = np.array([function(*pair) for pair in zip(x.tolist(), y.tolist(), strict=True)])
    same = (out.view(np.int64) == wanted.view(np.int64)) | (np.isnan(out) & np.isnan(wanted))
    assert same.all(), (x[~same][:5], y[~same][:5])
    (code,) = loop.inspect_llvm().values()
    assert "x double>" in code  # vectors of some width
    assert not any(f"@{f}(" in code for f in ("pow", "hypot", "exp", "log", "fma"))
