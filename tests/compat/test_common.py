"""What all interfaces share: ratios of exact sums, and pickles of version 0.1."""

from __future__ import annotations

import math
import pickle
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamloss.compat import tf1
from streamloss.compat import torch as nn
from streamloss.compat._common.finish import Ratio, narrow
from streamloss.compat.torch import functional
from streamloss.exact.reductions import Exact, Sums

DTYPES = [np.dtype(code) for code in ("f8", "f4", "f2")]
whole = st.integers(-(2**90), 2**90)


def exact(value: int) -> Exact:
    return Exact(value << 1074)


def nearest(value: Fraction, dtype: np.dtype[Any]) -> Any:
    """Return the number of a dtype that is nearest to a fraction, the even one of two."""
    low = dtype.type(float(value))
    around = [low, np.nextafter(low, dtype.type(-np.inf)), np.nextafter(low, dtype.type(np.inf))]
    finite = [x for x in around if np.isfinite(x)]
    odd = {x: int(x.view(f"u{dtype.itemsize}")) & 1 for x in finite}
    return min(finite, key=lambda x: (abs(Fraction(float(x)) - value), odd[x]))


@given(
    whole, whole, st.integers(1, 2**60), st.integers(0, 2**40), st.sampled_from(DTYPES), st.data()
)
def test_ratios_are_correctly_rounded(
    first: int, weights: int, elements: int, nonzero: int, dtype: np.dtype[Any], data: Any
) -> None:
    if dtype.itemsize == 2:  # which overflows early
        first, elements = first % 1000, elements % 1000 + 1
    second = data.draw(whole)
    sums = Sums((exact(first), exact(second)), exact(weights), elements, nonzero)
    divisors = {"weights": weights, "elements": elements, "nonzero": nonzero, "second": second}
    over = data.draw(st.sampled_from([*divisors, 1, 7]))
    times = data.draw(st.sampled_from([1, 3, Fraction(1, 2)]))
    divisor = divisors.get(over, over)
    found = Ratio(over, times, zero=-7.0, dtype=dtype)(sums)
    if divisor == 0:
        assert found == -7.0
        return
    expected = first * times / Fraction(divisor)
    if abs(expected) < np.finfo(dtype).max:
        assert dtype.type(found) == nearest(expected, dtype)


@given(st.integers(-(2**80), 2**80), st.integers(1, 2**70), st.sampled_from([24, 11]))
def test_narrow_quotients_round_once(numerator: int, divisor: int, digits: int) -> None:
    dtype = {24: np.float32, 11: np.float16}[digits]
    shift = 1074 - (abs(numerator).bit_length() - divisor.bit_length()) - 3
    exact = Exact(numerator << max(shift, 0)), Exact(divisor << 1074)
    ours = dtype(narrow(*exact))
    value = abs(numerator << max(shift, 0))
    if not value:
        assert ours == 0
        return
    scale = value.bit_length() - (divisor << 1074).bit_length() - digits - 1
    whole, rest = divmod(value << max(-scale, 0), (divisor << 1074) << max(scale, 0))
    extra = whole.bit_length() - digits
    half, kept = 1 << (extra - 1), whole >> extra
    over = (whole & ((1 << extra) - 1)) - half
    kept += over > 0 or (over == 0 and (rest > 0 or kept & 1 == 1))
    expected = math.copysign(math.ldexp(kept, extra + scale), numerator)
    assert float(ours) == expected


def test_what_is_over_zero_or_refused() -> None:
    sums = Sums((exact(1), exact(0)), exact(0), 0, 0)
    assert Ratio("weights")(sums) == math.inf
    assert math.isnan(Ratio("elements", of=1)(sums))
    assert Ratio(4, root=True)(sums) == 0.5
    assert Ratio(2, times=6, of=0)(sums) == 3.0

    def refuse(sums: Sums) -> None:
        raise ZeroDivisionError("the weights sum to zero")

    with pytest.raises(ZeroDivisionError, match="sum to zero"):
        Ratio("weights", refuse=refuse)(sums)


@pytest.mark.parametrize("total", [math.inf, -math.inf, math.nan])
def test_what_is_not_finite_stays_so(total: float) -> None:
    sums = Sums((Exact(0, total),), exact(-2), 3, 1)
    for dtype in DTYPES:
        found = Ratio("weights", times=3, dtype=dtype)(sums)
        assert found == -total or (math.isnan(found) and math.isnan(total))


def test_pickles_name_former_modules() -> None:
    path = Path(__file__).parents[1] / "golden" / "saved_0_1" / "torch_tf1.pickle"
    *criteria, _ = found = pickle.loads(path.read_bytes())
    made = [
        nn.L1Loss(reduction="sum"),
        nn.HuberLoss(delta=3.0),
        nn.CrossEntropyLoss([1.0, 3.0], ignore_index=1),
        nn.KLDivLoss(log_target=True),
        nn.TripletMarginLoss(swap=True),
        nn.GaussianNLLLoss(full=True),
    ]
    for old, new in zip(criteria[: len(made)], made, strict=True):
        assert (type(old), vars(old)) == (type(new), vars(new))
    names = "l1_loss binary_cross_entropy cross_entropy poisson_nll_loss multi_margin_loss"
    functions = [getattr(functional, name) for name in (*names.split(), "triplet_margin_loss")]
    others = [tf1.Reduction, tf1.huber_loss, tf1.cosine_distance, tf1.get_losses]
    assert found[len(made) :] == [nn.MSELoss, *functions, *others]
