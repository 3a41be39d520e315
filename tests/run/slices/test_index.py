"""Codes of keys: any integers, in several threads, by kernels as compiled and as plain Python."""

import itertools
import threading
from typing import Any

import numpy as np
import pytest

from streamloss.run.slices import index
from streamloss.run.slices.index import Index, TooMany
from streamloss.run.slices.integers import Integers
from streamloss.run.slices.keys import Memory, as_pairs, of_pairs

ENDS = np.array(
    [-(2**63), -(2**63) + 1, -(2**62), -1, 0, 1, 2**62 - 1, 2**62, 2**63 - 2, 2**63 - 1]
)


def looked_up(codes: Any, keys: Any, quick: bool = True) -> Any:
    """Codes of keys."""
    out = np.empty(len(keys), np.int32)
    codes.codes(np.ascontiguousarray(keys, np.int64), out, quick, 1 << 31)
    return out


def batches(rng: np.random.Generator) -> list[Any]:
    """Keys that lie close, then apart, then at the ends, in many batches."""
    near = [rng.integers(0, 40 * k + 1, 300) for k in range(3)]
    lower = [rng.integers(-90, 90, 300), rng.integers(-(10**7), 10**7, 300)]
    far = [rng.integers(-(2**63), 2**63 - 1, 300), rng.choice(ENDS, 300)]
    return [np.zeros(0, np.int64), *near, *lower, *far, ENDS, np.concatenate([*near, *lower])]


def check(found: Any, given: list[tuple[Any, Any]]) -> None:
    """Check that codes and keys belong together, one to one."""
    known = found.keys()
    codes: dict[int, int] = {}
    for keys, out in given:
        assert (known[out - 1] == keys).all()
        codes.update(zip(keys.tolist(), out.tolist(), strict=True))
    assert len(set(codes.values())) == len(codes)
    ordered = found.ordered()
    assert (np.diff(known[ordered - 1].astype(object)) > 0).all()
    assert set(codes.values()) <= set(ordered.tolist())


@pytest.mark.parametrize("kind", [Index, lambda: Integers(True), lambda: Integers(False)])
@pytest.mark.parametrize("order", range(4))
def test_keys_have_one_code_each(kind: Any, order: int, rng: np.random.Generator) -> None:
    codes, given = kind(), []
    some = batches(rng)
    for keys in some if order == 0 else [some[k] for k in rng.permutation(len(some))]:
        given.append((keys, looked_up(codes, keys, quick=order != 3)))
    check(codes, given)
    again = [(keys, looked_up(codes, keys)) for keys, _ in given]
    assert all((a == b).all() for (_, a), (_, b) in zip(given, again, strict=True))


@pytest.mark.parametrize("kind", [Index, lambda: Integers(True)])
def test_keys_that_are_forgotten_come_anew(kind: Any, rng: np.random.Generator) -> None:
    for first, second in itertools.permutations(batches(rng)[1:], 2):
        codes = kind()
        before = looked_up(codes, first)
        count = codes.count
        looked_up(codes, second)
        codes.forget(count)
        assert codes.count == count
        given = [(first, before), (second[::2], looked_up(codes, second[::2]))]
        check(codes, given)


@pytest.mark.parametrize("base", [0, 10**15])
def test_several_threads_add_keys(base: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(index, "FEWEST", 8)
    rng = np.random.default_rng(4)
    codes = Index()
    keys = [
        base * (k % 2) + rng.integers(0, 5000, (40, 200)) * (base // 10**6 or 1) for k in range(4)
    ]
    found: list[Any] = []

    def work(own: Any) -> None:
        found.extend([(row, looked_up(codes, row)) for row in own])

    workers = [threading.Thread(target=work, args=(own,)) for own in keys]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert len(found) == 160
    check(codes, found)


def test_keys_of_one_place_are_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(index, "NEAR", 1)
    inverse = pow(index.bodies.FACTOR, -1, 2**64)
    keys = np.array([k * inverse % 2**64 for k in range(500)], np.uint64).view(np.int64)
    codes = Index()
    check(codes, [(keys, looked_up(codes, keys)), (keys[::-1], looked_up(codes, keys[::-1]))])


def test_too_many_keys_are_refused() -> None:
    for quick in (True, False):
        codes, out = Index(), np.empty(10, np.int32)
        codes.codes(np.arange(10), out, quick, 10)
        with pytest.raises(TooMany):
            codes.codes(np.arange(1, 11), out, quick, 10)


def test_pairs_of_any_codes(rng: np.random.Generator) -> None:
    top = 2**31 - 1
    codes = np.r_[0, 1, 2, top, top - 1, rng.integers(0, 2**31, 500)].astype(np.int32)
    first, second = (each.ravel() for each in np.meshgrid(codes[:60], codes[-60:]))
    first, second = np.r_[first, codes, 0, top], np.r_[second, codes[::-1], top, top]
    numbers = [
        as_pairs(first.astype(np.int32), second.astype(np.int32), q, Memory())
        for q in (False, True)
    ]
    assert (numbers[0] == numbers[1]).all()
    a, b = of_pairs(numbers[0])
    assert (a == first).all()
    assert (b == second).all()


def test_bodies_in_python_find_the_same(
    rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = []
    for plain in (False, True):
        if plain:
            monkeypatch.setattr(index, "call", lambda body, losses, *given: body(*given))
        codes = Index()
        wanted.append(
            [looked_up(codes, keys).tolist() for keys in batches(np.random.default_rng(9))]
        )
    assert wanted[0] == wanted[1]


def test_integers_far_from_zero_are_their_own_codes() -> None:
    keys = Integers(alone=True)
    out = np.empty(4, np.int32)
    keys.codes(np.array([86_400_000, 86_400_003, 86_400_001, 86_400_000]), out, True, 1 << 31)
    assert out.tolist() == [1, 4, 2, 1]
    assert keys.count == 5


def test_a_span_has_room_below_its_first_keys() -> None:
    keys = Integers(alone=True)
    first, lower = np.arange(100, 10_000), np.array([0, 12_000, 100])
    keys.codes(first, out := np.empty(first.size, np.int32), True, 1 << 31)
    assert out[0] == 101
    keys.codes(lower, out := np.empty(lower.size, np.int32), True, 1 << 31)
    assert out.tolist() == [1, 12_001, 101]


def test_no_keys_have_no_codes() -> None:
    for codes in (Index(), Integers(alone=True), Integers(alone=False)):
        codes.codes(np.empty(0, np.int64), np.empty(0, np.int32), True, 1 << 31)
        assert codes.count == 1
