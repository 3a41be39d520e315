"""Masks and NaN: what is left out, and what is counted."""

import itertools
import math

import numpy as np
import pytest

import streamloss as sl
from tests.arrays.given import LARGE, LAYOUTS, NAN, errors, same, total


def test_masks_of_masked_arrays_are_honoured_and_counted() -> None:
    data = np.array([[1.0, NAN, 3.0, math.inf, 5.0, 6.0]] * 3)
    masks = np.zeros((3, 6), bool)
    masks[[0, 1, 2], [1, 3, 4]] = True
    y, p, w = (np.ma.array(d, mask=m) for d, m in zip(data, masks, strict=True))
    acc = sl.accumulate("mae", y, p * 0, w)
    assert acc.counts["masked"] == 3
    assert acc.result("sum") == 1.0 + 9.0 + 36.0
    assert acc.result() == 46.0 / 10.0


def test_masked_arrays_without_a_mask() -> None:
    y = np.ma.array([1.0, 2.0])
    assert y.mask is np.ma.nomask
    assert sl.accumulate("mae", y, y * 3).counts["masked"] == 0
    assert sl.evaluate("mae", y, y * 3) == 3.0


def test_masked_weights_take_the_elements_they_reach_out() -> None:
    weights = np.ma.array([1.0, 2.0, 3.0], mask=[False, True, False])
    acc = sl.accumulate("mae", np.zeros((3, 2)), np.ones((3, 2)), weights)
    assert (acc.counts["masked"], acc.counts["elements"], acc.result("sum")) == (2, 4, 8.0)


def test_a_masked_where_takes_no_part() -> None:
    where = np.ma.array([True, True, False], mask=[False, True, False])
    assert sl.accumulate("mae", [1, 2, 3], [0, 0, 0], where=where).result("sum") == 1.0


def test_everything_masked_is_an_empty_mean() -> None:
    assert math.isnan(sl.evaluate("mae", np.ma.masked_all((2, 2)), np.ones((2, 2))))
    assert sl.evaluate("mae", [1.0, NAN], [0, 0], where=False, reduction="sum") == 0.0


EVERY = list(itertools.product([False, True], repeat=3))


@pytest.mark.parametrize("holes", ["y_true", "y_pred", "weights"])
@pytest.mark.parametrize("times", [1, 50, 5000])
def test_omit_counts_masked_before_nan_before_zero_weight(holes: str, times: int) -> None:
    masked, missing, zero = np.array(EVERY * times).T
    arrays = {
        "y_true": np.ones(8 * times),
        "y_pred": np.zeros(8 * times),
        "weights": np.where(zero, 0.0, 2.0),
    }
    arrays[holes] = np.where(missing, NAN, arrays[holes])
    acc = sl.accumulate("mae", **arrays, where=~masked, nan="omit")
    assert acc.counts == {
        "elements": 2 * times,
        "nonzero_weights": times,
        "nan": 2 * times,
        "infinite": 0,
        "masked": 4 * times,
        "rows": 8 * times,
    }
    assert (acc.result("sum"), acc.result(), acc.result("sum_over_batch_size")) == (2 * times, 1, 1)


@pytest.mark.parametrize("strange", [NAN, math.inf, -math.inf])
def test_zero_weights_hide_any_value_and_are_counted(strange: float) -> None:
    acc = sl.accumulate("mse", [strange, 3.0], [0.0, 0.0], [0.0, 2.0])
    assert acc.result("sum") == 18.0
    assert (acc.counts["elements"], acc.counts["nonzero_weights"]) == (2, 1)
    assert (acc.counts["nan"], acc.counts["infinite"]) == (0, 0)


@pytest.mark.parametrize("hole", [complex(NAN, 1), complex(1, NAN)])
def test_complex_numbers_are_nan_in_either_part(hole: complex) -> None:
    acc = sl.accumulate("mae", [hole, 3 + 4j], [0, 0], nan="omit")
    assert (acc.result(), acc.counts["nan"]) == (5.0, 1)


@pytest.mark.parametrize("odd", ["strided", "byte-swapped", "negative"])
@pytest.mark.parametrize("dtype", ["f2", "f4", "f8"])
def test_omit_in_every_layout(odd: str, dtype: str) -> None:
    y, p = LARGE.clip(-1e4, 1e4).astype(dtype)
    y = np.where(abs(y) > 3.0, y.dtype.type(NAN), y)
    want = total(errors(y, p)[~np.isnan(y)])
    assert sl.evaluate("mae", LAYOUTS[odd](y), p, nan="omit", reduction="sum") == want


def test_propagate_counts_nan_terms() -> None:
    acc = sl.accumulate("mae", [NAN, NAN, 1.0], [0, 0, 0], [1.0, 0.0, 1.0])
    assert (acc.counts["nan"], acc.counts["elements"]) == (1, 3)
    assert math.isnan(acc.result())


@pytest.mark.parametrize("position", range(3))
def test_raise_refuses_a_nan_in_any_array(position: int) -> None:
    arrays = np.ones((3, 5))
    sl.evaluate("mae", *arrays, nan="raise")
    arrays[position, 3] = NAN
    with pytest.raises(ValueError, match=r"nan='raise'.*1 element"):
        sl.evaluate("mae", *arrays, nan="raise")
    with pytest.raises(ValueError, match=r"nan='raise'"):
        sl.evaluate("mae", *arrays, nan="raise", reduction="none")
    assert sl.evaluate("mae", *arrays, nan="raise", where=~np.isnan(arrays[position])) == 0.0


def test_none_is_zero_where_an_element_counts_for_nothing() -> None:
    y = np.array([1.0, NAN, 3.0, 4.0])
    got = sl.evaluate(
        "mae", y, y * 0, [1, 1, 0, 2], where=[False, True, True, True], nan="omit", reduction="none"
    )
    assert same(got, np.array([0.0, 0.0, 0.0, 8.0]))
