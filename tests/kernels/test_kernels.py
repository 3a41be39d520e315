"""The compiled loops: what they compile to, and every path through them."""

import os
import re
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import numba
import numpy as np
import pytest
from llvmlite import binding

import streamloss as sl
from streamloss.exact import digits
from streamloss.kernels import cpu, fold, folds, meanings, terms, views  # noqa: F401  # meanings register themselves
from streamloss.kernels.switches import NARROW, OMIT, SIFT, WIDE
from tests.losses.truth import SIMPLE
from tests.reference import LARGEST, WEIGHTS, absent, bits, results, sprinkle, truths, wild

NAN, INF = np.nan, np.inf
BLOCK = digits.BLOCK
AVX2 = pytest.mark.skipif(
    not binding.get_host_cpu_features().get("avx2"), reason="the CPU has no AVX2"
)


def compiled(body: Any, loss: Any, dtype: str, *args: Any) -> tuple[str, str]:
    """Return the LLVM code and the assembly of a fold of a loss."""
    kernel = numba.njit(nogil=True, error_model="numpy")(body)
    array = np.ones(BLOCK, dtype)
    weights = array if body is terms.fold_both or args[3] else None
    *options, rule = args
    watched = (array, array) if rule == OMIT else ()
    kernel(loss, terms.Block((array, array), weights, watched), *options, rule)
    (llvm,), (assembly,) = kernel.inspect_llvm().values(), kernel.inspect_asm().values()
    return llvm, assembly


FOLDS = {  # the body, and its arguments after the arrays
    "one fold": (terms.fold, (1.0, 1.0, False, False, SIFT)),
    "two folds": (terms.fold, (1.0, 1.0, True, False, SIFT)),
    "screened": (terms.fold, (1.0, 1.0, True, True, SIFT)),
    "omitting": (terms.fold, (1.0, 1.0, True, False, OMIT)),
    "both": (terms.fold_both, (1.0, 1.0, 1.0, 1.0, WIDE, False, False, SIFT)),
    "both, float32": (terms.fold_both, (1.0, 1.0, 1.0, 1.0, NARROW, True, False, SIFT)),
    "both, omitting": (terms.fold_both, (1.0, 1.0, 1.0, 1.0, WIDE, False, True, OMIT)),
}


@AVX2
@pytest.mark.parametrize("fold", FOLDS)
@pytest.mark.parametrize("dtype", ["f4", "f8"])
def test_a_fold_compiles_to_packed_instructions(dtype: str, fold: str) -> None:
    body, args = FOLDS[fold]
    _, assembly = compiled(body, sl.AbsoluteError(), dtype, *args)
    for instruction in ("vaddpd", "vsubpd", "vpaddq"):
        assert re.search(rf"\b{instruction}\b.*[yz]mm", assembly)


@pytest.mark.parametrize("fold", ["screened", "both"])
@pytest.mark.parametrize(
    "loss", [sl.AbsoluteError(), sl.SquaredError(), sl.Huber(), sl.SmoothL1(), sl.Quantile()]
)
def test_no_operation_is_contracted_or_reordered(loss: Any, fold: str) -> None:
    body, args = FOLDS[fold]
    llvm, assembly = compiled(body, loss, "f8", *args)
    assert re.search(r"\bfadd ", llvm)
    assert not re.search(FAST, llvm)
    assert "llvm.fma" not in llvm
    assert not re.search(r"\bv?fn?m(add|sub|la|ls)", assembly)


FAST = r"\bf\w+ (fast|reassoc|nnan|ninf|nsz|arcp|contract|afn)\b"


def test_the_searches_find_what_they_look_for() -> None:
    kernel = numba.njit(fastmath=True)(lambda a, b, c: a * b + c)
    kernel(1.0, 2.0, 3.0)
    (llvm,) = kernel.inspect_llvm().values()
    assert re.search(FAST, llvm)


# The same bodies as plain Python.


@pytest.fixture
def trace(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """Run the bodies uncompiled, in blocks of 64 terms, and note which were called."""
    called: set[str] = set()

    def spy(module: Any, name: str, note: Callable[..., str]) -> None:
        body = getattr(module, name)
        monkeypatch.setattr(module, name, lambda *args: called.add(note(*args)) or body(*args))

    spy(terms, "fold", lambda *args: _fold_note(*args[4:6]))
    for module, name in (
        (fold, "fold_both"),
        (terms, "settle"),
        (digits, "add_float"),
    ):
        spy(module, name, lambda *args, name=name: name)
    monkeypatch.setattr(fold, "BLOCK", 64)
    monkeypatch.setattr(views, "PIECE", 64)
    ignoring = np.errstate(all="ignore")
    monkeypatch.setattr(cpu, "entry", lambda body, *arguments: ignoring(body))
    monkeypatch.setattr(folds, "_driven", lambda body, *arguments: (ignoring(body), ()))
    monkeypatch.setattr(folds, "_found", {})
    monkeypatch.setattr(numba.config, "DISABLE_JIT", True)
    return called


def _fold_note(twice: bool, screened: bool) -> str:
    if not twice:
        return "one fold"
    return "screened" if screened else "two folds"


def whole_numbers(rng: np.random.Generator, block: int) -> np.ndarray:
    return rng.integers(-1000, 1000, 4 * block).astype("f4")


def ordinary(rng: np.random.Generator, block: int) -> np.ndarray:
    return rng.normal(size=3 * block)


def finer_and_finer(rng: np.random.Generator, block: int) -> np.ndarray:
    """Return float32 whose third block has more bits than one fold takes."""
    terms = whole_numbers(rng, block)
    terms[2 * block : 3 * block] *= np.float32(2.0) ** rng.integers(-60, 0, block)
    return terms


def fine_for_long(rng: np.random.Generator, block: int) -> np.ndarray:
    """Return float32 of which the first blocks need two folds and the last a hundred do not."""
    coarse = rng.integers(-1000, 1000, 102 * block).astype("f4")
    coarse[: 2 * block] *= np.float32(2.0) ** rng.integers(-60, 0, 2 * block)
    return coarse


def other_scales(rng: np.random.Generator, block: int) -> np.ndarray:
    exponents = np.repeat([0, 300, -900, -1060, 1000, 2], block)
    return np.ldexp(rng.normal(size=6 * block), exponents)


def everything(rng: np.random.Generator, block: int) -> np.ndarray:
    return wild(rng, 3 * block)


def largest(rng: np.random.Generator, block: int) -> np.ndarray:
    return rng.choice([LARGEST, -LARGEST, 1.0], 3 * block)


def least(rng: np.random.Generator, block: int) -> np.ndarray:
    return rng.integers(-3, 4, 3 * block) * 5e-324


def some_nan(rng: np.random.Generator, block: int) -> np.ndarray:
    terms = ordinary(rng, block)
    terms[::97] = NAN
    return terms


def much_nan(rng: np.random.Generator, block: int) -> np.ndarray:
    return sprinkle(rng, ordinary(rng, block), 0.5, [NAN])


def nan_now_and_then(rng: np.random.Generator, block: int) -> np.ndarray:
    """Return blocks without NaN, full of them, with one, with half, and without."""
    terms = rng.normal(size=(5, block))
    terms[1], terms[2, 3], terms[3, ::2] = NAN, NAN, NAN
    return terms.ravel()


def some_inf(rng: np.random.Generator, block: int) -> np.ndarray:
    terms = ordinary(rng, block)
    terms[block + 3] = INF
    return terms


PATHS: dict[str, tuple[Callable[..., np.ndarray], str, set[str]]] = {
    "one fold": (whole_numbers, "propagate", {"settle", "one fold"}),
    "two folds": (ordinary, "propagate", {"settle", "two folds"}),
    "two after one": (finer_and_finer, "propagate", {"settle", "one fold", "two folds"}),
    "one after two": (fine_for_long, "propagate", {"settle", "two folds", "one fold"}),
    "settled again": (other_scales, "propagate", {"settle", "two folds"}),
    "every scale": (everything, "propagate", {"settle", "two folds"}),
    "largest": (largest, "propagate", {"settle", "two folds", "add_float"}),
    "least": (least, "propagate", {"settle", "two folds"}),
    "screened": (some_nan, "propagate", {"settle", "screened"}),
    "infinite": (some_inf, "propagate", {"settle", "two folds"}),
    "some omitted": (some_nan, "omit", {"settle", "two folds"}),
    "many omitted": (much_nan, "omit", {"settle", "two folds"}),
    "omitted now and then": (nan_now_and_then, "omit", {"settle", "two folds"}),
}


def total(terms: np.ndarray, nan: str) -> sl.Accumulator:
    return sl.accumulate("value", terms, nan=nan)


@pytest.mark.parametrize("path", PATHS)
def test_every_path_is_taken_and_exact_in_plain_python(path: str, trace: set[str]) -> None:
    make, nan, called = PATHS[path]
    terms = make(np.random.default_rng(41), 64)
    gone = absent(None, terms) if nan == "omit" else False
    assert bits(results(total(terms, nan))) == bits(truths(terms, absent=gone))
    assert called <= trace


@pytest.mark.parametrize("block", [64, BLOCK])
@pytest.mark.parametrize("path", PATHS)
def test_every_path_is_exact_compiled(path: str, block: int) -> None:
    make, nan, _ = PATHS[path]
    terms = make(np.random.default_rng(42), block)
    gone = absent(None, terms) if nan == "omit" else False
    assert bits(results(total(terms, nan))) == bits(truths(terms, absent=gone))


HEAVY: dict[str, Callable[[np.random.Generator, np.ndarray], np.ndarray]] = {
    "ordinary": lambda rng, terms: rng.lognormal(size=terms.size),
    "whole": lambda rng, terms: rng.integers(-9, 9, terms.size).astype("f8"),
    "zeros": lambda rng, terms: rng.normal(size=terms.size) * (rng.random(terms.size) < 0.5),
    "zero for NaN": lambda rng, terms: np.where(np.isnan(terms), 0.0, rng.normal(size=terms.size)),
    "infinite for NaN": lambda rng, terms: np.where(
        np.isnan(terms), rng.choice([INF, -INF], terms.size), rng.normal(size=terms.size)
    ),
    "NaN": lambda rng, terms: sprinkle(rng, rng.normal(size=terms.size), 0.01, [NAN, INF, 0.0]),
    "other scales": lambda rng, terms: np.ldexp(
        rng.normal(size=terms.size), np.linspace(-500, 500, terms.size).astype(int)
    ),
}


@pytest.mark.parametrize("dtype", ["f4", "f8"])
@pytest.mark.parametrize("kind", HEAVY)
@pytest.mark.parametrize("path", PATHS)
def test_every_path_is_exact_with_weights(path: str, kind: str, dtype: str) -> None:
    make, nan, _ = PATHS[path]
    rng = np.random.default_rng(48)
    with np.errstate(over="ignore"):
        terms = make(rng, BLOCK).astype(dtype)
        weights = HEAVY[kind](rng, terms).astype(dtype)
    gone = absent(weights, terms) if nan == "omit" else False
    found = sl.accumulate("value", terms, None, weights, nan=nan)
    assert bits(results(found)) == bits(truths(terms, weights, absent=gone))
    assert found == block_by_block(terms, weights, nan)


def block_by_block(terms: np.ndarray, weights: Any, nan: str) -> sl.Accumulator:
    """Return the merged accumulators of blocks that know nothing of the block before them."""
    starts = range(0, terms.size, BLOCK)
    blocks = [(terms[k : k + BLOCK], None, weights[k : k + BLOCK]) for k in starts]
    return sl.merge(sl.accumulate("value", *block, nan=nan) for block in blocks)


@pytest.mark.parametrize("dtype", ["f4", "f8"])
def test_weights_may_change_scale_where_their_terms_do_not(dtype: str) -> None:
    rng = np.random.default_rng(50)
    scales = np.repeat([0, 0, 30, -30, 60, 62, 0, 0, 0], BLOCK)
    scales[7 * BLOCK : 8 * BLOCK] = rng.integers(-120, 1, BLOCK)  # more bits than two folds take
    losses = np.ldexp(rng.normal(size=scales.size), -scales).astype(dtype)
    weights = np.ldexp(rng.lognormal(size=scales.size), scales).astype(dtype)
    found = sl.accumulate("value", losses, None, weights)
    assert bits(results(found)) == bits(truths(losses, weights))
    assert found == block_by_block(losses, weights, "propagate")


@pytest.mark.parametrize("dtype", ["f4", "f8"])
def test_weights_and_terms_are_folded_in_one_loop(dtype: str, trace: set[str]) -> None:
    terms, weights = np.random.default_rng(49).lognormal(size=(2, 300)).astype(dtype)
    found = sl.accumulate("value", terms, None, weights)
    assert bits(results(found)) == bits(truths(terms, weights))
    assert "fold_both" in trace


@pytest.mark.parametrize("nan", ["propagate", "omit"])
@pytest.mark.parametrize("kind", ["none", "float32", "zeros", "NaN", "wild"])
@pytest.mark.parametrize("dtype", ["f4", "f8"])
def test_plain_python_and_compiled_code_give_the_same_bytes(
    dtype: str, kind: str, nan: str, request: pytest.FixtureRequest
) -> None:
    rng = np.random.default_rng(43)
    y, p = (sprinkle(rng, rng.normal(size=(30, 9)), 0.02, [NAN, INF]).astype(dtype) for _ in "yp")
    weights = WEIGHTS[kind](rng, (30, 9))
    want = sl.accumulate("mae", y, p, weights, nan=nan).to_bytes()
    request.getfixturevalue("trace")
    assert sl.accumulate("mae", y, p, weights, nan=nan).to_bytes() == want


SCRIPT = """
import numpy as np
import streamloss as sl

rng = np.random.default_rng(44)
y, p, w = rng.normal(size=(3, 300))
y[7], w[9] = np.nan, 0.0
for loss in ("mae", "mse", "huber", "smooth_l1", "log_cosh", "quantile:q=0.9"):
    print(sl.accumulate(loss, y, p, w).to_bytes().hex())
    print(sl.evaluate(loss, y, p, w, reduction="none").tobytes().hex())
y = np.where(rng.random(2500) < 0.4, np.nan, 1.0)
print(sl.accumulate("value", y, nan="omit").to_bytes().hex())
"""


def run_script(**variables: str) -> str:
    command = [sys.executable, "-W", "error", "-c", SCRIPT]
    environment = os.environ | variables
    return subprocess.run(
        command, env=environment, capture_output=True, text=True, check=True
    ).stdout


def test_without_the_compiler_the_bits_are_the_same() -> None:
    found = run_script(NUMBA_DISABLE_JIT="1")
    assert len(found.splitlines()) == 2 * 6 + 1
    assert found == run_script()


# NaN and infinities in any number.


@pytest.mark.parametrize("nan", ["propagate", "omit"])
@pytest.mark.parametrize("kind", ["none", "full", "zeros", "NaN"])
@pytest.mark.parametrize("share", [0.002, 0.02, 0.5, 1.0])
@pytest.mark.parametrize("dtype", ["f4", "f8"])
def test_any_share_of_nan_is_counted_or_omitted(
    dtype: str, share: float, kind: str, nan: str
) -> None:
    rng = np.random.default_rng(45)
    shape = (3 * BLOCK + 100, 1)
    y = sprinkle(rng, rng.normal(size=shape), share, [NAN]).astype(dtype)
    p = rng.normal(size=shape).astype(dtype)
    weights = WEIGHTS[kind](rng, shape)
    gone = absent(weights, y, p)
    part = sl.accumulate("mae", y, p, weights, nan=nan)
    want = truths(SIMPLE[0](y, p), weights, absent=gone if nan == "omit" else False)
    assert bits(results(part)) == bits(want)
    if nan == "omit":
        assert part.counts["nan"] == gone.sum()


@pytest.mark.parametrize("nan", ["propagate", "omit"])
@pytest.mark.parametrize("values", [[INF], [-INF], [INF, -INF], [INF, NAN]])
@pytest.mark.parametrize("share", [0.0005, 0.3])
def test_any_share_of_infinities_adds_as_ieee_says(
    share: float, values: list[float], nan: str
) -> None:
    rng = np.random.default_rng(46)
    terms = sprinkle(rng, rng.normal(size=3 * BLOCK), share, values)
    part = total(terms, nan)
    gone = absent(None, terms) if nan == "omit" else False
    assert bits(results(part)) == bits(truths(terms, absent=gone))
    assert part.counts["infinite"] == np.isinf(terms).sum()


@pytest.mark.parametrize("nan", ["propagate", "omit"])
@pytest.mark.parametrize("dtype", ["f4", "f8"])
def test_finite_numbers_beside_nan_are_not_lost(dtype: str, nan: str) -> None:
    """Take the NaN out again by subtraction: what is left is the exact sum of the others."""
    rng = np.random.default_rng(47)
    terms = sprinkle(rng, rng.normal(size=3 * BLOCK), 0.01, [NAN, INF]).astype(dtype)
    strange = ~np.isfinite(terms)
    left = total(terms, nan) - total(terms[strange], nan)
    assert bits(results(left)) == bits(truths(terms[~strange]))
