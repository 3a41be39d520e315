"""Batches with ids are added once: retries, threads, failures, merges and subtraction."""

import copy
import itertools
import pickle
import signal
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import dask
import dask.array as da
import numpy as np
import pytest

import streamloss as sl
from tests.api.streams import RNG, Tilted
from tests.api.test_failed_updates import FAILURES, ONES, ONLY_WITH_AXIS, interrupted

__all__ = ["interrupted"]

PARTS = {name: RNG.standard_normal(5) * 10.0 ** RNG.integers(-9, 9, 5) for name in "abcu"}
"""What is in the batches of each id; u has none."""


def seen(names: str, on_repeat: str = "raise") -> sl.Accumulator:
    """Return an accumulator of some batches, "au" of that with the id "a" and one without."""
    acc = sl.Accumulator("value", on_repeat=on_repeat)
    for name in names:
        acc.update(PARTS[name], batch_id=None if name == "u" else name)
    return acc


def plain(names: str) -> sl.Accumulator:
    """Return an accumulator of the same batches that has no ids."""
    return sum([sl.accumulate("value", PARTS[name]) for name in names], sl.Accumulator("value"))


def state(acc: sl.Accumulator) -> Any:
    return acc.to_bytes(), acc.batches, acc.on_repeat, pickle.dumps(acc)


# Updates


def test_a_batch_that_comes_twice_is_refused() -> None:
    acc = seen("ab")
    before = state(acc)
    for wrong in PARTS["a"], PARTS["b"], ["not looked at"]:
        with pytest.raises(ValueError, match="batch_id must not come twice: got 'a' again"):
            acc.update(wrong, batch_id="a")
    assert state(acc) == before
    assert acc.update(PARTS["c"], batch_id="c") is acc
    assert acc == plain("abc")
    assert acc.batches == 3


def test_a_batch_that_comes_twice_is_ignored() -> None:
    acc = seen("ab", "ignore")
    before = state(acc)
    assert acc.update(PARTS["a"], batch_id="a") is acc
    assert acc.update(["not looked at"], batch_id="b") is acc
    assert state(acc) == before
    assert seen("abacabcb", "ignore") == plain("abc")


IDS = [
    "a",
    "b",
    b"a",
    "1",
    1,
    b"1",
    0,
    -1,
    2**200,
    "é",
    "\ud800",
    "\0",
    b"\0",
    " ",
    "i1",
    "s",
    "-1",
]


def test_different_ids_are_different_batches() -> None:
    acc = sl.Accumulator("value")
    for batch_id in IDS:
        acc.update([1.0], batch_id=batch_id)
    assert acc.batches == acc.counts["elements"] == len(IDS)
    for batch_id in IDS:
        with pytest.raises(ValueError, match="twice"):
            acc.update([1.0], batch_id=batch_id)


@pytest.mark.parametrize("same", [np.int64(7), np.uint8(7), np.int16(7)])
def test_integers_of_numpy_are_integers(same: Any) -> None:
    acc = sl.Accumulator("value").update([1.0], batch_id=7)
    with pytest.raises(ValueError, match="twice"):
        acc.update([1.0], batch_id=same)
    with pytest.raises(ValueError, match="twice"):
        seen("a").update([1.0], batch_id=np.str_("a"))


@pytest.mark.parametrize(
    "wrong", [True, False, np.bool_(1), 1.0, 1.5, ("a",), [], bytearray(b"a"), object(), 1j]
)
def test_nothing_else_is_an_id(wrong: Any) -> None:
    acc = seen("au")
    before = state(acc)
    calls: list[Callable[[], Any]] = [
        lambda: acc.update([1.0], batch_id=wrong),
        lambda: sl.accumulate("value", [1.0], batch_id=wrong),
        lambda: sl.accumulate("value", [1.0], by=["k"], batch_id=wrong),
        lambda: sl.Accumulator("value", on_repeat="ignore").update([1.0], batch_id=wrong),
    ]
    for call in calls:
        with pytest.raises(TypeError, match="batch_id must be text, bytes or an integer: got"):
            call()
    assert state(acc) == before


@pytest.mark.parametrize("empty", ["", b""])
def test_an_empty_id_is_refused(empty: Any) -> None:
    with pytest.raises(ValueError, match="batch_id must not be empty"):
        seen("a", "ignore").update([1.0], batch_id=empty)


@pytest.mark.parametrize("wrong", ["skip", "", None, True, ["raise"]])
def test_there_are_two_policies(wrong: Any) -> None:
    with pytest.raises(ValueError, match="on_repeat must be 'raise' or 'ignore': got"):
        sl.Accumulator("mae", on_repeat=wrong)


def test_what_is_updated_without_ids_is_as_before() -> None:
    acc = sl.Accumulator("value", on_repeat="ignore").update(PARTS["u"]).update(PARTS["u"])
    assert acc.batches == 0
    assert acc.to_bytes() == plain("uu").to_bytes()
    assert b"ledger" not in pickle.dumps(plain("uu"))


@pytest.mark.parametrize("order", ["au", "ua", "uab", "aub"])
def test_updates_without_an_id_may_be_among_them(order: str) -> None:
    acc = seen(order)
    assert acc == plain(order)
    assert acc.batches == len(order) - 1
    assert acc.update(PARTS["u"]) == plain(order + "u")


@pytest.mark.parametrize("nan", ["propagate", "omit", "raise"])
@pytest.mark.parametrize("size", [3, 64, 600_000])
def test_batches_of_any_size_are_added_whichever_way(size: int, nan: str) -> None:
    y, p, w = RNG.standard_normal((3, size))
    whole = sl.accumulate("mae", y, p, w, nan=nan)
    acc = sl.Accumulator("mae", nan=nan)
    for batch_id in None, 1, None, 2:
        acc.update(y, p, w, batch_id=batch_id)
    assert acc == sum([whole] * 4)
    assert acc.batches == 2


@pytest.mark.small
def test_batches_that_python_takes() -> None:
    acc = sl.Accumulator("mae").update([1.0], [2.0], batch_id=1).update([1.0], [3.0])
    assert (acc.result(), acc.batches) == (1.5, 1)


# Failures and interrupts


@pytest.mark.parametrize("axis", [None, 0])
@pytest.mark.parametrize("failure", FAILURES)
def test_a_failed_update_gives_its_id_back(failure: str, axis: Any) -> None:
    error, args, options = FAILURES[failure]
    if axis is None and failure in ONLY_WITH_AXIS:
        return
    acc = sl.Accumulator([Tilted()], axis).update(ONES, ONES * 3, batch_id=0)
    before = state(acc)
    with pytest.raises(error):
        acc.update(*args, **options, batch_id=1)
    assert state(acc) == before
    assert acc.update(ONES, ONES * 3, batch_id=1).batches == 2


# What Python calls when an object ends, such as a generator, swallows interrupts that come there.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="there are no alarms here")
@pytest.mark.parametrize("by", [None, [0, 1] * 500])
@pytest.mark.usefixtures("interrupted")
def test_an_interrupted_update_leaves_both_or_neither(by: Any) -> None:
    y, p = RNG.standard_normal((2, 1000))
    keys = None if by is None else "k"
    sl.Accumulator("mae", by=keys).update(y, p, by=by, batch_id=1)
    for delay in np.linspace(1e-4, 6e-3, 40):
        acc = sl.Accumulator("mae", by=keys)
        with pytest.raises(KeyboardInterrupt):  # noqa: PT012  # it may come anywhere in the loop
            signal.setitimer(signal.ITIMER_REAL, delay, 0.1)  # again, if it was swallowed
            for batch_id in itertools.count():
                acc.update(y, p, by=by, batch_id=batch_id)
        signal.setitimer(signal.ITIMER_REAL, 0.0)
        assert acc.counts["elements"] == 1000 * acc.batches
        assert acc.batches in (batch_id, batch_id + 1)


# Threads


@pytest.mark.parametrize("size", [1, 3000, 600_000])
@pytest.mark.parametrize("on_repeat", ["raise", "ignore"])
def test_of_threads_with_the_same_id_one_adds(on_repeat: str, size: int) -> None:
    data, count = np.ones(size), 4
    for _ in range(10):
        acc, barrier = sl.Accumulator("value", on_repeat=on_repeat), threading.Barrier(count)

        def add(acc: Any = acc, barrier: Any = barrier) -> bool:
            barrier.wait()
            try:
                acc.update(data, batch_id="x")
            except ValueError as error:
                return "batch_id must not come twice: got 'x' again" not in str(error)
            return True

        with ThreadPoolExecutor(count) as pool:
            done = [pool.submit(add) for _ in range(count)]
        added = [future.result() for future in done]
        assert sum(added) == (1 if on_repeat == "raise" else count)
        assert (acc.counts["elements"], acc.batches) == (size, 1)


@pytest.mark.parametrize("by", [None, "k"])
def test_copies_have_the_ids_of_their_sums(by: Any) -> None:
    acc, stop = sl.Accumulator("value", by=by), threading.Event()
    keys = None if by is None else [1]

    def look() -> int:
        looks = 0
        while not stop.is_set() or not looks:
            copies = [
                acc.copy(),
                pickle.loads(pickle.dumps(acc)),
                sl.Accumulator("value", by=by) + acc,
            ]
            copies.append(sl.Accumulator.from_bytes(acc.to_bytes()))
            assert all(each.batches == each.counts["elements"] for each in copies)
            looks += 1
        return looks

    with ThreadPoolExecutor(3) as pool:
        watching = pool.submit(look)
        try:
            list(pool.map(lambda k: acc.update([1.0], by=keys, batch_id=k), range(300)))
        finally:
            stop.set()
        assert watching.result() > 0
    assert acc.batches == 300


@pytest.mark.parametrize("by", [None, "k"])
def test_what_threads_add_without_ids_is_known(by: Any) -> None:
    keys = None if by is None else [1] * 64
    for _ in range(30):
        acc, barrier = sl.Accumulator("value", by=by), threading.Barrier(2)

        def add(batch_id: Any, acc: Any = acc, barrier: Any = barrier) -> None:
            barrier.wait()
            acc.update(np.ones(64), by=keys, batch_id=batch_id)

        with ThreadPoolExecutor(2) as pool:
            list(pool.map(add, (None, "x")))
        other = sl.Accumulator("value", by=by, on_repeat="ignore")
        for batch_id in "xy":
            other.update(np.ones(64), by=keys, batch_id=batch_id)
        with pytest.raises(ValueError, match="none without an id"):
            other.merge(acc)


# Merging: of two accumulators what both together have seen, None if they are not merged

RAISE = [
    ("", "", ""),
    ("a", "", "a"),
    ("", "a", "a"),
    ("a", "b", "ab"),
    ("ab", "c", "abc"),
    ("a", "u", "au"),
    ("u", "a", "au"),
    ("u", "u", "uu"),
    ("au", "b", "aub"),
    ("au", "ub", "abuu"),
    ("a", "a", None),
    ("ab", "a", None),
    ("a", "ab", None),
    ("ab", "bc", None),
    ("au", "a", None),
    ("a", "au", None),
    ("au", "au", None),
]
SKIPPED = {
    ("a", "a"): "a",
    ("ab", "a"): "ab",
    ("a", "ab"): "ab",
    ("au", "a"): "au",
    ("a", "au"): "au",
    ("abu", "a"): "abu",
    ("b", "abcu"): "abcu",
    ("ab", "bc"): None,
    ("au", "ab"): None,
    ("ab", "au"): None,
    ("au", "au"): None,
    ("abu", "ub"): None,
}
IGNORE = [case for case in RAISE if case[2] is not None] + [(*k, v) for k, v in SKIPPED.items()]
TABLE = [("raise", *case) for case in RAISE] + [("ignore", *case) for case in IGNORE]

WAYS: dict[str, Callable[[sl.Accumulator, sl.Accumulator], sl.Accumulator]] = {
    "merge": lambda a, b: a.merge(b),
    "+": lambda a, b: a + b,
    "sum": lambda a, b: sum([a, b]),
    "sl.merge": lambda a, b: sl.merge([a, b]),
    "of a pickle": lambda a, b: pickle.loads(pickle.dumps(a)).merge(pickle.loads(pickle.dumps(b))),
    "of bytes": lambda a, b: a.copy() + sl.Accumulator.from_bytes(b.to_bytes()),
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(("on_repeat", "a", "b", "both"), TABLE)
def test_merging_adds_no_batch_twice(
    on_repeat: str, a: str, b: str, both: str | None, way: str
) -> None:
    one, two = seen(a, on_repeat), seen(b, on_repeat)
    before = state(one), state(two)
    if both is None:
        with pytest.raises(ValueError, match=r"batches must .* got \d of \d that are known"):
            WAYS[way](one, two)
        assert (state(one), state(two)) == before
        return
    merged = WAYS[way](one, two)
    assert merged == plain(both)
    assert merged.batches == len(set(both) - {"u"})
    assert merged.on_repeat == on_repeat
    assert merged.to_bytes() == seen(both, on_repeat).to_bytes()
    assert state(two) == before[1]
    for name in set(both) - {"u"}:
        merged.copy().merge(seen("u"))  # the copy knows of it, and the one merged does not
        with pytest.raises(ValueError, match="twice"):
            sl.Accumulator("value").merge(merged).update(PARTS[name], batch_id=name)


def test_the_order_of_parts_does_not_change_what_is_seen() -> None:
    for order in itertools.permutations(["a", "ab", "b", "c", "ab"]):
        try:
            merged = sl.merge([seen(names, "ignore") for names in order])
        except ValueError:  # as of "c" and "a", and then "ab"
            continue
        assert merged == plain("abc")
        assert merged.batches == 3


def test_the_policy_is_that_of_the_left_side() -> None:
    strict, lenient = seen("a"), seen("a", "ignore")
    assert lenient.copy().merge(strict).batches == 1
    assert (lenient + strict).on_repeat == "ignore"
    for call in (lambda: strict + lenient, lambda: strict.merge(lenient)):
        with pytest.raises(ValueError, match="batches must not come twice: got 1 of 1"):
            call()
    larger = lenient + seen("ab")  # taken over from the other
    assert (larger.on_repeat, larger.batches) == ("ignore", 2)


@pytest.mark.parametrize("on_repeat", ["raise", "ignore"])
def test_merging_with_itself(on_repeat: str) -> None:
    acc = seen("ab", on_repeat)
    before = state(acc)
    if on_repeat == "raise":
        with pytest.raises(ValueError, match="twice: got 2 of 2"):
            acc.merge(acc)
    else:
        acc.merge(acc)
    assert state(acc) == before
    with pytest.raises(ValueError, match="batches"):
        seen("au", on_repeat).merge(seen("au", on_repeat))


def test_a_merge_that_is_refused_for_something_else_leaves_ids_alone() -> None:
    for other in sl.Accumulator("mae"), sl.Accumulator("value", axis=0):
        acc, other = (
            seen("a"),
            other.update(
                np.ones((2, 2)),
                np.ones((2, 2)) * 2 if other.losses[0].inputs == 2 else None,
                batch_id="b",
            ),
        )
        before = state(acc)
        with pytest.raises(ValueError, match="must be the same"):
            acc.merge(other)
        assert state(acc) == before
    wide, narrow = (sl.accumulate("value", np.ones((2, n)), axis=0, batch_id=n) for n in (2, 3))
    before = state(wide)
    with pytest.raises(ValueError, match="same sizes"):
        wide.merge(narrow)
    assert state(wide) == before


# Subtraction


@pytest.mark.parametrize(
    ("a", "b", "rest"),
    [
        ("ab", "b", "a"),
        ("abc", "ac", "b"),
        ("ab", "ab", ""),
        ("ab", "", "ab"),
        ("", "", ""),
        ("u", "u", ""),
        ("uu", "u", "u"),
    ],
)
@pytest.mark.parametrize("on_repeat", ["raise", "ignore"])
def test_subtraction_takes_ids_out(on_repeat: str, a: str, b: str, rest: str) -> None:
    one, two = seen(a, on_repeat), seen(b)
    difference = one - two
    assert difference == plain(rest)
    assert difference.to_bytes() == seen(rest, on_repeat).to_bytes()
    assert (difference.batches, difference.on_repeat) == (len(set(rest) - {"u"}), on_repeat)
    for name in set(b) - {"u"}:
        difference.update(PARTS[name], batch_id=name)
    assert one == seen(a)


@pytest.mark.parametrize(
    ("a", "b", "absent"),
    [("a", "b", "1 of 1"), ("ab", "bc", "1 of 2"), ("", "abc", "3 of 3"), ("u", "a", "1 of 1")],
)
def test_ids_that_are_not_there_are_not_taken_out(a: str, b: str, absent: str) -> None:
    one, two = seen(a, "ignore"), seen(b, "ignore")
    before = state(one), state(two)
    with pytest.raises(ValueError, match=f"ids of batches must be there .*: got {absent}"):
        one - two
    assert (state(one), state(two)) == before


@pytest.mark.parametrize("b", ["b", "ub", "u", "", "bc"])
@pytest.mark.parametrize("a", ["a", "au", "u", ""])
def test_subtraction_undoes_addition(a: str, b: str) -> None:
    one, two = seen(a), seen(b)
    back = one + two - two
    assert back == one
    assert back.batches == one.batches


def test_what_was_subtracted_without_an_id_is_remembered() -> None:
    other = seen("a", "ignore")
    for unknown in seen("au") - seen("u"), seen("a") - seen("u"):
        with pytest.raises(ValueError, match="none without an id"):
            seen("ab", "ignore") + unknown
    assert other + (seen("ab") - seen("b")) == other


def test_windows_slide_over_batches() -> None:
    window = sl.Accumulator("value")
    for k in range(200):
        window = window + sl.accumulate("value", [0.1 * k], batch_id=k)
        if k >= 10:
            window = window - sl.accumulate("value", [0.1 * (k - 10)], batch_id=k - 10)
    assert window == sl.accumulate("value", [0.1 * k for k in range(190, 200)])
    assert window.batches == 10


# Copies


COPIES: dict[str, Callable[[sl.Accumulator], sl.Accumulator]] = {
    "copy": sl.Accumulator.copy,
    "copy.copy": copy.copy,
    "copy.deepcopy": copy.deepcopy,
    "pickle": lambda acc: pickle.loads(pickle.dumps(acc)),
    "pickle 2": lambda acc: pickle.loads(pickle.dumps(acc, protocol=2)),
    "bytes": lambda acc: sl.Accumulator.from_bytes(acc.to_bytes()),
    "merge": lambda acc: sl.merge([acc]),
    "sum": lambda acc: sum([acc]),
}


@pytest.mark.parametrize("how", COPIES)
@pytest.mark.parametrize("names", ["a", "abc", "au"])
@pytest.mark.parametrize("on_repeat", ["raise", "ignore"])
def test_copies_have_ids_of_their_own(on_repeat: str, names: str, how: str) -> None:
    acc = seen(names, on_repeat)
    other = COPIES[how](acc)
    assert state(other)[:3] == state(acc)[:3]
    other.update([1.0], batch_id="new")
    acc.update([1.0], batch_id="newer").update([2.0], batch_id="newest")
    assert (other.batches, acc.batches) == (
        len(set(names) - {"u"}) + 1,
        len(set(names) - {"u"}) + 2,
    )
    with pytest.raises(ValueError, match=r"twice|none without an id"):
        other + seen("au")


@pytest.mark.parametrize("how", [how for how in COPIES if how != "bytes"])
def test_copies_without_ids_keep_the_policy(how: str) -> None:
    assert COPIES[how](seen("u", "ignore")).on_repeat == "ignore"


@pytest.mark.parametrize("on_repeat", ["raise", "ignore"])
def test_reset_forgets_ids(on_repeat: str) -> None:
    acc = seen("abu", on_repeat)
    assert acc.reset() is acc
    assert state(acc) == state(sl.Accumulator("value", on_repeat=on_repeat))
    assert acc.update(PARTS["a"], batch_id="a") == plain("a")
    assert acc.on_repeat == on_repeat


def test_equality_does_not_go_by_ids() -> None:
    assert seen("a") == plain("a") == seen("a", "ignore") == seen("ab") - seen("b")
    assert seen("a") == sl.accumulate("value", PARTS["a"], batch_id="another")
    assert seen("a") != seen("b")
    assert seen("a").to_bytes() != plain("a").to_bytes()


# Parts


def test_parts_carry_their_ids() -> None:
    parts = [sl.accumulate("value", PARTS[name], batch_id=name) for name in "abc"]
    assert [part.batches for part in parts] == [1, 1, 1]
    assert sl.merge(parts).to_bytes() == seen("abc").to_bytes()
    with pytest.raises(ValueError, match="batches must not come twice: got 1 of 1"):
        sl.merge([*parts, parts[1]])
    retried = sl.Accumulator("value", on_repeat="ignore")
    for part in [*parts, *parts]:
        retried.merge(part)
    assert retried == plain("abc")


def test_parts_of_dask_carry_their_ids() -> None:
    lazy = [sl.accumulate("value", da.from_array(PARTS[n], 2), batch_id=n) for n in "ab"]
    with dask.config.set(scheduler="synchronous"):
        merged = sl.merge(lazy).compute()
        assert merged.to_bytes() == seen("ab").to_bytes()
        with pytest.raises(ValueError, match="batches must not come twice"):
            sl.merge([*lazy, lazy[0]]).compute()
        acc = sl.Accumulator("value").update(da.from_array(PARTS["a"], 2), batch_id="a")
    assert acc.to_bytes() == seen("a").to_bytes()


def test_files_are_batches(tmp_path: Any) -> None:
    for name in "ab":
        np.savez(tmp_path / f"{name}.npz", y=PARTS[name])
    acc = sl.Accumulator("value", on_repeat="ignore")
    for name in "aba":
        acc.update("y", data=sl.scan(tmp_path / f"{name}.npz"), batch_id=name)
    assert acc.to_bytes() == seen("ab", "ignore").to_bytes()
    part = sl.accumulate("value", "y", data=sl.scan(tmp_path / "a.npz"), batch_id="a")
    assert part.to_bytes() == seen("a").to_bytes()
    before = state(acc)
    with pytest.raises((OSError, ValueError), match=r"c\.npz"):
        acc.update("y", data=sl.scan(tmp_path / "c.npz"), batch_id="c")
    assert state(acc) == before


def test_frames_and_files_with_keys_are_batches(tmp_path: Any) -> None:
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame({"y": [1.0, 2.0, 4.0], "k": ["u", "v", "u"]})
    frame.to_parquet(tmp_path / "a.parquet")
    files = sl.scan(tmp_path / "a.parquet")
    acc = sl.Accumulator("value", by="k", on_repeat="ignore")
    for data, batch_id in [(frame, "a"), (files, "b"), (files, "a"), (frame, "b")]:
        acc.update("y", data=data, by="k", batch_id=batch_id)
    assert (acc.batches, acc.counts["rows"]) == (2, 6)
    assert dict(acc.result("sum"))["u"] == {"value": 10.0}
    parts = [
        sl.accumulate("value", "y", data=data, by="k", batch_id=batch_id)
        for data, batch_id in [(frame, "a"), (files, "b")]
    ]
    assert acc + sl.merge(parts) == acc == sl.merge(parts)
    with pytest.raises(ValueError, match="twice"):
        sl.merge([*parts, parts[1]])


def test_arrays_with_names_of_axes() -> None:
    xr = pytest.importorskip("xarray")
    y = xr.DataArray(RNG.random((4, 3)), dims=("time", "place"), coords={"place": ["a", "b", "c"]})
    turned = y.transpose("place", "time")
    for axis in "time", 0:
        acc, same = sl.Accumulator("value", axis=axis), sl.Accumulator("value", axis=axis)
        for k, array in enumerate([y, turned, y]):
            acc.update(array, batch_id=k)
            same.update(array)
        assert acc.result().equals(same.result())
        assert acc == same
        with pytest.raises(ValueError, match="place"):
            acc.update(y.assign_coords(place=["a", "b", "x"]), batch_id="x")
        assert acc.batches == 3


# Slices


def test_slices_have_ids() -> None:
    batches = {
        "a": ([1.0, 2.0, 4.0], ["x", "y", "x"]),
        "b": ([8.0, 16.0], ["z", None]),
        "c": ([32.0], ["y"]),
    }

    def sliced(names: str, on_repeat: str = "raise") -> sl.Accumulator:
        acc = sl.Accumulator("value", by="k", on_repeat=on_repeat)
        for name in names:
            acc.update(batches[name][0], by=batches[name][1], batch_id=name)
        return acc

    def sums(acc: sl.Accumulator) -> dict[Any, float]:
        return {key: found["value"] for key, found in acc.result("sum")}

    acc = sliced("abacb", "ignore")
    assert sums(acc) == {"x": 5.0, "y": 34.0, "z": 8.0, None: 16.0}
    assert acc.batches == 3
    assert sl.Accumulator.from_bytes(acc.to_bytes()).to_bytes() == acc.to_bytes()
    assert pickle.loads(pickle.dumps(acc)).to_bytes() == acc.to_bytes()
    with pytest.raises(ValueError, match="batch_id must not come twice: got 'b' again"):
        sliced("bb")
    before = state(acc)
    with pytest.raises(ValueError, match="by 'k'"):
        acc.update([1.0], by=["x", "y"], batch_id="d")
    assert state(acc) == before
    assert acc + sliced("ab") == acc
    assert sliced("ab", "ignore") + sliced("abc") == acc
    assert sums(acc - sliced("ac")) == {"z": 8.0, None: 16.0}
    assert (acc - sliced("ac")).batches == 1
    with pytest.raises(ValueError, match="got 1 of 1 that are not"):
        sliced("a") - sliced("b")
    mixed = sliced("a").update([64.0], by=["x"])
    assert sums(mixed) == {"x": 69.0, "y": 2.0}
    with pytest.raises(ValueError, match="none without an id"):
        acc + mixed
    part = sl.accumulate("value", batches["c"][0], by={"k": ["y"]}, batch_id="c")
    assert part.to_bytes() != sliced("c").to_bytes() or part.batches == 1
    with pytest.raises(ValueError, match="twice"):
        sliced("c").merge(part)


def test_a_batch_with_too_many_slices_gives_its_id_back() -> None:
    acc = sl.Accumulator("value", by="k", max_slices=2)
    acc.update([1.0, 2.0], by=[1, 2], batch_id="a")
    before = state(acc)
    with pytest.raises(ValueError, match="max_slices"):
        acc.update([1.0], by=[3], batch_id="b")
    assert state(acc) == before
    assert acc.update([1.0], by=[2], batch_id="b").batches == 2
