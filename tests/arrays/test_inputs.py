"""What may be given, in every layout, dtype and container, and what is refused and how."""

import array
import itertools
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import ml_dtypes
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

import streamloss as sl
from tests.reference import bits, exact, leading, quotient

RNG = np.random.default_rng(20)
Y, P = RNG.standard_normal((2, 4, 6)) * 10.0 ** RNG.integers(-9, 9, (2, 4, 6))
LARGE = 1.0 / RNG.standard_normal((2, 700, 400))  # more elements than are gathered at once
NAN = math.nan

INTEGERS = [f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64)]
REALS = ["bool", *INTEGERS, "float16", ml_dtypes.bfloat16, "float32", "float64", ">f4", ">i2"]
DTYPES = [np.dtype(d) for d in [*REALS, "complex64", "complex128"]]


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


# Layouts


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


@pytest.mark.parametrize("data", [(Y, P), LARGE], ids=["small", "large"])
@pytest.mark.parametrize("dtype", ["f8", "f4"])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_the_layout_changes_no_bit(layout: str, dtype: str, data: Any) -> None:
    y, p = (a.astype(dtype) for a in data)
    want = total(errors(y, p))
    odd = LAYOUTS[layout]
    for pair in ((odd(y), p), (y, odd(p)), (odd(y), odd(p))):
        assert sl.evaluate("mae", *pair, reduction="sum") == want


@pytest.mark.parametrize("layout", LAYOUTS)
def test_the_layout_of_weights_and_mask_changes_no_bit(layout: str) -> None:
    weights, where = abs(P), Y > 0.0
    want = total(errors(Y, P) * weights * where)
    odd = LAYOUTS[layout]
    assert (
        sl.evaluate("mae", Y, P, odd(weights), where=odd_mask(odd, where), reduction="sum") == want
    )


def odd_mask(odd: Callable[[np.ndarray], np.ndarray], where: np.ndarray) -> np.ndarray:
    return where if odd is unaligned else odd(where)  # a byte is always aligned


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_any_order_of_axes(order: tuple[int, ...]) -> None:
    y, p, w = RNG.standard_normal((3, 5, 6, 7))
    want = quotients(errors(y, p) * w, w, axis=(0, 2))
    back = np.argsort(order)
    moved = [np.ascontiguousarray(a.transpose(order)).transpose(back) for a in (y, p, w)]
    assert same(sl.evaluate("mae", *moved, axis=(0, 2)), want)


def test_memory_maps(tmp_path: Path) -> None:
    np.save(tmp_path / "y.npy", LARGE[0])
    mapped = np.load(tmp_path / "y.npy", mmap_mode="r")
    assert sl.evaluate("mae", mapped, LARGE[1], reduction="sum") == total(errors(*LARGE))


def test_inputs_stay_as_they_are() -> None:
    arrays = [spread(a) for a in (Y, P, abs(Y))]
    before = [a.tobytes() for a in arrays]
    sl.evaluate("mae", *arrays, where=Y > 0.0, nan="omit")
    assert [a.tobytes() for a in arrays] == before


@pytest.mark.parametrize("rank", range(7))
def test_any_rank(rank: int) -> None:
    y, p = RNG.standard_normal((2, *(3,) * rank))
    got = sl.evaluate("mae", y, p)
    assert same(got, quotients(errors(y, p), np.ones(y.shape)))
    assert sl.evaluate("mae", y, p, reduction="none").tobytes() == errors(y, p).tobytes()


EMPTY = [(0,), (0, 3), (3, 0), (2, 0, 4), (0, 0)]


@pytest.mark.parametrize("shape", EMPTY)
def test_an_empty_mean_is_nan_and_an_empty_sum_zero(shape: tuple[int, ...]) -> None:
    for weights in (None, np.ones(shape), np.ones(shape[:1])):
        assert math.isnan(sl.evaluate("mae", np.ones(shape), np.ones(shape), weights))
        total = sl.evaluate("mae", np.ones(shape), np.ones(shape), weights, reduction="sum")
        assert same(total, 0.0)


@pytest.mark.parametrize(("shape", "axis"), [(s, k) for s in EMPTY[1:] for k in range(len(s))])
@pytest.mark.parametrize(("reduction", "nothing"), [("sum", 0.0), ("mean", NAN)])
def test_axes_of_size_zero(shape: Any, axis: int, reduction: str, nothing: float) -> None:
    ones = np.ones(shape)
    want = np.full(ones.sum(axis).shape, nothing)
    assert same(sl.evaluate("mae", ones, ones, axis=axis, reduction=reduction), want)


# Dtypes


def values(dtype: np.dtype, size: int = 40) -> np.ndarray:
    if dtype == np.bool_:
        return RNG.random(size) < 0.5
    found = RNG.random(size) * 120.0
    return (found + (1j * found[::-1] if dtype.kind == "c" else 0.0)).astype(dtype)


@pytest.mark.parametrize("pred", DTYPES, ids=str)
@pytest.mark.parametrize("true", DTYPES, ids=str)
def test_every_pair_of_dtypes_is_upcast_to_float64(true: np.dtype, pred: np.dtype) -> None:
    y, p = values(true), values(pred)
    assert sl.evaluate("mae", y, p, reduction="sum") == total(errors(y, p))


@pytest.mark.parametrize("inputs", ["f4", "f8", "c8"])
@pytest.mark.parametrize("dtype", [np.dtype(d) for d in REALS], ids=str)
def test_weights_of_every_real_dtype(dtype: np.dtype, inputs: str) -> None:
    y, p, w = values(np.dtype(inputs)), values(np.dtype(inputs)), values(dtype)
    want = quotients(errors(y, p) * widen(w), widen(w))
    assert same(sl.evaluate("mae", y, p, w), want)


def test_uint8_does_not_wrap() -> None:
    three, five = np.array([3], np.uint8), np.array([5], np.uint8)
    assert sl.evaluate("mae", three, five) == 2.0
    assert sl.evaluate("mse", np.array([0], np.uint8), np.array([16], np.uint8)) == 256.0


@pytest.mark.parametrize("dtype", ["int64", "uint64"])
@pytest.mark.parametrize("number", [2**53 + 1, 2**53 + 3, 2**62 + 2**9 + 1, 2**63 - 1])
def test_integers_beyond_2_53_are_rounded_by_the_upcast(number: int, dtype: str) -> None:
    assert sl.evaluate("mae", np.array([number], dtype), [0]) == float(number)
    assert sl.evaluate("mae", np.array([number], dtype), [float(number)]) == 0.0


def test_the_largest_and_least_integers() -> None:
    assert sl.evaluate("mae", np.array([2**64 - 1], np.uint64), [0]) == 2.0**64
    assert sl.evaluate("mae", np.array([-(2**63)]), np.array([2**63 - 1])) == 2.0**64


def test_float16_is_not_summed_in_float16() -> None:
    y, p = np.full(70_000, 60_000, np.float16), np.full(70_000, -60_000, np.float16)
    assert sl.evaluate("mae", y, p, reduction="sum") == 70_000 * 2.0 * float(y[0])


def test_float32_differences_are_taken_in_float64() -> None:
    y, p = np.array([1.0], np.float32), np.array([2.0**-40], np.float32)
    assert sl.evaluate("mae", y, p) == 1.0 - 2.0**-40


def test_the_modulus_of_complex_numbers() -> None:
    assert sl.evaluate("mae", [3 + 4j, 0], [0, 5 - 12j]) == 9.0
    assert math.isfinite(sl.evaluate("mae", [1e200 + 1e200j], [0]))


# Containers


class OnlyArray:
    def __init__(self, values: np.ndarray) -> None:
        self.values = values

    def __array__(self, dtype: Any = None, copy: Any = None) -> np.ndarray:
        return self.values


class OnlyDLPack:
    def __init__(self, values: np.ndarray) -> None:
        self.values = values

    def __dlpack__(self, **options: Any) -> Any:
        return self.values.__dlpack__(**options)

    def __dlpack_device__(self) -> Any:
        return self.values.__dlpack_device__()


CONTAINERS: dict[str, Callable[[np.ndarray], Any]] = {
    "list": np.ndarray.tolist,
    "tuple": lambda a: tuple(a.tolist()),
    "list of scalars": list,
    "array.array": lambda a: array.array("d", a.tolist()),
    "memoryview": memoryview,
    "__array__": OnlyArray,
    "__dlpack__": OnlyDLPack,
    "Series": lambda a: pd.Series(a, index=range(a.size)[::-1]),
    "Index": pd.Index,
    "Float64": lambda a: pd.array(a, "Float64"),
    "Series of Float64": lambda a: pd.Series(a, dtype="Float64"),
    "Series of Arrow": lambda a: pd.Series(a, dtype=pd.ArrowDtype(pa.float64())),
    "column": lambda a: pd.DataFrame({"b": 0, "a": a})["a"],
    "pa.Array": pa.array,
    "sliced pa.Array": lambda a: pa.array([NAN, *a])[1:],
    "pa.ChunkedArray": lambda a: pa.chunked_array([a[:3], a[3:3], a[3:]]),
}


@pytest.mark.parametrize("container", CONTAINERS)
def test_containers_are_read_as_the_array_they_hold(container: str) -> None:
    y, p, w = RNG.random((3, 10))
    odd = CONTAINERS[container]
    want = quotients(errors(y, p) * w, w)
    assert sl.evaluate("mae", odd(y), p, w) == sl.evaluate("mae", y, odd(p), w) == want
    assert sl.evaluate("mae", odd(y), odd(p), odd(w)) == want


@pytest.mark.parametrize(
    ("one", "three"),
    [
        (1, 3),
        (True, 3.0),
        (np.float32(1), np.int8(3)),
        (np.array(1.0), 3),
        ([[1]], [[3]]),
        (1j, 3j),
    ],
)
def test_scalars_and_nested_lists(one: Any, three: Any) -> None:
    assert same(sl.evaluate("mae", one, three), 2.0)


NULLS: dict[str, Callable[[list[Any]], Any]] = {
    "Float64": lambda v: pd.Series(v, dtype="Float64"),
    "Float32": lambda v: pd.array(v, dtype="Float32"),
    "Int64": lambda v: pd.Series(v, dtype="Int64"),
    "UInt8": lambda v: pd.Series(v, dtype="UInt8"),
    "boolean": lambda v: pd.Series(v, dtype="boolean"),
    "pandas int64[pyarrow]": lambda v: pd.Series(v, dtype="int64[pyarrow]"),
    "pandas double[pyarrow]": lambda v: pd.Series(v, dtype="double[pyarrow]"),
    "pandas bool[pyarrow]": lambda v: pd.Series(v, dtype="bool[pyarrow]"),
    "arrow chunks": lambda v: pa.chunked_array([v[:2], v[2:]], pa.int32()),
    **{
        f"arrow {kind}": lambda v, kind=kind: pa.array(v, kind)
        for kind in ("bool", "int8", "uint64", "int64", "halffloat", "float", "double")
    },
}


@pytest.mark.parametrize("kind", NULLS)
def test_nulls_of_columns_are_nan(kind: str) -> None:
    column = NULLS[kind]([True, None, False, True] if "bool" in kind else [1, None, 0, 1])
    assert math.isnan(sl.evaluate("mae", column, [0.0] * 4))
    acc = sl.accumulate("mae", column, [0, 0, 1, 0], column, nan="omit")
    assert acc.result("sum") == 2.0
    assert (acc.counts["elements"], acc.counts["nan"], acc.counts["nonzero_weights"]) == (3, 1, 2)


@pytest.mark.parametrize("kind", NULLS)
def test_columns_that_could_have_nulls_and_have_none(kind: str) -> None:
    column = NULLS[kind]([True, False, True] if "bool" in kind else [1, 0, 1])
    assert sl.evaluate("mae", column, [0, 0, 0], reduction="sum") == 2.0


def test_large_integers_of_columns_are_rounded_once() -> None:
    number = 2**53 + 3
    for column in (pd.array([number, None], "Int64"), pa.array([number, None])):
        assert sl.evaluate("mae", column, [0, 0], nan="omit") == float(number)


def test_the_index_of_pandas_is_ignored() -> None:
    y, p = pd.Series([1.0, 2.0, 4.0], index=[2, 1, 0]), pd.Series([1.0, 2.0, 4.0], index=[0, 1, 2])
    assert sl.evaluate("mae", y, p) == 0.0


def test_frames_are_two_dimensional() -> None:
    y, p = pd.DataFrame({"a": [1.0, 2.0], "b": [3.0, 4.0]}), np.zeros((2, 2))
    assert sl.evaluate("mae", y, p, axis=0).tolist() == [1.5, 3.5]
    assert sl.evaluate("mae", y["a"], p[:, 0]) == 1.5


def test_frames_with_nulls() -> None:
    frame = pd.DataFrame({"a": pd.array([1.5, None], "Float64"), "b": pd.array([3, 4], "Int64")})
    assert sl.evaluate("mae", frame, np.zeros((2, 2)), axis=0, nan="omit").tolist() == [1.5, 3.5]


# Masks and NaN


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


# Weights and axes


ALIGNED = [
    *(((4, 3), w) for w in [(), (1,), (4,), (4, 1), (1, 3), (1, 1), (4, 3)]),
    *(((4, 3, 5), w) for w in [(), (4,), (1,), (4, 3), (4, 1), (1, 3), (4, 3, 1)]),
    *(((4, 3, 5), w) for w in [(4, 1, 5), (1, 1, 5), (1, 3, 5), (4, 3, 5), (1, 1, 1)]),
    *(((40_000, 3), w) for w in [(), (40_000,), (40_000, 1), (1, 3), (40_000, 3)]),
]


@pytest.mark.parametrize(("shape", "aligned"), ALIGNED)
def test_weights_align_with_the_leading_axes(shape: Any, aligned: Any) -> None:
    y, p = RNG.standard_normal((2, *shape))
    w = RNG.random(aligned)
    acc = sl.accumulate("mae", y, p, w)
    assert acc.result("sum") == total(errors(y, p) * leading(w, shape))
    assert acc.result() == sl.evaluate("mae", y, p, leading(w, shape).copy())
    assert acc.counts["nonzero_weights"] == y.size


@pytest.mark.parametrize(("shape", "aligned"), ALIGNED)
def test_where_aligns_with_the_leading_axes(shape: Any, aligned: Any) -> None:
    y, p = RNG.standard_normal((2, *shape))
    where = np.asarray(RNG.random(aligned) < 0.5)
    full = leading(where, shape)
    acc = sl.accumulate("mae", y, p, where=where)
    assert acc.result("sum") == total(errors(y, p) * full)
    assert (acc.counts["masked"], acc.counts["elements"]) == (y.size - full.sum(), full.sum())


@pytest.mark.parametrize("weight", [2.5, np.float32(2.5), np.array(2.5), [2.5], 3, True])
def test_a_scalar_weighs_every_element(weight: Any) -> None:
    acc = sl.accumulate("mae", Y, P, weight)
    terms = errors(Y, P) * float(np.ravel(weight)[0])
    assert acc.result("sum") == total(terms)
    assert acc.result("sum_by_nonzero_weights") == quotients(terms, np.ones(Y.shape))


AXES = [axes for k in range(4) for axes in itertools.permutations(range(3), k)]


@pytest.mark.parametrize("axis", [*AXES, *(tuple(k - 3 for k in a) for a in AXES[1:]), 0, 1, -1])
@pytest.mark.parametrize("kind", ["plain", "weights", "where", "nan"])
def test_every_choice_of_axes(axis: Any, kind: str) -> None:
    y, p, w = RNG.random((3, 3, 4, 5))
    where = RNG.random(y.shape) < 0.7
    given = {"axis": axis}
    w, given = {
        "plain": (np.ones(y.shape), given),
        "weights": (w, given | {"weights": w}),
        "where": (w * where, given | {"weights": w, "where": where}),
        "nan": (w * where, given | {"weights": np.where(where, w, NAN), "nan": "omit"}),
    }[kind]
    assert same(sl.evaluate("mae", y, p, **given), quotients(errors(y, p) * w, w, axis))


MANY = [
    ((3000, 7), 1),
    ((7, 3000), 0),
    ((300, 5, 4), (0, 2)),
    ((300, 5, 4), 1),
    ((5, 300, 4), (0, 2)),
    ((65, 1), 1),
    ((70, 4000), 1),
    ((4000, 70), 0),
    ((3, 70, 3), ()),
]


@pytest.mark.parametrize("dtype", ["f4", "f8", "f2"])
@pytest.mark.parametrize(("shape", "axis"), MANY)
def test_many_cells(shape: Any, axis: Any, dtype: str) -> None:
    y, p = RNG.standard_normal((2, *shape)).astype(dtype)
    assert same(sl.evaluate("mae", y, p, axis=axis), quotients(errors(y, p), np.ones(shape), axis))


@pytest.mark.parametrize("nan", ["omit", "propagate"])
@pytest.mark.parametrize(("shape", "axis"), MANY)
def test_many_cells_with_weights_mask_and_nan(shape: Any, axis: Any, nan: str) -> None:
    y, p, w = RNG.standard_normal((3, *shape))
    where, holes = RNG.random(shape[:1]) < 0.8, RNG.random(shape) < 0.01
    w = np.where(RNG.random(shape) < 0.2, 0.0, abs(w))
    effective = w * leading(where, shape)
    want = quotients(
        errors(y, p) * effective * ~holes, effective * (~holes if nan == "omit" else 1), axis
    )
    if nan == "propagate":
        want[(holes & (effective != 0)).any(axis)] = NAN
    got = sl.evaluate("mae", np.where(holes, NAN, y), p, w, axis=axis, where=where, nan=nan)
    assert same(got, want)


def test_cells_add_up_to_the_whole() -> None:
    y, p, w = RNG.standard_normal((3, 300, 40))
    cells, whole = sl.accumulate("mae", y, p, w, axis=1), sl.accumulate("mae", y, p, w)
    assert cells.counts == whole.counts
    rows = [sl.accumulate("mae", *row) for row in zip(y, p, w, strict=True)]
    assert sl.merge(rows).result() == whole.result()
    assert cells.result().tolist() == [row.result() for row in rows]


# Refusals


@sl.loss
class ThreeInputs(NamedTuple):
    def point(self, y_true: Any, y_pred: Any, scale: Any) -> Any:
        return abs(y_true - y_pred) / scale


def test_a_loss_of_three_inputs_takes_a_tuple() -> None:
    assert sl.evaluate(ThreeInputs(), [1.0, 2.0], ([3.0, 2.0], [0.5, 1.0])) == 2.0


ONES, TABLE = np.ones(3), np.ones((4, 2))

NO_NUMBERS = {
    "longdouble": (np.ones(3, np.longdouble), "longdouble|float128"),
    "clongdouble": (np.ones(3, np.clongdouble), "complex256|clongdouble"),
    "object": (np.ones(3, object), "object"),
    "text": (np.array(["a", "b", "c"]), "<U1"),
    "bytes": (np.array([b"a"] * 3), r"\|S1"),
    "dates": (np.ones(3, "M8[D]"), "datetime64"),
    "durations": (np.ones(3, "m8[s]"), "timedelta64"),
    "records": (np.ones(3, "f8, f8"), r"\('f0'"),
    "list with None": ([1.0, None, 2.0], "object"),
    "list of text": (["1", "2", "3"], "<U1"),
    "generator": ((k for k in range(3)), "object"),
    "dict": ({"a": 1}, "object"),
    "Series of objects": (pd.Series([1, "a", 2]), "object"),
    "Series of text": (pd.Series(["a", "b", "c"]), "str"),
    "Series of dates": (pd.Series(pd.date_range("2020", periods=3)), "datetime64"),
    "categories": (pd.Series([1, 2, 1], dtype="category"), "category"),
    "frame with text": (pd.DataFrame({"a": [1.0], "b": ["x"]}), "object|str"),
    "Arrow text": (pa.array(["a", "b", "c"]), "string"),
    "Arrow decimals": (pa.array([1, 2, 3], pa.decimal128(9, 2)), "decimal"),
    "Arrow dates": (pa.array([1, 2, 3], pa.date32()), "date32"),
    "Arrow nulls": (pa.array([None] * 3), "null"),
    "Arrow lists": (pa.array([[1]] * 3), "list"),
    "Arrow dictionary": (pa.array([1, 2, 3]).dictionary_encode(), "dictionary"),
    "Arrow table": (pa.table({"a": [1, 2, 3]}), "pyarrow|Table"),
    "Arrow scalar": (pa.scalar("a"), "pyarrow|string|Scalar"),
}


@pytest.mark.parametrize("name", ["y_true", "y_pred", "weights"])
@pytest.mark.parametrize("kind", NO_NUMBERS)
def test_what_holds_no_numbers_is_refused_by_name(kind: str, name: str) -> None:
    value, came = NO_NUMBERS[kind]
    arrays = {"y_true": ONES, "y_pred": ONES, "weights": ONES, name: value}
    with pytest.raises(TypeError, match=rf"^{name} .*({came})"):
        sl.evaluate("mae", **arrays)


@pytest.mark.parametrize("name", ["y_true", "y_pred", "weights", "where"])
def test_ragged_lists_are_refused_by_name(name: str) -> None:
    arrays = {"y_true": ONES, "y_pred": ONES, name: [[1.0, 2.0], [3.0]]}
    with pytest.raises((TypeError, ValueError), match=rf"^{name} "):
        sl.evaluate("mae", **arrays)


REFUSED = [
    (TypeError, r"y_true .*None", (None, ONES), {}),
    (TypeError, r"y_pred .*None", (ONES, None), {}),
    (TypeError, r"y_pred .*None", (ONES,), {}),
    (ValueError, r"y_pred .*\(3, 1\) and \(3,\)", (ONES, ONES[:, None]), {}),
    (ValueError, r"y_pred .*\(3,\) and \(3, 1\)", (ONES[:, None], ONES), {}),
    (ValueError, r"y_pred .*\(2,\) and \(3,\)", (ONES, ONES[:2]), {}),
    (ValueError, r"y_pred .*\(\) and \(3,\)", (ONES, 1.0), {}),
    (ValueError, r"weights .*leading.*\(2,\).*\(4, 2\)", (TABLE, TABLE, [1, 2]), {}),
    (
        ValueError,
        r"weights .*leading.*\(4, 1\).*\(4,\)",
        (TABLE[:, 0], TABLE[:, 0], TABLE[:, :1]),
        {},
    ),
    (ValueError, r"weights .*leading.*\(3, 2\).*\(4, 2\)", (TABLE, TABLE, TABLE[:3]), {}),
    (ValueError, r"weights .*leading.*\(2, 4\).*\(4, 2\)", (TABLE, TABLE, TABLE.T), {}),
    (ValueError, r"weights .*leading.*\(0,\).*\(3,\)", (ONES, ONES, []), {}),
    (TypeError, r"weights .*real.*complex128", (ONES, ONES, ONES * 1j), {}),
    (TypeError, r"where .*boolean.*int64", (ONES, ONES), {"where": [1, 0, 1]}),
    (TypeError, r"where .*boolean.*float64", (ONES, ONES), {"where": ONES}),
    (ValueError, r"where .*leading.*\(2,\).*\(4, 2\)", (TABLE, TABLE), {"where": [True, False]}),
    (ValueError, r"axis 1 .*dimension 1", (ONES, ONES), {"axis": 1}),
    (ValueError, r"axis -3 .*dimension 2", (TABLE, TABLE), {"axis": -3}),
    (ValueError, r"axis 0 .*dimension 0", (1.0, 1.0), {"axis": 0}),
    (ValueError, r"repeated axis|twice", (TABLE, TABLE), {"axis": (0, -2)}),
    (TypeError, r"axis|integer", (TABLE, TABLE), {"axis": 0.5}),
    (TypeError, r"axis|integer", (TABLE, TABLE), {"axis": "0"}),
    (ValueError, r"nan must be one of .*'skip'", (ONES, ONES), {"nan": "skip"}),
    (ValueError, r"nan must be one of .*None", (ONES, ONES), {"nan": None}),
    (ValueError, r"reduction must be one of .*'average'", (ONES, ONES), {"reduction": "average"}),
    (ValueError, r"reduction must be one of .*None", (ONES, ONES), {"reduction": None}),
    (ValueError, r"'none' .*axis=0", (TABLE, TABLE), {"axis": 0, "reduction": "none"}),
]


@pytest.mark.parametrize(("error", "message", "args", "options"), REFUSED, ids=range(len(REFUSED)))
def test_a_refusal_names_the_argument_the_rule_and_what_came(
    error: Any, message: str, args: Any, options: Any
) -> None:
    with pytest.raises(error, match=message) as caught:
        sl.evaluate("mae", *args, **options)
    assert "\n" not in str(caught.value)


LOSSES_REFUSED = [
    (ValueError, "unknown loss 'nope'", "nope", ONES),
    (TypeError, "loss .*got None", None, ONES),
    (TypeError, "loss .*got 3", 3, ONES),
    (ValueError, "at least one", [], ONES),
    (ValueError, "same inputs", ["mae", "value"], ONES),
    (TypeError, "y_pred must be None", "value", ONES),
    (TypeError, "y_pred must be a tuple of 2", ThreeInputs(), ONES),
    (TypeError, "y_pred must be a tuple of 2", ThreeInputs(), (ONES,)),
    (ValueError, r"y_pred\[1\]|y_pred", ThreeInputs(), (ONES, ONES[:2])),
    (TypeError, r"y_pred\[1\]", ThreeInputs(), (ONES, None)),
    (TypeError, "SquaredError.* complex", "mse", ONES * 1j),
]


@pytest.mark.parametrize(("error", "message", "losses", "y_pred"), LOSSES_REFUSED)
def test_losses_that_do_not_fit_are_refused(
    error: Any, message: str, losses: Any, y_pred: Any
) -> None:
    with pytest.raises(error, match=message):
        sl.evaluate(losses, ONES, y_pred)


@pytest.mark.parametrize("reduction", ["sum", "none"])
def test_a_root_needs_a_mean(reduction: str) -> None:
    with pytest.raises(ValueError, match=r"RootMeanSquaredError.*mean"):
        sl.evaluate("rmse", ONES, ONES, reduction=reduction)


# Tensors of other libraries, where they are installed


@pytest.mark.parametrize(
    "dtype", ["bool", "uint8", "int64", "float16", "bfloat16", "float32", "float64"]
)
def test_torch_tensors(dtype: str) -> None:
    torch = pytest.importorskip("torch")
    y = torch.arange(12).reshape(3, 4).to(getattr(torch, dtype))
    p = y.to(torch.float64).numpy() + 0.25
    assert sl.evaluate("mae", y, p) == 0.25
    assert sl.evaluate("mae", y.T, p.T, y.T[:, :1]) == 0.25


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_torch_tensors_that_require_a_gradient(dtype: str) -> None:
    torch = pytest.importorskip("torch")
    y = torch.ones(6, dtype=getattr(torch, dtype), requires_grad=True)
    assert sl.evaluate("mae", y, y * 3, y[::2].repeat(2)) == 2.0


def test_torch_views_that_conjugate_or_negate() -> None:
    torch = pytest.importorskip("torch")
    y = torch.tensor([3 + 4j, 1j])
    assert sl.evaluate("mae", y.conj(), [3 - 4j, -1j]) == 0.0
    assert sl.evaluate("mae", y.conj().imag, [-4.0, -1.0]) == 0.0


def test_torch_masks_and_tensors_elsewhere() -> None:
    torch = pytest.importorskip("torch")
    y = torch.arange(4.0)
    assert sl.evaluate("mae", y, y * 0, where=y > 2) == 3.0
    with pytest.raises(TypeError, match=r"y_true must be .*CPU.*meta"):
        sl.evaluate("mae", y.to("meta"), y)


def test_a_thread_that_flushes_subnormals_is_refused() -> None:
    torch = pytest.importorskip("torch")
    if not torch.set_flush_denormal(True):
        pytest.skip("this CPU cannot")
    try:
        for nan in ("propagate", "raise"):
            with pytest.raises(RuntimeError, match="subnormal"):
                sl.evaluate("mae", [1.0], [2.0], nan=nan)
        with pytest.raises(RuntimeError, match="subnormal"):
            sl.evaluate("mae", [1.0], [2.0], reduction="none")
    finally:
        torch.set_flush_denormal(False)


@pytest.mark.parametrize("dtype", ["bool", "uint8", "int32", "float16", "bfloat16", "float32"])
def test_jax_arrays(dtype: str) -> None:
    jnp = pytest.importorskip("jax.numpy")
    y = jnp.arange(12).reshape(3, 4).astype(dtype)
    p = np.asarray(y).astype(np.float64) + 0.25
    assert sl.evaluate("mae", y, p) == 0.25
    assert sl.evaluate("mae", y[::-1].T, p[::-1].T, y[:1].T) == 0.25


def test_arrays_of_several_devices_are_read_as_numpy_reads_them() -> None:
    class Sharded:
        """An array as JAX has it on several devices."""

        def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
            return np.arange(3.0)

        def __dlpack__(self, **how: Any) -> Any:
            raise BufferError("__dlpack__ only supported for unsharded arrays.")

        def __dlpack_device__(self) -> Any:
            raise BufferError("__dlpack__ only supported for unsharded arrays.")

    assert sl.evaluate("mae", Sharded(), np.zeros(3)) == 1.0
