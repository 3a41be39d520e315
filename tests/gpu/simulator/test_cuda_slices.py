"""Slices of arrays on a GPU: each is added up there, to the bits of the CPU."""

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import streamloss as sl
from streamloss.run import choose
from streamloss.run.gpu import batches as gpu
from streamloss.run.gpu import launch
from streamloss.run.slices import device
from tests.gpu.simulator.devices import Exported, put
from tests.run.slices import tables

MAE = ["mae"]
MANY = (
    "mae mse huber smooth_l1 quantile hinge epsilon_insensitive squared_hinge log_cosh r2".split()
)
"""Losses of several launches, one of them of moments."""


@pytest.fixture
def stays(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fail where a batch is copied to the CPU."""
    monkeypatch.setattr(choose, "batch_on_host", refused)


def refused(batch: Any) -> Any:
    raise AssertionError("a batch was copied to the CPU")


@pytest.fixture
def copied(monkeypatch: pytest.MonkeyPatch) -> Callable[[], int]:
    """Return what counts the batches that were copied to the CPU."""
    seen: list[None] = []
    whole = choose.batch_on_host

    def on_host(batch: Any) -> Any:
        seen.append(None)
        return whole(batch)

    monkeypatch.setattr(choose, "batch_on_host", on_host)
    return lambda: len(seen)


def check(losses: Any, *data: Any, by: Any, where: Any = None, **options: Any) -> sl.Accumulator:
    """Compare all that slices are of the GPU with those of the CPU, and return the former."""
    arrays = [put(array) for array in data]
    found = sl.accumulate(losses, *arrays, where=put(where), by=by, **options)
    want = sl.accumulate(losses, *data, where=where, by=by, **options)
    assert found == want
    assert found.to_bytes() == want.to_bytes()
    return found


def sprinkled(rng: np.random.Generator, array: Any) -> Any:
    chosen = rng.choice([np.nan, np.inf, -np.inf, 0.0, -0.0, 5e-324, 1e308], array.shape)
    return np.where(rng.random(array.shape) < 0.3, chosen, array)


def test_sums_are_those_of_fractions(rng: np.random.Generator, stays: None) -> None:
    y, p = rng.normal(size=(2, 60)) * 10.0 ** rng.integers(-150, 150, (2, 60))
    w, keys = rng.random(60) * (rng.random(60) < 0.8), rng.integers(-2, 3, 60)
    found = sl.evaluate(MAE, put(y), put(p), put(w), by=keys, reduction="sum")
    means = sl.evaluate(MAE, put(y), put(p), put(w), by=put(keys))
    for key in np.unique(keys).tolist():
        some = keys == key
        pairs = zip(y[some].tolist(), p[some].tolist(), w[some].tolist(), strict=True)
        terms = [Fraction(c * abs(a - b)) for a, b, c in pairs]
        assert found.loc[key]["mae"] == float(sum(terms))
        assert means.loc[key]["mae"] == float(sum(terms) / sum(map(Fraction, w[some].tolist())))


@pytest.mark.parametrize("losses", [MAE, ["r2"], MANY], ids=["one", "moments", "many"])
@pytest.mark.parametrize("nan", ["propagate", "omit"])
@pytest.mark.parametrize("weighted", [None, 0.3, "rows"])
def test_every_slice_is_accumulate_on_its_rows(
    rng: np.random.Generator, stays: None, losses: Any, nan: str, weighted: Any
) -> None:
    y, p = (sprinkled(rng, a) for a in rng.normal(size=(2, 40)))
    weights = sprinkled(rng, rng.random(40)) if weighted == "rows" else weighted
    where, keys = rng.random(40) < 0.8, rng.integers(0, 4, 40)
    acc = check(losses, y, p, weights, by=keys, where=where, nan=nan)
    data, by = (y, p, weights, where), {"key": keys}
    tables.check(acc, data, by, losses, nan=nan, shape=(40,))


@pytest.mark.parametrize("axis", [None, 0, (0, 1), (0, 2)])
@pytest.mark.parametrize("shape", [(), (6,), (6, 3), (6, 1, 2), (6, 3, 2)])
def test_kept_axes_and_weights_of_rows(
    rng: np.random.Generator, stays: None, axis: Any, shape: tuple[int, ...]
) -> None:
    y, p = rng.normal(size=(2, 6, 3, 2))
    weights = rng.random(shape) if shape else 0.7
    where, keys = rng.random((6, 3)) < 0.7, np.array([3, 1, 3, 3, 1, 0])
    check(["mae", "mse"], y, p, weights, by=keys, where=where, axis=axis)


@pytest.mark.parametrize("axis", [0, (0, 2, 4), None])
def test_more_axes_than_a_kernel_has(rng: np.random.Generator, stays: None, axis: Any) -> None:
    wide = rng.normal(size=(8, 4, 4, 4, 6))
    y = wide[(slice(None, None, 2),) * 5]  # so that no two axes lie like one
    check(
        MAE, y, rng.normal(size=y.shape), rng.random((4, 2)), by=np.array([1, 0, 1, 1]), axis=axis
    )


@pytest.mark.parametrize("nan", ["propagate", "omit"])
def test_losses_of_rows(rng: np.random.Generator, stays: None, nan: str) -> None:
    labels, logits = rng.integers(0, 3, (8, 2)), rng.normal(size=(8, 2, 3))
    logits[2, 1, 0] = np.nan
    losses, keys = [sl.SparseSoftmaxCrossEntropy(), sl.ClassHinge()], np.arange(8) % 3
    for axis in (None, 0):
        check(losses, labels, logits, rng.random(8), by=keys, nan=nan, axis=axis)


DTYPES = "f2 f4 f8 i1 u2 i4 i8 ?".split()


@pytest.mark.parametrize("dtype", DTYPES)
def test_dtypes(rng: np.random.Generator, stays: None, dtype: str) -> None:
    y, p, w = (100.0 * rng.random((3, 20))).astype(dtype)
    check(["mae", "r2"], y, p, by=rng.integers(0, 3, 20))
    check(MAE, y, p.astype("f4"), w.astype("f8"), by=rng.integers(0, 3, 20))


def test_complex_numbers(rng: np.random.Generator, stays: None) -> None:
    y, p = rng.normal(size=(2, 10)) + 1j * rng.normal(size=(2, 10))
    check(MAE, y, p.astype("c8"), by=rng.integers(0, 3, 10))


@pytest.mark.parametrize("view", [np.s_[::2], np.s_[::-1], np.s_[:, ::-3], np.s_[1:, 1:2]])
def test_strides(rng: np.random.Generator, stays: None, view: Any) -> None:
    y, p = (a[view] for a in rng.normal(size=(2, 8, 6)))
    check(MAE, y, p, by=np.arange(len(y)) % 3)


KEYS: dict[str, Any] = {
    "integers far apart": np.array([7, -(2**60), 2**62, 7, 0, 7]),
    "text": ["b", "a", None, "b", "", "a"],
    "text of fixed width": np.array(["b", "a", "ccc", "b", "", "a"]),
    "booleans": np.array([True, False, True, True, True, False]),
    "floats": np.array([0.5, np.nan, -0.0, 0.0, np.inf, np.nan]),
    "times": np.array(["2020-01-02", "NaT", "2020-01-02", "1960", "NaT", "2021"], "M8[D]"),
    "none at all": [None] * 6,
    "one": np.full(6, 5),
    "bins": sl.bins(np.array([0.0, 1.0, 2.0, 5.0, np.nan, -1.0]), [0, 1, 2]),
    "two": {"a": np.array([1, 2, 1, 2, 2, 1]), "b": ["x", None, "x", "y", None, "y"]},
    "two without any": {"a": [None] * 6, "b": [None, "x", None, None, None, None]},
}


@pytest.mark.parametrize("missing", ["keep", "drop"])
@pytest.mark.parametrize("keys", KEYS)
def test_keys(rng: np.random.Generator, stays: None, keys: str, missing: str) -> None:
    y, p = rng.normal(size=(2, 6))
    found = check(MAE, y, p, by=KEYS[keys], missing=missing).result()
    want = sl.evaluate(MAE, y, p, by=KEYS[keys], missing=missing)
    assert repr(found) == repr(want)


def test_categories_that_no_row_has(rng: np.random.Generator, stays: None) -> None:
    pd = pytest.importorskip("pandas")
    names = [f"c{k}" for k in range(5000)]
    keys = pd.Series(pd.Categorical(["c4999", None, "c3", "c3"], categories=names), name="of")
    y, p = rng.normal(size=(2, 4))
    assert len(check(MAE, y, p, by=keys).result()) == 3


ON_GPU: dict[str, Callable[[Any], Any]] = {
    "an array": put,
    "turned round": lambda keys: put(keys[::-1].copy()[::-1]),
    "every second": lambda keys: put(np.repeat(keys, 2)[::2]),
    "lent": Exported,
}


@pytest.mark.parametrize("place", ON_GPU)
@pytest.mark.parametrize("dtype", ["i4", "i8", "u1", "f8", "?"])
def test_keys_of_a_gpu_are_copied(
    rng: np.random.Generator, stays: None, place: str, dtype: str
) -> None:
    (y, p), keys = rng.normal(size=(2, 9)), rng.integers(0, 3, 9).astype(dtype)
    moved = ON_GPU[place](keys)
    want = sl.accumulate(MAE, y, p, by=keys)
    assert sl.accumulate(MAE, put(y), put(p), by=moved) == want
    assert sl.accumulate(MAE, y, p, by=moved) == want


def test_bins_of_an_array_of_a_gpu(rng: np.random.Generator, stays: None) -> None:
    y, p, x = rng.normal(size=(3, 9))
    want = sl.accumulate(MAE, y, p, by={"x": sl.bins(x, [-1, 0, 1])})
    assert sl.accumulate(MAE, put(y), put(p), by={"x": sl.bins(put(x), [-1, 0, 1])}) == want


def test_keys_of_a_gpu_of_two_axes_are_refused() -> None:
    y = np.ones(3)
    with pytest.raises(ValueError, match=r"by 'key' must have one axis"):
        sl.evaluate(MAE, put(y), put(y), by=put(np.ones((3, 1), int)))


@pytest.mark.parametrize("shape", [(0,), (3, 0), (0, 3)])
@pytest.mark.parametrize("axis", [None, 0])
def test_nothing(stays: None, shape: tuple[int, ...], axis: Any) -> None:
    y = np.zeros(shape)
    check(["mae", "r2"], y, y, by=np.arange(shape[0]), axis=axis)


@pytest.mark.parametrize(
    ("teams", "lanes", "step"),
    [(1, 1, 64), (1, 8, 1), (2, 3, 2), (7, 1, 2), (7, 3, 1), (2, 8, 64)],
)
def test_launches_of_any_size(
    rng: np.random.Generator,
    stays: None,
    monkeypatch: pytest.MonkeyPatch,
    teams: int,
    lanes: int,
    step: int,
) -> None:
    monkeypatch.setattr(launch, "_size", lambda elements: (teams, lanes, step))
    y, p = (sprinkled(rng, a) for a in rng.normal(size=(2, 50)))
    check(MAE, y, p, rng.random(50), by=rng.integers(0, 5, 50))


@pytest.mark.parametrize("elements", [1, 5, 8, 30])
def test_large_batches_are_added_in_parts(
    rng: np.random.Generator, stays: None, monkeypatch: pytest.MonkeyPatch, elements: int
) -> None:
    monkeypatch.setattr(device, "ELEMENTS", elements)
    y, p = rng.normal(size=(2, 9, 3))
    where, keys = rng.random(9) < 0.8, rng.integers(0, 3, 9)
    for axis in (None, 0):
        check(["mae", "r2"], y, p, rng.random((9, 3)), by=keys, where=where, axis=axis)


@pytest.mark.parametrize(("cells", "copies"), [(4, 0), (3, 1)])
def test_batches_of_many_cells_are_copied(
    rng: np.random.Generator,
    monkeypatch: pytest.MonkeyPatch,
    copied: Callable[[], int],
    cells: int,
    copies: int,
) -> None:
    monkeypatch.setattr(gpu, "CELLS", cells)
    y, p = rng.normal(size=(2, 12))
    check(MAE, y, p, by=np.arange(12) % 3)  # and one for rows without a key
    assert copied() == copies


def test_batches_of_many_kept_cells_are_copied(
    rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch, copied: Callable[[], int]
) -> None:
    monkeypatch.setattr(gpu, "CELLS", 7)
    y, p = rng.normal(size=(2, 4, 8))
    check(MAE, y, p, by=np.arange(4) % 2, axis=0)
    check(MAE, y[:, :2], p[:, :2], by=np.arange(4) % 2, axis=0)
    assert copied() == 1


def test_elements_with_a_nan_are_refused(
    rng: np.random.Generator, copied: Callable[[], int]
) -> None:
    y, p = rng.normal(size=(2, 6))
    check(MAE, y, p, by=np.arange(6) % 2, nan="raise")
    y[3] = np.nan
    with pytest.raises(ValueError, match="1 elements have a NaN"):
        sl.evaluate(MAE, put(y), put(p), by=np.arange(6) % 2, nan="raise")
    assert copied() == 2


def test_batches_of_both_places_mix(rng: np.random.Generator) -> None:
    ours, theirs = (sl.Accumulator(["mae", "r2"], by="k") for _ in range(2))
    for k in range(6):
        n = (20, 3, 400)[k % 3]
        y, p = rng.normal(size=(2, n))
        keys = rng.integers(-k, k + 1, n)
        place = put if k % 2 else lambda array: array
        ours.update(place(y), p, by=keys)
        theirs.update(y, p, by=keys)
        assert ours == theirs
    assert ours.to_bytes() == theirs.to_bytes()
    assert (ours - theirs).to_bytes() == (theirs - theirs).to_bytes()


def test_a_batch_goes_where_those_before_it_are(
    rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch, copied: Callable[[], int]
) -> None:
    monkeypatch.setattr(gpu, "CELLS", 8)
    y, p = rng.normal(size=(2, 20))
    ours, theirs = (sl.Accumulator(MAE, by="k") for _ in range(2))
    for keys in (np.arange(20) % 2, np.arange(20), np.arange(20) % 3):
        ours.update(put(y), put(p), by=keys)
        theirs.update(y, p, by=keys)
    assert copied() == 2  # the second has too many, and the third comes after it
    assert ours == theirs


BAD: dict[str, tuple[type[Exception], Any, dict[str, Any]]] = {
    "shapes": (ValueError, (np.ones(4), np.ones(3)), {"by": np.arange(4)}),
    "rows of keys": (ValueError, (np.ones(4), np.ones(4)), {"by": np.arange(3)}),
    "kinds of keys": (TypeError, (np.ones(2), np.ones(2)), {"by": ["a", "b"]}),
    "too many": (ValueError, (np.ones(4), np.ones(4)), {"by": np.arange(10, 14)}),
}


@pytest.mark.parametrize("failure", BAD)
def test_a_refused_update_changes_nothing(rng: np.random.Generator, failure: str) -> None:
    y, p = rng.normal(size=(2, 6))
    ours, theirs = (sl.Accumulator(MAE, by="k", max_slices=5) for _ in range(2))
    ours.update(put(y), put(p), by=np.arange(6) % 3)
    theirs.update(y, p, by=np.arange(6) % 3)
    error, arrays, keys = BAD[failure]
    with pytest.raises(error):
        ours.update(*map(put, arrays), **keys)
    assert ours == theirs
    assert ours.to_bytes() == theirs.to_bytes()


@pytest.mark.parametrize("calls", range(6))
def test_an_update_that_fails_on_its_way_changes_nothing(
    rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch, calls: int
) -> None:
    y, p, keys = *rng.normal(size=(2, 6)), np.arange(6) % 3
    ours, theirs = (sl.Accumulator(MANY, by="k") for _ in range(2))  # of two launches each
    ours.update(put(y), put(p), by=keys)
    theirs.update(y, p, by=keys)
    whole, left = launch._launch, [calls]

    def fail(*arguments: Any) -> None:
        left[0] -= 1
        if left[0] < 0:
            raise MemoryError("out of memory")
        whole(*arguments)

    with monkeypatch.context() as patch:
        patch.setattr(launch, "_launch", fail)
        with pytest.raises(MemoryError):
            ours.update(put(p), put(y), by=keys + 1)
    assert ours == theirs
    assert ours.update(put(p), put(y), by=keys + 1) == theirs.update(p, y, by=keys + 1)


@settings(max_examples=20)
@given(data=st.data())
def test_any_order_and_cut_has_the_same_bytes(data: Any) -> None:
    size = data.draw(st.integers(1, 24))
    numbers = st.floats(width=64) | st.sampled_from([0.0, 1.0, -1.0])
    lists = st.lists(numbers, min_size=size, max_size=size)
    y, p, w = (np.array(data.draw(lists)) for _ in range(3))
    keys = np.array(data.draw(st.lists(st.integers(-2, 2), min_size=size, max_size=size)))
    order = np.array(data.draw(st.permutations(range(size))))
    cut = data.draw(st.integers(0, size))
    with np.errstate(all="ignore"):
        want = sl.accumulate(["mae", "r2"], y, p, w, by=keys)
        acc = sl.Accumulator(["mae", "r2"], by="key")
        for some in (order[:cut], order[cut:]):
            acc.update(put(y[some]), put(p[some]), put(w[some]), by=keys[some])
    assert acc.to_bytes() == want.to_bytes()
